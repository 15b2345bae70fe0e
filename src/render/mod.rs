//! The report for people and for programs. Renderers decide nothing: order, what is suppressed and exit status are given.
//! May use `text`, `finding`, `rules` and `report`.

mod accepted_files;
mod compared;
mod concise;
mod diff;
mod finding_block;
mod finding_lines;
mod format;
mod github;
mod gitlab;
mod graph;
mod hit_rows;
mod html;
mod json;
mod json_comparison;
mod junit;
mod junit_case;
mod located;
mod markdown;
mod markdown_text;
mod metrics;
mod participant_table;
mod phrases;
mod placed_hit;
mod remedy_steps;
mod safe;
mod sarif;
mod seen_files;
mod sound_reasons;
mod source_frame;
mod source_place;
mod text_report;
mod watch_event;
mod wrap;

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::finding::Report;
use crate::model::{Diagnostic, Level};
use crate::report::{ExitStatus, fails_run};
use crate::rules::Ruleset;
use crate::text::Sources;

pub use diff::diff;
pub use format::Format;
pub use graph::{Picture, picture};
pub use json::{write as document, write_line as json_line};
pub use located::{write_json as located_json, write_text as located_text};
pub use phrases::summary_line;
pub use safe::{SafeLines, escape_json, safe};
pub use watch_event::{
    LoginChange, SeenBy, WatchEvent, WatchEventKind, write_json as event_json, write_text as event_text,
};

/// What a renderer is given. It decides none of it.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The report, sorted.
    pub report: &'a Report,
    /// The files that it points at.
    pub sources: &'a Sources,
    /// The rules that were judged by.
    pub rules: &'a Ruleset,
    /// How the run ends.
    pub status: ExitStatus,
    /// When the run was, in seconds since 1970, where that is to be told.
    pub at: Option<i64>,
    /// The directory that paths are told from.
    pub directory: &'a Path,
    /// How long the run took until then.
    pub took: Duration,
}

/// How text is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to colour.
    pub colour: bool,
    /// The width of the terminal; `None` where it is none, so that nothing is wrapped.
    pub width: Option<u16>,
    /// How much of it is told.
    pub detail: Detail,
}

/// How much a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Only findings that fail the run.
    Quiet,
    /// What is wrong, what to do, and what is sound.
    #[default]
    Normal,
    /// Every participant, place and piece of evidence too.
    Verbose,
}

impl Style {
    /// The columns of a line; `None` where lines are not wrapped.
    fn columns(self) -> Option<usize> {
        self.width.map(usize::from)
    }
}

/// Writes a report.
///
/// # Errors
/// What the stream says.
pub fn render(given: &Given<'_>, format: Format, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    (format.row().write)(given, style, out)
}

/// Writes what people wrote that the run used, in a line, where there is something.
///
/// # Errors
/// What the stream says.
pub fn configuration(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    phrases::using(report).map_or(Ok(()), |using| writeln!(out, "using: {}", safe(&using)))
}

/// How many remarks are told without `-v`.
const PRESSING: usize = 10;

/// What was wrong with the input that a person is told: what no verdict rests on where all is told, or a few that matter.
pub fn told_diagnostics(report: &Report, detail: Detail) -> Vec<&Diagnostic> {
    let mut pressing = 0;
    let is_told = |one: &&Diagnostic| match detail {
        _ if one.level != Level::Warning => true,
        Detail::Quiet => false,
        Detail::Verbose => true,
        Detail::Normal => {
            pressing += usize::from(one.is_pressing);
            one.is_pressing && pressing <= PRESSING
        }
    };
    report.diagnostics.iter().filter(is_told).collect()
}

/// Why a run did not end with 0, in a line, where what was printed does not say so; `None` where it does, or it did.
pub fn unsaid_reason(given: &Given<'_>, printed: Option<Format>, detail: Detail) -> Option<String> {
    let report = given.report;
    let fails = report.counting_hits().any(|hit| fails_run(hit, report, report.fail_on));
    let status = given.status.code();
    let says_nothing = match printed {
        None | Some(Format::Prometheus) => true,
        Some(Format::Text) => detail == Detail::Quiet,
        Some(_) => false,
    };
    match given.status {
        ExitStatus::Findings if !fails => {
            let places = report.added;
            let entries = if places == 1 { "entry" } else { "entries" };
            Some(format!("exit status {status}: the change accepts {places} {entries} for itself (--fail-on-accept)"))
        }
        ExitStatus::Findings if says_nothing && printed != Some(Format::Text) => {
            Some(format!("exit status {status}: {}", summary_line(report)))
        }
        ExitStatus::NotInspected if says_nothing => {
            Some(format!("exit status {status}: {}", phrases::not_inspected(report)))
        }
        // What is wrong with the input is told on its own lines.
        ExitStatus::Clean | ExitStatus::Findings | ExitStatus::Unusable | ExitStatus::NotInspected => None,
    }
}

/// Writes what was wrong with the input, a line each: `file:line:column: level: message`.
///
/// # Errors
/// What the stream says.
pub fn diagnostics<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    for diagnostic in diagnostics {
        let at = match (diagnostic.span, &diagnostic.file) {
            (Some(span), _) => {
                format!("{}:{}:{}: ", sources.get(span.file).name(), span.start.line, span.start.column)
            }
            (None, Some(file)) => format!("{file}: "),
            (None, None) => String::new(),
        };
        let level = phrases::level_word(diagnostic);
        writeln!(out, "{}", safe(&format!("{at}{level}: {}", diagnostic.message)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod text_tests;
