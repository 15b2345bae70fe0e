//! GitLab's Code Quality report: an array of what is wrong, with paths, lines and fingerprints. It has no place for what
//! is suppressed. May use `finding` and `triage`.
//!
//! | GitLab | is |
//! | --- | --- |
//! | blocker | an error of high confidence; input that could not be read |
//! | critical | an error of lower confidence |
//! | major | a warning; what could not be inspected |
//! | minor | undetermined |
//! | info | a note; a warning about the input |

use std::io;

use serde::Serialize;

use super::Given;
use super::json;
use super::place::{self, Place};
use super::safe::safe;
use super::words::{level, told_apart, using};
use crate::finding::{Finding, UNDETERMINED};
use crate::model::{Diagnostic, Level};
use crate::ruleset::{Confidence, Severity};
use crate::text::Span;
use crate::triage::{diagnostic_fingerprints, text_fingerprint};

#[derive(Serialize)]
struct Violation {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (counted, _) = told_apart(given.report.findings.iter());
    let findings = counted.into_iter().map(|finding| violation(finding, given));
    let prints = diagnostic_fingerprints(given.report, given.sources);
    let diagnostics = given.report.diagnostics.iter().zip(prints).map(|(one, print)| problem(one, print, given));
    let using = using(given.report).map(|using| configuration(&using));
    json::write(&findings.chain(diagnostics).chain(using).collect::<Vec<_>>(), out)
}

fn violation(finding: &Finding, given: &Given<'_>) -> Violation {
    let severity = match (finding.severity, finding.confidence) {
        _ if finding.rule == UNDETERMINED => "minor",
        (Severity::Error, Confidence::High) => "blocker",
        (Severity::Error, _) => "critical",
        (Severity::Warning, _) => "major",
        (Severity::Note, _) => "info",
    };
    let fix = finding.remedies.first().map(|remedy| format!(" Fix: {remedy}")).unwrap_or_default();
    Violation {
        description: safe(&format!("{}.{fix}", finding.message.trim_end_matches('.'))).into_owned(),
        check_name: finding.rule.clone(),
        fingerprint: finding.fingerprint.clone(),
        severity,
        location: location(finding.primary(), None, given),
    }
}

fn problem(diagnostic: &Diagnostic, fingerprint: String, given: &Given<'_>) -> Violation {
    let severity = match diagnostic.level {
        Level::Error => "blocker",
        Level::Gap => "major",
        Level::Warning => "info",
    };
    Violation {
        description: safe(&format!("{}: {}", level(diagnostic), diagnostic.message)).into_owned(),
        check_name: "input".to_owned(),
        fingerprint,
        severity,
        location: location(diagnostic.span, diagnostic.file.as_deref(), given),
    }
}

/// What people wrote that the run went by: it has no other place here. It is new to GitLab where it is not what it was.
fn configuration(using: &str) -> Violation {
    let line = Lines { begin: 1, end: 1 };
    Violation {
        description: safe(&format!("using {using}")).into_owned(),
        check_name: "input".to_owned(),
        fingerprint: text_fingerprint("configuration", using),
        severity: "info",
        location: Location { path: "overlock".to_owned(), lines: line },
    }
}

/// GitLab drops what has no path and no line, so a running container stands as one.
fn location(span: Option<Span>, file: Option<&str>, given: &Given<'_>) -> Location {
    let line = |path: String| Location { path, lines: Lines { begin: 1, end: 1 } };
    match (span.map(|span| Place::of(span, given)), file) {
        (Some(Place::File(spot)), _) => {
            let lines = Lines { begin: spot.span.start.line, end: spot.last_line };
            Location { path: safe(&spot.path).into_owned(), lines }
        }
        (Some(Place::Container { name, .. }), _) => line(format!("container/{}", safe(&name))),
        (_, Some(file)) => line(safe(&place::path(file, given.directory).0).into_owned()),
        (Some(Place::Nowhere(_)), None) => line("standard-input".to_owned()),
        (None, None) => line("overlock".to_owned()),
    }
}
