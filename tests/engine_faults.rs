//! Engines that hang, break off or talk nonsense, which no real one does on purpose: a socket with a thread behind it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use overlock::input::capture::Users;
use overlock::input::engine::{EngineError, Options, Seen, inspect_again, look};
use overlock::text::Sources;

use crate::harness::request;

/// What a container's list has of one.
const ONE: &str = r#"[{"Id":"0123456789abcdef","Names":["/one"],"Image":"i","Labels":{"com.docker.compose.project":"p"},
    "Mounts":[{"Type":"bind","Source":"/s","Destination":"/d","RW":true}]}]"#;

/// How one request is answered.
enum Answer {
    /// With this status and body.
    Say(u16, String),
    /// With these bytes, after which the connection ends.
    Raw(String),
    /// With these bytes and nothing more, while the connection stays.
    Hang(String),
    /// With the beginning of an answer and then more and more.
    Endless,
}

fn ok(body: &str) -> Answer {
    Answer::Say(200, body.to_owned())
}

/// An engine on a socket; ends with the test.
fn engine(directory: &Path, answer: impl Fn(&str) -> Answer + Send + Sync + Clone + 'static) -> Options {
    let socket = directory.join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || serve(stream, answer));
        }
    });
    options(&format!("unix://{}", socket.display()))
}

fn options(host: &str) -> Options {
    Options { host: Some(host.to_owned()), timeout: Duration::from_secs(60), ..Options::default() }
}

fn serve(mut stream: UnixStream, answer: impl Fn(&str) -> Answer) {
    let Some(request) = request(&mut stream) else { return };
    let request = String::from_utf8_lossy(&request).into_owned();
    let _ = match answer(request.split(' ').nth(1).unwrap()) {
        Answer::Say(status, body) => {
            let head =
                format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}", body.len());
            stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes())
        }
        Answer::Raw(text) => stream.write_all(text.as_bytes()),
        Answer::Hang(text) => {
            let _ = stream.write_all(text.as_bytes());
            // Ends when the other side does.
            stream.read(&mut [0; 4096]).map(drop)
        }
        Answer::Endless => {
            let more = vec![b' '; 65536];
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n[");
            std::iter::repeat_with(|| stream.write_all(&more)).find(Result::is_err).unwrap()
        }
    };
}

fn seen(options: &Options) -> Result<Seen, EngineError> {
    look(options, &[], &Sources::default())
}

/// What is told of an engine that answers the list of containers in this way, and of others that answer it well.
fn told(answer: impl Fn() -> Answer + Send + Sync + Clone + 'static, timeout: Duration) -> String {
    let directory = tempfile::tempdir().unwrap();
    let options = engine(directory.path(), move |path| match path {
        "/containers/json" => answer(),
        _ => ok("{}"),
    });
    let error = seen(&Options { timeout, ..options }).unwrap_err().to_string();
    assert!(error.contains("engine.sock") && error.contains("/containers/json"), "{error}");
    error
}

#[test]
fn an_engine_that_hangs_is_not_waited_for() {
    for text in
        ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[", "HTTP/1.1 500 X\r\n\r\n{"]
    {
        let before = Instant::now();
        let error = told(move || Answer::Hang(text.to_owned()), Duration::from_millis(200));
        assert!(error.contains("did not answer") && error.contains("0.2 s"), "{error}");
        assert!(before.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn an_engine_that_sends_without_end_is_not_read_for_ever() {
    let error = told(|| Answer::Endless, Duration::from_secs(600));
    assert!(error.contains("more than an engine has to say"), "{error}");
}

#[test]
fn nonsense_is_told_as_such_and_not_repeated() {
    let deep = "[".repeat(100_000);
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{\"Id\": \"hunter2\"";
    for (answer, what) in [
        ("<html>hunter2</html>", "not JSON"),
        ("{\"hunter2\": 1}", "no list of containers"),
        ("[\"hunter2\"]", "something else than containers"),
        ("[{\"Id\": \"../hunter2\"}]", "no id"),
        ("[{\"Id\": [\"hunter2\"]}]", "no id"),
        ("[{\"Id\": \"hunter2\"", "ends in the middle"),
        ("", "ends in the middle"),
        ("null", "no list of containers"),
        (&deep, "not JSON"),
    ] {
        let body = answer.to_owned();
        let error = told(move || Answer::Say(200, body.clone()), Duration::from_secs(60));
        assert!(error.contains(what) && !error.contains("hunter2"), "{error}");
    }
    for (text, what) in [(cut, "ends in the middle"), ("SSH-2.0-hunter2\r\n", "not HTTP"), ("", "ends in the middle")] {
        let error = told(move || Answer::Raw(text.to_owned()), Duration::from_secs(60));
        assert!(error.contains(what) && !error.contains("hunter2"), "{error}");
    }
    let refusal = || Answer::Say(403, "{\"message\":\"not for you\\nreally\"}".to_owned());
    let error = told(refusal, Duration::from_secs(60));
    assert!(error.ends_with("refused GET /containers/json: status 403, not for you"), "{error}");
}

#[test]
fn a_container_that_cannot_be_inspected_is_listed_with_why() {
    type Inspection = fn() -> Answer;
    let inspections: [(Inspection, &str); 5] = [
        (|| Answer::Say(500, "{\"message\":\"broken\"}".to_owned()), "status 500, broken"),
        (|| ok("hunter2"), "not JSON"),
        (|| ok("[\"hunter2\"]"), "no object"),
        (|| Answer::Raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_owned()), "ends in the middle"),
        (|| ok("{\"Id\": \"hunter2"), "ends in the middle"),
    ];
    for (inspection, why) in inspections {
        let directory = tempfile::tempdir().unwrap();
        let options = engine(directory.path(), move |path| match path {
            "/containers/json" => ok(ONE),
            "/containers/0123456789abcdef/json" => inspection(),
            _ => ok("{}"),
        });
        let found = seen(&options).unwrap().capture.containers;
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.name.as_str(), one.project.as_deref(), one.engine().mounts.len()), ("one", Some("p"), 1));
        assert!(
            one.unseen[0].what.contains("could not be inspected") && one.unseen[0].what.contains(why),
            "{:?}",
            one.unseen
        );
        assert!(!format!("{one:?}").contains("hunter2"), "{one:?}");
        let ids = ["0123456789abcdef".to_owned()];
        let again = inspect_again(&options, &[], &Sources::default(), &ids).unwrap();
        let said = again[0].1.as_ref().unwrap_err();
        assert!(said.contains("could not be inspected") && said.contains(why), "{again:?}");
    }
}

#[test]
fn one_that_is_gone_or_hangs_is_not_left_out() {
    let list = r#"[{"Id":"a","Names":["/gone"]},{"Id":"b","Names":["/stuck"]},{"Id":"c","Names":["/well"]},
        {"Id":"d","Names":["/ended"]}]"#;
    let directory = tempfile::tempdir().unwrap();
    let answer = move |path: &str| match path {
        "/containers/json" => ok(list),
        "/containers/a/json" => Answer::Say(404, "{\"message\":\"no such container\"}".to_owned()),
        "/containers/b/json" => Answer::Hang(String::new()),
        "/containers/c/json" => ok(r#"{"Id":"c","Name":"/well","Path":"claude","State":{"Running":true,"Pid":7}}"#),
        "/containers/d/json" => ok(r#"{"Id":"d","Name":"/ended","State":{"Running":false,"Status":"exited"}}"#),
        _ => ok("{}"),
    };
    let options = Options { timeout: Duration::from_secs(2), ..engine(directory.path(), answer) };
    let found = seen(&options).unwrap().capture.containers;
    let names: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.engine().pid, one.unseen.len())).collect();
    assert_eq!(names, [("ended", 0, 1), ("gone", 0, 1), ("stuck", 0, 1), ("well", 7, 0)]);
    for (one, why) in found.iter().zip(["no such container", "no such container", "did not answer"]) {
        assert!(one.unseen[0].what.contains(why), "{:?}", one.unseen);
    }
    // Nothing at all is no answer.
    let ids = ["b".to_owned()];
    let alone = inspect_again(&options, &[], &Sources::default(), &ids);
    assert!(matches!(alone, Err(EngineError::TimedOut { .. })), "{alone:?}");
    let ids = ["a".to_owned(), "c".to_owned(), "d".to_owned()];
    let again = inspect_again(&options, &[], &Sources::default(), &ids).unwrap();
    let running: Vec<_> = again.iter().map(|(id, one)| (id.as_str(), one.as_ref().unwrap().is_some())).collect();
    assert_eq!(running, [("a", false), ("c", true), ("d", false)]);
}

#[test]
fn what_an_engine_does_not_tell_of_itself_is_a_gap() {
    let directory = tempfile::tempdir().unwrap();
    let options = engine(directory.path(), |path| match path {
        "/containers/json" => ok("[]"),
        "/info" => Answer::Say(403, "<html><body>403 Forbidden</body></html>".to_owned()),
        _ => ok("{\"Volumes\": 5}"),
    });
    let seen = seen(&options).unwrap();
    let [info, volumes] = seen.capture.gaps.as_slice() else { panic!("{seen:?}") };
    assert!(info.contains("what host it is on") && info.contains("status 403"), "{info}");
    assert!(volumes.contains("mounted from elsewhere") && volumes.contains("no list of volumes"), "{volumes}");
}

#[test]
fn answers_in_another_form_are_read_as_far_as_they_go() {
    let directory = tempfile::tempdir().unwrap();
    let options = engine(directory.path(), |path| match path {
        "/containers/json" => ok(r#"[{"Id":"a","Names":null,"Created":"2024","State":"initialized","Ports":{}}]"#),
        "/containers/a/json" => ok(r#"{"Id":"a","Name":"pod","Created":5,"Path":"claude","Args":null,
            "State":{"Status":"stopped","Running":true,"Pid":3,"StartedAt":"t"},
            "Config":{"Env":null,"Cmd":"x","Labels":null},"HostConfig":{"CgroupnsMode":"ns:/x","Tmpfs":null},
            "Mounts":[{"Type":"volume","Name":"v","Source":"/v","Destination":"/d","RW":true,"Options":["nosuid"]}]}"#),
        "/info" => ok(r#"{"Name":"host","DockerRootDir":"/storage/","NCPU":"four","SecurityOptions":["name=rootless"],
            "OperatingSystem":"fedora"}"#),
        _ => {
            ok(r#"{"Volumes":[{"Name":"v","Driver":"local","Status":{"x":1},"Options":{"device":"/srv","o":"bind"}}]}"#)
        }
    });
    let seen = seen(&options).unwrap();
    assert!(seen.local && !seen.desktop && seen.capture.users == Users::Rootless);
    let capture = seen.capture;
    assert_eq!((capture.host.as_str(), capture.volume_directory.as_deref()), ("host", Some("/storage/volumes")));
    assert_eq!(capture.volumes["v"].device, "/srv");
    let [one] = capture.containers.as_slice() else { panic!("{capture:?}") };
    assert_eq!((one.name.as_str(), one.engine().pid, one.engine().mounts[0].name.as_str()), ("pod", 3, "v"));
    assert_eq!(one.script.invocations[0].argv, ["claude"]);
    let unseen: Vec<&str> = one.unseen.iter().map(|gap| gap.what.as_str()).collect();
    assert_eq!(unseen, ["the engine tells `Config.Cmd` in a form that is not known"]);
}

#[test]
fn manager_of_a_swarm_says_which_nodes_it_does_not_see() {
    let nodes =
        r#"[{"ID":"a","Description":{"Hostname":"one"}},{"ID":"b","Description":{"Hostname":"two"}},{"ID":"c"}]"#;
    let gaps = |info: &'static str, nodes: &'static str| {
        let directory = tempfile::tempdir().unwrap();
        let options = engine(directory.path(), move |path| match path {
            "/containers/json" => ok("[]"),
            "/info" => ok(info),
            "/nodes" if nodes.is_empty() => Answer::Say(503, "{}".to_owned()),
            "/nodes" => ok(nodes),
            _ => ok("{}"),
        });
        seen(&options).unwrap().capture.gaps.join("; ")
    };
    let manager = r#"{"Name":"one","Swarm":{"NodeID":"a","ControlAvailable":true,"Nodes":3}}"#;
    assert!(gaps(manager, nodes).contains("other nodes, two, c, is not seen"), "{}", gaps(manager, nodes));
    assert!(gaps(manager, "").contains("status 503"), "{}", gaps(manager, ""));
    assert_eq!(gaps(manager, r#"[{"ID":"a"}]"#), "", "it is alone");
    assert_eq!(gaps(r#"{"Swarm":{"NodeID":"b","ControlAvailable":false}}"#, nodes), "", "a worker knows of none");
}

#[test]
fn docker_desktop_is_not_this_host() {
    let directory = tempfile::tempdir().unwrap();
    let options = engine(directory.path(), |path| match path {
        "/containers/json" => ok("[]"),
        _ => ok(r#"{"OperatingSystem":"Docker Desktop","Name":"docker-desktop","SecurityOptions":["name=userns"]}"#),
    });
    let seen = seen(&options).unwrap();
    assert!(seen.desktop && !seen.local && seen.capture.users == Users::Remapped);
}

#[test]
fn an_engine_that_cannot_be_reached_says_what_to_try() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("engine.sock");
    let host = format!("unix://{}", socket.display());
    let told = |options: &Options| seen(options).unwrap_err().to_string();
    let missing = told(&options(&host));
    assert!(missing.contains("engine.sock") && missing.contains("start the engine"), "{missing}");
    drop(UnixListener::bind(&socket).unwrap());
    let refused = told(&options(&host));
    assert!(refused.contains("nothing listens on that socket"), "{refused}");
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = told(&options(&format!("tcp://127.0.0.1:{port}")));
    assert!(refused.contains("cannot connect to the engine at tcp://127.0.0.1:"), "{refused}");
    let environment = BTreeMap::from([("DOCKER_CONTEXT".to_owned(), "nowhere".to_owned())]);
    let unknown = Options { host: None, environment, ..options("") };
    assert!(told(&unknown).contains("no Docker context \"nowhere\""), "{}", told(&unknown));
    let authorities = Options { tls: overlock::input::engine::Tls { on: true, ..Default::default() }, ..unknown };
    let tls = told(&Options { host: Some("tcp://h".to_owned()), ..authorities });
    assert!(tls.contains("for TLS") || tls.contains("cannot connect"), "{tls}");
}
