//! Containers that the engine does not list, since others started them: each is found by its mount namespace, named by its
//! cgroup and judged with the rest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::audit::{self, participant, report};
use super::wanted::{CONTAINERD, UNSHARE};
use super::{Engine, Probe, Start, engine_and, must, output};
use crate::harness::run;

const STATE: &str = "/home/agent/.claude";

/// Waits for something that another process does.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program on the host, which ends with the test.
struct Stays(Child);

impl Stays {
    fn start(program: &str, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).envs(env.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One container of the engine's on a directory, of the version that takes no lock that others see.
fn listed(engine: &Engine, source: &Path) -> Probe {
    let start = Start::participant(&engine.name("listed")).label("overlock.version", "2.1.98");
    let mut probe = engine.start(&start.env("HOME", "/home/agent").bind(source, STATE));
    probe.must(&["spawn", "free", "", "claude", "-p", "hello"]);
    probe
}

/// A private containerd.
struct Containerd {
    folder: PathBuf,
    address: String,
    containers: Vec<String>,
    _daemon: Stays,
}

impl Containerd {
    fn start(engine: &Engine) -> Self {
        let folder = engine.directory("containerd");
        let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let address = at("containerd.sock");
        let arguments = ["--root", &at("root"), "--state", &at("state"), "--address", &address, "--log-level", "error"];
        let config = at("config.toml");
        fs::write(&config, "disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n").unwrap();
        let daemon = Stays::start("containerd", &[&["--config", &config], &arguments[..]].concat(), &[]);
        let containerd = Self { folder, address, containers: Vec::new(), _daemon: daemon };
        wait_until("containerd does not answer", || containerd.ctr(&["version"]).is_ok());
        containerd
    }

    fn ctr(&self, arguments: &[&str]) -> Result<String, String> {
        output(Command::new("ctr").args(["--address", &self.address, "--namespace", "overlock"]).args(arguments))
    }

    /// Starts a container with the files of the tests' image that runs the program.
    fn run(&mut self, engine: &Engine, name: &str, source: &Path) {
        let root = self.folder.join(format!("{name}-files"));
        must("cp", &["-a", engine.folder.join("image").to_str().unwrap(), root.to_str().unwrap()]);
        fs::create_dir_all(root.join(&STATE[1..])).unwrap();
        let mount = format!("type=bind,src={},dst={STATE},options=rbind:rw", source.display());
        let program = "/usr/local/bin/claude";
        let words = [
            "run",
            "--detach",
            "--rootfs",
            "--mount",
            &mount,
            "--env",
            "HOME=/home/agent",
            root.to_str().unwrap(),
            name,
            program,
            "-p",
            "hello",
        ];
        self.containers.push(name.to_owned());
        self.ctr(&words).unwrap();
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        for name in &self.containers {
            let _ = self.ctr(&["task", "kill", "--signal", "SIGKILL", name]);
            let _ = self.ctr(&["task", "delete", "--force", name]);
            let _ = self.ctr(&["container", "delete", name]);
        }
    }
}

#[test]
fn container_of_another_runtime_is_judged_with_the_engines() {
    let Some(engine) = engine_and("container_of_another_runtime_is_judged_with_the_engines", CONTAINERD) else {
        return;
    };
    let (shared, own) = (engine.directory("shared"), engine.directory("own"));
    let listed = listed(engine, &shared);
    for (source, verdict) in [(&own, "ok"), (&shared, "error")] {
        let mut containerd = Containerd::start(engine);
        let name = engine.name("other-runtime");
        containerd.run(engine, &name, source);
        wait_until("the container runs", || {
            containerd.ctr(&["task", "list"]).is_ok_and(|list| list.contains("RUNNING"))
        });
        let report = report(&[&listed.name, &name]);
        assert_eq!(participant(&report, &name)["place"]["path"], source.to_str().unwrap());
        for name in [&listed.name, &name] {
            assert_eq!(participant(&report, name)["verdict"], verdict, "{report:#}");
        }
    }
}

#[test]
fn process_of_the_host_with_mounts_of_its_own_is_judged_by_them() {
    let test = "process_of_the_host_with_mounts_of_its_own_is_judged_by_them";
    let Some(engine) = engine_and(test, UNSHARE) else { return };
    let (shared, own) = (engine.directory("shared"), engine.directory("own"));
    let point = engine.directory("point");
    let listed = listed(engine, &shared);
    let program = engine.folder.join("image/usr/local/bin/claude");
    for (source, verdict) in [(&own, "ok"), (&shared, "error")] {
        let mount =
            format!("mount --bind {} {} && exec {} -p hello", source.display(), point.display(), program.display());
        let state = [("CLAUDE_CONFIG_DIR", point.to_str().unwrap())];
        let stays = Stays::start("unshare", &["--mount", "sh", "-c", &mount], &state);
        let comm = format!("/proc/{}/comm", stays.0.id());
        wait_until("the program runs", || fs::read_to_string(&comm).is_ok_and(|comm| comm.trim() == "claude"));
        let run = run(audit::overlock(&["audit", "--format", "json"]));
        let report = run.json();
        assert_eq!(participant(&report, &listed.name)["verdict"], verdict, "{report:#}");
        let all = report["participants"].as_array().unwrap();
        let found = all.iter().filter(|one| one["state_dir"] == point.to_str().unwrap());
        let verdicts: Vec<_> = found.map(|one| (&one["verdict"], &one["place"]["path"])).collect();
        assert_eq!(verdicts, [(&verdict.into(), &source.to_str().unwrap().into())], "{report:#}");
    }
}

#[test]
fn namespace_of_a_program_that_is_none_of_ours_is_not_told_of() {
    let test = "namespace_of_a_program_that_is_none_of_ours_is_not_told_of";
    let Some(engine) = engine_and(test, UNSHARE) else { return };
    let stays = Stays::start("unshare", &["--mount", "sleep", "1000"], &[]);
    let comm = format!("/proc/{}/comm", stays.0.id());
    wait_until("it runs", || fs::read_to_string(&comm).is_ok_and(|comm| comm.trim() == "sleep"));
    let captured = run(audit::overlock(&["capture"])).json();
    let containers = captured["containers"].as_array().unwrap();
    assert!(containers.iter().all(|one| one["pid"] != stays.0.id()), "{containers:#?}");
    let _ = engine;
}
