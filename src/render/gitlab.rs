//! GitLab's Code Quality report: an array with an entry for each hit that counts, with path, line and fingerprint. It has
//! no place for what is suppressed, nor for a file that there is a clean answer without. May use `finding` and `report`.
//!
//! | GitLab | is |
//! | --- | --- |
//! | blocker | an error of high confidence; input that could not be read |
//! | critical | an error of lower confidence |
//! | major | a warning; what could not be inspected; a file that was not judged and counts |
//! | minor | undetermined |
//! | info | a note; a warning about the input |

use std::io;

use serde::Serialize;

use super::Given;
use super::accepted_files::accepted_file_lines;
use super::finding_lines::{also_sentences, remedy_sentence};
use super::hit_rows::hit_name;
use super::json;
use super::phrases::{level_word, using};
use super::placed_hit::{PlacedHit, place_hits};
use super::safe::safe;
use super::seen_files::{UnreadFiles, not_judged_text};
use super::source_place::{self, ShownPlace};
use crate::finding::{Finding, UNDETERMINED};
use crate::model::{Diagnostic, Level, NotJudgedFile};
use crate::report::{diagnostic_fingerprints, text_fingerprint};
use crate::rules::{Confidence, Severity};
use crate::text::Span;

/// How many other hits of a finding are named.
const OTHERS: usize = 8;

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
    let report = given.report;
    let mut violations = Vec::new();
    for (_, finding) in report.sorted_findings() {
        let mut placed = place_hits(finding, report);
        placed.retain(|one| one.hit.counts());
        violations.extend(placed.iter().map(|one| hit_violation(one, finding, &placed, given)));
    }
    let prints = diagnostic_fingerprints(report, given.sources);
    violations
        .extend(report.diagnostics.iter().zip(prints).map(|(one, print)| diagnostic_violation(one, print, given)));
    violations
        .extend(UnreadFiles::beside_problems(given).counting.into_iter().map(|one| not_judged_violation(one, given)));
    violations.extend(using(report).map(|using| configuration_violation("using", &using)));
    let accepted = accepted_file_lines(report, given.sources);
    violations.extend(accepted.iter().map(|line| configuration_violation("accepted", line)));
    json::write(&violations, out)
}

/// A hit, with the others of its finding named: GitLab shows each alone, and a new one as new.
fn hit_violation(
    placed: &PlacedHit<'_>,
    finding: &Finding,
    others: &[PlacedHit<'_>],
    given: &Given<'_>,
) -> CodeViolation {
    let hit = placed.hit;
    let severity = match (hit.severity(), hit.confidence()) {
        _ if hit.family == UNDETERMINED => "minor",
        (Severity::Error, Confidence::High) => "blocker",
        (Severity::Error, _) => "critical",
        (Severity::Warning, _) => "major",
        (Severity::Note, _) => "info",
    };
    let mut sentences = vec![hit.message().to_owned()];
    sentences.extend(also_sentences(hit));
    let mut named: Vec<String> = others
        .iter()
        .filter(|other| other.number != placed.number)
        .take(OTHERS)
        .map(|other| hit_name(other.hit))
        .collect();
    let more = others.len().saturating_sub(1 + named.len());
    named.extend((more > 0).then(|| format!("and {more} more")));
    if !named.is_empty() {
        sentences.push(format!("Also concerned: {}", named.join(", ")));
    }
    let remedy = finding.remedies.iter().find(|remedy| remedy.ends.contains(&placed.number));
    sentences.extend(remedy.map(|remedy| format!("Fix: {}", remedy_sentence(remedy, &[hit], given))));
    let sentences = sentences.iter().map(|sentence| format!("{}.", sentence.trim_end_matches('.')));
    CodeViolation {
        description: safe(&sentences.collect::<Vec<_>>().join(" ")).into_owned(),
        check_name: hit.rule().to_owned(),
        fingerprint: hit.fingerprint.clone(),
        severity,
        location: violation_location(placed.span, None, given),
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

/// A file that may describe what nobody looked at. It stays the same one while it is not judged, whatever the reason.
fn not_judged_violation(one: &NotJudgedFile, given: &Given<'_>) -> CodeViolation {
    CodeViolation {
        description: safe(&not_judged_text(one)).into_owned(),
        check_name: "input".to_owned(),
        fingerprint: text_fingerprint(&format!("not judged {}", one.kind), &one.file),
        severity: "major",
        location: violation_location(None, Some(&one.file), given),
    }
}

/// What people wrote that the run went by: it has no other place here. It is new to GitLab where it is not what it was.
fn configuration_violation(what: &str, line: &str) -> CodeViolation {
    let text = format!("{what} {line}");
    let lines = CodeLines { begin: 1, end: 1 };
    CodeViolation {
        description: safe(&text).into_owned(),
        check_name: "input".to_owned(),
        fingerprint: text_fingerprint("configuration", if what == "using" { line } else { &text }),
        severity: "info",
        location: CodeLocation { path: "overlock".to_owned(), lines },
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
