//! The git program, asked for objects alone: by commands that run no filter, hook, monitor, pager or other program, with
//! nothing of our environment, for a bounded time. May use nothing else of this crate.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::{GitError, working};

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

/// What git printed, and how it ended.
pub(super) struct Answer {
    pub(super) text: Vec<u8>,
    pub(super) status: ExitStatus,
}

/// The program, and the repository that it is asked about.
pub(super) struct Git {
    program: PathBuf,
    /// PATH without what is relative or in the repository.
    search: OsString,
    top: PathBuf,
    git_dir: PathBuf,
    deadline: Instant,
}

impl Git {
    /// Finds the program in PATH, but never in the repository or, by a relative entry, wherever we are.
    pub(super) fn find(
        environment: &BTreeMap<String, String>,
        top: &Path,
        git_dir: &Path,
        patience: Duration,
    ) -> Result<Self, GitError> {
        let search = environment.get("PATH").map_or(USUAL_PATH, String::as_str);
        let outside = |path: &Path| path.canonicalize().is_ok_and(|real| !real.starts_with(top));
        let directories = std::env::split_paths(search).filter(|path| path.is_absolute() && outside(path));
        let directories: Vec<PathBuf> = directories.collect();
        let programs = directories.iter().map(|directory| directory.join("git"));
        let program = programs.filter(|path| is_program(path) && outside(path)).next();
        Ok(Self {
            program: program.ok_or(GitError::NoProgram)?,
            search: std::env::join_paths(directories).unwrap_or_default(),
            top: top.to_owned(),
            git_dir: git_dir.to_owned(),
            deadline: Instant::now() + patience,
        })
    }

    /// What a command prints that gives it some input.
    pub(super) fn ask(&self, arguments: &[&str], input: &str) -> Result<Answer, GitError> {
        self.ask_bounded(arguments, input, MAX_OUTPUT)
    }

    fn ask_bounded(&self, arguments: &[&str], input: &str, limit: u64) -> Result<Answer, GitError> {
        let name = || arguments.first().copied().unwrap_or_default().to_owned();
        let mut child = self.command(arguments).spawn().map_err(GitError::NotRun)?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (send, receive) = mpsc::channel();
        let input = input.to_owned();
        // Where git does not end, this thread is left behind until the process ends.
        thread::spawn(move || {
            if let Some(mut stdin) = stdin {
                // A git that does not want it says so by how it ends.
                let _ = stdin.write_all(input.as_bytes());
            }
            let mut text = Vec::new();
            let read = stdout.map_or(Ok(0), |stdout| stdout.take(limit + 1).read_to_end(&mut text));
            let _ = send.send(read.map(|_| text));
        });
        let text = receive.recv_timeout(self.deadline.saturating_duration_since(Instant::now()));
        match text {
            Ok(Ok(text)) if text.len() as u64 <= limit => match self.wait(&mut child) {
                Some(status) => Ok(Answer { text, status }),
                None => Err(stopped(child, GitError::TooSlow(name()))),
            },
            Ok(Ok(_)) => Err(stopped(child, GitError::TooLarge(name()))),
            Ok(Err(error)) => Err(stopped(child, GitError::NotRun(error))),
            Err(_) => Err(stopped(child, GitError::TooSlow(name()))),
        }
    }

    /// How a program ended that has printed all; `None` where it does not end in time.
    fn wait(&self, child: &mut Child) -> Option<ExitStatus> {
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < self.deadline => thread::sleep(PAUSE),
                _ => return None,
            }
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--git-dir").arg(&self.git_dir);
        // Else the setting core.worktree would decide, which the repository's files are not asked about.
        command.arg("--work-tree").arg(&self.top).args(arguments).current_dir(&self.top);
        command.env_clear().env("PATH", &self.search).envs(ENVIRONMENT.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    /// Why a command failed. What git says may quote any file that the repository's settings name, and is not shown.
    pub(super) fn failure(&self, command: &str) -> GitError {
        let promisors = self.ask(&["config", "--name-only", "--get-regexp", r"^remote\..*\.promisor$"], "");
        if promisors.is_ok_and(|answer| !answer.text.is_empty()) {
            return GitError::PartialClone(command.to_owned());
        }
        GitError::Failed { command: command.to_owned(), top: self.top.clone() }
    }

    /// The id that a command prints; `None` where it ends with 1, by which git says that there is none.
    pub(super) fn object_id(&self, arguments: &[&str]) -> Result<Option<String>, GitError> {
        let answer = self.ask(arguments, "")?;
        if answer.status.code() == Some(1) {
            return Ok(None);
        }
        let id = String::from_utf8(answer.text).ok().map(|id| id.trim_end().to_owned());
        let id = id.filter(|id| answer.status.success() && is_object_id(id));
        id.map(Some).ok_or_else(|| self.failure(arguments.first().copied().unwrap_or_default()))
    }

    /// What a blob holds.
    pub(super) fn blob(&self, id: &str) -> Result<Vec<u8>, GitError> {
        // The head of the answer and the end of its line.
        let limit = working::MAX_FILE + 256;
        let mut answer = self.ask_bounded(&["cat-file", "--batch"], &format!("{id}\n"), limit)?;
        let head = answer.text.iter().position(|byte| *byte == b'\n').unwrap_or_default();
        let words = String::from_utf8_lossy(answer.text.get(..head).unwrap_or_default()).into_owned();
        let size = words.strip_prefix(id).and_then(|rest| rest.strip_prefix(" blob ")?.parse::<usize>().ok());
        match size {
            Some(size) if size.checked_add(head + 2) == Some(answer.text.len()) => {
                answer.text.truncate(head + 1 + size);
                Ok(answer.text.split_off(head + 1))
            }
            _ => Err(self.failure("cat-file")),
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

    /// What the commands of a program that is found in place of git come to, in a second.
    fn ask(script: &str) -> Result<Answer, GitError> {
        let folder = tempfile::tempdir().unwrap();
        let (bin, top) = (folder.path().join("bin"), folder.path().join("top"));
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(&top).unwrap();
        fs::write(bin.join("git"), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
        let environment = BTreeMap::from([("PATH".to_owned(), format!("{}:/usr/bin:/bin", bin.display()))]);
        let git = Git::find(&environment, &top, &top.join(".git"), Duration::from_secs(1)).unwrap();
        let begun = Instant::now();
        let answer = git.ask_bounded(&["ls-tree"], "", 1 << 20);
        assert!(begun.elapsed() < Duration::from_secs(10), "{script}: {:?}", begun.elapsed());
        answer
    }

    #[test]
    fn program_that_does_not_end_is_stopped() {
        // With its output open, closed, and held by a child of its own.
        for script in ["exec sleep 60", "exec >&-; exec sleep 60", "sleep 60 & wait", "exec cat /dev/zero | sleep 60"] {
            assert!(matches!(ask(script), Err(GitError::TooSlow(_))), "{script}");
        }
        assert_eq!(ask("echo x").ok().map(|answer| answer.text), Some(b"x\n".to_vec()));
    }

    #[test]
    fn program_that_prints_without_end_is_stopped() {
        assert!(matches!(ask("exec cat /dev/zero"), Err(GitError::TooLarge(_))));
        assert!(ask("exec head -c 1048576 /dev/zero").is_ok());
        assert!(matches!(ask("exec head -c 1048577 /dev/zero"), Err(GitError::TooLarge(_))));
    }
}
