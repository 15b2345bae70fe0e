//! Words: quotes removed, parameters and substitutions kept apart.
//! Uses `cursor`, `expansions`, `syntax` and `text`.

use super::cursor::{Parsed, ShellParser, ends_word};
use super::syntax::{Block, UnexpandedWord, WordPart};
use crate::text::{TracedChar, TracedText};

/// What brackets and bars mean in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordMode {
    Plain,
    /// A pattern of `case` or of `[[ ]]`.
    Pattern,
    /// The right side of `=~`.
    Regex,
}

/// A word as far as it was read.
#[derive(Default)]
pub(super) struct WordBuilder {
    pub(super) parts: Vec<WordPart>,
    /// Characters that stand for themselves, since the last part.
    pub(super) literal: Vec<TracedChar>,
    /// Whether those begin with a tilde without quotes.
    tilde: bool,
}

impl WordBuilder {
    /// Ends the characters that stand for themselves; within quotes also where there are none.
    pub(super) fn finish_literal(&mut self, also_empty: bool) {
        if also_empty || !self.literal.is_empty() {
            let text = TracedText(std::mem::take(&mut self.literal));
            self.parts.push(WordPart::Text { text, tilde: std::mem::take(&mut self.tilde) });
        }
    }

    pub(super) fn push(&mut self, part: WordPart) {
        self.finish_literal(false);
        self.parts.push(part);
    }
}

impl ShellParser<'_> {
    /// A word, if one comes next.
    pub(super) fn read_word(&mut self, mode: WordMode) -> Parsed<Option<UnexpandedWord>> {
        let start = self.at;
        let mut word = WordBuilder { tilde: self.peek() == Some('~'), ..WordBuilder::default() };
        while let Some(ch) = self.peek() {
            match ch {
                '<' | '>' if self.peek_next() == Some('(') => self.read_process_substitution(&mut word)?,
                '|' if mode == WordMode::Regex => word.literal.extend(self.bump()),
                '(' if mode == WordMode::Regex || self.follows_pattern_sign(start, &word) => {
                    self.one_level_down(|parser| parser.read_pattern_group(&mut word))?;
                }
                _ if ends_word(ch) => break,
                _ => self.read_piece(&mut word)?,
            }
        }
        if self.at == start {
            return Ok(None);
        }
        word.finish_literal(false);
        let mut parts = word.parts;
        enliven_tilde(&mut parts);
        Ok(Some(UnexpandedWord { parts, source: self.text_from(start), subscript: None }))
    }

    /// Whether what was read last makes a bracket begin a group of patterns: `@(a|b)`.
    fn follows_pattern_sign(&self, start: usize, word: &WordBuilder) -> bool {
        let sign = word.literal.last().map(|last| last.ch).filter(|_| self.at > start);
        sign.is_some_and(|sign| matches!(sign, '?' | '*' | '+' | '@' | '!'))
    }

    /// `(…)` inside of a pattern, with all that is in it.
    fn read_pattern_group(&mut self, word: &mut WordBuilder) -> Parsed<()> {
        let start = self.at;
        word.literal.extend(self.bump());
        loop {
            match self.peek() {
                None => return Err(self.unclosed_at(start)),
                Some(')') => {
                    word.literal.extend(self.bump());
                    return Ok(());
                }
                Some('(') => self.one_level_down(|parser| parser.read_pattern_group(word))?,
                Some(ch) if ends_word(ch) => word.literal.extend(self.bump()),
                Some(_) => self.read_piece(word)?,
            }
        }
    }

    /// One character, quotation or expansion.
    fn read_piece(&mut self, word: &mut WordBuilder) -> Parsed<()> {
        match self.peek() {
            Some('\\') => {
                let backslash = self.bump();
                match self.bump() {
                    Some(TracedChar { ch: '\n', .. }) => {}
                    Some(escaped) => {
                        word.tilde &= !word.literal.is_empty();
                        word.literal.push(escaped);
                    }
                    None => word.literal.extend(backslash),
                }
            }
            Some('\'') => {
                let text = self.read_single_quoted()?;
                word.push(WordPart::Text { text, tilde: false });
            }
            Some('"') => self.read_double_quoted(word)?,
            Some('$') => self.read_dollar(word, false)?,
            Some('`') => self.read_backquoted(word, false)?,
            _ => word.literal.extend(self.bump()),
        }
        Ok(())
    }

    pub(super) fn read_single_quoted(&mut self) -> Parsed<TracedText> {
        let start = self.at;
        self.advance(1);
        while let Some(traced) = self.bump() {
            if traced.ch == '\'' {
                return Ok(self.text_between(start + 1, self.at - 1));
            }
        }
        Err(self.unclosed_at(start))
    }

    pub(super) fn read_double_quoted(&mut self, word: &mut WordBuilder) -> Parsed<()> {
        let start = self.at;
        self.advance(1);
        word.finish_literal(false);
        let before = word.parts.len();
        loop {
            match self.peek() {
                None => return Err(self.unclosed_at(start)),
                Some('"') => {
                    self.advance(1);
                    word.finish_literal(word.parts.len() == before);
                    return Ok(());
                }
                Some(_) => self.read_quoted_piece(word)?,
            }
        }
    }

    /// One character or expansion between double quotes or in a here-document.
    pub(super) fn read_quoted_piece(&mut self, word: &mut WordBuilder) -> Parsed<()> {
        match self.peek() {
            Some('\\') => {
                match self.peek_next() {
                    Some('\n') => self.advance(1),
                    Some('"' | '\\' | '$' | '`') => {
                        self.advance(1);
                        word.literal.extend(self.peek_traced());
                    }
                    _ => word.literal.extend(self.peek_traced()),
                }
                self.advance(1);
            }
            Some('$') => self.read_dollar(word, true)?,
            Some('`') => self.read_backquoted(word, true)?,
            _ => word.literal.extend(self.bump()),
        }
        Ok(())
    }
}

/// A leading tilde that is not quoted is the shell's.
fn enliven_tilde(parts: &mut [WordPart]) {
    if let Some(WordPart::Text { text, tilde: tilde @ true }) = parts.first_mut() {
        let end = text.0.iter().position(|traced| traced.ch == '/').unwrap_or(text.0.len());
        for traced in text.0.iter_mut().take(end) {
            traced.live = true;
        }
        *tilde = false;
    }
}

/// The commands substituted in the parts of a word.
pub(super) fn take_blocks(parts: Vec<WordPart>) -> Vec<Block> {
    let blocks = parts.into_iter().map(|part| match part {
        WordPart::Text { .. } => Vec::new(),
        WordPart::Param { blocks, .. } | WordPart::Computed { blocks, .. } => blocks,
    });
    blocks.flatten().collect()
}

/// The text of a word that is written without quotes and backslashes.
pub(super) fn plain_text(word: &UnexpandedWord) -> Option<String> {
    match word.parts.as_slice() {
        [WordPart::Text { text, .. }] if *text == word.source => Some(text.raw()),
        _ => None,
    }
}
