//! Table `guard`: does the guard work?

use super::case::{Case, Grounds};

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let mut grounds = grounds_of_guard(case);
    grounds.locations.extend(case.peer_locations());
    grounds
}

/// What a finding about the guard itself points at and rests on.
pub(super) fn grounds_of_guard(case: &Case<'_, '_>) -> Grounds {
    let locations = case.guard_location().into_iter().chain([case.mount_location()]).collect();
    let evidence = std::iter::once(case.place_evidence()).chain(case.candidate.guard.evidence.iter().cloned());
    Grounds { locations, evidence: evidence.collect() }
}
