//! A file that may be of some kind: its name, and its beginning, read once whoever asks. Uses `text` alone.

use std::cell::OnceCell;
use std::path::Path;

use crate::text::Reader;

/// How much of a file tells what it is, in bytes.
const BEGINNING: u64 = 64 * 1024;

/// A file that may be of some kind.
pub struct CandidateFile<'a> {
    /// Where it is, absolute.
    pub path: &'a Path,
    /// What reads it.
    pub reader: &'a Reader,
    beginning: OnceCell<String>,
}

impl<'a> CandidateFile<'a> {
    /// A file of which nothing has been read.
    pub fn new(path: &'a Path, reader: &'a Reader) -> Self {
        Self { path, reader, beginning: OnceCell::new() }
    }

    /// Its name without directories; empty where that is no text.
    pub fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or("")
    }

    /// The ending of its name.
    pub fn ending(&self) -> Option<&str> {
        self.path.extension().and_then(|ending| ending.to_str())
    }

    /// Whether the directories that it is in end in these.
    pub fn is_in(&self, directories: &str) -> bool {
        self.path.parent().is_some_and(|parent| parent.ends_with(directories))
    }

    /// What it begins with; empty where it cannot be read, which is told when it is loaded.
    pub fn beginning(&self) -> &str {
        self.beginning.get_or_init(|| {
            let bytes = self.reader.read_start(self.path, BEGINNING).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        })
    }
}
