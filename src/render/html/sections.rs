//! Which findings the page shows where, and how many of them: all else follows from it. May use `finding`.

use std::collections::HashSet;

use super::prose::first_of;
use crate::finding::{Finding, Hit, Login, Report};
use crate::rules::Severity;

/// How many findings are told whole, and how many after those in a line each.
const WHOLE_FINDINGS: usize = 100;
/// How many of those are open from the beginning.
pub(super) const OPEN_FINDINGS: usize = 12;
const LISTED_FINDINGS: usize = 500;
/// How many hits of a finding have a row that is seen at once, and how many in all.
pub(super) const OPEN_ROWS: usize = 12;
pub(super) const ROWS: usize = 200;

/// A finding and the login that it is about.
pub(super) type LoginFinding<'a> = (&'a Login, &'a Finding);

/// The findings of a report, each where it is shown.
pub(super) struct FindingSections<'a> {
    /// What is wrong: whole, and in a line each.
    pub(super) open: FindingList<'a>,
    /// Notes of logins that are sound otherwise.
    pub(super) notes: FindingList<'a>,
    /// What nothing counts of.
    pub(super) suppressed: FindingList<'a>,
    shown_hits: HashSet<&'a str>,
}

/// Findings in their order, as far as they are shown.
pub(super) struct FindingList<'a> {
    pub(super) whole: Vec<LoginFinding<'a>>,
    pub(super) listed: Vec<LoginFinding<'a>>,
    /// How many are neither.
    pub(super) left: usize,
}

impl<'a> FindingSections<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut sections: [Vec<LoginFinding<'a>>; 3] = Default::default();
        for login in report.sorted_logins() {
            let is_wrong = |finding: &&Finding| report.counts(finding) && finding.severity > Severity::Note;
            let is_sound = !login.findings.iter().any(|finding| is_wrong(&finding));
            for finding in &login.findings {
                let [open, notes, suppressed] = &mut sections;
                let section = match report.counts(finding) {
                    false => suppressed,
                    true if is_sound => notes,
                    true => open,
                };
                section.push((login, finding));
            }
        }
        let [open, notes, suppressed] = sections.map(FindingList::of);
        let whole = [&open, &notes, &suppressed].into_iter().flat_map(|list| list.whole.iter());
        let shown = whole.flat_map(|(_, finding)| first_of(&finding.hits, ROWS).0);
        let shown_hits = shown.filter_map(|at| report.hits.get(*at)).map(|hit| hit.fingerprint.as_str()).collect();
        Self { open, notes, suppressed, shown_hits }
    }

    /// Whether a hit has a row, which a link can lead to.
    pub(super) fn shows(&self, hit: &Hit) -> bool {
        self.shown_hits.contains(hit.fingerprint.as_str())
    }
}

impl<'a> FindingList<'a> {
    fn of(mut all: Vec<LoginFinding<'a>>) -> Self {
        let mut listed = all.split_off(all.len().min(WHOLE_FINDINGS));
        let left = listed.len().saturating_sub(LISTED_FINDINGS);
        listed.truncate(LISTED_FINDINGS);
        Self { whole: all, listed, left }
    }

    pub(super) fn len(&self) -> usize {
        self.whole.len() + self.listed.len() + self.left
    }

    /// Those that are told whole, login by login, each with its number from 1.
    pub(super) fn by_login(&self) -> Vec<Vec<(usize, LoginFinding<'a>)>> {
        let numbered: Vec<(usize, LoginFinding<'a>)> = (1..).zip(self.whole.iter().copied()).collect();
        let same_login = |a: &(usize, LoginFinding<'a>), b: &(usize, LoginFinding<'a>)| std::ptr::eq(a.1.0, b.1.0);
        numbered.chunk_by(same_login).map(<[_]>::to_vec).collect()
    }
}
