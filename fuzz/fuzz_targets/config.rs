//! `overlock.yaml`: what is wrong has its place in the file; what is read grades the rules, and what runs can be judged
//! and accepted by it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overlock::judge::judge;
use overlock::rules::{Config, Ruleset};
use overlock::input::capture::{Capture, layout, read};
use overlock::text::{SourceFile, Sources, Span};
use overlock::report::{Comments, Names, accept, idle_declarations, unknown_rules};

const RUNNING: &str = include_str!("../../fixtures/unguarded-call/bad-one-without/capture.json");

thread_local! {
    static RULES: Ruleset = Ruleset::load(&Sources::default(), None).unwrap();
    static CAPTURE: Capture = read(RUNNING).unwrap();
}

fuzz_target!(|text: &str| {
    let sources = Sources::default();
    let id = sources.add("overlock.yaml", text);
    let file = sources.get(id);
    let config = match Config::parse(id, text) {
        Ok(config) => config,
        Err(problems) => {
            assert!(!problems.is_empty());
            problems.iter().for_each(|problem| check(problem.span, &file));
            return;
        }
    };
    config.ignore.iter().for_each(|ignore| check(ignore.span, &file));
    config.severity.values().for_each(|grade| check(grade.span, &file));
    RULES.with(|rules| {
        for diagnostic in unknown_rules(&config, rules) {
            check(diagnostic.span.unwrap(), &file);
        }
        let mut layout = CAPTURE.with(|capture| layout(capture, rules, false, &sources));
        for diagnostic in idle_declarations(&config, &layout.containers) {
            check(diagnostic.span.unwrap(), &file);
        }
        let mut judged = judge(&mut layout, &rules.graded(&config), &config);
        judged.attribute(&sources);
        let found = judged.breaches.len();
        accept(&mut judged, &mut Comments::default(), &config, &Names::new("/", "/"), &mut Vec::new(), &sources);
        // What is accepted stays in the report.
        assert_eq!(judged.breaches.len(), found);
    });
});

fn check(span: Span, file: &SourceFile) {
    assert!(file.offset(span.start).is_some(), "{span:?} begins outside");
}
