//! Where a hit is shown by formats that give each hit a line: its own line, not an anchor that several hits share. May
//! use `text` and `finding`.

use std::collections::HashMap;

use crate::finding::{Finding, Hit, Report};
use crate::text::Span;

/// A hit of a finding with the line that it is shown at.
pub(super) struct PlacedHit<'a> {
    pub(super) hit: &'a Hit,
    /// Its index in the hits of the report.
    pub(super) number: usize,
    /// Where it is shown; `None` where no line says it.
    pub(super) span: Option<Span>,
}

/// The hits of a finding in their order. Services that share a mount through an anchor, `extends` or a file of
/// common settings have one line in common: each is shown where it is defined itself.
pub(super) fn place_hits<'a>(finding: &Finding, report: &'a Report) -> Vec<PlacedHit<'a>> {
    let mut sharers: HashMap<Span, usize> = HashMap::new();
    for span in report.hits_of(finding).filter_map(Hit::primary) {
        *sharers.entry(span).or_default() += 1;
    }
    let hits = finding.hits.iter().filter_map(|number| Some((*number, report.hits.get(*number)?)));
    let placed = hits.map(|(number, hit)| {
        let primary = hit.primary();
        let is_shared = primary.is_some_and(|span| sharers.get(&span).is_some_and(|count| *count > 1));
        let own = if is_shared { defined_at(hit, report) } else { None };
        PlacedHit { hit, number, span: own.or(primary) }
    });
    placed.collect()
}

/// Where the service or the start of a hit is defined; `None` for what runs, which no file defines.
fn defined_at(hit: &Hit, report: &Report) -> Option<Span> {
    let participant = hit.worst()?.participant.and_then(|at| report.participants.get(at))?;
    matches!(participant.origin, "compose" | "devcontainer" | "nomad" | "script").then_some(participant.span)
}
