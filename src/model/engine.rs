//! What an engine tells of a container that it has, and that no plan says.

use serde::{Deserialize, Serialize};

/// What the engine alone knows of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EngineFacts {
    /// The engine's id.
    pub id: String,
    /// What its engine is called, where that is not the first that was asked; empty of that one.
    pub engine: String,
    /// Whether `docker compose run` started it: Compose then leaves it alone when it brings the service up.
    pub one_off: bool,
    /// Whether the engine removes it when it ends (`docker run --rm`).
    pub auto_remove: bool,
    /// The engine's id of the image.
    pub image_id: String,
    /// The process that the engine started, in the engine's pid namespace; 0 where it tells none.
    pub pid: i32,
    /// When that was, as the engine writes it (RFC 3339).
    pub started_at: String,
    /// Whether it shares the host's pid namespace (`--pid host`), so that host processes are not apart from its own.
    pub host_pid: bool,
    /// The words that the engine started, as they are: never written.
    pub words: Vec<String>,
    /// The words of the health check.
    pub check: Vec<String>,
    /// The mounts as the engine tells them.
    pub mounts: Vec<EngineMount>,
    /// How much the engine told of it.
    pub inspection: Inspection,
}

/// What is told where no engine was asked.
pub(super) static NOTHING_TOLD: EngineFacts = EngineFacts {
    id: String::new(),
    engine: String::new(),
    one_off: false,
    auto_remove: false,
    image_id: String::new(),
    pid: 0,
    started_at: String::new(),
    host_pid: false,
    words: Vec::new(),
    check: Vec::new(),
    mounts: Vec::new(),
    inspection: Inspection::Whole,
};

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
    /// It ended between the list and its inspection; its mounts are known from the list.
    Ended,
    /// No engine that was asked lists it: what it runs and mounts, its own processes alone show.
    Unlisted,
    /// It could not be inspected, and its mounts are not known either.
    Nothing,
    /// It was gone before it could be inspected: it shares nothing any more.
    Gone,
}

impl Inspection {
    /// Whether the engine told what it would run.
    pub fn tells_program(self) -> bool {
        matches!(self, Self::Whole | Self::Unplaced | Self::Unlisted)
    }

    /// Whether it is told what is mounted.
    pub fn tells_mounts(self) -> bool {
        matches!(self, Self::Whole | Self::Mounts | Self::Ended)
    }

    /// The same where it could not be looked at what its mounts lead to.
    #[must_use]
    pub fn without_places(self) -> Self {
        match self {
            Self::Whole | Self::Unplaced => Self::Unplaced,
            Self::Mounts | Self::Ended | Self::Nothing => Self::Nothing,
            Self::Unlisted => Self::Unlisted,
            Self::Gone => Self::Gone,
        }
    }
}

/// A mount as the engine tells it (`Mounts` of an inspection).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
