//! A file that may be of some kind: its name, and its beginning, read once whoever asks. Uses `program_names`.

use std::cell::OnceCell;
use std::path::Path;

use super::program_names::ProgramNames;
use crate::text::Reader;

/// How much of a file tells what it is, in bytes.
const BEGINNING: u64 = 256 * 1024;
/// How much of it tells what runs it, in bytes.
const FIRST_LINE: u64 = 128;

/// A file that may be of some kind.
pub struct CandidateFile<'a> {
    /// Where it is, absolute.
    pub path: &'a Path,
    /// What reads it.
    pub reader: &'a Reader,
    /// The names of known programs, where these are told.
    programs: Option<&'a ProgramNames>,
    first_line: OnceCell<String>,
    beginning: OnceCell<String>,
}

impl<'a> CandidateFile<'a> {
    /// A file of which nothing has been read.
    pub fn new(path: &'a Path, reader: &'a Reader) -> Self {
        Self { path, reader, programs: None, first_line: OnceCell::new(), beginning: OnceCell::new() }
    }

    /// The same, where the names of known programs are told.
    #[must_use]
    pub fn knowing(self, programs: &'a ProgramNames) -> Self {
        Self { programs: Some(programs), ..self }
    }

    /// Whether its beginning names where a known program keeps its state.
    pub fn names_state(&self) -> bool {
        self.programs.is_some_and(|programs| programs.have_state_named_in(self.beginning()))
    }

    /// Whether its beginning has a path to where a known program keeps its state.
    pub fn has_state_path(&self) -> bool {
        self.programs.is_some_and(|programs| programs.have_state_path_in(self.beginning()))
    }

    /// Whether its beginning names a known program and where one keeps its state: commands in it may call it on that.
    pub fn may_call_program(&self) -> bool {
        self.names_state() && self.programs.is_some_and(|programs| programs.is_program_named_in(self.beginning()))
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

    /// Its first line, or the beginning of that; empty where it cannot be read. Less is read for it than for the rest.
    pub fn first_line(&self) -> &str {
        self.first_line.get_or_init(|| {
            let bytes = self.reader.read_start(self.path, FIRST_LINE).unwrap_or_default();
            String::from_utf8_lossy(bytes.split(|byte| *byte == b'\n').next().unwrap_or_default()).into_owned()
        })
    }

    /// Whether its beginning has a YAML key at its top, in any of its documents.
    pub fn has_top_key(&self, key: &str) -> bool {
        self.beginning().trim_start_matches('\u{feff}').lines().any(|line| is_yaml_key(line, key))
    }
}

/// Whether a line begins with a key of YAML, in quotes or not.
pub(super) fn is_yaml_key(line: &str, key: &str) -> bool {
    let rest = match line.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            line.strip_prefix(quote).and_then(|rest| rest.strip_prefix(key)?.strip_prefix(quote))
        }
        _ => line.strip_prefix(key),
    };
    rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
}
