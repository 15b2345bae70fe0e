//! Redirections.
//! Uses `cursor`, `shell_words`, `here_documents` and `syntax`.

use std::rc::Rc;

use super::cursor::{Parsed, ShellParser};
use super::pending_document::PendingDocument;
use super::shell_words::WordMode;
use super::syntax::{HereDocument, Redirect, RedirectAction, RedirectTarget, UnexpandedWord, WordPart};

/// The operators, longer ones first.
const OPERATORS: [&str; 12] = ["&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">"];

impl ShellParser<'_> {
    /// All redirections after a command.
    pub(super) fn read_redirects(&mut self) -> Parsed<Vec<Redirect>> {
        let mut redirects = Vec::new();
        loop {
            self.skip_blanks();
            match self.read_redirect()? {
                Some(redirect) => redirects.push(redirect),
                None => return Ok(redirects),
            }
        }
    }

    /// A redirection, if one comes next.
    pub(super) fn read_redirect(&mut self) -> Parsed<Option<Redirect>> {
        let number = self.count_while(|ch| ch.is_ascii_digit());
        let name = if self.peek() == Some('{') { self.name_length(1) } else { 0 };
        let named = name > 0 && self.peek_nth(name + 1).is_some_and(|next| next.ch == '}');
        let ahead = if named { name + 2 } else { number };
        let Some(operator) = self.operator_at(ahead) else { return Ok(None) };
        let target = self.text_between(self.at, self.at + ahead).raw();
        self.advance(ahead + operator.len());
        self.skip_blanks();
        let start = self.at;
        let word = self.read_word(WordMode::Plain)?.ok_or_else(|| self.error())?;
        let action = match operator {
            "<<" | "<<-" => self.expect_document(&word, operator == "<<-"),
            "<<<" => RedirectAction::Data(Rc::new(HereDocument::of_word(word))),
            ">&" | "<&" if word.source.raw() == "-" => RedirectAction::Close,
            ">&" | "<&" => RedirectAction::Copy(word),
            _ => RedirectAction::Open(word),
        };
        let standard = u32::from(!operator.starts_with('<'));
        let target = match target.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => RedirectTarget::Named(name.to_owned()),
            None if target.is_empty() => RedirectTarget::Number(standard),
            None => RedirectTarget::Number(
                target.parse().map_err(|_| super::cursor::SyntaxError { at: start, unclosed: false })?,
            ),
        };
        Ok(Some(Redirect { target, action, appends: operator.contains(">>") }))
    }

    fn operator_at(&self, ahead: usize) -> Option<&'static str> {
        let next = |more: usize| self.peek_nth(ahead + more).map(|next| next.ch);
        // `<(` and `>(` are words.
        if !matches!(next(0), Some('<' | '>' | '&')) || next(1) == Some('(') {
            return None;
        }
        let is_next = |operator: &&str| operator.chars().enumerate().all(|(at, ch)| next(at) == Some(ch));
        let found = OPERATORS.into_iter().find(|operator| is_next(operator));
        found.filter(|operator| ahead == 0 || !operator.starts_with('&'))
    }

    fn count_while(&self, is: impl Fn(char) -> bool) -> usize {
        let mut count = 0;
        while self.peek_nth(count).is_some_and(|next| is(next.ch)) {
            count += 1;
        }
        count
    }

    /// A here-document, whose text begins at the next line.
    fn expect_document(&mut self, word: &UnexpandedWord, strips_tabs: bool) -> RedirectAction {
        let document = Rc::new(HereDocument::default());
        let quoted = word.source.0.iter().any(|traced| matches!(traced.ch, '\\' | '\'' | '"'));
        let delimiter = if quoted {
            let texts = word.parts.iter().map(|part| match part {
                WordPart::Text { text, .. } => text.raw(),
                WordPart::Param { raw, .. } | WordPart::Computed { raw, .. } => raw.raw(),
            });
            texts.collect()
        } else {
            word.source.raw()
        };
        self.pending.push(PendingDocument { delimiter, strips_tabs, quoted, document: Rc::clone(&document) });
        RedirectAction::Data(document)
    }
}
