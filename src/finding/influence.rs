//! What people wrote that can silence a finding or soften a verdict. Uses nothing else of this crate.

/// Something that people wrote and that the run went by: it can silence a finding or soften a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Influence {
    /// The file, directory or container that says it.
    pub file: String,
    /// What kind of thing it is.
    pub kind: InfluenceKind,
    /// How many there are in the file.
    pub entries: usize,
}

/// Kinds of influence on a verdict or the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InfluenceKind {
    /// The configuration file, with all that it says.
    Configuration,
    /// A directory of rules.
    Rules,
    /// Findings of an earlier run.
    Baseline,
    /// Entries or comments that ignore findings.
    Ignores,
    /// Entries that exclude files.
    Excludes,
    /// Entries that accept that files are not judged.
    NotJudged,
    /// Facts that nobody saw: labels, or entries of the configuration.
    Declarations,
    /// Severities in place of the matrix's.
    Severities,
    /// The severity from which on findings fail the run.
    FailOn,
}

impl InfluenceKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Configuration,
        Self::Rules,
        Self::Baseline,
        Self::Ignores,
        Self::Excludes,
        Self::NotJudged,
        Self::Declarations,
        Self::Severities,
        Self::FailOn,
    ];

    /// Its name in the JSON contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Rules => "rules",
            Self::Baseline => "baseline",
            Self::Ignores => "ignores",
            Self::Excludes => "excludes",
            Self::NotJudged => "not-judged",
            Self::Declarations => "declarations",
            Self::Severities => "severities",
            Self::FailOn => "fail-on",
        }
    }
}
