//! The report for a person: the table, what is sound and why, each finding with its source lines, and a last line that
//! counts. May use `text`, `finding` and `model`.

use std::io;

use super::participant_table::{self, participant_table};
use super::safe::safe;
use super::source_frame::finding_frame;
use super::{Style, compared, phrases};
use crate::finding::{Before, Comparison, Finding, Participant, Report};
use crate::model::Level;
use crate::text::Sources;

pub(super) fn write(report: &Report, sources: &Sources, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    if report.participants.is_empty() {
        writeln!(out, "No container has a state directory of a known program.")?;
    } else {
        writeln!(out, "{}", participant_table(&report.participants, style))?;
    }
    let mut reasons = report.participants.iter().filter(|one| !one.reason.is_empty()).peekable();
    if reasons.peek().is_some() {
        writeln!(out)?;
    }
    for participant in reasons {
        write_sound(participant, out)?;
    }
    for finding in report.findings.iter().filter(|finding| finding.suppressed.is_none()) {
        writeln!(out)?;
        write_finding(finding, report, sources, style, out)?;
    }
    let accepted: Vec<String> = report.findings.iter().filter_map(|finding| accepted_line(finding, sources)).collect();
    if !accepted.is_empty() {
        writeln!(out, "\n{}", accepted.join("\n"))?;
    }
    if let Some(comparison) = &report.comparison {
        write_comparison(report, comparison, style, out)?;
    }
    if !report.participants.is_empty() || !report.findings.is_empty() || !report.configuration.is_empty() {
        writeln!(out)?;
    }
    super::configuration(report, out)?;
    writeln!(out, "{}", closing_line(report))
}

fn write_sound(one: &Participant, out: &mut dyn io::Write) -> io::Result<()> {
    let project = one.project.as_ref().map_or_else(String::new, |project| format!("{project}/"));
    let verdict = one.qualified_verdict();
    writeln!(out, "{verdict}: {}{}: {}", safe(&project), safe(&one.container), safe(&one.reason))
}

/// The line of a finding that somebody gave a reason for. What was there before is counted alone.
fn accepted_line(finding: &Finding, sources: &Sources) -> Option<String> {
    let suppressed = finding.suppressed.as_ref()?;
    let span = suppressed.span?;
    let at = format!("{}:{}", sources.get(span.file).name(), span.start.line);
    let (rule, container) = (&finding.rule, &finding.container);
    Some(safe(&format!("accepted: {container}: {rule}: {} ({at})", suppressed.reason)).into_owned())
}

/// What came of what was so before.
fn write_comparison(report: &Report, comparison: &Comparison, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    if comparison.before == Before::Running && compared::changed_verdicts(comparison).next().is_some() {
        writeln!(out, "\n{}", participant_table::verdict_table(comparison, style))?;
    }
    let headline = compared::comparison_headline(report);
    writeln!(out, "\n{}", headline.unwrap_or_default())?;
    for one in &comparison.endangered {
        writeln!(out, "{}", compared::endangered_line(one))?;
    }
    for gone in &comparison.gone {
        writeln!(out, "{}", compared::gone_line(gone, comparison))?;
    }
    Ok(())
}

fn write_finding(
    finding: &Finding,
    report: &Report,
    sources: &Sources,
    style: Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    writeln!(out, "{}", finding_frame(finding, sources, style))?;
    if let Some(standing) = compared::standing_words(finding, report.comparison.as_ref()) {
        writeln!(out, "  standing: {standing}")?;
    }
    writeln!(out, "  confidence: {}", finding.confidence.name())?;
    for evidence in &finding.evidence {
        let at = evidence.span.map(|span| format!(" ({}:{})", sources.get(span.file).label(), span.start.line));
        let (kind, at) = (evidence.kind.name(), at.unwrap_or_default());
        writeln!(out, "  {kind}: {}{}", safe(&evidence.text), safe(&at))?;
    }
    for (at, remedy) in finding.remedies.iter().enumerate() {
        writeln!(out, "  fix {}: {}", at + 1, safe(remedy))?;
    }
    Ok(())
}

fn closing_line(report: &Report) -> String {
    let wrong = report.diagnostics.iter().any(|one| one.level != Level::Warning);
    let see = if wrong { ", see standard error" } else { "" };
    format!("{}{see}.", phrases::summary_line(report))
}
