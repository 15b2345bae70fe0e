//! One finding for a person: its sentence, the line where the login is mounted, who is concerned, why, and what to do.
//! May use `text`, `finding` and `report`.

use std::io;

use super::compared;
use super::phrases::list_hits;
use super::remedy_steps::remedy_steps;
use super::safe::safe;
use super::source_frame::{frame_gutter, titled_frame};
use super::source_place::file_line;
use super::wrap::{columns, paragraph, wrap_words};
use super::{Detail, Given, Style};
use crate::finding::{Change, Finding, Hit, Location, MAY_OVERLAP, Participant, Remedy, Report};
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
    told: &mut ToldRemedies,
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
    let standing = match hits.as_slice() {
        [hit] => compared::standing_words(hit, report.comparison.as_ref()),
        _ => None,
    };
    if let Some(standing) = standing {
        writeln!(out, "  standing: {standing}")?;
    }
    write_reasons(finding, given.sources, style, out)?;
    let lines = remedy_lines(finding, &hits, given, style);
    if !lines.is_empty() && lines == told.0 {
        return writeln!(out, "  fix: as above");
    }
    for line in &lines {
        writeln!(out, "{line}")?;
    }
    told.0 = lines;
    Ok(())
}

/// What the finding before said is to be done: two findings of one cause have the same remedies, which are told once.
#[derive(Default)]
pub(super) struct ToldRemedies(Vec<String>);

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

/// Where the login of a hit is mounted.
fn mount_of(hit: &Hit, report: &Report) -> Option<Span> {
    participant_of(hit, report)?.mount.as_ref().map(|mount| mount.span)
}

fn participant_of<'a>(hit: &Hit, report: &'a Report) -> Option<&'a Participant> {
    hit.worst()?.participant.and_then(|at| report.participants.get(at))
}

/// A row of the hits: who, in which role, where it mounts the login, and what is wrong there.
pub(super) struct HitRow {
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) place: String,
    pub(super) clause: String,
}

impl HitRow {
    pub(super) fn of(hit: &Hit, given: &Given<'_>) -> Self {
        let report = given.report;
        let mount = mount_of(hit, report);
        let place = mount.and_then(|span| file_line(span, given.sources));
        // Where the clause is about another line than the mount, that line is what a person looks for.
        let primary = hit.primary().filter(|span| mount.is_none_or(|mount| mount != *span));
        let at = primary.and_then(|span| file_line(span, given.sources)).filter(|at| Some(at) != place.as_ref());
        let at = at.map_or_else(String::new, |at| format!(": {at}"));
        let change = match (hit.change, &report.comparison) {
            (Some(Change::New), Some(_)) => "new: ",
            (Some(Change::Worse(_)), Some(_)) => "worse: ",
            _ => "",
        };
        Self {
            name: hit_name(hit),
            role: if hit.role == "unknown" { "role unknown" } else { hit.role },
            place: place.unwrap_or_default(),
            clause: format!("{change}{}{at}", hit.detail()),
        }
    }
}

/// A hit as people name it, with how many containers it stands for.
pub(super) fn hit_name(hit: &Hit) -> String {
    if hit.instances > 1 { format!("{} ×{}", hit.label, hit.instances) } else { hit.label.clone() }
}

/// The hits in columns. A clause that all have in common is said once.
fn hit_lines(hits: &[&Hit], given: &Given<'_>, style: Style, gutter: usize) -> Vec<String> {
    // Where somebody is new, the others were told before: a line for all of them is enough.
    let tells_all = style.detail == Detail::Verbose || !hits.iter().any(|hit| hit.is_news());
    let (hits, before): (Vec<&Hit>, Vec<&Hit>) = hits.iter().partition(|hit| tells_all || hit.is_news());
    if let Some(line) = overlapping_line(&hits, style) {
        return vec![line];
    }
    let all = style.detail == Detail::Verbose || hits.len() <= MANY_HITS;
    let shown = if all { hits.len() } else { FIRST_HITS };
    let rows: Vec<HitRow> = hits.iter().take(shown).map(|hit| HitRow::of(hit, given)).collect();
    let common = common_clause(&rows);
    let of = |part: fn(&HitRow) -> &str| rows.iter().map(|row| columns(part(row))).max().unwrap_or(0);
    let (names, roles, places) = (of(|row| &row.name), of(|row| row.role), of(|row| &row.place));
    let width = style.columns().map(|width| width.saturating_sub(gutter));
    let mut lines = Vec::new();
    for row in &rows {
        let mut line = format!("{}{}  {}{}", row.name, pad(&row.name, names), row.role, pad(row.role, roles));
        if places > 0 {
            line.push_str(&format!("  {}{}", row.place, pad(&row.place, places)));
        }
        let clause = if common.is_some() { "" } else { row.clause.as_str() };
        let room = width.map(|width| width.saturating_sub(columns(&line) + 2));
        match room {
            _ if clause.is_empty() => lines.push(line.trim_end().to_owned()),
            Some(room) if columns(clause) > room && room < MIN_CLAUSE => {
                lines.push(line.trim_end().to_owned());
                let indented = width.map(|width| width.saturating_sub(4).max(1));
                lines.extend(wrap_words(&safe(clause), indented).into_iter().map(|line| format!("    {line}")));
            }
            room => {
                let indent = columns(&line) + 2;
                let wrapped = wrap_words(&safe(clause), room.map(|room| room.max(1)));
                for (at, part) in wrapped.into_iter().enumerate() {
                    lines.push(if at == 0 {
                        format!("{line}  {part}")
                    } else {
                        format!("{}{part}", " ".repeat(indent))
                    });
                }
            }
        }
    }
    if let Some(common) = common {
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

/// Starts that may each be made twice in one line: which they are is in their scripts.
fn overlapping_line(hits: &[&Hit], style: Style) -> Option<String> {
    let all = hits.len() > 1 && hits.iter().all(|hit| hit.rule() == MAY_OVERLAP);
    (all && style.detail != Detail::Verbose).then(|| format!("{} wrappers, any may run twice", hits.len()))
}

/// A clause has at least this many columns beside the others, or a line of its own.
const MIN_CLAUSE: usize = 24;

fn pad(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(columns(text)))
}

/// The clause of all rows, where there are several and it is one.
fn common_clause(rows: &[HitRow]) -> Option<String> {
    let first = rows.first().filter(|row| rows.len() > 1 && !row.clause.is_empty())?;
    rows.iter().all(|row| row.clause == first.clause).then(|| first.clause.clone())
}

fn write_reasons(finding: &Finding, sources: &Sources, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let verbose = style.detail == Detail::Verbose;
    let shown = if verbose { usize::MAX } else { REASONS };
    for (at, why) in finding.why.iter().take(shown).enumerate() {
        let place = why.span.and_then(|span| file_line(span, sources)).map(|at| format!(" ({at})"));
        let text = format!("{}{}", why.text, place.unwrap_or_default());
        let label = if at == 0 { "  why: " } else { "       " };
        writeln!(out, "{}", paragraph(label, &safe(&text), style.columns()))?;
    }
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

/// What to do, a line each as they are printed.
fn remedy_lines(finding: &Finding, hits: &[&Hit], given: &Given<'_>, style: Style) -> Vec<String> {
    let shown = if style.detail == Detail::Verbose { usize::MAX } else { REMEDIES };
    let mut lines = Vec::new();
    for (at, remedy) in distinct_remedies(&finding.remedies).take(shown).enumerate() {
        let label = if at == 0 { "  fix: " } else { "   or: " };
        for (at, step) in remedy_steps(remedy, hits, given).iter().enumerate() {
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
