//! Command lines of docker, podman, nerdctl and Compose that start containers, read into plain data: nothing is run, and
//! no file is read. May use `text`, `model` and `compose`'s splitting of command lines.
//!
//! ```text
//! cli_family         the programs
//! option_tables      which options there are;  `options`: words -> options and operands
//! argument_text      a word, expanded as far as the environment is known
//! volume_option      `-v`, `--tmpfs`;  `mount_option`: `--mount`;  `mount_list`: all of them together
//! subcommand         which command it is:  `run_command`, `compose_command`, `exec_command`, `swarm_command`,
//!                    `build_command`
//! engine_choice      whose engine is asked
//! conditional_parts  the same command without what is given on some ways only
//! container_options  what those have in common
//! ```

mod argument_text;
mod build_command;
mod cli_family;
mod compose_command;
mod conditional_parts;
mod container_options;
mod engine_choice;
mod exec_command;
mod mount_list;
mod mount_option;
mod option_tables;
mod options;
mod run_command;
mod stop_command;
mod subcommand;
mod swarm_command;
mod volume_option;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use self::cli_family::{is_compose_program, is_engine_program};
pub use self::engine_choice::engine_host;
use crate::model::{
    Build, Command, Container, EnvVar, Flag, HandedVariables, Label, Mount, Unseen, Value, VariableState,
};
use crate::text::{Sources, Span, TracedText};

/// What a command runs.
#[derive(Debug, Clone)]
pub enum DockerCommand {
    /// A container of its own.
    Run(Box<DockerRun>),
    /// A container of a Compose service.
    ComposeRun(Box<ComposeRun>),
    /// Services of a Compose project.
    ComposeUp(Box<ComposeUp>),
    /// A command in a container that runs already.
    Exec(Box<DockerExec>),
    /// Images that are built under a name, or with arguments of its own.
    Build(Box<DockerBuild>),
    /// Containers that end.
    Stop(Box<DockerStop>),
    /// A container that is there already, again (`start`, `restart`).
    Existing(Vec<Value>),
    /// How many containers services of a swarm have, each as `NAME=NUMBER`.
    Scale(Vec<Value>),
    /// Which command it is depends on a variable.
    Unclear(Unseen),
    /// It starts containers that nothing here describes.
    NotRead(Unseen),
}

impl DockerCommand {
    /// Whether what it starts goes on while its script does.
    pub fn is_left_running(&self) -> bool {
        match self {
            Self::Run(run) => run.detached || run.only_created,
            Self::ComposeRun(run) => run.detached,
            Self::Exec(exec) => exec.detached,
            Self::Build(_) | Self::Stop(_) | Self::Scale(_) => false,
            Self::ComposeUp(_) | Self::Existing(_) | Self::Unclear(_) | Self::NotRead(_) => true,
        }
    }
}

impl DockerCommand {
    /// Whether it starts containers of its own, and not a command in one or one that is there.
    pub fn is_start(&self) -> bool {
        matches!(self, Self::Run(_) | Self::ComposeRun(_) | Self::ComposeUp(_) | Self::NotRead(_))
    }

    /// Whether what it starts is described in another place than in its words.
    pub fn is_described_elsewhere(&self) -> bool {
        matches!(self, Self::ComposeUp(_) | Self::ComposeRun(_) | Self::NotRead(_))
    }

    /// The Compose project whose containers it starts.
    pub fn started_project(&mut self) -> Option<&mut ComposeProject> {
        match self {
            Self::ComposeRun(run) => Some(&mut run.project),
            Self::ComposeUp(up) => Some(&mut up.project),
            _ => None,
        }
    }

    /// The Compose project that it acts on.
    pub fn project(&mut self) -> Option<&mut ComposeProject> {
        match self {
            Self::ComposeRun(run) => Some(&mut run.project),
            Self::ComposeUp(up) => Some(&mut up.project),
            Self::Build(build) => build.project.as_mut(),
            Self::Stop(stop) => stop.project.as_mut(),
            Self::Exec(exec) => exec.project.as_mut(),
            _ => None,
        }
    }

    /// Whether the engine may start again what it starts when that ends by itself.
    pub fn may_start_again(&self) -> bool {
        matches!(self, Self::Run(run) if run.restarts)
    }

    /// Whether it is waited for on some ways only.
    pub fn is_perhaps_detached(&self) -> bool {
        match self {
            Self::Run(run) => run.perhaps.detached && !run.only_created,
            Self::ComposeRun(run) => run.perhaps.detached,
            _ => false,
        }
    }
}

impl DockerCommand {
    /// Whether what it starts may read the input of the command.
    pub fn takes_input(&self) -> bool {
        let is_on = |flag: Option<&Flag>| flag.is_some_and(|flag| flag.on);
        match self {
            Self::Run(run) => is_on(run.container.stdin_open.as_ref()),
            Self::ComposeRun(run) => run.stdin_open.is_none_or(|flag| flag.on),
            Self::Exec(exec) => exec.takes_input,
            _ => false,
        }
    }
}

/// The command's own words for what it starts.
impl DockerCommand {
    /// What of it is there on some ways only.
    pub fn perhaps(&self) -> Option<&ConditionalParts> {
        match self {
            Self::Run(run) => Some(&run.perhaps),
            Self::ComposeRun(run) => Some(&run.perhaps),
            Self::Exec(exec) => Some(&exec.perhaps),
            _ => None,
        }
    }

    /// The engine that it asks, as the names of containers know it.
    pub fn name_scope(&self) -> &str {
        match self {
            Self::Run(run) => &run.name_scope,
            Self::ComposeRun(run) => &run.project.name_scope,
            _ => "",
        }
    }
}

/// A container that is started by itself.
#[derive(Debug, Clone, Default)]
pub struct DockerRun {
    /// The container. Its name is that of `--name`, or else the image's. A command without words removes the image's
    /// own, as `--entrypoint` does.
    pub container: Container,
    /// The value of `--name`.
    pub name: Option<Value>,
    /// How many containers of it a service of a swarm has.
    pub replicas: Option<u64>,
    /// The files of `--env-file`, which come before the container's own variables.
    pub env_files: Vec<Value>,
    /// The files of `--label-file`.
    pub label_files: Vec<Value>,
    /// The containers whose mounts it takes, each perhaps with `:ro` or `:rw`; its own mounts win.
    pub volumes_from: Vec<Value>,
    /// Whether the command that starts it does not wait for its end.
    pub detached: bool,
    /// Whether it is only created, to be started later.
    pub only_created: bool,
    /// Whether the engine may start it again when it ends by itself (`--restart`).
    pub restarts: bool,
    /// The engine that is asked, where that is not the usual one: an address, a context, a connection.
    pub engine: Option<Value>,
    /// Tells the engine whose containers have no two of one name; empty for the usual one of docker.
    pub name_scope: String,
    /// What of it is there on some ways only.
    pub perhaps: ConditionalParts,
    /// What was not understood, each as a clause.
    pub unseen: Vec<Unseen>,
    /// Why docker would start nothing, each as a clause.
    pub refused: Vec<Unseen>,
}

/// The parts of a container that are given on some ways through the script only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConditionalParts {
    /// Mounts, by their index among the container's.
    pub mounts: Vec<usize>,
    /// Variables, by name.
    pub env: Vec<String>,
    /// What is given for these on all ways, where something is.
    pub sure_env: BTreeMap<String, EnvVar>,
    /// The command without the words that are among them, where there are such.
    pub command: Option<Command>,
    /// Whether a name is among them.
    pub name: bool,
    /// Whether it is detached on some ways only.
    pub detached: bool,
}

/// The Compose project that a command acts on.
#[derive(Debug, Clone, Default)]
pub struct ComposeProject {
    /// The files of `-f`, from the directory of the command on; `-` is standard input. Empty: those that are found.
    pub files: Vec<Value>,
    /// Of these the paths that are named on some ways through the script only.
    pub files_on_some_ways: Vec<String>,
    /// The name.
    pub name: Option<Value>,
    /// The directory that replaces that of the first file.
    pub directory: Option<Value>,
    /// The directory that the command runs in, absolute or with a symbol; `None` where nothing is known of it.
    pub runs_in: Option<Value>,
    /// The words that name that directory, where `runs_in` stands for any.
    pub runs_in_words: Option<Value>,
    /// Where the script copied the project to, which is what Compose names it after: the paths are those of the originals.
    pub copied_to: Option<Value>,
    /// The files of `--env-file`, which replace `.env`.
    pub env_files: Vec<Value>,
    /// The profiles that are switched on.
    pub profiles: Vec<Value>,
    /// The engine that is asked, where that is not the usual one.
    pub engine: Option<Value>,
    /// Tells the engine whose containers have no two of one name; empty for the usual one of docker.
    pub name_scope: String,
    /// The variables that the script hands it, which go over those of files.
    pub variables: HandedVariables,
}

/// A one-off container of a service (`compose run`), which has all that the service has but its ports.
#[derive(Debug, Clone, Default)]
pub struct ComposeRun {
    /// The project.
    pub project: ComposeProject,
    /// The service.
    pub service: Value,
    /// Where the whole command begins.
    pub span: Span,
    /// The value of `--name`.
    pub name: Option<Value>,
    /// The command that replaces the service's; `None` where the service's stays.
    pub command: Option<Command>,
    /// The entrypoint that replaces the service's and removes the service's command.
    pub entrypoint: Option<Command>,
    /// The user that replaces the service's.
    pub user: Option<Value>,
    /// The working directory that replaces the service's.
    pub working_dir: Option<Value>,
    /// Whether a terminal is allocated; `None` where that depends on whether there is one.
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
    /// Why these may not be all.
    pub unseen_mounts: Option<Unseen>,
    /// Whether the command does not wait for its end.
    pub detached: bool,
    /// Whether the services that it depends on are left as they are (`--no-deps`), for certain.
    pub alone: bool,
    /// What of it is there on some ways only.
    pub perhaps: ConditionalParts,
    /// What was not understood, each as a clause.
    pub unseen: Vec<Unseen>,
    /// Why Compose would start nothing, each as a clause.
    pub refused: Vec<Unseen>,
}

/// Services that are started together (`compose up`), as their files describe them.
#[derive(Debug, Clone, Default)]
pub struct ComposeUp {
    /// The project.
    pub project: ComposeProject,
    /// The services; empty for all.
    pub services: Vec<Value>,
    /// How many containers of a service there are (`SERVICE=NUMBER`).
    pub scale: Vec<Value>,
    /// Whether the services that they depend on are left as they are (`--no-deps`), for certain.
    pub alone: bool,
    /// Where the whole command begins.
    pub span: Span,
    /// What was not understood, each as a clause.
    pub unseen: Vec<Unseen>,
    /// Why Compose would start nothing, each as a clause.
    pub refused: Vec<Unseen>,
}

/// Images that are built: one with a name (`docker build`), or those of services (`compose build`) with arguments that win
/// over those of their files.
#[derive(Debug, Clone, Default)]
pub struct DockerBuild {
    /// The project whose services are built; `None` for one image.
    pub project: Option<ComposeProject>,
    /// The services; empty for all.
    pub services: Vec<Value>,
    /// What the image is called.
    pub tags: Vec<Value>,
    /// What the one image is built from; `None` where that is not known whole.
    pub image: Option<Build>,
    /// The arguments.
    pub args: BTreeMap<String, EnvVar>,
}

/// Containers that run no more after a command.
#[derive(Debug, Clone, Default)]
pub struct DockerStop {
    /// The containers, or the services of the project; empty for all of its services.
    pub names: Vec<Value>,
    /// Tells the engine whose containers have no two of one name; empty for the usual one of docker.
    pub name_scope: String,
    /// The Compose project, where it is one's services.
    pub project: Option<ComposeProject>,
    /// Whether it only waits until they end by themselves (`wait`).
    pub only_waits: bool,
    /// Whether it waits for as long as somebody reads what they print (`logs -f`, `attach`).
    pub only_follows: bool,
}

/// A command in a container that runs already.
#[derive(Debug, Clone, Default)]
pub struct DockerExec {
    /// Whether it is a Compose service that is named, and not a container.
    pub by_service: bool,
    /// The project of that service.
    pub project: Option<ComposeProject>,
    /// The container or service.
    pub name: Value,
    /// The command.
    pub command: Command,
    /// The engine that is asked, where that is not the usual one.
    pub engine: Option<Value>,
    /// The user, where it is not the container's.
    pub user: Option<Value>,
    /// The working directory, where it is not the container's.
    pub working_dir: Option<Value>,
    /// Variables over those of the container.
    pub env: BTreeMap<String, EnvVar>,
    /// Whether it reads the input of the command that starts it.
    pub takes_input: bool,
    /// Whether the command that starts it does not wait for its end.
    pub detached: bool,
    /// Where the whole command begins.
    pub span: Span,
    /// What of it is there on some ways only.
    pub perhaps: ConditionalParts,
    /// What was not understood, each as a clause.
    pub unseen: Vec<Unseen>,
}

/// Where a command runs.
pub struct CommandContext<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// Where the text is written, for words in it without a position of their own.
    pub here: Span,
    /// The directory that it runs in, absolute or with a symbol.
    pub base: Option<Value>,
    /// The words that name that directory, where `base` stands for any: two that are equal need not be one.
    pub base_words: Option<Value>,
    /// The environment that it runs in. What its words still leave to the shell is looked up here, and `-e NAME`. `PWD` is
    /// where the text began that the command is in: what came from there is not where the command runs after a `cd`.
    pub environment: &'a dyn Fn(&str) -> VariableState,
    /// What variables that the script itself sets say of the engine and the project.
    pub ambient: AmbientChoice,
    /// The variables that the script itself sets for the command, asked for where the command reads files with them.
    pub handed: &'a dyn Fn() -> HandedVariables,
}

/// What the environment of a command says in place of options: no more than what something that was read sets. A value
/// that is not known is one with a symbol.
#[derive(Debug, Clone, Default)]
pub struct AmbientChoice {
    /// The engine (`DOCKER_HOST`, `DOCKER_CONTEXT`).
    pub engine: Option<Value>,
    /// That of podman (`CONTAINER_HOST`, `CONTAINER_CONNECTION`).
    pub podman_engine: Option<Value>,
    /// Who runs the command, where that is known.
    pub user: Option<String>,
    /// The project's name (`COMPOSE_PROJECT_NAME`).
    pub project_name: Option<Value>,
    /// The project's files (`COMPOSE_FILE`), with colons between them.
    pub project_files: Option<Value>,
    /// The files of variables that replace `.env` (`COMPOSE_ENV_FILES`), with commas between them.
    pub project_env_files: Option<Value>,
}

impl CommandContext<'_> {
    /// Where a text is written, if in one piece.
    fn text_span(&self, text: &TracedText) -> Option<Span> {
        let (file, start, end) = text.byte_range()?;
        let source = self.sources.get(file);
        Some(Span { file, start: source.position(start as usize), end: source.position(end as usize) })
    }

    fn argument_span(&self, arg: &Argument) -> Span {
        arg.span.unwrap_or(self.here)
    }
}

/// A word of the command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Argument {
    pub(crate) text: TracedText,
    pub(crate) span: Option<Span>,
    /// Whether something in it is set in more than one way.
    pub(crate) unclear: bool,
    /// Whether it is there on some ways only.
    pub(crate) perhaps: bool,
    /// Whether it may be no word or several once the shell has expanded it.
    pub(crate) splits: bool,
}

/// Reads the words of a command; `None` where they are not of the kind that starts a container.
pub(crate) fn read(words: &[Argument], context: &CommandContext<'_>) -> Option<DockerCommand> {
    subcommand::read_command(words, context)
}
