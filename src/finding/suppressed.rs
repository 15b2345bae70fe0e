//! Why a hit, or one of its rules, does not count. May use `text`.

use crate::text::Span;

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// By what.
    pub by: SuppressedBy,
    /// The reason that a person gave; for what did not change, since when; empty for the baseline.
    pub reason: String,
    /// Where that is written, if a file says so.
    pub span: Option<Span>,
}

/// What suppresses a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuppressedBy {
    /// A comment at the line or the service.
    Comment,
    /// The configuration.
    Configuration,
    /// The baseline: it was there before.
    Baseline,
    /// Nothing that it points at has changed since the revision that was given.
    Unchanged,
}

impl SuppressedBy {
    /// Its name in every output format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Configuration => "configuration",
            Self::Baseline => "baseline",
            Self::Unchanged => "unchanged",
        }
    }
}
