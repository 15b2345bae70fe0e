//! Scripts that are given by their paths, or found below one: those that start containers.
//! Uses `repository`, `planned_files` and `source::shell`.

use std::path::{Path, PathBuf};

use super::built_images::BuiltImages;
use super::planned_files::HostFiles;
use super::repository::Repository;
use super::{PendingStart, ProjectReader};
use crate::input::shell::file_system::Lookup;
use crate::input::shell::{self, ContainerStart, ExecContext};
use crate::input::walk::Tree;
use crate::model::{Command, Container, Diagnostic, Layout, Level, Value};
use crate::parallel::map_chunks;
use crate::text::{self, EntryKind, Span};

/// What a script that starts containers has in it.
const ENGINES: [&[u8]; 3] = [b"docker", b"podman", b"nerdctl"];
/// Endings of files that are shell scripts.
const ENDINGS: [&str; 4] = ["sh", "bash", "ksh", "zsh"];
/// The most that is looked at to tell whether a file is a script that starts containers, in bytes.
const LOOK: u64 = 256 * 1024;

/// The most that is looked at to tell whether a file is a shell script, in bytes.
const FIRST_LINE: u64 = 128;

/// Whether a file is a shell script, by its ending or its first line.
pub fn is_script(path: &Path, reader: &text::Reader) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending {
        Some(ending) if ENDINGS.contains(&ending) => true,
        Some("yaml" | "yml" | "json") => false,
        _ => reader.read_start(path, FIRST_LINE).is_ok_and(|bytes| has_shell_shebang(&bytes)),
    }
}

fn has_shell_shebang(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    bytes.starts_with(b"#!") && line.windows(2).any(|two| two == b"sh")
}

/// The scripts of a tree that name an engine's program, sorted.
pub fn find_scripts(tree: &Tree, reader: &text::Reader) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let top = tree.directories.first().map_or(Path::new(""), |top| top.path.as_path());
    for directory in &tree.directories {
        let below = directory.path.strip_prefix(top).unwrap_or(&directory.path);
        if below.components().any(|part| part.as_os_str() == "node_modules") {
            continue;
        }
        let files = directory.entries.iter().filter(|entry| entry.kind == EntryKind::File && !entry.is_ignored);
        found.extend(files.map(|file| directory.path.join(&file.name)).filter(|path| starts_containers(path, reader)));
    }
    found.sort();
    found
}

fn starts_containers(path: &Path, reader: &text::Reader) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let is_shell = ending.is_some_and(|ending| ENDINGS.contains(&ending));
    if !is_shell && (ending.is_some() || !is_script(path, reader)) {
        return false;
    }
    let names_engine =
        |bytes: Vec<u8>| ENGINES.iter().any(|engine| bytes.windows(engine.len()).any(|part| part == *engine));
    reader.read_start(path, LOOK).is_ok_and(names_engine)
}

/// A script to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptPath {
    /// Where it is.
    pub path: PathBuf,
    /// Whether a person named it, so that it must be read.
    pub named: bool,
}

/// Scripts that one thread reads before a second one is worth starting.
const SCRIPTS_PER_THREAD: usize = 50;

/// What a script starts, and what is to be told of it.
type Begun = (Vec<ContainerStart>, Option<Diagnostic>);

/// Adds the containers that scripts start to a layout of all projects.
pub fn read_scripts(scripts: &[ScriptPath], layout: &mut Layout, repository: &Repository<'_>) {
    if scripts.is_empty() {
        return;
    }
    let services: Vec<Container> = layout.containers.clone();
    let reader = ProjectReader { repository, images: BuiltImages::new(&services, repository), services: &services };
    let mut pending = Vec::new();
    for (starts, told) in read_all_scripts(scripts, repository) {
        layout.diagnostics.extend(told);
        pending.extend(starts.into_iter().map(|started| PendingStart { started, by: None }));
    }
    reader.add_started(pending, layout);
}

/// Reads all scripts, on all cores where there are many. The order of the result is theirs.
fn read_all_scripts(scripts: &[ScriptPath], repository: &Repository<'_>) -> Vec<Begun> {
    if scripts.len() < 2 * SCRIPTS_PER_THREAD {
        return scripts.iter().map(|script| read_script(script, repository)).collect();
    }
    let parts = repository.shared_parts();
    map_chunks(scripts, SCRIPTS_PER_THREAD, |scripts| {
        let repository = parts.open_repository();
        scripts.iter().map(|script| read_script(script, &repository)).collect()
    })
}

fn read_script(script: &ScriptPath, repository: &Repository<'_>) -> Begun {
    let path = repository.cwd.join(&script.path);
    let about = |message: String| Diagnostic::about(Level::Error, Some(repository.shown(&path)), message);
    let file = match repository.open(&path) {
        Lookup::Text(file) => file,
        _ if !script.named => return (Vec::new(), None),
        Lookup::Unseen(why) => return (Vec::new(), Some(about(format!("this script was not read: {why}")))),
        _ => return (Vec::new(), Some(about("this is no script that can be read".to_owned()))),
    };
    let span = Span::file_start(file);
    let word = Value::known(path.display().to_string(), Some(span));
    let command = Command { words: vec![word], span };
    let disk = HostFiles(repository);
    let lookup = |name: &str| repository.environment.get(name).cloned();
    let directory = repository.cwd.display().to_string();
    let setting = ExecContext {
        sources: repository.sources,
        file_system: &disk,
        directory: Some(&directory),
        environment: &lookup,
        hides: !repository.shows_values,
        programs: &|| repository.programs.wait(),
    };
    let (seen, starts) = shell::run_commands(Some(&command), None, &setting);
    // Of those that are only found what they source is often not here; what cannot be read at all is told.
    let level = if script.named { Some(Level::Gap) } else { seen.misread.then_some(Level::Warning) };
    let told = seen.unseen.zip(level).map(|(unseen, level)| {
        let message = format!("containers that it starts may be missing: {unseen}");
        Diagnostic::at(level, seen.unseen_span.unwrap_or(span), message)
    });
    (starts, told)
}
