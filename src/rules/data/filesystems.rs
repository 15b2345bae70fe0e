//! What filesystems do with locks, and well-known places of a host: `rules/filesystems.yaml`.
//! Uses nothing else of this crate.

use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filesystems {
    /// Filesystem types that differ from a local one.
    pub types: Vec<FilesystemType>,
    /// Types that one host alone can mount, or that it keeps in its memory: whatever a source is called, it is the host's.
    pub local: Vec<String>,
    /// Host paths that tell the type.
    #[serde(default)]
    pub host_paths: Vec<HostPathHint>,
    /// Directories that belong to root in every image.
    #[serde(default)]
    pub root_owned: Vec<String>,
    /// Where the engine keeps local volumes.
    #[serde(default)]
    pub volume_directories: Vec<String>,
    /// Sockets whose holder can start containers.
    #[serde(default)]
    pub engine_sockets: Vec<String>,
    /// Commands that do not run a program though they touch its directory.
    #[serde(default)]
    pub bystander_commands: Vec<String>,
}

/// A filesystem type and whom its locks exclude.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesystemType {
    /// The type, as mountinfo names it.
    pub name: String,
    /// Whether an `flock` is seen by all containers of the host.
    pub flock: Visibility,
    /// Whether a directory made in one container is seen by all.
    pub mkdir: Visibility,
    /// Whether its source names one filesystem for every host that mounts it.
    #[serde(default)]
    pub network: bool,
    /// Mount options that change that.
    #[serde(default)]
    pub options: Vec<OptionEffect>,
    /// Where this is known from.
    pub source: String,
}

/// What a mount option does to locks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionEffect {
    /// The option, as mountinfo writes it.
    pub option: String,
    /// Whom an `flock` excludes with it.
    pub flock: Visibility,
    /// Where this is known from.
    pub source: String,
}

/// Whom a lock on a filesystem excludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody who mounts it.
    Excludes,
    /// Everybody on the same host.
    Host,
    /// Only processes of the same mount.
    Private,
}

/// A host path that tells which filesystem a bind of it will be.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostPathHint {
    /// The directory.
    pub prefix: String,
    /// The type.
    #[serde(rename = "type")]
    pub fstype: String,
    /// Why, as a clause.
    pub because: String,
}

impl Filesystems {
    /// Whether the source of a mount of this type names the same filesystem on every host.
    pub fn is_network(&self, fstype: &str) -> bool {
        self.types.iter().any(|known| known.network && known.name == fstype)
    }

    /// Whether what is on a type is its own host's.
    pub fn is_local(&self, fstype: &str) -> bool {
        self.local.iter().any(|known| known == fstype)
    }

    /// Whether it is not known of a type that other hosts cannot reach what is on it, nor how its locks reach them.
    pub fn is_unknown(&self, fstype: &str) -> bool {
        !self.is_local(fstype) && !self.is_network(fstype)
    }

    /// Whom an `flock` excludes on a mount of this type with these options, and where that is known from; `None` for
    /// a type that is not listed, which excludes everybody on the host.
    pub fn flock<'a>(&self, fstype: &str, mut options: impl Iterator<Item = &'a str>) -> Option<(Visibility, &str)> {
        let known = self.types.iter().find(|known| known.name == fstype)?;
        let changed = options.find_map(|option| known.options.iter().find(|effect| effect.option == option));
        Some(changed.map_or((known.flock, &known.source), |effect| (effect.flock, &effect.source)))
    }
}
