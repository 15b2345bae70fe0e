//! `overlock check`: what the command line says of inputs that are planned. No runtime, no socket.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context as _, bail};

use super::World;
use super::configuration::Configuration;
use super::progress::Progress;
use super::reading::read_stdin;
use crate::cli::{Check, Compose};
use crate::input::compose::{ComposeKind, Context, Options, Profiles};
use crate::input::project::Store;
use crate::input::{self, Exclusion, LoadContext, ProgramNames};
use crate::model::{Layout, TypedPaths};
use crate::text::{Reader, Sources};

/// What is planned, as a command line names it.
pub(super) struct PlanRequest<'a> {
    pub(super) paths: &'a [PathBuf],
    pub(super) compose: &'a Compose,
    /// Images that are not built here; `None` where no engine is asked.
    pub(super) store: Option<Store<'a>>,
    /// Whether values of the environment are shown.
    pub(super) shows_values: bool,
    /// What is left out of directories that are searched.
    pub(super) exclusion: Exclusion<'a>,
}

/// What `check` judges where nothing is named.
static HERE: LazyLock<[PathBuf; 1]> = LazyLock::new(|| [PathBuf::from(".")]);

impl<'a> PlanRequest<'a> {
    /// What `check` is asked for: where nothing names a project, what is in the directory that it runs in and below.
    pub(super) fn of(arguments: &'a Check) -> Self {
        let Check { paths, compose, docs, .. } = arguments;
        let names_project =
            !compose.file.is_empty() || compose.project_name.is_some() || compose.project_directory.is_some();
        let paths = if paths.is_empty() && !names_project { HERE.as_slice() } else { paths };
        let exclusion = Exclusion { with_requested: *docs, ..Exclusion::default() };
        Self { paths, compose, store: None, shows_values: false, exclusion }
    }

    /// The same without what a configuration excludes.
    pub(super) fn excluding(self, configuration: &'a Configuration) -> Self {
        let with_requested = self.exclusion.with_requested;
        Self { exclusion: Exclusion { with_requested, ..configuration.exclusion() }, ..self }
    }
}

/// Refuses a path that is not there behind `--write-baseline`: it was meant as the file to write.
///
/// # Errors
/// It is so; says how the file is given.
pub(super) fn refuse_spaced_baseline(arguments: &Check, directory: &Path, reader: &Reader) -> anyhow::Result<()> {
    if arguments.accept.write_baseline != Some(None) {
        return Ok(());
    }
    let is_missing = |path: &&PathBuf| reader.kind(&directory.join(path)).is_err();
    let is_json = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "json");
    match arguments.paths.iter().filter(is_json).find(is_missing) {
        Some(path) => {
            let path = path.display();
            bail!(
                "there is no {path} to check; to write the baseline there, use an equals sign: --write-baseline={path}"
            )
        }
        None => Ok(()),
    }
}

/// Everything that the arguments name.
pub(super) fn read(
    arguments: &PlanRequest<'_>,
    world: &World,
    programs: &ProgramNames,
    sources: &Sources,
) -> anyhow::Result<Layout> {
    let PlanRequest { paths, compose, store, shows_values, exclusion } = *arguments;
    let typed = TypedPaths::of(paths.iter().chain(&compose.file).map(PathBuf::as_path), &world.directory);
    let surroundings =
        Context { environment: world.environment.clone(), cwd: world.directory.clone(), shows_values, typed };
    let found = input::discover(paths, &compose.file, &surroundings, sources.reader(), &exclusion, programs);
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
