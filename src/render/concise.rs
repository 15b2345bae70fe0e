//! A line a finding, as editors and grep like it: `file:line:column: error[rule] message`, and `file: not judged: reason`
//! for each file that there is no clean answer without. May use `finding`.

use std::io;

use super::Given;
use super::finding_block::frame_place;
use super::safe::safe;
use super::seen_files::{UnreadFiles, shown_path};
use super::source_place::ShownPlace;
use crate::finding::Hit;

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let report = given.report;
    for (_, finding) in report.sorted_findings().into_iter().filter(|(_, finding)| report.counts(finding)) {
        let hits: Vec<&Hit> = report.hits_of(finding).filter(|hit| hit.counts()).collect();
        let at = frame_place(&hits, report);
        let at = at.map_or_else(String::new, |span| match ShownPlace::of(span, given) {
            ShownPlace::Container { name, .. } => format!("container {}: ", safe(&name)),
            place => format!("{}: ", place.one_line()),
        });
        let (severity, rule) = (finding.severity.name(), safe(&finding.rule));
        writeln!(out, "{at}{severity}[{rule}] {}", safe(&finding.message))?;
    }
    for one in UnreadFiles::beside_problems(given).counting {
        let (path, reason) = (shown_path(&one.file, given), &one.reason);
        writeln!(out, "{}", safe(&format!("{path}: not judged: {reason}")))?;
    }
    Ok(())
}
