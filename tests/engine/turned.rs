//! Containers that are paused, renamed, killed and started again while they are looked at: never an ok that is not so.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use super::audit;
use super::{Engine, Probe, Start, docker, engine};
use crate::harness::run;

const STATE: &str = "/home/agent/.claude";
/// How many audits see it, and how many turns there are at least.
const AUDITS: usize = 12;
const TURNS: usize = 6;

/// Ends the loop also where an assertion fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn racing(engine: &Engine, stem: &str, source: &Path) -> Probe {
    let start = Start::participant(&engine.name(stem)).label("overlock.version", "2.1.98");
    engine.start(&start.label("overlock.guard", "none").env("HOME", "/home/agent").bind(source, STATE))
}

/// Audits while something is done to the second of two containers that race on a directory, and hands on what is said of
/// both: of the first by its name, of the other by its place.
fn audit_while(engine: &Engine, turn: impl Fn(&str) + Sync, judge: impl Fn(&Value, &[&Value], &Value)) {
    let source = engine.directory("turned");
    let (stays, turned) = (racing(engine, "stays", &source), racing(engine, "turned", &source));
    let id = turned.inspect("{{.Id}}");
    let (stop, turns) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                turn(&id);
                turns.fetch_add(1, Ordering::Relaxed);
            }
        });
        let stopping = Stop(&stop);
        let mut audits = 0;
        while audits < AUDITS || turns.load(Ordering::Relaxed) < TURNS {
            let found = run(audit::overlock(&["audit", "--format", "json", "--timeout", "60"]));
            assert!([0, 1, 3].contains(&found.status), "{} {}", found.status, found.err);
            let report = found.json();
            let all = report["participants"].as_array().unwrap();
            let here: Vec<&Value> = all.iter().filter(|one| one["place"]["path"] == source.to_str().unwrap()).collect();
            let is_first = |one: &&&Value| one["container"] == stays.name.as_str();
            let first = here.iter().find(is_first).unwrap_or_else(|| panic!("dropped: {report:#}"));
            let others: Vec<&Value> = here.iter().copied().filter(|one| !is_first(&one)).collect();
            judge(first, &others, &report);
            audits += 1;
        }
        drop(stopping);
    });
    let _ = docker(&["unpause", &id]);
    let _ = docker(&["rm", "--force", &id]);
    drop(turned);
}

/// It is there all the time: both are in the wrong, whatever it is called.
fn both_race(first: &Value, others: &[&Value], report: &Value) {
    assert_eq!(others.len(), 1, "{report:#}");
    for one in [&[first], others].concat() {
        assert!(one["verdict"] != "ok" && one["verdict"] != "not-a-participant", "{report:#}");
    }
}

#[test]
fn container_that_is_paused_meanwhile_is_no_less_a_peer() {
    let Some(engine) = engine("container_that_is_paused_meanwhile_is_no_less_a_peer") else { return };
    let turn = |id: &str| {
        docker(&["pause", id]).unwrap();
        docker(&["unpause", id]).unwrap();
    };
    audit_while(engine, turn, both_race);
}

#[test]
fn container_that_is_renamed_meanwhile_is_no_less_a_peer() {
    let Some(engine) = engine("container_that_is_renamed_meanwhile_is_no_less_a_peer") else { return };
    let turn = |id: &str| {
        let name = engine.name("renamed");
        docker(&["rename", id, &name]).unwrap();
    };
    audit_while(engine, turn, both_race);
}

#[test]
fn container_that_is_killed_and_started_meanwhile_is_a_peer_wherever_it_is_told_of() {
    let test = "container_that_is_killed_and_started_meanwhile_is_a_peer_wherever_it_is_told_of";
    let Some(engine) = engine(test) else { return };
    // One that is removed when it ends cannot be started again.
    let source = engine.directory("again");
    let label = format!("overlock-test={}", engine.run);
    let mount = format!("type=bind,source={},target={STATE}", source.display());
    let name = engine.name("again");
    let words = ["run", "--detach", "--interactive", "--network", "none", "--label", &label, "--name", &name];
    let declared =
        ["--label", "overlock.role=batch", "--label", "overlock.version=2.1.98", "--env", "HOME=/home/agent"];
    docker(&[&words[..], &declared, &["--mount", &mount, &engine.image]].concat()).unwrap();
    let stays = racing(engine, "stays", &source);
    let (stop, turns) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let _ = docker(&["kill", &name]);
                let _ = docker(&["start", &name]);
                let _ = docker(&["restart", "--time", "0", &name]);
                turns.fetch_add(1, Ordering::Relaxed);
            }
        });
        let stopping = Stop(&stop);
        let (mut audits, mut met) = (0, 0);
        while audits < AUDITS || turns.load(Ordering::Relaxed) < TURNS {
            let report = run(audit::overlock(&["audit", "--format", "json", "--timeout", "60"])).json();
            let all = report["participants"].as_array().unwrap();
            let of = |name: &str| all.iter().find(|one| one["container"] == name);
            let first = of(&stays.name).unwrap_or_else(|| panic!("dropped: {report:#}"));
            // While it is down nobody is in the way; where it is told of, somebody is.
            if of(&name).is_some() {
                met += 1;
                assert_ne!(first["verdict"], "ok", "{report:#}");
            }
            audits += 1;
        }
        drop(stopping);
        assert!(met > 0, "it was never seen");
    });
    docker(&["rm", "--force", &name]).unwrap();
}
