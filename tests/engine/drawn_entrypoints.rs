//! Entrypoints drawn at random, started with real tools: what is said of the guard from the text alone never contradicts
//! the kernel. A call is under the guard where it, or a process above it, has an exclusive lock on the file.
//!
//! `OVERLOCK_ENTRYPOINTS` and `OVERLOCK_ENTRYPOINTS_SEED` ask for another count and another seed,
//! `OVERLOCK_ENTRYPOINTS_CASE` for one alone.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::audit::{participant, report};
use super::entrypoint_text::{Entrypoint, LIBRARIES, draw};
use super::entrypoints::{Running, bring};
use super::wanted::{BUSYBOX, Wanted, find};
use super::{Engine, USER, docker, engine_and, must, output, say, sweep};
use crate::harness::{command, run};

/// What the normal run draws.
const COUNT: u64 = 16;
const SEED: u64 = 1;
/// How many containers are up at once.
const BATCH: u64 = 8;
/// How long is waited for the program: some scripts end before they call it.
const PATIENCE: Duration = Duration::from_secs(20);
/// After so long nothing changes any more.
const SETTLED: Duration = Duration::from_millis(1500);

/// Real tools, each at the path where an image has it.
const TOOLS: [(&str, &str); 8] = [
    ("dash", "/bin/sh"),
    ("bash", "/bin/bash"),
    ("flock", "/usr/bin/flock"),
    ("setpriv", "/usr/bin/setpriv"),
    ("timeout", "/usr/bin/timeout"),
    ("nice", "/usr/bin/nice"),
    ("env", "/usr/bin/env"),
    ("sleep", "/usr/bin/sleep"),
];
const WANTED: &[Wanted] =
    &[BUSYBOX[0], ("dash", "dash"), ("bash", "bash"), ("flock", "util-linux"), ("setpriv", "util-linux")];

fn number(name: &str, usual: u64) -> u64 {
    let parsed = |text: String| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number"));
    env::var(name).map_or(usual, parsed)
}

/// The image: what `entrypoints` has, and the rest of the tools.
fn image(engine: &Engine, project: &Path) -> String {
    let root = project.join("rootfs");
    for (name, path) in TOOLS {
        bring(find(name).unwrap().to_str().unwrap(), path, &root);
    }
    for directory in ["usr/local/bin", "opt/lib", "opt/bin", "home/agent", "tmp", "etc"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    fs::copy(find("busybox").unwrap(), root.join("bin/busybox")).unwrap();
    for applet in ["cat", "echo", "id", "mkdir"] {
        symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    fs::copy(engine.folder.join("image/usr/local/bin/claude"), root.join("usr/local/bin/claude")).unwrap();
    for (name, text) in LIBRARIES {
        fs::write(root.join("opt/lib").join(name), text).unwrap();
    }
    fs::write(root.join("etc/passwd"), "root:x:0:0::/root:/bin/sh\nagent:x:1000:1000::/home/agent:/bin/sh\n").unwrap();
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
    chown(root.join("home/agent"), Some(USER), Some(USER)).unwrap();
    let dockerfile = "FROM scratch\nCOPY rootfs/ /\nRUN [\"/bin/busybox\", \"chown\", \"1000:1000\", \"/home/agent\"]\nENV HOME=/home/agent PATH=/usr/local/bin:/usr/bin:/bin\n";
    fs::write(project.join("Dockerfile"), dockerfile).unwrap();
    let image = format!("{}:{}-drawn", sweep::LABEL, engine.run);
    let label = format!("{}={}", sweep::LABEL, engine.run);
    let mut build = Command::new("docker");
    build.env("DOCKER_BUILDKIT", "0").args(["build", "-q", "--label", &label, "-t", &image]).arg(project);
    output(&mut build).unwrap();
    image
}

/// An entrypoint that was started.
struct Started {
    case: u64,
    entrypoint: Entrypoint,
    service: String,
    container: Running,
    state: PathBuf,
}

fn start(engine: &Engine, image: &str, project: &Path, seed: u64, case: u64) -> Started {
    let entrypoint = draw(seed, case);
    let service = format!("drawn-{case}");
    let path = project.join("bin").join(&service);
    fs::write(&path, &entrypoint.text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let state = project.join(format!("{service}-state"));
    fs::create_dir(&state).unwrap();
    chown(&state, Some(USER), Some(USER)).unwrap();
    let name = engine.name(&service);
    let label = format!("{}={}", sweep::LABEL, engine.run);
    let (bin, home) =
        (format!("{}/bin:/opt/bin:ro", project.display()), format!("{}:/home/agent/.claude", state.display()));
    let mut words = vec!["run", "-d", "--network", "none", "--label", &label, "--label", "overlock.version=2.1.98"];
    words.extend(["--name", &name, "-v", &bin, "-v", &home]);
    let variables: Vec<String> = entrypoint.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    words.extend(variables.iter().flat_map(|variable| ["-e", variable.as_str()]));
    let own = format!("/opt/bin/{service}");
    words.extend(["--entrypoint", &own, image]);
    must("docker", &words);
    Started { case, entrypoint, service, container: Running(name), state }
}

/// The same as a compose file.
fn compose(project: &Path, all: &[Started]) {
    let services: BTreeMap<&str, serde_json::Value> = all
        .iter()
        .map(|one| {
            let environment: BTreeMap<&str, &str> = one.entrypoint.environment.iter().copied().collect();
            let volumes = ["./bin:/opt/bin:ro".to_owned(), format!("{}:/home/agent/.claude", one.state.display())];
            let service = json!({
                "build": ".",
                "entrypoint": [format!("/opt/bin/{}", one.service)],
                "environment": environment,
                "labels": {"overlock.version": "2.1.98"},
                "volumes": volumes,
            });
            (one.service.as_str(), service)
        })
        .collect();
    fs::write(project.join("compose.yaml"), json!({"name": "drawn", "services": services}).to_string()).unwrap();
}

/// The processes of a container by their number on the host, each with its parent and its words.
fn processes(container: &str) -> BTreeMap<u32, (u32, String)> {
    let listed = docker(&["top", container, "-eo", "pid,ppid,args"]).unwrap_or_default();
    let read = |line: &str| {
        let mut words = line.split_whitespace();
        let (pid, parent) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some((pid, (parent, words.collect::<Vec<_>>().join(" "))))
    };
    listed.lines().skip(1).filter_map(read).collect()
}

/// The calls of the program among them.
fn calls(all: &BTreeMap<u32, (u32, String)>) -> Vec<u32> {
    let is_call =
        |pid: &&u32| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe.ends_with("usr/local/bin/claude"));
    all.keys().filter(is_call).copied().collect()
}

/// Whether every call of a container, or a process above it there, has an exclusive lock on the guard's file; `None` where
/// there is no call.
fn are_guarded(container: &str, state: &Path) -> Option<bool> {
    let all = processes(container);
    let calls = calls(&all);
    let inode = fs::metadata(state.join("session.lock")).map(|file| file.ino()).ok();
    let holds = |pid: u32| inode.is_some_and(|inode| has_lock(pid, inode));
    let is_guarded = |pid: &u32| {
        let mut above = Some(*pid);
        while let Some(pid) = above {
            if holds(pid) {
                return true;
            }
            above = all.get(&pid).map(|(parent, _)| *parent).filter(|parent| all.contains_key(parent));
        }
        false
    };
    (!calls.is_empty()).then(|| calls.iter().all(is_guarded))
}

/// Whether a process has a file open with an exclusive flock(2) on it (proc_pid_fdinfo(5)).
fn has_lock(pid: u32, inode: u64) -> bool {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fdinfo")) else { return false };
    let is_on = |line: &str| {
        line.starts_with("lock:")
            && line.contains("FLOCK")
            && line.contains("WRITE")
            && line
                .split_whitespace()
                .any(|word| word.rsplit(':').next() == Some(&inode.to_string()) && word.contains(':'))
    };
    entries.flatten().any(|entry| fs::read_to_string(entry.path()).is_ok_and(|text| text.lines().any(is_on)))
}

/// Starts some entrypoints and compares; the contradictions, and what was said how often.
fn batch(
    engine: &Engine,
    image: &str,
    project: &Path,
    seed: u64,
    cases: std::ops::Range<u64>,
) -> (Vec<String>, BTreeMap<String, usize>) {
    let all: Vec<Started> = cases.map(|case| start(engine, image, project, seed, case)).collect();
    compose(project, &all);
    let planned = run(command(project, &["check", ".", "--format", "json"])).json();
    let deadline = Instant::now() + PATIENCE;
    let is_called = |one: &&Started| calls(&processes(&one.container.0)).is_empty();
    while Instant::now() < deadline && all.iter().any(|one| is_called(&one)) {
        std::thread::sleep(Duration::from_millis(200));
    }
    std::thread::sleep(SETTLED);
    let (mut wrong, mut said) = (Vec::new(), BTreeMap::new());
    for one in &all {
        let Some(truth) = are_guarded(&one.container.0, &one.state) else {
            *said.entry("not called".to_owned()).or_default() += 1;
            continue;
        };
        let planned = participant(&planned, &one.service);
        let live = report(&[&one.container.0]);
        let live = participant(&live, &one.container.0);
        let (planned_state, live_state) =
            (planned["guard"]["state"].as_str().unwrap(), live["guard"]["state"].as_str().unwrap());
        *said
            .entry(format!("{planned_state}, {}", if truth { "under the guard" } else { "under none" }))
            .or_default() += 1;
        let contradicts = |state: &str| state == "held" && !truth || ["absent", "bypassed"].contains(&state) && truth;
        if contradicts(planned_state) || contradicts(live_state) {
            wrong.push(format!(
                "OVERLOCK_ENTRYPOINTS_SEED={seed} OVERLOCK_ENTRYPOINTS_CASE={}: check says {planned_state}, audit {live_state}, and the kernel {truth}, {:?}:\n{}",
                one.case, one.entrypoint.environment, one.entrypoint.text
            ));
        }
    }
    (wrong, said)
}

#[test]
fn what_drawn_scripts_say_of_the_guard_never_contradicts_the_kernel() {
    let test = "what_drawn_scripts_say_of_the_guard_never_contradicts_the_kernel";
    let Some(engine) = engine_and(test, WANTED) else { return };
    let seed = number("OVERLOCK_ENTRYPOINTS_SEED", SEED);
    let one = env::var_os("OVERLOCK_ENTRYPOINTS_CASE").map(|_| number("OVERLOCK_ENTRYPOINTS_CASE", 0));
    let cases = one.map_or(0..number("OVERLOCK_ENTRYPOINTS", COUNT), |case| case..case + 1);
    let project = engine.directory("drawn-entrypoints");
    fs::create_dir(project.join("bin")).unwrap();
    let image = image(engine, &project);
    let (mut wrong, mut said): (Vec<String>, BTreeMap<String, usize>) = (Vec::new(), BTreeMap::new());
    let mut from = cases.start;
    while from < cases.end {
        let until = cases.end.min(from + BATCH);
        let (more, counts) = batch(engine, &image, &project, seed, from..until);
        for one in &more {
            say(one);
        }
        wrong.extend(more);
        for (what, count) in counts {
            *said.entry(what).or_default() += count;
        }
        from = until;
    }
    say(&format!("drawn entrypoints, seed {seed}: {} in all, {said:?}", cases.end - cases.start));
    assert!(wrong.is_empty(), "{} contradictions, told above", wrong.len());
    let is_decided = |what: &String| what.starts_with("held") || what.starts_with("absent");
    let decided: usize = said.iter().filter(|(what, _)| is_decided(what)).map(|(_, count)| count).sum();
    let called: usize = said.iter().filter(|(what, _)| *what != "not called").map(|(_, count)| count).sum();
    // A reader that knows nothing contradicts nobody.
    assert!(one.is_some() || decided * 2 >= called, "only {decided} of {called} are decided: {said:?}");
}
