//! Hits about a flock that peers do not take. A flock excludes only those who take it: who takes one is as exposed to a
//! peer without as that peer is to them. The peer is told of it; where its hits were accepted or are no news, who takes
//! the flock is. May use `finding`.

use std::collections::HashMap;

use crate::finding::{Hit, Report, SuppressedBy, Verdict};
use crate::model::ContainerId;

impl Report {
    /// Puts back the hits that others are told of, so that they can be compared like all.
    pub(super) fn recall_told_of_others(&mut self) {
        self.hits.append(&mut self.told_of_others);
    }
}

/// Takes out the hits that others are told of, and judges those who are not by what is left.
pub(super) fn set_aside_told_of_others(report: &mut Report) {
    report.recall_told_of_others();
    if !report.hits.iter().any(Hit::is_of_others) {
        return;
    }
    let mut by_container: HashMap<(usize, ContainerId), Vec<usize>> = HashMap::new();
    for (at, hit) in report.hits.iter().enumerate().filter(|(_, hit)| !hit.is_of_others()) {
        for container in &hit.containers {
            let name = ContainerId::new(hit.project.as_deref(), container);
            by_container.entry((hit.login, name)).or_default().push(at);
        }
    }
    let is_told = |hit: &Hit| {
        hit.at_fault().filter_map(|peer| report.participants.get(peer)).any(|peer| {
            let hits = by_container.get(&(hit.login, peer.container_id()));
            hits.into_iter().flatten().filter_map(|at| report.hits.get(*at)).any(|told| speaks_for(told, hit))
        })
    };
    let told: Vec<bool> = report.hits.iter().map(is_told).collect();
    let mut told = told.into_iter();
    let (aside, kept) = std::mem::take(&mut report.hits).into_iter().partition(|_| told.next().unwrap_or(false));
    (report.told_of_others, report.hits) = (aside, kept);
    raise_verdicts(report);
}

/// Whether a peer's hit tells what another one is about: it counts, is as bad and as new, or a person gave a reason for it.
fn speaks_for(told: &Hit, hit: &Hit) -> bool {
    let by = told.suppressed.as_ref().map(|suppressed| suppressed.by);
    let is_as_new = !hit.is_news() || told.is_news();
    let is_told = match by {
        None => is_as_new || told.change.is_none(),
        Some(SuppressedBy::Comment | SuppressedBy::Configuration) => true,
        Some(SuppressedBy::Baseline | SuppressedBy::Unchanged) => false,
    };
    is_told && told.severity() >= hit.severity()
}

/// What is told of a participant is its verdict at least.
fn raise_verdicts(report: &mut Report) {
    let of_others = report.hits.iter().filter(|hit| hit.counts() && hit.is_of_others());
    for breach in of_others.flat_map(|hit| &hit.breaches) {
        let Some(one) = breach.participant.and_then(|at| report.participants.get_mut(at)) else { continue };
        let verdict = Verdict::of_severity(breach.severity);
        if one.verdict < verdict {
            one.verdict = verdict;
            one.reason.clear();
        }
        if let Some(login) = report.logins.get_mut(breach.login) {
            login.verdict = login.verdict.max(verdict);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Breach, Change, Participant, Suppressed};

    /// `agents`, which does wrong, and `new`, which takes a flock that `agents` does not take.
    fn report() -> Report {
        let hit = |participant, name: &str, at_fault| {
            let rule = if participant == 0 { "unguarded-share" } else { "guard-one-sided" };
            Hit::of(vec![Breach { participant: Some(participant), at_fault, ..Breach::of(rule, name) }])
        };
        let mut agents = hit(0, "agents", None);
        agents.containers = vec!["agents".to_owned()];
        let hits = vec![agents, hit(1, "new", Some(vec![0]))];
        Report { participants: vec![Participant::of("agents"), Participant::of("new")], hits, ..Report::default() }
    }

    /// Whether `new` is told of it.
    fn is_told(mut report: Report) -> bool {
        set_aside_told_of_others(&mut report);
        let told = report.hits.iter().any(Hit::is_of_others);
        assert_eq!(told, report.told_of_others.is_empty());
        assert_eq!(told, report.participants.iter().any(|one| one.verdict == Verdict::Error));
        // Doing it again changes nothing.
        set_aside_told_of_others(&mut report);
        assert_eq!(told, report.hits.iter().any(Hit::is_of_others));
        told
    }

    fn suppressed(by: SuppressedBy) -> bool {
        let mut report = report();
        report.hits[0].suppressed = Some(Suppressed { by, reason: String::new(), span: None });
        is_told(report)
    }

    #[test]
    fn peer_that_is_told_of_it_speaks_for_both() {
        assert!(!is_told(report()));
        let mut milder = report();
        milder.hits[0].breaches[0].severity = crate::rules::Severity::Warning;
        assert!(is_told(milder), "a warning of a peer is no word about an error");
        let mut elsewhere = report();
        elsewhere.hits[0].login = 1;
        assert!(is_told(elsewhere), "what is wrong with another login is no word about this one");
        let mut alone = report();
        alone.hits.remove(0);
        assert!(is_told(alone));
    }

    #[test]
    fn reason_of_a_person_speaks_for_both_and_what_was_there_before_does_not() {
        assert!(!suppressed(SuppressedBy::Comment) && !suppressed(SuppressedBy::Configuration));
        assert!(suppressed(SuppressedBy::Baseline) && suppressed(SuppressedBy::Unchanged));
    }

    #[test]
    fn new_one_beside_an_open_hit_is_news_and_then_it_is_told_with_it() {
        let changed = |peer: Change, own: Change| {
            let mut report = report();
            (report.hits[0].change, report.hits[1].change) = (Some(peer), Some(own));
            is_told(report)
        };
        let kept = Change::Kept(None);
        assert!(changed(kept, Change::New), "a deploy that adds one, or the next report");
        assert!(!changed(kept, kept) && !changed(Change::New, Change::New) && !changed(Change::New, kept));
    }
}
