//! devcontainer.json: the container that people develop in, or what is added to a service of Compose for that (the
//! Development Containers specification). Uses `docker_cli`, `project`, `script`'s host and `model`.
//!
//! ```text
//! variables     `${localEnv:NAME}` and its kin
//! description   keys -> the options of the command line that starts the container;  local_features: what features add
//! ```

mod description;
mod local_features;
#[cfg(test)]
mod tests;
mod variables;

use std::cell::RefCell;
use std::path::Path;

use description::Description;
use local_features::{FeatureParts, read_local_features};
use variables::Variables;

use super::docker_cli::{ComposeProject, DockerRun};
use super::project::{self, Reference, ReferenceTarget, Repository, ServiceAddition};
use super::script;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};
use crate::model::{Container, Diagnostic, FixedName, Level, Timing, Value, Workplace};
use crate::text::json::{self, JsonError};
use crate::text::{ReadError, Reader, Span, Syntax};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// What such a container is called, and the kind of its file.
const NAME: &str = "devcontainer";
/// The directory that such files are in.
const DIRECTORY: &str = ".devcontainer";

/// Descriptions of containers that people develop in.
#[derive(Debug)]
pub(super) struct DevelopmentContainerKind;

impl InputKind for DevelopmentContainerKind {
    fn name(&self) -> &'static str {
        NAME
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        has_name(file)
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        has_name(file) && folder_of(file.path).is_some()
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        let mut piece = Piece::default();
        piece.layout.home = context.surroundings.environment.get("HOME").cloned();
        for file in &input.files {
            let path = repository.cwd.join(file);
            self.add_file(&path, input.is_typed(), context, repository, &mut piece);
            piece.files.push(path);
        }
        piece
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        if context.names_program(text) { UnreadWeight::Counts } else { UnreadWeight::Named }
    }
}

impl DevelopmentContainerKind {
    fn add_file(
        &self,
        path: &Path,
        is_typed: bool,
        context: &LoadContext<'_>,
        repository: &Repository<'_>,
        piece: &mut Piece,
    ) {
        let shown = repository.shown(path);
        let level = if is_typed { Level::Error } else { Level::Warning };
        let text = match read_text(context.sources.reader(), path) {
            Ok(text) => text,
            Err(error) => {
                let reason = format!("it cannot be read: {error}");
                let message = format!("this devcontainer.json was not read: {error}");
                piece.layout.diagnostics.push(Diagnostic::about(level, Some(shown.clone()), message));
                // What cannot be looked at may name anything.
                return piece.add_not_judged(shown, self, reason, true);
            }
        };
        self.add_text(&text, path, is_typed, context, repository, piece);
    }

    pub(super) fn add_text(
        &self,
        text: &str,
        path: &Path,
        is_typed: bool,
        context: &LoadContext<'_>,
        repository: &Repository<'_>,
        piece: &mut Piece,
    ) {
        let shown = repository.shown(path);
        let level = if is_typed { Level::Error } else { Level::Warning };
        let counts = context.names_program(text);
        let file = context.sources.add_written(shown.as_str(), text, Syntax::Json);
        let parsed = json::parse(file, text).and_then(|root| match root.as_map() {
            Some(_) => Ok(root),
            None => Err(JsonError { message: "a devcontainer.json is an object".to_owned(), span: root.span }),
        });
        let root = match parsed {
            Ok(root) => root,
            Err(error) => {
                piece.add_not_judged(shown, self, error.message.clone(), counts);
                return piece.layout.diagnostics.push(Diagnostic::at(level, error.span, error.message));
            }
        };
        let folder = folder_of(path).unwrap_or(&repository.cwd);
        let short_name = short_name(path, folder, repository);
        let variables = Variables {
            environment: repository.environment,
            shows_values: repository.shows_values,
            local_folder: folder.display().to_string(),
            container_folder: RefCell::default(),
            container_env: RefCell::default(),
            file: shown.clone(),
            short_name: short_name.clone(),
            kept: RefCell::default(),
        };
        let source = context.sources.get(file);
        let directory = path.parent().map(Path::to_owned).unwrap_or_default();
        let sources = context.sources;
        let mut given = Description {
            root: &root,
            source,
            file,
            sources,
            directory,
            variables: &variables,
            faults: Vec::new(),
            own_mounts: Vec::new(),
            has_own_name: false,
        };
        add_host_commands(&mut given, folder, repository, piece);
        let features = given.features();
        let mut parts = read_local_features(&features, &given, repository);
        for file in std::mem::take(&mut parts.files) {
            piece.add_judged(file, self);
        }
        let workplace = Workplace {
            span: given.place(),
            features,
            project_directory: Some(folder.display().to_string()),
            ..Workplace::default()
        };
        let given_workplace = GivenWorkplace { workplace, parts };
        if given.entry("dockerComposeFile").is_some() {
            add_to_service(&mut given, given_workplace, piece);
        } else {
            add_container(&mut given, given_workplace, &short_name, repository, piece);
        }
        match given.faults.first() {
            None => piece.add_judged(shown, self),
            Some((reason, _)) => {
                let told = given.faults.iter().map(|(what, span)| Diagnostic::at(level, *span, what.clone()));
                piece.layout.diagnostics.extend(told);
                piece.add_not_judged(shown, self, reason.clone(), counts);
            }
        }
    }
}

fn has_name(file: &CandidateFile<'_>) -> bool {
    matches!(file.name(), "devcontainer.json" | ".devcontainer.json")
}

/// The folder that people open with a file: it is where tools look for one, or there is none.
fn folder_of(path: &Path) -> Option<&Path> {
    let directory = path.parent()?;
    if path.file_name()? == ".devcontainer.json" {
        return Some(directory);
    }
    let named = directory.ancestors().take(2).find(|above| above.ends_with(DIRECTORY))?;
    named.parent()
}

fn read_text(reader: &Reader, path: &Path) -> Result<String, ReadError> {
    reader.read_text(path, MAX_BYTES)
}

/// What tells a container from those of other files of the repository: the folder of the file, the one that is opened.
fn short_name(path: &Path, folder: &Path, repository: &Repository<'_>) -> String {
    let own = path.parent().filter(|directory| !directory.ends_with(DIRECTORY) && *directory != folder);
    let own = own.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let below = folder.strip_prefix(&repository.cwd).unwrap_or(folder).display().to_string();
    let parts = [own.unwrap_or_default(), below].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" in ")
}

/// What it runs on the host before the container is there.
fn add_host_commands(given: &mut Description<'_>, folder: &Path, repository: &Repository<'_>, piece: &mut Piece) {
    for command in given.commands("initializeCommand") {
        let (script, starts) = script::run_on_host(&command, folder, repository);
        script::add_started_on_host(&script, starts, Some(folder), repository, piece);
    }
}

/// Adds the container that a file describes by itself.
fn add_container(
    given: &mut Description<'_>,
    mut workplace: GivenWorkplace,
    short_name: &str,
    repository: &Repository<'_>,
    piece: &mut Piece,
) {
    let (mut options, working_dir) = given.workspace(project::top(Path::new(&given.variables.local_folder)));
    given.variables.container_folder.replace(working_dir.clone());
    options.append(&mut workplace.parts.options);
    let Some(run) = given.run(options, false) else { return };
    if let Some(refused) = run.refused.first() {
        return given.faults.push((format!("this starts nothing: {}", refused.what), refused.span));
    }
    let mut container = project::container_of_run(&run, given.place(), repository);
    container.name = if short_name.is_empty() { NAME.to_owned() } else { format!("{NAME} {short_name}") };
    container.build = given.build().map(Box::new);
    container.build_args = given.build_args();
    if container.image.is_none() && container.build.is_none() {
        given.faults.push(("it names neither an image nor a Dockerfile nor compose files".to_owned(), given.place()));
    }
    container.working_dir = working_dir.or(container.working_dir);
    if given.overrides_command(true) {
        let [entrypoint, command] = given.waiting_command();
        (container.entrypoint, container.command) = (Some(entrypoint), Some(command));
    }
    let fixed_name = run.name.as_ref().filter(|name| !name.is_symbolic() && !given.has_own_name);
    let fixed_name = fixed_name.map(|name| FixedName { name: name.text.clone(), engine: run.name_scope.clone() });
    container.timing = Timing { may_overlap: fixed_name.is_none(), fixed_name, ..Timing::default() };
    workplace.settle(given, &run, &mut container);
    piece.layout.containers.push(container);
}

/// Adds what a file says of a service of Compose.
fn add_to_service(given: &mut Description<'_>, mut workplace: GivenWorkplace, piece: &mut Piece) {
    let working_dir = given.value_of("workspaceFolder");
    given.variables.container_folder.replace(working_dir.clone());
    let Some(run) = given.run(std::mem::take(&mut workplace.parts.options), true) else { return };
    if let Some(refused) = run.refused.first() {
        return given.faults.push((format!("this starts nothing: {}", refused.what), refused.span));
    }
    let Some(service) = given.value_of("service") else {
        let what = "it names compose files and no service of them".to_owned();
        return given.faults.push((what, given.place()));
    };
    let span = service.span.unwrap_or_else(|| given.place());
    let texts = given.strings("dockerComposeFile");
    let value = |(text, span): &(_, Span)| given.path(given.variables.expand(text).to_value(Some(*span)));
    let files: Vec<Value> = texts.iter().map(value).collect();
    let project = ComposeProject { files, ..ComposeProject::default() };
    let reference = Reference {
        target: ReferenceTarget::Service(service),
        project: Some(project),
        runs_in_container: false,
        beside: None,
        span,
    };
    let mut container = run.container.clone();
    container.unseen.extend(run.unseen.iter().cloned());
    container.working_dir = working_dir;
    if given.overrides_command(false) {
        let [entrypoint, command] = given.waiting_command();
        (container.entrypoint, container.command) = (Some(entrypoint), Some(command));
    }
    workplace.settle(given, &run, &mut container);
    piece.references.push(reference.clone());
    piece.additions.push(ServiceAddition { reference, container });
}

/// That people work in the container of a file, and what the features in it add.
struct GivenWorkplace {
    workplace: Workplace,
    parts: FeatureParts,
}

impl GivenWorkplace {
    /// Says of a container who works in it, with which variables, and what sets it up.
    fn settle(self, given: &mut Description<'_>, run: &DockerRun, container: &mut Container) {
        let Self { mut workplace, parts } = self;
        given.keep_container_env(run);
        for (name, variable) in given.remote_env() {
            match variable {
                Some(variable) => _ = container.env.insert(name, variable),
                None => _ = container.env.remove(&name),
            }
        }
        if let Some(user) = given.value_of("remoteUser") {
            container.user = Some(user);
        }
        container.unseen.extend(parts.unseen);
        workplace.setup = parts.setup;
        workplace.setup.extend(given.setup());
        workplace.feature_installs = parts.installs;
        workplace.own_mounts = parts.own_mounts;
        workplace.own_mounts.append(&mut given.own_mounts);
        container.workplace = Some(Box::new(workplace));
    }
}
