//! Dockerfiles: what an image built from one is, and which text stands at a path in it. May use `text`, `model` and
//! `source::shell`.
//!
//! ```text
//! lines     text -> instructions, each character with its place (`words`, `expand` their words)
//! stages    instructions -> one image a stage, on the stages below it; `stage` runs the instructions
//!           (`files` those that make files)
//! find      a path in an image, backwards through its steps: `copied` what a COPY puts there, `ran` what a RUN does (`operand`, `transfer`)
//! context   what a COPY copies from: a directory (`ignored` by its .dockerignore, `pattern` its wildcards)
//! load      the same from disk;  stored: one that an engine has
//! ```
//!
//! The rules are BuildKit's; where the classic builder has others, both are in doubt and the value stays a symbol.

mod context;
mod copied;
mod expand;
mod files;
mod find;
mod ignored;
mod lines;
mod load;
mod operand;
mod pattern;
mod ran;
mod stage;
mod stages;
mod stored;
mod transfer;
mod words;

#[cfg(test)]
mod tests;

pub use context::{Context, Directory, Kind};
pub use find::Found;
pub use load::{Build, Dockerfile, load};
pub use stages::read;
pub use stored::{InImage, Stored};

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use crate::model::{Command, EnvVar, Label, Unseen, Value};
use crate::text::Span;

/// The comments of a Dockerfile, each in bytes from its `#` on.
pub fn comments(text: &str) -> Vec<Range<usize>> {
    lines::comments(text)
}

/// The symbol in a path that begins at the working directory of a base from elsewhere.
pub const BASE_WORKDIR: &str = "WORKDIR";

/// What a build is asked for, beside the Dockerfile.
pub struct Request<'a> {
    /// The stage, by its name or number; the last where it is `None`.
    pub target: Option<&'a str>,
    /// Build arguments, which win over the defaults in the file.
    pub args: &'a BTreeMap<String, EnvVar>,
    /// What a COPY copies from; `None` where that is not at hand, such as a git repository.
    pub context: Option<Rc<dyn Context>>,
    /// What a name in FROM or `--from` stands for, where it is no stage of the file and no image from elsewhere.
    pub bases: &'a dyn Fn(&str) -> Option<Given>,
}

/// What a name stands for that the file itself does not explain.
#[derive(Debug, Clone)]
pub enum Given {
    /// An image that is built too.
    Image(Rc<Image>),
    /// A directory (an additional build context).
    Context(Rc<dyn Context>),
}

/// What a stage of a Dockerfile makes, with all that it takes over from the stages below it.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// What the lowest stage begins with.
    pub base: Base,
    /// `ENV`. For a base from elsewhere without the variables that it sets.
    pub env: BTreeMap<String, EnvVar>,
    /// The user; `None` for the base's own.
    pub user: Option<Value>,
    /// The working directory, absolute; `None` for the base's own.
    pub working_dir: Option<Value>,
    /// The entrypoint; `None` for the base's own.
    pub entrypoint: Option<Command>,
    /// The command; `None` for the base's own, no words where an `ENTRYPOINT` took the base's own away.
    pub command: Option<Command>,
    /// The health check; `None` for the base's own, no words for `HEALTHCHECK NONE`.
    pub healthcheck: Option<Command>,
    /// The shell of the shell form; `None` for the base's own, which is nearly always `/bin/sh -c`.
    pub shell: Option<Command>,
    /// Labels by name.
    pub labels: BTreeMap<String, Label>,
    /// Paths of volumes, as they are written.
    pub volumes: Vec<Value>,
    /// What its files are made of, in order, stages below first.
    pub steps: Vec<Rc<Step>>,
    /// What could not be read or understood.
    pub unseen: Vec<Unseen>,
    /// Whether it is one that an engine has, so that what was copied into it is not known.
    pub stored: bool,
    /// Build arguments that hold at its end: a stage on it has them too.
    args: BTreeMap<String, EnvVar>,
    /// What an `ENV` set before an `ARG` of the same name: builders do not agree on what it then is.
    unclear: BTreeSet<String>,
    /// Every working directory it had: each is made.
    directories: BTreeSet<String>,
    /// `ONBUILD`: what a stage on it begins with.
    triggers: Vec<Rc<lines::Instruction>>,
}

/// What an image begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Base {
    /// Nothing at all.
    Scratch,
    /// An image from elsewhere.
    Named(Value),
    /// The Dockerfile could not be read so far as to tell.
    #[default]
    Unread,
}

/// What changes an image's files.
#[derive(Debug, Clone)]
pub enum Step {
    /// `COPY` and `ADD`.
    Copy(Copied),
    /// `RUN`.
    Run(Ran),
    /// An instruction that was not understood, and may have done anything.
    Unread(Span),
}

/// A `COPY` or `ADD`.
#[derive(Debug, Clone)]
pub struct Copied {
    /// Where its paths are.
    pub from: From,
    /// What is copied.
    pub sources: Vec<Source>,
    /// Where to: absolute and clean unless symbolic.
    pub target: Value,
    /// Whether the target is written as a directory, with a slash at its end.
    pub into: bool,
    /// `--parents`: the directories of a source are kept.
    pub parents: bool,
    /// `--exclude`: what is left out, as patterns.
    pub excludes: Vec<Value>,
    /// Whether archives are unpacked (`ADD`).
    pub unpacks: bool,
    /// The instruction.
    pub span: Span,
}

/// Where the paths of a copy are.
#[derive(Debug, Clone)]
pub enum From {
    /// In a build context; `None` where that is not at hand.
    Context(Option<Rc<dyn Context>>),
    /// In another stage, or an image that is built too.
    Stage(Rc<Image>),
    /// In an image from elsewhere.
    Image(Value),
}

/// One thing that is copied.
#[derive(Debug, Clone)]
pub enum Source {
    /// A path, perhaps with wildcards.
    Path(Value),
    /// A here-document: the file's name and its text.
    Text {
        /// The name, which counts where the target is a directory.
        name: String,
        /// The text, and where it stands.
        text: Value,
    },
    /// A URL or a git repository.
    Remote(Value),
}

/// A `RUN`.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The words to run: of the shell form the shell in force and the text, which keeps the line continuations as
    /// backslashes; a here-document alone is that text, or where it begins with `#!` its interpreter and a name.
    pub command: Command,
    /// The here-document that the interpreter reads.
    pub script: Option<Value>,
    /// The environment it runs in: what `ENV` and `ARG` hold, and of a base from elsewhere not what that sets.
    pub env: Rc<BTreeMap<String, EnvVar>>,
    /// The user; `None` for the base's own.
    pub user: Option<Value>,
    /// The working directory; `None` for the base's own.
    pub working_dir: Option<Value>,
    /// The instruction.
    pub span: Span,
}
