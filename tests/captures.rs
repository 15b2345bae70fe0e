//! Captures given back: several hosts judged together, a plan beside what runs, files that are no captures.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{overlock, project, root, rules};

/// Two containers of one host that share a directory, as recorded.
fn recorded() -> Value {
    let path = root().join("fixtures/stale-bind/ok-same-directory/capture.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The same of another host, with one of the containers.
fn of_host(host: &str, container: &str) -> Value {
    let mut capture = recorded();
    capture["host"] = json!(host);
    capture["containers"].as_array_mut().unwrap().retain(|one| one["name"] == container);
    capture
}

/// Makes the state directory's mount one of a network filesystem.
fn over_network(capture: &mut Value, options: &[&str]) {
    let device = if capture["host"] == "one" { "0:77" } else { "0:88" };
    for mount in capture["containers"][0]["kernel"]["mounts"].as_array_mut().unwrap() {
        if mount["mount_point"] == "/home/agent/.claude" {
            mount["fstype"] = json!("nfs4");
            mount["source"] = json!("files:/export");
            mount["root"] = json!("/claude");
            mount["device"] = json!(device);
            mount["super_options"] = json!(options);
        }
    }
}

fn judged(one: &Value, other: &Value) -> Value {
    let files = project(&[("one.json", &one.to_string()), ("other.json", &other.to_string())]);
    let call = ["audit", "--from", "one.json", "--from", "other.json", "--format", "json"];
    overlock(files.path(), &call).json()
}

#[test]
fn a_path_of_another_host_is_another_place() {
    let report = judged(&of_host("one", "agents"), &of_host("other", "runner"));
    let all = report["participants"].as_array().unwrap();
    assert_eq!([&all[0]["container"], &all[1]["container"]], ["one:agents", "other:runner"]);
    for one in all {
        assert_eq!((&one["peer_count"], &one["verdict"]), (&json!(0), &json!("ok")), "{one:#}");
    }
    assert_ne!(all[0]["place"], all[1]["place"]);
}

#[test]
fn one_export_is_one_place_for_all_hosts() {
    let (mut one, mut other) = (of_host("one", "agents"), of_host("other", "runner"));
    over_network(&mut one, &["rw"]);
    over_network(&mut other, &["rw"]);
    let report = judged(&one, &other);
    let all = report["participants"].as_array().unwrap();
    assert_eq!(all[0]["place"], all[1]["place"]);
    assert_eq!(all[0]["peers"], json!(["other:runner"]));
    assert_eq!(all[0]["internal_lock"]["state"], "coherent");
}

#[test]
fn a_flock_that_is_kept_on_one_host_excludes_nobody_on_another() {
    for (fstype, options, works) in [
        ("nfs4", &["rw"][..], true),
        ("nfs4", &["local_lock=none", "rw"], true),
        ("nfs4", &["local_lock=all", "rw"], false),
        ("nfs", &["local_lock=flock", "rw"], false),
        ("nfs", &["nolock", "rw"], false),
        ("cifs", &["rw"], true),
        ("cifs", &["nobrl", "rw"], false),
    ] {
        let (mut one, mut other) = (of_host("one", "agents"), of_host("other", "runner"));
        for capture in [&mut one, &mut other] {
            over_network(capture, options);
            for mount in capture["containers"][0]["kernel"]["mounts"].as_array_mut().unwrap() {
                if mount["fstype"] == "nfs4" {
                    mount["fstype"] = json!(fstype);
                    mount["source"] = json!(if fstype == "cifs" { "//files/export" } else { "files:/export" });
                }
            }
            // The oldest version, and a guard: only the flock can keep the two apart.
            capture["containers"][0]["labels"] = json!({"overlock.guard": "yes", "overlock.role": "batch"});
        }
        let report = judged(&one, &other);
        assert_eq!(report["participants"][0]["peers"], json!(["other:runner"]), "{fstype}");
        let is_told = rules(&report).contains(&"lock-unsupported".to_owned());
        assert_eq!(!is_told, works, "{fstype} {options:?} {report:#}");
    }
}

#[test]
fn clocks_that_differ_are_told_where_a_lock_goes_by_them() {
    let told = |behind: i64, network: bool| {
        let (mut one, mut other) = (of_host("one", "agents"), of_host("other", "runner"));
        for capture in [&mut one, &mut other].into_iter().filter(|_| network) {
            over_network(capture, &["rw"]);
        }
        let taken = other["taken_at"].as_i64().unwrap();
        other["containers"][0]["kernel"]["entries"]["/home/agent/.claude"]["modified"] = json!(taken + behind);
        let files = project(&[("one.json", &one.to_string()), ("other.json", &other.to_string())]);
        let call = ["audit", "--from", "one.json", "--from", "other.json", "--format", "json"];
        let run = overlock(files.path(), &call);
        let all = run.json()["diagnostics"].as_array().unwrap().clone();
        let clocks = all.into_iter().filter(|one| one["message"].to_string().contains("the clock of other"));
        let clocks: Vec<String> = clocks.map(|one| one["severity"].as_str().unwrap().to_owned()).collect();
        (clocks, run.status)
    };
    assert_eq!(told(0, true), (vec![], 0));
    assert_eq!(told(1, true), (vec![], 0));
    assert_eq!(told(4, true), (vec!["warning".to_owned()], 0));
    // A lock that is held seems left behind then, or one that was left behind seems held.
    assert_eq!(told(90, true), (vec!["gap".to_owned()], 3));
    assert_eq!(told(90, false), (vec![], 0), "each host has a directory of its own");
    // One that is dated later than now.
    let mut ahead = of_host("one", "agents");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    ahead["taken_at"] = json!(now + 3_600);
    let files = project(&[("one.json", &ahead.to_string())]);
    let told = overlock(files.path(), &["audit", "--from", "one.json", "--format", "json"]).json();
    assert!(told["diagnostics"].to_string().contains("ahead of this machine's"), "{told:#}");
}

/// A process of the program: its own version, or why that is not known.
fn process(pid: i32, version: Option<&str>, unknown: Option<&str>) -> Value {
    let mut process = json!({
        "program": "claude-code", "pid": pid, "words": ["claude", "-p", "…"], "env": {"HOME": {"public": "/home/agent"}},
        "locks": [], "identity": null, "terminal": 0, "version": version,
    });
    if let Some(why) = unknown {
        process["version_unknown"] = json!(why);
    }
    process
}

#[test]
fn version_is_that_of_the_file_that_each_process_runs() {
    let old = process(7, Some("2.1.128"), None);
    let new = process(8, Some("2.1.332"), None);
    let as_installed = process(9, None, None);
    let replaced = process(10, None, Some("the file that it was started from was removed or replaced since"));
    let cases = [
        (vec![new.clone()], "ok", json!("2.1.332")),
        (vec![as_installed], "ok", json!("2.1.332")),
        (vec![old.clone()], "error", json!("2.1.128")),
        (vec![new.clone(), old], "error", json!("2.1.128 to 2.1.332")),
        (vec![new, replaced], "error", json!(null)),
    ];
    for (processes, verdict, version) in cases {
        let mut capture = recorded();
        for one in capture["containers"].as_array_mut().unwrap() {
            one["labels"] = json!({});
            one["kernel"]["processes"] = json!(processes);
            let path = "/usr/local/lib/node_modules/@anthropic-ai/claude-code";
            one["kernel"]["installed"] = json!([{"program": "claude-code", "path": path, "version": "2.1.332"}]);
        }
        let files = project(&[("host.json", &capture.to_string())]);
        let report = overlock(files.path(), &["audit", "--from", "host.json", "--format", "json"]).json();
        for one in report["participants"].as_array().unwrap() {
            assert_eq!((&one["verdict"], &one["version"]), (&json!(verdict), &version), "{one:#}");
        }
        let says_why = report.to_string().contains("process 10 runs is not known");
        assert_eq!(says_why, version.is_null(), "{report:#}");
    }
}

#[test]
fn bad_doubled_and_old_captures_are_gaps_and_the_rest_is_judged() {
    let (mut one, mut other) = (of_host("one", "agents"), of_host("other", "runner"));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    (one["taken_at"], other["taken_at"]) = (json!(now), json!(now - 7_200));
    let [one, other] = [one.to_string(), other.to_string()];
    let files = project(&[
        ("one.json", &one),
        ("other.json", &other),
        ("again.json", &one),
        ("torn.json", &one[..one.len() / 2]),
        ("version.json", "{\"overlock_capture\": 7}"),
    ]);
    let call = |more: &[&str]| {
        let all = ["one.json", "torn.json", "other.json"].map(|file| ["--from", file]).concat();
        overlock(files.path(), &[&["audit", "--format", "json"], all.as_slice(), more].concat())
    };
    let names = |report: &Value| -> Vec<String> {
        report["participants"].as_array().unwrap().iter().map(|one| one["container"].to_string()).collect()
    };
    for (more, told) in [
        (&["--from", "again.json"][..], "again.json was not judged: it is a second capture of the host one"),
        (&["--from", "version.json"], "version.json was not judged"),
        (&["--from", "missing.json"], "missing.json was not judged"),
        (&["--max-age", "1h"], "other.json, the capture of other, was taken"),
        (&[], "torn.json was not judged"),
    ] {
        let run = call(more);
        let report = run.json();
        assert_eq!(names(&report), ["\"one:agents\"", "\"other:runner\""], "{more:?}");
        assert!(report["diagnostics"].to_string().contains(told), "{more:?} {:#}", report["diagnostics"]);
        assert_eq!(run.status, 3, "{more:?}");
        assert!(report["judged"][0]["file"].as_str().unwrap().starts_with("one.json (one, taken 2"), "{report:#}");
    }
    let fresh = overlock(
        files.path(),
        &["audit", "--format", "json", "--from", "one.json", "--from", "other.json", "--max-age", "1d"],
    );
    assert_eq!((fresh.status, &fresh.json()["diagnostics"]), (0, &json!([])));
}

#[test]
fn captures_come_as_files_directories_and_streams() {
    let hosts = ["a", "b", "c"].map(|host| of_host(host, "agents").to_string());
    let pretty = serde_json::to_string_pretty(&of_host("d", "agents")).unwrap();
    let joined = format!("{}\n{}{}\n{pretty}\n", hosts[0], hosts[1], hosts[2]);
    let files = project(&[
        ("fleet/a.json", &hosts[0]),
        ("fleet/rest.json", &format!("{}\n{}\n", hosts[1], hosts[2])),
        ("fleet/.being-written", "{"),
        ("fleet/d.json", &pretty),
        ("all.jsonl", &joined),
    ]);
    let seen = |report: &Value| -> Vec<String> {
        report["participants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["container"].as_str().unwrap().to_owned())
            .collect()
    };
    let wanted = ["a:agents", "b:agents", "c:agents", "d:agents"];
    for from in ["fleet", "all.jsonl"] {
        let run = overlock(files.path(), &["audit", "--format", "json", "--from", from]);
        assert_eq!((run.status, seen(&run.json())), (0, wanted.map(str::to_owned).to_vec()), "{from} {}", run.err);
    }
    let mut piped = crate::harness::command(files.path(), &["audit", "--format", "json", "--from", "-"]);
    let mut child = piped.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), joined.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(seen(&serde_json::from_slice(&out.stdout).unwrap()), wanted);
    // One that is torn in the middle is told by its number.
    let torn = format!("{}\n{}\n{}\n", hosts[0], &hosts[1][..200], hosts[2]);
    let files = project(&[("all.jsonl", &torn)]);
    let run = overlock(files.path(), &["audit", "--format", "json", "--from", "all.jsonl"]);
    let report = run.json();
    assert_eq!((run.status, seen(&report)), (3, vec!["a:agents".to_owned(), "c:agents".to_owned()]));
    assert!(report["diagnostics"].to_string().contains("all.jsonl, capture 2 was not judged"), "{report:#}");
}

#[test]
fn fields_of_a_newer_version_are_ignored_and_told() {
    let mut newer = recorded();
    newer["moon_phase"] = json!("full");
    newer["containers"][0]["kernel"]["tides"] = json!([1]);
    let files = project(&[("newer.json", &newer.to_string()), ("own.json", &recorded().to_string())]);
    let run = |file: &str| overlock(files.path(), &["audit", "--format", "json", "--from", file]);
    let (newer, own) = (run("newer.json"), run("own.json"));
    assert_eq!((newer.status, &newer.json()["participants"]), (own.status, &own.json()["participants"]));
    let told = newer.json()["diagnostics"].to_string();
    assert!(told.contains("moon_phase, tides"), "{told}");
    assert_eq!(own.json()["diagnostics"], json!([]));
}

#[test]
fn capture_is_one_line_or_indented_with_the_name_that_is_given() {
    let files = project(&[("own.json", &recorded().to_string())]);
    let run = |more: &[&str]| overlock(files.path(), &[&["capture", "--from", "own.json"], more].concat());
    let line = run(&[]);
    assert_eq!((line.status, line.out.lines().count()), (0, 1), "{}", line.err);
    let pretty = run(&["--pretty"]);
    assert!(pretty.out.lines().count() > 10 && pretty.json() == line.json());
    let named = run(&["--name", "rack-7", "--output", "out.json"]);
    assert_eq!((named.status, named.out.as_str()), (0, ""));
    let written = fs::read_to_string(files.path().join("out.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap()["host"], "rack-7");
    let refused = run(&["--output", "missing/out.json"]);
    assert_eq!(refused.status, 2, "{}", refused.err);
}

/// A fleet of hosts in one file, each with twelve containers of its own.
fn fleet(hosts: usize) -> String {
    let one = of_host("x", "agents");
    let mut text = String::new();
    for host in 0..hosts {
        let mut capture = one.clone();
        capture["host"] = json!(format!("host-{host}"));
        let container = capture["containers"][0].clone();
        let containers = (0..12).map(|at| {
            let mut container = container.clone();
            container["name"] = json!(format!("agents-{at}"));
            container
        });
        capture["containers"] = containers.collect();
        text += &format!("{capture}\n");
    }
    text
}

#[test]
fn report_of_many_hosts_is_short() {
    let files = project(&[("fleet.jsonl", &fleet(60))]);
    let run = overlock(files.path(), &["audit", "--from", "fleet.jsonl"]);
    assert!(run.out.lines().count() < 120, "{} lines\n{}", run.out.lines().count(), run.out);
}

/// A host with some containers, drawn: on directories of its own, on exports that others may mount, on a filesystem that
/// is not known, at several versions, some of them not looked at.
fn drawn_host(host: usize, random: &mut fastrand::Rng) -> Value {
    let mut capture = recorded();
    capture["host"] = json!(format!("host-{host}"));
    let agent = capture["containers"][0].clone();
    let containers = (0..random.usize(1..6)).map(|at| {
        let mut one = agent.clone();
        one["name"] = json!(format!("c{at}"));
        one["id"] = json!(format!("{:064x}", host * 100 + at));
        let version = ["2.1.98", "2.1.131", "2.1.330"][random.usize(..3)];
        one["labels"] = json!({"overlock.version": version});
        if random.bool() {
            one["labels"]["overlock.role"] = json!(["batch", "interactive"][random.usize(..2)]);
        }
        let mounts = one["kernel"]["mounts"].as_array_mut().unwrap();
        let state = mounts.iter().position(|mount| mount["mount_point"] == "/home/agent/.claude").unwrap();
        let below = ["/a", "/b", "/a/c"][random.usize(..3)];
        let kind = random.usize(..8);
        mounts[state]["root"] = json!(below);
        if (3..6).contains(&kind) {
            mounts[state]["fstype"] = json!(if kind == 5 { "gpfs" } else { "nfs4" });
            mounts[state]["source"] = json!(["files:/export", "other:/export"][random.usize(..2)]);
            mounts[state]["device"] = json!("0:77");
            if kind == 4 {
                mounts[state]["super_options"] = json!(["local_lock=all", "rw"]);
            }
        }
        // Somebody else's directory, mounted where the program does not look.
        if random.usize(..4) == 0 {
            let mut stray = mounts[state].clone();
            (stray["mount_point"], stray["id"]) = (json!("/mnt/x"), json!(9000));
            stray["root"] = json!(["/a", "/"][random.usize(..2)]);
            mounts.push(stray);
        }
        if kind == 6 {
            one["kernel"] = Value::Null;
            one["gaps"] = json!(["it could not be looked at"]);
        } else if kind == 7 {
            mounts.remove(state);
        }
        one
    });
    capture["containers"] = containers.collect();
    capture
}

/// One host after the other is judged by itself, and only what others reach together: what is told must be as if all were
/// judged at once, which is done where containers are named.
#[test]
fn hosts_that_are_judged_one_by_one_are_told_as_all_at_once() {
    let seed = std::env::var("OVERLOCK_FLEET_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let cases = std::env::var("OVERLOCK_FLEETS").ok().and_then(|count| count.parse().ok()).unwrap_or(12);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut verdicts = std::collections::BTreeSet::new();
    for case in 0..cases {
        let hosts: Vec<Value> = (0..random.usize(2..6)).map(|host| drawn_host(host, &mut random)).collect();
        let text: String = hosts.iter().map(|host| format!("{host}\n")).collect();
        let files = project(&[("fleet.jsonl", &text)]);
        let names = hosts.iter().flat_map(|host| {
            let of = |one: &Value| format!("{}:{}", host["host"].as_str().unwrap(), one["name"].as_str().unwrap());
            host["containers"].as_array().unwrap().iter().map(of)
        });
        let names: Vec<String> = names.collect();
        let call = ["audit", "--no-config", "--format", "json", "--from", "fleet.jsonl"];
        let streamed = overlock(files.path(), &call).json();
        let at_once: Vec<&str> = call.iter().copied().chain(names.iter().map(String::as_str)).collect();
        let whole = overlock(files.path(), &at_once).json();
        let all = |report: &Value| report["participants"].as_array().unwrap().clone();
        assert_eq!(all(&streamed).len(), all(&whole).len(), "case {case}: {text}");
        for (one, other) in all(&streamed).iter().zip(all(&whole)) {
            assert_eq!(*one, other, "case {case} of seed {seed}");
            verdicts.insert(one["verdict"].to_string());
        }
        let rules = |report: &Value| -> Vec<String> {
            let breach = |one: &Value| format!("{} {} {}", one["container"], one["rule"], one["severity"]);
            let mut all: Vec<String> = report["breaches"].as_array().unwrap().iter().map(breach).collect();
            all.sort();
            all
        };
        assert_eq!(rules(&streamed), rules(&whole), "case {case} of seed {seed}");
    }
    assert!(verdicts.len() >= 3, "{verdicts:?}");
}

/// What holds the engine's socket is told of its own host, where the only login that it could share is one of all hosts.
#[test]
fn starter_of_containers_is_told_once_however_far_a_login_reaches() {
    for network in [true, false] {
        let (mut one, mut other) = (of_host("one", "agents"), of_host("other", "runner"));
        for capture in [&mut one, &mut other].into_iter().filter(|_| network) {
            over_network(capture, &["rw"]);
        }
        let mut starter = one["containers"][0].clone();
        (starter["name"], starter["id"], starter["labels"]) = (json!("starter"), json!("0".repeat(64)), json!({}));
        starter["kernel"]["installed"] = json!([]);
        starter["script"]["invocations"] = json!([]);
        for mount in starter["kernel"]["mounts"].as_array_mut().unwrap() {
            if mount["mount_point"] == "/home/agent/.claude" {
                mount["fstype"] = json!("ext4");
                mount["device"] = json!("254:0");
                (mount["root"], mount["mount_point"]) = (json!("/run/docker.sock"), json!("/var/run/docker.sock"));
            }
        }
        one["containers"].as_array_mut().unwrap().push(starter);
        let report = judged(&one, &other);
        let starters: Vec<&Value> = report["breaches"].as_array().unwrap().iter().collect();
        let starters: Vec<_> = starters.into_iter().filter(|one| one["rule"] == "spawner-unseen").collect();
        assert_eq!(starters.len(), 1, "{network} {report:#}");
        assert_eq!(starters[0]["container"], "one:starter");
    }
}

#[test]
fn what_is_no_capture_is_said() {
    let files = project(&[("a.json", "{\"overlock_capture\": 7}"), ("b.json", "services: {}"), ("c.json", "{}")]);
    for (file, part) in [("a.json", "version 7"), ("b.json", "overlock capture"), ("c.json", "overlock_capture")] {
        let run = overlock(files.path(), &["audit", "--from", file]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{file}");
        assert!(run.err.contains(file) && run.err.contains(part), "{}", run.err);
    }
}

#[test]
fn a_plan_is_judged_beside_what_runs_and_replaces_its_own() {
    let mut capture = recorded();
    for one in capture["containers"].as_array_mut().unwrap() {
        one["project"] = json!("factory");
        one["service"] = one["name"].clone();
        one["labels"] = json!({});
    }
    let compose = "name: factory\nservices:\n  agents:\n    image: x\n    volumes: [/srv/claude:/home/agent/.claude]\n    \
                   entrypoint: [claude, -p]\n";
    let files = project(&[("host.json", &capture.to_string()), ("compose.yaml", compose)]);
    let report = overlock(files.path(), &["check", ".", "--from", "host.json", "--format", "json"]).json();
    let names: Vec<&Value> = report["participants"].as_array().unwrap().iter().map(|one| &one["container"]).collect();
    assert_eq!(names, ["agents", "runner"], "the running agents is replaced, runner stays");
    assert!(rules(&report).contains(&"unguarded-share".to_owned()));
    let alone = overlock(files.path(), &["check", ".", "--format", "json"]);
    assert_eq!(alone.status, 0, "{}", alone.out);
}

#[test]
fn where_answers_from_a_capture() {
    let directory = root().join("fixtures/stale-bind/ok-same-directory");
    let call = ["where", "agents", "/home/agent/.claude", "/tmp", "--from", "capture.json", "--format", "json"];
    let run = overlock(&directory, &call);
    let paths = run.json()["paths"].clone();
    assert_eq!(paths[0]["place"], json!({"kind": "host", "filesystem": null, "path": "/srv/claude"}));
    let reached: Vec<&Value> = paths[0]["reached_by"].as_array().unwrap().iter().map(|one| &one["container"]).collect();
    assert_eq!(reached, ["host", "runner"]);
    assert_eq!((&paths[0]["mount"]["fstype"], &paths[0]["mount"]["root"]), (&json!("ext4"), &json!("/srv/claude")));
    assert_eq!((&paths[1]["private"], &paths[1]["followed"]), (&json!(true), &json!(false)));
    // A path that was not followed when the capture was taken may have a link on it.
    assert_eq!(run.status, 3);
    let unknown = overlock(&directory, &["where", "nobody", "/", "--from", "capture.json"]);
    assert_eq!((unknown.status, unknown.out.as_str()), (2, ""));
}
