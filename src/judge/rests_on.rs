//! What a sound verdict rests on that is in no file: variables that are not set, or that have the value of the environment
//! that overlock runs in. May use `model`, `rules` and earlier parts of `judge`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::place::Place;
use super::unset_part::UnsetPart;
use crate::model::{EnvValue, VARIABLE_OF_PROJECT};
use crate::rules::{Auth, Profile};

/// The variable of a person's home directory.
const HOME: &str = "HOME";

/// What a participant's sound verdict rests on that no file says, as the end of a sentence; empty where that is nothing.
/// `is_shared` says that somebody else uses the login.
pub(super) fn variables_rested_on(candidate: &Candidate<'_>, is_shared: bool) -> String {
    let mut unset: BTreeSet<&str> = BTreeSet::new();
    let mut unknown: BTreeSet<String> = BTreeSet::new();
    let mut set: BTreeSet<String> = BTreeSet::new();
    let directory = candidate.login_directory();
    let guard = candidate.guard.landing.as_ref().map(|landing| &landing.place);
    let places: Vec<&Place> =
        [Some(&directory), guard].into_iter().flatten().filter(|place| !place.is_new_each_time()).collect();
    let spelled: Vec<Cow<'_, str>> =
        places.iter().map(|place| place.spelled().unwrap_or(Cow::Borrowed(&place.path))).collect();
    for (place, spelled) in places.iter().zip(&spelled) {
        let mut own: BTreeSet<&str> = BTreeSet::new();
        for part in UnsetPart::all_of(spelled) {
            match part {
                UnsetPart::Variable(name) => _ = own.insert(name),
                UnsetPart::Mounts => {}
                other => _ = unknown.insert(other.why()),
            }
        }
        // What is shown by its name has a value that is not shown.
        let shown = shown_variables(place);
        set.extend(shown.into_iter().filter(|name| !spelled.contains(&format!("${{{name}")) && is_set_outside(name)));
        unset.extend(own.into_iter().filter(|name| *name != HOME));
    }
    if candidate.auth.auth == Auth::Stopped {
        set.extend(keys_of_environment(candidate));
    }
    set.retain(|name| !unset.contains(name.as_str()));
    let counts = |number: usize| match (is_shared, number) {
        (false, _) => "",
        (true, 1) => " and counts as the same for all",
        (true, _) => " and count as the same for all",
    };
    let mut text = String::new();
    if !unset.is_empty() {
        text.push_str(&format!("; {} not set here{}", with_verb(unset.iter().copied()), counts(unset.len())));
    }
    for why in unknown {
        text.push_str(&format!("; {why}{}", counts(1)));
    }
    if !set.is_empty() {
        text.push_str(&format!("; {} set here", with_verb(set.iter().map(String::as_str))));
    }
    text
}

/// Whether a variable that is shown in the place of its value has it from the environment that overlock runs in. A home is
/// whose it is, and the variable of a project is what its tool makes of it.
fn is_set_outside(name: &str) -> bool {
    name != HOME && name != VARIABLE_OF_PROJECT
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
fn with_verb<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [one] => format!("{one} is"),
        [first @ .., last] => format!("{} and {last} are", first.join(", ")),
        [] => String::new(),
    }
}
