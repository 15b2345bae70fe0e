//! Logins that only one command of a script uses, or variants of one service: told once however many ways lead to it. May
//! use `finding`.

use std::collections::HashMap;

use crate::finding::{Breach, LoginPlace, Participant};

/// What a login is for a reader, where one start alone uses it.
#[derive(PartialEq, Eq, Hash)]
struct LoginOfStart {
    program: String,
    project: Option<String>,
    /// How people call the start, all ways to it alike; or the service that several variants describe.
    name: String,
    kind: &'static str,
    filesystem: Option<String>,
    path: String,
}

/// Makes those logins one that the ways through a script to one start, or the variants of one service, have each for itself,
/// and that read alike: private ones, and such as are on mounts that were not seen. Indices of logins are changed in what refers to them.
pub(super) fn join_logins_of_starts(
    logins: Vec<LoginPlace>,
    participants: &mut [Participant],
    breaches: &mut [Breach],
) -> Vec<LoginPlace> {
    let mut users: Vec<Vec<&Participant>> = vec![Vec::new(); logins.len()];
    for one in participants.iter() {
        if let Some(users) = users.get_mut(one.login) {
            users.push(one);
        }
    }
    let (mut kept, mut numbers) = (Vec::with_capacity(logins.len()), Vec::with_capacity(logins.len()));
    let mut known: HashMap<LoginOfStart, usize> = HashMap::new();
    for (login, users) in logins.into_iter().zip(users) {
        let number = match login_of_start(&login, &users) {
            Some(key) => *known.entry(key).or_insert(kept.len()),
            None => kept.len(),
        };
        numbers.push(number);
        if number == kept.len() {
            kept.push(login);
        }
    }
    let places = participants.iter_mut().map(|one| &mut one.login);
    for place in places.chain(breaches.iter_mut().map(|one| &mut one.login)) {
        *place = numbers.get(*place).copied().unwrap_or(*place);
    }
    kept
}

fn login_of_start(login: &LoginPlace, users: &[&Participant]) -> Option<LoginOfStart> {
    let (first, others) = users.split_first()?;
    let name = first.name_of_all_ways()?;
    let is_alike = |one: &&Participant| one.name_of_all_ways() == Some(name) && one.project == first.project;
    let is_own = matches!(login.place.kind, "private" | "tmpfs" | "unresolved");
    (is_own && others.iter().all(is_alike)).then(|| LoginOfStart {
        program: login.program.clone(),
        project: first.project.clone(),
        name: name.to_owned(),
        kind: login.place.kind,
        filesystem: login.place.filesystem.clone(),
        path: login.place.path.clone(),
    })
}
