//! Each row of the table "What the kernel does": the fact itself, made with a real engine, and what overlock says of it.
//! Missing here is Docker Desktop's file sharing, which no Linux host has; `not_root` has the row about permissions.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use super::audit::{participant, places, report, rules};
use super::disk::Disk;
use super::wanted::DISKS;
use super::{Engine, Probe, Start, docker, engine, engine_and, must, sweep};

const STATE: &str = "/home/agent/.claude";
const INSIDE: &str = "/home/agent/.claude/.oauth_refresh.lock";
const GUARD: &str = "/home/agent/.claude/session.lock";

/// `EEXIST` and `EBUSY`.
const EXISTS: i32 = 17;
const BUSY: i32 = 16;

/// A line of a mount table.
struct Line {
    id: String,
    parent: String,
    device: String,
    root: String,
}

/// The mount at a path of a container, by its mount table (proc_pid_mountinfo(5)).
fn mount(probe: &Probe, target: &str) -> Line {
    let table = fs::read_to_string(format!("/proc/{}/mountinfo", probe.pid())).unwrap();
    let mut fields = table.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    // Of several the last covers the others.
    let found = fields.rfind(|fields| fields[4] == target);
    let fields = found.unwrap_or_else(|| panic!("nothing is mounted at {target}:\n{table}"));
    let field = |at: usize| fields[at].to_owned();
    Line { id: field(0), parent: field(1), device: field(2), root: field(3) }
}

/// A path of a container, as its device and inode from outside.
fn numbers(probe: &Probe, path: &str) -> (u64, u64) {
    let found = fs::metadata(format!("/proc/{}/root{path}", probe.pid())).unwrap();
    (found.dev(), found.ino())
}

/// `st_dev` as mountinfo writes a device.
fn device(dev: u64) -> String {
    format!("{}:{}", (dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xf_ff00))
}

fn container(engine: &Engine, stem: &str) -> Start {
    Start::participant(&engine.name(stem)).env("HOME", "/home/agent")
}

/// A state directory of the host, and its path there.
fn state(engine: &Engine) -> PathBuf {
    let state = engine.directory("facts").join("claude");
    fs::create_dir(&state).unwrap();
    state
}

/// Whether an `mkdir` of one path by one container keeps the other from it.
fn excludes(one: &mut Probe, other: &mut Probe, path: &str) -> bool {
    one.must(&["mkdir", path]);
    let tried = other.ask(&["mkdir", path]);
    one.must(&["rmdir", path]);
    match tried {
        Ok(_) => {
            other.must(&["rmdir", path]);
            false
        }
        Err(refusal) => {
            assert_eq!(refusal.number, EXISTS, "{refusal:?}");
            true
        }
    }
}

/// The source of a container's first mount, as the engine tells it.
fn engine_source(probe: &Probe) -> String {
    probe.inspect("{{(index .Mounts 0).Source}}")
}

#[test]
fn bind_in_two_containers() {
    let Some(engine) = engine("bind_in_two_containers") else { return };
    let source = state(engine);
    let mut one = engine.start(&container(engine, "one").bind(&source, STATE));
    let mut other = engine.start(&container(engine, "other").bind(&source, STATE));
    let (a, b) = (mount(&one, STATE), mount(&other, STATE));
    assert_eq!((a.device, a.root), (b.device, b.root));
    assert_eq!(numbers(&one, STATE), numbers(&other, STATE));
    assert!(excludes(&mut one, &mut other, INSIDE));
    let report = report(&[&one.name, &other.name]);
    let [a, b] = [&one, &other].map(|probe| participant(&report, &probe.name));
    assert_eq!(places(a)[0], places(b)[0], "{report:#}");
    assert_eq!(places(a)[0]["kind"], "host");
    assert_eq!(places(a)[0]["path"], source.join(".oauth_refresh.lock").to_str().unwrap());
    for (participant, peer) in [(a, &other.name), (b, &one.name)] {
        assert_eq!((&participant["verdict"], participant["peers"][0].as_str()), (&"ok".into(), Some(peer.as_str())));
    }
}

#[test]
fn sibling_mkdir_in_both() {
    let Some(engine) = engine("sibling_mkdir_in_both") else { return };
    let source = state(engine);
    let old = |stem| container(engine, stem).label("overlock.version", "2.1.98").bind(&source, STATE);
    let (mut one, mut other) = (engine.start(&old("one")), engine.start(&old("other")));
    one.must(&["mkdir-sibling", STATE]);
    other.must(&["mkdir-sibling", STATE]);
    let report = report(&[&one.name, &other.name]);
    for probe in [&one, &other] {
        let participant = participant(&report, &probe.name);
        assert_eq!((&participant["verdict"], &places(participant)[1]["kind"]), (&"error".into(), &"private".into()));
        assert!(rules(&report, &probe.name).contains(&"unguarded-share"), "{report:#}");
    }
}

#[test]
fn btrfs_numbers_differ() {
    let Some(engine) = engine_and("btrfs_numbers_differ", DISKS) else { return };
    let (name, top) = (engine.name("subvolumes"), engine.disks().path(Disk::Btrfs));
    let folder = top.join(&name);
    fs::create_dir(&folder).unwrap();
    for subvolume in ["one", "two"] {
        must("btrfs", &["-q", "subvolume", "create", folder.join(subvolume).to_str().unwrap()]);
    }
    let again = engine.disks().alias(Disk::Btrfs).join(&name).join("one");
    let mut one = engine.start(&container(engine, "one").bind(&folder.join("one"), STATE));
    let mut two = engine.start(&container(engine, "two").bind(&folder.join("two"), STATE));
    let mut same = engine.start(&container(engine, "same").bind(&again, STATE));
    // One superblock, two subvolumes; the inode number is the same, and `st_dev` is not the superblock.
    assert_eq!(mount(&one, STATE).device, mount(&two, STATE).device);
    let ((dev, inode), (other, repeated)) = (numbers(&one, STATE), numbers(&two, STATE));
    assert_eq!(inode, repeated);
    assert_ne!(dev, other);
    assert_ne!(device(dev), mount(&one, STATE).device);
    one.must(&["flock", GUARD]);
    let (_, guard) = numbers(&one, GUARD);
    let superblock = mount(&one, STATE).device;
    let locked = lock_lines(guard).into_iter().any(|(at, _)| at == superblock);
    assert!(locked, "{superblock} {guard} is not in /proc/locks");
    assert!(two.ask(&["flock", GUARD]).is_ok());
    assert!(same.ask(&["flock", GUARD]).is_err());
    assert!(!excludes(&mut one, &mut two, INSIDE));
    assert!(excludes(&mut one, &mut same, INSIDE));
    let report = report(&[&one.name, &two.name, &same.name]);
    let [one, two, same] = [&one, &two, &same].map(|probe| places(participant(&report, &probe.name))[0]);
    assert_ne!(one, two, "{report:#}");
    assert_eq!(one, same, "{report:#}");
}

/// The device, as mountinfo writes it, and the pid of every lock on an inode, by /proc/locks.
fn lock_lines(inode: u64) -> Vec<(String, i32)> {
    let table = fs::read_to_string("/proc/locks").unwrap();
    let fields = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    // A waiting one has an arrow after its number.
    let held = fields.filter(|fields| fields[1] != "->");
    let parsed = held.filter_map(|fields| {
        let mut at = fields[5].split(':');
        let mut hex = || u32::from_str_radix(at.next().unwrap(), 16).unwrap();
        let device = format!("{}:{}", hex(), hex());
        (at.next() == Some(&inode.to_string())).then(|| (device, fields[4].parse().unwrap()))
    });
    parsed.collect()
}

/// One container with the directory before something happened to it, one with what has its name afterwards.
fn before_and_after(engine: &Engine, happen: impl Fn(&Path)) -> (Probe, Probe, PathBuf) {
    let source = state(engine);
    let mut old = engine.start(&container(engine, "old").bind(&source, STATE));
    happen(&source);
    let mut new = engine.start(&container(engine, "new").bind(&source, STATE));
    // The engine sees no difference.
    assert_eq!(engine_source(&old), engine_source(&new));
    assert_ne!(numbers(&old, STATE), numbers(&new, STATE));
    new.must(&["mkdir", INSIDE]);
    let tried = old.ask(&["mkdir", INSIDE]);
    assert!(tried.is_ok_and(|_| old.ask(&["rmdir", INSIDE]).is_ok()) || mount(&old, STATE).root.ends_with("//deleted"));
    new.must(&["rmdir", INSIDE]);
    (old, new, source)
}

fn assert_stale(old: &Probe, new: &Probe) {
    let report = report(&[&old.name, &new.name]);
    let [before, after] = [old, new].map(|probe| participant(&report, &probe.name));
    assert_ne!(places(before)[0], places(after)[0], "{report:#}");
    assert!(rules(&report, &old.name).contains(&"stale-bind"), "{report:#}");
    assert!(!rules(&report, &new.name).contains(&"stale-bind"), "{report:#}");
}

#[test]
fn source_deleted_and_recreated() {
    let Some(engine) = engine("source_deleted_and_recreated") else { return };
    let (old, new, source) = before_and_after(engine, |source| {
        fs::remove_dir(source).unwrap();
        fs::create_dir(source).unwrap();
    });
    assert!(mount(&old, STATE).root.ends_with("//deleted"));
    assert!(source.ends_with(Path::new(&mount(&new, STATE).root).file_name().unwrap()));
    assert_stale(&old, &new);
}

#[test]
fn source_renamed() {
    let Some(engine) = engine("source_renamed") else { return };
    let (old, new, _) = before_and_after(engine, |source| {
        fs::rename(source, source.with_file_name("moved")).unwrap();
        fs::create_dir(source).unwrap();
    });
    assert!(mount(&old, STATE).root.ends_with("/moved"));
    assert_stale(&old, &new);
}

#[test]
fn volume_that_is_a_bind() {
    let Some(engine) = engine("volume_that_is_a_bind") else { return };
    let (source, volume) = (state(engine), engine.name("volume"));
    let label = format!("{}={}", sweep::LABEL, engine.run);
    let device = format!("device={}", source.display());
    must("docker", &["volume", "create", "--label", &label, "-o", "type=none", "-o", "o=bind", "-o", &device, &volume]);
    let mut bound = engine.start(&container(engine, "bound").bind(&source, STATE));
    let mut named = engine.start(&container(engine, "named").option("--volume", &format!("{volume}:{STATE}")));
    assert!(engine_source(&named).ends_with("/_data"));
    assert_eq!(mount(&named, STATE).root, mount(&bound, STATE).root);
    assert!(excludes(&mut bound, &mut named, INSIDE));
    let report = report(&[&bound.name, &named.name]);
    let name = named.name.clone();
    drop(named);
    docker(&["volume", "rm", &volume]).unwrap();
    let named = participant(&report, &name);
    let bound = participant(&report, &bound.name);
    assert_eq!(places(bound)[0], places(named)[0], "{report:#}");
    assert_eq!(places(named)[0]["kind"], "host");
    assert_eq!((&bound["verdict"], &named["verdict"]), (&"ok".into(), &"ok".into()));
}

#[test]
fn source_is_a_symlink() {
    let Some(engine) = engine("source_is_a_symlink") else { return };
    let source = state(engine);
    let link = source.with_file_name("link");
    symlink("claude", &link).unwrap();
    let mut one = engine.start(&container(engine, "target").bind(&source, STATE));
    let mut other = engine.start(&container(engine, "link").bind(&link, STATE));
    assert_eq!(mount(&one, STATE).root, mount(&other, STATE).root);
    assert!(mount(&other, STATE).root.ends_with("/claude"));
    assert!(excludes(&mut one, &mut other, INSIDE));
    let report = report(&[&one.name, &other.name]);
    let [one, other] = [&one, &other].map(|probe| participant(&report, &probe.name));
    assert_eq!(places(one)[0], places(other)[0], "{report:#}");
    assert_eq!((&one["verdict"], &other["verdict"]), (&"ok".into(), &"ok".into()));
}

#[test]
fn credentials_as_a_single_file() {
    let Some(engine) = engine("credentials_as_a_single_file") else { return };
    let file = state(engine).join(".credentials.json");
    fs::write(&file, "{}").unwrap();
    let target = format!("{STATE}/.credentials.json");
    let start = |stem| engine.start(&container(engine, stem).bind(&file, &target));
    let (mut one, mut other) = (start("one"), start("other"));
    one.must(&["write", &format!("{target}.new"), "{}"]);
    assert_eq!(one.ask(&["rename", &format!("{target}.new"), &target]).unwrap_err().number, BUSY);
    assert!(!excludes(&mut one, &mut other, INSIDE));
    let report = report(&[&one.name, &other.name]);
    for probe in [&one, &other] {
        let participant = participant(&report, &probe.name);
        assert!(rules(&report, &probe.name).contains(&"file-mount"), "{report:#}");
        assert_eq!((&participant["scope"], &places(participant)[0]["kind"]), (&"file".into(), &"private".into()));
    }
}

#[test]
fn tmpfs_over_the_home_and_a_bind_in_it() {
    let Some(engine) = engine("tmpfs_over_the_home_and_a_bind_in_it") else { return };
    let home = engine.directory("home");
    let source = home.join(".claude");
    fs::create_dir(&source).unwrap();
    let mut covered = engine.start(&container(engine, "covered").option("--tmpfs", "/home/agent").bind(&source, STATE));
    let mut whole = engine.start(&container(engine, "whole").bind(&home, "/home/agent"));
    let (above, below) = (mount(&covered, "/home/agent"), mount(&covered, STATE));
    assert_eq!(below.parent, above.id);
    assert!(excludes(&mut covered, &mut whole, INSIDE));
    assert!(!excludes(&mut covered, &mut whole, "/home/agent/.claude.lock"));
    let report = report(&[&covered.name, &whole.name]);
    let [covered, whole] = [&covered, &whole].map(|probe| places(participant(&report, &probe.name)));
    assert_eq!(covered[0], whole[0], "{report:#}");
    assert_eq!((&covered[1]["kind"], &whole[1]["kind"]), (&"tmpfs".into(), &"host".into()), "{report:#}");
}

#[test]
fn flock_by_a_command_that_is_gone() {
    let Some(engine) = engine("flock_by_a_command_that_is_gone") else { return };
    let source = state(engine);
    let mut probe = engine.start(&container(engine, "gone").label("overlock.guard", GUARD).bind(&source, STATE));
    let inner = probe.must(&["spawn", "gone", GUARD, "claude", "-p", "hello"]).remove(0);
    let (_, inode) = numbers(&probe, GUARD);
    let superblock = mount(&probe, STATE).device;
    let locks = lock_lines(inode);
    let (_, holder) = locks.iter().find(|(device, _)| *device == superblock).unwrap();
    assert!(!Path::new(&format!("/proc/{holder}")).exists(), "{holder} still runs");
    let program = host_pid(&probe, &inner);
    let held = fs::read_to_string(format!("/proc/{program}/fdinfo/0")).unwrap();
    assert!(held.lines().any(|line| line.starts_with("lock:") && line.contains("FLOCK") && line.contains("WRITE")));
    let report = report(&[&probe.name]);
    assert_eq!(participant(&report, &probe.name)["guard"]["state"], "held", "{report:#}");
    assert!(!rules(&report, &probe.name).contains(&"unguarded-call"), "{report:#}");
}

/// The host's number of a process that has this one in the container.
fn host_pid(probe: &Probe, inner: &str) -> String {
    let space = fs::read_link(format!("/proc/{}/ns/pid", probe.pid())).unwrap();
    let all = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_it = |pid: &String| {
        let same = fs::read_link(format!("/proc/{pid}/ns/pid")).is_ok_and(|other| other == space);
        let status = if same { fs::read_to_string(format!("/proc/{pid}/status")) } else { return false };
        let numbers = status.unwrap_or_default();
        let numbers = numbers.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
        numbers.split_whitespace().next_back() == Some(inner)
    };
    all.filter(|name| name.chars().all(|c| c.is_ascii_digit())).find(is_it).unwrap()
}
