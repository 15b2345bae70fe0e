//! What the services of a project run: the settings of their images, the scripts in them, and the containers that those
//! scripts start. May use `text`, `model` and the other sources.
//!
//! ```text
//! repository          which files may be read, each once
//! built_images        the image that each service builds;  command_builds: those that commands build;  image_defaults: what a container takes over from it
//! planned_files       the file of the repository at a path of a container;  program_search: whether it has a known program
//! package_programs    which programs packages of the repository bring
//! package_lists       which lists of packages a command installs by;  package_list_text: what such a list asks for;  required_packages: reads them
//! build_commands      what an image's build runs, also in the stages that it copies from;  program_sources: what else brings programs;  code_files: the code that runs;
//!                     code_imports: modules in it;  code_copies: copies of files that it makes
//! code_text           what a text says of a program;  code_that_runs: whether what a container runs was read
//! stock_images        whether all was seen that a container of a publisher's image does;  package_runs: commands that fetch packages
//! service_images      containers of official images that run a server alone
//! lent_volumes        the mounts that containers of other projects lend
//! reference           what a command names that is described elsewhere, and which one that is
//! started_containers  the containers that scripts start;  alternative_starts: those of which a part is one of several;  start_names: what they are called;  start_timing: when they run,
//!                     and how many of them;  mounts_at_start: what commands of a container mount over state
//! conditional_starts  what of a start is there on some ways only;  exec_in_containers: commands in containers that run;
//! started_lenders     the mounts that containers of commands lend
//! asked_engine        whose engine a command in a container asks
//! compose_calls       what calls of Compose say of services;  service_additions: what other files add to one
//! ```

mod alternative_starts;
mod asked_engine;
mod build_commands;
mod built_images;
mod built_logins;
mod code_copies;
mod code_files;
mod code_imports;
mod code_text;
mod code_that_runs;
mod command_builds;
mod compose_calls;
mod conditional_starts;
mod exec_in_containers;
mod fed_copies;
mod host_paths;
mod image_defaults;
mod image_users;
mod installed_places;
mod lent_volumes;
mod mere_words;
mod mounts_at_start;
mod official_images;
mod package_list_text;
mod package_lists;
mod package_programs;
mod package_runs;
mod planned_files;
mod program_search;
mod program_sources;
mod reference;
mod repository;
mod required_packages;
mod service_additions;
mod service_images;
mod start_names;
mod start_timing;
mod started_containers;
mod started_lenders;
mod stock_images;
mod stopped_containers;

pub use command_builds::CommandBuilds;
pub(in crate::input) use host_paths::{copy_origins, host_paths};
pub use lent_volumes::lend_volumes;
pub(in crate::input) use reference::has_container_name;
pub use reference::{DescribedProject, NamedFile, Reference, ReferenceTarget};
pub use repository::{Repository, Store, top};
pub use service_additions::{ServiceAddition, add_to_services};
pub use start_timing::drop_called_ways_in;

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use build_commands::BuildCommands;
use built_images::BuiltImages;
use planned_files::PlannedFiles;
use program_search::SearchedImages;
use started_lenders::StartedLenders;

use crate::input::docker_cli::{DockerCommand, DockerRun};
use crate::input::dockerfile::Image;
use crate::input::shell::{self, ContainerStart, ExecContext};
use crate::model::{Container, Diagnostic, EnvValue, Invocation, Layout, Level, Script, Sight};
use crate::text::Span;

/// Containers that start containers that start containers: how far that is followed.
const DEPTH: usize = 3;

/// Reads the code of every container of a project, fills in what their images give, and adds the containers that
/// their scripts start.
pub fn complete_layout(layout: &mut Layout, project: Option<&DescribedProject>, repository: &Repository<'_>) {
    let services = layout.containers.clone();
    let images = BuiltImages::new(&services, repository);
    let projects = project.map_or(&[][..], std::slice::from_ref);
    let reader = ProjectReader::new(repository, images, &services, projects);
    let mut pending = Vec::new();
    for container in &mut layout.containers {
        let starts = reader.complete_container(container);
        layout.diagnostics.extend(reader.dockerfile_gaps(container));
        pending.extend(PendingStart::all_by(starts, container));
    }
    reader.add_started(pending, layout);
}

/// Adds the containers that commands of the host start to a layout of all that is described; `services` are those of the
/// layout as their own files describe them.
pub fn add_started(
    mut starts: Vec<ContainerStart>,
    services: &[Container],
    layout: &mut Layout,
    projects: &[DescribedProject],
    repository: &Repository<'_>,
) {
    if starts.is_empty() {
        return;
    }
    let images = BuiltImages::new(services, repository);
    let reader = ProjectReader::new(repository, images, services, projects);
    let stops = stopped_containers::stops_of_containers(&starts);
    let restarts = stopped_containers::restarts_of_containers(&starts);
    stopped_containers::end_kept_starts(&mut starts, &stops);
    let pending: Vec<_> = starts.into_iter().map(|started| PendingStart { started, by: None }).collect();
    compose_calls::apply_compose_calls(&pending, &mut layout.containers, &reader);
    let scales = compose_calls::scales_of_services(&pending);
    reader.add_started(pending, layout);
    compose_calls::apply_scales(&scales, &mut layout.containers);
    stopped_containers::apply_restarts(&restarts, &mut layout.containers);
    stopped_containers::apply_stops(&stops, &mut layout.containers);
    let runs = layout.containers.iter().filter_map(|container| container.timing.one_off_of.clone());
    let runs: HashSet<_> = runs.collect();
    for service in layout.containers.iter_mut().filter(|container| container.start.is_none()) {
        // Where no run of it was read, it stands for all of them itself.
        let is_run = runs.contains(&service.container_id());
        service.timing.only_one_offs &= is_run;
    }
}

/// The container that a command line describes, with what the files that it names add.
pub fn container_of_run(run: &DockerRun, span: Span, repository: &Repository<'_>) -> Container {
    let images = BuiltImages::new(&[], repository);
    let reader = ProjectReader::new(repository, images, &[], &[]);
    reader.run_container(run, span)
}

/// A start that is to be read yet, and the container whose script it is in; none for the host's own.
struct PendingStart {
    started: ContainerStart,
    by: Option<Rc<Container>>,
}

impl PendingStart {
    /// What the scripts of a container start.
    fn all_by(starts: Vec<ContainerStart>, container: &Container) -> Vec<Self> {
        if starts.is_empty() {
            return Vec::new();
        }
        let by = Rc::new(container.clone());
        starts.into_iter().map(|started| Self { started, by: Some(Rc::clone(&by)) }).collect()
    }
}

/// Reads containers of one project.
struct ProjectReader<'a> {
    repository: &'a Repository<'a>,
    images: BuiltImages<'a>,
    /// Which of them were looked through for programs.
    searched: SearchedImages,
    /// The services as their files describe them.
    services: &'a [Container],
    /// The projects that they are of.
    projects: &'a [DescribedProject],
    /// The commands that build images of which what was not read is told.
    told_builds: RefCell<HashSet<Span>>,
    /// The containers that commands start and others take their mounts from.
    lenders: RefCell<StartedLenders>,
}

impl<'a> ProjectReader<'a> {
    fn new(
        repository: &'a Repository<'a>,
        images: BuiltImages<'a>,
        services: &'a [Container],
        projects: &'a [DescribedProject],
    ) -> Self {
        let (searched, told_builds) = (SearchedImages::default(), RefCell::default());
        Self { repository, images, searched, services, projects, told_builds, lenders: RefCell::default() }
    }

    /// What of its Dockerfile was not read: such a container is judged as one whose image is from elsewhere. What a command
    /// builds is told of once.
    fn dockerfile_gaps(&self, container: &Container) -> Vec<Diagnostic> {
        let Some(build) = &container.build else { return Vec::new() };
        if self.images.is_of_command(container) && !self.told_builds.borrow_mut().insert(build.span) {
            return Vec::new();
        }
        let image = self.images.image_of(container);
        let unseen = image.iter().flat_map(|image| &image.unseen);
        unseen.map(|unseen| Diagnostic::at(Level::Warning, unseen.span, unseen.what.clone())).collect()
    }

    /// Fills a container in and reads what it runs; gives what that starts.
    fn complete_container(&self, container: &mut Container) -> Vec<ContainerStart> {
        if let Some(built) = self.images.built_by_command(container) {
            container.build = Some(Box::new(built.build.clone()));
            container.build_args.clone_from(&built.args);
        }
        let image = self.images.image_of(container);
        if container.workplace.is_some() {
            image_defaults::apply_usual_worker(container, image.as_deref());
        }
        let commands = image.as_ref().map(|image| BuildCommands::of_image(image, self.repository)).unwrap_or_default();
        if let Some(image) = &image {
            image_defaults::apply_image_defaults(container, image, &commands, self.repository);
        }
        let (mut script, mut starts) = self.read_container_script(container, image.as_ref());
        let (setup, more) = self.read_setup(container, image.as_ref());
        if let Some(workplace) = &mut container.workplace {
            workplace.setup_installs = workplace.feature_installs.len() + setup.len();
            container.installs.extend(workplace.feature_installs.iter().cloned());
        }
        script.invocations.extend(setup.iter().cloned());
        starts.extend(more);
        container.script = script;
        container.installs.extend(setup);
        if let Some(unseen) = mounts_at_start::mount_over_state(container, self.repository.programs) {
            container.unseen_mounts.get_or_insert_with(|| unseen.clone());
            container.unseen.push(unseen);
        }
        let copied = code_copies::copies_in_code(&PlannedFiles::new(self.repository, container, image.clone()));
        container.script.invocations.extend(copied.copies);
        container.unseen.extend(copied.unknown);
        let files = PlannedFiles::new(self.repository, container, image.clone());
        let sources = program_sources::program_sources(&files, &commands);
        container.program_sources = sources;
        if let Some(image) = &image {
            let logins = built_logins::find_built_logins(container, image, self.repository);
            container.host_copies.extend(logins);
        }
        container.names_no_program = service_images::runs_server_alone(container, self.repository.programs)
            || match image.filter(|_| container.build.is_some()) {
                Some(image) => self.searched.name_no_program(container, &image, self.repository),
                None => container.build.is_none() && SearchedImages::stock_names_no_program(container, self.repository),
            };
        let unclear = starts.iter().any(|started| matches!(started.command, DockerCommand::Unclear(_)));
        container.starts_described = container.script.sight == Sight::Whole && !starts.is_empty() && !unclear;
        starts
    }

    fn read_container_script(&self, container: &Container, image: Option<&Rc<Image>>) -> (Script, Vec<ContainerStart>) {
        let run = |context: &ExecContext<'_>| {
            let (mut script, mut starts) =
                shell::run_commands(container.entrypoint.as_ref(), container.command.as_ref(), context);
            for hook in &container.hooks {
                // What a hook leads to that was not read is no reason to doubt what the container itself runs.
                let (of_hook, more) = shell::run_commands(Some(hook), None, context);
                script.invocations.extend(of_hook.invocations);
                starts.extend(more);
            }
            (script, starts)
        };
        self.in_container_context(container, image, run)
    }

    /// What the commands run that set up a container which people work in, and what these start.
    fn read_setup(&self, container: &Container, image: Option<&Rc<Image>>) -> (Vec<Invocation>, Vec<ContainerStart>) {
        let commands = container.workplace.as_ref().map_or(&[][..], |workplace| &workplace.setup);
        let run = |context: &ExecContext<'_>| {
            let (mut calls, mut starts) = (Vec::new(), Vec::new());
            for command in commands {
                let (of_command, more) = shell::run_commands(Some(command), None, context);
                calls.extend(of_command.invocations);
                starts.extend(more);
            }
            (calls, starts)
        };
        self.in_container_context(container, image, run)
    }

    fn in_container_context<T>(
        &self,
        container: &Container,
        image: Option<&Rc<Image>>,
        run: impl FnOnce(&ExecContext<'_>) -> T,
    ) -> T {
        let home = |user: &str| image_defaults::home_of_user(container, image.map(Rc::as_ref), user);
        let user = container.user.as_ref().filter(|user| !user.is_symbolic());
        let user = user.map(|user| user.text.split(':').next().unwrap_or_default());
        let user = user.or_else(|| (container.user.is_none() && container.has_root_base).then_some("root"));
        let disk = PlannedFiles::new(self.repository, container, image.cloned());
        // The engine sets HOME where nothing else does.
        let own_home = || match user.filter(|_| !container.env.contains_key("HOME"))? {
            "root" | "0" => Some("/root".to_owned()),
            user => home(user),
        };
        let own_home = own_home();
        let lookup = |name: &str| match name {
            "HOME" => env_value(container, name).or_else(|| own_home.clone()),
            _ => env_value(container, name),
        };
        let directory = container.working_dir.as_ref().filter(|directory| !directory.is_symbolic());
        run(&ExecContext {
            sources: self.repository.sources,
            file_system: &disk,
            directory: directory.map(|directory| directory.text.as_str()),
            environment: &lookup,
            search_path: container.search_path(),
            is_set: &|name| container.env.contains_key(name) || name == "HOME" && own_home.is_some(),
            decides: true,
            home: &home,
            user,
            hides: false,
            programs: &|| &self.repository.programs.commands,
            login_file: &|word| self.repository.programs.login_file(word),
            recipes: self.repository.recipes,
        })
    }
}

/// A variable's value where the container's environment sets it and it is known.
fn env_value(container: &Container, name: &str) -> Option<String> {
    match &container.env.get(name)?.value {
        EnvValue::Set(value) if !value.is_symbolic() => Some(value.text.clone()),
        EnvValue::Set(_) | EnvValue::Inherited => None,
    }
}
