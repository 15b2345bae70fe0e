//! A repository whose settings name programs: none of them runs, and what changed is told all the same.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::accept::{SHARED, with_third};
use crate::engine::{skip, wanted};
use crate::harness::{Run, command, commit, git, project, repository, run};

/// The directories of PATH, and the usual ones, that hold different gits.
pub(crate) fn git_directories() -> Vec<PathBuf> {
    let path = format!("{}:/usr/local/bin:/usr/bin", env::var("PATH").unwrap_or_default());
    let mut known = BTreeSet::new();
    let held = env::split_paths(&path).filter(|directory| {
        directory.join("git").canonicalize().is_ok_and(|program| program.is_file() && known.insert(program))
    });
    held.collect()
}

/// A program that leaves a mark when it runs.
struct Evil {
    folder: TempDir,
}

impl Evil {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let evil = Self { folder };
        evil.place(&evil.program());
        evil
    }

    /// Puts the program somewhere.
    fn place(&self, path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\necho \"$0\" >>{}\nexec cat\n", self.mark().display())).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("evil.sh")
    }

    fn mark(&self) -> PathBuf {
        self.folder.path().join("ran")
    }

    /// Whether it ran since it was last asked.
    fn ran(&self) -> bool {
        fs::remove_file(self.mark()).is_ok()
    }

    /// Settings with `EVIL` in them, for this program.
    fn settings(&self, text: &str) -> String {
        text.replace("EVIL", self.program().to_str().unwrap())
    }

    /// Adds settings to a repository's own.
    fn configure(&self, top: &Path, text: &str) {
        let path = top.join(".git/config");
        let settings = format!("{}\n{}", fs::read_to_string(&path).unwrap(), self.settings(text));
        fs::write(path, settings).unwrap();
    }
}

/// `--since main` with one git under strace: how it ended, and the programs that were started.
fn traced(strace: &Path, git_directory: &Path, directory: &Path, arguments: &[&str]) -> (Run, Vec<String>) {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let asked = command(directory, arguments);
    let mut call = Command::new(strace);
    call.args(["-f", "-e", "trace=execve,execveat", "-e", "signal=none", "-o"]).arg(trace.path());
    call.arg(asked.get_program()).args(asked.get_args()).current_dir(directory);
    call.env_clear().env("HOME", "/home/user").env("PATH", git_directory);
    let run = run(call);
    let text = fs::read_to_string(trace.path()).unwrap();
    let started = text.lines().filter_map(|line| line.split_once("execve")?.1.split('"').nth(1).map(str::to_owned));
    (run, started.collect())
}

/// Checks a path of a repository with each git: nothing but git runs, and it ends with this status.
fn assert_told(strace: &Path, evil: &Evil, directory: &Path, path: &str, status: i32, what: &str) {
    for git_directory in git_directories() {
        let (run, started) = traced(strace, &git_directory, directory, &["check", path, "--since", "main"]);
        let git_program = git_directory.join("git").display().to_string();
        let (first, others) = started.split_first().unwrap();
        assert_eq!(first, env!("CARGO_BIN_EXE_overlock"), "{what}");
        assert!(!others.is_empty() && others.iter().all(|program| *program == git_program), "{what}: {started:?}");
        assert!(!evil.ran(), "{what} with {git_program}");
        assert_eq!(run.status, status, "{what} with {git_program}: {}{}", run.out, run.err);
    }
}

/// The same for a file that is as it was, and with a service more in it.
fn assert_change_is_told(strace: &Path, evil: &Evil, top: &Path, path: &str, what: &str) {
    assert_told(strace, evil, top, path, 0, what);
    let file = top.join(path);
    let file = if file.is_dir() { file.join("compose.yaml") } else { file };
    fs::write(&file, with_third()).unwrap();
    assert_told(strace, evil, top, path, 1, what);
}

fn strace(test: &str) -> Option<PathBuf> {
    match wanted::missing(wanted::STRACE) {
        Some(why) => skip(test, &why),
        None => wanted::find("strace"),
    }
}

/// Whatever of git's settings names a program.
const PROGRAMS: &str = "
[core]
    fsmonitor = EVIL
    sshCommand = EVIL
    gitProxy = EVIL
    pager = EVIL
    editor = EVIL
    askPass = EVIL
    alternateRefsCommand = EVIL
    hooksPath = EVIL.hooks
[diff]
    external = EVIL
[diff \"evil\"]
    command = EVIL
    textconv = EVIL
[merge \"evil\"]
    driver = EVIL
[filter \"evil\"]
    clean = EVIL
    smudge = EVIL
    required = true
[pager]
    rev-parse = EVIL
    ls-tree = EVIL
    cat-file = EVIL
[alias]
    rev-parse = !EVIL
    merge-base = !EVIL
    ls-tree = !EVIL
    cat-file = !EVIL
[credential]
    helper = !EVIL
[gpg]
    program = EVIL
[interactive]
    diffFilter = EVIL
[uploadpack]
    packObjectsHook = EVIL
[submodule \"x\"]
    update = !EVIL
";

const FILTER: &str = "[filter \"evil\"]\n    clean = EVIL\n    process = EVIL\n";

/// What is done to a repository, and whether it makes `git status` run the program.
type Attack = (&'static str, bool, fn(&Evil, &Path));

const ATTACKS: &[Attack] = &[
    ("filter by .gitattributes", true, |evil, top| {
        evil.configure(top, FILTER);
        fs::write(top.join(".gitattributes"), "* filter=evil\n").unwrap();
    }),
    ("filter by info/attributes", true, |evil, top| {
        evil.configure(top, "[filter \"evil\"]\n    clean = EVIL\n");
        fs::create_dir_all(top.join(".git/info")).unwrap();
        fs::write(top.join(".git/info/attributes"), "* filter=evil\n").unwrap();
    }),
    ("monitor", true, |evil, top| evil.configure(top, "[core]\n    fsmonitor = EVIL\n")),
    ("every setting", true, |evil, top| {
        evil.configure(top, PROGRAMS);
        fs::write(top.join(".gitattributes"), "* filter=evil diff=evil merge=evil\n").unwrap();
        let hooks = ["post-index-change", "reference-transaction", "fsmonitor-watchman", "pre-auto-gc"];
        for hook in hooks.map(|hook| PathBuf::from(evil.settings("EVIL.hooks")).join(hook)) {
            evil.place(&hook);
        }
    }),
    ("included settings", true, |evil, top| {
        let included = evil.folder.path().join("included");
        fs::write(&included, evil.settings(PROGRAMS)).unwrap();
        evil.configure(top, &format!("[include]\n    path = {}\n    path = ~/none\n", included.display()));
    }),
    ("settings of the working tree", true, |evil, top| {
        evil.configure(top, "[core]\n    repositoryformatversion = 1\n[extensions]\n    worktreeConfig = true\n");
        fs::write(top.join(".git/config.worktree"), evil.settings(PROGRAMS)).unwrap();
    }),
    ("hooks", true, |evil, top| {
        for hook in ["post-index-change", "reference-transaction", "fsmonitor-watchman"] {
            evil.place(&top.join(".git/hooks").join(hook));
        }
        // Its time is that of the index no more, so that git writes the index anew.
        fs::write(top.join("compose.yaml"), SHARED).unwrap();
    }),
    ("working tree elsewhere", false, |evil, top| {
        evil.configure(top, &format!("[core]\n    worktree = {}\n", evil.folder.path().display()));
        fs::write(evil.folder.path().join("compose.yaml"), "services: {}\n").unwrap();
    }),
    ("bare and with a working tree", false, |evil, top| {
        evil.configure(top, "[core]\n    bare = true\n    worktree = /\n");
    }),
    ("objects elsewhere", false, |evil, top| {
        evil.configure(top, "[core]\n    alternateRefsCommand = EVIL\n");
        let elsewhere = evil.folder.path().join("objects");
        fs::rename(top.join(".git/objects"), &elsewhere).unwrap();
        fs::create_dir_all(top.join(".git/objects/info")).unwrap();
        fs::write(top.join(".git/objects/info/alternates"), format!("{}\n", elsewhere.display())).unwrap();
    }),
    ("repository elsewhere", true, |evil, top| {
        let elsewhere = evil.folder.path().join("elsewhere");
        evil.configure(top, PROGRAMS);
        fs::rename(top.join(".git"), &elsewhere).unwrap();
        fs::write(top.join(".git"), format!("gitdir: {}\n", elsewhere.display())).unwrap();
    }),
];

#[test]
fn settings_of_a_repository_start_nothing() {
    let Some(strace) = strace("settings_of_a_repository_start_nothing") else { return };
    for (what, works, attack) in ATTACKS {
        let evil = Evil::new();
        let files = repository(&[("compose.yaml", SHARED)]);
        attack(&evil, files.path());
        if *works {
            // Else the test could not fail. Git asks its programs about a file only where its time is not the index's.
            let compose = files.path().join("compose.yaml");
            File::open(&compose).unwrap().set_modified(SystemTime::now() + Duration::from_secs(3600)).unwrap();
            let status = Command::new("git").args(["status"]).current_dir(files.path()).output();
            assert!(status.is_ok() && evil.ran(), "{what}: the attack is none");
            fs::write(&compose, SHARED).unwrap();
        }
        assert_change_is_told(&strace, &evil, files.path(), "compose.yaml", what);
    }
}

/// A bare repository as it may be committed in a folder: its settings make the folder its working tree.
fn embed_bare_repository(evil: &Evil, folder: &Path) {
    let bare = repository(&[("compose.yaml", SHARED), (".gitattributes", "compose.yaml filter=evil\n")]);
    git(bare.path(), &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let settings = "[core]\n    repositoryformatversion = 0\n    bare = false\n    worktree = .\n";
    fs::write(bare.path().join(".git/config"), evil.settings(&format!("{settings}{FILTER}"))).unwrap();
    let done = Command::new("cp").arg("-r").arg(bare.path().join(".git/.")).arg(folder).status().unwrap();
    assert!(done.success());
    fs::write(folder.join(".gitattributes"), "compose.yaml filter=evil\n").unwrap();
    fs::write(folder.join("compose.yaml"), SHARED).unwrap();
}

#[test]
fn bare_repository_in_a_folder_is_not_used() {
    let Some(strace) = strace("bare_repository_in_a_folder_is_not_used") else { return };
    let evil = Evil::new();
    let files = repository(&[("stack/compose.yaml", SHARED)]);
    let stack = files.path().join("stack");
    embed_bare_repository(&evil, &stack);
    let status = Command::new("git").arg("status").current_dir(&stack).output();
    assert!(status.is_ok() && evil.ran(), "the attack is none");
    assert_change_is_told(&strace, &evil, files.path(), "stack", "from above");
    fs::write(stack.join("compose.yaml"), SHARED).unwrap();
    assert_change_is_told(&strace, &evil, &stack, "compose.yaml", "from within");
    // Its own revision is one of no repository.
    let mut call = command(&stack, &["check", ".", "--since", "origin/main"]);
    call.env("PATH", "/usr/bin");
    let told = run(call);
    assert!(told.status == 2 && told.err.contains("no commit is named origin/main here"), "{}", told.err);
    // With none around it there is none.
    let alone = project(&[("compose.yaml", SHARED)]);
    embed_bare_repository(&evil, alone.path());
    let told = run(command(alone.path(), &["check", ".", "--since", "origin/main"]));
    assert!(told.status == 2 && told.err.contains("not a git repository"), "{}", told.err);
    assert!(!evil.ran());
}

/// Takes the object of a file out of a repository.
fn remove_object(top: &Path, name: &str) {
    let output = Command::new("git").args(["rev-parse", name]).current_dir(top).output().unwrap();
    let id = String::from_utf8(output.stdout).unwrap();
    let (folder, file) = id.trim().split_at(2);
    fs::remove_file(top.join(".git/objects").join(folder).join(file)).unwrap();
}

#[test]
fn partial_clone_fetches_nothing() {
    let Some(strace) = strace("partial_clone_fetches_nothing") else { return };
    for url in ["ssh://nowhere/x", "ext::EVIL", "/nowhere", "https://127.0.0.1:1/x", "evil::x"] {
        let evil = Evil::new();
        let files = repository(&[("compose.yaml", SHARED), ("other.yaml", "services: {}")]);
        let settings = "[core]\n    repositoryformatversion = 1\n    sshCommand = EVIL\n[extensions]\n    partialClone = x\n[remote \"x\"]\n    promisor = true\n    uploadpack = EVIL\n    url = ";
        evil.configure(files.path(), &format!("{settings}{url}\n[protocol \"ext\"]\n    allow = always\n"));
        // An object that nobody asks for is not missed.
        remove_object(files.path(), "HEAD:other.yaml");
        assert_told(&strace, &evil, files.path(), "compose.yaml", 0, url);
        remove_object(files.path(), "HEAD:compose.yaml");
        assert_told(&strace, &evil, files.path(), "compose.yaml", 2, url);
        let told = run(command(files.path(), &["check", "compose.yaml", "--since", "main"]));
        assert!(told.err.contains("git cat-file failed in a partial clone") && told.out.is_empty(), "{}", told.err);
    }
}

#[test]
fn text_of_foreign_files_is_not_shown() {
    const SECRET: &str = "-----BEGIN hunter2\nhunter2 hunter3\n";
    let links: &[&str] = &["HEAD", "packed-refs", "config", "refs/heads/main", "index", "commondir", "shallow"];
    for name in links.iter().copied().chain(["included", ".git"]) {
        let files = repository(&[("compose.yaml", SHARED)]);
        let secrets = project(&[("key", SECRET)]);
        let (git_dir, key) = (files.path().join(".git"), secrets.path().join("key"));
        match name {
            "included" => {
                let settings = format!("[include]\n    path = {}\n", key.display());
                fs::write(git_dir.join("config"), settings).unwrap();
            }
            ".git" => {
                fs::remove_dir_all(&git_dir).unwrap();
                symlink(&key, &git_dir).unwrap();
            }
            _ => {
                let _ = fs::remove_file(git_dir.join(name));
                symlink(&key, git_dir.join(name)).unwrap();
            }
        }
        let told = run(command(files.path(), &["check", "compose.yaml", "--since", "main"]));
        assert!(!format!("{}{}", told.out, told.err).contains("hunter"), "{name}: {}", told.err);
        assert_eq!(told.status, 2, "{name}: {}", told.err);
    }
}

#[test]
fn git_directory_that_is_no_directory_is_no_hang() {
    for kind in ["pipe", "device", "long", "nowhere"] {
        let files = repository(&[("sub/compose.yaml", SHARED)]);
        let dot_git = files.path().join("sub/.git");
        match kind {
            "pipe" => assert!(Command::new("mkfifo").arg(&dot_git).status().unwrap().success()),
            "device" => symlink("/dev/zero", &dot_git).unwrap(),
            "long" => File::create(&dot_git).unwrap().set_len(1 << 40).unwrap(),
            _ => fs::write(&dot_git, "gitdir: /nowhere\n").unwrap(),
        }
        let told = run(command(files.path(), &["check", "sub/compose.yaml", "--since", "main"]));
        // What is no file is passed over, as git does.
        let is_file = ["long", "nowhere"].contains(&kind);
        assert_eq!(told.status, if is_file { 2 } else { 0 }, "{kind}: {}", told.err);
        assert_eq!(is_file, told.err.contains("sub/.git is neither a directory"), "{kind}: {}", told.err);
    }
}

#[test]
fn git_is_not_taken_from_the_repository() {
    let evil = Evil::new();
    let files = repository(&[("compose.yaml", SHARED), ("bin/x", "")]);
    let top = files.path();
    for path in [top.join("git"), top.join("bin/git")] {
        evil.place(&path);
    }
    let outside = tempfile::tempdir().unwrap();
    symlink(top.join("bin/git"), outside.path().join("git")).unwrap();
    evil.place(&evil.folder.path().join("git"));
    symlink(evil.folder.path(), top.join("tools")).unwrap();
    let absolute = |path: &Path| path.display().to_string();
    let paths = [
        "",
        ".",
        "bin",
        "./bin",
        &absolute(top),
        &absolute(&top.join("bin")),
        &absolute(&top.join("tools")),
        &absolute(outside.path()),
    ];
    for path in paths {
        for (path, status) in [(path.to_owned(), 2), (format!("{path}:/usr/bin"), 0)] {
            let mut call = command(top, &["check", "compose.yaml", "--since", "main"]);
            call.env("PATH", &path);
            let told = run(call);
            assert_eq!(told.status, status, "{path}: {}", told.err);
            assert!(!evil.ran(), "{path}");
        }
    }
    // The same program where it is nobody's but ours does run.
    let mut call = command(top, &["check", "compose.yaml", "--since", "main"]);
    evil.place(&outside.path().join("bin/git"));
    call.env("PATH", format!("{}:/usr/bin", outside.path().join("bin").display()));
    assert_eq!(run(call).status, 2);
    assert!(evil.ran());
}

#[test]
fn git_gets_nothing_of_the_environment() {
    let files = repository(&[("compose.yaml", SHARED)]);
    let outside = tempfile::tempdir().unwrap();
    let (program, seen) = (outside.path().join("git"), outside.path().join("seen"));
    fs::write(&program, format!("#!/bin/sh\n/usr/bin/env >{}\nexec /usr/bin/git \"$@\"\n", seen.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut call = command(files.path(), &["check", "compose.yaml", "--since", "main"]);
    let path = format!("bin::{}:{}:/usr/bin", files.path().display(), outside.path().display());
    call.env("PATH", path).env("DEPLOY_TOKEN", "hunter2").env("GIT_EXTERNAL_DIFF", "x").env("LD_PRELOAD_NOT", "x");
    call.env("GIT_SSH_COMMAND", "x").env("GIT_CONFIG_COUNT", "1").env("GIT_EXEC_PATH", outside.path());
    let told = run(call);
    assert_eq!(told.status, 0, "{}", told.err);
    let text = fs::read_to_string(seen).unwrap();
    let mut lines: Vec<&str> =
        text.lines().filter(|line| !line.starts_with("PWD=") && !line.starts_with("_=")).collect();
    lines.retain(|line| !line.starts_with("SHLVL=") && !line.starts_with("OLDPWD="));
    lines.sort_unstable();
    let path = format!("PATH={}:/usr/bin", outside.path().canonicalize().unwrap().display());
    let wanted = [
        "GIT_ALLOW_PROTOCOL=",
        "GIT_ATTR_NOSYSTEM=1",
        "GIT_CONFIG_GLOBAL=/dev/null",
        "GIT_CONFIG_NOSYSTEM=1",
        "GIT_NO_LAZY_FETCH=1",
        "GIT_NO_REPLACE_OBJECTS=1",
        "GIT_OPTIONAL_LOCKS=0",
        "GIT_TERMINAL_PROMPT=0",
        "HOME=/dev/null",
        "LC_ALL=C",
        &path,
    ];
    assert_eq!(lines, wanted);
}

/// Gives a file and all below it to a user.
fn give(path: &Path, user: u32) {
    chown(path, Some(user), Some(user)).unwrap();
    let entries = fs::read_dir(path).into_iter().flatten();
    entries.for_each(|entry| give(&entry.unwrap().path(), user));
}

#[test]
fn git_directory_of_a_third_person_is_refused() {
    if !is_root() {
        skip::<()>("git_directory_of_a_third_person_is_refused", "not run as root");
        return;
    }
    let files = repository(&[("mine/compose.yaml", SHARED)]);
    let path = files.path();
    let status = || run(command(path, &["check", "mine", "--since", "main"]));
    // A checkout of another user, as containers of CI have it.
    give(path, 1234);
    assert_eq!(status().status, 0, "{}", status().err);
    // One that somebody put above a directory of ours, as into /tmp.
    chown(path, Some(0), Some(0)).unwrap();
    let told = status();
    assert!(told.status == 2 && told.err.contains("belongs to user 1234"), "{}", told.err);
    give(path, 0);
    assert_eq!(status().status, 0);
    // The same where the file is one's own and what it names is not.
    fs::rename(path.join(".git"), path.join("elsewhere")).unwrap();
    fs::write(path.join(".git"), "gitdir: elsewhere\n").unwrap();
    assert_eq!(status().status, 0);
    give(&path.join("elsewhere"), 1234);
    let told = status();
    assert!(told.status == 2 && told.err.contains("/elsewhere belongs to user 1234"), "{}", told.err);
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[test]
fn change_is_committed_or_not_with_each_git() {
    for git_directory in git_directories() {
        let files = repository(&[("compose.yaml", SHARED)]);
        let status = || {
            let mut call = command(files.path(), &["check", "compose.yaml", "--since", "main"]);
            call.env("PATH", &git_directory);
            run(call).status
        };
        git(files.path(), &["checkout", "--quiet", "-b", "topic"]);
        assert_eq!(status(), 0);
        fs::write(files.path().join("compose.yaml"), with_third()).unwrap();
        assert_eq!(status(), 1);
        commit(files.path());
        assert_eq!(status(), 1);
        fs::write(files.path().join("compose.yaml"), SHARED).unwrap();
        assert_eq!(status(), 0, "taken back in the working tree");
    }
}
