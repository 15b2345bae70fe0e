//! What a command names that is described elsewhere: a Compose project, a service of one, a container. Here alone it is
//! decided which one that is. Uses `docker_cli`.

use std::path::{Path, PathBuf};

use crate::input::compose::CalledProject;
use crate::input::docker_cli::{ComposeProject, DockerCommand};
use crate::model::{Container, HandedVariables, Symbol, Value, clean};
use crate::text::Span;

/// What a command names that another piece of the layout describes.
#[derive(Debug, Clone)]
pub struct Reference {
    /// What it names.
    pub target: ReferenceTarget,
    /// The Compose project that it is said to be in; `None` where the command says nothing of one.
    pub project: Option<ComposeProject>,
    /// Whether it is for a container that runs already.
    pub runs_in_container: bool,
    /// The directory of the script: it is often called there, where it does not say itself where it runs.
    pub beside: Option<PathBuf>,
    /// Where the command is written.
    pub span: Span,
}

/// A Compose project that was read, by what commands may call it.
#[derive(Debug, Clone)]
pub struct DescribedProject {
    /// What its containers are told to belong to: no two projects have one.
    pub key: String,
    /// Its name to Compose, which projects of several folders may have.
    pub name: String,
    /// The directory that it is of, absolute and without links.
    pub directory: PathBuf,
    /// The files that it was made of, in their order, absolute and without links.
    pub files: Vec<PathBuf>,
    /// Whether Compose finds these files by itself in `directory` and below.
    pub is_found: bool,
    /// Whether a command gives it its name.
    pub is_renamed: bool,
    /// What commands hand it, of the variables that its files name: each of these sets makes what was read.
    pub handed: Vec<HandedVariables>,
    /// The command that calls it with these, as `script:line`, where one does.
    pub called_at: Option<String>,
    /// What tells it from others of that key, which are other files for the same project.
    pub variant: Option<String>,
}

impl DescribedProject {
    /// Whether it is what a command starts that hands it some variables.
    pub fn may_be_handed(&self, variables: &HandedVariables) -> bool {
        self.handed.iter().any(|own| own.are_among(variables))
    }

    /// Whether it may be made of files as a command names them; of one that depends on a variable the end counts.
    fn may_have_files(&self, named: &[Value]) -> bool {
        let is_file = |(file, named): (&PathBuf, &Value)| match named.text.rsplit_once('}') {
            Some((_, end)) if named.is_symbolic() => file.to_str().is_some_and(|file| file.ends_with(end)),
            _ => file == Path::new(&clean(&named.text)),
        };
        self.files.len() == named.len() && self.files.iter().zip(named).all(is_file)
    }
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
            DockerCommand::Run(_)
            | DockerCommand::Build(_)
            | DockerCommand::Stop(_)
            | DockerCommand::Existing(_)
            | DockerCommand::Scale(_)
            | DockerCommand::Unclear(_)
            | DockerCommand::NotRead(_) => return None,
        };
        let runs_in_container = matches!(command, DockerCommand::Exec(_));
        Some(Self { target, project: project.cloned(), runs_in_container, beside: None, span })
    }

    /// The same in a script of a directory.
    #[must_use]
    pub fn beside(self, directory: Option<&Path>) -> Self {
        Self { beside: directory.map(Path::to_owned), ..self }
    }

    /// Where the containers that it names are among others; `by` is the project of the container whose script names them.
    /// Of a service's variants a command that starts one means that of its files, one that runs in it whichever runs.
    ///
    /// # Errors
    /// It is none of these, or more than one may be meant: as a clause.
    pub(super) fn find(
        &self,
        containers: &[Container],
        projects: &[DescribedProject],
        by: Option<&str>,
    ) -> Result<Vec<usize>, &'static str> {
        let found: Vec<usize> = match &self.target {
            ReferenceTarget::Project => Vec::new(),
            ReferenceTarget::Container(name) => {
                let named = containers.iter().enumerate();
                named.filter(|(_, one)| has_container_name(one, &name.text, projects)).map(|(at, _)| at).collect()
            }
            ReferenceTarget::Service(name) => {
                let runs_in_it = self.runs_in_container;
                let is_meant = |one: &Container, project: &DescribedProject| {
                    let of_project = one.project.as_deref() == Some(project.key.as_str());
                    of_project && one.name == name.text && one.start.is_none()
                };
                let has_it = |project: &&DescribedProject| containers.iter().any(|one| is_meant(one, project));
                let chosen = |elsewhere: Option<&Path>| -> Vec<&DescribedProject> {
                    self.meant_projects(projects, by, elsewhere).into_iter().filter(has_it).collect()
                };
                let mut chosen_here = chosen(None);
                if let (true, Some(beside)) = (chosen_here.is_empty(), &self.beside) {
                    chosen_here = chosen(Some(beside));
                }
                let chosen = chosen_here;
                if chosen.iter().any(|project| chosen.first().is_some_and(|first| first.key != project.key)) {
                    return Err("which may be of more than one project");
                }
                let of_variant = |one: &Container, project: &DescribedProject| {
                    runs_in_it || one.variant.is_none() || one.variant == project.variant
                };
                let meant =
                    |one: &Container| chosen.iter().any(|project| is_meant(one, project) && of_variant(one, project));
                containers.iter().enumerate().filter(|(_, one)| meant(one)).map(|(at, _)| at).collect()
            }
        };
        if found.is_empty() { Err("which is not described here") } else { Ok(found) }
    }

    /// The projects that may be meant: by name, files and the directory that files are looked for in. `elsewhere` takes the
    /// place of the directory that the command runs in.
    fn meant_projects<'p>(
        &self,
        projects: &'p [DescribedProject],
        by: Option<&str>,
        elsewhere: Option<&Path>,
    ) -> Vec<&'p DescribedProject> {
        let nothing_said = ComposeProject::default();
        let said = self.project.as_ref().unwrap_or(&nothing_said);
        let name = said.name.as_ref().filter(|name| !name.is_symbolic()).map(|name| name.text.as_str());
        let has_name = |project: &&DescribedProject| name.is_none_or(|name| project.name == name);
        // To a script of a container files of the host are elsewhere; the container's own project is the nearest.
        if let Some(by) = by {
            return projects
                .iter()
                .filter(|project| if name.is_some() { has_name(project) } else { project.key == by })
                .collect();
        }
        let named: Vec<&DescribedProject> = projects.iter().filter(has_name).collect();
        let of_files: Vec<&DescribedProject> = if said.files.is_empty() {
            let searched = elsewhere.map(Path::to_owned).or_else(|| self.searched_directory());
            match &searched {
                None => named.iter().copied().filter(|project| project.is_found).collect(),
                Some(start) => start
                    .ancestors()
                    .map(|at| {
                        let of_directory = named.iter().copied();
                        of_directory.filter(|project| project.is_found && project.directory == at).collect::<Vec<_>>()
                    })
                    .find(|found| !found.is_empty())
                    .unwrap_or_default(),
            }
        } else {
            let files: Vec<Value> = match elsewhere {
                Some(elsewhere) => said.files.iter().map(|file| said.moved_file(file, elsewhere)).collect(),
                None => said.files.clone(),
            };
            named.iter().copied().filter(|project| project.may_have_files(&files)).collect()
        };
        let chosen = match name {
            // A container that runs is found by its project's name and service alone.
            Some(_) if of_files.is_empty() && self.runs_in_container => named,
            _ => of_files,
        };
        // Of one set of files that commands hand several sets of variables, the one that this command hands them.
        let (handed, others): (Vec<_>, Vec<_>) =
            chosen.into_iter().partition(|project| project.may_be_handed(&said.variables));
        let chosen = if handed.is_empty() || self.runs_in_container { [handed, others].concat() } else { handed };
        // Without a name that of the files is meant, where others give them another one too.
        if said.name.is_none() && chosen.iter().any(|project| !project.is_renamed) {
            return chosen.into_iter().filter(|project| !project.is_renamed).collect();
        }
        chosen
    }

    /// The project as the command calls it, where that is known.
    pub fn called_project(&self, real: &dyn Fn(&Path) -> PathBuf) -> Option<CalledProject> {
        let project = self.project.as_ref()?;
        let path = |value: &Value| {
            let is_known = !value.is_symbolic() && value.text.starts_with('/');
            is_known.then(|| real(Path::new(&clean(&value.text))))
        };
        // In a directory that is not known they are taken from the script's.
        let file = |value: &Value| {
            path(value)
                .or_else(|| path(&project.moved_file(value, self.beside.as_deref().filter(|_| value.is_symbolic())?)))
        };
        Some(CalledProject {
            files: project.files.iter().map(file).collect::<Option<Vec<PathBuf>>>()?,
            runs_in: project.runs_in.as_ref().and_then(path),
            name: project.name.as_ref().filter(|name| !name.is_symbolic()).map(|name| name.text.clone()),
            directory: match &project.directory {
                Some(directory) => Some(path(directory)?),
                None => None,
            },
            env_files: project.env_files.iter().filter_map(path).collect(),
            beside: self.beside.as_deref().map(real),
            variables: (!self.runs_in_container).then(|| project.variables.clone()),
            place: String::new(),
        })
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

    /// Whether it is for a container that runs, of a project that it calls by its name.
    pub fn names(&self, project: &DescribedProject) -> bool {
        let name = self.project.as_ref().and_then(|said| said.name.as_ref());
        self.runs_in_container && name.is_some_and(|name| !name.is_symbolic() && name.text == project.name)
    }

    /// The files of the project, as far as they are known.
    pub fn project_files(&self, directory: &Path) -> Vec<NamedFile> {
        let files = self.project.iter().flat_map(|project| &project.files);
        let known = files.filter(|file| !file.is_symbolic() && file.text.starts_with('/'));
        known.map(|file| named_file(file, directory)).collect()
    }
}

impl ComposeProject {
    /// A file that is named from the directory that the command runs in on, as if that were another one.
    fn moved_file(&self, file: &Value, directory: &Path) -> Value {
        let below = self.runs_in.as_ref().and_then(|runs_in| Path::new(&file.text).strip_prefix(&runs_in.text).ok());
        let moved = below.and_then(|below| directory.join(below).to_str().map(clean));
        let Some(text) = moved else { return file.clone() };
        let is_left = |symbol: &&Symbol| text.contains(&format!("${{{}}}", symbol.name));
        let symbols = file.symbols.iter().filter(is_left).cloned().collect();
        Value { text, symbols, ..file.clone() }
    }
}

fn named_file(file: &Value, directory: &Path) -> NamedFile {
    let shown = file.shown.path(&file.text);
    let below = Path::new(shown.as_ref()).strip_prefix(directory).map(|below| below.display().to_string());
    NamedFile { path: PathBuf::from(&file.text), shown: below.unwrap_or_else(|_| shown.into_owned()) }
}

/// Whether a container has a name: one that it is given, or Compose's usual one for one of its replicas.
pub(in crate::input) fn has_container_name(container: &Container, name: &str, projects: &[DescribedProject]) -> bool {
    if container.start.as_ref().is_some_and(|start| start.id.as_deref() == Some(name)) {
        return true;
    }
    if let Some(given) = &container.given_name {
        return given.text == name;
    }
    let Some(key) = container.project.as_deref().filter(|_| container.start.is_none()) else { return false };
    let project = projects.iter().find(|project| project.key == key).map_or(key, |project| project.name.as_str());
    ["-", "_"].iter().any(|between| {
        let rest = name.strip_prefix(project).and_then(|rest| rest.strip_prefix(between));
        let number = rest.and_then(|rest| rest.strip_prefix(&*container.name)?.strip_prefix(between));
        number
            .and_then(|number| number.parse::<u64>().ok())
            .is_some_and(|number| (1..=container.replicas).contains(&number))
    })
}
