//! What was not judged and why, what else there is to know of the input, and what was judged. May use `finding` and
//! `model`.

use maud::{Markup, html};

use super::prose::{block_cell, block_table, code_markup, first_of, path_markup, prose};
use crate::model::{Diagnostic, JudgedFile, Level, NotJudgedFile};
use crate::render::Given;
use crate::render::phrases::{count_of, level_word};
use crate::render::seen_files::{UnreadFiles, shown_path, sorted_judged};
use crate::render::source_place::{self, ShownPlace};

/// How many problems of the input are listed.
const PROBLEMS: usize = 200;
/// How many files are, of each kind.
const FILES: usize = 200;

/// What was not judged, by whether anything depends on it.
pub(super) struct InputSection<'a> {
    given: &'a Given<'a>,
    problems: Vec<&'a Diagnostic>,
    remarks: Vec<&'a Diagnostic>,
    files: UnreadFiles<'a>,
}

impl<'a> InputSection<'a> {
    pub(super) fn of(given: &'a Given<'a>) -> Self {
        let (remarks, problems) = given.report.diagnostics.iter().partition(|one| one.level == Level::Warning);
        Self { given, problems, remarks, files: UnreadFiles::beside_problems(given) }
    }

    /// Whether it goes before all that was found, since there may be more to find.
    pub(super) fn is_first(&self) -> bool {
        !self.problems.is_empty() || !self.files.counting.is_empty()
    }

    /// What no verdict depends on is folded.
    pub(super) fn section(&self) -> Markup {
        let Self { given, problems, remarks, files: UnreadFiles { counting, others } } = self;
        let only_remarks = problems.is_empty() && counting.is_empty() && others.is_empty();
        html! {
            @if !(only_remarks && remarks.is_empty()) {
                section aria-labelledby="input" {
                    h2 #input { @if only_remarks { "Remarks about the input" } @else { "Not judged" } }
                    (problem_list(problems, given))
                    @if !counting.is_empty() {
                        p { "There may be more to find in " (count_of(counting.len(), "file")) ":" }
                        (unread_table("Files that may hold more to find", counting, given))
                    }
                    @if !others.is_empty() {
                        details {
                            summary { (count_of(others.len(), "file")) " without effect on the exit status" }
                            (unread_table("Files without effect on the exit status", others, given))
                        }
                    }
                    @if !remarks.is_empty() {
                        details {
                            summary { (count_of(remarks.len(), "remark")) " that no verdict depends on" }
                            (problem_list(remarks, given))
                        }
                    }
                }
            }
        }
    }
}

/// The files that were judged, folded.
pub(super) fn judged_section(given: &Given<'_>) -> Markup {
    let judged = sorted_judged(given.report);
    let (shown, left) = first_of(&judged, FILES);
    html! {
        @if !judged.is_empty() {
            section aria-labelledby="judged" {
                h2 #judged { "Judged " span .count { (judged.len()) } }
                details {
                    summary { (count_of(judged.len(), "file")) }
                    ul .plain { @for one in shown { li { (judged_item(one, given)) } } }
                    (left_line(left))
                }
            }
        }
    }
}

fn judged_item(one: &JudgedFile, given: &Given<'_>) -> Markup {
    html! { (path_markup(&shown_path(&one.file, given))) " " span .quiet { (one.kind) } }
}

fn unread_table(label: &str, files: &[&NotJudgedFile], given: &Given<'_>) -> Markup {
    let (shown, left) = first_of(files, FILES);
    html! {
        (block_table(label, &["File", "Kind", "Why"], &html! { @for one in shown { (unread_row(one, given)) } }))
        (left_line(left))
    }
}

fn unread_row(one: &NotJudgedFile, given: &Given<'_>) -> Markup {
    html! {
        tr role="row" {
            th scope="row" role="rowheader" { (path_markup(&shown_path(&one.file, given))) }
            (block_cell("Kind", &html! { (one.kind) }))
            (block_cell("Why", &prose(&one.reason)))
        }
    }
}

fn left_line(left: usize) -> Markup {
    html! { @if left > 0 { p .quiet { "And " (left) " more: " code { "--format json" } " lists all." } } }
}

fn problem_list(diagnostics: &[&Diagnostic], given: &Given<'_>) -> Markup {
    let (shown, left) = first_of(diagnostics, PROBLEMS);
    html! {
        @if !shown.is_empty() { ul .plain { @for diagnostic in shown { li { (problem_item(diagnostic, given)) } } } }
        (left_line(left))
    }
}

fn problem_item(diagnostic: &Diagnostic, given: &Given<'_>) -> Markup {
    let at = match (diagnostic.span, &diagnostic.file) {
        (Some(span), _) => Some(ShownPlace::of(span, given).one_line()),
        (None, Some(file)) => Some(source_place::path(file, given.directory).0),
        (None, None) => None,
    };
    let tone = match diagnostic.level {
        Level::Error => "error",
        Level::Gap => "unknown",
        Level::Warning => "warning",
    };
    html! {
        span class={ "badge " (tone) } { (level_word(diagnostic)) } " "
        @if let Some(at) = at { (code_markup(&at)) ": " }
        (prose(&diagnostic.message))
    }
}
