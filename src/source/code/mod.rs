//! The code that planned containers run, found in the repository: Dockerfiles, copied and mounted scripts; and the
//! containers that those scripts start. May use `text`, `model` and the other sources.
//!
//! ```text
//! repository  which files may be read, each once
//! images      what each service builds;  fill: what its image gives a container
//! files       which file of the repository stands at a path of a container
//! scripts     scripts that are given by their paths
//! started     the containers that scripts start
//! ```

mod files;
mod fill;
mod images;
mod repository;
mod scripts;
mod started;

pub use repository::{Repository, Store, top};
pub use scripts::{Found, find, is_script, read};

use std::rc::Rc;

use files::Planned;
use images::Images;

use crate::model::{Command, Container, Diagnostic, EnvValue, Layout, Level, Script, Sight};
use crate::source::docker_cli::DockerCommand;
use crate::source::image::Image;
use crate::source::shell::{self, ContainerStart, ExecContext};
use crate::text::Sources;

/// Containers that start containers that start containers: how far that is followed.
const DEPTH: usize = 3;

/// Reads the code of every container of a project, fills in what their images give, and adds the containers that
/// their scripts start.
pub fn complete(layout: &mut Layout, repository: &Repository<'_>) {
    let services = layout.containers.clone();
    let reader = Reader { repository, images: Images::of(&services, repository), services: &services };
    let mut open: Vec<(ContainerStart, Option<Container>)> = Vec::new();
    for container in &mut layout.containers {
        layout.diagnostics.extend(reader.unread(container));
        let starts = reader.complete(container);
        open.extend(starts.into_iter().map(|start| (start, Some(container.clone()))));
    }
    reader.started(open, layout);
}

/// Reads containers of one project.
struct Reader<'a> {
    repository: &'a Repository<'a>,
    images: Images<'a>,
    /// The services as their files describe them.
    services: &'a [Container],
}

impl Reader<'_> {
    /// What of its Dockerfile was not read: such a container is judged as one whose image is from elsewhere.
    fn unread(&self, container: &Container) -> Vec<Diagnostic> {
        let image = container.build.as_ref().and_then(|_| self.images.image(container));
        let unseen = image.iter().flat_map(|image| &image.unseen);
        unseen.map(|unseen| Diagnostic::at(Level::Warning, unseen.span, unseen.what.clone())).collect()
    }

    /// Fills a container in and reads what it runs; gives what that starts.
    fn complete(&self, container: &mut Container) -> Vec<ContainerStart> {
        let image = self.images.image(container);
        if let Some(image) = &image {
            fill::fill(container, image, self.repository.sources);
        }
        let (script, starts) = self.script(container, image);
        container.script = script;
        let understood = |started: &ContainerStart| !matches!(started.command, DockerCommand::Unclear(_));
        let whole = container.script.sight == Sight::Whole;
        container.starts_described = whole && !starts.is_empty() && starts.iter().all(understood);
        starts
    }

    fn script(&self, container: &Container, image: Option<Rc<Image>>) -> (Script, Vec<ContainerStart>) {
        let disk = Planned { repository: self.repository, container, image };
        let lookup = |name: &str| value(container, name);
        let directory = container.working_dir.as_ref().filter(|directory| !directory.is_symbolic());
        let setting = ExecContext {
            sources: self.repository.sources,
            file_system: &disk,
            directory: directory.map(|directory| directory.text.as_str()),
            environment: &lookup,
            hides: false,
            programs: &|| self.repository.programs.wait(),
        };
        let read = |entrypoint: Option<&Command>, command: Option<&Command>| {
            shell::run_commands(entrypoint, command, &setting)
        };
        let (mut script, mut starts) = read(container.entrypoint.as_ref(), container.command.as_ref());
        for hook in &container.hooks {
            // What a hook leads to that was not read is no reason to doubt what the container itself runs.
            let (of_hook, more) = read(Some(hook), None);
            script.invocations.extend(of_hook.invocations);
            starts.extend(more);
        }
        (script, starts)
    }
}

/// A variable's value where the container's environment sets it and it is known.
fn value(container: &Container, name: &str) -> Option<String> {
    match &container.env.get(name)?.value {
        EnvValue::Set(value) if !value.is_symbolic() => Some(value.text.clone()),
        EnvValue::Set(_) | EnvValue::Inherited => None,
    }
}

/// A place in words, as the name of what is started there: the file's own name and the line.
fn named(span: crate::text::Span, sources: &Sources) -> String {
    let file = sources.get(span.file);
    let name = file.name().rsplit('/').next().unwrap_or(file.name()).to_owned();
    format!("{name}:{}", span.start.line)
}
