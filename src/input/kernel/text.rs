//! The kernel's bytes as lines and as text. Uses nothing else of this crate.

use std::borrow::Cow;

/// The lines with their numbers from 1; the kernel ends each with a newline, so that nothing follows the last.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let whole = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines = whole.split(|byte| *byte == b'\n').enumerate().map(|(at, line)| (at + 1, line));
    lines.filter(|_| !bytes.is_empty())
}

/// Bytes as text, each that is not UTF-8 as `\xNN`: borrowed where there is none.
pub(super) fn shown(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    Cow::Owned(text)
}
