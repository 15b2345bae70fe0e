//! Random layouts, started for real: which locks exclude is measured and compared with what `audit` says of the
//! containers and `check` of the same layout as a compose file.
//!
//! `OVERLOCK_TRUTH_LAYOUTS` and `OVERLOCK_TRUTH_SEED` ask for another count and another seed, `OVERLOCK_TRUTH_CASE` for
//! one layout alone.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use super::compare::{Disagreement, disagreement};
use super::compose_file::compose_file;
use super::container::noted;
use super::layout::Layout;
use super::raise::Raised;
use super::truth::{Fact, Lock, Outcome, measure};
use super::wanted::DISKS;
use super::{Engine, audit, engine_and, say};
use crate::harness::run;

/// What the normal run measures.
const LAYOUTS: u64 = 60;
const SEED: u64 = 1;

/// How many layouts one audit looks at.
const BATCH: u64 = 4;

/// How many batches are up at once: while one waits for the engine, others measure.
const WORKERS: usize = 3;

/// How many layouts with a disagreement are shown before it stops.
const SHOWN: usize = 10;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// What a run has found.
#[derive(Default)]
struct Found {
    /// Pairs of containers by lock and outcome.
    counts: BTreeMap<(Lock, &'static str), usize>,
    layouts: usize,
    /// Facts that were compared, by who predicted.
    compared: BTreeMap<&'static str, usize>,
    /// Facts that a compose file cannot show.
    hidden: usize,
    /// Layouts that did not start, with the engine's words.
    failed: Vec<String>,
    /// Layouts with a disagreement, told at once.
    differing: Vec<u64>,
}

/// The report of `check` on a layout as a compose file.
fn check(engine: &Engine, raised: &Raised<'_>) -> Value {
    let folder = engine.directory("compose");
    let file = folder.join("compose.yaml");
    fs::write(&file, compose_file(raised, &engine.image)).unwrap();
    let run = run(audit::overlock(&["check", "--format", "json", "-f", file.to_str().unwrap()]));
    assert!([0, 1, 3].contains(&run.status), "check ends with {}: {}\n{}", run.status, run.err, run.out);
    fs::remove_dir_all(&folder).unwrap();
    run.json()
}

/// Compares one layout's facts with the reports, and tells what differs.
fn judge(engine: &Engine, raised: &Raised<'_>, facts: &[Fact], kernel: &Value, found: &Mutex<Found>) {
    let layout = &raised.layout;
    let (names, file) = (raised.names(), check(engine, raised));
    let states: Vec<String> = layout.members.iter().map(super::layout::Member::state).collect();
    let hidden: Vec<bool> = (0..names.len()).map(|at| !layout.hidden(at).is_empty()).collect();
    let mut differing: Vec<Disagreement> = Vec::new();
    let mut found = found.lock().unwrap();
    for fact in facts {
        let (one, other) = (fact.one, fact.other);
        let outcome = match &fact.outcome {
            Outcome::Excludes => "excludes",
            Outcome::Passes => "passes",
            Outcome::CannotBeMade(_) if fact.same => "cannot be made, one place",
            Outcome::CannotBeMade(_) => "cannot be made, two places",
        };
        *found.counts.entry((fact.lock, outcome)).or_default() += 1;
        // Two ways to the same truth: what excludes is one file to the kernel.
        let cannot = matches!(fact.outcome, Outcome::CannotBeMade(_));
        let physics = cannot || (fact.outcome == Outcome::Excludes) == fact.same;
        assert!(physics, "seed {} case {}: {fact}\n{layout:#?}", layout.seed, layout.case);
        let shown = !hidden[one] && !hidden[other];
        found.hidden += usize::from(!shown);
        for (by, report) in [("kernel", Some(kernel)), ("file", shown.then_some(&file))] {
            if let Some(report) = report {
                *found.compared.entry(by).or_default() += 1;
                let (names, states) = ([&*names[one], &*names[other]], [&*states[one], &*states[other]]);
                differing.extend(disagreement(by, report, fact, names, states));
            }
        }
    }
    found.layouts += 1;
    if !differing.is_empty() {
        found.differing.push(layout.case);
        tell(raised, facts, &differing, &compose_file(raised, &engine.image));
    }
}

/// A layout with a disagreement: how to ask for it again, what it is, the truth, what was predicted.
fn tell(raised: &Raised<'_>, facts: &[Fact], differing: &[Disagreement], file: &str) {
    let layout = &raised.layout;
    let hidden = (0..layout.members.len()).map(|at| format!("  container {at}: {:?}\n", layout.hidden(at)));
    let lines = |all: Vec<String>| all.iter().map(|line| format!("  {line}\n")).collect::<String>();
    say(&format!(
        "== OVERLOCK_TRUTH_SEED={} OVERLOCK_TRUTH_CASE={}\n{layout:#?}\nnot shown by the file:\n{}truth:\n{}\
         disagreements:\n{}compose file:\n{file}",
        layout.seed,
        layout.case,
        hidden.collect::<String>(),
        lines(facts.iter().map(ToString::to_string).collect()),
        lines(differing.iter().map(ToString::to_string).collect()),
    ));
}

/// Starts some layouts, measures them, asks once about all of them.
fn batch(engine: &Engine, seed: u64, cases: Range<u64>, found: &Mutex<Found>) {
    let mut all: Vec<(Raised<'_>, Vec<Fact>)> = Vec::new();
    for case in cases {
        let layout = Layout::of(seed, case);
        match Raised::new(engine, &layout) {
            Ok(mut raised) => {
                let facts = measure(&mut raised);
                all.push((raised, facts));
            }
            Err(why) => found.lock().unwrap().failed.push(format!("seed {seed} case {case}: {why}\n{layout:#?}")),
        }
    }
    let names: Vec<String> = all.iter().flat_map(|(raised, _)| raised.names()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.is_empty() {
        return;
    }
    noted(&names);
    let run = audit::audit(&names);
    assert!([0, 1, 3].contains(&run.status), "audit ends with {}: {}{}", run.status, run.err, run.out);
    let kernel = run.json();
    for (raised, facts) in &all {
        judge(engine, raised, facts, &kernel, found);
    }
}

fn run_all(engine: &Engine, seed: u64, cases: Range<u64>) -> Found {
    let (next, found) = (AtomicU64::new(cases.start), Mutex::new(Found::default()));
    let work = || {
        while found.lock().unwrap().differing.len() < SHOWN {
            let start = next.fetch_add(BATCH, Ordering::Relaxed);
            if start >= cases.end {
                break;
            }
            batch(engine, seed, start..cases.end.min(start + BATCH), &found);
        }
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn ground_truth() {
    let Some(engine) = engine_and("ground_truth", DISKS) else { return };
    let seed = number("OVERLOCK_TRUTH_SEED").unwrap_or(SEED);
    let count = number("OVERLOCK_TRUTH_LAYOUTS").unwrap_or(LAYOUTS);
    let cases = number("OVERLOCK_TRUTH_CASE").map_or(0..count, |case| case..case + 1);
    let alone = cases.end - cases.start < LAYOUTS;
    let started = Instant::now();
    let found = run_all(engine, seed, cases);
    let counts: Vec<String> =
        found.counts.iter().map(|((lock, outcome), count)| format!("  {lock:?} {outcome}: {count}\n")).collect();
    say(&format!(
        "ground truth, seed {seed}: {} layouts in {:.0?}, compared {:?}, {} facts are in no file, {} did not start\n{}",
        found.layouts,
        started.elapsed(),
        found.compared,
        found.hidden,
        found.failed.len(),
        counts.concat()
    ));
    assert!(found.failed.is_empty(), "layouts that do not start:\n{}", found.failed.join("\n"));
    let differing = &found.differing;
    assert!(differing.is_empty(), "{} layouts differ, told above: {differing:?}", differing.len());
    // A generator that never shares, or always, proves nothing.
    for (lock, outcome) in Lock::ALL.iter().flat_map(|lock| [(*lock, "excludes"), (*lock, "passes")]) {
        let count = found.counts.get(&(lock, outcome)).copied().unwrap_or(0);
        let all: usize = found.counts.iter().filter(|((of, _), _)| *of == lock).map(|(_, count)| count).sum();
        assert!(alone || count * 10 >= all, "{lock:?} {outcome} in {count} of {all} pairs only");
    }
}
