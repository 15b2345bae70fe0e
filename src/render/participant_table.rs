//! The table of participants. May use `finding`; the one home of comfy-table.

use std::collections::BTreeSet;

use comfy_table::{Cell, ContentArrangement, Table, presets};

use super::Style;
use super::compared;
use super::safe::safe;
use crate::finding::{Comparison, Participant, Report, Verdict};
use crate::rules::Severity;

const COLUMNS: [&str; 9] =
    ["CONTAINER", "STATE DIRECTORY", "PLACE", "PEERS", "ROLE", "AUTH", "INTERNAL LOCK", "GUARD", "VERDICT"];

/// A row a participant.
pub(super) fn participant_table(report: &Report, style: Style) -> String {
    let participants = &report.participants;
    let accepted = accepted_participants(report);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(width) = style.width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(COLUMNS);
    let projects: BTreeSet<_> = participants.iter().map(|one| &one.project).collect();
    for (at, participant) in participants.iter().enumerate() {
        table.add_row(participant_row(participant, projects.len() > 1, accepted.contains(&at)));
    }
    table.trim_fmt()
}

/// The participants of whom everything that is wrong is suppressed.
fn accepted_participants(report: &Report) -> BTreeSet<usize> {
    let of = |counts: bool| {
        let hits = report.hits.iter().filter(move |hit| hit.counts() == counts && hit.severity() > Severity::Note);
        hits.flat_map(|hit| &hit.breaches).filter_map(|breach| breach.participant)
    };
    let open: BTreeSet<usize> = of(true).collect();
    of(false).filter(|at| !open.contains(at)).collect()
}

/// A row a participant that takes part before or after.
pub(super) fn verdict_table(comparison: &Comparison, style: Style) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(width) = style.width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(["CONTAINER", "BEFORE", "AFTER"]);
    for (name, before, after) in compared::changed_verdicts(comparison) {
        table.add_row(vec![Cell::new(safe(&name)), Cell::new(before), Cell::new(after)]);
    }
    table.trim_fmt()
}

fn participant_row(one: &Participant, with_project: bool, accepted: bool) -> Vec<Cell> {
    let name = match &one.project {
        Some(project) if with_project => format!("{project}/{}", one.container),
        _ => one.container.clone(),
    };
    let shown = |text: &str| Cell::new(safe(text));
    let verdict = one.qualified_verdict();
    let verdict = if accepted { format!("{verdict} (accepted)") } else { verdict };
    let away = one.verdict == Verdict::NotAParticipant;
    let unless_away = |text: &str| shown(if away { "-" } else { text });
    vec![
        shown(&name),
        shown(&one.state_dir),
        shown(&one.place.text),
        shown(&peer_cell(one)),
        unless_away(one.role),
        shown(one.auth),
        unless_away(one.internal_lock),
        unless_away(one.guard),
        shown(&verdict),
    ]
}

fn peer_cell(one: &Participant) -> String {
    const SHOWN: usize = 3;
    let named: Vec<&str> = one.peers.iter().take(SHOWN).map(String::as_str).collect();
    let more = one.peer_count.saturating_sub(named.len());
    match (named.is_empty(), more) {
        (true, 0) => "none".to_owned(),
        (true, more) => format!("{more} of its own replicas"),
        (false, 0) => named.join(", "),
        (false, more) => format!("{} and {more} more", named.join(", ")),
    }
}
