//! The lines of a Makefile: where one goes on in the next, what a comment is, what stands between brackets. Uses `text` alone.

use crate::text::{TracedChar, TracedText};

/// Reads lines, each as often as it is asked for.
pub(super) struct LineReader {
    lines: Vec<Vec<TracedChar>>,
    at: usize,
}

impl LineReader {
    pub(super) fn new(text: &TracedText) -> Self {
        Self { lines: text.0.split(|traced| traced.ch == '\n').map(<[TracedChar]>::to_vec).collect(), at: 0 }
    }

    /// The line that comes next, as it is written.
    pub(super) fn peek(&self) -> Option<&[TracedChar]> {
        self.lines.get(self.at).map(Vec::as_slice)
    }

    /// The next line, as it is written.
    pub(super) fn next_written(&mut self) -> Option<TracedText> {
        let line = self.lines.get_mut(self.at).map(std::mem::take)?;
        self.at += 1;
        Some(TracedText(line))
    }

    /// The next line with those that it goes on in, without its comment: a backslash at the end, and the blanks around it,
    /// are one blank.
    pub(super) fn next_joined(&mut self) -> Option<TracedText> {
        let mut line = self.next_written()?;
        while continues(&line.0) {
            let backslash = line.0.pop();
            while line.0.last().is_some_and(|last| is_blank(last.ch)) {
                line.0.pop();
            }
            let Some(next) = self.next_written() else { break };
            line.0.extend(backslash.map(|at| TracedChar { ch: ' ', ..at }));
            line.0.extend(next.0.into_iter().skip_while(|traced| is_blank(traced.ch)));
        }
        Some(without_comment(&line))
    }

    /// The next line of a recipe with those that it goes on in, as the shell is given them.
    pub(super) fn next_of_recipe(&mut self, prefix: char) -> Option<TracedText> {
        let mut line = self.next_written()?;
        while continues(&line.0) {
            let Some(mut next) = self.next_written() else { break };
            if next.0.first().is_some_and(|first| first.ch == prefix) {
                next.0.remove(0);
            }
            push_line_end(&mut line);
            line.push(&next);
        }
        Some(line)
    }
}

/// Adds the end of a line.
pub(super) fn push_line_end(line: &mut TracedText) {
    line.0.push(TracedChar { ch: '\n', at: None, live: false });
}

/// Whether a line ends in a backslash that nothing takes the meaning from.
pub(super) fn continues(line: &[TracedChar]) -> bool {
    line.iter().rev().take_while(|traced| traced.ch == '\\').count() % 2 == 1
}

pub(super) fn is_blank(ch: char) -> bool {
    matches!(ch, ' ' | '\t')
}

fn without_comment(line: &TracedText) -> TracedText {
    let mut kept = TracedText::default();
    let (mut is_rule, mut is_variable, mut is_recipe) = (false, false, false);
    for traced in &line.0 {
        is_rule |= traced.ch == ':';
        is_variable |= traced.ch == '=';
        // What follows `target:;` is the shell's.
        is_recipe |= traced.ch == ';' && is_rule && !is_variable;
        if traced.ch == '#' && !is_recipe {
            if !continues(&kept.0) {
                break;
            }
            kept.0.pop();
        }
        kept.0.push(*traced);
    }
    kept
}

/// A text without the blanks at its ends.
pub(super) fn trimmed(text: &[TracedChar]) -> &[TracedChar] {
    let start = text.iter().take_while(|traced| traced.ch.is_whitespace()).count();
    let end = text.iter().rev().take_while(|traced| traced.ch.is_whitespace()).count();
    text.get(start..text.len().saturating_sub(end)).unwrap_or_default()
}

/// The first word of a text, and what follows it.
pub(super) fn first_word(text: &[TracedChar]) -> (String, &[TracedChar]) {
    let text = trimmed(text);
    let end = text.iter().position(|traced| traced.ch.is_whitespace()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word.iter().map(|traced| traced.ch).collect(), trimmed(rest))
}

/// Where the first character is that fits and stands in no `$(…)`.
pub(super) fn find_outside(text: &[TracedChar], fits: impl Fn(usize, char) -> bool) -> Option<usize> {
    let mut closers: Vec<char> = Vec::new();
    let mut before = ' ';
    for (at, traced) in text.iter().enumerate() {
        match traced.ch {
            '(' if before == '$' || closers.last() == Some(&')') => closers.push(')'),
            '{' if before == '$' || closers.last() == Some(&'}') => closers.push('}'),
            ch if closers.last() == Some(&ch) => _ = closers.pop(),
            ch if closers.is_empty() && fits(at, ch) => return Some(at),
            _ => {}
        }
        // `$$` is a dollar sign.
        before = if before == '$' && traced.ch == '$' { ' ' } else { traced.ch };
    }
    None
}

/// What a bracket at the beginning of a text encloses, and how many characters that is with both brackets.
pub(super) fn enclosed(text: &[TracedChar]) -> Option<(&[TracedChar], usize)> {
    let open = text.first()?.ch;
    let close = if open == '(' { ')' } else { '}' };
    let mut depth = 0_usize;
    for (at, traced) in text.iter().enumerate() {
        if traced.ch == open {
            depth += 1;
        } else if traced.ch == close {
            depth -= 1;
            if depth == 0 {
                return Some((text.get(1..at)?, at + 1));
            }
        }
    }
    None
}
