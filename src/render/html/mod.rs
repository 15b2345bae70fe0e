//! The report as one page for a browser: it fetches nothing, is whole without its script, and says the same as the other
//! formats. May use `finding`, `model`, `rules` and `report`; the home of maud, and of ring for the page's own digests.
//!
//! ```text
//! summary, changes, participants, findings   the sections;  prose: foreign text in them
//! ```

mod comparison;
mod findings;
mod participants;
mod prose;
mod summary;
#[cfg(test)]
mod tests;

use std::io;

use data_encoding::BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};

use super::Given;
use super::graph::{self, Graph};
use super::phrases::{level_word, split_suppressed};
use super::source_place::{self, ShownPlace};
use crate::model::{Diagnostic, Level};

const SCRIPT: &str = include_str!("page.js");

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(page(given).into_string().as_bytes())
}

fn page(given: &Given<'_>) -> Markup {
    let style = format!("{}{}", graph::STYLE, include_str!("page.css"));
    let report = given.report;
    let rows = prose::ParticipantRows::of(report);
    let (counted, suppressed) = split_suppressed(report.sorted_hits().into_iter());
    let picture = (!report.participants.is_empty()).then(|| graph::svg_part(&Graph::of(report)));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(content_policy(&style));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "Overlock: " (summary::headline(report)) }
                // Without it a browser asks for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(&style)) }
            }
            body {
                a .skip href="#main" { "To the findings" }
                (summary::header(given))
                main #main tabindex="-1" {
                    @if let Some(comparison) = &report.comparison {
                        (comparison::section(report, comparison))
                    }
                    @if let Some(picture) = picture {
                        section aria-labelledby="picture" {
                            h2 #picture { "Who shares what" }
                            p .lead { "A lock keeps containers from each other only where they meet at it, at the right." }
                            div .scroll role="region" aria-labelledby="picture" tabindex="0" { (PreEscaped(picture)) }
                        }
                    }
                    (participants::section(report))
                    (findings::section(&counted, &rows, given))
                    (findings::suppressed(&suppressed, &rows, given))
                    (input_section(given))
                }
                footer { p { "Made by Overlock " (env!("CARGO_PKG_VERSION")) ". " code { "overlock explain RULE" } " tells more of a rule." } }
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

/// What was wrong with the input, and what could not be looked at.
fn input_section(given: &Given<'_>) -> Markup {
    let diagnostics = &given.report.diagnostics;
    html! {
        @if !diagnostics.is_empty() {
            section aria-labelledby="input" {
                h2 #input { "Input, and what could not be looked at" }
                ul .plain {
                    @for diagnostic in diagnostics { li { (problem_item(diagnostic, given)) } }
                }
            }
        }
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
