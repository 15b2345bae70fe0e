//! A word of a command after the shell expanded it.
//! May use `text`, `alternatives` and `certainty`.

use super::alternatives::{Alternatives, WaySides};
use super::certainty::Certainty;
use super::unknown_arguments::UnknownArguments;
use crate::input::docker_cli;
use crate::text::{FileId, Sources, Span, TracedChar, TracedText, char_width};

/// A word after expansion.
#[derive(Debug, Clone, Default)]
pub(super) struct ShellWord {
    pub(super) text: TracedText,
    /// The word as it is written, for its place.
    pub(super) source: TracedText,
    /// Where it is written, where that is known better than by its characters.
    pub(super) span: Option<Span>,
    /// Whether a variable went into it that the text sets in more than one way.
    pub(super) unclear: bool,
    /// Whether it is there at all.
    pub(super) certainty: Certainty,
    /// Whether it is asked in other letters than its variable has: `${NAME,,}`.
    pub(super) changes_case: bool,
    /// The arguments that it stands for, where those are the caller's (`"$@"`).
    pub(super) rest: Option<UnknownArguments>,
    /// What its whole text is one of, where that is known.
    pub(super) either: Alternatives,
    /// The ways on which it is there, where that is not on all.
    pub(super) sides: WaySides,
}

impl ShellWord {
    pub(super) fn plain(text: &str) -> Self {
        Self { text: TracedText::plain(text), ..Self::default() }
    }

    /// A text as one word that is written where the text is.
    pub(super) fn of_text(text: TracedText) -> Self {
        Self { source: text.clone(), text, ..Self::default() }
    }

    /// The same word with another text that is known.
    pub(super) fn with_text(&self, text: &str) -> Self {
        Self { text: TracedText::plain(text), unclear: false, ..self.clone() }
    }

    /// Whether it surely is a program that starts containers.
    pub(super) fn is_engine(&self) -> bool {
        let raw = self.raw();
        self.certainty == Certainty::Sure && docker_cli::is_engine_program(raw.rsplit('/').next().unwrap_or(&raw))
    }

    pub(super) fn raw(&self) -> String {
        self.text.raw()
    }

    /// Whether nothing in it remains to be replaced.
    pub(super) fn is_fixed(&self) -> bool {
        !self.unclear && self.certainty == Certainty::Sure && self.text.is_fixed()
    }

    /// Where the word, and no more than the word, is written.
    pub(super) fn source_span(&self, sources: &Sources) -> Option<Span> {
        if self.span.is_some() {
            return self.span;
        }
        let own = self.text.byte_range().filter(|(file, start, end)| self.is_written_around(*file, *start, *end));
        let run = own.or_else(|| self.source.byte_range());
        let Some((file, start, end)) = run else {
            return self.source.first_position(sources).or_else(|| self.text.first_position(sources));
        };
        let source = sources.get(file);
        Some(Span { file, start: source.position(start as usize), end: source.position(end as usize) })
    }

    /// Its text where that is run by a shell: a value without blanks that went into it counts as written where the word has
    /// it, so that what it begins is not taken for something in the line that set the variable.
    pub(super) fn text_in_place(&self) -> TracedText {
        let mut text = self.text.clone();
        let own = |traced: &TracedChar| traced.at.is_some_and(|(file, at)| self.is_written_around(file, at, at));
        if !self.text.0.iter().any(own) {
            return text;
        }
        // What follows it is in its line more often than what is before it.
        let mut next = None;
        let runs: Vec<&mut [TracedChar]> = text.0.chunk_by_mut(|one, next| own(one) == own(next)).collect();
        for run in runs.into_iter().rev() {
            if run.first().is_some_and(own) {
                next = run.first().and_then(|traced| traced.at);
            } else if !run.iter().any(|traced| traced.ch.is_whitespace()) {
                for traced in run.iter_mut() {
                    traced.at = next;
                }
            }
        }
        text
    }

    /// Whether the word as it is written covers some bytes.
    fn is_written_around(&self, file: FileId, start: u32, end: u32) -> bool {
        let first = self.source.0.iter().find_map(|traced| traced.at);
        let last = self.source.0.iter().rev().find_map(|traced| traced.at);
        first.zip(last).is_some_and(|(first, last)| {
            first.0 == file && first.1 <= start && end <= last.1.saturating_add(char_width('\u{10ffff}'))
        })
    }
}
