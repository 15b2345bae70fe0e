//! What the reader of scripts asks of the world it reads in: files, and what variables hold. Uses `model` and `text`.

use crate::model::Value;
use crate::text::{FileId, Sources, Span};

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// A text.
    Text(FileId),
    /// A text within a file, such as a here-document.
    Passage(Box<Value>),
    /// A program that is no text.
    Binary,
    /// Nothing.
    Absent,
    /// Something that cannot be looked at: why, as a clause.
    Unseen(String),
}

/// The files of the place where a script runs.
pub trait Disk {
    /// What stands at a path, which is absolute and clean.
    fn open(&self, path: &str) -> Opened;

    /// Whether [`Disk::mention`] looks through all texts that were put there with the scripts.
    fn is_searched(&self) -> bool {
        false
    }

    /// Where one of these words first stands in a text that was put there with the scripts.
    fn mention(&self, names: &[String]) -> Option<Span> {
        let _ = names;
        None
    }
}

/// No file can be looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDisk;

impl Disk for NoDisk {
    fn open(&self, _: &str) -> Opened {
        Opened::Unseen(String::new())
    }
}

/// Where commands run.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The files that were read.
    pub sources: &'a Sources,
    /// The files that can be.
    pub disk: &'a dyn Disk,
    /// Where relative paths start: absolute and clean; `None` where that is not known.
    pub directory: Option<&'a str>,
    /// The value of a variable of the environment, where it is set and known.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
    /// Whether it is the environment of the process, whose values are not shown.
    pub hides: bool,
    /// The names of programs whose calls matter: looked for in files that cannot be read as shell, and asked for then.
    pub programs: &'a dyn Fn() -> &'a [String],
}

impl<'a> Setting<'a> {
    /// A setting of which nothing is known.
    pub fn unknown(sources: &'a Sources) -> Self {
        Self { sources, disk: &NoDisk, directory: None, lookup: &|_| None, hides: false, programs: &|| &[] }
    }
}

/// Directories of programs that come with a system.
const SYSTEM: [&str; 4] = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"];

/// Whether a script is worth reading: one that comes with a system only where it names a program that matters.
pub fn is_of_interest(path: &str, text: &str, programs: &[String]) -> bool {
    let system = SYSTEM.iter().any(|directory| path.starts_with(directory));
    !system || programs.iter().any(|program| text.contains(program.as_str()))
}

/// Where one of these words first stands in a text, as a word of its own.
pub fn mentioned(file: FileId, sources: &Sources, names: &[String]) -> Option<Span> {
    let source = sources.get(file);
    let text = source.text();
    let part = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.');
    let own = |at: usize, name: &str| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    };
    let first = |name: &String| {
        let mut found = text.match_indices(name.as_str()).map(|(at, _)| at).filter(|at| own(*at, name));
        found.next().map(|at| (at, name.len()))
    };
    let (at, length) = names.iter().filter(|name| !name.is_empty()).filter_map(first).min()?;
    Some(Span { file, start: source.position(at), end: source.position(at + length) })
}
