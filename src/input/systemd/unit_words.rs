//! The words of a setting, by systemd's own quoting, specifiers and variables (systemd.syntax(7), systemd.service(5)): no
//! shell reads them. Uses `outer_text`.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::input::outer_text::OuterText;
use crate::text::{FileId, TracedChar, TracedText};

/// Parts of all words of a unit.
const PARTS: usize = 1024 * 1024;

/// What specifiers and variables stand for in a unit.
pub(super) struct UnitValues<'a> {
    /// What a specifier stands for, by its letter.
    pub(super) specifier: &'a dyn Fn(char, Option<(FileId, u32)>) -> OuterText,
    /// The variables that the unit sets.
    pub(super) variables: &'a BTreeMap<String, OuterText>,
    /// The name of a file that may set others.
    pub(super) variable_file: Option<&'a str>,
    /// Parts of all words so far.
    pub(super) parts: &'a Cell<usize>,
}

impl UnitValues<'_> {
    /// Whether there are more than are read.
    pub(super) fn is_too_much(&self) -> bool {
        self.parts.get() > PARTS
    }
}

/// A word of a setting.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct UnitWord {
    pub(super) text: OuterText,
    /// Whether it is a variable alone, which is split into words.
    pub(super) is_split: bool,
    /// Whether it is a semicolon that ends a command.
    pub(super) is_end: bool,
}

/// Splits a value into words; `None` where a quote is not closed. `has_variables`: whether variables are put in.
pub(super) fn split_words(value: &TracedText, values: &UnitValues<'_>, has_variables: bool) -> Option<Vec<UnitWord>> {
    let mut words = Vec::new();
    let mut rest: &[TracedChar] = &value.0;
    loop {
        let blanks = rest.iter().take_while(|traced| traced.ch.is_whitespace()).count();
        rest = rest.get(blanks..).unwrap_or_default();
        let Some(first) = rest.first() else { return Some(words) };
        let quote = Some(first.ch).filter(|ch| matches!(ch, '"' | '\''));
        let mut raw: Vec<TracedChar> = Vec::new();
        let mut at = usize::from(quote.is_some());
        loop {
            let next = rest.get(at).copied();
            at += 1;
            match (next, quote) {
                (None, Some(_)) => return None,
                (None, None) => break,
                (Some(next), Some(quote)) if next.ch == quote => break,
                (Some(next), None) if next.ch.is_whitespace() => break,
                (Some(next), _) if next.ch == '\\' => {
                    at += push_escaped(rest.get(at..).unwrap_or_default(), next, &mut raw);
                }
                (Some(next), _) => raw.push(next),
            }
        }
        rest = rest.get(at.min(rest.len())..).unwrap_or_default();
        let is_end = quote.is_none() && matches!(raw.as_slice(), [only] if only.ch == ';');
        let is_split = has_variables && is_variable_alone(&raw);
        let text = put_in(&raw, values, has_variables);
        values.parts.set(values.parts.get().saturating_add(text.len() + 1));
        words.push(UnitWord { text, is_split, is_end });
        if values.is_too_much() {
            return Some(words);
        }
    }
}

/// Adds what is behind a backslash; how many characters that takes.
fn push_escaped(rest: &[TracedChar], backslash: TracedChar, raw: &mut Vec<TracedChar>) -> usize {
    let Some(first) = rest.first() else { return 0 };
    let digits = |count: usize, radix: u32| {
        let text: String = rest.iter().skip(1).take(count).map(|traced| traced.ch).collect();
        u32::from_str_radix(&text, radix).ok().filter(|_| text.len() == count).and_then(char::from_u32)
    };
    let (ch, taken) = match first.ch {
        'n' => ('\n', 1),
        't' => ('\t', 1),
        'r' => ('\r', 1),
        's' => (' ', 1),
        'x' => match digits(2, 16) {
            Some(ch) => (ch, 3),
            None => ('x', 1),
        },
        ch @ ('\\' | '"' | '\'' | ';') => (ch, 1),
        ch => {
            // What is no escape is as it stands.
            raw.push(backslash);
            (ch, 1)
        }
    };
    raw.push(TracedChar { ch, ..*first });
    taken
}

fn is_name(ch: char) -> bool {
    ch.is_ascii_alphanumeric() || ch == '_'
}

fn is_variable_alone(raw: &[TracedChar]) -> bool {
    raw.len() > 1
        && raw.first().is_some_and(|first| first.ch == '$')
        && raw.iter().skip(1).all(|traced| is_name(traced.ch))
}

/// A word with its specifiers and variables put in.
fn put_in(raw: &[TracedChar], values: &UnitValues<'_>, has_variables: bool) -> OuterText {
    let mut text = OuterText::default();
    let mut rest = raw;
    while let Some((first, after)) = rest.split_first().filter(|_| text.0.len() <= PARTS) {
        rest = after;
        let next = after.first().map(|next| next.ch);
        match (first.ch, next) {
            ('%', Some('%')) => {
                text.push_char(*first);
                rest = after.get(1..).unwrap_or_default();
            }
            ('%', Some(letter)) if letter.is_ascii_alphabetic() => {
                text.push(&(values.specifier)(letter, first.at));
                rest = after.get(1..).unwrap_or_default();
            }
            ('$', Some('$')) if has_variables => {
                text.push_char(*first);
                rest = after.get(1..).unwrap_or_default();
            }
            ('$', Some('{')) if has_variables => {
                let name: String = after.iter().skip(1).map(|traced| traced.ch).take_while(|ch| is_name(*ch)).collect();
                let is_closed = after.get(name.len() + 1).is_some_and(|close| close.ch == '}');
                if name.is_empty() || !is_closed {
                    text.push_char(*first);
                    continue;
                }
                text.push(&variable(&name, values, first.at));
                rest = after.get(name.len() + 2..).unwrap_or_default();
            }
            ('$', Some(letter)) if has_variables && is_variable_alone(raw) && is_name(letter) => {
                let name: String = after.iter().map(|traced| traced.ch).collect();
                text.push(&variable(&name, values, first.at));
                rest = &[];
            }
            _ => text.push_char(*first),
        }
    }
    text
}

/// What a variable stands for: a unit has none of those around whoever starts it.
fn variable(name: &str, values: &UnitValues<'_>, at: Option<(FileId, u32)>) -> OuterText {
    match (values.variables.get(name), values.variable_file) {
        (_, Some(file)) => OuterText::unknown(&format!("{name}_of_{}", file.trim_start_matches('/')), at),
        (Some(value), None) => value.placed_at(at),
        (None, None) if matches!(name, "HOME" | "USER" | "LOGNAME" | "SHELL" | "XDG_RUNTIME_DIR" | "MAINPID") => {
            (values.specifier)(if name == "HOME" { '~' } else { '?' }, at)
        }
        (None, None) => OuterText::default(),
    }
}
