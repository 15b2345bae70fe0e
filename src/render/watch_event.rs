//! A line for each turn that `watch` sees (the schema is `docs/watch.schema.json`), for people and for programs. May use
//! `finding`.

use std::io;

use serde::Serialize;

use super::json::{self, JsonSuppressed};
use super::safe::safe;
use crate::finding::{Basis, Hit, Verdict};
use crate::text::rfc3339_text;

/// The version of the contract; a field that changes its meaning or goes away raises it.
const SCHEMA_VERSION: u32 = 1;

/// What became of a container.
#[derive(Debug, Clone, Copy)]
pub struct WatchEvent<'a> {
    /// When, in nanoseconds since 1970.
    pub at: i64,
    /// What it was.
    pub kind: WatchEventKind,
    /// The container's name.
    pub container: &'a str,
    /// Its id; `None` for the host's own user.
    pub id: Option<&'a str>,
    /// Its project.
    pub project: Option<&'a str>,
    /// Its image.
    pub image: Option<&'a str>,
    /// What it was judged by.
    pub seen_by: SeenBy,
    /// The verdict now; of one that is gone the last one.
    pub verdict: Verdict,
    /// What that rests on.
    pub basis: Basis,
    /// The verdict that was told before.
    pub before: Option<Verdict>,
    /// Why it is sound; empty where findings say what is wrong.
    pub reason: &'a str,
    /// What is wrong, worst first.
    pub findings: &'a [Hit],
    /// What could not be looked at.
    pub gaps: &'a [String],
}

/// The kinds of turns.
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
    container: &'a str,
    id: Option<&'a str>,
    project: Option<&'a str>,
    image: Option<&'a str>,
    seen_by: &'a str,
    verdict: &'a str,
    basis: &'a str,
    before: Option<&'a str>,
    reason: Option<&'a str>,
    findings: Vec<JsonEventFinding<'a>>,
    gaps: &'a [String],
}

#[derive(Serialize)]
struct JsonEventFinding<'a> {
    rule: &'a str,
    severity: &'a str,
    confidence: &'a str,
    peers: Vec<&'a str>,
    message: &'a str,
    remedies: Vec<&'a str>,
    fingerprint: &'a str,
    suppressed: Option<JsonSuppressed<'a>>,
}

/// Writes a turn as one line of JSON.
///
/// # Errors
/// What the stream says.
pub fn write_json(turn: &WatchEvent<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let document = JsonWatchEvent {
        schema_version: SCHEMA_VERSION,
        time: rfc3339_text(turn.at, true),
        kind: turn.kind.name(),
        container: turn.container,
        id: turn.id,
        project: turn.project,
        image: turn.image,
        seen_by: turn.seen_by.name(),
        verdict: turn.verdict.name(),
        basis: turn.basis.name(),
        before: turn.before.map(Verdict::name),
        reason: Some(turn.reason).filter(|reason| !reason.is_empty()),
        findings: turn.findings.iter().map(finding).collect(),
        gaps: turn.gaps,
    };
    json::write_line(&document, out)
}

fn finding(finding: &Hit) -> JsonEventFinding<'_> {
    JsonEventFinding {
        rule: finding.rule(),
        severity: finding.severity().name(),
        confidence: finding.confidence().name(),
        peers: finding.peers(),
        message: finding.message(),
        remedies: finding.advice(),
        fingerprint: &finding.fingerprint,
        suppressed: json::json_suppressed(finding.suppressed.as_ref()),
    }
}

/// Writes a turn as one line for people.
///
/// # Errors
/// What the stream says.
pub fn write_text(turn: &WatchEvent<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let project = turn.project.map_or_else(String::new, |project| format!("{project}/"));
    let before = turn.before.map_or_else(String::new, |before| format!(" ({} before)", before.name()));
    let head = format!("{} {} {project}{}{before}", rfc3339_text(turn.at, false), turn.kind.name(), turn.container);
    let mut told = Vec::new();
    if turn.kind != WatchEventKind::Gone {
        let counted = turn.findings.iter().filter(|finding| finding.counts());
        told.extend(counted.map(|one| format!("{}[{}] {}", one.severity().name(), one.rule(), one.message())));
        if told.is_empty() || !turn.reason.is_empty() {
            let reason = if turn.reason.is_empty() { String::new() } else { format!(": {}", turn.reason) };
            told.insert(0, format!("{}{reason}", turn.basis.qualify(turn.verdict)));
        }
    }
    for gap in turn.gaps {
        if told.iter().all(|told| !told.contains(gap)) {
            told.push(format!("not inspected: {gap}"));
        }
    }
    let colon = if told.is_empty() { "" } else { ": " };
    writeln!(out, "{}", safe(&format!("{head}{colon}{}", told.join("; "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        let gaps = ["it was gone".to_owned()];
        let turn = WatchEvent {
            at: 0,
            kind: WatchEventKind::Created,
            container: "a\nb\u{1b}",
            id: None,
            project: Some("p"),
            image: None,
            seen_by: SeenBy::Event,
            verdict: Verdict::Undetermined,
            basis: Basis::Seen,
            before: None,
            reason: "",
            findings: &[],
            gaps: &gaps,
        };
        let mut text = Vec::new();
        write_text(&turn, &mut text).unwrap();
        let told = "1970-01-01T00:00:00Z created p/a\\u{a}b\\u{1b}: undetermined; not inspected: it was gone\n";
        assert_eq!(String::from_utf8(text).unwrap(), told);
        let gone = WatchEvent { kind: WatchEventKind::Gone, before: Some(Verdict::Ok), gaps: &[], ..turn };
        let mut text = Vec::new();
        write_text(&gone, &mut text).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "1970-01-01T00:00:00Z gone p/a\\u{a}b\\u{1b} (ok before)\n");
        let mut json = Vec::new();
        write_json(&turn, &mut json).unwrap();
        assert_eq!(String::from_utf8(json).unwrap().lines().count(), 1);
    }
}
