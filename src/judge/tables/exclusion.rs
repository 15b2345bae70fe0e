//! Table `exclusion`: is every pair of participants that may refresh kept apart?

use super::case::{Case, Grounds, evidence_locations, located};
use crate::finding::{Evidence, Location};
use crate::rules::{Guard, InternalLock};
use crate::text::Span;

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let candidate = case.candidate;
    // Where the versions are what is wrong, that is the line to look at; else the call, which has to be changed.
    let versions = evidence_locations(&candidate.version.evidence);
    let versions = versions.filter(|_| case.facts.internal_lock == InternalLock::Skewed && !is_bypassed(case));
    let mut locations: Vec<Location> = versions.chain(call_location(case)).collect();
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

fn is_bypassed(case: &Case<'_, '_>) -> bool {
    case.facts.guard == Guard::Bypassed
}

/// The call without the guard, or the place where it is taken on a condition, or what was not read.
fn call_location(case: &Case<'_, '_>) -> Option<Location> {
    let guard = &case.candidate.guard;
    // Whoever works in it calls the program in no file, whatever sets it up: what brings the login is what counts.
    if case.candidate.container.workplace.is_some() {
        return None;
    }
    if let Some(span) = guard.bare_call {
        return Some(located(span, "called here without a flock"));
    }
    let conditional = guard.condition.as_ref().and(guard.span);
    let conditional = conditional.map(|span| located(span, "the flock is taken here, on a condition"));
    let unread = guard.unread.map(|span| located(span, "what it does with this was not read"));
    // Of a call that was seen nothing shows a flock around it.
    let seen = guard.evidence.iter().filter(|_| guard.state == Guard::Unknown).find_map(|one| one.span);
    // What it runs may be a text that no file has alone; what describes it is a file.
    let is_shown = |span: &Span| span.start != span.end && span.file == case.candidate.container.span.file;
    conditional.or(unread).or_else(|| Some(located(seen.filter(is_shown)?, "nothing shows a flock around this")))
}
