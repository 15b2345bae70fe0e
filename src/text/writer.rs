//! The one writer of files that are ours: each is whole or as it was, and replaces the name itself, never what a link of
//! that name leads to. May use std and rustix; the one home of tempfile.

mod temporary;
mod trust;

use std::ffi::OsStr;
use std::fs::{DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, PROC_SUPER_MAGIC, Stat, fstat, fstatfs, openat, renameat, stat, statat,
};
use rustix::io::Errno;
use temporary::{Temporary, remove_leftovers};

/// A file that has no name, and is gone with whoever has it open: for what is too much for memory.
///
/// # Errors
/// There is no directory for such files, or no room in it.
pub fn unnamed_file() -> io::Result<File> {
    tempfile::tempfile()
}

/// A directory that is written in. It is opened once, so that no name above it can change meanwhile. Links on the way to
/// it are followed: they are part of what the person typed.
#[derive(Debug)]
pub struct Folder(OwnedFd);

impl Folder {
    /// Opens a directory.
    ///
    /// # Errors
    /// It is none, or cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        Ok(Self(openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// Opens a directory whose files are trusted by later runs. Root refuses one that anybody else can write, itself or
    /// by way of a directory above it.
    ///
    /// # Errors
    /// It is refused, with the reason; or it cannot be opened.
    pub fn open_trusted(path: &Path) -> io::Result<Self> {
        trust::check(path)?;
        Self::open(&path.canonicalize()?)
    }

    /// The same; makes what is missing of it.
    ///
    /// # Errors
    /// It is refused, or cannot be made or opened.
    pub fn make_trusted(path: &Path) -> io::Result<Self> {
        trust::check(path)?;
        make(path)?;
        Self::open_trusted(path)
    }

    /// Opens a directory, and makes what is missing of it.
    ///
    /// # Errors
    /// It cannot be made or opened.
    pub fn make(path: &Path) -> io::Result<Self> {
        make(path)?;
        Self::open(path)
    }

    /// Writes a file that a person named. A regular file, a link and what is not there yet are replaced; a character
    /// device or a pipe is written to, and so is what a link of the system itself leads to: one in `/dev` or on proc,
    /// such as `/dev/stdout` and `/dev/fd/63`.
    ///
    /// # Errors
    /// It cannot be written; a regular file is then as it was.
    pub fn write(&self, name: &OsStr, bytes: &[u8]) -> io::Result<()> {
        let stream = OFlags::WRONLY | OFlags::APPEND | OFlags::NOCTTY | OFlags::CLOEXEC;
        let flags = match self.kind(name)? {
            Some(FileType::Symlink) if self.is_of_system() => stream,
            None | Some(FileType::RegularFile | FileType::Symlink) => return self.replace(name, bytes),
            Some(FileType::CharacterDevice | FileType::Fifo) => stream | OFlags::NOFOLLOW,
            Some(FileType::Directory) => return Err(Errno::ISDIR.into()),
            Some(_) => return Err(io::Error::other("it is a block device or a socket")),
        };
        let mut file = File::from(openat(&self.0, name, flags, Mode::empty())?);
        if FileType::from_raw_mode(fstat(&file)?.st_mode) == FileType::BlockDevice {
            return Err(io::Error::other("it is a block device"));
        }
        file.write_all(bytes)
    }

    /// Puts a file in place whole, with the mode and, where that is allowed, the owner of the regular file that it
    /// replaces.
    ///
    /// # Errors
    /// It cannot be written; what was there is then as it was.
    pub fn replace(&self, name: &OsStr, bytes: &[u8]) -> io::Result<()> {
        remove_leftovers(&self.0);
        let known = self.stat(name)?.filter(|known| kind(known) == FileType::RegularFile);
        let mut temporary = Temporary::create(&self.0, known.is_some())?;
        temporary.fill(bytes)?;
        if let Some(known) = &known {
            temporary.keep_owner_and_mode(known)?;
        }
        temporary.rename(name)
    }

    /// Puts a new file in place whole; nothing that is there already is replaced, a link neither.
    ///
    /// # Errors
    /// Something has that name, or the file cannot be written; nothing is then changed.
    pub fn create(&self, name: &OsStr, bytes: &[u8]) -> io::Result<()> {
        remove_leftovers(&self.0);
        let mut temporary = Temporary::create(&self.0, false)?;
        temporary.fill(bytes)?;
        temporary.rename_to_new(name)
    }

    /// Puts `after` into a regular file that holds `before`. Whoever reads it meanwhile sees one or the other.
    ///
    /// # Errors
    /// It holds something else by now, or cannot be read or written; it is then as it was.
    pub fn replace_text(&self, name: &OsStr, before: &str, after: &str) -> io::Result<()> {
        match self.read(name, before.len() as u64) {
            Ok(held) if held == before.as_bytes() => self.replace(name, after.as_bytes()),
            Err(error) if error.raw_os_error().is_some() => Err(error),
            _ => Err(io::Error::other("it was changed meanwhile; nothing is written to it")),
        }
    }

    /// Reads a regular file of at most `most` bytes; never through a link.
    ///
    /// # Errors
    /// It is something else, is larger, or cannot be read.
    pub fn read(&self, name: &OsStr, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.regular(name, OFlags::RDONLY)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(io::Error::other("it is larger than such a file ever is"));
        }
        Ok(bytes)
    }

    /// Opens a file that is only ever locked, and makes it where it is missing; never through a link.
    ///
    /// # Errors
    /// It is something else than a regular file, or cannot be opened.
    pub fn lock_file(&self, name: &OsStr) -> io::Result<File> {
        self.regular(name, OFlags::RDWR | OFlags::CREATE)
    }

    /// Gives a file of this directory another name in it.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Opens a regular file. What else has its name is told apart before it is opened: to open a device may do something.
    fn regular(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let check = |kind| match kind {
            FileType::RegularFile => Ok(()),
            FileType::Symlink => Err(io::Error::other("it is a link, and links are not followed here")),
            _ => Err(io::Error::other("it is no regular file")),
        };
        self.kind(name)?.map_or(Ok(()), check)?;
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.0, name, flags, Mode::from_raw_mode(0o644))?);
        check(kind(&fstat(&file)?))?;
        Ok(file)
    }

    fn kind(&self, name: &OsStr) -> io::Result<Option<FileType>> {
        Ok(self.stat(name)?.as_ref().map(kind))
    }

    fn stat(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(known) => Ok(Some(known)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether its links are the system's own: it is `/dev` itself (not `/dev/shm`, where anybody writes), or on proc.
    fn is_of_system(&self) -> bool {
        let of_proc = fstatfs(&self.0).is_ok_and(|known| known.f_type == PROC_SUPER_MAGIC);
        let same = |one: Stat, other: Stat| (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino);
        of_proc || fstat(&self.0).is_ok_and(|own| stat("/dev").is_ok_and(|dev| same(own, dev)))
    }
}

fn kind(known: &Stat) -> FileType {
    FileType::from_raw_mode(known.st_mode)
}

/// Makes a directory and those above it; nobody else may write in what is made, whatever the umask.
fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// The directory and the name that a path ends in.
///
/// # Errors
/// It names a directory.
pub fn split(path: &Path) -> io::Result<(&Path, &OsStr)> {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(Errno::ISDIR.into());
    }
    path.parent().zip(path.file_name()).ok_or_else(|| Errno::ISDIR.into())
}

/// Writes a file that a person named by its path: see [`Folder::write`].
///
/// # Errors
/// It cannot be written; a regular file is then as it was.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (folder, name) = split(path)?;
    Folder::open(folder)?.write(name, bytes)
}

/// Why a file could not be written, and what to do about it.
pub fn failure(error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull => "make room on that filesystem (`df -h`, and `df -i` for its inodes)",
        io::ErrorKind::QuotaExceeded => "your quota on that filesystem is used up: make room in it, or have it raised",
        io::ErrorKind::ReadOnlyFilesystem => "that filesystem is mounted read-only: choose a directory on another one",
        io::ErrorKind::PermissionDenied => "you must be allowed to write in that directory",
        io::ErrorKind::IsADirectory => "name a file in it",
        io::ErrorKind::AlreadyExists => "nothing is overwritten",
        _ if error.raw_os_error().is_none() => return error.to_string(),
        _ => "the directory must exist, and you must be allowed to write there",
    };
    format!("{error}; {advice}")
}

#[cfg(test)]
mod tests;
