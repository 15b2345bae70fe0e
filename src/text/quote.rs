//! What a message may quote of a file that is not ours: words alone, since anything else may be a secret.
//! Uses nothing else of this crate.

use std::borrow::Cow;

/// The most characters of a word.
const MAX_WORD: usize = 64;
/// What stands for any other text. Where it is, the message's own place tells.
const NOT_A_WORD: &str = "(not a word)";

/// The text where it is a word: letters and digits of ASCII, `.`, `_` and `-`, 64 at most.
pub fn quotable(text: &str) -> Option<&str> {
    let of_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (!text.is_empty() && text.len() <= MAX_WORD && text.bytes().all(of_word)).then_some(text)
}

/// A word in backticks, or that it is none.
pub fn quoted(text: &str) -> Cow<'static, str> {
    quotable(text).map_or(Cow::Borrowed(NOT_A_WORD), |word| Cow::Owned(format!("`{word}`")))
}

/// Words between separators, as of a path of keys: each that is none is told as such.
pub fn quoted_path<'a>(parts: impl IntoIterator<Item = &'a str>, separator: &str) -> String {
    let parts: Vec<&str> = parts.into_iter().map(|part| quotable(part).unwrap_or(NOT_A_WORD)).collect();
    parts.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_and_everything_else_is_not() {
        let longest = "x".repeat(MAX_WORD);
        for word in ["volums", "x-my.key_2", longest.as_str()] {
            assert_eq!(quoted(word), format!("`{word}`"));
        }
        for other in ["", "two words", "a/b", "key:", "über", "a\nb", "`", &"x".repeat(MAX_WORD + 1)] {
            assert_eq!(quoted(other), NOT_A_WORD, "{other:?}");
        }
        assert_eq!(quoted_path(["services", "a b", "image"], "."), "services.(not a word).image");
    }
}
