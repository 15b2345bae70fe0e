//! A word with what a variable or a command would put in kept whole, so that it can be taken apart at the characters
//! that are known. Uses `traced`, `syntax`, `model` and `text`.

use super::{CommandContext, VariableState};
use crate::model::Parameter;
use crate::model::{Symbol, Value};
use crate::text::Span;
use crate::text::TracedText;

/// Defaults within defaults that are followed.
const DEPTH: usize = 8;

/// A character, or something in its place that only the shell could tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Char(char),
    Hole(Placeholder),
}

/// What only the shell could tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placeholder {
    /// What it is called: a variable's name, what stands between the braces, or `$(command)`.
    pub(super) name: String,
    /// The same without a default or a command, which may be secret.
    bare: String,
    /// Whether it is known not to be empty.
    filled: bool,
}

impl Placeholder {
    /// A variable of the shell's own environment.
    pub(super) fn variable(name: &str) -> Self {
        Self { name: name.to_owned(), bare: name.to_owned(), filled: false }
    }

    /// Whether it is a directory for certain: the home, or where the shell is.
    pub(super) fn is_directory(&self) -> bool {
        matches!(self.name.as_str(), "HOME" | "PWD") || self.name.starts_with('~')
    }
}

/// A word, or a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Template(pub(super) Vec<Segment>);

impl Template {
    /// A word as the command gets it, with what is known of the shell put in. What a script sets in more than one way is
    /// not what its environment says.
    pub(super) fn read(text: &TracedText, unclear: bool, context: &CommandContext<'_>) -> Self {
        let mut template = Self::default();
        let nothing = |_: &str| VariableState::Unknown;
        let environment: &dyn Fn(&str) -> VariableState = if unclear { &nothing } else { context.environment };
        template.take(text, &CommandContext { environment, base: context.base.clone(), ..*context }, 0);
        if unclear {
            // Elsewhere the same name may hold something else: it is the same place as itself only.
            let at = text.place(context.sources).unwrap_or(context.here);
            let file = context.sources.get(at.file);
            let file = file.name().rsplit('/').next().unwrap_or_default().to_owned();
            for atom in &mut template.0 {
                if let Segment::Hole(placeholder) = atom {
                    placeholder.name = format!("{} at {file}:{}", placeholder.name, at.start.line);
                }
            }
        }
        template
    }

    /// The directory that the command runs in.
    fn current_directory(context: &CommandContext<'_>) -> Self {
        let mut template = Self::default();
        template.variable(&Parameter { name: "PWD".to_owned(), ..Parameter::default() }, context, 0);
        template
    }

    pub(super) fn plain(text: &str) -> Self {
        Self(text.chars().map(Segment::Char).collect())
    }

    /// A value of a source, with its symbols as what is not known.
    pub(super) fn of(value: &Value) -> Self {
        let mut template = Self::default();
        let mut rest = value.text.as_str();
        for symbol in &value.symbols {
            let Some((before, after)) = rest.split_once(&format!("${{{}}}", symbol.name)) else { continue };
            template.0.extend(before.chars().map(Segment::Char));
            template
                .0
                .push(Segment::Hole(Placeholder { filled: symbol.required, ..Placeholder::variable(&symbol.name) }));
            rest = after;
        }
        template.0.extend(rest.chars().map(Segment::Char));
        template
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, where all of it is known.
    pub(super) fn known(&self) -> Option<String> {
        let letter = |atom: &Segment| match atom {
            Segment::Char(letter) => Some(*letter),
            Segment::Hole(_) => None,
        };
        self.0.iter().map(letter).collect()
    }

    pub(super) fn has(&self, wanted: char) -> bool {
        self.0.contains(&Segment::Char(wanted))
    }

    pub(super) fn starts_with(&self, letter: char) -> bool {
        self.0.first() == Some(&Segment::Char(letter))
    }

    /// The hole at the start.
    pub(super) fn first_placeholder(&self) -> Option<&Placeholder> {
        match self.0.first() {
            Some(Segment::Hole(placeholder)) => Some(placeholder),
            _ => None,
        }
    }

    pub(super) fn is_symbolic(&self) -> bool {
        self.0.iter().any(|atom| matches!(atom, Segment::Hole(_)))
    }

    pub(super) fn split(&self, at: char) -> Vec<Self> {
        self.0.split(|atom| *atom == Segment::Char(at)).map(|part| Self(part.to_vec())).collect()
    }

    /// What stands before and after the first `at`.
    pub(super) fn split_once(&self, at: char) -> Option<(Self, Self)> {
        let place = self.0.iter().position(|atom| *atom == Segment::Char(at))?;
        let (before, after) = self.0.split_at(place);
        Some((Self(before.to_vec()), Self(after.get(1..).unwrap_or_default().to_vec())))
    }

    /// `NAME=VALUE` taken apart; no value where there is no `=`.
    pub(super) fn name_and_value(&self) -> (Self, Option<Self>) {
        match self.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (self.clone(), None),
        }
    }

    pub(super) fn then(mut self, other: &Self) -> Self {
        self.0.extend_from_slice(&other.0);
        self
    }

    /// As the model has it.
    pub(super) fn value(&self, span: Option<Span>) -> Value {
        self.value_by(span, |placeholder| &placeholder.name)
    }

    /// The same where what is written may be secret: a variable is told by its name alone.
    pub(super) fn secret(&self) -> Value {
        self.value_by(None, |placeholder| &placeholder.bare)
    }

    fn value_by(&self, span: Option<Span>, name: impl Fn(&Placeholder) -> &String) -> Value {
        let mut value = Value { span, ..Value::known("", None) };
        for atom in &self.0 {
            match atom {
                Segment::Char(letter) => value.text.push(*letter),
                Segment::Hole(placeholder) => {
                    let name = name(placeholder);
                    value.text.push_str(&format!("${{{name}}}"));
                    value.symbols.push(Symbol { name: name.clone(), required: placeholder.filled });
                }
            }
        }
        value
    }

    /// The path from the directory that the command runs in.
    pub(super) fn absolute(&self, context: &CommandContext<'_>) -> Self {
        if self.starts_with('/') || self.first_placeholder().is_some() {
            return self.cleaned();
        }
        Self::current_directory(context).then(&Self::plain("/")).then(self).cleaned()
    }

    /// The path without `.`, `..`, doubled and trailing slashes; a `..` after what is not known stays.
    pub(super) fn cleaned(&self) -> Self {
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
        let mut path = Self::plain(if rooted { "/" } else { "" });
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                path.0.push(Segment::Char('/'));
            }
            path.0.extend_from_slice(&part.0);
        }
        if path.is_empty() { Self::plain(".") } else { path }
    }

    fn take(&mut self, text: &TracedText, context: &CommandContext<'_>, depth: usize) {
        let mut at = 0;
        while let Some(traced) = text.0.get(at) {
            let end = if traced.live { construct(text, at) } else { None };
            let Some(end) = end else {
                self.0.push(Segment::Char(traced.ch));
                at += 1;
                continue;
            };
            self.put(&text.part(at, end).raw(), context, depth);
            at = end;
        }
    }

    /// Puts in what something that begins with `$`, a backquote or a tilde stands for.
    fn put(&mut self, raw: &str, context: &CommandContext<'_>, depth: usize) {
        if let Some(user) = raw.strip_prefix('~') {
            return match user {
                "" => self.variable(&Parameter { name: "HOME".to_owned(), ..Parameter::default() }, context, depth),
                "+" => self.variable(&Parameter { name: "PWD".to_owned(), ..Parameter::default() }, context, depth),
                _ => self.0.push(Segment::Hole(Placeholder::variable(raw))),
            };
        }
        if let Some(param) = Parameter::parse(raw).filter(|_| depth < DEPTH) {
            return self.variable(&param, context, depth);
        }
        let quoted = |open: &str, close: char| raw.strip_prefix(open).and_then(|inner| inner.strip_suffix(close));
        let placeholder = match quoted("$(", ')').or_else(|| quoted("`", '`')).map(str::trim) {
            // To the shell's user both are the same.
            Some("pwd") => {
                return self.variable(&Parameter { name: "PWD".to_owned(), ..Parameter::default() }, context, depth);
            }
            Some(command) => {
                Placeholder { name: format!("$({command})"), bare: "a command's output".to_owned(), filled: false }
            }
            None => {
                let inner = quoted("${", '}').unwrap_or(raw);
                let bare = inner.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                Placeholder { name: inner.to_owned(), bare, filled: false }
            }
        };
        self.0.push(Segment::Hole(placeholder));
    }

    fn variable(&mut self, param: &Parameter, context: &CommandContext<'_>, depth: usize) {
        let op = param.op.as_str();
        let value = match (param.name.as_str(), &context.base) {
            ("PWD", Some(base)) => VariableState::Set(base.clone()),
            (name, _) => (context.environment)(name),
        };
        let default = |template: &mut Self| template.take(&unquoted(&param.rest), context, depth + 1);
        match (value, op) {
            _ if param.all => self.0.push(Segment::Hole(unknown(param))),
            (VariableState::Set(value), ":-" | ":=" | ":?") if value.text.is_empty() && op != ":?" => default(self),
            (VariableState::Set(value), "" | ":-" | "-" | ":=" | "=" | ":?" | "?") => self.0.extend(Self::of(&value).0),
            (VariableState::Set(value), "+" | ":+") => {
                if op == "+" || !value.text.is_empty() {
                    default(self);
                }
            }
            (VariableState::Unset, ":-" | "-" | ":=" | "=") => default(self),
            (VariableState::Unset, "" | "+" | ":+") => {}
            _ => self.0.push(Segment::Hole(unknown(param))),
        }
    }
}

/// What stands for a variable of which nothing is known.
fn unknown(param: &Parameter) -> Placeholder {
    let (name, op, rest) = (&param.name, param.op.as_str(), &param.rest);
    let all = if param.all { "[@]" } else { "" };
    match op {
        "" | ":?" | "?" => Placeholder { name: format!("{name}{all}"), bare: name.clone(), filled: op == ":?" },
        _ => {
            let filled = matches!(op, ":-" | ":=") && !rest.is_empty() && !rest.contains(['$', '`', '"', '\'']);
            Placeholder { name: format!("{name}{all}{op}{rest}"), bare: name.clone(), filled }
        }
    }
}

/// A default without its quotes, as something in which variables are replaced.
fn unquoted(rest: &str) -> TracedText {
    let mut text = String::with_capacity(rest.len());
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' | '\'' => {}
            '\\' => text.extend(letters.next()),
            _ => text.push(letter),
        }
    }
    TracedText::live(&text)
}

/// Where what the shell replaces at `at` ends: one that is never closed takes all that will be replaced.
fn construct(text: &TracedText, at: usize) -> Option<usize> {
    let live = |at: usize| text.0.get(at).filter(|traced| traced.live).map(|traced| traced.ch);
    let while_in = |mut end: usize, inside: fn(char) -> bool| {
        while live(end).is_some_and(inside) {
            end += 1;
        }
        end
    };
    let word = |ch: char| ch.is_ascii_alphanumeric() || ch == '_';
    match (live(at)?, live(at + 1)) {
        ('~', _) if at == 0 => Some(while_in(1, |ch| ch != '/')),
        ('$', Some('{')) => Some(closed(text, at + 1, '{', '}')),
        ('$' | '<' | '>', Some('(')) => Some(closed(text, at + 1, '(', ')')),
        ('$', Some(next)) if next.is_ascii_digit() || "@*#?!$-".contains(next) => Some(at + 2),
        ('$', Some(next)) if word(next) => Some(while_in(at + 1, |ch| ch.is_ascii_alphanumeric() || ch == '_')),
        ('`', Some(_)) => {
            let end = while_in(at + 1, |ch| ch != '`');
            Some(if live(end).is_some() { end + 1 } else { end })
        }
        _ => None,
    }
}

fn closed(text: &TracedText, open_at: usize, open: char, close: char) -> usize {
    let (mut depth, mut quote, mut at) = (0usize, None, open_at);
    while let Some(traced) = text.0.get(at).filter(|traced| traced.live) {
        match (quote, traced.ch) {
            (_, '\\') if quote != Some('\'') => at += 1,
            (None, ch @ ('"' | '\'')) => quote = Some(ch),
            (Some(open), ch) if ch == open => quote = None,
            (None, ch) if ch == open => depth += 1,
            (None, ch) if ch == close => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    at.min(text.0.len())
}
