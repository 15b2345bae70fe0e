//! A file that is given another text: whole or not at all, where it is, with its mode. Uses `source::project`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::source::project;

/// The directory that may be written in: the git repository around a directory, or else the directory itself.
pub(super) fn repository(directory: &Path) -> PathBuf {
    let real = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    project::top(&real).to_owned()
}

/// Puts `after` into a file that holds `before`. Whoever reads it meanwhile sees one or the other.
///
/// # Errors
/// It holds something else by now, or cannot be written; it is then as it was.
pub(super) fn replace(path: &Path, before: &str, after: &str) -> anyhow::Result<()> {
    if fs::read(path).with_context(|| format!("cannot read {}", path.display()))? != before.as_bytes() {
        bail!("{} was changed meanwhile; nothing is written to it", path.display());
    }
    put(path, after.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}

/// Puts a file in place whole, or leaves what was there.
pub(super) fn put(path: &Path, text: &[u8]) -> io::Result<()> {
    // A link stays one: what it leads to is replaced.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let known = fs::metadata(&path).ok();
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        // A device or a pipe is written to: another file in its place would be of no use to anybody.
        return OpenOptions::new().write(true).open(&path)?.write_all(text);
    }
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy();
    let fresh = path.with_file_name(format!(".{name}.overlock-{}", std::process::id()));
    let done = written(&path, &fresh, known.as_ref(), text);
    if done.is_err() {
        // What is half written is of no use to anybody.
        let _ = fs::remove_file(&fresh);
    }
    done
}

fn written(path: &Path, fresh: &Path, known: Option<&fs::Metadata>, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(fresh)?;
    if let Some(known) = known {
        keep_owner(known, &file)?;
        // After the owner, whose change takes special bits away.
        file.set_permissions(known.permissions())?;
    }
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(fresh, path)
}

/// Run by root, it must not take the file from the person whose it is.
#[cfg(unix)]
fn keep_owner(known: &fs::Metadata, file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let fresh = file.metadata()?;
    if (fresh.uid(), fresh.gid()) == (known.uid(), known.gid()) {
        return Ok(());
    }
    fchown(file, Some(known.uid()), Some(known.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &fs::Metadata, _: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "a").unwrap();
        assert!(replace(&path, "b", "c").is_err());
        replace(&path, "a", "c").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "c");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_cannot_be_put_in_place_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "a").unwrap();
        let taken = folder.path().join(format!(".x.overlock-{}", std::process::id()));
        fs::create_dir(&taken).unwrap();
        assert!(replace(&path, "a", "c").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "a");
    }
}
