//! The command line, as people see it.

use crate::harness::{overlock, root};

#[test]
fn help() {
    let all: Vec<String> = [
        &["--help"][..],
        &["check", "--help"],
        &["audit", "--help"],
        &["preflight", "--help"],
        &["report", "--help"],
        &["watch", "--help"],
        &["where", "--help"],
        &["capture", "--help"],
        &["graph", "--help"],
        &["config", "--help"],
        &["init", "--help"],
        &["explain", "--help"],
        &["completions", "--help"],
        &["man", "--help"],
    ]
    .iter()
    .map(|arguments| {
        let run = overlock(&root(), arguments);
        assert_eq!((run.status, run.err.as_str()), (0, ""));
        run.out
    })
    .collect();
    insta::assert_snapshot!(all.join("\n----\n\n"));
}

#[test]
fn wrong_usage_is_two_and_says_nothing_on_standard_output() {
    for arguments in [&["chekc"][..], &["check", "--format", "xml"], &["check", "--fail-on", "maybe"], &[]] {
        let run = overlock(&root(), arguments);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!run.err.is_empty());
    }
}
