//! What the paths that a person named lead to: the roots, one walk below each directory, and each kind asked in the
//! order of the list. Uses the list of kinds, `input_kind` and `walk`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::candidate_file::CandidateFile;
use super::compose::Context;
use super::input_kind::{FoundInput, FoundInputs, InputKind, SearchedDirectory};
use super::walk::Tree;
use super::{DEFAULT_KIND, KINDS};
use crate::model::{Diagnostic, Level};
use crate::text::{EntryKind, Reader};

/// Finds every input that the paths name or that is below them, each once. `compose_files` are those of `-f`: with
/// them, and where there are no paths, there is a Compose project too.
pub fn discover(paths: &[PathBuf], compose_files: &[PathBuf], context: &Context, reader: &Reader) -> FoundInputs {
    let mut found = FoundInputs::default();
    if !compose_files.is_empty() || paths.is_empty() {
        found.inputs.push(named_input(DEFAULT_KIND, compose_files.to_vec()));
    }
    for path in paths {
        let absolute = context.cwd.join(path);
        match reader.kind(&absolute) {
            Err(error) => {
                let message = format!("cannot look at this path: {error}");
                let name = Some(path.display().to_string());
                found.diagnostics.push(Diagnostic::about(Level::Error, name, message));
            }
            Ok(EntryKind::Directory) => search_directory(path, &absolute, context, reader, &mut found),
            Ok(kind) => {
                // A pipe can be read once only: that is for who loads it.
                let kind = if kind == EntryKind::File { kind_of_file(&absolute, reader) } else { DEFAULT_KIND };
                found.inputs.push(named_input(kind, vec![path.clone()]));
            }
        }
    }
    found.inputs = each_once(std::mem::take(&mut found.inputs), context, reader);
    found
}

fn kind_of_file(path: &Path, reader: &Reader) -> &'static dyn InputKind {
    let file = CandidateFile::new(path, reader);
    KINDS.iter().find(|kind| kind.looks_like(&file)).copied().unwrap_or(DEFAULT_KIND)
}

fn named_input(kind: &'static dyn InputKind, files: Vec<PathBuf>) -> FoundInput {
    FoundInput { kind, files, directory: None, named: true }
}

fn search_directory(path: &Path, absolute: &Path, context: &Context, reader: &Reader, found: &mut FoundInputs) {
    let tree = Tree::below(absolute, reader);
    found.diagnostics.extend(tree.unread_ignores.iter().map(|(file, error)| {
        let name = file.strip_prefix(&context.cwd).unwrap_or(file).display().to_string();
        let message = format!("this ignore file leaves nothing out, since it is not read: {error}");
        Diagnostic::about(Level::Warning, Some(name), message)
    }));
    found.inputs.extend(found_files(&tree, reader));
    let searched = SearchedDirectory { typed: path, tree: &tree, context, reader };
    for kind in KINDS {
        kind.discover(&searched, found);
    }
}

/// The files of a tree that are inputs by themselves, sorted. What a package manager put there is nobody's here.
fn found_files(tree: &Tree, reader: &Reader) -> Vec<FoundInput> {
    let top = tree.directories.first().map_or(Path::new(""), |top| top.path.as_path());
    let mut inputs = Vec::new();
    for directory in &tree.directories {
        let below = directory.path.strip_prefix(top).unwrap_or(&directory.path);
        if below.components().any(|part| part.as_os_str() == "node_modules") {
            continue;
        }
        for entry in directory.entries.iter().filter(|entry| entry.kind == EntryKind::File && !entry.is_ignored) {
            let path = directory.path.join(&entry.name);
            let file = CandidateFile::new(&path, reader);
            if let Some(kind) = KINDS.iter().copied().find(|kind| kind.is_found(&file)) {
                inputs.push(FoundInput { kind, files: vec![path], directory: None, named: false });
            }
        }
    }
    inputs.sort_by(|one, other| one.files.cmp(&other.files));
    inputs
}

/// One input that is given in two ways is one, and must be read where one of the ways says so.
fn each_once(inputs: Vec<FoundInput>, context: &Context, reader: &Reader) -> Vec<FoundInput> {
    let mut places: HashMap<(&str, Vec<PathBuf>), usize> = HashMap::new();
    let mut once: Vec<FoundInput> = Vec::with_capacity(inputs.len());
    for input in inputs {
        let place = *places.entry((input.kind.name(), real_paths(&input, context, reader))).or_insert(once.len());
        match once.get_mut(place) {
            Some(known) => known.named |= input.named,
            None => once.push(input),
        }
    }
    once
}

fn real_paths(input: &FoundInput, context: &Context, reader: &Reader) -> Vec<PathBuf> {
    let paths = input.files.iter().map(|file| context.cwd.join(file));
    paths.map(|path| reader.real_path(&path).unwrap_or(path)).collect()
}
