//! The command line, as types: formats and thresholds are those of `render` and `rules`, named here for clap. With what
//! lies below it, the one home of clap.

mod detail;
mod examples;
mod init;
mod manual;
mod plugin;
mod running;
mod value_names;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::render::{Format, Picture};
use crate::rules::FailOn;

pub use init::Init;
pub use manual::{Page, completions, pages};
pub use plugin::{Call, Engine, METADATA, call};
pub use running::{Audit, Capture, LookArguments, Preflight, Report, Watch, WatchFormat, Where, WhereFormat};

/// Headings of the options in the help.
const INPUT: &str = "Input";
const COMPOSE: &str = "Compose";
const JUDGING: &str = "Judging";
const FIXING: &str = "Fixing";
const OUTPUT: &str = "Output";
const CONFIGURATION: &str = "Configuration";

/// Where options that every command has are shown: behind those of its own, whose number differs.
const LAST: usize = 1_000;

/// Says whether containers that share a program's state directory also share the lock that protects it.
#[derive(Debug, Parser)]
#[command(
    name = "overlock",
    version,
    max_term_width = 100,
    after_help = "\
Exit status:
  0  no finding at or above --fail-on
  1  findings at or above --fail-on
  2  wrong usage or unreadable input
  3  something could not be inspected, and nothing worse was found"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Add or replace rules with those in this directory; a directory that overlock.yaml names can only add programs
    #[arg(long, global = true, display_order = LAST, help_heading = CONFIGURATION, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// Configuration file [default: the nearest overlock.yaml from the first PATH up to the top of its repository; for
    /// running containers, /etc/overlock/overlock.yaml]
    #[arg(
        long,
        global = true,
        display_order = LAST + 1,
        help_heading = CONFIGURATION,
        value_name = "FILE",
        conflicts_with = "no_config"
    )]
    pub config: Option<PathBuf>,
    /// Ignore overlock.yaml
    #[arg(long, global = true, display_order = LAST + 2, help_heading = CONFIGURATION)]
    pub no_config: bool,
    /// When to use colour; NO_COLOR is respected
    #[arg(
        long,
        global = true,
        display_order = LAST,
        help_heading = OUTPUT,
        value_enum,
        default_value_t = Colour::Auto,
        value_name = "WHEN"
    )]
    pub color: Colour,
    /// Show every participant, place and piece of evidence too; the same behind check, audit, preflight and report
    #[arg(short, long, help_heading = OUTPUT, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Show only the findings that fail the run, and of report nothing where nothing changed; the same behind the command
    #[arg(short, long, help_heading = OUTPUT)]
    pub quiet: bool,
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
    // Made anew where something is wrong: to make it takes a tenth of a small check.
    let command = || if plugin { Cli::command().bin_name("docker overlock") } else { Cli::command() };
    let mut matches = command().try_get_matches_from(words)?;
    let mut cli = Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command()))?;
    cli.hand_on_detail(|kind, problem| command().error(kind, problem))?;
    Ok(cli)
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check Compose projects and scripts that start containers, with the code that they run
    Check(Check),
    /// Audit running containers, using the Docker API and /proc
    Audit(Audit),
    /// Check a plan against this host: what would change for running containers, with paths looked up here
    Preflight(Preflight),
    /// Audit running containers and report what changed since the last report; for cron
    Report(Report),
    /// Audit containers as they are created and started; print a line when one appears, disappears or its verdict changes
    #[command(mut_arg("from", |from| from.hide(true)))]
    Watch(Watch),
    /// Show where a path of a running container is stored, and which other containers reach it
    Where(Where),
    /// Print what `audit` reads, without secrets, so that it can be audited elsewhere with --from
    Capture(Capture),
    /// Draw which containers share a state directory and which locks they share, in a plan or running
    Graph(Graph),
    /// Print the resolved project as `docker compose config --format json` does, without Docker
    Config(Config),
    /// Propose a first overlock.yaml, a CI step and a baseline for a repository, and write them with --write
    Init(Init),
    /// Explain what a rule means, why it matters, and how to fix its findings
    Explain(Explain),
    /// Print the completion script for a shell
    Completions(Completions),
    /// Print the manual page, or write one page for each subcommand
    Man(Man),
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Files and directories to judge together. A file is a compose file, a script or another kind that starts
    /// containers (Makefile, devcontainer.json, CI pipeline, ...). Below a directory each file of these kinds is found, in
    /// hidden directories too, but none that git ignores. Without PATH it is `.`; with -f, -p or --project-directory
    /// alone, the project that Compose finds
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Compose's own options.
    #[command(flatten)]
    pub compose: Compose,
    /// Read the commands in the shell blocks of Markdown documents too; of those a person runs one at a time
    #[arg(long, help_heading = INPUT)]
    pub docs: bool,
    /// Include the running containers of a host's capture; planned services replace their own containers
    #[arg(long, help_heading = INPUT, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Edit compose files, Dockerfiles and scripts where all of a fix is known, then check what is left;
    /// `overlock explain` describes the other fixes
    #[arg(long, help_heading = FIXING, conflicts_with_all = ["from", "profile", "write_baseline"])]
    pub fix: bool,
    /// Print what --fix would change as a unified diff, and write nothing
    #[arg(long, help_heading = FIXING, conflicts_with_all = ["from", "profile", "fix", "format", "write_baseline"])]
    pub diff: bool,
    /// Show only the findings that fail the run
    #[arg(short, long, help_heading = OUTPUT, conflicts_with = "verbose")]
    pub quiet: bool,
    /// How the result is printed and what fails the run.
    #[command(flatten)]
    pub output: Output,
    /// What is known already.
    #[command(flatten)]
    pub accept: Accept,
    /// Fail only on findings that are new or worse than at REV, or than where the branches diverged; uses git
    #[arg(long, help_heading = JUDGING, value_name = "REV", conflicts_with = "write_baseline")]
    pub since: Option<String>,
    /// Fail also where the change since REV itself adds an ignore, a declaration, a severity, other rules or entries to the
    /// baseline
    #[arg(long, help_heading = JUDGING, requires = "since")]
    pub fail_on_accept: bool,
}

/// How a report is printed and what fails the run.
#[derive(Debug, Args)]
pub struct Output {
    /// Format of the printed result
    #[arg(long, help_heading = OUTPUT, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write the result in this format to FILE, or print it; repeatable, but at most once without FILE
    #[arg(long, help_heading = OUTPUT, value_name = "FORMAT[=FILE]", value_parser = destination, conflicts_with = "format")]
    pub output: Vec<Destination>,
    /// Lowest severity of findings that fail the run [default: error, or what overlock.yaml sets]
    #[arg(long, help_heading = JUDGING, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Show every participant, place and piece of evidence too
    #[arg(short, long, help_heading = OUTPUT)]
    pub verbose: bool,
}

/// Findings that do not count, since they were there before.
#[derive(Debug, Default, Args)]
pub struct Accept {
    /// Suppress findings recorded in this baseline; --write-baseline writes it
    #[arg(long, help_heading = JUDGING, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Record the findings in FILE [default: the file of --baseline, or overlock.baseline.json]
    #[arg(long, help_heading = JUDGING, value_name = "FILE", num_args = 0..=1, require_equals = true)]
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

/// Arguments of `graph`.
#[derive(Debug, Args)]
pub struct Graph {
    /// The plan to draw: files and directories, as for `check`. Without PATH and Compose options, running containers are
    /// drawn
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Compose's own options.
    #[command(flatten)]
    pub compose: Compose,
    /// What to look at. A plan is drawn beside what --from was captured.
    #[command(flatten)]
    pub sight: LookArguments,
    /// Format of the picture
    #[arg(long, help_heading = OUTPUT, value_enum, default_value_t = Picture::Svg)]
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
    /// A Compose file, or the directory of a project. Without one, the project is found as Compose finds it
    #[arg(conflicts_with = "file")]
    pub path: Option<PathBuf>,
    /// Compose's own options.
    #[command(flatten)]
    pub compose: Compose,
    /// Format of the printed result; of Compose's own formats only JSON is supported
    #[arg(long, help_heading = OUTPUT, value_enum, default_value_t = ConfigFormat::Json)]
    pub format: ConfigFormat,
}

/// Formats of `config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConfigFormat {
    /// What `docker compose config --format json` prints
    Json,
}

/// Compose's own options, with Compose's meaning.
#[derive(Debug, Default, Args)]
pub struct Compose {
    /// Compose file; repeatable, merged in order; `-` is standard input
    #[arg(short, long, help_heading = COMPOSE, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// Project name
    #[arg(short, long, help_heading = COMPOSE, value_name = "NAME", overrides_with = "project_name")]
    pub project_name: Option<String>,
    /// Base directory of relative paths
    #[arg(long, help_heading = COMPOSE, value_name = "DIR", overrides_with = "project_directory")]
    pub project_directory: Option<PathBuf>,
    /// File of variables for interpolation, instead of .env; repeatable
    #[arg(long, help_heading = COMPOSE, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
    /// Only services that Compose would start with this profile; repeatable. Without it, `check` covers every service, and
    /// `config` prints those that need no profile
    #[arg(long, help_heading = COMPOSE, value_name = "NAME")]
    pub profile: Vec<String>,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Name of the rule. Without one, all rules are listed
    pub rule: Option<String>,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// Shell that the script is for
    pub shell: Shell,
}

/// Shells that completion scripts are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Source it, or save it as ~/.local/share/bash-completion/completions/overlock
    Bash,
    /// Save it as _overlock in a directory of $fpath
    Zsh,
    /// Save it as ~/.config/fish/completions/overlock.fish
    Fish,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Write one page for each subcommand into this directory, and print none
    #[arg(long, help_heading = OUTPUT, value_name = "DIR")]
    pub out: Option<PathBuf>,
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
