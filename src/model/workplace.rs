//! That people work in a container, in terminals that they open there: what a devcontainer.json says of it. May use `text`.

use super::{Command, Invocation, Value};
use crate::text::Span;

/// The variable that stands for another text in each project.
pub const VARIABLE_OF_PROJECT: &str = "devcontainerId";

/// The label of a running container that says for which folder of the host people work in it.
pub const WORKPLACE_LABEL: &str = "devcontainer.local_folder";

/// A text in the place of that variable, which may be a part of a volume's name: no two files have one.
pub fn text_of_project(file: &str) -> String {
    let file: String = file.chars().map(|ch| if ch.is_ascii_alphanumeric() { ch } else { '_' }).collect();
    format!("{VARIABLE_OF_PROJECT}.{file}")
}

/// That people work in a container, whatever it runs by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workplace {
    /// Where that is written.
    pub span: Span,
    /// The commands that set it up, each time that it is made, starts, or somebody attaches to it.
    pub setup: Vec<Command>,
    /// What is run as its features are installed, as far as their files are here.
    pub feature_installs: Vec<Invocation>,
    /// How many of the last of the container's `installs` were made by these, and by the features.
    pub setup_installs: usize,
    /// What is installed in it beside its image.
    pub features: Vec<Feature>,
    /// The mounts, by their places, whose sources are named after the project: no two projects share one.
    pub own_mounts: Vec<Span>,
    /// The directory of the host that it is for: each project has one of its own.
    pub project_directory: Option<String>,
}

/// A package of tools that is installed as the container is made (the specification's "features").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its name without a version: `ghcr.io/OWNER/REPOSITORY/FEATURE`, or a path.
    pub name: String,
    /// The value of its option `version`.
    pub version: Option<Value>,
    /// Where it is named.
    pub span: Span,
}
