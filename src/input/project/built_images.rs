//! The images that a project builds, and those that commands of the host do, each read once. Uses `repository`,
//! `command_builds` and `input::dockerfile`.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::rc::Rc;

use super::command_builds::{CommandBuild, untagged};
use super::repository::Repository;
use crate::input::dockerfile::{self, BuildContext, ContextDirectory, DockerfileSource, Image, NamedSource};
use crate::model::{Build, Container, ContainerId, EnvVar, Value};

/// How far images that are built on images are followed.
const DEPTH: usize = 12;

/// The images of one project's services, and of commands.
pub(super) struct BuiltImages<'a> {
    repository: &'a Repository<'a>,
    /// What each service builds, and with which arguments, then what each command does.
    builds: Vec<BuildService>,
    /// The first of those of commands.
    commands_from: usize,
    /// Services by name, and by what their images are called.
    by_service: HashMap<String, usize>,
    by_id: HashMap<ContainerId, usize>,
    by_image: HashMap<String, usize>,
    made: RefCell<HashMap<usize, Rc<Image>>>,
    /// Those that are made, by the files that they are built from.
    made_from: RefCell<HashMap<BuildFiles, Vec<usize>>>,
    /// Images that are not built here, by name.
    stored: RefCell<HashMap<String, Option<Rc<Image>>>>,
    /// The services whose images are being read.
    under_way: RefCell<Vec<usize>>,
}

struct BuildService {
    build: Build,
    args: BTreeMap<String, EnvVar>,
}

/// Context, Dockerfile and stage, each with whether it is symbolic.
type BuildFiles = [Option<(String, bool)>; 3];

impl BuildService {
    /// The files that it is built from, which others may be built from too. Additional contexts are each service's own.
    fn files(&self) -> Option<BuildFiles> {
        let Build { context, dockerfile, target, .. } = &self.build;
        let text = |value: &Option<Value>| value.as_ref().map(|value| (value.text.clone(), value.is_symbolic()));
        let is_file = self.build.inline.is_none() && self.build.contexts.is_empty();
        is_file.then(|| [context, dockerfile, target].map(text))
    }
}

impl<'a> BuiltImages<'a> {
    pub(super) fn new(containers: &[Container], repository: &'a Repository<'a>) -> Self {
        let mut images = Self {
            repository,
            builds: Vec::new(),
            commands_from: 0,
            by_service: HashMap::new(),
            by_id: HashMap::new(),
            by_image: HashMap::new(),
            made: RefCell::default(),
            made_from: RefCell::default(),
            stored: RefCell::default(),
            under_way: RefCell::default(),
        };
        for container in containers {
            let Some(build) = &container.build else { continue };
            let at = images.builds.len();
            images.builds.push(BuildService { build: (**build).clone(), args: container.build_args.clone() });
            images.by_service.insert(container.name.clone(), at);
            images.by_id.insert(container.container_id(), at);
            let project = container.project.as_deref().unwrap_or("");
            let usual = ["-", "_"].map(|between| format!("{project}{between}{}", container.name));
            let own = container.image.as_ref().map(|image| image.text.clone());
            for name in own.into_iter().chain(usual) {
                images.by_image.entry(untagged(&name).to_owned()).or_insert(at);
            }
        }
        images.commands_from = images.builds.len();
        let commands = repository.command_builds.all.iter();
        let commands = commands.map(|CommandBuild { build, args }| (build.clone(), args.clone()));
        images.builds.extend(commands.map(|(build, args)| BuildService { build, args }));
        images
    }

    /// The build by a command that makes a container's image, where no service makes it.
    pub(super) fn built_by_command(&self, container: &Container) -> Option<&'a CommandBuild> {
        let image = container.image.as_ref().filter(|_| container.build.is_none())?;
        if self.by_image.contains_key(untagged(&image.text)) {
            return None;
        }
        Some(self.command_image(image)?.0)
    }

    /// The build by a command that makes an image, and that image. What an engine has is what runs, unless the script that
    /// starts the container builds the image before. One that is built from what is not here may be built elsewhere.
    fn command_image(&self, name: &Value) -> Option<(&'a CommandBuild, Rc<Image>)> {
        let builds = &self.repository.command_builds;
        let number = builds.number_of(name)?;
        let command = builds.all.get(number)?;
        let is_of_script = name.span.is_some_and(|span| span.file == command.build.span.file);
        if !is_of_script && self.stored_image(&name.text).is_some() {
            return None;
        }
        let image = self.built_image(self.commands_from + number)?;
        let is_here = image.unseen.iter().all(|unseen| unseen.span != command.build.span);
        is_here.then_some((command, image))
    }

    /// Whether what builds a container's image is no description of a service.
    pub(super) fn is_of_command(&self, container: &Container) -> bool {
        container.build.is_some() && self.service_build(container).is_none()
    }

    fn service_build(&self, container: &Container) -> Option<usize> {
        // A container of `compose run` is of its service's image.
        let service = container.timing.one_off_of.clone().unwrap_or_else(|| container.container_id());
        container.build.as_ref().and(self.by_id.get(&service).copied())
    }

    /// The image of a container: what its service builds, or what another service or a command builds under the name of
    /// its image.
    pub(super) fn image_of(&self, container: &Container) -> Option<Rc<Image>> {
        match self.service_build(container) {
            Some(at) => self.built_image(at),
            None => self.image_named(container.image.as_ref()?),
        }
    }

    /// The image of a name, where it is built here, or an engine has it.
    fn image_named(&self, name: &Value) -> Option<Rc<Image>> {
        if let Some(at) = self.by_image.get(untagged(&name.text)) {
            return self.built_image(*at);
        }
        self.command_image(name).map(|(_, image)| image).or_else(|| self.stored_image(&name.text))
    }

    fn stored_image(&self, name: &str) -> Option<Rc<Image>> {
        if let Some(known) = self.stored.borrow().get(name) {
            return known.clone();
        }
        let image = self.repository.stored(name).map(Rc::new);
        self.stored.borrow_mut().insert(name.to_owned(), image.clone());
        image
    }

    fn built_image(&self, at: usize) -> Option<Rc<Image>> {
        if let Some(image) = self.made.borrow().get(&at) {
            return Some(Rc::clone(image));
        }
        // One that is built on itself is read no further.
        if self.under_way.borrow().contains(&at) || self.under_way.borrow().len() >= DEPTH {
            return None;
        }
        let service = self.builds.get(at)?;
        let files = service.files();
        let image = match files.as_ref().and_then(|files| self.same_image(service, files)) {
            Some(image) => image,
            None => {
                self.under_way.borrow_mut().push(at);
                let image = Rc::new(self.load_service_image(service));
                self.under_way.borrow_mut().pop();
                if let Some(files) = files {
                    self.made_from.borrow_mut().entry(files).or_default().push(at);
                }
                image
            }
        };
        self.made.borrow_mut().insert(at, Rc::clone(&image));
        Some(image)
    }

    /// The image that another service has built from the same: all that is read of it is read once.
    fn same_image(&self, service: &BuildService, files: &BuildFiles) -> Option<Rc<Image>> {
        let (made, made_from) = (self.made.borrow(), self.made_from.borrow());
        made_from.get(files)?.iter().find_map(|at| {
            let (other, image) = (self.builds.get(*at)?, made.get(at)?);
            // What is told of a build as such is told where that is written.
            let is_told = image.unseen.iter().any(|unseen| unseen.span == other.build.span);
            (other.args == service.args && !is_told).then(|| Rc::clone(image))
        })
    }

    /// The image of a service, built with more arguments.
    pub(super) fn image_with(&self, container: &Container, more: &BTreeMap<String, EnvVar>) -> Option<Image> {
        let service = self.builds.get(*self.by_service.get(&container.name)?)?;
        let mut args = service.args.clone();
        args.extend(more.clone());
        Some(self.load_service_image(&BuildService { build: service.build.clone(), args }))
    }

    fn load_service_image(&self, service: &BuildService) -> Image {
        let BuildService { build, args } = service;
        let dockerfile = match (&build.inline, &build.dockerfile) {
            (Some(text), _) => {
                DockerfileSource::Inline { name: "dockerfile_inline".to_owned(), text: text.text.clone() }
            }
            (None, Some(path)) => DockerfileSource::Path(PathBuf::from(&path.text)),
            (None, None) => DockerfileSource::default(),
        };
        let asked = dockerfile::BuildSection {
            context: build
                .context
                .as_ref()
                .filter(|context| is_directory(context))
                .map(|path| PathBuf::from(&path.text)),
            dockerfile,
            target: build.target.as_ref().map(|target| target.text.as_str()),
            args,
            span: build.span,
        };
        let bases = |name: &str| self.named_source(name, &build.contexts);
        dockerfile::load_image(&asked, self.repository.sources, &|path| self.repository.shown(path), &bases)
    }

    /// What a name in a Dockerfile stands for: an additional context, or another service's image.
    fn named_source(&self, name: &str, contexts: &BTreeMap<String, Value>) -> Option<NamedSource> {
        let Some(context) = contexts.get(name) else {
            return self.image_named(&Value::known(name, None)).map(NamedSource::Image);
        };
        if let Some(service) = context.text.strip_prefix("service:") {
            return self.built_image(*self.by_service.get(service)?).map(NamedSource::Image);
        }
        if let Some(image) = context.text.strip_prefix("docker-image://") {
            return self.image_named(&Value::known(image, None)).map(NamedSource::Image);
        }
        let reader = self.repository.sources.reader();
        let directory = || -> Rc<dyn BuildContext> { Rc::new(ContextDirectory::new(&context.text, None, reader)) };
        is_directory(context).then(directory).map(NamedSource::Context)
    }
}

fn is_directory(context: &Value) -> bool {
    context.text.starts_with('/') && !context.is_symbolic()
}
