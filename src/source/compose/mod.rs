//! Compose files to a layout: found, read, interpolated, merged, and each service read. May use `text` and `model`.

mod discover;
mod dotenv;
mod env;
mod extends;
mod field;
mod include;
mod interpolate;
mod merge;
mod project;
mod read;
mod rebase;
mod service;
mod volume;

use discover::discover;
pub use discover::find;
pub use project::{Project, resolve};
pub use service::layout;

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where Compose would run.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The process environment; `HOME` is what `~` stands for.
    pub environment: BTreeMap<String, String>,
    /// The working directory.
    pub cwd: PathBuf,
}

/// Compose's own options, for one project.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `-f`: the files, merged in order; `-` is standard input. Empty: found as Compose finds them.
    pub files: Vec<PathBuf>,
    /// `-p`.
    pub project_name: Option<String>,
    /// `--project-directory`.
    pub project_directory: Option<PathBuf>,
    /// `--env-file`; empty: `.env` beside the first file.
    pub env_files: Vec<PathBuf>,
    /// `--profile`.
    pub profiles: Profiles,
    /// What standard input holds, for `-f -`.
    pub stdin: Option<Vec<u8>>,
}

/// Which services are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Profiles {
    /// Every service, whatever its profiles: for a review.
    #[default]
    All,
    /// What Compose would start with these profiles active.
    Active(Vec<String>),
}
