//! What the repository's own calls of Compose say of services: how many of one there are, in how many projects, and which
//! are only ever run as one-off containers. Uses `docker_cli`, `shell` and `model`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::build_commands::BuildCommands;
use super::command_builds::untagged;
use super::stopped_containers::{moments_of_service, sure_stop};
use super::{DescribedProject, PendingStart, ProjectReader};
use crate::input::docker_cli::{ComposeProject, ComposeRun, ComposeUp, DockerBuild, DockerCommand};
use crate::input::shell::ContainerStart;
use crate::model::{Command, Container, Moment, Mount, OtherBuild, Symbol, Value, clean};
use crate::text::Span;

/// The most that a number of containers counts as.
const MANY: u64 = 1_000;
/// Variables of the shell that are others in each run of a script.
const OF_EACH_RUN: [&str; 7] = ["$", "BASHPID", "EPOCHREALTIME", "EPOCHSECONDS", "RANDOM", "SECONDS", "SRANDOM"];
/// The most builds of one image that are kept.
const MAX_BUILDS: usize = 16;

/// Applies what commands of the host say of the services.
pub(super) fn apply_compose_calls(pending: &[PendingStart], containers: &mut [Container], reader: &ProjectReader<'_>) {
    let mut calls = ComposeCalls { reader, services: BTreeMap::new() };
    for start in pending.iter().filter(|start| start.by.is_none()) {
        if let DockerCommand::Build(build) = &start.started.command {
            calls.add_build(build, start.started.span, containers);
        }
    }
    for start in pending.iter().filter(|start| start.by.is_none()) {
        match &start.started.command {
            DockerCommand::ComposeUp(up) => calls.add_up(up, &start.started, containers),
            DockerCommand::ComposeRun(run) => calls.add_run(run, containers),
            DockerCommand::Stop(_) => calls.add_stop(&start.started, containers),
            _ => {}
        }
    }
    for scale in scales_of_services(pending) {
        calls.add_swarm_scale(&scale, containers);
    }
    for (at, service) in calls.services {
        if let Some(container) = containers.get_mut(at) {
            service.apply(container);
        }
    }
}

/// How many containers services of a swarm have, as commands of the host say: each as `NAME=NUMBER`.
pub(super) fn scales_of_services(pending: &[PendingStart]) -> Vec<Value> {
    let scales = pending.iter().filter(|start| start.by.is_none()).map(|start| match &start.started.command {
        DockerCommand::Scale(scales) => scales.as_slice(),
        _ => &[],
    });
    scales.flatten().cloned().collect()
}

/// Gives the services that commands start by themselves (`service create`) as many containers as others say.
pub(super) fn apply_scales(scales: &[Value], containers: &mut [Container]) {
    for (value, name, count) in scales.iter().filter_map(|value| read_scale(value)) {
        for container in containers.iter_mut().filter(|container| container.start.is_some()) {
            let is_it = container.given_name.as_ref().is_some_and(|given| given.text == name);
            if is_it && container.replicas < count {
                (container.replicas, container.replicas_span) = (count, value.span);
            }
        }
    }
}

/// A name and a number of containers, which may be any where it is not known.
fn read_scale(value: &Value) -> Option<(&Value, &str, u64)> {
    let (name, count) = value.text.rsplit_once('=')?;
    Some((value, name, count.parse().unwrap_or(2).min(MANY)))
}

struct ComposeCalls<'a> {
    reader: &'a ProjectReader<'a>,
    services: BTreeMap<usize, ServiceCalls>,
}

/// What the calls say of one service.
#[derive(Default)]
struct ServiceCalls {
    is_run: bool,
    is_up: bool,
    /// Whether a person may bring it up beside: it has a command in its file, its file keeps it up (`restart`), or what
    /// is run once is its own command. One that is given a command each time is there for that.
    is_brought_up_by_hand: bool,
    /// Whether one brings up others of its project without it.
    is_left_out: bool,
    /// The number of its containers, where one says it, and where.
    scale: Option<(u64, Value)>,
    /// The projects that it is brought up in.
    projects: BTreeSet<String>,
    /// Whether one of them stands for several.
    many_projects: bool,
    /// Whether one of them may be another one each time.
    has_open_project: bool,
    /// The symbols that stand in the service's texts for those of a project's name.
    project_symbols: Vec<String>,
    /// The directory that is another one for each project.
    project_directory: Option<String>,
    /// When it is brought up, and when it is surely taken down.
    ups: Vec<Moment>,
    /// Whether a run of another service brings it up.
    is_up_for_others: bool,
    downs: Vec<Moment>,
}

impl ServiceCalls {
    /// Adds a project that it is brought up in, by its name.
    fn add_project(
        &mut self,
        name: Option<&Value>,
        project: &ComposeProject,
        started: &ContainerStart,
        container: &Container,
    ) {
        self.projects.insert(name.map_or_else(String::new, |name| name.text.clone()));
        let Some(name) = name else { return };
        self.project_symbols = symbols_in_texts(name, project, container);
        self.many_projects |= stands_for_several(name, started);
        self.has_open_project |= is_made_when_called(name);
    }

    fn apply(self, container: &mut Container) {
        if let Some((count, value)) = self.scale {
            container.replicas = count;
            (container.shown_replicas, container.replicas_span) = (None, value.span);
        }
        let others_alone = self.is_left_out || !container.profiles.is_empty() || !self.is_brought_up_by_hand;
        container.timing.only_one_offs = self.is_run && !self.is_up && others_alone;
        if self.projects.len() <= 1 && !self.many_projects && !self.is_up_for_others {
            container.timing.moments = moments_of_service(&self.ups, &self.downs);
        }
        let named = container.given_name.as_ref().is_some_and(|name| !name.is_symbolic());
        if !named {
            let projects = u64::try_from(self.projects.len()).unwrap_or(MANY).max(1);
            container.timing.projects = if self.many_projects { projects.max(2) } else { projects };
            container.timing.has_open_project = self.has_open_project;
            if self.projects.len() == 1 {
                container.timing.project_symbols = self.project_symbols;
                container.timing.project_directory = self.project_directory;
            }
        }
    }
}

impl ComposeCalls<'_> {
    /// Keeps what the images of services hold when they are built with the arguments of a call.
    fn add_build(&self, build: &DockerBuild, span: Span, containers: &mut [Container]) {
        let meant = match &build.project {
            // What is built is there for all that are brought up after it, whatever those are handed.
            Some(project) => services_where(containers, |one| self.is_of_project(one, project)),
            None => (0..containers.len()).collect(),
        };
        for at in meant {
            let Some(container) = containers.get_mut(at).filter(|container| container.build.is_some()) else {
                continue;
            };
            let is_named = |service: &Value| service.is_symbolic() || service.text == container.name;
            let has_tag = |tag: &Value| {
                container.image.as_ref().is_some_and(|image| untagged(&image.text) == untagged(&tag.text))
            };
            let is_built = match &build.project {
                Some(_) => build.services.is_empty() || build.services.iter().any(is_named),
                None => build.tags.iter().any(has_tag),
            };
            if !is_built || container.other_builds.len() >= MAX_BUILDS {
                continue;
            }
            let image = self.reader.images.image_with(container, &build.args);
            let installs = image.map(|image| BuildCommands::of_image(&image, self.reader.repository).calls);
            container.other_builds.extend(installs.map(|installs| OtherBuild { installs, span }));
        }
    }

    fn add_run(&mut self, run: &ComposeRun, containers: &[Container]) {
        let programs = &self.reader.repository.programs.commands;
        let has_own_command = run.command.is_some() || run.entrypoint.is_some();
        let of_project = self.services_of(&run.project, containers);
        let runs: Vec<usize> =
            of_project.iter().copied().filter(|at| is_named(containers, *at, &run.service.text)).collect();
        for at in &runs {
            let Some(container) = containers.get(*at) else { continue };
            let calls = self.services.entry(*at).or_default();
            calls.is_run = true;
            // Its own words say what it does when it is brought up; an entrypoint alone is more often what each run gives
            // its words to.
            let is_own = |own: &Command| own.span.file == container.span.file;
            let does_by_itself = container.command.as_ref().is_some_and(is_own)
                || container
                    .entrypoint
                    .as_ref()
                    .is_some_and(|own| is_own(own) && Self::says_what_to_do(own, run, programs));
            calls.is_brought_up_by_hand |= !has_own_command || does_by_itself || container.timing.restarts;
        }
        if !run.alone {
            for at in started_first(containers, &of_project, &runs) {
                let calls = self.services.entry(at).or_default();
                (calls.is_up, calls.is_up_for_others) = (true, true);
            }
        }
    }

    /// Whether an entrypoint says by itself what is to be done: it does not end in an option or a program that is given its
    /// words by each run, or runs take another one.
    fn says_what_to_do(entrypoint: &Command, run: &ComposeRun, programs: &[String]) -> bool {
        let Some(last) = entrypoint.words.last().filter(|_| entrypoint.words.len() > 1) else { return false };
        let is_program = programs.iter().any(|own| last.text.rsplit('/').next() == Some(own.as_str()));
        run.entrypoint.is_some() || !is_program && !last.text.starts_with('-')
    }

    /// Keeps when services end.
    fn add_stop(&mut self, started: &ContainerStart, containers: &[Container]) {
        let Some((stop, project)) = sure_stop(started).and_then(|stop| Some((stop, stop.project.as_ref()?))) else {
            return;
        };
        for at in self.services_of(project, containers) {
            let is_meant = stop.names.is_empty() || stop.names.iter().any(|name| is_named(containers, at, &name.text));
            if is_meant {
                self.services.entry(at).or_default().downs.push(started.moment.clone());
            }
        }
    }

    fn add_up(&mut self, up: &ComposeUp, started: &ContainerStart, containers: &[Container]) {
        self.add_scale(up, containers);
        let of_project = self.services_of(&up.project, containers);
        // Compose names a project after its directory, and nothing else tells of one that is another each time.
        let directory = up.project.directory.as_ref().filter(|directory| directory.is_symbolic());
        let directory = up.project.copied_to.as_ref().or(directory);
        let is_asked_for = |container: &Container| {
            let is_named = up.services.iter().any(|service| service.is_symbolic() || service.text == container.name);
            is_named || up.services.is_empty() && has_profile(container, &up.project)
        };
        let meant: BTreeSet<usize> =
            of_project.iter().copied().filter(|at| containers.get(*at).is_some_and(is_asked_for)).collect();
        let roots: Vec<usize> = meant.iter().copied().collect();
        let first = if up.alone { BTreeSet::new() } else { started_first(containers, &of_project, &roots) };
        for at in of_project {
            let Some(container) = containers.get(at) else { continue };
            let is_meant = meant.contains(&at);
            let is_up = is_meant || first.contains(&at);
            let own_directory = self.directory_of(container);
            let by_directory = directory.filter(|_| self.is_named_by_directory(container));
            let name = up.project.name.as_ref().or(by_directory);
            let calls = self.services.entry(at).or_default();
            calls.is_up |= is_up;
            calls.ups.extend(is_up.then(|| started.moment.clone()));
            calls.is_left_out |= !is_up;
            if !is_meant {
                continue;
            }
            calls.add_project(name, &up.project, started, container);
            calls.project_directory = directory.and(own_directory);
        }
    }

    /// Adds how many containers services have: on another host too there are so many of them.
    fn add_scale(&mut self, up: &ComposeUp, containers: &[Container]) {
        let scales = up.scale.iter().filter_map(read_scale);
        for (value, name, count) in scales {
            let is_asked_for =
                up.services.is_empty() || up.services.iter().any(|one| one.is_symbolic() || one.text == name);
            let is_handed = |one: &Container| self.has_own(one, |own| own.may_be_handed(&up.project.variables));
            let is_meant = |one: &Container| {
                is_asked_for && one.name == name && self.is_of_files(one, &up.project) && is_handed(one)
            };
            for at in services_where(containers, is_meant) {
                let calls = self.services.entry(at).or_default();
                if calls.scale.as_ref().is_none_or(|(known, _)| *known < count) {
                    calls.scale = Some((count, value.clone()));
                }
            }
        }
    }

    /// Adds how many containers a service of a stack has, `STACK_SERVICE=NUMBER`. One that a file gives more is scaled down
    /// later.
    fn add_swarm_scale(&mut self, value: &Value, containers: &[Container]) {
        let Some((_, name, count)) = read_scale(value) else { return };
        for (at, calls) in &mut self.services {
            let Some(container) = containers.get(*at) else { continue };
            let is_meant = name
                .strip_suffix(&container.name)
                .and_then(|stack| stack.strip_suffix('_'))
                .is_some_and(|stack| calls.projects.contains(stack));
            let known = calls.scale.as_ref().map_or(container.replicas, |(known, _)| *known);
            if is_meant && known < count {
                calls.scale = Some((count, value.clone()));
            }
        }
    }

    /// Whether the project of a service is named after its directory: its files do not say its name.
    fn is_named_by_directory(&self, service: &Container) -> bool {
        let own = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        self.has_own(service, |project| {
            let directory = project.directory.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase());
            directory.is_some_and(|name| name.chars().filter(own).collect::<String>() == project.name)
        })
    }

    /// The directory of the project of a service, as its files are read.
    fn directory_of(&self, service: &Container) -> Option<String> {
        let key = service.project.as_ref()?;
        let project = self.reader.projects.iter().find(|project| project.key == *key)?;
        project.directory.to_str().map(str::to_owned)
    }

    /// The services of the project that a command brings up, by their number.
    fn services_of(&self, project: &ComposeProject, containers: &[Container]) -> Vec<usize> {
        let is_handed = |one: &Container| self.has_own(one, |own| own.may_be_handed(&project.variables));
        services_where(containers, |one| self.is_of_project(one, project) && is_handed(one))
    }

    /// Whether what is asked holds for a project that a service was read from: files that are called by several names, or
    /// handed several sets of variables, were read once for each.
    fn has_own(&self, service: &Container, asked: impl Fn(&DescribedProject) -> bool) -> bool {
        let Some(key) = &service.project else { return true };
        let is_own = |project: &&DescribedProject| {
            project.key == *key && (service.variant.is_none() || project.variant == service.variant)
        };
        let mut own = self.reader.projects.iter().filter(is_own).peekable();
        own.peek().is_none() || own.any(asked)
    }

    /// Whether a command calls the project of a service by its name.
    fn is_of_name(&self, service: &Container, called: &ComposeProject) -> bool {
        let name = called.name.as_ref().filter(|name| !name.is_symbolic()).map(|name| name.text.as_str());
        let is_one = |name: &str| self.reader.projects.iter().any(|project| project.name == name);
        self.has_own(service, |own| match name {
            Some(name) => own.name == name || !is_one(name),
            None => !own.is_renamed || called.name.is_some(),
        })
    }

    /// Whether a service is of the project that a command acts on: by the files that it names, or those that are found
    /// where it runs, on this host.
    fn is_of_project(&self, container: &Container, project: &ComposeProject) -> bool {
        // An engine that is given on some ways only is this one on others.
        project.engine.as_ref().is_none_or(Value::is_symbolic) && self.is_of_files(container, project)
    }

    /// Whether a service is of such a project, on whatever host.
    fn is_of_files(&self, container: &Container, project: &ComposeProject) -> bool {
        if container.start.is_some() || !self.is_of_name(container, project) {
            return false;
        }
        let repository = self.reader.repository;
        let file = repository.sources.get(container.span.file);
        let path = clean(&repository.cwd.join(file.name()).display().to_string());
        if !project.files.is_empty() {
            return project.files.iter().any(|file| file.text == path);
        }
        let directory = project.directory.as_ref().filter(|directory| !directory.is_symbolic());
        let parent = Path::new(&path).parent();
        directory.is_none_or(|directory| parent == Some(Path::new(&directory.text)))
    }
}

/// What stands in the texts of a service for each symbol of its project's name: a variable that the command is handed and
/// that is made of the same symbol, else the symbol itself.
fn symbols_in_texts(name: &Value, project: &ComposeProject, container: &Container) -> Vec<String> {
    let sources: Vec<&str> = container.mounts.iter().filter_map(Mount::source_text).collect();
    // A variable is told with the place at which it holds what is not known.
    let variable =
        |symbol: &'_ Symbol| symbol.name.split_once(" at ").map_or(symbol.name.clone(), |(name, _)| name.to_owned());
    let in_texts = |symbol: &Symbol| {
        let is_it = |own: &Symbol| own == symbol || variable(own) == variable(symbol);
        let handed = project.variables.unknown().filter(|value| value.symbols.iter().any(is_it));
        let mut found = handed.filter(|value| sources.iter().any(|source| source.contains(&value.text)));
        let inner = |value: &Value| Some(value.text.strip_prefix("${")?.strip_suffix('}')?.to_owned());
        found.find_map(inner).unwrap_or_else(|| symbol.name.clone())
    };
    name.symbols.iter().map(in_texts).collect()
}

/// The services that are meant, by their number.
fn services_where(containers: &[Container], is_meant: impl Fn(&Container) -> bool) -> Vec<usize> {
    containers.iter().enumerate().filter(|(_, one)| is_meant(one)).map(|(at, _)| at).collect()
}

fn is_named(containers: &[Container], at: usize, name: &str) -> bool {
    containers.get(at).is_some_and(|container| container.name == name)
}

/// What Compose starts before some services of a project: what they depend on, and what that depends on.
fn started_first(containers: &[Container], of_project: &[usize], services: &[usize]) -> BTreeSet<usize> {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for at in of_project {
        if let Some(container) = containers.get(*at) {
            by_name.entry(&container.name).or_default().push(*at);
        }
    }
    let mut first = BTreeSet::new();
    let mut left = services.to_vec();
    while let Some(container) = left.pop().and_then(|at| containers.get(at)) {
        let names = container.timing.starts_first.iter();
        for at in names.filter_map(|name| by_name.get(name.as_str())).flatten() {
            if first.insert(*at) {
                left.push(*at);
            }
        }
    }
    first
}

/// Whether a service starts with all others: it is in no profile, or in one that is switched on.
fn has_profile(container: &Container, project: &ComposeProject) -> bool {
    let on = |profile: &String| {
        project.profiles.iter().any(|one| one.is_symbolic() || one.text == *profile || one.text == "*")
    };
    container.profiles.is_empty() || container.profiles.iter().any(on)
}

/// Whether a project's name may be another one each time: it has in it what a command prints, or what the script sets and
/// nobody knows before it runs. What the environment says is one for whoever calls it.
fn is_made_when_called(name: &Value) -> bool {
    let is_made = |symbol: &str| symbol.starts_with("$(") || symbol.contains(" at ") || OF_EACH_RUN.contains(&symbol);
    name.symbols.iter().any(|symbol| is_made(&symbol.name))
}

/// Whether a project's name is another one each time: it hangs on an argument, or on what a loop sets.
fn stands_for_several(name: &Value, started: &ContainerStart) -> bool {
    name.symbols.iter().any(|symbol| {
        let word: String = symbol.name.chars().take_while(|ch| ch.is_ascii_alphanumeric() || *ch == '_').collect();
        let is_argument = word.starts_with(|ch: char| ch.is_ascii_digit());
        is_argument || started.varying.contains(&word) || prints_from_argument(&symbol.name)
    })
}

/// Whether what stands for a part of a text is a command that is given an argument of the script: `$(basename "$1")`. In
/// single quotes it is another program's (`awk '{print $1}'`).
fn prints_from_argument(symbol: &str) -> bool {
    let command = symbol.strip_prefix("$(").unwrap_or_default();
    let mut is_quoted = false;
    let mut letters = command.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            '$' if !is_quoted => {
                letters.next_if_eq(&'{');
                if letters.peek().is_some_and(|next| matches!(next, '1'..='9' | '@' | '*')) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}
