//! Hits held against those of a revision: what was so then, and no less bad, does not count. May use `finding` and `rules`.

use std::collections::HashMap;

use crate::finding::{Change, Hit, Report, Suppressed, SuppressedBy, UNDETERMINED};
use crate::rules::Severity;

/// Marks each hit as new or known, and suppresses what the revision had as well and no less bad. What was accepted there
/// was there all the same.
pub fn compare_with_revision(report: &mut Report, before: &Report, revision: &str) {
    let known: HashMap<&str, &Hit> = before.hits.iter().map(|hit| (hit.fingerprint.as_str(), hit)).collect();
    for hit in &mut report.hits {
        let was = known.get(hit.fingerprint.as_str());
        let is_known = was.is_some_and(|was| !is_worse(hit, was));
        hit.change = Some(match was {
            Some(_) if is_known => Change::Kept(None),
            Some(_) => Change::Worse(None),
            None => Change::New,
        });
        if is_known && hit.counts() {
            let reason = format!("{revision} has it too");
            hit.suppressed = Some(Suppressed { by: SuppressedBy::Unchanged, reason, span: None });
        }
    }
}

/// Whether a hit is more severe than it was, or breaks a rule more that is worth a warning.
fn is_worse(hit: &Hit, was: &Hit) -> bool {
    // That something is not known is told by its sentence: another one is another matter.
    if hit.family == UNDETERMINED {
        return hit.counting().any(|one| was.breaches.iter().all(|known| known.message != one.message));
    }
    let then: Vec<(&str, Severity)> = was.breaches.iter().map(|one| (one.rule.as_str(), one.severity)).collect();
    let is_new = |rule: &str, severity| !then.iter().any(|(known, grade)| *known == rule && *grade >= severity);
    let mut grave = hit.counting().filter(|one| one.severity > Severity::Note);
    hit.severity() > worst_severity(was) || grave.any(|one| is_new(&one.rule, one.severity))
}

/// How bad a hit was, whether or not it was accepted.
fn worst_severity(hit: &Hit) -> Severity {
    hit.breaches.iter().map(|breach| breach.severity).max().unwrap_or(Severity::Note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Breach;

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
