//! A whole look at this machine, with this very process taken for a container's first one.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;

use rustix::fs::FlockOperation;

use super::container::has_ended;
use super::*;
use crate::model::{Container, EngineFacts, EngineMount, EntryKind, EnvVar, KeptValue, Live, SourceNow};
use crate::rules::Ruleset;
use crate::text::Sources;

fn profiles() -> Vec<Profile> {
    Ruleset::load(&Sources::default(), None).unwrap().profiles
}

/// A container of which this process is the first.
fn ourselves() -> Container {
    let pid = i32::try_from(std::process::id()).unwrap();
    let proc = Proc::open(Path::new("/proc")).unwrap();
    let started = proc.pid(pid).unwrap().facts().unwrap().started / procfs::ticks_per_second();
    let seconds = proc.boot_time().unwrap() + i64::try_from(started).unwrap();
    let engine = EngineFacts { id: "e".repeat(64), pid, started_at: rfc3339(seconds), ..EngineFacts::default() };
    let live = Some(Box::new(Live { engine, ..Live::default() }));
    Container { name: "ourselves".into(), live, ..Container::default() }
}

/// The time as RFC 3339 writes it, by days since 1970 counted off one by one.
fn rfc3339(seconds: i64) -> String {
    let (mut year, mut day) = (1970, seconds / 86_400);
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while day >= 365 + i64::from(leap(year)) {
        day -= 365 + i64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    let clock = seconds % 86_400;
    format!("{year:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", month + 1, day + 1, clock / 3600, clock / 60 % 60, clock % 60)
}

/// A whole look, its logins numbered by themselves.
fn look(options: &Look, capture: &mut Capture, profiles: &[Profile]) -> Vec<String> {
    begin(options, profiles).finish(options, capture, &mut LoginIds::default())
}

fn seen(options: &Look, running: Container) -> (Container, Vec<String>) {
    let mut capture = Capture { containers: vec![running], ..Capture::default() };
    let gone = look(options, &mut capture, &profiles());
    (capture.containers.remove(0), gone)
}

#[test]
fn a_state_directory_is_followed_with_all_that_belongs_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let base = fs::canonicalize(dir.path()).unwrap();
    let at = |name: &str| base.join(name).to_str().unwrap().to_owned();
    fs::create_dir_all(at("srv/claude/.oauth_refresh.lock")).unwrap();
    fs::create_dir(at("home")).unwrap();
    symlink(at("srv/claude"), at("home/.claude")).unwrap();
    fs::write(at("srv/claude/.credentials.json"), r#"{"claudeAiOauth": {"refreshToken": "canary-token"}}"#).unwrap();
    let mut running = ourselves();
    running.env.insert("HOME".into(), EnvVar::of_kept("HOME", KeptValue::Public(at("home"))));
    let options =
        Look { extra: BTreeMap::from([(running.engine().id.clone(), vec![at("elsewhere")])]), ..Look::default() };
    let (container, gone) = seen(&options, running.clone());
    assert!(gone.is_empty());
    let kernel = container.kernel().unwrap();
    assert!(kernel.followed, "{:?}", container.unseen);
    assert!(!kernel.mounts.is_empty());
    assert!(kernel.links.iter().any(|link| link.name == at("home/.claude") && link.target == at("srv/claude")));
    for (name, kind) in [
        ("srv", EntryKind::Directory),
        ("srv/claude", EntryKind::Directory),
        ("srv/claude/.oauth_refresh.lock", EntryKind::Directory),
        ("srv/claude/.credentials.json", EntryKind::File),
    ] {
        assert_eq!(kernel.entries.get(&at(name)).map(|entry| entry.kind), Some(kind), "{name}");
    }
    for path in ["home/.claude", "srv/claude.lock", "srv/claude/session.lock", "home/.claude.json.lock", "elsewhere"] {
        assert!(kernel.paths.contains(&at(path)), "{path} {:?}", kernel.paths);
        assert!(!kernel.entries.contains_key(&at(path)), "{path}");
    }
    assert_eq!(kernel.identity.as_ref().unwrap().uid, rustix::process::geteuid().as_raw());
    assert!(kernel.logins.is_empty());

    // Looks of one capture give one login one number, and another one another.
    let (options, mut numbers) = (Look { compare_identities: true, ..options }, LoginIds::default());
    for (token, number) in [("canary-token", 1), ("other-token", 2), ("canary-token", 1)] {
        let file = format!(r#"{{"claudeAiOauth": {{"refreshToken": "{token}"}}}}"#);
        fs::write(at("srv/claude/.credentials.json"), file).unwrap();
        let mut capture = Capture { containers: vec![running.clone()], ..Capture::default() };
        begin(&options, &profiles()).finish(&options, &mut capture, &mut numbers);
        let container = capture.containers.remove(0);
        assert!(!format!("{container:?}").contains(token));
        let logins = container.shown().logins.clone();
        assert_eq!((logins.get(&at("home/.claude")), logins.get(&at("srv/claude"))), (Some(&number), Some(&number)));
    }
}

#[test]
fn the_version_is_read_from_the_programs_own_files() {
    let dir = tempfile::tempdir().unwrap();
    let base = fs::canonicalize(dir.path()).unwrap();
    let at = |name: &str| base.join(name).to_str().unwrap().to_owned();
    let program = |path: &str| {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir_all(Path::new(&at(path)).parent().unwrap()).unwrap();
        fs::write(at(path), "").unwrap();
        fs::set_permissions(at(path), fs::Permissions::from_mode(0o755)).unwrap();
    };
    program("a/lib/node_modules/@anthropic-ai/claude-code/cli.js");
    fs::write(at("a/lib/node_modules/@anthropic-ai/claude-code/package.json"), r#"{"version": "2.1.98"}"#).unwrap();
    program("home/.local/share/claude/versions/2.1.330");
    program("c/claude");
    for name in ["a/bin", "b", "home/.local/bin"] {
        fs::create_dir_all(at(name)).unwrap();
    }
    symlink("../lib/node_modules/@anthropic-ai/claude-code/cli.js", at("a/bin/claude")).unwrap();
    symlink("../share/claude/versions/2.1.330", at("home/.local/bin/claude")).unwrap();
    let mut running = ourselves();
    running.env.insert("HOME".into(), EnvVar::of_kept("HOME", KeptValue::Public(at("home"))));
    let path = format!("{}:{}:{}:relative", at("b"), at("a/bin"), at("c"));
    running.env.insert("PATH".into(), EnvVar::of_kept("PATH", KeptValue::Secret(path)));
    let installed = seen(&Look::default(), running).0.shown().installed.clone();
    let told: Vec<(&str, Option<&str>)> = installed
        .iter()
        .map(|one| (one.path.strip_prefix(base.to_str().unwrap()).unwrap(), one.version.as_deref()))
        .collect();
    assert_eq!(
        told[..3],
        [
            ("/a/lib/node_modules/@anthropic-ai/claude-code", Some("2.1.98")),
            ("/c/claude", None),
            ("/home/.local/share/claude/versions/2.1.330", Some("2.1.330")),
        ]
    );
}

#[test]
fn a_source_that_leads_elsewhere_now_is_told() {
    let mut running = ourselves();
    let table = mountinfo::parse(&fs::read("/proc/self/mountinfo").unwrap());
    let only = |point: &str| table.mounts.iter().filter(|mount| mount.mount_point == point).count() == 1;
    // Sources are looked up by the root of the first process, which has others there where this is a chroot.
    let is_same = |point: &str| {
        let device = |path: &str| fs::metadata(path).ok().map(|found| std::os::unix::fs::MetadataExt::dev(&found));
        device(&format!("/proc/1/root{point}")) == device(point)
    };
    let Some(point) = ["/proc", "/sys", "/dev"].into_iter().find(|point| only(point) && is_same(point)) else {
        let why = "the first process has another root";
        return writeln!(std::io::stderr(), "skipped, a_source_that_leads_elsewhere_now_is_told: {why}").unwrap();
    };
    for (source, now) in
        [(point, SourceNow::Same), ("/", SourceNow::Other), ("/no/such/directory/at/all", SourceNow::Gone)]
    {
        running.engine_mut().mounts = vec![EngineMount {
            kind: "bind".into(),
            source: source.into(),
            target: point.into(),
            ..EngineMount::default()
        }];
        let (container, _) = seen(&Look::default(), running.clone());
        assert_eq!(container.kernel().unwrap().sources.get(point), Some(&now), "{source} {:?}", container.unseen);
    }
}

#[test]
fn the_process_of_another_is_not_taken_for_the_containers() {
    let mut running = ourselves();
    running.engine_mut().started_at = "2001-01-01T00:00:00Z".into();
    let (container, gone) = seen(&Look::default(), running.clone());
    assert!(container.kernel().is_none() && gone.is_empty());
    assert!(container.unseen[0].what.contains("is not the container's"), "{:?}", container.unseen);

    for (pid, said) in [(0, "waits to be started again"), (-1, "ended before"), (i32::MAX, "ended before")] {
        running.engine_mut().pid = pid;
        let (container, gone) = seen(&Look::default(), running.clone());
        assert_eq!(gone, std::slice::from_ref(&running.engine().id));
        assert!(container.unseen[0].what.contains(said), "{:?}", container.unseen);
    }
}

#[test]
fn a_process_that_the_runtime_still_sets_up_shows_no_mounts() {
    let told = |target: &str| EngineMount {
        kind: "bind".into(),
        source: "/tmp".into(),
        target: target.into(),
        ..EngineMount::default()
    };
    let with = |inspection: Inspection, target: &str| {
        let mut running = ourselves();
        let engine = running.engine_mut();
        (engine.inspection, engine.mounts) = (inspection, vec![told(target)]);
        // Its cgroup is what told that it is the container's.
        engine.started_at = ourselves().engine().started_at.clone();
        seen(&Look::default(), running).0
    };
    let begun = with(Inspection::Mounts, "/not/mounted/yet");
    assert!(begun.kernel().is_none() && begun.live.as_ref().unwrap().mounts_unknown());
    assert!(begun.unseen[0].what.contains("still being set up"), "{:?}", begun.unseen);
    // Whoever was inspected had been started.
    assert!(with(Inspection::Whole, "/not/mounted/yet").kernel().is_some());
    // A root that is the host's is not the container's yet, whatever is mounted.
    let mut running = ourselves();
    running.engine_mut().inspection = Inspection::Nothing;
    assert!(own_user() != 0 || seen(&Look::default(), running).0.kernel().is_none());
}

#[test]
fn a_proc_that_is_none_is_a_gap_and_not_a_silence() {
    for proc in ["/no/such/proc", "/"] {
        let mut capture = Capture { containers: vec![ourselves()], ..Capture::default() };
        let gone = look(&Look { proc: PathBuf::from(proc), ..Look::default() }, &mut capture, &profiles());
        assert!(gone.is_empty() && capture.containers[0].kernel().is_none());
        assert!(capture.gaps[0].contains("--proc"), "{:?}", capture.gaps);
        assert!(capture.containers[0].unseen[0].what.contains("the kernel was not asked"));
    }
}

#[test]
fn time_that_is_up_leaves_a_gap() {
    let (container, gone) = seen(&Look { timeout: Duration::ZERO, ..Look::default() }, ourselves());
    assert!(gone.is_empty());
    assert!(
        container.unseen.iter().any(|gap| gap.what.contains("did not answer within 0 s")),
        "{:?}",
        container.unseen
    );
}

#[test]
fn a_running_call_of_the_host_is_found_with_its_lock_and_variables() {
    use std::os::unix::process::CommandExt;
    let dir = tempfile::tempdir().unwrap();
    let path = fs::canonicalize(dir.path()).unwrap().join("session.lock");
    let lock = File::create(&path).unwrap();
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
    // It waits for the end of its input, under the name of the program; this process, its parent, holds the lock.
    let mut child = std::process::Command::new("cat")
        .arg0("claude")
        .env_clear()
        .env("HOME", "/home/agent")
        .env("ANTHROPIC_API_KEY", "canary-key")
        .env("OTHER", "x")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut capture = Capture::default();
    look(&Look::default(), &mut capture, &profiles());
    let pid = i32::try_from(child.id()).unwrap();
    drop(child.stdin.take());
    child.wait().unwrap();
    let process = capture.own.as_ref().unwrap().processes.iter().find(|process| process.pid == pid).unwrap();
    assert_eq!((process.program.as_str(), process.words.as_slice()), ("claude-code", &["claude".to_owned()][..]));
    let env = process.env.as_ref().unwrap();
    assert_eq!(env.len(), 2);
    assert_eq!(env["HOME"], KeptValue::Public("/home/agent".into()));
    assert!(matches!(env["ANTHROPIC_API_KEY"], KeptValue::Secret(_)));
    let locks = process.locks.as_ref().unwrap();
    let held = locks.iter().find(|lock| lock.path == path.to_str().unwrap()).unwrap();
    assert!(held.current && held.exclusive);
    assert_eq!(held.holder, i32::try_from(std::process::id()).unwrap());
}

#[test]
fn a_process_without_mounts_has_ended_though_it_is_listed() {
    let proc = Proc::open(Path::new("/proc")).unwrap();
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let number = i32::try_from(child.id()).unwrap();
    let pid = proc.pid(number).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !has_ended(&pid) {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    // Nobody has waited for it: it is still listed.
    assert!(pid.facts().is_ok());
    child.wait().unwrap();
    assert!(pid.facts().is_err());
    assert!(!has_ended(&proc.pid(i32::try_from(std::process::id()).unwrap()).unwrap()));
}
