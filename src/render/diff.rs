//! What a change does to a file, as a unified diff that `patch` and `git apply` take. The one home of `similar`.

use std::io;

use similar::TextDiff;

use super::{Style, safe};

/// Lines beside a change, best first. With none `git apply` takes no diff.
const CONTEXT: [usize; 3] = [3, 2, 1];

/// Writes the difference between two texts of a file. Whether it can be applied as it is written: where no choice of lines
/// leaves out what a terminal or a runner would obey, that is written out.
///
/// # Errors
/// What the stream says.
pub fn diff(name: &str, before: &str, after: &str, style: Style, out: &mut dyn io::Write) -> io::Result<bool> {
    let name = safe(name);
    let (old, new) = if name.starts_with('/') {
        (name.to_string(), name.into_owned())
    } else {
        let name = name.trim_start_matches("./");
        (format!("a/{name}"), format!("b/{name}"))
    };
    let diff = TextDiff::from_lines(before, after);
    let with = |lines: usize| diff.unified_diff().context_radius(lines).header(&old, &new).to_string();
    let exact = CONTEXT.into_iter().map(with).find(|text| shown(text, style) == *text);
    let applies = exact.is_some();
    out.write_all(exact.unwrap_or_else(|| shown(&with(CONTEXT[0]), style)).as_bytes())?;
    Ok(applies)
}

/// The diff as it may be shown. To a file tabs and line ends go as they are, so that it fits.
fn shown(text: &str, style: Style) -> String {
    let line = |line: &str| {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        if style.width.is_some() {
            return format!("{}{end}", safe(line.strip_suffix('\r').unwrap_or(line)));
        }
        let (line, end) = line.strip_suffix('\r').map_or((line, end), |line| (line, "\r\n"));
        format!("{}{end}", line.split('\t').map(safe).collect::<Vec<_>>().join("\t"))
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Detail;

    fn of(before: &str, after: &str, width: Option<u16>) -> String {
        let mut out = Vec::new();
        diff("./a.yaml", before, after, Style { colour: false, width, detail: Detail::Normal }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_would_be_obeyed_is_left_out_or_written_out() {
        let style = Style { colour: false, width: None, detail: Detail::Normal };
        let of = |before: &str, after: &str| {
            let mut out = Vec::new();
            let applies = diff("a", before, after, style, &mut out).unwrap();
            (applies, String::from_utf8(out).unwrap())
        };
        let (applies, text) = of("::error::x\n#\t1\nold\n# 2\n", "::error::x\n#\t1\nnew\n# 2\n");
        assert!(applies && !text.contains("error") && text.contains(" #\t1\n-old\n+new\n # 2\n"), "{text}");
        let (applies, text) = of("::error::x\nold\n", "::error::x\nnew\n");
        assert!(!applies && text.contains("\n \\u{3a}:error::x\n"), "{text}");
        let (applies, text) = of("::x\n", "y\n");
        assert!(applies && text.contains("\n-::x\n"), "no line of it begins so: {text}");
    }

    #[test]
    fn line_endings_stay_and_a_terminal_is_safe() {
        let wanted = "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n x\r\n-a\t\r\n+b\r\n";
        assert_eq!(of("x\r\na\t\r\n", "x\r\nb\r\n", None), wanted);
        assert!(of("x\r\n\u{1b}a\r\n", "x\r\nb\r\n", None).contains("-\\u{1b}a\r\n"));
        assert!(of("x\r\n\u{1b}a\r\n", "x\r\nb\r\n", Some(80)).contains("-\\u{1b}a"));
    }

    #[test]
    fn a_last_line_without_an_end_is_told() {
        assert!(of("a", "b", None).contains("\\ No newline at end of file"));
    }
}
