//! What a COPY or ADD puts at a path. Uses `build_context`, `directories` and `wildcard`.

use std::rc::Rc;

use super::build_context::{BuildContext, ContextEntry};
use super::directories::ImageDirectories;
use super::effects::CopyEffect;
use super::image::{CopyOrigin, CopySource, CopyStep, Image};
use super::wildcard::{self, is_pattern, matches_name};
use crate::model::{Value, clean, join, parent_and_name, split_below};

/// How many entries of a context are compared with a pattern.
const MAX_TRIED: usize = 10_000;

fn unknown_effect(why: &str) -> CopyEffect {
    CopyEffect::Unknown(why.to_owned())
}

/// A path as seen from a copy's target.
#[derive(Clone, Copy)]
struct TargetPath<'a> {
    /// The rest of the path below the target; empty where it is the target itself.
    rest: &'a str,
    /// Whether the target is a directory.
    into: Option<bool>,
}

impl TargetPath<'_> {
    /// Whether a file of this name lands there: `None` where that depends on what the target is.
    fn lands_as_file(&self, name: &str) -> Option<bool> {
        match (self.rest, self.into) {
            ("", into) => Some(into != Some(true)),
            (rest, _) if rest != name => Some(false),
            (_, into) => into,
        }
    }
}

const HANGS: &str = "whether the target of this copy is a directory depends on the base";

impl CopyStep {
    /// What it puts at a clean absolute path.
    pub(super) fn effect_at(&self, path: &str, directories: &ImageDirectories) -> CopyEffect {
        let target = &self.target.text;
        if self.target.is_symbolic() {
            let known = target.split("${").next().unwrap_or_default();
            let apart = !known.is_empty() && !path.starts_with(known);
            return if apart {
                CopyEffect::Nothing
            } else {
                unknown_effect("the target of this copy depends on a variable")
            };
        }
        let Some(rest) = split_below(path, target) else { return CopyEffect::Nothing };
        let into = if self.into || self.sources.len() > 1 { Some(true) } else { directories.is_directory(target) };
        let asked = TargetPath { rest, into };
        // Of two that land on one path the later one stands.
        for source in self.sources.iter().rev() {
            match self.source_effect(source, &asked) {
                CopyEffect::Nothing => {}
                put => return put,
            }
        }
        CopyEffect::Nothing
    }

    /// The path that it copies to another one, where it names both.
    pub(super) fn source_of(&self, path: &str) -> Option<String> {
        match self.sources.as_slice() {
            [CopySource::Path(source)] if !source.is_symbolic() && self.target.text == path => {
                Some(source.text.clone())
            }
            _ => None,
        }
    }

    fn source_effect(&self, source: &CopySource, asked: &TargetPath) -> CopyEffect {
        match (source, &self.from) {
            (CopySource::Text { name, text }, _) => match asked.lands_as_file(name) {
                Some(true) => CopyEffect::Text(text.clone()),
                Some(false) => CopyEffect::Nothing,
                None => unknown_effect(HANGS),
            },
            (CopySource::Remote(_), _) => unknown_effect("it may come from what this fetches"),
            (CopySource::Path(path), _) if path.is_symbolic() => {
                unknown_effect("what this copies depends on a variable")
            }
            (CopySource::Path(_), CopyOrigin::Image(_)) => unknown_effect("it may come from an image from elsewhere"),
            (CopySource::Path(_), CopyOrigin::Context(None)) => unknown_effect("the build context is not at hand"),
            (CopySource::Path(path), CopyOrigin::Stage(image)) => self.stage_effect(&path.text, image, asked),
            (CopySource::Path(path), CopyOrigin::Context(Some(context))) => {
                self.context_effect(&path.text, context.as_ref(), asked)
            }
        }
    }

    fn stage_effect(&self, source: &str, image: &Rc<Image>, asked: &TargetPath) -> CopyEffect {
        if self.parents || !self.excludes.is_empty() {
            return unknown_effect("what this copies out of another stage was not worked out");
        }
        let source = join("/", source);
        let (parent, name) = parent_and_name(&source).unwrap_or(("/", ""));
        if is_pattern(&source) {
            let first = asked.rest.split('/').next().unwrap_or_default();
            if is_pattern(parent) || asked.rest.is_empty() || !matches_name(name, first) {
                return unknown_effect("what this copies out of another stage was not worked out");
            }
            return CopyEffect::Elsewhere(Rc::clone(image), vec![join(parent, asked.rest)]);
        }
        let mut paths = Vec::new();
        match asked.lands_as_file(name) {
            Some(false) => {}
            Some(true) | None => paths.push(source.clone()),
        }
        if !asked.rest.is_empty() {
            paths.push(join(&source, asked.rest));
        }
        CopyEffect::Elsewhere(Rc::clone(image), paths)
    }

    fn context_effect(&self, source: &str, context: &dyn BuildContext, asked: &TargetPath) -> CopyEffect {
        // `--parents` keeps what stands behind a `/./`.
        let pivot = source.split_once("/./").map_or("", |(before, _)| before);
        let pivot = join("/", pivot);
        let source = join("/", source);
        let source = source.trim_start_matches('/');
        if !is_pattern(source) {
            return self.path_effect(source, &pivot, context, asked);
        }
        let Some(found) = matching_paths(source, context) else {
            return unknown_effect("this copies more than is looked through");
        };
        let several = TargetPath { into: if found.len() > 1 { Some(true) } else { asked.into }, ..*asked };
        for path in found.iter().rev() {
            match self.path_effect(path, &pivot, context, &several) {
                CopyEffect::Nothing => {}
                put => return put,
            }
        }
        CopyEffect::Nothing
    }

    /// One path of the context, without wildcards.
    fn path_effect(&self, source: &str, pivot: &str, context: &dyn BuildContext, asked: &TargetPath) -> CopyEffect {
        let name = source.rsplit('/').next().unwrap_or_default();
        let kind = context.kind(source);
        let asked = &if self.parents { below_parents(source, pivot, kind, asked) } else { Some(*asked) };
        let Some(asked) = asked else { return CopyEffect::Nothing };
        let archive = self.unpacks && is_archive(name);
        match kind {
            Some(ContextEntry::File) if archive => unknown_effect("it may come out of the archive that this unpacks"),
            Some(ContextEntry::File) => match asked.lands_as_file(name) {
                Some(true) => self.unless_excluded(source, name, context),
                Some(false) => CopyEffect::Nothing,
                None => unknown_effect(HANGS),
            },
            Some(ContextEntry::Directory) if asked.rest.is_empty() => CopyEffect::Nothing,
            Some(ContextEntry::Directory) => {
                let inner = clean(&format!("{source}/{}", asked.rest));
                let inner = inner.trim_start_matches('/');
                match context.kind(inner) {
                    Some(ContextEntry::File) => self.unless_excluded(inner, asked.rest, context),
                    Some(ContextEntry::Directory) => unknown_effect("it is a directory"),
                    Some(ContextEntry::Other) => unknown_effect("it is a link that leads out of the build context"),
                    None => CopyEffect::Nothing,
                }
            }
            Some(ContextEntry::Other) => unknown_effect("it may come from a link that leads out of the build context"),
            // What a name with an ending stands for is no directory.
            None if name.contains('.') && !asked.rest.is_empty() && asked.rest != name => CopyEffect::Nothing,
            None => unknown_effect("what this copies is not in the build context"),
        }
    }

    fn unless_excluded(&self, path: &str, below: &str, context: &dyn BuildContext) -> CopyEffect {
        let out = |pattern: &Value| {
            let pattern_text = pattern.text.trim_start_matches('/');
            pattern.is_symbolic()
                || [path, below].iter().any(|path| {
                    let above =
                        std::iter::successors(Some(*path), |path| path.rsplit_once('/').map(|(parent, _)| parent));
                    above.into_iter().any(|path| wildcard::matches_path(pattern_text, path))
                })
        };
        if self.excludes.iter().any(out) {
            return unknown_effect("this may leave it out");
        }
        CopyEffect::File(context.locate(path))
    }
}

/// The same question below the directories that `--parents` keeps.
fn below_parents<'a>(
    source: &str,
    pivot: &str,
    kind: Option<ContextEntry>,
    asked: &TargetPath<'a>,
) -> Option<TargetPath<'a>> {
    let whole = format!("/{source}");
    let kept = split_below(&whole, pivot).unwrap_or(source);
    let directories =
        if kind == Some(ContextEntry::Directory) { kept } else { kept.rsplit_once('/').map_or("", |(above, _)| above) };
    let rest = if directories.is_empty() { Some(asked.rest) } else { split_below(asked.rest, directories) };
    rest.map(|rest| TargetPath { rest, into: Some(true) })
}

/// Archives that `ADD` unpacks, by the names they usually have.
fn is_archive(name: &str) -> bool {
    let endings = [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"];
    endings.iter().any(|ending| name.ends_with(ending))
}

/// The paths of a context that a pattern matches, sorted; `None` where there is too much to look through.
fn matching_paths(source: &str, context: &dyn BuildContext) -> Option<Vec<String>> {
    let mut tried = 0;
    let mut found = vec![String::new()];
    for part in source.split('/') {
        let mut next = Vec::new();
        for directory in found {
            let path = |name: &str| if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
            if !is_pattern(part) {
                next.push(path(part));
                continue;
            }
            if context.kind(&directory) != Some(ContextEntry::Directory) {
                continue;
            }
            let names = context.list(&directory)?;
            tried += names.len();
            if tried > MAX_TRIED {
                return None;
            }
            next.extend(names.iter().filter(|name| matches_name(part, name)).map(|name| path(name)));
        }
        found = next;
    }
    found.retain(|path| context.kind(path).is_some());
    Some(found)
}
