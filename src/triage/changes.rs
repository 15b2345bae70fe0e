//! What changed since a revision, and the findings that point at nothing of it. Reads what git prints; asking git is the
//! command's. May use `finding` and `text`.

use std::collections::BTreeMap;

use crate::finding::{Finding, Report, Suppressed, SuppressedBy};
use crate::text::{Sources, Span};

/// How much of a file changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// Everything, or nobody knows.
    Whole,
    /// These lines, first and last; none where nothing did.
    Lines(Vec<(u32, u32)>),
}

/// What changed, by file as it is named below the repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(BTreeMap<String, Vec<(u32, u32)>>);

impl Changes {
    /// Reads `git diff --unified=0 --src-prefix=a/ --dst-prefix=b/`. Where lines were only taken away, those beside the
    /// gap count as changed.
    ///
    /// # Errors
    /// A line that is not understood.
    pub fn parse(diff: &str) -> Result<Self, String> {
        let mut changes = BTreeMap::<String, Vec<(u32, u32)>>::new();
        let mut file = None;
        let mut lines = diff.split('\n');
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix("+++ ") {
                file = unquoted(name).and_then(|name| name.strip_prefix("b/").map(str::to_owned));
                if file.is_none() && name != "/dev/null" {
                    return Err(format!("git names a file in a way that is not known: {name}"));
                }
                continue;
            }
            let Some(head) = line.strip_prefix("@@ ") else { continue };
            let (old, new) = hunk(head).ok_or_else(|| format!("git gives a place that is not known: {head}"))?;
            if let Some(file) = &file {
                let range = match new.1 {
                    0 => (new.0, new.0.saturating_add(1)),
                    count => (new.0, new.0.saturating_add(count - 1)),
                };
                changes.entry(file.clone()).or_default().push(range);
            }
            // Lines of the files: one may look like a line of git's own.
            for _ in 0..u64::from(old.1) + u64::from(new.1) {
                lines.next();
            }
        }
        Ok(Self(changes))
    }

    /// What changed of a file that git knows.
    pub fn of(&self, file: &str) -> Extent {
        Extent::Lines(self.0.get(file).cloned().unwrap_or_default())
    }

    /// Whether anything of a file did.
    pub fn touch(&self, file: &str) -> bool {
        self.0.contains_key(file)
    }
}

/// `-3,0 +4,2 @@ …`: first line and count, of the old file and of the new one.
fn hunk(head: &str) -> Option<((u32, u32), (u32, u32))> {
    let (ranges, _) = head.split_once(" @@")?;
    let (old, new) = ranges.split_once(' ')?;
    let range = |text: &str| {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    Some((range(old.strip_prefix('-')?)?, range(new.strip_prefix('+')?)?))
}

/// A name as git prints it: in quotes with escapes where it has strange characters, a tab after it where it has blanks.
fn unquoted(name: &str) -> Option<String> {
    let name = name.strip_suffix('\t').unwrap_or(name);
    let Some(inner) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Some(name.to_owned());
    };
    let mut bytes = Vec::new();
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            other @ (b'"' | b'\\') => other,
            first @ b'0'..=b'3' => {
                let digits = [first, rest.next()?, rest.next()?].map(|digit| digit.wrapping_sub(b'0'));
                digits.iter().try_fold(0_u8, |number, digit| number.checked_mul(8)?.checked_add(*digit))?
            }
            _ => return None,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Suppresses findings that point at nothing that changed, where nothing else does. What they rest on counts like what
/// they point at; one that points at no file counts always. `extent` tells how much of a file changed, by its name.
pub fn unchanged(report: &mut Report, since: &str, extent: &dyn Fn(&str) -> Extent, sources: &Sources) {
    for finding in report.findings.iter_mut().filter(|finding| finding.suppressed.is_none()) {
        let spans = spans(finding);
        let changed = |span: &Span| {
            let file = sources.get(span.file);
            file.teller(span.start.line).is_some() || overlaps(&extent(file.name()), *span)
        };
        if !spans.is_empty() && !spans.iter().any(changed) {
            let reason = format!("nothing that it points at has changed since {since}");
            finding.suppressed = Some(Suppressed { by: SuppressedBy::Unchanged, reason, span: None });
        }
    }
}

fn spans(finding: &Finding) -> Vec<Span> {
    let locations = finding.locations.iter().map(|location| location.span);
    locations.chain(finding.evidence.iter().filter_map(|evidence| evidence.span)).collect()
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

    fn lines(diff: &str, file: &str) -> Vec<(u32, u32)> {
        match Changes::parse(diff).unwrap().of(file) {
            Extent::Lines(lines) => lines,
            Extent::Whole => panic!("whole"),
        }
    }

    #[test]
    fn changed_lines_are_read_and_a_gap_has_neighbours() {
        let diff = "diff --git a/x.yaml b/x.yaml\nindex 1..2 100644\n--- a/x.yaml\n+++ b/x.yaml\n@@ -3 +3,2 @@ services:\n-a\n+b\n+c\n@@ -9,2 +10,0 @@\n-d\n-e\n";
        assert_eq!(lines(diff, "x.yaml"), [(3, 4), (10, 11)]);
        assert_eq!(lines(diff, "y.yaml"), []);
    }

    #[test]
    fn a_line_of_a_file_is_none_of_gits_own() {
        let diff = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a\n-@@ -7 +7 @@\n+++ b/y\n+@@ -8 +8 @@\n\\ No newline at end of file\n--- a/z\n+++ b/z\n@@ -0,0 +1 @@\n+z\n";
        assert_eq!((lines(diff, "x"), lines(diff, "y"), lines(diff, "z")), (vec![(1, 2)], vec![], vec![(1, 1)]));
    }

    #[test]
    fn strange_names_are_read() {
        let diff = |name: &str| format!("+++ {name}\n@@ -1 +1 @@\n-a\n+b\n");
        assert_eq!(lines(&diff("b/a b\t"), "a b"), [(1, 1)]);
        assert_eq!(lines(&diff("\"b/a\\\"\\\\\\t\\303\\251\""), "a\"\\\té"), [(1, 1)]);
        assert_eq!(lines(&diff("/dev/null"), "x"), []);
        for wrong in [
            "+++ c/x\n",
            "+++ \"b/\\9\"\n",
            "+++ \"b/\\777\"\n",
            "+++ b/x\n@@ what @@\n",
            "+++ b/x\n@@ -1 +99999999999 @@\n",
        ] {
            assert!(Changes::parse(wrong).is_err(), "{wrong}");
        }
    }
}
