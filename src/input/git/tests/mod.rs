//! Reading as at a revision.

mod checkouts;
mod repositories;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{GitError, Revision, RevisionFiles};
use crate::text::{EntryKind, ReadError, Reader};

const LIMIT: u64 = 4096;

fn git(directory: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.arg("-C").arg(directory).args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]);
    git.args(["-c", "protocol.file.allow=always"]).args(arguments);
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let output = git.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(directory: &Path) {
    git(directory, &["add", "--all"]);
    git(directory, &["commit", "--quiet", "--allow-empty", "--message", "x"]);
}

/// A repository without files, by its path without links.
fn repository() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap().join("repo");
    fs::create_dir(&top).unwrap();
    git(&top, &["init", "--quiet", "--initial-branch", "main"]);
    (folder, top)
}

fn write(top: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = top.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn remove(path: &Path) {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

/// Removes all that is checked out.
fn empty(top: &Path) {
    for entry in fs::read_dir(top).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != ".git") {
        remove(&entry.path());
    }
}

fn open(top: &Path, name: &str) -> Result<RevisionFiles, GitError> {
    let environment = BTreeMap::from([("PATH".to_owned(), std::env::var("PATH").unwrap())]);
    Revision::open(top, name, &environment)?.files()
}

fn reader_then(top: &Path, name: &str) -> (Reader, RevisionFiles) {
    let files = open(top, name).unwrap();
    (Reader::default().with_directory(top).at_revisions(files.trees().to_vec()), files)
}
