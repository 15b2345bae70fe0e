//! Makefiles (GNU make): each target is something that others call, and its recipe is shell text in which make puts its
//! variables first. Uses `outer_text`, `shell`, `script`'s host and `project`.
//!
//! Written here and not left to a crate: makefile-lossless gives a tree of a file's tokens; what decides is what the variables
//! are at each point and which character of a recipe comes from where, and that has to be done over its tree as over the text.
//!
//! ```text
//! lines       lines that go on, comments, brackets;  variables, functions: what is put into a text
//! assignments what sets a variable
//! reader      lines -> rules and variables, through included files;  recipes: rules -> texts for the shell
//! ```

mod assignments;
mod functions;
#[cfg(fuzzing)]
pub mod fuzz;
mod lines;
mod reader;
mod recipes;
#[cfg(test)]
mod tests;
mod variables;
mod word_lists;

use std::path::{Path, PathBuf};

use reader::{MakePlace, Makefile, MakefileReader};
use recipes::RecipeWriter;
use variables::Spent;

use super::project::Repository;
use super::script::{self, ReadCommands};
use super::shell::ShellEntry;
use super::shell::file_system::Lookup;
use super::start_words::names_engine;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, SearchedDirectory, UnreadWeight};
use crate::model::{Diagnostic, Level, Unseen, join};
use crate::text::{FileId, Span};

/// The names by which make finds its file.
const NAMES: [&str; 3] = ["GNUmakefile", "makefile", "Makefile"];

/// Makefiles.
#[derive(Debug)]
pub(super) struct MakefileKind;

impl InputKind for MakefileKind {
    fn name(&self) -> &'static str {
        "makefile"
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        NAMES.contains(&file.name()) || file.ending() == Some("mk")
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file) && (names_engine(file.beginning()) || has_include(file.beginning()))
    }

    /// A file that another one includes is a part of that.
    fn group_files(&self, searched: &SearchedDirectory<'_>, files: Vec<FoundInput>) -> Vec<FoundInput> {
        let mut included: Vec<PathBuf> = Vec::new();
        for path in files.iter().flat_map(|input| &input.files) {
            let file = CandidateFile::new(path, searched.reader);
            let directory = path.parent().unwrap_or(Path::new("/"));
            let names = included_names(file.beginning());
            let paths = names.map(|name| join(&directory.display().to_string(), name));
            included.extend(paths.map(PathBuf::from).filter(|included| included != path));
        }
        files.into_iter().filter(|input| !input.files.iter().all(|file| included.contains(file))).collect()
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        match (names_engine(text), context.names_program(text)) {
            (true, true) => UnreadWeight::Counts,
            (false, _) if !context.names_state(text) => UnreadWeight::Nothing,
            (true, false) | (false, true) => UnreadWeight::Named,
            (false, false) => UnreadWeight::Nothing,
        }
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        let mut piece = Piece::default();
        for file in &input.files {
            let path = repository.cwd.join(file);
            match repository.open(&path) {
                Lookup::Text(file) => self.add_file(file, &path, input.is_typed(), repository, &mut piece),
                opened => script::add_unopened(self, &path, &opened, input.is_typed(), context, repository, &mut piece),
            }
            piece.files.push(path);
        }
        piece
    }
}

impl MakefileKind {
    fn add_file(&self, file: FileId, path: &Path, is_typed: bool, repository: &Repository<'_>, piece: &mut Piece) {
        let directory = path.parent().unwrap_or(Path::new("/"));
        let (makefile, entries) = read_entries(file, directory, repository);
        let sources = repository.sources;
        let names = |file: &FileId| names_engine(sources.get(*file).text());
        if !is_typed && !names(&file) && !makefile.included.iter().any(names) {
            return;
        }
        let (mut script, starts) = script::run_entries_on_host(&entries, file, directory, repository);
        let level = if is_typed { Level::Error } else { Level::Warning };
        let faults = makefile.faults.iter().map(|fault| Diagnostic::at(level, fault.span, fault.what.clone()));
        piece.layout.diagnostics.extend(faults.take(1));
        script.unread.extend(makefile.faults.into_iter().take(1));
        script.unread.extend(makefile.unread);
        let mut unseen = makefile.unseen.into_iter();
        if script.unseen.is_none()
            && let Some(first) = unseen.next()
        {
            (script.unseen, script.unseen_span) = (Some(first.what), Some(first.span));
        }
        script.more_unseen.extend(unseen);
        for included in &makefile.included {
            piece.add_judged(sources.get(*included).name().to_owned(), self);
        }
        let read = ReadCommands { script, starts, file, directory: Some(directory), is_typed };
        script::add_commands(self, read, repository, piece);
    }
}

/// What a Makefile says, and what each of its targets runs.
fn read_entries(file: FileId, directory: &Path, repository: &Repository<'_>) -> (Makefile, Vec<ShellEntry>) {
    let place = MakePlace {
        sources: repository.sources,
        directory: &directory.display().to_string(),
        is_set: &|name| repository.environment.contains_key(name),
        open: &|path| repository.open(Path::new(path)),
    };
    let mut spent = Spent::default();
    let mut makefile = MakefileReader::read(file, &place, &mut spent);
    let name = repository.sources.get(file).name().to_owned();
    let entries = RecipeWriter::write(&makefile, &name, &place, &mut spent);
    if spent.is_too_much && makefile.faults.is_empty() {
        let what = "the Makefile is too large or too intricate to be read".to_owned();
        makefile.faults.push(Unseen { what, span: Span::file_start(file) });
    }
    if let Some((file, at)) = spent.unclosed {
        let span = Span::at(file, repository.sources.get(file).position(at as usize));
        makefile.faults.push(Unseen { what: "a bracket after `$` is not closed".to_owned(), span });
    }
    if let Some((file, at)) = spent.evaluated.filter(|_| makefile.unread.is_empty()) {
        let span = Span::at(file, repository.sources.get(file).position(at as usize));
        makefile.unread.push(Unseen { what: "what `$(eval …)` makes is not read".to_owned(), span });
    }
    (makefile, entries)
}

/// Whether a Makefile includes others.
fn has_include(text: &str) -> bool {
    included_names(text).next().is_some()
}

/// The files that the lines of a Makefile include, where they are named without variables.
fn included_names(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter_map(|line| {
        let (word, rest) = line.trim_start().split_once([' ', '\t'])?;
        matches!(word, "include" | "-include" | "sinclude").then_some(rest)
    });
    let names = lines.flat_map(|rest| rest.split('#').next().unwrap_or_default().split_whitespace());
    names.filter(|name| !name.contains(['$', '*', '?']))
}
