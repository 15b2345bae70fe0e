//! SARIF 2.1.0, for code scanning. Suppressed findings stay in it, marked. May use `text`, `finding`, `model` and
//! `ruleset`; the one home of percent-encoding.

mod object;
mod rules;

use std::collections::BTreeMap;
use std::io;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Given;
use super::json;
use super::place::{self, Place, Spot};
use super::safe::safe;
use super::words::full_name;
use crate::finding::{Basis, Change, Finding, Influence, Location as At, Participant, SuppressedBy, UNDETERMINED};
use crate::model::{Diagnostic, Level};
use crate::text::Span;
use crate::triage::ExitStatus;
use object::{
    ArtifactLocation, Base, Driver, Invocation, Location, Log, LogicalLocation, Message, Notice, Notification,
    PhysicalLocation, Reference, Region, ResultProperties, Run, RunProperties, SarifResult, Suppression, Text, Tool,
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
    let rules = rules::rules(given.rules);
    let index: BTreeMap<&str, usize> = rules.iter().enumerate().map(|(at, rule)| (rule.id, at)).collect();
    let results = given.report.findings.iter().map(|one| result(one, &index, given)).collect();
    let notices = NOTICES.iter().map(|(id, text)| Notice { id, short_description: Text { text } });
    let root = Base { description: message("The directory that overlock ran in.") };
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "overlock",
                semantic_version: env!("CARGO_PKG_VERSION"),
                information_uri: env!("CARGO_PKG_REPOSITORY"),
                rules,
                notifications: notices.collect(),
            },
        },
        invocations: [Invocation {
            execution_successful: given.status != ExitStatus::Unusable,
            exit_code: given.status.code(),
            tool_execution_notifications: given.report.diagnostics.iter().map(|one| notification(one, given)).collect(),
        }],
        original_uri_base_ids: BTreeMap::from([(ROOT, root)]),
        column_kind: "unicodeCodePoints",
        results,
        properties: RunProperties {
            configuration: given.report.configuration.iter().map(influence).collect(),
            declared: given
                .report
                .participants
                .iter()
                .filter(|one| one.basis == Basis::Declared)
                .map(declared)
                .collect(),
        },
    };
    json::write(&Log { schema: SCHEMA, version: "2.1.0", runs: [run] }, out)
}

fn result<'a>(finding: &'a Finding, index: &BTreeMap<&str, usize>, given: &Given<'_>) -> SarifResult<'a> {
    // By the specification `open` is what could not be decided, and what is not `fail` has no level.
    let (kind, level) = if finding.rule == UNDETERMINED { ("open", "none") } else { ("fail", finding.severity.name()) };
    let fixes = finding.remedies.iter().enumerate().map(|(at, remedy)| format!("\nFix {}: {}", at + 1, safe(remedy)));
    let text = format!("{}\n{}", safe(&finding.message), fixes.collect::<String>());
    let located = |(at, one): (usize, &At)| labelled(location(one.span, finding, given), at, &one.label);
    let mut all = finding.locations.iter().enumerate().map(located);
    let primary = all.next().unwrap_or_else(|| logical(&finding.container, "container", finding));
    let by = finding.suppressed.as_ref().map(|suppressed| suppressed.by);
    SarifResult {
        rule_id: &finding.rule,
        rule_index: index.get(finding.rule.as_str()).copied(),
        kind,
        level,
        message: message(text.trim_end()),
        locations: vec![primary],
        related_locations: all.collect(),
        partial_fingerprints: BTreeMap::from([("overlock/v1", finding.fingerprint.as_str())]),
        baseline_state: match (given.report.baselined, by, finding.change) {
            (_, Some(SuppressedBy::Baseline | SuppressedBy::Unchanged), _) | (_, _, Some(Change::Kept(_))) => {
                Some("unchanged")
            }
            (true, ..) | (_, _, Some(Change::New)) => Some("new"),
            (false, _, None) => None,
        },
        suppressions: suppression(finding, given).into_iter().collect(),
        properties: ResultProperties {
            confidence: finding.confidence.name(),
            severity: finding.severity.name(),
            container: safe(&finding.container),
            project: finding.project.as_deref().map(safe),
            peers: finding.peers.iter().map(|peer| safe(peer)).collect(),
            evidence: finding.evidence.iter().map(|one| format!("{}: {}", one.kind.name(), safe(&one.text))).collect(),
        },
    }
}

fn suppression(finding: &Finding, given: &Given<'_>) -> Option<Suppression> {
    let suppressed = finding.suppressed.as_ref()?;
    let reason = if suppressed.reason.is_empty() { "it is in the baseline" } else { &suppressed.reason };
    Some(Suppression {
        kind: if suppressed.by == SuppressedBy::Comment { "inSource" } else { "external" },
        status: "accepted",
        justification: safe(reason).into_owned(),
        location: suppressed.span.map(|span| location(span, finding, given)),
    })
}

fn influence(one: &Influence) -> String {
    format!("{}: {} {}", safe(&one.file), one.entries, one.kind.name())
}

fn declared(one: &Participant) -> String {
    let name = full_name(one.project.as_deref(), &one.container);
    format!("{}: {}", safe(&name), one.qualified_verdict())
}

/// A running container is no file: it has a name instead, and what was told of it.
fn location(span: Span, finding: &Finding, given: &Given<'_>) -> Location {
    match Place::of(span, given) {
        Place::File(spot) => file(&spot),
        Place::Container { name, fact } => {
            Location { message: Some(message(&safe(&fact))), ..logical(&name, "container", finding) }
        }
        Place::Nowhere(_) => logical(&finding.container, "service", finding),
    }
}

/// What is there, before what was told.
fn labelled(location: Location, id: usize, label: &str) -> Location {
    let told = location.message.map(|told| told.text);
    let text: Vec<String> = (!label.is_empty()).then(|| message(&safe(label)).text).into_iter().chain(told).collect();
    let message = (!text.is_empty()).then(|| Message { text: text.join(": ") });
    Location { id: Some(id), message, ..location }
}

fn file(spot: &Spot) -> Location {
    let (start, end) = (spot.span.start, spot.span.end);
    let region =
        Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column };
    physical(&spot.path, spot.below, Some(region))
}

fn physical(path: &str, below: bool, region: Option<Region>) -> Location {
    let encoded = utf8_percent_encode(path, KEPT);
    let artifact_location = if below {
        ArtifactLocation { uri: encoded.to_string(), uri_base_id: Some(ROOT) }
    } else {
        ArtifactLocation { uri: format!("file://{encoded}"), uri_base_id: None }
    };
    Location { physical_location: Some(PhysicalLocation { artifact_location, region }), ..Location::default() }
}

fn logical(name: &str, kind: &'static str, finding: &Finding) -> Location {
    let name = safe(name).into_owned();
    let fully_qualified_name = full_name(finding.project.as_deref().map(safe).as_deref(), &name);
    let logical = LogicalLocation { name, fully_qualified_name, kind };
    Location { logical_locations: vec![logical], ..Location::default() }
}

fn notification(diagnostic: &Diagnostic, given: &Given<'_>) -> Notification {
    let (index, level) = match diagnostic.level {
        Level::Error => (0, "error"),
        Level::Gap => (1, "warning"),
        Level::Warning => (2, "note"),
    };
    let at = match (diagnostic.span.map(|span| Place::of(span, given)), &diagnostic.file) {
        (Some(Place::File(spot)), _) => Some(file(&spot)),
        (_, Some(name)) => {
            let (path, below) = place::path(name, given.directory);
            Some(physical(&path, below, None))
        }
        _ => None,
    };
    Notification {
        descriptor: Reference { id: NOTICES.get(index).map_or("", |(id, _)| id), index },
        level,
        message: message(&safe(&diagnostic.message)),
        locations: at.into_iter().collect(),
    }
}

/// In a message `{0}` is a placeholder and `[text](1)` a link; neither is ever meant here. All else stays as it is, for
/// viewers that know of neither.
fn message(text: &str) -> Message {
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
    Message { text: out }
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
        let of = |text: &str| message(text).text;
        assert_eq!(of("${CLAUDE_DIR} [x]"), "${CLAUDE_DIR} [x]");
        assert_eq!(of("a {0} b {12}"), "a {{0}} b {{12}}");
        assert_eq!(of("{a} {} {1 é{"), "{a} {} {1 é{");
        assert_eq!(of("[x](http://y)"), "\\[x\\](http://y)");
    }
}
