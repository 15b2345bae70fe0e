//! The table of participants, those that are alike as one row. The page's script lets it be sorted and filtered.
//! May use `finding` and `report`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use maud::{Markup, html};

use super::prose::{code_markup, first_of, hit_link, path_markup, prose, verdict_word};
use super::sections::FindingSections;
use crate::finding::{Basis, Hit, Report, Verdict};
use crate::render::graph::{ParticipantGroup, collapse_alike};
use crate::render::safe::xml;
use crate::render::seen_files::nobody_sentence;
use crate::report::natural_key;

const COLUMNS: [&str; 11] = [
    "Container",
    "Verdict",
    "Why",
    "State directory",
    "Place",
    "Peers",
    "Role",
    "Login",
    "Version",
    "Internal lock",
    "External flock",
];
/// How many rows there are, and how many findings are named in one.
const ROWS: usize = 400;
const FINDINGS: usize = 6;

/// What the table shows: the worst first.
pub(super) struct ParticipantTable<'a> {
    report: &'a Report,
    rows: Vec<ParticipantGroup<'a>>,
    /// How many participants have no row.
    left: usize,
    anchors: HashSet<usize>,
    hits: BTreeMap<(usize, Option<&'a str>, &'a str), Vec<&'a Hit>>,
}

impl<'a> ParticipantTable<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut rows = collapse_alike(report);
        rows.sort_by_cached_key(|row| {
            (Reverse(row.first.verdict), row.names.first().map(|name| natural_key(&name.full)), row.at)
        });
        let left = rows.iter().skip(ROWS).map(ParticipantGroup::len).sum();
        rows.truncate(ROWS);
        let anchors = rows.iter().map(|row| row.at).collect();
        let mut hits: BTreeMap<_, Vec<&Hit>> = BTreeMap::new();
        for hit in report.sorted_hits().into_iter().filter(|hit| hit.counts()) {
            for container in hit.containers.iter().chain([&hit.container]) {
                let known: &mut Vec<&Hit> =
                    hits.entry((hit.login, hit.project.as_deref(), container.as_str())).or_default();
                if known.last().is_none_or(|last| !std::ptr::eq(*last, hit)) {
                    known.push(hit);
                }
            }
        }
        Self { report, rows, left, anchors, hits }
    }

    /// Whether a link can lead to the row of a participant.
    pub(super) fn has_row(&self, participant: usize) -> bool {
        self.anchors.contains(&participant)
    }

    /// `judged_all` says that where there is nobody there is nobody.
    pub(super) fn section(&self, sections: &FindingSections<'_>, judged_all: bool) -> Markup {
        if self.rows.is_empty() && !judged_all {
            return html! {};
        }
        html! {
            section aria-labelledby="participants" {
                h2 #participants { "Participants" }
                @if self.rows.is_empty() {
                    p { (nobody_sentence(self.report)) }
                } @else {
                    (self.controls())
                    div .scroll role="region" aria-labelledby="participants" tabindex="0" {
                        table #table {
                            thead { tr { @for column in COLUMNS { th scope="col" { (column) } } } }
                            tbody { @for row in &self.rows { (self.row(row, sections)) } }
                        }
                    }
                    @if self.left > 0 { p .quiet { "And " (self.left) " more: " code { "--format json" } " lists all." } }
                }
            }
        }
    }

    /// Only the script makes use of them, and it is what shows them.
    fn controls(&self) -> Markup {
        let mut verdicts: Vec<Verdict> = self.rows.iter().map(|row| row.first.verdict).collect();
        verdicts.dedup();
        html! {
            div #controls .controls hidden {
                label { "Filter " input #filter type="search" autocomplete="off" spellcheck="false"; }
                fieldset {
                    legend .unseen { "Verdicts that are shown" }
                    @for one in verdicts {
                        label { input type="checkbox" name="verdict" value=(one.name()) checked; " " (verdict_word(one, Basis::Seen)) }
                    }
                }
                output #shown for="filter" aria-live="polite" { (self.rows.len()) " of " (self.rows.len()) " rows shown" }
            }
        }
    }

    fn row(&self, row: &ParticipantGroup<'_>, sections: &FindingSections<'_>) -> Markup {
        let one = row.first;
        let away = one.verdict == Verdict::NotAParticipant;
        let unless_away = |text: &str| if away { "–".to_owned() } else { text.to_owned() };
        let key = (one.login, one.project.as_deref(), one.container.as_str());
        let found = self.hits.get(&key).map(Vec::as_slice).unwrap_or_default();
        html! {
            tr id={ "p" (row.at + 1) } data-verdict=(one.verdict.name()) {
                th scope="row" data-key=(row.names.first().map_or("", |name| name.full.as_str())) { (row_name(row)) }
                td data-key=(one.verdict as u8) {
                    (verdict_word(one.verdict, one.basis))
                    @if row.accepted { " " span .badge { "accepted" } }
                }
                td .why {
                    @for reason in row.reasons(self.report) { (prose(reason)) " " }
                    @for hit in first_of(found, FINDINGS).0 { (hit_link(hit, sections.shows(hit))) " " }
                }
                td { (path_markup(&one.state_dir)) }
                td { (path_markup(&one.place.text)) }
                td .number title=(xml(&one.peers.join(", "))) { (one.peer_count) }
                td { (unless_away(one.role)) }
                td { (one.auth) }
                td { @if let Some(version) = &one.version { (code_markup(version)) } @else { "unknown" } }
                td { (unless_away(one.internal_lock)) }
                td { (unless_away(one.guard)) }
            }
        }
    }
}

/// One name, or how many there are with all of them folded.
fn row_name(row: &ParticipantGroup<'_>) -> Markup {
    html! {
        @match row.names.as_slice() {
            [first, .., last] => {
                details {
                    summary {
                        (breakable_name(&first.short)) " … " (breakable_name(&last.short)) " "
                        span .count { (row.len()) " alike" }
                    }
                    p .names { (row.list_all()) }
                }
            }
            names => { @for name in names { (breakable_name(&name.full)) } }
        }
    }
}

/// A name that may go on in the next line after its project.
fn breakable_name(name: &str) -> Markup {
    html! { @for part in xml(name).split_inclusive('/') { (part) wbr; } }
}
