//! Reading as at a revision.

mod checkouts;
mod repositories;
pub(crate) mod test_repository;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use self::test_repository::{commit, empty_checkout, git, new_repository, remove_path, write_files};
use super::{GitError, Revision, RevisionFiles};
use crate::text::{EntryKind, ReadError, Reader};

const LIMIT: u64 = 4096;

fn open(top: &Path, name: &str) -> Result<RevisionFiles, GitError> {
    let environment = BTreeMap::from([("PATH".to_owned(), std::env::var("PATH").unwrap())]);
    Revision::open(top, name, &environment)?.files()
}

fn reader_then(top: &Path, name: &str) -> (Reader, RevisionFiles) {
    let files = open(top, name).unwrap();
    (Reader::default().with_directory(top).at_revisions(files.trees().to_vec()), files)
}
