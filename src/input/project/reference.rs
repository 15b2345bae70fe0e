//! What a command names that is described elsewhere: a Compose project, a service of one, a container. Here alone it is
//! decided which one that is. Uses `docker_cli`.

use std::path::{Path, PathBuf};

use crate::input::docker_cli::{ComposeProject, DockerCommand};
use crate::model::{Container, Value, clean};
use crate::text::Span;

/// What a command names that another piece of the layout describes.
#[derive(Debug, Clone)]
pub struct Reference {
    /// What it names.
    pub target: ReferenceTarget,
    /// The Compose project that it is said to be in; `None` where the command says nothing of one.
    pub project: Option<ComposeProject>,
    /// Where the command is written.
    pub span: Span,
}

/// What is named.
#[derive(Debug, Clone)]
pub enum ReferenceTarget {
    /// A Compose project as a whole (`compose up`).
    Project,
    /// A service of a Compose project (`compose run`, `compose exec`).
    Service(Value),
    /// A container, by a name that it is given or that Compose gives (`docker exec`).
    Container(Value),
}

/// A file that a command names.
#[derive(Debug, Clone)]
pub struct NamedFile {
    /// Its path, absolute.
    pub path: PathBuf,
    /// Its name as a person would write it.
    pub shown: String,
}

impl Reference {
    /// What a command names; `None` where it describes all by itself.
    pub fn of_command(command: &DockerCommand, span: Span) -> Option<Self> {
        let (target, project) = match command {
            DockerCommand::ComposeRun(run) => (ReferenceTarget::Service(run.service.clone()), Some(&run.project)),
            DockerCommand::ComposeUp(up) => (ReferenceTarget::Project, Some(&up.project)),
            DockerCommand::Exec(exec) if exec.by_service => {
                (ReferenceTarget::Service(exec.name.clone()), exec.project.as_ref())
            }
            DockerCommand::Exec(exec) => (ReferenceTarget::Container(exec.name.clone()), None),
            DockerCommand::Run(_) | DockerCommand::Existing | DockerCommand::Unclear(_) => return None,
        };
        Some(Self { target, project: project.cloned(), span })
    }

    /// Where the container that it names is among others: one that the scripts of `by` name is of that project, where
    /// there is one. A service is found by its name alone, whatever project is named.
    pub(super) fn find(&self, containers: &[Container], by: Option<&str>) -> Option<usize> {
        match &self.target {
            ReferenceTarget::Project => None,
            ReferenceTarget::Service(name) => containers.iter().position(|one| {
                let of_project = by.is_none() || one.project.as_deref() == by;
                one.name == name.text && one.start.is_none() && of_project
            }),
            ReferenceTarget::Container(name) => containers.iter().position(|one| has_container_name(one, &name.text)),
        }
    }

    /// Whether Compose looks for the project's files, since the command names none.
    pub fn is_searched(&self) -> bool {
        self.project.as_ref().is_some_and(|project| project.files.is_empty())
    }

    /// The directory that Compose begins to look for the project's files in, where that is known.
    pub fn searched_directory(&self) -> Option<PathBuf> {
        let project = self.project.as_ref().filter(|_| self.is_searched())?;
        let directory = project.directory.as_ref().or(project.runs_in.as_ref())?;
        let is_known = !directory.is_symbolic() && directory.text.starts_with('/');
        is_known.then(|| PathBuf::from(clean(&directory.text)))
    }

    /// The files of the project, as far as they are known.
    pub fn project_files(&self, directory: &Path) -> Vec<NamedFile> {
        let files = self.project.iter().flat_map(|project| &project.files);
        let known = files.filter(|file| !file.is_symbolic() && file.text.starts_with('/'));
        known.map(|file| named_file(file, directory)).collect()
    }
}

fn named_file(file: &Value, directory: &Path) -> NamedFile {
    let shown = file.shown.path(&file.text);
    let below = Path::new(shown.as_ref()).strip_prefix(directory).map(|below| below.display().to_string());
    NamedFile { path: PathBuf::from(&file.text), shown: below.unwrap_or_else(|_| shown.into_owned()) }
}

/// Whether a container has a name: one that it is given, or Compose's usual one.
pub(super) fn has_container_name(container: &Container, name: &str) -> bool {
    let project = container.project.as_deref().unwrap_or("");
    match &container.given_name {
        Some(given) => given.text == name,
        None => ["-", "_"].iter().any(|between| name == format!("{project}{between}{}{between}1", container.name)),
    }
}
