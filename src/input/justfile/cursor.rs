//! A point in the text of a justfile, from which it is read on. Uses `text` alone.

use crate::text::{FileId, TracedChar, TracedText};

/// What is nothing that a justfile can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JustFault {
    pub(super) what: &'static str,
    pub(super) at: Option<(FileId, u32)>,
}

/// Reads characters one after the other.
pub(super) struct JustCursor<'t> {
    text: &'t [TracedChar],
    at: usize,
    /// Expressions within each other.
    pub(super) depth: usize,
}

impl<'t> JustCursor<'t> {
    pub(super) fn new(text: &'t [TracedChar]) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Another one at the same point.
    pub(super) fn clone_here(&self) -> Self {
        Self { ..*self }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at).map(|traced| traced.ch)
    }

    pub(super) fn next(&mut self) -> Option<TracedChar> {
        let next = self.text.get(self.at).copied();
        self.at += usize::from(next.is_some());
        next
    }

    /// Where the next character is written, or the last one.
    pub(super) fn place(&self) -> Option<(FileId, u32)> {
        self.text.get(self.at).or(self.text.last()).and_then(|traced| traced.at)
    }

    pub(super) fn fault(&self, what: &'static str) -> JustFault {
        JustFault { what, at: self.place() }
    }

    pub(super) fn starts_with(&self, wanted: &str) -> bool {
        let rest = self.rest();
        wanted.chars().enumerate().all(|(number, ch)| rest.get(number).is_some_and(|traced| traced.ch == ch))
    }

    /// Goes past a text, where it comes next.
    pub(super) fn take(&mut self, wanted: &str) -> bool {
        let is_next = self.starts_with(wanted);
        if is_next {
            self.at += wanted.chars().count();
        }
        is_next
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'t [TracedChar] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes past blanks, and past line breaks where an expression goes on behind them.
    pub(super) fn skip_blanks(&mut self, is_open: bool) {
        loop {
            let is_continued = self.starts_with("\\\n");
            match self.peek() {
                Some(' ' | '\t') => self.at += 1,
                Some('\n') if is_open => self.at += 1,
                Some('\\') if is_continued => self.at += 2,
                Some('#') if is_open => self.skip_line(),
                _ => return,
            }
        }
    }

    /// Goes to the end of the line.
    pub(super) fn skip_line(&mut self) {
        while self.peek().is_some_and(|ch| ch != '\n') {
            self.at += 1;
        }
    }

    /// The rest of the line, past which it goes.
    pub(super) fn line(&mut self) -> &'t [TracedChar] {
        let start = self.at;
        self.skip_line();
        let line = self.text.get(start..self.at).unwrap_or_default();
        self.next();
        line
    }

    /// The name that comes next, if one does.
    pub(super) fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        while let Some(ch) = self.peek() {
            let is_first = name.is_empty();
            if !(ch.is_ascii_alphabetic() || ch == '_' || !is_first && (ch.is_ascii_digit() || ch == '-')) {
                break;
            }
            name.push(ch);
            self.at += 1;
        }
        (!name.is_empty()).then_some(name)
    }

    /// What comes before an end, past which it goes.
    pub(super) fn until(&mut self, end: &str) -> Option<TracedText> {
        let start = self.at;
        while self.at < self.text.len() {
            if self.starts_with(end) {
                let inner = TracedText(self.text.get(start..self.at)?.to_vec());
                self.take(end);
                return Some(inner);
            }
            self.at += 1;
        }
        None
    }
}
