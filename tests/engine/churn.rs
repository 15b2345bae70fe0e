//! Containers come and go while others are audited: those that stay are listed each time, with the same verdicts.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use super::audit::{self, participant};
use super::{Engine, Probe, Start, engine};
use crate::harness::run;

const AUDITS: usize = 50;
const STATE: &str = "/home/agent/.claude";
const GUARD: &str = "/home/agent/.claude/session.lock";

/// Ends the loop also where an assertion fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Five containers and their verdicts: two behind a guard, two that race, one by itself.
fn stable(engine: &Engine) -> Vec<(Probe, &'static str)> {
    let start = |stem: &str, source: &std::path::Path, guard: &str| {
        let start = Start::participant(&engine.name(stem)).label("overlock.version", "2.1.98");
        engine.start(&start.env("HOME", "/home/agent").label("overlock.guard", guard).bind(source, STATE))
    };
    let source = || {
        let source = engine.directory("churn").join("claude");
        fs::create_dir(&source).unwrap();
        source
    };
    let (guarded, racing, alone) = (source(), source(), source());
    vec![
        (start("guarded", &guarded, GUARD), "ok"),
        (start("guarded", &guarded, GUARD), "ok"),
        (start("racing", &racing, "none"), "error"),
        (start("racing", &racing, "none"), "error"),
        (start("alone", &alone, "none"), "ok"),
    ]
}

/// Starts and ends containers until told to stop, each with a login that nobody else has. They run the program: a look at
/// the processes may find one that the engine had not listed yet.
fn come_and_go(engine: &Engine, stop: &AtomicBool) -> usize {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let own = engine.directory("passing");
        let start = Start::participant(&engine.name("passing")).env("HOME", "/home/agent").bind(&own, STATE);
        engine.start(&start).must(&["spawn", "free", "", "claude", "-p", "hello"]);
        count += 1;
    }
    count
}

#[test]
fn churn() {
    let Some(engine) = engine("churn") else { return };
    let stable = stable(engine);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let passing = scope.spawn(|| come_and_go(engine, &stop));
        let stopping = Stop(&stop);
        for _ in 0..AUDITS {
            // Every container of the engine, those of other tests too.
            let run = run(audit::overlock(&["audit", "--format", "json"]));
            assert_eq!(run.status, 1, "{}{}", run.err, run.out);
            let report = run.json();
            for (probe, verdict) in &stable {
                assert_eq!(participant(&report, &probe.name)["verdict"], *verdict, "{report:#}");
            }
            let odd =
                |one: &&Value| one["severity"] == "error" || one["message"].as_str().unwrap().contains("did not list");
            let told = report["diagnostics"].as_array().unwrap().iter().filter(odd);
            assert_eq!(told.collect::<Vec<&Value>>(), Vec::<&Value>::new());
        }
        drop(stopping);
        let passed = passing.join().unwrap();
        assert!(passed > 0, "nothing came and went");
    });
}
