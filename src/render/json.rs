//! The JSON contract (`DESIGN.md`, section 5; the schema is `docs/report.schema.json`). Field order is part of what
//! people diff, so it is fixed. May use `text`, `finding` and `report`.

use std::io;

use serde::Serialize;

use super::json_comparison::{JsonComparison, json_comparison};
use super::safe::escape_json;
use crate::finding::{
    AcceptedFiles, Breach, Evidence, Finding, Hit, Influence, Login, Participant, PlaceName, Remedy, Report,
    Suppressed, Verdict,
};
use crate::model::{Level, NotJudgedFile};
use crate::report::count;
use crate::text::{Sources, Span};

/// The version of the contract; a field that changes its meaning or goes away raises it.
const SCHEMA_VERSION: u32 = 2;

#[derive(Serialize)]
pub(super) struct JsonReport<'a> {
    schema_version: u32,
    logins: Vec<JsonLogin<'a>>,
    participants: Vec<JsonParticipant<'a>>,
    judged: Vec<JsonJudged<'a>>,
    not_judged: Vec<JsonNotJudged<'a>>,
    accepted: Vec<JsonAcceptedFiles<'a>>,
    configuration: Vec<JsonInfluence<'a>>,
    diagnostics: Vec<JsonDiagnostic<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<JsonComparison<'a>>,
    summary: JsonSummary,
}

/// A file that was judged.
#[derive(Serialize)]
struct JsonJudged<'a> {
    file: &'a str,
    kind: &'a str,
}

/// A file that was found and was not judged; where it counts, there is no clean answer without it.
#[derive(Serialize)]
struct JsonNotJudged<'a> {
    file: &'a str,
    kind: &'a str,
    reason: &'a str,
    counts: bool,
}

/// What people accept of files: those that a pattern excludes, or whose not being judged is accepted.
#[derive(Serialize)]
struct JsonAcceptedFiles<'a> {
    by: &'static str,
    pattern: &'a str,
    reason: &'a str,
    file: String,
    line: u32,
    count: usize,
    files: Vec<JsonNotJudged<'a>>,
}

/// What people wrote that the run went by.
#[derive(Serialize)]
struct JsonInfluence<'a> {
    file: &'a str,
    kind: &'static str,
    entries: usize,
}

/// How a finding stands to what was before.
#[derive(Serialize)]
struct JsonChange {
    state: &'static str,
    since: Option<i64>,
}

#[derive(Serialize)]
struct JsonParticipant<'a> {
    login: &'a str,
    container: &'a str,
    project: Option<&'a str>,
    origin: &'a str,
    program: &'a str,
    instances: u64,
    state_dir: &'a str,
    place: JsonPlace<'a>,
    peers: &'a [String],
    peer_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap: Option<&'static str>,
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

/// One place that holds credentials, with what is wrong with it.
#[derive(Serialize)]
struct JsonLogin<'a> {
    id: &'a str,
    program: &'a str,
    verdict: &'static str,
    place: JsonPlace<'a>,
    findings: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
pub(super) struct JsonFinding<'a> {
    family: &'a str,
    rule: &'a str,
    rules: &'a [String],
    severity: &'static str,
    confidence: &'static str,
    message: &'a str,
    reasons: Vec<JsonProof<'a>>,
    hits: Vec<JsonHit<'a>>,
    remedies: Vec<JsonRemedy<'a>>,
}

/// One participant of a finding.
#[derive(Serialize)]
struct JsonHit<'a> {
    container: &'a str,
    project: Option<&'a str>,
    role: &'a str,
    instances: u64,
    detail: String,
    message: &'a str,
    rules: Vec<&'a str>,
    confidence: &'static str,
    peers: Vec<&'a str>,
    fingerprint: &'a str,
    suppressed: Option<JsonSuppressed<'a>>,
    accepted: Vec<JsonAccepted<'a>>,
    change: Option<JsonChange>,
    locations: Vec<JsonLocation>,
}

/// A rule of a hit that does not count any more, whether or not the hit does by another one.
#[derive(Serialize)]
struct JsonAccepted<'a> {
    rule: &'a str,
    by: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct JsonRemedy<'a> {
    id: &'a str,
    text: String,
    ends: Vec<&'a str>,
    edits: Vec<JsonEdit<'a>>,
    by_hand: Vec<JsonManualStep<'a>>,
    note: Option<&'a str>,
}

/// A part of a remedy that a person does.
#[derive(Serialize)]
struct JsonManualStep<'a> {
    text: &'a str,
    why: &'a [String],
}

#[derive(Serialize)]
struct JsonEdit<'a> {
    location: JsonLocation,
    text: &'a str,
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
struct JsonDiagnostic<'a> {
    severity: &'static str,
    message: &'a str,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
}

#[derive(Serialize)]
struct JsonSummary {
    logins: usize,
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
///
/// # Errors
/// What the stream says.
pub fn write_line(document: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
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
    let (counts, logins) = (count(report), told_logins(report));
    JsonReport {
        schema_version: SCHEMA_VERSION,
        logins: logins.iter().map(|login| json_login(login, report, sources)).collect(),
        participants: report.participants.iter().map(|one| json_participant(one, report, sources)).collect(),
        judged: report.judged.iter().map(|one| JsonJudged { file: &one.file, kind: one.kind }).collect(),
        not_judged: report.not_judged.iter().map(json_not_judged).collect(),
        accepted: report.accepted_files.iter().map(|one| json_accepted_files(one, sources)).collect(),
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
            logins: logins.len(),
            participants: report.participants.iter().filter(|one| one.verdict != Verdict::NotAParticipant).count(),
            errors: counts.errors,
            warnings: counts.warnings,
            notes: counts.notes,
            undetermined: counts.undetermined,
            suppressed: counts.suppressed,
        },
    }
}

fn json_not_judged(one: &NotJudgedFile) -> JsonNotJudged<'_> {
    JsonNotJudged { file: &one.file, kind: one.kind, reason: &one.reason, counts: one.counts }
}

fn json_accepted_files<'a>(one: &'a AcceptedFiles, sources: &Sources) -> JsonAcceptedFiles<'a> {
    JsonAcceptedFiles {
        by: one.by.name(),
        pattern: &one.pattern,
        reason: &one.reason,
        file: sources.get(one.span.file).name().to_owned(),
        line: one.span.start.line,
        count: one.count,
        files: one.files.iter().map(json_not_judged).collect(),
    }
}

fn json_influence(one: &Influence) -> JsonInfluence<'_> {
    JsonInfluence { file: &one.file, kind: one.kind.name(), entries: one.entries }
}

fn json_participant<'a>(one: &'a Participant, report: &'a Report, sources: &Sources) -> JsonParticipant<'a> {
    JsonParticipant {
        login: report.logins.get(one.login).map_or("", |login| &login.id),
        container: &one.container,
        project: one.project.as_deref(),
        origin: one.origin,
        program: &one.program,
        instances: one.instances,
        state_dir: &one.state_dir,
        place: json_place(&one.place),
        peers: &one.peers,
        peer_count: one.peer_count,
        overlap: one.may_overlap.then_some("possible"),
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

/// The logins that somebody may refresh, and those that something is wrong with.
pub(super) fn told_logins(report: &Report) -> Vec<&Login> {
    let takes_part = |login: &&Login| login.verdict != Verdict::NotAParticipant || !login.findings.is_empty();
    report.sorted_logins().into_iter().filter(takes_part).collect()
}

fn json_login<'a>(login: &'a Login, report: &'a Report, sources: &Sources) -> JsonLogin<'a> {
    JsonLogin {
        id: &login.id,
        program: &login.program,
        verdict: login.verdict.name(),
        place: json_place(&login.place),
        findings: login.findings.iter().map(|finding| json_finding(finding, report, sources)).collect(),
    }
}

pub(super) fn json_finding<'a>(finding: &'a Finding, report: &'a Report, sources: &Sources) -> JsonFinding<'a> {
    JsonFinding {
        family: &finding.family,
        rule: &finding.rule,
        rules: &finding.rules,
        severity: finding.severity.name(),
        confidence: finding.confidence.name(),
        message: &finding.message,
        reasons: finding.why.iter().chain(&finding.reasons).map(|evidence| json_proof(evidence, sources)).collect(),
        hits: report.hits_of(finding).map(|hit| json_hit(hit, sources)).collect(),
        remedies: finding.remedies.iter().map(|remedy| json_remedy(remedy, report, sources)).collect(),
    }
}

fn json_hit<'a>(hit: &'a Hit, sources: &Sources) -> JsonHit<'a> {
    let roles = std::iter::once("primary").chain(std::iter::repeat("related"));
    let locations = hit.locations().into_iter().zip(roles);
    JsonHit {
        container: &hit.container,
        project: hit.project.as_deref(),
        role: hit.role,
        instances: hit.instances,
        detail: hit.detail(),
        message: hit.message(),
        rules: hit.rules(),
        confidence: hit.confidence().name(),
        peers: hit.peers(),
        fingerprint: &hit.fingerprint,
        suppressed: json_suppressed(hit.suppressed.as_ref()),
        accepted: hit.breaches.iter().filter_map(json_accepted).collect(),
        change: hit.change.map(|change| JsonChange { state: change.name(), since: change.since() }),
        locations: locations.map(|(at, role)| json_location(at.span, role, sources)).collect(),
    }
}

fn json_accepted(breach: &Breach) -> Option<JsonAccepted<'_>> {
    let suppressed = breach.suppressed.as_ref()?;
    Some(JsonAccepted { rule: &breach.rule, by: suppressed.by.name(), reason: &suppressed.reason })
}

fn json_remedy<'a>(remedy: &'a Remedy, report: &'a Report, sources: &Sources) -> JsonRemedy<'a> {
    let ends = remedy.ends.iter().filter_map(|at| report.hits.get(*at)).map(|hit| hit.container.as_str());
    let edits = remedy.all_edits();
    let edits = edits.map(|edit| JsonEdit { location: json_location(edit.span, "primary", sources), text: &edit.text });
    let by_hand = remedy.manual_steps().map(|step| JsonManualStep { text: step.text, why: step.why });
    JsonRemedy {
        id: &remedy.id,
        text: remedy.whole_text(),
        ends: ends.collect(),
        edits: edits.collect(),
        by_hand: by_hand.collect(),
        note: remedy.note.as_deref(),
    }
}

pub(super) fn json_suppressed(suppressed: Option<&Suppressed>) -> Option<JsonSuppressed<'_>> {
    suppressed.map(|one| JsonSuppressed { by: one.by.name(), reason: &one.reason })
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
