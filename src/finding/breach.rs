//! A rule that one participant breaks. May use `model`, `rules`, `text` and earlier parts of `finding`.

use super::evidence::{Evidence, Location};
use super::suppressed::Suppressed;
use crate::model::ContainerId;
use crate::rules::{Confidence, Severity};
use crate::text::Span;

/// A rule that one participant breaks.
#[derive(Debug, Clone)]
pub struct Breach {
    /// The rule's id.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The login that it is about, as an index in the logins.
    pub login: usize,
    /// The participant, as an index; `None` for a container that only starts others.
    pub participant: Option<usize>,
    /// The container or service.
    pub container: String,
    /// What that stays called when it is started again.
    pub service: String,
    /// Its project.
    pub project: Option<String>,
    /// The others concerned; at most [`super::MAX_PEERS`].
    pub peers: Vec<String>,
    /// One sentence of what and why.
    pub message: String,
    /// What is wrong with this participant, a clause.
    pub detail: String,
    /// Why that is wrong, a clause, where the message does not say it.
    pub why: Option<Evidence>,
    /// What to do, in order.
    pub remedies: Vec<Advice>,
    /// Where: the primary first.
    pub locations: Vec<Location>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// The participants who do wrong, as indices, where that is not this one: it is told only where nothing is told of
    /// them.
    pub at_fault: Option<Vec<usize>>,
    /// Why it does not count, if it does not: it is told all the same.
    pub suppressed: Option<Suppressed>,
}

/// What can be done about a breach, in words of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The remedy's id in the matrix.
    pub id: String,
    /// What to do.
    pub text: String,
    /// What follows from it that a person should know, a clause.
    pub note: Option<String>,
}

impl Breach {
    /// Numbers the participants anew that it names; one that has no new number is named no more.
    pub fn renumber(&mut self, number: impl Fn(usize) -> Option<usize>) {
        self.participant = self.participant.and_then(&number);
        if let Some(peers) = &mut self.at_fault {
            *peers = peers.iter().filter_map(|at| number(*at)).collect();
        }
    }

    /// The container that it is about, by project and name.
    pub fn container_id(&self) -> ContainerId {
        ContainerId::new(self.project.as_deref(), &self.container)
    }

    /// The span of the primary location.
    pub fn primary(&self) -> Option<Span> {
        self.locations.first().map(|location| location.span)
    }

    /// An error of high confidence that says nothing, to be filled in.
    pub(crate) fn of(rule: &str, container: &str) -> Self {
        Self {
            rule: rule.to_owned(),
            severity: Severity::Error,
            confidence: Confidence::High,
            login: 0,
            participant: None,
            container: container.to_owned(),
            service: container.to_owned(),
            project: None,
            peers: Vec::new(),
            message: String::new(),
            detail: String::new(),
            why: None,
            remedies: Vec::new(),
            locations: Vec::new(),
            evidence: Vec::new(),
            at_fault: None,
            suppressed: None,
        }
    }
}
