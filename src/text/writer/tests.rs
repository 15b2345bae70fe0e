//! What is written, what is left alone, and what a killed run left.

#![allow(clippy::unwrap_used, reason = "a test that finds something else ends there")]

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{Folder, failure, split, write};

const LEFT: &str = ".overlock-0123456789abcdef.tmp";

fn folder() -> (tempfile::TempDir, Folder) {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path()).unwrap();
    (directory, folder)
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn file_changed_meanwhile_is_left_alone() {
    let (directory, folder) = folder();
    let (path, name) = (directory.path().join("x"), OsStr::new("x"));
    fs::write(&path, "a").unwrap();
    for other in ["b", "", "ab"] {
        assert!(folder.replace_text(name, other, "c").unwrap_err().to_string().contains("changed meanwhile"));
    }
    folder.replace_text(name, "a", "c").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "c");
    assert_eq!(names(directory.path()), ["x"], "nothing is left beside it");
}

#[test]
fn failed_write_leaves_nothing() {
    let (directory, folder) = folder();
    fs::create_dir_all(directory.path().join("x/y")).unwrap();
    assert_eq!(folder.write(OsStr::new("x"), b"a").unwrap_err().kind(), io::ErrorKind::IsADirectory);
    assert!(folder.replace(OsStr::new("x"), b"a").is_err());
    assert_eq!(names(directory.path()), ["x"]);
}

#[test]
fn new_file_takes_no_name_that_is_taken() {
    let (directory, folder) = folder();
    symlink("elsewhere", directory.path().join("link")).unwrap();
    fs::write(directory.path().join("file"), "mine").unwrap();
    for taken in ["link", "file"] {
        assert_eq!(folder.create(OsStr::new(taken), b"a").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
    folder.create(OsStr::new("new"), b"a").unwrap();
    assert_eq!(fs::read_to_string(directory.path().join("new")).unwrap(), "a");
    assert_eq!(fs::read_to_string(directory.path().join("file")).unwrap(), "mine");
    assert_eq!(names(directory.path()), ["file", "link", "new"], "nothing is left beside them");
}

#[test]
fn leftover_goes_and_what_is_written_now_or_not_ours_stays() {
    let (directory, folder) = folder();
    let at = |name: &str| directory.path().join(name);
    fs::write(at(LEFT), "half").unwrap();
    let held = fs::File::create(at(".overlock-1111111111111111.tmp")).unwrap();
    held.lock().unwrap();
    fs::write(at("kept"), "").unwrap();
    symlink("kept", at(".overlock-2222222222222222.tmp")).unwrap();
    let mode = Mode::from_raw_mode(0o600);
    mknodat(CWD, at(".overlock-3333333333333333.tmp"), FileType::Fifo, mode, 0).unwrap();
    fs::create_dir(at(".overlock-4444444444444444.tmp")).unwrap();
    let others = [".overlock-.tmp", ".overlock-0123456789ABCDEF.tmp", ".overlock-0123456789abcdef", ".overlock-5.tmp"];
    for other in others {
        fs::write(at(other), "").unwrap();
    }
    folder.replace(OsStr::new("x"), b"a").unwrap();
    let mut stay: Vec<String> = (1..5).map(|n| format!(".overlock-{}.tmp", n.to_string().repeat(16))).collect();
    stay.extend(others.map(str::to_owned));
    stay.extend(["kept".to_owned(), "x".to_owned()]);
    stay.sort();
    assert_eq!(names(directory.path()), stay);
    drop(held);
    folder.replace(OsStr::new("x"), b"b").unwrap();
    assert!(!names(directory.path()).contains(&".overlock-1111111111111111.tmp".to_owned()), "its writer is gone");
}

#[test]
fn writers_at_once_take_nothing_from_each_other() {
    let directory = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for at in 0..8 {
            let path = directory.path().join(format!("f{}", at % 4));
            scope.spawn(move || {
                for text in 0..20 {
                    write(&path, format!("{at} {text}").repeat(1000).as_bytes()).unwrap();
                }
            });
        }
    });
    assert_eq!(names(directory.path()), ["f0", "f1", "f2", "f3"]);
}

#[test]
fn mode_is_kept_and_a_link_is_replaced_by_a_file_of_its_own() {
    let (directory, folder) = folder();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("x"), "a").unwrap();
    fs::set_permissions(at("x"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("x", at("link")).unwrap();
    folder.write(OsStr::new("link"), b"b").unwrap();
    folder.write(OsStr::new("x"), b"c").unwrap();
    assert!(fs::symlink_metadata(at("link")).unwrap().is_file());
    assert_eq!(fs::metadata(at("x")).unwrap().permissions().mode() & 0o7777, 0o640);
    assert_eq!((fs::read(at("link")).unwrap(), fs::read(at("x")).unwrap()), (b"b".to_vec(), b"c".to_vec()));
}

#[test]
fn each_failure_has_its_own_advice() {
    let told = |number| failure(&io::Error::from_raw_os_error(number));
    // ENOSPC, EDQUOT, EROFS, EACCES, EPERM, ENOENT
    for (number, advice) in [
        (28, "make room"),
        (122, "quota"),
        (30, "read-only"),
        (13, "allowed to write"),
        (1, "allowed to write"),
        (2, "must exist"),
    ] {
        assert!(told(number).contains(advice), "{}", told(number));
    }
    assert_eq!(failure(&io::Error::other("it is a link")), "it is a link");
}

#[test]
fn path_is_a_directory_and_a_name() {
    assert_eq!(split(Path::new("a/b")).unwrap(), (Path::new("a"), OsStr::new("b")));
    assert_eq!(split(Path::new("b")).unwrap(), (Path::new(""), OsStr::new("b")));
    for wrong in ["a/", "/", "..", "a/.."] {
        assert_eq!(split(Path::new(wrong)).unwrap_err().kind(), io::ErrorKind::IsADirectory, "{wrong}");
    }
}
