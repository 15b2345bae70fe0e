//! The page of reports made by hand: what changed, in every way that something can; and that nothing foreign is markup.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that finds something else ends there")]

use std::path::Path;

use data_encoding::BASE64;
use ring::digest::{SHA256, digest};

use super::page;
use crate::finding::{
    Advice, Before, Breach, Change, Comparison, End, Endangered, Evidence, Gone, Location, Participant, PlaceName,
    PlacedText, Report, Suppressed, SuppressedBy, Verdict, Verdicts,
};
use crate::model::{Diagnostic, JudgedFile, Level, NotJudgedFile};
use crate::render::Given;
use crate::report::{ExitStatus, report_of};
use crate::rules::{Ruleset, Severity};
use crate::text::{Pos, Sources, Span};

const DAY: i64 = 86_400;

fn finding(rule: &str) -> Breach {
    Breach {
        message: format!("what `{rule}` says"),
        remedies: vec![Advice { id: "fix".to_owned(), text: "fix it".to_owned(), note: None }],
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
    ended(report, sources, at, ExitStatus::Findings)
}

fn ended(report: &Report, sources: &Sources, at: Option<i64>, status: ExitStatus) -> String {
    let rules = Ruleset::load(sources, None).unwrap();
    let given = Given {
        report,
        sources,
        rules: &rules,
        status,
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
    assert!(text.contains("Run at 1970-01-05 00:00 UTC."));
    let section = between(&text, "<h2 id=\"changes\"", "</section>");
    assert!(section.contains("Since the run of 1970-01-04 00:00 UTC."));
    assert!(between(section, "<h3>New ", "<h3>").contains("#f-print-of-fresh"));
    let resolved = between(section, "<h3>Resolved ", "<h3>");
    assert!(resolved.contains("p/had-fixed, fixed") && resolved.contains("p/had-left, its container no longer runs"));
    assert!(resolved.contains("open since 1970-01-02 00:00 UTC") && !resolved.contains("had-unseen"));
    assert!(between(section, "<h3>Unknown", "<h3>").contains("whether it still holds is unknown"));
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
    for part in ["Introduced by the plan", "Already there", "Fixed by the plan", "Running containers put at risk"] {
        assert!(section.contains(part), "{part}");
    }
    assert!(section.contains("<strong>runs</strong> by unguarded-share (planned)"));
    let table = between(section, "<table>", "</table>");
    assert!(table.contains("Now") && table.contains("With the plan"));
    let at = |name: &str| table.find(&format!("<th scope=\"row\">{name}<")).unwrap();
    assert!(at("worse") < at("comes") && at("comes") < at("stays"), "what differs comes first");
    assert!(table.contains("not there") && table.contains(">added<") && table.contains(">worse<"));
    assert!(
        text.contains(">introduced by the plan<")
            && text.contains(">there before, and the plan keeps it<")
            && !text.contains("Run at ")
    );
}

#[test]
fn without_a_run_before_all_is_new() {
    let text = of(&compared(Before::Nothing), &Sources::default(), None);
    assert!(text.contains("everything counts as new."));
    let text = of(&Report::default(), &Sources::default(), None);
    assert!(!text.contains("What changed") && !text.contains("id=\"verdicts\""));
}

/// The class of the head, and what it says.
fn headline(report: &Report, status: ExitStatus) -> (String, String) {
    let text = ended(report, &Sources::default(), None, status);
    let title = between(&text, "<title>Overlock: ", "</title>");
    let headline = between(&text, "<h1>", "</h1>");
    assert_eq!(title, headline);
    (between(&text, "<header class=\"head ", "\"").to_owned(), headline.to_owned())
}

fn participant(name: &str, verdict: Verdict) -> Participant {
    let place = PlaceName { kind: "host", filesystem: None, path: "/srv/c".to_owned(), text: "/srv/c".to_owned() };
    Participant { place, verdict, ..Participant::of(name) }
}

#[test]
fn a_run_that_judged_not_all_is_red_and_only_what_was_judged_and_sound_is_green() {
    let sound = Report { containers: 2, participants: vec![participant("a", Verdict::Ok)], ..Report::default() };
    let other = Report { containers: 2, ..Report::default() };
    let broken = report_of(vec![finding("x")], &Sources::default());
    let warned = report_of(vec![Breach { severity: Severity::Warning, ..finding("x") }], &Sources::default());
    for status in [ExitStatus::Unusable, ExitStatus::NotInspected] {
        for report in [&Report::default(), &sound, &other, &broken, &warned] {
            let (tone, words) = headline(report, status);
            assert!(tone == "error" && words.starts_with("Not judged"), "{tone}: {words}");
            assert!(!words.contains("othing to fix"), "{words}");
        }
        let text = ended(&Report::default(), &Sources::default(), None, status);
        assert!(
            !text.contains("None.") && !text.contains("No container has"),
            "nothing is claimed of what was not seen"
        );
    }
    let of = |report: &Report, status| headline(report, status);
    assert_eq!(of(&sound, ExitStatus::Clean), ("sound".to_owned(), "Nothing to fix in 2 containers".to_owned()));
    assert_eq!(of(&Report::default(), ExitStatus::Clean).0, "plain");
    assert_eq!(
        of(&other, ExitStatus::Clean),
        ("plain".to_owned(), "No login of a known program in 2 containers".to_owned())
    );
    assert_eq!(of(&broken, ExitStatus::Findings), ("error".to_owned(), "1 error in 1 container".to_owned()));
    assert_eq!(of(&broken, ExitStatus::Clean).0, "error", "also where nothing fails the run");
    assert_eq!(of(&warned, ExitStatus::Clean).0, "warning");
    let mut accepted = broken;
    accepted.hits[0].suppressed = Some(suppression());
    assert_eq!(
        of(&accepted, ExitStatus::Clean),
        ("plain".to_owned(), "Nothing open in 1 container, 1 suppressed".to_owned())
    );
}

fn suppression() -> Suppressed {
    Suppressed { by: SuppressedBy::Comment, reason: "agreed <for> now".to_owned(), span: None }
}

#[test]
fn a_finding_is_its_login_its_hits_why_and_what_to_do_where() {
    let sources = Sources::default();
    let file = sources.add("compose.yaml", "a\nb\nc\n");
    let breaches =
        (1..=20).map(|at| Breach { container: format!("c-{at}"), detail: "no flock".to_owned(), ..finding("x") });
    let mut report = report_of(breaches.collect(), &sources);
    let text = of(&report, &sources, None);
    let part = between(&text, "<h2 id=\"findings\"", "<h2 ");
    assert!(part.contains("<h3 id=\"login-1\">") && part.contains("Claude Code login"));
    assert_eq!(part.matches("<tr id=\"f-").count(), 20);
    assert!(
        between(part, "<article ", "<details").matches("<tr id=").count() == 12 && part.contains("<summary>8 more<")
    );
    assert!(part.matches("no flock").count() == 1 && part.contains("Each: no flock"), "what all say is said once");
    assert!(!part.contains("What is wrong there"), "and has no column");
    report.hits[3].suppressed = Some(suppression());
    report.hits[4].change = Some(Change::New);
    report.comparison = compared(Before::Running).comparison;
    let edit = |line: u32, text: &str| {
        let at = Pos { line, column: 1 };
        PlacedText { span: Span { file, start: at, end: at }, text: text.to_owned() }
    };
    report.logins[0].findings[0].remedies[0].edits = vec![edit(1, "flock <x>"), edit(2, "flock <x>"), edit(3, "")];
    report.logins[0].findings[0].remedies[0].ends = vec![0, 1];
    let text = of(&report, &sources, None);
    let part = between(&text, "<h2 id=\"findings\"", "<h2 ");
    assert!(part.contains("What is wrong there") && part.matches("no flock").count() == 20, "rows differ");
    assert!(part.contains("by a comment: agreed &lt;for&gt; now") && part.contains(">introduced by the plan<"));
    assert_eq!(part.matches("data-breaches=\"error:x\"").count(), 19, "what is suppressed is not counted");
    assert!(part.contains("At <code>compose.yaml:1</code>, <code>compose.yaml:2</code>"), "{part}");
    assert!(part.contains("flock &lt;x&gt;") && part.contains("At <code>compose.yaml:3</code><"));
    assert!(part.contains("Ends it for c-1, c-2.") && text.contains("<h2 id=\"accepted\">"));
}

#[test]
fn thousands_are_told_short_and_no_link_leads_nowhere() {
    let sources = Sources::default();
    let mut breaches: Vec<Breach> =
        (0..600).map(|at| Breach { container: format!("c-{at}"), ..finding("all") }).collect();
    breaches.extend((0..700).map(|at| finding(&format!("rule-{at}"))));
    let mut report = report_of(breaches, &sources);
    report.hits.iter_mut().for_each(|hit| hit.change = Some(Change::New));
    report.comparison = compared(Before::Nothing).comparison;
    let verdict = |at: usize| if at == 899 { Verdict::Error } else { Verdict::Ok };
    let one =
        |at: usize| Participant { version: Some(format!("2.1.{at}")), ..participant(&format!("p-{at}"), verdict(at)) };
    report.participants = (0..900).map(one).collect();
    let text = of(&report, &sources, None);
    assert!(text.len() < 1_000_000, "{}", text.len());
    assert_eq!(text.matches("class=\"finding ").count(), 100);
    assert!(text.contains("And 101 more") && text.contains("And 400 more") && text.contains("And 500 more"));
    assert_eq!(text.matches("<tr id=\"p").count(), 400);
    assert!(between(&text, "<tbody><tr id=\"p", "</th>").contains("p-899"), "the worst is first");
    assert_eq!(text.matches("class=\"node crowd").count(), 40);
    let ids: std::collections::HashSet<&str> =
        text.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    for link in text.split(" href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(ids.contains(link), "{link}");
    }
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
    one.remedies = vec![Advice { id: "fix".to_owned(), text: evil.to_owned(), note: None }];
    one.detail = evil.to_owned();
    one.why = Some(Evidence::seen(evil, None));
    one.evidence = vec![Evidence::declared(evil, None)];
    one.locations = vec![Location { span: Span::file_start(file), label: evil.to_owned() }];
    let comparison = compared(Before::Running).comparison;
    let mut report = Report { comparison, ..report_of(vec![one], &sources) };
    report.hits[0].change = Some(Change::New);
    report.logins[0].place.text = evil.to_owned();
    report.logins[0].findings[0].remedies[0].edits =
        vec![PlacedText { span: Span::file_start(file), text: evil.to_owned() }];
    let label = evil.to_owned();
    let named =
        Participant { label, reason: evil.to_owned(), state_dir: evil.to_owned(), ..participant(evil, Verdict::Ok) };
    report.participants = vec![Participant { version: Some(evil.to_owned()), ..named }];
    let mut suppressed = report.hits[0].clone();
    suppressed.suppressed = Some(Suppressed { reason: evil.to_owned(), ..suppression() });
    suppressed.fingerprint = "other".to_owned();
    report.hits.push(suppressed);
    report.logins[0].findings[0].hits.push(1);
    report.diagnostics = vec![Diagnostic::about(Level::Gap, Some(evil.to_owned()), evil)];
    let unread = |counts| NotJudgedFile { file: evil.to_owned(), kind: "nomad", reason: evil.to_owned(), counts };
    report.not_judged = vec![unread(true), unread(false)];
    report.judged = vec![JudgedFile { file: evil.to_owned(), kind: "compose", starts: false }];
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
