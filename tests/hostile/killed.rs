//! Runs that are killed while they write: nothing is torn, and the next run leaves nothing behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use super::writing::{broken, fixable, host, leftovers, names};
use crate::engine::wanted::{self, STRACE};
use crate::harness::{command, overlock, project};

/// A call that writes, where, and what its file may hold afterwards.
struct Writer {
    folder: tempfile::TempDir,
    arguments: &'static [&'static str],
    /// The file that it writes.
    file: PathBuf,
    old: Vec<u8>,
    is_whole: fn(&[u8], &Self) -> bool,
    new: Vec<u8>,
}

impl Writer {
    fn of(
        folder: tempfile::TempDir,
        arguments: &'static [&'static str],
        file: &str,
        old: Option<&str>,
        is_whole: fn(&[u8], &Self) -> bool,
    ) -> Self {
        let path = folder.path().join(file);
        let before = old.map(str::as_bytes).map(<[u8]>::to_vec);
        if let Some(before) = &before {
            fs::write(&path, before).unwrap();
        }
        overlock(folder.path(), arguments);
        let file = if path.is_dir() {
            let state = names(&path).into_iter().find(|name| name.ends_with("json")).unwrap();
            path.join(state)
        } else {
            path
        };
        let new = fs::read(&file).unwrap();
        Self { folder, arguments, file, old: before.unwrap_or_else(|| new.clone()), is_whole, new }
    }

    fn all() -> [Self; 4] {
        let old_or_new = |bytes: &[u8], writer: &Self| bytes == writer.old || bytes == writer.new;
        // It has the time in it.
        let state = |bytes: &[u8], _: &Self| serde_json::from_slice::<Value>(bytes).is_ok_and(|one| one.is_object());
        let fixed = fixable();
        [
            Self::of(host(), &["report", "--from", "host.json", "--state", "state"], "state", None, state),
            Self::of(
                project(&[("compose.yaml", &fixed)]),
                &["check", "compose.yaml", "--fix"],
                "compose.yaml",
                Some(&fixed),
                old_or_new,
            ),
            Self::of(broken(), &["check", "--write-baseline=b.json"], "b.json", Some("old"), old_or_new),
            Self::of(broken(), &["check", "--output", "sarif=a.sarif"], "a.sarif", Some("old"), old_or_new),
        ]
    }

    fn directory(&self) -> &Path {
        self.file.parent().unwrap()
    }

    fn start(&self) -> Child {
        fs::write(&self.file, &self.old).unwrap();
        let mut call = command(self.folder.path(), self.arguments);
        call.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The file is whole, and the next run leaves nothing beside it.
    fn check(&self, before: &[String], what: &str) {
        let bytes = fs::read(&self.file).unwrap();
        assert!((self.is_whole)(&bytes, self), "{what}: {:?} is torn: {}", self.arguments, bytes.len());
        if !leftovers(self.directory()).is_empty() {
            overlock(self.folder.path(), self.arguments);
        }
        assert_eq!(names(self.directory()), before, "{what}: {:?}", self.arguments);
    }
}

#[test]
fn run_killed_at_a_random_moment_tears_nothing_and_leaves_nothing() {
    let mut random = fastrand::Rng::with_seed(14);
    for writer in Writer::all() {
        let before = names(writer.directory());
        let began = Instant::now();
        writer.start().wait().unwrap();
        let took = began.elapsed();
        for round in 0..50 {
            let mut child = writer.start();
            if round % 2 == 0 {
                thread::sleep(took.mul_f64(random.f64() * 1.1));
            } else {
                // As soon as there is something to leave behind.
                while child.try_wait().unwrap().is_none() && leftovers(writer.directory()).is_empty() {
                    thread::yield_now();
                }
            }
            child.kill().unwrap();
            child.wait().unwrap();
            writer.check(&before, &format!("round {round}"));
        }
    }
}

#[test]
fn run_killed_at_each_step_of_writing_tears_nothing_and_leaves_nothing() {
    if let Some(why) = wanted::missing(STRACE) {
        crate::engine::skip::<()>("run_killed_at_each_step_of_writing_tears_nothing_and_leaves_nothing", &why);
        return;
    }
    for writer in Writer::all() {
        let before = names(writer.directory());
        for step in ["fsync", "fchmod", "renameat,renameat2"] {
            fs::write(&writer.file, &writer.old).unwrap();
            let mut call = Command::new("strace");
            call.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={step}")]);
            call.args(["-e", &format!("inject={step}:signal=KILL:when=1"), env!("CARGO_BIN_EXE_overlock")]);
            call.args(writer.arguments).current_dir(writer.folder.path()).env("HOME", "/home/user");
            call.stdout(Stdio::null()).stderr(Stdio::piped());
            let output = call.output().unwrap();
            assert_eq!(leftovers(writer.directory()).len(), 1, "{step}: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(fs::read(&writer.file).unwrap(), writer.old, "{step}");
            writer.check(&before, step);
        }
    }
}
