//! A word of a command, with what a shell or an environment still has to put into it.
//! May use `text`.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::text::TracedText;

/// A word of a command. Where a person or a capture reads it (`Deref`, `Display`), a `$`, a backquote or a leading tilde
/// that is plain text has a backslash before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Word {
    shown: String,
    /// Empty where all of it is plain text, as it is shown.
    segments: Vec<WordSegment>,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WordSegment {
    /// Plain text.
    Text(String),
    /// What is still to be put in, as it is written: `~`, `$NAME`, `${NAME:-default}`, `$(command)`.
    Expansion(String),
}

impl Word {
    /// A word of plain text.
    pub fn literal(text: &str) -> Self {
        if !text.contains(['$', '`']) && !text.starts_with('~') {
            return Self { shown: text.to_owned(), segments: Vec::new() };
        }
        let shown = TracedText::plain(text).shown();
        Self { shown, segments: vec![WordSegment::Text(text.to_owned())] }
    }

    /// A word as a person or a capture writes it.
    pub fn parse(written: &str) -> Self {
        let mut segments = Vec::new();
        if !written.contains(['$', '`', '\\']) && !written.starts_with('~') {
            return Self { shown: written.to_owned(), segments };
        }
        let text = TracedText::live(written);
        let mut at = 0;
        while let Some(traced) = text.0.get(at) {
            let escaped = (traced.ch == '\\').then(|| text.0.get(at + 1)).flatten();
            if let Some(end) = expansion_end(&text, at) {
                segments.push(WordSegment::Expansion(text.part(at, end).raw()));
                at = end;
            } else {
                push_char(&mut segments, escaped.map_or(traced.ch, |next| next.ch));
                at += 1 + usize::from(escaped.is_some());
            }
        }
        Self { shown: written.to_owned(), segments }
    }

    /// A word of shell text after expansion.
    pub(crate) fn of_traced(text: &TracedText) -> Self {
        if text.is_fixed() {
            return Self::literal(&text.raw());
        }
        let mut segments = Vec::new();
        let mut at = 0;
        while let Some(traced) = text.0.get(at) {
            let end = if traced.live { expansion_end(text, at) } else { None };
            if let Some(end) = end {
                segments.push(WordSegment::Expansion(text.part(at, end).raw()));
                at = end;
            } else {
                push_char(&mut segments, traced.ch);
                at += 1;
            }
        }
        Self { shown: text.shown(), segments }
    }

    /// What stands for the value of a variable that a script sets, or takes away, in a way that is not known.
    pub(crate) fn unknown_variable(name: &str) -> Self {
        Self::parse(&format!("$(printenv {name})"))
    }

    /// Whether it is that of this variable.
    pub(crate) fn is_unknown_variable(&self, name: &str) -> bool {
        *self == Self::unknown_variable(name)
    }

    /// The parts of a word that is not plain text as it is shown.
    pub(crate) fn segments(&self) -> &[WordSegment] {
        &self.segments
    }

    /// The text, where nothing is left to be put in.
    pub fn known(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [] => Some(&self.shown),
            [WordSegment::Text(text)] => Some(text),
            _ => None,
        }
    }
}

fn push_char(segments: &mut Vec<WordSegment>, ch: char) {
    match segments.last_mut() {
        Some(WordSegment::Text(text)) => text.push(ch),
        _ => segments.push(WordSegment::Text(ch.to_string())),
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.shown
    }
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.shown
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        self.shown == other
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        self.shown == *other
    }
}

impl From<String> for Word {
    fn from(written: String) -> Self {
        Self::parse(&written)
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.shown
    }
}

/// Where the expansion that begins at `at` ends; one that is never closed takes all that will be replaced.
fn expansion_end(text: &TracedText, at: usize) -> Option<usize> {
    match (live_char(text, at)?, live_char(text, at + 1)) {
        ('~', _) if at == 0 => Some(live_end(text, 1, |ch| ch != '/')),
        ('$', Some('{')) => Some(bracket_end(text, at + 1, '{', '}')),
        ('$' | '<' | '>', Some('(')) => Some(bracket_end(text, at + 1, '(', ')')),
        ('$', Some(next)) if next.is_ascii_digit() || "@*#?!$-".contains(next) => Some(at + 2),
        ('$', Some(next)) if next.is_ascii_alphanumeric() || next == '_' => {
            Some(live_end(text, at + 1, |ch| ch.is_ascii_alphanumeric() || ch == '_'))
        }
        ('`', Some(_)) => {
            let end = live_end(text, at + 1, |ch| ch != '`');
            Some(end + usize::from(live_char(text, end).is_some()))
        }
        _ => None,
    }
}

fn live_char(text: &TracedText, at: usize) -> Option<char> {
    text.0.get(at).filter(|traced| traced.live).map(|traced| traced.ch)
}

fn live_end(text: &TracedText, from: usize, inside: fn(char) -> bool) -> usize {
    from + text.0.iter().skip(from).take_while(|traced| traced.live && inside(traced.ch)).count()
}

/// The end of what a bracket at `open_at` opens, by quotes and backslashes.
fn bracket_end(text: &TracedText, open_at: usize, open: char, close: char) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Value, VariableState};

    fn expand(word: &Word) -> Option<String> {
        word.expand(&|name| match name {
            "HOME" => VariableState::Set(Value::known("/home/me", None)),
            "SET" => VariableState::Set(Value::known("set", None)),
            "EMPTY" => VariableState::Set(Value::known("", None)),
            "GONE" => VariableState::Unset,
            "SECRET" => VariableState::Unknown,
            _ => VariableState::Unseen,
        })
    }

    #[test]
    fn known_variables_and_defaults_are_put_in() {
        for (written, wanted) in [
            ("plain", Some("plain")),
            ("~/x", Some("/home/me/x")),
            ("~other/x", None),
            ("a$SET/${SET}b", Some("aset/setb")),
            ("${NEW:-/d}/x", Some("/d/x")),
            ("${NEW-$HOME/d}", Some("/home/me/d")),
            ("${NEW:-\"/d\"}", Some("/d")),
            ("${EMPTY:-d}", Some("d")),
            ("${EMPTY-d}", Some("")),
            ("${GONE}x", Some("x")),
            ("$NEW", None),
            ("${SECRET:-d}", None),
            ("${SET%t}", None),
            ("$(pwd -P)", None),
            ("`ls`", None),
            ("\\$SET", Some("$SET")),
            ("\\~/x", Some("~/x")),
        ] {
            assert_eq!(expand(&Word::parse(written)).as_deref(), wanted, "{written}");
        }
    }

    #[test]
    fn plain_backslash_before_a_variable_is_no_escape() {
        let mut text = TracedText::plain("\\");
        text.push(&TracedText::live("$SET"));
        assert_eq!(expand(&Word::of_traced(&text)).as_deref(), Some("\\set"));
        let escaped = Word::of_traced(&TracedText::plain("$SET"));
        assert_eq!((&*escaped, expand(&escaped).as_deref()), ("\\$SET", Some("$SET")));
    }

    #[test]
    fn words_survive_being_written() {
        for text in ["", "a b", "$X", "~", "`x`", "a~b", "${X:-$Y}"] {
            let word = Word::literal(text);
            assert_eq!(word.known(), Some(text));
            assert_eq!(Word::parse(&word).known(), Some(text));
            assert_eq!(Word::parse(&word), word);
        }
    }
}
