//! A command's words as paths: whether one names a path, a directory above it, or may. Uses `wildcard` and `model::word`.

use std::collections::BTreeMap;

use super::directories::ImageDirectories;
use super::image::RunStep;
use super::wildcard::{is_pattern, matches_name, matches_path};
use crate::model::{Dialect, EnvValue, EnvVar, Segment, Template, join, parent_and_name, split_below, upward};

/// What a word has to do with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PathRelation {
    Apart,
    /// It may name it.
    Perhaps,
    /// It names a directory above it.
    Above,
    /// It names it.
    Same,
}

/// A word as far as it is known.
#[derive(Debug, Default)]
pub(super) struct PlainWord {
    /// With the variables of the image replaced; only what follows the last unknown part.
    pub(super) text: String,
    /// Whether something before `text` is not known.
    pub(super) open: bool,
}

/// What a RUN's words mean.
pub(super) struct RunWords<'a> {
    env: &'a BTreeMap<String, EnvVar>,
    /// All that is run.
    text: &'a str,
    /// Where relative paths begin; `None` where that is not known.
    directory: Option<String>,
}

impl<'a> RunWords<'a> {
    pub(super) fn new(ran: &'a RunStep, text: &'a str, directories: &ImageDirectories) -> Self {
        let moves = text.split(|ch: char| !ch.is_ascii_alphanumeric()).any(|word| matches!(word, "cd" | "pushd"));
        let directory = match &ran.working_dir {
            Some(directory) if !directory.is_symbolic() => Some(directory.text.clone()),
            None if directories.is_scratch() => Some("/".to_owned()),
            _ => None,
        };
        Self { env: &ran.env, text, directory: directory.filter(|_| !moves) }
    }

    /// A word of a call, with the variables of the image replaced.
    pub(super) fn plain_word(&self, word: &str) -> PlainWord {
        let unknown = || PlainWord { text: String::new(), open: true };
        let Ok(template) = Template::parse(word, Dialect::SHELL_WORD) else { return unknown() };
        let mut plain = PlainWord::default();
        for segment in &template.segments {
            let known = match segment {
                Segment::Text(text) => Some(text.as_str()),
                Segment::Variable(variable) if variable.operation.is_none() => self.known_value(variable.name),
                Segment::Variable(_) | Segment::Opaque(_) => None,
            };
            match known {
                Some(text) => plain.text.push_str(text),
                None => plain = unknown(),
            }
        }
        plain
    }

    fn known_value(&self, name: &str) -> Option<&str> {
        match &self.env.get(name)?.value {
            EnvValue::Set(value) if !value.is_symbolic() => Some(&value.text),
            EnvValue::Set(_) | EnvValue::Inherited => None,
        }
    }

    pub(super) fn relate(&self, word: &str, path: &str) -> PathRelation {
        self.relate_word(&self.plain_word(word), path)
    }

    /// What a word, or the value of an option in it, has to do with a path.
    pub(super) fn relate_word(&self, word: &PlainWord, path: &str) -> PathRelation {
        let text = word.text.as_str();
        let value = match (text.starts_with('-'), text.find(['/', '='])) {
            (true, Some(at)) => text.get(at..).unwrap_or_default().trim_start_matches('='),
            (true, None) => "",
            (false, Some(at))
                if !text.starts_with(['/', '.']) && text.get(at..).is_some_and(|rest| rest.starts_with('=')) =>
            {
                text.get(at + 1..).unwrap_or_default()
            }
            (false, _) => text,
        };
        // A longer text, such as another program's, may do anything with what it names.
        let quoted = text.len() > path.len() && text.contains(path) && text.contains([' ', '(', '\'', '"']);
        if quoted {
            return PathRelation::Perhaps;
        }
        if (word.open && value.is_empty()) || value == "{}" {
            return if self.may_name(path) { PathRelation::Perhaps } else { PathRelation::Apart };
        }
        if word.open {
            return relate_suffix(value, path);
        }
        if value.is_empty() || value == "." && self.directory.is_none() {
            return PathRelation::Apart;
        }
        let Some(whole) = self.absolute_path(value) else { return relate_suffix(value, path) };
        if whole == path || (is_pattern(&whole) && matches_path(&whole, path)) {
            return PathRelation::Same;
        }
        let holds =
            |above: &str| above != path && (above == whole || (is_pattern(&whole) && matches_path(&whole, above)));
        if upward(path).any(holds) { PathRelation::Above } else { PathRelation::Apart }
    }

    /// Whether an unknown value may be a path: the command names the file, or all of its directory.
    fn may_name(&self, path: &str) -> bool {
        let (parent, name) = parent_and_name(path).unwrap_or(("/", ""));
        let whole = self.text.contains("find ") && self.text.contains(parent);
        self.text.contains(name) || whole || self.text.contains(&format!("{}/*", parent.trim_end_matches('/')))
    }

    /// A word as a clean absolute path, if that is known.
    pub(super) fn absolute_path(&self, value: &str) -> Option<String> {
        match &self.directory {
            _ if value.starts_with('/') => Some(join("/", value)),
            Some(directory) => Some(join(directory, value)),
            None => None,
        }
    }
}

/// Whether a path of which only the end is known may be this one.
fn relate_suffix(value: &str, path: &str) -> PathRelation {
    let value = value.trim_end_matches('/').trim_start_matches("./").trim_start_matches("../");
    let (_, name) = parent_and_name(path).unwrap_or(("/", ""));
    let last = value.rsplit('/').next().unwrap_or_default();
    let may = |path: &str| value.is_empty() || path.ends_with(value) || (is_pattern(last) && matches_name(last, name));
    if !value.is_empty() && may(path) { PathRelation::Perhaps } else { PathRelation::Apart }
}

/// The path with one directory above it replaced by another.
pub(super) fn rebase_path(path: &str, from: &str, to: &str) -> Option<String> {
    split_below(path, from).map(|rest| join(to, rest)).map(|moved| if path == from { join("/", to) } else { moved })
}
