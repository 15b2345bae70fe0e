//! The texts of files as they were committed, for a reader on any thread. May use `text` and nothing else of this crate
//! outside this folder.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::git_error::GitError;
use super::plumbing::Git;
use crate::text::{BlobStart, BlobStore, ReadError};

/// The most that is read of all files of all repositories together, in bytes.
const MAX_READ: u64 = 1 << 30;
/// The largest text that is kept, in bytes: a file is asked for more than once, its first line first. Also enough to tell
/// whether it is the file's own text.
const MAX_KEPT: u64 = 16 << 10;
/// The most that is kept of all texts, in bytes.
const MAX_KEPT_TOGETHER: u64 = 32 << 20;
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
    program: Mutex<GitProgram>,
    shared: Arc<SharedState>,
}

/// Git, and what it said already.
struct GitProgram {
    git: Git,
    kept: HashMap<String, Vec<u8>>,
    kept_bytes: u64,
}

impl GitProgram {
    fn read_start(&mut self, id: &str, most: u64, shared: &SharedState) -> Result<BlobStart, GitError> {
        if let Some(text) = self.kept.get(id) {
            return Ok(BlobStart { bytes: text.clone(), size: text.len() as u64 });
        }
        let start = self.git.read_blob_start(id, most.max(MAX_KEPT))?;
        let (bytes, size) = (start.bytes, start.size);
        let length = bytes.len() as u64;
        if shared.read.fetch_add(length, Ordering::Relaxed) + length > MAX_READ {
            return Err(GitError::TooLarge("cat-file".to_owned()));
        }
        if size <= MAX_KEPT && self.kept_bytes + size <= MAX_KEPT_TOGETHER {
            self.kept_bytes += size;
            self.kept.insert(id.to_owned(), bytes.clone());
        }
        Ok(BlobStart { bytes, size })
    }
}

impl CommittedTexts {
    pub(super) fn new(git: Git, shared: &Arc<SharedState>) -> Self {
        let program = GitProgram { git, kept: HashMap::new(), kept_bytes: 0 };
        Self { program: Mutex::new(program), shared: Arc::clone(shared) }
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
        let read = self.program.lock().unwrap_or_else(PoisonError::into_inner).read_start(id, most, &self.shared);
        let mut start = read.map_err(|error| self.fail(error))?;
        if let Some((_, why)) = FILTERED.iter().find(|(mark, _)| start.bytes.starts_with(mark)) {
            return Err(ReadError::Failed((*why).to_owned()));
        }
        start.bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(start)
    }
}
