//! A line for each turn that `watch` sees (the schema is `docs/watch.schema.json`), for people and for programs. May use
//! `finding`.

use std::io;

use serde::Serialize;

use super::json::{self, JsonFinding, json_finding};
use super::safe::safe;
use crate::finding::{Basis, Finding, Hit, Report, Verdict};
use crate::text::{Sources, rfc3339_text};

/// The version of the contract; a field that changes its meaning or goes away raises it.
const SCHEMA_VERSION: u32 = 2;

/// What became of a container.
#[derive(Debug, Clone, Copy)]
pub struct WatchEvent<'a> {
    /// When, in nanoseconds since 1970.
    pub at: i64,
    /// What it was.
    pub kind: WatchEventKind,
    /// The container's name; `None` where a login changed and no container is known to be why.
    pub container: Option<&'a str>,
    /// Its id; `None` for the host's own user.
    pub id: Option<&'a str>,
    /// Its project.
    pub project: Option<&'a str>,
    /// Its image.
    pub image: Option<&'a str>,
    /// What it was judged by.
    pub seen_by: Option<SeenBy>,
    /// The verdict now; of one that is gone the last one.
    pub verdict: Verdict,
    /// What that rests on.
    pub basis: Basis,
    /// The verdict that was told before.
    pub before: Option<Verdict>,
    /// Why it is sound; empty where findings say what is wrong.
    pub reason: &'a str,
    /// What is wrong with the container, as indices in the hits of the report.
    pub hits: &'a [usize],
    /// The logins that it uses, by id.
    pub logins: &'a [String],
    /// The logins whose verdict is another one because of it.
    pub changes: &'a [LoginChange],
    /// What is wrong with it, and all that is wrong with the logins that it changed.
    pub findings: &'a [Finding],
    /// What could not be looked at.
    pub gaps: &'a [String],
}

/// A login whose verdict is another one than was told before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginChange {
    /// Its id, as in a report.
    pub id: String,
    /// Where it lives, for people.
    pub place: String,
    /// The verdict now; `None` where nobody uses it any more.
    pub verdict: Option<Verdict>,
    /// The verdict before; `None` where nobody used it.
    pub before: Option<Verdict>,
}

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchEventKind {
    /// It ran already when the watch began.
    Running,
    /// It was made.
    Created,
    /// It was started and had been made before: it ended in between, or nobody watched.
    Started,
    /// Its verdict or its findings are others now.
    Changed,
    /// It ended, or was removed.
    Gone,
}

impl WatchEventKind {
    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Created => "created",
            Self::Started => "started",
            Self::Changed => "changed",
            Self::Gone => "gone",
        }
    }
}

/// What a verdict rests on at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenBy {
    /// What the event tells: the container could not be inspected.
    Event,
    /// The engine's inspection.
    Engine,
    /// The kernel too.
    Kernel,
}

impl SeenBy {
    fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Engine => "engine",
            Self::Kernel => "kernel",
        }
    }
}

#[derive(Serialize)]
struct JsonWatchEvent<'a> {
    schema_version: u32,
    time: String,
    kind: &'a str,
    container: Option<&'a str>,
    id: Option<&'a str>,
    project: Option<&'a str>,
    image: Option<&'a str>,
    seen_by: Option<&'a str>,
    verdict: &'a str,
    basis: &'a str,
    before: Option<&'a str>,
    reason: Option<&'a str>,
    logins: &'a [String],
    changes: Vec<JsonLoginChange<'a>>,
    findings: Vec<JsonFinding<'a>>,
    gaps: &'a [String],
}

#[derive(Serialize)]
struct JsonLoginChange<'a> {
    login: &'a str,
    verdict: Option<&'a str>,
    before: Option<&'a str>,
}

impl<'a> JsonLoginChange<'a> {
    fn of(change: &'a LoginChange) -> Self {
        let (verdict, before) = (change.verdict.map(Verdict::name), change.before.map(Verdict::name));
        Self { login: &change.id, verdict, before }
    }
}

/// Writes an event as one line of JSON.
///
/// # Errors
/// What the stream says.
pub fn write_json(
    event: &WatchEvent<'_>,
    report: &Report,
    sources: &Sources,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let document = JsonWatchEvent {
        schema_version: SCHEMA_VERSION,
        time: rfc3339_text(event.at, true),
        kind: event.kind.name(),
        container: event.container,
        id: event.id,
        project: event.project,
        image: event.image,
        seen_by: event.seen_by.map(SeenBy::name),
        verdict: event.verdict.name(),
        basis: event.basis.name(),
        before: event.before.map(Verdict::name),
        reason: Some(event.reason).filter(|reason| !reason.is_empty()),
        logins: event.logins,
        changes: event.changes.iter().map(JsonLoginChange::of).collect(),
        findings: event.findings.iter().map(|finding| json_finding(finding, report, sources)).collect(),
        gaps: event.gaps,
    };
    json::write_line(&document, out)
}

/// Writes an event as one line for people.
///
/// # Errors
/// What the stream says.
pub fn write_text(event: &WatchEvent<'_>, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let project = event.project.map_or_else(String::new, |project| format!("{project}/"));
    let who = event.container.map_or_else(String::new, |container| format!(" {project}{container}"));
    let head = format!("{} {}{who}", rfc3339_text(event.at, false), event.kind.name());
    let mut told = Vec::new();
    if event.kind != WatchEventKind::Gone && event.container.is_some() {
        told.push(container_text(event, report));
    }
    told.extend(event.changes.iter().filter_map(|change| change_text(change, report)));
    for gap in event.gaps {
        if told.iter().all(|told| !told.contains(gap)) {
            told.push(format!("not inspected: {gap}"));
        }
    }
    let colon = if told.is_empty() { "" } else { ": " };
    writeln!(out, "{}", safe(&format!("{head}{colon}{}", told.join("; "))))
}

/// How a container stands: what is wrong with it in a clause for each finding, or why it is sound.
fn container_text(event: &WatchEvent<'_>, report: &Report) -> String {
    let before = event.before.filter(|before| *before != event.verdict);
    let before = before.map_or_else(String::new, |before| format!(" ({} before)", before.name()));
    let hits = event.hits.iter().filter_map(|at| report.hits.get(*at)).filter(|hit| hit.counts());
    let wrong: Vec<String> = hits.map(hit_text).collect();
    let verdict = event.basis.qualify(event.verdict);
    match (wrong.is_empty(), event.reason.is_empty()) {
        (true, true) => format!("{verdict}{before}"),
        (true, false) => format!("{verdict}{before}: {}", event.reason),
        (false, true) => format!("{}{before}", wrong.join("; ")),
        (false, false) => format!("{verdict}{before}: {}; {}", event.reason, wrong.join("; ")),
    }
}

fn hit_text(hit: &Hit) -> String {
    let detail = hit.detail();
    let detail = if detail.is_empty() { hit.message() } else { &detail };
    format!("{}[{}] {detail}", hit.severity().name(), hit.rule())
}

/// What became of a login; nothing where nobody uses it any more, or where the container's own verdict says it.
fn change_text(change: &LoginChange, report: &Report) -> Option<String> {
    let verdict = change.verdict?;
    if change.before.is_none() && verdict <= Verdict::Ok {
        return None;
    }
    let before = change.before.map_or_else(String::new, |before| format!(", {} before", before.name()));
    let login = report.logins.iter().find(|login| login.id == change.id);
    let worst = login.and_then(|login| login.findings.iter().find(|finding| report.counts(finding)));
    let worst = worst.filter(|_| verdict > Verdict::Ok);
    let message = worst.map_or_else(String::new, |finding| format!(": {}", finding.message));
    Some(format!("{} is {} now{before}{message}", change.place, verdict.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        let gaps = ["it was gone".to_owned()];
        let event = WatchEvent {
            at: 0,
            kind: WatchEventKind::Created,
            container: Some("a\nb\u{1b}"),
            id: None,
            project: Some("p"),
            image: None,
            seen_by: Some(SeenBy::Event),
            verdict: Verdict::Undetermined,
            basis: Basis::Seen,
            before: None,
            reason: "",
            hits: &[],
            logins: &[],
            changes: &[],
            findings: &[],
            gaps: &gaps,
        };
        let report = Report::default();
        let text = |event: &WatchEvent<'_>| {
            let mut text = Vec::new();
            write_text(event, &report, &mut text).unwrap();
            String::from_utf8(text).unwrap()
        };
        let told = "1970-01-01T00:00:00Z created p/a\\u{a}b\\u{1b}: undetermined; not inspected: it was gone\n";
        assert_eq!(text(&event), told);
        let change = |verdict, before| LoginChange { id: "x".to_owned(), place: "/srv/a".to_owned(), verdict, before };
        let freed = [change(Some(Verdict::Ok), Some(Verdict::Error))];
        let gone = WatchEvent { kind: WatchEventKind::Gone, gaps: &[], changes: &freed, ..event };
        assert_eq!(text(&gone), "1970-01-01T00:00:00Z gone p/a\\u{a}b\\u{1b}: /srv/a is ok now, error before\n");
        let unused = [change(None, Some(Verdict::Ok))];
        assert_eq!(
            text(&WatchEvent { changes: &unused, ..gone }),
            "1970-01-01T00:00:00Z gone p/a\\u{a}b\\u{1b}\n",
            "that nobody uses it any more is no news beside that"
        );
        let mut json = Vec::new();
        write_json(&event, &report, &Sources::default(), &mut json).unwrap();
        assert_eq!(String::from_utf8(json).unwrap().lines().count(), 1);
    }
}
