//! Where files are written: never through a link, and never where somebody else decides what becomes of them.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::wanted::{self, SETPRIV, UNSHARE};
use crate::harness::{command, overlock, project, root, run};

const SERVICE: &str = "    image: x\n    volumes: [\"/srv/c:/home/agent/.claude\"]\n    entrypoint: [claude, -p]\n";
/// What is told of a broken project where its report goes to a file.
const REASON: &str = "overlock: exit status 1: 1 error\n";
/// The same of a project that `--fix` changes.
const REASON_OF_FIXABLE: &str = "overlock: exit status 1: 1 error, 1 note\n";
/// No call here may take longer.
const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn broken() -> tempfile::TempDir {
    project(&[("compose.yaml", &format!("services:\n  a:\n{SERVICE}  b:\n{SERVICE}"))])
}

/// A project that `--fix` changes.
pub(super) fn fixable() -> String {
    let guarded = "[flock, -w, \"600\", /home/agent/.claude/session.lock, claude, -p]";
    let mount = "    volumes: [\"/srv/claude:/home/agent/.claude\"]\n";
    format!(
        "services:\n  agents:\n    image: a\n{mount}    entrypoint: {guarded}\n  chat:\n    image: a\n    tty: true\n    \
         stdin_open: true\n{mount}    entrypoint: [claude]\n"
    )
}

/// A folder with what runs on a host, for `report`.
pub(super) fn host() -> tempfile::TempDir {
    let capture = root().join("fixtures/unguarded-call/bad-one-without/capture.json");
    project(&[("host.json", &fs::read_to_string(capture).unwrap())])
}

pub(super) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The temporary files in a directory.
pub(super) fn leftovers(directory: &Path) -> Vec<String> {
    names(directory).into_iter().filter(|name| name.starts_with(".overlock-")).collect()
}

/// Runs a call that could hang; what it printed on standard error, and its status.
fn limited(mut call: Command) -> (String, i32) {
    let mut child = call.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("it hangs");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (err, status.code().unwrap())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Whether a test of root, or of what root can set up, can run here.
fn can(test: &str, programs: &[wanted::Wanted]) -> bool {
    let why = if is_root() { wanted::missing(programs) } else { Some("not root".to_owned()) };
    why.is_none_or(|why| {
        crate::engine::skip::<()>(test, &why);
        false
    })
}

fn mkfifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn committed_link_is_replaced_and_what_it_leads_to_stays() {
    let outside = project(&[("victim", "secret"), ("other/file", "x")]);
    let victim = outside.path().join("victim");
    for target in [victim.clone(), outside.path().join("none"), outside.path().join("other")] {
        let directory = broken();
        let link = directory.path().join("overlock.sarif");
        symlink(&target, directory.path().join("middle")).unwrap();
        symlink("middle", &link).unwrap();
        let run = overlock(directory.path(), &["check", "--output", "sarif=overlock.sarif"]);
        assert_eq!((run.status, run.err.as_str()), (1, REASON), "{target:?}");
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
        assert!(fs::read_to_string(&link).unwrap().contains("sarif-schema"));
        assert!(fs::symlink_metadata(directory.path().join("middle")).unwrap().is_symlink());
        assert_eq!(names(directory.path()), ["compose.yaml", "middle", "overlock.sarif"]);
    }
    assert_eq!(fs::read_to_string(&victim).unwrap(), "secret");
    assert_eq!(names(outside.path()), ["other", "victim"]);
}

#[test]
fn committed_link_to_a_stream_of_the_system_is_replaced_too() {
    let directory = broken();
    for target in ["/dev/stdout", "/dev/null", "/proc/self/fd/1", "/dev/full"] {
        let link = directory.path().join("overlock.json");
        let _ = fs::remove_file(&link);
        symlink(target, &link).unwrap();
        let run = overlock(directory.path(), &["check", "--output", "json=overlock.json"]);
        assert_eq!((run.status, run.out.as_str(), run.err.as_str()), (1, "", REASON), "{target}");
        assert!(fs::symlink_metadata(&link).unwrap().is_file(), "{target}");
    }
}

#[test]
fn linked_directory_that_is_typed_is_followed() {
    let (directory, outside) = (broken(), project(&[]));
    symlink(outside.path(), directory.path().join("reports")).unwrap();
    let run = overlock(directory.path(), &["check", "--output", "json=reports/a.json"]);
    assert_eq!((run.status, run.err.as_str()), (1, REASON));
    assert_eq!(names(outside.path()), ["a.json"]);
}

#[test]
fn ordinary_file_is_replaced_and_keeps_its_mode() {
    let directory = broken();
    let path = directory.path().join("a.json");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    fs::hard_link(&path, directory.path().join("same")).unwrap();
    assert_eq!(overlock(directory.path(), &["check", "--output", "json=a.json"]).status, 1);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o604);
    assert_eq!(fs::read_to_string(directory.path().join("same")).unwrap(), "old", "it is another file now");
}

#[test]
fn streams_that_are_typed_are_written_to() {
    let directory = broken();
    let wanted = overlock(directory.path(), &["check", "--format", "json"]).out;
    let output = |path: &str| overlock(directory.path(), &["check", "--output", &format!("json={path}")]);
    for path in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let run = output(path);
        assert_eq!((run.status, run.out, run.err.as_str()), (1, wanted.clone(), ""), "{path}");
    }
    assert_eq!(output("/dev/stderr").err, wanted);
    assert_eq!(output("/dev/null").status, 1);
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    // A file that standard output goes to keeps what is in it, and what comes after.
    let file = directory.path().join("log");
    let script = "echo before; \"$1\" check --output json=/dev/stdout; echo after";
    let log = fs::File::create(&file).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh", env!("CARGO_BIN_EXE_overlock")]).current_dir(directory.path()).stdout(log);
    assert!(shell.status().unwrap().success());
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("before\n{wanted}after\n"));
    // What bash makes of `>(cat)`, and another descriptor.
    let script = "\"$1\" check --output json=/dev/fd/7 7>&1 | cat";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh", env!("CARGO_BIN_EXE_overlock")]).current_dir(directory.path());
    assert_eq!(String::from_utf8(shell.output().unwrap().stdout).unwrap(), wanted);
    let pipe = directory.path().join("pipe");
    mkfifo(&pipe);
    let reader = thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    assert_eq!(output("pipe").status, 1);
    assert_eq!(reader.join().unwrap(), wanted);
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
}

#[test]
fn disk_and_directory_that_take_nothing_are_told_with_their_cause() {
    let directory = broken();
    fs::create_dir(directory.path().join("folder")).unwrap();
    for (path, cause, advice) in [
        ("/dev/full", "No space left on device", "make room on that filesystem"),
        ("none/a.json", "No such file or directory", "the directory must exist"),
        ("folder", "Is a directory", "name a file in it"),
        ("folder/", "Is a directory", "name a file in it"),
        ("compose.yaml/a", "Not a directory", "the directory must exist"),
    ] {
        let run = overlock(directory.path(), &["check", "--output", &format!("json={path}")]);
        assert_eq!(run.status, 2, "{path}");
        assert!(run.err.contains(cause) && run.err.contains(advice), "{path}: {}", run.err);
    }
    assert_eq!(names(directory.path()), ["compose.yaml", "folder"]);
}

#[test]
fn full_disk_leaves_the_old_file_and_nothing_else() {
    if !can("full_disk_leaves_the_old_file_and_nothing_else", UNSHARE) {
        return;
    }
    let directory = broken();
    fs::create_dir(directory.path().join("small")).unwrap();
    let script = "mount -t tmpfs -o size=16k none small && echo old >small/a.html && \"$1\" check --output html=small/a.html; \
                  echo status $?; cat small/a.html; ls -A small; mount -o remount,ro small; \"$1\" check --output \
                  html=small/a.html";
    let mut call = Command::new("unshare");
    call.args(["-m", "sh", "-c", script, "sh", env!("CARGO_BIN_EXE_overlock")]).current_dir(directory.path());
    let output = call.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if err.contains("mount: ") || err.contains("unshare: ") {
        crate::engine::skip::<()>("full_disk_leaves_the_old_file_and_nothing_else", &err);
        return;
    }
    assert_eq!(out, "status 2\nold\na.html\n", "{err}");
    assert!(err.contains("make room on that filesystem"), "{err}");
    assert!(err.contains("mounted read-only: choose a directory on another one"), "{err}");
}

#[test]
fn linked_baseline_is_replaced_and_what_it_leads_to_stays() {
    let (directory, outside) = (broken(), project(&[("victim", "secret")]));
    symlink(outside.path().join("victim"), directory.path().join("overlock.baseline.json")).unwrap();
    let run = overlock(directory.path(), &["check", "--write-baseline"]);
    let told = "overlock: wrote overlock.baseline.json: 2 hits, suppressed from now on with --baseline=overlock.baseline.json\n";
    assert_eq!((run.status, run.err.as_str()), (0, told));
    assert_eq!(fs::read_to_string(outside.path().join("victim")).unwrap(), "secret");
    assert!(fs::symlink_metadata(directory.path().join("overlock.baseline.json")).unwrap().is_file());
    assert_eq!(overlock(directory.path(), &["check", "--baseline", "overlock.baseline.json"]).status, 0);
}

#[test]
fn state_is_read_and_locked_in_regular_files_alone() {
    let victim = project(&[("victim", "secret")]);
    let make_link = |path: &Path| symlink(victim.path().join("victim"), path).unwrap();
    let make_zero = |path: &Path| symlink("/dev/zero", path).unwrap();
    let make_directory = |path: &Path| fs::create_dir(path).unwrap();
    let makers: [&dyn Fn(&Path); 4] = [&make_link, &make_zero, &make_directory, &|path| mkfifo(path)];
    let call = ["report", "--from", "host.json", "--state", "state", "--output", "text"];
    for (at, make) in makers.iter().enumerate() {
        for end in ["json", "lock"] {
            let host = host();
            // The names depend on what is reported.
            overlock(host.path(), &call);
            let state = host.path().join("state");
            let name = names(&state).into_iter().find(|name| name.ends_with(end)).unwrap();
            fs::remove_file(state.join(&name)).unwrap();
            make(&state.join(&name));
            let (err, status) = limited(command(host.path(), &call));
            if end == "lock" {
                assert_eq!(status, 2, "{at}: {err}");
                assert!(err.contains("cannot be remembered in") && err.contains(&name), "{at}: {err}");
            } else {
                assert!(err.contains("what the last report kept cannot be read"), "{at}: {err}");
                // A directory cannot be replaced by a file.
                let replaced = fs::symlink_metadata(state.join(&name)).unwrap().is_file();
                assert_eq!((replaced, status), if at == 2 { (false, 2) } else { (true, 1) }, "{at}: {err}");
            }
            assert_eq!(leftovers(&state), Vec::<String>::new());
        }
    }
    assert_eq!(fs::read_to_string(victim.path().join("victim")).unwrap(), "secret");
}

/// What is done to `above/own`, and whether root refuses it then.
type SharedCase<'a> = (&'a str, &'a dyn Fn(&Path, &Path), bool);

#[test]
fn root_refuses_to_remember_where_others_can_write() {
    if !can("root_refuses_to_remember_where_others_can_write", &[]) {
        return;
    }
    let chmod = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let chown = |path: &Path, uid, gid| std::os::unix::fs::chown(path, Some(uid), Some(gid)).unwrap();
    let cases: [SharedCase<'_>; 11] = [
        ("as it is", &|_, _| (), false),
        ("all can write", &|_, own| chmod(own, 0o777), true),
        ("all can write, sticky", &|_, own| chmod(own, 0o1777), true),
        ("a group can write", &|_, own| (chown(own, 0, 1000), chmod(own, 0o775)).0, true),
        ("root's group can write", &|_, own| chmod(own, 0o775), false),
        ("another's", &|_, own| chown(own, 1000, 0), true),
        ("above all can write", &|above, _| chmod(above, 0o777), true),
        ("above all can write, sticky", &|above, _| chmod(above, 0o1777), false),
        ("above a group can write", &|above, _| (chown(above, 0, 1000), chmod(above, 0o775)).0, true),
        ("above is another's", &|above, _| chown(above, 1000, 0), true),
        (
            "a link of another's",
            &|above, own| {
                fs::rename(own, above.join("real")).unwrap();
                symlink("real", own).unwrap();
                std::os::unix::fs::lchown(own, Some(1000), Some(0)).unwrap();
            },
            true,
        ),
    ];
    for (what, change, refused) in cases {
        let host = host();
        fs::write(host.path().join("compose.yaml"), fixable()).unwrap();
        let above = host.path().join("above");
        let own = above.join("own");
        fs::create_dir_all(&own).unwrap();
        change(&above, &own);
        let run = overlock(host.path(), &["report", "--from", "host.json", "--state", "above/own"]);
        assert_eq!(run.err.contains("cannot be remembered in"), refused, "{what}: {}", run.err);
        assert_eq!(run.status, if refused { 2 } else { 1 }, "{what}: {}", run.err);
        assert_eq!(names(&own).is_empty(), refused, "{what}");
        let call = ["check", "compose.yaml", "--write-baseline=above/own/baseline.json"];
        let run = overlock(host.path(), &call);
        assert_eq!(run.status, if refused { 2 } else { 0 }, "{what}: {}", run.err);
        assert!(!refused || run.err.contains("choose a directory of root's alone"), "{what}: {}", run.err);
        assert_eq!(own.join("baseline.json").exists(), !refused, "{what}");
        // Only what later runs trust is refused.
        let run = overlock(host.path(), &["check", "compose.yaml", "--output", "json=above/own/a.json"]);
        assert_eq!((run.status, run.err.as_str()), (1, REASON_OF_FIXABLE), "{what}");
        assert!(own.join("a.json").is_file(), "{what}");
    }
}

#[test]
fn state_directory_that_is_made_is_roots_alone() {
    let host = host();
    let umask = "umask 0; exec \"$@\"";
    let mut call = Command::new("sh");
    call.args(["-c", umask, "sh", env!("CARGO_BIN_EXE_overlock")]).current_dir(host.path());
    call.args(["report", "--from", "host.json", "--state", "a/b"]);
    assert_eq!(call.output().unwrap().status.code(), Some(1));
    for made in ["a", "a/b"] {
        assert_eq!(fs::metadata(host.path().join(made)).unwrap().mode() & 0o022, 0, "{made}");
    }
}

#[test]
fn checkout_that_all_can_write_is_written_in() {
    if !can("checkout_that_all_can_write_is_written_in", SETPRIV) {
        return;
    }
    // As GitLab's runner makes it: root's files, folders that all can write, and a user who is neither.
    let directory = project(&[("sub/compose.yaml", &fixable()), ("sub/a.json", "old")]);
    let at = |name: &str| directory.path().join(name);
    for folder in ["", "sub"] {
        fs::set_permissions(at(folder), fs::Permissions::from_mode(0o777)).unwrap();
    }
    for file in ["sub/compose.yaml", "sub/a.json"] {
        fs::set_permissions(at(file), fs::Permissions::from_mode(0o666)).unwrap();
    }
    let program = directory.path().join("overlock");
    fs::copy(env!("CARGO_BIN_EXE_overlock"), &program).unwrap();
    let as_user = |arguments: &[&str]| {
        let mut call = Command::new("setpriv");
        call.args(["--reuid=1000", "--regid=1000", "--clear-groups"]).arg(&program).args(arguments);
        call.current_dir(at("sub")).env_clear().env("HOME", "/home/user").env("PATH", "/usr/bin:/bin");
        run(call)
    };
    let run = as_user(&["check", "--output", "json=a.json", "--output", "sarif=b.sarif"]);
    assert_eq!((run.status, run.err.as_str()), (1, REASON_OF_FIXABLE));
    assert!(fs::read_to_string(at("sub/a.json")).unwrap().contains("schema_version"));
    let known = fs::metadata(at("sub/a.json")).unwrap();
    assert_eq!((known.uid(), known.mode() & 0o7777), (1000, 0o666));
    let run = as_user(&["check", "--fix"]);
    assert!(run.err.contains("written: compose.yaml"), "{}", run.err);
    assert!(fs::read_to_string(at("sub/compose.yaml")).unwrap().contains("/srv/claude-chat:"));
    assert_eq!(as_user(&["check", "--write-baseline"]).status, 0, "only root refuses it");
    assert_eq!(names(&at("sub")), ["a.json", "b.sarif", "compose.yaml", "overlock.baseline.json"]);
    // Run by root, each file stays whose it is.
    assert_eq!(overlock(&at("sub"), &["check", "--output", "json=a.json"]).status, 0);
    assert_eq!(fs::metadata(at("sub/a.json")).unwrap().uid(), 1000);
}

#[test]
fn pages_replace_links() {
    let outside = project(&[("victim", "secret")]);
    let directory = project(&[("man/kept", "")]);
    symlink(outside.path().join("victim"), directory.path().join("man/overlock.1")).unwrap();
    let run = overlock(directory.path(), &["man", "--out", "man"]);
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(fs::symlink_metadata(directory.path().join("man/overlock.1")).unwrap().is_file());
    assert_eq!(fs::read_to_string(outside.path().join("victim")).unwrap(), "secret");
}

#[test]
fn leftover_of_a_killed_run_goes_with_the_next_and_costs_nothing() {
    let directory = broken();
    let at = |name: &str| directory.path().join(name);
    fs::write(at(".overlock-0123456789abcdef.tmp"), "half").unwrap();
    let victim = project(&[("victim", "secret")]);
    symlink(victim.path().join("victim"), at(".overlock-fedcba9876543210.tmp")).unwrap();
    let run = overlock(directory.path(), &["check", "--output", "json=a.json"]);
    assert_eq!((run.status, run.err.as_str()), (1, REASON));
    assert_eq!(
        names(directory.path()),
        [".overlock-fedcba9876543210.tmp", "a.json", "compose.yaml"],
        "no link is ours"
    );
    assert_eq!(fs::read_to_string(victim.path().join("victim")).unwrap(), "secret");
}
