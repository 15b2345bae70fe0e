//! What one host's engine and kernel showed of its running containers, as plain data: what `audit` judges, what
//! `capture` writes and `--from` reads. Nothing here asks an engine or a kernel. May use `text`, `model`, `rules`.

mod call;
mod host;
mod layout;
mod mounts;
mod read;
mod record;
mod recurring;
mod redact;
mod replaced;
mod stream;
mod told;
pub mod tree;
mod volumes;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Container, KernelFacts};

pub use layout::{HOST, layout};
pub use read::{CaptureError, ReadCapture, read, read_whole};
pub use redact::redact;
pub use replaced::{compose_project, compose_service, join_engine, join_running, planned_services};
pub use stream::CaptureTexts;
pub(in crate::input) use volumes::EngineVolumes;
pub use volumes::settle_volumes;

/// The version of the file format.
pub const VERSION: u32 = 1;

/// One host at one time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
    #[serde(with = "record")]
    pub containers: Vec<Container>,
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
pub struct VolumeOptions {
    /// The filesystem type.
    pub fstype: String,
    /// The device, export or directory.
    pub device: String,
    /// The mount options; a password in them is taken out.
    pub options: String,
}
