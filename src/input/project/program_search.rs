//! Whether an image that is built here has a known program in it, or code that names one: what only reads a login has
//! neither. What was not found is not known to name none. Uses `code_text`, `code_that_runs`, `official_images`,
//! `package_runs`, `planned_files`, `repository`, `stock_images` and `source::dockerfile`.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::code_text::{CodeText, is_command_value, read_code, starts_programs};
use super::code_that_runs::is_code_read;
use super::mere_words::names_none_but_as_word;
use super::official_images::is_official;
use super::package_runs::{installs_named, run_package};
use super::planned_files::{FILES, LISTS, files_below};
use super::repository::Repository;
use super::stock_images::{does_work_seen, stock_image};
use crate::input::dockerfile::{
    BaseImage, BuildContext, BuildStep, ContextDirectory, CopyOrigin, CopySource, Image, RunStep,
};
use crate::input::program_names::ProgramNames;
use crate::input::shell::file_system::Lookup;
use crate::model::{Container, EnvValue, EnvVar, Invocation, MountSource, Word, split_below};

/// Endings of files that are no code.
const NO_CODE: [&str; 20] = [
    "css", "csv", "eot", "gif", "gz", "ico", "jpeg", "jpg", "lock", "map", "md", "mp3", "mp4", "pdf", "png", "svg",
    "ttf", "webp", "woff", "woff2",
];
/// Places whose installers are known to bring other programs.
const OTHER_INSTALLERS: [&str; 5] =
    ["deb.nodesource.com", "sh.rustup.rs", "astral.sh/uv", "bun.sh/install", "install.python-poetry.org"];
/// Endings of files that a COPY may name although they are not there: settings, and lists of packages.
const PERHAPS_MISSING: [&str; 7] = ["json", "lockb", "npmrc", "toml", "txt", "yaml", "yml"];
/// Lists of packages that a program may come with: what is not there may name one.
const DEPENDENCIES: [&str; 3] = ["package.json", "pyproject.toml", "requirements.txt"];
/// Commands that read what they are given, and run none of it.
const READERS: [&str; 20] = [
    "[", "cat", "chmod", "chown", "cp", "du", "echo", "grep", "head", "ls", "mkdir", "printf", "rm", "sleep", "sort",
    "stat", "tail", "test", "touch", "wc",
];
/// Endings of what is fetched and installed by its address.
const ARCHIVES: [&str; 4] = [".git", ".tar.gz", ".tgz", ".whl"];
/// Stages that are copied from stages.
const DEPTH: usize = 8;

/// What was found of images, each looked through once.
#[derive(Default)]
pub(super) struct SearchedImages {
    /// By the image that is kept.
    known: RefCell<HashMap<*const Image, SearchedImage>>,
}

/// What was found of one image.
#[derive(Debug, Clone, Copy, Default)]
struct SearchedImage {
    /// Whether nothing in it names a program, or brings one.
    is_clean: bool,
    /// Whether code in it speaks of a program.
    speaks: bool,
    /// Whether code in it can start programs.
    starts: bool,
}

impl SearchedImages {
    /// Whether all that is in the image of a container was looked at, and nothing there is a known program or names one. Only
    /// of one that has somebody's state within reach this is asked.
    pub(super) fn name_no_program(
        &self,
        container: &Container,
        image: &Rc<Image>,
        repository: &Repository<'_>,
    ) -> bool {
        let names = repository.programs;
        if !is_state_within(container, names) {
            return false;
        }
        let search = ProgramSearch { repository, names, speaks: Cell::default(), starts: Cell::default() };
        let calls_by_value = || {
            container.env.values().any(|variable| match &variable.value {
                EnvValue::Set(value) => is_command_value(&value.text, names),
                EnvValue::Inherited => false,
            })
        };
        !search.is_named_by(container)
            && self.look_at(&search, image).is_clean
            && search.are_clean_mounts(container)
            && search.calls_nothing()
            && !(search.starts.get() && calls_by_value())
            && is_code_read(container, image, repository)
    }

    /// The same of a container of a stock image, of which all that it does was seen.
    pub(super) fn stock_names_no_program(container: &Container, repository: &Repository<'_>) -> bool {
        let names = repository.programs;
        if !is_state_within(container, names) || !does_work_seen(container) {
            return false;
        }
        let Some(image) = stock_image(container) else { return false };
        let search = ProgramSearch { repository, names, speaks: Cell::default(), starts: Cell::default() };
        let is_named = |variable: &EnvVar| match &variable.value {
            EnvValue::Set(value) => search.is_named_in(&value.text),
            EnvValue::Inherited => false,
        };
        !search.is_named_by(container)
            && !container.env.values().any(is_named)
            && search.is_clean_image(&image, DEPTH)
            && search.are_clean_mounts(container)
            && search.calls_nothing()
            && is_code_read(container, &image, repository)
    }

    /// Looks through an image once; what code in it speaks of counts for what is mounted beside it.
    fn look_at(&self, search: &ProgramSearch<'_>, image: &Rc<Image>) -> SearchedImage {
        let known = self.known.borrow().get(&Rc::as_ptr(image)).copied();
        let found = known.unwrap_or_else(|| {
            let is_clean = search.is_clean_image(image, DEPTH);
            SearchedImage { is_clean, speaks: search.speaks.get(), starts: search.starts.get() }
        });
        self.known.borrow_mut().insert(Rc::as_ptr(image), found);
        search.speaks.set(found.speaks);
        search.starts.set(found.starts);
        found
    }
}

/// Whether something of a container names where a known program keeps its state.
fn is_state_within(container: &Container, names: &ProgramNames) -> bool {
    let targets = container.mounts.iter().map(|mount| &mount.target.text);
    targets.chain(container.env.keys()).any(|text| names.have_state_named_in(text))
}

struct ProgramSearch<'a> {
    repository: &'a Repository<'a>,
    names: &'a ProgramNames,
    /// Whether code that was looked at speaks of a program.
    speaks: Cell<bool>,
    /// Whether code that was looked at can start programs.
    starts: Cell<bool>,
}

impl ProgramSearch<'_> {
    /// Whether none of the code that was looked at can start a program that it speaks of.
    fn calls_nothing(&self) -> bool {
        !(self.speaks.get() && self.starts.get())
    }

    fn is_named_in(&self, text: &str) -> bool {
        self.names.is_program_named_in(text)
    }

    /// Whether the commands of a container name a program, or fetch what may bring one.
    fn is_named_by(&self, container: &Container) -> bool {
        let commands = container.entrypoint.iter().chain(&container.command).chain(&container.hooks);
        let mut words = commands.flat_map(|command| &command.words);
        words.any(|word| self.is_named_in(&word.text) || runs_fetched_script(&word.text))
            || self.fetches_unknown(container)
    }

    fn is_clean_image(&self, image: &Image, depth: usize) -> bool {
        let official = match &image.base {
            BaseImage::Scratch => true,
            BaseImage::Named(name) => {
                !name.is_symbolic() && is_official(&name.text) && !self.is_named_in(&name.text.replace([':', '-'], " "))
            }
            BaseImage::Unread => false,
        };
        official && !image.stored && depth > 0 && image.steps.iter().all(|step| self.is_clean_step(step, depth))
    }

    fn is_clean_step(&self, step: &BuildStep, depth: usize) -> bool {
        match step {
            BuildStep::Unread(_) => false,
            BuildStep::Run(ran) => self.is_clean_run(ran),
            BuildStep::Copy(copied) => match &copied.from {
                CopyOrigin::Stage(image) => self.is_clean_image(image, depth - 1),
                CopyOrigin::Image(name) => !name.is_symbolic() && is_official(&name.text),
                CopyOrigin::Context(None) => false,
                CopyOrigin::Context(Some(context)) => copied.sources.iter().all(|source| match source {
                    CopySource::Remote(_) => false,
                    CopySource::Text { text, .. } => !self.is_named_in(&text.text),
                    CopySource::Path(path) if path.is_symbolic() => false,
                    CopySource::Path(path) => self.is_clean_copy(context.as_ref(), &path.text),
                }),
            },
        }
    }

    /// Whether commands of a build name no program, and install nothing whose name is not known.
    fn is_clean_run(&self, ran: &RunStep) -> bool {
        let mut words = ran.command.words.iter().chain(&ran.script);
        let calls = ran.build_calls(self.repository.sources);
        let is_clean_call =
            |call: &Invocation| !call.argv.iter().any(|word| self.is_named_in(word)) && !self.installs_unknown(call);
        words.all(|word| !self.is_named_in(&word.text) && !runs_fetched_script(&word.text))
            && calls.iter().all(is_clean_call)
    }

    /// Whether a command installs a known program by the system's packages, or something that a variable names.
    fn installs_unknown(&self, call: &Invocation) -> bool {
        let is_unknown = |word: &str| {
            // What is fetched from a repository has no name that is known.
            let is_archive = word.contains("://") && ARCHIVES.iter().any(|ending| word.ends_with(ending));
            if is_archive || word.starts_with("git+") || word.starts_with("github:") {
                return true;
            }
            let from = usize::from(word.starts_with('@'));
            let end = word.get(from..).and_then(|rest| rest.find(['@', '=', '~', '<', '>'])).map(|at| at + from);
            word.get(..end.unwrap_or(word.len())).is_some_and(|package| package.contains(['$', '`']))
        };
        let is_program = |word: &str| {
            self.names.system_packages.iter().any(|package| {
                word.strip_prefix(package.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', '-', '@', '/', '~']))
            })
        };
        let mut words = call.argv.iter().skip(1).filter(|word| !word.starts_with('-'));
        installs_named(call) && words.any(|word| is_unknown(word) || is_program(word))
    }

    /// Whether a container fetches a package when it starts whose name is not known, or has a program's name in it.
    fn fetches_unknown(&self, container: &Container) -> bool {
        let is_kin = |word: &&Word| {
            let is_path = word.starts_with(['/', '.', '-', '~']);
            word.known().is_none() || !is_path && self.names.commands.iter().any(|name| word.contains(name.as_str()))
        };
        container.script.invocations.iter().any(|call| {
            let run = run_package(call).unwrap_or_default();
            run.iter().any(is_kin)
                || installs_named(call) && call.argv.iter().skip(1).any(|word| is_kin(&word))
                || self.installs_unknown(call)
        })
    }

    /// Whether what a COPY names is there, and names no program.
    fn is_clean_copy(&self, context: &dyn BuildContext, source: &str) -> bool {
        // Of a pattern all that is beside what it means.
        let path = source.trim_matches('/').trim_start_matches("./");
        let fixed = path.split(['*', '?', '[']).next().unwrap_or_default();
        let is_pattern = fixed.len() < path.len();
        let directory = if is_pattern { fixed.rsplit_once('/').map_or("", |(at, _)| at) } else { path };
        let directory = if directory == "." { "" } else { directory };
        let mut files = Vec::new();
        files_below(context, directory, &mut files);
        let last = path.rsplit(['*', '?', ']']).next().unwrap_or_default();
        let is_meant = |file: &PathBuf| {
            let file = file.to_string_lossy();
            let at = context.locate(fixed.trim_end_matches('/'));
            file.starts_with(&*at.to_string_lossy()) && file.ends_with(last)
        };
        let is_there = if is_pattern { files.iter().any(is_meant) } else { context.kind(directory).is_some() };
        (is_there || may_be_missing(path)) && self.are_clean(&files)
    }

    fn are_clean(&self, files: &[PathBuf]) -> bool {
        files.len() < FILES && files.iter().all(|file| self.is_clean_file(file))
    }

    fn is_clean_file(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if NO_CODE.contains(&ending) || LISTS.contains(&name) {
            return true;
        }
        match self.repository.open_copied(path) {
            Lookup::Text(file) => {
                let source = self.repository.sources.get(file);
                let said = read_code(name, source.text(), self.names);
                self.speaks.set(self.speaks.get() || said == CodeText::Speaks);
                self.starts.set(self.starts.get() || starts_programs(name, source.text()));
                said != CodeText::Names || names_none_but_as_word(name, file, self.repository)
            }
            _ => false,
        }
    }

    /// What it mounts of this repository; what is from elsewhere is no code that it is known to run.
    fn are_clean_mounts(&self, container: &Container) -> bool {
        let reads = |call: &&Invocation| {
            let name = call.argv.first().map(|word| word.rsplit('/').next().unwrap_or(word));
            name.is_some_and(|name| READERS.contains(&name))
        };
        let run = || container.script.invocations.iter().filter(|call| !reads(call)).flat_map(|call| &call.argv);
        container.mounts.iter().all(|mount| {
            let target = mount.target.text.as_str();
            match &mount.source {
                MountSource::Host(source)
                    if !source.is_symbolic() && self.repository.holds(Path::new(&source.text)) =>
                {
                    let mut files = Vec::new();
                    let reader = self.repository.sources.reader();
                    files_below(&ContextDirectory::new(&source.text, None, reader), "", &mut files);
                    self.are_clean(&files) && (!files.is_empty() || self.is_clean_file(Path::new(&source.text)))
                }
                _ => {
                    !target.ends_with("/bin")
                        && !target.contains("/bin/")
                        && (self.names.have_state_named_in(target)
                            || run().all(|word| split_below(word, target).is_none()))
                }
            }
        })
    }
}

/// Whether what a COPY names is no code by its name, so that nothing is amiss where it is not there.
fn may_be_missing(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(['*', '?']);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    !DEPENDENCIES.contains(&name)
        && (LISTS.contains(&name) || NO_CODE.contains(&ending) || PERHAPS_MISSING.contains(&ending))
}

/// Whether a text gives a shell what it fetches, from where that is not known.
fn runs_fetched_script(text: &str) -> bool {
    let piped = text.split('|').skip(1).any(|part| {
        let words = part.split_whitespace().filter(|word| !word.starts_with('-') && *word != "sudo");
        words.into_iter().next().is_some_and(|word| matches!(word.rsplit('/').next(), Some("sh" | "bash")))
    });
    let fetched = piped || text.contains("<(curl") || text.contains("$(curl") || text.contains("$(wget");
    fetched && !OTHER_INSTALLERS.iter().any(|known| text.contains(known))
}
