//! JUnit's XML: a suite for each program, a case for each login, one for each thing wrong with the input and
//! for each file that was not judged and counts. Nothing in it tells the time. May use `finding` and `report`; the one home of quick-xml.

use std::collections::BTreeMap;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::Given;
use super::json::told_logins;
use super::junit_case::{
    INPUT, TestCase, TestOutcome, acceptance_case, accepted_files_case, configuration_case, diagnostic_case,
    files_case, login_case, not_judged_case, nothing_case,
};
use super::phrases::using;
use super::safe::xml as plain;
use super::seen_files::UnreadFiles;

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let all = build_suites(given);
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

/// The suites of the programs by name, and that of the input, each with its cases in the order of the report.
fn build_suites(given: &Given<'_>) -> Vec<(String, Vec<TestCase>)> {
    let mut programs: BTreeMap<String, Vec<TestCase>> = BTreeMap::new();
    for login in told_logins(given.report) {
        programs.entry(plain(&login.program)).or_default().push(login_case(login, given));
    }
    if programs.is_empty() {
        programs.insert("overlock".to_owned(), vec![nothing_case(given)]);
    }
    let mut input: Vec<TestCase> = given.report.diagnostics.iter().map(|one| diagnostic_case(one, given)).collect();
    let unread = UnreadFiles::beside_problems(given);
    input.extend(unread.counting.iter().map(|one| not_judged_case(one, given)));
    input.extend(files_case(&unread.others, given));
    input.extend(using(given.report).map(|using| configuration_case(&using)));
    input.extend(accepted_files_case(given));
    input.extend(acceptance_case(given));
    let input = (!input.is_empty()).then_some((INPUT.to_owned(), input));
    programs.into_iter().chain(input).collect()
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
