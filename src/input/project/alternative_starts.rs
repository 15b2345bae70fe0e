//! The containers of a start of which a variable is one of several texts, or a part is there on some ways only: each is
//! judged where that says something of a login. Uses `started_containers`, `conditional_starts`, `docker_cli` and `model`.

use super::ProjectReader;
use super::conditional_starts::{StartedContainer, add_outer_locks, settle_readings};
use super::fed_copies::copies_of_input;
use super::start_names::name_of_both;
use super::start_timing::{forget_name, run_beside_other_ways};
use crate::input::shell::ContainerStart;
use crate::model::{Container, Diagnostic, EnvValue, EnvVar, Mount, split_below};

/// Directories that have the homes of users in them, or are one.
const HOMES: [&str; 2] = ["/root", "/home"];

/// One of the ways of a start that differ in what matters.
struct Way {
    started: StartedContainer,
    /// The start, as if it were this way alone.
    start: ContainerStart,
    matters: String,
}

impl ProjectReader<'_> {
    /// What a start starts: what its command says, or each of what that may say where they differ in what may be a login's.
    pub(super) fn started_containers(
        &self,
        started: &ContainerStart,
        by: Option<&Container>,
        told: &mut Vec<Diagnostic>,
    ) -> Vec<StartedContainer> {
        let mut ways: Vec<Way> = Vec::new();
        for command in &started.alternatives {
            let start = ContainerStart { command: command.clone(), alternatives: Vec::new(), ..started.clone() };
            // One that is refused is none of those that start.
            for read in self.readings_of_start(&start, by, &mut Vec::new()) {
                self.add_way(Way::new(read, &start, &self.repository.programs.variables), &mut ways, by);
            }
        }
        // What a text of which nothing can be chosen is read as is no better than what its choices are read as.
        if ways.is_empty() {
            for read in self.readings_of_start(started, by, told) {
                self.add_way(Way::new(read, started, &self.repository.programs.variables), &mut ways, by);
            }
        }
        let several = ways.len() > 1;
        for (number, way) in ways.iter_mut().enumerate() {
            let container = &mut way.started.container;
            if let Some(start) = &mut container.start {
                start.possible |= several;
            }
            if several || !started.alternatives.is_empty() {
                run_beside_other_ways(container, &way.start, number);
            }
        }
        ways.into_iter().map(|way| way.started).collect()
    }

    /// The containers of one way, in each reading of what is there on some ways only.
    fn readings_of_start(
        &self,
        started: &ContainerStart,
        by: Option<&Container>,
        told: &mut Vec<Diagnostic>,
    ) -> Vec<StartedContainer> {
        let mut readings = Vec::new();
        let (mut first, mut others) = (Some(told), Vec::new());
        for command in self.readings_of(&started.command) {
            let start = ContainerStart { command, ..started.clone() };
            let told = first.take().unwrap_or(&mut others);
            let Some(mut container) = self.container_of_start(&start, by, told) else { continue };
            let starts = self.complete_container(&mut container);
            readings.push((start.command, StartedContainer { container, starts }));
        }
        let mut settled = settle_readings(readings);
        for read in &mut settled {
            add_outer_locks(&mut read.container, started, by);
            if by.is_none() {
                let copies = copies_of_input(&read.container, started, self.repository);
                read.container.host_copies.extend(copies);
            }
        }
        settled
    }

    /// Adds a way, or what it has of its own to one that is alike in what matters.
    fn add_way(&self, way: Way, ways: &mut Vec<Way>, by: Option<&Container>) {
        let Some(known) = ways.iter_mut().find(|known| known.matters == way.matters) else {
            ways.push(way);
            return;
        };
        let (container, other) = (&mut known.started.container, way.started.container);
        if container.tty.is_none_or(|tty| !tty.on) {
            container.tty = other.tty;
        }
        if container.given_name != other.given_name || container.timing.fixed_name != other.timing.fixed_name {
            let wider = name_of_both(container, &other, &[], self.repository.sources);
            container.name = wider.unwrap_or_else(|| container.name.clone());
            forget_name(container, &known.start, by);
        }
    }
}

impl Way {
    fn new(started: StartedContainer, start: &ContainerStart, variables: &[String]) -> Self {
        let matters = text_of_what_matters(&started.container, start, variables);
        Self { started, start: start.clone(), matters }
    }
}

/// What of a container may say where a login is and what becomes of it: mounts at places where one may be, variables that
/// hold paths or that programs ask, its calls with their locks, whose engine starts it and whether that is waited for.
fn text_of_what_matters(container: &Container, start: &ContainerStart, variables: &[String]) -> String {
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
    let unseen = container.unseen_mounts.as_ref().map(|unseen| &unseen.what);
    let own: Vec<(&String, String)> = container
        .env
        .iter()
        .filter(|(name, _)| variables.contains(name))
        .map(|(name, variable)| (name, text_of_variable(variable)))
        .collect();
    let labels: Vec<(&String, &str)> = container
        .labels
        .iter()
        .filter(|(name, _)| name.starts_with("overlock."))
        .map(|(name, label)| (name, label.value.text.as_str()))
        .collect();
    let image = container.image.as_ref().map(|image| &image.text);
    let user = container.user.as_ref().map(|user| &user.text);
    let where_to = (&container.engine_host, &container.project, start.command.is_left_running());
    let calls = text_of_calls(container);
    format!("{mounts:?} {paths:?} {unseen:?} {own:?} {labels:?} {image:?} {user:?} {where_to:?} {calls}")
}

fn text_of_variable(variable: &EnvVar) -> String {
    match &variable.value {
        EnvValue::Set(value) => value.text.clone(),
        EnvValue::Inherited => "(inherited)".to_owned(),
    }
}

/// The calls of a container, but for what they are given to do.
fn text_of_calls(container: &Container) -> String {
    let script = &container.script;
    let calls = script.invocations.iter().map(|call| {
        let words = call.deciding_words(true).collect::<Vec<_>>();
        let locks: Vec<_> = call
            .locks
            .iter()
            .map(|lock| (&lock.path, lock.exclusive, &lock.wait, lock.failure_ignored, lock.perhaps, &lock.condition))
            .collect();
        let settings = (&call.env, &call.inherits, &call.when, call.conditional, &call.directory, call.hides);
        format!("{words:?} {locks:?} {settings:?}")
    });
    format!("{:?} {:?} {:?}", script.sight, script.unseen, calls.collect::<Vec<_>>())
}

/// The path that a variable holds.
fn path_of(variable: &EnvVar) -> Option<&str> {
    match &variable.value {
        EnvValue::Set(value) if value.text.starts_with('/') => Some(&value.text),
        EnvValue::Set(_) | EnvValue::Inherited => None,
    }
}
