//! The text for people, of reports made at random: whole words, whole names, and eighty columns.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that finds something else ends there")]

use std::path::Path;

use proptest::prelude::*;

use super::{Detail, Format, Given, Style, render};
use crate::finding::{Advice, Breach, Evidence, Location, Report, Suppressed, SuppressedBy};
use crate::report::{ExitStatus, report_of};
use crate::rules::{Confidence, Ruleset, Severity};
use crate::text::{Pos, Sources, Span};

const WIDTH: usize = 80;

fn word() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z]{1,9}", 1 => "/[a-z]{2,12}/[a-z.]{2,12}/[a-z-]{2,40}", 1 => "[a-z]{2,8}-[0-9]{1,3}"]
}

fn sentence() -> impl Strategy<Value = String> {
    prop::collection::vec(word(), 1..25).prop_map(|words| words.join(" "))
}

/// A breach at a line of the file, with sentences of any length.
fn breach() -> impl Strategy<Value = Breach> {
    let rules = prop::sample::select(vec!["unguarded-share", "lock-on-private-layer", "file-mount", "undetermined"]);
    let severity = prop::sample::select(vec![Severity::Note, Severity::Warning, Severity::Error]);
    let texts = (sentence(), sentence(), prop::collection::vec(sentence(), 1..4), any::<bool>());
    (rules, severity, "[a-z]{1,8}(-[a-z]{1,12}){0,3}", 1..40u32, texts).prop_map(
        |(rule, severity, container, line, (message, detail, remedies, ignored))| {
            let pos = |column| Pos { line, column };
            let span = Span { start: pos(1), end: pos(5), ..Span::default() };
            let reason = Suppressed { by: SuppressedBy::Comment, reason: message.clone(), span: Some(span) };
            Breach {
                severity,
                confidence: Confidence::Medium,
                why: Some(Evidence::seen(detail.clone(), Some(span))),
                evidence: vec![Evidence::seen(message.clone(), Some(span))],
                remedies: remedies.into_iter().map(|text| Advice { id: text.clone(), text, note: None }).collect(),
                locations: vec![Location { span, label: "here".to_owned() }],
                suppressed: ignored.then_some(reason),
                message,
                detail,
                ..Breach::of(rule, &container)
            }
        },
    )
}

fn text(report: &Report, sources: &Sources, detail: Detail) -> String {
    let rules = Ruleset::load(&Sources::default(), None).unwrap();
    let (directory, took) = (Path::new("/work"), std::time::Duration::ZERO);
    let given = Given { report, sources, rules: &rules, status: ExitStatus::Findings, at: None, directory, took };
    let style = Style { colour: false, width: Some(u16::try_from(WIDTH).unwrap()), detail };
    let mut out = Vec::new();
    render(&given, Format::Text, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn made(breaches: Vec<Breach>) -> (Report, Sources) {
    let sources = Sources::default();
    let file = sources.add("deep/compose.yaml", "some text\n".repeat(50));
    let mut breaches = breaches;
    for breach in &mut breaches {
        let spans = breach.locations.iter_mut().map(|location| &mut location.span);
        let evidence = breach.evidence.iter_mut().chain(&mut breach.why).filter_map(|one| one.span.as_mut());
        let accepted = breach.suppressed.iter_mut().filter_map(|one| one.span.as_mut());
        for span in spans.chain(evidence).chain(accepted) {
            span.file = file;
        }
    }
    (report_of(breaches, &sources), sources)
}

proptest! {
    #[test]
    fn nothing_is_broken_inside_a_word_and_only_long_words_are_wider(breaches in prop::collection::vec(breach(), 1..30)) {
        let (report, sources) = made(breaches);
        for detail in [Detail::Quiet, Detail::Normal, Detail::Verbose] {
            let text = text(&report, &sources, detail);
            for line in text.lines().filter(|line| line.chars().count() > WIDTH) {
                // Wider is a path, a row of names and paths, or one word after its label.
                let rest = line.split_once(": ").map_or(line, |(_, rest)| rest);
                let single = rest.split_whitespace().count() <= 1 || line.split_whitespace().count() <= 1;
                prop_assert!(single || line.contains("--> ") || line.contains(" | "), "{line:?} in {text}");
            }
            let told: Vec<&str> = text.split_whitespace().collect();
            for hit in report.hits.iter().filter(|hit| hit.counts() && hit.severity() == Severity::Error) {
                let of_finding = report.findings().find(|(_, one)| report.hits_of(one).any(|other| other.fingerprint == hit.fingerprint));
                let (_, finding) = of_finding.unwrap();
                if detail == Detail::Normal && finding.hits.len() > 12 {
                    continue;
                }
                let alone = report.hits_of(finding).filter(|one| one.counts()).count() == 1;
                if !alone {
                    prop_assert!(told.contains(&hit.label.as_str()), "{} is not whole in {text}", hit.label);
                }
            }
        }
    }
}

#[test]
fn twenty_services_with_one_cause_take_at_most_forty_lines() {
    let breaches = (1..=20).map(|number| Breach {
        message: format!("agent-{number} shares the login in /srv/claude with others, and no lock joins them"),
        detail: "no flock".to_owned(),
        why: Some(Evidence::seen("each container makes its lock on its own layer", None)),
        remedies: vec![Advice { id: "a".to_owned(), text: "take one flock".to_owned(), note: None }],
        ..Breach::of("unguarded-share", &format!("agent-{number}"))
    });
    let (report, sources) = made(breaches.collect());
    let text = text(&report, &sources, Detail::Normal);
    assert!(text.lines().count() <= 40, "{text}");
    assert!(
        text.starts_with("error[unguarded-share]: 20 containers refresh one login, and no lock joins them\n"),
        "{text}"
    );
    assert!(text.contains("each: no flock") && text.contains("and 10 more (-v lists them)"), "{text}");
    let at = |name: &str| text.find(&format!("| {name} ")).unwrap_or_else(|| panic!("{name} in {text}"));
    assert!(at("agent-2") < at("agent-10"), "numbers are in their order: {text}");
}
