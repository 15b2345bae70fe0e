//! Makefiles (GNU make): each target is something that others call, and its recipe is shell text in which make puts its
//! variables first. Uses `outer_text`, `shell`, `script`'s host and `project`.
//!
//! Written here and not left to a crate: makefile-lossless gives a tree of a file's tokens; what decides is what the variables
//! are at each point and which character of a recipe comes from where, and that has to be done over its tree as over the text.
//!
//! ```text
//! lines       lines that go on, comments, brackets;  variables, functions, word_lists: what is put into a text;
//!             choices: where that hangs on what is not known;  place: where make runs
//! assignments what sets a variable;  conditions: which arms may be taken
//! contents    rules and variables;  reader: lines -> these, through included files;  recipes, recipe_commands: rules ->
//!             texts for the shell
//! ```

mod assignments;
mod choices;
mod conditions;
mod contents;
mod functions;
mod lines;
mod place;
mod reader;
mod recipe_commands;
mod recipes;
#[cfg(test)]
mod tests;
mod variables;
mod word_lists;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use contents::Makefile;
use place::MakePlace;
use reader::MakefileReader;
use recipes::RecipeWriter;
use variables::Spent;

use super::outer_text::OuterText;
use super::project::Repository;
use super::script::{self, EntryFile, HoldsEntries};
use super::shell::file_system::Lookup;
use super::shell::{EntryText, ExecContext, RecipeCall, RecipeFile, RecipeSource, ShellEntry};
use super::start_words::names_engine;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, SearchedDirectory, UnreadWeight};
use crate::model::{Unseen, join};
use crate::text::{FileId, Span, TracedText};

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

    fn may_call(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file)
    }

    fn is_run_by_commands(&self) -> bool {
        true
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
        script::weigh_entries(text, context)
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        script::load_entries(self, input, context, repository)
    }
}

impl HoldsEntries for MakefileKind {
    fn read_entries(&self, file: FileId, directory: &Path, repository: &Repository<'_>) -> EntryFile {
        let (makefile, entries) = read_entries(file, directory, repository);
        let Makefile { included, faults, unread, unseen, .. } = makefile;
        EntryFile { entries, included, faults, unread, unseen }
    }
}

/// What a Makefile says, and what each of its targets runs.
fn read_entries(file: FileId, directory: &Path, repository: &Repository<'_>) -> (Makefile, Vec<ShellEntry>) {
    let place = MakePlace {
        sources: repository.sources,
        directory: &directory.display().to_string(),
        is_set: &|name| repository.environment.contains_key(name),
        file_system: &script::HostFiles(repository),
    };
    let mut spent = Spent::default();
    let mut makefile = MakefileReader::read(file, &[], &place, &mut spent);
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
    if let Some((file, at)) = spent.not_followed.filter(|_| makefile.unread.is_empty()) {
        let span = Span::at(file, repository.sources.get(file).position(at as usize));
        let what = "a function gives what is not known, which may be a command that starts a container".to_owned();
        makefile.unread.push(Unseen { what, span });
    }
    (makefile, entries)
}

/// A Makefile of which a command makes targets.
struct CalledMakefile {
    makefile: Makefile,
    name: String,
    directory: String,
}

/// Reads the Makefile of a command; `None` where it is not there, or not read whole.
pub(super) fn read_recipes(source: &RecipeSource, context: &ExecContext<'_>) -> Option<Rc<dyn RecipeFile>> {
    let paths = match &source.file {
        Some(file) => vec![file.clone()],
        None => NAMES.iter().map(|name| join(&source.directory, name)).collect(),
    };
    let file = paths.iter().find_map(|path| match context.file_system.open(path) {
        Lookup::Text(file) => Some(file),
        _ => None,
    })?;
    let directory = source.directory.clone();
    let given: Vec<(String, OuterText)> =
        source.variables.iter().map(|(name, value)| (name.clone(), OuterText::of_word(value))).collect();
    let mut spent = Spent::default();
    let place = place_of(&directory, context);
    let makefile = MakefileReader::read(file, &given, &place, &mut spent);
    let is_whole = makefile.faults.is_empty() && makefile.unread.is_empty() && !spent.is_too_much;
    let name = context.sources.get(file).name().to_owned();
    is_whole.then(|| Rc::new(CalledMakefile { makefile, name, directory }) as Rc<dyn RecipeFile>)
}

fn place_of<'a, 'c: 'a>(directory: &'a str, context: &ExecContext<'c>) -> MakePlace<'a> {
    let ExecContext { sources, file_system, is_set, .. } = *context;
    MakePlace { sources, directory, is_set, file_system }
}

impl RecipeFile for CalledMakefile {
    fn directory(&self) -> &str {
        &self.directory
    }

    fn find_texts(&self, call: &RecipeCall, context: &ExecContext<'_>) -> Option<Vec<EntryText>> {
        let is_known = |word: &&TracedText| word.is_fixed();
        let targets: Vec<String> = call.words.iter().filter(is_known).map(TracedText::raw).collect();
        let place = place_of(&self.directory, context);
        let mut spent = Spent::default();
        let mut writer = RecipeWriter::new(&self.makefile, &self.name, &place, &mut spent);
        writer.at_once |= call.at_once;
        if targets.len() == call.words.len() { writer.texts_of_targets(&targets) } else { None }
    }
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
