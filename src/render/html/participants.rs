//! The table of participants. The page's script lets it be sorted and filtered. May use `finding`.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::prose::{code_markup, container_name, participant_link, prose, verdict_word};
use crate::finding::{Basis, Hit, Participant, Report, Verdict};
use crate::render::safe::xml;

const COLUMNS: [&str; 11] = [
    "Container",
    "Verdict",
    "Why",
    "State directory",
    "ShownPlace",
    "Peers",
    "Role",
    "Login",
    "Version",
    "Internal lock",
    "Guard",
];

/// The findings about a container.
type About<'a> = BTreeMap<(Option<&'a str>, &'a str), Vec<&'a Hit>>;

pub(super) fn section(report: &Report) -> Markup {
    let mut about: About<'_> = BTreeMap::new();
    for finding in report.sorted_hits().into_iter().filter(|finding| finding.counts()) {
        about.entry((finding.project.as_deref(), &finding.container)).or_default().push(finding);
    }
    html! {
        section aria-labelledby="participants" {
            h2 #participants { "Participants" }
            @if report.participants.is_empty() {
                p { "No container has a state directory of a known program." }
            } @else {
                (table_controls(&report.participants))
                div .scroll role="region" aria-labelledby="participants" tabindex="0" {
                    table #table {
                        thead { tr { @for column in COLUMNS { th scope="col" { (column) } } } }
                        tbody { @for (at, one) in report.participants.iter().enumerate() { (participant_row(at, one, &about)) } }
                    }
                }
            }
        }
    }
}

/// Only the script makes use of them, and it is what shows them.
fn table_controls(participants: &[Participant]) -> Markup {
    let mut verdicts: Vec<Verdict> = participants.iter().map(|one| one.verdict).collect();
    verdicts.sort_by(|a, b| b.cmp(a));
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
            output #shown for="filter" aria-live="polite" { (participants.len()) " of " (participants.len()) " shown" }
        }
    }
}

/// A name that may go on on the next line after its project.
fn breakable_name(name: &str) -> Markup {
    html! { @for part in name.split_inclusive('/') { (part) wbr; } }
}

fn participant_row(at: usize, one: &Participant, about: &About<'_>) -> Markup {
    let away = one.verdict == Verdict::NotAParticipant;
    let unless_away = |text: &str| if away { "–".to_owned() } else { text.to_owned() };
    let found = about.get(&(one.project.as_deref(), one.container.as_str())).map(Vec::as_slice).unwrap_or_default();
    html! {
        tr id={ "p" (at + 1) } data-verdict=(one.verdict.name()) {
            th scope="row" { (breakable_name(&container_name(one.project.as_deref(), &one.container))) }
            td data-key=(one.verdict as u8) { (verdict_word(one.verdict, one.basis)) }
            td .why {
                @if !one.reason.is_empty() { (prose(&one.reason)) }
                @for finding in found { " " (participant_link(finding)) }
            }
            td { (code_markup(&one.state_dir)) }
            td { (code_markup(&one.place.text)) }
            td .number title=(xml(&one.peers.join(", "))) { (one.peer_count) }
            td { (unless_away(one.role)) }
            td { (one.auth) }
            td { (one.version.as_deref().map_or_else(|| "not known".to_owned(), xml)) }
            td { (unless_away(one.internal_lock)) }
            td { (unless_away(one.guard)) }
        }
    }
}
