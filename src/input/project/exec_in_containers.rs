//! Commands that scripts run in containers that are described elsewhere, or that other commands start.
//! Uses `started_containers`, `conditional_starts`, `reference` and `docker_cli`.

use std::collections::BTreeMap;

use super::conditional_starts::{StartedContainer, add_outer_locks, settle_readings, uncertain_value};
use super::fed_copies::copies_of_input;
use super::{PendingStart, ProjectReader};
use crate::input::docker_cli::{DockerCommand, DockerExec, engine_host};
use crate::input::shell::ContainerStart;
use crate::model::{
    Condition, Container, Diagnostic, EngineHost, EnvValue, EnvVar, HostCopy, Invocation, Layout, Level, Value, Word,
};
use crate::text::quoted;

/// What commands from outside make in a container.
#[derive(Default)]
struct MadeInside {
    calls: Vec<Invocation>,
    /// What they copy of the host.
    copies: Vec<HostCopy>,
}

impl ProjectReader<'_> {
    /// Adds what runs in a container of the layout beside what that starts by itself, in each way that its words may be
    /// chosen; gives what that starts.
    pub(super) fn add_exec(
        &self,
        started: &ContainerStart,
        by: Option<&Container>,
        layout: &mut Layout,
    ) -> Vec<PendingStart> {
        let commands = match started.alternatives.as_slice() {
            [] => std::slice::from_ref(&started.command),
            chosen => chosen,
        };
        let mut pending = Vec::new();
        let mut made: BTreeMap<usize, MadeInside> = BTreeMap::new();
        let mut missing = None;
        for command in commands {
            let DockerCommand::Exec(exec) = command else { continue };
            let way = ContainerStart { command: command.clone(), alternatives: Vec::new(), ..started.clone() };
            match self.find_exec(exec, &way, by, layout) {
                Ok(found) => {
                    for at in found {
                        let Some(container) = layout.containers.get(at) else { continue };
                        pending.extend(self.read_exec_in(container, &way, by, made.entry(at).or_default()));
                    }
                }
                Err(why) => missing = missing.or_else(|| self.missing_container(exec, why, started)),
            }
        }
        for (at, MadeInside { calls, copies }) in made {
            if let Some(container) = layout.containers.get_mut(at) {
                container.script.invocations.extend(calls);
                container.host_copies.extend(copies);
            }
        }
        layout.diagnostics.extend(missing);
        pending
    }

    /// What is told of a command in a container that is not known, where it calls a program.
    fn missing_container(&self, exec: &DockerExec, why: &str, started: &ContainerStart) -> Option<Diagnostic> {
        let programs = &self.repository.programs.commands;
        let calls = exec.command.words.iter().any(|word| programs.contains(&word.text));
        let (of, why) = if exec.name.is_symbolic() {
            ("a container".to_owned(), "and which one that is is not known")
        } else {
            (format!("the container {}", quoted(&exec.name.text)), why)
        };
        let message = format!("this runs a command in {of}, {why}");
        calls.then(|| Diagnostic::at(Level::Gap, exec.name.span.unwrap_or(started.span), message))
    }

    /// The containers that a command runs in.
    fn find_exec(
        &self,
        exec: &DockerExec,
        started: &ContainerStart,
        by: Option<&Container>,
        layout: &Layout,
    ) -> Result<Vec<usize>, &'static str> {
        if !exec.unseen.is_empty() {
            return Err("and which one that is is not known");
        }
        let not_here = "which is not described here";
        let reference = self.reference(started).ok_or(not_here)?;
        let project = by.and_then(|by| by.project.as_deref());
        let mut found = reference.find(&layout.containers, self.projects, project)?;
        let engine = engine_host(exec.engine.as_ref());
        // An engine that is given on some ways only is another one on no more than these.
        let is_perhaps = exec.engine.as_ref().is_some_and(Value::is_symbolic);
        let is_there = |one: &Container| {
            one.start.is_none() || one.engine_host == engine || is_perhaps && one.engine_host == EngineHost::Here
        };
        found.retain(|at| layout.containers.get(*at).is_some_and(is_there));
        if found.is_empty() { Err(not_here) } else { Ok(found) }
    }

    /// Adds to some calls those that a command makes in a container; gives what it starts.
    fn read_exec_in(
        &self,
        container: &Container,
        started: &ContainerStart,
        by: Option<&Container>,
        made: &mut MadeInside,
    ) -> Vec<PendingStart> {
        let mut pending = Vec::new();
        let mut readings: Vec<(DockerCommand, StartedContainer)> = Vec::new();
        for command in self.readings_of(&started.command) {
            let DockerCommand::Exec(exec) = &command else { continue };
            let read = self.container_with_exec(container, exec);
            readings.push((command, read));
        }
        for StartedContainer { container: mut inside, starts } in settle_readings(readings) {
            add_outer_locks(&mut inside, started, by);
            pending.extend(PendingStart::all_by(starts, &inside));
            if by.is_none() {
                made.copies.extend(copies_of_input(&inside, started, self.repository));
            }
            for mut call in inside.script.invocations {
                call.conditional |= started.possible;
                if !made.calls.contains(&call) {
                    made.calls.push(call);
                }
            }
        }
        pending
    }

    /// A container with a command in it in the place of its own, and what that starts.
    fn container_with_exec(&self, container: &Container, exec: &DockerExec) -> StartedContainer {
        let mut env = exec.env.clone();
        for name in &exec.perhaps.env {
            env.entry(name.clone()).and_modify(|variable| variable.value = uncertain_value(name));
        }
        let mut inside = container.clone();
        inside.env.extend(env.clone());
        inside.user = exec.user.clone().or(inside.user);
        inside.working_dir = exec.working_dir.clone().or(inside.working_dir);
        (inside.entrypoint, inside.command) = (Some(exec.command.clone()), None);
        inside.hooks.clear();
        (inside.own_health, inside.workplace) = (true, None);
        let starts = self.complete_container(&mut inside);
        let own = inside.clone();
        inside.script.invocations.retain_mut(|call| decide_conditions(call, &env, &own));
        for call in &mut inside.script.invocations {
            for (name, variable) in &env {
                if let EnvValue::Set(value) = &variable.value {
                    call.env.entry(name.clone()).or_insert_with(|| literal_word(value));
                }
            }
        }
        StartedContainer { container: inside, starts }
    }
}

/// Decides what depends on the variables that a command sets for itself, which the container's own environment does not
/// say. Whether the call may still be made.
fn decide_conditions(call: &mut Invocation, env: &BTreeMap<String, EnvVar>, own: &Container) -> bool {
    let mut may_run = true;
    call.when.retain(|condition| {
        let of_env = env.contains_key(&condition.variable);
        may_run &= !of_env || condition.holds(own) != Some(false);
        !of_env
    });
    if !may_run {
        return false;
    }
    call.locks.retain_mut(|lock| {
        let (Some(variable), Some(test)) = (lock.condition.clone(), lock.test.clone()) else { return true };
        let condition = Condition { variable, test };
        if !env.contains_key(&condition.variable) {
            return true;
        }
        let holds = condition.holds(own);
        (lock.condition, lock.test) = (None, None);
        // What is not known is no lock to rely on.
        lock.failure_ignored |= holds.is_none();
        holds != Some(false)
    });
    true
}

/// A value as the words of a call write it.
fn literal_word(value: &Value) -> Word {
    if value.is_symbolic() { Word::parse(&value.text) } else { Word::literal(&value.text) }
}
