//! Which files make a project, as Compose finds them. May use `model`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Context, dotenv, read};
use crate::model::{Diagnostic, Level};
use crate::text::Reader;

/// The names Compose looks for, in order (Compose spec, "Compose file").
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// The names of override files, in order.
const OVERRIDES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// Whether a file has one of the names that Compose looks for.
pub fn is_default_name(name: &str) -> bool {
    NAMES.contains(&name) || OVERRIDES.contains(&name)
}

/// The files of the project that Compose would find: `COMPOSE_FILE`, or the default files in the directory to start
/// from or in a parent.
///
/// # Errors
/// None is found.
pub(super) fn discover(
    context: &Context,
    start: &Path,
    variables: &BTreeMap<String, String>,
    reader: &Reader,
) -> Result<Vec<PathBuf>, Diagnostic> {
    if let Some(files) = variables.get("COMPOSE_FILE").filter(|files| !files.is_empty()) {
        let separator = variables.get("COMPOSE_PATH_SEPARATOR").filter(|separator| !separator.is_empty());
        return Ok(files.split(separator.map_or(":", String::as_str)).map(PathBuf::from).collect());
    }
    let mut directory = Some(start);
    while let Some(at) = directory {
        if let Some(files) = defaults(at, &|path| reader.has_input(path)) {
            return Ok(files.iter().map(|file| context.name(file)).collect());
        }
        directory = at.parent();
    }
    let message = "no compose file here or in a parent directory; name one with -f, or give a directory to search";
    Err(Diagnostic::about(Level::Error, Some(context.cwd.display().to_string()), message))
}

/// The default file of a directory and its override file, where they may be read.
pub fn default_files(directory: &Path, reader: &Reader) -> Option<Vec<PathBuf>> {
    defaults(directory, &|path| reader.has_input(path))
}

/// The same by what is taken for a file.
pub(super) fn defaults(directory: &Path, is_input: &dyn Fn(&Path) -> bool) -> Option<Vec<PathBuf>> {
    let first = |names: &[&str]| names.iter().map(|name| directory.join(name)).find(|path| is_input(path));
    Some(first(&NAMES)?).map(|file| std::iter::once(file).chain(first(&OVERRIDES)).collect())
}

/// The files of `COMPOSE_FILE`: of the environment where Compose would run here, else of the directory's `.env`.
pub(super) fn named(directory: &Path, context: &Context, reader: &Reader) -> Option<Vec<PathBuf>> {
    let here = directory.components().eq(context.cwd.components());
    let mut variables = BTreeMap::new();
    if let Ok(text) = reader.read_text(&directory.join(".env"), read::MAX_BYTES) {
        // What is wrong with it is told when it is read for good; what stands before counts.
        let _ = dotenv::parse(&text, &mut variables, &context.environment);
    }
    if here {
        variables.extend(context.environment.clone());
    }
    let files = variables.get("COMPOSE_FILE").filter(|files| !files.is_empty())?;
    let separator = variables.get("COMPOSE_PATH_SEPARATOR").filter(|separator| !separator.is_empty());
    Some(files.split(separator.map_or(":", String::as_str)).map(|file| directory.join(file)).collect())
}

/// A found file as the person would write it: below the path they gave.
pub(super) fn shown(file: &Path, context: &Context, path: &Path) -> PathBuf {
    let below = file.strip_prefix(context.cwd.join(path)).unwrap_or(file);
    if path == Path::new(".") { below.to_owned() } else { path.join(below) }
}
