//! What does not count, by whose word, and why. May use `finding`.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::prose::{block_cell, block_table, code_markup, file_line, first_of, prose};
use super::sections::FindingSections;
use super::sound::folded_findings;
use crate::finding::{Hit, Suppressed};
use crate::render::Given;
use crate::render::accepted_files::accepted_file_lines;
use crate::render::phrases::{count_of, list_hits, suppressor_words, using};
use crate::render::safe::xml;

/// How many entries have a row.
const ROWS: usize = 100;

/// What somebody accepts, and of whom.
struct AcceptedEntry<'a> {
    suppressed: &'a Suppressed,
    rules: Vec<&'a str>,
    hits: Vec<&'a Hit>,
}

pub(super) fn section(sections: &FindingSections<'_>, given: &Given<'_>) -> Markup {
    let entries = accepted_entries(given);
    let (shown, left) = first_of(&entries, ROWS);
    html! {
        @if !entries.is_empty() {
            section aria-labelledby="accepted" {
                h2 #accepted { "Accepted" }
                p .lead { "Reported, but not counted." }
                (block_table("Accepted", &["Containers", "Rules", "Suppressed by", "Reason"], &html! { @for entry in shown { (entry_row(entry, given)) } }))
                @if left > 0 { p .quiet { "And " (left) " more: " code { "--format json" } " lists all." } }
            }
        }
        (accepted_files(given))
        (folded_findings("suppressed", "Findings that do not count", &sections.suppressed, given))
        (configuration(given))
    }
}

/// What people accept of files.
fn accepted_files(given: &Given<'_>) -> Markup {
    let lines = accepted_file_lines(given.report, given.sources);
    let (shown, left) = first_of(&lines, ROWS);
    html! {
        @if !lines.is_empty() {
            section aria-labelledby="accepted-files" {
                h2 #accepted-files { "Accepted files" }
                ul .plain { @for line in shown { li { (xml(line)) } } }
                @if left > 0 { p .quiet { "And " (left) " more: " code { "--format json" } " lists all." } }
            }
        }
    }
}

fn entry_row(entry: &AcceptedEntry<'_>, given: &Given<'_>) -> Markup {
    let place = entry.suppressed.span.and_then(|span| file_line(span, given));
    let rules = html! { @for rule in &entry.rules { (code_markup(rule)) " " } };
    let by = html! {
        (suppressor_words(entry.suppressed.by)) @if let Some(place) = place { " (" (code_markup(&place)) ")" }
    };
    let reason = html! {
        @if entry.suppressed.reason.is_empty() { span .quiet { "–" } } @else { (prose(&entry.suppressed.reason)) }
    };
    html! {
        tr role="row" {
            th scope="row" role="rowheader" { (xml(&list_hits(&entry.hits))) }
            (block_cell("Rules", &rules))
            (block_cell("By", &by))
            (block_cell("Reason", &reason))
        }
    }
}

/// What suppresses hits and single rules of them: the same by the same word is one entry.
fn accepted_entries<'a>(given: &Given<'a>) -> Vec<AcceptedEntry<'a>> {
    let mut entries: Vec<AcceptedEntry<'a>> = Vec::new();
    let mut known = BTreeMap::new();
    for hit in given.report.sorted_hits() {
        for breach in &hit.breaches {
            let Some(suppressed) = hit.suppressed.as_ref().or(breach.suppressed.as_ref()) else { continue };
            let key = (suppressed.by, suppressed.reason.as_str(), suppressed.span);
            let at = *known.entry(key).or_insert_with(|| {
                entries.push(AcceptedEntry { suppressed, rules: Vec::new(), hits: Vec::new() });
                entries.len() - 1
            });
            let Some(entry) = entries.get_mut(at) else { continue };
            if !entry.rules.contains(&breach.rule.as_str()) {
                entry.rules.push(&breach.rule);
            }
            if entry.hits.last().is_none_or(|last| !std::ptr::eq(*last, hit)) {
                entry.hits.push(hit);
            }
        }
    }
    entries
}

/// What people wrote that the run used.
fn configuration(given: &Given<'_>) -> Markup {
    html! {
        @if let Some(using) = using(given.report) {
            section aria-labelledby="configuration" {
                h2 #configuration { "Configuration used" }
                p { (xml(&using)) }
                @if given.report.added > 0 { p { (count_of(given.report.added, "entry")) " of it added by the change itself." } }
            }
        }
    }
}
