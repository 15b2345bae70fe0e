//! What a sound verdict rests on that is in no file: variables that are not set, or that have the value of the environment
//! that overlock runs in. May use `model`, `rules` and earlier parts of `judge`.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::place::Place;
use crate::model::EnvValue;
use crate::rules::{Auth, Profile};

/// The variables that a participant's sound verdict rests on, as the end of a sentence; empty where it rests on none.
/// `is_shared` says that somebody else uses the login.
pub(super) fn variables_rested_on(candidate: &Candidate<'_>, is_shared: bool) -> String {
    let mut unset: BTreeSet<String> = BTreeSet::new();
    let mut set: BTreeSet<String> = BTreeSet::new();
    let directory = candidate.login_directory();
    let guard = candidate.guard.landing.as_ref().map(|landing| &landing.place);
    for place in [Some(&directory), guard].into_iter().flatten().filter(|place| !place.is_new_each_time()) {
        // A home is whose it is.
        let names = shown_variables(place).into_iter().filter(|name| name != "HOME");
        if place.is_unresolved() { unset.extend(names) } else { set.extend(names) }
    }
    if candidate.auth.auth == Auth::Stopped {
        set.extend(keys_of_environment(candidate));
    }
    set.retain(|name| !unset.contains(name));
    let mut text = String::new();
    if !unset.is_empty() {
        let counts = match (is_shared, unset.len()) {
            (false, _) => "",
            (true, 1) => " and counts as the same for all",
            (true, _) => " and count as the same for all",
        };
        text.push_str(&format!("; {} not set here{counts}", with_verb(&unset)));
    }
    if !set.is_empty() {
        text.push_str(&format!("; {} set here", with_verb(&set)));
    }
    text
}

/// The variables that a place is shown with.
fn shown_variables(place: &Place) -> Vec<String> {
    let text = place.name().text;
    let named = text.split("${").skip(1).map(|part| {
        let end = part.find(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).unwrap_or(part.len());
        part.get(..end).unwrap_or("").to_owned()
    });
    named.filter(|name| !name.is_empty()).collect()
}

/// The variables that stop the refresh with a value that no file says.
fn keys_of_environment<'c>(candidate: &'c Candidate<'_>) -> impl Iterator<Item = String> + 'c {
    let version = candidate.version.range.as_ref();
    let stopping = candidate.profile.environment.iter().filter(move |one| Profile::stops_refresh(one, version));
    stopping.map(|one| &one.name).filter_map(|name| {
        let set = candidate.container.env.get(name)?;
        matches!(&set.value, EnvValue::Set(value) if value.concealed().is_some()).then(|| name.clone())
    })
}

/// `A is`, `A and B are`.
fn with_verb(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.as_slice() {
        [one] => format!("{one} is"),
        [first @ .., last] => format!("{} and {last} are", first.join(", ")),
        [] => String::new(),
    }
}
