//! Scripts that are given by their paths, or found below one: those that start containers.
//! Uses `repository`, `files` and `source::shell`.

use std::path::{Path, PathBuf};

use super::Reader;
use super::files::Host;
use super::images::Images;
use super::repository::Repository;
use crate::model::{Command, Container, Diagnostic, Layout, Level, Value};
use crate::source::shell::file_system::Lookup;
use crate::source::shell::{self, ContainerStart, ExecContext};
use crate::source::walk::Tree;
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
        _ => reader.read_start(path, FIRST_LINE).is_ok_and(|bytes| says_shell(&bytes)),
    }
}

fn says_shell(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    bytes.starts_with(b"#!") && line.windows(2).any(|two| two == b"sh")
}

/// The scripts of a tree that name an engine's program, sorted.
pub fn find(tree: &Tree, reader: &text::Reader) -> Vec<PathBuf> {
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
pub struct Found {
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
pub fn read(scripts: &[Found], layout: &mut Layout, repository: &Repository<'_>) {
    if scripts.is_empty() {
        return;
    }
    let services: Vec<Container> = layout.containers.clone();
    let reader = Reader { repository, images: Images::of(&services, repository), services: &services };
    let mut open = Vec::new();
    for (starts, told) in all(scripts, repository) {
        layout.diagnostics.extend(told);
        open.extend(starts.into_iter().map(|start| (start, None)));
    }
    reader.started(open, layout);
}

/// Reads all scripts, on all cores where there are many. The order of the result is theirs.
fn all(scripts: &[Found], repository: &Repository<'_>) -> Vec<Begun> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = (scripts.len() / SCRIPTS_PER_THREAD).clamp(1, cores);
    if threads == 1 {
        return scripts.iter().map(|script| one(script, repository)).collect();
    }
    let share = scripts.len().div_ceil(threads);
    let others: Vec<_> = scripts.chunks(share).map(|chunk| (chunk, repository.again())).collect();
    std::thread::scope(|scope| {
        let spawned = others.into_iter().map(|(chunk, repository)| {
            scope.spawn(move || {
                let repository = repository.open();
                chunk.iter().map(|script| one(script, &repository)).collect::<Vec<_>>()
            })
        });
        let workers: Vec<_> = spawned.collect();
        let mut read = Vec::with_capacity(scripts.len());
        for worker in workers {
            match worker.join() {
                Ok(more) => read.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        read
    })
}

fn one(script: &Found, repository: &Repository<'_>) -> Begun {
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
    let disk = Host(repository);
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
