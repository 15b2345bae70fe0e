//! Opening, looking and listing below a directory so that no link leads out of it: by the kernel's `openat2`, or where
//! it has none component by component. Linux only; uses `read_error` alone.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use super::read_error::{EntryKind, ReadError};

/// How often a lookup is tried again that a rename beside it disturbed.
const TRIES: usize = 16;
/// Links that are followed in one path, as the kernel follows them.
const MAX_LINKS: usize = 40;
/// How long a pipe without a writer is given to get one.
const WAIT_FOR_WRITER: Timespec = Timespec { tv_sec: 0, tv_nsec: 300_000_000 };
/// Bytes that are asked of a pipe at a time.
const PIPE_CHUNK: usize = 64 * 1024;

/// Filesystems whose files the kernel answers itself: reading them may block, end never, or tell what no file tells
/// (linux/magic.h; those of tracefs, rdtgroup, fusectl and autofs from their sources).
const KERNEL_FILESYSTEMS: [u32; 23] = [
    0x9fa0,      // proc
    0x9fa1,      // openprom
    0x6265_6572, // sysfs
    0x1cd1,      // devpts
    0x0027_e0eb, // cgroup
    0x6367_7270, // cgroup2
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x7363_6673, // securityfs
    0x6165_676c, // pstore
    0xcafe_4a11, // bpf
    0x6265_6570, // configfs
    0xde5e_81e4, // efivarfs
    0x1980_0202, // mqueue
    0x4249_4e4d, // binfmt_misc
    0xf97c_ff8c, // selinuxfs
    0x4341_5d53, // smackfs
    0x6e73_6673, // nsfs
    0x0904_1934, // anonymous inodes
    0x0765_5821, // resctrl
    0x6573_5543, // fusectl
    0x0187,      // autofs
    0xabba_1974, // xenfs
];

/// Why nothing was opened below a directory.
#[derive(Debug)]
pub(super) enum OpenError {
    /// The path leads out of it.
    Leaves,
    /// What the system says.
    System(ReadError),
}

impl From<Errno> for OpenError {
    fn from(errno: Errno) -> Self {
        Self::System(read_error(errno))
    }
}

fn read_error(errno: Errno) -> ReadError {
    match errno {
        Errno::NXIO | Errno::NODEV => ReadError::NotRegular("a socket or a device that is not there"),
        Errno::LOOP => ReadError::Failed("too many levels of symbolic links".to_owned()),
        Errno::INVAL => ReadError::Absent,
        errno => io::Error::from(errno).into(),
    }
}

/// What a path is opened for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Content,
    Kind,
    OwnKind,
    Listing,
}

impl Purpose {
    fn flags(self) -> OFlags {
        let reading = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        OFlags::CLOEXEC
            | match self {
                Self::Content => reading,
                Self::Kind => OFlags::PATH,
                Self::OwnKind => OFlags::PATH | OFlags::NOFOLLOW,
                Self::Listing => reading | OFlags::DIRECTORY,
            }
    }
}

/// A directory that nothing is looked up outside of.
#[derive(Debug)]
pub(super) struct Directory {
    own: OwnedFd,
    /// Set where the kernel has no `openat2`, or an old seccomp filter does not know it.
    by_components: AtomicBool,
}

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let own = rustix::fs::open(path, flags, Mode::empty()).map_err(read_error)?;
        Ok(Self { own, by_components: AtomicBool::new(false) })
    }

    /// The first `most` bytes of a regular file. Where `links` are not followed, one on the path is an error.
    pub(super) fn content(&self, below: &Path, links: bool, most: u64) -> Result<Content, OpenError> {
        let file = self.at(below, Purpose::Content, links)?;
        regular(&file, most).map_err(OpenError::System)
    }

    /// What is at a path, after links.
    pub(super) fn kind(&self, below: &Path, links: bool) -> Result<EntryKind, OpenError> {
        self.looked_at(below, Purpose::Kind, links)
    }

    /// What is at a path itself, which may be a link.
    pub(super) fn own_kind(&self, below: &Path, links: bool) -> Result<EntryKind, OpenError> {
        self.looked_at(below, Purpose::OwnKind, links)
    }

    fn looked_at(&self, below: &Path, purpose: Purpose, links: bool) -> Result<EntryKind, OpenError> {
        let entry = self.at(below, purpose, links)?;
        Ok(kind_of(FileType::from_raw_mode(rustix::fs::fstat(&entry)?.st_mode)))
    }

    /// The names in a directory, in no order.
    pub(super) fn list(&self, below: &Path, links: bool, most: usize) -> Result<Vec<(OsString, EntryKind)>, OpenError> {
        let directory = self.at(below, Purpose::Listing, links)?;
        entries(directory, most).map_err(OpenError::System)
    }

    fn at(&self, below: &Path, purpose: Purpose, links: bool) -> Result<OwnedFd, OpenError> {
        if !self.by_components.load(Ordering::Relaxed) {
            match by_kernel(self.own.as_fd(), below, purpose.flags(), links) {
                Err(Errno::NOSYS | Errno::PERM) => self.by_components.store(true, Ordering::Relaxed),
                Err(Errno::XDEV) => return Err(OpenError::Leaves),
                opened => return Ok(opened?),
            }
        }
        by_components(self.own.as_fd(), below, purpose.flags(), links)
    }
}

fn by_kernel(root: BorrowedFd<'_>, below: &Path, flags: OFlags, links: bool) -> Result<OwnedFd, Errno> {
    let links = if links { ResolveFlags::empty() } else { ResolveFlags::NO_SYMLINKS };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | links;
    let path = if below.as_os_str().is_empty() { Path::new(".") } else { below };
    let mut opened = Err(Errno::AGAIN);
    for _ in 0..TRIES {
        opened = rustix::fs::openat2(root, path, flags, Mode::empty(), resolve);
        if !matches!(opened, Err(Errno::AGAIN | Errno::INTR)) {
            break;
        }
    }
    opened
}

/// The same without the kernel's help: each component is opened in the one before, and links are read and followed here.
fn by_components(root: BorrowedFd<'_>, below: &Path, flags: OFlags, links: bool) -> Result<OwnedFd, OpenError> {
    let mut left: Vec<OsString> = Vec::new();
    push_components(&mut left, below)?;
    let mut above: Vec<OwnedFd> = Vec::new();
    let mut followed = 0;
    while let Some(name) = left.pop() {
        if name == ".." {
            above.pop().ok_or(OpenError::Leaves)?;
            continue;
        }
        let here = above.last().map_or(root, AsFd::as_fd);
        let is_last = left.is_empty();
        let flags = if is_last { flags } else { OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC };
        let failed = match rustix::fs::openat(here, &*name, flags | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(opened) if !is_last => {
                above.push(opened);
                continue;
            }
            // To look at, a link itself is opened.
            Ok(opened) if !flags.contains(OFlags::PATH) || flags.contains(OFlags::NOFOLLOW) => return Ok(opened),
            Ok(opened) if !is_link(&rustix::fs::fstat(&opened)?) => return Ok(opened),
            Ok(_) => Errno::LOOP,
            Err(failed) => failed,
        };
        if !matches!(failed, Errno::LOOP | Errno::NOTDIR) {
            return Err(failed.into());
        }
        let target = rustix::fs::readlinkat(here, &*name, Vec::new()).map_err(|_| failed)?;
        followed += 1;
        if !links || followed > MAX_LINKS {
            return Err(Errno::LOOP.into());
        }
        push_components(&mut left, Path::new(&OsString::from_vec(target.into_bytes())))?;
    }
    let here = above.last().map_or(root, AsFd::as_fd);
    Ok(rustix::fs::openat(here, ".", flags, Mode::empty())?)
}

/// Puts the components of a path on top of those that are left, the first one last.
fn push_components(left: &mut Vec<OsString>, path: &Path) -> Result<(), OpenError> {
    for component in path.components().rev() {
        match component {
            Component::Normal(name) => left.push(name.to_owned()),
            Component::ParentDir => left.push("..".into()),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return Err(OpenError::Leaves),
        }
    }
    Ok(())
}

fn is_link(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Symlink
}

fn kind_of(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        _ => EntryKind::Other,
    }
}

/// The beginning of a file, and how large it said that it is.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    pub(super) size: u64,
}

/// The first bytes of a regular file at any path. It is looked at before it is opened: opening a device may do something.
pub(super) fn content_anywhere(path: &Path, most: u64) -> Result<Content, ReadError> {
    kind_error(&rustix::fs::stat(path).map_err(read_error)?)?;
    let file = rustix::fs::open(path, Purpose::Content.flags(), Mode::empty()).map_err(read_error)?;
    regular(&file, most)
}

/// A regular file at any path, to be read as it is wanted.
pub(super) fn file_anywhere(path: &Path) -> Result<File, ReadError> {
    kind_error(&rustix::fs::stat(path).map_err(read_error)?)?;
    let file = rustix::fs::open(path, Purpose::Content.flags(), Mode::empty()).map_err(read_error)?;
    kind_error(&rustix::fs::fstat(&file).map_err(read_error)?)?;
    refuse_kernel_file(&file)?;
    Ok(File::from(file))
}

/// The first bytes of a file that a person typed: of a pipe what its writers write.
pub(super) fn content_typed(path: &Path, most: u64) -> Result<Content, ReadError> {
    let file = rustix::fs::open(path, Purpose::Content.flags(), Mode::empty()).map_err(read_error)?;
    match FileType::from_raw_mode(rustix::fs::fstat(&file).map_err(read_error)?.st_mode) {
        FileType::Fifo => stream(&file, most, true),
        FileType::CharacterDevice => {
            refuse_kernel_file(&file)?;
            stream(&file, most, false)
        }
        _ => regular(&file, most),
    }
}

/// The names in a directory at any path, in no order.
pub(super) fn list_anywhere(path: &Path, most: usize) -> Result<Vec<(OsString, EntryKind)>, ReadError> {
    let directory = rustix::fs::open(path, Purpose::Listing.flags(), Mode::empty()).map_err(read_error)?;
    entries(directory, most)
}

/// What is at any path, after links.
pub(super) fn kind_anywhere(path: &Path) -> Result<EntryKind, ReadError> {
    Ok(kind_of(FileType::from_raw_mode(rustix::fs::stat(path).map_err(read_error)?.st_mode)))
}

/// What is at any path itself, which may be a link.
pub(super) fn own_kind_anywhere(path: &Path) -> Result<EntryKind, ReadError> {
    Ok(kind_of(FileType::from_raw_mode(rustix::fs::lstat(path).map_err(read_error)?.st_mode)))
}

fn kind_error(stat: &Stat) -> Result<(), ReadError> {
    Err(ReadError::NotRegular(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "a directory",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        FileType::BlockDevice | FileType::CharacterDevice => "a device",
        _ => "no file",
    }))
}

/// Refuses a file that the kernel answers itself.
// The magic numbers have 32 bits, whatever the width and sign of the field.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn refuse_kernel_file(file: &OwnedFd) -> Result<(), ReadError> {
    let magic = rustix::fs::fstatfs(file).map_err(read_error)?.f_type as u32;
    if KERNEL_FILESYSTEMS.contains(&magic) { Err(ReadError::KernelFile) } else { Ok(()) }
}

/// Reads a regular file, into room for what it says that it has and one byte more, which tells that it ended.
fn regular(file: &OwnedFd, most: u64) -> Result<Content, ReadError> {
    let stat = rustix::fs::fstat(file).map_err(read_error)?;
    kind_error(&stat)?;
    refuse_kernel_file(file)?;
    let size = u64::try_from(stat.st_size).unwrap_or_default();
    let mut bytes = Vec::new();
    let wanted = usize::try_from(size.min(most)).unwrap_or_default();
    bytes.reserve_exact(wanted + 1);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    loop {
        match rustix::io::read(file, spare_capacity(&mut bytes)) {
            Ok(0) => break,
            // Where all is there that was said to be, and room was left for more, it ended.
            Ok(_) if bytes.len() >= most || (bytes.len() == wanted && bytes.len() < bytes.capacity()) => break,
            Ok(_) => bytes.reserve(PIPE_CHUNK.min(most - bytes.len())),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(read_error(errno)),
        }
    }
    bytes.truncate(most);
    Ok(Content { bytes, size })
}

/// Reads a pipe to its end, or a device as far as it has something at once.
fn stream(file: &OwnedFd, most: u64, waits: bool) -> Result<Content, ReadError> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut bytes: Vec<u8> = Vec::new();
    let mut had_writer = false;
    while bytes.len() < most {
        bytes.reserve(PIPE_CHUNK.min(most - bytes.len()));
        match rustix::io::read(file, spare_capacity(&mut bytes)) {
            Ok(0) if !waits || had_writer || !bytes.is_empty() => break,
            Ok(0) => {
                had_writer = true;
                poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&WAIT_FOR_WRITER)).map_err(read_error)?;
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if waits => {
                had_writer = true;
                poll(&mut [PollFd::new(file, PollFlags::IN)], None).map_err(read_error)?;
            }
            Err(Errno::AGAIN) => return Err(ReadError::NotRegular("a device that has nothing to read")),
            Err(errno) => return Err(read_error(errno)),
        }
    }
    bytes.truncate(most);
    Ok(Content { size: bytes.len() as u64, bytes })
}

fn entries(directory: OwnedFd, most: usize) -> Result<Vec<(OsString, EntryKind)>, ReadError> {
    let mut found = Vec::new();
    let mut directory = Dir::new(directory).map_err(read_error)?;
    while let Some(entry) = directory.read() {
        let entry = entry.map_err(read_error)?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        if found.len() >= most {
            return Err(ReadError::TooMany { limit: most });
        }
        let kind = match entry.file_type() {
            // Some filesystems do not tell in a listing.
            FileType::Unknown => {
                let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
                let own = directory.fd().map_err(read_error)?;
                let stat = rustix::fs::statat(own, entry.file_name(), flags).map_err(read_error)?;
                FileType::from_raw_mode(stat.st_mode)
            }
            kind => kind,
        };
        found.push((std::ffi::OsStr::from_bytes(name).to_owned(), kind_of(kind)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A root with everything that a path can lead over, beside a file outside.
    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("root/sub/deep")).unwrap();
        fs::write(at("secret"), "secret").unwrap();
        fs::write(at("root/plain"), "plain").unwrap();
        fs::write(at("root/sub/deep/file"), "deep").unwrap();
        for (link, target) in [
            ("inside", "sub/deep/file"),
            ("up", "sub/deep/../../plain"),
            ("directory", "sub"),
            ("twice", "directory/deep/back"),
            ("sub/deep/back", "../../plain"),
            ("outside", "../secret"),
            ("sneaky", "sub/../../secret"),
            ("out", ".."),
            ("circle", "circle"),
            ("dangling", "nothing"),
        ] {
            symlink(target, at("root").join(link)).unwrap();
        }
        symlink(at("secret"), at("root/absolute")).unwrap();
        symlink("/proc/self/root", at("root/magic")).unwrap();
        folder
    }

    #[test]
    fn both_ways_of_opening_stay_inside_and_agree() {
        let folder = tree();
        let kernel = Directory::open(&folder.path().join("root")).unwrap();
        let walk = Directory::open(&folder.path().join("root")).unwrap();
        walk.by_components.store(true, Ordering::Relaxed);
        let inside = [
            ("plain", "plain"),
            ("./sub/./deep/file", "deep"),
            ("sub/../plain", "plain"),
            ("inside", "deep"),
            ("up", "plain"),
            ("directory/deep/file", "deep"),
            ("twice", "plain"),
        ];
        for root in [&kernel, &walk] {
            for (path, text) in inside {
                let content = root.content(Path::new(path), true, 100).unwrap();
                assert_eq!(String::from_utf8(content.bytes).unwrap(), text, "{path}");
                assert_eq!(root.kind(Path::new(path), true).unwrap(), EntryKind::File, "{path}");
            }
            for path in ["outside", "sneaky", "out/secret", "absolute", "../secret", "sub/../../secret", "/etc/passwd"]
            {
                let opened = root.content(Path::new(path), true, 100);
                assert!(matches!(opened, Err(OpenError::Leaves)), "{path}: {opened:?}");
                assert!(matches!(root.kind(Path::new(path), true), Err(OpenError::Leaves)), "{path}");
            }
            for path in ["circle", "magic", "magic/etc/passwd"] {
                assert!(root.content(Path::new(path), true, 100).is_err(), "{path}");
            }
            for path in ["dangling", "nothing/here", "plain/below"] {
                let opened = root.content(Path::new(path), true, 100);
                assert!(matches!(opened, Err(OpenError::System(ReadError::Absent))), "{path}: {opened:?}");
            }
            for path in ["inside", "directory/deep/file"] {
                assert!(root.content(Path::new(path), false, 100).is_err(), "{path} has a link");
            }
            assert!(root.content(Path::new("sub/deep/file"), false, 100).is_ok());
            let mut names: Vec<_> = root.list(Path::new("directory/deep"), true, 9).unwrap();
            names.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(names, [("back".into(), EntryKind::Link), ("file".into(), EntryKind::File)]);
            assert_eq!(root.kind(Path::new(""), true).unwrap(), EntryKind::Directory);
            assert!(matches!(root.list(Path::new("out"), true, 9), Err(OpenError::Leaves)));
            assert_eq!(root.own_kind(Path::new("directory/deep/back"), true).unwrap(), EntryKind::Link);
            assert_eq!(root.own_kind(Path::new("dangling"), true).unwrap(), EntryKind::Link);
        }
        assert!(!kernel.by_components.load(Ordering::Relaxed), "this kernel has openat2");
    }

    #[test]
    fn file_that_grows_or_ends_early_is_read_to_its_end_or_limit() {
        let folder = tempfile::tempdir().unwrap();
        let root = Directory::open(folder.path()).unwrap();
        fs::write(folder.path().join("file"), vec![b'x'; 300_000]).unwrap();
        let read = |most| root.content(Path::new("file"), true, most).unwrap();
        assert_eq!((read(10).bytes.len(), read(10).size), (10, 300_000));
        assert_eq!(read(300_000).bytes.len(), 300_000);
        assert_eq!(read(u64::MAX).bytes.len(), 300_000);
        fs::write(folder.path().join("file"), "").unwrap();
        assert_eq!(read(10).bytes.len(), 0);
    }
}
