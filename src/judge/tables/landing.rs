//! Table `landing`: do the program's own locks land where the peers can see them?

use super::case::{Case, Grounds};
use crate::judge::candidate::Candidate;
use crate::rules::{Guard, Landing};

pub(in crate::judge) fn landing_fact(candidate: &Candidate<'_>) -> Landing {
    // Where no one lock is taken for certain there is none to see; that two versions may run is told by itself.
    let all_private = !candidate.locks.is_empty() && candidate.locks.iter().all(|lock| lock.place.is_private());
    if all_private { Landing::Private } else { Landing::Shared }
}

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let candidate = case.candidate;
    let mut evidence = case.state_evidence();
    evidence.extend(candidate.version.evidence.iter().cloned());
    if candidate.guard.state == Guard::Held {
        evidence.extend(candidate.guard.evidence.iter().cloned());
    }
    Grounds { locations: std::iter::once(case.mount_location()).chain(case.peer_locations()).collect(), evidence }
}
