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
use crate::input::compose::{self, Context, Options, Profiles};
use crate::input::project::{self, Repository, Store};
use crate::input::walk::Tree;
use crate::model::{Container, Diagnostic, Layout, Level};
use crate::parallel::map_chunks;
use crate::rules::Ruleset;
use crate::text::{Reader, Sources};

/// Projects that one thread reads before a second one is worth starting.
const PROJECTS_PER_THREAD: usize = 8;

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
    programs: &OnceLock<Vec<String>>,
    sources: &Sources,
) -> anyhow::Result<Layout> {
    let (environment, cwd) = (world.environment.clone(), world.directory.clone());
    let context = Context { environment, cwd, shows_values: arguments.shows_values };
    let mut layout = Layout::default();
    if !context.shows_values {
        layout.hidden.environment = context.environment.clone();
    }
    let (projects, scripts) = projects(arguments, &context, sources.reader(), &mut layout.diagnostics)?;
    let progress = Progress::new(world.watched, "projects", projects.len());
    let reading = Reading { context: &context, sources, programs, store: arguments.store, progress };
    let mut loaded = reading.load(&projects);
    tell_apart(&projects, &mut loaded);
    for project in loaded {
        layout.join(project);
    }
    project::read_scripts(&scripts, &mut layout, &reading.repository());
    Ok(layout)
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

/// Every project that the arguments name, each once, and every script that they name or that is below what they name.
fn projects(
    arguments: &Asked<'_>,
    context: &Context,
    reader: &Reader,
    told: &mut Vec<Diagnostic>,
) -> anyhow::Result<(Vec<Options>, Vec<project::ScriptPath>)> {
    let typed = arguments.compose;
    let base = Options {
        project_name: typed.project_name.clone(),
        project_directory: typed.project_directory.clone(),
        env_files: typed.env_file.clone(),
        profiles: if typed.profile.is_empty() { Profiles::All } else { Profiles::Active(typed.profile.clone()) },
        ..Options::default()
    };
    let mut projects = Vec::new();
    if !typed.file.is_empty() || arguments.paths.is_empty() {
        let stdin = typed.file.iter().any(|file| file == Path::new("-"));
        let stdin = stdin.then(read_stdin).transpose().context("cannot read the compose file from standard input")?;
        projects.push(Options { files: typed.file.clone(), stdin, ..base.clone() });
    }
    let mut scripts = Vec::new();
    for path in arguments.paths {
        let absolute = context.cwd.join(path);
        if reader.is_file(&absolute) && project::is_script(&absolute, reader) {
            scripts.push(project::ScriptPath { path: path.clone(), named: true });
            continue;
        }
        let tree = reader.is_directory(&absolute).then(|| Tree::below(&absolute, reader));
        if let Some(tree) = &tree {
            let found = project::find_scripts(tree, reader).into_iter();
            scripts.extend(found.map(|path| project::ScriptPath { path, named: false }));
            told.extend(tree.unread_ignores.iter().map(|(file, error)| {
                let name = file.strip_prefix(&context.cwd).unwrap_or(file).display().to_string();
                let message = format!("this ignore file leaves nothing out, since it is not read: {error}");
                Diagnostic::about(Level::Warning, Some(name), message)
            }));
        }
        match compose::find(path, context, reader, tree.as_ref()) {
            Ok(found) => projects.extend(found.into_iter().map(|one| Options {
                files: one.files,
                runs_in: one.runs_in,
                ..base.clone()
            })),
            Err(diagnostic) => told.push(diagnostic),
        }
    }
    // One project given in two ways is one project.
    let mut seen = BTreeSet::new();
    projects.retain(|project| seen.insert(real_paths(project, context, reader)));
    if projects.len() > 1 && (typed.project_name.is_some() || typed.project_directory.is_some()) {
        bail!("--project-name and --project-directory are for one project, and {} were found", projects.len());
    }
    Ok((projects, scripts))
}

fn real_paths(project: &Options, context: &Context, reader: &Reader) -> Vec<PathBuf> {
    let real = |file: &PathBuf| {
        let path = context.cwd.join(file);
        reader.real_path(&path).unwrap_or(path)
    };
    project.files.iter().map(real).collect()
}

/// Projects of one name, as two folders of one name give, are told apart by their first file.
fn tell_apart(projects: &[Options], layouts: &mut [Layout]) {
    let name = |layout: &Layout| layout.containers.first().and_then(|container| container.project.clone());
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for name in layouts.iter().filter_map(name) {
        *count.entry(name).or_default() += 1;
    }
    for (project, layout) in projects.iter().zip(layouts) {
        let Some(name) = name(layout).filter(|name| count.get(name).is_some_and(|count| *count > 1)) else { continue };
        let Some(file) = project.files.first() else { continue };
        for container in &mut layout.containers {
            container.project = Some(format!("{name} ({})", file.display()));
        }
    }
}

/// What projects are read with.
struct Reading<'a> {
    context: &'a Context,
    sources: &'a Sources,
    /// The names of programs whose calls matter, once the rules are read.
    programs: &'a OnceLock<Vec<String>>,
    store: Option<Store<'a>>,
    progress: Progress,
}

impl Reading<'_> {
    /// Reads all projects, on all cores where there are many. The order of the result is that of the projects.
    fn load(&self, projects: &[Options]) -> Vec<Layout> {
        map_chunks(projects, PROJECTS_PER_THREAD, |projects| {
            let repository = self.repository();
            let mut layouts = Vec::with_capacity(projects.len());
            for project in projects {
                layouts.push(self.layout(project, &repository));
                self.progress.step();
            }
            layouts
        })
    }

    fn repository(&self) -> Repository<'_> {
        let (cwd, environment) = (&self.context.cwd, &self.context.environment);
        let repository = Repository::new(self.sources, cwd, environment, self.programs);
        repository.with_store(self.store).showing(self.context.shows_values)
    }

    fn layout(&self, project: &Options, repository: &Repository<'_>) -> Layout {
        match compose::resolve(self.sources, self.context, project) {
            Ok(project) => {
                let mut layout = compose::layout(&project, self.context, self.sources);
                project::complete_layout(&mut layout, repository);
                layout
            }
            Err(diagnostics) => Layout { diagnostics, ..Layout::default() },
        }
    }
}
