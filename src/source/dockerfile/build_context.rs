//! What a COPY copies from. The one file of this module that looks at the disk, beside `load`. Uses `ignored`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::dockerignore::Dockerignore;

/// Entries of one directory that are looked at.
const MAX_ENTRIES: usize = 4096;
/// How much of a `.dockerignore` is read, in bytes.
const MAX_IGNORE: u64 = 256 * 1024;

/// What stands at a path of a build context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
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
    fn kind(&self, path: &str) -> Option<EntryKind>;
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
}

impl ContextDirectory {
    /// The context for a Dockerfile; beside that a `<name>.dockerignore` stands for the context's own.
    pub fn new(root: impl Into<PathBuf>, dockerfile: Option<&Path>) -> Self {
        let root = root.into();
        let beside = dockerfile.map(|path| {
            let mut name = path.as_os_str().to_owned();
            name.push(".dockerignore");
            PathBuf::from(name)
        });
        let text = beside.and_then(|path| text(&path)).or_else(|| text(&root.join(".dockerignore")));
        let ignored = Dockerignore::parse(&text.unwrap_or_default());
        Self { real: fs::canonicalize(&root).ok(), root, ignored }
    }
}

fn text(path: &Path) -> Option<String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    fs::File::open(path).ok()?.take(MAX_IGNORE).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

impl BuildContext for ContextDirectory {
    fn kind(&self, path: &str) -> Option<EntryKind> {
        if path.split('/').any(|part| part == "..") || (!path.is_empty() && self.ignored.leaves_out(path)) {
            return None;
        }
        let at = self.root.join(path);
        let link = fs::symlink_metadata(&at).ok()?;
        // What a link on the way leads to must be in the context too.
        let Ok(real) = fs::canonicalize(&at) else { return Some(EntryKind::Other) };
        if !self.real.as_ref().is_some_and(|root| real.starts_with(root)) {
            return Some(EntryKind::Other);
        }
        let kind = if link.is_symlink() { fs::metadata(&at).ok()? } else { link };
        Some(match () {
            () if kind.is_dir() => EntryKind::Directory,
            () if kind.is_file() => EntryKind::File,
            () => EntryKind::Other,
        })
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        if self.kind(path) != Some(EntryKind::Directory) {
            return None;
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(self.root.join(path)).ok()? {
            names.extend(entry.ok()?.file_name().into_string().ok());
            if names.len() > MAX_ENTRIES {
                return None;
            }
        }
        names.sort();
        Some(names)
    }

    fn locate(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}
