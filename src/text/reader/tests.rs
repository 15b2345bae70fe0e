//! What may be read, and what not.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;

const LIMIT: u64 = 100;

/// A repository and a secret beside it.
fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("repo/.git")).unwrap();
    fs::create_dir_all(at("repo/sub")).unwrap();
    fs::create_dir_all(at("elsewhere")).unwrap();
    fs::write(at("elsewhere/secret"), "secret").unwrap();
    fs::write(at("repo/file"), "text").unwrap();
    symlink(at("elsewhere/secret"), at("repo/leaving")).unwrap();
    symlink(at("repo/file"), at("repo/absolute")).unwrap();
    symlink(at("elsewhere"), at("repo/away")).unwrap();
    symlink(at("repo"), at("alias")).unwrap();
    folder
}

#[test]
fn repository_around_a_directory_is_read_and_nothing_else() {
    let folder = tree();
    let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
    let reader = Reader::default().with_directory(&at("repo/sub"));
    assert!(reader.has_input(&at("repo/leaving")) && !reader.has_input(&at("elsewhere/secret")));
    for path in ["repo/file", "repo/sub/../file", "repo/sub/../../repo/file", "repo/absolute", "alias/file"] {
        assert_eq!(reader.read_text(&at(path), LIMIT).as_deref(), Ok("text"), "{path}");
        assert!(reader.is_file(&at(path)), "{path}");
    }
    let top = at("repo").display().to_string();
    for path in
        ["repo/leaving", "repo/away/secret", "elsewhere/secret", "elsewhere/nothing", "repo/../elsewhere/secret"]
    {
        let error = reader.read(&at(path), LIMIT).unwrap_err();
        let message = format!("it is outside this repository ({top} is its top); give it as a PATH to read it");
        assert_eq!(error.to_string(), message, "{path}");
        assert!(!reader.is_file(&at(path)), "{path}");
        assert!(matches!(reader.real_path(&at(path)), Err(ReadError::Outside { .. })), "{path}");
    }
    assert!(matches!(reader.list(&at("repo/away"), 9), Err(ReadError::Outside { .. })));
    assert_eq!(reader.read(&at("repo/nothing"), LIMIT), Err(ReadError::Absent));
    assert_eq!(reader.read(&at("alias/nothing/at/all"), LIMIT), Err(ReadError::Absent));
    assert_eq!(reader.read(&at("repo/file"), 3), Err(ReadError::TooLarge { limit: 3 }));
    assert_eq!(reader.read_start(&at("repo/file"), 3).as_deref(), Ok(&b"tex"[..]));
    assert!(Reader::default().read(&at("repo/file"), LIMIT).is_err(), "a reader of nothing");
    assert!(Reader::of_host().read(&at("repo/leaving"), LIMIT).is_ok(), "as Compose reads");
}

#[test]
fn typed_file_is_read_anywhere_but_through_a_repositorys_link() {
    let folder = tree();
    let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
    let reader = Reader::default().with_typed(&at("elsewhere/secret"));
    assert!(reader.read(&at("elsewhere/secret"), LIMIT).is_ok());
    assert!(reader.read(&at("elsewhere/../repo/file"), LIMIT).is_err(), "nothing beside it");
    for path in ["repo/leaving", "repo/sub/../leaving", "repo/away/secret"] {
        let reader = Reader::default().with_typed(&at(path)).with_path(&at(path));
        assert!(matches!(reader.read(&at(path), LIMIT), Err(ReadError::Outside { .. })), "{path}");
    }
    let reader = Reader::default().with_directory(&at("repo/away"));
    assert!(matches!(reader.list(&at("repo/away"), 9), Err(ReadError::Outside { .. })));
    for path in ["alias/file", "repo/absolute", "repo/../elsewhere/secret"] {
        assert!(Reader::default().with_typed(&at(path)).read(&at(path), LIMIT).is_ok(), "{path}");
    }
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let folder = tree();
    let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
    let fifo = at("repo/pipe");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for reader in [Reader::default().with_directory(&at("repo")), Reader::of_host()] {
        assert_eq!(reader.read(&fifo, LIMIT), Err(ReadError::NotRegular("a pipe")));
        assert_eq!(reader.read(&at("repo/sub"), LIMIT), Err(ReadError::NotRegular("a directory")));
    }
    let host = Reader::of_host();
    for path in ["/dev/ptmx", "/dev/zero", "/dev/null"] {
        assert_eq!(host.read(Path::new(path), LIMIT), Err(ReadError::NotRegular("a device")), "{path}");
    }
    // A chroot may have no /sys.
    let is_there = |path: &&str| Path::new(path).exists();
    for path in ["/proc/self/environ", "/proc/kmsg", "/sys/kernel/uevent_seqnum"].into_iter().filter(is_there) {
        assert!(matches!(host.read(Path::new(path), LIMIT), Err(ReadError::KernelFile | ReadError::Denied)), "{path}");
    }
}

#[test]
fn typed_pipe_is_read_once_and_a_device_is_bounded() {
    let folder = tree();
    let fifo = folder.path().join("elsewhere/pipe");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let typed = |path: &Path| Reader::default().with_path(path);
    assert_eq!(typed(&fifo).read(&fifo, LIMIT).as_deref(), Ok(&b""[..]), "nobody writes to it");
    let reader = typed(&fifo);
    let writer = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::write(fifo, "text").unwrap()
    });
    for _ in 0..2 {
        assert_eq!(reader.read_text(&fifo, LIMIT).as_deref(), Ok("text"));
    }
    writer.join().unwrap();
    let read = |path: &str| typed(Path::new(path)).read(Path::new(path), LIMIT);
    assert_eq!(read("/dev/null").as_deref(), Ok(&b""[..]));
    assert_eq!(read("/dev/zero"), Err(ReadError::TooLarge { limit: LIMIT }));
    assert!(matches!(read("/dev/ptmx"), Err(ReadError::NotRegular(_) | ReadError::KernelFile)));
    assert_eq!(read("/proc/self/environ"), Err(ReadError::KernelFile));
}
