//! What variables of a Taskfile stand for, and what a template of Go stands for that names one. Uses `outer_text` and
//! `template_text`.

use std::collections::BTreeMap;

use super::reader::Taskfile;
use crate::input::outer_text::OuterText;
use crate::input::template_text::{put_in, scalar_text};
use crate::text::yaml::Node;
use crate::text::{FileId, Sources, TracedText};

/// Parts of all values of one file together.
const PARTS: usize = 2 * 1024 * 1024;

/// Variables by name.
pub(super) type TaskScope = BTreeMap<String, OuterText>;

/// Puts values into texts.
pub(super) struct TaskValues<'a> {
    taskfile: &'a Taskfile,
    sources: &'a Sources,
    parts: usize,
    /// Where the first part of a template is that decides what of it counts.
    pub(super) decides: Option<(FileId, u32)>,
}

impl<'a> TaskValues<'a> {
    pub(super) fn new(taskfile: &'a Taskfile, sources: &'a Sources) -> Self {
        Self { taskfile, sources, parts: 0, decides: None }
    }

    /// Whether more was put together than is done for a file.
    pub(super) fn is_too_much(&self) -> bool {
        self.parts > PARTS
    }

    /// The variables of a file, over those of what includes it.
    pub(super) fn scope_of_file(&mut self, number: usize) -> TaskScope {
        let Some(file) = self.taskfile.files.get(number) else { return TaskScope::new() };
        let mut scope = file.outer.map_or_else(TaskScope::new, |outer| self.scope_of_file(outer));
        let root = self.taskfile.files.first().map_or("", |root| root.directory.as_str());
        for (name, directory) in [("ROOT_DIR", root), ("TASKFILE_DIR", file.directory.as_str())] {
            scope.insert(name.to_owned(), OuterText::plain(directory));
        }
        scope.insert("TASK_EXE".to_owned(), OuterText::plain("task"));
        for variables in [&file.given_variables, &file.variables] {
            self.extend(&mut scope, variables.as_deref());
        }
        scope
    }

    /// Adds variables to a scope, each of which may name those before it.
    pub(super) fn extend(&mut self, scope: &mut TaskScope, variables: Option<&Node>) {
        for entry in variables.and_then(Node::as_map).unwrap_or_default() {
            let at = None;
            let value = match (self.text_of(&entry.value, scope), entry.value.get("sh")) {
                (Some(text), _) => text,
                (None, Some(command)) => match self.text_of(command, scope) {
                    Some(command) => OuterText::output(command, at),
                    None => unknown(&entry.key, at),
                },
                _ => unknown(&entry.key, at),
            };
            scope.insert(entry.key.clone(), value);
        }
    }

    /// The text of a scalar with its values put in.
    pub(super) fn text_of(&mut self, node: &Node, scope: &TaskScope) -> Option<OuterText> {
        Some(self.put_into(&scalar_text(node, self.sources)?, scope))
    }

    fn put_into(&mut self, text: &TracedText, scope: &TaskScope) -> OuterText {
        if self.is_too_much() {
            return OuterText::of_traced(text);
        }
        let mut decides = None;
        let put = put_in(text, ["{{", "}}"], &mut |expression, at| {
            let expression = expression.trim_start_matches("- ").trim_end_matches(" -").trim();
            let first = expression.split_whitespace().next().unwrap_or_default();
            if matches!(first, "if" | "else" | "range" | "with" | "end" | "block" | "template" | "define") {
                decides = decides.or(at);
                return OuterText::default();
            }
            if first.starts_with("/*") { OuterText::default() } else { value_of(expression, scope, at) }
        });
        self.decides = self.decides.or(decides);
        self.parts += put.len() + 1;
        put
    }
}

/// What stands in braces: a variable, with a default or without.
fn value_of(expression: &str, scope: &TaskScope, at: Option<(FileId, u32)>) -> OuterText {
    if let Some(text) = literal(expression) {
        return OuterText::plain(text);
    }
    if let Some(name) = variable_name(expression) {
        return variable(name, scope, at);
    }
    let parts = expression.split_once('|').map(|(one, other)| (one.trim(), other.trim()));
    let piped = parts.and_then(|(value, rest)| Some((value, rest.strip_prefix("default ")?.trim())));
    let called = expression.strip_prefix("default ").and_then(|rest| {
        let (default, value) = rest.trim().rsplit_once(char::is_whitespace)?;
        Some((value, default.trim()))
    });
    let Some((value, default)) = piped.or(called) else { return unknown("value", at) };
    let default = match (literal(default), variable_name(default)) {
        (Some(text), _) => OuterText::plain(text),
        (None, Some(name)) => variable(name, scope, at),
        _ => return unknown("value", at),
    };
    let Some(name) = variable_name(value) else { return unknown("value", at) };
    match scope.get(name) {
        Some(value) => match value.known() {
            Some(text) if text.is_empty() => default,
            _ => value.clone(),
        },
        None => OuterText::with_default(name, &default, at).unwrap_or_else(|| unknown(name, at)),
    }
}

fn variable(name: &str, scope: &TaskScope, at: Option<(FileId, u32)>) -> OuterText {
    match (scope.get(name), name) {
        (Some(value), _) => value.clone(),
        (None, "CLI_ARGS" | "CLI_ARGS_LIST") => OuterText::parameter("@", at),
        (None, _) => OuterText::unknown(name, at),
    }
}

/// The name of a variable: `.NAME`.
fn variable_name(expression: &str) -> Option<&str> {
    let name = expression.strip_prefix('.')?;
    let is_name = !name.is_empty() && name.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
    is_name.then_some(name)
}

/// The text of a string in quotes without an escape, or of a number.
fn literal(expression: &str) -> Option<&str> {
    let quote = expression.chars().next().filter(|ch| matches!(ch, '"' | '`'));
    let inner = match quote {
        Some(quote) => expression.get(1..)?.strip_suffix(quote)?,
        None if !expression.is_empty() && expression.chars().all(|ch| ch.is_ascii_digit()) => expression,
        None => return None,
    };
    (!inner.contains(['"', '`', '\\'])).then_some(inner)
}

/// Something that is not known, told from all else by its place.
pub(super) fn unknown(what: &str, at: Option<(FileId, u32)>) -> OuterText {
    let place = at.map_or_else(String::new, |(_, at)| format!("_{at}"));
    OuterText::unknown(&format!("task_{what}{place}"), at)
}
