//! What a container or an engine controls, through `audit`, `report` and `watch`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::fake_host::{Answer, Fake, FakeHost, serve, verdict};
use crate::harness::command;
use crate::watch::{Watching, of, peak_memory_kb};

/// Runs the program on the login at `/srv/claude`.
const AGENT: Fake = Fake {
    name: "agent",
    pid: 101,
    words: &["claude", "-p", "x"],
    mounts: &["bind:/srv/claude:/srv/claude"],
    env: &["HOME=/home/agent", "CLAUDE_CONFIG_DIR=/srv/claude"],
    inspection: None,
};

/// Has nothing to do with it.
const OTHER: Fake = Fake {
    name: "other",
    pid: 102,
    words: &["nginx"],
    mounts: &["bind:/srv/www:/www"],
    env: &["HOME=/root"],
    inspection: None,
};

/// Cannot be inspected.
fn silent(mounts: &'static [&'static str], inspection: Answer) -> Fake {
    Fake { name: "silent", pid: 0, words: &["sh"], mounts, env: &[], inspection: Some(inspection) }
}

/// Audits these containers on a host where those that have a process show it.
fn audit(containers: &[Fake], timeout: u64) -> (Value, i32, Duration) {
    let host = FakeHost::new();
    containers.iter().filter(|one| one.pid > 0).for_each(|one| host.start(one));
    let address = host.engine(containers.to_vec());
    let begun = Instant::now();
    let run = host.run(&address, &["audit", "--format", "json", "--timeout", &timeout.to_string()]);
    (run.json(), run.status, begun.elapsed())
}

#[test]
fn a_lone_container_on_the_fake_host_is_ok() {
    let (report, status, _) = audit(&[AGENT, OTHER], 20);
    assert_eq!((verdict(&report, "agent"), status), (Some("ok"), 0), "{report:#}");
}

#[test]
fn a_container_that_is_not_inspected_leaves_nobody_ok_whom_it_may_reach() {
    let failed = || Answer::Say(500, "{}".to_owned());
    for (mounts, wanted, status) in [
        // The directory itself, where the program is not known to look; what is above it; what is inside it.
        (&["bind:/srv/claude:/state"][..], "undetermined", 3),
        (&["bind:/srv:/data"], "undetermined", 3),
        (&["bind:/:/host"], "undetermined", 3),
        (&["bind:/srv/claude/.credentials.json:/state/.credentials.json"], "undetermined", 3),
        (&["bind:/srv/www:/www", "bind:/srv/claude:/data/x"], "undetermined", 3),
        // Where the program would look in most containers: it counts as one that shares.
        (&["bind:/srv/claude:/home/agent/.claude"], "error", 1),
        // A link on the host.
        (&["bind:/srv/link:/data"], "undetermined", 3),
        // Nobody told what it mounts.
        (&[], "undetermined", 3),
        // Somewhere else.
        (&["bind:/srv/claude2:/state"], "ok", 3),
        (&["bind:/srv/www:/home/agent/.claude"], "ok", 3),
        (&["volume:logins:/home/agent/.claude"], "ok", 3),
    ] {
        let host = FakeHost::new();
        for one in &[AGENT, OTHER] {
            host.start(one);
        }
        std::os::unix::fs::symlink("claude", host.root().join("srv/link")).unwrap();
        let address = host.engine(vec![AGENT, OTHER, silent(mounts, failed())]);
        let run = host.run(&address, &["audit", "--format", "json"]);
        let report = run.json();
        assert_eq!(verdict(&report, "agent"), Some(wanted), "{mounts:?} {report:#}");
        assert_eq!(run.status, status, "{mounts:?} {report:#}");
        // It is told of, whatever it mounts.
        assert!(report["diagnostics"].to_string().contains("silent"), "{mounts:?} {report:#}");
    }
}

#[test]
fn a_container_that_the_engine_lists_and_denies_is_a_gap() {
    let no_id = || Answer::Say(200, "{}".to_owned());
    let another = || Answer::Say(200, json!({"Id": "f".repeat(64), "State": {"Running": true}}).to_string());
    let ended = || Answer::Say(200, json!({"Id": silent(&[], no_id()).id(), "State": {"Running": false}}).to_string());
    let empty = || Answer::Say(200, String::new());
    for answer in [Answer::Say(404, "{}".to_owned()), no_id(), another(), ended(), empty()] {
        for (mounts, wanted) in [(&["bind:/srv/claude:/state"][..], "undetermined"), (&["bind:/srv/www:/www"], "ok")] {
            let (report, status, _) = audit(&[AGENT, OTHER, silent(mounts, answer.clone())], 20);
            assert_eq!((verdict(&report, "agent"), status), (Some(wanted), 3), "{report:#}");
            assert!(report["diagnostics"].to_string().contains("silent"), "{report:#}");
        }
    }
}

/// Audits beside a container that is no longer listed once it was asked about.
fn audit_beside_one_that_ends(mounts: &'static [&'static str]) -> (Value, i32) {
    let host = FakeHost::new();
    host.start(&AGENT);
    let gone = silent(mounts, Answer::Say(404, "{}".to_owned()));
    let (before, after) = (FakeHost::answers(vec![AGENT, gone.clone()]), FakeHost::answers(vec![AGENT]));
    let was_asked = AtomicBool::new(false);
    let address = serve(host.path(), move |path, stream| {
        let is_over = was_asked.load(Ordering::SeqCst);
        was_asked.fetch_or(path.contains(&gone.id()), Ordering::SeqCst);
        if is_over { after(path, stream) } else { before(path, stream) }
    });
    let run = host.run(&address, &["audit", "--format", "json"]);
    (run.json(), run.status)
}

#[test]
fn a_container_that_ended_while_it_was_looked_at_leaves_nobody_ok_whom_it_reached() {
    for (mounts, wanted) in [
        (&["bind:/srv/claude:/state"][..], ("undetermined", 3)),
        (&["bind:/srv:/data"], ("undetermined", 3)),
        (&[], ("undetermined", 3)),
        // It is known to have shared nothing.
        (&["bind:/srv/www:/www"], ("ok", 0)),
    ] {
        let (report, status) = audit_beside_one_that_ends(mounts);
        assert_eq!((verdict(&report, "agent").unwrap(), status), wanted, "{mounts:?} {report:#}");
    }
}

#[test]
fn one_time_limit_is_for_all_of_a_plan() {
    let host = FakeHost::new();
    host.start(&AGENT);
    let compose = "services:\n  one: {image: a, command: claude -p}\n  two: {image: b, command: claude -p}\n";
    fs::write(host.path().join("compose.yaml"), compose).unwrap();
    let known = FakeHost::answers(vec![AGENT]);
    let address = serve(host.path(), move |path, stream| {
        // The list comes late, and what an image is never.
        match path {
            _ if path.contains("/images/") => Answer::Hang.give(stream),
            _ if path.ends_with("/containers/json") => {
                std::thread::sleep(Duration::from_millis(1500));
                known(path, stream);
            }
            _ => known(path, stream),
        }
    });
    let begun = Instant::now();
    let run = host.run(&address, &["preflight", "--format", "json", "--timeout", "3"]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(run.status, 3, "{} {}", run.out, run.err);
    // What was known is kept.
    assert!(verdict(&run.json(), "agent").is_some(), "{}", run.out);
}

#[test]
fn a_slow_answer_about_one_container_costs_no_more_than_the_timeout_and_none_of_the_rest() {
    for inspection in [Answer::Hang, Answer::Trickle("{}".to_owned()), Answer::Torn("{\"Id\": \"x\"}".to_owned(), 3)] {
        for (mounts, wanted) in [(&["bind:/srv:/data"][..], "undetermined"), (&["bind:/srv/www:/www"], "ok")] {
            let (report, status, took) = audit(&[AGENT, OTHER, silent(mounts, inspection.clone())], 3);
            assert!(took < Duration::from_secs(4), "{took:?}");
            assert_eq!((verdict(&report, "agent"), status), (Some(wanted), 3), "{report:#}");
        }
    }
}

#[test]
fn a_process_of_a_container_that_is_not_inspected_shows_what_it_mounts() {
    // The list tells nothing of its mounts; its process does.
    for (mounts, wanted) in [(&["bind:/srv/www:/www"][..], "ok"), (&["bind:/srv/claude:/state"], "undetermined")] {
        let host = FakeHost::new();
        let hidden = Fake { pid: 103, ..silent(mounts, Answer::Say(500, "{}".to_owned())) };
        for one in [&AGENT, &OTHER, &hidden] {
            host.start(one);
        }
        let address = host.engine(vec![AGENT, OTHER, Fake { mounts: &[], ..hidden }]);
        let run = host.run(&address, &["audit", "--format", "json"]);
        let report = run.json();
        assert_eq!((verdict(&report, "agent"), run.status), (Some(wanted), 3), "{report:#}");
    }
}

#[test]
fn an_engine_that_never_lists_is_left_after_the_timeout() {
    for command in ["audit", "report"] {
        for answer in [Answer::Hang, Answer::Trickle("[]".to_owned())] {
            let host = FakeHost::new();
            let address = serve(host.path(), move |_, stream: &mut UnixStream| answer.give(stream));
            let begun = Instant::now();
            let state = if command == "report" { &["--state", "state"][..] } else { &[] };
            fs::create_dir_all(host.path().join("state")).unwrap();
            let run = host.run(&address, &[&[command, "--timeout", "2"], state].concat());
            assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
            assert_eq!(run.status, 2, "{} {}", run.out, run.err);
            assert!(format!("{}{}", run.out, run.err).contains("did not answer"), "{} {}", run.out, run.err);
        }
    }
}

/// What a watch needs at most.
const MOST_MEMORY_KB: u64 = 120 * 1024;

/// An event of a container.
fn event(id: &str, action: &str, at: u64) -> String {
    let attributes =
        json!({"name": format!("name-{id}"), "image": "i", "overlock.role": "batch", "x": "y".repeat(300)});
    // Later than any clock of this machine.
    let event = json!({"Type": "container", "Action": action, "Actor": {"ID": id, "Attributes": attributes},
        "time": 4_000_000_000_u64 + at / 1000, "timeNano": (4_000_000_000_u64 * 1000 + at) * 1_000_000});
    format!("{event}\n")
}

/// A watch on an engine that sends these lines as fast as they are read; its list has the container `a` from the first
/// line about it on.
struct Flooded {
    watching: Watching,
    /// Whether all lines are sent.
    over: Arc<AtomicBool>,
    _directory: tempfile::TempDir,
}

impl Flooded {
    fn new(lines: impl Fn(&mut dyn FnMut(&str)) + Send + Sync + 'static) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let (sent, is_there) = (Arc::clone(&over), AtomicBool::new(false));
        let address = serve(directory.path(), move |path, stream| match path.split('?').next().unwrap() {
            "/events" => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
                lines(&mut |line| {
                    is_there.fetch_or(line.contains("\"ID\":\"a\""), Ordering::Relaxed);
                    stream.write_all(line.as_bytes()).unwrap_or_default();
                });
                sent.store(true, Ordering::Relaxed);
                let _ = stream.read(&mut [0; 64]);
            }
            "/containers/json" if is_there.load(Ordering::Relaxed) => {
                Answer::json(&json!([{"Id": "a", "Names": ["/name-a"], "State": "running", "Created": 1}]))
                    .give(stream);
            }
            "/containers/json" => Answer::json(&json!([])).give(stream),
            "/containers/a/json" => Answer::json(&json!({
                "Id": "a", "Name": "/name-a", "Path": "claude", "State": {"Running": true, "Pid": 0},
                "Config": {"Image": "i", "Env": ["HOME=/home/agent"], "Labels": {"overlock.role": "batch"}},
                "Mounts": [{"Type": "bind", "Source": "/srv/claude", "Destination": "/home/agent/.claude", "RW": true}],
            }))
            .give(stream),
            path if path.starts_with("/containers/") => Answer::Say(404, "{}".to_owned()).give(stream),
            _ => Answer::json(&json!({})).give(stream),
        });
        let proc = directory.path().join("proc");
        fs::create_dir_all(&proc).unwrap();
        let call = ["watch", "--all", "--format", "json", "--host", &address, "--proc", proc.to_str().unwrap()];
        let watching = Watching::new(command(directory.path(), &call));
        Self { watching, over, _directory: directory }
    }

    /// Waits until all is sent and nothing more is told; the memory that it took was little.
    fn settle(&mut self) -> &mut Watching {
        let end = Instant::now() + Duration::from_secs(300);
        let mut told = usize::MAX;
        while !self.over.load(Ordering::Relaxed) || told != self.watching.turns.len() {
            assert!(Instant::now() < end, "{} turns, {}", self.watching.turns.len(), self.watching.err);
            told = self.watching.turns.len();
            std::thread::sleep(Duration::from_secs(2));
            self.watching.drain();
        }
        let peak = self.watching.peak_memory_kb();
        assert!(peak < MOST_MEMORY_KB, "{peak} kB");
        &mut self.watching
    }
}

fn is_there(turns: &[Value], name: &str) -> bool {
    of(turns, name).last().is_some_and(|turn| turn["kind"] != "gone")
}

#[test]
fn a_flood_of_containers_is_bounded_told_as_a_gap_and_ends_in_the_right_state() {
    let mut flooded = Flooded::new(|send| {
        for at in 0..100_000 {
            send(&event(&format!("f{at}"), "create", at));
            send(&event(&format!("f{at}"), "destroy", at));
            if at == 50_000 {
                // Where this is among what is lost, the list tells it.
                send(&event("a", "create", at));
            }
        }
    });
    flooded.watching.until_said("events were lost between 2096-");
    let watching = flooded.settle();
    assert!(watching.err.contains("all containers are listed anew"), "{}", watching.err);
    // Who is there is there, and nobody else.
    let last: BTreeMap<&str, &str> = watching
        .turns
        .iter()
        .map(|turn| (turn["container"].as_str().unwrap(), turn["kind"].as_str().unwrap()))
        .collect();
    let present: Vec<_> = last.iter().filter(|(_, kind)| **kind != "gone").map(|(name, _)| *name).collect();
    assert_eq!(present, ["name-a"], "{}", watching.err);
    assert_eq!(watching.end(Signal::TERM).0, Some(0));
}

#[test]
fn a_container_that_flaps_is_folded_and_its_neighbour_is_told_at_once() {
    let mut flooded = Flooded::new(|send| {
        for at in 0..100_000 {
            send(&event("a", if at % 2 == 0 { "start" } else { "die" }, at));
            if at == 50_000 {
                send(&event("b", "create", at));
            }
        }
        send(&event("a", "start", 100_000));
    });
    flooded.watching.until("b is told", |turns| !of(turns, "name-b").is_empty());
    let watching = flooded.settle();
    assert!(is_there(&watching.turns, "name-a"), "{:#?}", of(&watching.turns, "name-a").last());
    // It never comes twice without having gone.
    let kinds: Vec<&str> = watching.kinds("name-a").into_iter().filter(|kind| *kind != "changed").collect();
    assert!(kinds.windows(2).all(|pair| (pair[0] == "gone") != (pair[1] == "gone")), "{kinds:?}");
    assert_eq!(watching.end(Signal::TERM).0, Some(0));
}

#[test]
fn an_event_as_large_as_an_images_labels_is_passed_over() {
    let labels: serde_json::Map<String, Value> = (0..150_000).map(|label| (format!("l{label}"), json!(""))).collect();
    let huge = json!({"Type": "container", "Action": "create", "time": 4_000_000_000_u64,
        "Actor": {"ID": "h", "Attributes": labels}});
    let huge = format!("{huge}\n");
    let mut flooded = Flooded::new(move |send| {
        (0..20).for_each(|_| send(&huge));
        send(&event("a", "start", 1));
    });
    flooded.watching.until_said("an event that could not be read");
    flooded.watching.until("a is told", |turns| !of(turns, "name-a").is_empty());
    assert!(is_there(&flooded.settle().turns, "name-a"));
}

/// Audits what a host shows, under a limit of time and memory.
fn bounded_audit(host: &FakeHost, containers: &[Fake]) -> (Value, i32) {
    let address = host.engine(containers.to_vec());
    let (proc, out) = (host.proc(), host.path().join("out.json"));
    let call = ["audit", "--format", "json", "--host", &address, "--proc", proc.to_str().unwrap(), "--timeout", "30"];
    let begun = Instant::now();
    let mut child = command(host.path(), &call).stdout(fs::File::create(&out).unwrap()).spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_memory_kb(child.id()).unwrap_or_default());
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    assert!(peak > 0 && peak < 400 * 1024, "{peak} kB");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    (serde_json::from_str(&fs::read_to_string(out).unwrap()).unwrap(), status.code().unwrap())
}

/// A second container whose processes call the program, and which has a login of its own.
const HOSTILE: Fake = Fake {
    name: "hostile",
    pid: 200,
    words: &["/entry.sh"],
    mounts: &["bind:/srv/own:/home/agent/.claude"],
    env: &["HOME=/home/agent"],
    inspection: None,
};

/// A host with the agent and the hostile container.
fn hostile_host() -> FakeHost {
    let host = FakeHost::new();
    for one in &[AGENT, HOSTILE] {
        host.start(one);
    }
    host
}

#[test]
fn words_and_variables_of_any_size_are_read_so_far_and_no_further() {
    let host = hostile_host();
    let cgroup = format!("/docker/{}", HOSTILE.id());
    let files = host.files(&HOSTILE);
    for (at, (cmdline, environ)) in [
        ([b"claude\0".to_vec(), vec![0; 8 << 20]].concat(), Vec::new()),
        (b"claude\0".repeat(1 << 20), b"A=b\0".repeat(1 << 20)),
        ([b"claude\0-p\0".to_vec(), vec![b'x'; 8 << 20]].concat(), vec![b'='; 8 << 20]),
        (b"\xff\xfe/claude\0\x1b[31m\0".to_vec(), b"CLAUDE_CONFIG_DIR=\xff\n\0=\0\0".to_vec()),
    ]
    .into_iter()
    .enumerate()
    {
        let pid = 300 + i32::try_from(at).unwrap();
        host.process(pid, &cgroup, &cmdline, &files);
        fs::write(host.proc().join(format!("{pid}/environ")), environ).unwrap();
        fs::write(host.proc().join(format!("{pid}/comm")), vec![b'c'; 1 << 20]).unwrap();
    }
    let (report, _) = bounded_audit(&host, &[AGENT, HOSTILE]);
    assert_eq!(verdict(&report, "agent"), Some("ok"), "{report:#}");
    assert!(verdict(&report, "hostile").is_some_and(|verdict| verdict != "ok"), "{report:#}");
}

#[test]
fn processes_without_number_are_counted_and_the_neighbour_is_judged() {
    let host = hostile_host();
    let cgroup = format!("/docker/{}", HOSTILE.id());
    for pid in 1000..4000 {
        host.process(pid, &cgroup, &[b"claude\0-p\0".to_vec(), vec![b'x'; 20_000]].concat(), &host.files(&HOSTILE));
    }
    let (report, status) = bounded_audit(&host, &[AGENT, HOSTILE]);
    assert_eq!((verdict(&report, "agent"), status), (Some("ok"), 3));
    assert!(report["diagnostics"].to_string().contains("of 3000 processes"), "{:#}", report["diagnostics"]);
}

#[test]
fn a_mount_table_of_a_million_lines_is_a_gap_of_its_container() {
    let host = hostile_host();
    let table = host.proc().join("200/mountinfo");
    let mut text = fs::read_to_string(&table).unwrap();
    for at in 0..1_000_000 {
        text += &format!("{} 100 0:60 / /m/{at} rw - tmpfs t rw\n", 1000 + at);
    }
    fs::write(&table, text).unwrap();
    let (report, status) = bounded_audit(&host, &[AGENT, HOSTILE]);
    assert_eq!((verdict(&report, "hostile"), status), (Some("undetermined"), 3));
    assert!(report.to_string().contains("its mount table is longer than"));
    // What lies behind may show the agent's directory.
    assert_eq!(verdict(&report, "agent"), Some("undetermined"));
}

#[test]
fn files_that_wait_or_never_end_are_not_read() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let fifo = |path: std::path::PathBuf| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    };
    let package = "usr/local/lib/node_modules/@anthropic-ai/claude-code/package.json";
    for entry in ["pipe", "link", "long", "directory"] {
        let host = hostile_host();
        let files = host.files(&HOSTILE);
        for path in ["etc/passwd", "etc/group", package, "home/agent/.claude/.credentials.json"] {
            fifo(files.join(path));
        }
        match entry {
            "pipe" => fifo(files.join("entry.sh")),
            "link" => std::os::unix::fs::symlink("/../../../../../../etc/passwd", files.join("entry.sh")).unwrap(),
            "long" => {
                fs::write(files.join("entry.sh"), format!("#!/bin/sh\n{}claude -p x\n", "#\n".repeat(1 << 20)))
                    .unwrap();
            }
            _ => fs::create_dir(files.join("entry.sh")).unwrap(),
        }
        let (report, _) = bounded_audit(&host, &[AGENT, HOSTILE]);
        assert_eq!(verdict(&report, "agent"), Some("ok"), "{entry} {report:#}");
        // It mounts a login, and what its script runs is not known: it is told of.
        assert!(verdict(&report, "hostile").is_some(), "{entry} {report:#}");
        if entry != "directory" {
            let told = report.to_string();
            assert!(told.contains("no regular file") || told.contains("longer than any script"), "{entry} {report:#}");
        }
    }
}

#[test]
fn a_process_that_ends_while_it_is_looked_at_is_a_gap() {
    let host = hostile_host();
    let process = host.proc().join("200");
    for file in ["root", "mountinfo", "environ"] {
        fs::remove_file(process.join(file)).unwrap();
    }
    let (report, status) = bounded_audit(&host, &[AGENT, HOSTILE]);
    assert_eq!((verdict(&report, "hostile"), status), (Some("undetermined"), 3), "{report:#}");
    // What the engine tells of its mounts is elsewhere.
    assert_eq!(verdict(&report, "agent"), Some("ok"), "{report:#}");
}
