//! Real shell: the scripts of the Debian machine that the tests run on, each read as one that a container runs.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use overlock::model::{Command, Sight, Value};
use overlock::source::script::disk::{Disk, Opened};
use overlock::source::script::{self, Setting};
use overlock::text::{Sources, Span};

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
/// The share that must be read whole.
const WHOLE: f64 = 0.9;

/// One file, and nothing beside it.
struct Alone<'a> {
    path: &'a str,
    text: String,
    sources: &'a Sources,
}

impl Disk for Alone<'_> {
    fn open(&self, path: &str) -> Opened {
        if path == self.path { Opened::Text(self.sources.add(path, self.text.clone())) } else { Opened::Binary }
    }
}

#[test]
fn scripts_of_this_machine_are_read() {
    let scripts = scripts();
    if !Path::new("/etc/debian_version").exists() || scripts.len() < 200 {
        eprintln!("skipped: {} shell scripts here", scripts.len());
        return;
    }
    let (mut whole, mut starts, mut calls) = (0usize, 0, 0);
    let mut problems = Vec::new();
    for path in &scripts {
        let Ok(text) = fs::read_to_string(path) else { continue };
        let name = path.to_str().unwrap();
        let sources = Sources::default();
        let disk = Alone { path: name, text, sources: &sources };
        let file = sources.add("call", name);
        let span = Span::file_start(file);
        let command = Command { words: vec![Value::known(name, Some(span))], span };
        let setting = Setting { disk: &disk, directory: Some("/"), ..Setting::unknown(&sources) };
        let (read, started) = script::follow(Some(&command), None, &setting);
        starts += started.len();
        calls += read.invocations.len();
        assert_eq!(read.sight == Sight::Partial, read.unseen.is_some(), "{name}");
        let problem = read.unseen.filter(|why| why.contains("could not be read") || why.contains("shell text"));
        match problem {
            Some(why) => problems.push(format!("{name}: {why}")),
            None => whole += 1,
        }
    }
    let share = whole as f64 / scripts.len() as f64;
    println!("{whole} of {} scripts parse whole ({share:.3}); {calls} calls, {starts} starts", scripts.len());
    for problem in &problems {
        println!("{problem}");
    }
    assert!(share > WHOLE, "{share}: {problems:#?}");
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
