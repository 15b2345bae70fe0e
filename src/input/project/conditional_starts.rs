//! What a command starts of which a part is given on some ways through its script only: each way that matters is read.
//! Uses `docker_cli`, `shell` and `model`.

use super::ProjectReader;
use crate::input::docker_cli::DockerCommand;
use crate::input::shell::{ContainerStart, StartLock};
use crate::model::{
    Container, EnvValue, EnvVar, FileLock, Invocation, Mount, MountSource, Symbol, Value, Word, join, split_below,
};

/// A container that a command starts, with what its own scripts start.
pub(super) struct StartedContainer {
    pub(super) container: Container,
    pub(super) starts: Vec<ContainerStart>,
}

impl ProjectReader<'_> {
    /// A command in each way that it may be given: with the parts that are given on some ways only, and without them. A
    /// variable that leads to a directory stays: with it goes the mount that it leads into.
    pub(super) fn readings_of(&self, command: &DockerCommand) -> Vec<DockerCommand> {
        let is_path = |name: &str| variable_of(command, name).is_some_and(|value| value.starts_with('/'));
        let is_of_login = |name: &str| self.repository.programs.variables.iter().any(|own| own == name);
        let is_chosen = |name: &str| is_of_login(name) && !is_path(name);
        let mut readings = vec![command.with_variables(is_chosen)];
        readings.extend(command.without_variables(is_chosen));
        let mut more: Vec<_> = readings.iter().filter_map(without_mounts).collect();
        readings.append(&mut more);
        more = readings.iter().filter_map(DockerCommand::with_sure_words).collect();
        readings.append(&mut more);
        readings
    }
}

/// A command without the mounts that are given on some ways only, and without the variables given on some ways that lead
/// into one of these; `None` where there are no such mounts.
fn without_mounts(command: &DockerCommand) -> Option<DockerCommand> {
    let left_out = command.perhaps_mounts();
    let leads_into_one = |name: &str| {
        let path = variable_of(command, name).filter(|path| path.starts_with('/'));
        path.is_some_and(|path| left_out.iter().any(|mount| split_below(path, &mount.target.text).is_some()))
    };
    let less = command.without_mounts()?;
    Some(less.without_variables(leads_into_one).unwrap_or(less))
}

/// The value that a command gives a variable, where it is known.
fn variable_of<'c>(command: &'c DockerCommand, name: &str) -> Option<&'c str> {
    let env = match command {
        DockerCommand::Run(run) => &run.container.env,
        DockerCommand::ComposeRun(run) => &run.env,
        DockerCommand::Exec(exec) => &exec.env,
        _ => return None,
    };
    env.get(name)?.known()
}

/// Of the readings of a command those that say something of their own, each read: a mount that is given on some ways only
/// counts as there, unless it covers or replaces another one; a call that is only under other locks is one whose locks are
/// held on some ways only.
pub(super) fn settle_readings(readings: Vec<(DockerCommand, StartedContainer)>) -> Vec<StartedContainer> {
    let mut settled: Vec<Reading> = Vec::new();
    for (command, read) in readings {
        let less = &read.container;
        if settled.iter().any(|known| is_same_but_for_mounts(known, &command, less)) {
            continue;
        }
        let fewer_words = command.sure_words().is_none();
        let more = settled.iter_mut().find(|known| {
            fewer_words && known.command.sure_words().is_some() && makes_same_calls(&known.read.container, less)
        });
        match more {
            Some(more) => {
                mark_other_locks(&mut more.read.container, less);
                more.has_known_locks = true;
            }
            None => settled.push(Reading { command, read, has_known_locks: false }),
        }
    }
    for Reading { command, read, .. } in settled.iter_mut().filter(|reading| !reading.has_known_locks) {
        // Which of the words are there together is not known.
        if command.sure_words().is_some_and(|sure| sure.words.is_empty() || !is_flock_sure(command)) {
            mark_locks(&mut read.container, &|_, _| false);
        }
    }
    settled.into_iter().map(|reading| reading.read).collect()
}

/// A command as it may be given, read.
struct Reading {
    command: DockerCommand,
    read: StartedContainer,
    /// Whether it is known which of its locks are held on all ways.
    has_known_locks: bool,
}

/// Whether a command has no `flock` that is given on some ways only.
fn is_flock_sure(command: &DockerCommand) -> bool {
    let flocks = |words: &[Value]| words.iter().filter(|word| word.text.contains("flock")).count();
    let all = match command {
        DockerCommand::Run(run) => run.container.command.as_ref(),
        DockerCommand::ComposeRun(run) => run.command.as_ref(),
        DockerCommand::Exec(exec) => Some(&exec.command),
        _ => None,
    };
    let sure = command.sure_words();
    all.map_or(0, |all| flocks(&all.words)) == sure.map_or(0, |sure| flocks(&sure.words))
}

/// Whether a reading without some mounts is no more than one with them: none of them covers or replaces another one.
fn is_same_but_for_mounts(known: &Reading, command: &DockerCommand, less: &Container) -> bool {
    let perhaps = known.command.perhaps_mounts();
    let known = &known.read.container;
    if perhaps.is_empty() || !command.perhaps_mounts().is_empty() {
        return false;
    }
    let covers = perhaps.iter().any(|mount| covers_mount(mount, known));
    let is_kept = |mount: &Mount| known.mounts.contains(mount);
    let is_same = known.env == less.env && known.command == less.command && known.entrypoint == less.entrypoint;
    is_same && !covers && less.mounts.iter().all(is_kept)
}

/// Whether two containers make the same calls, under whichever locks.
fn makes_same_calls(one: &Container, other: &Container) -> bool {
    let calls = |one: &Container| -> Vec<Invocation> {
        let bare = |call: &Invocation| Invocation { locks: Vec::new(), ..call.clone() };
        one.script.invocations.iter().map(bare).collect()
    };
    one.env == other.env && one.mounts == other.mounts && calls(one) == calls(other)
}

/// Marks the locks of a container that one with fewer words does not hold around the same calls.
fn mark_other_locks(known: &mut Container, less: &Container) {
    let others: Vec<Vec<FileLock>> = less.script.invocations.iter().map(|call| call.locks.clone()).collect();
    mark_locks(known, &|call, lock| {
        others.get(call).is_some_and(|others| others.iter().any(|own| is_as_sure(own, lock)))
    });
}

/// Whether a lock is at least the one of a call with more words, which may say how long it waits.
fn is_as_sure(own: &FileLock, lock: &FileLock) -> bool {
    let is_held = !own.perhaps && !own.failure_ignored && own.condition == lock.condition;
    is_held && own.path == lock.path && own.exclusive == lock.exclusive
}

/// Marks the locks of a container's own calls as held on some ways only, but for those that are surely held; a call is told
/// by its number.
fn mark_locks(container: &mut Container, is_sure: &dyn Fn(usize, &FileLock) -> bool) {
    for (number, call) in container.script.invocations.iter_mut().enumerate() {
        for lock in &mut call.locks {
            lock.perhaps |= !lock.outside && !is_sure(number, lock);
        }
    }
}

/// Marks variables that are given on some ways only: what they hold is not known, unless it leads into a mount that is there
/// on some ways only. That counts as there, and the variable comes with it.
pub(super) fn mark_uncertain_env(container: &mut Container, command: &DockerCommand) {
    let perhaps_mounts = command.perhaps_mounts();
    for name in command.perhaps().iter().flat_map(|perhaps| &perhaps.env) {
        let path = container.env.get(name).and_then(EnvVar::known).filter(|path| path.starts_with('/'));
        let holding = path.and_then(|path| container.mount_holding(path)).map(|(mount, _)| mount);
        if perhaps_mounts.iter().any(|mount| holding == Some(*mount)) {
            continue;
        }
        if let Some(variable) = container.env.get_mut(name) {
            variable.value = uncertain_value(name);
        }
    }
}

/// The value of a variable that is given on some ways only.
pub(super) fn uncertain_value(name: &str) -> EnvValue {
    let symbol = Symbol { name: name.to_owned(), required: false };
    EnvValue::set(Value { text: format!("${{{name}}}"), symbols: vec![symbol], ..Value::default() })
}

/// What runs in a container that is waited for runs under the locks that are held around its start.
pub(super) fn add_outer_locks(container: &mut Container, started: &ContainerStart, by: Option<&Container>) {
    let waits = match &started.command {
        DockerCommand::Run(run) => !run.detached && !run.only_created,
        DockerCommand::ComposeRun(run) => !run.detached,
        DockerCommand::Exec(exec) => !exec.detached,
        _ => false,
    };
    if !waits {
        return;
    }
    let held: Vec<FileLock> = started
        .locks
        .iter()
        .filter_map(|StartLock { path, lock }| {
            let path = path.as_ref()?;
            let path = by.map_or_else(|| Some(path.clone()), |by| host_path(path, by))?;
            Some(FileLock { path: Word::literal(&path), outside: true, ..lock.clone() })
        })
        .collect();
    for call in &mut container.script.invocations {
        call.locks.splice(0..0, held.iter().cloned());
    }
}

/// The host's path of a file of a container.
fn host_path(path: &str, container: &Container) -> Option<String> {
    let (mount, rest) = container.mount_holding(path)?;
    match &mount.source {
        MountSource::Host(source) if !source.is_symbolic() => Some(join(&source.text, &format!("./{rest}"))),
        _ => None,
    }
}

/// Whether a mount lies on what another one shows.
fn covers_mount(mount: &Mount, container: &Container) -> bool {
    let target = &mount.target.text;
    let mut others = container.mounts.iter().map(|other| &other.target.text).filter(|other| *other != target);
    others.any(|other| split_below(target, other).is_some())
}
