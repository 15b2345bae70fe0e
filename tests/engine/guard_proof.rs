//! Whether a process of the program runs under the guard, by what the kernel shows of it and of its ancestors.

use std::fs;

use super::audit::{participant, report, rules};
use super::{Engine, Probe, Start, engine};

const STATE: &str = "/home/agent/.claude";
const GUARD: &str = "/home/agent/.claude/session.lock";

/// Two containers with one state directory and a version whose own lock is private there, so that all depends on the guard.
fn pair(engine: &Engine) -> [Probe; 2] {
    let source = engine.directory("guard").join("claude");
    fs::create_dir(&source).unwrap();
    ["one", "other"].map(|stem| {
        let start = Start::participant(&engine.name(stem)).label("overlock.version", "2.1.98");
        engine.start(&start.env("HOME", "/home/agent").label("overlock.guard", GUARD).bind(&source, STATE))
    })
}

/// Starts the program in one container, somehow, and asks.
fn assert_held(how: &str) {
    let Some(engine) = engine(&format!("guard held by {how}")) else { return };
    let [mut one, other] = pair(engine);
    one.must(&["spawn", how, GUARD, "claude", "-p", "hello"]);
    let report = report(&[&one.name, &other.name]);
    let found = participant(&report, &one.name);
    assert_eq!((&found["guard"]["state"], &found["verdict"]), (&"held".into(), &"ok".into()), "{report:#}");
    assert!(!rules(&report, &one.name).contains(&"unguarded-call"), "{report:#}");
}

#[test]
fn guard_held_by_the_process() {
    assert_held("self");
}

#[test]
fn guard_held_by_an_ancestor() {
    assert_held("ancestor");
}

#[test]
fn guard_taken_by_a_command_that_is_gone() {
    assert_held("gone");
}

#[test]
fn guard_held_by_nobody() {
    let Some(engine) = engine("guard_held_by_nobody") else { return };
    let [mut one, mut other] = pair(engine);
    one.must(&["spawn", "free", "", "claude", "-p", "hello"]);
    // That another container holds it protects no call of this one.
    other.must(&["spawn", "self", GUARD, "claude", "-p", "hello"]);
    let report = report(&[&one.name, &other.name]);
    let found = participant(&report, &one.name);
    assert_ne!(found["guard"]["state"], "held", "{report:#}");
    assert_eq!(found["verdict"], "error", "{report:#}");
    assert!(rules(&report, &one.name).contains(&"unguarded-call"), "{report:#}");
    assert!(!rules(&report, &other.name).contains(&"unguarded-call"), "{report:#}");
}

#[test]
fn guard_held_on_another_file() {
    let Some(engine) = engine("guard_held_on_another_file") else { return };
    let [mut one, mut other] = pair(engine);
    one.must(&["spawn", "self", GUARD, "claude", "-p", "hello"]);
    other.must(&["spawn", "self", "/tmp/session.lock", "claude", "-p", "hello"]);
    let report = report(&[&one.name, &other.name]);
    let found = participant(&report, &other.name);
    assert_eq!(found["verdict"], "error", "{report:#}");
    let wanted = ["unguarded-call", "guard-mismatch"];
    let broken = rules(&report, &other.name);
    assert!(broken.iter().any(|rule| wanted.contains(rule)), "{report:#}");
    assert!(!rules(&report, &one.name).contains(&"unguarded-call"), "{report:#}");
}
