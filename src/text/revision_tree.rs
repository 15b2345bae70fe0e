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
/// The longest path that a file can be opened by, with its end.
const MAX_PATH: usize = 4096;

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

/// What a directory has at a name.
#[derive(Debug)]
enum TreeNode {
    Entry(RevisionEntry),
    /// A directory, by its number.
    Folder(usize),
}

#[derive(Debug, Default)]
struct Folder {
    nodes: BTreeMap<OsString, TreeNode>,
    /// Whether what it and those below it do not have is as it is on the disk.
    beside_disk: bool,
}

/// The tree of a revision.
#[derive(Debug)]
pub struct RevisionTree {
    top: PathBuf,
    /// Every directory, the top first. They are numbered, so that no depth of them takes more room than their names.
    folders: Vec<Folder>,
}

/// What a path leads to in a tree.
enum LocatedEntry<'a> {
    Entry(&'a RevisionEntry),
    Folder {
        folder: &'a Folder,
        /// Whether what it does not have is as it is on the disk.
        beside_disk: bool,
    },
}

impl RevisionTree {
    /// A tree without files below a repository's top, a path without links. What git keeps there stays.
    pub fn new(top: PathBuf) -> Self {
        let mut tree = Self { top, folders: vec![Folder::default()] };
        tree.insert(Path::new(DOT_GIT), RevisionEntry::OnDisk);
        tree
    }

    /// The directory that its paths are below, without links.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// Adds what the revision has at a path below the top. A path that no checkout could write is left out.
    pub fn add(&mut self, path: &Path, entry: RevisionEntry) {
        let is_name = |part: Component<'_>| matches!(part, Component::Normal(name) if name != DOT_GIT);
        if path.as_os_str().len() < MAX_PATH && path.components().all(is_name) {
            self.insert(path, entry);
        }
    }

    /// Takes a path, and everything below it that the revision does not have, from the disk. Where the revision has
    /// something else on the way, nothing of it was there.
    pub fn keep_from_disk(&mut self, path: &Path) {
        self.insert(path, RevisionEntry::OnDisk);
    }

    fn insert(&mut self, path: &Path, entry: RevisionEntry) {
        let Some((above, name)) = path.parent().zip(path.file_name()) else { return };
        let Some(above) = self.make_folder(above) else { return };
        match (entry, self.folder_at(above, name)) {
            (RevisionEntry::Directory, None) => {
                self.make_folder(path);
            }
            (RevisionEntry::OnDisk, Some(known)) => {
                if let Some(folder) = self.folders.get_mut(known) {
                    folder.beside_disk = true;
                }
            }
            (_, Some(_)) => {}
            (entry, None) => {
                if let Some(folder) = self.folders.get_mut(above) {
                    folder.nodes.entry(name.to_owned()).or_insert(TreeNode::Entry(entry));
                }
            }
        }
    }

    /// The directory that another has at a name.
    fn folder_at(&self, above: usize, name: &OsStr) -> Option<usize> {
        match self.folders.get(above)?.nodes.get(name)? {
            TreeNode::Folder(number) => Some(*number),
            TreeNode::Entry(_) => None,
        }
    }

    /// Makes a directory, with those above it; `None` where one of them is something else.
    fn make_folder(&mut self, path: &Path) -> Option<usize> {
        let mut at = 0;
        for name in path.components().map(Component::as_os_str) {
            let next = self.folders.len();
            let node = self.folders.get_mut(at)?.nodes.entry(name.to_owned()).or_insert(TreeNode::Folder(next));
            at = match node {
                TreeNode::Folder(number) => *number,
                TreeNode::Entry(_) => return None,
            };
            if at == next {
                self.folders.push(Folder::default());
            }
        }
        Some(at)
    }

    fn locate(&self, below: &Path) -> Option<LocatedEntry<'_>> {
        let mut folder = self.folders.first()?;
        let mut beside_disk = folder.beside_disk;
        let mut names = below.components();
        while let Some(name) = names.next() {
            match folder.nodes.get(name.as_os_str()) {
                Some(TreeNode::Folder(number)) => {
                    folder = self.folders.get(*number)?;
                    beside_disk |= folder.beside_disk;
                }
                Some(TreeNode::Entry(entry)) => {
                    let is_end = names.next().is_none() || matches!(entry, RevisionEntry::OnDisk);
                    return is_end.then_some(LocatedEntry::Entry(entry));
                }
                None => return beside_disk.then_some(LocatedEntry::Entry(&RevisionEntry::OnDisk)),
            }
        }
        Some(LocatedEntry::Folder { folder, beside_disk })
    }

    /// What is at a path below the top.
    pub(super) fn entry(&self, below: &Path) -> Option<&RevisionEntry> {
        self.locate(below).map(|located| match located {
            LocatedEntry::Entry(entry) => entry,
            LocatedEntry::Folder { .. } => &RevisionEntry::Directory,
        })
    }

    /// What a directory has, by name.
    pub(super) fn entries(&self, below: &Path) -> impl Iterator<Item = (&OsStr, &RevisionEntry)> {
        let folder = match self.locate(below) {
            Some(LocatedEntry::Folder { folder, .. }) => Some(folder),
            _ => None,
        };
        folder.into_iter().flat_map(|folder| &folder.nodes).map(|(name, node)| match node {
            TreeNode::Entry(entry) => (name.as_os_str(), entry),
            TreeNode::Folder(_) => (name.as_os_str(), &RevisionEntry::Directory),
        })
    }

    /// Whether what a directory does not have is as it is on the disk.
    pub(super) fn is_beside_disk(&self, below: &Path) -> bool {
        matches!(self.locate(below), Some(LocatedEntry::Folder { beside_disk: true, .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct NoBlobs;

    impl BlobStore for NoBlobs {
        fn read_start(&self, _: &str, _: u64) -> Result<BlobStart, ReadError> {
            Err(ReadError::Absent)
        }
    }

    fn file() -> RevisionEntry {
        let store: Arc<dyn BlobStore> = Arc::new(NoBlobs);
        RevisionEntry::File(Blob::new(&store, "1".to_owned()))
    }

    /// What is at a path, in a letter.
    fn letter(tree: &RevisionTree, path: &str) -> char {
        match tree.entry(Path::new(path)) {
            None => '-',
            Some(RevisionEntry::File(_)) => 'f',
            Some(RevisionEntry::Link(_)) => 'l',
            Some(RevisionEntry::Directory) => 'd',
            Some(RevisionEntry::Unread(_)) => 'u',
            Some(RevisionEntry::OnDisk) => 'h',
        }
    }

    #[test]
    fn disk_is_asked_only_where_the_revision_says_nothing() {
        let mut tree = RevisionTree::new(PathBuf::from("/top"));
        tree.add(Path::new("a/b/c"), file());
        tree.add(Path::new("file"), file());
        tree.add(Path::new("sub"), RevisionEntry::Unread("why".to_owned()));
        tree.add(Path::new("empty"), RevisionEntry::Directory);
        for kept in ["a/b", "file", "file/x", "new/env", "sub/x", "a/b/c/d"] {
            tree.keep_from_disk(Path::new(kept));
        }
        for (path, expected) in [
            ("", 'd'),
            ("a", 'd'),
            ("a/x", '-'),
            ("a/b", 'd'),
            ("a/b/c", 'f'),
            ("a/b/c/d", '-'),
            ("a/b/x", 'h'),
            ("a/b/x/y", 'h'),
            ("file", 'f'),
            ("file/x", '-'),
            ("new", 'd'),
            ("new/env", 'h'),
            ("new/env/below", 'h'),
            ("new/x", '-'),
            ("sub", 'u'),
            ("sub/x", '-'),
            ("empty", 'd'),
            ("empty/x", '-'),
            (".git", 'h'),
            (".git/config", 'h'),
            ("x", '-'),
        ] {
            assert_eq!(letter(&tree, path), expected, "{path}");
        }
        assert!(tree.is_beside_disk(Path::new("a/b")));
        assert!(!["", "a", "new", "x"].iter().any(|path| tree.is_beside_disk(Path::new(path))));
    }

    #[test]
    fn paths_of_any_depth_take_room_by_their_length() {
        let mut tree = RevisionTree::new(PathBuf::from("/top"));
        for number in 0..2000 {
            tree.add(Path::new(&format!("{}{number}", "d/".repeat(2000))), file());
            tree.add(Path::new(&format!("{}x", "d/".repeat(3000 + number))), file());
        }
        assert_eq!(tree.folders.len(), 2001, "what is longer than any path is left out");
        assert_eq!(letter(&tree, &format!("{}7", "d/".repeat(2000))), 'f');
    }
}
