//! The answer of one run. May use `model` and the other parts of `finding`.

use super::accepted_files::AcceptedFiles;
use super::comparison::Comparison;
use super::hit::Hit;
use super::influence::Influence;
use super::login::{Finding, Login};
use super::participant::Participant;
use crate::model::{Diagnostic, JudgedFile, NotJudgedFile};
use crate::rules::FailOn;

/// The answer of one run.
#[derive(Debug, Default)]
pub struct Report {
    /// Every login that somebody may refresh, the worst first.
    pub logins: Vec<Login>,
    /// Every container that has to do with a program's state directory, sorted by project and name.
    pub participants: Vec<Participant>,
    /// Each participant that breaks rules of a family, worst first.
    pub hits: Vec<Hit>,
    /// Hits about what others do wrong, who are told of it themselves; as long as nothing is grouped they are in `hits`.
    pub told_of_others: Vec<Hit>,
    /// What was wrong with the input.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that were judged.
    pub judged: Vec<JudgedFile>,
    /// The files that were found and were not judged, each with the reason.
    pub not_judged: Vec<NotJudgedFile>,
    /// The files that people chose not to have judged.
    pub accepted_files: Vec<AcceptedFiles>,
    /// What people wrote that can silence a finding or soften a verdict, and from which file it came.
    pub configuration: Vec<Influence>,
    /// How many of these a change adds itself, where one is looked at.
    pub added: usize,
    /// From which severity on a hit that counts fails the run.
    pub fail_on: FailOn,
    /// Whether a hit that was there before, and is no worse now, leaves the exit status alone.
    pub passes_kept: bool,
    /// How many containers were looked at.
    pub containers: usize,
    /// Whether it was held against a baseline: what that does not suppress is new.
    pub baselined: bool,
    /// What it was held against that was so before, and what came of that; `None` where it stands alone.
    pub comparison: Option<Comparison>,
}

impl Report {
    /// The findings of all logins, each with its login, in their order.
    pub fn findings(&self) -> impl Iterator<Item = (&Login, &Finding)> {
        self.logins.iter().flat_map(|login| login.findings.iter().map(move |finding| (login, finding)))
    }

    /// The hits of a finding, those that count first.
    pub fn hits_of<'a>(&'a self, finding: &'a Finding) -> impl Iterator<Item = &'a Hit> {
        finding.hits.iter().filter_map(|at| self.hits.get(*at))
    }

    /// Whether a finding counts: while one of its hits does.
    pub fn counts(&self, finding: &Finding) -> bool {
        self.hits_of(finding).any(Hit::counts)
    }

    /// Whether something about a finding that counts is new or worse than before.
    pub fn has_news(&self, finding: &Finding) -> bool {
        self.hits_of(finding).any(|hit| hit.counts() && hit.is_news())
    }

    /// The hits that count, in their order.
    pub fn counting_hits(&self) -> impl Iterator<Item = &Hit> {
        self.hits.iter().filter(|hit| hit.counts())
    }
}
