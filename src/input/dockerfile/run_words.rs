//! A command's words as paths: whether one names a path, a directory above it, or may. Uses `wildcard` and `model::word`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::wildcard::{is_pattern, matches_name, matches_path};
use crate::model::{
    Dialect, EnvValue, EnvVar, Invocation, Segment, Template, Value, join, parent_and_name, split_below, upward,
};
use crate::text::Span;

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
    /// The word, or the value of an option in it, where it may be a path.
    value: String,
    /// That as an absolute path, where it is known, and whether it is a pattern.
    whole: Option<String>,
    is_pattern: bool,
    /// Whether it may be a longer text that names paths.
    is_long: bool,
}

/// A command of a RUN, its words as far as they are known.
#[derive(Debug)]
pub(super) struct PlainCall {
    /// The program's own name.
    pub(super) program: String,
    pub(super) arguments: Vec<PlainWord>,
    /// Whether it is not certain that it runs.
    pub(super) conditional: bool,
    pub(super) span: Span,
}

/// What a RUN's words mean.
#[derive(Debug)]
pub(super) struct RunWords {
    env: Rc<BTreeMap<String, EnvVar>>,
    /// All that is run.
    text: String,
    /// Where relative paths begin; `None` where that is not known.
    directory: Option<String>,
}

impl RunWords {
    /// What the words of a `text` mean that runs with this environment, in an image that may begin with nothing.
    pub(super) fn new(
        text: &str,
        env: &Rc<BTreeMap<String, EnvVar>>,
        working_dir: Option<&Value>,
        is_scratch: bool,
    ) -> Self {
        let moves = text.split(|ch: char| !ch.is_ascii_alphanumeric()).any(|word| matches!(word, "cd" | "pushd"));
        let directory = match working_dir {
            Some(directory) if !directory.is_symbolic() => Some(directory.text.clone()),
            None if is_scratch => Some("/".to_owned()),
            _ => None,
        };
        Self { env: Rc::clone(env), text: text.to_owned(), directory: directory.filter(|_| !moves) }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// A command with the variables of the image replaced.
    pub(super) fn plain_call(&self, invocation: &Invocation) -> PlainCall {
        let mut argv = invocation.argv.iter().map(|word| self.plain_word(word));
        let program = argv.next().unwrap_or_default().text;
        let program = program.rsplit('/').next().unwrap_or_default().to_owned();
        PlainCall { program, arguments: argv.collect(), conditional: invocation.conditional, span: invocation.span }
    }

    /// A word of a call, with the variables of the image replaced.
    pub(super) fn plain_word(&self, word: &str) -> PlainWord {
        let mut plain = self.known_part(word);
        let value = path_in(&plain.text);
        plain.whole = (!plain.open && !value.is_empty()).then(|| self.absolute_path(value)).flatten();
        plain.is_pattern = plain.whole.as_deref().is_some_and(is_pattern);
        plain.is_long = plain.text.contains([' ', '(', '\'', '"']);
        plain.value = value.to_owned();
        plain
    }

    fn known_part(&self, word: &str) -> PlainWord {
        let unknown = || PlainWord { open: true, ..PlainWord::default() };
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
        let (text, value) = (word.text.as_str(), word.value.as_str());
        // A longer text, such as another program's, may do anything with what it names.
        if word.is_long && text.len() > path.len() && text.contains(path) {
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
        let Some(whole) = &word.whole else { return relate_suffix(value, path) };
        if whole == path || (word.is_pattern && matches_path(whole, path)) {
            return PathRelation::Same;
        }
        let holds = |above: &str| above != path && matches_path(whole, above);
        let is_above = if word.is_pattern { upward(path).any(holds) } else { split_below(path, whole).is_some() };
        if is_above { PathRelation::Above } else { PathRelation::Apart }
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

/// What in a word may be a path: the value of an option, or of an assignment, or all of it.
fn path_in(text: &str) -> &str {
    match (text.starts_with('-'), text.find(['/', '='])) {
        (true, Some(at)) => text.get(at..).unwrap_or_default().trim_start_matches('='),
        (true, None) => "",
        (false, Some(at))
            if !text.starts_with(['/', '.']) && text.get(at..).is_some_and(|rest| rest.starts_with('=')) =>
        {
            text.get(at + 1..).unwrap_or_default()
        }
        (false, _) => text,
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
