//! Each finding with its lines, its evidence and what to do; and those that do not count. May use `finding`.

use maud::{Markup, html};

use super::comparison::change_badge;
use super::prose::{ParticipantRows, code_markup, container_name, prose, severity_word, tone_class};
use crate::finding::{Hit, Location};
use crate::render::Given;
use crate::render::phrases::suppression_text;
use crate::render::safe::xml;
use crate::render::source_frame::MaskedSource;
use crate::render::source_place::ShownPlace;

/// Up to so many are open from the beginning.
const OPEN: usize = 12;

pub(super) fn section(findings: &[&Hit], rows: &ParticipantRows<'_>, given: &Given<'_>) -> Markup {
    html! {
        section aria-labelledby="findings" {
            h2 #findings { "Findings" @if !findings.is_empty() { " " span .count { (findings.len()) } } }
            @if findings.is_empty() { p { "None." } }
            @for finding in findings { (finding_article(finding, findings.len() <= OPEN, rows, given)) }
        }
    }
}

fn finding_article(finding: &Hit, open: bool, rows: &ParticipantRows<'_>, given: &Given<'_>) -> Markup {
    let tone = tone_class(finding.severity(), finding.rule());
    let name = container_name(finding.project.as_deref(), &finding.container);
    html! {
        article id={ "f-" (finding.fingerprint) } class={ "finding " (tone) } data-rule=(xml(finding.rule())) data-severity=(finding.severity().name()) {
            details open[open] {
                summary {
                    h3 { span class={ "badge " (tone) } { (severity_word(finding.severity(), finding.rule())) } " " (xml(finding.rule())) " in " (name) }
                    (change_badge(finding, given.report.comparison.as_ref()))
                    p .message { (prose(finding.message())) }
                }
                @for location in finding.locations() { (location_lines(location, given)) }
                @if !finding.advice().is_empty() {
                    h4 { "To fix it, best first" }
                    ol { @for remedy in &finding.advice() { li { (prose(remedy)) } } }
                }
                h4 { "Evidence, confidence " (finding.confidence().name()) }
                ul { @for evidence in finding.evidence() {
                    li {
                        span .kind { (evidence.kind.name()) } " " (prose(&evidence.text))
                        @if let Some(span) = evidence.span { " (" (code_markup(&ShownPlace::of(span, given).one_line())) ")" }
                    }
                } }
                p .links {
                    @if let Some(row) = rows.anchor(finding) { a href=(row) { "Its row among the participants" } " · " }
                    a href={ "#f-" (finding.fingerprint) } { "Link to this finding" }
                }
            }
        }
    }
}

/// A location with its lines. Of them only what is inside the location is shown, as in the text.
fn location_lines(location: &Location, given: &Given<'_>) -> Markup {
    let shown = MaskedSource::of(location, given.sources);
    let part = |range| shown.text.get(range).unwrap_or("");
    let (before, within) = (part(0..shown.range.start), part(shown.range.clone()));
    let after = part(shown.range.end..shown.text.len());
    html! {
        figure {
            figcaption { (code_markup(&ShownPlace::of(location.span, given).one_line())) @if !shown.label.is_empty() { ": " (prose(&location.label)) } }
            @if !shown.text.trim().is_empty() {
                pre { code { (xml_lines(before)) mark { (xml_lines(within)) } (xml_lines(after)) } }
            }
        }
    }
}

/// Lines that are safe but for the ends between them.
fn xml_lines(text: &str) -> String {
    text.split('\n').map(xml).collect::<Vec<_>>().join("\n")
}

/// What does not count, and why.
pub(super) fn suppressed(findings: &[&Hit], rows: &ParticipantRows<'_>, given: &Given<'_>) -> Markup {
    html! {
        @if !findings.is_empty() {
            section aria-labelledby="suppressed" {
                h2 #suppressed { "Suppressed " span .count { (findings.len()) } }
                ul .plain { @for finding in findings {
                    li id={ "f-" (finding.fingerprint) } {
                        span .badge { (severity_word(finding.severity(), finding.rule())) } " " (xml(finding.rule())) " in "
                        @let name = container_name(finding.project.as_deref(), &finding.container);
                        @match rows.anchor(finding) {
                            Some(row) => { a href=(row) { (name) } }
                            None => { (name) }
                        }
                        ", " (prose(&suppression_text(finding)))
                        " " (change_badge(finding, given.report.comparison.as_ref()))
                        p .quiet { (prose(finding.message())) }
                    }
                } }
            }
        }
    }
}
