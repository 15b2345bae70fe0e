//! What `confined` does, with the standard library alone, for systems that are not Linux: a path's real place is looked
//! up, compared with the directory, and read. Whoever changes links meanwhile may win. Uses `read_error` alone.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::read_error::{EntryKind, ReadError};

/// Why nothing was opened below a directory.
#[derive(Debug)]
pub(super) enum OpenError {
    /// The path leads out of it.
    Leaves,
    /// What the system says.
    System(ReadError),
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        Self::System(error)
    }
}

/// A directory that nothing is looked up outside of.
#[derive(Debug)]
pub(super) struct Directory {
    real: PathBuf,
}

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let real = path.canonicalize()?;
        if real.is_dir() { Ok(Self { real }) } else { Err(ReadError::Absent) }
    }

    pub(super) fn content(&self, below: &Path, links: bool, most: u64) -> Result<Content, OpenError> {
        Ok(content_anywhere(&self.at(below, links)?, most)?)
    }

    pub(super) fn kind(&self, below: &Path, links: bool) -> Result<EntryKind, OpenError> {
        Ok(kind_anywhere(&self.at(below, links)?)?)
    }

    pub(super) fn own_kind(&self, below: &Path, links: bool) -> Result<EntryKind, OpenError> {
        let above = self.at(below.parent().unwrap_or(below), links)?;
        Ok(own_kind_anywhere(&above.join(below.file_name().unwrap_or_default()))?)
    }

    pub(super) fn list(&self, below: &Path, links: bool, most: usize) -> Result<Vec<(OsString, EntryKind)>, OpenError> {
        Ok(list_anywhere(&self.at(below, links)?, most)?)
    }

    fn at(&self, below: &Path, links: bool) -> Result<PathBuf, OpenError> {
        let path = self.real.join(below);
        let Ok(real) = path.canonicalize() else {
            let is_link = path.symlink_metadata().is_ok_and(|known| known.is_symlink());
            return Err(if is_link { OpenError::Leaves } else { ReadError::Absent.into() });
        };
        if !real.starts_with(&self.real) || (!links && real != path) {
            return Err(OpenError::Leaves);
        }
        Ok(real)
    }
}

/// The beginning of a file, and how large it said that it is.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    pub(super) size: u64,
}

pub(super) fn file_anywhere(path: &Path) -> Result<File, ReadError> {
    if path.is_file() { Ok(File::open(path)?) } else { Err(ReadError::NotRegular("no regular file")) }
}

pub(super) fn content_anywhere(path: &Path, most: u64) -> Result<Content, ReadError> {
    if kind_anywhere(path)? != EntryKind::File {
        return Err(ReadError::NotRegular("no file"));
    }
    content_typed(path, most)
}

pub(super) fn content_typed(path: &Path, most: u64) -> Result<Content, ReadError> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(Content { bytes, size })
}

pub(super) fn list_anywhere(path: &Path, most: usize) -> Result<Vec<(OsString, EntryKind)>, ReadError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if found.len() >= most {
            return Err(ReadError::TooMany { limit: most });
        }
        found.push((entry.file_name(), kind_of(entry.file_type()?)));
    }
    Ok(found)
}

pub(super) fn kind_anywhere(path: &Path) -> Result<EntryKind, ReadError> {
    Ok(kind_of(fs::metadata(path)?.file_type()))
}

pub(super) fn own_kind_anywhere(path: &Path) -> Result<EntryKind, ReadError> {
    Ok(kind_of(fs::symlink_metadata(path)?.file_type()))
}

fn kind_of(file_type: fs::FileType) -> EntryKind {
    match () {
        () if file_type.is_file() => EntryKind::File,
        () if file_type.is_dir() => EntryKind::Directory,
        () if file_type.is_symlink() => EntryKind::Link,
        () => EntryKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_is_read_without_the_kernels_help() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("root/sub")).unwrap();
        fs::write(at("secret"), "secret").unwrap();
        fs::write(at("root/sub/file"), "text").unwrap();
        std::os::unix::fs::symlink("sub/file", at("root/inside")).unwrap();
        std::os::unix::fs::symlink("../secret", at("root/outside")).unwrap();
        let root = Directory::open(&at("root")).unwrap();
        assert_eq!(root.content(Path::new("inside"), true, 9).unwrap().bytes, b"text");
        assert_eq!(root.content(Path::new("inside"), true, 2).unwrap().size, 4);
        assert!(root.content(Path::new("inside"), false, 9).is_err());
        assert_eq!(root.kind(Path::new("sub"), true).unwrap(), EntryKind::Directory);
        assert_eq!(root.own_kind(Path::new("outside"), true).unwrap(), EntryKind::Link);
        assert_eq!(root.list(Path::new("sub"), true, 9).unwrap().len(), 1);
        assert!(matches!(root.list(Path::new("sub"), true, 0), Err(OpenError::System(ReadError::TooMany { .. }))));
        let mut text = String::new();
        file_anywhere(&at("root/sub/file")).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), file_anywhere(&at("root/sub")).is_err()), ("text", true));
        for path in ["outside", "../secret", "sub/../../secret"] {
            assert!(matches!(root.content(Path::new(path), true, 9), Err(OpenError::Leaves)), "{path}");
        }
    }
}
