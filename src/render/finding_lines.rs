//! Hits and remedies as lines of plain text, for formats that have no columns. May use `finding`.

use super::Given;
use super::hit_rows::{HitRow, clause_at, group_rows};
use super::phrases::count_of;
use super::remedy_steps::remedy_steps;
use super::safe::safe;
use crate::finding::{Hit, Remedy};

/// `agents ×2 (batch), compose.yaml:17: no flock`.
pub(super) fn hit_line(hit: &Hit, given: &Given<'_>) -> String {
    let row = HitRow::of(hit, given);
    rows_line(&[&row])
}

/// Rows that have role and clause in common.
fn rows_line(rows: &[&HitRow]) -> String {
    let names = rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut places: Vec<&str> = Vec::new();
    for place in rows.iter().map(|row| row.place.as_str()).filter(|place| !place.is_empty()) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let (role, clause) = rows.first().map_or(("", ""), |row| (row.role, row.clause.as_str()));
    let clause = clause_at(clause, rows.iter().filter_map(|row| row.at.as_deref()));
    let mut line = format!("{names} ({role})");
    for (separator, part) in [(", ", places.join(", ").as_str()), (": ", clause.as_str())] {
        if !part.is_empty() {
            line.push_str(separator);
            line.push_str(part);
        }
    }
    safe(&line).into_owned()
}

/// A line for each of the first hits, or for several of which the same is to be said, and one that counts the rest.
pub(super) fn hit_lines(hits: &[&Hit], most: usize, given: &Given<'_>) -> Vec<String> {
    let rows: Vec<HitRow> = hits.iter().take(most).map(|hit| HitRow::of(hit, given)).collect();
    let mut lines: Vec<String> = group_rows(&rows).iter().map(|group| rows_line(group)).collect();
    lines.extend(more_line(hits.len(), most));
    lines
}

/// `and 3 more`, where a list of so many is cut.
pub(super) fn more_line(count: usize, most: usize) -> Option<String> {
    (count > most).then(|| format!("and {}", count_of(count - most, "more hit")))
}

/// The rules of a hit that do not count while the hit does by another one, each with why.
pub(super) fn accepted_rules(hit: &Hit) -> Vec<String> {
    let accepted = hit.breaches.iter().filter(|_| hit.counts()).filter_map(|breach| {
        let suppressed = breach.suppressed.as_ref()?;
        let (rule, by, reason) = (&breach.rule, suppressed.by.name(), &suppressed.reason);
        Some(safe(&format!("{rule} is accepted ({by}): {reason}")).into_owned())
    });
    accepted.collect()
}

/// What remains to be warned of once the worst is ended, such as a person on the host, each clause once.
pub(super) fn lesser_details<'a>(hits: &[&'a Hit]) -> Vec<&'a str> {
    let mut details: Vec<&str> = hits.iter().copied().flat_map(Hit::lesser_details).collect();
    details.sort_unstable();
    details.dedup();
    details
}

/// What is wrong with a hit beside the worst, for a format that tells each hit alone.
pub(super) fn also_sentences(hit: &Hit) -> impl Iterator<Item = String> {
    let lesser = lesser_details(&[hit]);
    hit.further_details().chain(lesser).map(|detail| format!("Also: {}", safe(detail)))
}

/// What to do, and below it what to write there.
pub(super) fn remedy_lines(remedy: &Remedy, hits: &[&Hit], given: &Given<'_>) -> Vec<String> {
    let steps = remedy_steps(remedy, hits, given).into_iter().flat_map(|step| {
        let written = step.written.into_iter().map(|line| format!("  {}", safe(&line)));
        std::iter::once(safe(&step.sentence).into_owned()).chain(written).collect::<Vec<_>>()
    });
    steps.collect()
}

/// The same as one sentence without a full stop, where there are no lines: what is to be written stands in quotes of code.
pub(super) fn remedy_sentence(remedy: &Remedy, hits: &[&Hit], given: &Given<'_>) -> String {
    let lines = remedy_lines(remedy, hits, given).into_iter();
    let parts = lines.map(|line| match line.strip_prefix("  ") {
        Some(written) => format!("`{}`", written.trim()),
        None => line,
    });
    parts.collect::<Vec<_>>().join(" ")
}
