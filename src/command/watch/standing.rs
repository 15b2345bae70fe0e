//! What a judgement says of each container and of each login, and whether that is otherwise than before. May use
//! everything but `main`.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Basis, Hit, Report, UNDETERMINED, Verdict};
use crate::render::LoginChange;
use crate::rules::{Confidence, Severity};

/// What a judgement says of one container.
#[derive(Debug, Default)]
pub(super) struct ContainerVerdict {
    /// `None` where it has nothing to do with a known program.
    pub(super) verdict: Option<Verdict>,
    /// What that rests on.
    pub(super) basis: Basis,
    /// Why it is sound.
    pub(super) reason: String,
    /// What is wrong with it, as indices in the hits.
    pub(super) hits: Vec<usize>,
    /// The logins that it uses, by id.
    pub(super) logins: Vec<String>,
    broken: Vec<ToldRule>,
}

/// A rule that is broken: which, how bad, how sure, and whether that is accepted.
type ToldRule = (String, Severity, Confidence, bool);

impl ContainerVerdict {
    /// Makes the verdict at least as bad as this one, which nobody declared.
    pub(super) fn raise(&mut self, verdict: Verdict) {
        if self.verdict.is_none_or(|known| verdict > known) {
            (self.verdict, self.basis) = (Some(verdict), Basis::Seen);
        }
    }

    /// What is remembered of it.
    pub(super) fn standing(&self) -> Standing {
        let mut broken = self.broken.clone();
        broken.sort();
        Standing { verdict: self.verdict, broken, logins: self.logins.clone() }
    }
}

/// A verdict and the rules that are broken: others, seen of the container itself, are worth a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) verdict: Option<Verdict>,
    broken: Vec<ToldRule>,
    /// The logins that it uses, by id.
    pub(super) logins: Vec<String>,
}

/// What a report says of each container, by name.
pub(super) fn outcomes(report: &Report) -> BTreeMap<String, ContainerVerdict> {
    let mut outcomes: BTreeMap<String, ContainerVerdict> = BTreeMap::new();
    for one in &report.participants {
        let outcome = outcomes.entry(one.container.clone()).or_default();
        (outcome.verdict, outcome.basis) = (outcome.verdict, outcome.basis).max((Some(one.verdict), one.basis));
        if !one.reason.is_empty() {
            let separator = if outcome.reason.is_empty() { "" } else { "; " };
            outcome.reason.push_str(&format!("{separator}{}", one.reason));
        }
        let login = report.logins.get(one.login).filter(|_| one.verdict != Verdict::NotAParticipant);
        outcome.logins.extend(login.map(|login| login.id.clone()));
    }
    for (at, hit) in report.hits.iter().enumerate() {
        for container in &hit.containers {
            let outcome = outcomes.entry(container.clone()).or_default();
            outcome.raise(verdict(hit));
            outcome.hits.push(at);
            let broken = hit.breaches.iter().map(|one| (one, hit.suppressed.is_some() || one.suppressed.is_some()));
            outcome
                .broken
                .extend(broken.map(|(one, accepted)| (one.rule.clone(), one.severity, one.confidence, accepted)));
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

/// The logins as they were told last.
#[derive(Debug, Default)]
pub(super) struct KnownLogins(BTreeMap<String, KnownLogin>);

#[derive(Debug)]
struct KnownLogin {
    place: String,
    verdict: Verdict,
}

impl KnownLogins {
    /// Takes in a report, and gives the logins whose verdict is another one now.
    pub(super) fn update(&mut self, report: &Report) -> Vec<LoginChange> {
        let told = report.logins.iter().filter(|login| {
            login.verdict != Verdict::NotAParticipant || login.findings.iter().any(|finding| report.counts(finding))
        });
        let now: BTreeMap<String, KnownLogin> = told
            .map(|login| (login.id.clone(), KnownLogin { place: login.place.text.clone(), verdict: login.verdict }))
            .collect();
        let then = std::mem::replace(&mut self.0, now);
        let ids: BTreeSet<&String> = then.keys().chain(self.0.keys()).collect();
        let change = |id: &String| {
            let (before, now) = (then.get(id), self.0.get(id));
            let place = now.or(before)?.place.clone();
            let (before, verdict) = (before.map(|one| one.verdict), now.map(|one| one.verdict));
            (before != verdict).then(|| LoginChange { id: id.clone(), place, verdict, before })
        };
        ids.into_iter().filter_map(change).collect()
    }
}
