//! Text in lines of a width, broken between words alone: a name or a path stays whole. Uses nothing else of this crate.

/// A text in lines of at most `width` columns, but for words that are longer by themselves. Without a width it is one line.
pub(super) fn wrap_words(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![text.to_owned()] };
    let mut lines: Vec<String> = Vec::new();
    for word in whole_words(text) {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(&word) <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// The words of a text; what is between backticks is one.
fn whole_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in text.split_whitespace() {
        match words.last_mut().filter(|_| is_open) {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
        is_open ^= word.matches('`').count() % 2 == 1;
    }
    words
}

/// How many columns a text takes: what is shown has no character of no width, and wide ones are few.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// A labelled paragraph: the label on its first line, and the lines below it indented as far.
pub(super) fn paragraph(label: &str, text: &str, width: Option<usize>) -> String {
    let indent = columns(label);
    let lines = wrap_words(text, width.map(|width| width.saturating_sub(indent).max(1)));
    format!("{label}{}", lines.join(&format!("\n{}", " ".repeat(indent))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_long_words_stay_whole() {
        assert_eq!(wrap_words("a bb ccc /a/long/path d", Some(6)), ["a bb", "ccc", "/a/long/path", "d"]);
        assert_eq!(wrap_words("a `b c` d `e", Some(3)), ["a", "`b c`", "d", "`e"]);
        assert_eq!(wrap_words("a bb", None), ["a bb"]);
        assert_eq!(wrap_words("", Some(3)), [""]);
        assert_eq!(paragraph("  why: ", "one two three", Some(14)), "  why: one two\n       three");
    }
}
