//! The files of a commit, as git lists them. May use nothing else of this crate.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::git_error::GitError;
use super::plumbing::{Git, is_object_id};

/// What a tree has at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    File,
    /// A file that may be executed.
    Program,
    Link,
    /// A commit of another repository.
    Submodule,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct TreeEntry {
    pub(super) kind: FileKind,
    pub(super) id: String,
}

impl TreeEntry {
    /// Whether it is a regular file.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.kind, FileKind::File | FileKind::Program)
    }
}

/// Every file below the top, by its path. Directories are what the paths have in common.
#[derive(Debug, Default)]
pub(super) struct CommitTree(BTreeMap<PathBuf, TreeEntry>);

impl CommitTree {
    pub(super) fn read_commit(git: &Git, commit: &str) -> Result<Self, GitError> {
        let answer = git.run_command(&["ls-tree", "-r", "-z", "--full-tree", commit])?;
        let tree = answer.status.success().then(|| Self::parse(&answer.text)).flatten();
        tree.ok_or_else(|| git.failure("ls-tree"))
    }

    /// Reads `MODE TYPE ID<tab>PATH<NUL>…`.
    fn parse(text: &[u8]) -> Option<Self> {
        let lines = text.split(|byte| *byte == 0).filter(|line| !line.is_empty());
        lines.map(parse_entry).collect::<Option<_>>().map(Self)
    }

    pub(super) fn entry(&self, path: &Path) -> Option<&TreeEntry> {
        self.0.get(path)
    }

    /// All that it has.
    pub(super) fn into_entries(self) -> impl Iterator<Item = (PathBuf, TreeEntry)> {
        self.0.into_iter()
    }

    /// The files and links, sorted.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let own = self.0.iter().filter(|(_, entry)| entry.kind != FileKind::Submodule);
        own.map(|(path, _)| path.as_path())
    }
}

fn parse_entry(line: &[u8]) -> Option<(PathBuf, TreeEntry)> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let (head, path) = (std::str::from_utf8(line.get(..tab)?).ok()?, line.get(tab + 1..)?);
    let mut words = head.split(' ');
    let kind = match (words.next()?, words.next()?) {
        ("120000", "blob") => FileKind::Link,
        ("160000", "commit") => FileKind::Submodule,
        // Git keeps no other bit of a mode; old repositories have 100664 too.
        (mode, "blob") => {
            let mode = u32::from_str_radix(mode, 8).ok()?;
            if mode & 0o100 == 0 { FileKind::File } else { FileKind::Program }
        }
        _ => return None,
    };
    let id = words.next().filter(|id| is_object_id(id))?.to_owned();
    Some((PathBuf::from(OsStr::from_bytes(path)), TreeEntry { kind, id }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "78981922613b2afb6025042ff6bd878ac1994e85";

    #[test]
    fn every_kind_is_read_and_any_name() {
        let text = format!(
            "100644 blob {ID}\ta\tb\n\0100755 blob {ID}\tp\0100664 blob {ID}\told\0120000 blob {ID}\tl\0160000 commit {ID}\ts\0"
        );
        let mut bytes = text.into_bytes();
        bytes.extend(b"100644 blob 78981922613b2afb6025042ff6bd878ac1994e85\tx\xff\0");
        let tree = CommitTree::parse(&bytes).unwrap();
        let kind = |path: &str| tree.entry(Path::new(path)).map(|entry| entry.kind);
        assert_eq!(
            (kind("a\tb\n"), kind("p"), kind("old")),
            (Some(FileKind::File), Some(FileKind::Program), Some(FileKind::File))
        );
        assert_eq!((kind("l"), kind("s"), kind("none")), (Some(FileKind::Link), Some(FileKind::Submodule), None));
        assert!(tree.entry(Path::new(OsStr::from_bytes(b"x\xff"))).is_some());
        assert!(tree.entry(Path::new(OsStr::from_bytes(b"x\xfe"))).is_none());
        assert_eq!(tree.paths().count(), 5);
    }

    #[test]
    fn what_is_not_understood_is_no_tree() {
        for wrong in ["100644 blob 12\tx\0", "100644 blob\0", "abc blob 78\tx\0", "040000 tree 7\tx\0", "x\0"] {
            assert!(CommitTree::parse(wrong.as_bytes()).is_none(), "{wrong}");
        }
        assert!(CommitTree::parse(b"").is_some());
    }
}
