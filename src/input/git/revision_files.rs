//! The trees that a reader needs to read as at a revision: the repository's own, and those of its submodules that are
//! checked out here. May use `text` and nothing else of this crate outside this folder.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::commit_tree::{CommitTree, FileKind};
use super::committed_texts::{CommittedTexts, SharedState};
use super::dot_git;
use super::git_error::GitError;
use super::plumbing::Git;
use crate::text::{Blob, BlobStore, RevisionEntry, RevisionTree};

/// The most files that are looked at, in all repositories together.
const MAX_FILES: usize = 1_000_000;
/// The most submodules whose files are looked at.
const MAX_SUBMODULES: usize = 200;

/// A submodule of which nothing was read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadSubmodule {
    /// Its absolute path.
    pub path: PathBuf,
    /// Why, as a clause.
    pub why: String,
}

/// The files of a revision, for a reader.
#[derive(Debug, Default)]
pub struct RevisionFiles {
    trees: Vec<Arc<RevisionTree>>,
    unread: Vec<UnreadSubmodule>,
    shared: Arc<SharedState>,
    files: usize,
    submodules: usize,
}

/// A repository whose tree is to be taken in, at a commit.
struct Pending {
    git: Git,
    tree: CommitTree,
}

impl RevisionFiles {
    pub(super) fn collect(git: &Git, commit: &str) -> Result<Self, GitError> {
        let mut files = Self::default();
        let mut pending = vec![Pending { git: git.another(), tree: CommitTree::read_commit(git, commit)? }];
        while let Some(repository) = pending.pop() {
            files.take_in(repository, &mut pending)?;
        }
        Ok(files)
    }

    /// What a reader reads by.
    pub fn trees(&self) -> &[Arc<RevisionTree>] {
        &self.trees
    }

    /// The submodules of which nothing was read.
    pub fn unread(&self) -> &[UnreadSubmodule] {
        &self.unread
    }

    /// Why a file could not be read, where that was git's failure: what was read since is not the revision's.
    pub fn failure(&self) -> Option<&GitError> {
        self.shared.failure()
    }

    fn take_in(&mut self, repository: Pending, pending: &mut Vec<Pending>) -> Result<(), GitError> {
        let Pending { git, tree: committed } = repository;
        let top = git.place.top.clone();
        let ignored = ignored_paths(&git)?;
        let texts: Arc<dyn BlobStore> = Arc::new(CommittedTexts::new(git.another(), &self.shared));
        let mut tree = RevisionTree::new(top.clone());
        for (path, entry) in committed.into_entries() {
            self.files += 1;
            if self.files > MAX_FILES {
                return Err(GitError::TooLarge("ls-tree".to_owned()));
            }
            let entry = match entry.kind {
                FileKind::File | FileKind::Program => RevisionEntry::File(Blob::new(&texts, entry.id)),
                FileKind::Link => RevisionEntry::Link(Blob::new(&texts, entry.id)),
                FileKind::Submodule => self.submodule(&git, &top.join(&path), &entry.id, pending),
            };
            tree.add(&path, entry);
        }
        for path in &ignored {
            tree.keep_from_disk(path);
        }
        self.trees.push(Arc::new(tree));
        Ok(())
    }

    /// What stands at a submodule's path. Where it is not checked out here, a checkout of the revision would not bring
    /// its files either: then it is empty, as it is here.
    fn submodule(&mut self, around: &Git, path: &Path, commit: &str, pending: &mut Vec<Pending>) -> RevisionEntry {
        let why = match dot_git::find_upward(path) {
            Ok(place) if place.top == path => match self.read_submodule(around.at(place), commit) {
                Ok(repository) => {
                    pending.push(repository);
                    return RevisionEntry::Directory;
                }
                Err(why) => why,
            },
            Ok(_) | Err(GitError::NoRepository(_)) => {
                let why = "it is a submodule that is not checked out here; `git submodule update --init` brings it";
                self.unread.push(UnreadSubmodule { path: path.to_owned(), why: why.to_owned() });
                return RevisionEntry::Directory;
            }
            Err(error) => format!("it is a submodule: {error}"),
        };
        self.unread.push(UnreadSubmodule { path: path.to_owned(), why: why.clone() });
        RevisionEntry::Unread(why)
    }

    fn read_submodule(&mut self, git: Git, commit: &str) -> Result<Pending, String> {
        self.submodules += 1;
        if self.submodules > MAX_SUBMODULES {
            return Err(format!("it is a submodule, and no more than {MAX_SUBMODULES} are read"));
        }
        match CommitTree::read_commit(&git, commit) {
            Ok(tree) => Ok(Pending { git, tree }),
            Err(_) => Err(format!(
                "it is a submodule whose commit {commit} is not here; fetch it there with `git fetch origin {commit}`"
            )),
        }
    }
}

/// What the working tree holds that is not in the index, and that ignore files leave out: no revision says anything of
/// it. Of a directory where that is all there is, the directory itself.
fn ignored_paths(git: &Git) -> Result<Vec<PathBuf>, GitError> {
    let arguments = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"];
    let answer = git.run_command(&arguments)?;
    if !answer.status.success() {
        return Err(git.failure("ls-files"));
    }
    let paths = answer.text.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    Ok(paths.map(|path| Path::new(OsStr::from_bytes(path)).components().collect()).collect())
}
