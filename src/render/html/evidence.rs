//! What a finding rests on: its lines, what each rule says of whom, what was seen. May use `finding` and `text`.

use std::collections::HashSet;

use maud::{Markup, html};

use super::hit_table::participant_of;
use super::prose::{code_markup, first_of, prose, severity_badge, xml_lines};
use crate::finding::{Breach, Evidence, Finding, Hit, Location, Report};
use crate::render::Given;
use crate::render::safe::xml;
use crate::render::source_frame::MaskedSource;
use crate::render::source_place::ShownPlace;

/// How many lines, sentences and facts of a finding are told.
const MOST: usize = 40;

/// The line that is shown first: where several share the login, its mount; else the line of the one.
pub(super) fn main_location(finding: &Finding, report: &Report) -> Option<Location> {
    let first = report.hits_of(finding).next()?;
    let mount = participant_of(first, report).and_then(|one| one.mount.as_ref());
    match (finding.hits.len(), mount) {
        (2.., Some(mount)) => Some(Location { span: mount.span, label: "one login".to_owned() }),
        _ => first.locations().first().map(|location| (*location).clone()),
    }
}

/// What was seen, and where.
pub(super) fn placed_text(evidence: &Evidence, given: &Given<'_>) -> Markup {
    html! {
        (prose(&evidence.text))
        @if let Some(span) = evidence.span { " (" (code_markup(&ShownPlace::of(span, given).one_line())) ")" }
    }
}

pub(super) fn evidence_fold(finding: &Finding, main: Option<&Location>, given: &Given<'_>) -> Markup {
    let hits: Vec<&Hit> = given.report.hits_of(finding).collect();
    let sentences = distinct_sentences(&hits);
    let locations = distinct_locations(&hits, main);
    let (told, untold) = first_of(&sentences, MOST);
    let (shown, unshown) = first_of(&locations, MOST);
    html! {
        details {
            summary { "Evidence, confidence " (finding.confidence.name()) }
            h5 { "What each rule says" }
            ul { @for breach in told {
                li { (severity_badge(breach.severity, &breach.rule)) " " code { (xml(&breach.rule)) } " " (prose(&breach.message)) }
            } }
            (more(untold))
            @if !finding.reasons.is_empty() {
                h5 { "What was seen" }
                ul { @for one in &finding.reasons { li { span .kind { (one.kind.name()) } " " (placed_text(one, given)) } } }
            }
            @if !shown.is_empty() {
                h5 { "Lines" }
                @for location in shown { (source_figure(location, given)) }
                (more(unshown))
            }
        }
    }
}

fn more(left: usize) -> Markup {
    html! { @if left > 0 { p .quiet { "And " (left) " more: " code { "--format json" } " lists all." } } }
}

/// What each rule says, equal sentences once.
fn distinct_sentences<'a>(hits: &[&'a Hit]) -> Vec<&'a Breach> {
    let mut known = HashSet::new();
    let all = hits.iter().flat_map(|hit| &hit.breaches);
    all.filter(|breach| known.insert((&breach.rule, &breach.message))).collect()
}

/// The places of all hits, each span once, but for the one that is shown already.
fn distinct_locations<'a>(hits: &[&'a Hit], main: Option<&Location>) -> Vec<&'a Location> {
    let mut known: HashSet<_> = main.map(|location| location.span).into_iter().collect();
    let all = hits.iter().flat_map(|hit| hit.counting()).flat_map(|breach| &breach.locations);
    all.filter(|location| known.insert(location.span)).collect()
}

/// A location with its lines. Of them only what is inside the location is shown, as in the text.
pub(super) fn source_figure(location: &Location, given: &Given<'_>) -> Markup {
    let shown = MaskedSource::of(location, given.sources);
    let part = |range| shown.text.get(range).unwrap_or("");
    let (before, within) = (part(0..shown.range.start), part(shown.range.clone()));
    let after = part(shown.range.end..shown.text.len());
    html! {
        figure {
            figcaption { (code_markup(&ShownPlace::of(location.span, given).one_line())) @if !shown.label.is_empty() { ": " (prose(&location.label)) } }
            @if !shown.text.trim().is_empty() {
                pre { code { (xml_lines(before)) mark { (xml_lines(within)) } (xml_lines(after)) } }
            }
        }
    }
}
