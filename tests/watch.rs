//! `overlock watch`, with engines that break off, talk nonsense or hang: a socket with threads behind it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::harness::{command, request, root};

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(120);

/// A watch that goes on, and what it told so far.
pub(crate) struct Watching {
    child: Child,
    lines: Receiver<String>,
    told: Receiver<String>,
    /// Each line so far, which fits the schema.
    pub(crate) turns: Vec<Value>,
    /// Standard error so far.
    pub(crate) err: String,
}

fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let text = fs::read_to_string(root().join("docs/watch.schema.json")).unwrap();
        let schema = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
        assert!(!schema.is_valid(&json!({ "schema_version": 1 })));
        schema
    })
}

/// The lines of a stream as they come.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = mpsc::channel();
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        while stream.read_line(&mut line).is_ok_and(|read| read > 0) {
            if to.send(std::mem::take(&mut line)).is_err() {
                break;
            }
        }
    });
    lines
}

impl Watching {
    pub(crate) fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { child, lines: lines(out), told: lines(err), turns: Vec::new(), err: String::new() }
    }

    /// Waits until what was told is enough.
    pub(crate) fn until(&mut self, what: &str, enough: impl Fn(&[Value]) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !enough(&self.turns) {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.take(&line),
                Err(why) => {
                    self.errors();
                    panic!("{what} ({why}): {}\n{:#?}", self.err, self.turns);
                }
            }
        }
    }

    /// The same of standard error.
    pub(crate) fn until_said(&mut self, what: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.err.contains(what) {
            let line = self.told.recv_timeout(end.saturating_duration_since(Instant::now()));
            self.err += &line.unwrap_or_else(|_| panic!("{what} is not said: {}", self.err));
        }
    }

    /// Takes what was told in the meantime.
    pub(crate) fn drain(&mut self) {
        let lines: Vec<String> = self.lines.try_iter().collect();
        for line in &lines {
            self.take(line);
        }
        self.errors();
    }

    fn errors(&mut self) {
        self.err.extend(self.told.try_iter());
    }

    fn take(&mut self, line: &str) {
        assert!(line.ends_with('\n'), "half a line: {line}");
        let turn: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let wrong: Vec<String> =
            schema().iter_errors(&turn).map(|error| format!("{error} at {}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{wrong:?} in {turn:#}");
        self.turns.push(turn);
    }

    /// Sends a signal, and gives the exit status and how long the end took; all that was told are whole lines.
    pub(crate) fn end(&mut self, signal: Signal) -> (Option<i32>, Duration) {
        let before = Instant::now();
        // `kill` is a program of its own package, which a small Debian does not have.
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        (self.status(), before.elapsed())
    }

    /// Waits until it ends by itself.
    pub(crate) fn status(&mut self) -> Option<i32> {
        let status = self.child.wait().unwrap().code();
        // The streams end with the process.
        let rest: Vec<String> = self.lines.iter().collect();
        for line in rest {
            self.take(&line);
        }
        self.err.extend(self.told.iter());
        status
    }

    /// The most memory that it had so far, in kB.
    pub(crate) fn peak_memory_kb(&self) -> u64 {
        peak_memory_kb(self.child.id()).unwrap()
    }

    /// The kinds of a container's turns, by its name.
    pub(crate) fn kinds(&self, name: &str) -> Vec<&str> {
        of(&self.turns, name).iter().map(|turn| turn["kind"].as_str().unwrap()).collect()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that a process had so far, in kB; `None` where it is gone.
pub(crate) fn peak_memory_kb(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// What was told of a container.
pub(crate) fn of<'a>(turns: &'a [Value], name: &str) -> Vec<&'a Value> {
    turns.iter().filter(|turn| turn["container"] == name).collect()
}

/// Each change of a login's verdict: the container that caused it, the verdict before and after.
pub(crate) fn changes(turns: &[Value]) -> Vec<String> {
    let told = |turn: &Value, change: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", text(&turn["container"]), text(&change["before"]), text(&change["verdict"]))
    };
    let mut all = Vec::new();
    for turn in turns {
        all.extend(turn["changes"].as_array().unwrap().iter().map(|change| told(turn, change)));
    }
    all
}

/// How long a fake engine takes before each event, and before it goes away: long enough to be asked about what it told.
const PACE: Duration = Duration::from_millis(150);

/// An engine with this list, these inspections, and for each subscription the lines that it sends, and whether it stays
/// after the last.
#[derive(Clone, Default)]
struct Fake {
    /// Of what runs; `None` where it never answers.
    list: Option<String>,
    /// Of all that there is.
    all: String,
    inspections: BTreeMap<&'static str, (u16, String)>,
    /// A container about which no answer comes.
    silent: Option<&'static str>,
    events: Vec<(Vec<String>, bool)>,
    subscribed: Arc<AtomicUsize>,
    /// What it tells of itself.
    info: Option<&'static str>,
}

impl Fake {
    fn serve(self, directory: &Path) -> String {
        let socket = directory.join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let fake = self.clone();
                thread::spawn(move || fake.answer(stream));
            }
        });
        format!("unix://{}", socket.display())
    }

    fn answer(&self, mut stream: UnixStream) -> Option<()> {
        let request = request(&mut stream)?;
        let text = String::from_utf8_lossy(&request).into_owned();
        let (path, query) = text.split(' ').nth(1).map(|path| path.split_once('?').unwrap_or((path, "")))?;
        if path == "/events" {
            let at = self.subscribed.fetch_add(1, Ordering::Relaxed);
            let Some((lines, stays)) = self.events.get(at).or(self.events.last()) else {
                return stream.write_all(b"HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n").ok();
            };
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n").ok()?;
            for line in lines {
                thread::sleep(PACE);
                stream.write_all(line.as_bytes()).ok()?;
            }
            thread::sleep(PACE);
            return if *stays { stream.read(&mut [0; 4096]).ok().map(drop) } else { Some(()) };
        }
        let inspected = path.strip_prefix("/containers/").and_then(|rest| rest.strip_suffix("/json"));
        let (status, body) = match (path, inspected) {
            ("/containers/json", _) if query.contains("all=true") => (200, self.all.clone()),
            ("/containers/json", _) => match &self.list {
                Some(list) => (200, list.clone()),
                None => return stream.read(&mut [0; 4096]).ok().map(drop),
            },
            (_, Some(id)) if self.silent == Some(id) => return stream.read(&mut [0; 4096]).ok().map(drop),
            (_, Some(id)) => self.inspections.get(id).cloned().unwrap_or((404, "{}".to_owned())),
            ("/info", _) => (200, self.info.unwrap_or("{}").to_owned()),
            _ => (200, "{}".to_owned()),
        };
        let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}", body.len());
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).ok()
    }
}

fn event(id: &str, action: &str, at: i64) -> String {
    let attributes = json!({ "name": format!("name-{id}"), "image": "i", "overlock.role": "batch" });
    let actor = json!({ "ID": id, "Attributes": attributes });
    // Later than any clock of this machine.
    let time = 4_000_000_000 + at;
    let event = json!({ "Type": "container", "Action": action, "Actor": actor, "time": time });
    format!("{event}\n")
}

fn inspection(id: &str, running: bool) -> (u16, String) {
    let body = json!({
        "Id": id, "Name": format!("/name-{id}"), "Path": "claude", "Args": ["-p", "x"],
        "State": { "Running": running, "Pid": 0 },
        "Config": { "Image": "i", "Env": ["HOME=/home/agent"], "Labels": { "overlock.role": "batch" } },
        "Mounts": [{ "Type": "bind", "Source": "/srv/claude", "Destination": "/home/agent/.claude", "RW": true }],
    });
    (200, body.to_string())
}

fn watch(directory: &Path, address: &str) -> Command {
    // Without a kernel to ask, nothing of this machine is in what is told.
    let proc = directory.join("proc");
    fs::create_dir_all(&proc).unwrap();
    command(directory, &["watch", "--format", "json", "--host", address, "--proc", proc.to_str().unwrap()])
}

fn fake(events: Vec<(Vec<String>, bool)>) -> Fake {
    let inspections =
        BTreeMap::from([("a", inspection("a", false)), ("b", inspection("b", false)), ("d", (500, "{}".to_owned()))]);
    let all = r#"[{"Id":"a","Names":["/name-a"],"State":"created","Created":1}]"#.to_owned();
    Fake { list: Some("[]".to_owned()), all, inspections, events, ..Fake::default() }
}

#[test]
fn nonsense_among_the_events_is_told_once_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let odd = |text: &str| format!("{text}\n");
    let lines = vec![
        odd("hunter2"),
        event("a", "create", 1),
        odd(r#"{"Type":"galaxy","Action":"create","Actor":{"ID":"x"},"time":4000000001}"#),
        odd(r#"{"Type":"container","Action":"levitate","Actor":{"ID":"a"},"time":4000000001}"#),
        odd("{\"Type\": \"hunter2"),
        event("a", "create", 1),
        odd(""),
        event("b", "create", 2),
        event("b", "die", 3),
        event("b", "destroy", 3),
        event("a", "die", 4),
    ];
    let address = fake(vec![(lines, true)]).serve(directory.path());
    let mut watching = Watching::new(watch(directory.path(), &address));
    watching.until("a is gone", |turns| of(turns, "name-a").iter().any(|turn| turn["kind"] == "gone"));
    assert_eq!(watching.end(Signal::TERM).0, Some(0));
    assert_eq!(watching.kinds("name-a"), ["created", "gone"]);
    assert_eq!(watching.kinds("name-b"), ["created", "gone"]);
    // What becomes of the login is told once, with the container that is why.
    assert_eq!(changes(&watching.turns), ["name-a - ok", "name-b ok error", "name-b error ok", "name-a ok -"]);
    let rival = of(&watching.turns, "name-b")[0];
    assert_eq!((&rival["verdict"], &rival["logins"][0]), (&json!("error"), &rival["changes"][0]["login"]));
    let hits = rival["findings"][0]["hits"].as_array().unwrap();
    let hit: Vec<_> = hits.iter().map(|hit| hit["container"].as_str().unwrap()).collect();
    assert_eq!(hit, ["name-a", "name-b"], "{rival:#}");
    assert_eq!(watching.turns.iter().filter(|turn| turn["container"] == "name-x").count(), 0);
    assert_eq!(watching.err.matches("an event that could not be read").count(), 1, "{}", watching.err);
    assert!(!watching.err.contains("hunter2"), "{}", watching.err);
}

#[test]
fn one_that_could_not_be_inspected_is_told_as_undetermined() {
    let directory = tempfile::tempdir().unwrap();
    let lines = vec![event("c", "create", 1), event("c", "destroy", 2), event("d", "create", 3)];
    let address = fake(vec![(lines, true)]).serve(directory.path());
    let mut watching = Watching::new(watch(directory.path(), &address));
    watching.until("d is told", |turns| !of(turns, "name-d").is_empty());
    for (name, why) in [("name-c", "gone before it could be inspected"), ("name-d", "status 500")] {
        let turn = of(&watching.turns, name)[0];
        assert_eq!(
            (&turn["kind"], &turn["verdict"], &turn["seen_by"]),
            (&json!("created"), &json!("undetermined"), &json!("event"))
        );
        assert!(turn["gaps"][0].as_str().unwrap().contains(why), "{turn:#}");
        assert_eq!((&turn["image"], turn["time"].as_str().unwrap().get(..4)), (&json!("i"), Some("2096")));
    }
    assert_eq!(watching.kinds("name-c"), ["created", "gone"]);
}

/// Whether `a` becomes undetermined: waits until it does where that is expected, else until the other container is gone.
fn is_endangered(fake: Fake, other: &str, expected: bool) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let address = fake.serve(directory.path());
    let mut watching = Watching::new(watch(directory.path(), &address));
    let is_undetermined = |turns: &[Value]| changes(turns).iter().any(|change| change.ends_with(" ok undetermined"));
    let is_gone = |turns: &[Value]| of(turns, other).iter().any(|turn| turn["kind"] == "gone");
    watching.until("what is expected", |turns| if expected { is_undetermined(turns) } else { is_gone(turns) });
    assert_eq!(of(&watching.turns, "name-a")[0]["verdict"], "ok");
    is_undetermined(&watching.turns)
}

#[test]
fn one_whose_end_is_known_when_its_inspection_fails_endangers_nobody() {
    let all = |actions: &[&str]| (2..).zip(actions).map(|(at, action)| event("d", action, at)).collect::<String>();
    for (actions, expected) in [
        (&["create", "start", "die", "destroy"][..], false),
        (&["create", "start"], true),
        (&["create", "start", "die", "start"], true),
    ] {
        // All of it comes at once, before anything is answered about it.
        let lines = vec![event("a", "create", 1), all(actions)];
        assert_eq!(is_endangered(fake(vec![(lines, true)]), "name-d", expected), expected, "{actions:?}");
    }
}

#[test]
fn one_that_ended_before_the_engine_went_away_endangers_nobody() {
    for (action, expected) in [("destroy", false), ("rename", true)] {
        let lines = vec![event("a", "create", 1), event("c", "create", 2), event("c", action, 3)];
        let fake = Fake { silent: Some("c"), ..fake(vec![(lines, false), (Vec::new(), true)]) };
        assert_eq!(is_endangered(fake, "name-c", expected), expected, "{action}");
    }
}

#[test]
fn a_torn_event_is_the_end_of_a_stream_and_not_of_the_watch() {
    let directory = tempfile::tempdir().unwrap();
    let torn = event("b", "create", 2);
    let first = vec![event("a", "create", 1), torn[..torn.len() / 2].to_owned()];
    // As an engine does that is asked for what it told already.
    let again = vec![event("a", "create", 1), event("b", "create", 2)];
    let address = fake(vec![(first, false), (again, true)]).serve(directory.path());
    let mut watching = Watching::new(watch(directory.path(), &address));
    watching.until("b is told", |turns| !of(turns, "name-b").is_empty());
    watching.until_said("the engine answers again");
    assert_eq!(watching.end(Signal::INT).0, Some(0));
    assert_eq!((watching.kinds("name-a"), watching.kinds("name-b")), (vec!["created"], vec!["created"]));
    assert_eq!(changes(&watching.turns), ["name-a - ok", "name-b ok error"]);
    assert_eq!(watching.err.matches("tried again").count(), 1, "{}", watching.err);
}

#[test]
fn what_a_list_does_not_have_any_more_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let events = vec![(vec![event("a", "create", 1)], false), (Vec::new(), true)];
    let address = Fake { all: "[]".to_owned(), ..fake(events) }.serve(directory.path());
    let mut watching = Watching::new(watch(directory.path(), &address));
    watching.until("a is gone", |turns| of(turns, "name-a").iter().any(|turn| turn["kind"] == "gone"));
    assert_eq!(watching.kinds("name-a"), ["created", "gone"]);
}

#[test]
fn one_that_a_list_told_gone_is_not_told_gone_again_by_older_events() {
    // By the engine's clock the list comes after all of these.
    for (info, kinds) in [
        (Some(r#"{"SystemTime":"2096-10-02T07:06:50.5Z"}"#), &["created", "gone"][..]),
        (Some(r#"{"SystemTime":"2096-10-02T07:06:41.5Z"}"#), &["created", "gone", "started", "gone"]),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let backlog = vec![event("a", "start", 2), event("a", "die", 3), event("b", "create", 20)];
        let events = vec![(vec![event("a", "create", 1)], false), (backlog, true)];
        let address = Fake { all: "[]".to_owned(), info, ..fake(events) }.serve(directory.path());
        let mut watching = Watching::new(watch(directory.path(), &address));
        watching.until("b is told", |turns| !of(turns, "name-b").is_empty());
        assert_eq!(watching.kinds("name-a"), kinds, "{info:?}");
    }
}

#[test]
fn a_line_for_people_says_what_became_of_the_login_and_by_whom() {
    let directory = tempfile::tempdir().unwrap();
    let lines = vec![event("a", "create", 1), event("b", "create", 2), event("b", "die", 3), event("a", "die", 4)];
    let address = fake(vec![(lines, true)]).serve(directory.path());
    let proc = directory.path().join("proc");
    fs::create_dir_all(&proc).unwrap();
    let mut call = command(directory.path(), &["watch", "--host", &address, "--proc", proc.to_str().unwrap()]);
    let mut child = call.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = lines_of(child.stdout.take().unwrap(), 4);
    let _ = child.kill();
    let _ = child.wait();
    let [alone, rival, left, last] = lines.try_into().unwrap();
    assert!(alone.contains(" created name-a: ok: "), "{alone}");
    assert!(rival.contains(" created name-b: error[unguarded-share] "), "{rival}");
    assert!(rival.contains("; /srv/claude is error now, ok before: 2 containers "), "{rival}");
    assert!(left.ends_with(" gone name-b: /srv/claude is ok now, error before"), "{left}");
    assert!(last.ends_with(" gone name-a"), "{last}");
}

/// The first lines of a stream.
fn lines_of(stream: impl Read, count: usize) -> Vec<String> {
    BufReader::new(stream).lines().take(count).map(Result::unwrap).collect()
}

#[test]
fn an_engine_that_is_not_there_at_the_beginning_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = format!("unix://{}/nothing.sock", directory.path().display());
    let mut watching = Watching::new(watch(directory.path(), &nowhere));
    assert_eq!(watching.status(), Some(2));
    assert!(watching.err.contains("cannot connect to the engine"), "{}", watching.err);
    let refusing = fake(Vec::new()).serve(directory.path());
    let mut watching = Watching::new(watch(directory.path(), &refusing));
    assert_eq!((watching.status(), watching.turns.len()), (Some(2), 0));
    assert!(watching.err.contains("refused GET /events: status 403"), "{}", watching.err);
    let mut from = Watching::new(command(directory.path(), &["watch", "--from", "x.json"]));
    assert_eq!(from.status(), Some(2));
    assert!(from.err.contains("overlock audit --from FILE"), "{}", from.err);
}

#[test]
fn it_ends_quietly_when_nobody_reads() {
    let directory = tempfile::tempdir().unwrap();
    // A second subscription tells what nobody reads any more.
    let events = vec![(vec![event("a", "create", 1)], false), (vec![event("b", "create", 2)], true)];
    let mut command = watch(directory.path(), &fake(events).serve(directory.path()));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(!err.contains("ipe"), "{err}");
}

#[test]
fn a_signal_ends_it_whatever_it_waits_for() {
    for signal in [Signal::TERM, Signal::INT] {
        let directory = tempfile::tempdir().unwrap();
        let fake = Fake { list: None, ..fake(vec![(Vec::new(), true)]) };
        let subscribed = Arc::clone(&fake.subscribed);
        let mut watching = Watching::new(watch(directory.path(), &fake.serve(directory.path())));
        while subscribed.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        let (status, took) = watching.end(signal);
        assert_eq!((status, watching.turns.len()), (Some(0), 0), "{}", watching.err);
        assert!(took < Duration::from_millis(500), "{took:?}");
    }
}
