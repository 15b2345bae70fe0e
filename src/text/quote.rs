//! What a message may quote of a file that is not ours: words alone, since anything else may be a secret.
//! Uses nothing else of this crate.

use std::borrow::Cow;

/// The most characters of a word.
const MAX_WORD: usize = 64;

/// The text where it is a word: letters and digits of ASCII, `.`, `_` and `-`, 64 at most.
pub fn quotable(text: &str) -> Option<&str> {
    let of_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (!text.is_empty() && text.len() <= MAX_WORD && text.bytes().all(of_word)).then_some(text)
}

/// A word in backticks; of any other text what it is, such as `a key that is not a word`.
pub fn quoted<'a>(text: &str, otherwise: &'a str) -> Cow<'a, str> {
    quotable(text).map_or(Cow::Borrowed(otherwise), |word| Cow::Owned(format!("`{word}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_and_everything_else_is_described() {
        let longest = "x".repeat(MAX_WORD);
        for word in ["volums", "x-my.key_2", longest.as_str()] {
            assert_eq!(quoted(word, "?"), format!("`{word}`"));
        }
        for other in ["", "two words", "a/b", "key:", "über", "a\nb", "`", &"x".repeat(MAX_WORD + 1)] {
            assert_eq!(quoted(other, "a key that is not a word"), "a key that is not a word", "{other:?}");
        }
    }
}
