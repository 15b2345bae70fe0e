//! Where brackets and texts in quotes end: the parser takes the blanks and the comment behind them to be part of them.
//! Uses nothing else of this crate.

use saphyr_parser::Marker;

/// Looks into a text at one place after the other, each mostly a little behind the one before.
pub(super) struct WrittenEnds<'t> {
    text: &'t str,
    /// Where it looked last: in characters and in bytes from the start.
    chars: usize,
    bytes: usize,
}

impl<'t> WrittenEnds<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, chars: 0, bytes: 0 }
    }

    /// The line, from 1, and the column, from 0, behind the last character of what begins at a mark: a bracket, or a text
    /// in these quotes, before which an anchor or a tag may stand. `None` for what ends where the parser says.
    pub(super) fn find(&mut self, start: &Marker, quote: Option<char>) -> Option<(usize, usize)> {
        let mut rest = self.from(start.index()).chars().peekable();
        let Some(quote) = quote else {
            let is_bracket = matches!(rest.peek(), Some('}' | ']' | ','));
            return is_bracket.then(|| (start.line(), start.col() + 1));
        };
        let (mut line, mut column, mut is_open) = (start.line(), start.col(), false);
        while let Some(one) = rest.next() {
            column += 1;
            match one {
                _ if one == quote && !is_open => is_open = true,
                // Two of them stand for one.
                '\'' if one == quote && rest.next_if_eq(&'\'').is_some() => column += 1,
                _ if one == quote => return Some((line, column)),
                // What it stands before ends nothing; a line break is counted as one.
                '\\' if quote == '"' && rest.next_if(|next| !is_break(*next)).is_some() => column += 1,
                '\r' if rest.peek() == Some(&'\n') => {}
                _ if is_break(one) => (line, column) = (line + 1, 0),
                _ => {}
            }
        }
        None
    }

    /// The text from a character on.
    fn from(&mut self, index: usize) -> &'t str {
        let (before, behind) = self.text.split_at_checked(self.bytes).unwrap_or((self.text, ""));
        for one in before.chars().rev().take(self.chars.saturating_sub(index)) {
            self.bytes -= one.len_utf8();
            self.chars -= 1;
        }
        for one in behind.chars().take(index.saturating_sub(self.chars)) {
            self.bytes += one.len_utf8();
            self.chars += 1;
        }
        self.text.get(self.bytes..).filter(|_| self.chars == index).unwrap_or("")
    }
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_behind_the_closing_quote_or_bracket() {
        let of = |text: &str, index: usize, quote: Option<char>| {
            let before: String = text.chars().take(index).collect();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count();
            WrittenEnds::of(text).find(&Marker::new(index, line, column), quote)
        };
        let (double, single) = (Some('"'), Some('\''));
        assert_eq!(of("é: \"x\"  # \"", 3, double), Some((1, 6)));
        assert_eq!(of("\"a\\\"b\\\\\" ]", 0, double), Some((1, 8)));
        assert_eq!(of("'it''s' # '", 0, single), Some((1, 7)));
        assert_eq!(of("&a !!str \"x\" # \"", 0, double), Some((1, 12)));
        assert_eq!(of("k:\n  \"a\\\r\n  b\"  # c", 5, double), Some((3, 4)));
        assert_eq!(of("[x]  # ]", 2, None), Some((1, 3)));
        assert_eq!(of("a \"b\"", 0, None), None);
        assert_eq!(of("\"a", 0, double), None);
    }

    #[test]
    fn places_may_be_asked_for_in_any_order() {
        let text = "'é' 'ü'  'x'";
        let mut ends = WrittenEnds::of(text);
        let mut at = |index: usize| ends.find(&Marker::new(index, 1, index), Some('\''));
        assert_eq!([at(4), at(0), at(9), at(9), at(4)], [7, 3, 12, 12, 7].map(|column| Some((1, column))));
        assert_eq!(at(50), None);
        assert_eq!(at(9), Some((1, 12)));
    }
}
