//! `# overlock: ignore[rule] reason`: what a comment says, and which findings that is about.
//! May use `finding`, `model`, `rules` and `text`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use crate::finding::{Breach, Influence, InfluenceKind, Suppressed, SuppressedBy};
use crate::model::{Container, ContainerId, Diagnostic, Level, clean};
use crate::rules::Ruleset;
use crate::text::{FileId, SourceFile, Sources, Span, quoted};

/// What a comment for this tool begins with. A file without it need not be searched.
pub const MARK: &str = "overlock:";

/// How it is written.
const FORM: &str = "write `# overlock: ignore[rule] reason`";

/// Comments of one file that are read.
const MANY: usize = 1000;

/// A line of a file, by the file's name: the same file may have been read twice.
type FileLine = (String, u32);

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
    /// For each line the rules that are ignored there, each with its comment: the first one that does.
    at: HashMap<FileLine, BTreeMap<String, usize>>,
    /// The lines where containers are described or started, and a comment is about that.
    of: HashMap<ContainerId, Vec<FileLine>>,
}

impl Comments {
    /// Takes in the comments of a file, each in bytes from its `#` on; gives what is wrong with them.
    pub fn add(&mut self, id: FileId, file: &SourceFile, found: &[Range<usize>], rules: &Ruleset) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        let about = about(file, found);
        let mut count = 0;
        for range in found {
            let text = file.text().get(range.clone()).unwrap_or("").trim_end();
            let Some(said) = directive(text) else { continue };
            let start = file.position(range.start);
            let span = Span { file: id, start, end: file.position(range.start + text.len()) };
            count += 1;
            if count > MANY {
                let why = format!("more than {MANY} comments of this kind; from here on they are not read");
                told.push(Diagnostic::at(Level::Error, span, why));
                break;
            }
            match said {
                Err(why) => told.push(Diagnostic::at(Level::Error, span, why)),
                Ok((named, reason)) => {
                    let mut known = Vec::new();
                    for rule in named {
                        match rules.knows(rule) {
                            Ok(()) => known.push(rule.to_owned()),
                            Err(why) => {
                                told.push(Diagnostic::at(Level::Error, span, format!("this ignores nothing: {why}")));
                            }
                        }
                    }
                    let line = about.get(&start.line).copied().unwrap_or(start.line);
                    let here = self.at.entry((clean(file.name()), line)).or_default();
                    for rule in &known {
                        here.entry(rule.clone()).or_insert(self.all.len());
                    }
                    let used = vec![false; known.len()];
                    self.all.push(Comment { span, rules: known, reason: reason.to_owned(), line, used });
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
            let line = line(container.span, sources);
            if self.at.contains_key(&line) {
                self.of.entry(container.container_id()).or_default().push(line);
            }
        }
    }

    /// Why a comment suppresses a breach, if one does: at the line of one of its locations, or at its container.
    pub(super) fn suppresses(&mut self, breach: &Breach, sources: &Sources) -> Option<Suppressed> {
        if self.all.is_empty() {
            return None;
        }
        let lines = breach.locations.iter().map(|location| line(location.span, sources));
        let of = self.of.get(&breach.container_id()).into_iter().flatten().cloned();
        let comment = |line: FileLine| self.at.get(&line)?.get(&breach.rule).copied();
        let found: BTreeSet<usize> = lines.chain(of).filter_map(comment).collect();
        let mut first = None;
        for number in found {
            let Some(comment) = self.all.get_mut(number) else { continue };
            if let Some((_, used)) = comment.rules.iter().zip(&mut comment.used).find(|(rule, _)| **rule == breach.rule)
            {
                *used = true;
            }
            let reason = || comment.reason.clone();
            first = first
                .or_else(|| Some(Suppressed { by: SuppressedBy::Comment, reason: reason(), span: Some(comment.span) }));
        }
        first
    }

    /// Each comment, the line that it is about, and a rule that it ignores there.
    pub(super) fn each(&self) -> impl Iterator<Item = (Span, u32, &str)> {
        self.all.iter().flat_map(|one| one.rules.iter().map(|rule| (one.span, one.line, rule.as_str())))
    }

    /// The files whose comments suppress something, with how many do.
    pub fn influences(&self, sources: &Sources) -> Vec<Influence> {
        let used = self.all.iter().filter(|comment| comment.used.contains(&true));
        let mut by_file: BTreeMap<String, usize> = BTreeMap::new();
        for comment in used {
            *by_file.entry(sources.get(comment.span.file).name().to_owned()).or_default() += 1;
        }
        let kind = InfluenceKind::Ignores;
        by_file.into_iter().map(|(file, entries)| Influence { file, kind, entries }).collect()
    }

    /// The comments that nothing needs.
    pub(super) fn idle(&self) -> impl Iterator<Item = Diagnostic> {
        self.all.iter().flat_map(|comment| {
            let idle = comment.rules.iter().zip(&comment.used).filter(|(_, used)| !**used);
            idle.map(|(rule, _)| {
                let message =
                    format!("this ignores nothing: no {} is found at line {}; remove it", quoted(rule), comment.line);
                Diagnostic::at(Level::Warning, comment.span, message).pressing().unneeded()
            })
        })
    }
}

/// What the comments of a text ignore: the line that each is about, and the rule, whether or not there is such a rule.
pub(super) fn ignored_lines(file: &SourceFile, found: &[Range<usize>]) -> Vec<(u32, String)> {
    let about = about(file, found);
    let mut all = Vec::new();
    for range in found {
        let text = file.text().get(range.clone()).unwrap_or("").trim_end();
        let Some(Ok((rules, _))) = directive(text) else { continue };
        let line = file.position(range.start).line;
        let line = about.get(&line).copied().unwrap_or(line);
        all.extend(rules.into_iter().map(|rule| (line, rule.to_owned())));
    }
    all
}

fn line(span: Span, sources: &Sources) -> FileLine {
    (clean(sources.get(span.file).name()), span.start.line)
}

/// For each line that is a comment and nothing else, the first one below that is none: that is what it is about.
fn about(file: &SourceFile, found: &[Range<usize>]) -> HashMap<u32, u32> {
    let mut about = HashMap::new();
    for range in found.iter().rev().filter(|range| begins_line(file, range.start)) {
        let line = file.position(range.start).line;
        let next = line.saturating_add(1);
        let below = about.get(&next).copied().unwrap_or(next);
        about.insert(line, below);
    }
    about
}

fn begins_line(file: &SourceFile, at: usize) -> bool {
    let before = file.text().get(..at).unwrap_or("");
    let line = before.rsplit(['\n', '\r']).next().unwrap_or("");
    line.trim_start_matches('\u{feff}').trim().is_empty()
}

/// What a comment says to this tool: rules and a reason, or what is wrong; `None` where it says nothing to it.
fn directive(text: &str) -> Option<Result<(Vec<&str>, &str), String>> {
    let words = match text.strip_prefix("/*").and_then(|text| text.strip_suffix("*/")) {
        Some(words) => words.trim(),
        // In JSON a comment begins with slashes.
        None => text.trim_start_matches(['#', '/']),
    };
    let rest = words.trim_start().strip_prefix(MARK)?.trim_start();
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
        assert_eq!(read("// overlock: ignore[home-mounted] it is meant"), one);
        assert_eq!(read("/* overlock: ignore[home-mounted] it is meant */"), one);
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
        let told = comments.add(id, &sources.get(id), &crate::text::yaml_comments(text), &rules);
        assert!(told.is_empty(), "{told:?}");
        let about: Vec<(u32, &str)> = comments.all.iter().map(|one| (one.line, one.reason.as_str())).collect();
        assert_eq!(about, [(4, "a"), (4, "b"), (4, "c"), (7, "d")]);
        assert_eq!(comments.at[&("x.yaml".to_owned(), 4)], BTreeMap::from([("home-mounted".to_owned(), 0)]));
        assert_eq!(comments.idle().count(), 4);
    }

    #[test]
    fn a_rule_that_does_not_exist_is_told_and_the_others_are_kept() {
        let text = "# overlock: ignore[home-mountd, file-mount, é\u{1b}] x";
        let sources = Sources::default();
        let id = sources.add("x", text);
        let rules = Ruleset::load(&sources, None).unwrap();
        let mut comments = Comments::default();
        let told = comments.add(id, &sources.get(id), std::slice::from_ref(&(0..text.len())), &rules);
        assert_eq!(told.len(), 2);
        assert!(told[0].message.contains("`home-mountd`; did you mean home-mounted?") && told[0].level == Level::Error);
        assert_eq!(comments.all[0].rules, ["file-mount"]);
    }

    #[test]
    fn a_file_of_comments_is_bounded() {
        let text = "# overlock: ignore[home-mounted] x\n".repeat(100_000);
        let sources = Sources::default();
        let id = sources.add("x", text.as_str());
        let rules = Ruleset::load(&sources, None).unwrap();
        let mut comments = Comments::default();
        let told = comments.add(id, &sources.get(id), &crate::text::yaml_comments(&text), &rules);
        assert_eq!((comments.all.len(), told.len(), comments.all[0].line), (MANY, 1, 100_001));
        assert!(told[0].message.contains("not read") && told[0].level == Level::Error);
    }
}
