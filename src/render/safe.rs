//! Foreign text, made safe for whoever shows it: terminals, pages, and the runners of CI, which obey some lines of what
//! they show. Uses nothing else of this crate; the one home of unicode-general-category.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use unicode_general_category::{GeneralCategory, get_general_category};

/// The text with every character written out that could move the cursor, colour the screen, reorder the line or be there
/// unseen, and with every command to a runner broken: `##[group]` and its kin anywhere, `::error::` where a line could
/// begin.
pub fn safe(text: &str) -> Cow<'_, str> {
    if is_harmless(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        if is_plain(character) && !is_command(text, at) {
            out.push(character);
        } else {
            out.extend(character.escape_unicode());
        }
    }
    Cow::Owned(out)
}

/// The text with every such character replaced by one that has the same place in the line.
pub(super) fn same_width(text: &str) -> String {
    let shown = |(at, character)| if is_plain(character) && !is_command(text, at) { character } else { '\u{fffd}' };
    text.char_indices().map(shown).collect()
}

/// The text for XML, which has no way to write two characters that are otherwise plain.
pub(super) fn xml(text: &str) -> String {
    safe(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// JSON with the same characters as its own escapes, so that its readers get what was meant and a terminal that shows it
/// obeys nothing. None of them stands outside a string, where an escape means nothing.
pub fn escape_json(json: &str) -> Cow<'_, str> {
    // Its line ends are its own; what is in a string is escaped by then.
    if json.lines().all(is_harmless) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    for (at, character) in json.char_indices() {
        if character == '\n' || (is_plain(character) && !is_command(json, at)) {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // A string takes all that is written to it.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    Cow::Owned(out)
}

/// Text of many lines, colours of ours in it, without a line that begins with a command to a runner: where a table is as
/// narrow as a terminal, any word of a cell may begin one.
pub(super) fn without_commands(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if is_command(line, indent) {
            out.push_str(&line[..indent]);
            out.extend(':'.escape_unicode());
            out.push_str(&line[indent + 1..]);
        } else {
            out.push_str(line);
        }
    }
    out
}

/// A stream to which only safe lines are written, whatever is handed to it: each is held until it ends.
pub struct SafeLines<W: Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> SafeLines<W> {
    /// Lines for a stream.
    pub fn new(out: W) -> Self {
        Self { out, line: Vec::new() }
    }

    fn end_line(&mut self, end: &[u8]) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let safe = safe(&String::from_utf8_lossy(&line)).into_owned();
        self.out.write_all(&[safe.as_bytes(), end].concat())
    }
}

impl<W: Write> Write for SafeLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (line, end) = part.strip_suffix(b"\n").map_or((part, &b""[..]), |line| (line, b"\n"));
            self.line.extend(line);
            if !end.is_empty() {
                self.end_line(end)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Drop for SafeLines<W> {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            // Nobody is left who could be told.
            let _ = self.end_line(b"");
        }
    }
}

/// Whether nothing in a text can need more than a look at its bytes.
fn is_harmless(text: &str) -> bool {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~');
    text.as_bytes().iter().all(plain) && !text.contains("##") && !text.contains("::")
}

fn is_plain(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    let unseen = matches!(
        get_general_category(character),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    !unseen && !is_ignorable(character)
}

/// Whether a character is drawn as nothing by those that do not know it, and is no format character: the rest of
/// `Default_Ignorable_Code_Point` in DerivedCoreProperties.txt of Unicode 16, from joiners and fillers to all variation
/// selectors and tags.
fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2065}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether the character at a place is the one to write out so that no runner finds a command there. GitHub's obeys
/// `##[name` anywhere in a line and `::name` after blanks, Azure's `##vso[`, TeamCity's `##teamcity[`.
fn is_command(text: &str, at: usize) -> bool {
    let (before, rest) = text.split_at_checked(at).unwrap_or_default();
    if let Some(rest) = rest.strip_prefix("::") {
        let begins = before.chars().next_back().is_none_or(char::is_whitespace);
        return begins && rest.starts_with(|c: char| c.is_ascii_alphabetic());
    }
    let name = rest.strip_prefix('#').filter(|_| before.ends_with('#'));
    name.is_some_and(|name| name.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_reordering_are_written_out() {
        assert_eq!(safe("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(safe("a\u{202e}b\nc"), "a\\u{202e}b\\u{a}c");
        assert_eq!(safe("plain é 日本 e\u{301}"), "plain é 日本 e\u{301}");
        assert_eq!(same_width("a\tb"), "a\u{fffd}b");
        for unseen in ['\u{80}', '\u{9f}', '\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}', '\u{fe0f}', '\u{e0041}'] {
            assert!(!is_plain(unseen), "{unseen:?}");
        }
    }

    #[test]
    fn every_ignorable_and_format_character_is_written_out_and_no_other() {
        let unseen = regex::Regex::new(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]").unwrap();
        // What is beyond is ideographs, private, or not assigned.
        for character in ('\0'..='\u{1ffff}').chain('\u{e0000}'..='\u{e0fff}') {
            assert_eq!(!unseen.is_match(character.encode_utf8(&mut [0; 4])), is_plain(character), "{character:?}");
        }
    }

    #[test]
    fn commands_of_runners_are_broken_and_what_looks_like_them_is_not() {
        for (text, shown) in [
            ("a ##[error]b", "a #\\u{23}[error]b"),
            ("###[group]", "##\\u{23}[group]"),
            ("##vso[task.x]", "#\\u{23}vso[task.x]"),
            ("##teamcity[x]", "#\\u{23}teamcity[x]"),
            ("::error::x", "\\u{3a}:error::x"),
            ("  ::add-mask::x", "  \\u{3a}:add-mask::x"),
            ("## [x]", "## [x]"),
            ("#[x]", "#[x]"),
            ("std::fs ::1 [::1]:80", "std::fs ::1 [::1]:80"),
        ] {
            assert_eq!(safe(text), shown);
            assert_eq!(safe(&safe(text)), shown, "it is safe then");
        }
        assert_eq!(same_width("##[x]"), "#\u{fffd}[x]");
        assert_eq!(without_commands("a ::b\n ::c::\n\u{1b}[1m::d"), "a ::b\n \\u{3a}:c::\n\u{1b}[1m::d");
    }

    #[test]
    fn a_stream_of_lines_is_safe_wherever_it_is_cut() {
        let mut out = Vec::new();
        let mut lines = SafeLines::new(&mut out);
        for part in ["a\u{9b}b: :", ":c\n:", ":error::\nend"] {
            lines.write_all(part.as_bytes()).unwrap();
        }
        drop(lines);
        assert_eq!(String::from_utf8(out).unwrap(), "a\\u{9b}b: \\u{3a}:c\n\\u{3a}:error::\nend");
    }
}
