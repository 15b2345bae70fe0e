//! What ends a finding: where to write what, and whom that helps. May use `finding`.

use maud::{Markup, html};

use super::prose::{code_markup, file_line, first_of, prose, xml_lines};
use crate::finding::{Finding, Hit, PlacedText, Remedy};
use crate::render::Given;
use crate::render::phrases::{count_of, list_hits};
use crate::render::safe::xml;

/// How many remedies are seen at once, and how many in all.
const OPEN_REMEDIES: usize = 3;
const REMEDIES: usize = 20;
/// How many places of one text are named.
const PLACES: usize = 12;

pub(super) fn remedy_list(finding: &Finding, given: &Given<'_>) -> Markup {
    let counting = given.report.hits_of(finding).filter(|hit| hit.counts()).count();
    let (shown, left) = first_of(&finding.remedies, REMEDIES);
    let (open, folded) = shown.split_at(shown.len().min(OPEN_REMEDIES));
    html! {
        @if let [remedy] = open {
            h5 { "Fix" }
            div .remedy { (remedy_body(remedy, counting, given)) }
        } @else if !open.is_empty() {
            h5 { "Fix, one of these, the best first" }
            ol { @for remedy in open { li .remedy { (remedy_body(remedy, counting, given)) } } }
        }
        @if !folded.is_empty() {
            details {
                summary { (count_of(folded.len(), "more way")) }
                ol start=(open.len() + 1) { @for remedy in folded { li .remedy { (remedy_body(remedy, counting, given)) } } }
                @if left > 0 { p .quiet { "And " (left) " more: " code { "--format json" } " lists all." } }
            }
        }
    }
}

fn remedy_body(remedy: &Remedy, counting: usize, given: &Given<'_>) -> Markup {
    let ended: Vec<&Hit> = remedy.ends.iter().filter_map(|at| given.report.hits.get(*at)).collect();
    html! {
        (prose(remedy.whole_text().trim_end_matches('.')))
        @match ended.len() {
            _ if counting <= 1 => {}
            0 => {}
            count if count >= counting => { "." span .ends { " Ends it for all " (counting) "." } }
            _ => { "." span .ends { " Ends it for " (xml(&list_hits(&ended))) "." } }
        }
        @for (text, places) in placed_texts(remedy.all_edits(), given) {
            @let (named, left) = first_of(&places, PLACES);
            figure {
                @if !named.is_empty() {
                    figcaption {
                        "At " @for (at, place) in named.iter().enumerate() { @if at > 0 { ", " } (code_markup(place)) }
                        @if left > 0 { " and " (count_of(left, "more place")) }
                    }
                }
                @if !text.is_empty() { pre { code { (xml_lines(text)) } } }
            }
        }
        @if let Some(note) = &remedy.note { p .quiet { "Note: " (prose(note)) "." } }
    }
}

/// Each text once, with the places that it goes to.
fn placed_texts<'a>(edits: impl Iterator<Item = &'a PlacedText>, given: &Given<'_>) -> Vec<(&'a str, Vec<String>)> {
    let mut texts: Vec<(&str, Vec<String>)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for edit in edits {
        let at = *known.entry(edit.text.as_str()).or_insert_with(|| {
            texts.push((&edit.text, Vec::new()));
            texts.len() - 1
        });
        let Some((_, places)) = texts.get_mut(at) else { continue };
        places.extend(file_line(edit.span, given).filter(|place| places.last() != Some(place)));
    }
    texts
}
