//! What decides which copy of a program a container runs, beside the commands of its image's build. Uses `script` and
//! `container`. May use `text`.

use std::sync::Arc;

use super::{Invocation, Unseen};
use crate::text::Span;

/// What brings programs and packages into a container by other ways than the commands of its image's build.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProgramSources {
    /// What its image copies from other stages of its build and from other images, in order.
    pub stages: Vec<StageCopy>,
    /// The files that its build puts where programs are looked for.
    pub placed: Vec<PlacedProgram>,
    /// The paths of programs at which its build puts scripts that were read.
    pub scripts: Vec<String>,
    /// What it installs by lists of packages when it starts: the commands, with the packages as further words.
    pub listed_at_start: Vec<Invocation>,
    /// Lists of packages that its build, or it itself, installs by and that were not read, as clauses.
    pub unread_lists: Vec<Unseen>,
    /// What the code imports that it runs.
    pub imports: Vec<ModuleImport>,
}

/// What an image copies from another stage of its build, or from another image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageCopy {
    /// The paths there, absolute.
    pub sources: Vec<String>,
    /// Where they are put, without a slash at its end.
    pub target: String,
    /// The commands that made it, as for [`Container::installs`](super::Container::installs); `None` where that is not
    /// known.
    pub installs: Option<Arc<[Invocation]>>,
    /// The lists of packages that something is installed by there and that were not read.
    pub unread_lists: Vec<Unseen>,
    /// How many commands of the container's own build ran before.
    pub commands_before: usize,
    /// The instruction.
    pub span: Span,
}

/// A file with the name of a program that a build puts where programs are looked for, and of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedProgram {
    /// Its path.
    pub path: String,
    /// Why it may be anything, as a clause.
    pub why: String,
    /// How many commands of the container's own build ran before.
    pub commands_before: usize,
    /// The instruction.
    pub span: Span,
}

/// A module that code imports which a container runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleImport {
    /// The module, as the code names it.
    pub module: String,
    /// The path of the program that the code has it call in place of a copy of its own.
    pub called_path: Option<String>,
    /// The file, as a person would write it.
    pub file: String,
    /// Where it is named.
    pub span: Span,
}
