//! A file that is written beside the one it replaces, and what a killed run leaves of one. Uses std and rustix.
//!
//! It is locked while it is written. A file of such a name whose lock can be taken has no writer any more.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;

use rustix::fs::{
    AtFlags, Dir, FileType, Gid, Mode, OFlags, RenameFlags, Stat, Uid, fchmod, fchown, fstat, linkat, openat, renameat,
    renameat_with, statat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

const PREFIX: &str = ".overlock-";
const SUFFIX: &str = ".tmp";
/// Digits of the random part of a name.
const DIGITS: usize = 16;
/// How many names are tried: each is taken by chance alone, or by somebody who locks files as they appear.
const ATTEMPTS: usize = 8;

/// A file without its name yet. Dropped, it goes away.
pub(super) struct Temporary<'a> {
    folder: &'a OwnedFd,
    name: String,
    file: File,
    renamed: bool,
}

impl<'a> Temporary<'a> {
    /// Makes one; only its owner can read it where it `replaces` a file that may not be for everybody.
    pub(super) fn create(folder: &'a OwnedFd, replaces: bool) -> io::Result<Self> {
        let mode = Mode::from_raw_mode(if replaces { 0o600 } else { 0o666 });
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for _ in 0..ATTEMPTS {
            let name = format!("{PREFIX}{:0DIGITS$x}{SUFFIX}", RandomState::new().hash_one(()));
            let file = match openat(folder, &name, flags, mode) {
                Ok(file) => File::from(file),
                Err(Errno::EXIST) => continue,
                Err(error) => return Err(error.into()),
            };
            let one = Self { folder, name, file, renamed: false };
            // Before it is locked another run may take it for a leftover: then it has no name any more.
            let taken = matches!(one.file.try_lock(), Err(TryLockError::WouldBlock));
            if !taken && fstat(&one.file)?.st_nlink > 0 {
                return Ok(one);
            }
        }
        Err(Errno::EXIST.into())
    }

    pub(super) fn fill(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Gives it owner and mode of another file. Run by root, it must not take the file from the person whose it is; run
    /// by anybody else, in a directory that all can write, the file becomes theirs.
    pub(super) fn keep_owner_and_mode(&self, known: &Stat) -> io::Result<()> {
        let (uid, gid) = (Uid::from_raw(known.st_uid), Gid::from_raw(known.st_gid));
        let own = fstat(&self.file)?;
        let mut kept = (own.st_uid, own.st_gid) == (known.st_uid, known.st_gid);
        if !kept {
            kept = match fchown(&self.file, Some(uid), Some(gid)) {
                Ok(()) => true,
                Err(Errno::PERM) => {
                    // The group alone is given away by any of its members; without it the file is still whole.
                    let _ = fchown(&self.file, None, Some(gid));
                    false
                }
                Err(error) => return Err(error.into()),
            };
        }
        // After the owner, whose change takes special bits away; and those are nobody else's.
        let bits = if kept { 0o7777 } else { 0o777 };
        Ok(fchmod(&self.file, Mode::from_raw_mode(known.st_mode & bits))?)
    }

    /// Puts it in place, once all of it is on the disk.
    pub(super) fn rename(mut self, name: &OsStr) -> io::Result<()> {
        self.file.sync_all()?;
        renameat(self.folder, self.name.as_str(), self.folder, name)?;
        self.renamed = true;
        Ok(())
    }

    /// The same, where nothing has that name yet.
    pub(super) fn rename_to_new(mut self, name: &OsStr) -> io::Result<()> {
        self.file.sync_all()?;
        match renameat_with(self.folder, self.name.as_str(), self.folder, name, RenameFlags::NOREPLACE) {
            // A filesystem that cannot rename so can link: the first name goes when this is dropped.
            Err(Errno::INVAL | Errno::NOSYS) => {
                linkat(self.folder, self.name.as_str(), self.folder, name, AtFlags::empty())?;
            }
            renamed => {
                renamed?;
                self.renamed = true;
            }
        }
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.renamed {
            // What is half written is of no use to anybody.
            let _ = unlinkat(self.folder, self.name.as_str(), AtFlags::empty());
        }
    }
}

/// Removes what killed runs left in a directory. What cannot be removed stays: it keeps nobody from writing.
pub(super) fn remove_leftovers(folder: &OwnedFd) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(entries) = openat(folder, ".", flags, Mode::empty()).and_then(Dir::new) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_ok_and(is_temporary) {
            let _ = remove_leftover(folder, OsStr::new(entry.file_name().to_str().unwrap_or_default()));
        }
    }
}

fn is_temporary(name: &str) -> bool {
    let digits = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    digits.is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Removes a regular file of such a name that nobody writes any more. Root removes those of others too: what it replaces
/// keeps its owner.
fn remove_leftover(folder: &OwnedFd, name: &OsStr) -> io::Result<()> {
    let named = || statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
    let is_ours = |known: &Stat| {
        let by_user = geteuid().is_root() || known.st_uid == geteuid().as_raw();
        by_user && FileType::from_raw_mode(known.st_mode) == FileType::RegularFile
    };
    if !is_ours(&named()?) {
        return Ok(());
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(folder, name, flags, Mode::empty())?);
    let free = file.try_lock().is_ok();
    // Its writer may have put it in place meanwhile.
    let (held, named) = (fstat(&file)?, named()?);
    if free && (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino) {
        unlinkat(folder, name, AtFlags::empty())?;
    }
    Ok(())
}
