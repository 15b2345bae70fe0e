//! An image as a Dockerfile or an engine describes it: its settings, and the steps that make its files. May use `model`
//! and `text`.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::build_context::BuildContext;
use super::instructions;
use super::path_content::PathContent;
use super::run_words::{PlainCall, RunWords};
use crate::input::shell;
use crate::model::{Command, EnvVar, Invocation, Label, Unseen, Value};
use crate::text::{Sources, Span};

/// What a name stands for that the file itself does not explain.
#[derive(Debug, Clone)]
pub enum NamedSource {
    /// An image that is built too.
    Image(Rc<Image>),
    /// A directory (an additional build context).
    Context(Rc<dyn BuildContext>),
}

/// What a stage of a Dockerfile makes, with all that it takes over from the stages below it.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// What the lowest stage begins with.
    pub base: BaseImage,
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
    pub steps: Vec<Rc<BuildStep>>,
    /// What could not be read or understood.
    pub unseen: Vec<Unseen>,
    /// Whether it is one that an engine has, so that what was copied into it is not known.
    pub stored: bool,
    /// Build arguments that hold at its end: a stage on it has them too.
    pub(super) args: BTreeMap<String, EnvVar>,
    /// What an `ENV` set before an `ARG` of the same name: builders do not agree on what it then is.
    pub(super) unclear: BTreeSet<String>,
    /// Every working directory it had: each is made.
    pub(super) directories: BTreeSet<String>,
    /// `ONBUILD`: what a stage on it begins with.
    pub(super) triggers: Vec<Rc<instructions::Instruction>>,
    /// What was found at which path.
    pub(super) found: FoundPaths,
}

impl Image {
    /// An image that is another one and nothing more.
    pub fn of_base(name: Value) -> Self {
        Self { base: BaseImage::Named(name), ..Self::default() }
    }
}

/// What was found at which path of an image. A copy of the image, to which more is added, has found nothing.
#[derive(Debug, Default)]
pub(super) struct FoundPaths(pub(super) RefCell<HashMap<String, PathContent>>);

impl Clone for FoundPaths {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What an image begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BaseImage {
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
pub enum BuildStep {
    /// `COPY` and `ADD`.
    Copy(CopyStep),
    /// `RUN`.
    Run(RunStep),
    /// An instruction that was not understood, and may have done anything.
    Unread(Span),
}

/// A `COPY` or `ADD`.
#[derive(Debug, Clone)]
pub struct CopyStep {
    /// Where its paths are.
    pub from: CopyOrigin,
    /// What is copied.
    pub sources: Vec<CopySource>,
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
pub enum CopyOrigin {
    /// In a build context; `None` where that is not at hand.
    Context(Option<Rc<dyn BuildContext>>),
    /// In another stage, or an image that is built too.
    Stage(Rc<Image>),
    /// In an image from elsewhere.
    Image(Value),
}

/// One thing that is copied.
#[derive(Debug, Clone)]
pub enum CopySource {
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
pub struct RunStep {
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
    /// What is mounted meanwhile (`--mount=type=bind`), as if it were copied.
    pub binds: Vec<CopyStep>,
    /// The files of the host that it is lent (`--mount=type=secret`).
    pub secrets: Vec<SecretMount>,
    /// The instruction.
    pub span: Span,
    /// What was read of it, once that was asked for.
    pub(super) read: Box<ReadRun>,
}

/// A file of the host that a `RUN` sees, and that is no part of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretMount {
    /// What the one who builds the image calls it.
    pub id: String,
    /// Where it is meanwhile: absolute and clean unless symbolic.
    pub target: Value,
}

/// What is read of a `RUN`: once, however many paths are looked for, and for however many containers.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadRun {
    text: OnceCell<String>,
    invocations: OnceCell<Rc<[Invocation]>>,
    pub(super) build_calls: OnceCell<Rc<[Invocation]>>,
    pub(super) words: OnceCell<Rc<RunWords>>,
    pub(super) calls: OnceCell<Rc<[PlainCall]>>,
}

impl RunStep {
    /// The commands that it runs.
    pub(super) fn invocations(&self, sources: &Sources) -> &[Invocation] {
        let read = || shell::read_commands(Some(&self.command), None, sources).invocations.into();
        self.read.invocations.get_or_init(read)
    }

    /// All that it runs, as text.
    pub(super) fn command_text(&self) -> &str {
        self.read.text.get_or_init(|| {
            let words = self.command.words.iter().chain(&self.script).map(|word| word.text.as_str());
            words.collect::<Vec<_>>().join(" ")
        })
    }
}

impl BuildStep {
    /// Where it is written.
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Copy(copied) => copied.span,
            Self::Run(ran) => ran.span,
            Self::Unread(span) => *span,
        }
    }
}
