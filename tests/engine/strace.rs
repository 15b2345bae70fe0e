//! What an audit asks of the kernel and of the engine: it reads, and nothing else.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use super::wanted::STRACE;
use super::{Start, audit, docker, engine_and};

const STATE: &str = "/home/agent/.claude";

/// Calls that change something, whatever their arguments.
const CHANGES: &str = "creat,unlink,unlinkat,mkdir,mkdirat,rmdir,rename,renameat,renameat2,symlink,symlinkat,link,linkat,\
                       mknod,mknodat,truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,utimensat,\
                       setxattr,lsetxattr,fsetxattr,removexattr,flock,mount,umount2,move_mount,setns,unshare,chroot,\
                       pivot_root,ptrace,process_vm_writev,kill,tkill,tgkill,pidfd_send_signal,bind,listen";

/// Calls whose arguments decide.
const DEPENDS: &str = "open,openat,openat2,execve,execveat,fcntl,connect";

/// What is wrong with a line of the trace, if something is.
fn complaint(line: &str) -> Option<&'static str> {
    // `[pid N] name(arguments) = result`, or without the pid, which `-f` writes once there are several.
    let call = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
    let name = call.split('(').next().unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| call.contains(word));
    match name {
        "open" | "openat" | "openat2" => {
            has(&["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"]).then_some("opens for writing")
        }
        "execve" | "execveat" => Some("runs something"),
        "fcntl" => has(&["F_SETLK", "F_OFD_SETLK", "F_SETLEASE"]).then_some("locks"),
        "connect" => (!has(&["AF_UNIX"])).then_some("speaks with something else than the engine's socket"),
        _ if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => None,
        _ => Some("changes something"),
    }
}

#[test]
fn an_audit_only_reads() {
    let Some(engine) = engine_and("an_audit_only_reads", STRACE) else { return };
    let folder = engine.directory("trace");
    let source = folder.join("claude");
    fs::create_dir(&source).unwrap();
    let guard = format!("{STATE}/session.lock");
    let start = |stem: &str| {
        let start = Start::participant(&engine.name(stem)).env("HOME", "/home/agent").label("overlock.guard", &guard);
        engine.start(&start.bind(&source, STATE))
    };
    let (mut one, other) = (start("one"), start("other"));
    one.must(&["spawn", "self", &guard, "claude", "-p", "hello"]);
    let listed = |probe: &super::Probe| docker(&["diff", &probe.name]).unwrap();
    let before = [listed(&one), listed(&other)];
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let trace = folder.join("trace");
    let asked = audit::overlock(&["audit", "--format", "json", &one.name, &other.name]);
    let mut command = Command::new("strace");
    command.args(["-f", "-e", &format!("trace={DEPENDS},{CHANGES}"), "-e", "signal=none", "-o"]).arg(&trace);
    command.arg(asked.get_program()).args(asked.get_args());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(&trace).unwrap();
    let mut lines = text.lines();
    // The first is strace itself, which becomes the program.
    assert!(lines.next().is_some_and(|line| line.contains("execve(")), "{text}");
    let wrong: Vec<String> = lines.filter_map(|line| Some(format!("{}: {line}", complaint(line)?))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(text.contains("AF_UNIX") && text.contains("mountinfo"), "the trace does not show the audit:\n{text}");
    assert_eq!(before, [listed(&one), listed(&other)]);
    let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 1;
    let (since, until) = (since.to_string(), until.to_string());
    for probe in [&one, &other] {
        let filter = format!("container={}", probe.name);
        let format = "{{.Action}}";
        let events =
            docker(&["events", "--since", &since, "--until", &until, "--filter", &filter, "--format", format]).unwrap();
        assert!(!events.contains("exec"), "{events}");
    }
}

#[test]
fn the_trace_is_read_as_it_is_written() {
    for line in [
        r#"12 openat(AT_FDCWD, "/x", O_RDONLY|O_CLOEXEC) = 3"#,
        r#"openat2(3, "y", {flags=O_PATH|O_CLOEXEC, resolve=RESOLVE_IN_ROOT}, 24) = 4"#,
        r#"12 connect(3, {sa_family=AF_UNIX, sun_path="/var/run/docker.sock"}, 23) = 0"#,
        "12 fcntl(3, F_GETFL) = 0x2",
        "12 <... openat resumed>) = 3",
        "12 +++ exited with 0 +++",
    ] {
        assert_eq!(complaint(line), None, "{line}");
    }
    for line in [
        r#"12 openat(AT_FDCWD, "/x", O_RDWR|O_CREAT, 0666) = 3"#,
        r#"12 execve("/bin/sh", ["sh"], 0x0 /* 3 vars */) = 0"#,
        r#"12 mkdir("/x", 0777 <unfinished ...>"#,
        "12 flock(3, LOCK_EX) = 0",
        "12 fcntl(3, F_SETLK, {}) = 0",
    ] {
        assert!(complaint(line).is_some(), "{line}");
    }
}
