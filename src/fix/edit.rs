//! Edits applied to a text. Pure.

use super::Edit;
use crate::text::SourceFile;

/// The text of a file after some edits; nothing where one does not fit it or two overlap.
pub fn apply_edits(file: &SourceFile, edits: &[Edit]) -> Option<String> {
    let mut places = Vec::with_capacity(edits.len());
    for edit in edits {
        places.push((file.offset(edit.span.start)?, file.offset(edit.span.end)?, edit.text.as_str()));
    }
    places.sort_unstable();
    let (mut text, mut done) = (String::with_capacity(file.text().len()), 0);
    for (start, end, new) in places {
        text.push_str(file.text().get(done..start)?);
        text.push_str(new);
        done = end.max(start);
    }
    text.push_str(file.text().get(done..)?);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Pos, Sources, Span};

    #[test]
    fn edits_are_put_in_by_place_and_must_not_overlap() {
        let sources = Sources::default();
        let id = sources.add("x", "ü: a\r\nb: c\r\n");
        let edit = |line, from, to, text: &str| {
            let pos = |column| Pos { line, column };
            Edit { span: Span { file: id, start: pos(from), end: pos(to) }, text: text.to_owned() }
        };
        let of = |edits: &[Edit]| apply_edits(&sources.get(id), edits);
        assert_eq!(of(&[edit(2, 4, 5, "dd"), edit(1, 4, 5, "")]).as_deref(), Some("ü: \r\nb: dd\r\n"));
        assert_eq!(of(&[edit(1, 1, 4, "x"), edit(1, 2, 5, "y")]), None);
        assert_eq!(of(&[edit(9, 1, 1, "x")]), None);
    }
}
