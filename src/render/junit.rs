//! JUnit's XML: a suite for each project, a case for each participant, and one for each thing wrong with the input.
//! Nothing in it tells the time. May use `finding`; the one home of quick-xml.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::Given;
use super::phrases::{full_name, level_word, split_suppressed, suppression_text, using};
use super::safe::xml as plain;
use super::source_place::{self, ShownPlace};
use crate::finding::{Hit, Participant, UNDETERMINED, Verdict};
use crate::model::{Diagnostic, Level};
use crate::rules::Severity;

/// One test case.
struct TestCase {
    name: String,
    class: String,
    outcome: TestOutcome,
    /// What is told besides.
    out: Vec<String>,
}

enum TestOutcome {
    Passed,
    /// The element, its type and message, and all lines.
    Not(&'static str, String, String, Vec<String>),
}

/// The projects' suites by name, that of what has no project first.
type Suites = BTreeMap<String, Vec<TestCase>>;

const NO_PROJECT: &str = "containers";
const INPUT: &str = "input";

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let suites = build_suites(given);
    let mut input: Vec<TestCase> = given.report.diagnostics.iter().map(|one| diagnostic_case(one, given)).collect();
    input.extend(using(given.report).map(|using| configuration_case(&using)));
    let input = (!input.is_empty()).then_some((INPUT.to_owned(), input));
    let all: Vec<(String, Vec<TestCase>)> = suites.into_iter().chain(input).collect();
    let sum = |of: &str| all.iter().map(|(_, cases)| count_outcome(cases, of)).sum::<usize>().to_string();
    let tests = all.iter().map(|(_, cases)| cases.len()).sum::<usize>().to_string();
    let mut xml = Writer::new_with_indent(&mut *out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let counts = [("tests", tests), ("failures", sum("failure")), ("errors", sum("error"))];
    let root = xml.create_element("testsuites").with_attribute(("name", "overlock"));
    root.with_attributes(counts.iter().map(|(name, number)| (*name, number.as_str())))
        .write_inner_content(|xml| all.iter().try_for_each(|(name, cases)| write_suite(name, cases, xml)))?;
    writeln!(out)
}

/// A case for each participant with the findings about it, and one for each other container that there are findings of.
fn build_suites(given: &Given<'_>) -> Suites {
    let mut about: BTreeMap<(Option<&str>, &str), Vec<&Hit>> = BTreeMap::new();
    for finding in given.report.sorted_hits() {
        about.entry((finding.project.as_deref(), &finding.container)).or_default().push(finding);
    }
    let mut suites = Suites::new();
    let mut add = |project: Option<&str>, case: TestCase| {
        let name = project.map_or_else(|| NO_PROJECT.to_owned(), plain);
        suites.entry(name).or_default().push(case);
    };
    let mut seen = BTreeSet::new();
    for one in &given.report.participants {
        let key = (one.project.as_deref(), one.container.as_str());
        // A container with two state directories has two cases; what is found of it stands in the first.
        let again = !seen.insert(key);
        let name = if again { format!("{} {}", one.container, one.state_dir) } else { one.container.clone() };
        add(key.0, participant_case(&name, Some(one), &about.remove(&key).unwrap_or_default(), given));
    }
    for ((project, container), findings) in about {
        add(project, participant_case(container, None, &findings, given));
    }
    if suites.is_empty() {
        let name = "no container has a state directory of a known program".to_owned();
        let out = vec![format!("{} looked at", super::phrases::count_of(given.report.containers, "container"))];
        let case = TestCase { name, class: NO_PROJECT.to_owned(), outcome: TestOutcome::Passed, out };
        suites.insert(NO_PROJECT.to_owned(), vec![case]);
    }
    suites
}

fn participant_case(name: &str, participant: Option<&Participant>, findings: &[&Hit], given: &Given<'_>) -> TestCase {
    let (counted, suppressed) = split_suppressed(findings.iter().copied());
    let (wrong, notes): (Vec<_>, Vec<_>) = counted.into_iter().partition(|one| one.severity() > Severity::Note);
    let mut out: Vec<String> = participant.map(verdict_text).into_iter().collect();
    out.extend(notes.iter().flat_map(|finding| finding_lines(finding, given)));
    let told = |finding: &&Hit| {
        format!(
            "suppressed {}: {}[{}]: {}",
            suppression_text(finding),
            finding.severity().name(),
            finding.rule(),
            finding.message()
        )
    };
    out.extend(suppressed.iter().map(told).map(|line| plain(&line)));
    let outcome = match (wrong.iter().find(|one| one.rule() != UNDETERMINED).or(wrong.first()), suppressed.first()) {
        (Some(worst), _) => {
            let element = if worst.rule() == UNDETERMINED { "error" } else { "failure" };
            let more = if wrong.len() > 1 { format!(" (and {} more)", wrong.len() - 1) } else { String::new() };
            let all = wrong.iter().flat_map(|finding| finding_lines(finding, given)).collect();
            TestOutcome::Not(element, plain(worst.rule()), plain(worst.message()) + &more, all)
        }
        (None, Some(first)) => {
            let message = format!("suppressed {}", suppression_text(first));
            TestOutcome::Not("skipped", plain(first.rule()), plain(&message), Vec::new())
        }
        (None, None) => TestOutcome::Passed,
    };
    let class = participant.and_then(|one| one.project.clone()).or_else(|| findings.first()?.project.clone());
    TestCase { name: plain(name), class: plain(class.as_deref().unwrap_or(NO_PROJECT)), outcome, out }
}

fn verdict_text(one: &Participant) -> String {
    let name = full_name(one.project.as_deref(), &one.container);
    let reason = match (one.reason.as_str(), one.verdict) {
        ("", Verdict::Ok | Verdict::NotAParticipant) => String::new(),
        ("", _) => ": see its findings".to_owned(),
        (reason, _) => format!(": {reason}"),
    };
    plain(&format!("{}: {name}{reason}", one.qualified_verdict()))
}

fn finding_lines(finding: &Hit, given: &Given<'_>) -> Vec<String> {
    let mut lines = vec![format!("{}[{}]: {}", finding.severity().name(), finding.rule(), finding.message())];
    for location in finding.locations() {
        let label = if location.label.is_empty() { String::new() } else { format!(": {}", location.label) };
        lines.push(format!("  at {}{label}", ShownPlace::of(location.span, given).one_line()));
    }
    lines.push(format!("  confidence: {}", finding.confidence().name()));
    lines.extend(finding.evidence().iter().map(|one| format!("  {}: {}", one.kind.name(), one.text)));
    lines.extend(finding.advice().iter().enumerate().map(|(at, remedy)| format!("  fix {}: {remedy}", at + 1)));
    lines.iter().map(|line| plain(line)).collect()
}

fn diagnostic_case(diagnostic: &Diagnostic, given: &Given<'_>) -> TestCase {
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

/// What people wrote that the run went by, as a case that passes.
fn configuration_case(using: &str) -> TestCase {
    let out = vec![plain(&format!("using {using}"))];
    TestCase { name: "configuration".to_owned(), class: INPUT.to_owned(), outcome: TestOutcome::Passed, out }
}

fn count_outcome(cases: &[TestCase], of: &str) -> usize {
    cases.iter().filter(|case| matches!(&case.outcome, TestOutcome::Not(element, ..) if *element == of)).count()
}

fn write_suite<W: io::Write>(name: &str, cases: &[TestCase], xml: &mut Writer<W>) -> io::Result<()> {
    let counted = [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")];
    let mut attributes = vec![("name", name.to_owned()), ("tests", cases.len().to_string())];
    attributes.extend(counted.map(|(attribute, element)| (attribute, count_outcome(cases, element).to_string())));
    let element = xml.create_element("testsuite");
    element
        .with_attributes(attributes.iter().map(|(name, value)| (*name, value.as_str())))
        .write_inner_content(|xml| cases.iter().try_for_each(|case| write_case(case, xml)))?;
    Ok(())
}

fn write_case<W: io::Write>(case: &TestCase, xml: &mut Writer<W>) -> io::Result<()> {
    let element = xml.create_element("testcase");
    let element = element.with_attributes([("name", case.name.as_str()), ("classname", case.class.as_str())]);
    if matches!(case.outcome, TestOutcome::Passed) && case.out.is_empty() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|xml| {
        if let TestOutcome::Not(element, kind, message, lines) = &case.outcome {
            let element = xml.create_element(*element);
            let element = element.with_attributes([("type", kind.as_str()), ("message", message.as_str())]);
            if lines.is_empty() {
                element.write_empty()?;
            } else {
                element.write_text_content(BytesText::new(&lines.join("\n")))?;
            }
        }
        if !case.out.is_empty() {
            xml.create_element("system-out").write_text_content(BytesText::new(&case.out.join("\n")))?;
        }
        Ok(())
    })?;
    Ok(())
}
