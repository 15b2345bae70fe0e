//! Here-documents: their texts begin at the line after the command.
//! Uses `cursor`, `shell_words` and `syntax`.

use super::cursor::ShellParser;
use super::pending_document::PendingDocument;
use super::shell_words::WordBuilder;
use super::syntax::{UnexpandedWord, WordPart};
use crate::text::TracedText;

impl ShellParser<'_> {
    /// The texts of all here-documents of the line that ended here.
    pub(super) fn read_pending_documents(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let word = self.read_document(&pending);
            pending.document.set(word);
        }
    }

    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method is that of one lifetime")]
    fn read_document(&mut self, pending: &PendingDocument) -> UnexpandedWord {
        let start = self.at;
        let mut continued = false;
        let mut end = None;
        while self.peek().is_some() {
            let line = self.at;
            if pending.strips_tabs && !continued {
                while self.peek() == Some('\t') {
                    self.advance(1);
                }
            }
            let first = self.at;
            while self.peek().is_some_and(|ch| ch != '\n') {
                self.advance(1);
            }
            let text = self.text_from(first).raw();
            self.advance(1);
            if !continued && text == pending.delimiter {
                end = Some(line);
                break;
            }
            let backslashes = text.len() - text.trim_end_matches('\\').len();
            continued = !pending.quoted && backslashes % 2 == 1;
        }
        // Without a last line the document ends with the text.
        let end = end.unwrap_or(self.at);
        let source = self.document_text(start, end, pending.strips_tabs);
        let parts = if pending.quoted {
            vec![WordPart::Text { text: source.clone(), tilde: false }]
        } else {
            self.read_inner_text(&source, start, |inner| inner.read_document_parts())
        };
        UnexpandedWord { parts, source, subscript: None }
    }

    fn document_text(&self, start: usize, end: usize, strips_tabs: bool) -> TracedText {
        let text = self.text_between(start, end);
        if !strips_tabs {
            return text;
        }
        let mut line_start = true;
        let kept = text.0.into_iter().filter(|traced| {
            let strip = line_start && traced.ch == '\t';
            line_start = strip || traced.ch == '\n';
            !strip
        });
        TracedText(kept.collect())
    }

    /// A text in which everything but quotes has its meaning.
    fn read_document_parts(&mut self) -> Vec<WordPart> {
        let mut word = WordBuilder::default();
        while self.peek().is_some() {
            let at = self.at;
            if let Err(error) = self.read_quoted_piece(&mut word) {
                self.note_problem(error.at);
                self.at = at;
                word.literal.extend(self.bump());
            }
        }
        word.finish_literal(false);
        word.parts
    }
}
