//! The test cases of JUnit's XML. A case fails for what fails the run, and for nothing else; what else is known stands in
//! its output. May use `finding`, `model` and `report`.

use super::Given;
use super::accepted_files::accepted_file_lines;
use super::finding_lines::{accepted_rules, hit_line, lesser_details, more_line, remedy_lines};
use super::phrases::{count_of, full_name, level_word, suppression_text};
use super::safe::xml as plain;
use super::seen_files::{nobody_sentence, not_judged_text, shown_path, sorted_judged};
use super::source_place::{self, ShownPlace};
use crate::finding::{Finding, Hit, Login, Participant, UNDETERMINED, Verdict};
use crate::model::{Diagnostic, Level, NotJudgedFile};
use crate::report::{ExitStatus, fails, fails_run};

/// The suite of what is wrong with the input.
pub(super) const INPUT: &str = "input";

/// How many hits and participants of a login are told.
const MOST: usize = 50;

/// One test case.
pub(super) struct TestCase {
    pub(super) name: String,
    pub(super) class: String,
    pub(super) outcome: TestOutcome,
    /// What is told besides.
    pub(super) out: Vec<String>,
}

pub(super) enum TestOutcome {
    Passed,
    /// The element, its type and message, and all lines.
    Not(&'static str, String, String, Vec<String>),
}

/// The findings of a login, by what they are for its case.
#[derive(Default)]
struct SortedFindings<'a> {
    /// Those that fail the run.
    failing: Vec<&'a Finding>,
    /// Those that make its exit status 3.
    open: Vec<&'a Finding>,
    /// The others that count.
    passing: Vec<&'a Finding>,
    /// The hits that do not count.
    suppressed: Vec<&'a Hit>,
}

impl<'a> SortedFindings<'a> {
    fn of(login: &'a Login, given: &Given<'a>) -> Self {
        let report = given.report;
        let mut sorted = Self::default();
        for finding in &login.findings {
            let counting = || report.hits_of(finding).filter(|hit| hit.counts());
            sorted.suppressed.extend(report.hits_of(finding).filter(|hit| !hit.counts()));
            let list = match given.status {
                _ if counting().next().is_none() => continue,
                ExitStatus::Clean => &mut sorted.passing,
                _ if counting().any(|hit| fails_run(hit, report, report.fail_on)) => &mut sorted.failing,
                _ if finding.family == UNDETERMINED => &mut sorted.open,
                _ => &mut sorted.passing,
            };
            list.push(finding);
        }
        sorted
    }
}

/// The case of a login.
pub(super) fn login_case(login: &Login, given: &Given<'_>) -> TestCase {
    let SortedFindings { failing, open, passing, suppressed } = SortedFindings::of(login, given);
    // What only passes since somebody accepted it is told as skipped.
    let accepted: Vec<&Hit> = suppressed.iter().copied().filter(|hit| fails(hit, given.report.fail_on)).collect();
    let (outcome, told) = match (failing.as_slice(), open.as_slice(), accepted.as_slice()) {
        ([_, ..], ..) => (not_passed("failure", &failing, given), [open, passing].concat()),
        ([], [_, ..], _) => (not_passed("error", &open, given), passing),
        ([], [], [first, ..]) => (skipped(first, &accepted), passing),
        ([], [], []) => (TestOutcome::Passed, passing),
    };
    let users = login.participants.iter().filter_map(|at| given.report.participants.get(*at));
    let mut out: Vec<String> = users.take(MOST).map(verdict_text).collect();
    let more = login.participants.len().saturating_sub(MOST);
    out.extend((more > 0).then(|| format!("and {}", count_of(more, "more container"))));
    out.extend(told.into_iter().flat_map(|finding| finding_lines(finding, given)));
    out.extend(suppressed.iter().take(MOST).map(|hit| suppressed_line(hit)));
    out.extend(more_line(suppressed.len(), MOST));
    let name = login.id.strip_prefix(&format!("{}:", login.program)).unwrap_or(&login.id);
    TestCase { name: plain(name), class: plain(&login.program), outcome, out }
}

/// The worst finding by its rule and message, and all of them below.
fn not_passed(element: &'static str, findings: &[&Finding], given: &Given<'_>) -> TestOutcome {
    let (rule, message) = findings.first().map_or(("", ""), |worst| (&worst.rule, &worst.message));
    let more = if findings.len() > 1 { format!(" (and {} more)", findings.len() - 1) } else { String::new() };
    let lines = findings.iter().flat_map(|finding| finding_lines(finding, given)).collect();
    TestOutcome::Not(element, plain(rule), plain(&format!("{message}{more}")), lines)
}

fn skipped(first: &Hit, accepted: &[&Hit]) -> TestOutcome {
    let more = if accepted.len() > 1 { format!(" (and {} more)", accepted.len() - 1) } else { String::new() };
    let message = format!("{}: suppressed {}{more}", first.label, suppression_text(first));
    TestOutcome::Not("skipped", plain(first.rule()), plain(&message), Vec::new())
}

fn verdict_text(one: &Participant) -> String {
    let name = full_name(one.project.as_deref(), &one.container);
    let reason = match (one.reason.as_str(), one.verdict) {
        ("", Verdict::Ok | Verdict::NotAParticipant) => String::new(),
        ("", _) => ": see the findings".to_owned(),
        (reason, _) => format!(": {reason}"),
    };
    plain(&format!("{}: {name}{reason}", one.qualified_verdict()))
}

fn suppressed_line(hit: &Hit) -> String {
    let name = full_name(hit.project.as_deref(), &hit.container);
    let (severity, rule, message) = (hit.severity().name(), hit.rule(), hit.message());
    plain(&format!("suppressed {}: {name}: {severity}[{rule}]: {message}", suppression_text(hit)))
}

/// What is wrong, each hit with where it is, why, and what to do.
fn finding_lines(finding: &Finding, given: &Given<'_>) -> Vec<String> {
    let hits: Vec<&Hit> = given.report.hits_of(finding).filter(|hit| hit.counts()).collect();
    let mut lines = vec![format!("{}[{}]: {}", finding.severity.name(), finding.rule, finding.message)];
    for hit in hits.iter().take(MOST) {
        lines.push(format!("  {}", hit_line(hit, given)));
        lines.extend(accepted_rules(hit).into_iter().map(|accepted| format!("    {accepted}")));
        for location in hit.locations() {
            let label = if location.label.is_empty() { String::new() } else { format!(": {}", location.label) };
            lines.push(format!("    at {}{label}", ShownPlace::of(location.span, given).one_line()));
        }
    }
    lines.extend(more_line(hits.len(), MOST).map(|line| format!("  {line}")));
    lines.extend(lesser_details(&hits).into_iter().map(|detail| format!("  also: {detail}")));
    lines.extend(finding.why.iter().map(|why| format!("  why: {}", why.text)));
    lines.push(format!("  confidence: {}", finding.confidence.name()));
    lines.extend(finding.reasons.iter().map(|one| format!("  {}: {}", one.kind.name(), one.text)));
    for (at, remedy) in finding.remedies.iter().enumerate() {
        for (line, text) in remedy_lines(remedy, &hits, given).iter().enumerate() {
            lines.push(if line == 0 { format!("  fix {}: {text}", at + 1) } else { format!("    {text}") });
        }
    }
    lines.iter().map(|line| plain(line)).collect()
}

/// Where no container uses a known program: a report of no case at all would be none.
pub(super) fn nothing_case(given: &Given<'_>) -> TestCase {
    let name = nobody_sentence(given.report).trim_end_matches('.').to_owned();
    let out = vec![format!("{} looked at", count_of(given.report.containers, "container"))];
    TestCase { name, class: "overlock".to_owned(), outcome: TestOutcome::Passed, out }
}

pub(super) fn diagnostic_case(diagnostic: &Diagnostic, given: &Given<'_>) -> TestCase {
    let at = match (diagnostic.span, &diagnostic.file) {
        (Some(span), _) => ShownPlace::of(span, given).one_line(),
        (None, Some(file)) => source_place::path(file, given.directory).0,
        (None, None) => INPUT.to_owned(),
    };
    let line = plain(&format!("{}: {}", level_word(diagnostic), diagnostic.message));
    let (outcome, out) = match diagnostic.level {
        Level::Warning => (TestOutcome::Passed, vec![line]),
        Level::Gap | Level::Error => {
            let kind = level_word(diagnostic).replace(' ', "-");
            (TestOutcome::Not("error", kind, plain(&diagnostic.message), vec![line]), Vec::new())
        }
    };
    TestCase { name: plain(&at), class: INPUT.to_owned(), outcome, out }
}

/// A file that there is no clean answer without.
pub(super) fn not_judged_case(one: &NotJudgedFile, given: &Given<'_>) -> TestCase {
    let line = plain(&not_judged_text(one));
    let outcome = TestOutcome::Not("error", "not-judged".to_owned(), plain(&one.reason), vec![line]);
    let name = plain(&shown_path(&one.file, given));
    TestCase { name, class: INPUT.to_owned(), outcome, out: Vec::new() }
}

/// The files that were judged, and those that were not and do not count, as a case that passes.
pub(super) fn files_case(others: &[&NotJudgedFile], given: &Given<'_>) -> Option<TestCase> {
    let judged = sorted_judged(given.report);
    let mut out: Vec<String> = Vec::new();
    out.extend(judged.iter().take(MOST).map(|one| format!("judged ({}): {}", one.kind, shown_path(&one.file, given))));
    let more = judged.len().saturating_sub(MOST);
    out.extend((more > 0).then(|| format!("judged: {more} more")));
    let named = others.iter().take(MOST);
    out.extend(named.map(|one| format!("{}: {}", shown_path(&one.file, given), not_judged_text(one))));
    let more = others.len().saturating_sub(MOST);
    out.extend((more > 0).then(|| format!("not judged: {more} more")));
    let out: Vec<String> = out.iter().map(|line| plain(line)).collect();
    let (name, class) = ("files".to_owned(), INPUT.to_owned());
    (!out.is_empty()).then_some(TestCase { name, class, outcome: TestOutcome::Passed, out })
}

/// What people wrote that the run went by, as a case that passes.
pub(super) fn configuration_case(using: &str) -> TestCase {
    let out = vec![plain(&format!("using {using}"))];
    TestCase { name: "configuration".to_owned(), class: INPUT.to_owned(), outcome: TestOutcome::Passed, out }
}

/// What people accept of files, as a case that passes.
pub(super) fn accepted_files_case(given: &Given<'_>) -> Option<TestCase> {
    let out: Vec<String> = accepted_file_lines(given.report, given.sources).iter().map(|line| plain(line)).collect();
    let (name, class) = ("accepted files".to_owned(), INPUT.to_owned());
    (!out.is_empty()).then_some(TestCase { name, class, outcome: TestOutcome::Passed, out })
}

/// What a change accepts for itself, where that alone fails the run.
pub(super) fn acceptance_case(given: &Given<'_>) -> Option<TestCase> {
    let report = given.report;
    let fails_itself = report.counting_hits().any(|hit| fails_run(hit, report, report.fail_on));
    if given.status != ExitStatus::Findings || fails_itself || report.added == 0 {
        return None;
    }
    let message = format!("accepted by the change itself: {}", report.added);
    let outcome = TestOutcome::Not("failure", "accepted".to_owned(), message, Vec::new());
    Some(TestCase { name: "accepted by the change".to_owned(), class: INPUT.to_owned(), outcome, out: Vec::new() })
}
