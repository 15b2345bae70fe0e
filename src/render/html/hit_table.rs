//! Who is concerned by a finding: a row each, with the role, where the login is mounted, what is wrong there, and how that
//! stands. May use `finding`.

use maud::{Markup, PreEscaped, html};

use super::comparison::change_badge;
use super::prose::{block_cell, block_table, code_markup, file_line, first_of, path_markup, prose, tone_class};
use super::sections::{OPEN_ROWS, ROWS};
use crate::finding::{Finding, Hit, Participant, Report};
use crate::render::Given;
use crate::render::hit_rows::{group_by_sentence, hit_name, is_sentence};
use crate::render::phrases::suppression_text;
use crate::render::safe::xml;

const COLUMNS: [&str; 4] = ["Container", "Role", "Mounted at", "What is wrong there"];

/// The first rows, the others folded, and how many more there are.
pub(super) fn hit_table(id: &str, finding: &Finding, given: &Given<'_>) -> Markup {
    let all: Vec<&Hit> = given.report.hits_of(finding).collect();
    let (shown, left) = first_of(&all, ROWS);
    let with_project = has_projects(given.report);
    let rows: Vec<HitTableRow<'_>> = shown.iter().map(|hit| HitTableRow::of(hit, with_project, given)).collect();
    let common = common_problem(&rows);
    let groups = match &common {
        Some(_) => rows.iter().map(|row| vec![row]).collect(),
        None => group_by_sentence(&rows, |row| {
            is_sentence(&row.hit.detail()).then(|| format!("{} {} {}", row.hit.role, row.clause.0, row.standing.0))
        }),
    };
    let (open, folded) = groups.split_at(groups.len().min(OPEN_ROWS));
    html! {
        (row_table(open, "Containers concerned", common.is_some()))
        @if !folded.is_empty() {
            details id={ (id) "-more" } {
                summary { (folded.len()) " more" }
                (row_table(folded, "More containers concerned", common.is_some()))
            }
        }
        @if left > 0 { p .quiet { "And " (left) " more: " code { "--format json" } " lists all." } }
        @if let Some(problem) = common { p .common { "Each: " (PreEscaped(problem)) } }
    }
}

/// A row, whose last cell may say what all others say too.
struct HitTableRow<'a> {
    hit: &'a Hit,
    name: Markup,
    place: Markup,
    /// What is wrong, without the line that says it.
    clause: Markup,
    /// That line, where it is another than the mount's.
    at: Option<String>,
    /// How that stands, and the rules that say so.
    standing: Markup,
}

impl<'a> HitTableRow<'a> {
    fn of(hit: &'a Hit, with_project: bool, given: &Given<'_>) -> Self {
        let report = given.report;
        let name = html! {
            (xml(&hit_name(hit)))
            @if let Some(project) = hit.project.as_ref().filter(|_| with_project) { " " span .quiet { (xml(project)) } }
        };
        let detail = hit.detail();
        let clause = if detail.is_empty() { hit.message() } else { &detail };
        let standing = html! {
            (change_badge(hit, report.comparison.as_ref()))
            @if !hit.counts() { " " span .badge { "suppressed" } " " span .quiet { (prose(&suppression_text(hit))) } }
            span .rules { @for breach in hit.counting() { " " code class=(tone_class(breach.severity, &breach.rule)) { (xml(&breach.rule)) } } }
        };
        Self { hit, name, place: mount_place(hit, given), clause: prose(clause), at: clause_line(hit, given), standing }
    }

    /// What is wrong with this one and others of which the same is to be said.
    fn problem(&self, others: &[&Self]) -> Markup {
        let lines: Vec<&String> =
            std::iter::once(self).chain(others.iter().copied()).filter_map(|row| row.at.as_ref()).collect();
        html! {
            (self.clause)
            @for (number, at) in lines.iter().enumerate() { @if number == 0 { ": " } @else { ", " } (code_markup(at)) }
            " " (self.standing)
        }
    }

    /// `severity:rule` of each rule that counts, for what reads the page.
    fn breaches(&self) -> String {
        let counting = self.hit.counting().filter(|_| self.hit.counts());
        let told = counting.map(|breach| format!("{}:{}", breach.severity.name(), xml(&breach.rule)));
        told.collect::<Vec<_>>().join(" ")
    }
}

/// What is wrong with each of several.
fn common_problem(rows: &[HitTableRow<'_>]) -> Option<String> {
    let first = rows.first().filter(|_| rows.len() > 1)?.problem(&[]).0;
    rows.iter().all(|row| row.problem(&[]).0 == first).then_some(first)
}

fn row_table(rows: &[Vec<&HitTableRow<'_>>], label: &str, common: bool) -> Markup {
    let columns = COLUMNS.get(..COLUMNS.len() - usize::from(common)).unwrap_or(&COLUMNS);
    block_table(label, columns, &html! { @for row in rows { (hit_row(row, common)) } })
}

/// A row of one hit, or of several of which the same is to be said.
fn hit_row(group: &[&HitTableRow<'_>], common: bool) -> Markup {
    let [row, others @ ..] = group else { return html! {} };
    let hit = row.hit;
    let role = html! { (if hit.role == "unknown" { "role unknown" } else { hit.role }) };
    let place = html! {
        (row.place)
        @for other in others.iter().filter(|other| other.place.0 != row.place.0) { br; (other.place) }
    };
    html! {
        tr id={ "f-" (hit.fingerprint) } role="row" class=[(!hit.counts()).then_some("suppressed")] data-breaches=(row.breaches()) {
            th scope="row" role="rowheader" {
                (row.name)
                @for other in others {
                    ", " span id={ "f-" (other.hit.fingerprint) } data-breaches=(other.breaches()) { (other.name) }
                }
            }
            (block_cell("Role", &role))
            (block_cell("Mounted at", &place))
            @if !common { (block_cell("Problem", &row.problem(others))) }
        }
    }
}

/// Whether a name alone may be of several projects.
fn has_projects(report: &Report) -> bool {
    let mut projects = report.participants.iter().map(|one| &one.project);
    let first = projects.next();
    projects.any(|project| Some(project) != first)
}

pub(super) fn participant_of<'a>(hit: &Hit, report: &'a Report) -> Option<&'a Participant> {
    hit.worst()?.participant.and_then(|at| report.participants.get(at))
}

/// The line of a file that mounts it, where one does, and the mount point in the container.
fn mount_place(hit: &Hit, given: &Given<'_>) -> Markup {
    let participant = participant_of(hit, given.report);
    let mount = participant.and_then(|one| one.mount.as_ref());
    let line = mount.and_then(|mount| file_line(mount.span, given));
    let target = participant.map(|one| mount.map_or(one.state_dir.as_str(), |mount| mount.target.as_str()));
    html! {
        @if let Some(line) = &line { (path_markup(line)) " " }
        @if let Some(target) = target { span .quiet { (path_markup(target)) } }
        @if line.is_none() && target.is_none() { span .quiet { "–" } }
    }
}

/// The line that says what is wrong, where that is another than the mount.
fn clause_line(hit: &Hit, given: &Given<'_>) -> Option<String> {
    let mount = participant_of(hit, given.report).and_then(|one| one.mount.as_ref()).map(|mount| mount.span);
    let line = |span| file_line(span, given);
    let primary = hit.primary().filter(|span| Some(*span) != mount).and_then(line);
    primary.filter(|at| Some(at) != mount.and_then(line).as_ref())
}
