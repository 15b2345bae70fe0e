//! The tree of a revision, and how the working files differ from it. Nothing of the repository is run: git's own program
//! reads objects, and working files are compared here. May use nothing else of this crate.
//!
//! ```text
//! dot_git   where `.git` is
//! plumbing  the git program, with nothing in its environment that could start another
//! tree      the files of a commit
//! working   a file that may be anything by now
//! ```

mod dot_git;
mod plumbing;
mod tree;
mod working;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use dot_git::DotGit;
use plumbing::Git;
use tree::{Kind, Tree};
use working::WorkingFile;

/// How long git may take for all that one run asks of it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many links may lead from one to the next, as in the kernel.
const MAX_LINKS: usize = 40;

/// Why a revision cannot be read. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// No `.git` at or above the directory.
    #[error("not a git repository: there is no .git in {} or above it", .0.display())]
    NoRepository(PathBuf),
    /// A `.git` file that does not name a directory.
    #[error("{} is neither a directory nor a file with one line `gitdir: DIRECTORY`", .0.display())]
    BadDotGit(PathBuf),
    /// Somebody else may have put it there to lead the comparison astray.
    #[error(
        "{} belongs to user {owner}, who is neither you, nor root, nor the owner of {}; if it is to be trusted, give both to \
         one user with chown", .path.display(), .top.display()
    )]
    Foreign {
        /// The `.git`, or the directory that it names.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// The directory around `.git`.
        top: PathBuf,
    },
    /// Not in PATH.
    #[error("the program git is in no absolute directory of PATH outside the repository; install it")]
    NoProgram,
    /// The program is there and cannot be run.
    #[error("git cannot be run: {0}")]
    NotRun(#[source] std::io::Error),
    /// It would be an option, or is empty.
    #[error("a revision is not empty and does not begin with `-`")]
    NotARevision,
    /// No such commit.
    #[error("no commit is named {0} here; fetch it with `git fetch origin {0}`, or check its spelling")]
    NoCommit(String),
    /// HEAD has no history in common with it.
    #[error("{0} and HEAD have no commit in common; compare with a revision that HEAD comes from")]
    NoCommonCommit(String),
    /// The same, where most of the history is missing.
    #[error(
        "this clone is shallow, and what it holds does not show where {0} and HEAD parted; fetch more of the history with \
         `git fetch --unshallow origin {0}` or `git fetch --deepen=100 origin {0}`"
    )]
    Shallow(String),
    /// An object is not here, and git may not fetch it.
    #[error(
        "git {0} failed in a partial clone, for which nothing is fetched here; fetch the rest with `git fetch --refetch \
         --no-filter origin`, or clone without --filter"
    )]
    PartialClone(String),
    /// Killed at the end of its time.
    #[error("git {0} did not end in time and was stopped")]
    TooSlow(String),
    /// It printed more than anybody needs.
    #[error("git {0} printed too much and was stopped")]
    TooLarge(String),
    /// Anything else.
    #[error("git {command} failed; `git -C {} fsck` may say why", .top.display())]
    Failed {
        /// The command.
        command: String,
        /// Where.
        top: PathBuf,
    },
}

/// How a working file differs from the file that had its name at the base.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
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
    /// The directory that holds `.git`, without links.
    top: PathBuf,
    base: String,
    base_tree: OnceCell<Tree>,
    head_tree: OnceCell<Tree>,
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
        if revision.is_empty() || revision.starts_with('-') || revision.contains('\0') {
            return Err(GitError::NotARevision);
        }
        let DotGit { top, git_dir } = dot_git::find(path)?;
        let git = Git::find(environment, &top, &git_dir, PATIENCE)?;
        let Some(commit) = git.object_id(&["rev-parse", "--verify", "--quiet", &format!("{revision}^{{commit}}")])?
        else {
            return Err(GitError::NoCommit(revision.to_owned()));
        };
        let Some(base) = git.object_id(&["merge-base", &commit, "HEAD"])? else {
            let shallow = git.ask(&["rev-parse", "--is-shallow-repository"], "")?;
            let error = if shallow.text == b"true\n" { GitError::Shallow } else { GitError::NoCommonCommit };
            return Err(error(revision.to_owned()));
        };
        let (base_tree, head_tree, keeps_mode) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Ok(Self { git, top, base, base_tree, head_tree, keeps_mode })
    }

    /// The directory that the paths of the tree are below, without links.
    pub fn top(&self) -> &Path {
        &self.top
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
            Some(entry) if entry.is_file() => self.git.blob(&entry.id).map(Some),
            _ => Ok(None),
        }
    }

    /// How the file that an absolute path leads to differs from the base.
    ///
    /// # Errors
    /// Git fails.
    pub fn change(&self, path: &Path) -> Result<Change, GitError> {
        let Some(real) = self.path_below(path)? else { return Ok(Change::Whole) };
        let Some(entry) = self.base_tree()?.entry(&real).filter(|entry| entry.is_file()) else {
            return Ok(Change::Whole);
        };
        let Ok(WorkingFile { text: after, executable }) = working::read(&self.top.join(&real)) else {
            return Ok(Change::Whole);
        };
        if executable != (entry.kind == Kind::Program) && self.keeps_mode()? {
            return Ok(Change::Whole);
        }
        let before = match self.git.blob(&entry.id) {
            Err(GitError::TooLarge(_)) => return Ok(Change::Whole),
            blob => blob?,
        };
        let after = if before == after { after } else { self.as_committed(&real, after)? };
        Ok(if before == after { Change::Unchanged } else { Change::Edited { before, after } })
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
            let known = next.strip_prefix(&self.top).map_or(Ok(true), |name| self.has_link(name, &target))?;
            if !known || links > MAX_LINKS {
                return Ok(None);
            }
            if target.is_absolute() {
                real = PathBuf::from("/");
            }
            rest.extend(reversed_parts(&target));
        }
        Ok(real.strip_prefix(&self.top).ok().map(Path::to_owned))
    }

    /// Whether a link stood at a path at the base, and led where it leads now.
    fn has_link(&self, path: &Path, target: &Path) -> Result<bool, GitError> {
        match self.base_tree()?.entry(path) {
            Some(entry) if entry.kind == Kind::Link => Ok(self.git.blob(&entry.id)? == target.as_os_str().as_bytes()),
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
        if has_crlf(&self.git.blob(&entry.id)?) {
            return Ok(text);
        }
        let kept = text.iter().enumerate().filter(|(at, byte)| **byte != b'\r' || text.get(at + 1) != Some(&b'\n'));
        Ok(kept.map(|(_, byte)| *byte).collect())
    }

    fn keeps_mode(&self) -> Result<bool, GitError> {
        if let Some(known) = self.keeps_mode.get() {
            return Ok(*known);
        }
        let told = self.git.ask(&["config", "--type=bool", "--get", "core.fileMode"], "")?;
        Ok(*self.keeps_mode.get_or_init(|| told.text != b"false\n"))
    }

    fn base_tree(&self) -> Result<&Tree, GitError> {
        self.tree(&self.base_tree, &self.base)
    }

    fn tree<'a>(&self, cell: &'a OnceCell<Tree>, commit: &str) -> Result<&'a Tree, GitError> {
        if let Some(tree) = cell.get() {
            return Ok(tree);
        }
        let tree = Tree::read(&self.git, commit)?;
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
