//! Real links in a real directory that is taken for a root, some made to lead out of it.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;

fn root_at(path: &Path) -> Root {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Root::of(rustix::fs::open(path, flags, Mode::empty()).unwrap()).unwrap()
}

fn jail() -> (TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    for name in ["home/agent/.claude", "srv/claude/deep", "etc"] {
        fs::create_dir_all(dir.path().join(name)).unwrap();
    }
    fs::write(dir.path().join("etc/passwd"), "own\n").unwrap();
    let root = root_at(dir.path());
    (dir, root)
}

fn links(followed: &Followed) -> Vec<(&str, &str)> {
    followed.links.iter().map(|link| (link.name.as_str(), link.target.as_str())).collect()
}

fn kind(followed: &Followed) -> Option<EntryKind> {
    match &followed.end {
        PathEnd::There(there) => Some(there.entry.kind),
        _ => None,
    }
}

#[test]
fn what_stands_at_a_path_is_told() {
    let (dir, root) = jail();
    let followed = root.follow("/home/agent/.claude");
    let PathEnd::There(there) = &followed.end else { panic!("{followed:?}") };
    let truth = fs::metadata(dir.path().join("home/agent/.claude")).unwrap();
    assert_eq!(followed.real, "/home/agent/.claude");
    assert_eq!((there.entry.uid, there.entry.gid, there.entry.mode), (truth.uid(), truth.gid(), truth.mode() & 0o7777));
    assert_eq!((there.entry.modified, there.inode.1), (truth.mtime(), truth.ino()));
    assert!(followed.links.is_empty());

    assert_eq!(kind(&root.follow("/")), Some(EntryKind::Directory));
    assert_eq!(kind(&root.follow("/etc/passwd")), Some(EntryKind::File));
    let absent = root.follow("/home/agent/.claude.lock");
    assert!(matches!(absent.end, PathEnd::Absent), "{absent:?}");
    assert_eq!(absent.real, "/home/agent/.claude.lock");
    for through_a_file in ["/etc/passwd/x", "/etc/passwd/../passwd"] {
        assert!(matches!(root.follow(through_a_file).end, PathEnd::Absent), "{through_a_file}");
    }
}

#[test]
fn each_link_is_told_with_its_name_and_target() {
    let (dir, root) = jail();
    let at = |name: &str| dir.path().join(name);
    symlink("agent", at("home/me")).unwrap();
    symlink("/srv/claude", at("home/agent/link")).unwrap();
    symlink("../../srv/./claude/", at("home/agent/relative")).unwrap();
    let followed = root.follow("/home/me/link/deep");
    assert_eq!(followed.real, "/srv/claude/deep");
    assert_eq!(links(&followed), [("/home/me", "/home/agent"), ("/home/agent/link", "/srv/claude")]);
    assert_eq!(kind(&followed), Some(EntryKind::Directory));
    let followed = root.follow("/home/agent/relative/nothing/here");
    assert_eq!(links(&followed), [("/home/agent/relative", "/srv/claude")]);
    assert_eq!(followed.real, "/srv/claude/nothing/here");
    assert!(matches!(followed.end, PathEnd::Absent));
}

#[test]
fn a_climb_after_a_link_is_from_where_the_link_leads() {
    let (dir, root) = jail();
    symlink("/srv/claude/deep", dir.path().join("home/deep")).unwrap();
    symlink("deep/../deep/..", dir.path().join("home/odd")).unwrap();
    let followed = root.follow("/home/odd");
    assert_eq!(followed.real, "/srv/claude");
    assert_eq!(links(&followed), [("/home/odd", "/srv/claude"), ("/home/deep", "/srv/claude/deep"),]);
}

#[test]
fn no_link_leads_out() {
    let (dir, root) = jail();
    fs::write(dir.path().join("etc/hostname"), "inside\n").unwrap();
    for (at, target) in
        ["/etc/hostname", "../../../../../../../../etc/hostname", "../home/../../../etc/hostname"].iter().enumerate()
    {
        let name = format!("home/out{at}");
        symlink(target, dir.path().join(&name)).unwrap();
        let followed = root.follow(&format!("/{name}"));
        assert_eq!(followed.real, "/etc/hostname", "{target}");
        assert_eq!(root.read_file(&format!("/{name}"), 100).unwrap(), b"inside\n", "{target}");
    }
    let outside = root.follow("/../../../../../../../../../../root");
    assert_eq!(outside.real, "/root");
    assert!(matches!(outside.end, PathEnd::Absent));
}

#[test]
fn one_call_and_a_walk_tell_the_same() {
    let (dir, root) = jail();
    symlink("agent", dir.path().join("home/me")).unwrap();
    for path in [
        "/",
        "/home",
        "/home/agent/.claude/",
        "/etc/passwd",
        "/etc/passwd/x",
        "/no/such",
        "/home/../etc/./passwd",
        "/home/me",
    ] {
        let (one, walked) = (root.follow(path), root.walk(path));
        let seen = |followed: Followed| {
            let inode = match &followed.end {
                PathEnd::There(there) => Some(there.inode),
                _ => None,
            };
            (followed.real, followed.links, inode, std::mem::discriminant(&followed.end))
        };
        assert_eq!(seen(one), seen(walked), "{path}");
    }
}

#[test]
fn circles_and_long_paths_end() {
    let (dir, root) = jail();
    let at = |name: &str| dir.path().join(name);
    symlink("b", at("a")).unwrap();
    symlink("a", at("b")).unwrap();
    symlink("self/x", at("self")).unwrap();
    symlink("e/../".repeat(800), at("climb")).unwrap();
    symlink("climb/climb/climb/climb", at("e")).unwrap();
    fs::create_dir(at("d")).unwrap();
    symlink(format!("{}d", "d/../".repeat(800)), at("long")).unwrap();
    let start = Instant::now();
    for circle in ["/a", "/a/b/c", "/self", "/climb"] {
        let followed = root.follow(circle);
        assert!(matches!(followed.end, PathEnd::Loop), "{circle} {followed:?}");
        assert!(followed.links.len() <= MOST_LINKS);
    }
    assert_eq!(kind(&root.follow("/long")), Some(EntryKind::Directory));
    let deep = root.follow(&"/etc".repeat(1_000));
    assert!(matches!(deep.end, PathEnd::Absent), "{:?}", deep.end);
    let longest = root.follow(&"/a".repeat(5_000));
    assert!(matches!(longest.end, PathEnd::Failed(Errno::NAMETOOLONG)), "{:?}", longest.end);
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn the_kernels_own_links_are_not_followed() {
    let root = root_at(Path::new("/"));
    for path in ["/proc/self/root/etc", "/proc/self/fd/0", "/proc/self/cwd", "/proc/self", "/proc/mounts"] {
        let followed = root.follow(path);
        assert!(matches!(followed.end, PathEnd::OwnLink), "{path} {followed:?}");
        assert!(followed.links.is_empty());
        assert_eq!(followed.real, path);
    }
}

#[test]
fn only_regular_files_are_read_and_only_so_far() {
    let (dir, root) = jail();
    let fifo = dir.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let _socket = UnixListener::bind(dir.path().join("socket")).unwrap();
    for other in ["/fifo", "/socket", "/etc", "/"] {
        assert_eq!(root.read_file(other, 100), Err(Unread::Unfit), "{other}");
    }
    assert_eq!(root.read_file("/etc/passwd", 4).unwrap(), b"own\n");
    assert_eq!(root.read_file("/etc/passwd", 3), Err(Unread::TooLarge));
    let head = root.read_head("/etc/passwd", 3).unwrap();
    assert!(!head.is_whole && head.bytes.starts_with(b"own"));
    assert_eq!(root.read_file("/etc/none", 3), Err(Unread::Absent));
}

#[test]
fn names_that_are_not_text_are_followed_all_the_same() {
    use std::os::unix::ffi::OsStrExt;
    let (dir, root) = jail();
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff");
    fs::create_dir(dir.path().join(odd)).unwrap();
    symlink(odd, dir.path().join("link")).unwrap();
    let followed = root.follow("/link");
    assert_eq!(followed.real, "/odd\\xff");
    assert_eq!(kind(&followed), Some(EntryKind::Directory));
}

#[test]
fn files_that_the_kernel_answers_are_not_read() {
    let root = root_at(Path::new("/"));
    for path in ["/proc/version", "/proc/kmsg", "/sys/kernel/mm/transparent_hugepage/enabled"] {
        let read = root.read_file(path, 1 << 20);
        assert!(matches!(read, Err(Unread::Unfit | Unread::Absent)), "{path} {read:?}");
    }
    assert_eq!(root.read_file("/proc/version", 1 << 20), Err(Unread::Unfit));
    assert!(root.read_file("/etc/passwd", 4 << 20).is_ok());
}
