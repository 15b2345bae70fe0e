//! Which files of the input were judged, and which were found and were not. Uses nothing else.

use std::collections::BTreeSet;

/// A file that was read whole and judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct JudgedFile {
    /// Its name as a person would write it.
    pub file: String,
    /// The kind of input that it is, as a word for people: `compose`, `script`.
    pub kind: &'static str,
    /// Whether it was seen to start containers that may have a login: it names a known program, or they are described
    /// elsewhere.
    pub starts: bool,
}

/// What the configuration's `exclude` left out of a search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExcludedFiles {
    /// How many files each of its entries left out.
    pub counts: Vec<usize>,
    /// The entries that would leave out all of a directory that a person named, and do not hold for it.
    pub lifted: BTreeSet<usize>,
    /// Whether all was searched that an entry can be about.
    pub whole: bool,
}

/// A file that was found and was not read, or not read whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotJudgedFile {
    /// Its name as a person would write it.
    pub file: String,
    /// The kind of input that it is, as a word for people.
    pub kind: &'static str,
    /// Why it was not, as a clause.
    pub reason: String,
    /// Whether there is no clean answer without it: it starts or describes a container, and names the state directory or
    /// the command of a known program, or what it names could not be looked at.
    pub counts: bool,
}
