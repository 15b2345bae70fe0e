//! Arguments of the commands that look at what runs: `audit`, `preflight`, `report`, `watch`, `where`, `capture`. Uses `cli`
//! and clap.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Accept, Compose, INPUT, JUDGING, OUTPUT, Output};

/// Heading of the options about whom to ask.
const ENGINE: &str = "Engine";

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// Names or IDs of the containers to report. The others are inspected too, since these may share with them. Without
    /// any, all are reported
    #[arg(value_name = "CONTAINER")]
    pub containers: Vec<String>,
    /// What to look at.
    #[command(flatten)]
    pub sight: LookArguments,
    /// Compare the logins in different directories, in memory, to find copies of one login
    #[arg(long, help_heading = JUDGING)]
    pub compare_identities: bool,
    /// Show only the findings that fail the run
    #[arg(short, long, help_heading = OUTPUT, conflicts_with = "verbose")]
    pub quiet: bool,
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
    /// The plan: files and directories, as for `check`. Without PATH, the project that Compose finds
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Compose's own options.
    #[command(flatten)]
    pub compose: Compose,
    /// What to look at.
    #[command(flatten)]
    pub sight: LookArguments,
    /// Fail on findings that were there before, too, and not only on what the plan adds or makes worse
    #[arg(long, help_heading = JUDGING)]
    pub fail_on_any: bool,
    /// Show only the findings that fail the run
    #[arg(short, long, help_heading = OUTPUT, conflicts_with = "verbose")]
    pub quiet: bool,
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
    pub sight: LookArguments,
    /// Compare the logins in different directories, in memory, to find copies of one login
    #[arg(long, help_heading = JUDGING)]
    pub compare_identities: bool,
    /// Where to keep the last report for comparison [default: $XDG_STATE_HOME/overlock, or ~/.local/state/overlock]
    #[arg(long, help_heading = OUTPUT, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Print nothing and exit with 0 when nothing changed since the last report; the files of --output are still written
    #[arg(short, long, help_heading = OUTPUT)]
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
    pub sight: LookArguments,
    /// Format of each line
    #[arg(long, help_heading = OUTPUT, value_enum, default_value_t = WatchFormat::Text)]
    pub format: WatchFormat,
    /// Report every container, not only those that use a known program
    #[arg(long, help_heading = OUTPUT)]
    pub all: bool,
}

/// Formats of `watch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WatchFormat {
    /// For people
    Text,
    /// For programs: one JSON object per line
    Json,
}

/// Arguments of `where`.
#[derive(Debug, Args)]
pub struct Where {
    /// Name or ID of a container, then paths in it, existing or not. After `--host PATH`, only more paths of the host
    #[arg(value_name = "CONTAINER PATH")]
    pub words: Vec<String>,
    /// What to look at.
    #[command(flatten)]
    pub sight: LookArguments,
    /// Format of the printed result
    #[arg(long, help_heading = OUTPUT, value_enum, default_value_t = WhereFormat::Text)]
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
    pub sight: LookArguments,
    /// Record which directories hold the same login, and nothing else about it
    #[arg(long, help_heading = OUTPUT)]
    pub compare_identities: bool,
    /// Name of the host in the capture, where several hosts have one name
    #[arg(long, help_heading = OUTPUT, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub name: Option<String>,
    /// Write to this file instead of standard output
    #[arg(short, long, help_heading = OUTPUT, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Indent the JSON for people, as on a terminal; elsewhere it is one line
    #[arg(long, help_heading = OUTPUT)]
    pub pretty: bool,
}

/// What running containers are seen through.
#[derive(Debug, Args)]
pub struct LookArguments {
    /// Read the output of `overlock capture` instead of asking this host: a file with any number of captures, a directory
    /// of such files, or `-`; repeatable
    #[arg(long, help_heading = INPUT, value_name = "PATH", conflicts_with_all = ["context", "proc"])]
    pub from: Vec<PathBuf>,
    /// Report captures that are older than this, such as 90s, 30m, 36h or 2d, as not inspected
    #[arg(long, help_heading = INPUT, value_name = "AGE", value_parser = duration, requires = "from")]
    pub max_age: Option<Duration>,
    /// Docker engine to ask: unix://, tcp://, https:// or ssh://, as for docker; repeatable. Without it, the sockets of
    /// Podman on this host are asked too. For `where`, also a path of the host
    #[arg(short = 'H', long, help_heading = ENGINE, value_name = "URL")]
    pub host: Vec<String>,
    /// Ask no engine: containers are found by /proc alone
    #[arg(long, help_heading = ENGINE, conflicts_with_all = ["context", "from"])]
    pub no_engine: bool,
    /// Docker context to use, as for docker
    #[arg(short, long, help_heading = ENGINE, value_name = "NAME", conflicts_with = "host")]
    pub context: Option<String>,
    /// Use TLS
    #[arg(long, help_heading = ENGINE)]
    pub tls: bool,
    /// Use TLS and verify the engine
    #[arg(long, help_heading = ENGINE)]
    pub tlsverify: bool,
    /// CA certificates used to verify the engine
    #[arg(long, help_heading = ENGINE, value_name = "FILE")]
    pub tlscacert: Option<PathBuf>,
    /// Client certificate
    #[arg(long, help_heading = ENGINE, value_name = "FILE")]
    pub tlscert: Option<PathBuf>,
    /// Private key of the client certificate
    #[arg(long, help_heading = ENGINE, value_name = "FILE")]
    pub tlskey: Option<PathBuf>,
    /// Where /proc of the engine's host is mounted
    #[arg(long, help_heading = ENGINE, value_name = "DIR", default_value = "/proc")]
    pub proc: PathBuf,
    /// Time limit for asking the Docker API and /proc, in seconds
    #[arg(
        long,
        help_heading = ENGINE,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = time_limit
    )]
    pub timeout: u64,
}

/// Reads a number of seconds, minutes, hours or days.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("give a number and a unit: s, m, h or d".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "give a number and a unit: s, m, h or d".to_owned())?;
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

/// Reads a time limit: whole seconds, or a number with a unit.
fn time_limit(text: &str) -> Result<u64, String> {
    let seconds = text.parse().ok().or_else(|| Some(duration(text).ok()?.as_secs()));
    let wanted = "give whole seconds from 1 to 3600, such as 30, or a time such as 90s or 5m";
    seconds.filter(|seconds| (1..=3600).contains(seconds)).ok_or_else(|| wanted.to_owned())
}
