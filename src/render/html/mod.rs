//! The report as one page for a browser: it fetches nothing, is whole without its script, and says the same as the other
//! formats. May use `finding`, `model`, `rules` and `report`; the home of maud, and of ring for the page's own digests.
//!
//! ```text
//! sections      which findings are shown where, and how many
//! summary, comparison, findings, picture, sound, participants, accepted, input   the sections
//! hit_table, remedies, evidence   the parts of a finding;  prose: foreign text in them
//! ```

mod accepted;
mod comparison;
mod evidence;
mod findings;
mod hit_table;
mod input;
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

use self::input::InputSection;
use self::participants::ParticipantTable;
use self::sections::FindingSections;
use self::summary::Headline;
use super::Given;
use super::graph;
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
    let input = InputSection::of(given);
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
                    @if input.is_first() { (input.section()) }
                    @if let Some(comparison) = &report.comparison {
                        (comparison::section(report, comparison, &sections))
                    }
                    (findings::section(&sections, given))
                    (picture::section(report, |at| table.has_row(at)))
                    (sound::section(&sections, given))
                    (table.section(&sections, judged_all))
                    (accepted::section(&sections, given))
                    @if !input.is_first() { (input.section()) }
                    (input::judged_section(given))
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
