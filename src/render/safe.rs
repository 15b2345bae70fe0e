//! Foreign text, made safe for a terminal. Uses nothing else of this crate.

use std::borrow::Cow;

/// The text with every character that could move the cursor, colour the screen or reorder the line written out.
pub fn safe(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_plain(character) { out.push(character) } else { out.extend(character.escape_unicode()) }
    }
    Cow::Owned(out)
}

/// The text with every such character replaced by one that has the same place in the line.
pub(super) fn same_width(text: &str) -> String {
    text.chars().map(|character| if is_plain(character) { character } else { '\u{fffd}' }).collect()
}

/// The text for XML, which has no way to write two characters that are otherwise plain.
pub(super) fn xml(text: &str) -> String {
    safe(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn is_plain(character: char) -> bool {
    let reorders = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks_lines = matches!(character, '\u{2028}' | '\u{2029}');
    !character.is_control() && !reorders && !breaks_lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_reordering_are_written_out() {
        assert_eq!(safe("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(safe("a\u{202e}b\nc"), "a\\u{202e}b\\u{a}c");
        assert_eq!(safe("plain é"), "plain é");
        assert_eq!(same_width("a\tb"), "a\u{fffd}b");
    }
}
