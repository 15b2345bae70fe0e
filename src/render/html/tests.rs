//! The page of reports made by hand: what changed, in every way that something can; and that nothing foreign is markup.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that finds something else ends there")]

use std::path::Path;

use data_encoding::BASE64;
use ring::digest::{SHA256, digest};

use super::page;
use crate::finding::{
    Advice, Before, Breach, Change, Comparison, End, Endangered, Gone, Location, Report, Verdict, Verdicts,
};
use crate::model::{Diagnostic, Level};
use crate::render::Given;
use crate::report::{ExitStatus, report_of};
use crate::rules::{Ruleset, Severity};
use crate::text::{Sources, Span};

const DAY: i64 = 86_400;

fn finding(rule: &str) -> Breach {
    Breach {
        message: format!("what `{rule}` says"),
        remedies: vec![Advice { id: "mend".to_owned(), text: "mend it".to_owned() }],
        ..Breach::of(rule, &format!("of-{rule}"))
    }
}

fn gone(rule: &str, end: End) -> Gone {
    Gone {
        rule: rule.to_owned(),
        severity: Severity::Warning,
        container: format!("had-{rule}"),
        project: Some("p".to_owned()),
        message: "what was said".to_owned(),
        fingerprint: String::new(),
        since: Some(DAY),
        end,
    }
}

fn compared(before: Before) -> Report {
    let pair = |name: &str, before, after| Verdicts { container: name.to_owned(), project: None, before, after };
    let comparison = Comparison {
        before,
        gone: vec![gone("fixed", End::Fixed), gone("left", End::Left), gone("unseen", End::Unseen)],
        verdicts: vec![
            pair("stays", Some(Verdict::Ok), Some(Verdict::Ok)),
            pair("worse", Some(Verdict::Ok), Some(Verdict::Error)),
            pair("comes", None, Some(Verdict::Ok)),
        ],
        endangered: vec![Endangered {
            container: "runs".to_owned(),
            project: None,
            by: vec!["unguarded-share (planned)".to_owned()],
        }],
    };
    let breaches = vec![finding("fresh"), finding("kept"), finding("old")];
    let mut report = report_of(breaches, &Sources::default());
    for (hit, change) in report.hits.iter_mut().zip([Change::New, Change::Kept(Some(2 * DAY)), Change::Kept(None)]) {
        (hit.change, hit.fingerprint) = (Some(change), format!("print-of-{}", hit.rule()));
    }
    Report { comparison: Some(comparison), ..report }
}

fn of(report: &Report, sources: &Sources, at: Option<i64>) -> String {
    let rules = Ruleset::load(sources, None).unwrap();
    let given = Given {
        report,
        sources,
        rules: &rules,
        status: ExitStatus::Findings,
        at,
        directory: Path::new("/work"),
        took: std::time::Duration::ZERO,
    };
    page(&given).into_string()
}

/// The text of a page from one word on to another.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}")).1.split_once(to).unwrap().0
}

#[test]
fn what_changed_since_the_last_run() {
    let text = of(&compared(Before::LastRun(3 * DAY)), &Sources::default(), Some(4 * DAY));
    assert!(text.contains("Looked at on 1970-01-05 00:00 UTC."));
    let section = between(&text, "<h2 id=\"changes\"", "</section>");
    assert!(section.contains("Since the run of 1970-01-04 00:00 UTC."));
    assert!(between(section, "<h3>New ", "<h3>").contains("#f-print-of-fresh"));
    let resolved = between(section, "<h3>Resolved ", "<h3>");
    assert!(resolved.contains("p/had-fixed, fixed") && resolved.contains("p/had-left, its container runs no more"));
    assert!(resolved.contains("open since 1970-01-02 00:00 UTC") && !resolved.contains("had-unseen"));
    assert!(between(section, "<h3>Not known", "<h3>").contains("whether it is still so is not known"));
    let open = between(section, "<h3>Still open ", "<h3");
    assert!(
        open.contains("#f-print-of-kept") && open.contains("since 1970-01-03 00:00 UTC") && open.contains("of-old")
    );
    for badge in [">new<", ">open since 1970-01-03 00:00 UTC<", ">open before<"] {
        assert!(text.contains(badge), "{badge}");
    }
}

#[test]
fn what_a_plan_would_change() {
    let text = of(&compared(Before::Running), &Sources::default(), None);
    let section = between(&text, "<h2 id=\"changes\"", "</section>");
    for part in ["Introduced by the plan", "So already", "Fixed by the plan", "Running containers that are endangered"]
    {
        assert!(section.contains(part), "{part}");
    }
    assert!(section.contains("<strong>runs</strong> by unguarded-share (planned)"));
    let table = between(section, "<table>", "</table>");
    assert!(table.contains("Now") && table.contains("With the plan"));
    let at = |name: &str| table.find(&format!("<th scope=\"row\">{name}<")).unwrap();
    assert!(at("worse") < at("comes") && at("comes") < at("stays"), "what differs comes first");
    assert!(table.contains("not there") && table.contains(">comes<") && table.contains(">worse<"));
    assert!(
        text.contains(">introduced by the plan<")
            && text.contains(">there before, and the plan keeps it<")
            && !text.contains("Looked at on")
    );
}

#[test]
fn without_a_run_before_all_is_new() {
    let text = of(&compared(Before::Nothing), &Sources::default(), None);
    assert!(text.contains("all is new."));
    let text = of(&Report::default(), &Sources::default(), None);
    assert!(!text.contains("What changed") && text.contains("Nothing to mend in 0 containers"));
}

#[test]
fn nothing_foreign_is_markup() {
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u{202e}`<b>`\n";
    let sources = Sources::default();
    let file = sources.add(evil, evil);
    let mut one = finding("x");
    for text in [&mut one.rule, &mut one.container, &mut one.message] {
        evil.clone_into(text);
    }
    one.remedies = vec![Advice { id: "mend".to_owned(), text: evil.to_owned() }];
    one.locations = vec![Location { span: Span::file_start(file), label: evil.to_owned() }];
    let comparison = compared(Before::Running).comparison;
    let mut report = Report { comparison, ..report_of(vec![one], &sources) };
    report.hits[0].change = Some(Change::New);
    report.diagnostics = vec![Diagnostic::about(Level::Gap, Some(evil.to_owned()), evil)];
    let comparison = report.comparison.as_mut().unwrap();
    comparison.gone[0].message = evil.to_owned();
    comparison.gone[0].container = evil.to_owned();
    comparison.verdicts[0].container = evil.to_owned();
    comparison.endangered[0].by = vec![evil.to_owned()];
    let text = of(&report, &sources, None);
    assert_eq!((text.matches("<script").count(), text.matches("</script").count()), (1, 1));
    assert!(!text.contains("<img") && !text.contains("<b>") && !text.contains('\u{202e}'));
}

#[test]
fn its_policy_knows_its_own_parts() {
    let text = of(&Report::default(), &Sources::default(), None);
    let of = |text: &str| BASE64.encode(digest(&SHA256, text.as_bytes()).as_ref());
    let style = of(between(&text, "<style>", "</style>"));
    let script = of(between(&text, "<script>", "</script>"));
    let policy = between(&text, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    let wanted = format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; base-uri 'none'; \
         form-action 'none'"
    );
    assert_eq!(policy, wanted);
    assert!(!text.contains(" style=\"") && !text.contains(" onclick"));
}
