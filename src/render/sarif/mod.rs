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
use super::json;
use super::phrases::full_name;
use super::placed_hit::place_hits;
use super::safe::safe;
use super::source_place::{self, ShownPlace};
use crate::finding::{Basis, Influence, Participant};
use crate::model::{Diagnostic, Level};
use crate::report::ExitStatus;
use location::{ROOT, file_location, physical_location};
use object::{
    SarifBase, SarifDriver, SarifInvocation, SarifLog, SarifNotice, SarifNotification, SarifReference, SarifRun,
    SarifRunProperties, SarifText, SarifTool,
};
use result::{ResultSubject, sarif_result};
use text::sarif_message;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The kinds of notifications, as they are numbered.
const NOTICES: [(&str, &str); 3] = [
    ("input-error", "Input could not be read, or would be refused by the program it is for"),
    ("not-inspected", "A part could not be looked at, so that what was found may not be all"),
    ("input-warning", "Something about the input that takes nothing away from the answer"),
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
            tool_execution_notifications: given
                .report
                .diagnostics
                .iter()
                .map(|one| sarif_notification(one, given))
                .collect(),
        }],
        original_uri_base_ids: BTreeMap::from([(ROOT, root)]),
        column_kind: "unicodeCodePoints",
        results,
        properties: SarifRunProperties {
            configuration: given.report.configuration.iter().map(influence_text).collect(),
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
    let (index, level) = match diagnostic.level {
        Level::Error => (0, "error"),
        Level::Gap => (1, "warning"),
        Level::Warning => (2, "note"),
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
        descriptor: SarifReference { id: NOTICES.get(index).map_or("", |(id, _)| id), index },
        level,
        message: sarif_message(&safe(&diagnostic.message)),
        locations: at.into_iter().collect(),
    }
}
