//! The commands that are run while an image is built, and what it takes from other stages. Uses `required_packages`,
//! `repository` and `source::dockerfile`.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::image_users::home_in_run;
use super::official_images::is_official;
use super::repository::Repository;
use super::required_packages::listed_by_build;
use crate::input::dockerfile::{BuildStep, CopyOrigin, CopySource, CopyStep, Image, call_in_home};
use crate::model::{Invocation, StageCopy, Unseen, clean, join, split_below};

/// Stages that are copied from stages.
const DEPTH: usize = 8;
/// Copies out of stages that are looked at for one image.
const MOST_COPIES: usize = 64;

/// What an image's build runs.
#[derive(Default)]
pub(super) struct BuildCommands {
    /// The commands, with what lists of packages add to them.
    pub(super) calls: Vec<Invocation>,
    /// The lists that were not read.
    pub(super) unread_lists: Vec<Unseen>,
    /// How many commands ran before each step.
    before_step: Vec<usize>,
}

impl BuildCommands {
    /// The commands of an image's own steps.
    pub(super) fn of_image(image: &Image, repository: &Repository<'_>) -> Self {
        let mut found = Self::default();
        for (at, step) in image.steps.iter().enumerate() {
            found.before_step.push(found.calls.len());
            let BuildStep::Run(ran) = step.as_ref() else { continue };
            let home = home_in_run(ran, image, &found.calls);
            for call in ran.build_calls(repository.sources) {
                let call = match &home {
                    Some(home) => call_in_home(call, home),
                    None => call.clone(),
                };
                match listed_by_build(&call, ran, image, at, repository) {
                    Some(listed) => {
                        found.calls.push(listed.call);
                        found.unread_lists.extend(listed.unread);
                    }
                    None => found.calls.push(call),
                }
            }
        }
        found
    }

    /// How many commands ran before a step.
    pub(super) fn before(&self, step: usize) -> usize {
        self.before_step.get(step).copied().unwrap_or(self.calls.len())
    }
}

/// What an image takes from other stages and images, also through stages of stages: the copies, those of a stage before what
/// is copied out of it.
pub(super) fn copied_stages(image: &Image, own: &BuildCommands, repository: &Repository<'_>) -> Vec<StageCopy> {
    let mut reader = StageReader { repository, known: HashMap::new(), found: Vec::new() };
    for (at, copied) in copies_of(image) {
        reader.add(copied, own.before(at), DEPTH);
    }
    reader.found
}

/// What made a stage.
#[derive(Clone)]
struct StageCommands {
    installs: Arc<[Invocation]>,
    unread_lists: Vec<Unseen>,
}

struct StageReader<'a> {
    repository: &'a Repository<'a>,
    /// The commands of stages that were read.
    known: HashMap<*const Image, StageCommands>,
    found: Vec<StageCopy>,
}

impl StageReader<'_> {
    fn add(&mut self, copied: &CopyStep, commands_before: usize, depth: usize) {
        let path = |source: &CopySource| match source {
            CopySource::Path(path) if !path.is_symbolic() => Some(join("/", &path.text)),
            _ => None,
        };
        let sources: Vec<String> = copied.sources.iter().filter_map(path).collect();
        let target = clean(&copied.target.text);
        if sources.is_empty() || self.found.len() >= MOST_COPIES {
            return;
        }
        let made = match &copied.from {
            CopyOrigin::Context(_) => return,
            CopyOrigin::Image(name) if !name.is_symbolic() && is_official(&name.text) => return,
            CopyOrigin::Image(_) => None,
            CopyOrigin::Stage(stage) => {
                if let Some(depth) = depth.checked_sub(1) {
                    for (_, inner) in copies_of(stage) {
                        let inner_target = clean(&inner.target.text);
                        let is_taken = |source: &String| {
                            split_below(source, &inner_target).is_some() || split_below(&inner_target, source).is_some()
                        };
                        if inner.target.is_symbolic() || sources.iter().any(is_taken) {
                            self.add(inner, commands_before, depth);
                        }
                    }
                }
                Some(self.commands_of(stage))
            }
        };
        let (installs, unread_lists) = match made {
            Some(made) => (Some(made.installs), made.unread_lists),
            None => (None, Vec::new()),
        };
        let span = copied.span;
        self.found.push(StageCopy { sources, target, installs, unread_lists, commands_before, span });
    }

    fn commands_of(&mut self, stage: &Rc<Image>) -> StageCommands {
        let read = || {
            let commands = BuildCommands::of_image(stage, self.repository);
            StageCommands { installs: commands.calls.into(), unread_lists: commands.unread_lists }
        };
        self.known.entry(Rc::as_ptr(stage)).or_insert_with(read).clone()
    }
}

/// The copies of an image that are not from its context, each with the number of its step.
fn copies_of(image: &Image) -> impl Iterator<Item = (usize, &CopyStep)> {
    image.steps.iter().enumerate().filter_map(|(at, step)| match step.as_ref() {
        BuildStep::Copy(copied) if !matches!(copied.from, CopyOrigin::Context(_)) => Some((at, copied)),
        BuildStep::Copy(_) | BuildStep::Run(_) | BuildStep::Unread(_) => None,
    })
}
