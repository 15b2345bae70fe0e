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

/// Whether a word as it is written has double quotes of its own: those in what it substitutes do not keep that together.
pub(super) fn has_double_quotes(source: &str) -> bool {
    let (mut depth, mut is_in_backticks, mut last) = (0_usize, false, ' ');
    let mut letters = source.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '`' => is_in_backticks = !is_in_backticks,
            '(' | '{' if depth > 0 || last == '$' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            '"' if depth == 0 && !is_in_backticks => return true,
            _ => {}
        }
        last = letter;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_within_a_substitution_are_not_those_of_the_word() {
        for word in ["\"$(f)\"", "a\"b\"", "\"$(f \"a\")\"", "$(f)\"x\"", "${a}\"\""] {
            assert!(has_double_quotes(word), "{word}");
        }
        for word in ["$(f \"a\")", "`f \"a\"`", "${x:+-e \"a\"}", "a\\\"b", "$(f \"$(g \"a\")\")", "a"] {
            assert!(!has_double_quotes(word), "{word}");
        }
    }
}
