//! The images that a project builds, each read once. Uses `repository` and `source::image`.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::rc::Rc;

use super::repository::Repository;
use crate::model::{Build, Container, EnvVar, Value};
use crate::source::image::{self, Context, Directory, Dockerfile, Given, Image};

/// Images on images that are followed.
const DEPTH: usize = 12;

/// The images of one project's services.
pub(super) struct Images<'a> {
    repository: &'a Repository<'a>,
    /// What each service builds, and with which arguments.
    builds: Vec<Service>,
    /// Services by name, and by what their images are called.
    by_service: HashMap<String, usize>,
    by_image: HashMap<String, usize>,
    made: RefCell<HashMap<usize, Rc<Image>>>,
    /// Images that are not built here, by name.
    stored: RefCell<HashMap<String, Option<Rc<Image>>>>,
    /// The services whose images are being read.
    open: RefCell<Vec<usize>>,
}

struct Service {
    build: Build,
    args: BTreeMap<String, EnvVar>,
}

impl<'a> Images<'a> {
    pub(super) fn of(containers: &[Container], repository: &'a Repository<'a>) -> Self {
        let mut images = Self {
            repository,
            builds: Vec::new(),
            by_service: HashMap::new(),
            by_image: HashMap::new(),
            made: RefCell::default(),
            stored: RefCell::default(),
            open: RefCell::default(),
        };
        for container in containers {
            let Some(build) = &container.build else { continue };
            let at = images.builds.len();
            images.builds.push(Service { build: build.clone(), args: container.build_args.clone() });
            images.by_service.insert(container.name.clone(), at);
            let project = container.project.as_deref().unwrap_or("");
            let usual = ["-", "_"].map(|between| format!("{project}{between}{}", container.name));
            let own = container.image.as_ref().map(|image| image.text.clone());
            for name in own.into_iter().chain(usual) {
                images.by_image.entry(untagged(&name).to_owned()).or_insert(at);
            }
        }
        images
    }

    /// The image of a container: what its service builds, or what another one builds under the name of its image.
    pub(super) fn image(&self, container: &Container) -> Option<Rc<Image>> {
        match container.build {
            Some(_) => self.made(*self.by_service.get(&container.name)?),
            None => self.named(&container.image.as_ref()?.text),
        }
    }

    /// The image of a name, where it is built here, or an engine has it.
    fn named(&self, name: &str) -> Option<Rc<Image>> {
        match self.by_image.get(untagged(name)) {
            Some(at) => self.made(*at),
            None => self.stored(name),
        }
    }

    fn stored(&self, name: &str) -> Option<Rc<Image>> {
        if let Some(known) = self.stored.borrow().get(name) {
            return known.clone();
        }
        let image = self.repository.stored(name).map(Rc::new);
        self.stored.borrow_mut().insert(name.to_owned(), image.clone());
        image
    }

    fn made(&self, at: usize) -> Option<Rc<Image>> {
        if let Some(image) = self.made.borrow().get(&at) {
            return Some(Rc::clone(image));
        }
        // One that stands on itself is read no further.
        if self.open.borrow().contains(&at) || self.open.borrow().len() >= DEPTH {
            return None;
        }
        self.open.borrow_mut().push(at);
        let image = self.builds.get(at).map(|service| Rc::new(self.load(service)));
        self.open.borrow_mut().pop();
        self.made.borrow_mut().extend(image.clone().map(|image| (at, image)));
        image
    }

    fn load(&self, service: &Service) -> Image {
        let Service { build, args } = service;
        let dockerfile = match (&build.inline, &build.dockerfile) {
            (Some(text), _) => Dockerfile::Inline { name: "dockerfile_inline".to_owned(), text: text.text.clone() },
            (None, Some(path)) => Dockerfile::Path(PathBuf::from(&path.text)),
            (None, None) => Dockerfile::default(),
        };
        let asked = image::Build {
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
        let bases = |name: &str| self.base(name, &build.contexts);
        image::load(&asked, self.repository.sources, Some(&self.repository.cwd), &bases)
    }

    /// What a name in a Dockerfile stands for: an additional context, or another service's image.
    fn base(&self, name: &str, contexts: &BTreeMap<String, Value>) -> Option<Given> {
        let Some(context) = contexts.get(name) else { return self.named(name).map(Given::Image) };
        if let Some(service) = context.text.strip_prefix("service:") {
            return self.made(*self.by_service.get(service)?).map(Given::Image);
        }
        if let Some(image) = context.text.strip_prefix("docker-image://") {
            return self.named(image).map(Given::Image);
        }
        let reader = self.repository.sources.reader();
        let directory = || -> Rc<dyn Context> { Rc::new(Directory::new(&context.text, None, reader)) };
        is_directory(context).then(directory).map(Given::Context)
    }
}

fn is_directory(context: &Value) -> bool {
    context.text.starts_with('/') && !context.is_symbolic()
}

/// An image's name without the tag that means no other.
fn untagged(name: &str) -> &str {
    name.strip_suffix(":latest").unwrap_or(name)
}
