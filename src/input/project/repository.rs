//! The files of the repository that a check runs in: what may be read, how it is called, each read once.
//! Uses `text`, `source::dockerfile` and `source::shell::file_system`.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::command_builds::CommandBuilds;
use crate::input::dockerfile::{Image, InImage, Stored};
use crate::input::program_names::ProgramNames;
use crate::input::shell::file_system::{Lookup, is_of_interest};
use crate::input::shell::{RecipeReader, read_no_recipes};
use crate::model::TypedPaths;
use crate::text::{FileId, ReadError, Reader, Sources, Syntax, repository_top};

/// The largest script that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// The top of the git repository around a directory: the next one above that holds `.git`, else the directory itself.
///
/// Links are not followed: give a real path where that matters.
pub fn top(directory: &Path) -> &Path {
    repository_top(directory).unwrap_or(directory)
}

/// Images that are not built here.
#[derive(Clone, Copy)]
pub struct Store<'a> {
    /// Tells of one by name, where an engine has it.
    pub image: &'a (dyn Fn(&str) -> Option<Arc<Stored>> + Sync),
    /// What stands at a path in one; `None` where its files cannot be looked at.
    pub file: &'a (dyn Fn(&Stored, &str) -> Option<InImage> + Sync),
}

/// What a check may look at, and what it has.
pub struct Repository<'a> {
    pub(in crate::input) sources: &'a Sources,
    /// Where the tool runs: names are told from here on.
    pub(in crate::input) cwd: PathBuf,
    /// What a person typed of paths elsewhere.
    typed: TypedPaths,
    /// The environment it runs in.
    pub(in crate::input) environment: &'a BTreeMap<String, String>,
    /// The names of programs whose calls matter.
    pub(in crate::input) programs: &'a ProgramNames,
    /// Images that are not built here; `None` where no engine is asked.
    store: Option<Store<'a>>,
    /// The images that commands of the host build.
    pub(super) command_builds: Arc<CommandBuilds>,
    /// Whether values of the environment are shown.
    pub(in crate::input) shows_values: bool,
    /// Reads the files of recipes that commands name.
    pub(in crate::input) recipes: RecipeReader,
    /// What reads the files that containers mount: those of the repository alone, on every command.
    reader: Reader,
    read: RefCell<HashMap<PathBuf, Lookup>>,
    /// What was read outside of it, since an image copies it.
    copied: RefCell<HashMap<PathBuf, Lookup>>,
}

impl<'a> Repository<'a> {
    /// A repository of which nothing has been read.
    pub fn new(
        sources: &'a Sources,
        cwd: &Path,
        environment: &'a BTreeMap<String, String>,
        programs: &'a ProgramNames,
    ) -> Self {
        let reader = sources.reader().within_roots();
        Self {
            sources,
            cwd: cwd.to_owned(),
            typed: TypedPaths::default(),
            environment,
            programs,
            store: None,
            command_builds: Arc::default(),
            shows_values: false,
            recipes: read_no_recipes,
            reader,
            read: RefCell::default(),
            copied: RefCell::default(),
        }
    }

    /// The same with images that an engine can be asked about.
    #[must_use]
    pub fn with_store(self, store: Option<Store<'a>>) -> Self {
        Self { store, ..self }
    }

    /// The same where values of the environment are shown, or are not.
    #[must_use]
    pub fn showing(self, shows_values: bool) -> Self {
        Self { shows_values, ..self }
    }

    /// The same with what a person typed of paths elsewhere.
    #[must_use]
    pub fn with_typed(self, typed: TypedPaths) -> Self {
        Self { typed, ..self }
    }

    /// The same where the recipes are followed that commands name.
    #[must_use]
    pub(in crate::input) fn with_recipes(self, recipes: RecipeReader) -> Self {
        Self { recipes, ..self }
    }

    /// The same with the images that commands of the host build.
    #[must_use]
    pub fn with_command_builds(self, command_builds: Arc<CommandBuilds>) -> Self {
        Self { command_builds, ..self }
    }

    /// An image that is not built here, as the engine has it.
    pub(super) fn stored(&self, name: &str) -> Option<Image> {
        Some((self.store?.image)(name)?.image(self.sources))
    }

    /// What stands at a path in such an image; `None` where that cannot be looked at. Scripts that come with a system
    /// are of interest only where they name a program that matters, or are what the container runs.
    pub(super) fn in_stored(&self, name: &str, path: &str, first: bool) -> Option<Lookup> {
        let shown = format!("image {name} at {path}");
        let key = PathBuf::from(if first { format!("{shown} first") } else { shown.clone() });
        if let Some(opened) = self.read.borrow().get(&key) {
            return Some(opened.clone());
        }
        let store = self.store?;
        let opened = match (store.file)(&*(store.image)(name)?, path)? {
            InImage::Text(text) if first || is_of_interest(path, &text, &self.programs.commands) => {
                Lookup::Text(self.sources.add(shown, text))
            }
            InImage::Text(_) | InImage::Binary => Lookup::Binary,
            InImage::Absent => Lookup::Absent,
            InImage::Unseen(why) => Lookup::Unseen(why),
        };
        self.read.borrow_mut().insert(key, opened.clone());
        Some(opened)
    }

    /// A name as a person would write it.
    pub(in crate::input) fn shown(&self, path: &Path) -> String {
        self.typed.name(path, &self.cwd).display().to_string()
    }

    /// The file at a path of this machine, where that is in the repository, after all links too.
    pub(in crate::input) fn open(&self, path: &Path) -> Lookup {
        self.open_by(path, &self.reader, &self.read).unwrap_or_else(|| self.outside(path))
    }

    /// A file that an image copies: it is read wherever Compose would build from. That opens no way to it for others.
    pub(super) fn open_copied(&self, path: &Path) -> Lookup {
        let inside = self.open_by(path, &self.reader, &self.read);
        let opened = inside.or_else(|| self.open_by(path, self.sources.reader(), &self.copied));
        opened.unwrap_or_else(|| self.outside(path))
    }

    fn outside(&self, path: &Path) -> Lookup {
        Lookup::Unseen(format!("{} is not in this repository", self.shown(path)))
    }

    /// The file at a path, read once; `None` where it is outside of what a reader reads.
    fn open_by(&self, path: &Path, reader: &Reader, known: &RefCell<HashMap<PathBuf, Lookup>>) -> Option<Lookup> {
        if let Some(opened) = known.borrow().get(path) {
            return Some(opened.clone());
        }
        let opened = match text(path, reader) {
            Ok(Some(text)) => Lookup::Text(self.sources.add_written(self.shown(path), text, Syntax::Shell)),
            Ok(None) => Lookup::Binary,
            Err(ReadError::Absent) => Lookup::Absent,
            Err(ReadError::Outside { .. }) => return None,
            Err(why) => Lookup::Unseen(why.to_string()),
        };
        known.borrow_mut().insert(path.to_owned(), opened.clone());
        Some(opened)
    }

    /// Whether a path is in the repository, after all links too.
    pub(super) fn holds(&self, path: &Path) -> bool {
        self.reader.real_path(path).is_ok()
    }

    /// A text that is read already, or `None` where it cannot be.
    pub(super) fn text(&self, path: &Path) -> Option<FileId> {
        match self.open_copied(path) {
            Lookup::Text(file) => Some(file),
            _ => None,
        }
    }
}

/// A file's text; `None` for one that is no text.
fn text(path: &Path, reader: &Reader) -> Result<Option<String>, ReadError> {
    let bytes = reader.read_start(path, MAX_BYTES + 1)?;
    if bytes.contains(&0) {
        return Ok(None);
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ReadError::TooLarge { limit: MAX_BYTES });
    }
    String::from_utf8(bytes).map(Some).map_err(|error| ReadError::NotUtf8 { at: error.utf8_error().valid_up_to() })
}
