//! What came of what was so before, in words that text and Markdown share. May use `finding`, `report` and
//! `rules`.

use super::phrases::{LISTED, count_of, full_name, list_hits};
use super::safe::safe;
use crate::finding::{
    Before, Change, Comparison, End, Endangered, Finding, Gone, Hit, Login, Report, SuppressedBy, UNDETERMINED,
    Verdict, Verdicts,
};
use crate::model::Level;
use crate::report::{is_covered, natural_key};
use crate::rules::Severity;
use crate::text::utc_text;

/// How a finding stands to what was before; `None` where nothing was held against it.
pub(super) fn standing_words(finding: &Hit, comparison: Option<&Comparison>) -> Option<String> {
    let (change, comparison) = finding.change.zip(comparison)?;
    Some(match (change, comparison.before) {
        (Change::New, Before::Running) => "introduced by the plan".to_owned(),
        (Change::Worse(_), Before::Running) => "there before, and worse by the plan".to_owned(),
        (Change::Kept(_), Before::Running) => "there before, and the plan keeps it".to_owned(),
        (Change::New, _) => "new".to_owned(),
        (Change::Worse(Some(since)), _) => format!("worse, open since {} UTC", utc_text(since)),
        (Change::Worse(None), _) => "worse than before".to_owned(),
        (Change::Kept(Some(since)), _) => format!("open since {} UTC", utc_text(since)),
        (Change::Kept(None), _) => "open before".to_owned(),
    })
}

/// Whether a hit was there before, by the baseline, the revision or the comparison.
pub(super) fn is_known(hit: &Hit) -> bool {
    let by = hit.suppressed.as_ref().map(|suppressed| suppressed.by);
    matches!(by, Some(SuppressedBy::Baseline | SuppressedBy::Unchanged))
        || matches!(hit.change, Some(Change::Kept(_) | Change::Worse(_)))
}

/// Whether a hit is new on a login that was open before: by the comparison, or where the baseline or the revision
/// takes out other hits of its finding and not this one.
pub(super) fn is_new(hit: &Hit, others_known: bool) -> bool {
    hit.counts() && (hit.change == Some(Change::New) || (hit.change.is_none() && others_known))
}

/// How many hits that a person is told of are new, worse, kept, and gone in one way or the other.
#[derive(Debug, Default)]
struct ComparedCounts {
    new: usize,
    worse: usize,
    kept: usize,
    resolved: usize,
    unseen: usize,
}

impl ComparedCounts {
    fn of(report: &Report, comparison: &Comparison) -> Self {
        let mut counts = Self::default();
        for hit in report.counting_hits().filter(|hit| !is_covered(hit)) {
            match hit.change {
                Some(Change::New) => counts.new += 1,
                Some(Change::Worse(_)) => counts.worse += 1,
                Some(Change::Kept(_)) | None => counts.kept += 1,
            }
        }
        counts.unseen = comparison.gone.iter().filter(|gone| gone.end == End::Unseen).count();
        counts.resolved = comparison.gone.len() - counts.unseen;
        counts
    }
}

/// One sentence that counts, of what was held against a last run, or of a plan. `at` is the time of the run.
pub(super) fn comparison_headline(report: &Report, at: Option<i64>) -> Option<String> {
    let comparison = report.comparison.as_ref()?;
    let counts = ComparedCounts::of(report, comparison);
    let ComparedCounts { new, kept, resolved, .. } = counts;
    let worse = if counts.worse > 0 { format!(", {} worse", counts.worse) } else { String::new() };
    let unseen = if counts.unseen > 0 { format!(", {} not looked at", counts.unseen) } else { String::new() };
    Some(match comparison.before {
        Before::Nothing => format!("{new} new, no earlier report to compare with"),
        Before::LastRun(last) => {
            format!("{new} new{worse}, {kept} open since {} UTC, {resolved} resolved{unseen}", short_time(last, at))
        }
        Before::Running => {
            let told = format!("introduces {}{worse}, keeps {kept}, ends {resolved}", count_of(new, "finding"));
            let endangers = match comparison.endangered.len() {
                0 => "it endangers no container that runs".to_owned(),
                1 => "it endangers 1 container that runs now".to_owned(),
                count => format!("it endangers {count} containers that run now"),
            };
            if report.diagnostics.iter().any(|one| one.level != Level::Warning) {
                format!("Not all could be looked at. As far as it was, the plan {told}; {endangers}.")
            } else {
                format!("The plan {told}; {endangers}.")
            }
        }
    })
}

/// A time; without its date where that is today's.
fn short_time(at: i64, now: Option<i64>) -> String {
    let whole = utc_text(at);
    let today = now.map(utc_text).unwrap_or_default();
    match (whole.split_once(' '), today.split_once(' ')) {
        (Some((date, time)), Some((today, _))) if date == today => time.to_owned(),
        _ => whole,
    }
}

/// What was there before and still is, a line for each login: where, how bad, who, and since when.
pub(super) fn open_logins(report: &Report) -> Vec<String> {
    let line = |login: &Login| {
        let kept =
            login.findings.iter().filter(|finding| finding.severity > Severity::Note || finding.family == UNDETERMINED);
        let kept: Vec<&Finding> = kept.filter(|one| report.counts(one) && !report.has_news(one)).collect();
        let worst = kept.first()?;
        let hits: Vec<&Hit> = kept.iter().flat_map(|one| report.hits_of(one)).filter(|hit| hit.counts()).collect();
        let since = hits.iter().filter_map(|hit| hit.change?.since()).min();
        let since = since.map_or_else(String::new, |since| format!(", open since {} UTC", utc_text(since)));
        let mut rules: Vec<&str> = kept.iter().map(|one| one.rule.as_str()).collect();
        rules.dedup();
        let (severity, rules) = (severity_name(worst), rules.join(", "));
        Some(format!("{severity}[{rules}] {}: {}{since}", login.place.text, list_hits(&distinct_hits(&hits))))
    };
    report.sorted_logins().into_iter().filter_map(line).collect()
}

fn severity_name(finding: &Finding) -> &'static str {
    if finding.family == UNDETERMINED { UNDETERMINED } else { finding.severity.name() }
}

/// Of the hits of one participant in several findings the first.
fn distinct_hits<'a>(hits: &[&'a Hit]) -> Vec<&'a Hit> {
    let mut known: Vec<&Hit> = Vec::new();
    for hit in hits {
        if known.iter().all(|one| (&one.project, &one.container) != (&hit.project, &hit.container)) {
            known.push(hit);
        }
    }
    known
}

/// What a plan leaves as it is, in one line; `None` where that is nothing.
pub(super) fn kept_line(report: &Report) -> Option<String> {
    let logins = open_logins(report);
    let more = logins.len().saturating_sub(KEPT_LOGINS);
    let mut told: Vec<&str> = logins.iter().take(KEPT_LOGINS).map(String::as_str).collect();
    let more = count_of(more, "more login");
    if logins.len() > KEPT_LOGINS {
        told.push(&more);
    }
    (!told.is_empty()).then(|| told.join("; "))
}

/// How many logins that stay as they are a plan names.
const KEPT_LOGINS: usize = 3;

/// What a plan introduces or makes worse, counted, and how many errors were there before it.
pub(super) fn plan_summary(report: &Report) -> String {
    let findings = || report.findings().filter(|(_, finding)| report.counts(finding)).map(|(_, finding)| finding);
    let count = |news: bool, name: &str| {
        findings().filter(|one| report.has_news(one) == news && severity_name(one) == name).count()
    };
    let [errors, warnings, unknown] = ["error", "warning", UNDETERMINED].map(|name| count(true, name));
    let mut told = count_of(errors, "error");
    if warnings > 0 || errors == 0 {
        told.push_str(&format!(", {}", count_of(warnings, "warning")));
    }
    if unknown > 0 {
        told.push_str(&format!(", {unknown} undetermined"));
    }
    told.push_str(" by this plan");
    match count(false, "error") {
        0 => {}
        1 => told.push_str(", 1 error was there before"),
        kept => told.push_str(&format!(", {kept} errors were there before")),
    }
    match count(false, UNDETERMINED) {
        0 => told,
        kept => format!("{told}, {kept} undetermined"),
    }
}

/// What became of a finding that is found no more, and which it was.
pub(super) fn gone_line(gone: &Gone, comparison: &Comparison) -> String {
    let name = full_name(gone.project.as_deref(), &gone.container);
    let since = gone.since.map_or_else(String::new, |since| format!(", open since {} UTC", utc_text(since)));
    let (rule, severity) = (&gone.rule, gone.severity.name());
    let what = match (gone.end, comparison.before) {
        (End::Fixed, Before::Running) => "ended by the plan",
        (End::Renewed, _) => {
            "ends once its container is made anew (`docker compose up` does so where its configuration changed)"
        }
        (End::Fixed, _) => "resolved",
        (End::Left, _) => "resolved, its container runs no more",
        (End::Unseen, _) => "not known, since it could not be looked at",
    };
    safe(&format!("{what}: {severity}[{rule}] {name}{since}")).into_owned()
}

/// A running container that is endangered, and by what.
pub(super) fn endangered_line(one: &Endangered) -> String {
    let name = full_name(one.project.as_deref(), &one.container);
    safe(&format!("endangered: {name}, which runs now, by {}", one.by.join(", "))).into_owned()
}

/// The running containers that are endangered, in one line, and by what; `None` where there are none.
pub(super) fn endangered_names(comparison: &Comparison) -> Option<String> {
    let all = &comparison.endangered;
    let mut names: Vec<String> = all.iter().map(|one| full_name(one.project.as_deref(), &one.container)).collect();
    names.sort_by_cached_key(|name| natural_key(name));
    let mut by: Vec<&str> = Vec::new();
    for one in all.iter().flat_map(|one| &one.by) {
        if !by.contains(&one.as_str()) {
            by.push(one);
        }
    }
    let run = if names.len() == 1 { "runs" } else { "run" };
    let line = format!("{}, which {run} now, by {}", first_names(&names), first_names(&by));
    (!names.is_empty()).then(|| safe(&line).into_owned())
}

/// The first of some names, and how many more there are.
fn first_names(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = names.iter().take(LISTED).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// The participants whose verdicts are worth a table: all that take part before or after.
pub(super) fn changed_verdicts(comparison: &Comparison) -> impl Iterator<Item = (String, &'static str, &'static str)> {
    let takes_part = |pair: &&Verdicts| {
        [pair.before, pair.after].into_iter().flatten().any(|verdict| verdict != Verdict::NotAParticipant)
    };
    let word = |verdict: Option<Verdict>| verdict.map_or("-", Verdict::name);
    let row = move |pair: &Verdicts| {
        let name = full_name(pair.project.as_deref(), &pair.container);
        (name, word(pair.before), word(pair.after))
    };
    comparison.verdicts.iter().filter(takes_part).map(row)
}
