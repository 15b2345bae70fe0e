//! What came of what was so before, in words that text and Markdown share. May use `finding`.

use super::phrases::{count_of, full_name};
use super::safe::safe;
use crate::finding::{Before, Change, Comparison, End, Endangered, Gone, Hit, Report, SuppressedBy, Verdict, Verdicts};
use crate::model::Level;
use crate::text::utc_text;

/// How a finding stands to what was before; `None` where nothing was held against it.
pub(super) fn standing_words(finding: &Hit, comparison: Option<&Comparison>) -> Option<String> {
    let (change, comparison) = finding.change.zip(comparison)?;
    Some(match (change, comparison.before) {
        (Change::New, Before::Running) => "introduced by the plan".to_owned(),
        (Change::Kept(_), Before::Running) => "so already, and the plan keeps it".to_owned(),
        (Change::New, _) => "new".to_owned(),
        (Change::Kept(Some(since)), _) => format!("open since {} UTC", utc_text(since)),
        (Change::Kept(None), _) => "open before".to_owned(),
    })
}

/// Whether a hit was there before, by the baseline, the revision or the comparison.
pub(super) fn is_known(hit: &Hit) -> bool {
    let by = hit.suppressed.as_ref().map(|suppressed| suppressed.by);
    matches!(by, Some(SuppressedBy::Baseline | SuppressedBy::Unchanged)) || matches!(hit.change, Some(Change::Kept(_)))
}

/// Whether a hit is new on a login that was open before: by the comparison, or where the baseline or the revision
/// takes out other hits of its finding and not this one.
pub(super) fn is_new(hit: &Hit, others_known: bool) -> bool {
    hit.counts() && (hit.change == Some(Change::New) || (hit.change.is_none() && others_known))
}

/// One sentence that counts.
pub(super) fn comparison_headline(report: &Report) -> Option<String> {
    let comparison = report.comparison.as_ref()?;
    let counted = || report.sorted_hits().into_iter().filter(|finding| finding.counts());
    let new = counted().filter(|finding| finding.change == Some(Change::New)).count();
    let kept = counted().count() - new;
    let ended = |end: End| comparison.gone.iter().filter(|gone| gone.end == end).count();
    let (fixed, left, unseen) = (ended(End::Fixed) + ended(End::Renewed), ended(End::Left), ended(End::Unseen));
    Some(match comparison.before {
        Before::Running => {
            let told = format!("introduces {}, keeps {kept}, fixes {fixed}", count_of(new, "finding"));
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
        Before::Nothing => format!("No earlier report: {} found for the first time.", count_of(new, "finding")),
        Before::LastRun(at) => {
            let mut told =
                format!("Since {} UTC: {new} new, {kept} still open, {} resolved", utc_text(at), fixed + left);
            if unseen > 0 {
                told.push_str(&format!(", {unseen} not looked at this time"));
            }
            format!("{told}.")
        }
    })
}

/// What became of a finding that is found no more, and which it was.
pub(super) fn gone_line(gone: &Gone, comparison: &Comparison) -> String {
    let name = full_name(gone.project.as_deref(), &gone.container);
    let since = gone.since.map_or_else(String::new, |since| format!(", open since {} UTC", utc_text(since)));
    let (rule, severity) = (&gone.rule, gone.severity.name());
    let what = match (gone.end, comparison.before) {
        (End::Fixed, Before::Running) => "fixed by the plan",
        (End::Renewed, _) => {
            "fixed once its container is made anew (`docker compose up` does so where its configuration changed)"
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
