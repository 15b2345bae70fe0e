//! Scripts that are given by their paths, or found below one: those that start containers.
//! Uses `repository`, `files` and `source::script`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::Reader;
use super::files::Host;
use super::images::Images;
use super::repository::Repository;
use crate::model::{Command, Container, Diagnostic, Layout, Level, Value};
use crate::source::script::disk::Opened;
use crate::source::script::{self, Setting};
use crate::text::Span;

/// What a script that starts containers has in it.
const ENGINES: [&[u8]; 3] = [b"docker", b"podman", b"nerdctl"];
/// Endings of files that are shell scripts.
const ENDINGS: [&str; 4] = ["sh", "bash", "ksh", "zsh"];
/// The most that is looked at to tell whether a file is a script that starts containers, in bytes.
const LOOK: u64 = 256 * 1024;

/// Whether a file is a shell script, by its ending or its first line.
pub fn is_script(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending {
        Some(ending) if ENDINGS.contains(&ending) => true,
        Some("yaml" | "yml" | "json") => false,
        _ => beginning(path).is_some_and(|bytes| says_shell(&bytes)),
    }
}

fn beginning(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(128).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn says_shell(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    bytes.starts_with(b"#!") && line.windows(2).any(|two| two == b"sh")
}

/// The scripts below a directory that name an engine's program, respecting .gitignore, sorted.
pub fn find(directory: &Path) -> Vec<PathBuf> {
    let walk = WalkBuilder::new(directory)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| !matches!(entry.file_name().to_str(), Some(".git" | "node_modules")))
        .build();
    let files = walk.flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let mut found: Vec<PathBuf> =
        files.map(ignore::DirEntry::into_path).filter(|path| starts_containers(path)).collect();
    found.sort();
    found
}

fn starts_containers(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let is_shell = ending.is_some_and(|ending| ENDINGS.contains(&ending));
    if !is_shell && (ending.is_some() || !is_script(path)) {
        return false;
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LOOK).read_to_end(&mut bytes));
    read.is_ok() && ENGINES.iter().any(|engine| bytes.windows(engine.len()).any(|part| part == *engine))
}

/// A script to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Whether a person named it, so that it must be read.
    pub named: bool,
}

/// Adds the containers that scripts start to a layout of all projects.
pub fn read(scripts: &[Found], layout: &mut Layout, repository: &Repository<'_>) {
    if scripts.is_empty() {
        return;
    }
    let services: Vec<Container> = layout.containers.clone();
    let reader = Reader { repository, images: Images::of(&services, repository), services: &services };
    let mut open = Vec::new();
    for script in scripts {
        let path = repository.cwd.join(&script.path);
        if let Some(parent) = path.parent() {
            repository.include(parent);
        }
        match repository.open(&path) {
            Opened::Text(file) => {
                let span = Span::file_start(file);
                let word = Value::known(path.display().to_string(), Some(span));
                let command = Command { words: vec![word], span };
                let disk = Host(repository);
                let lookup = |name: &str| repository.environment.get(name).cloned();
                let directory = repository.cwd.display().to_string();
                let setting = Setting {
                    sources: repository.sources,
                    disk: &disk,
                    directory: Some(&directory),
                    lookup: &lookup,
                    programs: &|| repository.programs.wait(),
                };
                let (seen, starts) = script::follow(Some(&command), None, &setting);
                // Of those that are only found what they source is often not here; what cannot be read at all is told.
                let level = if script.named { Some(Level::Gap) } else { seen.misread.then_some(Level::Warning) };
                layout.diagnostics.extend(seen.unseen.as_ref().zip(level).map(|(unseen, level)| {
                    let message = format!("containers that it starts may be missing: {unseen}");
                    Diagnostic::at(level, seen.unseen_span.unwrap_or(span), message)
                }));
                open.extend(starts.into_iter().map(|start| (start, None)));
            }
            Opened::Unseen(why) if script.named => {
                let message = format!("this script was not read: {why}");
                layout.diagnostics.push(Diagnostic::about(Level::Error, Some(repository.shown(&path)), message));
            }
            _ if script.named => {
                let message = "this is no script that can be read".to_owned();
                layout.diagnostics.push(Diagnostic::about(Level::Error, Some(repository.shown(&path)), message));
            }
            _ => {}
        }
    }
    reader.started(open, layout);
}
