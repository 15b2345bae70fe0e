//! Repositories of tests, without the settings of the machine. Uses std and tempfile.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs git, which must succeed.
pub(crate) fn git(directory: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.arg("-C").arg(directory).args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]);
    git.args(["-c", "protocol.file.allow=always"]).args(arguments);
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let output = git.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Commits all that is there and not ignored.
pub(crate) fn commit(directory: &Path) {
    git(directory, &["add", "--all"]);
    git(directory, &["commit", "--quiet", "--allow-empty", "--message", "x"]);
}

/// A repository without files, by its path without links.
pub(crate) fn new_repository() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap().join("repo");
    fs::create_dir(&top).unwrap();
    git(&top, &["init", "--quiet", "--initial-branch", "main"]);
    (folder, top)
}

/// Writes files with their folders.
pub(crate) fn write_files(top: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = top.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Removes a file, a link or a folder, where it is there.
pub(crate) fn remove_path(path: &Path) {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

/// Removes all that is checked out.
pub(crate) fn empty_checkout(top: &Path) {
    for entry in fs::read_dir(top).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != ".git") {
        remove_path(&entry.path());
    }
}
