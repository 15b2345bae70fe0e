//! The variables of a Makefile, and what a text is once they are put in. What make would ask the environment or a program
//! for stays a question for the shell that runs the recipe. Uses `choices`, `place`, `lines`, `word_lists` and `outer_text`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::choices::Choices;
use super::lines::{enclosed, find_outside, trimmed};
use super::place::MakePlace;
use super::word_lists::substitute_ends;
use crate::input::outer_text::{OuterPart, OuterText};
use crate::text::{FileId, TracedChar, TracedText};

/// Variables within the values of variables that are followed.
const DEPTH: usize = 40;
/// Parts of all texts of one file together.
const PARTS: usize = 2 * 1024 * 1024;
/// Values that one variable may have.
const VALUES: usize = 4;

/// What a variable holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MakeValue {
    /// A text in which variables are put as it is used.
    Recursive(TracedText),
    /// A text in which they were put as it was set.
    Simple(OuterText),
    /// One of several, by conditions that are not known.
    OneOf(Vec<Rc<MakeValue>>),
    /// Nothing that is known.
    Unknown,
}

impl MakeValue {
    /// Whether it is written without a blank.
    fn is_one_word(&self) -> bool {
        match self {
            Self::Recursive(text) => !text.raw().contains(char::is_whitespace),
            Self::Simple(text) => text.words().len() < 2,
            Self::OneOf(_) | Self::Unknown => false,
        }
    }

    /// Whether both are the same wherever they are written.
    fn is_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Recursive(one), Self::Recursive(other)) => one.raw() == other.raw(),
            (Self::Simple(one), Self::Simple(other)) => one.to_shell().raw() == other.to_shell().raw(),
            _ => self == other,
        }
    }
}

/// The variables at one point.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct MakeVariables {
    all: BTreeMap<String, Rc<MakeValue>>,
    /// Whether a file that was not read may have set others, or these.
    pub(super) may_be_set_unread: bool,
}

impl MakeVariables {
    pub(super) fn get(&self, name: &str) -> Option<&Rc<MakeValue>> {
        self.all.get(name)
    }

    pub(super) fn set(&mut self, name: &str, value: MakeValue) {
        self.all.insert(name.to_owned(), Rc::new(value));
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.keys().map(String::as_str)
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.all.remove(name);
    }

    /// Lets a file that is not read set any variable: what is set so far is what it is, or what that file says. One of several
    /// words is a command and no value that somebody keeps elsewhere.
    pub(super) fn open_to_unread(&mut self, is_set: &dyn Fn(&str) -> bool) {
        self.may_be_set_unread = true;
        for (name, value) in self.all.iter_mut().filter(|(name, _)| *name != "MAKEFILE_LIST") {
            if value.is_one_word() {
                let unread = MakeValue::Simple(unread_text(name, is_set));
                *value = Rc::new(MakeValue::OneOf(vec![Rc::clone(value), Rc::new(unread)]));
            }
        }
    }

    /// The same of what is empty so far, where that file need not be there.
    pub(super) fn open_empty_to_unread(&mut self, is_set: &dyn Fn(&str) -> bool) {
        let is_empty = |value: &MakeValue| match value {
            MakeValue::Recursive(text) => text.0.is_empty(),
            MakeValue::Simple(text) => text.words().is_empty(),
            MakeValue::OneOf(_) | MakeValue::Unknown => false,
        };
        for (name, value) in self.all.iter_mut().filter(|(_, value)| is_empty(value)) {
            *value = Rc::new(MakeValue::Simple(unread_text(name, is_set)));
        }
    }

    /// The variables where one of several ways was taken to this point; one that a way does not set is empty there.
    pub(super) fn join(ways: &[Self]) -> Self {
        let Some((first, others)) = ways.split_first() else { return Self::default() };
        let mut joined = first.clone();
        joined.may_be_set_unread = ways.iter().any(|way| way.may_be_set_unread);
        let names = others.iter().flat_map(|way| way.all.keys()).filter(|name| !first.all.contains_key(*name));
        let names: Vec<&String> = first.all.keys().chain(names).collect();
        let empty = Rc::new(MakeValue::Simple(OuterText::default()));
        for name in names {
            let mut values: Vec<Rc<MakeValue>> = Vec::new();
            for way in ways {
                let value = way.all.get(name).unwrap_or(&empty);
                let several = match &**value {
                    MakeValue::OneOf(several) => several.clone(),
                    _ => vec![Rc::clone(value)],
                };
                for value in several {
                    if !values.iter().any(|known| known.is_alike(&value)) {
                        values.push(value);
                    }
                }
            }
            let value = match values.as_slice() {
                [only] => Rc::clone(only),
                _ if values.len() > VALUES => Rc::new(MakeValue::Unknown),
                _ => Rc::new(MakeValue::OneOf(values)),
            };
            joined.all.insert(name.clone(), value);
        }
        joined
    }
}

/// What stands for the target that is made, and what it is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Automatic {
    pub(super) target: OuterText,
    pub(super) stem: OuterText,
    pub(super) prerequisites: Vec<OuterText>,
}

/// Puts variables into texts.
pub(super) struct MakeExpander<'a> {
    pub(super) variables: &'a MakeVariables,
    pub(super) place: &'a MakePlace<'a>,
    pub(super) automatic: Option<&'a Automatic>,
    /// The arguments of the calls around this point, innermost last.
    pub(super) arguments: Vec<Vec<OuterText>>,
    /// What the variables of the loops around this point stand for, innermost last.
    pub(super) turns: Vec<(String, OuterText)>,
    /// How the conditions are decided that hang on what is not known; `None` where each of them stays open.
    pub(super) choices: Option<Choices>,
    /// Whether one of them was open so far.
    pub(super) is_undecided: bool,
    /// The texts that are to be read as lines of the Makefile; `None` where none can be.
    pub(super) evaluated: Option<Vec<TracedText>>,
    /// The variables that have one of several values, each with these: the shell is asked which.
    pub(super) asked: BTreeMap<String, Vec<OuterText>>,
    pub(super) spent: &'a mut Spent,
    depth: usize,
}

/// How much was put in so far.
#[derive(Debug, Default)]
pub(super) struct Spent {
    parts: usize,
    /// Whether that is more than is done for a file.
    pub(super) is_too_much: bool,
    /// Where the first bracket is that is not closed.
    pub(super) unclosed: Option<(FileId, u32)>,
    /// Where the first `$(eval …)` is that was not read, which may make anything.
    pub(super) evaluated: Option<(FileId, u32)>,
    /// Where the first function is whose value is not known and may be a command that starts a container.
    pub(super) not_followed: Option<(FileId, u32)>,
}

impl<'a> MakeExpander<'a> {
    pub(super) fn new(variables: &'a MakeVariables, place: &'a MakePlace<'a>, spent: &'a mut Spent) -> Self {
        Self {
            variables,
            place,
            automatic: None,
            arguments: Vec::new(),
            turns: Vec::new(),
            choices: None,
            is_undecided: false,
            evaluated: None,
            asked: BTreeMap::new(),
            spent,
            depth: 0,
        }
    }

    /// Whether a condition is no empty text; `None` where that stays open.
    pub(super) fn decide(&mut self, condition: &OuterText, dollar: TracedChar) -> Option<bool> {
        if let Some(known) = condition.known() {
            return Some(!known.is_empty());
        }
        let has_text =
            condition.0.iter().any(|part| matches!(part, OuterPart::Char(traced) if !traced.ch.is_whitespace()));
        if has_text {
            return Some(true);
        }
        let decided = match &mut self.choices {
            Some(choices) => choices.decide(condition, dollar),
            None => None,
        };
        self.is_undecided |= decided.is_none() && self.choices.as_ref().is_none_or(Choices::has_open);
        decided
    }

    /// What a file that was not read gives a variable.
    pub(super) fn unread_value(&self, name: &str) -> MakeValue {
        MakeValue::Simple(unread_text(name, self.place.is_set))
    }

    /// A text with its variables put in.
    pub(super) fn expand(&mut self, text: &[TracedChar]) -> OuterText {
        let mut expanded = OuterText::default();
        let mut rest = text;
        while let Some((first, after)) = rest.split_first() {
            if first.ch != '$' {
                expanded.push_char(*first);
                rest = after;
                continue;
            }
            let Some(next) = after.first() else { break };
            match next.ch {
                '$' => {
                    expanded.push_char(*first);
                    rest = after.get(1..).unwrap_or_default();
                }
                '(' | '{' => match enclosed(after) {
                    Some((inner, length)) => {
                        expanded.push(&self.reference(inner, *first));
                        rest = after.get(length..).unwrap_or_default();
                    }
                    None => {
                        self.spent.unclosed = self.spent.unclosed.or(first.at);
                        expanded.push(&unknown("text", first.at));
                        rest = &[];
                    }
                },
                _ => {
                    expanded.push(&self.reference(std::slice::from_ref(next), *first));
                    rest = after.get(1..).unwrap_or_default();
                }
            }
            if self.spent.is_too_much {
                break;
            }
        }
        self.spend(expanded.len());
        expanded
    }

    pub(super) fn spend(&mut self, parts: usize) {
        self.spent.parts = self.spent.parts.saturating_add(parts + 1);
        self.spent.is_too_much |= self.spent.parts > PARTS;
    }

    /// What is between the brackets of a reference.
    fn reference(&mut self, inner: &[TracedChar], dollar: TracedChar) -> OuterText {
        if self.depth >= DEPTH || self.spent.is_too_much {
            self.spent.is_too_much = true;
            return unknown("text", dollar.at);
        }
        self.depth += 1;
        let value = self.reference_here(inner, dollar);
        self.depth -= 1;
        // One that is in the text itself is a place; one in the value of another is where that one is.
        if self.depth > 0 || !self.arguments.is_empty() {
            return value;
        }
        let written: String = inner.iter().map(|traced| traced.ch).collect();
        let is_bracketed =
            inner.first().is_some_and(|first| first.at.map(|(_, at)| at) != dollar.at.map(|(_, at)| at + 1));
        let placed = value.placed_at(dollar.at);
        if is_bracketed { placed.placed_as_written(&written) } else { placed }
    }

    fn reference_here(&mut self, inner: &[TracedChar], dollar: TracedChar) -> OuterText {
        if let Some(value) = self.function(inner, dollar) {
            return value;
        }
        if let Some(colon) = find_outside(inner, |_, ch| ch == ':')
            && let Some(equals) = find_outside(inner, |at, ch| at > colon && ch == '=')
        {
            let (name, from, to) = (inner.get(..colon), inner.get(colon + 1..equals), inner.get(equals + 1..));
            let name = self.expand(name.unwrap_or_default());
            let value = name.known().map(|name| self.value_of(&name, dollar));
            let (from, to) = (self.expand(from.unwrap_or_default()), self.expand(to.unwrap_or_default()));
            return value
                .and_then(|value| substitute_ends(&value, &from, &to))
                .unwrap_or_else(|| unknown("text", dollar.at));
        }
        let name = self.expand(trimmed(inner));
        match name.known() {
            Some(name) => self.value_of(&name, dollar),
            None => unknown("variable", dollar.at),
        }
    }

    /// What a variable stands for.
    pub(super) fn value_of(&mut self, name: &str, dollar: TracedChar) -> OuterText {
        if name.chars().all(|ch| ch.is_ascii_digit()) {
            let number: usize = name.parse().unwrap_or(usize::MAX);
            let given = self.arguments.last().and_then(|given| given.get(number));
            return given.cloned().unwrap_or_default();
        }
        if let Some((_, value)) = self.turns.iter().rev().find(|(variable, _)| variable == name) {
            return value.clone();
        }
        if let Some(value) = self.automatic_value(name) {
            return value;
        }
        if let Some(value) = self.variables.get(name) {
            return self.value(name, &Rc::clone(value), dollar.at);
        }
        match name {
            // Where make is called, its own directory is the shell's.
            "CURDIR" | "PWD" => OuterText::plain(self.place.directory),
            "MAKE" => OuterText::plain("make"),
            "RM" => OuterText::plain("rm -f"),
            "SHELL" => OuterText::plain("/bin/sh"),
            _ if self.variables.may_be_set_unread => unread_text(name, self.place.is_set),
            _ => OuterText::unknown(name, dollar.at),
        }
    }

    /// What a value stands for, as it is used at a place.
    pub(super) fn value(&mut self, name: &str, value: &MakeValue, at: Option<(FileId, u32)>) -> OuterText {
        match value {
            MakeValue::Simple(text) => {
                self.spend(text.len());
                text.clone()
            }
            MakeValue::Recursive(text) => self.expand(&text.0),
            MakeValue::Unknown => unknown(name, at),
            MakeValue::OneOf(values) => {
                let mut texts: Vec<OuterText> = Vec::new();
                for value in values {
                    let text = self.value(name, value, at);
                    if !texts.iter().any(|known| known.to_shell().raw() == text.to_shell().raw()) {
                        texts.push(text);
                    }
                }
                match texts.as_slice() {
                    [only] => only.clone(),
                    // The shell would not take such characters out again.
                    _ if texts.iter().any(OuterText::has_shell_characters) => unknown(name, at),
                    _ => {
                        let own = OuterText::unknown(&format!("make_{name}"), at);
                        if let [OuterPart::Variable { name, .. }] = own.0.as_slice() {
                            self.asked.insert(name.clone(), texts);
                        }
                        own
                    }
                }
            }
        }
    }

    fn automatic_value(&self, name: &str) -> Option<OuterText> {
        let automatic = self.automatic?;
        let joined = || {
            let mut all = OuterText::default();
            for (number, one) in automatic.prerequisites.iter().enumerate() {
                if number > 0 {
                    all.push(&OuterText::plain(" "));
                }
                all.push(one);
            }
            all
        };
        match name {
            "@" => Some(automatic.target.clone()),
            "*" => Some(automatic.stem.clone()),
            "<" => Some(automatic.prerequisites.first().cloned().unwrap_or_default()),
            "^" | "+" | "?" => Some(joined()),
            _ => None,
        }
    }
}

/// What a file that was not read gives a variable: the same wherever it is used, and not what the environment has.
fn unread_text(name: &str, is_set: &dyn Fn(&str) -> bool) -> OuterText {
    if is_set(name) { OuterText::unknown(&format!("make_{name}"), None) } else { OuterText::unknown(name, None) }
}

/// Something that is not known, told from all else by its place.
pub(super) fn unknown(what: &str, at: Option<(FileId, u32)>) -> OuterText {
    let place = at.map_or_else(String::new, |(_, at)| format!("_{at}"));
    OuterText::unknown(&format!("make_{what}{place}"), at)
}
