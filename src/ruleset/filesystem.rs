//! What filesystems do with locks, and well-known places of a host: `rules/filesystems.yaml`.
//! Uses nothing else of this crate.

use serde::Deserialize;

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filesystems {
    /// Filesystem types that differ from a local one.
    pub types: Vec<FilesystemType>,
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
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesystemType {
    /// The type, as mountinfo names it.
    pub name: String,
    /// Whether an `flock` is seen by all containers of the host.
    pub flock: Visibility,
    /// Whether a directory made in one container is seen by all.
    pub mkdir: Visibility,
    /// Where this is known from.
    pub source: String,
}

/// Whom a lock on a filesystem excludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody who mounts it.
    Excludes,
    /// Only processes of the same mount.
    Private,
}

/// A host path that tells which filesystem a bind of it will be.
#[derive(Debug, Clone, Deserialize)]
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
    /// The filesystem type that a bind of this host path will have, with the reason, where that can be told.
    pub fn hint(&self, host_path: &str) -> Option<(&FilesystemType, &HostPathHint)> {
        let hint = self.host_paths.iter().find(|hint| crate::model::split_below(host_path, &hint.prefix).is_some())?;
        let fstype = self.types.iter().find(|fstype| fstype.name == hint.fstype)?;
        Some((fstype, hint))
    }
}
