//! A compose file that a script writes: its text stands in the script, and nowhere else before that runs. Uses `model`.

use std::path::PathBuf;

use crate::model::HandedVariables;

/// A compose file that a script writes.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenFile {
    /// Where the script writes it, absolute.
    pub path: PathBuf,
    /// The script that its text is written in, as a person would write that.
    pub script: String,
    /// Where it is written, as `lib/up.sh:12`.
    pub place: String,
    /// Its text, each line of which has the number that it has in the script: what stands around it is left empty.
    pub text: String,
    /// What the script alone knows of its variables.
    pub variables: HandedVariables,
}
