//! Whether an image that is built here has a known program in it, or code that names one: what only reads a login has
//! neither. Uses `official_images`, `repository`, `planned_files` and `source::dockerfile`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::official_images::is_official;
use super::planned_files::{FILES, LISTS, files_below};
use super::repository::Repository;
use crate::input::dockerfile::{BaseImage, BuildStep, ContextDirectory, CopyOrigin, CopySource, Image};
use crate::input::program_names::ProgramNames;
use crate::input::shell::file_system::Lookup;
use crate::model::{Container, MountSource, split_below};

/// Endings of files that are no code.
const NO_CODE: [&str; 20] = [
    "css", "csv", "eot", "gif", "gz", "ico", "jpeg", "jpg", "lock", "map", "md", "mp3", "mp4", "pdf", "png", "svg",
    "ttf", "webp", "woff", "woff2",
];
/// Places whose installers are known to bring other programs.
const OTHER_INSTALLERS: [&str; 5] =
    ["deb.nodesource.com", "sh.rustup.rs", "astral.sh/uv", "bun.sh/install", "install.python-poetry.org"];
/// Stages that are copied from stages.
const DEPTH: usize = 8;

/// What was found of images, each looked through once.
#[derive(Default)]
pub(super) struct SearchedImages {
    /// By the image that is kept, whether nothing in it names a program.
    clean: RefCell<HashMap<*const Image, bool>>,
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
        let names = repository.programs.wait();
        let targets = container.mounts.iter().map(|mount| &mount.target.text);
        if !targets.chain(container.env.keys()).any(|text| names.have_state_named_in(text)) {
            return false;
        }
        let search = ProgramSearch { repository, names };
        let words = container.entrypoint.iter().chain(&container.command).chain(&container.hooks);
        let says = words.flat_map(|command| &command.words).any(|word| search.is_named_in(&word.text));
        let is_clean = || {
            let known = self.clean.borrow().get(&Rc::as_ptr(image)).copied();
            known.unwrap_or_else(|| {
                let clean = search.is_clean_image(image, DEPTH);
                self.clean.borrow_mut().insert(Rc::as_ptr(image), clean);
                clean
            })
        };
        !says && is_clean() && search.are_clean_mounts(container)
    }
}

struct ProgramSearch<'a> {
    repository: &'a Repository<'a>,
    names: &'a ProgramNames,
}

impl ProgramSearch<'_> {
    fn is_named_in(&self, text: &str) -> bool {
        self.names.is_program_named_in(text)
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
            BuildStep::Run(ran) => {
                let words = ran.command.words.iter().chain(&ran.script);
                words.into_iter().all(|word| !self.is_named_in(&word.text) && !runs_fetched_script(&word.text))
            }
            BuildStep::Copy(copied) => match &copied.from {
                CopyOrigin::Stage(image) => self.is_clean_image(image, depth - 1),
                CopyOrigin::Image(name) => !name.is_symbolic() && is_official(&name.text),
                CopyOrigin::Context(None) => false,
                CopyOrigin::Context(Some(context)) => copied.sources.iter().all(|source| match source {
                    CopySource::Remote(_) => false,
                    CopySource::Text { text, .. } => !self.is_named_in(&text.text),
                    CopySource::Path(path) if path.is_symbolic() => false,
                    CopySource::Path(path) => {
                        // Of a pattern all that is beside what it means.
                        let path = path.text.trim_matches('/').trim_start_matches("./");
                        let fixed = path.split(['*', '?', '[']).next().unwrap_or_default();
                        let path = if fixed.len() < path.len() {
                            fixed.rsplit_once('/').map_or("", |(at, _)| at)
                        } else {
                            path
                        };
                        let mut files = Vec::new();
                        files_below(context.as_ref(), if path == "." { "" } else { path }, &mut files);
                        self.are_clean(&files)
                    }
                }),
            },
        }
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
            Lookup::Text(file) => !self.is_named_in(self.repository.sources.get(file).text()),
            Lookup::Absent => true,
            _ => false,
        }
    }

    /// What it mounts of this repository; what is from elsewhere is no code that it is known to run.
    fn are_clean_mounts(&self, container: &Container) -> bool {
        let run = || container.script.invocations.iter().flat_map(|call| &call.argv);
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
                        && run().all(|word| split_below(word, target).is_none())
                }
            }
        })
    }
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
