//! Names and paths that fit into a box. Uses nothing else of this crate.

/// How many columns a text takes, generously: the fonts of whoever looks are not known.
pub(super) fn text_width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

fn char_width(character: char) -> usize {
    if character < '\u{1100}' { 1 } else { 2 }
}

/// A text with its middle left out where it is too wide: of a path, both ends tell most.
pub(super) fn elide(text: &str, most: usize) -> String {
    if text_width(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(1);
    let start = take_fitting(text.chars(), room.div_ceil(2));
    let end: String = take_fitting(text.chars().rev(), room / 2).chars().rev().collect();
    format!("{start}…{end}")
}

/// As many characters as fit.
fn take_fitting(text: impl Iterator<Item = char>, most: usize) -> String {
    let mut taken = 0;
    text.take_while(|character| {
        taken += char_width(*character);
        taken <= most
    })
    .collect()
}

/// A path on one line, or on two that end at a slash where there is one; with its middle left out where even those are
/// too short.
pub(super) fn wrap_path(path: &str, most: usize) -> Vec<String> {
    if text_width(path) <= most {
        return vec![path.to_owned()];
    }
    let first = take_fitting(path.chars(), most);
    let cut = first.rfind('/').filter(|at| *at > first.len() / 3).map_or(first.len(), |at| at + 1);
    match path.split_at_checked(cut) {
        Some((first, rest)) => vec![first.to_owned(), elide(rest, most)],
        None => vec![elide(path, most)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_wide_keeps_its_ends() {
        assert_eq!(elide("abcdefgh", 8), "abcdefgh");
        assert_eq!(elide("abcdefghi", 8), "abcd…ghi");
        assert_eq!(text_width(&elide("日本語日本語日本語", 8)), 8);
        assert_eq!(elide("abc", 0), "…");
        assert_eq!(wrap_path("/srv/factory/claude", 30), ["/srv/factory/claude"]);
        assert_eq!(wrap_path("/srv/factory/claude/session.lock", 20), ["/srv/factory/claude/", "session.lock"]);
        assert_eq!(wrap_path(&"x".repeat(100), 20), ["x".repeat(20), format!("{}…{}", "x".repeat(10), "x".repeat(9))]);
    }
}
