//! `overlock check`: compose projects to a verdict. No runtime, no socket; threads only for many projects.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context as _, bail};

use super::World;
use super::progress::Progress;
use super::reading::read_stdin;
use crate::cli::{Check, Compose};
use crate::input::capture::{self, Capture, Running};
use crate::input::compose::{ComposeKind, Context, Options, Profiles};
use crate::input::project::Store;
use crate::input::{self, LoadContext, ProgramNames};
use crate::model::{Container, Layout};
use crate::rules::Ruleset;
use crate::text::Sources;

/// What is planned, as a command line names it.
pub(super) struct Asked<'a> {
    pub(super) paths: &'a [PathBuf],
    pub(super) compose: &'a Compose,
    /// Images that are not built here; `None` where no engine is asked.
    pub(super) store: Option<Store<'a>>,
    /// Whether values of the environment are shown.
    pub(super) shows_values: bool,
}

impl<'a> Asked<'a> {
    /// What `check` is asked for.
    pub(super) fn of(arguments: &'a Check) -> Self {
        Self { paths: &arguments.paths, compose: &arguments.compose, store: None, shows_values: false }
    }
}

/// Everything that the arguments name. The names of `programs` are waited for where one is
/// looked for.
pub(super) fn read(
    arguments: &Asked<'_>,
    world: &World,
    programs: &OnceLock<ProgramNames>,
    sources: &Sources,
) -> anyhow::Result<Layout> {
    let Asked { paths, compose, store, shows_values } = *arguments;
    let surroundings = Context { environment: world.environment.clone(), cwd: world.directory.clone(), shows_values };
    let found = input::discover(paths, &compose.file, &surroundings, sources.reader());
    let projects = found.count_of(ComposeKind::NAME);
    if projects > 1 && (compose.project_name.is_some() || compose.project_directory.is_some()) {
        bail!("--project-name and --project-directory are for one project, and {projects} were found");
    }
    let options = compose_options(compose)?;
    let progress = Progress::new(world.watched, "inputs", found.inputs.len());
    let context = LoadContext {
        sources,
        surroundings: &surroundings,
        compose: &options,
        programs,
        store,
        on_loaded: &|| progress.step(),
    };
    let mut layout = input::load(found, &context);
    if !shows_values {
        layout.hidden.environment.clone_from(&surroundings.environment);
    }
    Ok(layout)
}

/// What Compose's own options say of every project.
fn compose_options(typed: &Compose) -> anyhow::Result<Options> {
    let stdin = typed.file.iter().any(|file| file == Path::new("-"));
    let stdin = stdin.then(read_stdin).transpose().context("cannot read the compose file from standard input")?;
    Ok(Options {
        project_name: typed.project_name.clone(),
        project_directory: typed.project_directory.clone(),
        env_files: typed.env_file.clone(),
        profiles: if typed.profile.is_empty() { Profiles::All } else { Profiles::Active(typed.profile.clone()) },
        stdin,
        ..Options::default()
    })
}

/// Puts the planned services beside what a capture of their host says runs there. A planned service takes the place of
/// the containers that Compose would replace.
pub(super) fn beside(planned: &mut Layout, running: &Capture, rules: &Ruleset, sources: &Sources) {
    planned.join(capture::layout(&staying(planned, running), rules, false, sources));
}

/// A host as a plan would leave it: without the containers that are replaced, which are those of the same project and
/// service, and those whose names its scripts give to their own. What `docker compose run` started stays.
pub(super) fn staying(planned: &Layout, running: &Capture) -> Capture {
    let services = services(planned);
    // A script removes what has the name that it gives; Compose does not.
    let begun = planned.containers.iter().filter(|one| one.start.is_some());
    let given = begun.filter_map(|one| one.given_name.as_ref());
    let given: BTreeSet<&str> = given.filter(|name| !name.is_symbolic()).map(|name| name.text.as_str()).collect();
    let stays = |running: &Running| {
        !given.contains(running.name.as_str()) && brought_up(running).is_none_or(|of| !services.contains_key(&of))
    };
    let mut rest = running.clone();
    rest.containers.retain(stays);
    rest
}

/// The planned containers, by the project and service that Compose knows them by.
pub(super) fn services(planned: &Layout) -> BTreeMap<(&str, &str), &Container> {
    let named = |one| Some(((compose_project(one)?, one.name.as_str()), one));
    planned.containers.iter().filter_map(named).collect()
}

/// The project and service that Compose brought a container up for; `None` where it did not, or ran it once.
pub(super) fn brought_up(running: &Running) -> Option<(&str, &str)> {
    running.project.as_deref().zip(running.service.as_deref()).filter(|_| !running.one_off)
}

/// The project as Compose names it: projects of one name are told apart by their files, in parentheses.
pub(super) fn compose_project(container: &Container) -> Option<&str> {
    let project = container.project.as_deref()?;
    Some(project.split_once(" (").map_or(project, |(name, _)| name))
}
