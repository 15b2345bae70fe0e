//! Real shell: the scripts of the Debian machine that the tests run on, each read as one that a container runs.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Shell, Stdio};

use overlock::input::shell::file_system::{FileSystem, Lookup};
use overlock::input::shell::{self, ExecContext};
use overlock::model::{Command, Sight, Value};
use overlock::text::{Reader, Sources, Span};

use crate::engine::skip;

/// Where Debian keeps scripts.
const PLACES: [&str; 9] = [
    "/etc",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/share",
    "/usr/libexec",
    "/usr/local",
    "/var/lib/dpkg/info",
    "/opt",
];
/// Directories that are looked into, and scripts that are read.
const DIRECTORIES: usize = 20_000;
const SCRIPTS: usize = 1_200;
/// Fewer scripts than this are no sample: a machine on which nearly nothing is installed.
const FEW: usize = 200;

/// One file, and nothing beside it.
struct Alone<'a> {
    path: &'a str,
    text: String,
    sources: &'a Sources,
}

impl FileSystem for Alone<'_> {
    fn open(&self, path: &str) -> Lookup {
        if path == self.path { Lookup::Text(self.sources.add(path, self.text.clone())) } else { Lookup::Binary }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "a figure to read with --nocapture")]
fn scripts_of_this_machine_are_read() {
    let texts: Vec<(PathBuf, String)> =
        scripts().into_iter().filter_map(|path| fs::read_to_string(&path).ok().map(|text| (path, text))).collect();
    if texts.len() < FEW {
        let why =
            format!("this machine has only {} shell scripts; a Debian with more packages has hundreds", texts.len());
        return skip("scripts_of_this_machine_are_read", &why).unwrap_or_default();
    }
    let (mut calls, mut problems) = (0, Vec::new());
    for (path, text) in &texts {
        let name = path.to_str().unwrap();
        let sources = Sources::reading(Reader::of_host());
        let disk = Alone { path: name, text: text.clone(), sources: &sources };
        let span = Span::file_start(sources.add("call", name));
        let command = Command { words: vec![Value::known(name, Some(span))], span };
        let setting = ExecContext { file_system: &disk, directory: Some("/"), ..ExecContext::unknown(&sources) };
        let (read, _) = shell::run_commands(Some(&command), None, &setting);
        calls += read.invocations.len();
        assert_eq!(read.sight == Sight::Partial, read.unseen.is_some(), "{name}");
        if read.misread && is_accepted(path) {
            let why = read.unseen.unwrap();
            assert!(why.starts_with("line ") && why.contains(name), "{name}: {why}");
            assert!(read.unseen_span.is_some(), "{name}: {why}");
            problems.push(why);
        }
    }
    println!("{} scripts are read, {calls} calls", texts.len());
    assert!(problems.is_empty(), "bash accepts {} of {}: {problems:#?}", problems.len(), texts.len());
}

/// Whether bash reads a script without an error.
fn is_accepted(path: &Path) -> bool {
    Shell::new("bash").arg("-n").arg(path).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Shell scripts by their first line, of a size that a person writes, sorted.
fn scripts() -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open: Vec<PathBuf> = PLACES.iter().map(PathBuf::from).collect();
    for _ in 0..DIRECTORIES {
        let Some(directory) = open.pop() else { break };
        let Ok(entries) = fs::read_dir(directory) else { continue };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() && is_shell(&entry.path()) => _ = found.insert(entry.path()),
                _ => {}
            }
        }
    }
    found.into_iter().take(SCRIPTS).collect()
}

fn is_shell(path: &Path) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    if file.metadata().map_or(true, |metadata| metadata.len() > 256 * 1024) {
        return false;
    }
    let mut first = [0; 64];
    let Ok(length) = file.read(&mut first) else { return false };
    let line = String::from_utf8_lossy(&first[..length]);
    let line = line.lines().next().unwrap_or("").to_owned();
    let name = |word: &str| word.rsplit('/').next().unwrap_or("").to_owned();
    line.strip_prefix("#!")
        .is_some_and(|rest| rest.split_whitespace().any(|word| matches!(name(word).as_str(), "sh" | "bash" | "dash")))
}
