//! Files of just: each recipe is something that others call, and its lines are shell text in which just puts its values first.
//! Uses `outer_text`, `shell` and `script`'s entries.
//!
//! Written here and not left to a crate: the parser of just itself is a part of its program.
//!
//! ```text
//! cursor, expressions   text -> strings, variables, calls, choices
//! parser                text -> settings, variables, recipes, through imported files
//! bodies                lines of recipes -> text and expressions
//! evaluator, recipes    expressions -> values;  recipes -> texts for the shell
//! ```

mod bodies;
mod cursor;
mod evaluator;
mod expressions;
mod parser;
mod recipes;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use bodies::{BodyLine, read_bodies};
use parser::{JustPlace, Justfile};
use recipes::JustWriter;

use super::outer_text::OuterText;
use super::project::Repository;
use super::script::{self, EntryFile, HoldsEntries};
use super::shell::{EntryText, ExecContext, RecipeCall, RecipeFile, RecipeSource, find_recipe_file};
use super::start_words::names_engine;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, SearchedDirectory, UnreadWeight};
use crate::model::join;
use crate::text::FileId;

/// Justfiles.
#[derive(Debug)]
pub(super) struct JustfileKind;

impl InputKind for JustfileKind {
    fn name(&self) -> &'static str {
        "justfile"
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        let name = file.name();
        name.trim_start_matches('.').eq_ignore_ascii_case("justfile") || file.ending() == Some("just")
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file) && (names_engine(file.beginning()) || imported_names(file.beginning()).next().is_some())
    }

    fn may_call(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file)
    }

    fn is_run_by_commands(&self) -> bool {
        true
    }

    /// A file that another one imports is a part of that.
    fn group_files(&self, searched: &SearchedDirectory<'_>, files: Vec<FoundInput>) -> Vec<FoundInput> {
        let mut imported: Vec<PathBuf> = Vec::new();
        for path in files.iter().flat_map(|input| &input.files) {
            let file = CandidateFile::new(path, searched.reader);
            let directory = path.parent().unwrap_or(Path::new("/")).display().to_string();
            let paths = imported_names(file.beginning()).map(|name| PathBuf::from(join(&directory, name)));
            imported.extend(paths.filter(|imported| imported != path));
        }
        files.into_iter().filter(|input| !input.files.iter().all(|file| imported.contains(file))).collect()
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        script::weigh_entries(text, context)
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        script::load_entries(self, input, context, repository)
    }
}

impl HoldsEntries for JustfileKind {
    fn read_entries(&self, file: FileId, directory: &Path, repository: &Repository<'_>) -> EntryFile {
        let directory = directory.display().to_string();
        let place = JustPlace {
            sources: repository.sources,
            directory: &directory,
            open: &|path| repository.open(Path::new(path)),
        };
        let mut justfile = Justfile::read(file, &place);
        let bodies = read_bodies(&mut justfile, repository.sources);
        let name = repository.sources.get(file).name().to_owned();
        let mut writer = JustWriter::new(&justfile, &bodies, file, &name, &directory, repository.sources);
        let entries = writer.write();
        let unread = std::mem::take(&mut writer.unread);
        let Justfile { included, faults, unseen, .. } = justfile;
        EntryFile { entries, included, faults, unread, unseen }
    }
}

/// A justfile of which a command runs recipes.
struct CalledJustfile {
    justfile: Justfile,
    bodies: Vec<Vec<BodyLine>>,
    file: FileId,
    name: String,
    directory: String,
    /// The variables that the command sets.
    given: Vec<(String, OuterText)>,
}

/// Reads the justfile of a command: that of its directory, or of the nearest one above. `None` where it is not there, or not
/// read whole.
pub(super) fn read_recipes(source: &RecipeSource, context: &ExecContext<'_>) -> Option<Rc<dyn RecipeFile>> {
    let (path, file) = find_recipe_file(source, &["justfile", "Justfile", ".justfile"], context)?;
    let directory = path.rsplit_once('/').map_or("/", |(directory, _)| directory).to_owned();
    let open = |path: &str| context.file_system.open(path);
    let place = JustPlace { sources: context.sources, directory: &directory, open: &open };
    let mut justfile = Justfile::read(file, &place);
    let bodies = read_bodies(&mut justfile, context.sources);
    let name = context.sources.get(file).name().to_owned();
    let given = source.variables.iter().map(|(name, value)| (name.clone(), OuterText::of_word(value))).collect();
    let is_whole = justfile.faults.is_empty() && justfile.unseen.is_empty();
    is_whole.then(|| Rc::new(CalledJustfile { justfile, bodies, file, name, directory, given }) as Rc<dyn RecipeFile>)
}

impl RecipeFile for CalledJustfile {
    fn directory(&self) -> &str {
        &self.directory
    }

    fn find_texts(&self, call: &RecipeCall, context: &ExecContext<'_>) -> Option<Vec<EntryText>> {
        let sources = context.sources;
        let mut writer = JustWriter::new(&self.justfile, &self.bodies, self.file, &self.name, &self.directory, sources);
        let words: Vec<OuterText> = call.words.iter().map(OuterText::of_word).collect();
        let texts = writer.texts_of_call(&words, &self.given)?;
        writer.unread.is_empty().then_some(texts)
    }
}

/// The files that the lines of a justfile import.
fn imported_names(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let rest = line.strip_prefix("import")?.trim_start_matches('?').trim_start();
        let quote = rest.chars().next().filter(|ch| matches!(ch, '"' | '\''))?;
        rest.get(1..)?.split(quote).next()
    })
}
