//! The captures that are named: files, directories of files, standard input, each with any number of them. A bad, doubled
//! or old one is told by its name and costs no other one its place. May use everything but `main`.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::World;
use super::reading::MAX_CAPTURE;
use crate::cli::LookArguments;
use crate::input::capture::{self, Capture, CaptureTexts, ReadCapture};
use crate::model::{Diagnostic, JudgedFile, Level};
use crate::text::{Reader, utc_text};

/// How many files a directory may hold.
const MOST_FILES: usize = 100_000;

/// By how many seconds a clock may be ahead that nothing is said of.
const AHEAD: i64 = 1;

/// What is told of the captures beside what is in them.
#[derive(Debug, Default)]
pub(super) struct CaptureNotes {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) judged: Vec<JudgedFile>,
    hosts: BTreeSet<String>,
    /// The first error, should there be nothing to judge.
    first_error: Option<anyhow::Error>,
}

impl CaptureNotes {
    fn gap(&mut self, name: &str, error: anyhow::Error) {
        self.diagnostics.push(Diagnostic::about(Level::Gap, None, format!("{name} was not judged: {error:#}")));
        self.first_error.get_or_insert(error);
    }

    /// Takes a capture in, unless its host is known already.
    fn take(&mut self, name: &str, read: ReadCapture, max_age: Option<Duration>) -> Option<Capture> {
        let ReadCapture { capture, unknown } = read;
        let host = &capture.host;
        let taken = utc_text(capture.taken_at);
        if !self.hosts.insert(host.clone()) {
            let message = format!(
                "{name} was not judged: it is a second capture of the host {host}, taken {taken} UTC; give one for each \
                 host, or name hosts of one name with `overlock capture --name`"
            );
            self.diagnostics.push(Diagnostic::about(Level::Gap, None, message));
            return None;
        }
        if !unknown.is_empty() {
            let fields = unknown.into_iter().collect::<Vec<_>>().join(", ");
            let message =
                format!("{name} has fields that this overlock does not know, and that were ignored: {fields}");
            self.diagnostics.push(Diagnostic::about(Level::Warning, None, message));
        }
        let age = World::now().saturating_sub(capture.taken_at);
        if let Some(most) = max_age.filter(|most| age > i64::try_from(most.as_secs()).unwrap_or(i64::MAX)) {
            let message = format!(
                "{name}, the capture of {host}, was taken {taken} UTC, which is more than {} s ago: take it anew",
                most.as_secs()
            );
            self.diagnostics.push(Diagnostic::about(Level::Gap, None, message));
        }
        if age < -AHEAD {
            let message = format!(
                "{name}, the capture of {host}, is dated {taken} UTC, {} s from now: its clock is ahead of this machine's",
                -age
            );
            self.diagnostics.push(Diagnostic::about(Level::Warning, None, message));
        }
        self.judged.push(JudgedFile {
            file: format!("{name} ({host}, taken {taken} UTC)"),
            kind: "capture",
            starts: false,
        });
        Some(capture)
    }
}

/// Hands on each capture as it is read.
///
/// # Errors
/// None of what is named is a capture.
pub(super) fn each(
    sight: &LookArguments,
    world: &World,
    mut hand_on: impl FnMut(Capture),
) -> anyhow::Result<CaptureNotes> {
    let mut told = CaptureNotes::default();
    let mut count = 0;
    for path in &sight.from {
        let mut take = |name: &str, text: anyhow::Result<Vec<u8>>, told: &mut CaptureNotes| {
            let read = text.and_then(|text| capture::read_whole(&text).map_err(anyhow::Error::from));
            match read.with_context(|| format!("{name} cannot be judged")) {
                Ok(read) => {
                    if let Some(capture) = told.take(name, read, sight.max_age) {
                        count += 1;
                        hand_on(capture);
                    }
                }
                Err(error) => told.gap(name, error),
            }
        };
        if path == Path::new("-") {
            texts("-", io::stdin().lock(), &mut |name, text| take(name, text, &mut told));
            continue;
        }
        let (reader, files) = match files(path, world) {
            Ok(found) => found,
            Err(error) => {
                told.gap(&path.display().to_string(), error);
                continue;
            }
        };
        for (name, file) in files {
            match reader.stream(&file, MAX_CAPTURE) {
                Ok(from) => texts(&name, from, &mut |name, text| take(name, text, &mut told)),
                Err(error) => take(&name, Err(error.into()), &mut told),
            }
        }
    }
    match told.first_error.take() {
        Some(error) if count == 0 => Err(error),
        _ if count == 0 => bail!("there is no capture in what --from names"),
        _ => Ok(told),
    }
}

/// Each text in what is read, with its name: one that is not the first of its file has a number.
fn texts(name: &str, from: impl Read, take: &mut dyn FnMut(&str, anyhow::Result<Vec<u8>>)) {
    let mut is_empty = true;
    let most = usize::try_from(MAX_CAPTURE).unwrap_or(usize::MAX);
    for (at, text) in CaptureTexts::new(from, most).enumerate() {
        is_empty = false;
        let text = text.map_err(anyhow::Error::from);
        if at == 0 {
            take(name, text);
        } else {
            take(&format!("{name}, capture {}", at + 1), text);
        }
    }
    if is_empty {
        take(name, Ok(Vec::new()));
    }
}

/// The files that a path names, each with the name that it is told by: itself, or what a directory holds.
fn files(path: &Path, world: &World) -> anyhow::Result<(Reader, Vec<(String, PathBuf)>)> {
    let whole = world.directory.join(path);
    let reader = Reader::of_host();
    if !reader.is_directory(&whole) {
        return Ok((Reader::default().with_typed(&whole), vec![(path.display().to_string(), whole)]));
    }
    let listed = reader.list(&whole, MOST_FILES)?;
    // What is being written has a hidden name.
    let is_shown = |name: &std::ffi::OsString| !name.as_encoded_bytes().starts_with(b".");
    let names = listed.into_iter().map(|one| one.name).filter(is_shown);
    let files = names.map(|name| (path.join(&name).display().to_string(), whole.join(&name)));
    Ok((reader, files.collect()))
}

/// The one capture of a file that is for one host.
pub(super) fn one(path: &Path, world: &World) -> anyhow::Result<Capture> {
    let text = if path == Path::new("-") {
        super::reading::read_stdin().map_err(anyhow::Error::from)
    } else {
        let path = world.directory.join(path);
        Reader::default().with_typed(&path).read(&path, MAX_CAPTURE).map_err(anyhow::Error::from)
    };
    let text = text.with_context(|| format!("cannot read the capture {}", path.display()))?;
    let read = capture::read_whole(&text).with_context(|| format!("{} cannot be judged", path.display()))?;
    Ok(read.capture)
}
