//! The hits of a finding as rows: who, in which role, where the login is mounted and what is wrong there. A sentence that
//! several have in common is one for all of them. May use `finding` and `text`.

use std::collections::HashMap;

use super::Given;
use super::phrases::times;
use super::safe::safe;
use super::source_place::file_line;
use super::wrap::{columns, wrap_words};
use crate::finding::{Change, Hit, Participant, Report};
use crate::text::Span;

/// A row of the hits: who, in which role, where it mounts the login, and what is wrong there.
pub(super) struct HitRow {
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) place: String,
    /// What is wrong, without the line that says it.
    pub(super) clause: String,
    /// That line, where it is another than the mount's.
    pub(super) at: Option<String>,
}

impl HitRow {
    pub(super) fn of(hit: &Hit, given: &Given<'_>) -> Self {
        let report = given.report;
        let mount = mount_of(hit, report);
        let place = mount.and_then(|span| file_line(span, given.sources));
        // Where the clause is about another line than the mount, that line is what a person looks for.
        let primary = hit.primary().filter(|span| mount.is_none_or(|mount| mount != *span));
        let at = primary.and_then(|span| file_line(span, given.sources)).filter(|at| Some(at) != place.as_ref());
        let change = match (hit.change, &report.comparison) {
            (Some(Change::New), Some(_)) => "new: ",
            (Some(Change::Worse(_)), Some(_)) => "worse: ",
            _ => "",
        };
        Self {
            name: hit_name(hit),
            role: if hit.role == "unknown" { "role unknown" } else { hit.role },
            place: place.unwrap_or_default(),
            clause: format!("{change}{}", hit.detail()),
            at,
        }
    }

    /// What is wrong, with the line that says it.
    pub(super) fn whole_clause(&self) -> String {
        clause_at(&self.clause, self.at.iter().map(String::as_str))
    }
}

/// A clause with the lines that say it.
pub(super) fn clause_at<'a>(clause: &str, lines: impl Iterator<Item = &'a str>) -> String {
    let lines: Vec<&str> = lines.collect();
    if lines.is_empty() { clause.to_owned() } else { format!("{clause}: {}", lines.join(", ")) }
}

impl HitRow {
    /// The same where name and place are beside each other: the script that a start is in is not said in both.
    pub(super) fn beside_place(mut self) -> Self {
        let file = self.place.rsplit_once(':').map_or("", |(file, _)| file.rsplit('/').next().unwrap_or(file));
        let script = format!(" ({file})");
        if !file.is_empty() && self.name.contains(&script) {
            self.name = self.name.replacen(&script, "", 1);
        }
        self
    }
}

/// A hit as people name it, with how many containers it stands for.
pub(super) fn hit_name(hit: &Hit) -> String {
    format!("{}{}", hit.label, times(hit.instances, hit.or_more))
}

/// Where the login of a hit is mounted.
pub(super) fn mount_of(hit: &Hit, report: &Report) -> Option<Span> {
    participant_of(hit, report)?.mount.as_ref().map(|mount| mount.span)
}

fn participant_of<'a>(hit: &Hit, report: &'a Report) -> Option<&'a Participant> {
    hit.worst()?.participant.and_then(|at| report.participants.get(at))
}

/// A clause that is longer is a sentence, which is not told again for each that it is about.
const LONG_CLAUSE: usize = 24;

/// Whether a clause is one that is told once for all that it is about.
pub(super) fn is_sentence(clause: &str) -> bool {
    columns(clause) > LONG_CLAUSE
}

/// Things of which the same is told, together, in the order of the first of each; what nothing is told of for several
/// stays alone.
pub(super) fn group_by_sentence<T>(all: &[T], told: impl Fn(&T) -> Option<String>) -> Vec<Vec<&T>> {
    let mut groups: Vec<Vec<&T>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for one in all {
        let told = told(one);
        match told.as_ref().and_then(|told| known.get(told)).and_then(|at| groups.get_mut(*at)) {
            Some(group) => group.push(one),
            None => {
                known.extend(told.map(|told| (told, groups.len())));
                groups.push(vec![one]);
            }
        }
    }
    groups
}

/// Rows by what is wrong with them, and their role.
pub(super) fn group_rows(rows: &[HitRow]) -> Vec<Vec<&HitRow>> {
    group_by_sentence(rows, |row| is_sentence(&row.clause).then(|| format!("{} {}", row.role, row.clause)))
}

/// A clause has at least this many columns beside the others, or a line of its own.
const MIN_CLAUSE: usize = 24;

/// How wide the columns of rows are, and all of them together at most.
pub(super) struct RowColumns {
    name: usize,
    role: usize,
    place: usize,
    width: Option<usize>,
}

impl RowColumns {
    pub(super) fn of(rows: &[HitRow], width: Option<usize>) -> Self {
        let of = |part: fn(&HitRow) -> &str| rows.iter().map(|row| columns(part(row))).max().unwrap_or(0);
        Self { name: of(|row| &row.name), role: of(|row| row.role), place: of(|row| &row.place), width }
    }

    /// The lines of a row with a clause, which goes below where it finds no room beside.
    pub(super) fn row_lines(&self, row: &HitRow, clause: &str) -> Vec<String> {
        let (name, role) = (padded(&row.name, self.name), padded(row.role, self.role));
        let mut line = format!("{name}  {role}");
        if self.place > 0 {
            line.push_str(&format!("  {}", padded(&row.place, self.place)));
        }
        let indent = columns(&line) + 2;
        let room = self.width.map(|width| width.saturating_sub(indent));
        if clause.is_empty() {
            return vec![line.trim_end().to_owned()];
        }
        if room.is_some_and(|room| columns(clause) > room && room < MIN_CLAUSE) {
            let mut lines = vec![line.trim_end().to_owned()];
            lines.extend(self.indented_lines(clause));
            return lines;
        }
        let wrapped = wrap_words(&safe(clause), room.map(|room| room.max(1)));
        let lines = wrapped.into_iter().enumerate().map(|(at, part)| match at {
            0 => format!("{line}  {part}"),
            _ => format!("{}{part}", " ".repeat(indent)),
        });
        lines.collect()
    }

    /// The lines of a clause below rows.
    pub(super) fn indented_lines(&self, clause: &str) -> Vec<String> {
        let width = self.width.map(|width| width.saturating_sub(4).max(1));
        wrap_words(&safe(clause), width).into_iter().map(|line| format!("    {line}")).collect()
    }
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, role: &'static str, clause: &str) -> HitRow {
        HitRow { name: name.to_owned(), role, place: "run.sh:4".to_owned(), clause: clause.to_owned(), at: None }
    }

    #[test]
    fn a_sentence_is_told_once_of_those_in_one_role_and_a_short_clause_of_each() {
        let long = "takes the flock only if GUARD is set";
        let rows = [
            row("a", "batch", long),
            row("b", "batch", "no flock"),
            row("c", "interactive", long),
            row("d", "batch", long),
            row("e", "batch", "no flock"),
        ];
        let groups = group_rows(&rows);
        let names: Vec<Vec<&str>> =
            groups.iter().map(|group| group.iter().map(|row| row.name.as_str()).collect()).collect();
        assert_eq!(names, [vec!["a", "d"], vec!["b"], vec!["c"], vec!["e"]]);
    }

    #[test]
    fn script_beside_its_own_line_is_said_once() {
        let named = |name: &str| row(name, "batch", "").beside_place().name;
        assert_eq!(named("job-* (run.sh) ×2"), "job-* ×2");
        assert_eq!(named("job-* (other.sh)"), "job-* (other.sh)");
        assert_eq!(named("x (run.sh:9)"), "x (run.sh:9)");
    }
}
