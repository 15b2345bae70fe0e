//! A result: one hit of a finding, with the others named and linked. May use `finding`.

use std::collections::BTreeMap;

use super::location::{label_location, logical_location, span_location};
use super::object::{
    SarifArtifactChange, SarifContent, SarifFix, SarifLocation, SarifLogin, SarifMessage, SarifReplacement,
    SarifResult, SarifResultProperties, SarifSuppression,
};
use super::text::{literal_text, location_link, sarif_message};
use crate::finding::{Change, Finding, Hit, Login, Remedy, SuppressedBy, UNDETERMINED};
use crate::render::Given;
use crate::render::finding_lines::{accepted_rules, also_sentences, remedy_lines};
use crate::render::hit_rows::hit_name;
use crate::render::placed_hit::PlacedHit;
use crate::render::safe::safe;
use crate::text::Span;

/// How many other hits of a finding a result names: all of them in each would grow with the square of the hits.
const OTHERS: usize = 10;

/// What a result is about.
pub(super) struct ResultSubject<'hits, 'a> {
    pub(super) placed: &'hits PlacedHit<'a>,
    /// All hits of its finding.
    pub(super) hits: &'hits [PlacedHit<'a>],
    pub(super) finding: &'a Finding,
    pub(super) login: &'a Login,
}

/// The result of a hit; `index` numbers the rules.
pub(super) fn sarif_result<'a>(
    subject: &ResultSubject<'_, 'a>,
    index: &BTreeMap<&str, usize>,
    given: &Given<'_>,
) -> SarifResult<'a> {
    let hit = subject.placed.hit;
    // By the specification `open` is what could not be decided, and what is not `fail` has no level.
    let (kind, level) = if hit.family == UNDETERMINED { ("open", "none") } else { ("fail", hit.severity().name()) };
    let by = hit.suppressed.as_ref().map(|suppressed| suppressed.by);
    let mut located = ResultLocations::of(subject, given);
    let others = other_names(subject, &mut located, given);
    SarifResult {
        rule_id: hit.rule(),
        rule_index: index.get(hit.rule()).copied(),
        kind,
        level,
        message: result_message(subject, &others, given),
        locations: vec![located.primary],
        related_locations: located.related.into_iter().map(|(_, location)| location).collect(),
        partial_fingerprints: BTreeMap::from([("overlock/v2", hit.fingerprint.as_str())]),
        fixes: ending_remedies(subject).filter_map(|remedy| sarif_fix(remedy, hit, given)).collect(),
        baseline_state: match (given.report.baselined, by, hit.change) {
            (_, Some(SuppressedBy::Baseline | SuppressedBy::Unchanged), _) | (_, _, Some(Change::Kept(_))) => {
                Some("unchanged")
            }
            (_, _, Some(Change::Worse(_))) => Some("updated"),
            (true, ..) | (_, _, Some(Change::New)) => Some("new"),
            (false, _, None) => None,
        },
        suppressions: sarif_suppression(hit, given).into_iter().collect(),
        properties: result_properties(hit, subject.login),
    }
}

fn result_properties<'a>(hit: &'a Hit, login: &'a Login) -> SarifResultProperties<'a> {
    let evidence = hit.evidence().into_iter().map(|one| format!("{}: {}", one.kind.name(), safe(&one.text)));
    SarifResultProperties {
        login: SarifLogin { id: safe(&login.id), program: &login.program, place: safe(&login.place.text) },
        family: &hit.family,
        rules: hit.rules(),
        accepted: accepted_rules(hit),
        confidence: hit.confidence().name(),
        severity: hit.severity().name(),
        container: safe(&hit.container),
        project: hit.project.as_deref().map(safe),
        label: safe(&hit.label),
        role: hit.role,
        instances: hit.instances,
        peers: hit.peers().into_iter().map(safe).collect(),
        evidence: evidence.collect(),
    }
}

/// Where a result is, and what else it points at: each of those by its span.
struct ResultLocations {
    primary_span: Option<Span>,
    primary: SarifLocation,
    related: Vec<(Option<Span>, SarifLocation)>,
}

impl ResultLocations {
    /// The hit's own locations.
    fn of(subject: &ResultSubject<'_, '_>, given: &Given<'_>) -> Self {
        let PlacedHit { hit, span, .. } = *subject.placed;
        let own = hit.locations();
        let primary = match span {
            Some(span) => {
                let label = own.iter().find(|location| location.span == span).map_or("", |location| &location.label);
                label_location(span_location(span, hit, given), 0, label)
            }
            None => logical_location(&hit.container, "container", hit),
        };
        let mut located = Self { primary_span: span, primary, related: Vec::new() };
        for location in own.into_iter().filter(|location| Some(location.span) != span) {
            located.relate(Some(location.span), span_location(location.span, hit, given), &location.label);
        }
        located
    }

    /// Adds a related location; its number.
    fn relate(&mut self, span: Option<Span>, location: SarifLocation, label: &str) -> usize {
        // The primary location has the number 0.
        let id = self.related.len() + 1;
        self.related.push((span, label_location(location, id, label)));
        id
    }

    /// The number of what is at a span already.
    fn related_at(&self, span: Span) -> Option<usize> {
        self.related.iter().position(|(at, _)| *at == Some(span)).map(|at| at + 1)
    }
}

/// The other hits of the finding that count, each linked to where it is.
fn other_names(subject: &ResultSubject<'_, '_>, located: &mut ResultLocations, given: &Given<'_>) -> Vec<String> {
    let own = subject.placed.number;
    // Those that count come first.
    let counting = subject.hits.partition_point(|one| one.hit.counts());
    let others = counting - usize::from(subject.placed.hit.counts());
    let mut named = Vec::new();
    for other in subject.hits.iter().take(counting).filter(|other| other.number != own).take(OTHERS) {
        let name = safe(&hit_name(other.hit)).into_owned();
        let id = match other.span {
            // A link from a line to itself leads nowhere.
            Some(span) if located.primary_span == Some(span) => None,
            Some(span) => Some(located.related_at(span).unwrap_or_else(|| {
                located.relate(Some(span), span_location(span, other.hit, given), &label_of(other.hit))
            })),
            None => {
                let location = logical_location(&other.hit.container, "container", other.hit);
                Some(located.relate(None, location, &label_of(other.hit)))
            }
        };
        named.push(id.map_or_else(|| literal_text(&name, true), |id| location_link(&name, id)));
    }
    let more = others.saturating_sub(named.len());
    named.extend((more > 0).then(|| format!("and {more} more")));
    named
}

/// `agents: no flock`.
fn label_of(hit: &Hit) -> String {
    if hit.detail().is_empty() { hit.label.clone() } else { format!("{}: {}", hit.label, hit.detail()) }
}

/// What is wrong with this container, who else is concerned, and what to do.
fn result_message(subject: &ResultSubject<'_, '_>, others: &[String], given: &Given<'_>) -> SarifMessage {
    let hit = subject.placed.hit;
    let mut own = vec![safe(hit.message()).into_owned()];
    own.extend(also_sentences(hit));
    let mut fixes: Vec<String> = Vec::new();
    for (at, remedy) in ending_remedies(subject).enumerate() {
        fixes.push(format!("Fix {}: {}", at + 1, remedy_lines(remedy, &[hit], given).join("\n")));
    }
    if !fixes.is_empty() {
        fixes.insert(0, String::new());
    }
    if others.is_empty() {
        own.extend(fixes);
        return sarif_message(&own.join("\n"));
    }
    let fixes = fixes.iter().map(|line| literal_text(line, true));
    let own = own.iter().map(|line| literal_text(line, true));
    let linked = format!("Also concerned: {}", others.join(", "));
    SarifMessage { text: own.chain([linked]).chain(fixes).collect::<Vec<_>>().join("\n") }
}

/// What ends this hit, the one that ends most of the finding first.
fn ending_remedies<'a>(subject: &ResultSubject<'_, 'a>) -> impl Iterator<Item = &'a Remedy> {
    let number = subject.placed.number;
    subject.finding.remedies.iter().filter(move |remedy| remedy.ends.contains(&number))
}

/// A remedy as changes of files; `None` where a part of it is not written out, or is in no file.
fn sarif_fix(remedy: &Remedy, hit: &Hit, given: &Given<'_>) -> Option<SarifFix> {
    if !remedy.is_written() {
        return None;
    }
    let mut changes: Vec<SarifArtifactChange> = Vec::new();
    for edit in remedy.all_edits() {
        let at = span_location(edit.span, hit, given).physical_location.filter(|_| !edit.text.is_empty())?;
        let inserted_content = SarifContent { text: edit.text.clone() };
        let replacement = SarifReplacement { deleted_region: at.region?, inserted_content };
        match changes.iter_mut().find(|change| change.artifact_location.uri == at.artifact_location.uri) {
            Some(change) => change.replacements.push(replacement),
            None => changes
                .push(SarifArtifactChange { artifact_location: at.artifact_location, replacements: vec![replacement] }),
        }
    }
    let description = sarif_message(&safe(&remedy.whole_text()));
    (!changes.is_empty()).then_some(SarifFix { description, artifact_changes: changes })
}

fn sarif_suppression(hit: &Hit, given: &Given<'_>) -> Option<SarifSuppression> {
    let suppressed = hit.suppressed.as_ref()?;
    let reason = if suppressed.reason.is_empty() { "it is in the baseline" } else { &suppressed.reason };
    Some(SarifSuppression {
        kind: if suppressed.by == SuppressedBy::Comment { "inSource" } else { "external" },
        status: "accepted",
        justification: safe(reason).into_owned(),
        location: suppressed.span.map(|span| span_location(span, hit, given)),
    })
}
