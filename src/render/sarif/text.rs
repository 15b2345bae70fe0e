//! Texts of SARIF, in which some characters mean something. Uses nothing else of this crate.

use super::object::SarifMessage;

/// A message without links. All that means nothing in it stays as it is, for viewers that know of neither links nor
/// placeholders.
pub(super) fn sarif_message(text: &str) -> SarifMessage {
    SarifMessage { text: literal_text(text, text.contains("](")) }
}

/// A text that is meant as it is: `{0}` would be a placeholder and, in a message that has links, `[text](1)` one of them.
pub(super) fn literal_text(text: &str, in_links: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let rest = text.get(at + character.len_utf8()..).unwrap_or("");
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        match character {
            '{' if digits.len() < rest.len() && digits.starts_with('}') => out.push_str("{{"),
            '}' if text.get(..at).is_some_and(ends_placeholder) => out.push_str("}}"),
            '[' | ']' | '\\' if in_links => out.extend(['\\', character]),
            _ => out.push(character),
        }
    }
    out
}

/// A link to the related location of a number.
pub(super) fn location_link(text: &str, id: usize) -> String {
    format!("[{}]({id})", literal_text(text, true))
}

/// Whether a text ends with an opening brace and digits.
fn ends_placeholder(before: &str) -> bool {
    let rest = before.trim_end_matches(|c: char| c.is_ascii_digit());
    rest.len() < before.len() && rest.ends_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_makes_no_placeholder_and_no_link() {
        let of = |text: &str| sarif_message(text).text;
        assert_eq!(of("${CLAUDE_DIR} [x]"), "${CLAUDE_DIR} [x]");
        assert_eq!(of("a {0} b {12}"), "a {{0}} b {{12}}");
        assert_eq!(of("{a} {} {1 é{"), "{a} {} {1 é{");
        assert_eq!(of("[x](http://y)"), "\\[x\\](http://y)");
        assert_eq!(of("\\[x\\](http://y)"), "\\\\\\[x\\\\\\](http://y)");
        assert_eq!(of("C:\\a"), "C:\\a");
        assert_eq!(location_link("a] (b)\\", 3), "[a\\] (b)\\\\](3)");
    }
}
