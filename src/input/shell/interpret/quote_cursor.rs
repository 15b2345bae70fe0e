//! Whether what is substituted in a word stands between double quotes: those within another substitution are its own.
//! Uses `text`.

use crate::text::TracedText;

/// A place in a word as it is written, which is moved on from part to part.
pub(super) struct QuoteCursor<'s> {
    source: &'s TracedText,
    at: usize,
    is_open: bool,
    is_escaped: bool,
}

impl<'s> QuoteCursor<'s> {
    pub(super) fn new(source: &'s TracedText) -> Self {
        Self { source, at: 0, is_open: false, is_escaped: false }
    }

    /// Whether a part stands between quotes; the cursor goes behind it. Where it is not known where the part is written, any
    /// quote counts.
    pub(super) fn is_quoted(&mut self, part: &TracedText) -> bool {
        let Some((file, start, end)) = part.byte_range() else { return self.has_quote() };
        let byte_here = |cursor: &Self| cursor.source.0.get(cursor.at).map(|traced| (traced.at, traced.ch));
        while let Some((at, ch)) = byte_here(self) {
            match at {
                Some((of, byte)) if of == file && byte < start => self.step(ch),
                Some((of, _)) if of == file => break,
                _ => return self.has_quote(),
            }
        }
        while let Some((Some((_, byte)), _)) = byte_here(self)
            && byte < end
        {
            self.at += 1;
        }
        self.is_open
    }

    fn step(&mut self, ch: char) {
        if ch == '"' && !self.is_escaped {
            self.is_open = !self.is_open;
        }
        self.is_escaped = ch == '\\' && !self.is_escaped;
        self.at += 1;
    }

    fn has_quote(&self) -> bool {
        self.source.0.iter().any(|traced| traced.ch == '"' && !traced.live)
    }
}
