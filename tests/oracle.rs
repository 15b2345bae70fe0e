//! Random projects, resolved by `overlock config` and by Docker Compose itself: both refuse, or both say the same.
//!
//! The environment says what to ask:
//!
//! - `OVERLOCK_COMPOSE_ORACLE`: Compose's binary. `OVERLOCK_REQUIRE_COMPOSE=1`: it is a failure that there is none.
//! - `OVERLOCK_ORACLE_SEED`, `OVERLOCK_ORACLE_CASES`: another seed, another count. `OVERLOCK_ORACLE_CASE`: one alone.
//! - `OVERLOCK_ORACLE_KEEP`: a folder that gets what differs, in the form of `fixtures/compose`.
//! - `OVERLOCK_ORACLE_WHOLE=1`: what differs is not cut down first, which takes seconds each.
//! - `OVERLOCK_ORACLE_ONLY=1`: Compose is asked twice instead, and what it refuses is counted. The generator is tried
//!   with it: where Compose's own answer is another each time, there is nothing to compare with.

pub(crate) mod dice;
mod mistake;
mod others;
mod project;
mod service;
mod shrink;
mod words;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use serde_json::Value;

use crate::harness::command;
use project::Project;

/// Every name that a service may have.
const SERVICES: &[&str] = &[
    "web",
    "db",
    "worker",
    "job.1-a_b",
    "side",
    "deep",
    "common",
    "leaf",
    "far",
    "root",
    "extra",
    "other",
    "loop",
    "off",
];

/// The Docker Compose that the answers in `fixtures/compose` are from.
const VERSION: &str = "2.40.";

/// What the normal run asks about.
const CASES: u64 = 60;
const SEED: u64 = 1;

/// How many cases that differ, each in its own way, are shown before it stops.
const SHOWN: usize = 10;

/// How many fields are named of a case that differs.
const LINES: usize = 20;

/// Docker Compose's binary: stated, or where it is kept by habit.
pub(crate) fn compose() -> Result<PathBuf, String> {
    let habit = env::var_os("HOME").map(|home| Path::new(&home).join(".cache/compose-oracle/docker-compose"));
    let stated = env::var_os("OVERLOCK_COMPOSE_ORACLE").map(PathBuf::from);
    let looked = stated.or(habit).unwrap_or_default();
    let none = format!("no Docker Compose v2 at {} (OVERLOCK_COMPOSE_ORACLE says where)", looked.display());
    let version = Command::new(&looked).args(["version", "--short"]).output().map_err(|_| none)?;
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    // Another version may answer otherwise, and the answers that are kept would not be its own.
    let other = || format!("{} is {version}, and what is compared with is {VERSION}", looked.display());
    if version.starts_with(VERSION) { Ok(looked.clone()) } else { Err(other()) }
}

/// Past the test runner, which keeps what is printed to itself.
#[expect(clippy::explicit_write, reason = "eprintln! is what it keeps")]
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").unwrap();
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// An answer: a document, or a refusal in words.
type Answer = Result<Value, String>;

fn answer(output: &Output) -> Answer {
    if output.status.success() {
        return Ok(
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| Value::String(format!("no JSON: {error}")))
        );
    }
    // Warnings are no part of a refusal.
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().filter(|line| !line.starts_with("time=")).collect::<Vec<_>>().join("\n"))
}

fn ask_compose(oracle: &Path, project: &Project, folder: &Path) -> Answer {
    let mut command = Command::new(oracle);
    command.current_dir(folder).env_clear().env("HOME", "/home/user").envs(&project.environment);
    answer(&command.args(&project.arguments).args(["config", "--format", "json"]).output().unwrap())
}

fn ask_overlock(project: &Project, folder: &Path) -> Answer {
    let arguments: Vec<&str> = ["config"].into_iter().chain(project.arguments.iter().map(String::as_str)).collect();
    let output = command(folder, &arguments).envs(&project.environment).output().unwrap();
    // 101 is a panic, and no status is a signal: neither is a refusal.
    let refused = output.status.code().is_some_and(|code| code != 101);
    if refused {
        answer(&output)
    } else {
        Ok(Value::String(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr))))
    }
}

/// The values in which two documents differ, each by its JSON pointer.
fn differences(pointer: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => differences(&pointer, one, other, found),
                    (Some(one), None) => found.push(format!("{pointer}: {one} where Compose has no such field")),
                    (None, other) => found.push(format!("{pointer}: missing where Compose has {}", other.unwrap())),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{pointer}/{at}"), one, other, found);
            }
        }
        _ if ours == theirs => {}
        _ => found.push(format!("{pointer}: {ours} where Compose has {theirs}")),
    }
}

fn compare(ours: &Answer, theirs: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => differences("", ours, theirs, &mut found),
        (Err(_), Err(_)) => {}
        // Compose broke down, which is no answer.
        (Ok(_), Err(said)) if said.starts_with("panic: ") => {}
        (Ok(_), Err(said)) => found.push(format!("accepted where Compose says: {}", said.trim())),
        (Err(said), Ok(_)) => found.push(format!("refused where Compose accepts: {}", said.trim())),
    }
    found
}

/// A folder named `project` with the project in it.
fn laid_out(project: &Project) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("project");
    project.write(&folder);
    (directory, folder)
}

/// What became of a case.
struct Outcome {
    case: u64,
    project: Project,
    theirs: Answer,
    differences: Vec<String>,
    /// No case before it differed in this way.
    new: bool,
}

/// Both are asked; or Compose twice, whose answers are of use only where they are the same each time.
struct Judges {
    oracle: PathBuf,
    alone: bool,
    whole: bool,
}

impl Judges {
    /// Compose's answer, and in what ours is another one.
    fn ask(&self, project: &Project) -> (Answer, Vec<String>) {
        let (_directory, folder) = laid_out(project);
        let theirs = ask_compose(&self.oracle, project, &folder);
        let ours =
            if self.alone { ask_compose(&self.oracle, project, &folder) } else { ask_overlock(project, &folder) };
        let place = folder.display().to_string();
        let found = compare(&ours, &theirs);
        let theirs = theirs.map_err(|said| said.replace(&place, "/project"));
        (theirs, found.iter().map(|line| line.replace(&place, "/project")).collect())
    }

    fn run(&self, seed: u64, case: u64) -> Outcome {
        let project = Project::of(seed, case);
        let (theirs, differences) = self.ask(&project);
        Outcome { case, project, theirs, differences, new: false }
    }

    /// The same difference in a smaller project, if it is to be smaller.
    fn shrink(&self, outcome: Outcome) -> Outcome {
        if self.whole {
            return outcome;
        }
        let wanted = kind(&outcome.differences[0]);
        let differs = |project: &Project| self.ask(project).1.iter().any(|line| kind(line) == wanted);
        let project = shrink::shrink(outcome.project, differs);
        let (theirs, differences) = self.ask(&project);
        Outcome { project, theirs, differences, ..outcome }
    }
}

/// What stays the same of a difference in another project: the field, or what is said. Numbers are lines and places in
/// lists, which move; a service may be any other, and so may a piece that services repeat.
fn kind(difference: &str) -> String {
    let (what, said) = difference.split_once(": ").unwrap();
    if what.starts_with("/x-") {
        return format!("/x-/{}", what.split('/').nth(2).unwrap_or_default());
    }
    let said = if what.starts_with('/') { "" } else { said.lines().next().unwrap_or("") };
    let kind = SERVICES.iter().fold(format!("{what} {said}"), |kind, name| kind.replace(name, "*"));
    kind.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Runs cases on all cores until they are done or enough differ, each in its own way.
fn run_all(judges: &Judges, seed: u64, cases: Range<u64>) -> Vec<Outcome> {
    let next = AtomicU64::new(cases.start);
    let (done, kinds) = (Mutex::new(Vec::new()), Mutex::new(BTreeSet::new()));
    let work = || {
        while kinds.lock().unwrap().len() < SHOWN {
            let case = next.fetch_add(1, Ordering::Relaxed);
            if case >= cases.end {
                break;
            }
            let mut outcome = judges.run(seed, case);
            if let Some(difference) = outcome.differences.first() {
                outcome.new = kinds.lock().unwrap().insert(kind(difference));
            }
            if outcome.new {
                outcome = judges.shrink(outcome);
                tell(seed, &outcome);
            }
            done.lock().unwrap().push(outcome);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|outcome| outcome.case);
    done
}

/// A case that differs, at once and not at the end of a long run: how it was asked, in what it differs, its files.
fn tell(seed: u64, outcome: &Outcome) {
    let project = &outcome.project;
    let files: String = project.texts().map(|(path, text)| format!("-- {path}\n{text}")).collect();
    let head = format!("== seed {seed} case {} ({})", outcome.case, project.mistake.unwrap_or("no mistake"));
    let differences: Vec<&str> = outcome.differences.iter().take(LINES).map(String::as_str).collect();
    say(&format!("{head}\n{}\n{}\n{files}", differences.join("\n"), project.case()));
    if let Some(folder) = env::var_os("OVERLOCK_ORACLE_KEEP") {
        keep(Path::new(&folder), seed, outcome);
    }
}

/// Keeps a case as a folder of `fixtures/compose`.
fn keep(folder: &Path, seed: u64, outcome: &Outcome) {
    let folder = folder.join(format!("seed{seed}-case{}", outcome.case));
    outcome.project.write(&folder);
    fs::write(folder.join("case.json"), format!("{}\n", outcome.project.case())).unwrap();
}

/// How many were accepted, and why the others were not.
fn summary(outcomes: &[Outcome]) -> String {
    let sound: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.project.mistake.is_none()).collect();
    let accepted = sound.iter().filter(|outcome| outcome.theirs.is_ok()).count();
    let spoiled = outcomes.iter().filter(|outcome| outcome.project.mistake.is_some());
    let refused = spoiled.clone().filter(|outcome| outcome.theirs.is_err()).count();
    let mut reasons: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for outcome in &sound {
        if let Err(said) = &outcome.theirs {
            reasons.entry(kind(&format!("refused: {said}"))).or_default().push(outcome.case);
        }
    }
    let reasons: String =
        reasons.iter().map(|(reason, cases)| format!("  {} {reason}, as case {}\n", cases.len(), cases[0])).collect();
    format!(
        "accepted {accepted} of {} without a mistake, refused {refused} of {} with one\n{reasons}",
        sound.len(),
        spoiled.count()
    )
}

#[test]
fn random_projects_resolve_as_docker_compose_resolves_them() {
    let oracle = match compose() {
        Ok(oracle) => oracle,
        Err(none) => {
            assert!(env::var("OVERLOCK_REQUIRE_COMPOSE").as_deref() != Ok("1"), "{none}");
            return say(&format!("skipped, random projects are compared with nothing: {none}"));
        }
    };
    let seed = number("OVERLOCK_ORACLE_SEED").unwrap_or(SEED);
    let count = number("OVERLOCK_ORACLE_CASES").unwrap_or(CASES);
    let cases = number("OVERLOCK_ORACLE_CASE").map_or(0..count, |case| case..case + 1);
    say(&format!("random projects: OVERLOCK_ORACLE_SEED={seed}, cases {cases:?}, against {}", oracle.display()));
    let (alone, whole) =
        (env::var_os("OVERLOCK_ORACLE_ONLY").is_some(), env::var_os("OVERLOCK_ORACLE_WHOLE").is_some());
    let judges = Judges { oracle, alone, whole };
    let outcomes = run_all(&judges, seed, cases);
    if alone {
        say(&summary(&outcomes));
    }
    let differing = outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count();
    let shown: Vec<u64> = outcomes.iter().filter(|outcome| outcome.new).map(|outcome| outcome.case).collect();
    assert!(
        differing == 0,
        "{differing} of {} cases differ; one of each kind is told above: {shown:?}",
        outcomes.len()
    );
}
