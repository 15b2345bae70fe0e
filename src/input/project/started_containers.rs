//! The containers that scripts start: named after script and line, read like any other.
//! Uses `repository`, `reference`, `conditional_starts`, `started_lenders`, `built_images` and `docker_cli`.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::conditional_starts::{StartedContainer, mark_uncertain_env};
use super::reference::Reference;
use super::start_names::{name_of_both, name_of_start, set_unique_name};
use super::start_timing::{SourcePlace, add_start_again, count_instances, source_place, start_key, timing_of};
use super::{DEPTH, PendingStart, ProjectReader};
use crate::input::docker_cli::{ComposeRun, DockerCommand, DockerRun};
use crate::input::shell::ContainerStart;
use crate::input::shell::file_system::Lookup;
use crate::model::{
    Container, Diagnostic, EngineHost, EnvValue, EnvVar, Layout, Level, Start as Begun, Timing, Unseen, Value,
};
use crate::text::{Sources, Span, quoted};

/// The containers of each start that was read, by its key.
type KnownStarts = HashMap<String, Vec<usize>>;

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
        let mut known = KnownStarts::new();
        let mut pending = pending;
        for _ in 0..DEPTH {
            self.note_lenders(&pending);
            // A container may be started further below, or in another script, than a command is run in it.
            pending.sort_by_key(|one| matches!(one.started.command, DockerCommand::Exec(_)));
            let mut next = Vec::new();
            for start in pending {
                // A script that is read twice starts the same, a function that is called twice may not.
                let read = before.contains(&source_place(start.started.span, self.sources()));
                if !read && layout.containers.len() <= MANY {
                    next.extend(self.add_start(&start, &mut known, layout));
                }
            }
            pending = next;
        }
    }

    /// Adds what one command starts; gives what that starts.
    fn add_start(&self, start: &PendingStart, known: &mut KnownStarts, layout: &mut Layout) -> Vec<PendingStart> {
        let (started, by) = (&start.started, start.by.as_deref());
        let key = start_key(started);
        if let Some(same) = known.get(&key) {
            for at in same {
                if let Some(container) = layout.containers.get_mut(*at) {
                    let again = timing_of(started, by, container.given_name.as_ref());
                    let fixed_name = container.timing.fixed_name.clone();
                    add_start_again(container, &Timing { fixed_name, ..again }, started.span);
                }
            }
            return Vec::new();
        }
        known.insert(key.clone(), Vec::new());
        if matches!(started.command, DockerCommand::Exec(_)) {
            return self.add_exec(started, by, layout);
        }
        let mut next = Vec::new();
        for StartedContainer { mut container, starts } in self.started_containers(started, by, &mut layout.diagnostics)
        {
            if self.is_lender_alone(&container, &started.command) {
                continue;
            }
            layout.diagnostics.extend(self.dockerfile_gaps(&container));
            next.extend(PendingStart::all_by(starts, &container));
            let same = layout.containers.iter().position(|other| is_same_start(&container, other));
            let at = same.unwrap_or(layout.containers.len());
            known.entry(key.clone()).or_default().push(at);
            if same.is_none() {
                set_unique_name(&mut container, &layout.containers, self.sources());
                layout.containers.push(container);
                continue;
            }
            let wider = layout
                .containers
                .get(at)
                .and_then(|other| name_of_both(other, &container, &layout.containers, self.sources()));
            if let Some(other) = layout.containers.get_mut(at) {
                add_start_again(other, &container.timing, started.span);
                if container.replicas > other.replicas {
                    (other.replicas, other.replicas_span) = (container.replicas, container.replicas_span);
                }
                // What is surely started on one way is, whatever other ways there are.
                if let Some((known, start)) = other.start.as_mut().zip(container.start.as_ref()) {
                    known.possible &= start.possible;
                }
                other.name = wider.unwrap_or_else(|| other.name.clone());
            }
        }
        next
    }

    fn sources(&self) -> &Sources {
        self.repository.sources
    }

    /// What a command starts: a container, or nothing.
    pub(super) fn container_of_start(
        &self,
        started: &ContainerStart,
        by: Option<&Container>,
        told: &mut Vec<Diagnostic>,
    ) -> Option<Container> {
        let command = &started.command;
        let (mut container, refused) = match command {
            DockerCommand::Run(run) => (self.run_container(run, started.span), &run.refused),
            DockerCommand::ComposeRun(run) => match self.compose_run_container(run, started, by) {
                Ok(container) => (container, &run.refused),
                Err(diagnostic) => {
                    told.push(diagnostic);
                    return None;
                }
            },
            DockerCommand::Unclear(unseen) => {
                told.push(Diagnostic::at(Level::Warning, unseen.span, unseen.what.clone()));
                return None;
            }
            DockerCommand::NotRead(unseen) => {
                let source = self.sources().get(unseen.span.file);
                let names = self.repository.programs.are_named_in(source.text());
                let level = if names { Level::Gap } else { Level::Warning };
                told.push(Diagnostic::at(level, unseen.span, format!("this starts containers: {}", unseen.what)));
                return None;
            }
            DockerCommand::ComposeUp(_)
            | DockerCommand::Exec(_)
            | DockerCommand::Build(_)
            | DockerCommand::Stop(_)
            | DockerCommand::Existing(_)
            | DockerCommand::Scale(_) => return None,
        };
        if let Some(refused) = refused.first() {
            let message = format!("this starts nothing: {}", refused.what);
            told.push(Diagnostic::at(Level::Warning, refused.span, message));
            return None;
        }
        mark_uncertain_env(&mut container, command);
        container.engine_host = match command {
            DockerCommand::Run(run) => self.asked_engine(run.engine.as_ref(), run.name_scope.starts_with("podman"), by),
            DockerCommand::ComposeRun(run) => self.asked_engine(run.project.engine.as_ref(), false, by),
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
        container.start = Some(Begun { possible: started.possible, id: started.kept_id.clone(), span: started.span });
        container.name = name_of_start(&container, started.span, self.sources());
        Some(container)
    }

    /// The container of a command line that is written at a place.
    pub(super) fn run_container(&self, run: &DockerRun, here: Span) -> Container {
        let mut container = run.container.clone();
        container.given_name.clone_from(&run.name);
        container.unseen.extend(run.unseen.iter().cloned());
        container.replicas = run.replicas.unwrap_or(1);
        for file in &run.env_files {
            self.add_env_file(file, &mut container, here);
        }
        if let Some(file) = run.label_files.first() {
            let what = "the labels of `--label-file` were not read".to_owned();
            container.unseen.push(Unseen { what, span: file.span.unwrap_or(here) });
        }
        for from in &run.volumes_from {
            self.add_volumes_from(from, &run.name_scope, &mut container);
        }
        self.lend_own_volumes(run, &mut container);
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
                Some(value) => EnvValue::set(Value::known(value, None)),
                None => continue,
            };
            container.env.entry(name).or_insert(EnvVar::new(value, span));
        }
    }

    /// What a command names, of which its script may be beside.
    pub(super) fn reference(&self, started: &ContainerStart) -> Option<Reference> {
        let script = self.repository.cwd.join(self.sources().get(started.span.file).name());
        let script = self.sources().reader().real_path(&script).unwrap_or(script);
        Some(Reference::of_command(&started.command, started.span)?.beside(script.parent()))
    }

    pub(super) fn compose_run_container(
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

/// Whether the same command of a script starts both, and they differ in no more than what they are given to do.
fn is_same_start(one: &Container, other: &Container) -> bool {
    // One caller may reach it on some ways only, and another one always.
    let is_same_place = one.start.as_ref().zip(other.start.as_ref()).is_some_and(|(one, other)| one.span == other.span);
    if !is_same_place {
        return false;
    }
    // What the caller's words are is known of one caller alone: `claude "$@"`.
    let has_unknown = |container: &Container| {
        container.script.invocations.iter().flat_map(|call| &call.argv).any(|word| word.known().is_none())
    };
    let with_options = !has_unknown(one) && !has_unknown(other);
    comparable_text(one, with_options) == comparable_text(other, with_options)
}

/// All of a container that the same command of a script gives it, but for what its calls are given to do.
fn comparable_text(container: &Container, with_options: bool) -> String {
    let mut calls = container.script.invocations.clone();
    for call in &mut calls {
        call.argv = call.deciding_words(with_options).cloned().collect();
    }
    let Container { script, image, env, mounts, user, working_dir, labels, .. } = container;
    let script = (script.sight, &script.unseen, calls);
    let settings = (image, env, mounts, user, working_dir, labels, &container.project, &container.engine_host);
    let rest = (&container.unseen, container.tty, container.stdin_open, container.read_only);
    format!("{script:?} {settings:?} {rest:?}")
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
