//! What changed since the last run, or would change by a plan. May use `finding`.

use maud::{Markup, html};

use super::prose::{link, name, prose, severity, tone, verdict};
use crate::finding::{Basis, Before, Change, Comparison, End, Finding, Gone, Report, Verdicts};
use crate::render::compared;
use crate::render::safe::xml;
use crate::render::time::utc;

/// How a finding stands to what was before.
pub(super) fn badge(finding: &Finding, comparison: Option<&Comparison>) -> Markup {
    let class = if finding.change == Some(Change::New) { "badge new" } else { "badge" };
    html! {
        @if let Some(words) = compared::standing(finding, comparison) { span class=(class) { (words) } }
    }
}

pub(super) fn section(report: &Report, comparison: &Comparison) -> Markup {
    let words = Words::of(comparison.before);
    let with = |new: bool| -> Vec<&Finding> {
        let all = report.findings.iter().filter(|finding| finding.suppressed.is_none());
        all.filter(|finding| finding.change.is_some_and(|change| (change == Change::New) == new)).collect()
    };
    let gone = |seen: bool| -> Vec<&Gone> {
        comparison.gone.iter().filter(|gone| (gone.end != End::Unseen) == seen).collect()
    };
    html! {
        section aria-labelledby="changes" {
            h2 #changes { "What changed" }
            p .lead { (words.lead) }
            (endangered(comparison))
            (found(words.new, &with(true), comparison))
            (resolved(words.gone, &gone(true)))
            (resolved("Not known: could not be looked at", &gone(false)))
            (found(words.kept, &with(false), comparison))
            (verdicts(&comparison.verdicts, comparison.before))
        }
    }
}

/// What the parts are called.
struct Words {
    lead: String,
    new: &'static str,
    kept: &'static str,
    gone: &'static str,
}

impl Words {
    fn of(before: Before) -> Self {
        let (new, kept, gone) = ("New", "Still open", "Resolved");
        match before {
            Before::LastRun(at) => Self { lead: format!("Since the run of {} UTC.", utc(at)), new, kept, gone },
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

fn heading(words: &str, count: usize) -> Markup {
    html! { h3 { (words) " " span .count { (count) } } }
}

fn found(words: &str, findings: &[&Finding], comparison: &Comparison) -> Markup {
    html! {
        @if !findings.is_empty() {
            (heading(words, findings.len()))
            ul .plain { @for finding in findings { li {
                span class={ "badge " (tone(finding.severity, &finding.rule)) } { (severity(finding.severity, &finding.rule)) }
                " " (link(finding)) " in " (name(finding.project.as_deref(), &finding.container))
                @if let (Some(Change::Kept(Some(since))), true) = (finding.change, comparison.before != Before::Running) {
                    " " span .quiet { "since " (utc(since)) " UTC" }
                }
            } } }
        }
    }
}

fn resolved(words: &str, gone: &[&Gone]) -> Markup {
    html! {
        @if !gone.is_empty() {
            (heading(words, gone.len()))
            ul .plain { @for one in gone { li {
                span .badge { (severity(one.severity, &one.rule)) } " " (xml(&one.rule)) " in "
                (name(one.project.as_deref(), &one.container)) ", " (end(one.end))
                @if let Some(since) = one.since { " " span .quiet { "open since " (utc(since)) " UTC" } }
                p .quiet { (prose(&one.message)) }
            } } }
        }
    }
}

fn end(end: End) -> &'static str {
    match end {
        End::Fixed => "fixed",
        End::Renewed => "fixed once its container is made anew",
        End::Left => "its container runs no more",
        End::Unseen => "it could not be looked at, so whether it is still so is not known",
    }
}

fn endangered(comparison: &Comparison) -> Markup {
    html! {
        @if !comparison.endangered.is_empty() {
            (heading("Running containers that are endangered", comparison.endangered.len()))
            ul .plain { @for one in &comparison.endangered { li {
                strong { (name(one.project.as_deref(), &one.container)) } " by " (xml(&one.by.join(", ")))
            } } }
        }
    }
}

/// Before and after, those that differ first.
fn verdicts(verdicts: &[Verdicts], before: Before) -> Markup {
    let heads = if before == Before::Running { ["Now", "With the plan"] } else { ["Before", "Now"] };
    let (turned, same): (Vec<&Verdicts>, Vec<&Verdicts>) = verdicts.iter().partition(|pair| pair.before != pair.after);
    html! {
        @if !verdicts.is_empty() {
            h3 #verdicts { "Verdicts, before and after" }
            div .scroll role="region" aria-labelledby="verdicts" tabindex="0" {
                table {
                    thead { tr { th scope="col" { "Container" } @for head in heads { th scope="col" { (head) } } th scope="col" { "Change" } } }
                    tbody { @for pair in turned.into_iter().chain(same) { tr {
                        th scope="row" { (name(pair.project.as_deref(), &pair.container)) }
                        @for one in [pair.before, pair.after] {
                            td { @match one { Some(one) => { (verdict(one, Basis::Seen)) } None => { span .quiet { "not there" } } } }
                        }
                        td { (direction(pair)) }
                    } } }
                }
            }
        }
    }
}

fn direction(pair: &Verdicts) -> &'static str {
    match (pair.before, pair.after) {
        (None, _) => "comes",
        (_, None) => "goes",
        (before, after) if before < after => "worse",
        (before, after) if before > after => "better",
        _ => "stays",
    }
}
