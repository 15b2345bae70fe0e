//! The files of a revision, as a reader asks for them: what stood at each path below a repository's top, and what is
//! taken from the disk since the revision says nothing of it. Whoever has the objects hands them in. Uses `read_error`
//! alone.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::read_error::ReadError;

/// The name of what git keeps beside the files, which no revision has.
const DOT_GIT: &str = ".git";

/// The beginning of what a file of a revision held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobStart {
    /// As many bytes as there are up to what was asked for.
    pub bytes: Vec<u8>,
    /// How many there are in all.
    pub size: u64,
}

/// Where the texts of files are kept by their ids.
pub trait BlobStore: fmt::Debug + Send + Sync {
    /// The first bytes of a text, as many as there are up to `most`, as they were committed.
    ///
    /// # Errors
    /// It is not there, or is not the file's own text.
    fn read_start(&self, id: &str, most: u64) -> Result<BlobStart, ReadError>;
}

/// A text, by where it is kept.
#[derive(Debug, Clone)]
pub struct Blob {
    store: Arc<dyn BlobStore>,
    id: String,
}

impl Blob {
    /// The text of an id.
    pub fn new(store: &Arc<dyn BlobStore>, id: String) -> Self {
        Self { store: Arc::clone(store), id }
    }

    pub(super) fn read_start(&self, most: u64) -> Result<BlobStart, ReadError> {
        self.store.read_start(&self.id, most)
    }
}

/// What a revision has at a path.
#[derive(Debug, Clone)]
pub enum RevisionEntry {
    /// A regular file.
    File(Blob),
    /// A symbolic link, whose text is where it leads.
    Link(Blob),
    /// A directory; those that hold anything need not be added.
    Directory,
    /// A directory of which nothing is known, and why, as a clause.
    Unread(String),
    /// What the revision says nothing of, and everything below it: it is as it is on the disk.
    OnDisk,
}

#[derive(Debug, Default)]
struct Folder {
    entries: BTreeMap<OsString, RevisionEntry>,
    /// Whether what it does not have is as it is on the disk.
    beside_disk: bool,
}

/// The tree of a revision.
#[derive(Debug)]
pub struct RevisionTree {
    top: PathBuf,
    /// Every directory by its path below the top.
    folders: BTreeMap<PathBuf, Folder>,
}

impl RevisionTree {
    /// A tree without files below a repository's top, a path without links. What git keeps there stays.
    pub fn new(top: PathBuf) -> Self {
        let mut tree = Self { top, folders: BTreeMap::from([(PathBuf::new(), Folder::default())]) };
        tree.insert(Path::new(DOT_GIT), RevisionEntry::OnDisk);
        tree
    }

    /// The directory that its paths are below, without links.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// Adds what the revision has at a path below the top. A name that no checkout would write is left out.
    pub fn add(&mut self, path: &Path, entry: RevisionEntry) {
        let is_name = |part: Component<'_>| matches!(part, Component::Normal(name) if name != DOT_GIT);
        if path.components().all(is_name) {
            self.insert(path, entry);
        }
    }

    /// Takes a path, and everything below it that the revision does not have, from the disk. Where the revision has
    /// something else on the way, nothing of it was there.
    pub fn keep_from_disk(&mut self, path: &Path) {
        match self.folders.get_mut(path) {
            Some(folder) => folder.beside_disk = true,
            None => self.insert(path, RevisionEntry::OnDisk),
        }
    }

    fn insert(&mut self, path: &Path, entry: RevisionEntry) {
        if matches!(entry, RevisionEntry::Directory) {
            self.make_folder(path);
        } else if let Some((folder, name)) = path.parent().zip(path.file_name())
            && self.make_folder(folder)
            && let Some(folder) = self.folders.get_mut(folder)
        {
            folder.entries.entry(name.to_owned()).or_insert(entry);
        }
    }

    /// Makes a directory, with those above it; tells whether it is one.
    fn make_folder(&mut self, path: &Path) -> bool {
        let missing = path.ancestors().take_while(|above| !self.folders.contains_key(*above)).count();
        let mut missing: Vec<&Path> = path.ancestors().take(missing).collect();
        while let Some(next) = missing.pop() {
            let Some((folder, name)) = next.parent().zip(next.file_name()) else { return false };
            let Some(folder) = self.folders.get_mut(folder) else { return false };
            if folder.entries.contains_key(name) {
                return false;
            }
            folder.entries.insert(name.to_owned(), RevisionEntry::Directory);
            self.folders.insert(next.to_owned(), Folder::default());
        }
        true
    }

    /// What is at a path below the top, which is not the top, where what is above it is a directory.
    pub(super) fn entry(&self, below: &Path) -> Option<&RevisionEntry> {
        let (parent, name) = below.parent().zip(below.file_name())?;
        // What is above it and not known here was found on the disk.
        let Some(folder) = self.folders.get(parent) else { return Some(&RevisionEntry::OnDisk) };
        let known = folder.entries.get(name);
        known.or_else(|| self.is_beside_disk(parent).then_some(&RevisionEntry::OnDisk))
    }

    /// What a directory has, by name.
    pub(super) fn entries(&self, below: &Path) -> impl Iterator<Item = (&OsStr, &RevisionEntry)> {
        let entries = self.folders.get(below).into_iter().flat_map(|folder| &folder.entries);
        entries.map(|(name, entry)| (name.as_os_str(), entry))
    }

    /// Whether what a directory does not have is as it is on the disk.
    pub(super) fn is_beside_disk(&self, below: &Path) -> bool {
        below.ancestors().any(|above| self.folders.get(above).is_some_and(|folder| folder.beside_disk))
    }
}
