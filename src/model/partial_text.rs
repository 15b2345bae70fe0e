//! Words of commands, expanded: a word with what is known of the environment put in, and what is not known kept whole, so that it can
//! be taken apart at the characters that are known. May use `text` and the words of the model.

use super::parameter::Parameter;
use super::value::Value;
use super::word::{Word, WordSegment};
use crate::text::yaml::Symbol;
use crate::text::{ShownText, Span};

/// Defaults within defaults that are followed.
const DEPTH: usize = 8;

/// A character, or a part that only the shell knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TextSegment {
    /// With what is shown of the value that it is a character of.
    Char(char, ShownText),
    Unknown(UnknownPart),
}

impl TextSegment {
    /// A character that may be shown.
    pub(crate) fn plain(letter: char) -> Self {
        Self::Char(letter, ShownText::default())
    }

    /// What is shown of the value that both are characters of, where it is one value, or where both are of none.
    fn common_value<'s>(&'s self, other: &Self) -> Option<&'s ShownText> {
        match (self, other) {
            (Self::Char(_, one), Self::Char(_, other)) => one.is_of_one(other).then_some(one),
            _ => None,
        }
    }
}

/// A part of a word that only the shell knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownPart {
    /// Its name: a variable's, the text between the braces, or `$(command)`.
    pub(crate) name: String,
    /// The same without a default or a command, which may be secret.
    bare: String,
    /// Whether it is known not to be empty.
    filled: bool,
    /// Whether it says which of its variable's values it is, so that equal ones are the same.
    pub(crate) is_one_value: bool,
}

impl UnknownPart {
    /// A variable of the shell's own environment.
    pub(crate) fn variable(name: &str) -> Self {
        Self { name: name.to_owned(), bare: name.to_owned(), filled: false, is_one_value: false }
    }

    /// The part of a parameter of which nothing is known.
    fn of_parameter(parameter: &Parameter) -> Self {
        let Parameter { name, all, op, rest } = parameter;
        let all = if *all { "[@]" } else { "" };
        match op.as_str() {
            "" | ":?" | "?" => {
                Self { filled: op == ":?", bare: name.clone(), ..Self::variable(&format!("{name}{all}")) }
            }
            // Which file it is decides whose login it is, and its path is no secret.
            _ if parameter.file_of_content().is_some() => {
                Self { filled: true, is_one_value: true, ..Self::variable(&format!("{name}{op}{rest}")) }
            }
            _ => {
                let filled =
                    matches!(op.as_str(), ":-" | ":=") && !rest.is_empty() && !rest.contains(['$', '`', '"', '\'']);
                let whole = Self::variable(&format!("{name}{all}{op}{rest}"));
                Self { filled, bare: name.clone(), is_one_value: parameter.says_which_value(), ..whole }
            }
        }
    }

    /// Whether it is a directory for certain: the home, or where the shell is.
    pub(crate) fn is_directory(&self) -> bool {
        matches!(self.name.as_str(), "HOME" | "PWD") || self.name.starts_with('~')
    }
}

/// What is known of a variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableState {
    /// It has this value, perhaps with symbols.
    Set(Value),
    /// It is not there.
    Unset,
    /// Nothing that was read sets it: where it has a default, that is taken.
    Unseen,
    /// Nothing is known of it.
    Unknown,
}

/// A word, or a part of one, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PartialText(pub(crate) Vec<TextSegment>);

impl PartialText {
    /// A word with what the environment holds put in; what is not known stays a part of its own.
    pub(crate) fn expand(word: &Word, environment: &dyn Fn(&str) -> VariableState) -> Self {
        let mut partial = Self::default();
        partial.put_word(word, environment, 0);
        partial
    }

    /// A parameter by itself.
    pub(crate) fn of_parameter(parameter: &Parameter, environment: &dyn Fn(&str) -> VariableState) -> Self {
        let mut partial = Self::default();
        partial.put_parameter(parameter, environment, 0);
        partial
    }

    pub(crate) fn plain(text: &str) -> Self {
        Self(text.chars().map(TextSegment::plain).collect())
    }

    /// A variable of which nothing is known.
    pub(crate) fn variable(name: &str) -> Self {
        Self(vec![TextSegment::Unknown(UnknownPart::variable(name))])
    }

    /// A value of a source, with its symbols as what is not known.
    pub(crate) fn of_value(value: &Value) -> Self {
        let mut partial = Self::default();
        let mut rest = value.text.as_str();
        for symbol in &value.symbols {
            let Some((before, after)) = rest.split_once(&format!("${{{}}}", symbol.name)) else { continue };
            partial.put_text(before, &value.shown);
            partial.0.push(TextSegment::Unknown(UnknownPart {
                filled: symbol.required,
                ..UnknownPart::variable(&symbol.name)
            }));
            rest = after;
        }
        partial.put_text(rest, &value.shown);
        partial
    }

    fn put_text(&mut self, text: &str, shown: &ShownText) {
        self.0.extend(text.chars().map(|letter| TextSegment::Char(letter, shown.clone())));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, where all of it is known.
    pub(crate) fn known(&self) -> Option<String> {
        let chars = self.0.iter().map(|segment| match segment {
            TextSegment::Char(ch, _) => Some(*ch),
            TextSegment::Unknown(_) => None,
        });
        chars.collect()
    }

    pub(crate) fn contains_char(&self, wanted: char) -> bool {
        self.0.contains(&TextSegment::plain(wanted))
    }

    pub(crate) fn starts_with(&self, letter: char) -> bool {
        self.0.first() == Some(&TextSegment::plain(letter))
    }

    /// The part at the start.
    pub(crate) fn first_unknown(&self) -> Option<&UnknownPart> {
        match self.0.first() {
            Some(TextSegment::Unknown(part)) => Some(part),
            _ => None,
        }
    }

    pub(crate) fn is_symbolic(&self) -> bool {
        self.0.iter().any(|segment| matches!(segment, TextSegment::Unknown(_)))
    }

    pub(crate) fn split(&self, at: char) -> Vec<Self> {
        self.0.split(|segment| *segment == TextSegment::plain(at)).map(|part| Self(part.to_vec())).collect()
    }

    /// The parts before and after the first `at`.
    pub(crate) fn split_once(&self, at: char) -> Option<(Self, Self)> {
        let place = self.0.iter().position(|segment| *segment == TextSegment::plain(at))?;
        let (before, after) = self.0.split_at(place);
        Some((Self(before.to_vec()), Self(after.get(1..).unwrap_or_default().to_vec())))
    }

    /// `NAME=VALUE` taken apart; no value where there is no `=`.
    pub(crate) fn name_and_value(&self) -> (Self, Option<Self>) {
        match self.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (self.clone(), None),
        }
    }

    pub(crate) fn followed_by(mut self, other: &Self) -> Self {
        self.0.extend_from_slice(&other.0);
        self
    }

    /// As a value of the model.
    pub(crate) fn to_value(&self, span: Option<Span>) -> Value {
        self.value_by(span, |part| &part.name)
    }

    /// The same where the text may be secret: a variable is shown by its name alone.
    pub(crate) fn to_secret_value(&self) -> Value {
        self.value_by(None, |part| &part.bare)
    }

    fn value_by(&self, span: Option<Span>, name: impl Fn(&UnknownPart) -> &String) -> Value {
        let mut value = Value { span, ..Value::known("", None) };
        let mut form = String::new();
        for run in self.0.chunk_by(|one, other| one.common_value(other).is_some()) {
            let before = value.text.len();
            for segment in run {
                match segment {
                    TextSegment::Char(letter, _) => value.text.push(*letter),
                    TextSegment::Unknown(part) => {
                        let name = name(part);
                        value.text.push_str(&format!("${{{name}}}"));
                        value.symbols.push(Symbol { name: name.clone(), required: part.filled });
                    }
                }
            }
            let text = value.text.get(before..).unwrap_or("");
            match run.first() {
                Some(TextSegment::Char(_, shown)) => form.push_str(shown.whole(text)),
                _ => form.push_str(text),
            }
        }
        value.shown = ShownText::new(&*value.text, form.clone(), form);
        value
    }

    /// The path without `.`, `..`, doubled and trailing slashes; a `..` after what is not known stays.
    pub(crate) fn cleaned_path(&self) -> Self {
        let rooted = self.starts_with('/');
        let mut parts: Vec<Self> = Vec::new();
        for part in self.split('/') {
            match part.known().as_deref() {
                Some("" | ".") => {}
                Some("..") => match parts.last().map(Self::known) {
                    Some(Some(last)) if last != ".." => _ = parts.pop(),
                    None if rooted => {}
                    _ => parts.push(part),
                },
                _ => parts.push(part),
            }
        }
        // The first character of a rooted path is its slash.
        let mut path = Self(self.0.first().filter(|_| rooted).cloned().into_iter().collect());
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                // A slash within a value is part of it.
                let around = path.0.last().zip(part.0.first());
                let shown = around.and_then(|(one, other)| one.common_value(other)).cloned().unwrap_or_default();
                path.0.push(TextSegment::Char('/', shown));
            }
            path.0.extend_from_slice(&part.0);
        }
        if path.is_empty() { Self::plain(".") } else { path }
    }

    fn put_word(&mut self, word: &Word, environment: &dyn Fn(&str) -> VariableState, depth: usize) {
        if word.segments().is_empty() {
            self.0.extend(word.chars().map(TextSegment::plain));
        }
        for segment in word.segments() {
            match segment {
                WordSegment::Text(text) => self.0.extend(text.chars().map(TextSegment::plain)),
                WordSegment::Expansion(raw) => self.put_expansion(raw, environment, depth),
            }
        }
    }

    /// Puts in the value of something that begins with `$`, a backquote or a tilde.
    fn put_expansion(&mut self, raw: &str, environment: &dyn Fn(&str) -> VariableState, depth: usize) {
        if let Some(user) = raw.strip_prefix('~') {
            return match user {
                "" => self.put_parameter(&Parameter::named("HOME"), environment, depth),
                "+" => self.put_parameter(&Parameter::named("PWD"), environment, depth),
                _ => self.0.push(TextSegment::Unknown(UnknownPart::variable(raw))),
            };
        }
        if let Some(parameter) = Parameter::parse(raw).filter(|_| depth < DEPTH) {
            return self.put_parameter(&parameter, environment, depth);
        }
        let part = match between(raw, "$(", ')').or_else(|| between(raw, "`", '`')).map(str::trim) {
            // To the shell's user both are the same.
            Some("pwd") => return self.put_parameter(&Parameter::named("PWD"), environment, depth),
            Some(command) => {
                let bare = "a command's output".to_owned();
                UnknownPart { name: format!("$({command})"), bare, filled: false, is_one_value: false }
            }
            None => {
                let inner = between(raw, "${", '}').unwrap_or(raw);
                let bare = inner.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                UnknownPart { name: inner.to_owned(), bare, filled: false, is_one_value: false }
            }
        };
        self.0.push(TextSegment::Unknown(part));
    }

    fn put_parameter(&mut self, parameter: &Parameter, environment: &dyn Fn(&str) -> VariableState, depth: usize) {
        let op = parameter.op.as_str();
        let value = if parameter.all { VariableState::Unknown } else { environment(&parameter.name) };
        match (value, op) {
            (VariableState::Set(value), ":-" | ":=") if value.text.is_empty() => {
                self.put_word(&parameter.default_word(), environment, depth + 1);
            }
            (VariableState::Set(value), "" | ":-" | "-" | ":=" | "=" | ":?" | "?") => {
                self.0.extend(Self::of_value(&value).0);
            }
            (VariableState::Set(value), ":+") if value.text.is_empty() => {}
            (VariableState::Set(_), "+" | ":+")
            | (VariableState::Unset | VariableState::Unseen, ":-" | "-" | ":=" | "=") => {
                self.put_word(&parameter.default_word(), environment, depth + 1);
            }
            (VariableState::Unset, "" | "+" | ":+") => {}
            _ => self.0.push(TextSegment::Unknown(UnknownPart::of_parameter(parameter))),
        }
    }
}

fn between<'t>(text: &'t str, open: &str, close: char) -> Option<&'t str> {
    text.strip_prefix(open)?.strip_suffix(close)
}

impl Word {
    /// The text, where all that is to be put in is known.
    pub(crate) fn expand(&self, environment: &dyn Fn(&str) -> VariableState) -> Option<String> {
        match self.known() {
            Some(text) => Some(text.to_owned()),
            None => PartialText::expand(self, environment).known(),
        }
    }
}
