//! The report for people and for programs. Renderers decide nothing: order and exit status are given.
//! May use `text`, `finding`, `ruleset` and `triage`.

mod diff;
mod frame;
mod json;
mod located;
mod safe;
mod table;
mod text;

use std::io;

use crate::finding::Report;
use crate::model::{Diagnostic, Level};
use crate::text::Sources;

pub use diff::diff;
pub use json::write as document;
pub use located::write as located;
pub use safe::safe;

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table, then each finding with its source lines.
    Text,
    /// The contract of `docs/report.schema.json`.
    Json,
}

/// How text is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to colour.
    pub colour: bool,
    /// The width of the terminal; `None` where it is none, so that nothing is wrapped.
    pub width: Option<u16>,
}

/// Writes a report.
///
/// # Errors
/// What the stream says.
pub fn render(
    report: &Report,
    sources: &Sources,
    format: Format,
    style: Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, sources, style, out),
        Format::Json => json::write(&json::report(report, sources), out),
    }
}

/// Writes what was wrong with the input, a line each: `file:line:column: level: message`.
///
/// # Errors
/// What the stream says.
pub fn diagnostics(diagnostics: &[Diagnostic], sources: &Sources, out: &mut dyn io::Write) -> io::Result<()> {
    for diagnostic in diagnostics {
        let at = match (diagnostic.span, &diagnostic.file) {
            (Some(span), _) => {
                format!("{}:{}:{}: ", sources.get(span.file).name(), span.start.line, span.start.column)
            }
            (None, Some(file)) => format!("{file}: "),
            (None, None) => String::new(),
        };
        let level = match diagnostic.level {
            Level::Gap => "not inspected",
            other => json::level(other),
        };
        writeln!(out, "{}", safe(&format!("{at}{level}: {}", diagnostic.message)))?;
    }
    Ok(())
}
