//! The report as one page for a browser: it fetches nothing, is whole without its script, and says the same as the other
//! formats. May use `finding`, `model`, `rules` and `report`; the home of maud, and of ring for the page's own digests.
//!
//! ```text
//! sections      which findings are shown where, and how many
//! summary, comparison, findings, picture, sound, participants, accepted   the sections
//! hit_table, remedies, evidence   the parts of a finding;  prose: foreign text in them
//! ```

mod accepted;
mod comparison;
mod evidence;
mod findings;
mod hit_table;
mod participants;
mod picture;
mod prose;
mod remedies;
mod sections;
mod sound;
mod summary;
#[cfg(test)]
mod tests;

use std::io;

use data_encoding::BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};

use self::participants::ParticipantTable;
use self::sections::FindingSections;
use self::summary::Headline;
use super::Given;
use super::graph;
use super::phrases::{count_of, level_word};
use super::source_place::{self, ShownPlace};
use crate::model::{Diagnostic, Level};
use crate::report::ExitStatus;

const SCRIPT: &str = include_str!("page.js");

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(page(given).into_string().as_bytes())
}

fn page(given: &Given<'_>) -> Markup {
    let style = format!("{}{}", graph::STYLE, include_str!("page.css"));
    let report = given.report;
    let sections = FindingSections::of(report);
    let table = ParticipantTable::of(report);
    let headline = Headline::of(given);
    let judged_all = !matches!(given.status, ExitStatus::Unusable | ExitStatus::NotInspected);
    let input_first = report.diagnostics.iter().any(|one| one.level != Level::Warning);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(content_policy(&style));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "Overlock: " (headline.text) }
                // Without it a browser asks for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(&style)) }
            }
            body {
                a .skip href="#main" { "To the findings" }
                (summary::header(&headline, given))
                main #main tabindex="-1" {
                    @if input_first { (input_section(given)) }
                    @if let Some(comparison) = &report.comparison {
                        (comparison::section(report, comparison, &sections))
                    }
                    (findings::section(&sections, given))
                    (picture::section(report, |at| table.has_row(at)))
                    (sound::section(&sections, given))
                    (table.section(&sections, judged_all))
                    (accepted::section(&sections, given))
                    @if !input_first { (input_section(given)) }
                }
                footer { p { "Made by Overlock " (env!("CARGO_PKG_VERSION")) ". " code { "overlock explain RULE" } " says more about a rule." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// What the page may do: what is in it, told by its digest, and nothing else.
fn content_policy(style: &str) -> String {
    let of = |text: &str| BASE64.encode(digest(&SHA256, text.as_bytes()).as_ref());
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        of(style),
        of(SCRIPT)
    )
}

/// How many problems of the input are listed.
const PROBLEMS: usize = 200;

/// What was not judged and why; remarks that no verdict depends on are folded.
fn input_section(given: &Given<'_>) -> Markup {
    let (remarks, problems): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        given.report.diagnostics.iter().partition(|one| one.level == Level::Warning);
    html! {
        @if !given.report.diagnostics.is_empty() {
            section aria-labelledby="input" {
                h2 #input { @if problems.is_empty() { "Remarks about the input" } @else { "Not judged" } }
                (problem_list(&problems, given))
                @if !remarks.is_empty() {
                    details {
                        summary { (count_of(remarks.len(), "remark")) " that no verdict depends on" }
                        (problem_list(&remarks, given))
                    }
                }
            }
        }
    }
}

fn problem_list(diagnostics: &[&Diagnostic], given: &Given<'_>) -> Markup {
    let (shown, left) = prose::first_of(diagnostics, PROBLEMS);
    html! {
        @if !shown.is_empty() { ul .plain { @for diagnostic in shown { li { (problem_item(diagnostic, given)) } } } }
        @if left > 0 { p .quiet { "And " (left) " more: " code { "--format json" } " lists all." } }
    }
}

fn problem_item(diagnostic: &Diagnostic, given: &Given<'_>) -> Markup {
    let at = match (diagnostic.span, &diagnostic.file) {
        (Some(span), _) => Some(ShownPlace::of(span, given).one_line()),
        (None, Some(file)) => Some(source_place::path(file, given.directory).0),
        (None, None) => None,
    };
    let tone = match diagnostic.level {
        Level::Error => "error",
        Level::Gap => "unknown",
        Level::Warning => "warning",
    };
    html! {
        span class={ "badge " (tone) } { (level_word(diagnostic)) } " "
        @if let Some(at) = at { (prose::code_markup(&at)) ": " }
        (prose::prose(&diagnostic.message))
    }
}
