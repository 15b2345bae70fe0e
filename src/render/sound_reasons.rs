//! Why a login is sound: one reason of all who use it, or a list of who has which. May use `finding`.

use super::phrases::list_users;
use crate::finding::Participant;

/// What separates the parts of a participant's reason: why it is safe, and what that rests on that no file says.
const SEPARATOR: &str = "; ";

/// A reason, and whose it is.
pub(super) struct SoundReason {
    /// The users, as a list of names; `all` for what is so of each of several.
    pub(super) who: String,
    /// Why, as a clause; empty where nothing is known of them.
    pub(super) why: String,
}

/// The reasons of those who use a login, in the order of the first who has each. What all of several rest on is told once.
pub(super) fn sound_reasons(users: &[&Participant]) -> Vec<SoundReason> {
    let mut groups: Vec<(&str, Vec<&Participant>)> = Vec::new();
    for &one in users {
        match groups.iter_mut().find(|(reason, _)| *reason == one.reason) {
            Some((_, group)) => group.push(one),
            None => groups.push((one.reason.as_str(), vec![one])),
        }
    }
    if groups.iter().filter(|(reason, _)| !reason.is_empty()).count() < 2 {
        let why = groups.iter().map(|(reason, _)| *reason).find(|reason| !reason.is_empty()).unwrap_or_default();
        return vec![SoundReason { who: list_users(users), why: why.to_owned() }];
    }
    let rests_on = |reason: &str| -> Vec<String> { reason.split(SEPARATOR).skip(1).map(str::to_owned).collect() };
    let first = groups.first().map(|(reason, _)| rests_on(reason)).unwrap_or_default();
    let is_of_all = |part: &String| groups.iter().all(|(reason, _)| rests_on(reason).contains(part));
    let of_all: Vec<String> = first.into_iter().filter(is_of_all).collect();
    let told = groups.iter().map(|(reason, group)| {
        let own: Vec<String> = rests_on(reason).into_iter().filter(|part| !of_all.contains(part)).collect();
        let why = reason.split(SEPARATOR).next().unwrap_or_default();
        let why = if own.is_empty() { why.to_owned() } else { format!("{why} ({})", own.join(", ")) };
        SoundReason { who: list_users(group), why }
    });
    let mut told: Vec<SoundReason> = told.collect();
    if !of_all.is_empty() {
        told.push(SoundReason { who: "all".to_owned(), why: of_all.join(", ") });
    }
    told
}

/// The same in a line: `agents, runner: each call takes the flock`.
pub(super) fn sound_line(users: &[&Participant]) -> String {
    let told = sound_reasons(users);
    let told =
        told.iter().map(|one| if one.why.is_empty() { one.who.clone() } else { format!("{}: {}", one.who, one.why) });
    told.collect::<Vec<_>>().join(SEPARATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(users: &[(&str, &str)]) -> String {
        let of = |(name, reason): &(&str, &str)| Participant { reason: (*reason).to_owned(), ..Participant::of(name) };
        let users: Vec<Participant> = users.iter().map(of).collect();
        sound_line(&users.iter().collect::<Vec<_>>())
    }

    #[test]
    fn one_reason_is_of_all_and_of_several_each_has_its_own() {
        assert_eq!(line(&[("a", "x; Y is not set here"), ("b", "x; Y is not set here")]), "a, b: x; Y is not set here");
        assert_eq!(line(&[("c", "x"), ("b", "y"), ("a", "x")]), "a, c: x; b: y");
        assert_eq!(
            line(&[("a", "x; Y is not set here"), ("b", "z; Y is not set here; T is set here")]),
            "a: x; b: z (T is set here); all: Y is not set here"
        );
        assert_eq!(line(&[("a", "x; Y is not set here"), ("b", "x")]), "a: x (Y is not set here); b: x");
        assert_eq!(line(&[("a", ""), ("b", "x")]), "a, b: x");
        assert_eq!(line(&[("a", ""), ("b", "x"), ("c", "y")]), "a; b: x; c: y");
        assert_eq!(line(&[("a", "")]), "a");
    }
}
