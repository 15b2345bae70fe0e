//! What comes first, what counts, and what the exit status is. Decided before anything is rendered, and the same in
//! every format. May use `finding`, `model`, `rules` and `text`.
//!
//! ```text
//! conceal      values of the environment, taken out;  told_paths: paths below the working directory, told from there
//! names        files, the same wherever the tool runs;  fingerprint: findings, the same in every run
//! comment      what comments ignore;  accept: that and what the configuration ignores
//! influence    what people wrote that verdicts depend on
//! additions    what a change accepts for itself
//! told_of_others  hits about a flock that peers do not take: told where nothing is told of these
//! hits         the rules that one participant breaks, family by family;  login: hits grouped by what has to be repaired
//! baseline     what was there before;  revision: what a revision had as well
//! kept         what baseline and history have in common
//! hit_change   whether a hit is new, worse or as before
//! plan         what a plan changes of what runs;  history: what changed since the last run
//! ```

mod accept;
mod accept_files;
mod additions;
mod baseline;
mod comment;
mod conceal;
mod fingerprint;
mod history;
mod hit_change;
mod hits;
mod influence;
mod kept;
mod login;
mod names;
mod natural_order;
mod plan;
mod revision;
mod start_logins;
mod told_of_others;
mod told_paths;

pub use accept::{Looked, accept, idle_declarations, idle_ignores, unknown_labels, unknown_rules};
pub use accept_files::accept_files;
pub use additions::{Base, BaseText, added_entries, added_findings, added_ignores, added_labels, changed_rules};
pub use baseline::{Baseline, BaselineError};
pub use comment::{Comments, MARK};
pub use conceal::Concealed;
pub use fingerprint::{diagnostic_fingerprints, text_fingerprint};
pub use history::{History, HistoryError, Seen};
pub use hit_change::is_covered;
pub use hits::build_report;
pub use influence::{declarations, influences};
pub use login::{group_findings, regroup_findings};
pub use names::Names;
pub use natural_order::natural_key;
pub use plan::{Services, plan};
pub use revision::compare_with_revision;
pub use told_paths::tell_paths_from;

use hit_change::is_failing;

use crate::finding::{Hit, Report, UNDETERMINED};
use crate::model::Level;
pub use crate::rules::FailOn;
use crate::rules::Severity;
use crate::text::Sources;

/// How a run ends (`DESIGN.md`, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    /// Nothing at or above the threshold.
    Clean = 0,
    /// Something could not be inspected, and nothing worse was found.
    NotInspected = 3,
    /// Findings at or above the threshold.
    Findings = 1,
    /// Wrong usage or unreadable input: what was found may not be all.
    Unusable = 2,
}

impl ExitStatus {
    /// The number for the shell.
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// How many of what there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings, but for undetermined ones.
    pub warnings: usize,
    /// Findings that are notes.
    pub notes: usize,
    /// Findings that a fact needed for the verdict is not known.
    pub undetermined: usize,
    /// Hits that are suppressed, and counted nowhere else.
    pub suppressed: usize,
}

/// Counts findings of which a hit counts, and the hits that do not count.
pub fn count(report: &Report) -> Counts {
    let suppressed = report.hits.iter().filter(|hit| !hit.counts()).count();
    let mut counts = Counts { suppressed, ..Counts::default() };
    for (_, finding) in report.findings().filter(|(_, finding)| report.counts(finding)) {
        match finding.severity {
            _ if finding.family == UNDETERMINED => counts.undetermined += 1,
            Severity::Error => counts.errors += 1,
            Severity::Warning => counts.warnings += 1,
            Severity::Note => counts.notes += 1,
        }
    }
    counts
}

/// The exit status of a report: unreadable input first, since what was found may then not be all.
pub fn exit_status(report: &Report, fail_on: FailOn) -> ExitStatus {
    let level = report.diagnostics.iter().map(|diagnostic| diagnostic.level).max();
    match level {
        Some(Level::Error) => ExitStatus::Unusable,
        _ if report.counting_hits().any(|hit| fails_run(hit, report, fail_on)) => ExitStatus::Findings,
        Some(Level::Gap) => ExitStatus::NotInspected,
        _ if report.not_judged.iter().any(|file| file.counts) => ExitStatus::NotInspected,
        _ if report.counting_hits().any(|hit| hit.family == UNDETERMINED) => ExitStatus::NotInspected,
        _ => ExitStatus::Clean,
    }
}

/// Whether a hit that counts fails the run: by its severity, and where what was there before passes, by being news.
pub fn fails_run(hit: &Hit, report: &Report, fail_on: FailOn) -> bool {
    fails(hit, fail_on) && (!report.passes_kept || hit.change.is_none() || hit.is_news())
}

/// Whether the severity of a hit that counts is one that fails a run.
pub fn fails(hit: &Hit, fail_on: FailOn) -> bool {
    is_failing(hit.severity(), fail_on)
}

/// Puts diagnostics in the order in which they are shown: worst first, then by place.
pub fn sort_diagnostics(report: &mut Report, sources: &Sources) {
    report.diagnostics.sort_by_cached_key(|diagnostic| {
        let file = diagnostic.span.map(|span| sources.get(span.file).name().to_owned());
        let at = diagnostic.span.map(|span| span.start);
        (std::cmp::Reverse(diagnostic.level), file.or_else(|| diagnostic.file.clone()), at, diagnostic.message.clone())
    });
    report.diagnostics.dedup();
}

/// A report of breaches made by hand, all about one login, for tests.
#[cfg(test)]
pub(crate) fn report_of(mut breaches: Vec<crate::finding::Breach>, sources: &Sources) -> Report {
    use crate::finding::{Judged, LoginPlace, PlaceName};
    let text = "/srv/claude".to_owned();
    let place = PlaceName { kind: "host", filesystem: None, path: text.clone(), text };
    let login = LoginPlace { program: "claude-code".to_owned(), program_name: "Claude Code".to_owned(), place };
    for breach in &mut breaches {
        breach.service.clone_from(&breach.container);
    }
    let judged = Judged { logins: vec![login], containers: breaches.len(), breaches, ..Judged::default() };
    let Ok(rules) = crate::rules::Ruleset::load(&Sources::default(), None) else { return Report::default() };
    let mut report = build_report(judged, &rules.matrix, &Names::new("/work", "/work"), sources);
    group_findings(&mut report, &rules.matrix, sources);
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Breach;
    use crate::model::Diagnostic;

    fn report(rule: &str, severity: Severity, level: Option<Level>) -> Report {
        let hit = Hit::of(vec![Breach { severity, ..Breach::of(rule, "") }]);
        let diagnostics = level.map(|level| Diagnostic::about(level, None, "x")).into_iter().collect();
        Report { hits: vec![hit], diagnostics, ..Report::default() }
    }

    #[test]
    fn the_worst_decides_and_a_gap_is_never_clean() {
        let on = |severity| FailOn::Severity(severity);
        let of = |rule, severity, level, fail_on| exit_status(&report(rule, severity, level), fail_on);
        assert_eq!(of("x", Severity::Note, None, on(Severity::Error)), ExitStatus::Clean);
        assert_eq!(of("x", Severity::Error, None, on(Severity::Error)), ExitStatus::Findings);
        assert_eq!(of("x", Severity::Warning, None, on(Severity::Warning)), ExitStatus::Findings);
        assert_eq!(of("x", Severity::Error, None, FailOn::Never), ExitStatus::Clean);
        assert_eq!(of(UNDETERMINED, Severity::Warning, None, on(Severity::Error)), ExitStatus::NotInspected);
        assert_eq!(of("x", Severity::Note, Some(Level::Gap), on(Severity::Error)), ExitStatus::NotInspected);
        assert_eq!(of("x", Severity::Error, Some(Level::Gap), on(Severity::Error)), ExitStatus::Findings);
        assert_eq!(of("x", Severity::Error, Some(Level::Error), on(Severity::Error)), ExitStatus::Unusable);
        assert_eq!(of("x", Severity::Note, Some(Level::Warning), on(Severity::Error)), ExitStatus::Clean);
    }
}
