//! Which files make a project: as Compose finds them, and below a directory. May use `model`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Context, Options, dotenv, read};
use crate::input::walk::{Directory, Tree};
use crate::model::{Diagnostic, Level};
use crate::text::{EntryKind, Reader};

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
            let shown = |file: PathBuf| file.strip_prefix(&context.cwd).map_or(file.clone(), Path::to_owned);
            return Ok(files.into_iter().map(shown).collect());
        }
        directory = at.parent();
    }
    let message = "no compose file here or in a parent directory; name one with -f, or give a directory to search";
    Err(Diagnostic::about(Level::Error, Some(context.cwd.display().to_string()), message))
}

/// The default file of a directory and its override file.
fn defaults(directory: &Path, is_input: &dyn Fn(&Path) -> bool) -> Option<Vec<PathBuf>> {
    let first = |names: &[&str]| names.iter().map(|name| directory.join(name)).find(|path| is_input(path));
    Some(first(&NAMES)?).map(|file| std::iter::once(file).chain(first(&OVERRIDES)).collect())
}

/// The projects of a PATH: a file is one project, a directory is one where Compose would find a file in it, else it is
/// searched. `tree` is what is below it, where that was walked already.
///
/// # Errors
/// The path does not exist or holds no compose file.
pub fn find(path: &Path, context: &Context, reader: &Reader, tree: Option<&Tree>) -> Result<Vec<Options>, Diagnostic> {
    let name = || Some(path.display().to_string());
    let absolute = context.cwd.join(path);
    let found = reader
        .kind(&absolute)
        .map_err(|error| Diagnostic::about(Level::Error, name(), format!("cannot look at this path: {error}")))?;
    if found != EntryKind::Directory {
        return Ok(vec![Options { files: vec![path.to_owned()], ..Options::default() }]);
    }
    let of = |directory: &Path, files: Vec<PathBuf>| Options {
        files: files.iter().map(|file| shown(file, context, path)).collect(),
        runs_in: Some(directory.to_owned()),
        ..Options::default()
    };
    let names = named(&absolute, context, reader).or_else(|| defaults(&absolute, &|path| reader.has_input(path)));
    if let Some(files) = names {
        return Ok(vec![of(&absolute, files)]);
    }
    let walked = if tree.is_none() { Tree::below(&absolute, reader) } else { Tree::default() };
    let tree = tree.unwrap_or(&walked);
    if let Some((at, error)) = tree.unread.first() {
        let message = format!("cannot search this directory: {}: {error}", shown(at, context, path).display());
        return Err(Diagnostic::about(Level::Error, name(), message));
    }
    let projects = search(tree, context, reader);
    if projects.is_empty() {
        let message = format!("no compose file in this directory or below ({})", NAMES.join(", "));
        return Err(Diagnostic::about(Level::Error, name(), message));
    }
    Ok(projects.into_iter().map(|(directory, files)| of(&directory, files)).collect())
}

/// The files of `COMPOSE_FILE`: of the environment where Compose would run here, else of the directory's `.env`.
fn named(directory: &Path, context: &Context, reader: &Reader) -> Option<Vec<PathBuf>> {
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
fn shown(file: &Path, context: &Context, path: &Path) -> PathBuf {
    let below = file.strip_prefix(context.cwd.join(path)).unwrap_or(file);
    if path == Path::new(".") { below.to_owned() } else { path.join(below) }
}

/// Every directory of a tree that holds a project.
fn search(tree: &Tree, context: &Context, reader: &Reader) -> Vec<(PathBuf, Vec<PathBuf>)> {
    let mut projects: Vec<_> = tree.directories.iter().filter_map(|one| project(one, context, reader)).collect();
    projects.sort();
    projects
}

/// The files of the project that Compose would find in a directory: those that its `.env` names, or the default ones.
fn project(directory: &Directory, context: &Context, reader: &Reader) -> Option<(PathBuf, Vec<PathBuf>)> {
    let path = &directory.path;
    let is_here = path.components().eq(context.cwd.components());
    let named = if directory.has(".env") || is_here { named(path, context, reader) } else { None };
    let is_input = |file: &Path| {
        let name = file.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| directory.has(name)) && reader.has_input(file)
    };
    Some((path.clone(), named.or_else(|| defaults(path, &is_input))?))
}
