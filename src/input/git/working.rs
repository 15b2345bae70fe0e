//! A file of the working tree, which may be anything by now: read where it is a regular file of a bounded size. May use
//! nothing else of this crate.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// The largest file that is compared.
pub(super) const MAX_FILE: u64 = 16 << 20;

pub(super) struct WorkingFile {
    pub(super) text: Vec<u8>,
    /// Whether its owner may execute it.
    pub(super) executable: bool,
}

/// Reads a regular file; a link is none.
pub(super) fn read_file(path: &Path) -> io::Result<WorkingFile> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let found = file.metadata()?;
    let mut text = Vec::new();
    if found.is_file() {
        file.take(MAX_FILE + 1).read_to_end(&mut text)?;
    }
    if !found.is_file() || text.len() as u64 > MAX_FILE {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(WorkingFile { text, executable: found.permissions().mode() & 0o100 != 0 })
}
