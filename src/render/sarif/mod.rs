//! SARIF 2.1.0, for code scanning. Suppressed findings stay in it, marked. May use `text`, `finding`, `model` and
//! `rules`; the one home of percent-encoding.

mod object;
mod rules;

use std::collections::BTreeMap;
use std::io;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Given;
use super::json;
use super::phrases::full_name;
use super::safe::safe;
use super::source_place::{self, FileRange, ShownPlace};
use crate::finding::{Basis, Change, Hit, Influence, Location as At, Participant, SuppressedBy, UNDETERMINED};
use crate::model::{Diagnostic, Level};
use crate::report::ExitStatus;
use crate::text::Span;
use object::{
    SarifArtifactLocation, SarifBase, SarifDriver, SarifInvocation, SarifLocation, SarifLog, SarifLogicalLocation,
    SarifMessage, SarifNotice, SarifNotification, SarifPhysicalLocation, SarifReference, SarifRegion, SarifResult,
    SarifResultProperties, SarifRun, SarifRunProperties, SarifSuppression, SarifText, SarifTool,
};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The directory that overlock ran in; in CI the root of the checkout.
const ROOT: &str = "%SRCROOT%";

/// What a URI's path may have as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The kinds of notifications, as they are numbered.
const NOTICES: [(&str, &str); 3] = [
    ("input-error", "Input could not be read, or would be refused by the program it is for"),
    ("not-inspected", "A part could not be looked at, so that what was found may not be all"),
    ("input-warning", "Something about the input that takes nothing away from the answer"),
];

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let rules = rules::rule_objects(given.rules);
    let index: BTreeMap<&str, usize> = rules.iter().enumerate().map(|(at, rule)| (rule.id, at)).collect();
    let results = given.report.sorted_hits().into_iter().map(|one| sarif_result(one, &index, given)).collect();
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

fn sarif_result<'a>(finding: &'a Hit, index: &BTreeMap<&str, usize>, given: &Given<'_>) -> SarifResult<'a> {
    // By the specification `open` is what could not be decided, and what is not `fail` has no level.
    let (kind, level) =
        if finding.rule() == UNDETERMINED { ("open", "none") } else { ("fail", finding.severity().name()) };
    let advice = finding.advice();
    let fixes = advice.iter().enumerate().map(|(at, remedy)| format!("\nFix {}: {}", at + 1, safe(remedy)));
    let text = format!("{}\n{}", safe(finding.message()), fixes.collect::<String>());
    let located = |(at, one): (usize, &&At)| label_location(span_location(one.span, finding, given), at, &one.label);
    let locations = finding.locations();
    let mut all = locations.iter().enumerate().map(located);
    let primary = all.next().unwrap_or_else(|| logical_location(&finding.container, "container", finding));
    let by = finding.suppressed.as_ref().map(|suppressed| suppressed.by);
    SarifResult {
        rule_id: finding.rule(),
        rule_index: index.get(finding.rule()).copied(),
        kind,
        level,
        message: sarif_message(text.trim_end()),
        locations: vec![primary],
        related_locations: all.collect(),
        partial_fingerprints: BTreeMap::from([("overlock/v1", finding.fingerprint.as_str())]),
        baseline_state: match (given.report.baselined, by, finding.change) {
            (_, Some(SuppressedBy::Baseline | SuppressedBy::Unchanged), _) | (_, _, Some(Change::Kept(_))) => {
                Some("unchanged")
            }
            (_, _, Some(Change::Worse(_))) => Some("updated"),
            (true, ..) | (_, _, Some(Change::New)) => Some("new"),
            (false, _, None) => None,
        },
        suppressions: sarif_suppression(finding, given).into_iter().collect(),
        properties: SarifResultProperties {
            confidence: finding.confidence().name(),
            severity: finding.severity().name(),
            container: safe(&finding.container),
            project: finding.project.as_deref().map(safe),
            peers: finding.peers().iter().map(|peer| safe(peer)).collect(),
            evidence: finding
                .evidence()
                .iter()
                .map(|one| format!("{}: {}", one.kind.name(), safe(&one.text)))
                .collect(),
        },
    }
}

fn sarif_suppression(finding: &Hit, given: &Given<'_>) -> Option<SarifSuppression> {
    let suppressed = finding.suppressed.as_ref()?;
    let reason = if suppressed.reason.is_empty() { "it is in the baseline" } else { &suppressed.reason };
    Some(SarifSuppression {
        kind: if suppressed.by == SuppressedBy::Comment { "inSource" } else { "external" },
        status: "accepted",
        justification: safe(reason).into_owned(),
        location: suppressed.span.map(|span| span_location(span, finding, given)),
    })
}

fn influence_text(one: &Influence) -> String {
    format!("{}: {} {}", safe(&one.file), one.entries, one.kind.name())
}

fn declared_text(one: &Participant) -> String {
    let name = full_name(one.project.as_deref(), &one.container);
    format!("{}: {}", safe(&name), one.qualified_verdict())
}

/// A running container is no file: it has a name instead, and what was told of it.
fn span_location(span: Span, finding: &Hit, given: &Given<'_>) -> SarifLocation {
    match ShownPlace::of(span, given) {
        ShownPlace::File(spot) => file_location(&spot),
        ShownPlace::Container { name, fact } => SarifLocation {
            message: Some(sarif_message(&safe(&fact))),
            ..logical_location(&name, "container", finding)
        },
        ShownPlace::Nowhere(_) => logical_location(&finding.container, "service", finding),
    }
}

/// What is there, before what was told.
fn label_location(location: SarifLocation, id: usize, label: &str) -> SarifLocation {
    let told = location.message.map(|told| told.text);
    let text: Vec<String> =
        (!label.is_empty()).then(|| sarif_message(&safe(label)).text).into_iter().chain(told).collect();
    let message = (!text.is_empty()).then(|| SarifMessage { text: text.join(": ") });
    SarifLocation { id: Some(id), message, ..location }
}

fn file_location(spot: &FileRange) -> SarifLocation {
    let (start, end) = (spot.span.start, spot.span.end);
    let region =
        SarifRegion { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column };
    physical_location(&spot.path, spot.below, Some(region))
}

fn physical_location(path: &str, below: bool, region: Option<SarifRegion>) -> SarifLocation {
    let encoded = utf8_percent_encode(path, KEPT);
    let artifact_location = if below {
        SarifArtifactLocation { uri: encoded.to_string(), uri_base_id: Some(ROOT) }
    } else {
        SarifArtifactLocation { uri: format!("file://{encoded}"), uri_base_id: None }
    };
    SarifLocation {
        physical_location: Some(SarifPhysicalLocation { artifact_location, region }),
        ..SarifLocation::default()
    }
}

fn logical_location(name: &str, kind: &'static str, finding: &Hit) -> SarifLocation {
    let name = safe(name).into_owned();
    let fully_qualified_name = full_name(finding.project.as_deref().map(safe).as_deref(), &name);
    let logical = SarifLogicalLocation { name, fully_qualified_name, kind };
    SarifLocation { logical_locations: vec![logical], ..SarifLocation::default() }
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

/// In a message `{0}` is a placeholder and `[text](1)` a link; neither is ever meant here. All else stays as it is, for
/// viewers that know of neither.
fn sarif_message(text: &str) -> SarifMessage {
    let mut out = String::with_capacity(text.len());
    let links = text.contains("](");
    for (at, character) in text.char_indices() {
        let rest = text.get(at + character.len_utf8()..).unwrap_or("");
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        match character {
            '{' if digits.len() < rest.len() && digits.starts_with('}') => out.push_str("{{"),
            '}' if text.get(..at).is_some_and(ends_placeholder) => out.push_str("}}"),
            '[' | ']' if links => out.extend(['\\', character]),
            _ => out.push(character),
        }
    }
    SarifMessage { text: out }
}

/// Whether a text ends with an opening brace and digits.
fn ends_placeholder(before: &str) -> bool {
    let rest = before.trim_end_matches(|c: char| c.is_ascii_digit());
    rest.len() < before.len() && rest.ends_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_makes_no_placeholder_and_no_link() {
        let of = |text: &str| sarif_message(text).text;
        assert_eq!(of("${CLAUDE_DIR} [x]"), "${CLAUDE_DIR} [x]");
        assert_eq!(of("a {0} b {12}"), "a {{0}} b {{12}}");
        assert_eq!(of("{a} {} {1 é{"), "{a} {} {1 é{");
        assert_eq!(of("[x](http://y)"), "\\[x\\](http://y)");
    }
}
