//! Processes that see something else than their container's first one: in another root or in another mount namespace. Each
//! is judged by what it sees itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::audit::{participant, report};
use super::wanted::{BUSYBOX, find};
use super::{Engine, Probe, Start, docker, engine_and};

const HOME: &str = "/home/agent";
const STATE: &str = "/home/agent/.claude";
const GUARD: &str = "/home/agent/.claude/session.lock";
const PROGRAM: &str = "/usr/local/bin/claude";

/// A container of the oldest version, which takes no lock that others see; busybox is in it and in its jail.
fn start(engine: &Engine, stem: &str) -> Start {
    let busybox = find("busybox").unwrap();
    let program = engine.folder.join("image/usr/local/bin/claude");
    Start::participant(&engine.name(stem))
        .label("overlock.version", "2.1.98")
        .env("HOME", HOME)
        .bind(&busybox, "/bin/busybox")
        .bind(&busybox, "/jail/bin/busybox")
        .bind(&program, "/jail/usr/local/bin/claude")
}

/// Runs words in a container, which end in the program, and waits until that runs.
fn exec(probe: &Probe, options: &[&str], words: &[&str]) {
    let name = probe.name.as_str();
    docker(&[&["exec", "--detach"], options, &[name], words, &[PROGRAM, "-p", "hello"]].concat()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let runs = || {
        let listed = docker(&["top", name, "-eo", "pid,comm"]).unwrap();
        listed.lines().any(|line| line.ends_with(" claude"))
    };
    while !runs() {
        assert!(Instant::now() < deadline, "{words:?} does not run");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A container that runs the program on a directory as it sees it itself.
fn neighbour(engine: &Engine, source: &Path) -> Probe {
    let probe = engine.start(&start(engine, "neighbour").bind(source, STATE));
    exec(&probe, &[], &[]);
    probe
}

/// Two directories of the host.
fn two(engine: &Engine) -> [PathBuf; 2] {
    ["one", "other"].map(|stem| {
        let source = engine.directory(stem).join("claude");
        fs::create_dir(&source).unwrap();
        source
    })
}

#[test]
fn process_in_another_root_is_judged_by_that_root() {
    let Some(engine) = engine_and("process_in_another_root_is_judged_by_that_root", BUSYBOX) else { return };
    let [shared, own] = two(engine);
    let neighbour = neighbour(engine, &shared);
    for (source, verdict) in [(&shared, "error"), (&own, "ok")] {
        let jailed = engine.start(&start(engine, "jailed").bind(source, &format!("/jail{STATE}")));
        exec(&jailed, &[], &["/bin/busybox", "chroot", "/jail"]);
        let inside = format!("{} in /jail", jailed.name);
        let report = report(&[&neighbour.name, &inside]);
        let one = participant(&report, &inside);
        assert_eq!((&one["verdict"], &one["state_dir"]), (&verdict.into(), &STATE.into()), "{report:#}");
        assert_eq!(one["place"]["path"], source.to_str().unwrap());
        assert_eq!(participant(&report, &neighbour.name)["verdict"], verdict, "{report:#}");
    }
}

#[test]
fn root_that_is_a_directory_of_a_mount_is_that_directory() {
    let Some(engine) = engine_and("root_that_is_a_directory_of_a_mount_is_that_directory", BUSYBOX) else { return };
    let [shared, _] = two(engine);
    let neighbour = neighbour(engine, &shared);
    let jail = shared.parent().unwrap();
    for (directory, to) in
        [("bin", find("busybox").unwrap()), ("usr/local/bin", engine.folder.join("image").join(&PROGRAM[1..]))]
    {
        fs::create_dir_all(jail.join(directory)).unwrap();
        fs::copy(&to, jail.join(directory).join(to.file_name().unwrap())).unwrap();
    }
    // Its state directory is the neighbour's, on the very mount that holds its root.
    for (home, verdict) in [("/", "error"), ("/elsewhere", "ok")] {
        let jailed = Start { options: Vec::new(), ..start(engine, "jailed") }
            .label("overlock.version", "2.1.98")
            .label("overlock.role", "batch")
            .bind(&find("busybox").unwrap(), "/bin/busybox")
            .bind(jail.parent().unwrap(), "/data");
        let jailed = engine.start(&jailed);
        let root = format!("/data/{}", jail.file_name().unwrap().to_str().unwrap());
        let state = format!("CLAUDE_CONFIG_DIR={home}claude").replace("elsewhere", "elsewhere/");
        exec(&jailed, &["--env", &state], &["/bin/busybox", "chroot", &root]);
        let inside = format!("{} in {root}", jailed.name);
        let report = report(&[&neighbour.name, &inside]);
        assert_eq!(participant(&report, &inside)["verdict"], verdict, "{report:#}");
        assert_eq!(participant(&report, &neighbour.name)["verdict"], verdict, "{report:#}");
    }
}

#[test]
fn process_in_another_mount_namespace_is_judged_by_its_mounts() {
    let Some(engine) = engine_and("process_in_another_mount_namespace_is_judged_by_its_mounts", BUSYBOX) else {
        return;
    };
    let [shared, own] = two(engine);
    let neighbour = neighbour(engine, &shared);
    for (mounted, verdict) in [("/shared", "error"), ("/own", "ok")] {
        // Its first process has another directory there.
        let apart = start(engine, "apart").bind(&own, STATE).bind(&shared, "/shared").bind(&own, "/own");
        let apart = apart.option("--cap-add", "SYS_ADMIN").option("--security-opt", "seccomp=unconfined");
        let apart = engine.start(&apart);
        let mount = format!("/bin/busybox mount --bind {mounted} {STATE} && exec \"$@\"");
        exec(&apart, &[], &["/bin/busybox", "unshare", "-m", "/bin/busybox", "sh", "-c", &mount, "sh"]);
        let inside = format!("{} with mounts of its own", apart.name);
        let report = report(&[&neighbour.name, &inside]);
        assert_eq!(participant(&report, &inside)["verdict"], verdict, "{report:#}");
        // Where the first process may look as well is a state directory within reach.
        assert_eq!(participant(&report, &neighbour.name)["verdict"], verdict, "{report:#}");
    }
}

#[test]
fn flock_of_an_ancestor_with_another_root_counts_where_it_is_the_same_file() {
    let test = "flock_of_an_ancestor_with_another_root_counts_where_it_is_the_same_file";
    let Some(engine) = engine_and(test, BUSYBOX) else { return };
    let [shared, own] = two(engine);
    let guarded = engine.start(&start(engine, "guarded").bind(&shared, STATE));
    exec(&guarded, &[], &["/usr/local/bin/probe", "under", &format!("{STATE}/another.lock")]);
    for (outside, held) in [(&shared, true), (&own, false)] {
        let jailed = start(engine, "jailed").bind(outside, STATE).bind(&shared, &format!("/jail{STATE}"));
        let jailed = engine.start(&jailed);
        exec(&jailed, &[], &["/usr/local/bin/probe", "under", GUARD, "/bin/busybox", "chroot", "/jail"]);
        let inside = format!("{} in /jail", jailed.name);
        let report = report(&[&inside]);
        let one = participant(&report, &inside);
        assert_eq!(one["guard"]["path"].is_null(), !held, "{report:#}");
    }
}
