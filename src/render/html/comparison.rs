//! What changed since the last run, or would change by a plan. May use `finding`.

use maud::{Markup, html};

use super::prose::{container_name, first_of, hit_link, prose, severity_badge, severity_word, verdict_word};
use super::sections::FindingSections;
use crate::finding::{Basis, Before, Change, Comparison, End, Gone, Hit, Report, Verdicts};
use crate::render::compared;
use crate::render::hit_rows::hit_name;
use crate::render::safe::xml;
use crate::text::utc_text;

/// How a finding stands to what was before.
pub(super) fn change_badge(finding: &Hit, comparison: Option<&Comparison>) -> Markup {
    let class = if finding.is_news() { "badge new" } else { "badge" };
    html! {
        @if let Some(words) = compared::standing_words(finding, comparison) { span class=(class) { (words) } }
    }
}

/// How many entries of a list are told.
const LISTED: usize = 50;
/// How many verdicts are told before and after.
const VERDICTS: usize = 200;

pub(super) fn section(report: &Report, comparison: &Comparison, sections: &FindingSections<'_>) -> Markup {
    let words = ComparisonWords::of(comparison.before);
    let compared = report.sorted_hits().into_iter().filter(|hit| hit.counts() && hit.change.is_some());
    let (new, kept): (Vec<&Hit>, Vec<&Hit>) = compared.partition(|hit| hit.change.is_some_and(Change::is_news));
    let (unseen, resolved): (Vec<&Gone>, Vec<&Gone>) = comparison.gone.iter().partition(|gone| gone.end == End::Unseen);
    html! {
        section aria-labelledby="changes" {
            h2 #changes { "What changed" }
            p .lead { (words.lead) }
            (endangered_list(comparison))
            (found_list(words.new, &new, comparison, sections))
            (resolved_list(words.gone, &resolved))
            (resolved_list("Unknown: not inspected this time", &unseen))
            (found_list(words.kept, &kept, comparison, sections))
            (verdict_table(&comparison.verdicts, comparison.before))
        }
    }
}

/// What the parts are called.
struct ComparisonWords {
    lead: String,
    new: &'static str,
    kept: &'static str,
    gone: &'static str,
}

impl ComparisonWords {
    fn of(before: Before) -> Self {
        let (new, kept, gone) = ("New", "Still open", "Resolved");
        match before {
            Before::LastRun(at) => Self { lead: format!("Since the run of {} UTC.", utc_text(at)), new, kept, gone },
            Before::Nothing => {
                let lead = "No earlier run could be read, so everything counts as new.".to_owned();
                Self { lead, new, kept, gone }
            }
            Before::Running => Self {
                lead: "What runs now, beside what would run after the deploy.".to_owned(),
                new: "Introduced by the plan",
                kept: "Already there",
                gone: "Fixed by the plan",
            },
        }
    }
}

fn counted_heading(words: &str, count: usize) -> Markup {
    html! { h3 { (words) " " span .count { (count) } } }
}

fn more(left: usize) -> Markup {
    html! { @if left > 0 { p .quiet { "And " (left) " more." } } }
}

fn found_list(words: &str, hits: &[&Hit], comparison: &Comparison, sections: &FindingSections<'_>) -> Markup {
    let (shown, left) = first_of(hits, LISTED);
    html! {
        @if !hits.is_empty() {
            (counted_heading(words, hits.len()))
            ul .plain { @for hit in shown { li {
                (severity_badge(hit.severity(), hit.rule()))
                " " (hit_link(hit, sections.shows(hit))) " in " (container_name(hit.project.as_deref(), &hit_name(hit)))
                @if let (Some(since), true) = (hit.change.and_then(Change::since), comparison.before != Before::Running) {
                    " " span .quiet { "since " (utc_text(since)) " UTC" }
                }
            } } }
            (more(left))
        }
    }
}

fn resolved_list(words: &str, gone: &[&Gone]) -> Markup {
    let (shown, left) = first_of(gone, LISTED);
    html! {
        @if !gone.is_empty() {
            (counted_heading(words, gone.len()))
            ul .plain { @for one in shown { li {
                span .badge { (severity_word(one.severity, &one.rule)) } " " (xml(&one.rule)) " in "
                (container_name(one.project.as_deref(), &one.container)) ", " (end_words(one.end))
                @if let Some(since) = one.since { " " span .quiet { "open since " (utc_text(since)) " UTC" } }
                p .quiet { (prose(&one.message)) }
            } } }
            (more(left))
        }
    }
}

fn end_words(end: End) -> &'static str {
    match end {
        End::Fixed => "fixed",
        End::Renewed => "fixed once its container is recreated",
        End::Left => "its container no longer runs",
        End::Unseen => "it could not be inspected, so whether it still holds is unknown",
    }
}

fn endangered_list(comparison: &Comparison) -> Markup {
    let (shown, left) = first_of(&comparison.endangered, LISTED);
    html! {
        @if !comparison.endangered.is_empty() {
            (counted_heading("Running containers put at risk", comparison.endangered.len()))
            ul .plain { @for one in shown { li {
                strong { (container_name(one.project.as_deref(), &one.container)) } " by " (xml(&one.by.join(", ")))
            } } }
            (more(left))
        }
    }
}

/// Before and after, those that differ first.
fn verdict_table(verdicts: &[Verdicts], before: Before) -> Markup {
    let heads = if before == Before::Running { ["Now", "With the plan"] } else { ["Before", "Now"] };
    let mut sorted: Vec<&Verdicts> = verdicts.iter().collect();
    sorted.sort_by_key(|pair| pair.before == pair.after);
    let (shown, left) = first_of(&sorted, VERDICTS);
    html! {
        @if !verdicts.is_empty() {
            h3 #verdicts { "Verdicts, before and after" }
            div .scroll role="region" aria-labelledby="verdicts" tabindex="0" {
                table {
                    thead { tr { th scope="col" { "Container" } @for head in heads { th scope="col" { (head) } } th scope="col" { "Change" } } }
                    tbody { @for pair in shown { tr {
                        th scope="row" { (container_name(pair.project.as_deref(), &pair.container)) }
                        @for one in [pair.before, pair.after] {
                            td { @match one { Some(one) => { (verdict_word(one, Basis::Seen)) } None => { span .quiet { "not there" } } } }
                        }
                        td { (verdict_direction(pair)) }
                    } } }
                }
            }
            (more(left))
        }
    }
}

fn verdict_direction(pair: &Verdicts) -> &'static str {
    match (pair.before, pair.after) {
        (None, _) => "added",
        (_, None) => "removed",
        (before, after) if before < after => "worse",
        (before, after) if before > after => "better",
        _ => "unchanged",
    }
}
