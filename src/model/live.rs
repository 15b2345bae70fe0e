//! What the kernel and the engine add to a container that runs: mounts as the kernel names them, links, what stands at
//! a path, the program installed. May use `text`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::kernel::NOTHING_SHOWN;
use super::{EngineFacts, HostTree, KernelFacts};
use crate::text::Span;

/// What only a look gives: at a running container, or at the host that a planned one would run on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Live {
    /// The host it runs on, where several are judged together.
    pub host: Option<String>,
    /// What the host calls what is mounted.
    pub tree: Arc<HostTree>,
    /// Where its engine keeps volumes: a host path below it is the volume.
    pub volume_directory: Option<String>,
    /// Whether this stands for the host's own user and not for a container.
    pub is_host: bool,
    /// Whether it is planned: of its files only those on the host's mounts could be looked at.
    pub is_planned: bool,
    /// What the engine tells of it, where it has it.
    pub engine: EngineFacts,
    /// The mount that is its root, where the kernel showed it.
    pub root: Option<Box<KernelMount>>,
    /// What the kernel shows; `None` where it could not be asked. Of a planned one, what stands where it would be.
    pub kernel: Option<KernelFacts>,
}

impl Live {
    /// Whether the engine did not tell what it would run.
    pub fn is_uninspected(&self) -> bool {
        !self.engine.inspection.tells_program()
    }

    /// Whether nobody told what it mounts.
    pub fn mounts_unknown(&self) -> bool {
        !self.engine.inspection.tells_mounts() && self.kernel.is_none()
    }

    /// What the kernel shows; nothing where it could not be asked.
    pub fn shown(&self) -> &KernelFacts {
        self.kernel.as_ref().unwrap_or(&NOTHING_SHOWN)
    }
}

/// A symbolic link: what it is called and what it leads to, both clean and absolute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The link itself; no other link is on its path.
    pub name: String,
    /// Its target.
    pub target: String,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// The owner, as the user namespace of the tool numbers it.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// Permission bits, the lower twelve of `st_mode`.
    pub mode: u32,
    /// When it was last modified, in seconds since 1970.
    pub modified: i64,
    /// How long that was before the look, in seconds; negative where it lies in the future.
    #[serde(skip)]
    pub age: i64,
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// Something else: a socket, a device, a FIFO.
    Other,
}

/// An installed program, found in the container's own files and never run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// The profile's id.
    pub program: String,
    /// Where it was found.
    pub path: String,
    /// Its version, where its files tell.
    pub version: Option<String>,
    /// The line that shows it.
    #[serde(skip)]
    pub span: Option<Span>,
}

/// Who a process runs as.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Identity {
    /// The filesystem user id, as the user namespace of the tool numbers it.
    pub uid: u32,
    /// The filesystem group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Whether it may write where permissions say otherwise (`CAP_DAC_OVERRIDE`).
    pub overrides: bool,
}

impl Identity {
    /// Whether this user may make and remove names in a directory (path_resolution(7)).
    pub fn may_write(&self, entry: &Entry) -> bool {
        let shift = match () {
            () if self.uid == entry.uid => 6,
            () if self.gid == entry.gid || self.groups.contains(&entry.gid) => 3,
            () => 0,
        };
        // To make a name in a directory takes both writing and searching it.
        let wanted = if entry.kind == EntryKind::Directory { 0o3 } else { 0o2 };
        self.overrides || (entry.mode >> shift) & wanted == wanted
    }
}

/// A mount as the kernel's mountinfo names it (proc_pid_mountinfo(5)), escapes decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelMount {
    /// The mount's id.
    pub id: i32,
    /// The mount it is on.
    pub parent: i32,
    /// The superblock, `major:minor`.
    pub device: String,
    /// The path in the filesystem that is the root of this mount; ends in `//deleted` where that is gone.
    pub root: String,
    /// Where it is mounted, from the container's own root.
    pub mount_point: String,
    /// The filesystem type.
    pub fstype: String,
    /// The source: a device, an export, or a name that means nothing.
    pub source: String,
    /// Options of the mount, sorted.
    pub options: Vec<String>,
    /// Options of the superblock, sorted.
    pub super_options: Vec<String>,
}

impl KernelMount {
    /// Whether nothing can be written through this mount.
    pub fn is_read_only(&self) -> bool {
        [&self.options, &self.super_options].iter().any(|options| options.iter().any(|option| option == "ro"))
    }

    /// What tells its filesystem from others of the host, where it has no place in the host's own tree.
    pub fn filesystem(&self) -> String {
        format!("{} {}", self.fstype, self.device)
    }

    /// The root of the mount, and whether that directory is no longer in its filesystem.
    pub fn root(&self) -> (&str, bool) {
        self.root.strip_suffix("//deleted").map_or((&self.root, false), |root| (root, true))
    }
}
