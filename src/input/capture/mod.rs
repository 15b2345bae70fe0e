//! What one host's engine and kernel showed of its running containers, as plain data: what `audit` judges, what
//! `capture` writes and `--from` reads. Nothing here asks an engine or a kernel. May use `text`, `model`, `rules`.

mod call;
mod host;
mod layout;
mod mounts;
mod read;
mod redact;
mod replaced;
mod told;
pub mod tree;
mod volumes;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{KeptValue, KernelFacts, Script};

pub use layout::{HOST, layout};
pub use read::{CaptureError, read};
pub use redact::redact;
pub use replaced::{compose_project, compose_service, join_running, planned_services};
pub(in crate::input) use volumes::EngineVolumes;
pub use volumes::settle_volumes;

/// The version of the file format.
pub const VERSION: u32 = 1;

/// One host at one time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// The version of the file format.
    pub overlock_capture: u32,
    /// The host's name, as its engine gives it.
    pub host: String,
    /// When it was taken, in seconds since 1970, by the clock of the tool.
    pub taken_at: i64,
    /// The home of the person who ran the tool, where that was on the host itself.
    pub home: Option<String>,
    /// Where the engine keeps its volumes (`DockerRootDir` with `/volumes`).
    pub volume_directory: Option<String>,
    /// How the engine keeps the files of its images (`Driver`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub driver: String,
    /// Whose users its containers' are.
    #[serde(default, skip_serializing_if = "Users::are_same")]
    pub users: Users,
    /// What the kernel shows of the host itself: mounts as its first process sees them, and processes of a known program
    /// outside any container; `None` where it could not be asked.
    pub own: Option<KernelFacts>,
    /// Local volumes that the driver mounts from elsewhere, by name.
    pub volumes: BTreeMap<String, VolumeOptions>,
    /// The running containers, by name.
    pub containers: Vec<Running>,
    /// What could not be looked at that concerns the host as a whole, each with what would settle it.
    pub gaps: Vec<String>,
}

/// Whose users those of an engine's containers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Users {
    /// The host's: a number means the same in both.
    #[default]
    Same,
    /// Others of the host (`userns-remap`).
    Remapped,
    /// Those that the person may use who runs the engine without root.
    Rootless,
}

impl Users {
    // The signature is serde's.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field itself in")]
    fn are_same(&self) -> bool {
        *self == Self::Same
    }
}

impl Capture {
    /// Where the engine keeps all that is its own (`DockerRootDir`).
    pub fn engine_directory(&self) -> Option<&str> {
        self.volume_directory.as_deref()?.strip_suffix("/volumes")
    }

    /// What a container is called in the layout; with the host's name where several hosts are judged together.
    pub fn name_of(&self, container: &str, several: bool) -> String {
        if several { format!("{}:{container}", self.host) } else { container.to_owned() }
    }
}

/// What a local volume's driver was told (`docker volume create -o`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeOptions {
    /// The filesystem type.
    pub fstype: String,
    /// The device, export or directory.
    pub device: String,
    /// The mount options; a password in them is taken out.
    pub options: String,
}

/// A running container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    /// The engine's id.
    pub id: String,
    /// Its name, without the engine's leading slash.
    pub name: String,
    /// The Compose project it was started by.
    pub project: Option<String>,
    /// The Compose service it was started by.
    pub service: Option<String>,
    /// Whether `docker compose run` started it: Compose then leaves it alone when it brings the service up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_off: bool,
    /// The image's name.
    pub image: String,
    /// The engine's id of the image.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image_id: String,
    /// The process that the engine started, in the engine's pid namespace; 0 where it tells none.
    pub pid: i32,
    /// When that was, as the engine writes it (RFC 3339).
    pub started_at: String,
    /// The user as configured: `uid`, `uid:gid`, a name, or empty for root.
    pub user: String,
    /// The working directory; empty for the root.
    pub working_dir: String,
    /// Whether a terminal is allocated.
    pub tty: bool,
    /// Whether standard input is kept open.
    pub stdin_open: bool,
    /// Whether the container's own filesystem is read-only.
    pub read_only: bool,
    /// Whether it shares the host's pid namespace (`--pid host`), so that host processes are not apart from its own.
    pub host_pid: bool,
    /// Environment as configured, by name.
    pub env: BTreeMap<String, KeptValue>,
    /// Labels that declare facts (`overlock.*`).
    pub labels: BTreeMap<String, String>,
    /// The words that the engine started, as they are: never written.
    #[serde(skip)]
    pub words: Vec<String>,
    /// The words of the health check.
    #[serde(skip)]
    pub check: Vec<String>,
    /// What these were seen to run.
    pub script: Script,
    /// The mounts as the engine tells them.
    pub mounts: Vec<EngineMount>,
    /// How much the engine told of it.
    #[serde(default, skip_serializing_if = "Inspection::is_whole")]
    pub inspection: Inspection,
    /// What the kernel shows; `None` where it could not be asked, and `gaps` says why.
    pub kernel: Option<KernelFacts>,
    /// What could not be looked at, each as a clause.
    pub gaps: Vec<String>,
}

/// How much the engine told of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inspection {
    /// It was inspected.
    #[default]
    Whole,
    /// It was inspected; where the sources of its mounts lead could not be looked at in time.
    Unplaced,
    /// It could not be inspected; its mounts are known from the list.
    Mounts,
    /// It could not be inspected, and its mounts are not known either.
    Nothing,
    /// It was gone before it could be inspected: it shares nothing any more.
    Gone,
}

impl Inspection {
    // The signature is serde's.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field itself in")]
    fn is_whole(&self) -> bool {
        *self == Self::Whole
    }

    /// Whether the engine told what it would run.
    pub fn tells_program(self) -> bool {
        matches!(self, Self::Whole | Self::Unplaced)
    }

    /// Whether it is told what is mounted.
    pub fn tells_mounts(self) -> bool {
        matches!(self, Self::Whole | Self::Mounts)
    }

    /// The same where it could not be looked at what its mounts lead to.
    #[must_use]
    pub fn without_places(self) -> Self {
        match self {
            Self::Whole | Self::Unplaced => Self::Unplaced,
            Self::Mounts | Self::Nothing => Self::Nothing,
            Self::Gone => Self::Gone,
        }
    }
}

/// A mount as the engine tells it (`Mounts` of an inspection).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineMount {
    /// `bind`, `volume`, `tmpfs`, `image`, `npipe` or `cluster`.
    pub kind: String,
    /// The volume's name; empty for other kinds.
    pub name: String,
    /// The host path that the engine mounted.
    pub source: String,
    /// Where, in the container.
    pub target: String,
    /// Whether it can be written.
    pub writable: bool,
}
