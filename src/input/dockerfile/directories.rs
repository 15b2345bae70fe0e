//! Which paths of an image are directories, as far as its steps say. Uses `image` and `wildcard`.

use super::build_context::ContextEntry;
use super::image::{BaseImage, BuildStep, CopyOrigin, CopySource, CopyStep, Image, RunStep};
use super::wildcard::is_pattern;
use crate::model::{join, split_below};

/// Directories that every image has but an empty one (Filesystem Hierarchy Standard).
#[rustfmt::skip]
const STANDARD: &[&str] = &[
    "/bin", "/sbin", "/lib", "/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/sbin",
    "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib", "/usr/share", "/var", "/var/lib",
    "/var/log", "/var/tmp", "/etc/profile.d", "/etc/cron.d",
];

/// The directories of an image before one of its steps.
pub(super) struct ImageDirectories<'a> {
    image: &'a Image,
    before: usize,
}

impl<'a> ImageDirectories<'a> {
    pub(super) fn before_step(image: &'a Image, before: usize) -> Self {
        Self { image, before }
    }

    /// Whether the image begins with nothing.
    pub(super) fn is_scratch(&self) -> bool {
        self.image.base == BaseImage::Scratch
    }

    /// Whether a path is a directory; `None` where that is not known.
    pub(super) fn is_directory(&self, path: &str) -> Option<bool> {
        let scratch = self.is_scratch();
        let standard = path == "/" || (!scratch && STANDARD.contains(&path));
        if standard || self.image.directories.iter().any(|directory| contains_path(directory, path)) {
            return Some(true);
        }
        let mut unknown = false;
        for step in self.image.steps.iter().take(self.before) {
            match step.as_ref() {
                BuildStep::Copy(copy) if makes_target_directory(copy, path) => return Some(true),
                BuildStep::Copy(_) => {}
                BuildStep::Run(run) if names_new_directory(run, path) => return Some(true),
                BuildStep::Run(_) | BuildStep::Unread(_) => unknown = true,
            }
        }
        (scratch && !unknown).then_some(false)
    }
}

/// Whether a copy makes a path a directory: its target, or one above that.
fn makes_target_directory(copy: &CopyStep, path: &str) -> bool {
    let target = &copy.target.text;
    let is_target = target == path;
    let made = if is_target { copy.into || copies_directory(copy) } else { contains_path(target, path) };
    made && !copy.target.is_symbolic()
}

/// Whether what is copied is a directory or several files, so that the target is a directory.
fn copies_directory(copy: &CopyStep) -> bool {
    if copy.sources.len() > 1 {
        return true;
    }
    let CopyOrigin::Context(Some(context)) = &copy.from else { return false };
    copy.sources.iter().any(|source| match source {
        CopySource::Path(path) if !is_pattern(&path.text) => {
            context.kind(join("/", &path.text).trim_start_matches('/')) == Some(ContextEntry::Directory)
        }
        _ => false,
    })
}

/// Whether the text of a RUN says that it makes a path a directory.
fn names_new_directory(run: &RunStep, path: &str) -> bool {
    let text = run.command_text();
    ["mkdir", "install -d", "useradd", "adduser"].iter().any(|maker| text.contains(maker)) && text.contains(path)
}

/// Whether a path is a directory or lies below it.
fn contains_path(directory: &str, path: &str) -> bool {
    split_below(directory, path).is_some()
}
