//! Variables in an instruction's words, as BuildKit's `shell/lex.go` replaces them: quotes and escapes go, a variable that
//! nobody here sets stays as a symbol. May use `text` and `model`.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::Ch;
use crate::model::{Content, EnvValue, EnvVar, Symbol, Value};

/// How deep variables may stand in each other's defaults.
const MAX_DEPTH: usize = 32;
/// How long one value may become, in bytes: half of what a kernel takes as one variable.
const MAX_TEXT: usize = 64 * 1024;

/// Arguments that every build has, or that a builder sets by itself.
#[rustfmt::skip]
const GIVEN: &[&str] = &[
    "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy",
    "ALL_PROXY", "all_proxy", "BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT", "TARGETPLATFORM", "TARGETOS",
    "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE", "SOURCE_DATE_EPOCH",
];

/// The variables that hold at a place.
pub(super) struct Scope<'a> {
    pub(super) env: &'a BTreeMap<String, EnvVar>,
    pub(super) args: &'a BTreeMap<String, EnvVar>,
    /// Names that builders do not agree on.
    pub(super) unclear: &'a BTreeSet<String>,
    /// Whether what is named nowhere may be set all the same, by the base.
    pub(super) open: bool,
}

enum Found<'a> {
    Set(&'a Value),
    Unknown,
    Unset,
}

impl Scope<'_> {
    fn get(&self, name: &str) -> Found<'_> {
        let var = self.env.get(name).or_else(|| self.args.get(name)).filter(|_| !self.unclear.contains(name));
        match var.map(|var| &var.value) {
            Some(EnvValue::Set(value)) => Found::Set(value),
            Some(EnvValue::Inherited) => Found::Unknown,
            None if self.open || GIVEN.contains(&name) || self.unclear.contains(name) => Found::Unknown,
            None => Found::Unset,
        }
    }
}

/// Why a word is none, as a clause without anything of the word in it.
pub(super) type Bad = &'static str;

/// A text with the variables in it replaced. `quotes` says whether quotes mean anything in it: not in a here-document.
pub(super) fn expand(chars: &[Ch], escape: char, quotes: bool, scope: &Scope) -> Result<Value, Bad> {
    let mut lexer = Lexer { chars, at: 0, escape, quotes, scope };
    lexer.until(None, 0)
}

struct Lexer<'a> {
    chars: &'a [Ch],
    at: usize,
    escape: char,
    quotes: bool,
    scope: &'a Scope<'a>,
}

fn empty() -> Value {
    Value::known("", None)
}

fn add(value: &mut Value, other: &Value) -> Result<(), Bad> {
    if value.text.len() + other.text.len() > MAX_TEXT {
        return Err("it becomes longer than any kernel takes");
    }
    value.text.push_str(&other.text);
    value.symbols.extend_from_slice(&other.symbols);
    Ok(())
}

fn symbol(name: &str, required: bool) -> Value {
    let symbols = vec![Symbol { name: name.to_owned(), required }];
    Value { text: format!("${{{name}}}"), symbols, ..Value::default() }
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).map(|(ch, _)| *ch)
    }

    fn next(&mut self) -> Option<char> {
        let ch = self.peek();
        self.at += 1;
        ch
    }

    fn until(&mut self, stop: Option<char>, depth: usize) -> Result<Value, Bad> {
        if depth > MAX_DEPTH {
            return Err("variables stand too deep in each other");
        }
        let mut value = empty();
        while let Some(ch) = self.peek() {
            if Some(ch) == stop {
                self.at += 1;
                return Ok(value);
            }
            match ch {
                '$' => add(&mut value, &self.dollar(depth)?)?,
                '\'' if self.quotes => self.single(&mut value)?,
                '"' if self.quotes => self.double(&mut value, depth)?,
                ch if ch == self.escape => {
                    self.at += 1;
                    value.text.extend(self.next());
                }
                ch => {
                    self.at += 1;
                    value.text.push(ch);
                }
            }
        }
        match stop {
            None => Ok(value),
            Some(_) => Err("a `${` without its `}`"),
        }
    }

    fn single(&mut self, value: &mut Value) -> Result<(), Bad> {
        self.at += 1;
        loop {
            match self.next().ok_or("a quote that is not closed")? {
                '\'' => return Ok(()),
                ch => value.text.push(ch),
            }
        }
    }

    fn double(&mut self, value: &mut Value, depth: usize) -> Result<(), Bad> {
        self.at += 1;
        loop {
            match self.peek().ok_or("a quote that is not closed")? {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                '$' => add(value, &self.dollar(depth)?)?,
                ch => {
                    self.at += 1;
                    let next = self.peek();
                    let escapes = ch == self.escape && next.is_some_and(|n| n == '"' || n == '$' || n == self.escape);
                    value.text.extend(if escapes { self.next() } else { Some(ch) });
                }
            }
        }
    }

    fn name(&mut self) -> String {
        let digits = self.peek().is_some_and(|ch| ch.is_ascii_digit());
        let belongs = |ch: char| if digits { ch.is_ascii_digit() } else { ch.is_alphanumeric() || ch == '_' };
        if self.peek().is_some_and(|ch| "@*#?-$!".contains(ch)) {
            return self.next().into_iter().collect();
        }
        let mut name = String::new();
        while let Some(ch) = self.peek().filter(|ch| belongs(*ch)) {
            name.push(ch);
            self.at += 1;
        }
        name
    }

    fn value(&self, name: &str) -> Value {
        match self.scope.get(name) {
            Found::Set(value) => value.clone(),
            // What no variable can be called is nothing.
            Found::Unknown if name.starts_with(|ch: char| ch.is_alphabetic() || ch == '_') => symbol(name, false),
            Found::Unknown | Found::Unset => empty(),
        }
    }

    fn dollar(&mut self, depth: usize) -> Result<Value, Bad> {
        self.at += 1;
        if self.peek() != Some('{') {
            let name = self.name();
            return Ok(if name.is_empty() { Value::known("$", None) } else { self.value(&name) });
        }
        self.at += 1;
        let name = self.name();
        if name.is_empty() {
            return Err("a `${` that begins no variable");
        }
        let operator = self.next().ok_or("a `${` without its `}`")?;
        let filled = operator == ':';
        let operator = if filled { self.next().ok_or("a `${` without its `}`")? } else { operator };
        if operator == '}' && !filled {
            return Ok(self.value(&name));
        }
        let word = self.until(Some('}'), depth + 1)?;
        let found = self.scope.get(&name);
        // Whether the variable counts as set; `None` where that is not known.
        let set = match &found {
            Found::Unset => Some(false),
            Found::Unknown => None,
            Found::Set(value) if filled => match value.content() {
                Content::Empty => Some(false),
                Content::Filled => Some(true),
                Content::Unknown => None,
            },
            Found::Set(_) => Some(true),
        };
        match (operator, set) {
            ('-', Some(false)) | ('+', Some(true)) => Ok(word),
            ('-' | '?', Some(true)) => Ok(self.value(&name)),
            ('?', _) => Ok(symbol(&name, filled)),
            // What is cut off or replaced by a pattern is not worked out.
            ('+' | '#' | '%' | '/', Some(false)) => Ok(empty()),
            ('-' | '+' | '#' | '%' | '/', _) => Ok(symbol(&name, false)),
            _ => Err("a `${` with an operator that no builder knows"),
        }
    }
}
