//! Foreign text in Markdown, where nothing of it means anything. Uses nothing else of this crate.

use super::safe::safe;

/// Text as code. Nothing in it is a link, a mention or HTML.
pub(super) fn code_span(text: &str) -> String {
    let text = safe(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A blank at each end is taken away again by who reads it.
    let blank = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// The same in a table, which a bar would end even there.
pub(super) fn escape_cell(text: &str) -> String {
    if !text.contains('|') {
        return code_span(text);
    }
    let written = |c: char| {
        if c.is_ascii_punctuation() && !matches!(c, '/' | '-') { format!("&#{};", c as u32) } else { c.to_string() }
    };
    format!("<code>{}</code>", safe(text).chars().map(written).collect::<String>())
}

/// Text as text: what is between backticks is code, everything else means nothing to Markdown.
pub(super) fn escape_prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape_plain(text);
    }
    let part = |(at, part): (usize, &&str)| match at % 2 {
        1 if !part.trim().is_empty() => escape_cell(part),
        1 => escape_plain(&format!("`{part}`")),
        _ => escape_plain(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// Every character that begins something is escaped; a mention or a bare address is broken by an empty comment, since
/// they are looked for after escapes are gone.
fn escape_plain(text: &str) -> String {
    const BEGIN: &str = "\\`*_{}[]<>#|~&$!^+-=";
    let text = safe(text);
    let mut out = String::with_capacity(text.len() + 16);
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = digits.len() < text.len() && digits.starts_with(['.', ')']);
    for (at, character) in text.char_indices() {
        let rest = text.get(at..).unwrap_or("");
        let before = text.get(..at).unwrap_or("");
        match character {
            '@' => out.push_str("@<!-- -->"),
            ':' if rest.starts_with("://") => out.push_str(":<!-- -->"),
            '.' if before.to_ascii_lowercase().ends_with("www") => out.push_str(".<!-- -->"),
            '.' | ')' if numbered && at == text.len() - digits.len() => out.extend(['\\', character]),
            // In the middle of a word or after a blank a hyphen is one.
            '-' | '+' | '=' if at > 0 => out.push(character),
            c if BEGIN.contains(c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_ends_where_it_should() {
        assert_eq!(code_span("a"), "`a`");
        assert_eq!(code_span("a`b``c"), "```a`b``c```");
        assert_eq!(code_span("`"), "`` ` ``");
        assert_eq!(code_span("<b>|\n"), "`<b>|\\u{a}`");
        assert_eq!(escape_cell("/a b"), "`/a b`");
        assert_eq!(escape_cell("a|<b>`"), "<code>a&#124;&#60;b&#62;&#96;</code>");
    }

    #[test]
    fn foreign_text_begins_nothing() {
        assert_eq!(escape_prose("a <b> *c* [d](e) | #1"), "a \\<b\\> \\*c\\* \\[d\\](e) \\| \\#1");
        assert_eq!(
            escape_prose("the label `overlock.role: x|y`."),
            "the label <code>overlock&#46;role&#58; x&#124;y</code>."
        );
        assert_eq!(escape_prose("one ` alone <"), "one \\` alone \\<");
        assert_eq!(escape_prose("- a - b"), "\\- a - b");
        assert_eq!(escape_prose("12. x"), "12\\. x");
        assert_eq!(
            escape_prose("@who see https://x and www.y"),
            "@<!-- -->who see https:<!-- -->//x and www.<!-- -->y"
        );
    }
}
