//! `# overlock: ignore[rule] reason`: what a comment says, and which findings that is about.
//! May use `finding`, `model`, `ruleset` and `text`.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use crate::finding::{Finding, Suppressed, SuppressedBy};
use crate::model::{Container, Diagnostic, Level, clean};
use crate::ruleset::Ruleset;
use crate::text::{FileId, SourceFile, Sources, Span};

/// What a comment for this tool begins with. A file without it need not be searched.
pub const MARK: &str = "overlock:";

/// How it is written.
const FORM: &str = "write `# overlock: ignore[rule] reason`";

/// A line of a file, by the file's name: the same file may have been read twice.
type Line = (String, u32);

/// A container by its project and name.
type Named = (Option<String>, String);

/// A comment that ignores findings.
#[derive(Debug)]
struct Comment {
    span: Span,
    rules: Vec<String>,
    reason: String,
    /// The line that it is about.
    line: u32,
    /// For each rule whether it was needed.
    used: Vec<bool>,
}

/// All comments of a run.
#[derive(Debug, Default)]
pub struct Comments {
    all: Vec<Comment>,
    /// Which are about a line.
    at: HashMap<Line, Vec<usize>>,
    /// Which are about a container, that is described or started at their line.
    of: HashMap<Named, Vec<usize>>,
}

impl Comments {
    /// Takes in the comments of a file, each in bytes from its `#` on; gives what is wrong with them.
    pub fn add(
        &mut self,
        (id, file): (FileId, &SourceFile),
        found: &[Range<usize>],
        rules: &Ruleset,
    ) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        let own: Vec<u32> =
            found.iter().filter(|at| begins_line(file, at.start)).map(|at| file.position(at.start).line).collect();
        for range in found {
            let text = file.text().get(range.clone()).unwrap_or("").trim_end();
            let span =
                Span { file: id, start: file.position(range.start), end: file.position(range.start + text.len()) };
            let mut line = span.start.line;
            // Alone on its line, it is about the first line below that is no comment.
            while own.binary_search(&line).is_ok() {
                line = line.saturating_add(1);
            }
            match directive(text) {
                None => {}
                Some(Err(why)) => told.push(Diagnostic::at(Level::Error, span, why)),
                Some(Ok((named, reason))) => {
                    told.extend(
                        named
                            .iter()
                            .filter_map(|rule| rules.knows(rule).err())
                            .map(|why| Diagnostic::at(Level::Error, span, format!("this ignores nothing: {why}"))),
                    );
                    let known: Vec<String> =
                        named.into_iter().filter(|rule| rules.knows(rule).is_ok()).map(str::to_owned).collect();
                    self.at.entry((clean(file.name()), line)).or_default().push(self.all.len());
                    let used = vec![false; known.len()];
                    let reason = reason.to_owned();
                    self.all.push(Comment { span, rules: known, reason, line, used });
                }
            }
        }
        told
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Tells which containers are described or started where a comment is.
    pub fn place<'a>(&mut self, containers: impl IntoIterator<Item = &'a Container>, sources: &Sources) {
        if self.all.is_empty() {
            return;
        }
        for container in containers {
            if let Some(here) = self.at.get(&line(container.span, sources)) {
                self.of.entry((container.project.clone(), container.name.clone())).or_default().extend(here);
            }
        }
    }

    /// Why a comment suppresses a finding, if one does: at the line of one of its locations, or at its container.
    pub(super) fn suppresses(&mut self, finding: &Finding, sources: &Sources) -> Option<Suppressed> {
        if self.all.is_empty() {
            return None;
        }
        let lines = finding.locations.iter().map(|location| line(location.span, sources));
        let here = lines.filter_map(|line| self.at.get(&line)).flatten();
        let of = self.of.get(&(finding.project.clone(), finding.container.clone())).into_iter().flatten();
        let candidates: BTreeSet<usize> = here.chain(of).copied().collect();
        let mut found = None;
        for candidate in candidates {
            let Some(comment) = self.all.get_mut(candidate) else { continue };
            let Some(number) = comment.rules.iter().position(|rule| *rule == finding.rule) else { continue };
            comment.used.iter_mut().skip(number).take(1).for_each(|used| *used = true);
            found = found.or_else(|| {
                let reason = comment.reason.clone();
                Some(Suppressed { by: SuppressedBy::Comment, reason, span: Some(comment.span) })
            });
        }
        found
    }

    /// The comments that nothing needs.
    pub(super) fn idle(&self) -> impl Iterator<Item = Diagnostic> {
        self.all.iter().flat_map(|comment| {
            let idle = comment.rules.iter().zip(&comment.used).filter(|(_, used)| !**used);
            idle.map(|(rule, _)| {
                let message = format!("this ignores nothing: no `{rule}` is found at line {}; remove it", comment.line);
                Diagnostic::at(Level::Warning, comment.span, message)
            })
        })
    }
}

fn line(span: Span, sources: &Sources) -> Line {
    (clean(sources.get(span.file).name()), span.start.line)
}

fn begins_line(file: &SourceFile, at: usize) -> bool {
    let before = file.text().get(..at).unwrap_or("");
    let line = before.rsplit(['\n', '\r']).next().unwrap_or("");
    line.trim_start_matches('\u{feff}').trim().is_empty()
}

/// What a comment says to this tool: rules and a reason, or what is wrong; `None` where it says nothing to it.
fn directive(text: &str) -> Option<Result<(Vec<&str>, &str), String>> {
    let rest = text.trim_start_matches('#').trim_start().strip_prefix(MARK)?.trim_start();
    let Some(rest) = rest.strip_prefix("ignore") else {
        return Some(Err(format!("a comment that begins with `{MARK}` goes on with `ignore`; {FORM}")));
    };
    let listed = rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some((rules, reason)) = listed else {
        return Some(Err(format!("`ignore` wants its rules in brackets; {FORM}")));
    };
    let rules: Vec<&str> = rules.split(',').map(str::trim).collect();
    if rules.iter().any(|rule| rule.is_empty()) {
        return Some(Err(format!("`ignore` names a rule, or several with commas; {FORM}")));
    }
    let reason = reason.trim_start_matches(|ch: char| ch.is_whitespace() || matches!(ch, ':' | '-' | '–' | '—')).trim();
    if !reason.chars().any(char::is_alphanumeric) {
        return Some(Err(format!("`ignore` wants a reason after the brackets; {FORM}")));
    }
    Some(Ok((rules, reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Result<(Vec<&str>, &str), String>> {
        directive(text)
    }

    #[test]
    fn rules_and_a_reason_are_read() {
        let one = Some(Ok((vec!["home-mounted"], "it is meant")));
        assert_eq!(read("# overlock: ignore[home-mounted] it is meant"), one);
        assert_eq!(read("#overlock:ignore [ home-mounted ]: it is meant"), one);
        assert_eq!(read("## overlock: ignore[home-mounted] — it is meant"), one);
        assert_eq!(read("# overlock: ignore[a,b , c] x]y"), Some(Ok((vec!["a", "b", "c"], "x]y"))));
    }

    #[test]
    fn other_comments_say_nothing_and_wrong_ones_do_not_pass() {
        for other in ["# see overlock: ignore[a] b", "# overlock ignore[a] b", "# Overlock: x", "#", "# overlockd: x"] {
            assert_eq!(read(other), None, "{other}");
        }
        for wrong in [
            "# overlock:",
            "# overlock: ingore[a] b",
            "# overlock: ignore a b",
            "# overlock: ignore",
            "# overlock: ignore[a b",
            "# overlock: ignore[] b",
            "# overlock: ignore[a,] b",
            "# overlock: ignore[a]",
            "# overlock: ignore[a] -",
            "# overlock: ignore[a] \u{200b}…",
            "# overlock: ignores[a] b",
        ] {
            assert!(matches!(read(wrong), Some(Err(_))), "{wrong}: {:?}", read(wrong));
        }
    }

    #[test]
    fn a_comment_alone_is_about_the_next_line_that_is_none() {
        let text = "# overlock: ignore[home-mounted] a\n  # more\n# overlock: ignore[home-mounted] b\nx: 1 # overlock: ignore[home-mounted] c\r\ny: 2\n# overlock: ignore[home-mounted] d";
        let sources = Sources::default();
        let id = sources.add("./x.yaml", text);
        let rules = Ruleset::load(&sources, None).unwrap();
        let mut comments = Comments::default();
        let told = comments.add((id, &sources.get(id)), &crate::text::yaml_comments(text), &rules);
        assert!(told.is_empty(), "{told:?}");
        let about: Vec<(u32, &str)> = comments.all.iter().map(|one| (one.line, one.reason.as_str())).collect();
        assert_eq!(about, [(4, "a"), (4, "b"), (4, "c"), (7, "d")]);
        assert_eq!(comments.at.get(&("x.yaml".to_owned(), 4)).map(Vec::len), Some(3));
        assert_eq!(comments.idle().count(), 4);
    }

    #[test]
    fn a_rule_that_does_not_exist_is_told_and_the_others_are_kept() {
        let text = "# overlock: ignore[home-mountd, file-mount, é\u{1b}] x";
        let sources = Sources::default();
        let id = sources.add("x", text);
        let rules = Ruleset::load(&sources, None).unwrap();
        let mut comments = Comments::default();
        let told = comments.add((id, &sources.get(id)), std::slice::from_ref(&(0..text.len())), &rules);
        assert_eq!(told.len(), 2);
        assert!(told[0].message.contains("`home-mountd`; did you mean home-mounted?") && told[0].level == Level::Error);
        assert_eq!(comments.all[0].rules, ["file-mount"]);
    }
}
