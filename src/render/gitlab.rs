//! GitLab's Code Quality report: an array of what is wrong, with paths, lines and fingerprints. It has no place for what
//! is suppressed. May use `finding` and `report`.
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
use super::phrases::{level_word, split_suppressed, using};
use super::safe::safe;
use super::source_place::{self, ShownPlace};
use crate::finding::{Hit, UNDETERMINED};
use crate::model::{Diagnostic, Level};
use crate::report::{diagnostic_fingerprints, text_fingerprint};
use crate::rules::{Confidence, Severity};
use crate::text::Span;

#[derive(Serialize)]
struct CodeViolation {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: CodeLocation,
}

#[derive(Serialize)]
struct CodeLocation {
    path: String,
    lines: CodeLines,
}

#[derive(Serialize)]
struct CodeLines {
    begin: u32,
    end: u32,
}

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (counted, _) = split_suppressed(given.report.sorted_hits().into_iter());
    let findings = counted.into_iter().map(|finding| finding_violation(finding, given));
    let prints = diagnostic_fingerprints(given.report, given.sources);
    let diagnostics =
        given.report.diagnostics.iter().zip(prints).map(|(one, print)| diagnostic_violation(one, print, given));
    let using = using(given.report).map(|using| configuration_violation(&using));
    json::write(&findings.chain(diagnostics).chain(using).collect::<Vec<_>>(), out)
}

fn finding_violation(finding: &Hit, given: &Given<'_>) -> CodeViolation {
    let severity = match (finding.severity(), finding.confidence()) {
        _ if finding.rule() == UNDETERMINED => "minor",
        (Severity::Error, Confidence::High) => "blocker",
        (Severity::Error, _) => "critical",
        (Severity::Warning, _) => "major",
        (Severity::Note, _) => "info",
    };
    let fix = finding.advice().first().map(|remedy| format!(" Fix: {remedy}")).unwrap_or_default();
    CodeViolation {
        description: safe(&format!("{}.{fix}", finding.message().trim_end_matches('.'))).into_owned(),
        check_name: finding.rule().to_owned(),
        fingerprint: finding.fingerprint.clone(),
        severity,
        location: violation_location(finding.primary(), None, given),
    }
}

fn diagnostic_violation(diagnostic: &Diagnostic, fingerprint: String, given: &Given<'_>) -> CodeViolation {
    let severity = match diagnostic.level {
        Level::Error => "blocker",
        Level::Gap => "major",
        Level::Warning => "info",
    };
    CodeViolation {
        description: safe(&format!("{}: {}", level_word(diagnostic), diagnostic.message)).into_owned(),
        check_name: "input".to_owned(),
        fingerprint,
        severity,
        location: violation_location(diagnostic.span, diagnostic.file.as_deref(), given),
    }
}

/// What people wrote that the run went by: it has no other place here. It is new to GitLab where it is not what it was.
fn configuration_violation(using: &str) -> CodeViolation {
    let line = CodeLines { begin: 1, end: 1 };
    CodeViolation {
        description: safe(&format!("using {using}")).into_owned(),
        check_name: "input".to_owned(),
        fingerprint: text_fingerprint("configuration", using),
        severity: "info",
        location: CodeLocation { path: "overlock".to_owned(), lines: line },
    }
}

/// GitLab drops what has no path and no line, so a running container stands as one.
fn violation_location(span: Option<Span>, file: Option<&str>, given: &Given<'_>) -> CodeLocation {
    let line = |path: String| CodeLocation { path, lines: CodeLines { begin: 1, end: 1 } };
    match (span.map(|span| ShownPlace::of(span, given)), file) {
        (Some(ShownPlace::File(spot)), _) => {
            let lines = CodeLines { begin: spot.span.start.line, end: spot.last_line };
            CodeLocation { path: safe(&spot.path).into_owned(), lines }
        }
        (Some(ShownPlace::Container { name, .. }), _) => line(format!("container/{}", safe(&name))),
        (_, Some(file)) => line(safe(&source_place::path(file, given.directory).0).into_owned()),
        (Some(ShownPlace::Nowhere(_)), None) => line("standard-input".to_owned()),
        (None, None) => line("overlock".to_owned()),
    }
}
