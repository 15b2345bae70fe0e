//! What is suppressed, what is new, and what ends badly, in every format: by hand, since no input makes all of it at once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that finds something else ends there")]

use std::path::Path;

use super::{Detail, Format, Given, Style, render};
use crate::finding::{Advice, Breach, Change, Location, PlacedText, Report, Suppressed, SuppressedBy, UNDETERMINED};
use crate::model::{Diagnostic, JudgedFile, Level, NotJudgedFile};
use crate::report::{ExitStatus, group_findings, report_of};
use crate::rules::{FailOn, Ruleset, Severity};
use crate::text::{Pos, Sources, Span, Teller};

const ALL: [Format; 9] = [
    Format::Text,
    Format::Concise,
    Format::Json,
    Format::Sarif,
    Format::Github,
    Format::Gitlab,
    Format::Junit,
    Format::Markdown,
    Format::Html,
];

fn finding(rule: &str, severity: Severity, span: Span) -> Breach {
    Breach {
        severity,
        project: Some("p".to_owned()),
        message: format!("what {rule} says"),
        remedies: vec![Advice { id: "fix".to_owned(), text: "fix it".to_owned(), note: None }],
        locations: vec![Location { span, label: "here".to_owned() }],
        ..Breach::of(rule, &format!("of-{rule}"))
    }
}

fn suppressed(rule: &str, by: SuppressedBy, reason: &str, span: Span) -> Breach {
    let suppressed = Suppressed { by, reason: reason.to_owned(), span: Some(span) };
    Breach { suppressed: Some(suppressed), ..finding(rule, Severity::Error, span) }
}

/// One that counts, one for each way not to, in that order.
fn report(sources: &Sources) -> Report {
    let file = sources.add("a b/compose.yaml", "one\ntwo\nthree\nfour\n");
    let line = |line| Span { file, start: Pos { line, column: 1 }, end: Pos { line, column: 4 } };
    let breaches = vec![
        finding("version-skew", Severity::Warning, line(1)),
        suppressed("file-mount", SuppressedBy::Comment, "known, see <b>|x|</b>", line(2)),
        suppressed("home-mounted", SuppressedBy::Configuration, "agreed", line(3)),
        finding("stale-bind", Severity::Error, line(4)),
    ];
    let mut report = report_of(breaches, sources);
    let baseline = Suppressed { by: SuppressedBy::Baseline, reason: String::new(), span: None };
    report
        .hits
        .iter_mut()
        .filter(|hit| hit.rule() == "stale-bind")
        .for_each(|hit| hit.suppressed = Some(baseline.clone()));
    regroup(&mut report, sources);
    report
}

fn regroup(report: &mut Report, sources: &Sources) {
    let rules = Ruleset::load(&Sources::default(), None).unwrap();
    group_findings(report, &rules.matrix, sources);
}

fn rendered(report: &Report, sources: &Sources, status: ExitStatus, format: Format) -> String {
    let rules = Ruleset::load(sources, None).unwrap();
    let directory = Path::new("/work");
    let given = Given { report, sources, rules: &rules, status, directory, at: None, took: std::time::Duration::ZERO };
    let mut out = Vec::new();
    render(&given, format, Style { colour: false, width: None, detail: Detail::Normal }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn sarif(report: &Report, sources: &Sources, status: ExitStatus) -> serde_json::Value {
    let text = rendered(report, sources, status, Format::Sarif);
    let log: serde_json::Value = serde_json::from_str(&text).unwrap();
    log["runs"][0].clone()
}

#[test]
fn what_is_suppressed_does_not_count_and_is_counted() {
    let sources = Sources::default();
    let report = report(&sources);
    for format in ALL {
        let text = rendered(&report, &sources, ExitStatus::Clean, format);
        assert!(text.contains("what version-skew says"), "{format:?}");
        let tells = matches!(format, Format::Json | Format::Sarif | Format::Junit | Format::Markdown | Format::Html);
        for rule in ["file-mount", "home-mounted", "stale-bind"] {
            // SARIF has every rule among those of the tool.
            let told = text.contains(&format!("of-{rule}"));
            // In the text, what somebody gave a reason for.
            let tells = tells || (format == Format::Text && rule != "stale-bind");
            assert_eq!(told, tells, "{format:?} {rule}");
        }
        let counts = text.contains("3 suppressed") || text.contains("\"suppressed\": 3");
        assert_eq!(
            counts,
            matches!(format, Format::Text | Format::Json | Format::Github | Format::Markdown),
            "{format:?}"
        );
    }
}

#[test]
fn a_login_that_passes_since_its_hits_are_suppressed_is_skipped_with_the_reasons() {
    let sources = Sources::default();
    let mut report = report(&sources);
    let text = rendered(&report, &sources, ExitStatus::Clean, Format::Junit);
    assert!(text.contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\""), "{text}");
    let reason = "of-file-mount: suppressed by a comment: known, see &lt;b&gt;|x|&lt;/b&gt; (and 2 more)";
    assert!(text.contains(&format!("message=\"{reason}\"")), "{text}");
    assert!(text.contains("\nsuppressed by the baseline: p/of-stale-bind: error[stale-bind]: "), "{text}");
    // What would not fail the run either needs nobody to accept it.
    report.fail_on = FailOn::Never;
    let text = rendered(&report, &sources, ExitStatus::Clean, Format::Junit);
    assert!(text.contains("skipped=\"0\"") && text.contains("suppressed by the baseline"), "{text}");
}

#[test]
fn a_case_fails_for_what_fails_the_run_alone() {
    let sources = Sources::default();
    let mut report = report(&sources);
    let ends = |report: &Report, status| {
        let text = rendered(report, &sources, status, Format::Junit);
        ["<failure ", "<error ", "<skipped "].map(|element| text.matches(element).count())
    };
    report.fail_on = FailOn::Severity(Severity::Warning);
    assert_eq!(ends(&report, ExitStatus::Findings), [1, 0, 0], "the warning fails it");
    let text = rendered(&report, &sources, ExitStatus::Findings, Format::Junit);
    assert!(text.contains("<failure type=\"version-skew\" message=\"what version-skew says\">"), "{text}");
    let file = sources.add("compose.yaml", "x\n");
    let open = finding(UNDETERMINED, Severity::Warning, Span::file_start(file));
    let mut open = report_of(vec![open], &sources);
    assert_eq!(ends(&open, ExitStatus::NotInspected), [0, 1, 0]);
    assert_eq!(ends(&open, ExitStatus::Clean), [0, 0, 0], "the run says that all is well");
    open.fail_on = FailOn::Severity(Severity::Warning);
    assert_eq!(ends(&open, ExitStatus::Findings), [1, 0, 0]);
    open.added = 1;
    (open.fail_on, open.hits[0].breaches[0].severity) = (FailOn::Never, Severity::Note);
    assert_eq!(ends(&open, ExitStatus::Findings), [1, 1, 0], "what the change accepts for itself fails the run");
}

#[test]
fn markdown_tells_what_is_suppressed_at_the_end() {
    let sources = Sources::default();
    let text = rendered(&report(&sources), &sources, ExitStatus::Clean, Format::Markdown);
    let (before, after) = text.split_once("<summary>Suppressed: 3</summary>").unwrap();
    assert!(before.contains("`version-skew`") && !before.contains("file-mount"));
    assert!(
        after.contains("- error `file-mount` `p/of-file-mount`, by a comment: known, see \\<b\\>\\|x\\|\\</b\\>"),
        "{after}"
    );
}

#[test]
fn a_suppressed_hit_is_marked_among_the_others_of_its_finding() {
    let sources = Sources::default();
    let named = |name: &str, breach: Breach| Breach { container: name.to_owned(), ..breach };
    let file = sources.add("compose.yaml", "one\ntwo\n");
    let breaches = vec![
        named("open", finding("stale-bind", Severity::Error, Span::file_start(file))),
        named("quiet", suppressed("stale-bind", SuppressedBy::Comment, "agreed", Span::file_start(file))),
    ];
    let report = report_of(breaches, &sources);
    let text = rendered(&report, &sources, ExitStatus::Findings, Format::Markdown);
    assert!(text.contains("| `quiet` | role unknown |  | suppressed by a comment: agreed |"), "{text}");
    assert!(text.contains("<summary>Suppressed: 1</summary>\n\n- error `stale-bind` `p/quiet`, by a comment: agreed"));
    let github = rendered(&report, &sources, ExitStatus::Findings, Format::Github);
    assert!(!github.contains("quiet") && github.contains("1 suppressed (1 comment)"), "{github}");
    let junit = rendered(&report, &sources, ExitStatus::Findings, Format::Junit);
    assert!(
        junit.contains("failures=\"1\"") && junit.contains("suppressed by a comment: agreed: p/quiet: "),
        "{junit}"
    );
    let run = sarif(&report, &sources, ExitStatus::Findings);
    assert!(!run["results"][0]["message"]["text"].as_str().unwrap().contains("quiet"));
    assert!(run["results"][1]["message"]["text"].as_str().unwrap().contains("Also concerned: open"), "{run}");
}

#[test]
fn a_rule_that_is_accepted_is_told_where_its_hit_counts_by_another() {
    let sources = Sources::default();
    let file = sources.add("compose.yaml", "one\n");
    let named = |breach: Breach| Breach { container: "agents".to_owned(), ..breach };
    let quiet = suppressed("lock-on-private-layer", SuppressedBy::Configuration, "known | so", Span::file_start(file));
    let open = finding("unguarded-share", Severity::Error, Span::file_start(file));
    let report = report_of(vec![named(open), named(quiet)], &sources);
    let told = "lock-on-private-layer is accepted (configuration): known ";
    for format in [Format::Sarif, Format::Junit, Format::Markdown] {
        let text = rendered(&report, &sources, ExitStatus::Findings, format);
        assert!(text.contains(told), "{format:?}: {text}");
    }
    let run = sarif(&report, &sources, ExitStatus::Findings);
    assert_eq!(run["results"][0]["properties"]["rules"], serde_json::json!(["unguarded-share"]));
    assert!(
        sarif(&self::report(&sources), &sources, ExitStatus::Clean)["results"][1]["properties"]["accepted"].is_null()
    );
}

#[test]
fn a_fix_has_the_edits_of_a_remedy_that_are_all_known() {
    let sources = Sources::default();
    let mut report = report(&sources);
    let file = sources.add("a.yaml", "one\ntwo\n");
    let told = sources.add_told("c", vec![(Teller::Engine, "x".to_owned())]);
    let span = |line| Span { file, start: Pos { line, column: 1 }, end: Pos { line, column: 4 } };
    let edit = |span, text: &str| PlacedText { span, text: text.to_owned() };
    let mut fixes = |edits: Vec<PlacedText>| {
        report.logins[0].findings[0].remedies[0].edits = edits;
        sarif(&report, &sources, ExitStatus::Clean)["results"][0]["fixes"].clone()
    };
    let whole = fixes(vec![edit(span(1), "ONE\n::error::"), edit(span(2), "TWO")]);
    let change = &whole[0]["artifactChanges"][0];
    assert_eq!(
        (whole[0]["description"]["text"].as_str(), change["artifactLocation"]["uri"].as_str()),
        (Some("fix it"), Some("a.yaml"))
    );
    let replacements = change["replacements"].as_array().unwrap();
    assert_eq!(replacements[0]["insertedContent"]["text"], "ONE\n::error::", "as it is to be written");
    assert_eq!((replacements.len(), &replacements[1]["deletedRegion"]["startLine"]), (2, &2.into()));
    assert!(fixes(vec![edit(span(1), "ONE"), edit(span(2), "")]).is_null(), "half of it fixes nothing");
    assert!(fixes(vec![edit(Span::file_start(told), "ONE")]).is_null(), "what runs is in no file");
    assert!(fixes(Vec::new()).is_null());
}

#[test]
fn github_gets_a_line_for_each_new_hit_and_is_told_what_it_does_not_show() {
    let sources = Sources::default();
    let file = sources.add("compose.yaml", "x\n".repeat(40));
    let at = |line: u32| Span { file, start: Pos { line, column: 1 }, end: Pos { line, column: 2 } };
    let named =
        |name: &str, line| Breach { container: name.to_owned(), ..finding("stale-bind", Severity::Error, at(line)) };
    let mut report = report_of(vec![named("old", 1), named("new-a", 2), named("new-b", 3)], &sources);
    let github = |report: &Report| rendered(report, &sources, ExitStatus::Findings, Format::Github);
    assert_eq!(github(&report).lines().count(), 2, "the finding and the last line");
    for hit in &mut report.hits {
        hit.change = Some(if hit.container == "old" { Change::Kept(None) } else { Change::New });
    }
    regroup(&mut report, &sources);
    let text = github(&report);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("::error file=compose.yaml,line=2,") && lines[0].contains("old"), "{text}");
    assert!(lines[1].starts_with("::error file=compose.yaml,line=3,") && lines[1].contains("::new: what "), "{text}");
    for hit in &mut report.hits {
        let known = hit.container == "old";
        hit.change = None;
        let by = SuppressedBy::Unchanged;
        hit.suppressed = known.then(|| Suppressed { by, reason: "same".to_owned(), span: None });
    }
    regroup(&mut report, &sources);
    assert_eq!(github(&report).matches("::new: ").count(), 1, "what the revision leaves is new");
    let many = (0..14).map(|at| finding(&format!("rule-{at}"), Severity::Error, Span::file_start(file)));
    let warning = finding("version-skew", Severity::Warning, at(2));
    let text = github(&report_of([warning].into_iter().chain(many).collect(), &sources));
    assert_eq!(text.lines().count(), 16);
    assert!(text.lines().nth(14).unwrap().starts_with("::warning "), "the worst first: {text}");
    assert_eq!(text.lines().last(), Some("overlock: 14 errors, 1 warning. GitHub shows 10 of 14 errors."));
}

#[test]
fn three_thousand_hits_fit_where_each_format_is_read() {
    let sources = Sources::default();
    let file = sources.add("compose.yaml", "x\n");
    let named = |at: usize, rule: &str| Breach {
        container: format!("agent-{at}"),
        ..finding(rule, Severity::Error, Span::file_start(file))
    };
    let one_finding = report_of((0..3000).map(|at| named(at, "stale-bind")).collect(), &sources);
    let text = rendered(&one_finding, &sources, ExitStatus::Findings, Format::Markdown);
    assert!(text.len() < 10_000 && text.contains("\nand 2980 more hits\n") && !text.contains("Left out"), "{text}");
    let github = rendered(&one_finding, &sources, ExitStatus::Findings, Format::Github);
    assert!(github.len() < 4_000 && github.contains("%0Aand 2990 more hits"), "{github}");
    let run = sarif(&one_finding, &sources, ExitStatus::Findings);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3000);
    assert!(results.iter().all(|one| one["message"]["text"].as_str().unwrap().contains(", and 2989 more")));
    let many = report_of((0..3000).map(|at| named(at, &format!("rule-{at}"))).collect(), &sources);
    let text = rendered(&many, &sources, ExitStatus::Findings, Format::Markdown);
    assert!(text.len() <= 65_536 && text.len() > 60_000, "{}", text.len());
    let headings = text.matches("### error: ").count();
    let left_out = format!(", {} findings", 3000 - headings);
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("Left out, since GitHub takes 65,536 characters: ") && last.contains(&left_out), "{last}");
}

#[test]
fn thousands_of_files_fit_where_each_format_is_read() {
    let sources = Sources::default();
    let names = || (0..3000).map(|at| format!("jobs/{at}.nomad"));
    let unread = |file, counts| NotJudgedFile { file, kind: "nomad", reason: "it is not read yet".to_owned(), counts };
    let judged = names().map(|file| JudgedFile { file, kind: "compose", starts: false }).collect();
    let many = |counts| Report {
        not_judged: names().map(|file| unread(file, counts)).collect(),
        ..report_of(
            vec![finding("version-skew", Severity::Warning, Span::file_start(sources.add("a", "x\n")))],
            &sources,
        )
    };
    let (counting, others) = (Report { judged, ..many(true) }, many(false));
    let end = ExitStatus::NotInspected;
    let github = rendered(&counting, &sources, end, Format::Github);
    assert_eq!((github.matches("::warning ").count(), github.lines().count()), (10, 11), "{github}");
    assert!(github.contains("file=jobs/8.nomad,title=not judged::") && !github.contains("jobs/9.nomad"), "{github}");
    assert_eq!(github.lines().last(), Some("overlock: 0 errors, 1 warning, 3000 files not judged."));
    let github = rendered(&others, &sources, ExitStatus::Clean, Format::Github);
    let last = "overlock: 0 errors, 1 warning. 3000 other files were not judged, without effect on the exit status.";
    assert_eq!((github.lines().count(), github.lines().last()), (2, Some(last)));
    for report in [&counting, &others] {
        let text = rendered(report, &sources, end, Format::Markdown);
        assert!(text.len() < 20_000 && text.contains("- and 2950 more\n") && !text.contains("Left out"), "{text}");
        let text = rendered(report, &sources, end, Format::Html);
        assert!(text.len() < 400_000 && text.contains("And 2800 more: "), "{}", text.len());
    }
    assert!(
        rendered(&counting, &sources, end, Format::Markdown).contains("\n<details><summary>Judged: 3000</summary>")
    );
    let junit = rendered(&counting, &sources, end, Format::Junit);
    assert!(junit.contains("errors=\"3000\"") && junit.contains("\njudged: 2950 more"), "each is a case");
    let junit = rendered(&others, &sources, ExitStatus::Clean, Format::Junit);
    assert!(junit.len() < 20_000 && junit.contains("\nnot judged: 2950 more") && junit.contains("errors=\"0\""));
    let levels = |report: &Report, level: &str| {
        let run = sarif(report, &sources, end);
        let told = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        told.iter().filter(|one| one["level"] == level).count()
    };
    assert_eq!((levels(&counting, "warning"), levels(&others, "note"), levels(&others, "warning")), (3000, 3000, 0));
}

#[test]
fn sarif_has_a_judged_file_once_whatever_it_was_judged_as() {
    let sources = Sources::default();
    let judged = |file: &str, kind| JudgedFile { file: file.to_owned(), kind, starts: false };
    let judged = vec![judged("a b", "compose"), judged("a b", "script"), judged("/etc/x", "compose")];
    let run = sarif(&Report { judged, ..Report::default() }, &sources, ExitStatus::Clean);
    let wanted = serde_json::json!([
        { "location": { "uri": "file:///etc/x" }, "roles": ["analysisTarget"], "properties": { "kinds": ["compose"] } },
        {
            "location": { "uri": "a%20b", "uriBaseId": "%SRCROOT%" },
            "roles": ["analysisTarget"],
            "properties": { "kinds": ["compose", "script"] }
        }
    ]);
    assert_eq!(run["artifacts"], wanted);
    assert!(sarif(&Report::default(), &sources, ExitStatus::Clean)["artifacts"].is_null());
}

#[test]
fn sarif_keeps_what_is_suppressed_and_marks_it() {
    let sources = Sources::default();
    let mut report = report(&sources);
    let run = sarif(&report, &sources, ExitStatus::Clean);
    let marks = |run: &serde_json::Value| -> Vec<(String, String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("").to_owned();
        let mark = |one: &serde_json::Value| {
            let suppression = &one["suppressions"][0];
            assert!(suppression.is_null() || suppression["status"] == "accepted");
            (text(&suppression["kind"]), text(&suppression["justification"]), text(&one["baselineState"]))
        };
        run["results"].as_array().unwrap().iter().map(mark).collect()
    };
    let owned = |(a, b, c): (&str, &str, &str)| (a.to_owned(), b.to_owned(), c.to_owned());
    let wanted = |state| {
        [
            ("", "", state),
            ("inSource", "known, see <b>|x|</b>", state),
            ("external", "agreed", state),
            ("external", "it is in the baseline", "unchanged"),
        ]
        .map(owned)
    };
    assert_eq!(marks(&run), wanted(""));
    report.baselined = true;
    assert_eq!(marks(&sarif(&report, &sources, ExitStatus::Clean)), wanted("new"));
    let at = &run["results"][1]["suppressions"][0]["location"]["physicalLocation"];
    assert_eq!((&at["artifactLocation"]["uri"], &at["region"]["startLine"]), (&"a%20b/compose.yaml".into(), &2.into()));
    assert!(run["results"][3]["suppressions"][0]["location"].is_null());
}

#[test]
fn sarif_says_whether_the_run_succeeded_and_what_was_wrong() {
    let sources = Sources::default();
    let mut report = report(&sources);
    let levels = [Level::Error, Level::Gap, Level::Warning];
    report.diagnostics = levels.map(|level| Diagnostic::about(level, Some("../x".to_owned()), "m {0}")).to_vec();
    let of = |status| sarif(&report, &sources, status)["invocations"][0].clone();
    for (status, succeeded) in [
        (ExitStatus::Clean, true),
        (ExitStatus::Findings, true),
        (ExitStatus::NotInspected, true),
        (ExitStatus::Unusable, false),
    ] {
        let invocation = of(status);
        assert_eq!(invocation["executionSuccessful"], succeeded);
        assert_eq!(invocation["exitCode"], status.code());
    }
    let invocation = of(ExitStatus::Unusable);
    let told = invocation["toolExecutionNotifications"].as_array().unwrap();
    let of = |one: &serde_json::Value| (one["level"].clone(), one["descriptor"]["id"].clone());
    let wanted = [("error", "input-error"), ("warning", "not-inspected"), ("note", "input-warning")];
    assert_eq!(told.iter().map(of).collect::<Vec<_>>(), wanted.map(|(level, id)| (level.into(), id.into())));
    assert_eq!(told[0]["message"]["text"], "m {{0}}");
    assert_eq!(told[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "file:///x");
}

#[test]
fn what_was_told_of_a_container_or_read_from_a_pipe_is_in_no_file() {
    let sources = Sources::default();
    let told = sources.add_told("host:x", vec![(Teller::Kernel, "mount /a,b is %".to_owned())]);
    let piped = sources.add("-", "one\n");
    let of = |file, name: &str| Breach {
        container: name.to_owned(),
        detail: "stale".to_owned(),
        ..finding("stale-bind", Severity::Error, Span::file_start(file))
    };
    let report = report_of(vec![of(told, "of-a"), of(piped, "of-b")], &sources);
    let github = rendered(&report, &sources, ExitStatus::Findings, Format::Github);
    let message = "2 containers have mounted what the host path no longer leads to%0Acontainer host:x: mount /a,b is %25%0A\
        of-a (role unknown): stale%0Aof-b (role unknown): stale: -:1%0Afix 1: fix it; ends it for both";
    assert_eq!(github.lines().next(), Some(format!("::error title=stale-bind::{message}").as_str()));
    let piped = rendered(&report_of(vec![of(piped, "of-b")], &sources), &sources, ExitStatus::Findings, Format::Github);
    assert!(piped.lines().next().unwrap().contains("says%0Astandard input, line 1%0Afix"), "{piped}");
    let run = sarif(&report, &sources, ExitStatus::Findings);
    let at = &run["results"][0]["locations"][0];
    assert_eq!(
        (&at["logicalLocations"][0]["name"], &at["logicalLocations"][0]["kind"]),
        (&"host:x".into(), &"container".into())
    );
    assert_eq!(at["message"]["text"], "here: mount /a,b is %");
    assert_eq!(run["results"][1]["locations"][0]["logicalLocations"][0]["name"], "of-b");
    assert!(run["results"].as_array().unwrap().iter().all(|one| one["locations"][0]["physicalLocation"].is_null()));
    let linked = run["results"][0]["message"]["text"].as_str().unwrap();
    assert!(linked.contains("\nAlso concerned: [of-b](1)\n"), "{linked}");
    assert_eq!(run["results"][0]["relatedLocations"][0]["logicalLocations"][0]["name"], "of-b");
    let gitlab = rendered(&report, &sources, ExitStatus::Findings, Format::Gitlab);
    assert!(gitlab.contains("\"container/host:x\"") && gitlab.contains("\"standard-input\""));
}

#[test]
fn control_characters_reach_no_format() {
    let sources = Sources::default();
    let evil = "a\u{1b}[31m\u{202e}\u{fffe}\r\n::error::b\n##[error]c]]>";
    let file = sources.add(evil, "x\n");
    let mut one = finding("stale-bind", Severity::Error, Span::file_start(file));
    for text in [&mut one.container, &mut one.message] {
        evil.clone_into(text);
    }
    one.project = Some(evil.to_owned());
    one.remedies = vec![Advice { id: "fix".to_owned(), text: evil.to_owned(), note: None }];
    one.detail = evil.to_owned();
    one.locations[0].label = evil.to_owned();
    let passed = Breach { severity: Severity::Note, container: format!("{evil}2"), ..one.clone() };
    let reason = Suppressed { by: SuppressedBy::Comment, reason: evil.to_owned(), span: None };
    let quiet = Breach { suppressed: Some(reason), container: format!("{evil}3"), ..one.clone() };
    let diagnostics = vec![Diagnostic::about(Level::Gap, Some(evil.to_owned()), evil)];
    let unread = |file: String, counts| NotJudgedFile { file, kind: "nomad", reason: evil.to_owned(), counts };
    let not_judged = vec![unread(format!("{evil}1"), true), unread(format!("{evil}2"), false)];
    let judged = vec![JudgedFile { file: format!("{evil}3"), kind: "compose", starts: false }];
    let report = Report { diagnostics, judged, not_judged, ..report_of(vec![one, quiet, passed], &sources) };
    for format in ALL {
        let text = rendered(&report, &sources, ExitStatus::Findings, format);
        let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}' && format != Format::Json);
        assert_eq!(bad, None, "{format:?}");
        assert!(format == Format::Github || !text.lines().any(|line| line.starts_with("::")), "{format:?}");
        assert!(format != Format::Junit || !text.contains(['\u{fffe}', '\u{ffff}']));
    }
    let github = rendered(&report, &sources, ExitStatus::Findings, Format::Github);
    // One for each finding that counts, one for the gap, one for the file that counts, the last line.
    assert_eq!(github.lines().count(), 5, "{github}");
}

#[test]
fn json_means_the_same() {
    let text = "a\u{202e}\u{e0041}\u{80} ##[group] ::error::é";
    let json = serde_json::to_string_pretty(&[text]).unwrap();
    let escaped = super::escape_json(&json);
    assert!(escaped.contains("a\\u202e\\udb40\\udc41\\u0080 #\\u0023[group] \\u003a:error::é"), "{escaped}");
    assert_eq!(serde_json::from_str::<Vec<String>>(&escaped).unwrap(), [text]);
    let plain = "{\n  \"a\": [1, \"b\"]\n}\n";
    assert!(matches!(super::escape_json(plain), std::borrow::Cow::Borrowed(same) if same == plain));
}
