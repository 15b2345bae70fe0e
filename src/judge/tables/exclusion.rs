//! Table `exclusion`: is every pair of participants that may refresh kept apart?

use super::case::{Case, Grounds, evidence_locations, located};
use crate::finding::{Evidence, Location};

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let candidate = case.candidate;
    // The call is what has to be changed.
    let mut locations: Vec<Location> = call_location(case).into_iter().collect();
    locations.push(case.mount_location());
    locations.extend(evidence_locations(&candidate.version.evidence));
    locations.extend(evidence_locations(&candidate.auth.evidence));
    locations.extend(case.peer_locations());

    let mut evidence = case.state_evidence();
    evidence.extend(candidate.guard.evidence.iter().cloned());
    if candidate.version.evidence.is_empty() {
        let text = format!("its version of {} is not known and counts as the oldest", candidate.profile.name);
        evidence.push(Evidence::seen(text, None));
    }
    evidence.extend(candidate.version.evidence.iter().chain(&candidate.auth.evidence).cloned());
    Grounds { locations, evidence }
}

/// The call without the guard, or the place where it is taken on a condition, or what was not read.
fn call_location(case: &Case<'_, '_>) -> Option<Location> {
    let guard = &case.candidate.guard;
    if let Some(span) = guard.bare_call {
        return Some(located(span, "called here without a flock"));
    }
    let conditional = guard.condition.as_ref().and(guard.span);
    let conditional = conditional.map(|span| located(span, "the flock is taken here, on a condition"));
    conditional.or_else(|| Some(located(guard.unread?, "what it does with this was not read")))
}
