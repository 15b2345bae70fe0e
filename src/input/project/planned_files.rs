//! Finds the file of the repository that a planned container has at a path: by its mounts, then by its image.
//! Uses `repository`, `package_programs`, `source::dockerfile` and `source::shell::file_system`.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::installed_places;
use super::official_images::is_official;
use super::package_programs;
use super::repository::Repository;
use crate::input::dockerfile::{
    BaseImage, BuildContext, BuildStep, ContextDirectory, ContextEntry, CopyOrigin, CopySource, CopyStep, Image,
    PathContent,
};
use crate::input::shell::file_system::{FileSystem, Lookup, PackageProgram, mentioned};
use crate::model::{Container, Invocation, Mount, MountSource, join, parent_and_name};
use crate::text::{FileId, Span};

/// Lists of packages, which name what others are built of.
pub(super) const LISTS: [&str; 3] = ["package-lock.json", "pnpm-lock.yaml", "go.sum"];
/// Links that are followed.
const LINKS: usize = 16;
/// Files that are looked through for a name.
pub(super) const FILES: usize = 400;

/// The files of a container that is not running.
pub(super) struct PlannedFiles<'a> {
    pub(super) repository: &'a Repository<'a>,
    pub(super) container: &'a Container,
    pub(super) image: Option<Rc<Image>>,
    /// What was found at which path: a program's name is looked for in every directory of `PATH`, each time it is called.
    found: RefCell<HashMap<String, Lookup>>,
    /// Which program is behind which path, likewise.
    behind: RefCell<HashMap<String, Option<String>>>,
    /// The files that were put there, once they were asked for.
    own: OnceCell<Vec<PathBuf>>,
    /// Where those of the stages that it is made of name a program first.
    stage_mention: OnceCell<Option<Span>>,
}

impl<'a> PlannedFiles<'a> {
    pub(super) fn new(repository: &'a Repository<'a>, container: &'a Container, image: Option<Rc<Image>>) -> Self {
        Self {
            repository,
            container,
            image,
            found: RefCell::default(),
            behind: RefCell::default(),
            own: OnceCell::new(),
            stage_mention: OnceCell::new(),
        }
    }
}

impl PlannedFiles<'_> {
    fn look_up(&self, path: &str, links: usize) -> Lookup {
        if links == 0 {
            return Lookup::Unseen("its links lead round in a circle".to_owned());
        }
        match self.container.mount_holding(path) {
            Some((mount, rest)) => self.file_in_mount(mount, rest),
            None => self.file_in_image(path, links),
        }
    }

    fn file_in_mount(&self, mount: &Mount, rest: &str) -> Lookup {
        let why = match &mount.source {
            MountSource::Host(source) if !source.is_symbolic() => {
                let source = mount.subpath.as_ref().map_or_else(|| source.text.clone(), |sub| join(&source.text, sub));
                return self.repository.open(Path::new(&join(&source, &format!("./{rest}"))));
            }
            MountSource::Host(_) | MountSource::Unresolved(_) => "where it is mounted from depends on a variable",
            MountSource::Tmpfs => "it is on a tmpfs",
            MountSource::Injected
                if mount.content.as_ref().is_some_and(|text| !text.is_symbolic()) && rest.is_empty() =>
            {
                return mount.content.clone().map_or(Lookup::Absent, Lookup::Passage);
            }
            MountSource::Injected => "its text is not in a file",
            _ => "it is on a volume",
        };
        Lookup::Unseen(why.to_owned())
    }

    fn file_in_image(&self, path: &str, links: usize) -> Lookup {
        let Some(image) = &self.image else {
            let name = self.container.image.as_ref().map(|image| format!(" `{}`", image.text)).unwrap_or_default();
            return Lookup::Unseen(format!("its image{name} is not built here"));
        };
        match image.find_file(path, self.repository.sources) {
            PathContent::File(file) => self.repository.open_copied(&file),
            PathContent::Text(text) => Lookup::Passage(Box::new(text)),
            PathContent::Link(target) => self.look_up(&target, links - 1),
            PathContent::Base => match &image.base {
                BaseImage::Named(name) => {
                    let first = self.container.entrypoint.iter().chain(&self.container.command);
                    let first = first.filter_map(|command| command.words.first()).any(|word| word.text == path);
                    // A script may put it there when the container runs.
                    let why = || {
                        let image = &name.text;
                        Lookup::Unseen(format!(
                            "its Dockerfile does not put it there, and the image `{image}` was not read"
                        ))
                    };
                    self.repository.in_stored(&name.text, path, first).unwrap_or_else(why)
                }
                BaseImage::Scratch | BaseImage::Unread => Lookup::Unseen("its Dockerfile could not be read".to_owned()),
            },
            PathContent::Absent => Lookup::Absent,
            PathContent::Unknown { why, span } => {
                let sources = self.repository.sources;
                let written = image.written_text(path, span, sources);
                let name = || format!("{path} of {}:{}", sources.get(span.file).name(), span.start.line);
                written.map_or(Lookup::Unseen(why), |text| Lookup::Text(sources.add(name(), text)))
            }
        }
    }

    fn find_program_behind(&self, path: &str, names: &[String]) -> Option<String> {
        if let Some((mount, rest)) = self.container.mount_holding(path) {
            let MountSource::Host(source) = &mount.source else { return None };
            return (rest.is_empty() && is_program_file(&source.text, names)).then(|| source.text.clone());
        }
        let image = self.image.as_ref()?;
        image.origins_of(path, self.repository.sources).into_iter().find(|origin| is_program_file(origin, names))
    }

    /// The files that the image copies from its context and that the container mounts, some of many.
    pub(super) fn own_files(&self) -> &[PathBuf] {
        self.own.get_or_init(|| self.list_own_files())
    }

    /// The files that stages copy from their contexts out of which the image copies.
    fn stage_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open: Vec<&Image> = self.image.iter().map(Rc::as_ref).collect();
        let mut seen: HashSet<*const Image> = HashSet::new();
        while let Some(image) = open.pop() {
            for step in &image.steps {
                let BuildStep::Copy(CopyStep { from: CopyOrigin::Stage(stage), .. }) = step.as_ref() else { continue };
                if seen.insert(Rc::as_ptr(stage)) {
                    add_context_files(stage, &mut found);
                    open.push(stage);
                }
            }
        }
        found
    }

    /// Where one of these words is first found in files that may be run, other than those that were read.
    fn first_mention(&self, files: &[PathBuf], names: &[String], read: &[FileId]) -> Option<Span> {
        let mut files = files.to_vec();
        files.sort();
        files.dedup();
        let known = |path: &PathBuf| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            ending.is_none_or(|ending| !matches!(ending, "md" | "txt" | "lock" | "yaml" | "yml" | "toml"))
        };
        let runs = |path: &PathBuf| known(path) && !is_never_run(&self.repository.shown(path));
        files.iter().filter(|path| runs(path)).find_map(|path| {
            let file = self.repository.text(path).filter(|file| !read.contains(file))?;
            mentioned(file, self.repository.sources, names)
        })
    }

    /// The paths of files whose texts are in the Dockerfile, and of those that are mounted by themselves.
    fn written_paths(&self) -> Vec<String> {
        let steps = self.image.iter().flat_map(|image| &image.steps);
        let copies = steps.filter_map(|step| match step.as_ref() {
            BuildStep::Copy(copied) if !copied.target.is_symbolic() => Some(copied),
            _ => None,
        });
        let renamed = copies.flat_map(|copied| {
            let target = &copied.target.text;
            let path = |source: &CopySource| match source {
                CopySource::Text { name, .. } if copied.into => Some(join(target, name)),
                CopySource::Text { .. } | CopySource::Path(_) if !copied.into => Some(target.clone()),
                _ => None,
            };
            copied.sources.iter().filter_map(path).collect::<Vec<_>>()
        });
        let mounted = self.container.mounts.iter().map(|mount| mount.target.text.clone());
        // Directories among them are none that can be opened.
        renamed.chain(mounted).collect()
    }

    fn list_own_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        if let Some(image) = &self.image {
            add_context_files(image, &mut found);
        }
        for mount in &self.container.mounts {
            if let MountSource::Host(source) = &mount.source
                && !source.is_symbolic()
                && self.repository.holds(Path::new(&source.text))
            {
                files_below(
                    &ContextDirectory::new(&source.text, None, self.repository.sources.reader()),
                    "",
                    &mut found,
                );
            }
        }
        found
    }
}

/// Whether the directory that a step copies from may be read.
fn is_readable(step: &BuildStep) -> bool {
    match step {
        BuildStep::Copy(CopyStep { from: CopyOrigin::Context(Some(context)), .. }) => {
            context.kind("") == Some(ContextEntry::Directory)
        }
        BuildStep::Copy(_) | BuildStep::Run(_) | BuildStep::Unread(_) => true,
    }
}

/// Adds the files that an image copies from its context.
fn add_context_files(image: &Image, found: &mut Vec<PathBuf>) {
    for step in &image.steps {
        let BuildStep::Copy(CopyStep { from: CopyOrigin::Context(Some(context)), sources, .. }) = step.as_ref() else {
            continue;
        };
        for source in sources {
            match source {
                CopySource::Path(path) if !path.is_symbolic() => {
                    let path = path.text.trim_matches('/').trim_start_matches("./");
                    files_below(context.as_ref(), if path == "." { "" } else { path }, found);
                }
                _ => {}
            }
        }
    }
}

/// The files at and below a path of a context.
pub(super) fn files_below(context: &dyn BuildContext, path: &str, found: &mut Vec<PathBuf>) {
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        if found.len() >= FILES {
            return;
        }
        match context.kind(&path) {
            Some(ContextEntry::File) => found.push(context.locate(&path)),
            Some(ContextEntry::Directory) => {
                let names = context.list(&path).unwrap_or_default();
                let names = names.into_iter().filter(|name| !matches!(name.as_str(), ".git" | "node_modules"));
                open.extend(names.map(|name| if path.is_empty() { name } else { format!("{path}/{name}") }));
            }
            Some(ContextEntry::Other) | None => {}
        }
    }
}

impl FileSystem for PlannedFiles<'_> {
    fn open(&self, path: &str) -> Lookup {
        if let Some(found) = self.found.borrow().get(path) {
            return found.clone();
        }
        let found = self.look_up(path, LINKS);
        self.found.borrow_mut().insert(path.to_owned(), found.clone());
        found
    }

    fn is_searched(&self) -> bool {
        let is_open = |image: &Rc<Image>| !image.stored && image.steps.iter().all(|step| is_readable(step));
        self.image.as_ref().is_some_and(is_open) && self.own_files().len() < FILES
    }

    fn files_in(&self, directory: &str, fits: &dyn Fn(&str) -> bool) -> Vec<String> {
        if !self.is_searched() {
            return Vec::new();
        }
        let written = self.written_paths();
        let in_directory = |path: &String| {
            let (parent, name) = parent_and_name(path)?;
            (parent == directory).then(|| name.to_owned())
        };
        let names = self.own_files().iter().filter_map(|path| path.file_name()?.to_str()).map(str::to_owned);
        let names = names.chain(written.iter().filter_map(in_directory)).filter(|name| fits(name));
        let names: BTreeSet<String> = names.collect();
        let is_there =
            |name: &String| matches!(self.open(&join(directory, name)), Lookup::Text(_) | Lookup::Passage(_));
        names.into_iter().filter(is_there).collect()
    }

    fn files_below(&self, directory: &str, name: &str) -> Vec<String> {
        if !self.is_searched() {
            return Vec::new();
        }
        let copied = self.own_files().iter().filter(|path| path.file_name().is_some_and(|own| own == name));
        let copied = copied.filter_map(|path| path.parent()?.file_name()?.to_str().map(str::to_owned));
        let written = self.written_paths();
        let written = written.iter().filter_map(|path| {
            let (parent, own) = parent_and_name(path).filter(|(_, own)| *own == name)?;
            let (above, below) = parent_and_name(parent)?;
            (above == directory && own == name).then(|| below.to_owned())
        });
        let below: BTreeSet<String> = copied.chain(written).collect();
        let paths = below.into_iter().map(|below| join(directory, &format!("./{below}/{name}")));
        paths.filter(|path| matches!(self.open(path), Lookup::Text(_) | Lookup::Passage(_))).collect()
    }

    fn installs(&self) -> &[Invocation] {
        &self.container.installs
    }

    fn has_installed(&self, path: &str) -> bool {
        let Some(image) = self.image.as_ref().filter(|_| self.container.mount_holding(path).is_none()) else {
            return false;
        };
        installed_places::is_installed_at(path, image, self.container, self.repository)
    }

    fn has_known_base(&self) -> bool {
        let Some(image) = &self.image else { return false };
        match &image.base {
            BaseImage::Scratch => true,
            BaseImage::Named(name) => !image.stored && !name.is_symbolic() && is_official(&name.text),
            BaseImage::Unread => false,
        }
    }

    fn program_behind(&self, path: &str, names: &[String]) -> Option<String> {
        if let Some(known) = self.behind.borrow().get(path) {
            return known.clone();
        }
        let found = self.find_program_behind(path, names);
        self.behind.borrow_mut().insert(path.to_owned(), found.clone());
        found
    }

    fn mention_in_build(&self, path: &str, names: &[String]) -> Option<Span> {
        let image = self.image.as_ref().filter(|_| self.container.mount_holding(path).is_none())?;
        let is_made = matches!(image.find_file(path, self.repository.sources), PathContent::Unknown { .. });
        let find = || self.first_mention(&self.stage_files(), names, &[]);
        if is_made { *self.stage_mention.get_or_init(find) } else { None }
    }

    fn program_of_package(&self, name: &str) -> Option<PackageProgram> {
        package_programs::find_program(name, self.own_files(), self.repository)
    }

    fn mention(&self, names: &[String], read: &[FileId]) -> Option<Span> {
        self.first_mention(self.own_files(), names, read)
    }
}

/// Whether a path is that of a program: by its name, or by that of the directory in which its versions are.
fn is_program_file(path: &str, names: &[String]) -> bool {
    let (directory, name) = parent_and_name(path).unwrap_or(("", path));
    let is_version = name.contains('.') && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_own = |part: &str| names.iter().any(|own| own == part);
    is_own(name) || is_version && directory.split('/').any(is_own)
}

/// Whether a file of a repository is run by no service: a list of packages, or a test.
fn is_never_run(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let is_marked = name.split('.').any(|part| matches!(part, "test" | "spec"));
    let is_test = is_marked || stem.ends_with("_test") || stem.starts_with("test_");
    LISTS.contains(&name) || is_test || parts.iter().any(|part| matches!(*part, "test" | "tests" | "__tests__"))
}
