//! Random scripts, each run by bash in every way that it can be called, with a program in docker's place that notes its
//! words. Whatever was started there is in the report, and each login that it was given. `OVERLOCK_SCRIPTS` says how many
//! scripts, `OVERLOCK_SCRIPTS_SEED` which, `OVERLOCK_SCRIPTS_FROM` the first; what fails is printed whole.

mod random_script;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::overlock;
use random_script::RandomScript;

/// What stands in docker's place: it notes its words, and ends as it is told.
const STUB: &str = "#!/bin/sh\necho \"$*\" >> \"$STUB_LOG\"\nexit \"${STUB_STATUS:-0}\"\n";
const COMPOSE: &str = "services:\n  night:\n    image: agents:1\n    entrypoint: [claude, -p, go]\n    environment: \
     {HOME: /home/agent}\n    volumes: [\"/srv/night:/home/agent/.claude\"]\n";
/// Words that scripts ask for, and that they are called with.
const WORDS: [&str; 4] = ["alpha", "beta", "gamma", "--x"];
/// A library that scripts source.
const LIBRARY: &str = "retry() { \"$@\" || \"$@\" || true; }\nin_library() {\n  docker run --rm -e FILE=library -e LINE=3 -e \
     HOME=/home/agent -v \"/srv/$1:/tree\" -v /srv/login:/home/agent/.claude agents:1 claude -p go\n}\n";
/// How many scripts are tried at once: much of the time goes to waiting for endless loops.
const AT_ONCE: u64 = 4;
/// The arguments of the calls.
const CALLS: [&[&str]; 7] =
    [&[], &["alpha"], &["beta"], &["gamma", "alpha"], &["--x", "beta"], &["alpha", "beta", "gamma"], &["-a", "beta"]];

#[test]
fn whatever_a_script_starts_is_in_the_report() {
    let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let (count, seed) = (number("OVERLOCK_SCRIPTS", 40), number("OVERLOCK_SCRIPTS_SEED", 1));
    let first = number("OVERLOCK_SCRIPTS_FROM", 0);
    let each = |from: u64| {
        let mut started = 0;
        let mut wrong = Vec::new();
        for number in (first + from..first + count).step_by(usize::try_from(AT_ONCE).unwrap()) {
            let script = RandomScript::new(seed.wrapping_mul(1_000_003).wrapping_add(number));
            let (starts, missing) = missing_starts(&script);
            started += starts;
            if !missing.is_empty() {
                wrong.push(format!("script {number} of seed {seed}: {missing:?} are missing\n{}", script.text));
            }
        }
        (started, wrong)
    };
    let (started, wrong) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|from| scope.spawn(move || each(from))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).fold(
            (0, Vec::new()),
            |(all, mut wrong), (some, more)| {
                wrong.extend(more);
                (all + some, wrong)
            },
        )
    });
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(started as u64 > count, "only {started} starts were seen in {count} scripts");
}

/// How many lines started something, and those of them that the report does not name.
fn missing_starts(script: &RandomScript) -> (usize, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let write = |name: &str, text: &str| {
        fs::write(path.join(name), text).unwrap();
        fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    write("gen.sh", &script.text);
    write("library.sh", LIBRARY);
    write("compose.yaml", COMPOSE);
    fs::create_dir(path.join("bin")).unwrap();
    write("bin/docker", STUB);
    write("bin/podman", STUB);
    let run = overlock(path, &["check", "compose.yaml", "gen.sh", "--format", "json"]);
    let report = run.json();
    let participants = report["participants"].as_array().unwrap();
    let mut named: BTreeMap<String, Vec<Option<&str>>> = BTreeMap::new();
    for one in participants {
        let host = (one["place"]["kind"] == "host").then(|| one["place"]["path"].as_str()).flatten();
        named.entry(named_place(one["container"].as_str().unwrap())).or_default().push(host);
    }
    for arguments in CALLS {
        call(path, &[&["./gen.sh"], arguments].concat(), "0");
        call(path, &[&["./gen.sh"], arguments].concat(), "1");
    }
    // A function that the script calls itself is called as it does.
    for function in (0..script.functions).filter(|function| !script.called.contains(function)) {
        for word in WORDS {
            let text = format!(". ./gen.sh alpha; f{function} {word}; do_{word} beta");
            call(path, &["-c", &text], "0");
        }
    }
    let log = fs::read_to_string(path.join("log")).unwrap_or_default();
    let started: BTreeSet<SeenStart> = log.lines().filter_map(SeenStart::of_words).collect();
    let is_missing = |start: &&SeenStart| {
        let Some(logins) = named.get(&start.place) else { return true };
        // One at a place that is not known may be any.
        let is_known = |login: &String| logins.iter().any(|known| known.is_none_or(|known| known == login));
        !start.login.as_ref().is_none_or(is_known)
    };
    (started.len(), started.iter().filter(is_missing).map(|start| format!("{start:?}")).collect())
}

fn call(directory: &Path, words: &[&str], status: &str) {
    let search = format!("{}:/usr/bin:/bin", directory.join("bin").display());
    // A loop that a script makes endless ends after a second.
    let mut bash = Command::new("timeout");
    bash.args(["1", "bash"]).args(words).current_dir(directory).env_clear().env("PATH", search);
    bash.env("STUB_LOG", directory.join("log")).env("STUB_STATUS", status);
    bash.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
}

/// The place of a start by what the report calls it: `gen.sh:8`, or the name that it gives, which has its line in it, with
/// its file: `part-8-* (gen.sh)`.
fn named_place(container: &str) -> String {
    let (name, behind) = container.split_once(' ').unwrap_or((container, ""));
    // Words that are not known may follow the line: `fixed-8*`.
    let digits = |rest: &'_ str| rest.chars().take_while(char::is_ascii_digit).collect::<String>();
    let line = ["fixed-", "part-"].iter().find_map(|given| name.strip_prefix(given)).map(digits);
    let file = behind.trim_start_matches('(').split([':', ')']).next().unwrap_or_default();
    line.map_or_else(|| name.to_owned(), |line| format!("{file}:{line}"))
}

/// A start that was seen.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SeenStart {
    /// Where it is written, which its words name.
    place: String,
    /// The login that it was given, where that is one of a fixed name.
    login: Option<String>,
}

impl SeenStart {
    fn of_words(words: &str) -> Option<Self> {
        let (before, rest) = words.split_once("LINE=")?;
        let file = if before.contains("FILE=library") { "library.sh" } else { "gen.sh" };
        let mut mounts = words.split_whitespace().filter_map(|word| word.strip_suffix(":/home/agent/.claude"));
        let login = mounts.next().filter(|source| source.starts_with("/srv/")).map(str::to_owned);
        Some(Self { place: format!("{file}:{}", rest.split_whitespace().next()?), login })
    }
}
