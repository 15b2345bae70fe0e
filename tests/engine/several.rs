//! Several engines on one host, and none: whoever asks them, all that runs there is judged together.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::audit::{self, participant};
use super::wanted::PODMAN;
use super::{Engine, Probe, Start, docker, engine, engine_and, must, output};
use crate::harness::run;

const STATE: &str = "/home/agent/.claude";

/// Podman with its own directories, and its service on a socket.
struct Podman {
    folder: PathBuf,
    service: Child,
    socket: PathBuf,
    _kept: tempfile::TempDir,
}

impl Podman {
    fn start() -> Self {
        // Podman takes no directory of a long name.
        let kept = tempfile::tempdir().unwrap();
        let folder = kept.path().to_owned();
        let socket = folder.join("podman.sock");
        let mut command = Self::command(&folder);
        command.args(["system", "service", "--time", "0", &format!("unix://{}", socket.display())]);
        let service = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !socket.exists() {
            assert!(Instant::now() < deadline, "Podman does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { folder, service, socket, _kept: kept }
    }

    fn command(folder: &Path) -> Command {
        let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let mut command = Command::new("podman");
        command.args(["--root", &at("root"), "--runroot", &at("run"), "--tmpdir", &at("tmp")]);
        command.args(["--cgroup-manager", "cgroupfs", "--storage-driver", "vfs", "--events-backend", "none"]);
        command
    }

    /// A container with the files of the tests' image that runs the program.
    fn run(&self, engine: &Engine, name: &str, source: &Path) {
        let files = self.folder.join("files");
        if !files.exists() {
            must("cp", &["-a", engine.folder.join("image").to_str().unwrap(), files.to_str().unwrap()]);
        }
        let volume = format!("{}:{STATE}", source.display());
        let mut command = Self::command(&self.folder);
        command.args(["run", "--detach", "--name", name, "--network", "none", "--volume", &volume]);
        // Where the machine allows no more, Podman's own limits are refused.
        command.args(["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--env", "HOME=/home/agent"]);
        command.args(["--label", "overlock.role=batch", "--label", "overlock.version=2.1.98", "--rootfs"]);
        command.args([files.to_str().unwrap(), "/usr/local/bin/claude", "-p", "hello"]);
        output(&mut command).unwrap();
    }

    fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = output(Self::command(&self.folder).args(["rm", "--all", "--force", "--time", "0"]));
        let _ = self.service.kill();
        let _ = self.service.wait();
    }
}

fn docker_address() -> String {
    std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned())
}

fn listed(engine: &Engine, source: &Path) -> Probe {
    let start = Start::participant(&engine.name("listed")).label("overlock.version", "2.1.98");
    let mut probe = engine.start(&start.env("HOME", "/home/agent").bind(source, STATE));
    probe.must(&["spawn", "free", "", "claude", "-p", "hello"]);
    probe
}

#[test]
fn engines_that_are_named_are_judged_together() {
    let Some(engine) = engine_and("engines_that_are_named_are_judged_together", PODMAN) else { return };
    let (shared, own) = (engine.directory("shared"), engine.directory("own"));
    let listed = listed(engine, &shared);
    let podman = Podman::start();
    for (source, verdict) in [(&own, "ok"), (&shared, "error")] {
        let name = engine.name("podman");
        podman.run(engine, &name, source);
        let both = [
            "audit",
            "--format",
            "json",
            "--host",
            &docker_address(),
            "--host",
            &podman.address(),
            &listed.name,
            &name,
        ];
        let run_of_both = run(audit::overlock(&both));
        let report = run_of_both.json();
        for name in [&listed.name, &name] {
            assert_eq!(participant(&report, name)["verdict"], verdict, "{report:#}");
        }
        // Nobody need name the other one: what it runs is found, by its id.
        let id = output(Podman::command(&podman.folder).args(["inspect", "--format", "{{.Id}}", &name])).unwrap();
        let unnamed = run(audit::overlock(&["audit", "--format", "json", "--host", &docker_address()])).json();
        let by_id = format!("libpod {}", &id[..12]);
        assert_eq!(participant(&unnamed, &by_id)["place"]["path"], source.to_str().unwrap());
        assert_eq!(participant(&unnamed, &listed.name)["verdict"], verdict, "{unnamed:#}");
    }
    // One that does not answer is a gap, and the rest is judged.
    let dead = format!("unix://{}", podman.folder.join("none.sock").display());
    let partly = run(audit::overlock(&["audit", "--format", "json", "--host", &docker_address(), "--host", &dead]));
    assert!(partly.out.contains("none.sock") && partly.out.contains(&listed.name), "{}", partly.out);
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
