//! Reading as it was at revisions: a path is followed through their trees, links of then included, and through the disk
//! where they say nothing. What that leads to is bounded by the reader's roots as ever.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use super::{Listed, Reader, ReaderReach};
use crate::text::read_error::{EntryKind, ReadError};
use crate::text::revision_tree::{Blob, RevisionEntry, RevisionTree};

/// How many links may lead from one to the next, as in the kernel.
const MAX_LINKS: usize = 40;
/// The longest path that a link leads to.
const MAX_TARGET: u64 = 4096;

/// What a path leads to that goes through the tree of a revision.
pub(super) struct Reached<'a> {
    /// The path without links.
    pub(super) real: PathBuf,
    pub(super) found: ReachedEntry<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum ReachedEntry<'a> {
    File(&'a Blob),
    Link(&'a Blob),
    Directory,
    /// A directory of which nothing is known, and why.
    Unread(&'a str),
    /// The disk has it, if anything is there.
    OnDisk,
}

impl ReachedEntry<'_> {
    /// What it is, where the disk does not say.
    pub(super) fn kind(self) -> EntryKind {
        match self {
            Self::File(_) => EntryKind::File,
            Self::Link(_) => EntryKind::Link,
            Self::Directory | Self::Unread(_) => EntryKind::Directory,
            Self::OnDisk => EntryKind::Other,
        }
    }
}

/// Whether a link at the end of a path is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LastLink {
    Followed,
    Itself,
}

/// A path on its way.
struct PathWalk {
    real: PathBuf,
    /// The components that are left, the first one last.
    rest: Vec<OsString>,
    /// Whether it was in the tree of a revision.
    entered: bool,
    /// Whether it left a root that it was in.
    left: bool,
    /// Whether it ended at nothing or in a circle, rather than at what cannot be read.
    is_lost: bool,
}

impl Reader {
    /// What a path leads to; `None` where it goes through the tree of no revision.
    pub(super) fn reach(&self, path: &Path, last: LastLink) -> Option<Result<Reached<'_>, ReadError>> {
        if self.revisions.is_empty() {
            return None;
        }
        let whole = std::path::absolute(path).ok()?;
        let top = self.revisions.iter().map(|tree| tree.top()).find(|top| whole.starts_with(top));
        let real = top.unwrap_or(Path::new("/")).to_owned();
        let rest = reversed_parts(whole.strip_prefix(&real).unwrap_or(&whole));
        let mut way = PathWalk { real, rest, entered: top.is_some(), left: false, is_lost: false };
        let found = self.follow(&mut way, last);
        way.is_lost |= matches!(found, Err(ReadError::Absent));
        if !way.entered {
            return None;
        }
        let is_allowed = self.reach == ReaderReach::Host || self.is_inside(&way.real) || self.typed(path).is_some();
        Some(match found {
            // The disk's own bounds hold.
            Ok(ReachedEntry::OnDisk) => Ok(Reached { real: way.real, found: ReachedEntry::OnDisk }),
            Ok(found) if is_allowed => Ok(Reached { real: way.real, found }),
            // Of a path that led out and back, an error of its end is none of what is in here.
            Err(error) if is_allowed && !(way.left && way.is_lost) => Err(error),
            _ => Err(self.outside(path)),
        })
    }

    fn follow(&self, way: &mut PathWalk, last: LastLink) -> Result<ReachedEntry<'_>, ReadError> {
        let mut links = 0;
        while let Some(part) = way.rest.pop() {
            let was_inside = self.is_inside(&way.real);
            if part == ".." {
                way.real.pop();
                way.left |= was_inside && !self.is_inside(&way.real);
                continue;
            }
            let next = way.real.join(&part);
            way.entered |= self.revisions.iter().any(|tree| next.starts_with(tree.top()));
            let is_last = way.rest.is_empty();
            let found = self.found_at(&next)?;
            let Some(target) = link_target(found, &next)?.filter(|_| last == LastLink::Followed || !is_last) else {
                if !is_last {
                    check_directory(found, &next)?;
                }
                way.real = next;
                continue;
            };
            links += 1;
            if links > MAX_LINKS {
                way.is_lost = true;
                return Err(ReadError::Failed("too many levels of symbolic links".to_owned()));
            }
            if target.is_absolute() {
                way.real = PathBuf::from("/");
                way.left |= was_inside;
            }
            way.rest.extend(reversed_parts(&target));
        }
        self.found_at(&way.real)
    }

    /// What is at a path, of which all components but the last lead through no link.
    fn found_at(&self, real: &Path) -> Result<ReachedEntry<'_>, ReadError> {
        if self.revisions.iter().any(|tree| tree.top() == real) {
            return Ok(ReachedEntry::Directory);
        }
        let Some((tree, below)) = self.revision_around(real) else { return Ok(ReachedEntry::OnDisk) };
        Ok(match tree.entry(below).ok_or(ReadError::Absent)? {
            RevisionEntry::File(blob) => ReachedEntry::File(blob),
            RevisionEntry::Link(blob) => ReachedEntry::Link(blob),
            RevisionEntry::Directory => ReachedEntry::Directory,
            RevisionEntry::Unread(why) => ReachedEntry::Unread(why),
            RevisionEntry::OnDisk => ReachedEntry::OnDisk,
        })
    }

    /// The innermost tree that a path is in, and its path there.
    fn revision_around<'p>(&self, real: &'p Path) -> Option<(&RevisionTree, &'p Path)> {
        let around =
            self.revisions.iter().filter_map(|tree| Some((tree.as_ref(), real.strip_prefix(tree.top()).ok()?)));
        around.min_by_key(|(_, below)| below.as_os_str().len())
    }

    /// What a directory of a revision holds, in no order.
    pub(super) fn list_revision(&self, real: &Path, most: usize) -> Result<Vec<Listed>, ReadError> {
        let Some((tree, below)) = self.revision_around(real) else { return Err(ReadError::Absent) };
        let mut entries = Vec::new();
        for (name, entry) in tree.entries(below) {
            let kind = match entry {
                RevisionEntry::File(_) => EntryKind::File,
                RevisionEntry::Link(_) => EntryKind::Link,
                RevisionEntry::Directory | RevisionEntry::Unread(_) => EntryKind::Directory,
                RevisionEntry::OnDisk => match self.own_kind_on_disk(&real.join(name)) {
                    Ok(kind) => kind,
                    Err(_) => continue,
                },
            };
            entries.push(Listed { name: name.to_owned(), kind });
        }
        if tree.is_beside_disk(below) {
            let known: BTreeSet<&OsStr> = tree.entries(below).map(|(name, _)| name).collect();
            match self.list_on_disk(real, most) {
                Ok(here) => entries.extend(here.into_iter().filter(|entry| !known.contains(entry.name.as_os_str()))),
                Err(ReadError::Absent) => {}
                Err(error) => return Err(error),
            }
        }
        if entries.len() > most { Err(ReadError::TooMany { limit: most }) } else { Ok(entries) }
    }
}

/// Where what was found leads, if it is a link.
fn link_target(found: ReachedEntry<'_>, path: &Path) -> Result<Option<PathBuf>, ReadError> {
    match found {
        ReachedEntry::Link(blob) => {
            let target = blob.read_start(MAX_TARGET)?;
            if target.size > MAX_TARGET {
                return Err(ReadError::Failed("the path that this link leads to is too long".to_owned()));
            }
            Ok(Some(PathBuf::from(OsString::from_vec(target.bytes))))
        }
        ReachedEntry::OnDisk if fs::symlink_metadata(path)?.is_symlink() => Ok(Some(fs::read_link(path)?)),
        _ => Ok(None),
    }
}

/// Refuses what nothing can be in.
fn check_directory(found: ReachedEntry<'_>, path: &Path) -> Result<(), ReadError> {
    match found {
        ReachedEntry::Directory => Ok(()),
        ReachedEntry::OnDisk if fs::symlink_metadata(path)?.is_dir() => Ok(()),
        ReachedEntry::Unread(why) => Err(ReadError::Failed(why.to_owned())),
        ReachedEntry::File(_) | ReachedEntry::Link(_) | ReachedEntry::OnDisk => Err(ReadError::Absent),
    }
}

/// The components of a path but the root, the last one first.
fn reversed_parts(path: &Path) -> Vec<OsString> {
    let parts = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    parts.map(|part| part.as_os_str().to_owned()).rev().collect()
}
