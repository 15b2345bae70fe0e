//! Finds the file at a path of an image: goes through its steps backwards to the last one that puts it there.
//! Uses `copy_effect` and `run_effect`.

use super::directories::ImageDirectories;
use super::effects::{CopyEffect, RunEffect};
use super::image::{BaseImage, BuildStep, Image};
use super::path_content::PathContent;
use crate::model::clean;
use crate::text::{Sources, Span};

/// How many links, copies and stages are followed.
const MAX_HOPS: u32 = 40;
/// How many links in a row are followed to where a file is from.
const MAX_LINKS: usize = 16;
/// How many steps are looked at for one path.
const MAX_LOOKS: u32 = 4000;

impl Image {
    /// What is at an absolute path. Links on the way are followed; a link at its end is returned as such.
    pub fn find_file(&self, path: &str, sources: &Sources) -> PathContent {
        let path = clean(path);
        if let Some(found) = self.found.0.borrow().get(&path) {
            return found.clone();
        }
        let mut search = FileSearch { sources, hops: MAX_HOPS, looks: MAX_LOOKS, origins: Vec::new() };
        let found = search.search_image(self, path.clone());
        self.found.0.borrow_mut().insert(path, found.clone());
        found
    }

    /// What the file at an absolute path is linked to, copied or moved from, nearest first: paths, and where a command is not
    /// followed that puts it there, the words of what it takes.
    pub fn origins_of(&self, path: &str, sources: &Sources) -> Vec<String> {
        let mut search = FileSearch { sources, hops: MAX_HOPS, looks: MAX_LOOKS, origins: Vec::new() };
        let mut path = clean(path);
        for _ in 0..MAX_LINKS {
            let PathContent::Link(target) = search.search_image(self, path) else { break };
            search.origins.push(target.clone());
            path = clean(&target);
        }
        search.origins
    }
}

pub(super) struct FileSearch<'a> {
    pub(super) sources: &'a Sources,
    hops: u32,
    looks: u32,
    /// What the file that is looked for comes from.
    origins: Vec<String>,
}

impl FileSearch<'_> {
    fn search_image(&mut self, image: &Image, mut path: String) -> PathContent {
        // Where what is looked for was moved or copied from its own place.
        let mut moved: Option<Span> = None;
        let mut at = image.steps.len();
        while let Some(step) = at.checked_sub(1).and_then(|at| image.steps.get(at)) {
            at -= 1;
            let span = step.span();
            if self.looks == 0 || self.hops == 0 {
                return unknown_content("there is too much between it and its beginning", span);
            }
            self.looks -= 1;
            match step.as_ref() {
                BuildStep::Unread(span) => {
                    return unknown_content("an instruction that was not understood may put it there", *span);
                }
                BuildStep::Copy(copied) => match copied.effect_at(&path, &ImageDirectories::before_step(image, at)) {
                    CopyEffect::Nothing => {}
                    CopyEffect::File(file) => {
                        self.origins.push(file.display().to_string());
                        return PathContent::File(file);
                    }
                    CopyEffect::Text(text) => return PathContent::Text(text),
                    CopyEffect::Unknown(why) => {
                        self.origins.extend(copied.source_of(&path));
                        return PathContent::Unknown { why, span };
                    }
                    CopyEffect::Elsewhere(other, paths) => {
                        if let Some(found) = self.search_paths(&other, paths, span) {
                            return found;
                        }
                    }
                },
                BuildStep::Run(ran) => {
                    match ran.effect_on(&path, &ImageDirectories::before_step(image, at), self.sources) {
                        RunEffect::Nothing => {}
                        RunEffect::Gone => {
                            return moved
                                .map_or(PathContent::Absent, |span| unknown_content("its origin is removed", span));
                        }
                        RunEffect::Link(target) => return PathContent::Link(target),
                        RunEffect::Unknown { why, span } => {
                            self.origins.extend(ran.taken_by_command(span, self.sources));
                            return PathContent::Unknown { why, span };
                        }
                        RunEffect::Moved(from) => {
                            self.hops -= 1;
                            moved = Some(span);
                            self.origins.push(from.clone());
                            path = from;
                        }
                        RunEffect::Through(target) => {
                            self.hops -= 1;
                            path = target;
                            at = image.steps.len();
                        }
                    }
                }
            }
        }
        base_content(image, moved)
    }

    /// The first of some paths that another image has; nothing where it has none.
    fn search_paths(&mut self, image: &Image, paths: Vec<String>, span: Span) -> Option<PathContent> {
        let mut doubt = None;
        for path in paths {
            if self.hops == 0 {
                break;
            }
            self.hops -= 1;
            let before = self.origins.len();
            self.origins.push(path.clone());
            match self.search_image(image, path) {
                PathContent::Absent => self.origins.truncate(before),
                PathContent::Base => {
                    let why = "it may come from an image from elsewhere, out of which this copies".to_owned();
                    doubt = doubt.or(Some(PathContent::Unknown { why, span }));
                }
                // What the link leads to is there, not here.
                PathContent::Link(_) => {
                    let why = "it is a copy of a link in another stage".to_owned();
                    return Some(PathContent::Unknown { why, span });
                }
                found @ (PathContent::File(_) | PathContent::Text(_)) => return Some(found),
                PathContent::Unknown { why, span } => doubt = doubt.or(Some(PathContent::Unknown { why, span })),
            }
        }
        doubt
    }
}

/// What is at a path where no step puts anything.
fn base_content(image: &Image, moved: Option<Span>) -> PathContent {
    let ran = image.steps.iter().rev().find(|step| matches!(step.as_ref(), BuildStep::Run(_)));
    match (&image.base, moved, ran) {
        (_, Some(span), _) => unknown_content("it is made of something that is not in the Dockerfile", span),
        (BaseImage::Scratch, None, Some(step)) => unknown_content("a `RUN` may have made it", step.span()),
        (BaseImage::Scratch, None, None) => PathContent::Absent,
        (BaseImage::Named(_), None, _) => PathContent::Base,
        (BaseImage::Unread, None, _) => {
            let span = image.unseen.first().map(|unseen| unseen.span).unwrap_or_default();
            unknown_content("the Dockerfile was not read", span)
        }
    }
}

fn unknown_content(why: &str, span: Span) -> PathContent {
    PathContent::Unknown { why: why.to_owned(), span }
}
