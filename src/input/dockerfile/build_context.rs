//! What a COPY copies from. The one file of this module that looks at the disk, beside `load`. Uses `ignored`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dockerignore::Dockerignore;
use crate::text::{EntryKind, ReadError, Reader};

/// Entries of one directory that are looked at.
const MAX_ENTRIES: usize = 4096;
/// How much of a `.dockerignore` is read, in bytes.
const MAX_IGNORE: u64 = 256 * 1024;

/// What stands at a path of a build context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextEntry {
    /// A file, or a link to one that the context holds.
    File,
    /// A directory, or a link to one that the context holds.
    Directory,
    /// Something of which a copy is not what it seems here: a link that leads out of the context, a device.
    Other,
}

/// A build context. Paths are clean, relative and without a leading slash; the context itself is the empty path.
pub trait BuildContext: fmt::Debug {
    /// What stands at a path; `None` where there is nothing that a build would see.
    fn kind(&self, path: &str) -> Option<ContextEntry>;
    /// The names in a directory, sorted; `None` where there are too many or they cannot be read.
    fn list(&self, path: &str) -> Option<Vec<String>>;
    /// Where a person finds a path.
    fn locate(&self, path: &str) -> PathBuf;
}

/// A directory of this machine as a build context, without what its `.dockerignore` leaves out.
#[derive(Debug)]
pub struct ContextDirectory {
    root: PathBuf,
    /// The same without links; `None` where there is no such directory.
    real: Option<PathBuf>,
    ignored: Dockerignore,
    reader: Arc<Reader>,
    /// Why its ignore file leaves nothing out, where it is not read.
    pub(super) unread_ignore: Option<ReadError>,
}

impl ContextDirectory {
    /// The context for a Dockerfile; beside that a `<name>.dockerignore` stands for the context's own.
    pub fn new(root: impl Into<PathBuf>, dockerfile: Option<&Path>, reader: &Arc<Reader>) -> Self {
        let root = root.into();
        let beside = dockerfile.map(|path| {
            let mut name = path.as_os_str().to_owned();
            name.push(".dockerignore");
            PathBuf::from(name)
        });
        let beside = beside.map(|path| reader.read_start(&path, MAX_IGNORE));
        let text = match beside {
            None | Some(Err(ReadError::Absent)) => reader.read_start(&root.join(".dockerignore"), MAX_IGNORE),
            Some(text) => text,
        };
        let ignored = Dockerignore::parse(&String::from_utf8_lossy(text.as_deref().unwrap_or_default()));
        let real = reader.real_path(&root).ok();
        // Of a context that is not at hand nobody asks what it leaves out.
        let unread_ignore = text.err().filter(|error| real.is_some() && *error != ReadError::Absent);
        Self { real, root, ignored, reader: Arc::clone(reader), unread_ignore }
    }
}

impl BuildContext for ContextDirectory {
    fn kind(&self, path: &str) -> Option<ContextEntry> {
        if path.split('/').any(|part| part == "..") || (!path.is_empty() && self.ignored.leaves_out(path)) {
            return None;
        }
        let Some(root) = &self.real else { return Some(ContextEntry::Other) };
        let at = self.root.join(path);
        // What a link on the way leads to must be in the context too.
        match self.reader.real_path(&at) {
            Ok(real) if real.starts_with(root) => Some(match self.reader.kind(&real) {
                Ok(EntryKind::Directory) => ContextEntry::Directory,
                Ok(EntryKind::File) => ContextEntry::File,
                _ => ContextEntry::Other,
            }),
            Err(ReadError::Absent) if self.reader.own_kind(&at) == Err(ReadError::Absent) => None,
            _ => Some(ContextEntry::Other),
        }
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        if self.kind(path) != Some(ContextEntry::Directory) {
            return None;
        }
        let listed = self.reader.list(&self.root.join(path), MAX_ENTRIES).ok()?;
        Some(listed.into_iter().filter_map(|entry| entry.name.into_string().ok()).collect())
    }

    fn locate(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}
