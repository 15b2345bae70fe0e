//! Where a script runs: its files, directory and environment, which are asked for through callbacks.
//! May use `text` and `file_system`.

use super::file_system::{FileSystem, NoFileSystem};
use super::recipes::{RecipeReader, read_no_recipes};
use crate::model::USUAL_PATH;
use crate::text::Sources;

/// Where commands run.
#[derive(Clone, Copy)]
pub struct ExecContext<'a> {
    /// The files that were read.
    pub sources: &'a Sources,
    /// The files of the place.
    pub file_system: &'a dyn FileSystem,
    /// Where relative paths start: absolute and clean; `None` where that is not known.
    pub directory: Option<&'a str>,
    /// The value of a variable of the environment, where it is set and known.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// What `PATH` is at first, with `${PATH}` for what is not known of it.
    pub search_path: &'a str,
    /// Whether a variable is in the environment, whatever its value.
    pub is_set: &'a dyn Fn(&str) -> bool,
    /// Whether it is the environment that it will run with, so that it decides branches.
    pub decides: bool,
    /// The home of a user, by name or number, where that is known.
    pub home: &'a dyn Fn(&str) -> Option<String>,
    /// Who runs it at first, by name or number; `None` where that is not known.
    pub user: Option<&'a str>,
    /// Whether that is the environment of this process, whose values are not shown.
    pub hides: bool,
    /// The names of programs whose calls matter, which are searched for in files that cannot be read as shell.
    pub programs: &'a dyn Fn() -> &'a [String],
    /// The file of a known program's login that a word of a command names, as a path of this place: the word itself, or the
    /// file that an entry of a keychain takes the place of.
    pub login_file: &'a dyn Fn(&str) -> Option<String>,
    /// Reads the files of recipes that commands name.
    pub recipes: RecipeReader,
}

impl<'a> ExecContext<'a> {
    /// A place of which nothing is known.
    pub fn unknown(sources: &'a Sources) -> Self {
        Self {
            sources,
            file_system: &NoFileSystem,
            directory: None,
            environment: &|_| None,
            search_path: USUAL_PATH,
            is_set: &|_| false,
            decides: false,
            home: &|_| None,
            user: None,
            hides: false,
            programs: &|| &[],
            login_file: &|_| None,
            recipes: read_no_recipes,
        }
    }
}
