//! `fdinfo` as recorded, and this process's own locks.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::FlockOperation;

use super::*;

const INFO: &str = "pos:\t0\nflags:\t0100001\nmnt_id:\t44\nino:\t99\n";

#[test]
fn only_flocks_count() {
    let with = |lines: &str| held(format!("{INFO}{lines}").as_bytes());
    assert_eq!(with("lock:\t1: FLOCK  ADVISORY  WRITE 1234 fe:00:99 0 EOF\n"), [true]);
    assert_eq!(with("lock:\t1: FLOCK  ADVISORY  READ 1234 fe:00:99 0 EOF\n"), [false]);
    assert_eq!(with("lock:\t1: POSIX  ADVISORY  WRITE 1234 fe:00:99 0 EOF\n"), [false; 0]);
    assert_eq!(with("lock:\t1: OFDLCK ADVISORY  WRITE -1 fe:00:99 0 EOF\n"), [false; 0]);
    assert_eq!(with("lock:\t1: -> FLOCK  ADVISORY  WRITE 7 fe:00:99 0 EOF\n"), [false; 0]);
    assert_eq!(with("lock:\t1: LEASE  ACTIVE    WRITE 7 fe:00:99 0 EOF\n"), [false; 0]);
    assert_eq!(held(b"lock:\n\xfflock:\nlock:\t1: FLOCK\n"), [false; 0]);
}

fn own_locks() -> Vec<HeldLock> {
    let proc = Proc::open(Path::new("/proc")).unwrap();
    LockReader::new(&proc).under(i32::try_from(std::process::id()).unwrap(), |_| false).unwrap()
}

#[test]
fn this_processs_own_lock_shows_and_whether_its_file_is_the_current_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("session.lock");
    let file = File::create(&path).unwrap();
    let find = || own_locks().into_iter().find(|lock| lock.path == path.to_str().unwrap());
    assert_eq!(find(), None);
    rustix::fs::flock(&file, FlockOperation::LockExclusive).unwrap();
    let holder = i32::try_from(std::process::id()).unwrap();
    let lock = HeldLock { path: path.to_str().unwrap().to_owned(), exclusive: true, current: true, holder };
    assert_eq!(find(), Some(lock.clone()));

    // Replaced: the path leads to another file, and the lock is on one that has no name.
    fs::remove_file(&path).unwrap();
    assert_eq!(find(), Some(HeldLock { current: false, ..lock.clone() }));
    File::create(&path).unwrap();
    assert_eq!(find(), Some(HeldLock { current: false, ..lock.clone() }));

    // Renamed: the kernel tells the new name.
    let other = dir.path().join("other (deleted)");
    let file = File::create(&other).unwrap();
    rustix::fs::flock(&file, FlockOperation::LockShared).unwrap();
    let named = own_locks().into_iter().find(|lock| lock.path == other.to_str().unwrap()).unwrap();
    assert!(named.current && !named.exclusive);
}

#[test]
fn a_process_that_is_gone_holds_nothing() {
    let proc = Proc::open(Path::new("/proc")).unwrap();
    assert_eq!(LockReader::new(&proc).under(i32::MAX, |_| true), Some(Vec::new()));
}
