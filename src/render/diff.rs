//! What a change does to a file, as a unified diff that `patch` and `git apply` take. The one home of `similar`.

use std::io;

use similar::TextDiff;

use super::{Style, safe};

/// Writes the difference between two texts of a file.
///
/// # Errors
/// What the stream says.
pub fn diff(name: &str, before: &str, after: &str, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let (old, new) = if name.starts_with('/') {
        (name.to_owned(), name.to_owned())
    } else {
        let name = name.trim_start_matches("./");
        (format!("a/{name}"), format!("b/{name}"))
    };
    let diff = TextDiff::from_lines(before, after);
    let text = diff.unified_diff().header(&old, &new).to_string();
    // To a file it goes as it is, so that it fits; on a terminal nothing in it may move the cursor.
    if style.width.is_none() {
        return out.write_all(text.as_bytes());
    }
    for line in text.lines() {
        writeln!(out, "{}", safe(line))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(before: &str, after: &str, width: Option<u16>) -> String {
        let mut out = Vec::new();
        diff("./a.yaml", before, after, Style { colour: false, width }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn line_endings_stay_and_a_terminal_is_safe() {
        let wanted = "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n x\r\n-\u{1b}a\r\n+b\r\n";
        assert_eq!(of("x\r\n\u{1b}a\r\n", "x\r\nb\r\n", None), wanted);
        assert!(of("x\r\n\u{1b}a\r\n", "x\r\nb\r\n", Some(80)).contains("-\\u{1b}a"));
    }

    #[test]
    fn a_last_line_without_an_end_is_told() {
        assert!(of("a", "b", None).contains("\\ No newline at end of file"));
    }
}
