//! Which files were judged and which were found and were not, as several formats name them. May use `finding`, `model`
//! and `report`.

use std::collections::HashSet;

use super::Given;
use super::phrases::count_of;
use super::source_place;
use crate::finding::Report;
use crate::model::{JudgedFile, Level, NotJudgedFile};
use crate::report::natural_key;

/// The files that were found and were not judged, each list by name.
pub(super) struct UnreadFiles<'a> {
    /// Those that there is no clean answer without.
    pub(super) counting: Vec<&'a NotJudgedFile>,
    /// Those that are named only.
    pub(super) others: Vec<&'a NotJudgedFile>,
}

impl<'a> UnreadFiles<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut all: Vec<&NotJudgedFile> = report.not_judged.iter().collect();
        all.sort_by_cached_key(|one| natural_key(&one.file));
        let (counting, others) = all.into_iter().partition(|one| one.counts);
        Self { counting, others }
    }

    /// The same without those that a problem of the input tells of, for a format that tells the problems too.
    pub(super) fn beside_problems(given: &Given<'a>) -> Self {
        let (mut files, told) = (Self::of(given.report), ToldRefusals::of(given));
        for list in [&mut files.counting, &mut files.others] {
            list.retain(|one| !told.has(one));
        }
        files
    }
}

/// The problems of the input that say why a file was not judged: what cannot be read, and what Compose would refuse.
pub(super) struct ToldRefusals<'a> {
    /// The files that a problem is about as a whole.
    whole: HashSet<&'a str>,
    /// Files, each with what is said of it.
    said: HashSet<(String, &'a str)>,
}

impl<'a> ToldRefusals<'a> {
    pub(super) fn of(given: &Given<'a>) -> Self {
        let mut told = Self { whole: HashSet::new(), said: HashSet::new() };
        for problem in given.report.diagnostics.iter().filter(|one| one.level != Level::Warning) {
            match (problem.span, &problem.file) {
                (Some(span), _) => {
                    told.said.insert((given.sources.get(span.file).name().to_owned(), problem.message.as_str()));
                    // It may stand where another file is named.
                    let other = problem.message.split_once(": ");
                    told.said.extend(other.map(|(file, reason)| (file.to_owned(), reason)));
                }
                (None, Some(file)) => _ = told.whole.insert(file),
                (None, None) => {}
            }
        }
        told
    }

    /// Whether one of them tells of a file that it was not judged, and why.
    pub(super) fn has(&self, one: &NotJudgedFile) -> bool {
        self.whole.contains(one.file.as_str()) || self.said.contains(&(one.file.clone(), one.reason.as_str()))
    }
}

/// The files that were judged, by name.
pub(super) fn sorted_judged(report: &Report) -> Vec<&JudgedFile> {
    let mut all: Vec<&JudgedFile> = report.judged.iter().collect();
    all.sort_by_cached_key(|one| natural_key(&one.file));
    all
}

/// A file's path as the places of findings have it.
pub(super) fn shown_path(file: &str, given: &Given<'_>) -> String {
    source_place::path(file, given.directory).0
}

/// What is said of a file that was not judged, beside its name.
pub(super) fn not_judged_text(one: &NotJudgedFile) -> String {
    format!("not judged ({}): {}", one.kind, one.reason)
}

/// How many files were not judged that do not count, as a sentence without a full stop.
pub(super) fn others_sentence(others: usize) -> Option<String> {
    let were = if others == 1 { "was" } else { "were" };
    (others > 0)
        .then(|| format!("{} {were} not judged, without effect on the exit status", count_of(others, "other file")))
}

/// Where nobody takes part: that there is nobody is said only where everything was looked at.
pub(super) fn nobody_sentence(report: &Report) -> &'static str {
    let is_empty = report.judged.is_empty() && report.containers == 0 && report.accepted_files.is_empty();
    let looked_at_all = report.not_judged.is_empty()
        && report.accepted_files.is_empty()
        && report.diagnostics.iter().all(|one| one.level == Level::Warning);
    let looked_at_nothing = report.judged.is_empty() && report.containers == 0;
    if looked_at_nothing && report.diagnostics.iter().any(|one| one.level == Level::Error) {
        "Nothing was judged."
    } else if looked_at_all && is_empty {
        "Nothing here describes, starts or runs a container."
    } else if looked_at_all {
        "No container has a state directory of a known program."
    } else {
        "In what was judged, no container has a state directory of a known program."
    }
}
