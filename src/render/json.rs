//! The JSON contract (`DESIGN.md`, section 5; the schema is `docs/report.schema.json`). Field order is part of what
//! people diff, so it is fixed. May use `text`, `finding` and `report`.

use std::io;

use serde::Serialize;

use super::safe::escape_json;
use crate::finding::{
    Before, Change, Comparison, Evidence, Finding, Influence, Participant, PlaceName, Report, Verdict,
};
use crate::model::Level;
use crate::report::count;
use crate::text::{Sources, Span};

/// The version of the contract; a field that changes its meaning or goes away raises it.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
pub(super) struct JsonReport<'a> {
    schema_version: u32,
    participants: Vec<JsonParticipant<'a>>,
    findings: Vec<JsonFinding<'a>>,
    configuration: Vec<JsonInfluence<'a>>,
    diagnostics: Vec<JsonDiagnostic<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<JsonComparison<'a>>,
    summary: JsonSummary,
}

/// What people wrote that the run went by.
#[derive(Serialize)]
struct JsonInfluence<'a> {
    file: &'a str,
    kind: &'static str,
    entries: usize,
}

/// What the report was held against, by `preflight` and `report`.
#[derive(Serialize)]
struct JsonComparison<'a> {
    before: &'static str,
    at: Option<i64>,
    gone: Vec<JsonGone<'a>>,
    verdicts: Vec<JsonVerdicts<'a>>,
    endangered: Vec<JsonEndangered<'a>>,
}

#[derive(Serialize)]
struct JsonGone<'a> {
    rule: &'a str,
    severity: &'a str,
    container: &'a str,
    project: Option<&'a str>,
    message: &'a str,
    fingerprint: &'a str,
    since: Option<i64>,
    end: &'a str,
}

#[derive(Serialize)]
struct JsonVerdicts<'a> {
    container: &'a str,
    project: Option<&'a str>,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonEndangered<'a> {
    container: &'a str,
    project: Option<&'a str>,
    by: &'a [String],
}

/// How a finding stands to what was before.
#[derive(Serialize)]
struct JsonChange {
    state: &'static str,
    since: Option<i64>,
}

#[derive(Serialize)]
struct JsonParticipant<'a> {
    container: &'a str,
    project: Option<&'a str>,
    origin: &'a str,
    program: &'a str,
    state_dir: &'a str,
    place: JsonPlace<'a>,
    peers: &'a [String],
    peer_count: usize,
    role: &'a str,
    auth: &'a str,
    scope: &'a str,
    access: &'a str,
    version: Option<&'a str>,
    internal_lock: JsonInternalLock<'a>,
    guard: JsonGuard<'a>,
    verdict: &'a str,
    basis: &'static str,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct JsonPlace<'a> {
    kind: &'a str,
    filesystem: Option<&'a str>,
    path: &'a str,
}

#[derive(Serialize)]
struct JsonInternalLock<'a> {
    state: &'a str,
    locks: Vec<JsonLock<'a>>,
}

#[derive(Serialize)]
struct JsonLock<'a> {
    path: &'a str,
    place: JsonPlace<'a>,
}

#[derive(Serialize)]
struct JsonGuard<'a> {
    state: &'a str,
    path: Option<&'a str>,
    place: Option<JsonPlace<'a>>,
    evidence: Vec<JsonProof<'a>>,
}

/// Evidence with the place that shows it.
#[derive(Serialize)]
struct JsonProof<'a> {
    kind: &'a str,
    text: &'a str,
    location: Option<JsonLocation>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'a str,
    severity: &'a str,
    confidence: &'a str,
    container: &'a str,
    project: Option<&'a str>,
    peers: &'a [String],
    message: &'a str,
    remedies: &'a [String],
    locations: Vec<JsonLocation>,
    evidence: Vec<JsonEvidence<'a>>,
    fingerprint: &'a str,
    suppressed: Option<JsonSuppressed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<JsonChange>,
}

#[derive(Serialize)]
pub(super) struct JsonSuppressed<'a> {
    by: &'a str,
    reason: &'a str,
}

/// In a file, or a fact that the engine or the kernel told of a running container.
#[derive(Serialize)]
#[serde(untagged)]
enum JsonLocation {
    File { file: String, line: u32, column: u32, end_line: u32, end_column: u32, role: &'static str },
    Container { container: String, fact: String, role: &'static str },
}

#[derive(Serialize)]
struct JsonEvidence<'a> {
    kind: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct JsonDiagnostic<'a> {
    severity: &'static str,
    message: &'a str,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
}

#[derive(Serialize)]
struct JsonSummary {
    participants: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    undetermined: usize,
    suppressed: usize,
}

/// Writes a document as JSON, indented, with a line end.
///
/// # Errors
/// What the stream says.
pub fn write(document: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    writeln!(out, "{}", escape_json(&text))
}

/// Writes a document as JSON in one line.
pub(super) fn write_line(document: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let text = serde_json::to_string(document)?;
    writeln!(out, "{}", escape_json(&text))
}

/// The name of a diagnostic's level.
pub(super) fn level_key(level: Level) -> &'static str {
    match level {
        Level::Warning => "warning",
        Level::Gap => "gap",
        Level::Error => "error",
    }
}

pub(super) fn json_report<'a>(report: &'a Report, sources: &Sources) -> JsonReport<'a> {
    let counts = count(report);
    JsonReport {
        schema_version: SCHEMA_VERSION,
        participants: report.participants.iter().map(|one| json_participant(one, sources)).collect(),
        findings: report.findings.iter().map(|finding| json_finding(finding, sources)).collect(),
        configuration: report.configuration.iter().map(json_influence).collect(),
        diagnostics: report
            .diagnostics
            .iter()
            .map(|diagnostic| JsonDiagnostic {
                severity: level_key(diagnostic.level),
                message: &diagnostic.message,
                file: diagnostic
                    .span
                    .map(|span| sources.get(span.file).name().to_owned())
                    .or_else(|| diagnostic.file.clone()),
                line: diagnostic.span.map(|span| span.start.line),
                column: diagnostic.span.map(|span| span.start.column),
            })
            .collect(),
        comparison: report.comparison.as_ref().map(json_comparison),
        summary: JsonSummary {
            participants: report.participants.iter().filter(|one| one.verdict != Verdict::NotAParticipant).count(),
            errors: counts.errors,
            warnings: counts.warnings,
            notes: counts.notes,
            undetermined: counts.undetermined,
            suppressed: counts.suppressed,
        },
    }
}

fn json_influence(one: &Influence) -> JsonInfluence<'_> {
    JsonInfluence { file: &one.file, kind: one.kind.name(), entries: one.entries }
}

fn json_comparison(comparison: &Comparison) -> JsonComparison<'_> {
    let (before, at) = match comparison.before {
        Before::LastRun(at) => ("last-run", Some(at)),
        Before::Nothing => ("nothing", None),
        Before::Running => ("running", None),
    };
    let gone = comparison.gone.iter().map(|one| JsonGone {
        rule: &one.rule,
        severity: one.severity.name(),
        container: &one.container,
        project: one.project.as_deref(),
        message: &one.message,
        fingerprint: &one.fingerprint,
        since: one.since,
        end: one.end.name(),
    });
    let verdicts = comparison.verdicts.iter().map(|one| JsonVerdicts {
        container: &one.container,
        project: one.project.as_deref(),
        before: one.before.map(Verdict::name),
        after: one.after.map(Verdict::name),
    });
    let endangered = comparison.endangered.iter().map(|one| JsonEndangered {
        container: &one.container,
        project: one.project.as_deref(),
        by: &one.by,
    });
    JsonComparison { before, at, gone: gone.collect(), verdicts: verdicts.collect(), endangered: endangered.collect() }
}

fn json_participant<'a>(one: &'a Participant, sources: &Sources) -> JsonParticipant<'a> {
    JsonParticipant {
        container: &one.container,
        project: one.project.as_deref(),
        origin: one.origin,
        program: &one.program,
        state_dir: &one.state_dir,
        place: json_place(&one.place),
        peers: &one.peers,
        peer_count: one.peer_count,
        role: one.role,
        auth: one.auth,
        scope: one.scope,
        access: one.access,
        version: one.version.as_deref(),
        internal_lock: JsonInternalLock {
            state: one.internal_lock,
            locks: one.locks.iter().map(|lock| JsonLock { path: &lock.path, place: json_place(&lock.place) }).collect(),
        },
        guard: JsonGuard {
            state: one.guard,
            path: one.guard_path.as_deref(),
            place: one.guard_place.as_ref().map(json_place),
            evidence: one.guard_evidence.iter().map(|evidence| json_proof(evidence, sources)).collect(),
        },
        verdict: one.verdict.name(),
        basis: one.basis.name(),
        reason: Some(one.reason.as_str()).filter(|reason| !reason.is_empty()),
    }
}

pub(super) fn json_place(name: &PlaceName) -> JsonPlace<'_> {
    JsonPlace { kind: name.kind, filesystem: name.filesystem.as_deref(), path: &name.path }
}

fn json_finding<'a>(finding: &'a Finding, sources: &Sources) -> JsonFinding<'a> {
    let roles = std::iter::once("primary").chain(std::iter::repeat("related"));
    JsonFinding {
        rule: &finding.rule,
        severity: finding.severity.name(),
        confidence: finding.confidence.name(),
        container: &finding.container,
        project: finding.project.as_deref(),
        peers: &finding.peers,
        message: &finding.message,
        remedies: &finding.remedies,
        locations: finding
            .locations
            .iter()
            .zip(roles)
            .map(|(at, role)| json_location(at.span, role, sources))
            .collect(),
        evidence: finding
            .evidence
            .iter()
            .map(|evidence| JsonEvidence { kind: evidence.kind.name(), text: &evidence.text })
            .collect(),
        fingerprint: &finding.fingerprint,
        suppressed: json_suppressed(finding),
        change: finding.change.map(|change| match change {
            Change::New => JsonChange { state: "new", since: None },
            Change::Kept(since) => JsonChange { state: "kept", since },
        }),
    }
}

pub(super) fn json_suppressed(finding: &Finding) -> Option<JsonSuppressed<'_>> {
    finding.suppressed.as_ref().map(|one| JsonSuppressed { by: one.by.name(), reason: &one.reason })
}

fn json_proof<'a>(evidence: &'a Evidence, sources: &Sources) -> JsonProof<'a> {
    let location = evidence.span.map(|span| json_location(span, "related", sources));
    JsonProof { kind: evidence.kind.name(), text: &evidence.text, location }
}

fn json_location(span: Span, role: &'static str, sources: &Sources) -> JsonLocation {
    let file = sources.get(span.file);
    let name = file.name().to_owned();
    if file.teller(span.start.line).is_some() {
        return JsonLocation::Container { container: name, fact: file.line(span.start.line).to_owned(), role };
    }
    JsonLocation::File {
        file: name,
        line: span.start.line,
        column: span.start.column,
        end_line: span.end.line,
        end_column: span.end.column,
        role,
    }
}
