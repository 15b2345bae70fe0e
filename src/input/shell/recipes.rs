//! Programs that run recipes of a file by their names (`make`, `just`, `task`): what a command of theirs asks for, and what it
//! then runs. Uses `exec_context` and `entry`.

use std::path::Path;
use std::rc::Rc;

use super::ExecContext;
use super::entry::EntryText;
use super::file_system::Lookup;
use crate::model::join;
use crate::text::{FileId, TracedText};

/// Directories above each other in which a file is looked for.
const LEVELS: usize = 30;

/// A file of recipes that a command reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecipeSource {
    /// The program, by its name.
    pub(crate) program: String,
    /// The directory that it looks from.
    pub(crate) directory: String,
    /// The file that the command names, where it names one.
    pub(crate) file: Option<String>,
    /// The text of that file, where a command wrote it before.
    pub(crate) text: Option<TracedText>,
    /// The variables that the command sets over those of the file, each with the text that a shell has for it.
    pub(crate) variables: Vec<(String, TracedText)>,
}

/// What a command asks of such a file.
#[derive(Debug, Clone, Default)]
pub struct RecipeCall {
    /// The names of recipes, and what else stands among the command's words.
    pub(crate) words: Vec<TracedText>,
    /// What stands behind `--`, for the recipes alone.
    pub(crate) handed_on: Vec<TracedText>,
    /// Whether recipes that do not need each other run at once.
    pub(crate) at_once: bool,
}

/// A file of recipes that was read.
pub trait RecipeFile {
    /// The directory that its recipes run in.
    fn directory(&self) -> &str;

    /// What a call runs, in order; `None` where the file does not tell.
    fn find_texts(&self, call: &RecipeCall, context: &ExecContext<'_>) -> Option<Vec<EntryText>>;
}

/// Reads the file of recipes of a command; `None` where there is none to be read.
pub type RecipeReader = fn(&RecipeSource, &ExecContext<'_>) -> Option<Rc<dyn RecipeFile>>;

/// Reads none.
pub fn read_no_recipes(_: &RecipeSource, _: &ExecContext<'_>) -> Option<Rc<dyn RecipeFile>> {
    None
}

/// The file of a command that reads one of some names in its directory or in the nearest one above, with its path.
pub fn find_recipe_file(source: &RecipeSource, names: &[&str], context: &ExecContext<'_>) -> Option<(String, FileId)> {
    let above = Path::new(&source.directory).ancestors().take(LEVELS);
    let paths: Vec<String> = match &source.file {
        Some(file) => vec![file.clone()],
        None => above.flat_map(|at| names.iter().map(|name| join(&at.display().to_string(), name))).collect(),
    };
    paths.into_iter().find_map(|path| match context.file_system.open(&path) {
        Lookup::Text(file) => Some((path, file)),
        _ => None,
    })
}
