//! What begins with `$` or a backquote: parameters, arithmetic, substituted commands.
//! Uses `cursor`, `shell_words`, `statement_lists`, `syntax`, `model` and `text`.

use super::cursor::{Parsed, ShellParser};
use super::shell_words::{WordBuilder, take_blocks};
use super::syntax::{Block, WordPart};
use crate::model::Parameter;
use crate::text::{TracedChar, TracedText};

impl ShellParser<'_> {
    /// What begins with a dollar sign, also where that stands for itself.
    pub(super) fn read_dollar(&mut self, word: &mut WordBuilder, quoted: bool) -> Parsed<()> {
        let start = self.at;
        match self.peek_next() {
            Some('(') => {
                let blocks = self.one_level_down(Self::read_bracketed)?;
                word.push(self.computed_part(start, blocks));
            }
            Some('{') => {
                let blocks = self.one_level_down(|parser| parser.read_braces(quoted))?;
                word.push(self.parameter_part(start, quoted, blocks));
            }
            Some('[') => match self.subscript_length(1) {
                Some(length) => {
                    self.advance(1 + length);
                    word.push(self.computed_part(start, Vec::new()));
                }
                None => word.literal.extend(self.bump()),
            },
            Some('\'') if !quoted => {
                self.advance(1);
                let text = self.read_ansi_quoted()?;
                word.push(WordPart::Text { text, tilde: false });
            }
            Some('"') if !quoted => {
                self.advance(1);
                self.read_double_quoted(word)?;
            }
            Some(ch) if ch.is_ascii_digit() || "@*#?!$-".contains(ch) => {
                self.advance(2);
                word.push(self.parameter_part(start, quoted, Vec::new()));
            }
            _ => {
                let name = self.name_length(1);
                if name > 0 {
                    self.advance(1 + name);
                    word.push(self.parameter_part(start, quoted, Vec::new()));
                } else {
                    word.literal.extend(self.bump());
                }
            }
        }
        Ok(())
    }

    fn parameter_part(&self, start: usize, quoted: bool, blocks: Vec<Block>) -> WordPart {
        let text = self.text_from(start);
        match Parameter::parse(&text.raw()) {
            Some(param) if !is_foreign(&text) => WordPart::Param { param, raw: text.enlivened(), quoted, blocks },
            _ => self.computed_part(start, blocks),
        }
    }

    fn computed_part(&self, start: usize, blocks: Vec<Block>) -> WordPart {
        let raw = self.text_from(start);
        let blocks = if is_foreign(&raw) { Vec::new() } else { blocks };
        WordPart::Computed { raw: raw.enlivened(), blocks }
    }

    /// `$((…))` or `$(…)`.
    fn read_bracketed(&mut self) -> Parsed<Vec<Block>> {
        let start = self.at;
        if self.is_at("$((")
            && let Some(blocks) = self.read_arithmetic(3)?
        {
            return Ok(blocks);
        }
        self.advance(1);
        Ok(vec![self.read_command_list(start)?])
    }

    /// `<(…)`, `>(…)`.
    pub(super) fn read_process_substitution(&mut self, word: &mut WordBuilder) -> Parsed<()> {
        let start = self.at;
        self.advance(1);
        let block = self.one_level_down(|parser| parser.read_command_list(start))?;
        word.push(self.computed_part(start, vec![block]));
        Ok(())
    }

    /// `(…)` with statements.
    fn read_command_list(&mut self, start: usize) -> Parsed<Block> {
        self.advance(1);
        // A here-document that began before it begins after it.
        let outer = std::mem::take(&mut self.pending);
        let block = self.read_list(&[")"]);
        let inner = std::mem::replace(&mut self.pending, outer);
        self.pending.extend(inner);
        let block = block?;
        if self.take(")") { Ok(block) } else { Err(self.unclosed_at(start)) }
    }

    /// The commands substituted in arithmetic, after `opening` characters; `None`, and nothing read, where it is none:
    /// `((a) | b)` is a subshell.
    pub(super) fn read_arithmetic(&mut self, opening: usize) -> Parsed<Option<Vec<Block>>> {
        if self.no_arithmetic.contains(&self.at) {
            return Ok(None);
        }
        let mark = self.mark();
        let start = self.at;
        self.advance(opening);
        let found = self.one_level_down(Self::read_arithmetic_text);
        if self.stopped().is_some() {
            return Err(self.unclosed_at(start));
        }
        if let Ok(Some(blocks)) = found {
            return Ok(Some(blocks));
        }
        self.go_back(&mark);
        self.no_arithmetic.insert(start);
        Ok(None)
    }

    fn read_arithmetic_text(&mut self) -> Parsed<Option<Vec<Block>>> {
        let mut inner = WordBuilder::default();
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                None => return Ok(None),
                Some(')') if depth == 0 => {
                    return Ok(self.take("))").then(|| take_blocks(inner.parts)));
                }
                Some(')') => {
                    depth -= 1;
                    self.advance(1);
                }
                Some('(') => {
                    depth += 1;
                    self.advance(1);
                }
                Some('"') => self.read_double_quoted(&mut inner)?,
                Some('\'') => self.skip_quotation(),
                Some('\\') => self.advance(2),
                Some(_) => self.read_quoted_piece(&mut inner)?,
            }
        }
    }

    /// `${…}`: the commands substituted in it.
    fn read_braces(&mut self, quoted: bool) -> Parsed<Vec<Block>> {
        let start = self.at;
        self.advance(2);
        let mut inner = WordBuilder::default();
        loop {
            match self.peek() {
                None => return Err(self.unclosed_at(start)),
                Some('}') => {
                    self.advance(1);
                    return Ok(take_blocks(inner.parts));
                }
                Some('\\') => self.advance(2),
                Some('"') => self.read_double_quoted(&mut inner)?,
                Some('\'') if quoted => self.skip_quotation(),
                Some('\'') => _ = self.read_single_quoted()?,
                Some('$') if self.peek_next() == Some('\'') && !quoted => {
                    self.advance(1);
                    self.read_ansi_quoted()?;
                }
                Some('<' | '>') if !quoted && self.peek_next() == Some('(') => {
                    self.read_process_substitution(&mut inner)?;
                }
                Some(_) => self.read_quoted_piece(&mut inner)?,
            }
        }
    }

    /// A single quote where it may or may not quote: it does where its twin is on the same line. bash looks for the
    /// twin, dash takes a single one for itself.
    fn skip_quotation(&mut self) {
        let mut ahead = 1;
        while let Some(next) = self.peek_nth(ahead) {
            match next.ch {
                '\'' => return self.advance(ahead + 1),
                '\n' => break,
                _ => ahead += 1,
            }
        }
        self.advance(1);
    }

    /// `'…'` after a `$`.
    fn read_ansi_quoted(&mut self) -> Parsed<TracedText> {
        let start = self.at;
        self.advance(1);
        while let Some(traced) = self.bump() {
            match traced.ch {
                '\\' => self.advance(1),
                '\'' => return Ok(unescape_ansi(&self.text_between(start + 1, self.at - 1))),
                _ => {}
            }
        }
        Err(self.unclosed_at(start))
    }

    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method is that of one lifetime")]
    /// `` `…` ``: what is in it is a text of its own, once its backslashes are removed.
    pub(super) fn read_backquoted(&mut self, word: &mut WordBuilder, quoted: bool) -> Parsed<()> {
        let start = self.at;
        self.advance(1);
        let mut text = TracedText::default();
        loop {
            match self.bump() {
                None => return Err(self.unclosed_at(start)),
                Some(TracedChar { ch: '`', .. }) => break,
                Some(backslash @ TracedChar { ch: '\\', .. }) => {
                    let next = self.peek();
                    let removed = matches!(next, Some('$' | '`' | '\\')) || (quoted && next == Some('"'));
                    if !removed {
                        text.0.push(backslash);
                    }
                    text.0.extend(self.bump());
                }
                Some(other) => text.0.push(other),
            }
        }
        let block =
            self.one_level_down(|parser| Ok(parser.read_inner_text(&text, start, |inner| inner.read_whole())))?;
        word.push(self.computed_part(start, vec![block]));
        Ok(())
    }
}

/// Whether an outer layer replaces this before this shell sees it.
fn is_foreign(raw: &TracedText) -> bool {
    raw.0.first().is_some_and(|first| first.live)
}

/// The escapes of `$'…'` that stand for one character; any other keeps its backslash.
fn unescape_ansi(text: &TracedText) -> TracedText {
    let mut traced_chars = text.0.iter().copied().peekable();
    let mut out = Vec::with_capacity(text.0.len());
    while let Some(traced) = traced_chars.next() {
        let meant = match (traced.ch, traced_chars.peek().map(|next| next.ch)) {
            ('\\', Some('n')) => '\n',
            ('\\', Some('t')) => '\t',
            ('\\', Some('r')) => '\r',
            ('\\', Some(same @ ('\\' | '\'' | '"' | '?'))) => same,
            _ => {
                out.push(traced);
                continue;
            }
        };
        traced_chars.next();
        out.push(TracedChar { ch: meant, ..traced });
    }
    TracedText(out)
}
