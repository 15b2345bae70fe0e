//! The files of the place where a script runs, looked up through a trait.
//! May use `model` and `text`.

use crate::model::{Invocation, Value};
use crate::text::{FileId, Sources, Span};

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A text.
    Text(FileId),
    /// A text within a file, such as a here-document.
    Passage(Box<Value>),
    /// A program that is no text.
    Binary,
    /// Nothing.
    Absent,
    /// Something that cannot be read: why, as a clause.
    Unseen(String),
}

/// A program that a package brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageProgram {
    /// The file that it is.
    pub file: FileId,
    /// What runs that file, where it is not a shell's script by its first line.
    pub interpreter: Option<&'static str>,
}

/// The files of the place where a script runs.
pub trait FileSystem {
    /// Looks up a path, which is absolute and clean.
    fn open(&self, path: &str) -> Lookup;

    /// Whether [`Disk::mention`] looks through all texts that were put there with the scripts.
    fn is_searched(&self) -> bool {
        false
    }

    /// The files in a directory whose names fit, sorted; none where it is not known what is there.
    fn files_in(&self, directory: &str, fits: &dyn Fn(&str) -> bool) -> Vec<String> {
        let _ = (directory, fits);
        Vec::new()
    }

    /// The files of a name in the directories that are in a directory, sorted, by their paths; none where it is not known
    /// what is there.
    fn files_below(&self, directory: &str, name: &str) -> Vec<String> {
        let _ = (directory, name);
        Vec::new()
    }

    /// The commands that made what is there.
    fn installs(&self) -> &[Invocation] {
        &[]
    }

    /// Whether an installer puts a program that matters at a path, where nothing else is known to be.
    fn has_installed(&self, path: &str) -> bool {
        let _ = path;
        false
    }

    /// Whether all else that is there comes with a system, and is no program that matters.
    fn has_known_base(&self) -> bool {
        false
    }

    /// The program of one of these names that a link at a path leads to, or that the file there is a copy of: its path, or its
    /// name where that is all there is to tell.
    fn program_behind(&self, path: &str, names: &[String]) -> Option<String> {
        let _ = (path, names);
        None
    }

    /// Where one of these words is first found in what another stage of a build has, where the file at a path is made in that.
    fn mention_in_build(&self, path: &str, names: &[String]) -> Option<Span> {
        let _ = (path, names);
        None
    }

    /// What a package that was put there with the scripts calls a program by this name.
    fn program_of_package(&self, name: &str) -> Option<PackageProgram> {
        let _ = name;
        None
    }

    /// Where one of these words is first found in a text that was put there with the scripts, and is none of those that
    /// were read as such.
    fn mention(&self, names: &[String], read: &[FileId]) -> Option<Span> {
        let _ = (names, read);
        None
    }
}

/// No file can be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFileSystem;

impl FileSystem for NoFileSystem {
    fn open(&self, _: &str) -> Lookup {
        Lookup::Unseen(String::new())
    }
}

/// Directories of programs that come with a system.
const SYSTEM: [&str; 4] = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"];

/// Whether a script is worth reading: one that comes with a system only where it names a program that matters.
pub fn is_of_interest(path: &str, text: &str, programs: &[String]) -> bool {
    let system = SYSTEM.iter().any(|directory| path.starts_with(directory));
    !system || programs.iter().any(|program| text.contains(program.as_str()))
}

/// Where one of these words is first found in a text, as a word of its own.
pub fn mentioned(file: FileId, sources: &Sources, names: &[String]) -> Option<Span> {
    let source = sources.get(file);
    let found = names.iter().filter_map(|name| Some((find_program(source.text(), name)?, name.len())));
    let (at, length) = found.min()?;
    Some(Span { file, start: source.position(at), end: source.position(at + length) })
}

/// Where a program's name is first found in a text, as a word of its own. What has a path below it is a directory, or the
/// first half of a branch's name.
pub fn find_program(text: &str, name: &str) -> Option<usize> {
    let mut found = text.match_indices(name).map(|(at, _)| at);
    let is_above = |at: usize| text.get(at + name.len()..).is_some_and(|after| after.starts_with('/'));
    found.find(|at| !name.is_empty() && is_own_word(text, *at, name.len()) && !is_above(*at))
}

/// Where a word is first found in a text, as a word of its own: the byte that it begins at.
pub fn find_word(text: &str, word: &str) -> Option<usize> {
    let mut found = text.match_indices(word).map(|(at, _)| at);
    found.find(|at| !word.is_empty() && is_own_word(text, *at, word.len()))
}

/// Whether nothing before or after some bytes of a text belongs to the same word.
fn is_own_word(text: &str, at: usize, length: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    let after = text.get(at + length..).and_then(|after| after.chars().next());
    !before.into_iter().chain(after).any(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.'))
}
