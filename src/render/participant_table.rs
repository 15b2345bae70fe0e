//! The table of participants. May use `finding`; the one home of comfy-table.

use std::collections::BTreeSet;

use comfy_table::{Cell, ContentArrangement, Table, presets};

use super::Style;
use super::compared;
use super::safe::safe;
use super::wrap::{columns, paragraph};
use crate::finding::{Comparison, Participant, Report, Verdict};
use crate::rules::Severity;

const COLUMNS: [&str; 9] =
    ["CONTAINER", "STATE DIRECTORY", "PLACE", "PEERS", "ROLE", "AUTH", "INTERNAL LOCK", "GUARD", "VERDICT"];

/// A row a participant; where a row would be wider than the terminal, a paragraph each.
pub(super) fn participant_table(report: &Report, style: Style) -> String {
    let participants = &report.participants;
    let accepted = accepted_participants(report);
    let projects: BTreeSet<_> = participants.iter().filter_map(|one| one.project.as_ref()).collect();
    let rows = participants.iter().enumerate();
    let rows = rows.map(|(at, one)| participant_row(one, projects.len() > 1, accepted.contains(&at)));
    let rows: Vec<Vec<String>> = rows.collect();
    let mut table = unwrapped_table();
    table.set_header(COLUMNS);
    for row in &rows {
        table.add_row(row);
    }
    let text = table.trim_fmt();
    match style.columns() {
        Some(width) if text.lines().any(|line| columns(line) > width) => {
            let records: Vec<String> = rows.iter().map(|row| participant_record(row, width)).collect();
            records.join("\n")
        }
        _ => text,
    }
}

/// A table whose cells are never broken.
fn unwrapped_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// A row as a paragraph: each cell after its column's name.
fn participant_record(row: &[String], width: usize) -> String {
    let cells = COLUMNS.iter().zip(row).skip(1).map(|(column, cell)| format!("{} {cell}", column.to_lowercase()));
    let name = row.first().map_or("", String::as_str);
    format!("{name}:\n{}", paragraph("  ", &cells.collect::<Vec<_>>().join(", "), Some(width)))
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
pub(super) fn verdict_table(comparison: &Comparison) -> String {
    let mut table = unwrapped_table();
    table.set_header(["CONTAINER", "BEFORE", "AFTER"]);
    for (name, before, after) in compared::changed_verdicts(comparison) {
        table.add_row(vec![Cell::new(safe(&name)), Cell::new(before), Cell::new(after)]);
    }
    table.trim_fmt()
}

fn participant_row(one: &Participant, with_project: bool, accepted: bool) -> Vec<String> {
    let name = match &one.project {
        Some(project) if with_project => format!("{project}/{}", one.container),
        _ => one.container.clone(),
    };
    let shown = |text: &str| safe(text).into_owned();
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
