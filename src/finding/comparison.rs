//! What a report is compared with, and what came of that. May use `rules`.

use super::participant::Verdict;
use crate::rules::Severity;

/// What a report was held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What was so before.
    pub before: Before,
    /// What was found then and is found no more, worst first.
    pub gone: Vec<Gone>,
    /// Each participant of then or now, by project and name.
    pub verdicts: Vec<Verdicts>,
    /// Containers that run, stay, and are concerned by what is new, each with the rules that say so.
    pub endangered: Vec<Endangered>,
}

/// What was so before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// What the last run found, in seconds since 1970.
    LastRun(i64),
    /// There was no last run that could be read: all is new.
    Nothing,
    /// What runs now, before a plan is carried out.
    Running,
}

/// How a finding stands to what was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not found before.
    New,
    /// It was, and is worse now: its severity rose, or it breaks one more rule that fails the run. Since when it has been
    /// found at all, in seconds after 1970, where that is known.
    Worse(Option<i64>),
    /// It was, since this second after 1970 where that is known.
    Kept(Option<i64>),
}

impl Change {
    /// Whether nobody was told of it yet.
    pub fn is_news(self) -> bool {
        matches!(self, Self::New | Self::Worse(_))
    }

    /// Since when it has been found, where that is known.
    pub fn since(self) -> Option<i64> {
        match self {
            Self::New => None,
            Self::Worse(since) | Self::Kept(since) => since,
        }
    }

    /// Its name in every output format.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Worse(_) => "worse",
            Self::Kept(_) => "kept",
        }
    }
}

/// A finding that is found no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The rule's id.
    pub rule: String,
    /// How bad it was.
    pub severity: Severity,
    /// The container or service.
    pub container: String,
    /// Its project.
    pub project: Option<String>,
    /// What was said.
    pub message: String,
    /// What it is recognised by.
    pub fingerprint: String,
    /// Since when it was found, in seconds after 1970, where that is known.
    pub since: Option<i64>,
    /// What became of it.
    pub end: End,
}

/// Why a finding is found no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its container was looked at, and it is not so any more.
    Fixed,
    /// The plan does not bring it, and what runs keeps it until its container is made anew.
    Renewed,
    /// Its container is no longer there.
    Left,
    /// Its container, or the host, could not be looked at: whether it is still so is not known.
    Unseen,
}

impl End {
    /// Its name in every output format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Renewed => "renewed",
            Self::Left => "left",
            Self::Unseen => "unseen",
        }
    }
}

/// A participant's verdict before and after; `None` where it was not, or is not, there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdicts {
    /// The container or service.
    pub container: String,
    /// Its project.
    pub project: Option<String>,
    /// The verdict before.
    pub before: Option<Verdict>,
    /// The verdict now.
    pub after: Option<Verdict>,
}

/// A container that runs, and what new findings say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endangered {
    /// Its name.
    pub container: String,
    /// Its project.
    pub project: Option<String>,
    /// The rules that are newly broken, and by whom, as `rule (service)`.
    pub by: Vec<String>,
}
