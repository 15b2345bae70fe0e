//! Table `identity`: is a separate login really separate?

use super::case::{Case, Grounds, located};
use crate::judge::candidate::Candidate;
use crate::rules::Identity;

pub(in crate::judge) fn identity_fact(candidate: &Candidate<'_>) -> Identity {
    if candidate.clone.is_some() { Identity::Cloned } else { Identity::Own }
}

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let copied = case.candidate.clone.as_ref().map(|copied| located(copied.span, "copied here"));
    Grounds { locations: copied.into_iter().chain([case.mount_location()]).collect(), evidence: case.state_evidence() }
}
