//! The characters of a Dockerfile with their places in it. Uses nothing else of this crate.

/// A character and its byte in the file.
pub(super) type SourceChar = (char, usize);

/// The characters as text.
pub(super) fn text_of(chars: &[SourceChar]) -> String {
    chars.iter().map(|(ch, _)| ch).collect()
}

/// The characters without leading blanks.
pub(super) fn trim_blanks(chars: &[SourceChar]) -> &[SourceChar] {
    let blanks = chars.iter().take_while(|(ch, _)| ch.is_whitespace()).count();
    chars.get(blanks..).unwrap_or_default()
}
