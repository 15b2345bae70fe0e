//! The logins that are sound: a row each, with who uses them and why that is safe; below them their notes. May use `finding`.

use maud::{Markup, html};

use super::findings::folded_finding;
use super::prose::{block_cell, block_table, first_of, path_markup, prose, verdict_word};
use super::sections::{FindingList, FindingSections};
use crate::finding::{Login, Participant, Report, Verdict};
use crate::render::Given;
use crate::render::phrases::list_users;
use crate::render::safe::xml;
use crate::render::sound_reasons::sound_reasons;

/// How many logins have a row, and how many reasons one has.
const ROWS: usize = 100;
const REASONS: usize = 4;

pub(super) fn section(sections: &FindingSections<'_>, given: &Given<'_>) -> Markup {
    let report = given.report;
    let sound: Vec<&Login> = report.sorted_logins().into_iter().filter(|one| one.verdict == Verdict::Ok).collect();
    let (shown, left) = first_of(&sound, ROWS);
    html! {
        @if !sound.is_empty() {
            section aria-labelledby="sound" {
                h2 #sound { "Sound logins " span .count { (sound.len()) } }
                (block_table("Sound logins", &["Login", "Verdict", "Used by", "Why"], &html! { @for login in shown { (login_row(login, report)) } }))
                @if left > 0 { p .quiet { "And " (left) " more sound logins." } }
            }
        }
        (folded_findings("notes", "Notes", &sections.notes, given))
    }
}

fn login_row(login: &Login, report: &Report) -> Markup {
    let users = login.participants.iter().filter_map(|at| report.participants.get(*at));
    let users: Vec<&Participant> = users.filter(|one| one.verdict != Verdict::NotAParticipant).collect();
    let basis = users.iter().map(|one| one.basis).max().unwrap_or_default();
    let why = match sound_reasons(&users).as_slice() {
        [one] => one.why.clone(),
        several => {
            let told = several.iter().take(REASONS).map(|one| format!("{}: {}", one.who, one.why));
            told.collect::<Vec<_>>().join("; ")
        }
    };
    html! {
        tr role="row" {
            th scope="row" role="rowheader" { (path_markup(&login.place.text)) }
            (block_cell("Verdict", &verdict_word(login.verdict, basis)))
            (block_cell("Used by", &html! { (xml(&list_users(&users))) }))
            (block_cell("Why", &prose(&why)))
        }
    }
}

/// Findings that are folded: notes, and what does not count.
pub(super) fn folded_findings(id: &str, heading: &str, list: &FindingList<'_>, given: &Given<'_>) -> Markup {
    html! {
        @if list.len() > 0 {
            section aria-labelledby=(id) {
                h2 id=(id) { (heading) " " span .count { (list.len()) } }
                @for (at, (login, finding)) in list.whole.iter().enumerate() {
                    (folded_finding(&format!("{id}-{}", at + 1), Some(*login), finding, given))
                }
                @if list.listed.len() + list.left > 0 {
                    p .quiet { "And " (list.listed.len() + list.left) " more: " code { "--format json" } " lists all." }
                }
            }
        }
    }
}
