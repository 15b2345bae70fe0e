//! Table `role`: is an interactive container on the right side of the guard?

use super::case::{Case, Grounds, evidence_locations};

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let candidate = case.candidate;
    let locations = std::iter::once(case.mount_location()).chain(evidence_locations(&candidate.role.evidence));
    let evidence = std::iter::once(case.place_evidence());
    let evidence = evidence.chain(candidate.role.evidence.iter().chain(&candidate.guard.evidence).cloned());
    Grounds { locations: locations.chain(case.peer_locations()).collect(), evidence: evidence.collect() }
}
