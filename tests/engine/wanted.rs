//! Programs that tests beside the engine want, and what to install where one is missing.

use std::env;
use std::fs;
use std::path::PathBuf;

/// A program, and the package that brings it (Debian's name).
pub(crate) type Wanted = (&'static str, &'static str);

/// For [`super::disk::Disks`], and to look at its mounts.
pub(crate) const DISKS: &[Wanted] = &[
    ("mkfs.btrfs", "btrfs-progs"),
    ("btrfs", "btrfs-progs"),
    ("mkfs.xfs", "xfsprogs"),
    ("mkfs.ext4", "e2fsprogs"),
    ("findmnt", "util-linux"),
];
pub(crate) const STRACE: &[Wanted] = &[("strace", "strace")];
pub(crate) const SETPRIV: &[Wanted] = &[("setpriv", "util-linux")];
pub(crate) const UNSHARE: &[Wanted] = &[("unshare", "util-linux")];
pub(crate) const CONTAINERD: &[Wanted] = &[("containerd", "containerd"), ("ctr", "containerd"), ("runc", "runc")];
pub(crate) const PODMAN: &[Wanted] = &[("podman", "podman")];
pub(crate) const ROOTLESS: &[Wanted] = &[("podman", "podman"), ("setpriv", "util-linux"), ("unshare", "util-linux")];
/// For an engine of a test's own.
pub(crate) const DOCKERD: &[Wanted] = &[("dockerd", "docker.io"), ("ip", "iproute2"), ("setpriv", "util-linux")];
pub(crate) const BUSYBOX: &[Wanted] = &[("busybox", "busybox-static")];

/// Where a program is.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file())
}

/// Says which of these programs are missing and what to install; `None` where all are there.
pub(crate) fn missing(wanted: &[Wanted]) -> Option<String> {
    // In a container without libraries only a static busybox runs.
    let is_there = |program: &str| {
        find(program).is_some_and(|file| program != "busybox" || fs::read(file).is_ok_and(|bytes| is_static(&bytes)))
    };
    let absent: Vec<&Wanted> = wanted.iter().filter(|(program, _)| !is_there(program)).collect();
    let programs: Vec<&str> = absent.iter().map(|(program, _)| *program).collect();
    let mut packages: Vec<&str> = absent.iter().map(|(_, package)| *package).collect();
    packages.dedup();
    (!absent.is_empty()).then(|| format!("no {} here: install {}", programs.join(", "), packages.join(", ")))
}

/// Whether a program names no loader.
fn is_static(bytes: &[u8]) -> bool {
    let names = |loader: &[u8]| bytes.windows(loader.len()).any(|window| window == loader);
    !names(b"/ld-linux") && !names(b"/ld-musl")
}

#[test]
fn what_is_missing_is_named_with_its_package() {
    let absent = [("overlock-no-such", "a"), ("sh", "dash"), ("overlock-nor-this", "a"), ("overlock-nor-that", "b")];
    let said = missing(&absent).unwrap();
    assert_eq!(said, "no overlock-no-such, overlock-nor-this, overlock-nor-that here: install a, b");
    assert_eq!(missing(&[("sh", "dash")]), None);
    assert!(is_static(b"\x7fELF") && !is_static(b"\x7fELF/lib64/ld-linux-x86-64.so.2"));
}
