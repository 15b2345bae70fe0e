//! Which files make a project: as Compose finds them, and below a directory. May use `model`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::{Context, Options};
use crate::model::{Diagnostic, Level};

/// The names Compose looks for, in order (Compose spec, "Compose file").
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// The names of override files, in order.
const OVERRIDES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// The files of the project that Compose would find: `COMPOSE_FILE`, or the default files in the directory to start
/// from or in a parent.
///
/// # Errors
/// None is found.
pub(super) fn discover(
    context: &Context,
    start: &Path,
    variables: &BTreeMap<String, String>,
) -> Result<Vec<PathBuf>, Diagnostic> {
    if let Some(files) = variables.get("COMPOSE_FILE").filter(|files| !files.is_empty()) {
        let separator = variables.get("COMPOSE_PATH_SEPARATOR").filter(|separator| !separator.is_empty());
        return Ok(files.split(separator.map_or(":", String::as_str)).map(PathBuf::from).collect());
    }
    let mut directory = Some(start);
    while let Some(at) = directory {
        if let Some(files) = defaults(at) {
            let shown = |file: PathBuf| file.strip_prefix(&context.cwd).map_or(file.clone(), Path::to_owned);
            return Ok(files.into_iter().map(shown).collect());
        }
        directory = at.parent();
    }
    let message = "no compose file here or in a parent directory; name one with -f, or give a directory to search";
    Err(Diagnostic::about(Level::Error, Some(context.cwd.display().to_string()), message))
}

/// The default file of a directory and its override file.
fn defaults(directory: &Path) -> Option<Vec<PathBuf>> {
    let first = |names: &[&str]| names.iter().map(|name| directory.join(name)).find(|path| path.is_file());
    Some(first(&NAMES)?).map(|file| std::iter::once(file).chain(first(&OVERRIDES)).collect())
}

/// The projects of a PATH: a file is one project, a directory is one where Compose would find a file in it, else it is
/// searched.
///
/// # Errors
/// The path does not exist or holds no compose file.
pub fn find(path: &Path, context: &Context) -> Result<Vec<Options>, Diagnostic> {
    let name = || Some(path.display().to_string());
    let project = |files: Vec<PathBuf>| Options { files, ..Options::default() };
    let absolute = context.cwd.join(path);
    let found = std::fs::metadata(&absolute).map_err(|error| {
        Diagnostic::about(Level::Error, name(), format!("cannot look at this path: {error}; check its spelling"))
    })?;
    if !found.is_dir() {
        return Ok(vec![project(vec![path.to_owned()])]);
    }
    if let Some(files) = defaults(path_to(context, path).as_path()) {
        return Ok(vec![project(files.iter().map(|file| shown(file, context, path)).collect())]);
    }
    let projects = search(&absolute)
        .map_err(|error| Diagnostic::about(Level::Error, name(), format!("cannot search this directory: {error}")))?;
    if projects.is_empty() {
        let message = format!("no compose file in this directory or below ({})", NAMES.join(", "));
        return Err(Diagnostic::about(Level::Error, name(), message));
    }
    let shown = |files: Vec<PathBuf>| files.iter().map(|file| shown(file, context, path)).collect();
    Ok(projects.into_iter().map(|files| project(shown(files))).collect())
}

fn path_to(context: &Context, path: &Path) -> PathBuf {
    context.cwd.join(path)
}

/// A found file as the person would write it: below the path they gave.
fn shown(file: &Path, context: &Context, path: &Path) -> PathBuf {
    let below = file.strip_prefix(context.cwd.join(path)).unwrap_or(file);
    if path == Path::new(".") { below.to_owned() } else { path.join(below) }
}

/// Every directory below that holds a project, respecting .gitignore whether or not it is a git checkout.
fn search(directory: &Path) -> Result<Vec<Vec<PathBuf>>, ignore::Error> {
    let mut projects = Vec::new();
    let walk = WalkBuilder::new(directory)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walk {
        let entry = entry?;
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            projects.extend(defaults(entry.path()));
        }
    }
    projects.sort();
    Ok(projects)
}
