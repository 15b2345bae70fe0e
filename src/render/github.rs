//! Annotations of a GitHub workflow, a line each, and a last line that counts: one for each finding, at the line of its
//! first hit, one for each file that there is no clean answer without and that was not judged, and one for each other hit
//! that is new. GitHub shows ten of each level: the worst come first. May use `finding` and `model`.

use std::cmp::Reverse;
use std::io;

use super::Given;
use super::accepted_files::accepted_file_lines;
use super::compared::{is_known, is_new};
use super::finding_lines::{hit_line, hit_lines, lesser_details, remedy_lines};
use super::phrases::{level_word, summary_line, using};
use super::placed_hit::{PlacedHit, place_hits};
use super::safe::safe;
use super::seen_files::{UnreadFiles, others_sentence, shown_path};
use super::source_place::{ShownPlace, path};
use crate::finding::{Finding, Hit};
use crate::model::{Diagnostic, Level, NotJudgedFile};
use crate::rules::Severity;
use crate::text::Span;

/// How many annotations of a level GitHub shows of a step.
const SHOWN: usize = 10;
/// How many hits, reasons and remedies a message tells.
const HITS: usize = 10;
const REASONS: usize = 2;
const REMEDIES: usize = 3;

/// The commands of annotations, and what GitHub calls many of them.
const COMMANDS: [(&str, &str); 3] = [("error", "errors"), ("warning", "warnings"), ("notice", "notices")];

/// A workflow command that makes an annotation.
struct Annotation {
    command: &'static str,
    properties: Vec<(&'static str, String)>,
    message: String,
}

impl Annotation {
    fn new(command: &'static str, at: Vec<(&'static str, String)>, title: &str, message: String) -> Self {
        let mut properties = at;
        properties.push(("title", safe(title).into_owned()));
        Self { command, properties, message }
    }
}

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let report = given.report;
    let mut findings: Vec<&Finding> = report.sorted_findings().into_iter().map(|(_, finding)| finding).collect();
    findings.retain(|finding| report.counts(finding));
    findings.sort_by_key(|finding| Reverse(finding.severity));
    let mut all = Vec::new();
    let mut of_new_hits = Vec::new();
    for finding in findings {
        let mut placed = place_hits(finding, report);
        let others_known = placed.iter().any(|one| is_known(one.hit));
        placed.retain(|one| one.hit.counts());
        let Some((first, others)) = placed.split_first() else { continue };
        all.push(finding_annotation(finding, first, given));
        let new = others.iter().filter(|other| is_new(other.hit, others_known));
        of_new_hits.extend(new.map(|new| new_hit_annotation(finding, new, given)));
    }
    all.extend(report.diagnostics.iter().map(|diagnostic| diagnostic_annotation(diagnostic, given)));
    if let Some(using) = using(report) {
        all.push(Annotation::new("notice", Vec::new(), "input", safe(&format!("using {using}")).into_owned()));
    }
    let accepted = accepted_file_lines(report, given.sources);
    if !accepted.is_empty() {
        let text = format!("accepted: {}", accepted.join("; "));
        all.push(Annotation::new("notice", Vec::new(), "input", safe(&text).into_owned()));
    }
    let unread = UnreadFiles::beside_problems(given);
    let of_files = unread.counting.iter().map(|one| not_judged_annotation(one, given));
    // What GitHub would not show is in the last line's count, or named by the annotation of its finding.
    for annotation in of_files.chain(of_new_hits) {
        if count_command(&all, annotation.command) < SHOWN {
            all.push(annotation);
        }
    }
    all.iter().try_for_each(|annotation| write_annotation(annotation, out))?;
    let hidden = COMMANDS.into_iter().filter_map(|(command, many)| {
        let count = count_command(&all, command);
        (count > SHOWN).then(|| format!(" GitHub shows {SHOWN} of {count} {many}."))
    });
    let others = others_sentence(unread.others.len()).map_or_else(String::new, |others| format!(" {others}."));
    writeln!(out, "overlock: {}.{others}{}", summary_line(report), hidden.collect::<String>())
}

fn count_command(all: &[Annotation], command: &str) -> usize {
    all.iter().filter(|annotation| annotation.command == command).count()
}

fn command_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

/// What is wrong with a login, at the line of its first hit.
fn finding_annotation(finding: &Finding, first: &PlacedHit<'_>, given: &Given<'_>) -> Annotation {
    let at = first.span.map(|span| place_properties(span, given)).unwrap_or_default();
    Annotation::new(command_of(finding.severity), at, &finding.rule, finding_text(finding, first, given))
}

/// Another hit of a finding, which was not there before, at its own line.
fn new_hit_annotation(finding: &Finding, new: &PlacedHit<'_>, given: &Given<'_>) -> Annotation {
    let at = new.span.map(|span| place_properties(span, given)).unwrap_or_default();
    let mut lines = vec![format!("new: {}", safe(new.hit.message())), hit_line(new.hit, given)];
    lines.extend(lesser_lines(&[new.hit]));
    Annotation::new(command_of(finding.severity), at, new.hit.rule(), lines.join("\n"))
}

/// What is wrong, who is concerned, why, and what to do.
fn finding_text(finding: &Finding, first: &PlacedHit<'_>, given: &Given<'_>) -> String {
    let hits: Vec<&Hit> = given.report.hits_of(finding).filter(|hit| hit.counts()).collect();
    let mut lines = vec![safe(&finding.message).into_owned()];
    // What was told of a container, or read from a pipe, is in no file.
    match first.span.map(|span| ShownPlace::of(span, given)) {
        None | Some(ShownPlace::File(_)) => {}
        Some(place) => lines.push(place.one_line()),
    }
    if hits.len() > 1 {
        lines.extend(hit_lines(&hits, HITS, given));
    } else {
        lines.extend(hits.iter().flat_map(|hit| hit.further_details()).map(|detail| format!("also: {}", safe(detail))));
    }
    lines.extend(lesser_lines(&hits));
    lines.extend(finding.why.iter().take(REASONS).map(|why| format!("why: {}", safe(&why.text))));
    for (at, remedy) in finding.remedies.iter().take(REMEDIES).enumerate() {
        lines.push(format!("fix {}: {}", at + 1, remedy_lines(remedy, &hits, given).join("\n")));
    }
    lines.join("\n")
}

/// What remains to be warned of once the worst is ended.
fn lesser_lines(hits: &[&Hit]) -> Vec<String> {
    lesser_details(hits).into_iter().map(|detail| format!("also: {}", safe(detail))).collect()
}

fn diagnostic_annotation(diagnostic: &Diagnostic, given: &Given<'_>) -> Annotation {
    let command = if diagnostic.level == Level::Error { "error" } else { "warning" };
    let at = match (diagnostic.span, &diagnostic.file) {
        (Some(span), _) => place_properties(span, given),
        (None, Some(file)) => vec![("file", safe(&path(file, given.directory).0).into_owned())],
        (None, None) => Vec::new(),
    };
    let title = if diagnostic.level == Level::Gap { level_word(diagnostic) } else { "input" };
    Annotation::new(command, at, title, safe(&diagnostic.message).into_owned())
}

/// A file that may describe what nobody looked at.
fn not_judged_annotation(one: &NotJudgedFile, given: &Given<'_>) -> Annotation {
    let at = vec![("file", safe(&shown_path(&one.file, given)).into_owned())];
    Annotation::new("warning", at, "not judged", safe(&one.reason).into_owned())
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

fn write_annotation(annotation: &Annotation, out: &mut dyn io::Write) -> io::Result<()> {
    let Annotation { command, properties, message } = annotation;
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
