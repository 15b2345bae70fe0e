//! Which files git tracks in the working tree around a directory, by its index. May use nothing of this crate outside
//! this folder.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::ops::Bound;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::git_error::GitError;
use super::plumbing::Git;
use super::{PATIENCE, dot_git};

/// The files that git tracks in one working tree.
#[derive(Debug)]
pub struct TrackedFiles {
    top: PathBuf,
    /// Below the top; a submodule is one path.
    paths: BTreeSet<PathBuf>,
}

impl TrackedFiles {
    /// Asks git about the working tree that a directory is in. Of the environment only PATH is used.
    ///
    /// # Errors
    /// There is no repository, or git fails.
    pub fn list(directory: &Path, environment: &BTreeMap<String, String>) -> Result<Self, GitError> {
        let git = Git::find_program(environment, dot_git::find_upward(directory)?, PATIENCE)?;
        let answer = git.run_command(&["ls-files", "-z", "--cached"])?;
        if !answer.status.success() {
            return Err(git.failure("ls-files"));
        }
        let paths = answer.text.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        let paths = paths.map(|path| PathBuf::from(OsStr::from_bytes(path))).collect();
        Ok(Self { top: git.place.top, paths })
    }

    /// Whether it tracks a file or a submodule at a path, which is absolute and without links on the way.
    pub fn has(&self, path: &Path) -> bool {
        path.strip_prefix(&self.top).is_ok_and(|below| self.paths.contains(below))
    }

    /// Whether it tracks anything below such a directory.
    pub fn has_below(&self, directory: &Path) -> bool {
        let Ok(below) = directory.strip_prefix(&self.top) else { return false };
        // Paths are sorted by their components, so that those below a directory come right after it.
        let after = self.paths.range::<Path, _>((Bound::Excluded(below), Bound::Unbounded)).next();
        after.is_some_and(|path| path.starts_with(below))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    #[test]
    fn index_says_what_is_tracked() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for name in ["a/b/x", "a-b", "ab/y", "loose/z"] {
            fs::create_dir_all(top.join(name).parent().unwrap()).unwrap();
            fs::write(top.join(name), "").unwrap();
        }
        let git = |arguments: &[&str]| {
            assert!(Command::new("git").args(arguments).current_dir(&top).output().unwrap().status.success());
        };
        git(&["init", "-q"]);
        git(&["add", "a", "a-b", "ab"]);
        let environment = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        let tracked = TrackedFiles::list(&top.join("loose"), &environment).unwrap();
        let has = |name: &str| tracked.has(&top.join(name));
        assert!(has("a/b/x") && has("a-b") && !has("loose/z") && !has("a") && !tracked.has(Path::new("/a-b")));
        let has_below = |name: &str| tracked.has_below(&top.join(name));
        assert!(has_below("a") && has_below("a/b") && has_below("ab") && !has_below("loose") && !has_below("a-b"));
        assert!(has_below("") && !tracked.has_below(Path::new("/")));
        fs::write(top.join(".git/index"), "no index").unwrap();
        assert!(TrackedFiles::list(&top, &environment).is_err());
    }
}
