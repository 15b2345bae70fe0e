//! What a COPY or ADD puts at a path. Uses `context`, `pattern` and `find`'s tree.

use std::path::PathBuf;
use std::rc::Rc;

use super::find_file::Tree;
use super::wildcard::{self, component, is_pattern};
use super::{Context, Copied, From, Image, Kind, Source};
use crate::model::{Value, clean, join, parent_and_name, split_below};

/// Entries of a context that are held against a pattern.
const MAX_TRIED: usize = 10_000;

/// What a copy puts at a path.
pub(super) enum Put {
    Nothing,
    File(PathBuf),
    Text(Value),
    /// The first of these paths that another image has.
    Elsewhere(Rc<Image>, Vec<String>),
    /// Why that cannot be told, as a clause.
    Unknown(String),
}

fn unknown(why: &str) -> Put {
    Put::Unknown(why.to_owned())
}

/// A path as seen from a copy's target.
#[derive(Clone, Copy)]
struct Asked<'a> {
    /// The rest of the path below the target; empty where it is the target itself.
    rest: &'a str,
    /// Whether the target is a directory.
    into: Option<bool>,
}

impl Asked<'_> {
    /// Whether a file of this name lands there: `None` where that hangs on what the target is.
    fn is_file(&self, name: &str) -> Option<bool> {
        match (self.rest, self.into) {
            ("", into) => Some(into != Some(true)),
            (rest, _) if rest != name => Some(false),
            (_, into) => into,
        }
    }
}

const HANGS: &str = "whether the target of this copy is a directory hangs on the base";

impl Copied {
    /// What it puts at a clean absolute path.
    pub(super) fn puts(&self, path: &str, tree: &Tree) -> Put {
        let target = &self.target.text;
        if self.target.is_symbolic() {
            let known = target.split("${").next().unwrap_or_default();
            let apart = !known.is_empty() && !path.starts_with(known);
            return if apart { Put::Nothing } else { unknown("the target of this copy hangs on a variable") };
        }
        let Some(rest) = split_below(path, target) else { return Put::Nothing };
        let into = if self.into || self.sources.len() > 1 { Some(true) } else { tree.is_directory(target) };
        let asked = Asked { rest, into };
        // Of two that land on one path the later one stands.
        for source in self.sources.iter().rev() {
            match self.source(source, &asked) {
                Put::Nothing => {}
                put => return put,
            }
        }
        Put::Nothing
    }

    /// Whether its target is a directory because a directory is copied there.
    pub(super) fn makes_directory(&self) -> bool {
        let From::Context(Some(context)) = &self.from else { return self.sources.len() > 1 };
        self.sources.len() > 1
            || self.sources.iter().any(|source| {
                let Source::Path(path) = source else { return false };
                !is_pattern(&path.text)
                    && context.kind(join("/", &path.text).trim_start_matches('/')) == Some(Kind::Directory)
            })
    }

    fn source(&self, source: &Source, asked: &Asked) -> Put {
        match (source, &self.from) {
            (Source::Text { name, text }, _) => match asked.is_file(name) {
                Some(true) => Put::Text(text.clone()),
                Some(false) => Put::Nothing,
                None => unknown(HANGS),
            },
            (Source::Remote(_), _) => unknown("it may come from what this fetches"),
            (Source::Path(path), _) if path.is_symbolic() => unknown("what this copies hangs on a variable"),
            (Source::Path(_), From::Image(_)) => unknown("it may come from an image from elsewhere"),
            (Source::Path(_), From::Context(None)) => unknown("the build context is not at hand"),
            (Source::Path(path), From::Stage(image)) => self.in_stage(&path.text, image, asked),
            (Source::Path(path), From::Context(Some(context))) => self.in_context(&path.text, context.as_ref(), asked),
        }
    }

    fn in_stage(&self, source: &str, image: &Rc<Image>, asked: &Asked) -> Put {
        if self.parents || !self.excludes.is_empty() {
            return unknown("what this copies out of another stage was not worked out");
        }
        let source = join("/", source);
        let (parent, name) = parent_and_name(&source).unwrap_or(("/", ""));
        if is_pattern(&source) {
            let first = asked.rest.split('/').next().unwrap_or_default();
            if is_pattern(parent) || asked.rest.is_empty() || !component(name, first) {
                return unknown("what this copies out of another stage was not worked out");
            }
            return Put::Elsewhere(Rc::clone(image), vec![join(parent, asked.rest)]);
        }
        let mut paths = Vec::new();
        match asked.is_file(name) {
            Some(false) => {}
            Some(true) | None => paths.push(source.clone()),
        }
        if !asked.rest.is_empty() {
            paths.push(join(&source, asked.rest));
        }
        Put::Elsewhere(Rc::clone(image), paths)
    }

    fn in_context(&self, source: &str, context: &dyn Context, asked: &Asked) -> Put {
        // `--parents` keeps what stands behind a `/./`.
        let pivot = source.split_once("/./").map_or("", |(before, _)| before);
        let pivot = join("/", pivot);
        let source = join("/", source);
        let source = source.trim_start_matches('/');
        if !is_pattern(source) {
            return self.one(source, &pivot, context, asked);
        }
        let Some(found) = matching(source, context) else { return unknown("this copies more than is looked through") };
        let several = Asked { into: if found.len() > 1 { Some(true) } else { asked.into }, ..*asked };
        for path in found.iter().rev() {
            match self.one(path, &pivot, context, &several) {
                Put::Nothing => {}
                put => return put,
            }
        }
        Put::Nothing
    }

    /// One path of the context, without wildcards.
    fn one(&self, source: &str, pivot: &str, context: &dyn Context, asked: &Asked) -> Put {
        let name = source.rsplit('/').next().unwrap_or_default();
        let kind = context.kind(source);
        let asked = &if self.parents { below_parents(source, pivot, kind, asked) } else { Some(*asked) };
        let Some(asked) = asked else { return Put::Nothing };
        let archive = self.unpacks && is_archive(name);
        match kind {
            Some(Kind::File) if archive => unknown("it may come out of the archive that this unpacks"),
            Some(Kind::File) => match asked.is_file(name) {
                Some(true) => self.kept(source, name, context),
                Some(false) => Put::Nothing,
                None => unknown(HANGS),
            },
            Some(Kind::Directory) if asked.rest.is_empty() => Put::Nothing,
            Some(Kind::Directory) => {
                let inner = clean(&format!("{source}/{}", asked.rest));
                let inner = inner.trim_start_matches('/');
                match context.kind(inner) {
                    Some(Kind::File) => self.kept(inner, asked.rest, context),
                    Some(Kind::Directory) => unknown("it is a directory"),
                    Some(Kind::Other) => unknown("it is a link that leads out of the build context"),
                    None => Put::Nothing,
                }
            }
            Some(Kind::Other) => unknown("it may come from a link that leads out of the build context"),
            // What a name with an ending stands for is no directory.
            None if name.contains('.') && !asked.rest.is_empty() && asked.rest != name => Put::Nothing,
            None => unknown("what this copies is not in the build context"),
        }
    }

    fn kept(&self, path: &str, below: &str, context: &dyn Context) -> Put {
        let out = |pattern: &Value| {
            let pattern_text = pattern.text.trim_start_matches('/');
            pattern.is_symbolic()
                || [path, below].iter().any(|path| {
                    let above =
                        std::iter::successors(Some(*path), |path| path.rsplit_once('/').map(|(parent, _)| parent));
                    above.into_iter().any(|path| wildcard::matches(pattern_text, path))
                })
        };
        if self.excludes.iter().any(out) {
            return unknown("this may leave it out");
        }
        Put::File(context.locate(path))
    }
}

/// The same question below the directories that `--parents` keeps.
fn below_parents<'a>(source: &str, pivot: &str, kind: Option<Kind>, asked: &Asked<'a>) -> Option<Asked<'a>> {
    let whole = format!("/{source}");
    let kept = split_below(&whole, pivot).unwrap_or(source);
    let directories =
        if kind == Some(Kind::Directory) { kept } else { kept.rsplit_once('/').map_or("", |(above, _)| above) };
    let rest = if directories.is_empty() { Some(asked.rest) } else { split_below(asked.rest, directories) };
    rest.map(|rest| Asked { rest, into: Some(true) })
}

/// Archives that `ADD` unpacks, by the names they usually have.
fn is_archive(name: &str) -> bool {
    let endings = [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"];
    endings.iter().any(|ending| name.ends_with(ending))
}

/// The paths of a context that a pattern matches, sorted; `None` where there is too much to look through.
fn matching(source: &str, context: &dyn Context) -> Option<Vec<String>> {
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
            if context.kind(&directory) != Some(Kind::Directory) {
                continue;
            }
            let names = context.list(&directory)?;
            tried += names.len();
            if tried > MAX_TRIED {
                return None;
            }
            next.extend(names.iter().filter(|name| component(part, name)).map(|name| path(name)));
        }
        found = next;
    }
    found.retain(|path| context.kind(path).is_some());
    Some(found)
}
