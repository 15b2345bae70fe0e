//! The head of the page: what there is, counted, and how the run ended. May use `finding` and `report`.

use maud::{Markup, html};

use crate::finding::{Report, Verdict};
use crate::model::Level;
use crate::render::Given;
use crate::render::phrases::{count_of, using};
use crate::render::safe::xml;
use crate::report::{Counts, ExitStatus, count};
use crate::text::utc_text;

/// The whole in a few words.
pub(super) fn headline(report: &Report) -> String {
    let counts = count(report);
    let what = match counts {
        Counts { errors: 1.., .. } => count_of(counts.errors, "error"),
        Counts { warnings: 1.., .. } => count_of(counts.warnings, "warning"),
        Counts { undetermined: 1.., .. } => format!("{} undetermined", counts.undetermined),
        _ => "nothing to mend".to_owned(),
    };
    format!("{what} in {}", count_of(report.containers, "container"))
}

pub(super) fn header(given: &Given<'_>) -> Markup {
    let report = given.report;
    let counts = count(report);
    let part = report.participants.iter().filter(|one| one.verdict != Verdict::NotAParticipant).count();
    let wrong = report.diagnostics.iter().filter(|one| one.level != Level::Warning).count();
    let tone = match counts {
        Counts { errors: 1.., .. } => "error",
        Counts { warnings: 1.., .. } => "warning",
        Counts { undetermined: 1.., .. } => "unknown",
        _ => "sound",
    };
    let figures = [
        (report.containers, "container", ""),
        (part, "participant", ""),
        (counts.errors, "error", "error"),
        (counts.warnings, "warning", "warning"),
        (counts.undetermined, "undetermined", "unknown"),
        (counts.notes, "note", "note"),
        (counts.suppressed, "suppressed", ""),
        (wrong, "problem with the input", "error"),
    ];
    let always = |what: &str| matches!(what, "container" | "participant" | "error" | "warning");
    html! {
        header class={ "head " (tone) } {
            p .brand { "Overlock" }
            h1 { (capitalize(&headline(report))) }
            p .lead {
                (status_text(given.status))
                @if let Some(at) = given.at { " " time datetime=(utc_text(at).replace(' ', "T") + "Z") { "Looked at on " (utc_text(at)) " UTC." } }
            }
            @if let Some(using) = using(report) { p .lead { "Using " (xml(&using)) "." } }
            dl .figures {
                @for (figure, what, tone) in figures.iter().filter(|(figure, what, _)| *figure > 0 || always(what)) {
                    div class=(if *figure > 0 { tone } else { &"" }) { dt { (figure_text(*figure, what)) } dd { (figure) } }
                }
            }
        }
    }
}

/// What a figure counts: `1 note`, `2 notes`.
fn figure_text(figure: usize, what: &str) -> String {
    match (figure, what) {
        (1, _) | (_, "undetermined" | "suppressed") => what.to_owned(),
        (_, "problem with the input") => "problems with the input".to_owned(),
        _ => format!("{what}s"),
    }
}

fn status_text(status: ExitStatus) -> &'static str {
    match status {
        ExitStatus::Clean => "Exit status 0: nothing that fails the run.",
        ExitStatus::Findings => "Exit status 1: there are findings that fail the run.",
        ExitStatus::Unusable => "Exit status 2: some input cannot be read or would be refused, so this may not be all.",
        ExitStatus::NotInspected => "Exit status 3: something could not be looked at, and nothing worse was found.",
    }
}

fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
