//! `overlock watch` beside a real engine: who comes and goes is told once, and judged; over a cut of the connection too.

use std::env;
use std::fs;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::{Engine, Start, audit, engine};
use crate::watch::{Watching, changes, of};

const STATE: &str = "/home/agent/.claude";
/// Containers of a short life, and how many there are at a time.
const SHORT: usize = 200;
const AT_A_TIME: usize = 8;
const LIFE: Duration = Duration::from_millis(300);
/// How long watch waits for the kernel.
const PATIENCE: Duration = Duration::from_secs(1);

fn watching(more: &[&str]) -> Watching {
    Watching::new(audit::overlock(&[&["watch", "--format", "json"], more].concat()))
}

/// A directory that containers share.
fn shared(engine: &Engine) -> PathBuf {
    let source = engine.directory("watch").join("claude");
    fs::create_dir(&source).unwrap();
    source
}

fn start(engine: &Engine, stem: &str, source: &std::path::Path) -> Start {
    Start::participant(&engine.name(stem)).env("HOME", "/home/agent").bind(source, STATE)
}

/// One that takes a lock that no other can see, and no guard.
fn racing(engine: &Engine, stem: &str, source: &std::path::Path) -> Start {
    start(engine, stem, source).label("overlock.version", "2.1.98").label("overlock.guard", "none")
}

fn is_gone(turns: &[Value], name: &str) -> bool {
    of(turns, name).iter().any(|turn| turn["kind"] == "gone")
}

fn verdicts(turns: &[Value], name: &str) -> Vec<String> {
    of(turns, name).iter().map(|turn| format!("{} {}", turn["kind"], turn["verdict"]).replace('"', "")).collect()
}

#[test]
fn watch_sees_containers_of_a_short_life() {
    let Some(engine) = engine("watch_sees_containers_of_a_short_life") else { return };
    let source = shared(engine);
    let resident = engine.start(&start(engine, "resident", &source));
    let mut watching = watching(&[]);
    watching.until("it has begun", |turns| !of(turns, &resident.name).is_empty());
    let (left, names) = (AtomicUsize::new(SHORT), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    let mut short = engine.launch(&start(engine, "short", &source));
                    short.ready().unwrap();
                    thread::sleep(LIFE);
                    names.lock().unwrap().push(short.name.clone());
                }
            });
        }
    });
    let names = names.into_inner().unwrap();
    assert_eq!(names.len(), SHORT);
    watching.until("all are gone", |turns| names.iter().all(|name| is_gone(turns, name)));
    assert_eq!(watching.end(Signal::TERM).0, Some(0));
    for name in &names {
        let turns = of(&watching.turns, name);
        let times = |kind: &str| turns.iter().filter(|turn| turn["kind"] == kind).count();
        assert_eq!((times("created"), times("gone"), times("running"), times("started")), (1, 1, 0, 0), "{turns:#?}");
        assert_eq!((&turns[0]["kind"], &turns[0]["verdict"]), (&"created".into(), &"ok".into()), "{turns:#?}");
        assert_ne!(turns[0]["seen_by"], "event");
    }
    assert_eq!(verdicts(&watching.turns, &resident.name), ["running ok"]);
}

#[test]
fn watch_tells_of_a_resident_whose_verdict_changes() {
    let Some(engine) = engine("watch_tells_of_a_resident_whose_verdict_changes") else { return };
    let source = shared(engine);
    let resident = engine.start(&racing(engine, "resident", &source));
    let mut watching = watching(&[]);
    watching.until("it has begun", |turns| !of(turns, &resident.name).is_empty());
    let visitor = engine.start(&racing(engine, "visitor", &source));
    let name = visitor.name.clone();
    watching.until("the visitor is told", |turns| !of(turns, &name).is_empty());
    drop(visitor);
    watching.until("it is gone", |turns| is_gone(turns, &name));
    let (status, took) = watching.end(Signal::INT);
    assert_eq!(status, Some(0));
    assert!(took < Duration::from_millis(500), "{took:?}");
    // What becomes of the login is told of the visitor, and not of the resident too.
    assert_eq!(verdicts(&watching.turns, &resident.name), ["running ok"]);
    // Where the kernel is looked at late, it may show more of what was told already.
    let mut told = verdicts(&watching.turns, &name);
    told.retain(|one| one != "changed error");
    assert_eq!(told, ["created error", "gone error"]);
    let told = changes(&watching.turns);
    let own: Vec<_> = told.iter().filter(|change| change.starts_with(&format!("{name} "))).collect();
    assert_eq!(own, [&format!("{name} ok error"), &format!("{name} error ok")]);
    let created = of(&watching.turns, &name)[0];
    assert_eq!(created["logins"], of(&watching.turns, &resident.name)[0]["logins"], "{created:#}");
    let finding = &created["findings"][0];
    let rules = finding["rules"].as_array().unwrap();
    assert!(rules.contains(&"unguarded-share".into()), "{created:#}");
    let hits: Vec<_> = finding["hits"].as_array().unwrap().iter().map(|hit| hit["container"].clone()).collect();
    assert!(hits.contains(&name.into()) && hits.contains(&resident.name.clone().into()), "{created:#}");
}

#[test]
fn watch_waits_for_the_kernel_before_it_tells_of_one_that_starts() {
    let Some(engine) = engine("watch_waits_for_the_kernel_before_it_tells_of_one_that_starts") else { return };
    let (source, package) = (shared(engine), engine.directory("package"));
    fs::write(package.join("package.json"), r#"{"name": "@anthropic-ai/claude-code", "version": "2.1.330"}"#).unwrap();
    // Which version it runs only its files tell, and without one the two would race.
    let begun = |stem: &str| {
        let start = Start::new(&engine.name(stem)).label("overlock.role", "batch").env("HOME", "/home/agent");
        let start = start.env("PATH", "/opt/none").bind(&source, STATE);
        start.bind(&package, "/usr/local/lib/node_modules/@anthropic-ai/claude-code")
    };
    let resident = engine.start(&begun("resident"));
    let late = begun("late");
    let label = format!("{}={}", super::sweep::LABEL, engine.run);
    let create = ["create", "-i", "--network", "none", "--label", &label, "--name", &late.name];
    let options: Vec<&str> = late.options.iter().map(String::as_str).collect();
    super::must("docker", &[&create[..], &options, &[&engine.image]].concat());
    let mut watching = watching(&[]);
    watching.until("it has begun", |turns| !of(turns, &resident.name).is_empty());
    let beginning = Instant::now();
    super::must("docker", &["start", &late.name]);
    watching.until("it is told of", |turns| !of(turns, &late.name).is_empty());
    let took = beginning.elapsed();
    if of(&watching.turns, &late.name)[0]["seen_by"] == "engine" {
        // A machine with so much to do that the kernel was not looked at in time: that is not waited for any longer.
        assert!(took >= PATIENCE, "{took:?}: {:#?}", watching.turns);
        watching.until("the kernel is looked at", |turns| of(turns, &late.name).len() > 1);
        assert_eq!(verdicts(&watching.turns, &late.name), ["started error", "changed ok"]);
        return;
    }
    super::must("docker", &["rm", "--force", &late.name]);
    watching.until("it is gone", |turns| is_gone(turns, &late.name));
    assert_eq!(verdicts(&watching.turns, &late.name), ["started ok", "gone ok"]);
    assert_eq!(of(&watching.turns, &late.name)[0]["seen_by"], "kernel");
    assert_eq!(verdicts(&watching.turns, &resident.name), ["running ok"], "and nobody else was alarmed");
}

#[test]
fn watch_tells_of_the_others_where_that_is_wanted() {
    let Some(engine) = engine("watch_tells_of_the_others_where_that_is_wanted") else { return };
    let (mut some, mut all) = (watching(&[]), watching(&["--all"]));
    let source = shared(engine);
    let begun = engine.start(&start(engine, "begun", &source));
    for watching in [&mut some, &mut all] {
        watching.until("it has begun", |turns| !of(turns, &begun.name).is_empty());
    }
    let other = engine.start(&Start::new(&engine.name("other")).label("overlock.role", "none")).name.clone();
    // That the program is in its image only the kernel shows: it is told of once, when that is known.
    let plain = engine.start(&Start::new(&engine.name("plain")));
    some.until("the plain one is looked at", |turns| !of(turns, &plain.name).is_empty());
    assert_eq!(some.kinds(&plain.name), ["created"]);
    assert_eq!(of(&some.turns, &plain.name)[0]["seen_by"], "kernel");
    let last = engine.start(&start(engine, "last", &source));
    all.until("the other is gone", |turns| is_gone(turns, &other));
    some.until("the last is there", |turns| !of(turns, &last.name).is_empty());
    assert_eq!(verdicts(&all.turns, &other), ["created not-a-participant", "gone not-a-participant"]);
    assert_eq!(some.kinds(&other), [] as [&str; 0]);
}

/// A way to the engine that can be cut.
struct Way {
    open: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<UnixStream>>>,
    address: String,
}

impl Way {
    fn new(engine: &Engine) -> Self {
        let real = env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
        let real = PathBuf::from(real.strip_prefix("unix://").expect("these tests want the engine on a Unix socket"));
        let socket = engine.directory("way").join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let (open, streams) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Vec::new())));
        let way = Self {
            open: Arc::clone(&open),
            streams: Arc::clone(&streams),
            address: format!("unix://{}", socket.display()),
        };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut kept = streams.lock().unwrap();
                if !open.load(Ordering::Relaxed) {
                    continue;
                }
                let Ok(other) = UnixStream::connect(&real) else { continue };
                for (from, to) in [(&stream, &other), (&other, &stream)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || {
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
                kept.extend([stream, other]);
            }
        });
        way
    }

    fn cut(&self) {
        self.open.store(false, Ordering::Relaxed);
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn fix(&self) {
        self.open.store(true, Ordering::Relaxed);
    }
}

/// What is told of a container, without what others on the same engine make of it: one of theirs that was being inspected
/// when the way was cut may still be there, and leaves everybody undetermined until the engine answers again.
fn told_by<'a>(turns: &'a [Value], name: &str, own: &[&str]) -> Vec<&'a Value> {
    let mut is_foreign = false;
    let mut told = of(turns, name);
    told.retain(|turn| {
        // Peers are named beside the message, whoever is to blame.
        let findings = turn["findings"].as_array().into_iter().flatten();
        let why = findings.map(|finding| finding["message"].to_string()).collect::<String>();
        let is_back = is_foreign && turn["before"] == "undetermined";
        let is_named = own.iter().any(|own| *own != name && why.contains(own));
        is_foreign = turn["verdict"] == "undetermined" && !is_named;
        turn["kind"] != "changed" || !(is_foreign || is_back)
    });
    told
}

#[test]
fn watch_goes_on_where_the_engine_went_away() {
    let Some(engine) = engine("watch_goes_on_where_the_engine_went_away") else { return };
    let (source, way) = (shared(engine), Way::new(engine));
    let launched = |stem| engine.start(&start(engine, stem, &source));
    let stays = launched("stays");
    let mut watching = watching(&["--host", &way.address]);
    watching.until("it has begun", |turns| !of(turns, &stays.name).is_empty());
    let leaves = launched("leaves");
    let left = leaves.name.clone();
    watching.until("who leaves came", |turns| !of(turns, &leaves.name).is_empty());
    way.cut();
    watching.until_said("it is tried again until it answers");
    drop(leaves);
    let comes = launched("comes");
    let passes = launched("passes").name.clone();
    way.fix();
    watching.until_said("the engine answers again");
    let late = launched("late");
    watching.until("all is told", |turns| {
        is_gone(turns, &left) && [&comes, &late].iter().all(|probe| !of(turns, &probe.name).is_empty())
    });
    assert_eq!(watching.end(Signal::TERM).0, Some(0));
    let own = [&stays.name, &left, &comes.name, &passes, &late.name].map(String::as_str);
    for (name, kinds) in [(&stays.name, &["running"][..]), (&left, &["created", "gone"])] {
        let told = told_by(&watching.turns, name, &own);
        assert_eq!(told.iter().map(|turn| turn["kind"].as_str().unwrap()).collect::<Vec<_>>(), kinds, "{told:#?}");
    }
    for probe in [&comes, &late] {
        assert_eq!(verdicts(&watching.turns, &probe.name), ["created ok"]);
    }
    // Who came and went meanwhile is known of where the engine still remembers it, and nobody could look.
    let told = verdicts(&watching.turns, &passes);
    assert!(told.is_empty() || told == ["created undetermined", "gone undetermined"], "{told:?}");
    assert_eq!(watching.err.matches("tried again").count(), 1, "{}", watching.err);
}
