//! From an offset in a word's text back to the file it is written in. May use `text` and `model`.

use crate::model::Value;
use crate::text::{Pos, Sources, Span};

/// How positions in a text relate to positions in its file.
#[derive(Debug, Clone)]
pub(super) enum Spot {
    /// The text stands in the file letter by letter, from a position on, on one line.
    Verbatim { start: Span },
    /// Each line of the text is a line of the file, indented.
    Block { start: Span, indent: u32, length: usize },
    /// Only where it begins is known.
    Begins(Span),
}

impl Spot {
    /// Compares the text with what is written.
    pub(super) fn of(value: &Value, sources: &Sources, span: Span) -> Self {
        let file = sources.get(span.file);
        let raw = file.slice(span);
        let begins = Self::Begins(Span { end: span.start, ..span });
        if raw.starts_with(['|', '>']) {
            let first = Pos { line: span.start.line + 1, column: 1 };
            let line = file.line(first.line);
            let indent = line.chars().take_while(|c| *c == ' ').count();
            let same =
                value.text.lines().zip(first.line..).all(|(text, at)| file.line(at).trim_start() == text.trim_start());
            let indent = u32::try_from(indent).unwrap_or(0);
            let start = Span::at(span.file, first);
            return if raw.starts_with('|') && same {
                Self::Block { start, indent, length: value.text.len() }
            } else {
                begins
            };
        }
        match raw.find(&value.text) {
            Some(at) if !raw.contains('\n') => {
                let before = raw.get(..at).map_or(0, |before| before.chars().count());
                let column = span.start.column + u32::try_from(before).unwrap_or(0);
                Self::Verbatim { start: Span::at(span.file, Pos { column, ..span.start }) }
            }
            _ => begins,
        }
    }

    /// Where a piece of the text is written; of no width where only the beginning is known.
    pub(super) fn locate(&self, text: &str, from: usize, to: usize) -> Span {
        let count = |from: usize, to: usize| {
            u32::try_from(text.get(from..to).map_or(0, |part| part.chars().count())).unwrap_or(0)
        };
        match self {
            Self::Verbatim { start } => {
                let column = start.start.column + count(0, from);
                let pos = Pos { column, ..start.start };
                Span { start: pos, end: Pos { column: column + count(from, to), ..pos }, ..*start }
            }
            Self::Block { start, indent, length } if *length == text.len() => {
                let line_start = text.get(..from).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
                let lines = text.get(..from).map_or(0, |before| before.matches('\n').count());
                let line = start.start.line + u32::try_from(lines).unwrap_or(0);
                let column = indent + 1 + count(line_start, from);
                let pos = Pos { line, column };
                Span { start: pos, end: Pos { column: column + count(from, to), ..pos }, ..*start }
            }
            Self::Block { start, .. } | Self::Begins(start) => *start,
        }
    }
}
