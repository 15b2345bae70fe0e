//! The tree of a revision, and how the working files differ from it. Nothing of the repository is run: git's own program
//! reads objects, and working files are compared here. May use `text`.
//!
//! ```text
//! dot_git          where `.git` is
//! git_error        why that fails
//! plumbing         the git program, with nothing in its environment that could start another
//! blobs            what files held, from one such program
//! commit_tree      the files of a commit
//! committed_texts  what they held, for a reader
//! revision_files   the trees that a reader reads by
//! tracked_files    what the index names
//! working          a file that may be anything by now
//! ```

mod blobs;
mod commit_tree;
mod committed_texts;
mod dot_git;
mod git_error;
mod plumbing;
mod revision_files;
#[cfg(test)]
pub(crate) mod tests;
mod tracked_files;
mod working;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use commit_tree::{CommitTree, FileKind};
pub use git_error::GitError;
use plumbing::Git;
pub use revision_files::{RevisionFiles, UnreadSubmodule};
pub use tracked_files::TrackedFiles;
use working::WorkingFile;

/// How long git may take for one answer. The first that takes longer ends the run.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many links may lead from one to the next, as in the kernel.
const MAX_LINKS: usize = 40;

/// How a working file differs from the file that had its name at the base.
#[derive(Debug, PartialEq, Eq)]
pub enum FileChange {
    /// Not at all, whatever ends of lines the checkout gave it.
    Unchanged,
    /// The text.
    Edited {
        /// At the base.
        before: Vec<u8>,
        /// Now.
        after: Vec<u8>,
    },
    /// There was no such file, it had another mode, a link that leads to it is another, or it cannot be compared.
    Whole,
}

/// The commit where a revision and HEAD parted, the base: its files, and what became of them.
pub struct Revision {
    git: Git,
    name: String,
    base: String,
    base_tree: OnceCell<CommitTree>,
    head_tree: OnceCell<CommitTree>,
    /// Whether the file system keeps the bit that makes a file a program.
    keeps_mode: OnceCell<bool>,
}

impl Revision {
    /// Finds the repository around a path, which is absolute, and in it the commit where a revision and HEAD parted.
    /// Of the environment only PATH is used.
    ///
    /// # Errors
    /// There is no repository, no such revision, or git fails.
    pub fn open(path: &Path, revision: &str, environment: &BTreeMap<String, String>) -> Result<Self, GitError> {
        if revision.is_empty() || revision.starts_with(['-', '^']) || revision.contains('\0') {
            return Err(GitError::NotARevision);
        }
        Self::open_in(Git::find_program(environment, dot_git::find_upward(path)?, PATIENCE)?, revision.to_owned())
    }

    /// The same revision in the repository around another path.
    ///
    /// # Errors
    /// As [`Revision::open`].
    pub fn open_beside(&self, path: &Path) -> Result<Self, GitError> {
        Self::open_in(self.git.at(dot_git::find_upward(path)?), self.name.clone())
    }

    fn open_in(git: Git, name: String) -> Result<Self, GitError> {
        let Some(commit) = git.object_id(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")])? else {
            return Err(if git.is_shallow()? { GitError::NotInShallow(name) } else { GitError::NoCommit(name) });
        };
        let Some(base) = git.object_id(&["merge-base", &commit, "HEAD"])? else {
            return Err(if git.is_shallow()? { GitError::Shallow(name) } else { GitError::NoCommonCommit(name) });
        };
        let (base_tree, head_tree, keeps_mode) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Ok(Self { git, name, base, base_tree, head_tree, keeps_mode })
    }

    /// The directory that the paths of the tree are below, without links.
    pub fn top(&self) -> &Path {
        &self.git.place.top
    }

    /// All files of the base, for a reader that is to read as at it.
    ///
    /// # Errors
    /// Git fails.
    pub fn files(&self) -> Result<RevisionFiles, GitError> {
        RevisionFiles::collect(&self.git, &self.base)
    }

    /// Every file and link at the base, by its path below the top, sorted.
    ///
    /// # Errors
    /// Git fails.
    pub fn paths(&self) -> Result<impl Iterator<Item = &Path>, GitError> {
        Ok(self.base_tree()?.paths())
    }

    /// What a regular file held at the base, by its path below the top; `None` where none had this path.
    ///
    /// # Errors
    /// Git fails, or the file is larger than any that is read.
    pub fn text(&self, path: &Path) -> Result<Option<Vec<u8>>, GitError> {
        match self.base_tree()?.entry(path) {
            Some(entry) if entry.is_file() => self.git.read_blob(&entry.id).map(Some),
            _ => Ok(None),
        }
    }

    /// How the file that an absolute path leads to differs from the base.
    ///
    /// # Errors
    /// Git fails.
    pub fn change(&self, path: &Path) -> Result<FileChange, GitError> {
        let Some(real) = self.path_below(path)? else { return Ok(FileChange::Whole) };
        let Some(entry) = self.base_tree()?.entry(&real).filter(|entry| entry.is_file()) else {
            return Ok(FileChange::Whole);
        };
        let Ok(WorkingFile { text: after, executable }) = working::read_file(&self.top().join(&real)) else {
            return Ok(FileChange::Whole);
        };
        if executable != (entry.kind == FileKind::Program) && self.keeps_mode()? {
            return Ok(FileChange::Whole);
        }
        let before = match self.git.read_blob(&entry.id) {
            Err(GitError::TooLarge(_)) => return Ok(FileChange::Whole),
            blob => blob?,
        };
        let after = if before == after { after } else { self.as_committed(&real, after)? };
        Ok(if before == after { FileChange::Unchanged } else { FileChange::Edited { before, after } })
    }

    /// The path below the top that an absolute path leads to, as [`Revision::text`] wants it; `None` where it leads out of
    /// it, or through a link of the repository that is not what it was at the base.
    ///
    /// # Errors
    /// Git fails.
    pub fn path_below(&self, path: &Path) -> Result<Option<PathBuf>, GitError> {
        let mut real = PathBuf::from("/");
        let mut rest: Vec<OsString> = reversed_parts(path);
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part == ".." {
                real.pop();
                continue;
            }
            let next = real.join(&part);
            let Ok(target) = std::fs::read_link(&next) else {
                real = next;
                continue;
            };
            links += 1;
            let known = next.strip_prefix(self.top()).map_or(Ok(true), |name| self.has_link(name, &target))?;
            if !known || links > MAX_LINKS {
                return Ok(None);
            }
            if target.is_absolute() {
                real = PathBuf::from("/");
            }
            rest.extend(reversed_parts(&target));
        }
        Ok(real.strip_prefix(self.top()).ok().map(Path::to_owned))
    }

    /// Whether a link stood at a path at the base, and led where it leads now.
    fn has_link(&self, path: &Path, target: &Path) -> Result<bool, GitError> {
        match self.base_tree()?.entry(path) {
            Some(entry) if entry.kind == FileKind::Link => {
                Ok(self.git.read_blob(&entry.id)? == target.as_os_str().as_bytes())
            }
            _ => Ok(false),
        }
    }

    /// A working file's text as it would be committed: where HEAD has the file without a CRLF, those that it has now are
    /// the checkout's (`core.autocrlf`, or `eol` of an attribute). Where HEAD has them, they are somebody's change.
    fn as_committed(&self, path: &Path, text: Vec<u8>) -> Result<Vec<u8>, GitError> {
        if !has_crlf(&text) {
            return Ok(text);
        }
        let tree = self.tree(&self.head_tree, "HEAD")?;
        let Some(entry) = tree.entry(path).filter(|entry| entry.is_file()) else { return Ok(text) };
        if has_crlf(&self.git.read_blob(&entry.id)?) {
            return Ok(text);
        }
        let kept = text.iter().enumerate().filter(|(at, byte)| **byte != b'\r' || text.get(at + 1) != Some(&b'\n'));
        Ok(kept.map(|(_, byte)| *byte).collect())
    }

    fn keeps_mode(&self) -> Result<bool, GitError> {
        if let Some(known) = self.keeps_mode.get() {
            return Ok(*known);
        }
        let told = self.git.run_command(&["config", "--type=bool", "--get", "core.fileMode"])?;
        Ok(*self.keeps_mode.get_or_init(|| told.text != b"false\n"))
    }

    fn base_tree(&self) -> Result<&CommitTree, GitError> {
        self.tree(&self.base_tree, &self.base)
    }

    fn tree<'a>(&self, cell: &'a OnceCell<CommitTree>, commit: &str) -> Result<&'a CommitTree, GitError> {
        if let Some(tree) = cell.get() {
            return Ok(tree);
        }
        let tree = CommitTree::read_commit(&self.git, commit)?;
        Ok(cell.get_or_init(|| tree))
    }
}

/// The components of a path but the root, the last one first.
fn reversed_parts(path: &Path) -> Vec<OsString> {
    let parts = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    parts.map(|part| OsStr::to_owned(part.as_os_str())).rev().collect()
}

fn has_crlf(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair == b"\r\n")
}
