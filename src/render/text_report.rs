//! The report for a person: what is wrong with each login, worst first, then what is sound, what was accepted, and a last
//! line that counts. May use `text`, `finding`, `model` and `report`.

use std::io;

use super::accepted_files::accepted_file_lines;
use super::finding_block::{ToldBefore, write_finding};
use super::hit_rows::group_by_sentence;
use super::participant_table::{self, participant_table};
use super::phrases::{self, count_containers, count_of, list_hits, told_notes};
use super::safe::safe;
use super::seen_files::{ToldRefusals, nobody_sentence};
use super::sound_reasons::sound_line;
use super::wrap::paragraph;
use super::{Detail, Given, Style, compared, told_diagnostics};
use crate::finding::{Before, Comparison, Finding, Hit, Login, Report, UNDETERMINED, Verdict};
use crate::model::Level;
use crate::report::{fails_run, natural_key};
use crate::rules::Severity;
use crate::text::Sources;

/// How many entries of what was accepted are told one by one.
const ACCEPTED: usize = 6;
/// How many further logins are named that one cause is told of.
const ALSO: usize = 6;
/// How many files are named.
const FILES: usize = 10;
/// From so many findings on the first ones alone are told as blocks, then so many in a line each, and the rest counted.
const MANY: usize = 20;
const BLOCKS: usize = 4;
const LINES: usize = 20;
/// How many sound logins are told in a line each.
const SOUND: usize = 20;

pub(super) fn write(given: &Given<'_>, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let report = given.report;
    let quiet = style.detail == Detail::Quiet;
    if report.comparison.as_ref().is_some_and(|one| one.before != Before::Running) {
        let headline = compared::comparison_headline(report, given.at).unwrap_or_default();
        writeln!(out, "{}\n", paragraph("", &headline, style.columns()))?;
    }
    if style.detail == Detail::Verbose && !report.participants.is_empty() {
        writeln!(out, "{}\n", participant_table(report, style))?;
    }
    let told = told_findings(given, style);
    let mut before = ToldBefore::default();
    let causes = by_cause(&told, style);
    let is_cut = causes.len() > MANY && style.detail != Detail::Verbose;
    let (blocks, rest) = causes.split_at(if is_cut { BLOCKS } else { causes.len() });
    for group in blocks {
        let Some(((_, finding), others)) = group.split_first() else { continue };
        write_finding(finding, given, style, &mut before, out)?;
        if !others.is_empty() {
            writeln!(out, "{}", paragraph("  also: ", &safe(&also_line(others, report)), style.columns()))?;
        }
        writeln!(out)?;
    }
    write_further(rest, out)?;
    if quiet {
        return Ok(());
    }
    if let Some(comparison) = &report.comparison {
        write_comparison(report, comparison, style, out)?;
    }
    write_notes(given, style, out)?;
    write_sound(report, is_sound(report, style), style, out)?;
    write_accepted(report, given.sources, style, out)?;
    write_files(given, style, out)?;
    if let Some(using) = phrases::using(report) {
        writeln!(out, "{}", paragraph("using: ", &safe(&using), style.columns()))?;
    }
    writeln!(out, "{}", paragraph("", &safe(&closing_line(report, &told, style)), style.columns()))
}

/// Findings after the first ones of many: a line for each cause, and how many there are more.
fn write_further(rest: &[Vec<&(&Login, &Finding)>], out: &mut dyn io::Write) -> io::Result<()> {
    for group in rest.iter().take(LINES) {
        let Some(((login, finding), others)) = group.split_first() else { continue };
        // Of many alike the place tells one from another.
        let place = Some(&login.place.text).filter(|place| !finding.message.contains(place.as_str()));
        let mut text = place.map_or_else(|| finding.message.clone(), |place| format!("{place}: {}", finding.message));
        if !others.is_empty() {
            text.push_str(&format!(" (and {})", count_of(others.len(), "more login")));
        }
        writeln!(out, "{}[{}]: {}", finding.severity.name(), safe(&finding.rule), safe(&text))?;
    }
    match rest.iter().skip(LINES).map(Vec::len).sum() {
        0 if rest.is_empty() => Ok(()),
        0 => writeln!(out),
        more => writeln!(out, "and {} (-v lists them)\n", count_of(more, "more finding")),
    }
}

/// The findings that are worth a block: with `--quiet` those alone that fail the run; where the report was held against
/// what was before, those that have something new.
fn told_findings<'a>(given: &Given<'a>, style: Style) -> Vec<(&'a Login, &'a Finding)> {
    let report = given.report;
    let is_told = |finding: &Finding| match style.detail {
        Detail::Quiet => report.hits_of(finding).any(|hit| hit.counts() && fails_run(hit, report, report.fail_on)),
        Detail::Normal if report.comparison.is_some() => finding.severity > Severity::Note && report.has_news(finding),
        Detail::Normal | Detail::Verbose => finding.severity > Severity::Note || style.detail == Detail::Verbose,
    };
    let counting = report.sorted_findings().into_iter().filter(|(_, finding)| report.counts(finding));
    counting.filter(|(_, finding)| is_told(finding)).collect()
}

/// The findings, those together that one thing which is not known is the cause of: what settles the first settles all.
fn by_cause<'a, 'f>(told: &'f [(&'a Login, &'a Finding)], style: Style) -> Vec<Vec<&'f (&'a Login, &'a Finding)>> {
    group_by_sentence(told, |(_, finding)| {
        let is_open = finding.family == UNDETERMINED && style.detail != Detail::Verbose;
        let settled: Vec<&str> = finding.remedies.iter().map(|remedy| remedy.text.as_str()).collect();
        (is_open && !settled.is_empty()).then(|| settled.join("\n"))
    })
}

/// The other logins that something is not known of for the same cause, each with who uses it.
fn also_line(others: &[&(&Login, &Finding)], report: &Report) -> String {
    let named = others.iter().take(ALSO).map(|(login, finding)| {
        let hits: Vec<&Hit> = report.hits_of(finding).filter(|hit| hit.counts()).collect();
        format!("{}: {}", login.place.text, list_hits(&hits))
    });
    let mut named: Vec<String> = named.collect();
    let more = others.len().saturating_sub(ALSO);
    named.extend((more > 0).then(|| format!("and {}", count_of(more, "more login"))));
    named.join("; ")
}

/// Whether nothing is wrong that is told as a block, new or not.
fn is_sound(report: &Report, style: Style) -> bool {
    let mut counting = report.findings().filter(|(_, finding)| report.counts(finding));
    !counting.any(|(_, finding)| finding.severity > Severity::Note || style.detail == Detail::Verbose)
}

/// Notes, a line each. What another lock covers is told with `--verbose` alone.
fn write_notes(given: &Given<'_>, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let report = given.report;
    if style.detail == Detail::Verbose {
        return Ok(());
    }
    // A note that was there before was told then.
    let is_told = |finding: &&Finding| report.comparison.is_none() || report.has_news(finding);
    for finding in told_notes(report).filter(is_told) {
        let at = report.hits_of(finding).find_map(Hit::primary);
        let at = at.map_or_else(String::new, |span| {
            format!(" ({}:{})", given.sources.get(span.file).label(), span.start.line)
        });
        let text = format!("{}{at}", finding.message);
        writeln!(out, "{}", paragraph(&format!("note[{}]: ", safe(&finding.rule)), &safe(&text), style.columns()))?;
    }
    Ok(())
}

/// The logins that are sound: a line each, or where something else is wrong, how many there are.
fn write_sound(report: &Report, all_sound: bool, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    if report.participants.iter().all(|one| one.verdict == Verdict::NotAParticipant) && report.hits.is_empty() {
        return writeln!(out, "{}", paragraph("", nobody_sentence(report), style.columns()));
    }
    let sound: Vec<&Login> = report.sorted_logins().into_iter().filter(|login| login.verdict == Verdict::Ok).collect();
    if all_sound || style.detail == Detail::Verbose {
        let shown = if style.detail == Detail::Verbose { usize::MAX } else { SOUND };
        for login in sound.iter().take(shown) {
            let users: Vec<_> = login.participants.iter().filter_map(|at| report.participants.get(*at)).collect();
            let taking_part: Vec<_> = users.into_iter().filter(|one| one.verdict != Verdict::NotAParticipant).collect();
            let basis = taking_part.iter().map(|one| one.basis).max().unwrap_or_default();
            let head = format!("{}: ", basis.qualify(Verdict::Ok));
            let text = format!("{}: {}", login.place.text, sound_line(&taking_part));
            writeln!(out, "{}", paragraph(&head, &safe(&text), style.columns()))?;
        }
        if sound.len() > shown {
            writeln!(out, "ok: {} (-v lists them)", count_of(sound.len() - shown, "more login"))?;
        }
    } else if !sound.is_empty() {
        let users = sound.iter().flat_map(|login| &login.participants).filter_map(|at| report.participants.get(*at));
        let users = users.filter(|one| one.verdict == Verdict::Ok);
        let logins = count_of(sound.len(), "more login");
        writeln!(out, "ok: {logins}, {}", count_of(count_containers(users), "container"))?;
    }
    Ok(())
}

/// Which files were judged, and which were not and why: a few by name, the rest counted.
fn write_files(given: &Given<'_>, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let report = given.report;
    let shown = if style.detail == Detail::Verbose { usize::MAX } else { FILES };
    if !report.judged.is_empty() {
        let mut names: Vec<&str> = report.judged.iter().map(|one| one.file.as_str()).collect();
        names.sort_by_cached_key(|name| natural_key(name));
        names.dedup();
        let more = names.len().saturating_sub(shown);
        let mut told: Vec<String> = names.into_iter().take(shown).map(|name| safe(name).into_owned()).collect();
        told.extend((more > 0).then(|| format!("and {more} more (-v lists them)")));
        writeln!(out, "{}", paragraph("judged: ", &told.join(", "), style.columns()))?;
    }
    // What there is no clean answer without comes first.
    let mut unread: Vec<_> = report.not_judged.iter().collect();
    unread.sort_by_cached_key(|one| (!one.counts, natural_key(&one.file)));
    let told = ToldRefusals::of(given);
    for one in unread.iter().take(shown) {
        // Why it was refused stands on standard error, with the place.
        let reason = if told.has(one) { "see standard error" } else { &one.reason };
        let text = format!("{} ({reason})", one.file);
        writeln!(out, "{}", paragraph("not judged: ", &safe(&text), style.columns()))?;
    }
    if unread.len() > shown {
        writeln!(out, "not judged: {} more files (-v lists them)", unread.len() - shown)?;
    }
    Ok(())
}

/// What a person gave a reason for: equal reasons are one line. What was there before is counted alone.
fn write_accepted(report: &Report, sources: &Sources, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut lines: Vec<(String, Vec<&Hit>)> = Vec::new();
    for hit in report.sorted_hits() {
        for breach in &hit.breaches {
            let Some(suppressed) = &breach.suppressed else { continue };
            let Some(span) = suppressed.span else { continue };
            let at = format!("{}:{}", sources.get(span.file).name(), span.start.line);
            let text = format!("{}: {} ({at}){}", breach.rule, suppressed.reason, still_counting(hit));
            match lines.iter_mut().find(|(known, _)| *known == text) {
                Some((_, hits)) => hits.push(hit),
                None => lines.push((text, vec![hit])),
            }
        }
    }
    for line in accepted_file_lines(report, sources) {
        writeln!(out, "{}", paragraph("accepted: ", &safe(&line), style.columns()))?;
    }
    let all = style.detail == Detail::Verbose || lines.len() <= ACCEPTED;
    let shown = if all { lines.len() } else { ACCEPTED };
    for (text, hits) in lines.iter().take(shown) {
        let line = format!("{}: {text}", list_hits(hits));
        writeln!(out, "{}", paragraph("accepted: ", &safe(&line), style.columns()))?;
    }
    if lines.len() > shown {
        writeln!(out, "accepted: {} more (-v lists them)", lines.len() - shown)?;
    }
    Ok(())
}

/// The rules by which a hit counts although one of them is accepted, as the end of a sentence; empty where it does not.
fn still_counting(hit: &Hit) -> String {
    let counting = hit.counting().filter(|breach| hit.counts() && breach.severity > Severity::Note);
    let mut rules: Vec<&str> = counting.map(|breach| breach.rule.as_str()).collect();
    rules.dedup();
    match rules.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} still counts"),
        several => format!("; {} still count", several.join(", ")),
    }
}

/// What came of what was so before.
fn write_comparison(report: &Report, comparison: &Comparison, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let verbose = style.detail == Detail::Verbose;
    if comparison.before == Before::Running {
        if verbose && compared::changed_verdicts(comparison).next().is_some() {
            writeln!(out, "{}\n", participant_table::verdict_table(comparison))?;
        }
        if let Some(line) = compared::endangered_names(comparison) {
            writeln!(out, "{}", paragraph("endangers: ", &line, style.columns()))?;
        }
        write_gone(comparison, style, out)?;
        if let Some(line) = compared::kept_line(report).filter(|_| !verbose) {
            writeln!(out, "{}", paragraph("stays: ", &safe(&line), style.columns()))?;
        }
        return Ok(());
    }
    for line in compared::open_logins(report).iter().filter(|_| !verbose) {
        writeln!(out, "{}", paragraph("open: ", &safe(line), style.columns()))?;
    }
    write_gone(comparison, style, out)
}

/// What was found before and is found no more, a line each.
fn write_gone(comparison: &Comparison, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    for gone in &comparison.gone {
        writeln!(out, "{}", paragraph("", &compared::gone_line(gone, comparison), style.columns()))?;
    }
    Ok(())
}

/// The verdict and the count, and how to learn more.
fn closing_line(report: &Report, told: &[(&Login, &Finding)], style: Style) -> String {
    let is_plan = report.comparison.as_ref().is_some_and(|one| one.before == Before::Running);
    let mut line = match style.detail {
        _ if is_plan => {
            let told = [compared::plan_summary(report)].into_iter().chain(phrases::summary_tail(report));
            told.collect::<Vec<_>>().join(", ")
        }
        Detail::Verbose => phrases::summary_line(report),
        Detail::Quiet | Detail::Normal => phrases::summary_with_notes(report, told_notes(report).count()),
    };
    if report.diagnostics.iter().any(|one| one.level != Level::Warning) {
        line.push_str(", see standard error");
    }
    let remarks = report.diagnostics.len() - told_diagnostics(report, style.detail).len();
    if remarks > 0 {
        line.push_str(&format!(", {} about the input (-v)", count_of(remarks, "remark")));
    }
    match told.first() {
        Some((_, finding)) if style.detail == Detail::Verbose => {
            line.push_str(&format!(". More: overlock explain {}", finding.rule));
        }
        Some((_, finding)) => {
            line.push_str(&format!(". More: overlock explain {}, or -v for the evidence", finding.rule));
        }
        None => {}
    }
    line
}
