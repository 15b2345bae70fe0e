//! The containers of a start of which a variable is one of several texts: each is judged where that says something of a
//! login. Uses `started_containers`, `docker_cli` and `model`.

use super::ProjectReader;
use crate::input::shell::ContainerStart;
use crate::model::{Container, Diagnostic, EnvValue, EnvVar, Mount, split_below};

/// Directories that have the homes of users in them, or are one.
const HOMES: [&str; 2] = ["/root", "/home"];

impl ProjectReader<'_> {
    /// What a start starts: what its command says, or each of what that may say where they differ in what may be a login's.
    pub(super) fn started_containers(
        &self,
        started: &ContainerStart,
        by: Option<&Container>,
        told: &mut Vec<Diagnostic>,
    ) -> Vec<Container> {
        let as_written = self.containers_of_command(&started.command, started, by, told);
        let mut known: Vec<String> = Vec::new();
        let mut each: Vec<Container> = Vec::new();
        for command in &started.alternatives {
            // One that is refused is none of those that start.
            for mut container in self.containers_of_command(command, started, by, &mut Vec::new()) {
                let matters = text_of_what_matters(&container);
                if known.contains(&matters) {
                    continue;
                }
                known.push(matters);
                if let Some(start) = &mut container.start {
                    start.possible = true;
                }
                each.push(container);
            }
        }
        if each.len() > 1 { each } else { as_written }
    }
}

/// What of a container may say where a login is: mounts at places where one may be, and variables that hold paths.
fn text_of_what_matters(container: &Container) -> String {
    let paths: Vec<(&String, &str)> =
        container.env.iter().filter_map(|(name, variable)| Some((name, path_of(variable)?))).collect();
    let mounts: Vec<(&Mount, &str)> =
        container.mounts.iter().map(|mount| (mount, mount.target.text.as_str())).collect();
    let may_hold = |target: &str| {
        let is_around = |path: &str| path == target || split_below(path, target).is_some();
        let is_hidden = target.split('/').any(|part| part.starts_with('.') && part.len() > 1);
        let is_home = HOMES
            .iter()
            .any(|home| is_around(home) || *home == target.rsplit_once('/').map_or("", |(parent, _)| parent));
        is_hidden || is_home || target.contains('$') || paths.iter().any(|(_, path)| is_around(path))
    };
    let mounts: Vec<String> = mounts
        .into_iter()
        .filter(|(_, target)| may_hold(target))
        .map(|(mount, target)| format!("{:?} {target} {}", mount.source, mount.read_only))
        .collect();
    format!("{mounts:?} {paths:?} {:?}", container.unseen_mounts.as_ref().map(|unseen| &unseen.what))
}

/// The path that a variable holds.
fn path_of(variable: &EnvVar) -> Option<&str> {
    match &variable.value {
        EnvValue::Set(value) if value.text.starts_with('/') => Some(&value.text),
        EnvValue::Set(_) | EnvValue::Inherited => None,
    }
}
