//! The containers that scripts start: named after script and line, read like any other.
//! Uses `repository`, `reference`, `built_images` and `docker_cli`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use super::reference::{Reference, has_container_name};
use super::start_names::{name_of_both, name_of_start, set_unique_name};
use super::start_timing::{SourcePlace, add_start_again, count_instances, source_place, start_key, timing_of};
use super::{DEPTH, PendingStart, ProjectReader};
use crate::input::docker_cli::{ComposeRun, ConditionalParts, DockerCommand, DockerExec, DockerRun, engine_host};
use crate::input::shell::file_system::Lookup;
use crate::input::shell::{ContainerStart, StartLock};
use crate::model::{
    Condition, Container, Diagnostic, EngineHost, EnvValue, EnvVar, FileLock, Invocation, Layout, Level, Mount,
    MountSource, Start as Begun, Symbol, Timing, Unseen, Value, Word, join, split_below,
};
use crate::text::{Sources, Span, quoted};

/// Containers that are started from scripts, of one project.
const MANY: usize = 2_000;

impl ProjectReader<'_> {
    /// Adds the containers that are started, and those that these start.
    pub(super) fn add_started(&self, pending: Vec<PendingStart>, layout: &mut Layout) {
        let before: BTreeSet<SourcePlace> = layout
            .containers
            .iter()
            .filter_map(|one| Some(source_place(one.start.as_ref()?.span, self.sources())))
            .collect();
        let mut known: HashMap<String, Vec<usize>> = HashMap::new();
        let mut pending = pending;
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for PendingStart { started, by } in pending {
                // A script that is read twice starts the same, a function that is called twice may not.
                let read = before.contains(&source_place(started.span, self.sources()));
                if read || layout.containers.len() > MANY {
                    continue;
                }
                let key = start_key(&started);
                if let Some(same) = known.get(&key) {
                    for at in same {
                        if let Some(container) = layout.containers.get_mut(*at) {
                            let again = timing_of(&started, by.as_deref(), container.given_name.as_ref());
                            add_start_again(container, &again, started.span);
                        }
                    }
                    continue;
                }
                known.insert(key.clone(), Vec::new());
                if let DockerCommand::Exec(exec) = &started.command {
                    next.extend(self.add_exec(exec, &started, by.as_deref(), layout));
                    continue;
                }
                for mut container in self.started_containers(&started, by.as_deref(), &mut layout.diagnostics) {
                    let starts = self.complete_container(&mut container);
                    layout.diagnostics.extend(self.dockerfile_gaps(&container));
                    add_outer_locks(&mut container, &started, by.as_deref());
                    next.extend(PendingStart::all_by(starts, &container));
                    let same = layout.containers.iter().position(|other| is_same_start(&container, other));
                    let at = same.unwrap_or(layout.containers.len());
                    known.entry(key.clone()).or_default().push(at);
                    if let Some(at) = same {
                        let wider = layout
                            .containers
                            .get(at)
                            .and_then(|other| name_of_both(other, &container, &layout.containers, self.sources()));
                        if let Some(other) = layout.containers.get_mut(at) {
                            add_start_again(other, &container.timing, started.span);
                            other.name = wider.unwrap_or_else(|| other.name.clone());
                        }
                        continue;
                    }
                    set_unique_name(&mut container, &layout.containers, self.sources());
                    layout.containers.push(container);
                }
            }
            pending = next;
        }
    }

    fn sources(&self) -> &Sources {
        self.repository.sources
    }

    /// What a command starts: nothing, one container, or two where a mount that is there on some ways covers another.
    pub(super) fn containers_of_command(
        &self,
        command: &DockerCommand,
        started: &ContainerStart,
        by: Option<&Container>,
        told: &mut Vec<Diagnostic>,
    ) -> Vec<Container> {
        let (mut container, maybe, refused) = match command {
            DockerCommand::Run(run) => (self.run_container(run, started.span), &run.perhaps.mounts, &run.refused),
            DockerCommand::ComposeRun(run) => match self.compose_run_container(run, started, by) {
                Ok(container) => (container, &run.perhaps.mounts, &run.refused),
                Err(diagnostic) => {
                    told.push(diagnostic);
                    return Vec::new();
                }
            },
            DockerCommand::Unclear(unseen) => {
                told.push(Diagnostic::at(Level::Warning, unseen.span, unseen.what.clone()));
                return Vec::new();
            }
            DockerCommand::NotRead(unseen) => {
                let source = self.sources().get(unseen.span.file);
                let names = self.repository.programs.are_named_in(source.text());
                let level = if names { Level::Gap } else { Level::Warning };
                told.push(Diagnostic::at(level, unseen.span, format!("this starts containers: {}", unseen.what)));
                return Vec::new();
            }
            DockerCommand::ComposeUp(_)
            | DockerCommand::Exec(_)
            | DockerCommand::Build(_)
            | DockerCommand::Stop(_)
            | DockerCommand::Existing(_) => return Vec::new(),
        };
        if let Some(refused) = refused.first() {
            let message = format!("this starts nothing: {}", refused.what);
            told.push(Diagnostic::at(Level::Warning, refused.span, message));
            return Vec::new();
        }
        container.engine_host = match command {
            DockerCommand::Run(run) => engine_host(run.engine.as_ref()),
            DockerCommand::ComposeRun(run) => engine_host(run.project.engine.as_ref()),
            _ => EngineHost::Here,
        };
        if let EngineHost::Unclear(engine) = &container.engine_host {
            let what = format!("whether the engine that starts it, {engine}, is that of this host is not known");
            container.unseen.push(Unseen { what, span: started.span });
        }
        container.project = by.and_then(|by| by.project.clone()).or(container.project);
        container.span = started.span;
        let one_off_of = container.timing.one_off_of.take();
        container.timing = Timing { one_off_of, ..timing_of(started, by, container.given_name.as_ref()) };
        count_instances(&mut container, started, by);
        container.start = Some(Begun { possible: started.possible, span: started.span });
        container.name = name_of_start(&container, started.span, self.sources());
        let covers =
            maybe.iter().any(|at| container.mounts.get(*at).is_some_and(|mount| covers_mount(mount, &container)));
        if !covers {
            return vec![container];
        }
        let mut without = container.clone();
        let mut number = 0;
        without.mounts.retain(|_| {
            number += 1;
            !maybe.contains(&(number - 1))
        });
        vec![container, without]
    }

    /// The container of a command line that is written at a place.
    pub(super) fn run_container(&self, run: &DockerRun, here: Span) -> Container {
        let mut container = run.container.clone();
        container.given_name.clone_from(&run.name);
        container.unseen.extend(run.unseen.iter().cloned());
        container.replicas = run.replicas.unwrap_or(1);
        mark_uncertain_env(&mut container, &run.perhaps);
        for file in &run.env_files {
            self.add_env_file(file, &mut container, here);
        }
        if let Some(file) = run.label_files.first() {
            let what = "the labels of `--label-file` were not read".to_owned();
            container.unseen.push(Unseen { what, span: file.span.unwrap_or(here) });
        }
        for from in &run.volumes_from {
            self.add_volumes_from(from, &mut container, here);
        }
        container
    }

    /// The variables of a file, below those of the command line.
    fn add_env_file(&self, file: &Value, container: &mut Container, here: Span) {
        let span = file.span.unwrap_or(here);
        let opened = (!file.is_symbolic()).then(|| self.repository.open(Path::new(&file.text)));
        let Some(Lookup::Text(id)) = opened else {
            let what = "the variables of its `--env-file` were not read".to_owned();
            container.unseen.push(Unseen { what, span });
            return;
        };
        for (name, value) in env_file_lines(self.sources().get(id).text()) {
            let value = match value.or_else(|| self.repository.environment.get(&name).cloned()) {
                Some(value) => EnvValue::Set(Value::known(value, None)),
                None => continue,
            };
            container.env.entry(name).or_insert(EnvVar::new(value, span));
        }
    }

    /// `--volumes-from`: of a service, by its name or the name that it is given.
    fn add_volumes_from(&self, from: &Value, container: &mut Container, here: Span) {
        let (name, mode) = from.text.split_once(':').unwrap_or((&from.text, ""));
        let found = self.services.iter().find(|one| has_container_name(one, name, self.projects));
        let Some(service) = found.filter(|_| !from.is_symbolic()) else {
            let what = "the mounts that `--volumes-from` takes are of a container that is not described".to_owned();
            let unseen = Unseen { what, span: from.span.unwrap_or(here) };
            container.unseen_mounts.get_or_insert_with(|| unseen.clone());
            container.unseen.push(unseen);
            return;
        };
        for mount in service.mounts.iter().filter(|mount| mount.source != MountSource::Tmpfs) {
            if container.mounts.iter().all(|own| own.target.text != mount.target.text) {
                container.mounts.push(Mount { read_only: mount.read_only || mode == "ro", ..mount.clone() });
            }
        }
    }

    /// Adds what runs in a container of the layout beside what that starts by itself; gives what that starts.
    fn add_exec(
        &self,
        exec: &DockerExec,
        started: &ContainerStart,
        by: Option<&Container>,
        layout: &mut Layout,
    ) -> Vec<PendingStart> {
        let found = self.find_exec(exec, started, by, layout);
        let found = match found {
            Ok(found) => found,
            Err(why) => {
                let programs = &self.repository.programs.commands;
                let calls = exec.command.words.iter().any(|word| programs.contains(&word.text));
                let of = if exec.name.is_symbolic() {
                    "a container".to_owned()
                } else {
                    format!("the container {}", quoted(&exec.name.text))
                };
                let message = format!("this runs a command in {of}, {why}");
                let told = calls.then(|| Diagnostic::at(Level::Gap, exec.name.span.unwrap_or(started.span), message));
                layout.diagnostics.extend(told);
                return Vec::new();
            }
        };
        let mut pending = Vec::new();
        for at in found {
            if let Some(container) = layout.containers.get_mut(at) {
                pending.extend(self.add_exec_in(container, exec, started, by));
            }
        }
        pending
    }

    /// What a command names, of which its script may be beside.
    fn reference(&self, started: &ContainerStart) -> Option<Reference> {
        let script = self.repository.cwd.join(self.sources().get(started.span.file).name());
        let script = self.sources().reader().real_path(&script).unwrap_or(script);
        Some(Reference::of_command(&started.command, started.span)?.beside(script.parent()))
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
        let is_there = |one: &Container| one.start.is_none() || one.engine_host == engine;
        found.retain(|at| layout.containers.get(*at).is_some_and(is_there));
        if found.is_empty() { Err(not_here) } else { Ok(found) }
    }

    /// Adds what a command runs in one container; gives what that starts.
    fn add_exec_in(
        &self,
        container: &mut Container,
        exec: &DockerExec,
        started: &ContainerStart,
        by: Option<&Container>,
    ) -> Vec<PendingStart> {
        let mut inside = container.clone();
        inside.env.extend(exec.env.clone());
        inside.user = exec.user.clone().or(inside.user);
        inside.working_dir = exec.working_dir.clone().or(inside.working_dir);
        (inside.entrypoint, inside.command) = (Some(exec.command.clone()), None);
        inside.hooks.clear();
        (inside.own_health, inside.workplace) = (true, None);
        let starts = self.complete_container(&mut inside);
        add_outer_locks(&mut inside, started, by);
        let own = inside.clone();
        inside.script.invocations.retain_mut(|call| decide_conditions(call, &exec.env, &own));
        for call in &mut inside.script.invocations {
            call.conditional |= started.possible;
            for (name, variable) in &exec.env {
                if let EnvValue::Set(value) = &variable.value {
                    call.env.entry(name.clone()).or_insert_with(|| literal_word(value));
                }
            }
        }
        container.script.invocations.append(&mut inside.script.invocations);
        PendingStart::all_by(starts, &inside)
    }

    fn compose_run_container(
        &self,
        run: &ComposeRun,
        started: &ContainerStart,
        by: Option<&Container>,
    ) -> Result<Container, Diagnostic> {
        let described = if run.service.is_symbolic() {
            Err("and which one that is is not known")
        } else {
            let reference = self.reference(started);
            let by = by.and_then(|by| by.project.as_deref());
            reference.ok_or("").and_then(|reference| reference.find(self.services, self.projects, by))
        };
        let service = described.map(|found| found.first().and_then(|at| self.services.get(*at)));
        let service = service.and_then(|service| service.ok_or("which is not described here"));
        let service = service.map_err(|why| {
            let of = if run.service.is_symbolic() {
                "a service".to_owned()
            } else {
                format!("the service {}", quoted(&run.service.text))
            };
            let message = format!("this starts a container of {of}, {why}");
            Diagnostic::at(Level::Gap, run.service.span.unwrap_or(started.span), message)
        })?;
        let mut container = service.clone();
        // A one-off container takes no ports, and runs beside whichever variant is up.
        (container.variant, container.host_ports) = (None, Vec::new());
        container.replicas = 1;
        (container.shown_replicas, container.replicas_span) = (None, None);
        container.timing = Timing { one_off_of: Some(service.container_id()), ..Timing::default() };
        container.given_name.clone_from(&run.name);
        if let Some(entrypoint) = &run.entrypoint {
            (container.entrypoint, container.command) = (Some(entrypoint.clone()), None);
        }
        container.command = run.command.clone().or(container.command);
        container.user = run.user.clone().or(container.user);
        container.working_dir = run.working_dir.clone().or(container.working_dir);
        container.tty = run.tty.or(container.tty);
        container.stdin_open = run.stdin_open.or(container.stdin_open);
        container.hooks.clear();
        container.env.extend(run.env.clone());
        mark_uncertain_env(&mut container, &run.perhaps);
        container.labels.extend(run.labels.clone());
        for mount in &run.mounts {
            container.mounts.retain(|own| own.target.text != mount.target.text);
            container.mounts.push(mount.clone());
        }
        container.unseen.extend(run.unseen.iter().cloned());
        container.unseen_mounts = container.unseen_mounts.or_else(|| run.unseen_mounts.clone());
        for file in &run.env_files {
            self.add_env_file(file, &mut container, started.span);
        }
        Ok(container)
    }
}

/// A variable that is set on some ways only depends on what is not known, unless it leads into a mount that is there on
/// some ways only: that counts as there, and the variable comes with it.
fn mark_uncertain_env(container: &mut Container, perhaps: &ConditionalParts) {
    for name in &perhaps.env {
        let path = container.env.get(name).and_then(EnvVar::known).filter(|path| path.starts_with('/'));
        let holding = path.and_then(|path| container.mount_holding(path)).map(|(mount, _)| mount);
        let perhaps_mounts = perhaps.mounts.iter().filter_map(|at| container.mounts.get(*at));
        if perhaps_mounts.into_iter().any(|mount| holding == Some(mount)) {
            continue;
        }
        if let Some(variable) = container.env.get_mut(name) {
            let symbol = Symbol { name: name.clone(), required: false };
            let text = format!("${{{name}}}");
            variable.value = EnvValue::Set(Value { text, symbols: vec![symbol], ..Value::default() });
        }
    }
}

/// What runs in a container that is waited for runs under the locks that are held around its start.
fn add_outer_locks(container: &mut Container, started: &ContainerStart, by: Option<&Container>) {
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

/// Whether the same command of a script starts both, and they differ in no more than what they are given to do.
fn is_same_start(one: &Container, other: &Container) -> bool {
    if other.start.is_none() || one.start != other.start {
        return false;
    }
    comparable_text(one) == comparable_text(other)
}

/// All of a container that the same command of a script gives it, but for what its calls are given to do.
fn comparable_text(container: &Container) -> String {
    let mut calls = container.script.invocations.clone();
    for call in &mut calls {
        let mut first = true;
        call.argv.retain(|word| std::mem::take(&mut first) || word.starts_with('-'));
    }
    let Container { script, image, env, mounts, user, working_dir, labels, .. } = container;
    let script = (script.sight, &script.unseen, calls);
    let settings = (image, env, mounts, user, working_dir, labels);
    let rest = (&container.unseen, container.tty, container.stdin_open, container.read_only);
    format!("{script:?} {settings:?} {rest:?}")
}

/// A value as the words of a call write it.
fn literal_word(value: &Value) -> Word {
    if value.is_symbolic() { Word::parse(&value.text) } else { Word::literal(&value.text) }
}

/// The lines of a file of `--env-file`: a name with a value as it stands, or a name whose value is taken from around
/// (docker's cli, `opts.ParseEnvFile`).
fn env_file_lines(text: &str) -> impl Iterator<Item = (String, Option<String>)> {
    let lines = text.lines().map(|line| line.trim_start_matches([' ', '\t', '\u{feff}']));
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| match line.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (line.trim().to_owned(), None),
    })
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
