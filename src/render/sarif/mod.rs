//! SARIF 2.1.0, for code scanning: a result for each hit, so that a new container on an open login is a new alert.
//! Suppressed hits stay in it, marked. May use `finding`, `model` and `rules`.

mod location;
mod object;
mod result;
mod rules;
mod text;

use std::collections::BTreeMap;
use std::io;

use super::Given;
use super::accepted_files::accepted_file_lines;
use super::json;
use super::phrases::full_name;
use super::placed_hit::place_hits;
use super::safe::safe;
use super::seen_files::{UnreadFiles, not_judged_text, sorted_judged};
use super::source_place::{self, ShownPlace};
use crate::finding::{Basis, Influence, Participant};
use crate::model::{Diagnostic, Level, NotJudgedFile};
use crate::report::ExitStatus;
use location::{ROOT, artifact_location, file_location, physical_location};
use object::{
    SarifArtifact, SarifArtifactProperties, SarifBase, SarifDriver, SarifInvocation, SarifLog, SarifNotice,
    SarifNotification, SarifReference, SarifRun, SarifRunProperties, SarifText, SarifTool,
};
use result::{ResultSubject, sarif_result};
use text::sarif_message;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The names of the kinds of notifications.
const INPUT_ERROR: &str = "input-error";
const NOT_INSPECTED: &str = "not-inspected";
const INPUT_WARNING: &str = "input-warning";
const NOT_JUDGED: &str = "not-judged";

/// The kinds of notifications, as they are numbered.
const NOTICES: [(&str, &str); 4] = [
    (INPUT_ERROR, "Input could not be read, or would be refused by the program it is for"),
    (NOT_INSPECTED, "A part could not be looked at, so that what was found may not be all"),
    (INPUT_WARNING, "Something about the input that takes nothing away from the answer"),
    (NOT_JUDGED, "A file that describes or starts containers was found and not judged"),
];

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let rules = rules::rule_objects(given.rules);
    let index: BTreeMap<&str, usize> = rules.iter().enumerate().map(|(at, rule)| (rule.id, at)).collect();
    let mut results = Vec::new();
    for (login, finding) in given.report.sorted_findings() {
        let placed = place_hits(finding, given.report);
        for hit in &placed {
            let subject = ResultSubject { placed: hit, hits: &placed, finding, login };
            results.push(sarif_result(&subject, &index, given));
        }
    }
    let notices = NOTICES.iter().map(|(id, text)| SarifNotice { id, short_description: SarifText { text } });
    let diagnostics = given.report.diagnostics.iter().map(|one| sarif_notification(one, given));
    let UnreadFiles { counting, others } = UnreadFiles::of(given.report);
    let unread = counting.into_iter().chain(others).map(|one| not_judged_notification(one, given));
    let notifications = diagnostics.chain(unread);
    let root = SarifBase { description: sarif_message("The directory that overlock ran in.") };
    let run = SarifRun {
        tool: SarifTool {
            driver: SarifDriver {
                name: "overlock",
                semantic_version: env!("CARGO_PKG_VERSION"),
                information_uri: env!("CARGO_PKG_REPOSITORY"),
                rules,
                notifications: notices.collect(),
            },
        },
        invocations: [SarifInvocation {
            execution_successful: given.status != ExitStatus::Unusable,
            exit_code: given.status.code(),
            tool_execution_notifications: notifications.collect(),
        }],
        artifacts: judged_artifacts(given),
        original_uri_base_ids: BTreeMap::from([(ROOT, root)]),
        column_kind: "unicodeCodePoints",
        results,
        properties: SarifRunProperties {
            configuration: given.report.configuration.iter().map(influence_text).collect(),
            accepted_files: accepted_file_lines(given.report, given.sources)
                .iter()
                .map(|line| safe(line).into_owned())
                .collect(),
            declared: given
                .report
                .participants
                .iter()
                .filter(|one| one.basis == Basis::Declared)
                .map(declared_text)
                .collect(),
        },
    };
    json::write(&SarifLog { schema: SCHEMA, version: "2.1.0", runs: [run] }, out)
}

fn influence_text(one: &Influence) -> String {
    format!("{}: {} {}", safe(&one.file), one.entries, one.kind.name())
}

fn declared_text(one: &Participant) -> String {
    let name = full_name(one.project.as_deref(), &one.container);
    format!("{}: {}", safe(&name), one.qualified_verdict())
}

fn sarif_notification(diagnostic: &Diagnostic, given: &Given<'_>) -> SarifNotification {
    let (kind, level) = match diagnostic.level {
        Level::Error => (INPUT_ERROR, "error"),
        Level::Gap => (NOT_INSPECTED, "warning"),
        Level::Warning => (INPUT_WARNING, "note"),
    };
    let at = match (diagnostic.span.map(|span| ShownPlace::of(span, given)), &diagnostic.file) {
        (Some(ShownPlace::File(spot)), _) => Some(file_location(&spot)),
        (_, Some(name)) => {
            let (path, below) = source_place::path(name, given.directory);
            Some(physical_location(&path, below, None))
        }
        _ => None,
    };
    SarifNotification {
        descriptor: notice_reference(kind),
        level,
        message: sarif_message(&safe(&diagnostic.message)),
        locations: at.into_iter().collect(),
    }
}

/// A file that was found and was not judged: a warning where there is no clean answer without it.
fn not_judged_notification(one: &NotJudgedFile, given: &Given<'_>) -> SarifNotification {
    let (path, below) = source_place::path(&one.file, given.directory);
    SarifNotification {
        descriptor: notice_reference(NOT_JUDGED),
        level: if one.counts { "warning" } else { "note" },
        message: sarif_message(&safe(&not_judged_text(one))),
        locations: vec![physical_location(&path, below, None)],
    }
}

fn notice_reference(kind: &'static str) -> SarifReference {
    SarifReference { id: kind, index: NOTICES.iter().position(|(id, _)| *id == kind).unwrap_or_default() }
}

/// The files that were judged, each once.
fn judged_artifacts(given: &Given<'_>) -> Vec<SarifArtifact> {
    let mut artifacts: Vec<SarifArtifact> = Vec::new();
    let judged = sorted_judged(given.report);
    for files in judged.chunk_by(|one, other| one.file == other.file) {
        let Some(first) = files.first() else { continue };
        let (path, below) = source_place::path(&first.file, given.directory);
        artifacts.push(SarifArtifact {
            location: artifact_location(&path, below),
            roles: ["analysisTarget"],
            properties: SarifArtifactProperties { kinds: files.iter().map(|one| one.kind).collect() },
        });
    }
    artifacts
}
