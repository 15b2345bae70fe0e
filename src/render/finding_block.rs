//! One finding for a person: its sentence, the line where the login is mounted, who is concerned, why, and what to do.
//! May use `text`, `finding` and `report`.

use std::collections::BTreeSet;
use std::io;

use super::compared;
use super::finding_lines::lesser_details;
use super::hit_rows::{HitRow, RowColumns, group_rows, is_sentence, mount_of};
use super::phrases::list_hits;
use super::remedy_steps::{ToldStep, remedy_steps};
use super::safe::safe;
use super::source_frame::{frame_gutter, titled_frame};
use super::source_place::file_line;
use super::wrap::{columns, paragraph, wrap_words};
use super::{Detail, Given, Style};
use crate::finding::{Finding, Hit, Location, MAY_OVERLAP, Remedy, Report};
use crate::text::{Sources, Span};

/// How many hits are told without a count of more, and how many where there are more.
const MANY_HITS: usize = 12;
const FIRST_HITS: usize = 10;
/// How many remedies are told.
const REMEDIES: usize = 3;
/// How many reasons are told.
const REASONS: usize = 2;

pub(super) fn write_finding(
    finding: &Finding,
    given: &Given<'_>,
    style: Style,
    told: &mut ToldBefore,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let report = given.report;
    let hits: Vec<&Hit> = report.hits_of(finding).filter(|hit| hit.counts()).collect();
    let Some(first) = hits.first() else { return Ok(()) };
    let verbose = style.detail == Detail::Verbose;
    let frames = frame_locations(first, &hits, report, verbose);
    writeln!(out, "{}", titled_frame(finding, &frames, given.sources, style))?;
    if hits.len() > 1 || frames.is_empty() {
        let gutter = frame_gutter(&frames, given.sources);
        let lines = hit_lines(&hits, given, style, columns(&gutter));
        writeln!(out, "{}", gutter.trim_end())?;
        for line in lines {
            writeln!(out, "{gutter}{line}")?;
        }
        writeln!(out, "{}", gutter.trim_end())?;
    }
    // Of several the rows tell all that is wrong with each.
    if let ([hit], false) = (hits.as_slice(), frames.is_empty()) {
        for detail in hit.further_details() {
            writeln!(out, "{}", paragraph("  also: ", &safe(detail), style.columns()))?;
        }
    }
    for detail in lesser_details(&hits) {
        writeln!(out, "{}", paragraph("  also: ", &safe(detail), style.columns()))?;
    }
    let standing = match hits.as_slice() {
        [hit] => compared::standing_words(hit, report.comparison.as_ref()),
        _ => None,
    };
    if let Some(standing) = standing {
        writeln!(out, "  standing: {standing}")?;
    }
    write_reasons(finding, given.sources, style, told, out)?;
    let remedies = told_remedies(finding, &hits, given, style);
    for line in remedy_lines(&remedies, told, style) {
        writeln!(out, "{line}")?;
    }
    told.remedies.clone_from(&remedies);
    // Once is enough for a reader who goes from finding to finding.
    for note in remedies.into_iter().filter_map(|remedy| remedy.note.filter(|note| told.notes.insert(note.clone()))) {
        writeln!(out, "{}", paragraph(" note: ", &safe(&note), style.columns()))?;
    }
    Ok(())
}

/// What the finding before said: two findings of one cause have reasons and remedies in common, which are told once.
#[derive(Default)]
pub(super) struct ToldBefore {
    remedies: Vec<ToldRemedy>,
    why: Vec<String>,
    /// What was said to follow from a remedy, in any finding before.
    notes: BTreeSet<String>,
}

/// A remedy as it is told: each step with what to write, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ToldRemedy {
    steps: Vec<ToldStep>,
    note: Option<String>,
}

/// The mount of the first hit; with `--verbose` every place of every hit.
fn frame_locations(first: &Hit, hits: &[&Hit], report: &Report, verbose: bool) -> Vec<Location> {
    if verbose {
        let mut locations: Vec<Location> = Vec::new();
        for location in hits.iter().flat_map(|hit| hit.locations()) {
            if locations.iter().all(|known| known.span != location.span) {
                locations.push(location.clone());
            }
        }
        return locations;
    }
    match (hits, mount_of(first, report)) {
        ([_], _) | (_, None) => first.locations().into_iter().take(1).cloned().collect(),
        (_, Some(span)) => vec![Location { span, label: "one login".to_owned() }],
    }
}

/// The place that a finding is shown at.
pub(super) fn frame_place(hits: &[&Hit], report: &Report) -> Option<Span> {
    let first = hits.first()?;
    frame_locations(first, hits, report, false).first().map(|location| location.span)
}

/// The hits in columns. A clause that several have in common is said once.
fn hit_lines(hits: &[&Hit], given: &Given<'_>, style: Style, gutter: usize) -> Vec<String> {
    // Where somebody is new, the others were told before: a line for all of them is enough.
    let tells_all = style.detail == Detail::Verbose || !hits.iter().any(|hit| hit.is_news());
    let (hits, before): (Vec<&Hit>, Vec<&Hit>) = hits.iter().partition(|hit| tells_all || hit.is_news());
    if let Some(line) = overlapping_line(&hits, style) {
        return vec![line];
    }
    let all = style.detail == Detail::Verbose || hits.len() <= MANY_HITS;
    let shown = if all { hits.len() } else { FIRST_HITS };
    let rows: Vec<HitRow> = hits.iter().take(shown).map(|hit| HitRow::of(hit, given).beside_place()).collect();
    let width = style.columns().map(|width| width.saturating_sub(gutter));
    let columns = RowColumns::of(&rows, width);
    let common = common_clause(&rows);
    let at_lines =
        |row: &HitRow| columns.row_lines(row, &row.at.as_ref().map_or_else(String::new, |at| format!("at {at}")));
    let mut lines = Vec::new();
    for group in group_rows(&rows) {
        match (group.as_slice(), &common) {
            ([row], None) => lines.extend(columns.row_lines(row, &row.whole_clause())),
            (group, Some(CommonClause::Whole(_))) => {
                lines.extend(group.iter().flat_map(|row| columns.row_lines(row, "")));
            }
            (group, _) => lines.extend(group.iter().flat_map(|row| at_lines(row))),
        }
        if let ([first, _, ..], None) = (group.as_slice(), &common) {
            let who = if group.len() == 2 { "both".to_owned() } else { format!("these {}", group.len()) };
            lines.extend(columns.indented_lines(&format!("{who}: {}", first.clause)));
        }
    }
    if let Some(CommonClause::Whole(common) | CommonClause::WithoutLine(common)) = common {
        lines.extend(wrap_words(&safe(&format!("each: {common}")), width.map(|width| width.max(1))));
    }
    if hits.len() > shown {
        lines.push(format!("and {} more (-v lists them)", hits.len() - shown));
    }
    if !before.is_empty() {
        lines.extend(wrap_words(
            &safe(&format!("there before: {}", list_hits(&before))),
            width.map(|width| width.max(1)),
        ));
    }
    lines.into_iter().map(|line| safe(&line).into_owned()).collect()
}

/// Starts that may each be made twice in one line: which they are is in their scripts. A script may have several.
fn overlapping_line(hits: &[&Hit], style: Style) -> Option<String> {
    let all = hits.len() > 1 && hits.iter().all(|hit| hit.rule() == MAY_OVERLAP);
    (all && style.detail != Detail::Verbose).then(|| format!("{} starts, any may be made twice", hits.len()))
}

/// What is wrong with all of several rows.
enum CommonClause {
    /// The clause with the line that says it, where there is one.
    Whole(String),
    /// A sentence that each row has another line for.
    WithoutLine(String),
}

/// The clause of all rows, where there are several and it is one.
fn common_clause(rows: &[HitRow]) -> Option<CommonClause> {
    let first = rows.first().filter(|row| rows.len() > 1 && !row.clause.is_empty())?;
    let whole = first.whole_clause();
    if rows.iter().all(|row| row.whole_clause() == whole) {
        return Some(CommonClause::Whole(whole));
    }
    let is_one = is_sentence(&first.clause) && rows.iter().all(|row| row.clause == first.clause);
    is_one.then(|| CommonClause::WithoutLine(first.clause.clone()))
}

fn write_reasons(
    finding: &Finding,
    sources: &Sources,
    style: Style,
    told: &mut ToldBefore,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let verbose = style.detail == Detail::Verbose;
    let shown = if verbose { usize::MAX } else { REASONS };
    let reasons = finding.why.iter().take(shown).map(|why| {
        let place = why.span.and_then(|span| file_line(span, sources)).map(|at| format!(" ({at})"));
        format!("{}{}", why.text, place.unwrap_or_default())
    });
    let reasons: Vec<String> = reasons.collect();
    if !reasons.is_empty() && reasons == told.why {
        writeln!(out, "  why: as above")?;
    } else {
        for (at, text) in reasons.iter().enumerate() {
            let label = if at == 0 { "  why: " } else { "       " };
            writeln!(out, "{}", paragraph(label, &safe(text), style.columns()))?;
        }
    }
    told.why = reasons;
    if verbose {
        writeln!(out, "  confidence: {}", finding.confidence.name())?;
        for evidence in &finding.reasons {
            let place = evidence.span.map(|span| format!(" ({}:{})", sources.get(span.file).label(), span.start.line));
            let label = format!("  {}: ", evidence.kind.name());
            let text = format!("{}{}", evidence.text, place.unwrap_or_default());
            writeln!(out, "{}", paragraph(&label, &safe(&text), style.columns()))?;
        }
    }
    Ok(())
}

/// What to do, as far as it is told.
fn told_remedies(finding: &Finding, hits: &[&Hit], given: &Given<'_>, style: Style) -> Vec<ToldRemedy> {
    let shown = if style.detail == Detail::Verbose { usize::MAX } else { REMEDIES };
    let told = |remedy: &Remedy| ToldRemedy { steps: remedy_steps(remedy, hits, given), note: remedy.note.clone() };
    distinct_remedies(&finding.remedies).take(shown).map(told).collect()
}

/// The same, a line each as they are printed. What the finding before said first is named, and what it said besides is
/// left out then.
fn remedy_lines(remedies: &[ToldRemedy], before: &ToldBefore, style: Style) -> Vec<String> {
    let Some(first) = remedies.first() else { return Vec::new() };
    if before.remedies == remedies {
        return vec!["  fix: as above".to_owned()];
    }
    let is_as_before = before.remedies.first() == Some(first);
    let mut lines = Vec::new();
    let is_new = |remedy: &&ToldRemedy| !is_as_before || !before.remedies.contains(remedy);
    if is_as_before {
        let is_all = before.remedies.iter().all(|remedy| remedies.contains(remedy));
        let which = if is_all { "as above" } else { "the first one above" };
        lines.push(format!("  fix: {which}"));
    }
    for (at, remedy) in remedies.iter().filter(is_new).enumerate() {
        let label = if at == 0 && !is_as_before { "  fix: " } else { "   or: " };
        for (at, step) in remedy.steps.iter().enumerate() {
            let label = if at == 0 { label } else { "       " };
            lines.push(paragraph(label, &safe(&step.sentence), style.columns()));
            lines.extend(step.written.iter().map(|line| format!("         {}", safe(line))));
        }
    }
    lines
}

/// The remedies but for those that are a part of one before them, which ends as many hits.
fn distinct_remedies(all: &[Remedy]) -> impl Iterator<Item = &Remedy> {
    let is_part = |one: &Remedy, whole: &Remedy| {
        whole.text == one.text && one.also.is_empty() && one.ends.iter().all(|hit| whole.ends.contains(hit))
    };
    all.iter()
        .enumerate()
        .filter(move |(at, one)| !all.iter().take(*at).any(|before| is_part(one, before)))
        .map(|(_, one)| one)
}
