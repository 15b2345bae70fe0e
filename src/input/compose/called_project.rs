//! What a command of the repository says of the Compose project that it calls. Uses `model`.

use std::path::PathBuf;

use crate::model::HandedVariables;

/// A Compose project as a command calls it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalledProject {
    /// The files of `-f`, absolute, in their order; none where Compose looks for them.
    pub files: Vec<PathBuf>,
    /// The directory that the command runs in, where that is known.
    pub runs_in: Option<PathBuf>,
    /// The directory of the script that calls it, which it may be called in.
    pub beside: Option<PathBuf>,
    /// The name that it is given; `None` for that of the files or the directory.
    pub name: Option<String>,
    /// The directory that replaces that of the first file.
    pub directory: Option<PathBuf>,
    /// The files of `--env-file`.
    pub env_files: Vec<PathBuf>,
    /// The variables that it is handed; `None` where it is called for containers that run, which have theirs.
    pub variables: Option<HandedVariables>,
    /// The call's script and line, as a person would name them.
    pub place: String,
}
