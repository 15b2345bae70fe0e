//! What the paths that a person named lead to: the roots, one walk below each directory, and each kind asked in the
//! order of the list. Uses the list of kinds, `exclusion`, `input_kind` and `walk`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::candidate_file::{CandidateFile, is_yaml_key};
use super::compose::{Context, is_default_name};
use super::exclusion::{ExcludedPaths, Exclusion};
use super::input_kind::{FoundBy, FoundInput, FoundInputs, InputKind, SearchedDirectory};
use super::program_names::ProgramNames;
use super::walk::{Directory, Tree, WalkedEntry};
use super::{DEFAULT_KIND, KINDS};
use crate::model::{Diagnostic, Level};
use crate::text::{EntryKind, Reader};

/// How many words of a file with commands may name a file that these run.
const NAMED: usize = 10_000;
/// Programs that run recipes of files by their names, and the names of the files.
const RECIPE_FILES: [(&[&str], &[&str]); 4] = [
    (&["make", "gmake", "MAKE"], &["Makefile", "makefile", "GNUmakefile"]),
    (&["just"], &["justfile", "Justfile", ".justfile"]),
    (&["task"], &["Taskfile.yml", "Taskfile.yaml", "taskfile.yml", "taskfile.yaml"]),
    (&["npm", "yarn", "pnpm", "bun"], &["package.json"]),
];
/// The keys at the top of a compose file.
const TOP_KEYS: [&str; 8] = ["services", "include", "volumes", "networks", "configs", "secrets", "name", "version"];
/// What is told of a Dockerfile that a person named.
const DOCKERFILE: &str = "a Dockerfile starts no container: give its directory, or the file that builds and starts it";
/// What is told of another file that a person named and that nothing reads.
const UNKNOWN_KIND: &str =
    "not judged: it is neither a compose file nor of another kind that is read (docs/usage.md lists them)";
/// How many directories that were not read are told one by one.
const TOLD: usize = 10;

/// Finds every input that the paths name or that is below them, each once. `compose_files` are those of `-f`: with
/// them, and where there are no paths, there is a Compose project too.
pub fn discover(
    paths: &[PathBuf],
    compose_files: &[PathBuf],
    context: &Context,
    reader: &Reader,
    exclusion: &Exclusion<'_>,
    programs: &ProgramNames,
) -> FoundInputs {
    let mut found = FoundInputs::default();
    if !compose_files.is_empty() || paths.is_empty() {
        found.inputs.push(named_input(DEFAULT_KIND, compose_files.to_vec()));
    }
    for path in paths {
        let absolute = context.cwd.join(path);
        match reader.kind(&absolute) {
            Err(error) => {
                let message = match path.to_str() {
                    Some("-") => "a PATH is no standard input: give the compose file there with `-f -`".to_owned(),
                    _ => format!("cannot look at this path: {error}"),
                };
                let name = Some(path.display().to_string());
                found.diagnostics.push(Diagnostic::about(Level::Error, name, message));
            }
            Ok(EntryKind::Directory) => {
                let tree = Tree::below(&absolute, reader, &context.environment);
                let excluded = exclusion.find_paths(&tree, &mut found.excluded);
                tell_unread(&tree, context, &mut found);
                let searched = SearchedDirectory { typed: path, excluded: &excluded, tree: &tree, context, reader };
                found.inputs.extend(search_directory(&searched, programs));
            }
            Ok(kind) => {
                // A pipe can be read once only: that is for who loads it.
                let known = if kind == EntryKind::File { kind_of_file(&absolute, reader) } else { Ok(DEFAULT_KIND) };
                match known {
                    Ok(kind) => found.inputs.push(named_input(kind, vec![path.clone()])),
                    Err(message) => {
                        let name = Some(path.display().to_string());
                        found.diagnostics.push(Diagnostic::about(Level::Error, name, message));
                    }
                }
            }
        }
    }
    found.inputs = each_once(std::mem::take(&mut found.inputs), context, reader);
    found
}

/// The kind of a file that a person named: what looks like no other is a compose file, unless nothing in it does.
fn kind_of_file(path: &Path, reader: &Reader) -> Result<&'static dyn InputKind, &'static str> {
    let file = CandidateFile::new(path, reader);
    match KINDS.iter().find(|kind| kind.looks_like(&file)) {
        Some(kind) => Ok(*kind),
        None if is_dockerfile(file.name()) => Err(DOCKERFILE),
        None if may_be_compose(file.beginning()) => Ok(DEFAULT_KIND),
        None => Err(UNKNOWN_KIND),
    }
}

fn is_dockerfile(name: &str) -> bool {
    ["Dockerfile", "Containerfile"].iter().any(|known| {
        name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            || name.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'))
    })
}

/// Whether a text may be a compose file, or one with a mistake in it: it is empty, a mapping in brackets, has one of the keys
/// at a compose file's top, or cannot be read, which is told when it is loaded.
fn may_be_compose(text: &str) -> bool {
    let has_key = |line: &str| TOP_KEYS.iter().any(|key| is_yaml_key(line, key)) || line.starts_with("x-");
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.is_empty()
        || text.starts_with(['{', '?', '!', '&', '*'])
        || text.lines().any(|line| has_key(line.trim_start()))
}

fn named_input(kind: &'static dyn InputKind, files: Vec<PathBuf>) -> FoundInput {
    FoundInput { kind, files, directory: None, found_by: FoundBy::Path, left_out: None, called: None, written: None }
}

/// Tells what of a tree was not read: the directory that a person named must be, those below are missing.
fn tell_unread(tree: &Tree, context: &Context, found: &mut FoundInputs) {
    let name = |path: &Path| {
        let below = context.name(path);
        Some(if below.as_os_str().is_empty() { ".".to_owned() } else { below.display().to_string() })
    };
    found.diagnostics.extend(tree.unread_ignores.iter().map(|(file, error)| {
        let message = format!("this ignore file leaves nothing out, since it is not read: {error}");
        Diagnostic::about(Level::Warning, name(file), message)
    }));
    let level = if tree.directories.is_empty() { Level::Error } else { Level::Gap };
    found.diagnostics.extend(
        tree.unread.iter().take(TOLD).map(|(path, error)| {
            Diagnostic::about(level, name(path), format!("cannot search this directory: {error}"))
        }),
    );
    if let Some(more) = tree.unread.len().checked_sub(TOLD).filter(|more| *more > 0) {
        let message = format!("cannot search {more} more directories");
        found.diagnostics.push(Diagnostic::about(level, None, message));
    }
    if let Some(first) = tree.unsearched.first() {
        let message = format!(
            "git ignores this directory, and it was not looked through: {} hold more than is looked at",
            match tree.unsearched.len() {
                1 => "such directories".to_owned(),
                count => format!("{count} such directories"),
            }
        );
        found.diagnostics.push(Diagnostic::about(Level::Warning, name(first), message));
    }
}

/// The inputs of a tree, sorted: its files by their kinds, grouped as each kind does.
fn search_directory(searched: &SearchedDirectory<'_>, programs: &ProgramNames) -> Vec<FoundInput> {
    let mut files: HashMap<&str, Vec<FoundInput>> = HashMap::new();
    let mut callers = Vec::new();
    let confined = searched.reader.within_roots();
    let ExcludedPaths { with_requested, directories, files: single } = searched.excluded;
    let kinds: Vec<_> = KINDS.iter().copied().filter(|kind| *with_requested || !kind.is_on_request()).collect();
    for directory in searched.tree.directories.iter().filter(|one| !directories.contains(&one.path)) {
        for entry in &directory.entries {
            let path = directory.path.join(&entry.name);
            if single.contains(&path) {
                continue;
            }
            let is_file = match entry.kind {
                EntryKind::File => true,
                EntryKind::Link => confined.is_file(&path),
                _ => false,
            };
            let file = is_file.then(|| CandidateFile::new(&path, searched.reader).knowing(programs));
            match found_file(&path, file.as_ref(), directory, entry, &kinds, searched.reader) {
                Some(FoundFile::Input(input)) => files.entry(input.kind.name()).or_default().push(input),
                Some(FoundFile::PossibleCaller(caller)) => callers.push(caller),
                None => {}
            }
        }
    }
    let run = kinds.iter().filter(|kind| kind.is_run_by_commands()).filter_map(|kind| files.get(kind.name())).flatten();
    let called = run.filter(|input| input.left_out.is_none()).flat_map(|input| file_names(&input.files)).collect();
    for input in find_callers(callers, called) {
        files.entry(input.kind.name()).or_default().push(input);
    }
    let mut inputs = Vec::new();
    for kind in KINDS {
        inputs.extend(kind.group_files(searched, files.remove(kind.name()).unwrap_or_default()));
    }
    inputs.sort_by(|one, other| one.files.cmp(&other.files));
    inputs
}

/// What an entry of a directory is.
enum FoundFile {
    Input(FoundInput),
    PossibleCaller(PossibleCaller),
}

/// A file with commands that name no engine, and the names of the files that they may run.
struct PossibleCaller {
    input: FoundInput,
    names: BTreeSet<String>,
    /// Whether they may call a known program themselves.
    calls_program: bool,
}

/// Those that lead to a file with commands that start containers, perhaps by others, or that call a known program on the host.
fn find_callers(files: Vec<PossibleCaller>, called: HashSet<String>) -> Vec<FoundInput> {
    let mut callers_of: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, caller) in files.iter().enumerate() {
        for name in &caller.names {
            callers_of.entry(name).or_default().push(at);
        }
    }
    let mut is_caller = vec![false; files.len()];
    let mut waiting: Vec<String> = called.iter().cloned().collect();
    let mut known = called;
    while let Some(name) = waiting.pop() {
        for at in callers_of.get(name.as_str()).into_iter().flatten().copied() {
            let Some((file, is_known)) = files.get(at).zip(is_caller.get_mut(at)).filter(|(_, known)| !**known) else {
                continue;
            };
            *is_known = true;
            waiting.extend(file_names(&file.input.files).filter(|name| known.insert(name.clone())));
        }
    }
    let found = files.into_iter().zip(is_caller).filter(|(caller, is)| *is || caller.calls_program);
    found.map(|(caller, _)| caller.input).collect()
}

fn file_names(files: &[PathBuf]) -> impl Iterator<Item = String> {
    files.iter().filter_map(|file| Some(file.file_name()?.to_str()?.to_owned()))
}

/// The names of files that words of a text end in.
fn named_files(text: &str) -> BTreeSet<String> {
    let is_word = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.' | '/');
    let names = text.split(|ch| !is_word(ch)).filter(|word| word.contains(['.', '/'])).filter_map(|word| {
        let name = word.rsplit('/').next().filter(|name| !name.is_empty())?;
        Some(name.to_owned())
    });
    names.chain(recipe_files(text)).take(NAMED).collect()
}

/// The names of the files whose recipes a text may run by theirs.
fn recipe_files(text: &str) -> impl Iterator<Item = String> {
    let is_word = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.');
    let lines = || text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let names = move |program: &&str| lines().any(|line| line.split(|ch| !is_word(ch)).any(|word| word == *program));
    let run = RECIPE_FILES.iter().filter(move |(programs, _)| programs.iter().any(names));
    run.flat_map(|(_, files)| files.iter().map(|file| (*file).to_owned()))
}

/// The input that an entry of a directory is, if it is one: `file` where it is a file, or a link to one that does not lead out.
fn found_file(
    path: &Path,
    file: Option<&CandidateFile<'_>>,
    directory: &Directory,
    entry: &WalkedEntry,
    kinds: &[&'static dyn InputKind],
    reader: &Reader,
) -> Option<FoundFile> {
    let (mut names, mut calls_program) = (None, false);
    let kind = if let Some(file) = file {
        match kinds.iter().copied().find(|kind| kind.is_found(file)) {
            Some(kind) => kind,
            None => {
                let kind = kinds.iter().copied().find(|kind| kind.may_call(file))?;
                names = Some(named_files(file.beginning()));
                calls_program = file.may_call_program();
                kind
            }
        }
    } else if entry.name.to_str().is_some_and(is_default_name) && reader.has_input(path) {
        // What else stands at Compose's own names is told when it is read.
        DEFAULT_KIND
    } else {
        return None;
    };
    let left_out = directory.reason_left_out(entry);
    if left_out.is_some() && (names.is_some() || !kind.is_named_if_ignored()) {
        return None;
    }
    let found_by = if names.is_some() { FoundBy::Call } else { FoundBy::Name };
    let input = FoundInput {
        kind,
        files: vec![path.to_owned()],
        directory: None,
        found_by,
        left_out,
        called: None,
        written: None,
    };
    Some(match names {
        Some(names) => FoundFile::PossibleCaller(PossibleCaller { input, names, calls_program }),
        None => FoundFile::Input(input),
    })
}

/// One input that is given in two ways is one, and must be read where one of the ways says so.
fn each_once(inputs: Vec<FoundInput>, context: &Context, reader: &Reader) -> Vec<FoundInput> {
    let mut places: HashMap<(&str, Vec<PathBuf>), usize> = HashMap::new();
    let mut once: Vec<FoundInput> = Vec::with_capacity(inputs.len());
    for input in inputs {
        let place = *places.entry((input.kind.name(), real_paths(&input, context, reader))).or_insert(once.len());
        match once.get_mut(place) {
            Some(known) => {
                known.found_by = known.found_by.min(input.found_by);
                known.left_out = known.left_out.take().filter(|_| input.left_out.is_some());
            }
            None => once.push(input),
        }
    }
    once
}

fn real_paths(input: &FoundInput, context: &Context, reader: &Reader) -> Vec<PathBuf> {
    let paths = input.files.iter().map(|file| context.cwd.join(file));
    paths.map(|path| reader.real_path(&path).unwrap_or(path)).collect()
}
