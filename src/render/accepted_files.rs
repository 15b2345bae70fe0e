//! What people accept of files, as several formats tell it. May use `finding` and `text`.

use super::phrases::count_of;
use crate::finding::{AcceptedBy, AcceptedFiles, Report};
use crate::text::Sources;

/// How many files of an entry are named.
const NAMED: usize = 3;

/// Each entry that leaves files out of the answer, in a line without a full stop: the pattern, how many files, which of
/// them could have been judged, why, and where that is written.
pub(super) fn accepted_file_lines(report: &Report, sources: &Sources) -> Vec<String> {
    report.accepted_files.iter().map(|one| accepted_line(one, sources)).collect()
}

fn accepted_line(one: &AcceptedFiles, sources: &Sources) -> String {
    let at = format!("{}:{}", sources.get(one.span.file).name(), one.span.start.line);
    let count = count_of(one.count, "file");
    let what = match one.by {
        AcceptedBy::Exclude => format!("{count} excluded"),
        AcceptedBy::NotJudged => {
            let mut named: Vec<&str> = one.files.iter().take(NAMED).map(|file| file.file.as_str()).collect();
            let more = one.count.saturating_sub(NAMED);
            let more_text = format!("and {more} more");
            named.extend((more > 0).then_some(more_text.as_str()));
            format!("{count} not judged ({})", named.join(", "))
        }
    };
    format!("{}: {what}: {} ({at})", one.pattern, one.reason)
}
