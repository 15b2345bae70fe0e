//! Markdown, for a job's summary or a comment: counts, what was not judged, each finding with who is concerned and what to
//! do, what is sound and what is suppressed. It is as long as GitHub takes it, and says what it leaves out. May use `finding` and `model`.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io;

use super::accepted_files::accepted_file_lines;
use super::finding_lines::{accepted_rules, lesser_details, more_line};
use super::hit_rows::{HitRow, clause_at, group_by_sentence, is_sentence};
use super::markdown_text::{code_span, escape_cell, escape_prose};
use super::phrases::{count_of, full_name, level_word, summary_line, suppression_text, times, using};
use super::remedy_steps::remedy_steps;
use super::seen_files::{UnreadFiles, nobody_sentence, shown_path, sorted_judged};
use super::sound_reasons::sound_reasons;
use super::source_place::{self, ShownPlace};
use super::{Given, compared};
use crate::finding::{Before, Comparison, Finding, Hit, Login, Participant, Report, Verdict};
use crate::model::{Diagnostic, NotJudgedFile};

/// The length of a comment on GitHub. Its limit is in characters, of which there are no more than bytes.
const LENGTH: usize = 65_536;
/// What is kept free for the line that says what is left out.
const CLOSING: usize = 400;
/// How many hits, reasons, remedies and entries of a list are told.
const HITS: usize = 20;
const REASONS: usize = 2;
const REMEDIES: usize = 10;
const ENTRIES: usize = 50;
/// How many containers the table has.
const CONTAINERS: usize = 100;

/// A text of a limited length, and what found no room in it.
struct Document {
    text: String,
    left_out: Vec<String>,
}

impl Document {
    /// Adds a block where there is room for it as a whole.
    fn add(&mut self, block: &str) -> bool {
        let fits = self.text.len() + block.len() + CLOSING <= LENGTH;
        if fits {
            self.text.push_str(block);
        }
        fits
    }

    /// Adds a block, or says that it is left out.
    fn add_or_name(&mut self, block: &str, name: &str) {
        if !self.add(block) {
            self.left_out.push(name.to_owned());
        }
    }
}

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let report = given.report;
    let mut document = Document { text: format!("## Overlock: {}\n", summary_line(report)), left_out: Vec::new() };
    if let Some(comparison) = &report.comparison {
        document.add_or_name(&comparison_block(report, comparison), "the comparison");
    }
    if let Some(using) = using(report) {
        document.add_or_name(&format!("\nUsing: {}\n", escape_prose(&using)), "the configuration");
    }
    let unread = UnreadFiles::beside_problems(given);
    document.add_or_name(&not_judged_block(&unread.counting, given), "what was not judged");
    add_findings(&mut document, given);
    document.add_or_name(&sound_block(report), "what is sound");
    document.add_or_name(&input_block(&report.diagnostics, given), "problems with the input");
    document.add_or_name(&suppressed_block(report), "what is suppressed");
    document.add_or_name(&accepted_files_block(given), "which files are accepted as they are");
    document.add_or_name(&container_block(&report.participants), "the table of containers");
    document.add_or_name(&files_block(&unread.others, given), "the files that were judged and not");
    if !document.left_out.is_empty() {
        let left_out = document.left_out.join(", ");
        let room = "GitHub takes 65,536 characters";
        let _ = write!(document.text, "\nLeft out, since {room}: {left_out}. `overlock` prints all of it as text.\n");
    }
    out.write_all(document.text.as_bytes())
}

/// The findings that count, worst first: whole, or where there is no room for that, as a sentence.
fn add_findings(document: &mut Document, given: &Given<'_>) {
    let mut shortened = 0;
    let mut missing = 0;
    let mut findings = given.report.sorted_findings();
    findings.sort_by_key(|(_, finding)| Reverse(finding.severity));
    for (login, finding) in findings {
        if !given.report.counts(finding) || document.add(&finding_block(login, finding, given)) {
            continue;
        }
        if document.add(&finding_headline(login, finding)) {
            shortened += 1;
        } else {
            missing += 1;
        }
    }
    let told = [(shortened, "the details of "), (missing, "")].into_iter().filter(|(count, _)| *count > 0);
    document.left_out.extend(told.map(|(count, of)| format!("{of}{}", count_of(count, "finding"))));
}

fn finding_headline(login: &Login, finding: &Finding) -> String {
    let (severity, rule, place) = (finding.severity.name(), code_span(&finding.rule), code_span(&login.place.text));
    format!("\n### {severity}: {rule} in {place}\n\n{}\n", escape_prose(&finding.message))
}

/// What is wrong, who is concerned, why, what to do, and folded away what it rests on.
fn finding_block(login: &Login, finding: &Finding, given: &Given<'_>) -> String {
    let report = given.report;
    let hits: Vec<&Hit> = report.hits_of(finding).collect();
    let counting: Vec<&Hit> = hits.iter().copied().filter(|hit| hit.counts()).collect();
    let mut block = finding_headline(login, finding);
    if let [hit] = counting.as_slice() {
        let standing = compared::standing_words(hit, report.comparison.as_ref());
        block.extend(standing.map(|standing| format!("\nStanding: {}\n", escape_prose(&standing))));
    }
    block.push_str("\n| who | role | where | what |\n| --- | --- | --- | --- |\n");
    block.push_str(&hit_rows(hits.get(..HITS).unwrap_or(&hits), given));
    block.extend(more_line(hits.len(), HITS).map(|line| format!("\n{line}\n")));
    block.extend(lesser_details(&counting).iter().map(|detail| format!("\nAlso: {}\n", escape_prose(detail))));
    block.extend(finding.why.iter().take(REASONS).map(|why| format!("\nWhy: {}\n", escape_prose(&why.text))));
    if !finding.remedies.is_empty() {
        block.push_str("\nTo fix it, best first:\n\n");
    }
    for (at, remedy) in finding.remedies.iter().take(REMEDIES).enumerate() {
        for (step_at, step) in remedy_steps(remedy, &counting, given).iter().enumerate() {
            let mark = if step_at == 0 { format!("{}.", at + 1) } else { "   -".to_owned() };
            let inner = if step_at == 0 { "   -" } else { "     -" };
            block.push_str(&format!("{mark} {}\n", escape_prose(&step.sentence)));
            block.extend(step.written.iter().map(|line| format!("{inner} {}\n", code_span(line))));
        }
    }
    let note = finding.remedies.iter().take(REMEDIES).find_map(|remedy| remedy.note.as_ref());
    block.extend(note.map(|note| format!("\nNote: {}\n", escape_prose(note))));
    block.push_str(&evidence_block(finding, &counting, given));
    block
}

/// The rows of the hits: who, in which role, where, and what is wrong there or why it does not count. What is to be said
/// of several is said once.
fn hit_rows(hits: &[&Hit], given: &Given<'_>) -> String {
    let cells: Vec<HitCells> = hits.iter().map(|hit| HitCells::of(hit, given)).collect();
    let groups =
        group_by_sentence(&cells, |one| is_sentence(&one.clause).then(|| format!("{} {}", one.role, one.clause)));
    let rows = groups.iter().map(|group| {
        let names: Vec<&str> = group.iter().map(|one| one.name.as_str()).collect();
        let places = group.iter().map(|one| one.place.as_str()).filter(|place| !place.is_empty());
        let mut places: Vec<&str> = places.collect();
        places.dedup();
        let (role, clause) = group.first().map_or(("", ""), |one| (one.role, one.clause.as_str()));
        let clause = clause_at(clause, group.iter().filter_map(|one| one.at.as_deref()));
        format!("| {} | {role} | {} | {} |\n", names.join(", "), places.join(", "), escape_prose(&clause))
    });
    rows.collect()
}

/// What a row says of a hit.
struct HitCells {
    name: String,
    role: &'static str,
    place: String,
    clause: String,
    at: Option<String>,
}

impl HitCells {
    fn of(hit: &Hit, given: &Given<'_>) -> Self {
        let HitRow { role, place, clause, at, .. } = HitRow::of(hit, given);
        let name = escape_cell(&hit.label);
        let name = format!("{name}{}", times(hit.instances, hit.or_more));
        let place = if place.is_empty() { String::new() } else { escape_cell(&place) };
        if hit.counts() {
            return Self { name, role, place, clause, at };
        }
        Self { name, role, place, clause: format!("suppressed {}", suppression_text(hit)), at: None }
    }
}

/// Every place that the hits point at, and what the finding rests on.
fn evidence_block(finding: &Finding, hits: &[&Hit], given: &Given<'_>) -> String {
    let mut seen = HashSet::new();
    let mut lines: Vec<String> = Vec::new();
    for location in hits.iter().flat_map(|hit| hit.locations()).filter(|location| seen.insert(location.span)) {
        let label = Some(&location.label).filter(|label| !label.is_empty());
        let label = label.map_or_else(String::new, |label| format!(": {}", escape_prose(label)));
        lines.push(format!("- {}{label}\n", code_span(&ShownPlace::of(location.span, given).one_line())));
    }
    let places = entry_list(&lines);
    let told = finding.why.iter().skip(REASONS).chain(&finding.reasons);
    let reasons = told.map(|evidence| {
        let at = evidence.span.map(|span| format!(" ({})", code_span(&ShownPlace::of(span, given).one_line())));
        format!("- {}: {}{}\n", evidence.kind.name(), escape_prose(&evidence.text), at.unwrap_or_default())
    });
    let reasons = entry_list(&reasons.collect::<Vec<_>>());
    let confidence = finding.confidence.name();
    format!("\n<details><summary>Evidence, confidence {confidence}</summary>\n{places}{reasons}\n</details>\n")
}

/// The logins that are sound, a line each.
fn sound_block(report: &Report) -> String {
    let takes_part = |one: &&Participant| one.verdict != Verdict::NotAParticipant;
    if report.hits.is_empty() && !report.participants.iter().any(|one| takes_part(&one)) {
        return format!("\n{}\n", nobody_sentence(report));
    }
    let sound: Vec<&Login> = report.sorted_logins().into_iter().filter(|login| login.verdict == Verdict::Ok).collect();
    let mut lines = sound.iter().take(ENTRIES).map(|login| {
        let users = login.participants.iter().filter_map(|at| report.participants.get(*at)).filter(takes_part);
        let users: Vec<&Participant> = users.collect();
        let verdict = users.iter().map(|one| one.basis).max().unwrap_or_default().qualify(Verdict::Ok);
        let told = sound_reasons(&users).into_iter().map(|one| {
            let (who, why) = (escape_prose(&one.who), escape_prose(&one.why));
            if why.is_empty() { who } else { format!("{who}: {why}") }
        });
        let told = told.collect::<Vec<_>>().join("; ");
        format!("- {verdict}: {}: {told}\n", code_span(&login.place.text))
    });
    let mut block: String =
        lines.next().map(|first| format!("\n### Sound\n\n{first}")).into_iter().chain(lines).collect();
    let more = sound.len().saturating_sub(ENTRIES);
    block.extend((more > 0).then(|| format!("- ok: {}\n", count_of(more, "more login"))));
    block
}

/// What came of what was so before.
fn comparison_block(report: &Report, comparison: &Comparison) -> String {
    let headline = compared::comparison_headline(report, None).unwrap_or_default();
    let mut block = format!("\n{}\n", escape_prose(&headline));
    let verdicts: Vec<_> = compared::changed_verdicts(comparison).collect();
    if comparison.before == Before::Running && !verdicts.is_empty() {
        block.push_str("\n| container | before | after |\n| --- | --- | --- |\n");
        for (name, before, after) in verdicts.iter().take(CONTAINERS) {
            block.push_str(&format!("| {} | {before} | {after} |\n", escape_cell(name)));
        }
        let more = verdicts.len().saturating_sub(CONTAINERS);
        block.extend((more > 0).then(|| format!("\nand {}\n", count_of(more, "more container"))));
    }
    let endangered = comparison.endangered.iter().map(compared::endangered_line);
    let gone = comparison.gone.iter().map(|gone| compared::gone_line(gone, comparison));
    let lines: Vec<String> = endangered.chain(gone).map(|line| format!("- {}\n", escape_prose(&line))).collect();
    block.push_str(&entry_list(&lines));
    block
}

fn input_block(diagnostics: &[Diagnostic], given: &Given<'_>) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let lines = diagnostics.iter().map(|diagnostic| {
        let at = match (diagnostic.span, &diagnostic.file) {
            (Some(span), _) => format!("{}: ", code_span(&ShownPlace::of(span, given).one_line())),
            (None, Some(file)) => format!("{}: ", code_span(&source_place::path(file, given.directory).0)),
            (None, None) => String::new(),
        };
        format!("- **{}**: {at}{}\n", level_word(diagnostic), escape_prose(&diagnostic.message))
    });
    format!("\n### Input\n{}", entry_list(&lines.collect::<Vec<_>>()))
}

/// The files that there is no clean answer without: before the findings, since there may be more of those.
fn not_judged_block(counting: &[&NotJudgedFile], given: &Given<'_>) -> String {
    if counting.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = counting.iter().map(|one| not_judged_line(one, given)).collect();
    format!("\n### Not judged\n{}", entry_list(&lines))
}

fn not_judged_line(one: &NotJudgedFile, given: &Given<'_>) -> String {
    let path = code_span(&shown_path(&one.file, given));
    format!("- {path} ({}): {}\n", one.kind, escape_prose(&one.reason))
}

/// The files that were judged, and those that were not and do not count, folded away.
fn files_block(others: &[&NotJudgedFile], given: &Given<'_>) -> String {
    let judged = sorted_judged(given.report);
    let judged: Vec<String> =
        judged.iter().map(|one| format!("- {} ({})\n", code_span(&shown_path(&one.file, given)), one.kind)).collect();
    let others: Vec<String> = others.iter().map(|one| not_judged_line(one, given)).collect();
    let folded = |name: &str, lines: &[String]| match lines.len() {
        0 => String::new(),
        count => format!("\n<details><summary>{name}: {count}</summary>\n{}\n</details>\n", entry_list(lines)),
    };
    format!("{}{}", folded("Judged", &judged), folded("Not judged, without effect on the exit status", &others))
}

/// What people accept of files.
fn accepted_files_block(given: &Given<'_>) -> String {
    let lines = accepted_file_lines(given.report, given.sources);
    if lines.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("- {}\n", escape_prose(line))).collect();
    format!("\n### Accepted files\n{}", entry_list(&lines))
}

/// The hits that do not count, and the rules that do not while their hit does by another one.
fn suppressed_block(report: &Report) -> String {
    let mut lines = Vec::new();
    let mut suppressed = 0;
    for hit in report.sorted_hits() {
        let name = code_span(&full_name(hit.project.as_deref(), &hit.container));
        lines.extend(accepted_rules(hit).into_iter().map(|rule| format!("- {name}: {}\n", escape_prose(&rule))));
        if !hit.counts() {
            suppressed += 1;
            let why = escape_prose(&suppression_text(hit));
            lines.push(format!("- {} {} {name}, {why}\n", hit.severity().name(), code_span(hit.rule())));
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    let lines = entry_list(&lines);
    format!("\n<details><summary>Suppressed: {suppressed}</summary>\n{lines}\n</details>\n")
}

/// The first lines of a list, and how many more there are.
fn entry_list(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let more = lines.len().saturating_sub(ENTRIES);
    let more = if more > 0 { format!("- and {more} more\n") } else { String::new() };
    format!("\n{}{more}", lines.iter().take(ENTRIES).map(String::as_str).collect::<String>())
}

/// Every container that has to do with a state directory, folded away.
fn container_block(all: &[Participant]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let head = "| container | state directory | place | role | guard | verdict | why |\n| --- | --- | --- | --- | --- | --- | --- |";
    let rows: String = all.iter().take(CONTAINERS).map(container_row).collect();
    let more = all.len().saturating_sub(CONTAINERS);
    let more = if more > 0 { format!("\nand {}\n", count_of(more, "more container")) } else { String::new() };
    format!("\n<details><summary>Containers: {}</summary>\n\n{head}\n{rows}{more}\n</details>\n", all.len())
}

fn container_row(one: &Participant) -> String {
    let cells = [
        escape_cell(&full_name(one.project.as_deref(), &one.container)),
        escape_cell(&one.state_dir),
        escape_cell(&one.place.text),
        one.role.to_owned(),
        one.guard.to_owned(),
        format!("**{}**", one.qualified_verdict()),
        if one.reason.is_empty() { "see the findings".to_owned() } else { escape_prose(&one.reason) },
    ];
    format!("| {} |\n", cells.join(" | "))
}
