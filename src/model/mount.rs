//! A mount as the container sees it. May use `text`.

use super::{KernelMount, Value};
use crate::text::Span;

/// A mount, as the container sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The mount point: clean and absolute unless symbolic.
    pub target: Value,
    /// What is mounted there.
    pub source: MountSource,
    /// A path below the source that is mounted instead of its root (`volume.subpath`): clean, without a leading slash.
    pub subpath: Option<String>,
    /// Whether it is mounted read-only.
    pub read_only: bool,
    /// Where the mount is written.
    pub span: Span,
    /// Where what it refers to is defined, such as a named volume with `driver_opts`.
    pub defined: Option<Span>,
    /// The mount itself, where the kernel showed it.
    pub kernel: Option<Box<KernelMount>>,
    /// Why it is not what the engine's path suggests, as a clause; `None` where it is, or nothing tells.
    pub stale: Option<String>,
    /// Whether the engine starts no container where the source is missing, rather than make it
    /// (`bind.create_host_path: false`, `--mount type=bind`, a volume that is a bind).
    pub must_exist: bool,
    /// The engine's name of the volume, where it is one that the plan says is made from elsewhere.
    pub volume: Option<String>,
    /// The options that a volume's driver mounts it with, as far as they are known, with commas between them.
    pub driver_options: String,
    /// The source as it is written, where links of the host lead from there to `source`.
    pub link: Option<String>,
    /// The text of the file that is mounted, where the source is no file but this.
    pub content: Option<Box<Value>>,
    /// A variable in it that a script hands to what starts the container, and where the script sets it
    /// (`DIR is set at up.sh:2`); `None` where none is, or a file beside it decides.
    pub set_by_script: Option<String>,
}

impl Mount {
    /// A mount that can be written, of which no more is known.
    pub fn new(target: Value, source: MountSource, span: Span) -> Self {
        Self {
            target,
            source,
            subpath: None,
            read_only: false,
            span,
            defined: None,
            kernel: None,
            stale: None,
            must_exist: false,
            volume: None,
            driver_options: String::new(),
            link: None,
            content: None,
            set_by_script: None,
        }
    }
}

impl Mount {
    /// The path or the name that is mounted, as far as it is written.
    pub fn source_text(&self) -> Option<&str> {
        match &self.source {
            MountSource::Host(value) | MountSource::Volume(value) | MountSource::Unresolved(value) => Some(&value.text),
            MountSource::Device { device, .. } => Some(&device.text),
            MountSource::Anonymous | MountSource::Tmpfs | MountSource::Injected | MountSource::Unlisted { .. } => None,
        }
    }
}

/// What a mount puts at its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountSource {
    /// A directory or file of the host: clean and absolute unless symbolic. Also a named volume whose
    /// `driver_opts` bind a host directory.
    Host(Value),
    /// A named volume, by the engine's name for it.
    Volume(Value),
    /// A volume that the `local` driver mounts from elsewhere (NFS, CIFS, a block device).
    Device {
        /// The filesystem type.
        fstype: String,
        /// The device or export, in the one form that all spellings of it have.
        device: Value,
        /// Those of the mount options that tell it from another filesystem, sorted, with commas between them.
        options: String,
    },
    /// A volume without a name: a fresh one for each container.
    Anonymous,
    /// A tmpfs of this container.
    Tmpfs,
    /// A path or a volume's name, which only the unset variable it begins with could tell.
    Unresolved(Value),
    /// Content that no other container writes: an image, a secret, a config.
    Injected,
    /// A directory of a filesystem that has no place in the host's own tree: one that was deleted, or that is mounted
    /// in containers only.
    Unlisted {
        /// What tells the filesystem, or the deleted directory, from others of the host.
        filesystem: String,
        /// The path in it.
        path: String,
    },
}
