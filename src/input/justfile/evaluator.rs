//! What the expressions of a justfile stand for: what just would ask the environment, a program or the caller for stays a
//! question for the shell. Uses `expressions`, `parser` and `outer_text`.

use std::collections::{BTreeMap, HashMap};

use super::expressions::{Comparison, Expression};
use super::parser::{JustRecipe, Justfile};
use crate::input::outer_text::{OuterPart, OuterText};
use crate::model::{clean, join};
use crate::text::{FileId, TracedText};

/// Variables within the values of variables.
const DEPTH: usize = 40;
/// Parts of all values of one file together.
const PARTS: usize = 2 * 1024 * 1024;

/// The parameters of a recipe.
pub(super) type JustScope = BTreeMap<String, OuterText>;

/// Evaluates expressions.
pub(super) struct JustEvaluator<'a> {
    pub(super) justfile: &'a Justfile,
    directory: &'a str,
    known: HashMap<&'a str, OuterText>,
    /// The values that are one of several: the shell is asked which.
    pub(super) asked: BTreeMap<String, Vec<OuterText>>,
    parts: usize,
    depth: usize,
}

impl<'a> JustEvaluator<'a> {
    pub(super) fn new(justfile: &'a Justfile, directory: &'a str) -> Self {
        Self { justfile, directory, known: HashMap::new(), asked: BTreeMap::new(), parts: 0, depth: 0 }
    }

    /// Gives a variable of the file another value; `None` where there is none of this name.
    pub(super) fn set(&mut self, name: &str, value: &OuterText) -> Option<()> {
        let (name, _) = self.justfile.variables.get_key_value(name)?;
        self.known.insert(name, value.clone());
        Some(())
    }

    /// Whether more was put together than is done for a file.
    pub(super) fn is_too_much(&self) -> bool {
        self.parts > PARTS
    }

    /// What an expression stands for.
    pub(super) fn evaluate(&mut self, expression: &'a Expression, scope: &JustScope) -> OuterText {
        if self.depth > DEPTH || self.is_too_much() {
            return OuterText::unknown("just_value", None);
        }
        self.depth += 1;
        let value = self.evaluate_here(expression, scope);
        self.depth -= 1;
        self.parts += value.len() + 1;
        value
    }

    /// The parameters as somebody gives them that is not known.
    pub(super) fn scope_of_caller(&mut self, recipe: &'a JustRecipe) -> JustScope {
        let mut scope = JustScope::new();
        for (number, parameter) in recipe.parameters.iter().enumerate() {
            let position = number + 1;
            let value = match &parameter.default {
                _ if parameter.is_rest => OuterText::parameter("@", None),
                None => OuterText::parameter(&position.to_string(), None),
                Some(default) => {
                    let default = self.evaluate(default, &scope);
                    OuterText::with_default(&position.to_string(), &default, None)
                        .unwrap_or_else(|| unknown(&parameter.name, None))
                }
            };
            scope.insert(parameter.name.clone(), value);
        }
        scope
    }

    /// The parameters as another recipe gives them.
    pub(super) fn scope_of_call(&mut self, recipe: &'a JustRecipe, values: &[OuterText]) -> JustScope {
        let mut scope = JustScope::new();
        for (number, parameter) in recipe.parameters.iter().enumerate() {
            let given = values.get(number);
            let value = match (given, &parameter.default) {
                (Some(_), _) if parameter.is_rest => {
                    let mut all = OuterText::default();
                    for (number, value) in values.iter().skip(number).enumerate() {
                        all.push(&OuterText::plain(if number > 0 { " " } else { "" }));
                        all.push(value);
                    }
                    all
                }
                (Some(value), _) => value.clone(),
                (None, Some(default)) => self.evaluate(default, &scope),
                (None, None) => OuterText::default(),
            };
            scope.insert(parameter.name.clone(), value);
        }
        scope
    }

    fn evaluate_here(&mut self, expression: &'a Expression, scope: &JustScope) -> OuterText {
        match expression {
            Expression::Text { text, is_shell: false } => OuterText::of_traced(text),
            Expression::Text { text, is_shell: true } => shell_value(text),
            Expression::Variable { name, at } => self.variable(name, *at, scope),
            // Braces in braces are put in here too.
            Expression::Command { text, at } => {
                let command = OuterText::of_traced(text);
                if text.raw().contains("{{") { unknown("command", *at) } else { OuterText::output(command, *at) }
            }
            Expression::Joined(parts) => {
                let mut joined = OuterText::default();
                for part in parts {
                    joined.push(&self.evaluate(part, scope));
                }
                joined
            }
            Expression::Choice { left, operator, right, then, otherwise, at } => {
                let left = self.evaluate(left, scope).known();
                let right = self.evaluate(right, scope).known();
                match (left, right, operator) {
                    (Some(left), Some(right), Comparison::Equal | Comparison::Unequal) => {
                        let is_then = (left == right) == (*operator == Comparison::Equal);
                        self.evaluate(if is_then { then } else { otherwise }, scope)
                    }
                    _ => {
                        let texts = [then, otherwise].map(|one| self.evaluate(one, scope));
                        self.one_of(texts.to_vec(), *at)
                    }
                }
            }
            Expression::Call { name, arguments, at } => {
                let values = arguments.iter().map(|argument| self.evaluate(argument, scope)).collect::<Vec<_>>();
                self.call(name, &values, *at)
            }
        }
    }

    fn variable(&mut self, name: &str, at: Option<(FileId, u32)>, scope: &JustScope) -> OuterText {
        if let Some(value) = scope.get(name).or_else(|| self.known.get(name)) {
            return value.clone();
        }
        let justfile = self.justfile;
        let Some((name, variable)) = justfile.variables.get_key_value(name) else { return unknown(name, at) };
        // One that is made of itself stands for nothing.
        self.known.insert(name, unknown(name, at));
        let value = self.evaluate(&variable.value, &JustScope::new());
        self.known.insert(name, value.clone());
        value
    }

    /// A value that is one of several.
    fn one_of(&mut self, texts: Vec<OuterText>, at: Option<(FileId, u32)>) -> OuterText {
        let is_alike = |one: &OuterText, other: &OuterText| one.to_shell().raw() == other.to_shell().raw();
        match texts.as_slice() {
            [first, others @ ..] if others.iter().all(|other| is_alike(first, other)) => first.clone(),
            // The shell would not take such characters out again.
            _ if texts.iter().any(OuterText::has_shell_characters) => unknown("choice", at),
            _ => {
                let own = unknown("choice", at);
                if let [OuterPart::Variable { name, .. }] = own.0.as_slice() {
                    self.asked.insert(name.clone(), texts);
                }
                own
            }
        }
    }

    /// The functions of just that can be followed.
    fn call(&self, name: &str, values: &[OuterText], at: Option<(FileId, u32)>) -> OuterText {
        let known = |number: usize| values.get(number).and_then(OuterText::known);
        let otherwise = || unknown(name, at);
        match (name, values) {
            ("env_var" | "env", [_]) => known(0).map_or_else(otherwise, |name| OuterText::unknown(&name, at)),
            ("env_var_or_default" | "env", [_, default]) => {
                known(0).and_then(|name| OuterText::with_default(&name, default, at)).unwrap_or_else(otherwise)
            }
            ("justfile_directory" | "source_directory" | "justfile_dir" | "source_dir", []) => {
                OuterText::plain(self.directory)
            }
            ("home_directory" | "home_dir", []) => OuterText::unknown("HOME", at),
            ("just_executable", []) => OuterText::plain("just"),
            ("quote", [value]) => OuterText::of_traced(&value.to_quoted_shell()),
            ("join", [first, others @ ..]) => {
                let mut joined = first.clone();
                for other in others {
                    joined.push(&OuterText::plain("/"));
                    joined.push(other);
                }
                joined
            }
            ("absolute_path" | "canonicalize", [_]) => {
                known(0).map_or_else(otherwise, |path| OuterText::plain(&join(self.directory, &path)))
            }
            ("clean", [_]) => known(0).map_or_else(otherwise, |path| OuterText::plain(&clean(&path))),
            ("parent_directory" | "parent_dir", [_]) => {
                known(0).and_then(|path| Some(OuterText::plain(path.rsplit_once('/')?.0))).unwrap_or_else(otherwise)
            }
            ("file_name", [_]) => {
                known(0).map_or_else(otherwise, |path| OuterText::plain(path.rsplit('/').next().unwrap_or_default()))
            }
            ("trim", [value]) => value.trimmed(),
            ("lowercase", [_]) => known(0).map_or_else(otherwise, |text| OuterText::plain(&text.to_lowercase())),
            ("uppercase", [_]) => known(0).map_or_else(otherwise, |text| OuterText::plain(&text.to_uppercase())),
            ("||", [first, second]) => match known(0) {
                Some(text) if text.is_empty() => second.clone(),
                Some(_) => first.clone(),
                None => otherwise(),
            },
            ("&&", [_, second]) => match known(0) {
                Some(text) if text.is_empty() => OuterText::default(),
                Some(_) => second.clone(),
                None => otherwise(),
            },
            _ => otherwise(),
        }
    }
}

/// Something that is not known, told from all else by its place.
pub(super) fn unknown(what: &str, at: Option<(FileId, u32)>) -> OuterText {
    let place = at.map_or_else(String::new, |(_, at)| format!("_{at}"));
    OuterText::unknown(&format!("just_{what}{place}"), at)
}

/// A string in which a tilde and variables are put in as a shell does.
fn shell_value(text: &TracedText) -> OuterText {
    let raw = text.raw();
    let at = text.0.first().and_then(|first| first.at);
    match raw.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        _ if raw.contains('$') => unknown("text", at),
        Some(_) => {
            let mut home = OuterText::unknown("HOME", at);
            home.push(&OuterText::of_traced(&text.part(1, text.0.len())));
            home
        }
        None => OuterText::of_traced(text),
    }
}
