//! What the last run found, kept in a file, and what became of that. Text in and out; reading and writing the file is
//! the command's. May use `finding`, `model` and the other parts of `report`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::kept::{NotKept, Tool, open};
use super::plan::{self, Name, judged, named, verdicts};
use crate::finding::{Before, Change, Comparison, End, Finding, Gone, Participant, Report, UNDETERMINED, Verdict};
use crate::model::Level;
use crate::rules::Severity;

/// The version of the file; one that means something else raises it.
const SCHEMA_VERSION: u64 = 1;

/// What a run found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    schema_version: u64,
    tool: Tool,
    /// When that was, in seconds since 1970.
    at: i64,
    findings: Vec<Known>,
    participants: Vec<Judged>,
    /// What could not be looked at, without numbers, which are others each time.
    gaps: Vec<String>,
}

/// A finding that counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    project: Option<String>,
    container: String,
    rule: String,
    severity: String,
    message: String,
    /// Who else it is about, by name: what is not seen of them may be why it is found no more.
    peers: Vec<String>,
    fingerprint: String,
    /// Since when it has been found, in seconds after 1970.
    since: i64,
}

/// A participant's verdict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    project: Option<String>,
    container: String,
    verdict: String,
}

/// Why a file is not what the last run kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// It is torn, or was never JSON.
    #[error("is not whole JSON (line {0})")]
    Torn(usize),
    /// It is something else.
    #[error("is not what `overlock report` keeps ({0})")]
    Foreign(String),
    /// Another release wrote it, in another form.
    #[error("was written by overlock {0}, in a form that this one does not know")]
    OtherVersion(String),
}

/// What a run could see.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The containers that are there.
    pub present: BTreeSet<Name>,
    /// Those of them that were not seen whole.
    pub partly: BTreeSet<Name>,
}

impl History {
    /// Reads the file's text.
    ///
    /// # Errors
    /// What it is instead.
    pub fn parse(text: &str) -> Result<Self, HistoryError> {
        let kept = open(text).map_err(|why| match why {
            NotKept::Torn(line) => HistoryError::Torn(line),
            NotKept::Unversioned => HistoryError::Foreign("it has no schema_version".to_owned()),
        })?;
        if kept.version != SCHEMA_VERSION {
            return Err(HistoryError::OtherVersion(kept.by));
        }
        serde_json::from_value(kept.whole).map_err(|_| HistoryError::Foreign("its fields are others".to_owned()))
    }

    /// The file's text.
    pub fn text(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// Holds a report against the last run, of which there may be none, and says what to keep for the next one. `now` is
    /// in seconds since 1970. What was not looked at is neither fixed nor gone.
    pub fn compare(last: Option<&Self>, report: &mut Report, seen: &Seen, now: i64) -> Self {
        let known: BTreeMap<String, &Known> =
            last.iter().flat_map(|last| &last.findings).map(|one| (one.matter(), one)).collect();
        for finding in &mut report.findings {
            let before = known.get(&matter(finding));
            finding.change = Some(before.map_or(Change::New, |before| Change::Kept(Some(before.since))));
        }
        let found: BTreeSet<String> = report.findings.iter().map(matter).collect();
        let blind = report.diagnostics.iter().any(|diagnostic| diagnostic.level != Level::Warning);
        let undetermined = report.findings.iter().filter(|finding| finding.rule == UNDETERMINED);
        let unsure: BTreeSet<Name> = undetermined.map(named).chain(seen.partly.iter().cloned()).collect();
        // A peer of another project is named with it.
        let whole = |name: &Name| Some(format!("{}/{}", name.0.as_ref()?, name.1));
        let peers: BTreeSet<String> =
            unsure.iter().flat_map(|name| [Some(name.1.clone()), whole(name)]).flatten().collect();
        let end = |one: &Known| {
            let name = (one.project.clone(), one.container.clone());
            match () {
                () if !seen.present.contains(&name) => End::Left,
                () if one.rule == UNDETERMINED && !blind => End::Fixed,
                () if blind || unsure.contains(&name) || one.peers.iter().any(|peer| peers.contains(peer)) => {
                    End::Unseen
                }
                () => End::Fixed,
            }
        };
        let missing = known.values().filter(|one| !found.contains(&one.matter()));
        let ended: Vec<(&Known, End)> = missing.map(|one| (*one, end(one))).collect();
        let mut gone: Vec<Gone> = ended.iter().map(|(one, end)| one.gone(*end)).collect();
        gone.sort_by(|a, b| (b.severity, &a.project, &a.container).cmp(&(a.severity, &b.project, &b.container)));

        let counted = report.findings.iter().filter(|finding| finding.suppressed.is_none());
        let mut findings: Vec<Known> = counted.map(|finding| Known::of(finding, now)).collect();
        // What was not looked at is remembered, so that it is not new when it is seen again.
        findings.extend(ended.iter().filter(|(_, end)| *end == End::Unseen).map(|(one, _)| (*one).clone()));
        findings.sort();
        let mut participants: Vec<Judged> = report.participants.iter().map(Judged::of).collect();
        participants.sort();
        let then = last.iter().flat_map(|last| &last.participants).filter_map(Judged::read);
        let verdicts = verdicts(then, report.participants.iter().map(judged));
        report.comparison = Some(Comparison {
            before: last.map_or(Before::Nothing, |last| Before::LastRun(last.at)),
            gone,
            verdicts,
            endangered: Vec::new(),
        });
        Self { schema_version: SCHEMA_VERSION, tool: Tool::own(), at: now, findings, participants, gaps: gaps(report) }
    }

    /// Whether a run has something to tell that the last one had not: findings that came, went or got another severity,
    /// and other things that could not be looked at.
    pub fn differs(&self, last: Option<&Self>) -> bool {
        let of = |history: &Self| -> BTreeSet<(String, String)> {
            history.findings.iter().map(|one| (one.matter(), one.severity.clone())).collect()
        };
        match last {
            None => !self.findings.is_empty() || !self.gaps.is_empty(),
            Some(last) => of(self) != of(last) || self.gaps != last.gaps,
        }
    }
}

/// Rules of which one takes the other's place as calls begin and end: a container that shares without the guard, and a
/// call in it that is seen to.
const UNGUARDED: [&str; 2] = ["unguarded-share", "unguarded-call"];

/// What a finding is about, from one run to the next.
fn matter(finding: &Finding) -> String {
    matter_of(&finding.rule, finding.project.as_deref(), &finding.container, &finding.fingerprint)
}

fn matter_of(rule: &str, project: Option<&str>, container: &str, fingerprint: &str) -> String {
    if UNGUARDED.contains(&rule) {
        return format!("unguarded {}/{container}", project.unwrap_or(""));
    }
    fingerprint.to_owned()
}

impl Known {
    fn matter(&self) -> String {
        matter_of(&self.rule, self.project.as_deref(), &self.container, &self.fingerprint)
    }

    fn of(finding: &Finding, now: i64) -> Self {
        Self {
            project: finding.project.clone(),
            container: finding.container.clone(),
            rule: finding.rule.clone(),
            severity: finding.severity.name().to_owned(),
            message: finding.message.clone(),
            peers: finding.peers.clone(),
            fingerprint: finding.fingerprint.clone(),
            since: match finding.change {
                Some(Change::Kept(Some(since))) => since,
                _ => now,
            },
        }
    }

    fn gone(&self, end: End) -> Gone {
        let all = [Severity::Note, Severity::Warning, Severity::Error];
        Gone {
            rule: self.rule.clone(),
            severity: all.into_iter().find(|one| one.name() == self.severity).unwrap_or(Severity::Warning),
            container: self.container.clone(),
            project: self.project.clone(),
            message: self.message.clone(),
            fingerprint: self.fingerprint.clone(),
            since: Some(self.since),
            end,
        }
    }
}

impl Judged {
    fn of(one: &Participant) -> Self {
        let (project, container) = (one.project.clone(), one.container.clone());
        Self { project, container, verdict: one.verdict.name().to_owned() }
    }

    /// As it was written; `None` where another release had other words.
    fn read(&self) -> Option<plan::Judged> {
        Some(((self.project.clone(), self.container.clone()), Verdict::named(&self.verdict)?))
    }
}

/// What could not be looked at, sorted. Numbers of processes and the like are taken out.
fn gaps(report: &Report) -> Vec<String> {
    let gaps = report.diagnostics.iter().filter(|diagnostic| diagnostic.level != Level::Warning);
    let mut gaps: Vec<String> = gaps.map(|gap| unnumbered(&gap.message)).collect();
    gaps.sort();
    gaps.dedup();
    gaps
}

fn unnumbered(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_ascii_digit() {
            true if out.ends_with('#') => {}
            true => out.push('#'),
            false => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Diagnostic;

    fn finding(container: &str, rule: &str) -> Finding {
        Finding { message: "m".to_owned(), fingerprint: format!("{container} {rule}"), ..Finding::of(rule, container) }
    }

    fn report(findings: &[(&str, &str)]) -> Report {
        let findings = findings.iter().map(|(container, rule)| finding(container, rule)).collect();
        Report { findings, ..Report::default() }
    }

    fn seen(present: &[&str], partly: &[&str]) -> Seen {
        let names = |names: &[&str]| names.iter().map(|name| (None, (*name).to_owned())).collect();
        Seen { present: names(present), partly: names(partly) }
    }

    fn ends(report: &Report) -> Vec<(String, End)> {
        let comparison = report.comparison.as_ref().unwrap();
        comparison.gone.iter().map(|gone| (gone.container.clone(), gone.end)).collect()
    }

    #[test]
    fn what_comes_stays_and_goes_is_told_apart() {
        let all = seen(&["a", "b", "c"], &[]);
        let mut first = report(&[("a", "r"), ("b", "r")]);
        let kept = History::compare(None, &mut first, &all, 100);
        assert_eq!(first.findings[0].change, Some(Change::New));
        assert_eq!(first.comparison.as_ref().unwrap().before, Before::Nothing);
        assert!(kept.differs(None));
        let mut second = report(&[("a", "r"), ("c", "r")]);
        let next = History::compare(Some(&kept), &mut second, &all, 200);
        assert_eq!(second.findings[0].change, Some(Change::Kept(Some(100))));
        assert_eq!(second.findings[1].change, Some(Change::New));
        assert_eq!(ends(&second), [("b".to_owned(), End::Fixed)]);
        assert!(next.differs(Some(&kept)));
        let mut third = report(&[("a", "r"), ("c", "r")]);
        let last = History::compare(Some(&next), &mut third, &all, 300);
        assert_eq!(third.findings[1].change, Some(Change::Kept(Some(200))));
        assert!(!last.differs(Some(&next)));
        assert_eq!(History::parse(&last.text()), Ok(last));
    }

    #[test]
    fn a_call_that_begins_and_ends_is_no_news_of_a_container_without_the_guard() {
        let all = seen(&["a"], &[]);
        let idle = History::compare(None, &mut report(&[("a", "unguarded-share")]), &all, 1);
        let mut called = report(&[("a", "unguarded-call")]);
        let busy = History::compare(Some(&idle), &mut called, &all, 2);
        assert_eq!(called.findings[0].change, Some(Change::Kept(Some(1))));
        assert_eq!((ends(&called), busy.differs(Some(&idle))), (Vec::new(), false));
        let mut gone = report(&[]);
        let last = History::compare(Some(&busy), &mut gone, &all, 3);
        assert_eq!((ends(&gone), last.differs(Some(&busy))), (vec![("a".to_owned(), End::Fixed)], true));
    }

    #[test]
    fn what_was_not_looked_at_is_not_resolved() {
        let first = History::compare(None, &mut report(&[("a", "r"), ("b", "r"), ("c", "r")]), &Seen::default(), 1);
        let mut next = report(&[]);
        let kept = History::compare(Some(&first), &mut next, &seen(&["a", "b"], &["a"]), 2);
        let expected = [("a", End::Unseen), ("b", End::Fixed), ("c", End::Left)];
        assert_eq!(ends(&next), expected.map(|(name, end)| (name.to_owned(), end)));
        // It is no news when it is seen again.
        let mut again = report(&[("a", "r")]);
        History::compare(Some(&kept), &mut again, &seen(&["a"], &[]), 3);
        assert_eq!(again.findings[0].change, Some(Change::Kept(Some(1))));
        // Nor is what is about somebody who was not looked at.
        let mut beside = report(&[("a", "r")]);
        beside.findings[0].peers = vec!["b".to_owned()];
        let about = History::compare(None, &mut beside, &Seen::default(), 1);
        let mut less = report(&[]);
        History::compare(Some(&about), &mut less, &seen(&["a", "b"], &["b"]), 2);
        assert_eq!(ends(&less), [("a".to_owned(), End::Unseen)]);
        let mut blind = report(&[]);
        blind.diagnostics.push(Diagnostic::about(Level::Gap, None, "process 12 of 34 hides"));
        let gap = History::compare(Some(&first), &mut blind, &seen(&["a", "b"], &[]), 2);
        assert_eq!(ends(&blind)[1], ("b".to_owned(), End::Unseen));
        assert_eq!(gap.gaps, ["process # of # hides"]);
    }

    #[test]
    fn what_is_torn_foreign_or_of_another_version_says_so() {
        let whole = History::compare(None, &mut report(&[("a", "r")]), &Seen::default(), 1).text();
        for at in 0..whole.trim_end().len() {
            assert!(matches!(History::parse(&whole[..at]), Err(HistoryError::Torn(_))), "{at}");
        }
        assert!(matches!(History::parse("{}"), Err(HistoryError::Foreign(_))));
        assert!(matches!(History::parse("{\"schema_version\": 1}"), Err(HistoryError::Foreign(_))));
        let other = whole.replace("\"schema_version\": 1", "\"schema_version\": 2").replace("0.1.0", "9.1.0");
        assert_eq!(History::parse(&other), Err(HistoryError::OtherVersion("9.1.0".to_owned())));
        assert!(matches!(History::parse("{\"schema_version\": 0}"), Err(HistoryError::OtherVersion(_))));
    }
}
