//! The command line, as types: formats and thresholds are those of `render` and `rules`, named here for clap. With what
//! lies below it, the one home of clap.

mod manual;
mod plugin;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::render::{Format, Picture};
use crate::rules::{FailOn, Severity};

pub use manual::{Page, completions, pages};
pub use plugin::{Call, Engine, METADATA, call};

/// Says whether containers that share a program's state directory also share the lock that protects it.
#[derive(Debug, Parser)]
#[command(
    name = "overlock",
    version,
    max_term_width = 100,
    after_help = "\
Exit status: 0 nothing at or above --fail-on; 1 findings; 2 wrong usage or unreadable input;
3 something could not be inspected and nothing worse was found."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Add or replace rules with those of this directory; one that overlock.yaml names only adds programs
    #[arg(long, global = true, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// The configuration, instead of the overlock.yaml between the first PATH and the top of its repository, or for what
    /// runs here instead of /etc/overlock/overlock.yaml
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Go by no overlock.yaml
    #[arg(long, global = true)]
    pub no_config: bool,
    /// When to colour; NO_COLOR is respected
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
}

impl Cli {
    /// Whether it goes on until it is told to stop.
    pub fn lasts(&self) -> bool {
        matches!(self.command, Command::Watch(_))
    }
}

/// What the words of a call mean; `plugin` where docker calls.
///
/// # Errors
/// Wrong usage, with what to print. Also help and version, which are no errors.
pub fn parse(words: Vec<OsString>, plugin: bool) -> Result<Cli, clap::Error> {
    let command = if plugin { Cli::command().bin_name("docker overlock") } else { Cli::command() };
    let mut matches = command.clone().try_get_matches_from(words)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command.clone()))
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge compose projects, with the code that they run: files, directories, scripts that start containers
    Check(Check),
    /// Judge the containers that run here, by the engine and by the kernel
    Audit(Audit),
    /// Judge what a plan would change of what runs here, with the plan's paths looked up on this host
    Preflight(Preflight),
    /// Judge what runs here and tell what changed since the last report; for cron
    Report(Report),
    /// Judge each container as it is made and started, from now on: a line for each that comes, goes or is judged otherwise
    #[command(mut_arg("from", |from| from.hide(true)))]
    Watch(Watch),
    /// Say where a path of a running container really lives, and who else reaches it
    Where(Where),
    /// Print what `audit` would judge, so that it can be judged elsewhere with --from; secrets are taken out
    Capture(Capture),
    /// Draw who shares a state directory and which locks join them: of a plan, or of what runs here
    Graph(Graph),
    /// Print the resolved project as `docker compose config --format json` does, without Docker
    Config(Config),
    /// Say what a rule means, why, and how to fix what it finds
    Explain(Explain),
    /// Print the completion script of a shell
    Completions(Completions),
    /// Print the manual page, or write one for each subcommand
    Man(Man),
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Compose files; shell scripts that start containers; directories: a project, or searched for projects, and for
    /// such scripts. Without any, the project is found as Compose finds it
    pub paths: Vec<PathBuf>,
    /// Compose's own options.
    #[command(flatten)]
    pub compose: Compose,
    /// Judge them beside what a capture of their host says runs there; planned services replace their own containers
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Change the compose files where a remedy is mechanical and safe, then judge what is left; see `overlock explain`
    /// for those in words
    #[arg(long, conflicts_with_all = ["from", "profile", "write_baseline"])]
    pub fix: bool,
    /// Print what --fix would change as a unified diff, and write nothing
    #[arg(long, conflicts_with_all = ["from", "profile", "fix", "format", "write_baseline"])]
    pub diff: bool,
    /// How the result is printed and what fails the run.
    #[command(flatten)]
    pub output: Output,
    /// What is known already.
    #[command(flatten)]
    pub accept: Accept,
    /// Fail only on findings that point at lines changed since REV, or since the branches parted; asks git
    #[arg(long, value_name = "REV", conflicts_with = "write_baseline")]
    pub since: Option<String>,
    /// Fail also where the change since REV itself adds an ignore, a declaration, a severity, other rules or findings of the
    /// baseline
    #[arg(long, requires = "since")]
    pub fail_on_accept: bool,
}

/// How a report is printed and what fails the run.
#[derive(Debug, Args)]
pub struct Output {
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write the result in this format to FILE, or print it; may be given several times, and at most once without FILE
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = destination, conflicts_with = "format")]
    pub output: Vec<Destination>,
    /// From which severity on findings fail the run [default: error, or what overlock.yaml says]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
}

/// Findings that do not count, since they were there before.
#[derive(Debug, Default, Args)]
pub struct Accept {
    /// Findings of this file do not count; --write-baseline writes it
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write what is found to this file, the one of --baseline, or overlock.baseline.json
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub write_baseline: Option<Option<PathBuf>>,
}

/// A format, and the file that gets it; standard output where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The format.
    pub format: Format,
    /// The file.
    pub file: Option<PathBuf>,
}

/// Reads `FORMAT` or `FORMAT=FILE`.
fn destination(text: &str) -> Result<Destination, String> {
    let (format, file) = match text.split_once('=') {
        Some((_, "")) => return Err("there is no file after the `=`".to_owned()),
        Some((format, file)) => (format, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let names = || Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let format = Format::from_str(format, false).map_err(|_| {
        let known: Vec<String> = names().map(|name| name.get_name().to_owned()).collect();
        format!("the formats are {}", known.join(", "))
    })?;
    Ok(Destination { format, file })
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// Names or ids of containers; others are looked at too, since they may be peers, but only these are told of.
    /// Without any, all are
    #[arg(value_name = "CONTAINER")]
    pub containers: Vec<String>,
    /// What to look at.
    #[command(flatten)]
    pub sight: Sight,
    /// Compare the logins of different directories, in memory, to find copies of one login
    #[arg(long)]
    pub compare_identities: bool,
    /// How the result is printed and what fails the run.
    #[command(flatten)]
    pub output: Output,
    /// What is known already.
    #[command(flatten)]
    pub accept: Accept,
}

/// Arguments of `preflight`.
#[derive(Debug, Args)]
pub struct Preflight {
    /// What is planned: compose files, directories, scripts that start containers, as for `check`
    pub paths: Vec<PathBuf>,
    /// Compose's own options.
    #[command(flatten)]
    pub compose: Compose,
    /// What to look at.
    #[command(flatten)]
    pub sight: Sight,
    /// How the result is printed and what fails the run.
    #[command(flatten)]
    pub output: Output,
    /// What is known already.
    #[command(flatten)]
    pub accept: Accept,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct Report {
    /// What to look at.
    #[command(flatten)]
    pub sight: Sight,
    /// Compare the logins of different directories, in memory, to find copies of one login
    #[arg(long)]
    pub compare_identities: bool,
    /// Where the last report is remembered [default: $XDG_STATE_HOME/overlock, or ~/.local/state/overlock]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Print nothing and exit with 0 when nothing changed since the last report; files of --output are written all the
    /// same
    #[arg(long)]
    pub quiet: bool,
    /// How the result is printed and what fails the run.
    #[command(flatten)]
    pub output: Output,
    /// What is known already.
    #[command(flatten)]
    pub accept: Accept,
}

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// What to look at.
    #[command(flatten)]
    pub sight: Sight,
    /// How to print each line
    #[arg(long, value_enum, default_value_t = WatchFormat::Text)]
    pub format: WatchFormat,
    /// Tell of every container, not only of those that have to do with a known program
    #[arg(long)]
    pub all: bool,
}

/// Formats of `watch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WatchFormat {
    /// For people
    Text,
    /// For programs: one object a line
    Json,
}

/// Arguments of `where`.
#[derive(Debug, Args)]
pub struct Where {
    /// The container's name or id, then paths in it, existing or not. After `--host PATH` only more paths of the host
    #[arg(value_name = "CONTAINER PATH")]
    pub words: Vec<String>,
    /// What to look at.
    #[command(flatten)]
    pub sight: Sight,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = WhereFormat::Text)]
    pub format: WhereFormat,
}

/// Formats of `where`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhereFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Arguments of `capture`.
#[derive(Debug, Args)]
pub struct Capture {
    /// What to look at.
    #[command(flatten)]
    pub sight: Sight,
    /// Note which directories hold the same login, and nothing else of it
    #[arg(long)]
    pub compare_identities: bool,
}

/// What running containers are seen through.
#[derive(Debug, Args)]
pub struct Sight {
    /// Judge what `overlock capture` wrote, instead of what runs here; several are joined
    #[arg(long, value_name = "FILE", conflicts_with_all = ["context", "proc"])]
    pub from: Vec<PathBuf>,
    /// The engine: unix://, tcp://, https:// or ssh://, as for docker. For `where` also a path of the host
    #[arg(short = 'H', long, value_name = "URL")]
    pub host: Option<String>,
    /// The engine's context, as for docker
    #[arg(short, long, value_name = "NAME", conflicts_with = "host")]
    pub context: Option<String>,
    /// Speak TLS to the engine
    #[arg(long)]
    pub tls: bool,
    /// Speak TLS and verify the engine
    #[arg(long)]
    pub tlsverify: bool,
    /// Certificates of those the engine's is trusted from
    #[arg(long, value_name = "FILE")]
    pub tlscacert: Option<PathBuf>,
    /// The certificate to show to the engine
    #[arg(long, value_name = "FILE")]
    pub tlscert: Option<PathBuf>,
    /// Its key
    #[arg(long, value_name = "FILE")]
    pub tlskey: Option<PathBuf>,
    /// The /proc of the engine's host, where that is mounted elsewhere
    #[arg(long, value_name = "DIR", default_value = "/proc")]
    pub proc: PathBuf,
    /// How long engine and kernel may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
}

/// Arguments of `graph`.
#[derive(Debug, Args)]
pub struct Graph {
    /// What `check` takes: with a PATH, or an option of Compose's, the plan is drawn; without any, what runs here
    pub paths: Vec<PathBuf>,
    /// Compose's own options.
    #[command(flatten)]
    pub compose: Compose,
    /// What to look at. A plan is drawn beside what --from was captured.
    #[command(flatten)]
    pub sight: Sight,
    /// How to draw it
    #[arg(long, value_enum, default_value_t = Picture::Svg)]
    pub format: Picture,
}

impl Graph {
    /// Whether anything says that a plan is meant.
    pub fn is_planned(&self) -> bool {
        let Compose { file, project_name, project_directory, env_file, profile } = &self.compose;
        let lists = [self.paths.is_empty(), file.is_empty(), env_file.is_empty(), profile.is_empty()];
        lists.contains(&false) || project_name.is_some() || project_directory.is_some()
    }
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct Config {
    /// A compose file, or the directory of a project. Without one, the project is found as Compose finds it
    #[arg(conflicts_with = "file")]
    pub path: Option<PathBuf>,
    /// Compose's own options.
    #[command(flatten)]
    pub compose: Compose,
    /// How to print the result; one of Compose's own formats is known here
    #[arg(long, value_enum, default_value_t = ConfigFormat::Json)]
    pub format: ConfigFormat,
}

/// Formats of `config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConfigFormat {
    /// What `docker compose config --format json` prints
    Json,
}

/// Compose's own options, with Compose's meaning.
#[derive(Debug, Args)]
pub struct Compose {
    /// Compose file; several are merged in order, `-` is standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// Project name
    #[arg(short, long, value_name = "NAME", overrides_with = "project_name")]
    pub project_name: Option<String>,
    /// Directory that relative paths start from
    #[arg(long, value_name = "DIR", overrides_with = "project_directory")]
    pub project_directory: Option<PathBuf>,
    /// File of variables for interpolation, instead of .env
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
    /// Only what Compose would start with this profile; `check` judges every service without it, `config` prints those
    /// that need none
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The rule; without one, all are listed
    pub rule: Option<String>,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}

/// Shells that completion scripts are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash: source it, or put it into ~/.local/share/bash-completion/completions/overlock
    Bash,
    /// Zsh: put it as _overlock into a directory of $fpath
    Zsh,
    /// Fish: put it into ~/.config/fish/completions/overlock.fish
    Fish,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Write one page for each subcommand into this directory, and print none
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.help()))
    }
}

impl ValueEnum for Picture {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Svg, Self::Mermaid, Self::Dot]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Svg => ("svg", "A picture that stands alone"),
            Self::Mermaid => ("mermaid", "Text that pages of Markdown draw, as on GitHub and GitLab"),
            Self::Dot => ("dot", "Text for Graphviz"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

impl ValueEnum for FailOn {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Severity(Severity::Error),
            Self::Severity(Severity::Warning),
            Self::Severity(Severity::Note),
            Self::Never,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Severity(Severity::Error) => ("error", "Errors"),
            Self::Severity(Severity::Warning) => ("warning", "Warnings and errors"),
            Self::Severity(Severity::Note) => ("note", "Anything"),
            Self::Never => ("never", "Nothing: only unreadable input and gaps do"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
