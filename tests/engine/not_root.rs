//! Audits with less sight than root has on the host: another user, another pid namespace. What cannot be looked at is
//! said, and never called sound.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::audit::{self, participant};
use super::wanted::{SETPRIV, UNSHARE};
use super::{Engine, Probe, Start, engine_and, must};
use crate::harness::{Run, root, run};

const STATE: &str = "/home/agent/.claude";
const NOBODY: u32 = 65534;

/// The exit status for what could not be looked at.
const GAP: i32 = 3;

/// Two containers that an audit with root's sight calls sound.
fn pair(engine: &Engine) -> [Probe; 2] {
    let source = engine.directory("sight").join("claude");
    fs::create_dir(&source).unwrap();
    ["one", "other"].map(|stem| {
        let start = Start::participant(&engine.name(stem)).env("HOME", "/home/agent").bind(&source, STATE);
        engine.start(&start)
    })
}

/// Runs the audit of two containers below another command.
fn audit_under(program: &str, arguments: &[&str], binary: &str, options: &[&str], pair: &[Probe; 2]) -> Run {
    let asked = audit::overlock(&[]);
    let mut command = Command::new(program);
    command.args(arguments).arg(binary).args(["audit", "--format", "json"]).args(options);
    command.args(pair.iter().map(|probe| &probe.name)).env_clear();
    for (name, value) in asked.get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    run(command)
}

fn assert_undetermined(run: &Run, pair: &[Probe; 2]) {
    assert_eq!(run.status, GAP, "{}{}", run.err, run.out);
    let report = run.json();
    for probe in pair {
        assert_eq!(participant(&report, &probe.name)["verdict"], "undetermined", "{report:#}");
    }
}

fn assert_sound(report: &Value, pair: &[Probe; 2]) {
    for probe in pair {
        assert_eq!(participant(report, &probe.name)["verdict"], "ok", "{report:#}");
    }
}

/// The group that may speak with the engine; nothing where the engine is reached otherwise.
fn engine_group() -> Option<u32> {
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    Some(fs::metadata(host.strip_prefix("unix://")?).ok()?.gid())
}

/// The program where everybody can run it.
fn public_binary(engine: &Engine) -> PathBuf {
    let binary = engine.directory("binary").join("overlock");
    fs::copy(env!("CARGO_BIN_EXE_overlock"), &binary).unwrap();
    fs::set_permissions(&binary, Permissions::from_mode(0o755)).unwrap();
    binary
}

/// Whether some process lets its root be opened that is the host's: the same mount as the first process has there. A machine
/// may keep its first process even from root; this very one is the next that may be it.
fn shows_the_hosts_root(proc: &str) -> bool {
    let root_mount = |pid: &str| {
        let table = fs::read_to_string(format!("{proc}/{pid}/mountinfo")).ok()?;
        let root = table.lines().find(|line| line.split(' ').nth(4) == Some("/"))?;
        root.split(' ').next().map(str::to_owned)
    };
    let hosts = root_mount("1").unwrap();
    let pids = fs::read_dir(proc).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    pids.filter(|name| name.parse::<u32>().is_ok())
        .any(|pid| fs::read_dir(format!("{proc}/{pid}/root")).is_ok() && root_mount(&pid).as_ref() == Some(&hosts))
}

#[test]
fn another_user() {
    let Some(engine) = engine_and("another_user", SETPRIV) else { return };
    let pair = pair(engine);
    let binary = public_binary(engine);
    let Some(group) = engine_group() else { return };
    let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={group}"));
    let arguments = [user.as_str(), group.as_str(), "--clear-groups"];
    // The fact: the mount table can be read, the container's files cannot.
    let read = |path: &str| {
        let path = format!("/proc/{}/{path}", pair[0].pid());
        Command::new("setpriv").args(arguments).args(["ls", &path]).output().unwrap().status.success()
    };
    assert!(read("mountinfo") && !read("root/"));
    let run = audit_under("setpriv", &arguments, binary.to_str().unwrap(), &[], &pair);
    assert_undetermined(&run, &pair);
}

#[test]
fn another_pid_namespace() {
    let Some(engine) = engine_and("another_pid_namespace", UNSHARE) else { return };
    let pair = pair(engine);
    let arguments = ["--pid", "--fork", "--mount-proc"];
    let run = audit_under("unshare", &arguments, env!("CARGO_BIN_EXE_overlock"), &[], &pair);
    assert_undetermined(&run, &pair);
}

#[test]
fn another_pid_namespace_and_the_hosts_proc() {
    let Some(engine) = engine_and("another_pid_namespace_and_the_hosts_proc", UNSHARE) else { return };
    let pair = pair(engine);
    let outer = engine.directory("proc");
    let outer = outer.to_str().unwrap();
    must("mount", &["--bind", "/proc", outer]);
    let arguments = ["--pid", "--fork", "--mount-proc"];
    let run = audit_under("unshare", &arguments, env!("CARGO_BIN_EXE_overlock"), &["--proc", outer], &pair);
    let shown = shows_the_hosts_root(outer);
    must("umount", &[outer]);
    // The containers are seen whole in any case. Without the host's root it is not known where sources lead now.
    assert_eq!(run.status, if shown { 0 } else { GAP }, "{}{}", run.err, run.out);
    assert_eq!(run.out.contains("where the sources of binds and volumes lead now"), !shown, "{}", run.out);
    assert_sound(&run.json(), &pair);
}

#[test]
fn the_capabilities_of_the_unit_are_enough() {
    let test = "the_capabilities_of_the_unit_are_enough";
    let Some(engine) = engine_and(test, SETPRIV) else { return };
    let unit = fs::read_to_string(root().join("contrib/systemd/overlock-report.service")).unwrap();
    let bounding = unit.lines().find_map(|line| line.strip_prefix("CapabilityBoundingSet=")).unwrap();
    let set = bounding.split(' ').map(|name| format!("+{}", name.strip_prefix("CAP_").unwrap().to_lowercase()));
    let set = std::iter::once("-all".to_owned()).chain(set).collect::<Vec<_>>().join(",");
    let state = engine.directory("state");
    let one = engine.start(
        &Start::participant(&engine.name("one"))
            .option("--user", "1000")
            .env("HOME", "/home/agent")
            .bind(&state, "/home/agent/.claude"),
    );
    let call = audit::overlock(&["audit", "--format", "json", &one.name]);
    let mut less = Command::new("setpriv");
    less.args(["--inh-caps=-all", &format!("--bounding-set={set}"), "--no-new-privs"]);
    less.arg(call.get_program()).args(call.get_args()).env_clear().env("HOME", "/home/user");
    let (less, all) = (run(less), run(call));
    assert_eq!((less.status, less.err.as_str()), (0, ""), "{}", less.out);
    assert_eq!(less.json()["participants"], all.json()["participants"]);
}
