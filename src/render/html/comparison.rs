//! What changed since the last run, or would change by a plan. May use `finding`.

use maud::{Markup, html};

use super::prose::{container_name, participant_link, prose, severity_word, tone_class, verdict_word};
use crate::finding::{Basis, Before, Change, Comparison, End, Gone, Hit, Report, Verdicts};
use crate::render::compared;
use crate::render::safe::xml;
use crate::text::utc_text;

/// How a finding stands to what was before.
pub(super) fn change_badge(finding: &Hit, comparison: Option<&Comparison>) -> Markup {
    let class = if finding.is_news() { "badge new" } else { "badge" };
    html! {
        @if let Some(words) = compared::standing_words(finding, comparison) { span class=(class) { (words) } }
    }
}

pub(super) fn section(report: &Report, comparison: &Comparison) -> Markup {
    let words = ComparisonWords::of(comparison.before);
    let with = |new: bool| -> Vec<&Hit> {
        let all = report.sorted_hits().into_iter().filter(|finding| finding.counts());
        all.filter(|finding| finding.change.is_some_and(|change| change.is_news() == new)).collect()
    };
    let gone = |seen: bool| -> Vec<&Gone> {
        comparison.gone.iter().filter(|gone| (gone.end != End::Unseen) == seen).collect()
    };
    html! {
        section aria-labelledby="changes" {
            h2 #changes { "What changed" }
            p .lead { (words.lead) }
            (endangered_list(comparison))
            (found_list(words.new, &with(true), comparison))
            (resolved_list(words.gone, &gone(true)))
            (resolved_list("Not known: could not be looked at", &gone(false)))
            (found_list(words.kept, &with(false), comparison))
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
                let lead = "No earlier run could be read, so this counts as the first: all is new.".to_owned();
                Self { lead, new, kept, gone }
            }
            Before::Running => Self {
                lead: "What runs now, and what would be so once the plan is carried out.".to_owned(),
                new: "Introduced by the plan",
                kept: "So already",
                gone: "Fixed by the plan",
            },
        }
    }
}

fn counted_heading(words: &str, count: usize) -> Markup {
    html! { h3 { (words) " " span .count { (count) } } }
}

fn found_list(words: &str, findings: &[&Hit], comparison: &Comparison) -> Markup {
    html! {
        @if !findings.is_empty() {
            (counted_heading(words, findings.len()))
            ul .plain { @for finding in findings { li {
                span class={ "badge " (tone_class(finding.severity(), finding.rule())) } { (severity_word(finding.severity(), finding.rule())) }
                " " (participant_link(finding)) " in " (container_name(finding.project.as_deref(), &finding.container))
                @if let (Some(since), true) = (finding.change.and_then(Change::since), comparison.before != Before::Running) {
                    " " span .quiet { "since " (utc_text(since)) " UTC" }
                }
            } } }
        }
    }
}

fn resolved_list(words: &str, gone: &[&Gone]) -> Markup {
    html! {
        @if !gone.is_empty() {
            (counted_heading(words, gone.len()))
            ul .plain { @for one in gone { li {
                span .badge { (severity_word(one.severity, &one.rule)) } " " (xml(&one.rule)) " in "
                (container_name(one.project.as_deref(), &one.container)) ", " (end_words(one.end))
                @if let Some(since) = one.since { " " span .quiet { "open since " (utc_text(since)) " UTC" } }
                p .quiet { (prose(&one.message)) }
            } } }
        }
    }
}

fn end_words(end: End) -> &'static str {
    match end {
        End::Fixed => "fixed",
        End::Renewed => "fixed once its container is made anew",
        End::Left => "its container runs no more",
        End::Unseen => "it could not be looked at, so whether it is still so is not known",
    }
}

fn endangered_list(comparison: &Comparison) -> Markup {
    html! {
        @if !comparison.endangered.is_empty() {
            (counted_heading("Running containers that are endangered", comparison.endangered.len()))
            ul .plain { @for one in &comparison.endangered { li {
                strong { (container_name(one.project.as_deref(), &one.container)) } " by " (xml(&one.by.join(", ")))
            } } }
        }
    }
}

/// Before and after, those that differ first.
fn verdict_table(verdicts: &[Verdicts], before: Before) -> Markup {
    let heads = if before == Before::Running { ["Now", "With the plan"] } else { ["Before", "Now"] };
    let (turned, same): (Vec<&Verdicts>, Vec<&Verdicts>) = verdicts.iter().partition(|pair| pair.before != pair.after);
    html! {
        @if !verdicts.is_empty() {
            h3 #verdicts { "Verdicts, before and after" }
            div .scroll role="region" aria-labelledby="verdicts" tabindex="0" {
                table {
                    thead { tr { th scope="col" { "Container" } @for head in heads { th scope="col" { (head) } } th scope="col" { "Change" } } }
                    tbody { @for pair in turned.into_iter().chain(same) { tr {
                        th scope="row" { (container_name(pair.project.as_deref(), &pair.container)) }
                        @for one in [pair.before, pair.after] {
                            td { @match one { Some(one) => { (verdict_word(one, Basis::Seen)) } None => { span .quiet { "not there" } } } }
                        }
                        td { (verdict_direction(pair)) }
                    } } }
                }
            }
        }
    }
}

fn verdict_direction(pair: &Verdicts) -> &'static str {
    match (pair.before, pair.after) {
        (None, _) => "comes",
        (_, None) => "goes",
        (before, after) if before < after => "worse",
        (before, after) if before > after => "better",
        _ => "stays",
    }
}
