//! The head of the page: how the run ended, what there is, counted. May use `finding` and `report`.

use maud::{Markup, html};

use crate::finding::Verdict;
use crate::model::Level;
use crate::render::Given;
use crate::render::phrases::{count_of, counted_unread};
use crate::report::{Counts, ExitStatus, count};
use crate::text::utc_text;

/// What the page says first, and in which colour.
pub(super) struct Headline {
    pub(super) text: String,
    tone: &'static str,
}

impl Headline {
    /// Green only where something was judged and all of it is sound.
    pub(super) fn of(given: &Given<'_>) -> Self {
        let report = given.report;
        let counts = count(report);
        let place = format!("in {}", count_of(report.containers, "container"));
        let found = match counts {
            Counts { errors: 1.., .. } => Some((count_of(counts.errors, "error"), "error")),
            Counts { warnings: 1.., .. } => Some((count_of(counts.warnings, "warning"), "warning")),
            Counts { undetermined: 1.., .. } => Some((format!("{} undetermined", counts.undetermined), "unknown")),
            _ => None,
        };
        let judged = report.participants.iter().any(|one| one.verdict != Verdict::NotAParticipant);
        let (text, tone) = match (given.status, found) {
            (ExitStatus::Unusable | ExitStatus::NotInspected, found) => {
                let text = match found {
                    Some((found, _)) => format!("Not judged in full: {found} so far {place}"),
                    None if report.containers == 0 => "Not judged: no container was inspected".to_owned(),
                    None => format!("Not judged in full: nothing found so far {place}"),
                };
                (text, "error")
            }
            (ExitStatus::Findings | ExitStatus::Clean, Some((found, tone))) => (format!("{found} {place}"), tone),
            (ExitStatus::Findings, None) => (format!("{} {place}", count_of(counts.notes, "note")), "warning"),
            (ExitStatus::Clean, None) if report.containers == 0 && report.not_judged.is_empty() => {
                ("No container was found".to_owned(), "plain")
            }
            (ExitStatus::Clean, None) if report.containers == 0 => {
                ("No container was found in what was judged".to_owned(), "plain")
            }
            (ExitStatus::Clean, None) if !judged && counts.suppressed == 0 => {
                (format!("No login of a known program {place}"), "plain")
            }
            (ExitStatus::Clean, None) if counts.suppressed > 0 => {
                (format!("Nothing open {place}, {} suppressed", counts.suppressed), "plain")
            }
            (ExitStatus::Clean, None) => (format!("Nothing to fix {place}"), "sound"),
        };
        Self { text, tone }
    }
}

pub(super) fn header(headline: &Headline, given: &Given<'_>) -> Markup {
    let report = given.report;
    let counts = count(report);
    let wrong = report.diagnostics.iter().filter(|one| one.level != Level::Warning).count();
    let unread = counted_unread(report);
    let figures = [
        (report.containers, "container", ""),
        (report.logins.len(), "login", ""),
        (counts.errors, "error", "error"),
        (counts.warnings, "warning", "warning"),
        (counts.undetermined, "undetermined", "unknown"),
        (counts.notes, "note", "note"),
        (counts.suppressed, "suppressed", ""),
        (wrong, "problem with the input", "error"),
        (unread, "file not judged", "error"),
    ];
    let judged = !matches!(given.status, ExitStatus::Unusable | ExitStatus::NotInspected);
    let always = |what: &str| judged && matches!(what, "container" | "login" | "error" | "warning");
    html! {
        header class={ "head " (headline.tone) } {
            p .brand { "Overlock" }
            h1 { (headline.text) }
            p .lead {
                (status_text(given.status))
                @if wrong + unread > 0 { " " a href="#input" { "What was not judged" } "." }
                @if let Some(at) = given.at { " " time datetime=(utc_text(at).replace(' ', "T") + "Z") { "Run at " (utc_text(at)) " UTC." } }
            }
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
        (_, "file not judged") => "files not judged".to_owned(),
        _ => format!("{what}s"),
    }
}

fn status_text(status: ExitStatus) -> &'static str {
    match status {
        ExitStatus::Clean => "Exit status 0: no finding fails the run.",
        ExitStatus::Findings => "Exit status 1: at least one finding fails the run.",
        ExitStatus::Unusable => {
            "Exit status 2: some input cannot be read, or Docker would refuse it. There may be more to find."
        }
        ExitStatus::NotInspected => {
            "Exit status 3: a fact or a file needed for a verdict could not be inspected. There may be more to find."
        }
    }
}
