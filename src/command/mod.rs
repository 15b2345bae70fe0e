//! One file a subcommand: collect, load, judge, triage, render. May use everything but `main`.

mod accept;
mod audit;
mod capture;
mod captures;
mod check;
mod config;
mod configuration;
mod engines;
mod explain;
mod fix;
mod fleet;
mod graph;
mod init;
mod judged;
mod live;
mod observe;
mod output;
mod preflight;
mod progress;
mod reading;
mod report;
mod session;
mod settled;
mod shell;
mod since;
mod state;
mod wanted;
mod watch;
mod where_path;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use accept::{Acceptance, Since};
use configuration::{Configuration, Search};

use crate::cli::{Check, Cli, Colour, Command, Compose, Engine};
use crate::input::capture::join_running;
use crate::input::{ProgramNames, kernel};
use crate::model::Level;
use crate::render::Style;
use crate::report::ExitStatus;
use crate::rules::Ruleset;
use crate::text::Sources;
use output::Outputs;
use session::SessionStart;

/// What a command may know of where it runs; nothing below asks the process itself.
#[derive(Debug)]
pub struct World {
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// The working directory.
    pub directory: PathBuf,
    /// The width of the terminal that the result goes to, in columns; `None` where it goes elsewhere.
    pub terminal: Option<u16>,
    /// Whether standard error is a terminal, so that somebody sees how far a long scan is.
    pub watched: bool,
    /// When the run began.
    pub started: Instant,
    /// The number of the user who runs it.
    pub user: u32,
    /// The configuration of this host, for what runs on it.
    pub host_configuration: PathBuf,
}

/// The configuration of a host.
const HOST_CONFIGURATION: &str = "/etc/overlock/overlock.yaml";

/// How wide a terminal is that does not tell, or tells that it has no rows or columns: `COLUMNS`, or 80.
pub fn usual_width(columns: Option<&str>) -> u16 {
    let said = columns.and_then(|columns| columns.trim().parse().ok());
    said.filter(|columns| *columns > 0).unwrap_or(80)
}

impl World {
    /// The process's own environment and directory. What is not UTF-8 in them is replaced.
    pub fn of_process(terminal: Option<u16>, watched: bool) -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self {
            environment: std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect(),
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            terminal,
            watched,
            started: Instant::now(),
            user: kernel::own_user(),
            host_configuration: PathBuf::from(HOST_CONFIGURATION),
        }
    }

    /// The same, in another directory.
    fn at(&self, directory: &Path) -> Self {
        let (environment, host_configuration) = (self.environment.clone(), self.host_configuration.clone());
        Self { environment, directory: directory.to_owned(), host_configuration, ..*self }
    }

    /// What time it is, in seconds since 1970.
    fn now() -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
        i64::try_from(since).unwrap_or(i64::MAX)
    }

    /// Takes over what docker was told of the engine, where docker called.
    pub fn choose(&mut self, engine: Engine) {
        for name in engine.unset {
            self.environment.remove(name);
        }
        self.environment.extend(engine.set.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }

    fn style(&self, cli: &Cli) -> Style {
        let not_wanted = self.environment.get("NO_COLOR").is_some_and(|value| !value.is_empty());
        Style {
            colour: match cli.color {
                Colour::Auto => self.terminal.is_some() && !not_wanted,
                Colour::Always => true,
                Colour::Never => false,
            },
            width: self.terminal,
            detail: cli.detail(),
        }
    }
}

/// Runs a command. The result goes to `out`, everything else to `err`.
///
/// # Errors
/// What kept the command from giving a result: exit status 2.
pub fn run(cli: &Cli, world: &World, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    match &cli.command {
        Command::Init(arguments) => run_in(&init::world_at_top(arguments, world)?, cli, out, err),
        _ => run_in(world, cli, out, err),
    }
}

fn run_in(world: &World, cli: &Cli, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let sources = Sources::reading(reading::reader(cli, world));
    let configuration = match &cli.command {
        // What Compose prints depends on nothing of ours.
        Command::Config(_) => Configuration::default(),
        command => configuration::find(cli, search(command), world, &sources),
    };
    let judges = matches!(
        cli.command,
        Command::Check(_)
            | Command::Audit(_)
            | Command::Preflight(_)
            | Command::Report(_)
            | Command::Graph(_)
            | Command::Init(_)
    );
    let unusable = configuration.told.iter().any(|one| one.level == Level::Error);
    // What judges tells it in its report, or as it goes on.
    if !judges && (unusable || !matches!(cli.command, Command::Watch(_))) {
        crate::render::diagnostics(&configuration.told, &sources, err)?;
    }
    if !judges && unusable {
        return Ok(ExitStatus::Unusable);
    }
    let further = configuration.rules(cli, world);
    let load = || Ruleset::load(&sources, further.as_ref().map(configuration::Rules::directory));
    let start = SessionStart { world, style: world.style(cli), sources: &sources };
    match &cli.command {
        Command::Check(arguments) if arguments.fix || arguments.diff => {
            start.with_rules(load(), err, |session, err| fix::run(arguments, cli, session, out, err))
        }
        Command::Check(arguments) => {
            check::refuse_spaced_baseline(arguments, &world.directory, sources.reader())?;
            let outputs = Outputs::of(&arguments.output, &world.directory)?;
            start.with_rules(load(), err, |session, err| {
                let programs = programs(session.rules);
                let asked = check::PlanRequest::of(arguments).excluding(&configuration);
                let mut layout = check::read(&asked, world, &programs, &sources)?;
                if let Some(from) = &arguments.from {
                    join_running(&mut layout, &captures::one(from, world)?, session.rules, &sources);
                }
                let acceptance = acceptance(cli, arguments, configuration, world);
                let read = judged::Read::of(layout, acceptance);
                judged::report(read, &outputs, arguments.output.fail_on, session, out, err)
            })
        }
        Command::Audit(arguments) => {
            let outputs = Outputs::of(&arguments.output, &world.directory)?;
            start.with_rules(load(), err, |session, err| {
                let read = audit::read(&audit::AuditRequest::of(arguments), configuration, session)?;
                judged::report(read, &outputs, arguments.output.fail_on, session, out, err)
            })
        }
        Command::Preflight(arguments) => {
            let outputs = Outputs::of(&arguments.output, &world.directory)?;
            start.with_rules(load(), err, |session, err| {
                preflight::run(arguments, configuration, &outputs, session, out, err)
            })
        }
        Command::Report(arguments) => {
            let outputs = Outputs::of(&arguments.output, &world.directory)?;
            start.with_rules(load(), err, |session, err| {
                report::run(arguments, configuration, outputs, session, out, err)
            })
        }
        Command::Watch(arguments) => {
            start.with_rules(load(), err, |session, err| watch::run(arguments, configuration, session, out, err))
        }
        Command::Where(arguments) => start.with_rules(load(), err, |session, err| {
            session.tell_refused_rules(err)?;
            where_path::run(arguments, session, out, err)
        }),
        Command::Capture(arguments) => start.with_rules(load(), err, |session, err| {
            session.tell_refused_rules(err)?;
            capture::run(arguments, session, out, err)
        }),
        Command::Graph(arguments) => {
            start.with_rules(load(), err, |session, err| graph::run(arguments, configuration, session, out, err))
        }
        Command::Config(arguments) => config::run(arguments, world, &sources, out, err),
        Command::Init(arguments) => {
            start.with_rules(load(), err, |session, err| init::run(arguments, configuration, session, out, err))
        }
        Command::Explain(arguments) => start.with_rules(load(), err, |session, err| {
            session.tell_refused_rules(err)?;
            explain::run(arguments, session.rules, out)
        }),
        Command::Completions(arguments) => {
            start.with_rules(load(), err, |session, _| shell::completions(arguments, session.rules, out))
        }
        Command::Man(arguments) => shell::man(arguments, world, out, err),
    }
}

/// What decides which findings of a check count.
fn acceptance<'a>(
    cli: &'a Cli,
    arguments: &'a Check,
    configuration: Configuration,
    world: &'a World,
) -> Acceptance<'a> {
    let (paths, compose) = (&arguments.paths, &arguments.compose);
    Acceptance {
        since: arguments.since.as_deref().map(|revision| Since { revision, cli, check: arguments }),
        fail_on_accept: arguments.fail_on_accept,
        ..Acceptance::of_plan(world, configuration, paths, compose, &arguments.accept)
    }
}

fn first_of(check: &Check) -> Option<&Path> {
    first(&check.paths, &check.compose)
}

/// The first path that a plan is given by.
fn first<'a>(paths: &'a [PathBuf], compose: &'a Compose) -> Option<&'a Path> {
    paths.first().or(compose.file.first()).map(PathBuf::as_path)
}

/// Where a command's configuration is looked for. The working directory says nothing of what runs here, and may be
/// anybody's.
fn search(command: &Command) -> Search<'_> {
    match command {
        Command::Check(check) => Search::Repository(first_of(check)),
        Command::Preflight(preflight) => Search::Repository(first(&preflight.paths, &preflight.compose)),
        Command::Graph(graph) if graph.is_planned() => Search::Repository(first(&graph.paths, &graph.compose)),
        Command::Explain(_) | Command::Init(_) => Search::Repository(None),
        _ => Search::Host,
    }
}

/// The names of the programs that matter.
fn programs(rules: &Ruleset) -> ProgramNames {
    ProgramNames::of_profiles(&rules.profiles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_does_not_tell_is_as_wide_as_is_said_or_usual() {
        for (columns, wanted) in
            [(Some("120"), 120), (Some(" 40 "), 40), (Some("0"), 80), (Some("-3"), 80), (Some("99999"), 80), (None, 80)]
        {
            assert_eq!(usual_width(columns), wanted, "{columns:?}");
        }
    }
}
