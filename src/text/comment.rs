//! The comments of a YAML file, by YAML's rules: a `#` after a blank or at the beginning of a line, outside of every
//! scalar. Uses nothing else of this crate. Beside `text::yaml` the only home of the parser, which gives no comments.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};

/// Levels of nesting that are followed, as for a tree.
const DEPTH: usize = 128;

/// The comments of a YAML text, each in bytes from its `#` to the end of its line. Of a text that is not YAML those
/// before the mistake.
pub fn yaml_comments(text: &str) -> Vec<Range<usize>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let skipped = text.len() - body.len();
    let chars: Vec<(usize, char)> = body.char_indices().collect();
    let (scalars, end) = scalars(body, &chars);
    let mut scalars = scalars.into_iter().peekable();
    let mut found = Vec::new();
    let mut all = chars.iter().enumerate().take(end).peekable();
    let mut before = '\n';
    while let Some((number, (at, ch))) = all.next() {
        while scalars.next_if(|scalar| scalar.end <= number).is_some() {}
        let inside = scalars.peek().is_some_and(|scalar| scalar.contains(&number));
        if *ch == '#' && !inside && matches!(before, ' ' | '\t' | '\n' | '\r') {
            while all.next_if(|(_, (_, ch))| !matches!(ch, '\n' | '\r')).is_some() {}
            let stop = all.peek().map_or(body.len(), |(_, (stop, _))| *stop);
            found.push(at + skipped..stop + skipped);
        }
        before = *ch;
    }
    found
}

/// Where scalars stand, in characters and in order, and up to where the text could be read.
fn scalars(text: &str, chars: &[(usize, char)]) -> (Vec<Range<usize>>, usize) {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, marks) = match event {
            Ok(event) => event,
            Err(error) => return (found, error.marker().index()),
        };
        let range = marks.start.index()..marks.end.index();
        match event {
            Event::Scalar(_, ScalarStyle::DoubleQuoted, ..) => found.push(quoted('"', range, chars)),
            Event::Scalar(_, ScalarStyle::SingleQuoted, ..) => found.push(quoted('\'', range, chars)),
            Event::Scalar(..) => found.push(range),
            Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return (found, marks.start.index());
        }
    }
    (found, usize::MAX)
}

/// A quoted scalar up to its closing quote: the parser's range goes on to what follows, comments included.
fn quoted(quote: char, range: Range<usize>, chars: &[(usize, char)]) -> Range<usize> {
    let at = |number: usize| chars.get(number).map(|(_, ch)| *ch);
    // An anchor or a tag may stand before it.
    let Some(open) = range.clone().find(|number| at(*number) == Some(quote)) else { return range };
    let mut number = open + 1;
    while number < range.end {
        match at(number) {
            Some('\\') if quote == '"' => number += 1,
            Some('\'') if quote == '\'' && at(number + 1) == Some('\'') => number += 1,
            Some(ch) if ch == quote => return range.start..number + 1,
            _ => {}
        }
        number += 1;
    }
    range
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(text: &str) -> Vec<&str> {
        yaml_comments(text).into_iter().map(|range| text.get(range).unwrap()).collect()
    }

    #[test]
    fn a_comment_follows_a_blank_and_is_in_no_scalar() {
        assert_eq!(comments("# one\na: b # two\n  # three\n\t# four"), ["# one", "# two", "# three", "# four"]);
        assert_eq!(comments("a: b#c\nd: [e, # f\n  g#h] # i\n"), ["# f", "# i"]);
        assert_eq!(comments("\u{feff}# é\na: ü # ö\r\nb: c # d\r"), ["# é", "# ö", "# d"]);
        assert_eq!(comments("a: plain\n  goes on # here\nb: *c\n"), ["# here"]);
    }

    #[test]
    fn strings_hold_none() {
        assert_eq!(comments(r#"a: "x # y" # z"#), ["# z"]);
        assert_eq!(comments(r#"a: "x \" # y" # z"#), ["# z"]);
        assert_eq!(comments("a: 'it''s # y' # z\nb: &c 'd # e' # f"), ["# z", "# f"]);
        assert_eq!(comments("a: \"x\n  # y\n  z\" # w\n"), ["# w"]);
        assert_eq!(comments("\"k # l\": v # w\n"), ["# w"]);
    }

    #[test]
    fn a_block_holds_none_but_its_header_and_what_follows_may() {
        let text =
            "a: | # head\n  echo # in\n\n  # in too\n# after\nb: >-\n  # in\n # out\nc:\n  - |\n    # in\n  # out\n";
        assert_eq!(comments(text), ["# head", "# after", "# out", "# out"]);
        assert_eq!(comments("a: |\n  x\n  # in"), Vec::<&str>::new());
        assert_eq!(comments("a: |\n\n  # in\nb: |2\n   # in\n"), Vec::<&str>::new());
    }

    #[test]
    fn what_is_no_yaml_is_read_up_to_the_mistake() {
        assert_eq!(comments("# a\nb: [\n# c\n}\n# d\n").first(), Some(&"# a"));
        assert!(!comments("a: \"x # y\n").contains(&"# y"));
        let _ = comments(&"[".repeat(100_000));
        let _ = comments(&"- ".repeat(100_000));
        let _ = comments("\u{feff}");
        let _ = comments("%YAML 1.1 # a\n--- # b\n...\n# c\n");
    }
}
