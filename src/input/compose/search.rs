//! Which files below a directory make projects: those of each directory, by name and by content. Uses `content`,
//! `discover` and `walk`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::content::{ComposeContent, find_content};
use super::discover::{defaults, is_default_name, named, shown};
use super::{Context, Options};
use crate::input::walk::Tree;
use crate::input::{CandidateFile, FoundBy, FoundInput, InputKind, SearchedDirectory};
use crate::model::{Diagnostic, Level};
use crate::text::{EntryKind, Reader};

/// Why a file that adds to another is not judged.
pub(super) const ONLY_A_PART: &str = "by itself it is no project, since most of its services have no image: it adds to another file, \
                           and with which one it is read is not known";

/// A file of a directory that may be read as a project, or as a part of one.
#[derive(Debug, Clone)]
pub(super) struct ComposeCandidate {
    /// Its path, absolute.
    pub(super) path: PathBuf,
    /// Whether Compose looks for its name.
    pub(super) has_default_name: bool,
    /// What is in it.
    pub(super) content: ComposeContent,
}

/// Files that are read over each other, as one project.
#[derive(Debug)]
pub(super) struct ComposeGroup {
    /// The files, absolute, the first one first.
    pub(super) files: Vec<PathBuf>,
    /// How they were found.
    pub(super) found_by: FoundBy,
    /// Why they are not judged; `None` where they are.
    pub(super) left_out: Option<String>,
}

/// Which files of one directory make one project. `files` are those of `COMPOSE_FILE`, where the directory's `.env` or
/// the environment has it: else its default files are one project, and each other file is one by itself.
pub(super) fn group_candidates(
    directory: &Path,
    files: Option<Vec<PathBuf>>,
    candidates: &[ComposeCandidate],
) -> Vec<ComposeGroup> {
    let is_candidate = |path: &Path| candidates.iter().any(|one| one.has_default_name && one.path == path);
    let first = files.or_else(|| defaults(directory, &is_candidate));
    let rest = candidates.iter().filter(|one| !first.as_ref().is_some_and(|files| files.contains(&one.path)));
    let rest: Vec<ComposeGroup> = rest
        .map(|one| ComposeGroup {
            files: vec![one.path.clone()],
            found_by: FoundBy::Content,
            left_out: (one.content == ComposeContent::Part).then(|| ONLY_A_PART.to_owned()),
        })
        .collect();
    let first = first.map(|files| ComposeGroup { files, found_by: FoundBy::Name, left_out: None });
    first.into_iter().chain(rest).collect()
}

/// The projects below a directory, from the files of their kind that were found there.
pub(super) fn find_projects(
    kind: &'static dyn InputKind,
    searched: &SearchedDirectory<'_>,
    files: Vec<FoundInput>,
) -> Vec<FoundInput> {
    let SearchedDirectory { typed, tree, context, reader, excluded } = searched;
    let mut inputs = Vec::new();
    let mut candidates: BTreeMap<PathBuf, Vec<ComposeCandidate>> = BTreeMap::new();
    let top = tree.directories.first().map(|directory| directory.path.as_path());
    for mut input in files {
        let Some(path) = input.files.first().cloned() else { continue };
        let directory = path.parent().map(Path::to_owned).unwrap_or_default();
        let has_default_name = path.file_name().and_then(|name| name.to_str()).is_some_and(is_default_name);
        // Compose reads the default files of a directory that a person names, whatever git says of them.
        if input.left_out.is_some() && !(has_default_name && top == Some(directory.as_path())) {
            input.files = vec![shown(&path, context, typed)];
            inputs.push(input);
            continue;
        }
        // A file of a default name is a project, whatever is in it.
        let content = if has_default_name { None } else { find_content(&CandidateFile::new(&path, reader)) };
        let content = content.unwrap_or(ComposeContent::Project);
        candidates.entry(directory).or_default().push(ComposeCandidate { path, has_default_name, content });
    }
    for directory in tree.directories.iter().filter(|one| !excluded.directories.contains(&one.path)) {
        let is_here = directory.path.components().eq(context.cwd.components());
        let has_names = directory.has(".env") || is_here;
        let files = if has_names { named(&directory.path, context, reader) } else { None };
        let own = candidates.remove(&directory.path).unwrap_or_default();
        let groups = group_candidates(&directory.path, files, &own);
        inputs.extend(groups.into_iter().map(|group| FoundInput {
            kind,
            files: group.files.iter().map(|file| shown(file, context, typed)).collect(),
            directory: Some(directory.path.clone()),
            found_by: group.found_by,
            left_out: group.left_out,
            called: None,
            written: None,
        }));
    }
    inputs
}

/// The projects of a PATH for a command that needs one: a file is one, a directory is one where Compose would find a file
/// in it, else every directory below it that has default files.
///
/// # Errors
/// The path does not exist or holds no compose file.
pub fn find(path: &Path, context: &Context, reader: &Reader) -> Result<Vec<Options>, Diagnostic> {
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
    let project = |directory: &Path| {
        named(directory, context, reader).or_else(|| defaults(directory, &|path| reader.has_input(path)))
    };
    if let Some(files) = project(&absolute) {
        return Ok(vec![of(&absolute, files)]);
    }
    let tree = Tree::below(&absolute, reader, &context.environment);
    if let Some((at, error)) = tree.unread.first() {
        let message = format!("cannot search this directory: {}: {error}", shown(at, context, path).display());
        return Err(Diagnostic::about(Level::Error, name(), message));
    }
    let mut projects: Vec<Options> = Vec::new();
    for directory in &tree.directories {
        let has_default = directory.entries.iter().any(|entry| {
            let name = entry.name.to_str().is_some_and(is_default_name);
            name && directory.reason_left_out(entry).is_none()
        });
        if has_default || directory.has(".env") {
            projects.extend(project(&directory.path).map(|files| of(&directory.path, files)));
        }
    }
    if projects.is_empty() {
        let message = "no compose file in this directory or below";
        return Err(Diagnostic::about(Level::Error, name(), message));
    }
    projects.sort_by(|one, other| one.files.cmp(&other.files));
    Ok(projects)
}
