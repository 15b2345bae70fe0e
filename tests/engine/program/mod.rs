//! The real program in layouts: two containers call Claude Code at once with an expired login, and a token endpoint of
//! our own counts how often one refresh token is posted. Two is the race, one is safe, none is no refresh. What `check`,
//! `preflight` and `audit` say of the same containers is held against that.
//!
//! It is asked for with `OVERLOCK_REAL=1`; the versions of the program come with packages that are fetched then, and are
//! run as they are on a network that leads nowhere. Every token is made up. `OVERLOCK_REAL_REPEATS` is how often each
//! layout is started, `OVERLOCK_REAL_LAYOUT` parts of the names of those that are, with commas between them, `OVERLOCK_REAL_RANDOM` how many more
//! are drawn, from `OVERLOCK_REAL_SEED` on, and `OVERLOCK_REAL_WORKERS` how many are up at once. `OVERLOCK_REAL_NEWEST=1`
//! asks which locks the newest version makes.

mod agreement;
mod endpoint;
mod environments;
mod guards;
mod images;
mod installs;
mod layout;
mod locks;
mod mounts;
mod play;
mod project;
mod random;
mod root_files;
mod wheels;

use std::env;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::Instant;

use super::wanted::Wanted;
use super::{Engine, engine_and, say, skip};
use agreement::disagreements;
use layout::Layout;
use play::{Lab, Played};

/// Asks for these tests.
const ASKED: &str = "OVERLOCK_REAL";

/// What the images are made of, what fetches the program, and what makes certificates.
const WANTED: &[Wanted] = &[
    ("busybox", "busybox-static"),
    ("bash", "bash"),
    ("flock", "util-linux"),
    ("python3", "python3"),
    ("pip", "python3-pip"),
    ("openssl", "openssl"),
];

const REPEATS: usize = 3;
const RANDOM: usize = 20;
const SEED: u64 = 1;
const WORKERS: usize = 2;

fn number(name: &str, usual: usize) -> usize {
    let parsed = |text: String| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number"));
    env::var(name).map_or(usual, parsed)
}

/// The engine and all that the program needs there, which all tests share; nothing where it is not asked for, or something
/// is missing.
fn lab(test: &str) -> Option<&'static Lab<'static>> {
    static LAB: OnceLock<Result<Lab<'static>, String>> = OnceLock::new();
    if env::var(ASKED).as_deref() != Ok("1") {
        say(&format!("skipped, {test}: it fetches and runs the real program only where {ASKED}=1"));
        return None;
    }
    let engine: &'static Engine = engine_and(test, WANTED)?;
    let lab = LAB.get_or_init(|| Lab::new(engine, crate::oracle::compose()?));
    match lab {
        Ok(lab) => Some(lab),
        Err(why) => skip(test, why),
    }
}

/// Starts each layout as often as is asked, and tells what came of it.
fn play_all(lab: &'static Lab<'static>, layouts: &[Layout]) {
    let repeats = number("OVERLOCK_REAL_REPEATS", REPEATS);
    let only = env::var("OVERLOCK_REAL_LAYOUT").unwrap_or_default();
    let is_chosen = |layout: &&Layout| only.split(',').any(|part| layout.name.contains(part));
    let chosen: Vec<&Layout> = layouts.iter().filter(is_chosen).collect();
    let (next, wrong, started) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Instant::now());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let time = at / chosen.len().max(1) + 1;
            let Some(layout) = chosen.get(at % chosen.len().max(1)).filter(|_| time <= repeats) else { break };
            let played = play_until_met(lab, layout, time);
            let differing = disagreements(layout, &played);
            say(&line(&played, &differing));
            wrong.lock().unwrap().extend(differing);
        }
    };
    thread::scope(|scope| {
        for _ in 0..number("OVERLOCK_REAL_WORKERS", WORKERS) {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().unwrap();
    say(&format!(
        "the real program: {} layouts, {repeats} times each, in {:.0?}; {} disagreements",
        chosen.len(),
        started.elapsed(),
        wrong.len()
    ));
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}

/// How often a layout is started at most until the programs meet.
const ATTEMPTS: usize = 5;

/// Starts a layout. On a machine that is busy one program may start so late that the two do not meet, and what a health
/// check calls meets the same of the other container by chance: then once more.
fn play_until_met(lab: &'static Lab<'static>, layout: &Layout, time: usize) -> Played {
    let mut played = lab.play(layout, time);
    for _ in 1..ATTEMPTS {
        if played.count.min(2) >= layout.count {
            break;
        }
        say(&format!("{}: count {}, {} before: once more", played.name, played.count, layout.count));
        played = lab.play(layout, time);
    }
    played
}

fn line(played: &Played, differing: &[String]) -> String {
    let verdicts: Vec<String> = played.looks().map(|(verb, look)| format!("{verb} {}", look.verdicts())).collect();
    let mark = if differing.is_empty() { "" } else { "  <- " };
    format!(
        "{:<28} count {} in {:>2.0} s: {}{mark}{}",
        played.name,
        played.count,
        played.seconds,
        verdicts.join(", "),
        differing.join("; ")
    )
}

#[test]
fn verdicts_are_what_the_real_program_does() {
    let Some(lab) = lab("verdicts_are_what_the_real_program_does") else { return };
    let layouts = [mounts::layouts(), guards::layouts(), environments::layouts(), installs::layouts()];
    play_all(lab, &layouts.concat());
}

#[test]
fn verdicts_on_drawn_layouts_are_what_the_real_program_does() {
    let Some(lab) = lab("verdicts_on_drawn_layouts_are_what_the_real_program_does") else { return };
    let seed = number("OVERLOCK_REAL_SEED", usize::try_from(SEED).unwrap()) as u64;
    let count = number("OVERLOCK_REAL_RANDOM", RANDOM);
    say(&format!("OVERLOCK_REAL_SEED={seed} draws {count} layouts"));
    let layouts: Vec<Layout> = (0..count as u64).map(|case| random::layout(seed, case)).collect();
    play_all(lab, &layouts);
}
