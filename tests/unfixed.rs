//! What `check --diff` and `--fix` leave to a person, and why.

use crate::harness::{overlock, project};

/// Two services of this image, with this entrypoint, on one login.
fn two(image: &str, entrypoint: &str) -> String {
    format!(
        "services:\n  one: &one\n    image: {image}\n    environment: {{HOME: /root}}\n    volumes: [\"/srv/claude:/root/.claude\"]\n    entrypoint: {entrypoint}\n  two: {{<<: *one}}\n"
    )
}

/// What is said beside a diff.
fn said(files: &[(&str, &str)]) -> String {
    overlock(project(files).path(), &["check", ".", "--diff"]).err
}

#[test]
fn what_cannot_be_edited_is_told_once_for_each_reason() {
    let compose = two("a", "[\"$CLAUDE\", -p, x]").replace("HOME: /root", "HOME: /root, CLAUDE: claude");
    let err = said(&[("compose.yaml", &compose)]);
    assert!(err.contains("0 fixes; nothing is written"), "{err}");
    let reasons: Vec<&str> = err.lines().filter(|line| line.starts_with("not fixed: ")).collect();
    assert!(!reasons.is_empty(), "{err}");
    let why = |line: &&str| line.rsplit(": ").next().map(str::to_owned);
    let distinct: std::collections::BTreeSet<_> = reasons.iter().map(why).collect();
    assert_eq!(distinct.len(), reasons.len(), "each reason once: {err}");
    assert!(err.contains("no file says which version it is"), "{err}");
}

#[test]
fn what_only_a_person_can_do_is_told_and_what_is_done_is_not() {
    let err = said(&[("compose.yaml", &two("a", "[claude, -p, x]"))]);
    assert!(err.contains("1 fix; nothing is written") && !err.contains("not fixed"), "{err}");
    let copy = "services:\n  agents:\n    image: a\n    environment: {HOME: /root}\n    volumes: [\"/srv/claude:/root/.claude\"]\n    entrypoint: [claude, -p, x]\n  chat:\n    image: a\n    environment: {HOME: /root}\n    volumes: [\"/srv/claude:/seed:ro\"]\n    entrypoint: [sh, -c, \"cp -r /seed/. /root/.claude/; claude\"]\n";
    let err = said(&[("compose.yaml", copy)]);
    assert!(
        err.contains(": copy no login (and 4 more): ")
            && err.ends_with("that is for a person to do\n0 fixes; nothing is written, --fix does that\n"),
        "{err}"
    );
    // Where nothing is wrong nothing is left.
    let sound = two("a", "[flock, /root/.claude/session.lock, claude, -p, x]");
    assert_eq!(said(&[("compose.yaml", &sound)]), "0 fixes; nothing is written, --fix does that\n");
}

#[test]
fn calls_in_scripts_are_fixed_like_those_of_compose_files() {
    let script = "#!/bin/sh\nfor n in a b; do\n  docker run -d --name job-$n -v /srv/claude:/root/.claude -e HOME=/root x claude -p x\ndone\n";
    let directory = project(&[("run.sh", script)]);
    let run = overlock(directory.path(), &["check", ".", "--fix"]);
    assert!(run.status == 0 && run.err.contains("written: run.sh"), "{} {}", run.out, run.err);
    let after = std::fs::read_to_string(directory.path().join("run.sh")).unwrap();
    assert_eq!(after, script.replace("x claude", "x flock -w 600 /root/.claude/session.lock claude"));
    // What the container runs is in a file of its own.
    let compose = two("a", "[bash, /run.sh]").replace("\"]\n", "\", \"./run.sh:/run.sh:ro\"]\n");
    let directory = project(&[("compose.yaml", &compose), ("run.sh", "#!/bin/bash\nclaude -p x\n")]);
    let run = overlock(directory.path(), &["check", ".", "--fix"]);
    assert!(run.status == 0 && run.err.contains("written: run.sh"), "{} {}", run.out, run.err);
}

#[test]
fn flock_is_put_in_where_only_a_person_on_the_host_remains() {
    let script = "#!/bin/sh\nfor n in a b; do\n  docker run -d --name job-$n -v \"$HOME/.claude:/root/.claude\" -e HOME=/root x claude -p x\ndone\n";
    let directory = project(&[("run.sh", script)]);
    let run = overlock(directory.path(), &["check", ".", "--fix"]);
    assert!(run.status == 0 && run.err.contains("written: run.sh"), "{} {}", run.out, run.err);
    assert!(run.err.contains("(and 2 more): that is for a person to do"), "{}", run.err);
    let after = std::fs::read_to_string(directory.path().join("run.sh")).unwrap();
    assert_eq!(after, script.replace("x claude", "x flock -w 600 /root/.claude/session.lock claude"));
    // Where a person alone is concerned, no edit of a file ends it.
    let alone = script.replace("for n in a b; do\n", "").replace("done\n", "").replace("-$n", "");
    let err = said(&[("run.sh", &alone)]);
    assert!(err.contains("0 fixes"), "{err}");
}
