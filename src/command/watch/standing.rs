//! How a container stands after a judgement, and whether that is otherwise than before. May use everything but `main`.

use std::collections::BTreeMap;

use crate::finding::{Basis, Hit, Report, UNDETERMINED, Verdict};
use crate::rules::{Confidence, Severity};

/// What a judgement says of one container.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// `None` where it has nothing to do with a known program.
    pub(super) verdict: Option<Verdict>,
    /// What that rests on.
    pub(super) basis: Basis,
    /// Why it is sound.
    pub(super) reason: String,
    /// What is wrong, worst first.
    pub(super) findings: Vec<Hit>,
}

impl Outcome {
    /// Makes the verdict at least as bad as this one, which nobody declared.
    pub(super) fn raise(&mut self, verdict: Verdict) {
        if self.verdict.is_none_or(|known| verdict > known) {
            (self.verdict, self.basis) = (Some(verdict), Basis::Seen);
        }
    }

    /// What is remembered of it.
    pub(super) fn standing(&self) -> Standing {
        let broken = |one: &Hit| (one.rule().to_owned(), one.severity(), one.confidence(), one.suppressed.is_some());
        let mut broken: Vec<_> = self.findings.iter().map(broken).collect();
        broken.sort();
        Standing { verdict: self.verdict, broken }
    }
}

/// A verdict and the rules that are broken: another one is worth a line. Who else is concerned, and so the words of a
/// message, may change with every container that comes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) verdict: Option<Verdict>,
    broken: Vec<(String, Severity, Confidence, bool)>,
}

/// What a report says of each container, by name.
pub(super) fn outcomes(report: Report) -> BTreeMap<String, Outcome> {
    let mut outcomes: BTreeMap<String, Outcome> = BTreeMap::new();
    for one in report.participants {
        let outcome = outcomes.entry(one.container).or_default();
        (outcome.verdict, outcome.basis) = (outcome.verdict, outcome.basis).max((Some(one.verdict), one.basis));
        if !one.reason.is_empty() {
            let separator = if outcome.reason.is_empty() { "" } else { "; " };
            outcome.reason.push_str(&format!("{separator}{}", one.reason));
        }
    }
    for hit in report.hits {
        for container in &hit.containers {
            let outcome = outcomes.entry(container.clone()).or_default();
            outcome.raise(verdict(&hit));
            outcome.findings.push(hit.clone());
        }
    }
    outcomes
}

/// What a finding makes of a container at least.
fn verdict(finding: &Hit) -> Verdict {
    match finding.severity() {
        _ if finding.suppressed.is_some() => Verdict::NotAParticipant,
        _ if finding.rule() == UNDETERMINED => Verdict::Undetermined,
        Severity::Error => Verdict::Error,
        Severity::Warning => Verdict::Warning,
        Severity::Note => Verdict::NotAParticipant,
    }
}
