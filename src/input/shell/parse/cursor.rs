//! The characters of a text and how far reading has come: blanks, comments, operators, limits.
//! Uses `text` alone.

use std::collections::HashSet;
use std::ops::Range;

use super::pending_document::PendingDocument;
use crate::text::{TracedChar, TracedText};

/// Levels of statements and words within each other.
const DEPTH: usize = 48;
/// Characters that are looked at for each one of the text, and besides: what is read twice counts twice.
const PATIENCE: usize = 16;

/// Text that is no shell, from a character on.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) at: usize,
    /// Whether something that begins there has no end: no list inside of it can go on.
    pub(super) unclosed: bool,
}

pub(super) type Parsed<T> = Result<T, SyntaxError>;

/// Reads one text. Once it is stopped, the text has no more characters.
pub(super) struct ShellParser<'t> {
    chars: &'t [TracedChar],
    pub(super) at: usize,
    /// Where the text, or the part of it that is read now, ends.
    pub(super) end: usize,
    depth: usize,
    steps: usize,
    stopped: Option<&'static str>,
    problem: Option<usize>,
    comments: Vec<Range<usize>>,
    /// Here-documents that begin at the next line.
    pub(super) pending: Vec<PendingDocument>,
    /// What ends each of the lists that are being read.
    pub(super) closers: Vec<&'static [&'static str]>,
    /// Where `((` begins no arithmetic.
    pub(super) no_arithmetic: HashSet<usize>,
}

/// What was noted up to a character, to go back to.
pub(super) struct ParserMark {
    at: usize,
    problem: Option<usize>,
    comments: usize,
}

impl<'t> ShellParser<'t> {
    pub(super) fn new(chars: &'t [TracedChar]) -> Self {
        Self {
            chars,
            at: 0,
            end: chars.len(),
            depth: 0,
            steps: 0,
            stopped: None,
            problem: None,
            comments: Vec::new(),
            pending: Vec::new(),
            closers: Vec::new(),
            no_arithmetic: HashSet::new(),
        }
    }

    /// Reads another text, a part of this one without its backslashes; what is wrong in it is wrong at `at` here.
    pub(super) fn read_inner_text<T>(
        &mut self,
        text: &TracedText,
        at: usize,
        read: impl FnOnce(&mut ShellParser<'_>) -> T,
    ) -> T {
        let mut inner = ShellParser::new(&text.0);
        inner.depth = self.depth;
        let result = read(&mut inner);
        self.steps += inner.steps;
        self.stopped = self.stopped.or(inner.stopped);
        if inner.problem.is_some() {
            self.note_problem(at);
        }
        result
    }

    /// Why reading was stopped before the end.
    pub(super) fn stopped(&self) -> Option<&'static str> {
        self.stopped
    }

    /// The first character that was not understood.
    pub(super) fn problem(&self) -> Option<usize> {
        self.problem
    }

    pub(super) fn into_comments(self) -> Vec<Range<usize>> {
        self.comments
    }

    pub(super) fn note_problem(&mut self, at: usize) {
        self.problem = Some(self.problem.map_or(at, |before| before.min(at)));
    }

    pub(super) fn mark(&self) -> ParserMark {
        ParserMark { at: self.at, problem: self.problem, comments: self.comments.len() }
    }

    /// Forgets what was read since.
    pub(super) fn go_back(&mut self, mark: &ParserMark) {
        self.at = mark.at;
        self.problem = mark.problem;
        self.comments.truncate(mark.comments);
    }

    /// Reads `below` one level down; too deep a text is not read on.
    pub(super) fn one_level_down<T>(&mut self, below: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH {
            self.stopped = self.stopped.or(Some("is nested too deep to be read"));
            return Err(self.unclosed_at(self.at));
        }
        self.depth += 1;
        let result = below(self);
        self.depth -= 1;
        result
    }

    pub(super) fn peek_traced(&self) -> Option<TracedChar> {
        self.peek_nth(0)
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_nth(0).map(|traced| traced.ch)
    }

    pub(super) fn peek_next(&self) -> Option<char> {
        self.peek_nth(1).map(|traced| traced.ch)
    }

    pub(super) fn peek_nth(&self, ahead: usize) -> Option<TracedChar> {
        let at = self.at + ahead;
        self.chars.get(at).copied().filter(|_| at < self.end && self.stopped.is_none())
    }

    pub(super) fn bump(&mut self) -> Option<TracedChar> {
        let traced = self.peek_traced()?;
        self.advance(1);
        Some(traced)
    }

    pub(super) fn advance(&mut self, chars: usize) {
        self.at = self.end.min(self.at + chars);
        self.count_steps(chars);
    }

    /// Counts characters that were looked at ahead.
    pub(super) fn count_steps(&mut self, chars: usize) {
        self.steps += chars;
        if self.steps > (self.chars.len() + 64) * PATIENCE {
            self.stopped = self.stopped.or(Some("is too intricate to be read"));
        }
    }

    /// Whether these characters come next.
    pub(super) fn is_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, ch)| self.peek_nth(ahead).is_some_and(|traced| traced.ch == ch))
    }

    /// Takes these characters, if they come next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let found = self.is_at(text);
        if found {
            self.advance(text.len());
        }
        found
    }

    /// Whether this reserved word comes next, as a word of its own.
    pub(super) fn is_at_word(&self, word: &str) -> bool {
        self.is_at(word) && self.peek_nth(word.len()).is_none_or(|next| ends_word(next.ch))
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_at_word(word);
        if found {
            self.advance(word.len());
        }
        found
    }

    /// Blanks, continued lines and a comment.
    pub(super) fn skip_blanks(&mut self) {
        while let Some(ch) = self.peek() {
            match ch {
                ' ' | '\t' => self.advance(1),
                '\\' if self.peek_next() == Some('\n') => self.advance(2),
                '#' => {
                    let start = self.at;
                    while self.peek().is_some_and(|ch| ch != '\n') {
                        self.advance(1);
                    }
                    self.comments.push(start..self.at);
                }
                _ => break,
            }
        }
    }

    /// Blanks, comments and ends of lines, with the here-documents that follow these.
    pub(super) fn skip_newlines(&mut self) {
        self.skip_blanks();
        while self.peek() == Some('\n') {
            self.advance(1);
            self.read_pending_documents();
            self.skip_blanks();
        }
    }

    /// How many characters of a name come next, from `ahead` on.
    pub(super) fn name_length(&self, ahead: usize) -> usize {
        let mut length = 0;
        while self.peek_nth(ahead + length).is_some_and(|next| is_name_char(next.ch, length == 0)) {
            length += 1;
        }
        length
    }

    /// The characters from `start` up to here.
    pub(super) fn text_from(&self, start: usize) -> TracedText {
        self.text_between(start, self.at)
    }

    pub(super) fn text_between(&self, start: usize, end: usize) -> TracedText {
        TracedText(self.chars.get(start..end).unwrap_or_default().to_vec())
    }

    pub(super) fn error(&self) -> SyntaxError {
        SyntaxError { at: self.at, unclosed: false }
    }

    /// What begins at `start` has no end: reading goes on behind it.
    pub(super) fn unclosed_at(&mut self, start: usize) -> SyntaxError {
        self.at = start;
        SyntaxError { at: start, unclosed: true }
    }
}

/// Whether a character ends a word that has no quotes.
pub(super) fn ends_word(ch: char) -> bool {
    matches!(ch, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>')
}

pub(super) fn is_name_char(ch: char, first: bool) -> bool {
    ch == '_' || ch.is_ascii_alphabetic() || (!first && ch.is_ascii_digit())
}
