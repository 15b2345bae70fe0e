//! Whether anybody but root decides what is in a directory. Uses std and rustix.

use std::io;
use std::path::Path;

use rustix::fs::{FileType, lstat};
use rustix::io::Errno;
use rustix::process::geteuid;

/// Refuses, as root, an absolute path that somebody else can change. Refused is:
///
/// - a directory on it, or a link, that belongs to another user;
/// - the directory itself where a group other than root's, or everybody, can write in it;
/// - a directory above it that they can write in, unless it is sticky: there each keeps what is his, as in `/tmp`.
///
/// It is looked at as it was typed, where a link of somebody else could lead elsewhere later, and as it really is. What is
/// not there yet is not refused.
pub(super) fn check(path: &Path) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let real = path.canonicalize().ok();
    for path in [Some(path), real.as_deref()].into_iter().flatten() {
        for (above, ancestor) in path.ancestors().enumerate() {
            refuse_shared(ancestor, above > 0)?;
        }
    }
    Ok(())
}

fn refuse_shared(path: &Path, above: bool) -> io::Result<()> {
    let known = match lstat(path) {
        Ok(known) => known,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let (mode, shown) = (known.st_mode, path.display());
    let refusal = |why: &str| {
        let what =
            format!("{shown} {why}, who could change what root writes there; choose a directory of root's alone");
        Err(io::Error::other(what))
    };
    if known.st_uid != 0 {
        return refusal(&format!("belongs to another user (uid {})", known.st_uid));
    }
    let shared = mode & 0o002 != 0 || (mode & 0o020 != 0 && known.st_gid != 0);
    let sticky = above && mode & 0o1000 != 0;
    if FileType::from_raw_mode(mode) == FileType::Directory && shared && !sticky {
        return refusal("can be written by other users");
    }
    Ok(())
}
