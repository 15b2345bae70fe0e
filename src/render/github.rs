//! Annotations of a GitHub workflow, a line each, and a last line that counts. May use `finding`.

use std::io;

use super::Given;
use super::phrases::{level_word, split_suppressed, summary_line, using};
use super::safe::safe;
use super::source_place::{ShownPlace, path};
use crate::finding::Hit;
use crate::model::Level;
use crate::rules::Severity;
use crate::text::Span;

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (counted, _) = split_suppressed(given.report.sorted_hits().into_iter());
    for finding in counted {
        let command = match finding.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let at = finding.primary().map(|span| place_properties(span, given)).unwrap_or_default();
        write_annotation(command, at, finding.rule(), &annotation_text(finding, given), out)?;
    }
    for diagnostic in &given.report.diagnostics {
        let command = if diagnostic.level == Level::Error { "error" } else { "warning" };
        let at = match (diagnostic.span, &diagnostic.file) {
            (Some(span), _) => place_properties(span, given),
            (None, Some(file)) => vec![("file", safe(&path(file, given.directory).0).into_owned())],
            (None, None) => Vec::new(),
        };
        let title = if diagnostic.level == Level::Gap { level_word(diagnostic) } else { "input" };
        write_annotation(command, at, title, &safe(&diagnostic.message), out)?;
    }
    if let Some(using) = using(given.report) {
        write_annotation("notice", Vec::new(), "input", &safe(&format!("using {using}")), out)?;
    }
    writeln!(out, "overlock: {}.", summary_line(given.report))
}

/// What and why, what was told if it is in no file, and what to do.
fn annotation_text(finding: &Hit, given: &Given<'_>) -> String {
    let mut lines = vec![safe(finding.message()).into_owned()];
    match finding.primary().map(|span| ShownPlace::of(span, given)) {
        None | Some(ShownPlace::File(_)) => {}
        Some(place) => lines.push(place.one_line()),
    }
    lines.extend(finding.advice().iter().enumerate().map(|(at, remedy)| format!("fix {}: {}", at + 1, safe(remedy))));
    lines.join("\n")
}

/// Columns only within one line, which is where GitHub takes them.
fn place_properties(span: Span, given: &Given<'_>) -> Vec<(&'static str, String)> {
    let ShownPlace::File(spot) = ShownPlace::of(span, given) else { return Vec::new() };
    let path = safe(&spot.path).into_owned();
    let (start, end, last) = (span.start, span.end, spot.last_line);
    let mut properties = vec![("file", path), ("line", start.line.to_string())];
    if last == start.line && end.line == start.line {
        properties.push(("col", start.column.to_string()));
        properties.push(("endLine", last.to_string()));
        properties.push(("endColumn", end.column.to_string()));
    } else {
        properties.push(("endLine", last.to_string()));
    }
    properties
}

fn write_annotation(
    command: &str,
    mut properties: Vec<(&'static str, String)>,
    title: &str,
    message: &str,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    properties.push(("title", safe(title).into_owned()));
    let properties: Vec<String> = properties
        .iter()
        .map(|(name, value)| format!("{name}={}", escape_command(value).replace(':', "%3A").replace(',', "%2C")))
        .collect();
    writeln!(out, "::{command} {}::{}", properties.join(","), escape_command(message))
}

/// By the rules of the runner: the percent sign first, and no line end.
fn escape_command(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
