//! Several engines on one host, and none: whoever asks them, all that runs there is judged together.

use std::path::Path;
use std::process::Command;

use super::audit::{self, participant};
use super::podman::{Podman, User};
use super::wanted::{PODMAN, ROOTLESS};
use super::{Engine, Probe, Start, docker, engine, engine_and};
use crate::harness::run;

const STATE: &str = "/home/agent/.claude";

fn docker_address() -> String {
    std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned())
}

fn listed(engine: &Engine, source: &Path) -> Probe {
    let start = Start::participant(&engine.name("listed")).label("overlock.version", "2.1.98");
    let mut probe = engine.start(&start.env("HOME", "/home/agent").bind(source, STATE));
    probe.must(&["spawn", "free", "", "claude", "-p", "hello"]);
    probe
}

/// Judges Docker's container beside one of Podman's, each by itself and both on one directory.
fn judge_beside(engine: &Engine, user: User) {
    let (shared, own) = (engine.directory("shared"), engine.directory("own"));
    let listed = listed(engine, &shared);
    let podman = Podman::start(engine, user);
    for (source, verdict) in [(&own, "ok"), (&shared, "error")] {
        let name = engine.name("podman");
        podman.run(engine, &name, source);
        let hosts = ["--host", &docker_address(), "--host", &podman.address()];
        let both = [&["audit", "--format", "json"], &hosts[..], &[&listed.name, &name]].concat();
        let run_of_both = run(audit::overlock(&both));
        let report = run_of_both.json();
        for name in [&listed.name, &name] {
            assert_eq!(participant(&report, name)["verdict"], verdict, "{report:#}");
        }
        // Nobody need name the other one: what it runs is found, by its cgroup where it has one of its own.
        let unnamed = run(audit::overlock(&["audit", "--format", "json", "--host", &docker_address()])).json();
        let all = unnamed["participants"].as_array().unwrap();
        let is_there = |one: &&serde_json::Value| one["place"]["path"] == source.to_str().unwrap();
        let found: Vec<_> =
            all.iter().filter(is_there).filter(|one| one["container"] != listed.name.as_str()).collect();
        assert!(found.len() == 1 && found[0]["verdict"] == verdict, "{unnamed:#}");
        if user == User::Root {
            let id = podman.output(&["inspect", "--format", "{{.Id}}", &name]);
            assert_eq!(found[0]["container"], format!("libpod {}", &id[..12]));
        }
        assert_eq!(participant(&unnamed, &listed.name)["verdict"], verdict, "{unnamed:#}");
        // Its socket is found where it usually is: a namespace of its own has it there, and no other run sees it.
        let usual = "/run/user/1000/podman";
        let script = format!(
            "mkdir -p /run/user && mount -t tmpfs tmpfs /run/user && mkdir -p {usual} && touch {usual}/podman.sock && \
             mount --bind {} {usual}/podman.sock && exec \"$@\"",
            podman.socket()
        );
        let call = audit::overlock(&["audit", "--format", "json"]);
        let mut apart = Command::new("unshare");
        apart.args(["--mount", "sh", "-c", &script, "sh"]).arg(call.get_program()).args(call.get_args());
        apart.env_clear().env("HOME", "/home/user").env("PATH", std::env::var_os("PATH").unwrap());
        if std::env::var_os("DOCKER_HOST").is_none() {
            let found = run(apart);
            assert_eq!(participant(&found.json(), &name)["verdict"], verdict, "{} {}", found.out, found.err);
        }
    }
    // One that does not answer is a gap, and the rest is judged.
    let dead = format!("{}.none", podman.address());
    let partly = run(audit::overlock(&["audit", "--format", "json", "--host", &docker_address(), "--host", &dead]));
    assert!(partly.out.contains("sock.none") && partly.out.contains(&listed.name), "{}", partly.out);
}

#[test]
fn podman_of_root_is_judged_beside_docker() {
    let Some(engine) = engine_and("podman_of_root_is_judged_beside_docker", PODMAN) else { return };
    judge_beside(engine, User::Root);
}

#[test]
fn podman_without_root_is_judged_beside_docker() {
    let Some(engine) = engine_and("podman_without_root_is_judged_beside_docker", ROOTLESS) else { return };
    judge_beside(engine, User::Nobody);
}

#[test]
fn without_an_engine_containers_are_found_by_the_kernel() {
    let Some(engine) = engine("without_an_engine_containers_are_found_by_the_kernel") else { return };
    let (shared, own) = (engine.directory("shared"), engine.directory("own"));
    let [one, other, alone] = [&shared, &shared, &own].map(|source| listed(engine, source));
    let report = run(audit::overlock(&["audit", "--format", "json", "--no-engine"])).json();
    for (probe, verdict) in [(&one, "error"), (&other, "error"), (&alone, "ok")] {
        let name = format!("docker {}", &docker(&["inspect", "--format", "{{.Id}}", &probe.name]).unwrap()[..12]);
        assert_eq!(participant(&report, &name)["verdict"], verdict, "{report:#}");
        // The same for one container and its paths.
        let found = run(audit::overlock(&["where", "--no-engine", "--format", "json", &name, STATE]));
        assert_eq!(found.status, 0, "{}", found.err);
    }
}
