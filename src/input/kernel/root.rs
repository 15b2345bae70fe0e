//! A path followed inside a container, confined by the kernel and never by joining strings: each link on it, and what
//! stands at its end. Nothing is opened but to be looked at, and only a regular file is ever read. Uses `model` alone.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, PROC_SUPER_MAGIC, ResolveFlags, Statx, StatxFlags};
use rustix::io::Errno;

use super::text::shown;
use crate::model::{Entry, EntryKind, Link, clean, join};
use crate::text::{ReadError, refuse_kernel_file};

/// How many links a path may have, as the kernel's own walk (path_resolution(7)).
const MOST_LINKS: usize = 40;
/// How many components are walked, all links' targets with them: more than any path that a program could use.
const MOST_STEPS: usize = 8_192;
/// The kernel takes no longer path (`PATH_MAX`, with the byte that ends it).
const LONGEST: usize = 4_095;

/// The root directory of a process.
#[derive(Debug)]
pub(super) struct Root {
    top: OwnedFd,
}

/// Why a root cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoot {
    /// The kernel is older than 5.6, or a filter keeps `openat2` from this process.
    Unconfined,
    /// It may not be opened, or the process is gone.
    Unopened(Errno),
}

/// A path that was followed.
#[derive(Debug)]
pub(super) struct Followed {
    /// The path after all links, as far as there are any.
    pub(super) real: String,
    /// The links on it, in order.
    pub(super) links: Vec<Link>,
    /// What is at its end.
    pub(super) end: PathEnd,
}

/// What is at the end of a path.
#[derive(Debug)]
pub(super) enum PathEnd {
    /// Something.
    There(There),
    /// Nothing.
    Absent,
    /// A directory on it may not be searched.
    Denied,
    /// More than forty links: no program gets to the end either.
    Loop,
    /// A link of procfs is on it, which leads each process elsewhere.
    OwnLink,
    /// The kernel said something else.
    Failed(Errno),
}

/// What stands at a path.
#[derive(Debug)]
pub(super) struct There {
    /// Its place in the filesystem, not opened (`O_PATH`).
    file: OwnedFd,
    /// What it is.
    pub(super) entry: Entry,
    /// `st_dev` and `st_ino`.
    pub(super) inode: Inode,
    /// When its content, name or permissions last changed, in seconds since 1970.
    pub(super) changed: i64,
}

/// `st_dev` and `st_ino`: equal where two names are one file.
pub(super) type Inode = ((u32, u32), u64);

/// Why a file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is not there.
    Absent,
    /// It is something else than a regular file, or one that the kernel itself answers.
    Unfit,
    /// It is larger than asked for.
    TooLarge,
    /// It may not be read, or could not be.
    Failed,
}

/// The beginning of a file.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) bytes: Vec<u8>,
    /// Whether that is all of it.
    pub(super) is_whole: bool,
}

fn confined(directory: BorrowedFd<'_>, path: &[u8], more: ResolveFlags) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS | more;
    rustix::fs::openat2(directory, path, flags, Mode::empty(), resolve)
}

/// What `statx` says of a descriptor or, with a path, of that.
pub(super) fn stat_at(directory: BorrowedFd<'_>, path: &str, flags: AtFlags) -> Result<Statx, Errno> {
    rustix::fs::statx(directory, path, flags | AtFlags::NO_AUTOMOUNT, StatxFlags::BASIC_STATS)
}

/// Device and inode of a `statx`.
pub(super) fn inode(stat: &Statx) -> Inode {
    ((stat.stx_dev_major, stat.stx_dev_minor), stat.stx_ino)
}

fn is_link(stat: &Statx) -> bool {
    FileType::from_raw_mode(stat.stx_mode.into()) == FileType::Symlink
}

impl Root {
    /// The root that a directory's descriptor stands for.
    pub(super) fn of(top: OwnedFd) -> Result<Self, NoRoot> {
        match confined(top.as_fd(), b".", ResolveFlags::empty()) {
            Ok(_) => Ok(Self { top }),
            // Filters written before there was such a call refuse it instead.
            Err(Errno::NOSYS | Errno::PERM) => Err(NoRoot::Unconfined),
            Err(errno) => Err(NoRoot::Unopened(errno)),
        }
    }

    /// Follows an absolute path.
    pub(super) fn follow(&self, path: &str) -> Followed {
        if path.len() > LONGEST {
            return Followed { real: clean(path), links: Vec::new(), end: PathEnd::Failed(Errno::NAMETOOLONG) };
        }
        match self.straight(path) {
            Some(end) => Followed { real: clean(path), links: Vec::new(), end },
            None => self.walk(path),
        }
    }

    /// What is at the end of a path that has no links, which most have: one call tells. `None` where it has one.
    fn straight(&self, path: &str) -> Option<PathEnd> {
        let found = confined(self.top.as_fd(), path.as_bytes(), ResolveFlags::NO_SYMLINKS)
            .and_then(|file| stat_at(file.as_fd(), "", AtFlags::EMPTY_PATH).map(|stat| (file, stat)));
        match found {
            Ok((_, stat)) if is_link(&stat) => None,
            Ok((file, stat)) => Some(PathEnd::There(There::of(file, &stat))),
            Err(Errno::LOOP) => None,
            // The kernel got as far as this without a link.
            Err(errno) => Some(ended(errno)),
        }
    }

    /// Goes along a path name by name.
    fn walk(&self, path: &str) -> Followed {
        let mut walk = Walk { root: self, names: Vec::new(), here: None, pending: Vec::new(), links: Vec::new() };
        walk.push(path.as_bytes());
        let end = walk.run();
        Followed { real: walk.rest(), links: walk.links, end }
    }

    /// A directory below it as a root of its own, where no link is on the way.
    pub(super) fn below(&self, path: &str) -> Option<Self> {
        let top = confined(self.top.as_fd(), path.as_bytes(), ResolveFlags::NO_SYMLINKS).ok()?;
        Self::of(top).ok()
    }

    /// Whether a directory hides what layers below it have there (kernel, filesystems/overlayfs, "whiteouts and opaque
    /// directories"; fuse-overlayfs(1)).
    pub(super) fn is_opaque(&self, path: &str) -> bool {
        const NAMES: [&str; 3] = ["trusted.overlay.opaque", "user.overlay.opaque", "user.fuseoverlayfs.opaque"];
        let Ok(file) = confined(self.top.as_fd(), path.as_bytes(), ResolveFlags::NO_SYMLINKS) else { return false };
        let own = format!("/proc/self/fd/{}", file.as_raw_fd());
        let mut value = [0; 8];
        NAMES.iter().any(|name| {
            let length = rustix::fs::getxattr(&own, *name, &mut value);
            length.is_ok_and(|length| value.get(..length) == Some(b"y"))
        })
    }

    /// What the link at a path says, as it is written; `None` where there is none, or where one is on the way to it.
    pub(super) fn link_at(&self, path: &str) -> Option<String> {
        let file = confined(self.top.as_fd(), path.as_bytes(), ResolveFlags::NO_SYMLINKS).ok()?;
        let text = rustix::fs::readlinkat(file, "", Vec::new()).ok()?;
        Some(shown(text.as_bytes()).into_owned())
    }

    /// Whether a path leads to a directory.
    pub(super) fn is_directory(&self, path: &str) -> bool {
        matches!(self.follow(path).end, PathEnd::There(there) if there.entry.kind == EntryKind::Directory)
    }

    /// The bytes of a regular file of at most `most` bytes.
    pub(super) fn read_file(&self, path: &str, most: u64) -> Result<Vec<u8>, Unread> {
        let head = self.read_head(path, most)?;
        if head.is_whole { Ok(head.bytes) } else { Err(Unread::TooLarge) }
    }

    /// The first bytes of a regular file, at most `most`.
    pub(super) fn read_head(&self, path: &str, most: u64) -> Result<Head, Unread> {
        match self.follow(path).end {
            PathEnd::There(there) => there.read_head(most),
            PathEnd::Absent | PathEnd::Loop => Err(Unread::Absent),
            PathEnd::Denied | PathEnd::OwnLink | PathEnd::Failed(_) => Err(Unread::Failed),
        }
    }
}

impl There {
    fn of(file: OwnedFd, stat: &Statx) -> Self {
        let kind = match FileType::from_raw_mode(stat.stx_mode.into()) {
            FileType::Directory => EntryKind::Directory,
            FileType::RegularFile => EntryKind::File,
            _ => EntryKind::Other,
        };
        let entry = Entry {
            kind,
            uid: stat.stx_uid,
            gid: stat.stx_gid,
            mode: u32::from(stat.stx_mode) & 0o7777,
            modified: stat.stx_mtime.tv_sec,
            age: 0,
        };
        Self { file, entry, inode: inode(stat), changed: stat.stx_ctime.tv_sec }
    }

    /// Its first bytes, where it is a regular file. It is opened by its descriptor and not by its name again: what a
    /// container puts in its place meanwhile, a device perhaps, is not what is opened.
    fn read_head(&self, most: u64) -> Result<Head, Unread> {
        if self.entry.kind != EntryKind::File {
            return Err(Unread::Unfit);
        }
        refuse_kernel_file(&self.file).map_err(|error| match error {
            ReadError::KernelFile => Unread::Unfit,
            _ => Unread::Failed,
        })?;
        let own = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        // Only the owner may read without leaving a time of access.
        let file = rustix::fs::open(&own, flags | OFlags::NOATIME, Mode::empty())
            .or_else(|_| rustix::fs::open(&own, flags, Mode::empty()))
            .map_err(|_| Unread::Failed)?;
        let mut bytes = Vec::new();
        File::from(file).take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|_| Unread::Failed)?;
        let is_whole = bytes.len() as u64 <= most;
        Ok(Head { bytes, is_whole })
    }
}

/// One walk along a path.
struct Walk<'a> {
    root: &'a Root,
    /// The path so far; no link is on it, so that `..` takes one name away.
    names: Vec<Vec<u8>>,
    /// What stands there; `None` where that is to be opened anew.
    here: Option<There>,
    /// What is still to come, the next last.
    pending: Vec<PathStep>,
    links: Vec<Link>,
}

enum PathStep {
    Name(Vec<u8>),
    Up,
    /// Here a link's target ends.
    TargetOf(usize),
}

impl Walk<'_> {
    fn push(&mut self, path: &[u8]) {
        let parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
        let steps: Vec<PathStep> =
            parts.map(|part| if part == b".." { PathStep::Up } else { PathStep::Name(part.to_vec()) }).collect();
        self.pending.extend(steps.into_iter().rev());
    }

    fn run(&mut self) -> PathEnd {
        for _ in 0..MOST_STEPS {
            let Some(step) = self.pending.pop() else {
                return self.arrive();
            };
            let stopped = match step {
                PathStep::Name(name) => self.enter(name).err(),
                PathStep::Up => self.leave().err(),
                PathStep::TargetOf(link) => {
                    let real = self.real();
                    if let Some(link) = self.links.get_mut(link) {
                        link.target = real;
                    }
                    None
                }
            };
            if let Some(end) = stopped {
                return end;
            }
        }
        PathEnd::Loop
    }

    fn arrive(&mut self) -> PathEnd {
        match self.here() {
            Ok(()) => self.here.take().map_or(PathEnd::Absent, PathEnd::There),
            Err(errno) => ended(errno),
        }
    }

    /// Sees to it that what stands at the path so far is open.
    fn here(&mut self) -> Result<(), Errno> {
        if self.here.is_none() {
            let path = if self.names.is_empty() { b".".to_vec() } else { self.names.join(&b'/') };
            let file = confined(self.root.top.as_fd(), &path, ResolveFlags::NO_SYMLINKS)?;
            let stat = stat_at(file.as_fd(), "", AtFlags::EMPTY_PATH)?;
            self.here = Some(There::of(file, &stat));
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), PathEnd> {
        self.here().map_err(ended)?;
        if self.here.take().is_some_and(|here| here.entry.kind != EntryKind::Directory) {
            return Err(PathEnd::Absent);
        }
        self.names.pop();
        Ok(())
    }

    fn enter(&mut self, name: Vec<u8>) -> Result<(), PathEnd> {
        let found = self.here().and_then(|()| {
            let here = self.here.as_ref().ok_or(Errno::NOENT)?;
            let file = confined(here.file.as_fd(), &name, ResolveFlags::empty())?;
            let stat = stat_at(file.as_fd(), "", AtFlags::EMPTY_PATH)?;
            Ok((file, stat))
        });
        let (file, stat) = match found {
            Ok(found) => found,
            Err(errno) => {
                self.pending.push(PathStep::Name(name));
                return Err(ended(errno));
            }
        };
        if is_link(&stat) {
            return self.turn(&name, &file);
        }
        self.here = Some(There::of(file, &stat));
        self.names.push(name);
        Ok(())
    }

    /// Goes on along a link.
    fn turn(&mut self, name: &[u8], file: &OwnedFd) -> Result<(), PathEnd> {
        let named = join(&self.real(), &shown(name));
        let kernels = rustix::fs::fstatfs(file).map_err(ended)?.f_type == PROC_SUPER_MAGIC;
        let text = rustix::fs::readlinkat(file, "", Vec::new()).map_err(ended)?.into_bytes();
        if kernels || self.links.len() >= MOST_LINKS || text.is_empty() {
            self.pending.push(PathStep::Name(name.to_vec()));
            return Err(if kernels { PathEnd::OwnLink } else { PathEnd::Loop });
        }
        if text.starts_with(b"/") {
            self.names.clear();
            self.here = None;
        }
        // Where `..` follows a name, that name may be a link: only the walk itself tells the target.
        let start: [&[u8]; 3] = [b"..", b".", b""];
        if text.split(|byte| *byte == b'/').skip_while(|part| start.contains(part)).any(|part| part == b"..") {
            self.pending.push(PathStep::TargetOf(self.links.len()));
        }
        let target = join(&self.real(), &shown(&text));
        self.links.push(Link { name: named, target });
        self.push(&text);
        Ok(())
    }

    fn real(&self) -> String {
        format!("/{}", self.names.iter().map(|name| shown(name)).collect::<Vec<_>>().join("/"))
    }

    /// The path so far and what was not walked of it.
    fn rest(&self) -> String {
        let mut path = self.real();
        for step in self.pending.iter().rev() {
            match step {
                PathStep::Name(name) => path.push_str(&format!("/{}", shown(name))),
                PathStep::Up => path.push_str("/.."),
                PathStep::TargetOf(_) => {}
            }
        }
        clean(&path)
    }
}

fn ended(errno: Errno) -> PathEnd {
    match errno {
        Errno::NOENT | Errno::NOTDIR => PathEnd::Absent,
        Errno::ACCESS | Errno::PERM => PathEnd::Denied,
        Errno::LOOP => PathEnd::Loop,
        other => PathEnd::Failed(other),
    }
}

#[cfg(test)]
mod tests;
