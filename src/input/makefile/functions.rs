//! The functions of make: those of names and lists, `call`, `foreach`, and those that choose by a condition; what `shell`
//! prints is asked of the shell. Any other gives what is not known. Uses `variables`, `word_lists`, `lines` and
//! `outer_text`.

use super::lines::trimmed;
use super::variables::{MakeExpander, MakeValue, unknown};
use super::word_lists::{joined, may_be_several, text_function};
use crate::input::outer_text::{OuterPart, OuterText};
use crate::input::shell::file_system::Lookup;
use crate::input::start_words::{may_lead_to_start, names_engine};
use crate::model::join;
use crate::text::TracedChar;

/// What a look at the files of a directory counts for, among the parts of texts.
const LOOKUP: usize = 1_000;
/// Functions that give nothing.
const SILENT: [&str; 3] = ["info", "warning", "error"];
/// Functions, and how many arguments they take: a further comma is a part of the last one.
const FUNCTIONS: [(&str, usize); 36] = [
    ("abspath", 1),
    ("addprefix", 2),
    ("addsuffix", 2),
    ("and", usize::MAX),
    ("basename", 1),
    ("call", usize::MAX),
    ("dir", 1),
    ("error", 1),
    ("eval", 1),
    ("file", 2),
    ("filter", 2),
    ("filter-out", 2),
    ("findstring", 2),
    ("firstword", 1),
    ("flavor", 1),
    ("foreach", 3),
    ("guile", 1),
    ("if", 3),
    ("info", 1),
    ("intcmp", 5),
    ("join", 2),
    ("lastword", 1),
    ("let", 3),
    ("notdir", 1),
    ("or", usize::MAX),
    ("origin", 1),
    ("patsubst", 3),
    ("realpath", 1),
    ("shell", 1),
    ("sort", 1),
    ("strip", 1),
    ("subst", 3),
    ("suffix", 1),
    ("value", 1),
    ("warning", 1),
    ("wildcard", 1),
];
/// Further functions of lists.
const CHOOSING: [(&str, usize); 3] = [("word", 2), ("wordlist", 3), ("words", 1)];
/// Functions that give what a person wrote as it stands, which may be a whole command.
const GIVING: [&str; 7] = ["call", "guile", "if", "intcmp", "let", "or", "value"];

impl MakeExpander<'_> {
    /// What a call of a function gives; `None` where it is none.
    pub(super) fn function(&mut self, inner: &[TracedChar], dollar: TracedChar) -> Option<OuterText> {
        let end = inner.iter().position(|traced| traced.ch.is_whitespace())?;
        let name: String = inner.get(..end)?.iter().map(|traced| traced.ch).collect();
        let rest = inner.get(end..)?;
        let blanks = rest.iter().take_while(|traced| traced.ch.is_whitespace()).count();
        let rest = rest.get(blanks..)?;
        let (_, count) = FUNCTIONS.iter().chain(&CHOOSING).find(|(function, _)| *function == name)?;
        if SILENT.contains(&name.as_str()) {
            return Some(OuterText::default());
        }
        let arguments = split_arguments(rest, *count);
        if let Some(value) = self.followed(&name, &arguments, dollar) {
            return Some(value);
        }
        self.note_not_followed(&name, rest, dollar);
        Some(unknown(&name, dollar.at))
    }

    /// Notes that what a function gives is not known, where it may be a command that starts a container.
    fn note_not_followed(&mut self, name: &str, rest: &[TracedChar], dollar: TracedChar) {
        if names_eval(rest) {
            self.spent.evaluated = self.spent.evaluated.or(dollar.at);
        }
        if GIVING.contains(&name) && !self.is_undecided && names_engine(&self.expand(rest).to_shell().raw()) {
            self.spent.not_followed = self.spent.not_followed.or(dollar.at);
        }
    }

    fn followed(&mut self, name: &str, arguments: &[&[TracedChar]], dollar: TracedChar) -> Option<OuterText> {
        let first = *arguments.first()?;
        match name {
            "shell" => {
                let command = self.expand(trimmed(first));
                return Some(OuterText(vec![OuterPart::Output { command, at: dollar.at }]));
            }
            "eval" => {
                self.evaluate(first, dollar);
                return Some(OuterText::default());
            }
            "call" => return self.call(arguments, dollar),
            "foreach" => return self.for_each(arguments, dollar),
            "or" => return self.first_set(arguments, dollar),
            "and" => return self.last_if_all(arguments, dollar),
            "if" => {
                let condition = self.expand(trimmed(first));
                let taken = arguments.get(if self.decide(&condition, dollar)? { 1 } else { 2 });
                return Some(taken.map(|taken| self.expand(taken)).unwrap_or_default());
            }
            _ => {}
        }
        let arguments: Vec<OuterText> = arguments.iter().map(|one| self.expand(one)).collect();
        let first = arguments.first()?;
        match name {
            "abspath" | "realpath" => {
                let paths = first.words().into_iter().map(|path| self.absolute(&path));
                Some(joined(&paths.collect::<Option<Vec<_>>>()?))
            }
            "value" => match &**self.variables.get(&first.trimmed().known()?)? {
                MakeValue::Recursive(text) => Some(OuterText::of_traced(text)),
                MakeValue::Simple(text) => Some(text.clone()),
                MakeValue::OneOf(_) | MakeValue::Unknown => None,
            },
            "wildcard" => {
                let found = first.words().into_iter().map(|pattern| self.files_of(&pattern.known()?));
                Some(OuterText::plain(&found.collect::<Option<Vec<_>>>()?.concat().join(" ")))
            }
            _ => text_function(name, &arguments),
        }
    }

    /// A path from the directory on that make runs in; one that begins with what is not known stays as it is.
    fn absolute(&self, path: &OuterText) -> Option<OuterText> {
        Some(OuterText::plain(&join(self.place.directory, &path.known()?)))
    }

    /// The files that are there of a name or of a pattern in the last part of one; `None` where none is: another place may
    /// have them.
    fn files_of(&mut self, pattern: &str) -> Option<Vec<String>> {
        self.spend(LOOKUP);
        let (above, last) = pattern.rsplit_once('/').map_or(("", pattern), |(above, last)| (above, last));
        if above.contains(['*', '?', '[']) || last.contains(['?', '[']) {
            return None;
        }
        let Some((before, after)) = last.split_once('*') else {
            let found = self.place.file_system.open(&join(self.place.directory, pattern));
            let is_there = matches!(found, Lookup::Text(_) | Lookup::Binary | Lookup::Passage(_));
            return is_there.then(|| vec![pattern.to_owned()]);
        };
        let fits = |name: &str| {
            let middle = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            middle.is_some() && (!name.starts_with('.') || before.starts_with('.'))
        };
        let names = self.place.file_system.files_in(&join(self.place.directory, above), &fits);
        let slash = if above.is_empty() && !pattern.starts_with('/') { "" } else { "/" };
        let paths: Vec<String> = names.into_iter().map(|name| format!("{above}{slash}{name}")).collect();
        (!paths.is_empty() && !after.contains('*')).then_some(paths)
    }

    /// Hands on a text that is to be read as lines of the Makefile.
    fn evaluate(&mut self, text: &[TracedChar], dollar: TracedChar) {
        let text = self.expand(text);
        match (&mut self.evaluated, text.to_makefile()) {
            (Some(evaluated), Some(text)) => evaluated.push(text),
            _ => self.spent.evaluated = self.spent.evaluated.or(dollar.at),
        }
    }

    fn call(&mut self, arguments: &[&[TracedChar]], dollar: TracedChar) -> Option<OuterText> {
        let mut arguments: Vec<OuterText> = arguments.iter().map(|one| self.expand(one)).collect();
        let name = arguments.first_mut()?;
        *name = name.trimmed();
        let Some(known) = name.known() else {
            // Which of the file's texts it is may be anything.
            if self.automatic.is_some() && self.choices.is_some() {
                self.spent.not_followed = self.spent.not_followed.or(dollar.at);
            }
            return None;
        };
        if self.variables.get(&known).is_none() {
            let is_open = self.variables.may_be_set_unread || (self.place.is_set)(&known) || is_function(&known);
            return (!is_open).then(OuterText::default);
        }
        self.arguments.push(arguments);
        let value = self.value_of(&known, dollar);
        self.arguments.pop();
        Some(value)
    }

    /// A text once for each word of a list. A word that is not known may be several, and is taken for two where each begins
    /// something.
    fn for_each(&mut self, arguments: &[&[TracedChar]], dollar: TracedChar) -> Option<OuterText> {
        let [name, list, text] = arguments else { return None };
        let name = self.expand(trimmed(name)).known()?;
        let mut turns = Vec::new();
        for (number, word) in self.expand(list).words().into_iter().enumerate() {
            let is_several = may_be_several(&word);
            let another = unknown(&format!("{name}_{number}_another"), dollar.at);
            let turn = self.turn(&name, word, text);
            let begins = is_several && may_lead_to_start(&turn.to_shell().raw());
            turns.push(turn);
            if begins {
                let turn = self.turn(&name, another, text);
                turns.push(turn);
            }
            if self.spent.is_too_much {
                break;
            }
        }
        Some(joined(&turns))
    }

    fn turn(&mut self, name: &str, word: OuterText, text: &[TracedChar]) -> OuterText {
        self.turns.push((name.to_owned(), word));
        let text = self.expand(text);
        self.turns.pop();
        text
    }

    /// The first of some texts that is not empty.
    fn first_set(&mut self, arguments: &[&[TracedChar]], dollar: TracedChar) -> Option<OuterText> {
        let (last, others) = arguments.split_last()?;
        for one in others {
            let one = self.expand(trimmed(one));
            if self.decide(&one, dollar)? {
                return Some(one);
            }
        }
        Some(self.expand(trimmed(last)))
    }

    /// The last of some texts, where none before it is empty.
    fn last_if_all(&mut self, arguments: &[&[TracedChar]], dollar: TracedChar) -> Option<OuterText> {
        let (last, others) = arguments.split_last()?;
        for one in others {
            let one = self.expand(trimmed(one));
            if !self.decide(&one, dollar)? {
                return Some(OuterText::default());
            }
        }
        Some(self.expand(trimmed(last)))
    }
}

fn is_function(name: &str) -> bool {
    FUNCTIONS.iter().chain(&CHOOSING).any(|(function, _)| *function == name)
}

/// The arguments between commas, at most so many of them.
fn split_arguments(rest: &[TracedChar], most: usize) -> Vec<&[TracedChar]> {
    let mut arguments = Vec::new();
    let mut rest = rest;
    while arguments.len() + 1 < most
        && let Some(comma) = next_comma(rest)
    {
        arguments.push(rest.get(..comma).unwrap_or_default());
        rest = rest.get(comma + 1..).unwrap_or_default();
    }
    arguments.push(rest);
    arguments
}

/// Where the next argument begins: brackets of the shell count as well.
fn next_comma(text: &[TracedChar]) -> Option<usize> {
    let mut closers: Vec<char> = Vec::new();
    let mut before = ' ';
    for (at, traced) in text.iter().enumerate() {
        match traced.ch {
            '(' => closers.push(')'),
            '{' if before == '$' || closers.last() == Some(&'}') => closers.push('}'),
            ch if closers.last() == Some(&ch) => _ = closers.pop(),
            ',' if closers.is_empty() => return Some(at),
            _ => {}
        }
        before = traced.ch;
    }
    None
}

/// Whether a text may evaluate another one.
pub(super) fn names_eval(text: &[TracedChar]) -> bool {
    let name: Vec<char> = "eval".chars().collect();
    text.windows(name.len()).any(|window| window.iter().map(|traced| traced.ch).eq(name.iter().copied()))
}
