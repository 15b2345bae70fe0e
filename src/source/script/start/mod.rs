//! Reads the words that start a container: `docker run` and its kin, `docker compose run` and `up`. What they say is
//! given as plain data; nothing is run, and no file is read. May use `text` and `model`, and of the script's modules
//! `glyph` and `syntax`.
//!
//! ```text
//! table     which options there are
//! option    words -> options and operands
//! phrase    a word with what only the shell could tell kept whole
//! volume    `-v`, `--tmpfs`;  `mount`: `--mount`;  `mounted`: all of them together
//! program   which command it is
//! run       options -> a container;  `compose`: the same for Compose;  `exec`: a command in one that runs
//! ```

mod compose;
mod exec;
mod mount;
mod mounted;
mod option;
mod phrase;
mod program;
mod run;
mod table;
mod volume;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(super) use program::is_engine;

use super::doubt::Doubt;
use super::glyph::{Glyph, Text, Word};
use super::grammar;
use super::state::State;
use super::syntax::Stmt;
use super::walk::Walker;
use crate::model::{Command, Container, EnvVar, Flag, Label, Mount, Unseen, Value};
use crate::source::script;
use crate::text::{Sources, Span};

/// What words start.
#[derive(Debug, Clone)]
pub enum Start {
    /// A container of its own.
    Run(Box<Run>),
    /// A container of a Compose service.
    Compose(Box<ComposeRun>),
    /// Services of a Compose project.
    Up(Box<ComposeUp>),
    /// A command in a container that runs already.
    Exec(Box<Exec>),
    /// A container that is there already, again (`start`, `restart`).
    Existing,
    /// Which command of docker's it is hangs on a variable.
    Unclear(Unseen),
}

/// A container that is started by itself.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The container. Its name is that of `--name`, or else the image's. A command without words is one that takes the
    /// image's own away, as `--entrypoint` does.
    pub container: Container,
    /// The value of `--name`.
    pub name: Option<Value>,
    /// The files of `--env-file`, which come before the container's own variables.
    pub env_files: Vec<Value>,
    /// The files of `--label-file`.
    pub label_files: Vec<Value>,
    /// The containers whose mounts it takes, each perhaps with `:ro` or `:rw`; its own mounts win.
    pub volumes_from: Vec<Value>,
    /// The pid namespace: `host`, `container:NAME`.
    pub pid: Option<Value>,
    /// Whether it is given every privilege.
    pub privileged: bool,
    /// Whether the command that starts it does not wait for its end.
    pub detached: bool,
    /// Whether it is removed when it ends.
    pub removed: bool,
    /// Whether it is only created, to be started later.
    pub only_created: bool,
    /// The engine that is asked, where that is not the usual one: an address, a context, a connection.
    pub engine: Option<Value>,
    /// What of it is there on some ways only.
    pub perhaps: Perhaps,
    /// What was not understood, each as a clause.
    pub unseen: Vec<Unseen>,
    /// Why docker would start nothing, each as a clause.
    pub refused: Vec<Unseen>,
}

/// What is given only on some ways to the command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Perhaps {
    /// Mounts, by their place among the container's.
    pub mounts: Vec<usize>,
    /// Variables, by name.
    pub env: Vec<String>,
    /// Whether words of the command are.
    pub command: bool,
}

/// Which Compose project a command is about.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// The files of `-f`, from the directory of the command on; `-` is standard input. Empty: those that are found.
    pub files: Vec<Value>,
    /// The name.
    pub name: Option<Value>,
    /// The directory that stands for that of the first file.
    pub directory: Option<Value>,
    /// The files of `--env-file`, which stand for `.env`.
    pub env_files: Vec<Value>,
    /// The profiles that are switched on.
    pub profiles: Vec<Value>,
    /// The engine that is asked, where that is not the usual one.
    pub engine: Option<Value>,
}

/// A one-off container of a service (`compose run`), which has all that the service has but its ports.
#[derive(Debug, Clone, Default)]
pub struct ComposeRun {
    /// The project.
    pub project: Project,
    /// The service.
    pub service: Value,
    /// Where the whole command begins.
    pub span: Span,
    /// The value of `--name`.
    pub name: Option<Value>,
    /// The command that replaces the service's; `None` where the service's stays.
    pub command: Option<Command>,
    /// The entrypoint that replaces the service's and takes the service's command away.
    pub entrypoint: Option<Command>,
    /// The user that replaces the service's.
    pub user: Option<Value>,
    /// The working directory that replaces the service's.
    pub working_dir: Option<Value>,
    /// Whether a terminal is allocated; `None` where that hangs on whether there is one.
    pub tty: Option<Flag>,
    /// Whether standard input is kept open; by default it is.
    pub stdin_open: Option<Flag>,
    /// Variables over those of the service.
    pub env: BTreeMap<String, EnvVar>,
    /// The files of `--env-from-file`.
    pub env_files: Vec<Value>,
    /// Labels over those of the service.
    pub labels: BTreeMap<String, Label>,
    /// Mounts besides those of the service; of two at one target these win (version 1 leaves that to chance). A volume's
    /// name is the project's, or else the engine's.
    pub mounts: Vec<Mount>,
    /// Whether the services it depends on are left alone.
    pub no_deps: bool,
    /// Whether the command does not wait for its end.
    pub detached: bool,
    /// Whether it is removed when it ends.
    pub removed: bool,
    /// What of it is there on some ways only.
    pub perhaps: Perhaps,
    /// What was not understood, each as a clause.
    pub unseen: Vec<Unseen>,
    /// Why Compose would start nothing, each as a clause.
    pub refused: Vec<Unseen>,
}

/// Services that are started together (`compose up`).
#[derive(Debug, Clone, Default)]
pub struct ComposeUp {
    /// The project.
    pub project: Project,
    /// The services; empty for all.
    pub services: Vec<Value>,
    /// How many containers of a service there are (`SERVICE=NUMBER`).
    pub scale: Vec<Value>,
    /// Whether the services they depend on are left alone.
    pub no_deps: bool,
    /// Whether they are only created (`--no-start`, `compose create`).
    pub only_created: bool,
    /// Where the whole command begins.
    pub span: Span,
    /// What was not understood, each as a clause.
    pub unseen: Vec<Unseen>,
    /// Why Compose would start nothing, each as a clause.
    pub refused: Vec<Unseen>,
}

/// A command in a container that runs already.
#[derive(Debug, Clone, Default)]
pub struct Exec {
    /// Whether it is a Compose service that is named, and not a container.
    pub by_service: bool,
    /// The container or service.
    pub name: Value,
    /// The command.
    pub command: Command,
    /// The user, where it is not the container's.
    pub user: Option<Value>,
    /// The working directory, where it is not the container's.
    pub working_dir: Option<Value>,
    /// Variables over those of the container.
    pub env: BTreeMap<String, EnvVar>,
    /// Whether the command that starts it does not wait for its end.
    pub detached: bool,
    /// Where the whole command begins.
    pub span: Span,
    /// What was not understood, each as a clause.
    pub unseen: Vec<Unseen>,
}

/// What is known of a variable in the environment of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    /// It has this value, perhaps with symbols.
    Set(Value),
    /// It is not there.
    Unset,
    /// Nothing is known of it.
    Unknown,
}

/// Where a command runs.
pub struct Setting<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// Where the text stands, for what in it has no place of its own.
    pub here: Span,
    /// The directory that it runs in, absolute or with a symbol.
    pub base: Option<Value>,
    /// The environment that it runs in. What its words still leave to the shell is looked up here, and `-e NAME`.
    pub lookup: &'a dyn Fn(&str) -> Variable,
}

impl Setting<'_> {
    /// Where a text is written, if in one piece.
    fn spot(&self, text: &Text) -> Option<Span> {
        let (file, start, end) = text.run()?;
        let source = self.sources.get(file);
        Some(Span { file, start: source.position(start as usize), end: source.position(end as usize) })
    }

    fn span(&self, arg: &Arg) -> Span {
        arg.span.unwrap_or(self.here)
    }
}

/// A word of the command.
#[derive(Debug, Clone, Default)]
pub(super) struct Arg {
    text: Text,
    span: Option<Span>,
    /// Whether something went into it that is set in more than one way.
    unclear: bool,
    /// Whether it is there on some ways only.
    perhaps: bool,
    /// Whether it may be no word or several once the shell has replaced what is in it.
    splits: bool,
}

impl Arg {
    fn of(word: &Word, sources: &Sources) -> Self {
        let source = word.source.raw();
        let list = ["$@", "${@", "[@]"].iter().any(|all| source.contains(all));
        let splits = !word.text.is_fixed() && source.contains(['$', '`']) && (list || !source.contains('"'));
        let text = word.text.clone();
        let perhaps = word.doubt != Doubt::Sure;
        Self { text, span: word.place(sources), unclear: word.unclear, perhaps, splits }
    }
}

/// Reads the words of a command; `None` where they are not of the kind that starts a container.
pub(super) fn read(words: &[Word], setting: &Setting<'_>) -> Option<Start> {
    let args: Vec<Arg> = words.iter().map(|word| Arg::of(word, setting.sources)).collect();
    program::read(&args, setting)
}

/// Reads the first command of a shell's text, which runs in `directory`; `None` where it is not of the kind that
/// starts a container.
pub fn read_line(text: &str, directory: Option<&str>, lookup: &dyn Fn(&str) -> Variable) -> Option<Start> {
    let sources = Sources::default();
    read_text(text, directory, lookup, &sources)
}

fn read_text(
    text: &str,
    directory: Option<&str>,
    lookup: &dyn Fn(&str) -> Variable,
    sources: &Sources,
) -> Option<Start> {
    let file = sources.add("command", text);
    let at = |(at, ch): (usize, char)| Glyph { ch, at: u32::try_from(at).ok().map(|at| (file, at)), live: false };
    let parsed = grammar::parse(&Text(text.char_indices().map(at).collect()));
    let Stmt::Simple(simple) = &parsed.block.first()?.stmt else { return None };
    let here = Span::file_start(file);
    let words = Walker::new(script::Setting::unknown(sources), here).expand_all(&simple.words, &mut State::new());
    read(&words, &Setting { sources, here, base: directory.map(|path| Value::known(path, None)), lookup })
}
