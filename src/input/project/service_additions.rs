//! What a file of another kind adds to a service of Compose, as a devcontainer.json does. Uses `reference`, `built_images`
//! and `model`.

use super::built_images::BuiltImages;
use super::reference::{DescribedProject, Reference, ReferenceTarget};
use super::{PendingStart, ProjectReader, Repository};
use crate::model::{Container, Diagnostic, Layout, Level, Mount, MountSource, Value};
use crate::text::quoted;

/// What is added to a service.
#[derive(Debug)]
pub struct ServiceAddition {
    /// The service.
    pub reference: Reference,
    /// What it has besides: mounts, variables, a user, a command, who works in it.
    pub container: Container,
}

/// Adds to the services of a layout what other files say of them, and reads them again with that.
pub fn add_to_services(
    additions: Vec<ServiceAddition>,
    layout: &mut Layout,
    projects: &[DescribedProject],
    repository: &Repository<'_>,
) {
    for addition in additions {
        let found = addition.reference.find(&layout.containers, projects, None);
        let found =
            found.and_then(|found| if found.is_empty() { Err("which is not described here") } else { Ok(found) });
        match found {
            Ok(found) => {
                for at in found {
                    add_to_service(&addition, at, layout, projects, repository);
                }
            }
            Err(why) => layout.diagnostics.push(missing_service(&addition, why, repository)),
        }
    }
}

fn missing_service(addition: &ServiceAddition, why: &str, repository: &Repository<'_>) -> Diagnostic {
    let span = addition.reference.span;
    let name = match &addition.reference.target {
        ReferenceTarget::Service(name) if !name.is_symbolic() => format!("the service {}", quoted(&name.text)),
        _ => "a service".to_owned(),
    };
    let names = repository.programs.are_named_in(repository.sources.get(span.file).text());
    let level = if names { Level::Gap } else { Level::Warning };
    Diagnostic::at(level, span, format!("this adds to {name}, {why}"))
}

fn add_to_service(
    addition: &ServiceAddition,
    at: usize,
    layout: &mut Layout,
    projects: &[DescribedProject],
    repository: &Repository<'_>,
) {
    let Some(container) = layout.containers.get_mut(at) else { return };
    let project = projects.iter().find(|project| Some(&project.key) == container.project.as_ref());
    addition.apply(container, project.map(|project| project.name.as_str()));
    let key = container.project.clone();
    let services: Vec<Container> = layout.containers.iter().filter(|one| one.project == key).cloned().collect();
    let images = BuiltImages::new(&services, repository);
    let reader = ProjectReader::new(repository, images, &services, projects);
    let Some(container) = layout.containers.get_mut(at) else { return };
    let starts = reader.complete_container(container);
    let pending = PendingStart::all_by(starts, container);
    reader.add_started(pending, layout);
}

impl ServiceAddition {
    /// Adds it to a service; a named volume is one of the project's then.
    fn apply(&self, container: &mut Container, project: Option<&str>) {
        let more = &self.container;
        for mount in &more.mounts {
            container.mounts.retain(|own| own.target.text != mount.target.text);
            container.mounts.push(of_project(mount, project));
        }
        container.env.extend(more.env.clone());
        container.user = more.user.clone().or(container.user.take());
        container.working_dir = more.working_dir.clone().or(container.working_dir.take());
        if more.entrypoint.is_some() {
            container.entrypoint.clone_from(&more.entrypoint);
            container.command.clone_from(&more.command);
        }
        container.rights.no_override |= more.rights.no_override;
        container.unseen.extend(more.unseen.iter().cloned());
        container.unseen_mounts = container.unseen_mounts.take().or_else(|| more.unseen_mounts.clone());
        // The engine refuses a second one of its name.
        let has_fixed_name = container.given_name.as_ref().is_some_and(|name| !name.is_symbolic());
        container.timing.may_overlap = !has_fixed_name;
        container.workplace.clone_from(&more.workplace);
    }
}

fn of_project(mount: &Mount, project: Option<&str>) -> Mount {
    let source = match (&mount.source, project) {
        (MountSource::Volume(name), Some(project)) => {
            let text = format!("{project}_{}", name.text);
            let shown = name.shown.becomes(&text, |form| format!("{project}_{form}"));
            MountSource::Volume(Value { text, shown, ..name.clone() })
        }
        (source, _) => source.clone(),
    };
    Mount { source, ..mount.clone() }
}
