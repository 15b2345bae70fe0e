//! The texts of files as they were committed, for a reader on any thread. May use `text` and nothing else of this crate
//! outside this folder.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::git_error::GitError;
use super::plumbing::Git;
use crate::text::{BlobStart, BlobStore, ReadError};

/// The most that is read of all files of all repositories together, in bytes.
const MAX_READ: u64 = 1 << 30;
/// Enough of a file to tell whether it is its own text.
const TELLING_START: u64 = 64;
/// How a file begins that is kept elsewhere or enciphered, and why it is not read. A checkout would run a filter.
const FILTERED: [(&[u8], &str); 2] = [
    (b"version https://git-lfs.github.com/spec/", "it is kept in Git LFS, and git has only a pointer to it"),
    (b"\0GITCRYPT\0", "it is enciphered by git-crypt, which is not run here"),
];

/// What all stores of one revision have in common.
#[derive(Debug, Default)]
pub(super) struct SharedState {
    read: AtomicU64,
    /// The first failure of git; nothing is read after it.
    failure: OnceLock<GitError>,
}

impl SharedState {
    pub(super) fn failure(&self) -> Option<&GitError> {
        self.failure.get()
    }
}

/// The texts that one repository holds.
pub(super) struct CommittedTexts {
    git: Mutex<Git>,
    shared: Arc<SharedState>,
}

impl CommittedTexts {
    pub(super) fn new(git: Git, shared: &Arc<SharedState>) -> Self {
        Self { git: Mutex::new(git), shared: Arc::clone(shared) }
    }

    fn fail(&self, error: GitError) -> ReadError {
        ReadError::Failed(self.shared.failure.get_or_init(|| error).to_string())
    }
}

impl fmt::Debug for CommittedTexts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CommittedTexts").finish_non_exhaustive()
    }
}

impl BlobStore for CommittedTexts {
    fn read_start(&self, id: &str, most: u64) -> Result<BlobStart, ReadError> {
        if let Some(failure) = self.shared.failure() {
            return Err(ReadError::Failed(failure.to_string()));
        }
        let read = self.git.lock().unwrap_or_else(PoisonError::into_inner).read_blob_start(id, most.max(TELLING_START));
        let start = read.map_err(|error| self.fail(error))?;
        let length = start.bytes.len() as u64;
        if self.shared.read.fetch_add(length, Ordering::Relaxed) + length > MAX_READ {
            return Err(self.fail(GitError::TooLarge("cat-file".to_owned())));
        }
        if let Some((_, why)) = FILTERED.iter().find(|(mark, _)| start.bytes.starts_with(mark)) {
            return Err(ReadError::Failed((*why).to_owned()));
        }
        let mut bytes = start.bytes;
        bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(BlobStart { bytes, size: start.size })
    }
}
