//! Texts of YAML files in which another program puts values between brackets before a shell has them. Uses `outer_text` and
//! `shell`.

use super::outer_text::OuterText;
use super::shell;
use crate::text::yaml::Node;
use crate::text::{FileId, Sources, TracedChar, TracedText};

/// The text of a scalar, each character with its place.
pub(super) fn scalar_text(node: &Node, sources: &Sources) -> Option<TracedText> {
    let scalar = node.as_scalar().filter(|_| !node.is_null())?;
    Some(shell::traced_scalar(&scalar.text, node.span, sources))
}

/// What a text between brackets stands for, that begins at a place.
type BracketValue<'a> = dyn FnMut(&str, Option<(FileId, u32)>) -> OuterText + 'a;

/// A text with what stands between brackets put in: `value` is asked what that is, and where it begins.
pub(super) fn put_in(text: &TracedText, [open, close]: [&str; 2], value: &mut BracketValue<'_>) -> OuterText {
    let mut put = OuterText::default();
    let mut rest: &[TracedChar] = &text.0;
    while let Some((first, after)) = rest.split_first() {
        let end = begins_with(rest, open).then(|| find(rest, close)).flatten();
        let Some(end) = end else {
            put.push_char(*first);
            rest = after;
            continue;
        };
        let inner: String = rest.get(open.len()..end).unwrap_or_default().iter().map(|traced| traced.ch).collect();
        put.push(&value(inner.trim(), first.at).placed_at(first.at));
        rest = rest.get(end + close.len()..).unwrap_or_default();
    }
    put
}

fn begins_with(text: &[TracedChar], wanted: &str) -> bool {
    wanted.chars().enumerate().all(|(number, ch)| text.get(number).is_some_and(|traced| traced.ch == ch))
}

/// Where a text is found, in what may be looked through for one bracket.
fn find(text: &[TracedChar], wanted: &str) -> Option<usize> {
    (0..text.len().min(2_000)).find(|at| begins_with(text.get(*at..).unwrap_or_default(), wanted))
}

/// What gives the shell a variable in its environment.
pub(super) fn export_text(name: &str, value: &OuterText) -> TracedText {
    let mut text = TracedText::plain(&format!("export {name}="));
    text.push(&value.to_quoted_shell());
    text.push(&TracedText::plain("\n"));
    text
}

/// What leads the shell into a directory.
pub(super) fn directory_text(directory: &OuterText) -> TracedText {
    let mut text = TracedText::plain("cd ");
    text.push(&directory.to_quoted_shell());
    text.push(&TracedText::plain("\n"));
    text
}
