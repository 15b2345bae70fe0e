//! Which text stands at a path in an image: its steps backwards, the last that puts it there telling.
//! Uses `copied` and `ran`.

use std::path::PathBuf;

use super::copy_effect::Put;
use super::run_effect::Effect;
use super::{Base, Image, Step};
use crate::model::{Value, clean};
use crate::text::{Sources, Span};

/// How often a path may stand for another: links, copies, stages.
const MAX_HOPS: u32 = 40;
/// How many steps are looked at for one path.
const MAX_LOOKS: u32 = 4000;

/// Directories that every image has but an empty one (Filesystem Hierarchy Standard).
#[rustfmt::skip]
const STANDARD: &[&str] = &[
    "/bin", "/sbin", "/lib", "/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/sbin",
    "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib", "/usr/share", "/var", "/var/lib",
    "/var/log", "/var/tmp", "/etc/profile.d", "/etc/cron.d",
];

/// What stands at a path of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A file of the build context, where a person finds it.
    File(PathBuf),
    /// A here-document.
    Text(Value),
    /// A symbolic link, and the absolute path it leads to.
    Link(String),
    /// What the base has there, if it has: nothing in the Dockerfile puts it there.
    Base,
    /// Nothing.
    Absent,
    /// Something that cannot be told.
    Unknown {
        /// Why, as a clause.
        why: String,
        /// Where that is written.
        span: Span,
    },
}

impl Image {
    /// What stands at an absolute path. Links on the way to it are followed, one at its end is told as such.
    pub fn find(&self, path: &str, sources: &Sources) -> Found {
        let mut search = Search { sources, hops: MAX_HOPS, looks: MAX_LOOKS };
        search.image(self, clean(path))
    }
}

pub(super) struct Search<'a> {
    pub(super) sources: &'a Sources,
    hops: u32,
    looks: u32,
}

impl Search<'_> {
    fn image(&mut self, image: &Image, mut path: String) -> Found {
        // Where what is looked for was moved or copied from its own place.
        let mut moved: Option<Span> = None;
        let mut at = image.steps.len();
        while let Some(step) = at.checked_sub(1).and_then(|at| image.steps.get(at)) {
            at -= 1;
            let unknown = |why: &str, span| Found::Unknown { why: why.to_owned(), span };
            let span = step.span();
            if self.looks == 0 || self.hops == 0 {
                return unknown("there is too much between it and its beginning", span);
            }
            self.looks -= 1;
            match step.as_ref() {
                Step::Unread(span) => return unknown("an instruction that was not understood may put it there", *span),
                Step::Copy(copied) => match copied.puts(&path, &image.tree(at)) {
                    Put::Nothing => {}
                    Put::File(file) => return Found::File(file),
                    Put::Text(text) => return Found::Text(text),
                    Put::Unknown(why) => return Found::Unknown { why, span },
                    Put::Elsewhere(other, paths) => {
                        if let Some(found) = self.other(&other, paths, span) {
                            return found;
                        }
                    }
                },
                Step::Run(ran) => match ran.effect(&path, &image.tree(at), self.sources) {
                    Effect::Nothing => {}
                    Effect::Gone => return moved.map_or(Found::Absent, |span| unknown("its origin is removed", span)),
                    Effect::Link(target) => return Found::Link(target),
                    Effect::Unknown { why, span } => return Found::Unknown { why, span },
                    Effect::Moved(from) => {
                        self.hops -= 1;
                        moved = Some(span);
                        path = from;
                    }
                    Effect::Through(target) => {
                        self.hops -= 1;
                        path = target;
                        at = image.steps.len();
                    }
                },
            }
        }
        bottom(image, moved)
    }

    /// The first of some paths that another image has; nothing where it has none.
    fn other(&mut self, image: &Image, paths: Vec<String>, span: Span) -> Option<Found> {
        let mut doubt = None;
        for path in paths {
            if self.hops == 0 {
                break;
            }
            self.hops -= 1;
            match self.image(image, path) {
                Found::Absent => {}
                Found::Base => {
                    let why = "it may come from an image from elsewhere, out of which this copies".to_owned();
                    doubt = doubt.or(Some(Found::Unknown { why, span }));
                }
                // What the link leads to is there, not here.
                Found::Link(_) => {
                    let why = "it is a copy of a link in another stage".to_owned();
                    return Some(Found::Unknown { why, span });
                }
                found @ (Found::File(_) | Found::Text(_)) => return Some(found),
                Found::Unknown { why, span } => doubt = doubt.or(Some(Found::Unknown { why, span })),
            }
        }
        doubt
    }
}

/// What stands where no step puts anything.
fn bottom(image: &Image, moved: Option<Span>) -> Found {
    let unknown = |why: &str, span| Found::Unknown { why: why.to_owned(), span };
    let ran = image.steps.iter().rev().find(|step| matches!(step.as_ref(), Step::Run(_)));
    match (&image.base, moved, ran) {
        (_, Some(span), _) => unknown("it is made of something that is not in the Dockerfile", span),
        (Base::Scratch, None, Some(step)) => unknown("a `RUN` may have made it", step.span()),
        (Base::Scratch, None, None) => Found::Absent,
        (Base::Named(_), None, _) => Found::Base,
        (Base::Unread, None, _) => {
            let span = image.unseen.first().map(|unseen| unseen.span).unwrap_or_default();
            unknown("the Dockerfile was not read", span)
        }
    }
}

impl Step {
    fn span(&self) -> Span {
        match self {
            Self::Copy(copied) => copied.span,
            Self::Run(ran) => ran.span,
            Self::Unread(span) => *span,
        }
    }
}

/// What is known of an image's directories before one of its steps.
pub(super) struct Tree<'a> {
    image: &'a Image,
    before: usize,
}

impl Image {
    fn tree(&self, before: usize) -> Tree<'_> {
        Tree { image: self, before }
    }
}

impl Tree<'_> {
    /// Whether the image begins with nothing.
    pub(super) fn is_scratch(&self) -> bool {
        self.image.base == Base::Scratch
    }

    /// Whether a path is a directory; `None` where that is not known.
    pub(super) fn is_directory(&self, path: &str) -> Option<bool> {
        let scratch = self.is_scratch();
        let standard = path == "/" || (!scratch && STANDARD.contains(&path));
        if standard || self.image.directories.iter().any(|directory| holds(directory, path)) {
            return Some(true);
        }
        let mut ran = false;
        for step in self.image.steps.iter().take(self.before) {
            match step.as_ref() {
                Step::Copy(copied) => {
                    let target = &copied.target.text;
                    let below = if copied.into { holds(target, path) } else { target != path && holds(target, path) };
                    let below = below || (target == path && copied.makes_directory());
                    if below && !copied.target.is_symbolic() {
                        return Some(true);
                    }
                }
                Step::Run(run) if run.makes_directory(path) => return Some(true),
                Step::Run(_) | Step::Unread(_) => ran = true,
            }
        }
        (scratch && !ran).then_some(false)
    }
}

/// Whether a directory is this one or below it.
fn holds(directory: &str, path: &str) -> bool {
    crate::model::split_below(directory, path).is_some()
}
