//! The git program, asked for objects alone: by commands that run no filter, hook, monitor, pager or other program, with
//! nothing of our environment, for a bounded time. May use nothing else of this crate.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::blobs::{BlobAnswer, Blobs};
use super::dot_git::DotGit;
use super::git_error::GitError;
use super::working::MAX_FILE;

/// The most that git prints: the list of a million files has about 100 MB.
const MAX_OUTPUT: u64 = 256 << 20;
/// How often a program that printed all is asked whether it ended.
const PAUSE: Duration = Duration::from_millis(1);

/// Where programs are where PATH is not set.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// All of git's environment but PATH.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("LC_ALL", "C"),
    // Settings of the person and the machine are not needed; `~` in the repository's own leads nowhere.
    ("HOME", "/dev/null"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    // A partial clone fetches missing objects through programs that its settings name. Git before 2.39.4 does not know
    // the first of these; it then starts a fetch, which may use no protocol.
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", ""),
];

/// Settings of the repository that would start a program, or bring in patterns that the repository does not hold, where
/// files of the working tree are listed.
const SETTINGS: [&str; 6] =
    ["-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "-c", "core.excludesFile=/dev/null"];

/// What git printed, and how it ended.
pub(super) struct GitAnswer {
    pub(super) text: Vec<u8>,
    pub(super) status: ExitStatus,
}

/// The program, and the repository that it is asked about.
pub(super) struct Git {
    program: PathBuf,
    /// PATH without what is relative or in the repository.
    search: OsString,
    pub(super) place: DotGit,
    /// How long one answer may take.
    patience: Duration,
    max_output: u64,
    /// The program that answers what blobs hold, once one is asked.
    blobs: RefCell<Option<Blobs>>,
}

impl Git {
    /// Finds the program in PATH, but never in the repository or, by a relative entry, wherever we are.
    pub(super) fn find_program(
        environment: &BTreeMap<String, String>,
        place: DotGit,
        patience: Duration,
    ) -> Result<Self, GitError> {
        let search = environment.get("PATH").map_or(USUAL_PATH, String::as_str);
        let directories =
            std::env::split_paths(search).filter(|path| path.is_absolute() && is_outside(path, &place.top));
        let directories: Vec<PathBuf> = directories.collect();
        let mut programs = directories.iter().map(|directory| directory.join("git"));
        let program = programs.find(|path| is_program(path) && is_outside(path, &place.top));
        Ok(Self {
            program: program.ok_or(GitError::NoProgram)?,
            search: std::env::join_paths(directories).unwrap_or_default(),
            place,
            patience,
            max_output: MAX_OUTPUT,
            blobs: RefCell::default(),
        })
    }

    /// What a command prints.
    pub(super) fn run_command(&self, arguments: &[&str]) -> Result<GitAnswer, GitError> {
        let name = arguments.first().copied().unwrap_or_default().to_owned();
        let mut child = self.command(arguments).stdin(Stdio::null()).spawn().map_err(GitError::NotRun)?;
        let (stdout, limit) = (child.stdout.take(), self.max_output);
        let (send, receive) = mpsc::channel();
        // Where a child of git's holds its output open, this thread is left behind until the process ends.
        thread::spawn(move || {
            let mut text = Vec::new();
            let read = stdout.map_or(Ok(0), |stdout| stdout.take(limit + 1).read_to_end(&mut text));
            let _ = send.send(read.map(|_| text));
        });
        let begun = Instant::now();
        match receive.recv_timeout(self.patience) {
            Ok(Ok(text)) if text.len() as u64 <= limit => match wait_until(begun + self.patience, &mut child) {
                Some(status) => Ok(GitAnswer { text, status }),
                None => Err(stopped(child, GitError::TooSlow(name))),
            },
            Ok(Ok(_)) => Err(stopped(child, GitError::TooLarge(name))),
            Ok(Err(error)) => Err(stopped(child, GitError::NotRun(error))),
            Err(_) => Err(stopped(child, GitError::TooSlow(name))),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--git-dir").arg(&self.place.git_dir);
        // Else the setting core.worktree would decide, which the repository's files are not asked about.
        command.arg("--work-tree").arg(&self.place.top);
        command.args(SETTINGS).args(arguments).current_dir(&self.place.top);
        command.env_clear().env("PATH", &self.search).envs(ENVIRONMENT.iter().copied());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    /// Why a command failed. What git says may quote any file that the repository's settings name, and is not shown.
    pub(super) fn failure(&self, command: &str) -> GitError {
        let promisors = self.run_command(&["config", "--name-only", "--get-regexp", r"^remote\..*\.promisor$"]);
        if promisors.is_ok_and(|answer| !answer.text.is_empty()) {
            return GitError::PartialClone(command.to_owned());
        }
        GitError::Failed { command: command.to_owned(), top: self.place.top.clone() }
    }

    /// The id that a command prints; `None` where it ends with 1, by which git says that there is none.
    pub(super) fn object_id(&self, arguments: &[&str]) -> Result<Option<String>, GitError> {
        let answer = self.run_command(arguments)?;
        if answer.status.code() == Some(1) {
            return Ok(None);
        }
        let id = String::from_utf8(answer.text).ok().map(|id| id.trim_end().to_owned());
        let id = id.filter(|id| answer.status.success() && is_object_id(id));
        id.map(Some).ok_or_else(|| self.failure(arguments.first().copied().unwrap_or_default()))
    }

    /// Whether most of the history is missing.
    pub(super) fn is_shallow(&self) -> Result<bool, GitError> {
        Ok(self.run_command(&["rev-parse", "--is-shallow-repository"])?.text == b"true\n")
    }

    /// What a blob holds.
    pub(super) fn read_blob(&self, id: &str) -> Result<Vec<u8>, GitError> {
        let blob = self.read_blob_start(id, MAX_FILE)?;
        if blob.size > MAX_FILE { Err(GitError::TooLarge("cat-file".to_owned())) } else { Ok(blob.bytes) }
    }

    /// The first bytes of a blob, as many as there are up to `most`.
    pub(super) fn read_blob_start(&self, id: &str, most: u64) -> Result<BlobAnswer, GitError> {
        let mut program = self.blobs.borrow_mut();
        let blobs = match &mut *program {
            Some(blobs) => blobs,
            none => {
                let command = self.command(&["cat-file", "--batch"]);
                none.insert(Blobs::start_program(command).map_err(GitError::NotRun)?)
            }
        };
        let answer = blobs.read_start(id, most, self.patience).unwrap_or_else(|| Err(self.failure("cat-file")))?;
        if answer.is_last {
            *program = None;
        }
        Ok(answer)
    }

    /// The same program for another thread, of which nothing was asked yet.
    pub(super) fn another(&self) -> Self {
        self.at(self.place.clone())
    }

    /// The same program for another repository.
    pub(super) fn at(&self, place: DotGit) -> Self {
        Self {
            program: self.program.clone(),
            search: self.search.clone(),
            place,
            patience: self.patience,
            max_output: self.max_output,
            blobs: RefCell::default(),
        }
    }
}

/// How a program ended that has printed all; `None` where it does not end in time.
fn wait_until(deadline: Instant, child: &mut Child) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(PAUSE),
            _ => return None,
        }
    }
}

/// Ends a program.
fn stopped(mut child: Child, why: GitError) -> GitError {
    if child.kill().is_ok() {
        let _ = child.wait();
    }
    why
}

/// Whether a path is outside the repository, and leads nowhere in it; where that is the whole machine, all is outside.
fn is_outside(path: &Path, top: &Path) -> bool {
    top == Path::new("/")
        || path.canonicalize().is_ok_and(|real| ![path, &real].iter().any(|path| path.starts_with(top)))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Whether it is the whole id of an object, by SHA-1 or SHA-256.
pub(super) fn is_object_id(text: &str) -> bool {
    [40, 64].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What becomes of a program that is found in place of git and has a second.
    fn with_program<T>(script: &str, asked: impl FnOnce(&Git) -> T) -> T {
        let folder = tempfile::tempdir().unwrap();
        let (bin, top) = (folder.path().join("bin"), folder.path().join("top"));
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(&top).unwrap();
        fs::write(bin.join("git"), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
        let environment = BTreeMap::from([("PATH".to_owned(), format!("{}:/usr/bin:/bin", bin.display()))]);
        let place = DotGit { git_dir: top.join(".git"), top };
        let git = Git::find_program(&environment, place, Duration::from_secs(1)).unwrap();
        let git = Git { max_output: 1 << 20, ..git };
        let begun = Instant::now();
        let answer = asked(&git);
        drop(git);
        assert!(begun.elapsed() < Duration::from_secs(20), "{script}: {:?}", begun.elapsed());
        answer
    }

    fn ask(script: &str) -> Result<GitAnswer, GitError> {
        with_program(script, |git| git.run_command(&["ls-tree"]))
    }

    #[test]
    fn program_that_does_not_end_is_stopped() {
        // With its output open, closed, and held by a child of its own.
        for script in ["exec sleep 60", "exec >&-; exec sleep 60", "sleep 60 & wait", "cat /dev/zero | sleep 60"] {
            assert!(matches!(ask(script), Err(GitError::TooSlow(_))), "{script}");
            let blob = with_program(script, |git| git.read_blob("1234"));
            assert!(matches!(blob, Err(GitError::TooSlow(_) | GitError::Failed { .. })), "{script}: {blob:?}");
        }
        assert_eq!(ask("echo x").ok().map(|answer| answer.text), Some(b"x\n".to_vec()));
    }

    #[test]
    fn program_that_prints_without_end_is_stopped() {
        assert!(matches!(ask("exec cat /dev/zero"), Err(GitError::TooLarge(_))));
        assert!(ask("exec head -c 1048576 /dev/zero").is_ok());
        assert!(matches!(ask("exec head -c 1048577 /dev/zero"), Err(GitError::TooLarge(_))));
        let blob = with_program("exec cat /dev/zero", |git| git.read_blob("1234"));
        assert!(matches!(blob, Err(GitError::Failed { .. })));
    }

    #[test]
    fn blobs_are_answered_one_after_the_other() {
        let script = "while read id; do case $id in
            one) printf 'one blob 4\\nx\\ny\\n\\n';;
            empty) printf 'empty blob 0\\n\\n';;
            large) printf 'large blob 16777217\\n'; head -c 16777217 /dev/zero; echo;;
            huge) printf 'huge blob 33554432\\n'; exec cat /dev/zero;;
            *) echo \"$id missing\";;
        esac; done";
        with_program(script, |git| {
            for _ in 0..2 {
                assert_eq!(git.read_blob("one").unwrap(), b"x\ny\n");
                assert_eq!(git.read_blob("empty").unwrap(), b"");
                assert!(matches!(git.read_blob("large"), Err(GitError::TooLarge(_))));
                assert!(matches!(git.read_blob("huge"), Err(GitError::TooLarge(_))));
                let start = git.read_blob_start("huge", 3).unwrap();
                assert_eq!((start.bytes, start.size), (vec![0; 3], 33_554_432));
                let start = git.read_blob_start("one", 1).unwrap();
                assert_eq!((start.bytes, start.size), (b"x".to_vec(), 4));
            }
            assert!(matches!(git.read_blob("gone"), Err(GitError::Failed { .. })));
            assert!(
                matches!(git.read_blob("one"), Err(GitError::Failed { .. })),
                "nothing is made of what comes after"
            );
        });
        for wrong in [
            "other blob 1\\nx\\n",
            "1234 tree 1\\nx\\n",
            "1234 blob 18446744073709551615\\n",
            "1234 blob 2\\nx\\n",
            "1234 blob 1\\nxy",
        ] {
            let blob = with_program(&format!("read id; printf '{wrong}'"), |git| git.read_blob("1234"));
            // Asked why, this program prints the same.
            assert!(matches!(blob, Err(GitError::Failed { .. } | GitError::PartialClone(_))), "{wrong}");
        }
    }
}
