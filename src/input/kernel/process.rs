//! The processes of known programs: found by their words, their name and their executable, and told to the container
//! that each runs in. Uses `model`, `rules` and `source::capture`.

use std::collections::{BTreeMap, BTreeSet};

use rustix::io::Errno;

use super::pid::{Facts, MOST_WORDS, Pid, Proc, is_gone};
use super::sight::ProcessSight;
use super::text::shown;
use crate::model::{KeptValue, ProcessFacts, parent_and_name};
use crate::rules::Profile;

/// What runs a program that is not machine code: its own name says nothing.
pub(super) const RUNTIMES: [&str; 4] = ["node", "nodejs", "bun", "deno"];
/// Shells; what they run is often a wrapper around the program.
pub(super) const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"];

/// How many words of a process are kept, and how many variables.
const MOST_KEPT: usize = 4_096;
/// How long a word is kept: no path is longer (`PATH_MAX`).
const LONGEST_WORD: usize = 4_096;
/// How many bytes of a process's words are kept.
const LONGEST_WORDS: usize = 16 << 10;

/// A process of a known program, and what ties it to its container.
#[derive(Debug, Clone)]
pub(super) struct FoundProcess {
    pub(super) process: ProcessFacts,
    pub(super) facts: Facts,
    /// Its cgroups, as the kernel writes them.
    pub(super) cgroup: String,
    /// Its pid namespace, where that may be read.
    pub(super) pids: Option<Vec<u8>>,
    /// What it sees.
    pub(super) sight: ProcessSight,
    /// Whether it is a shell that runs a script of the program's name.
    pub(super) wrapper: bool,
}

/// What a process says of itself that tells its program.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs<'a> {
    /// Its words.
    pub words: &'a [String],
    /// Its name (`comm`).
    pub comm: &'a str,
    /// Its executable.
    pub exe: &'a str,
}

/// How a process was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// The profile's id.
    pub program: String,
    /// The version that the executable's path tells.
    pub version: Option<String>,
    /// Whether it is a shell that runs a script of the program's name.
    pub wrapper: bool,
}

/// A process, where it is one of a known program's; nothing where it has ended.
pub(super) fn look_at(pid: &Pid, profiles: &[Profile]) -> Option<FoundProcess> {
    let words = words(&pid.read("cmdline", MOST_WORDS).ok()?);
    let comm = pid.read("comm", LONGEST_WORD as u64).ok()?;
    let exe = pid.link("exe").unwrap_or_default();
    let (comm, exe) = (shown(&comm), shown(&exe));
    let signs = Signs { words: &words, comm: comm.trim_end_matches('\n'), exe: &exe };
    let recognised = recognise(signs, profiles)?;
    let profile = profiles.iter().find(|profile| profile.id == recognised.program)?;
    let facts = pid.facts().ok().filter(|facts| facts.alive)?;
    let cgroup = pid.cgroup().ok()?;
    let process = ProcessFacts {
        program: recognised.program,
        pid: pid.number,
        words,
        env: environment(pid, profile).ok()?,
        locks: None,
        identity: pid.identity(),
        terminal: facts.terminal,
        version: recognised.version,
        version_unknown: None,
    };
    let (pids, sight) = (pid.link("ns/pid").ok(), ProcessSight::of(pid));
    Some(FoundProcess { process, facts, cgroup, pids, sight, wrapper: recognised.wrapper })
}

/// The words of a `cmdline`, the first and of each the beginning: a process may make them as long as it likes. A program
/// that writes a title over them leaves empty ones at the end.
pub fn words(bytes: &[u8]) -> Vec<String> {
    let mut left = LONGEST_WORDS;
    let cut = |word: &[u8]| {
        let word = word.get(..LONGEST_WORD).unwrap_or(word);
        left = left.checked_sub(word.len())?;
        Some(shown(word).into_owned())
    };
    let mut words: Vec<String> = bytes.split(|byte| *byte == 0).take(MOST_KEPT).map_while(cut).collect();
    while words.last().is_some_and(String::is_empty) {
        words.pop();
    }
    words
}

/// Which program a process is of.
pub fn recognise(signs: Signs<'_>, profiles: &[Profile]) -> Option<Recognised> {
    profiles.iter().find_map(|profile| {
        let version = version_of(profile, signs.exe);
        let own = profile.commands.iter().any(|command| command == signs.comm)
            || signs.words.first().is_some_and(|word| is_command(profile, word))
            || is_command(profile, without_mark(signs.exe))
            || version.is_some();
        let runtime = signs.words.first().map_or("", |word| file_name(word));
        let script = signs.words.get(1).filter(|word| is_command(profile, word));
        let shell = SHELLS.contains(&runtime);
        let run = RUNTIMES.contains(&runtime) && (script.is_some() || is_package(profile, signs.words));
        let wrapper = shell && version.is_none() && (script.is_some() || own);
        (own || run || wrapper).then(|| Recognised { program: profile.id.clone(), version, wrapper })
    })
}

/// The name that a path ends in. A login shell's begins with a hyphen.
pub(super) fn file_name(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_prefix('-').unwrap_or(name)
}

pub(super) fn is_command(profile: &Profile, word: &str) -> bool {
    profile.commands.iter().any(|command| command == file_name(word))
}

fn is_package(profile: &Profile, words: &[String]) -> bool {
    words.iter().skip(1).any(|word| is_in_package(profile, word))
}

/// Whether a path is in the program's package, or in one that brings a copy of it.
pub(super) fn is_in_package(profile: &Profile, path: &str) -> bool {
    let mut directories = profile.packages.iter().map(|package| format!("node_modules/{package}/"));
    let mut bundles = profile.bundled_by.iter().map(|bundle| format!("{}/", bundle.directory));
    directories.any(|directory| path.contains(&directory)) || bundles.any(|directory| path.contains(&directory))
}

/// The path of an executable without what the kernel adds where the file has no name any more.
pub(super) fn without_mark(exe: &str) -> &str {
    exe.strip_suffix(" (deleted)").unwrap_or(exe)
}

/// The version that a file's path tells: its name, in one of the program's directories of versions.
pub(super) fn version_of(profile: &Profile, path: &str) -> Option<String> {
    let (directory, name) = parent_and_name(without_mark(path))?;
    let told = profile.version_directories.iter().any(|versions| directory.ends_with(versions.as_str()));
    told.then(|| name.to_owned())
}

/// The variables of a process that a profile names; `None` where they may not be read.
///
/// # Errors
/// The process has ended.
fn environment(pid: &Pid, profile: &Profile) -> Result<Option<BTreeMap<String, KeptValue>>, Errno> {
    match pid.read("environ", MOST_WORDS) {
        // What is not read whole may name a directory in what was not read.
        Ok(bytes) if bytes.len() as u64 >= MOST_WORDS || bytes.split(|byte| *byte == 0).count() > MOST_KEPT => Ok(None),
        Ok(bytes) => Ok(Some(named(&variables(&bytes), profile))),
        Err(errno) if is_gone(errno) => Err(errno),
        Err(_) => Ok(None),
    }
}

/// The first variables in the bytes of an `environ`; the first of a name is the one that programs see.
pub fn variables(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for word in bytes.split(|byte| *byte == 0).take(MOST_KEPT) {
        if let Some((name, value)) = shown(word).split_once('=') {
            found.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
    found
}

fn named(variables: &BTreeMap<String, String>, profile: &Profile) -> BTreeMap<String, KeptValue> {
    let held = |name: &str| {
        let value = variables.get(name)?;
        let public = profile.public_variables.iter().any(|public| public == name);
        let held = match () {
            () if value.is_empty() => KeptValue::Empty,
            () if public => KeptValue::Public(value.clone()),
            () => KeptValue::Secret(value.clone()),
        };
        Some((name.to_owned(), held))
    };
    let others = profile.environment.iter().map(|variable| variable.name.as_str());
    ["HOME", profile.state_directory.variable.as_str()].into_iter().chain(others).filter_map(held).collect()
}

/// Takes out shells whose script runs the program itself: that process counts, and not what waits for it.
pub(super) fn without_wrappers(mut found: Vec<FoundProcess>, proc: &Proc) -> Vec<FoundProcess> {
    let wrappers: BTreeMap<i32, String> = found
        .iter()
        .filter(|process| process.wrapper)
        .map(|process| (process.process.pid, process.process.program.clone()))
        .collect();
    let mut waiting = BTreeSet::new();
    for process in found.iter().filter(|_| !wrappers.is_empty()) {
        let mut parent = process.facts.parent;
        // A wrapper is near; a chain of ancestors may be as long as there are processes.
        for _ in 0..16 {
            if wrappers.get(&parent) == Some(&process.process.program) {
                waiting.insert(parent);
            }
            match proc.pid(parent).and_then(|pid| pid.facts()) {
                Ok(facts) if facts.parent > 1 => parent = facts.parent,
                _ => break,
            }
        }
    }
    found.retain(|process| !waiting.contains(&process.process.pid));
    found
}

#[cfg(test)]
mod tests;
