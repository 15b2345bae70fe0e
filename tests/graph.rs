//! `overlock graph`: what is drawn of a plan, of a capture, and of both; and how it ends.

use std::fs;

use crate::harness::{overlock, project, root};

const BATCH: &str = "{image: x, environment: {HOME: /home/agent}, volumes: [\"/srv/c:/home/agent/.claude\"], \
                     entrypoint: [claude, -p], labels: {overlock.version: \"2.1.98\"}}";

#[test]
fn a_plan_in_every_format() {
    for (folder, name) in [("fixtures/factory", "factory"), ("fixtures/world/chat-shares-without-flock", "chat")] {
        for format in ["svg", "mermaid", "dot"] {
            let run = overlock(&root(), &["graph", folder, "--no-config", "--format", format]);
            assert_eq!((run.status, run.err.as_str()), (0, ""), "what is found fails nothing");
            // The style is a file of its own.
            let text = match run.out.split_once("<style>\n").zip(run.out.split_once("</style>")) {
                Some(((before, _), (_, after))) => format!("{before}<style>…</style>{after}"),
                None => run.out,
            };
            insta::assert_snapshot!(format!("{name}-{format}"), text);
        }
    }
    assert_eq!(
        overlock(&root(), &["graph", "fixtures/factory"]).out,
        overlock(&root().join("fixtures/factory"), &["graph", "."]).out
    );
}

#[test]
fn what_compose_is_told_means_the_plan() {
    let directory = project(&[
        ("stack.yaml", &format!("name: n\nservices:\n  a: {BATCH}\n  b: {BATCH}\n")),
        ("late.yaml", &format!("services:\n  c:\n    <<: {BATCH}\n    profiles: [late]\n")),
    ]);
    let draw = |arguments: &[&str]| overlock(directory.path(), &[&["graph", "--format", "dot"], arguments].concat());
    let plan = draw(&["-f", "stack.yaml", "-f", "late.yaml", "-p", "mine"]);
    assert_eq!(plan.status, 0, "{}", plan.err);
    assert!(["mine/a", "mine/b", "mine/c"].iter().all(|name| plan.out.contains(name)), "{}", plan.out);
    let early = draw(&["-f", "stack.yaml", "-f", "late.yaml", "--profile", "other"]);
    assert!(early.out.contains("n/b") && !early.out.contains("n/c"), "{}", early.out);
    assert!(
        draw(&["-p", "x"]).err.contains("no compose file"),
        "without a PATH the project is found as Compose finds it"
    );
    let both = draw(&["stack.yaml", "--host", "tcp://127.0.0.1:1"]);
    assert_eq!((both.status, both.out.as_str()), (2, ""));
    assert!(both.err.contains("a plan is drawn without an engine"), "{}", both.err);
}

#[test]
fn what_was_captured_is_drawn_alone_or_beside_a_plan() {
    let folder = root().join("fixtures/unguarded-call/bad-one-without");
    let capture = folder.join("capture.json").display().to_string();
    let running = overlock(&folder, &["graph", "--from", "capture.json", "--format", "mermaid"]);
    assert!([0, 3].contains(&running.status) && running.out.starts_with("flowchart LR\n"), "{}", running.err);
    let report = overlock(&folder, &["audit", "--from", "capture.json", "--format", "json"]).json();
    let directory = project(&[("compose.yaml", &format!("name: planned\nservices:\n  a: {BATCH}\n"))]);
    let beside = overlock(directory.path(), &["graph", ".", "--from", &capture, "--format", "mermaid"]).out;
    for one in report["participants"].as_array().unwrap() {
        let name = one["container"].as_str().unwrap();
        assert!(running.out.contains(name) && beside.contains(name), "{name} in {} {beside}", running.out);
    }
    assert!(beside.contains("planned/a") && !running.out.contains("planned/a"));
}

#[test]
fn what_cannot_be_read_or_seen_is_told() {
    let directory = project(&[("compose.yaml", &format!("services:\n  a: {BATCH}\n  b: {{image: x, volume: y}}\n"))]);
    let gap = overlock(directory.path(), &["graph", "."]);
    assert_eq!(gap.status, 3);
    assert!(gap.err.contains("`volume` is no key") && gap.out.contains("</svg>"), "{}", gap.err);
    let unset = BATCH.replace("/srv/c", "${NOWHERE}/c");
    fs::write(directory.path().join("compose.yaml"), format!("services:\n  a: {BATCH}\n  b: {unset}\n")).unwrap();
    let unknown = overlock(directory.path(), &["graph", "."]);
    assert_eq!(unknown.status, 3, "{}", unknown.err);
    assert!(unknown.out.contains("${NOWHERE}/c") && unknown.out.contains("? undetermined"));
    let part = overlock(directory.path(), &["graph", ".", "nowhere.yaml"]);
    assert_eq!(part.status, 2);
    assert!(part.err.contains("nowhere.yaml: error: ") && part.out.contains("${NOWHERE}/c"), "{}", part.err);
}
