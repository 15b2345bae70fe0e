//! Compose files to a layout: found, read, interpolated, merged, and each service read. May use `text` and `model`.

mod called_project;
mod canonical;
mod cast;
mod compose_input;
mod consistency;
mod content;
mod discover;
mod document;
mod dotenv;
mod env;
mod extended_file;
mod extends;
mod field;
mod found;
mod frame;
#[cfg(fuzzing)]
pub mod fuzz;
mod include;
mod interpolate;
mod merge;
mod mount;
mod normalize;
mod paths;
mod port;
mod project;
mod project_files;
mod read;
mod resets;
mod rule;
mod schema;
mod search;
mod service;
mod shape;
mod tree;
mod unique;
mod units;
mod volume;
mod words;
mod written_file;

pub use called_project::CalledProject;
pub use compose_input::ComposeKind;
pub(super) use content::is_whole_project;
use discover::discover;
pub use discover::{default_files, is_default_name};
pub use document::document;
pub(super) use field::command_words;
use project::load_project;
pub use project::{Project, resolve};
pub use project_files::form_projects;
pub use search::find;
pub use service::layout;
pub use written_file::WrittenFile;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::{HandedVariables, Level, TypedPaths};
use crate::text::Span;

/// Where Compose would run.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The process environment; `HOME` is what `~` stands for.
    pub environment: BTreeMap<String, String>,
    /// The working directory.
    pub cwd: PathBuf,
    /// Whether values of the environment may be shown, as they may not where a stranger's files ask for them.
    pub shows_values: bool,
    /// What a person typed of paths elsewhere.
    pub typed: TypedPaths,
}

impl Context {
    /// A path as a person would write it.
    pub fn name(&self, path: &Path) -> PathBuf {
        self.typed.name(path, &self.cwd)
    }

    /// The environment whose values are not shown.
    fn hidden(&self) -> Option<&BTreeMap<String, String>> {
        (!self.shows_values).then_some(&self.environment)
    }
}

/// Compose's own options, for one project.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `-f`: the files, merged in order; `-` is standard input. Empty: found as Compose finds them.
    pub files: Vec<PathBuf>,
    /// The directory that Compose would be run in, where that is not the working directory: its `.env` says where the
    /// files are, and `PWD` is it.
    pub runs_in: Option<PathBuf>,
    /// `-p`.
    pub project_name: Option<String>,
    /// `--project-directory`.
    pub project_directory: Option<PathBuf>,
    /// `--env-file`; empty: `.env` beside the first file.
    pub env_files: Vec<PathBuf>,
    /// Whether a command of the repository names those, and no person typed them.
    pub are_env_files_of_a_command: bool,
    /// `--profile`.
    pub profiles: Profiles,
    /// What standard input holds, for `-f -`.
    pub stdin: Option<Vec<u8>>,
    /// One of the files, where it is none yet and a script writes it.
    pub written: Option<Arc<WrittenFile>>,
    /// What becomes of what Compose would refuse.
    pub mode: Mode,
    /// The variables that what calls Compose hands it: they go over the environment here and `.env`.
    pub handed: HandedVariables,
}

/// What becomes of what Compose would refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// It is told and the rest goes on; a variable that is not set stays what it is, a symbol.
    #[default]
    Review,
    /// It ends the reading, as it ends Compose; a variable that is not set is empty.
    Strict,
}

/// Something that Compose refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    /// Where.
    span: Span,
    /// What is wrong and what to do, without a value of the environment.
    message: String,
    /// How much it takes away from a review.
    in_review: Level,
    /// What a review makes of it, as a clause.
    consequence: Option<&'static str>,
}

/// What a review makes of a part that is of no use.
const NOT_JUDGED: &str = "it is not judged";

impl Refusal {
    /// What makes the input unreadable to Compose.
    fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), in_review: Level::Error, consequence: None }
    }

    /// The same, and what a review makes of it.
    fn then(self, consequence: &'static str) -> Self {
        Self { consequence: Some(consequence), ..self }
    }

    /// The same, taking no more than this away from a review.
    fn at_most(self, level: Level) -> Self {
        Self { in_review: level, ..self }
    }
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
