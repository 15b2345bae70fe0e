//! Everything that can be read, each giving a layout and its gaps; `git` gives the files of a revision. May use
//! `text`, `model` and `rules`.
//!
//! Files that containers are described in or started from are of kinds, and this is the seam between them:
//!
//! ```text
//! paths -> discovery: one walk, each kind is asked -> found inputs -> each is loaded -> pieces -> join -> layout
//! ```
//!
//! A new kind is a folder with an [`InputKind`], and a line in `KINDS`.

mod absent_files;
mod candidate_file;
pub mod capture;
pub mod compose;
mod crontab;
mod described_containers;
mod devcontainer;
mod discovery;
pub mod docker_cli;
pub mod dockerfile;
mod document;
pub mod engine;
#[cfg(test)]
mod entry_file_tests;
mod exclusion;
#[cfg(fuzzing)]
pub mod fuzz;
pub mod git;
mod handed_projects;
mod input_kind;
mod join;
mod justfile;
pub mod kernel;
mod launchers;
mod local_volume;
mod makefile;
mod nomad;
mod other_texts;
mod outer_text;
mod package_json;
mod package_manifest;
mod pipeline;
mod procfile;
mod program_names;
pub mod project;
mod recipe_files;
mod repository_links;
mod schedule;
mod script;
pub mod shell;
mod start_words;
mod supervisor_conf;
mod systemd;
mod taskfile;
mod template_text;
mod terraform;
#[cfg(test)]
mod tests;
mod unread;
pub mod walk;
mod written_projects;

pub use candidate_file::CandidateFile;
pub use discovery::discover;
pub use exclusion::Exclusion;
pub use input_kind::{
    FoundBy, FoundInput, FoundInputs, InputKind, LoadContext, Piece, SearchedDirectory, UnreadWeight,
};
pub use join::load;
pub use nomad::hcl_comments;
pub use program_names::ProgramNames;

/// The kinds of input, in the order in which they are asked whose a file is.
const KINDS: &[&dyn InputKind] = &[
    &script::ScriptKind,
    DEFAULT_KIND,
    &devcontainer::DevelopmentContainerKind,
    &unread::DEVELOPMENT_CONTAINER_TEMPLATE,
    &nomad::NomadKind,
    &makefile::MakefileKind,
    &systemd::SystemdServiceKind,
    &unread::QUADLET,
    &unread::KUBERNETES,
    &taskfile::TaskfileKind,
    &pipeline::WORKFLOW,
    &pipeline::GITLAB,
    &pipeline::WOODPECKER,
    &unread::PIPELINE,
    &unread::FRAMEWORK,
    &launchers::PYTHON,
    &launchers::JAVASCRIPT,
    &launchers::GO,
    &launchers::RUST,
    &launchers::RUBY,
    &launchers::PERL,
    &launchers::DOTNET,
    &launchers::JAVA,
    &launchers::PHP,
    &launchers::SWIFT,
    &launchers::LUA,
    &launchers::NIX,
    &launchers::OTHER_PROGRAM,
    &launchers::FISH,
    &launchers::NUSHELL,
    &launchers::POWERSHELL,
    &launchers::BATCH,
    &launchers::VAGRANT,
    &terraform::TerraformKind,
    &justfile::JustfileKind,
    &package_json::PackageJsonKind,
    &crontab::CrontabKind,
    &procfile::ProcfileKind,
    &document::DocumentKind,
    &launchers::ANSIBLE,
    &unread::TEMPLATE,
    &launchers::SETTINGS,
    &other_texts::OtherTextKind,
    &described_containers::DescribedContainersKind,
];

/// What scripts are called in a report.
const SCRIPT: &str = script::ScriptKind::NAME;

/// The kind of a file that a person names and that looks like no other.
const DEFAULT_KIND: &dyn InputKind = &compose::ComposeKind;
