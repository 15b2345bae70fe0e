//! A word with what a variable or a command would put in kept whole, so that it can be taken apart at the characters
//! that are known. Uses `glyph`, `syntax`, `model` and `text`.

use super::{Setting, Variable};
use crate::model::{Symbol, Value};
use crate::source::script::glyph::Text;
use crate::source::script::syntax::Param;
use crate::text::{ShownText, Span};

/// Defaults within defaults that are followed.
const DEPTH: usize = 8;

/// A character, or something in its place that only the shell could tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Atom {
    /// With what is shown of the value that it is a character of.
    Char(char, ShownText),
    Hole(Hole),
}

impl Atom {
    /// A character that may be shown.
    pub(super) fn plain(letter: char) -> Self {
        Self::Char(letter, ShownText::default())
    }
}

/// What only the shell could tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hole {
    /// What it is called: a variable's name, what stands between the braces, or `$(command)`.
    pub(super) name: String,
    /// The same without a default or a command, which may be secret.
    bare: String,
    /// Whether it is known not to be empty.
    filled: bool,
}

impl Hole {
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
pub(super) struct Phrase(pub(super) Vec<Atom>);

impl Phrase {
    /// A word as the command gets it, with what is known of the shell put in. What a script sets in more than one way is
    /// not what its environment says.
    pub(super) fn read(text: &Text, unclear: bool, setting: &Setting<'_>) -> Self {
        let mut phrase = Self::default();
        let nothing = |_: &str| Variable::Unknown;
        let lookup: &dyn Fn(&str) -> Variable = if unclear { &nothing } else { setting.lookup };
        phrase.take(text, &Setting { lookup, base: setting.base.clone(), ..*setting }, 0);
        if unclear {
            // Elsewhere the same name may hold something else: it is the same place as itself only.
            let at = text.place(setting.sources).unwrap_or(setting.here);
            let file = setting.sources.get(at.file);
            let file = file.name().rsplit('/').next().unwrap_or_default().to_owned();
            for atom in &mut phrase.0 {
                if let Atom::Hole(hole) = atom {
                    hole.name = format!("{} at {file}:{}", hole.name, at.start.line);
                }
            }
        }
        phrase
    }

    /// The directory that the command runs in.
    pub(super) fn here(setting: &Setting<'_>) -> Self {
        let mut phrase = Self::default();
        phrase.variable(&Param { name: "PWD".to_owned(), ..Param::default() }, setting, 0);
        phrase
    }

    pub(super) fn plain(text: &str) -> Self {
        Self(text.chars().map(Atom::plain).collect())
    }

    /// A value of a source, with its symbols as what is not known.
    pub(super) fn of(value: &Value) -> Self {
        let mut phrase = Self::default();
        let mut rest = value.text.as_str();
        for symbol in &value.symbols {
            let Some((before, after)) = rest.split_once(&format!("${{{}}}", symbol.name)) else { continue };
            phrase.0.extend(before.chars().map(|letter| Atom::Char(letter, value.shown.clone())));
            phrase.0.push(Atom::Hole(Hole { filled: symbol.required, ..Hole::variable(&symbol.name) }));
            rest = after;
        }
        phrase.0.extend(rest.chars().map(|letter| Atom::Char(letter, value.shown.clone())));
        phrase
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, where all of it is known.
    pub(super) fn known(&self) -> Option<String> {
        let letter = |atom: &Atom| match atom {
            Atom::Char(letter, _) => Some(*letter),
            Atom::Hole(_) => None,
        };
        self.0.iter().map(letter).collect()
    }

    pub(super) fn has(&self, wanted: char) -> bool {
        self.0.contains(&Atom::plain(wanted))
    }

    pub(super) fn starts_with(&self, letter: char) -> bool {
        self.0.first() == Some(&Atom::plain(letter))
    }

    /// The hole at the start.
    pub(super) fn first_hole(&self) -> Option<&Hole> {
        match self.0.first() {
            Some(Atom::Hole(hole)) => Some(hole),
            _ => None,
        }
    }

    pub(super) fn is_symbolic(&self) -> bool {
        self.0.iter().any(|atom| matches!(atom, Atom::Hole(_)))
    }

    pub(super) fn split(&self, at: char) -> Vec<Self> {
        self.0.split(|atom| *atom == Atom::plain(at)).map(|part| Self(part.to_vec())).collect()
    }

    /// What stands before and after the first `at`.
    pub(super) fn split_once(&self, at: char) -> Option<(Self, Self)> {
        let place = self.0.iter().position(|atom| *atom == Atom::plain(at))?;
        let (before, after) = self.0.split_at(place);
        Some((Self(before.to_vec()), Self(after.get(1..).unwrap_or_default().to_vec())))
    }

    pub(super) fn then(mut self, other: &Self) -> Self {
        self.0.extend_from_slice(&other.0);
        self
    }

    /// As the model has it.
    pub(super) fn value(&self, span: Option<Span>) -> Value {
        self.value_by(span, |hole| &hole.name)
    }

    /// The same where what is written may be secret: a variable is told by its name alone.
    pub(super) fn secret(&self) -> Value {
        self.value_by(None, |hole| &hole.bare)
    }

    fn value_by(&self, span: Option<Span>, name: impl Fn(&Hole) -> &String) -> Value {
        let mut value = Value { span, ..Value::known("", None) };
        let mut form = String::new();
        let same = |one: &Atom, other: &Atom| match (one, other) {
            (Atom::Char(_, one), Atom::Char(_, other)) => one.is_of_one(other),
            _ => false,
        };
        for run in self.0.chunk_by(same) {
            let before = value.text.len();
            for atom in run {
                match atom {
                    Atom::Char(letter, _) => value.text.push(*letter),
                    Atom::Hole(hole) => {
                        let name = name(hole);
                        value.text.push_str(&format!("${{{name}}}"));
                        value.symbols.push(Symbol { name: name.clone(), required: hole.filled });
                    }
                }
            }
            let text = value.text.get(before..).unwrap_or("");
            match run.first() {
                Some(Atom::Char(_, shown)) => form.push_str(&shown.whole(text)),
                _ => form.push_str(text),
            }
        }
        value.shown = ShownText::new(&*value.text, form.clone(), form);
        value
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
        // The first character of a rooted path is its slash.
        let mut path = Self(self.0.first().filter(|_| rooted).cloned().into_iter().collect());
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                // A slash within a value is part of it.
                let around = (path.0.last(), part.0.first());
                path.0.push(match around {
                    (Some(Atom::Char(_, one)), Some(Atom::Char(_, other))) if one.is_of_one(other) => {
                        Atom::Char('/', one.clone())
                    }
                    _ => Atom::plain('/'),
                });
            }
            path.0.extend_from_slice(&part.0);
        }
        if path.is_empty() { Self::plain(".") } else { path }
    }

    fn take(&mut self, text: &Text, setting: &Setting<'_>, depth: usize) {
        let mut at = 0;
        while let Some(glyph) = text.0.get(at) {
            let end = if glyph.live { construct(text, at) } else { None };
            let Some(end) = end else {
                self.0.push(Atom::plain(glyph.ch));
                at += 1;
                continue;
            };
            self.put(&text.part(at, end).raw(), setting, depth);
            at = end;
        }
    }

    /// Puts in what something that begins with `$`, a backquote or a tilde stands for.
    fn put(&mut self, raw: &str, setting: &Setting<'_>, depth: usize) {
        if let Some(user) = raw.strip_prefix('~') {
            return match user {
                "" => self.variable(&Param { name: "HOME".to_owned(), ..Param::default() }, setting, depth),
                "+" => self.variable(&Param { name: "PWD".to_owned(), ..Param::default() }, setting, depth),
                _ => self.0.push(Atom::Hole(Hole::variable(raw))),
            };
        }
        if let Some(param) = Param::parse(raw).filter(|_| depth < DEPTH) {
            return self.variable(&param, setting, depth);
        }
        let quoted = |open: &str, close: char| raw.strip_prefix(open).and_then(|inner| inner.strip_suffix(close));
        let hole = match quoted("$(", ')').or_else(|| quoted("`", '`')).map(str::trim) {
            // To the shell's user both are the same.
            Some("pwd") => return self.variable(&Param { name: "PWD".to_owned(), ..Param::default() }, setting, depth),
            Some(command) => {
                Hole { name: format!("$({command})"), bare: "a command's output".to_owned(), filled: false }
            }
            None => {
                let inner = quoted("${", '}').unwrap_or(raw);
                let bare = inner.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                Hole { name: inner.to_owned(), bare, filled: false }
            }
        };
        self.0.push(Atom::Hole(hole));
    }

    fn variable(&mut self, param: &Param, setting: &Setting<'_>, depth: usize) {
        let op = param.op.as_str();
        let value = match (param.name.as_str(), &setting.base) {
            ("PWD", Some(base)) => Variable::Set(base.clone()),
            (name, _) => (setting.lookup)(name),
        };
        let default = |phrase: &mut Self| phrase.take(&unquoted(&param.rest), setting, depth + 1);
        match (value, op) {
            _ if param.all => self.0.push(Atom::Hole(unknown(param))),
            (Variable::Set(value), ":-" | ":=" | ":?") if value.text.is_empty() && op != ":?" => default(self),
            (Variable::Set(value), "" | ":-" | "-" | ":=" | "=" | ":?" | "?") => self.0.extend(Self::of(&value).0),
            (Variable::Set(value), "+" | ":+") => {
                if op == "+" || !value.text.is_empty() {
                    default(self);
                }
            }
            (Variable::Unset, ":-" | "-" | ":=" | "=") => default(self),
            (Variable::Unset, "" | "+" | ":+") => {}
            _ => self.0.push(Atom::Hole(unknown(param))),
        }
    }
}

/// What stands for a variable of which nothing is known.
fn unknown(param: &Param) -> Hole {
    let (name, op, rest) = (&param.name, param.op.as_str(), &param.rest);
    let all = if param.all { "[@]" } else { "" };
    match op {
        "" | ":?" | "?" => Hole { name: format!("{name}{all}"), bare: name.clone(), filled: op == ":?" },
        _ => {
            let filled = matches!(op, ":-" | ":=") && !rest.is_empty() && !rest.contains(['$', '`', '"', '\'']);
            Hole { name: format!("{name}{all}{op}{rest}"), bare: name.clone(), filled }
        }
    }
}

/// A default without its quotes, as something in which variables are replaced.
fn unquoted(rest: &str) -> Text {
    let mut text = String::with_capacity(rest.len());
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' | '\'' => {}
            '\\' => text.extend(letters.next()),
            _ => text.push(letter),
        }
    }
    Text::live(&text)
}

/// Where what the shell replaces at `at` ends: one that is never closed takes all that will be replaced.
fn construct(text: &Text, at: usize) -> Option<usize> {
    let live = |at: usize| text.0.get(at).filter(|glyph| glyph.live).map(|glyph| glyph.ch);
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

fn closed(text: &Text, open_at: usize, open: char, close: char) -> usize {
    let (mut depth, mut quote, mut at) = (0usize, None, open_at);
    while let Some(glyph) = text.0.get(at).filter(|glyph| glyph.live) {
        match (quote, glyph.ch) {
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
