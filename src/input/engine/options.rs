//! Which engine, and how long to wait for it. Plain data; uses nothing else of this crate.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Where the engine is, and how long to wait for it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Its address (`--host`).
    pub host: Option<String>,
    /// A context of the Docker CLI (`--context`).
    pub context: Option<String>,
    /// How to secure a TCP connection; a context of the CLI has its own.
    pub tls: Tls,
    /// How long one conversation may take where nothing shares its time; at most a day.
    pub timeout: Duration,
    /// When all conversations must have ended, where several share one time.
    pub deadline: Option<Instant>,
    /// The environment: `DOCKER_*`, `HOME`, and all of it for the program `ssh`.
    pub environment: BTreeMap<String, String>,
}

/// The TLS options of the Docker CLI.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// `--tls`.
    pub on: bool,
    /// `--tlsverify`; either value turns TLS on.
    pub verify: Option<bool>,
    /// `--tlscacert`.
    pub cacert: Option<PathBuf>,
    /// `--tlscert`.
    pub cert: Option<PathBuf>,
    /// `--tlskey`.
    pub key: Option<PathBuf>,
}
