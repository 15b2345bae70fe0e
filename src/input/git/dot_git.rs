//! Where a repository's `.git` is: found by walking up from a path. A bare repository that lies in a folder, as a
//! stranger may commit one, is never used. May use nothing else of this crate.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::git_error::GitError;
use super::working;

/// A working tree and its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DotGit {
    /// The directory that holds `.git`, without links.
    pub(super) top: PathBuf,
    /// `.git`, or in a linked working tree and a submodule the directory that it names.
    pub(super) git_dir: PathBuf,
}

/// The next `.git` at or above a path that is one.
pub(super) fn find_upward(path: &Path) -> Result<DotGit, GitError> {
    let directory = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let start = directory.canonicalize().map_err(|_| GitError::NoRepository(directory.to_owned()))?;
    for top in start.ancestors() {
        let dot_git = top.join(".git");
        let git_dir = match dot_git.metadata() {
            // One without HEAD is no repository; git goes on above it too.
            Ok(found) if found.is_dir() && dot_git.join("HEAD").symlink_metadata().is_ok() => {
                dot_git.canonicalize().map_err(|_| GitError::BadDotGit(dot_git.clone()))?
            }
            Ok(found) if found.is_file() => named_directory(top, &dot_git)?,
            _ => continue,
        };
        check_owner(&dot_git, top, &dot_git)?;
        check_owner(&git_dir, top, &dot_git)?;
        return Ok(DotGit { top: top.to_owned(), git_dir });
    }
    Err(GitError::NoRepository(directory.to_owned()))
}

/// The directory that a `.git` file names.
fn named_directory(top: &Path, dot_git: &Path) -> Result<PathBuf, GitError> {
    let text = working::read_file(dot_git).map(|file| file.text).unwrap_or_default();
    let name = text.strip_prefix(b"gitdir: ").map(<[u8]>::trim_ascii_end).filter(|name| !name.contains(&0));
    let git_dir = name.and_then(|name| top.join(OsStr::from_bytes(name)).canonicalize().ok());
    git_dir.filter(|git_dir| git_dir.is_dir()).ok_or_else(|| GitError::BadDotGit(dot_git.to_owned()))
}

/// Git checks owners of a repository that it finds itself, since settings in it name programs. None of those runs here,
/// so that a checkout of another user is read like any other. But a `.git` that a third person put above it would decide
/// what counts as changed.
fn check_owner(path: &Path, top: &Path, dot_git: &Path) -> Result<(), GitError> {
    let owner = owner_id(path, dot_git)?;
    if [owner_id(top, dot_git)?, 0, rustix::process::geteuid().as_raw()].contains(&owner) {
        return Ok(());
    }
    Err(GitError::Foreign { path: path.to_owned(), owner, top: top.to_owned() })
}

fn owner_id(path: &Path, dot_git: &Path) -> Result<u32, GitError> {
    path.symlink_metadata().map(|found| found.uid()).map_err(|_| GitError::BadDotGit(dot_git.to_owned()))
}
