//! Which lines changed since a revision, and the hits that point at none of them. Asking git is the command's. May
//! use `finding` and `text`.

use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::finding::{Hit, Report, Suppressed, SuppressedBy};
use crate::text::{Sources, Span, narrow};

/// How many lines that differ are compared one by one; more of them count as changed together. Comparing takes time by
/// the square of it.
const MOST_COMPARED: usize = 10_000;

/// How much of a file changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// Everything, or nobody knows.
    Whole,
    /// These lines, first and last; none where nothing did.
    Lines(Vec<(u32, u32)>),
}

/// The lines of a file's text that are not as they were, first and last. Where lines were only taken away, those beside
/// the gap count as changed.
pub fn changed_lines(before: &[u8], after: &[u8]) -> Vec<(u32, u32)> {
    let (old, new) = (split_lines(before), split_lines(after));
    let start = old.iter().zip(&new).take_while(|(one, two)| one == two).count();
    let (old, new) = (old.get(start..).unwrap_or_default(), new.get(start..).unwrap_or_default());
    let same = old.iter().rev().zip(new.iter().rev()).take_while(|(one, two)| one == two).count();
    let old = old.get(..old.len() - same).unwrap_or_default();
    let new = new.get(..new.len() - same).unwrap_or_default();
    if old.len() + new.len() > MOST_COMPARED {
        return vec![line_range(start, new.len())];
    }
    let changed = capture_diff_slices(Algorithm::Myers, old, new).into_iter().filter(|op| op.tag() != DiffTag::Equal);
    changed.map(|op| op.new_range()).map(|range| line_range(start + range.start, range.len())).collect()
}

/// So many lines after so many others; where there are none, the two beside the gap.
fn line_range(before: usize, count: usize) -> (u32, u32) {
    if count == 0 { (narrow(before), narrow(before + 1)) } else { (narrow(before + 1), narrow(before + count)) }
}

/// The lines as they are counted in a position: a carriage return alone ends one too.
fn split_lines(text: &[u8]) -> Vec<&[u8]> {
    let (mut lines, mut rest) = (Vec::new(), text);
    while let Some(end) = line_end(rest) {
        let (line, after) = rest.split_at(end);
        lines.push(line);
        rest = after;
    }
    lines
}

/// Where the first line ends, with its line break; `None` where there is none.
fn line_end(text: &[u8]) -> Option<usize> {
    match text.iter().position(|byte| [b'\n', b'\r'].contains(byte)) {
        Some(at) if text.get(at..at + 2) == Some(b"\r\n") => Some(at + 2),
        Some(at) => Some(at + 1),
        None => Some(text.len()).filter(|length| *length > 0),
    }
}

/// Suppresses findings that point at nothing that changed, where nothing else does. What they rest on counts like what
/// they point at; one that points at no file counts always. `extent` tells how much of a file changed, by its name.
pub fn unchanged(report: &mut Report, since: &str, extent: &dyn Fn(&str) -> Extent, sources: &Sources) {
    for hit in report.hits.iter_mut().filter(|hit| hit.counts()) {
        let spans = spans(hit);
        let changed = |span: &Span| {
            let file = sources.get(span.file);
            file.teller(span.start.line).is_some() || overlaps(&extent(file.name()), *span)
        };
        if !spans.is_empty() && !spans.iter().any(changed) {
            let reason = format!("nothing that it points at has changed since {since}");
            hit.suppressed = Some(Suppressed { by: SuppressedBy::Unchanged, reason, span: None });
        }
    }
}

fn spans(hit: &Hit) -> Vec<Span> {
    let locations = hit.breaches.iter().flat_map(|breach| &breach.locations).map(|location| location.span);
    let evidence = hit.breaches.iter().flat_map(|breach| &breach.evidence).filter_map(|evidence| evidence.span);
    locations.chain(evidence).collect()
}

fn overlaps(extent: &Extent, span: Span) -> bool {
    // A block ends at the start of the line after it.
    let last = if span.end.column == 1 { span.end.line.saturating_sub(1) } else { span.end.line };
    let last = last.max(span.start.line);
    match extent {
        Extent::Whole => true,
        Extent::Lines(lines) => lines.iter().any(|(from, to)| *from <= last && span.start.line <= *to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(before: &str, after: &str) -> Vec<(u32, u32)> {
        changed_lines(before.as_bytes(), after.as_bytes())
    }

    #[test]
    fn changed_lines_are_told_and_a_gap_has_neighbours() {
        assert_eq!(changed("1\n2\na\n4\n", "1\n2\nb\nc\n4\n"), [(3, 4)]);
        assert_eq!(changed("1\n2\n3\n4\n", "1\n4\n"), [(1, 2)]);
        assert_eq!(changed("1\n2\n", "2\n"), [(0, 1)]);
        assert_eq!(changed("1\n2\n", "1\n"), [(1, 2)]);
        assert_eq!(changed("a\n2\nc\n4\n", "b\n2\nd\n4\ne\n"), [(1, 1), (3, 3), (5, 5)]);
        assert_eq!(changed("1\n2", "1\n2"), []);
        assert_eq!(changed("1\n2", "1\n2\n"), [(2, 2)], "the end of the last line is text");
        assert_eq!(changed("", ""), []);
    }

    #[test]
    fn lines_are_counted_as_in_a_position() {
        // To git these are two lines; to YAML, and to a finding's place, four.
        assert_eq!(changed("a\rb\rc\nd\n", "a\rb\rx\nd\n"), [(3, 3)]);
        assert_eq!(changed("a\r\nb\r\n", "a\r\nx\r\n"), [(2, 2)]);
        assert_eq!(changed("a\r", "a\rb"), [(2, 2)]);
    }

    #[test]
    fn bytes_that_are_no_text_differ_too() {
        assert_eq!(changed_lines(b"\xfe\nb\n", b"\xff\nb\n"), [(1, 1)]);
    }

    #[test]
    fn too_many_lines_to_compare_count_together() {
        let text = |word: &str| (0..MOST_COMPARED).map(|line| format!("{word}{line}\nsame\n")).collect::<String>();
        let last = narrow(MOST_COMPARED * 2);
        assert_eq!(changed(&format!("x\n{}", text("a")), &format!("x\n{}", text("b"))), [(2, last)]);
    }
}
