//! The functions of make that can be followed: those of names and lists, `call`, `if`, `or`; what `shell` prints is asked of
//! the shell. Any other gives what is not known. Uses `variables`, `word_lists`, `lines` and
//! `outer_text`.

use super::lines::{find_outside, trimmed};
use super::variables::{MakeExpander, unknown};
use super::word_lists::{joined, substitute_ends};
use crate::input::outer_text::{OuterPart, OuterText};
use crate::model::join;
use crate::text::TracedChar;

/// Functions that give something which is not followed.
const OTHERS: [&str; 22] = [
    "addprefix",
    "addsuffix",
    "and",
    "basename",
    "file",
    "filter",
    "filter-out",
    "findstring",
    "flavor",
    "foreach",
    "guile",
    "intcmp",
    "join",
    "let",
    "origin",
    "sort",
    "suffix",
    "value",
    "wildcard",
    "word",
    "wordlist",
    "words",
];
/// Functions that give nothing.
const SILENT: [&str; 4] = ["info", "warning", "error", "eval"];
/// Functions that are followed.
const FOLLOWED: [&str; 13] = [
    "abspath",
    "call",
    "dir",
    "firstword",
    "if",
    "lastword",
    "notdir",
    "or",
    "patsubst",
    "realpath",
    "shell",
    "strip",
    "subst",
];

impl MakeExpander<'_> {
    /// What a call of a function gives; `None` where it is none.
    pub(super) fn function(&mut self, inner: &[TracedChar], dollar: TracedChar) -> Option<OuterText> {
        let end = inner.iter().position(|traced| traced.ch.is_whitespace())?;
        let name: String = inner.get(..end)?.iter().map(|traced| traced.ch).collect();
        let rest = inner.get(end + 1..)?;
        if name == "eval" || OTHERS.contains(&name.as_str()) && names_eval(rest) {
            self.spent.evaluated = self.spent.evaluated.or(dollar.at);
        }
        if SILENT.contains(&name.as_str()) {
            return Some(OuterText::default());
        }
        if OTHERS.contains(&name.as_str()) {
            return Some(unknown(&name, dollar.at));
        }
        if !FOLLOWED.contains(&name.as_str()) {
            return None;
        }
        Some(self.followed(&name, rest, dollar).unwrap_or_else(|| unknown(&name, dollar.at)))
    }

    fn followed(&mut self, name: &str, rest: &[TracedChar], dollar: TracedChar) -> Option<OuterText> {
        match name {
            "shell" => {
                let command = self.expand(trimmed(rest));
                return Some(OuterText(vec![OuterPart::Output { command, at: dollar.at }]));
            }
            "call" => return self.call(rest, dollar),
            "or" => {
                let first = split_arguments(rest).into_iter().map(|one| self.expand(trimmed(one)));
                let first =
                    first.collect::<Vec<_>>().into_iter().find(|one| one.known().is_none_or(|one| !one.is_empty()));
                return first.filter(|one| one.known().is_some());
            }
            "if" => {
                let arguments = split_arguments(rest);
                let condition = self.expand(trimmed(arguments.first()?)).known()?;
                let taken = arguments.get(if condition.is_empty() { 2 } else { 1 });
                return Some(taken.map(|taken| self.expand(taken)).unwrap_or_default());
            }
            _ => {}
        }
        let arguments: Vec<OuterText> = split_arguments(rest).into_iter().map(|one| self.expand(one)).collect();
        let first = arguments.first()?;
        match name {
            "strip" => Some(joined(&first.words())),
            "firstword" => Some(first.words().first().cloned().unwrap_or_default()),
            "lastword" => Some(first.words().last().cloned().unwrap_or_default()),
            "subst" => Some(replaced(&arguments.get(2)?.known()?, &first.known()?, &arguments.get(1)?.known()?)),
            "patsubst" => substitute_ends(arguments.get(2)?, first, arguments.get(1)?),
            "abspath" | "realpath" => {
                let paths = first.words().into_iter().map(|path| self.absolute(&path));
                Some(joined(&paths.collect::<Option<Vec<_>>>()?))
            }
            "dir" | "notdir" => {
                let words = first.words().into_iter().map(|word| {
                    let path = word.known()?;
                    let at = path.rfind('/').map_or(0, |at| at + 1);
                    let part = if name == "dir" { path.get(..at)? } else { path.get(at..)? };
                    Some(OuterText::plain(if name == "dir" && part.is_empty() { "./" } else { part }))
                });
                Some(joined(&words.collect::<Option<Vec<_>>>()?))
            }
            _ => None,
        }
    }

    /// A path from the directory on that make runs in; one that begins with what is not known stays as it is.
    fn absolute(&self, path: &OuterText) -> Option<OuterText> {
        Some(OuterText::plain(&join(self.directory, &path.known()?)))
    }

    fn call(&mut self, rest: &[TracedChar], dollar: TracedChar) -> Option<OuterText> {
        let mut arguments: Vec<OuterText> = split_arguments(rest).into_iter().map(|one| self.expand(one)).collect();
        let name = arguments.first_mut()?;
        *name = name.trimmed();
        let known = name.known()?;
        self.variables.get(&known)?;
        self.arguments.push(arguments);
        let value = self.value_of(&known, dollar);
        self.arguments.pop();
        Some(value)
    }
}

/// The arguments between commas.
fn split_arguments(rest: &[TracedChar]) -> Vec<&[TracedChar]> {
    let mut arguments = Vec::new();
    let mut rest = rest;
    while let Some(comma) = find_outside(rest, |_, ch| ch == ',') {
        arguments.push(rest.get(..comma).unwrap_or_default());
        rest = rest.get(comma + 1..).unwrap_or_default();
    }
    arguments.push(rest);
    arguments
}

/// Whether a text may evaluate another one.
pub(super) fn names_eval(text: &[TracedChar]) -> bool {
    let name: Vec<char> = "eval".chars().collect();
    text.windows(name.len()).any(|window| window.iter().map(|traced| traced.ch).eq(name.iter().copied()))
}

fn replaced(text: &str, from: &str, to: &str) -> OuterText {
    if from.is_empty() { OuterText::plain(text) } else { OuterText::plain(&text.replace(from, to)) }
}
