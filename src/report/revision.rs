//! Hits held against those of a revision: what was so then, and no less bad, does not count. May use `finding` and `rules`.

use std::collections::HashMap;

use super::hit_change::{KnownHit, change_of, find_known};
use crate::finding::{Hit, Report, Suppressed, SuppressedBy};
use crate::rules::{FailOn, Severity};

/// Marks each hit as new or known, and suppresses what the revision had as well and no less bad. What was accepted there
/// was there all the same. A further rule that is worth a warning makes a hit worse.
pub fn compare_with_revision(report: &mut Report, before: &Report, revision: &str) {
    let known: HashMap<&str, &Hit> = before.hits.iter().map(|hit| (hit.fingerprint.as_str(), hit)).collect();
    for hit in &mut report.hits {
        let was = find_known(hit, |fingerprint| known.get(fingerprint).copied()).map(KnownHit::of_hit);
        hit.change = Some(change_of(hit, was.as_ref(), FailOn::Severity(Severity::Warning)));
        if hit.counts() && !hit.is_news() {
            let reason = format!("{revision} has it too");
            hit.suppressed = Some(Suppressed { by: SuppressedBy::Unchanged, reason, span: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Breach, Change};

    fn report(hits: &[(&str, &[(&str, Severity)])]) -> Report {
        let hit = |(container, rules): &(&str, &[(&str, Severity)])| {
            let breach =
                |(rule, severity): &(&str, Severity)| Breach { severity: *severity, ..Breach::of(rule, container) };
            Hit { fingerprint: (*container).to_owned(), ..Hit::of(rules.iter().map(breach).collect()) }
        };
        Report { hits: hits.iter().map(hit).collect(), ..Report::default() }
    }

    #[test]
    fn new_and_worse_hits_count_and_known_ones_do_not() {
        let (note, warning, error) = (Severity::Note, Severity::Warning, Severity::Error);
        let before = report(&[
            ("same", &[("r", error)]),
            ("graver", &[("r", warning)]),
            ("further", &[("r", error)]),
            ("noted", &[("r", error)]),
            ("milder", &[("r", error)]),
        ]);
        let mut now = report(&[
            ("same", &[("r", error)]),
            ("graver", &[("r", error)]),
            ("further", &[("r", error), ("s", warning)]),
            ("noted", &[("r", error), ("s", note)]),
            ("milder", &[("r", warning)]),
            ("fresh", &[("r", note)]),
        ]);
        compare_with_revision(&mut now, &before, "main");
        let counting: Vec<&str> = now.counting_hits().map(|hit| hit.container.as_str()).collect();
        assert_eq!(counting, ["graver", "further", "fresh"]);
        assert!(now.hits.iter().all(|hit| hit.counts() == hit.change.is_some_and(Change::is_news)));
    }
}
