//! Hits and remedies as lines of plain text, for formats that have no columns. May use `finding`.

use super::Given;
use super::finding_block::HitRow;
use super::phrases::count_of;
use super::remedy_steps::remedy_steps;
use super::safe::safe;
use crate::finding::{Hit, Remedy};

/// `agents ×2 (batch), compose.yaml:17: no flock`.
pub(super) fn hit_line(hit: &Hit, given: &Given<'_>) -> String {
    let HitRow { name, role, place, clause } = HitRow::of(hit, given);
    let mut line = format!("{name} ({role})");
    for (separator, part) in [(", ", place), (": ", clause)] {
        if !part.is_empty() {
            line.push_str(separator);
            line.push_str(&part);
        }
    }
    safe(&line).into_owned()
}

/// A line for each of the first hits, and one that counts the rest.
pub(super) fn hit_lines(hits: &[&Hit], most: usize, given: &Given<'_>) -> Vec<String> {
    let mut lines: Vec<String> = hits.iter().take(most).map(|hit| hit_line(hit, given)).collect();
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

/// What to do, and below it what to write there.
pub(super) fn remedy_lines(remedy: &Remedy, hits: &[&Hit], given: &Given<'_>) -> Vec<String> {
    let steps = remedy_steps(remedy, hits, given).into_iter().flat_map(|step| {
        let written = step.written.into_iter().map(|line| format!("  {}", safe(&line)));
        std::iter::once(safe(&step.sentence).into_owned()).chain(written).collect::<Vec<_>>()
    });
    steps.collect()
}
