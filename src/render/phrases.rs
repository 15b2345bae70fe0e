//! Words that several formats share. May use `finding`, `model` and `report`.

use std::collections::{BTreeMap, HashMap};

use crate::finding::{
    EXCLUSION, Finding, Hit, Influence, InfluenceKind, Participant, Report, SuppressedBy, UNDETERMINED,
};
use crate::model::{Diagnostic, Level};
use crate::report::{count, natural_key};
use crate::rules::Severity;

/// What there is, counted, without a full stop.
pub fn summary_line(report: &Report) -> String {
    summary_with_notes(report, count(report).notes)
}

/// The same, where only some notes are told.
pub(super) fn summary_with_notes(report: &Report, notes: usize) -> String {
    let counts = count(report);
    let mut parts = vec![count_of(counts.errors, "error")];
    if counts.warnings > 0 || counts.errors == 0 {
        parts.push(count_of(counts.warnings, "warning"));
    }
    parts.extend((notes > 0).then(|| count_of(notes, "note")));
    parts.extend((counts.undetermined > 0).then(|| format!("{} undetermined", counts.undetermined)));
    parts.extend(summary_tail(report));
    parts.join(", ")
}

/// What does not count, what is wrong with the input, and the files that there is no clean answer without, counted.
pub(super) fn summary_tail(report: &Report) -> Vec<String> {
    let mut parts = Vec::new();
    let suppressed = count(report).suppressed;
    if suppressed > 0 {
        let mut kinds: BTreeMap<SuppressedBy, usize> = BTreeMap::new();
        for one in report.hits.iter().filter_map(|hit| hit.suppressed.as_ref()) {
            *kinds.entry(one.by).or_default() += 1;
        }
        let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {}", kind.name())).collect();
        parts.push(format!("{suppressed} suppressed ({})", kinds.join(", ")));
    }
    let wrong = report.diagnostics.iter().filter(|one| one.level != Level::Warning).count();
    if wrong > 0 {
        parts.push(format!("{} with the input", count_of(wrong, "problem")));
    }
    let unread = counted_unread(report);
    parts.extend((unread > 0).then(|| format!("{} not judged", count_of(unread, "file"))));
    parts
}

/// What could not be inspected, and so nothing is clean: the first of it, and how much there is more.
pub(super) fn not_inspected(report: &Report) -> String {
    let open = report.sorted_findings().into_iter().filter(|(_, one)| report.counts(one) && one.family == UNDETERMINED);
    let open = open.map(|(_, finding)| finding.message.clone());
    let unread = report.not_judged.iter().filter(|one| one.counts);
    let unread = unread.map(|one| format!("{} is not judged: {}", one.file, one.reason));
    let gaps = report.diagnostics.iter().filter(|one| one.level == Level::Gap).map(|one| one.message.clone());
    let mut all = open.chain(unread).chain(gaps);
    let first = all.next().unwrap_or_else(|| "something could not be inspected".to_owned());
    match all.count() {
        0 => first,
        more => format!("{first}; and {more} more"),
    }
}

/// How many files were not judged that there is no clean answer without.
pub(super) fn counted_unread(report: &Report) -> usize {
    report.not_judged.iter().filter(|one| one.counts).count()
}

/// How many files are named in a line.
const NAMED: usize = 6;

/// What people wrote that the run went by, in a line: each file with what it says.
pub(super) fn using(report: &Report) -> Option<String> {
    let mut files: Vec<(&str, Vec<&Influence>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for one in &report.configuration {
        let at = *known.entry(&one.file).or_insert_with(|| {
            files.push((&one.file, Vec::new()));
            files.len() - 1
        });
        if let Some((_, all)) = files.get_mut(at) {
            all.push(one);
        }
    }
    let more = files.len().saturating_sub(NAMED);
    let mut told: Vec<String> = files.iter().take(NAMED).map(|(file, all)| used(file, all)).collect();
    told.extend((more > 0).then(|| format!("and {}", count_of(more, "more file"))));
    (!told.is_empty()).then(|| told.join(", "))
}

fn used(file: &str, all: &[&Influence]) -> String {
    let what = |one: &&Influence| match one.kind {
        InfluenceKind::Configuration => None,
        InfluenceKind::Rules => Some(count_of(one.entries, "rule file")),
        InfluenceKind::Baseline => Some(format!("baseline of {}", count_of(one.entries, "hit"))),
        InfluenceKind::Ignores => Some(count_of(one.entries, "ignore")),
        InfluenceKind::Excludes => Some(count_of(one.entries, "exclude")),
        InfluenceKind::NotJudged => Some(format!("{} of files not judged", one.entries)),
        InfluenceKind::Declarations => Some(count_of(one.entries, "declaration")),
        InfluenceKind::Severities if one.entries == 1 => Some("1 severity".to_owned()),
        InfluenceKind::Severities => Some(format!("{} severities", one.entries)),
        InfluenceKind::FailOn => Some("fail_on".to_owned()),
    };
    let what: Vec<String> = all.iter().filter_map(what).collect();
    if what.is_empty() { file.to_owned() } else { format!("{file} ({})", what.join(", ")) }
}

/// A number of things.
pub(super) fn count_of(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What a diagnostic is called where a person reads it.
pub(super) fn level_word(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.level {
        Level::Error => "error",
        Level::Gap => "not inspected",
        Level::Warning => "warning",
    }
}

/// The notes that are worth a line: what another lock covers is told with `--verbose` alone.
pub(super) fn told_notes(report: &Report) -> impl Iterator<Item = &Finding> {
    let notes = report.sorted_findings().into_iter().map(|(_, finding)| finding);
    notes.filter(|one| one.severity == Severity::Note && one.family != EXCLUSION && report.counts(one))
}

/// How many names of a list are told.
pub(super) const LISTED: usize = 8;

/// Hits as people name them, with how many containers each stands for.
pub(super) fn list_hits(hits: &[&Hit]) -> String {
    list_counted(hits.iter().map(|hit| (hit.label.as_str(), hit.instances, hit.or_more)))
}

/// Participants, likewise.
pub(super) fn list_users(users: &[&Participant]) -> String {
    // Of the variants of a service each is told with its files.
    let is_start = |one: &Participant| one.origin == "script";
    list_counted(count_users(users.iter().copied(), is_start).into_iter())
}

/// How many containers each is, by its name. Of the ways to one container that are to be joined, one alone runs at a time.
fn count_users<'a>(
    users: impl Iterator<Item = &'a Participant>,
    is_joined: impl Fn(&Participant) -> bool,
) -> Vec<(&'a str, u64, bool)> {
    let mut counted: Vec<(&str, u64, bool)> = Vec::new();
    let mut starts: HashMap<(Option<&str>, &str), usize> = HashMap::new();
    for one in users {
        let name = one.name_of_all_ways().filter(|_| is_joined(one));
        let start = name.map(|name| (one.project.as_deref(), name));
        let known = start.and_then(|start| starts.get(&start)).and_then(|at| counted.get_mut(*at));
        match known {
            Some((_, instances, or_more)) => {
                *instances = one.instances.max(*instances);
                *or_more |= one.or_more;
            }
            None => {
                starts.extend(start.map(|start| (start, counted.len())));
                counted.push((&one.label, one.instances, one.or_more));
            }
        }
    }
    counted
}

/// How many containers participants are.
pub(super) fn count_containers<'a>(users: impl Iterator<Item = &'a Participant>) -> usize {
    let containers: u64 = count_users(users, |_| true).iter().map(|(_, instances, _)| instances).sum();
    usize::try_from(containers).unwrap_or(usize::MAX)
}

/// Names in natural order, each once, with how many containers each stands for.
fn list_counted<'a>(names: impl Iterator<Item = (&'a str, u64, bool)>) -> String {
    let mut counts: BTreeMap<&str, (u64, bool)> = BTreeMap::new();
    for (name, instances, or_more) in names {
        let known = counts.entry(name).or_default();
        known.0 += instances;
        known.1 |= or_more;
    }
    let mut names: Vec<(&str, (u64, bool))> = counts.into_iter().collect();
    names.sort_by_cached_key(|(name, _)| natural_key(name));
    let more = names.len().saturating_sub(LISTED);
    let mut told: Vec<String> = names
        .into_iter()
        .take(LISTED)
        .map(|(name, (count, or_more))| format!("{name}{}", times(count, or_more)))
        .collect();
    told.extend((more > 0).then(|| format!("and {more} more")));
    told.join(", ")
}

/// How many containers a name stands for, behind it: ` ×3`, ` ×2+` for two or more; nothing for one.
pub(super) fn times(count: u64, or_more: bool) -> String {
    let more = if or_more { "+" } else { "" };
    if count > 1 { format!(" ×{count}{more}") } else { String::new() }
}

/// A container with its project.
pub(super) fn full_name(project: Option<&str>, container: &str) -> String {
    project.map_or_else(|| container.to_owned(), |project| format!("{project}/{container}"))
}

/// By what a finding is suppressed, and why.
pub(super) fn suppression_text(finding: &Hit) -> String {
    let Some(suppressed) = &finding.suppressed else { return String::new() };
    match suppressed.reason.as_str() {
        "" => format!("by {}", suppressor_words(suppressed.by)),
        reason => format!("by {}: {reason}", suppressor_words(suppressed.by)),
    }
}

/// What suppresses a finding, in words.
pub(super) fn suppressor_words(by: SuppressedBy) -> &'static str {
    match by {
        SuppressedBy::Comment => "a comment",
        SuppressedBy::Configuration => "the configuration",
        SuppressedBy::Baseline => "the baseline",
        SuppressedBy::Unchanged => "what did not change",
    }
}
