//! Table `key`: does a key do what it is meant to do?

use super::case::{Case, Grounds, located};
use crate::judge::candidate::Candidate;
use crate::rules::Key;

pub(in crate::judge) fn key_fact(candidate: &Candidate<'_>) -> Key {
    match (&candidate.auth.key, candidate.auth.key_unknown) {
        (Some(_), _) => Key::Present,
        (None, true) => Key::Unknown,
        (None, false) => Key::Absent,
    }
}

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let candidate = case.candidate;
    let key = candidate.auth.key.as_ref().map(|(_, span)| located(*span, "the key is set here"));
    let evidence = std::iter::once(case.place_evidence());
    let evidence = evidence.chain(candidate.auth.evidence.iter().chain(&candidate.version.evidence).cloned());
    Grounds { locations: key.into_iter().chain([case.mount_location()]).collect(), evidence: evidence.collect() }
}
