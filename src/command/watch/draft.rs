//! The lines that a judgement gives, before they are written: who came, went or was looked at, and which of them changed
//! the verdict of a login. May use everything but `main`.

use std::collections::BTreeSet;

use crate::finding::{Basis, Finding, Report, Verdict};
use crate::model::Container;
use crate::render::{LoginChange, SeenBy, WatchEvent, WatchEventKind};

/// A line about a container.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) running: Container,
    pub(super) kind: WatchEventKind,
    /// When, in nanoseconds since 1970.
    pub(super) at: i64,
    pub(super) seen_by: SeenBy,
    pub(super) verdict: Option<Verdict>,
    pub(super) basis: Basis,
    pub(super) before: Option<Verdict>,
    pub(super) reason: String,
    /// What is wrong with it, as indices in the hits of the report.
    pub(super) hits: Vec<usize>,
    /// The logins that it uses, or used until it went.
    pub(super) logins: Vec<String>,
    pub(super) gaps: Vec<String>,
    /// Whether it is worth a line by itself.
    pub(super) is_told: bool,
    /// The logins whose verdict it changed.
    pub(super) changes: Vec<LoginChange>,
}

/// Gives each change of a login to the container that caused it: one that came, else one that went, else one that was
/// looked at; of several the last that uses the login, or where none does, the last of all. What is left over was caused
/// by nobody who is known.
pub(super) fn attribute(changes: Vec<LoginChange>, drafts: &mut [Draft]) -> Vec<LoginChange> {
    let mut left_over = Vec::new();
    for change in changes {
        let weight = |draft: &Draft| {
            let uses = draft.logins.contains(&change.id);
            let kind = match draft.kind {
                WatchEventKind::Changed => 0,
                WatchEventKind::Gone => 1,
                WatchEventKind::Running | WatchEventKind::Created | WatchEventKind::Started => 2,
            };
            (uses, kind)
        };
        // Of equals the last one is meant.
        match drafts.iter_mut().max_by_key(|draft| weight(draft)) {
            Some(draft) => draft.changes.push(change),
            None => left_over.push(change),
        }
    }
    left_over
}

impl Draft {
    /// The line. Where it changed a login, all that is wrong with that is told, else what is wrong with the container.
    pub(super) fn findings(&self, report: &Report) -> Vec<Finding> {
        let changed: BTreeSet<&str> = self.changes.iter().map(|change| change.id.as_str()).collect();
        let own = |finding: &Finding| -> Vec<usize> {
            finding.hits.iter().copied().filter(|at| self.hits.contains(at)).collect()
        };
        let findings = report.sorted_findings().into_iter().filter_map(|(login, finding)| {
            if changed.contains(login.id.as_str()) {
                return Some(finding.clone());
            }
            let hits = own(finding);
            (!hits.is_empty()).then(|| Finding { hits, ..finding.clone() })
        });
        findings.collect()
    }

    /// The line, with its findings.
    pub(super) fn event<'a>(&'a self, findings: &'a [Finding]) -> WatchEvent<'a> {
        WatchEvent {
            at: self.at,
            kind: self.kind,
            container: Some(&self.running.name),
            id: Some(self.running.engine().id.as_str()).filter(|id| !id.is_empty()),
            project: self.running.project.as_deref(),
            image: self.running.image.as_ref().map(|image| image.text.as_str()).filter(|image| !image.is_empty()),
            seen_by: Some(self.seen_by),
            verdict: self.verdict.unwrap_or(Verdict::NotAParticipant),
            basis: self.basis,
            before: self.before,
            reason: &self.reason,
            hits: &self.hits,
            logins: &self.logins,
            changes: &self.changes,
            findings,
            gaps: &self.gaps,
        }
    }
}

/// The line of a login that changed by nobody who is known.
pub(super) fn login_event<'a>(change: &'a [LoginChange], findings: &'a [Finding], at: i64) -> WatchEvent<'a> {
    let one = change.first();
    WatchEvent {
        at,
        kind: WatchEventKind::Changed,
        container: None,
        id: None,
        project: None,
        image: None,
        seen_by: None,
        verdict: one.and_then(|one| one.verdict).unwrap_or(Verdict::NotAParticipant),
        basis: Basis::Seen,
        before: one.and_then(|one| one.before),
        reason: "",
        hits: &[],
        logins: &[],
        changes: change,
        findings,
        gaps: &[],
    }
}
