//! Why a revision cannot be read, and what to do. May use nothing of this crate.

use std::path::PathBuf;

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
    NotRun(std::io::Error),
    /// It would be an option, or is empty.
    #[error("a revision is not empty and does not begin with `-` or `^`")]
    NotARevision,
    /// No such commit.
    #[error("no commit is named {0} here; {how}", how = how_to_fetch(.0))]
    NoCommit(String),
    /// No such commit, where most of the history is missing.
    #[error(
        "no commit is named {0} in this clone, which is shallow; {how}; in GitHub Actions, give actions/checkout \
         `fetch-depth: 0`", how = how_to_deepen(.0)
    )]
    NotInShallow(String),
    /// HEAD has no history in common with it.
    #[error("{0} and HEAD have no commit in common; compare with a revision that HEAD comes from")]
    NoCommonCommit(String),
    /// The same, where most of the history is missing.
    #[error(
        "this clone is shallow, and what it holds does not show where {0} and HEAD parted; fetch more of the history with \
         `git fetch --unshallow{from}` or `git fetch --deepen=100{from}`; in GitHub Actions, give actions/checkout \
         `fetch-depth: 0`", from = fetched_from(.0)
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

/// How a revision comes into a clone that is shallow. With `--depth` the two histories might have no commit in common.
fn how_to_deepen(revision: &str) -> String {
    match fetched_name(revision) {
        Some(name) => {
            format!(
                "fetch it with `git fetch --deepen=100 origin {name}`, or with `--unshallow` instead of `--deepen=100`"
            )
        }
        None => "fetch more of the history with `git fetch --deepen=100` or `git fetch --unshallow`".to_owned(),
    }
}

/// How a revision comes into a clone that is whole.
fn how_to_fetch(revision: &str) -> String {
    if revision == "HEAD" {
        return "nothing is committed yet: commit what there is to compare with first".to_owned();
    }
    match fetched_name(revision) {
        Some(name) => format!("fetch it with `git fetch origin {name}`, or check its spelling"),
        None => "check its spelling".to_owned(),
    }
}

/// What is fetched so that a revision has its name here, which fetching alone would not give it where the clone was made
/// of one branch.
fn fetched_name(revision: &str) -> Option<String> {
    if is_counted(revision) {
        return None;
    }
    let is_id = [40, 64].contains(&revision.len()) && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(match revision.strip_prefix("origin/") {
        Some(branch) => format!("{branch}:refs/remotes/{revision}"),
        None if is_id => revision.to_owned(),
        None => format!("{revision}:{revision}"),
    })
}

/// Where a revision that is here already is fetched from.
fn fetched_from(revision: &str) -> String {
    let branch = revision.strip_prefix("origin/").unwrap_or(revision);
    if is_counted(branch) { String::new() } else { format!(" origin {branch}") }
}

/// Whether a revision is told by its way from another, so that it cannot be fetched by its name.
fn is_counted(revision: &str) -> bool {
    revision.contains(['~', '^', '@', ':'])
}
