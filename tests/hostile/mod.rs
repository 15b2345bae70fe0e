//! Attacks: what a stranger's files, containers and engines may try, each with the neighbour that is none.

mod captures;
mod environment;
mod fake_host;
mod git;
mod killed;
mod output;
mod reading;
mod running;
mod silencing;
mod writing;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::engine::{skip, wanted};
use crate::harness::{Run, run};

/// How long one call may take, in seconds: far more than any needs.
const SECONDS: &str = "30";
/// How much address space it may have, in KiB. The allocator sets a gigabyte aside before it begins.
const ADDRESS_SPACE: &str = "3000000";
/// What `timeout` says of what did not end.
const TIMED_OUT: [i32; 2] = [124, 137];

/// Runs the program in a directory within a time and an amount of memory.
pub(crate) fn bounded(directory: &Path, arguments: &[&str]) -> Run {
    bounded_shell(directory, "exec \"$0\" \"$@\"", arguments)
}

/// The same, called by a line of bash in which it is `$0` and its arguments are `$@`.
pub(crate) fn bounded_shell(directory: &Path, line: &str, arguments: &[&str]) -> Run {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=2", SECONDS, "bash", "-c"]).arg(format!("ulimit -v {ADDRESS_SPACE}; {line}"));
    command.arg(env!("CARGO_BIN_EXE_overlock")).args(arguments).current_dir(directory);
    command.env_clear().env("HOME", "/home/user").env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let run = run(command);
    assert!(!TIMED_OUT.contains(&run.status), "{arguments:?} did not end: {} {}", run.out, run.err);
    assert!((0..4).contains(&run.status), "{arguments:?} ended with {}: {}", run.status, run.err);
    run
}

/// Runs the program as [`bounded`] does and gives the lines of its trace too, with the paths of file descriptors; `None`
/// where nothing traces here.
pub(crate) fn traced(test: &str, directory: &Path, arguments: &[&str]) -> Option<(Run, Vec<String>)> {
    if let Some(why) = wanted::missing(wanted::STRACE) {
        return skip(test, &why);
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let calls = "trace=open,openat,openat2,read,close,fstat,newfstatat,statx,fstatfs,lseek,getdents64";
    let line = format!("exec strace -f -y -s 0 -e {calls} -o {} \"$0\" \"$@\"", log.display());
    let run = bounded_shell(directory, &line, arguments);
    let lines = fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect();
    Some((run, lines))
}

/// The lines of a trace in which a path below this one was opened.
pub(crate) fn opened<'a>(trace: &'a [String], below: &Path) -> Vec<&'a str> {
    let below = below.canonicalize().unwrap().display().to_string();
    let is_open = |line: &&str| {
        let result = line.rsplit_once(" = ").map_or("", |(_, result)| result);
        let path = result.split_once('<').map_or("", |(_, path)| path.trim_end_matches('>'));
        line.contains("open") && (path == below || path.starts_with(&format!("{below}/")))
    };
    trace.iter().map(String::as_str).filter(is_open).collect()
}
