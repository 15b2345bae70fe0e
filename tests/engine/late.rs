//! Containers that the engine does not list yet. An engine in between keeps them from the list, as the real one does for
//! the blink of an eye after their start, and passes on everything else.

use std::env;
use std::fs;
use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::Value;

use super::audit::{self, participant, rules};
use super::{Engine, Probe, Start, engine};
use crate::harness::{Run, request, run};

const STATE: &str = "/home/agent/.claude";

/// What the engine in between says of a container that it does not list.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    /// All that the real one does.
    Known,
    /// That there is none of this id, as where another engine started it.
    Unknown(String),
}

/// The engine's own socket.
fn real() -> PathBuf {
    let host = env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    PathBuf::from(host.strip_prefix("unix://").expect("these tests want the engine on a Unix socket"))
}

/// An engine that lists no container; its address. It ends with the tests.
fn in_between(folder: &Path, asked: Asked) -> String {
    let socket = folder.join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let asked = asked.clone();
            thread::spawn(move || pass(stream, &asked));
        }
    });
    format!("unix://{}", socket.display())
}

/// Answers one request, or passes it on.
fn pass(mut stream: UnixStream, asked: &Asked) -> Option<()> {
    let request = request(&mut stream)?;
    let text = String::from_utf8_lossy(&request).into_owned();
    let path = text.split(' ').nth(1)?;
    let hidden = matches!(asked, Asked::Unknown(id) if path.contains(id.as_str()));
    if path.ends_with("/containers/json") || hidden {
        let (status, body) = if hidden { ("404 Not Found", "{}") } else { ("200 OK", "[]") };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}", body.len());
        return stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).ok();
    }
    let mut other = UnixStream::connect(real()).ok()?;
    other.write_all(&request).ok()?;
    let (mut from, mut to) = (stream.try_clone().ok()?, other.try_clone().ok()?);
    let forth = thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(&mut other, &mut stream);
    let _ = stream.shutdown(Shutdown::Both);
    forth.join().ok()
}

/// Two containers of one login that both run the program.
fn pair(engine: &Engine) -> [Probe; 2] {
    let source = engine.directory("late").join("claude");
    fs::create_dir(&source).unwrap();
    ["one", "other"].map(|stem| {
        let start = Start::participant(&engine.name(stem)).env("HOME", "/home/agent").bind(&source, STATE);
        let mut probe = engine.start(&start);
        probe.must(&["spawn", "free", "", "claude", "-p", "hello"]);
        probe
    })
}

fn ask(address: &str, arguments: &[&str]) -> Run {
    run(audit::overlock(&[arguments, &["--host", address]].concat()))
}

/// The processes of the program that a capture has in a container.
fn processes<'a>(capture: &'a Value, name: &str) -> &'a [Value] {
    let containers = capture["containers"].as_array().unwrap();
    let found: Vec<&Value> = containers.iter().filter(|one| one["name"] == name).collect();
    assert_eq!(found.len(), 1, "{containers:#?}");
    found[0]["kernel"]["processes"].as_array().unwrap()
}

/// What a report says of processes that no container is known for.
fn strangers(run: &Run) -> Vec<String> {
    let report = run.json();
    let told = report["diagnostics"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap().to_owned());
    told.filter(|message| message.contains("did not list")).collect()
}

#[test]
fn a_container_that_is_not_listed_yet_is_found_by_its_process() {
    let Some(engine) = engine("a_container_that_is_not_listed_yet_is_found_by_its_process") else { return };
    let pair = pair(engine);
    let address = in_between(&engine.directory("socket"), Asked::Known);
    let direct = audit::report(&[&pair[0].name, &pair[1].name]);
    // No name helps: the processes alone lead to their containers.
    let seen = ask(&address, &["audit", "--format", "json"]);
    assert_eq!(strangers(&seen), Vec::<String>::new());
    let report = seen.json();
    for probe in &pair {
        assert_eq!(participant(&report, &probe.name), participant(&direct, &probe.name), "{report:#}");
        assert_eq!(rules(&report, &probe.name), rules(&direct, &probe.name));
    }
    // Nothing of them is told of the host.
    let capture = ask(&address, &["capture"]).json();
    let known = run(audit::overlock(&["capture"])).json();
    let own = capture["own"]["processes"].as_array().unwrap();
    for probe in &pair {
        let found = processes(&capture, &probe.name);
        assert_eq!((found.len(), found), (1, processes(&known, &probe.name)));
        assert!(own.iter().all(|process| process["pid"] != found[0]["pid"]), "{own:#?}");
    }
}

#[test]
fn a_container_that_the_engine_does_not_know_is_judged_by_the_kernel() {
    let Some(engine) = engine("a_container_that_the_engine_does_not_know_is_judged_by_the_kernel") else { return };
    let pair = pair(engine);
    let id = pair[0].inspect("{{.Id}}");
    let address = in_between(&engine.directory("socket"), Asked::Unknown(id.clone()));
    let seen = ask(&address, &["audit", "--format", "json"]);
    let report = seen.json();
    let name = format!("docker {}", &id[..12]);
    assert_eq!(strangers(&seen), Vec::<String>::new());
    // No label says which version it is of, so that it counts as the oldest: the two take no lock in common.
    for name in [&name, &pair[1].name] {
        assert_eq!(participant(&report, name)["verdict"], "error", "{report:#}");
    }
    let known = run(audit::overlock(&["capture"])).json();
    let capture = ask(&address, &["capture"]).json();
    assert_eq!(processes(&capture, &name), processes(&known, &pair[0].name));
}

#[test]
fn a_container_that_is_asked_for_by_name_need_not_be_listed() {
    let Some(engine) = engine("a_container_that_is_asked_for_by_name_need_not_be_listed") else { return };
    // It does not run the program, so that no process leads to it.
    let quiet = Start::participant(&engine.name("quiet")).env("HOME", "/home/agent").option("--workdir", "/home/agent");
    let mut quiet = engine.start(&quiet);
    quiet.must(&["symlink", "/tmp", "/home/agent/link"]);
    let address = in_between(&engine.directory("socket"), Asked::Known);
    for name in [quiet.name.clone(), quiet.inspect("{{.Id}}")[..12].to_owned()] {
        let run = ask(&address, &["audit", "--format", "json", &name]);
        assert_eq!(participant(&run.json(), &quiet.name)["container"], *quiet.name);
        // A relative path is one of the working directory, and followed as such.
        let run = ask(&address, &["where", "--format", "json", &name, "/tmp", "link/file"]);
        let report = run.json();
        assert_eq!((run.status, &report["paths"][0]["private"]), (0, &true.into()), "{}", run.err);
        assert_eq!(report["paths"][1]["path"], "/home/agent/link/file");
        assert_eq!(report["paths"][1]["real"], "/tmp/file", "{report:#}");
    }
    for name in ["overlock-no-such", "..", "../info", "a/../../info?"] {
        let run = ask(&address, &["where", name, "/tmp"]);
        assert_eq!(run.status, 2);
        assert!(run.err.contains(&format!("no running container is named {name}")), "{}", run.err);
    }
}
