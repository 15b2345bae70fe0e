//! Files that people chose not to have judged, with their reasons. May use `model` and `text`.

use crate::model::NotJudgedFile;
use crate::text::Span;

/// Files that an entry of the configuration leaves out of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedFiles {
    /// By which part of the configuration.
    pub by: AcceptedBy,
    /// The entry's pattern.
    pub pattern: String,
    /// Why.
    pub reason: String,
    /// Where the entry is written.
    pub span: Span,
    /// How many files it is about.
    pub count: usize,
    /// These files, where they were looked at.
    pub files: Vec<NotJudgedFile>,
}

/// What becomes of files by the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AcceptedBy {
    /// `exclude`: they were not looked at.
    Exclude,
    /// `not_judged`: they were found, and that they were not judged is accepted.
    NotJudged,
}

impl AcceptedBy {
    /// Its name in the configuration and the JSON contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exclude => "exclude",
            Self::NotJudged => "not_judged",
        }
    }
}
