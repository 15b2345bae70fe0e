//! Filesystems of several types on the host, on loop devices, mounted once a run.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::must;

/// Where on the host a directory can lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Disk {
    /// The filesystem of the temporary folder, as the machine has it.
    Plain,
    Ext4,
    Xfs,
    Btrfs,
    /// A subvolume of the same btrfs.
    Subvolume,
    /// Another subvolume of it, in which inode numbers repeat.
    Other,
    Tmpfs,
}

impl Disk {
    pub(crate) const ALL: [Self; 7] =
        [Self::Plain, Self::Ext4, Self::Xfs, Self::Btrfs, Self::Subvolume, Self::Other, Self::Tmpfs];

    fn path(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
            Self::Btrfs => "btrfs/top",
            Self::Subvolume => "btrfs/one",
            Self::Other => "btrfs/two",
            Self::Tmpfs => "tmpfs",
        }
    }

    /// The same directory by way of another mount: a subvolume mounted by itself, else a bind.
    fn alias(self) -> &'static str {
        match self {
            Self::Plain => "plain-again",
            Self::Ext4 => "ext4-again",
            Self::Xfs => "xfs-again",
            Self::Btrfs => "btrfs-again/top",
            Self::Subvolume => "one",
            Self::Other => "two",
            Self::Tmpfs => "tmpfs-again",
        }
    }
}

/// The mounted filesystems.
pub(crate) struct Disks(PathBuf);

impl Disks {
    pub(crate) fn mount(folder: &Path) -> Self {
        let at = folder.join("disks");
        fs::create_dir(&at).unwrap();
        let disks = Self(at);
        fs::create_dir(disks.0.join("plain")).unwrap();
        disks.loop_mount("ext4", 64, "mkfs.ext4", &["-q"]);
        // The least that each of them makes.
        disks.loop_mount("xfs", 300, "mkfs.xfs", &["-q"]);
        disks.loop_mount("btrfs", 256, "mkfs.btrfs", &["-q"]);
        fs::create_dir(disks.0.join("btrfs/top")).unwrap();
        for subvolume in ["one", "two"] {
            must("btrfs", &["-q", "subvolume", "create", &disks.text(&format!("btrfs/{subvolume}"))]);
            let option = format!("loop,subvol={subvolume}");
            fs::create_dir(disks.0.join(subvolume)).unwrap();
            must("mount", &["-o", &option, &disks.text("btrfs.image"), &disks.text(subvolume)]);
        }
        fs::create_dir(disks.0.join("tmpfs")).unwrap();
        must("mount", &["-t", "tmpfs", "-o", "size=64m", "overlock-test", &disks.text("tmpfs")]);
        for name in ["plain", "ext4", "xfs", "btrfs", "tmpfs"] {
            let again = format!("{name}-again");
            fs::create_dir(disks.0.join(&again)).unwrap();
            must("mount", &["--bind", &disks.text(name), &disks.text(&again)]);
        }
        for disk in Disk::ALL {
            fs::set_permissions(disks.path(disk), fs::Permissions::from_mode(0o755)).unwrap();
        }
        disks
    }

    fn loop_mount(&self, name: &str, megabytes: u64, make: &str, options: &[&str]) {
        let image = self.0.join(format!("{name}.image"));
        File::create(&image).unwrap().set_len(megabytes << 20).unwrap();
        must(make, &[options, &[image.to_str().unwrap()]].concat());
        fs::create_dir(self.0.join(name)).unwrap();
        must("mount", &["-o", "loop", image.to_str().unwrap(), &self.text(name)]);
    }

    fn text(&self, below: &str) -> String {
        self.0.join(below).to_str().unwrap().to_owned()
    }

    /// Where a filesystem is mounted.
    pub(crate) fn path(&self, disk: Disk) -> PathBuf {
        self.0.join(disk.path())
    }

    /// Where the same filesystem is mounted once more.
    pub(crate) fn alias(&self, disk: Disk) -> PathBuf {
        self.0.join(disk.alias())
    }
}
