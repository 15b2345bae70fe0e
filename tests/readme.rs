//! The README is true: what it shows is what is printed.

use std::fs;

use crate::harness::{overlock, root};

/// How many lines of an output the README shows.
const LINES: usize = 30;

#[test]
fn the_output_shown_is_the_output() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once("<!-- output: ").unwrap();
    let (arguments, rest) = rest.split_once(" -->\n```text\n").unwrap();
    let (shown, after) = rest.split_once("```\n").unwrap();
    // A reader has no configuration of this repository.
    let words = arguments.split(' ').chain(["--no-config"]);
    let run = overlock(&root(), &words.collect::<Vec<_>>());
    assert_eq!(run.status, 1);
    let wanted: String = run.out.lines().take(LINES).map(|line| format!("{}\n", line.trim_end())).collect();
    if std::env::var_os("OVERLOCK_BLESS").is_some() {
        fs::write(&path, format!("{before}<!-- output: {arguments} -->\n```text\n{wanted}```\n{after}")).unwrap();
        return;
    }
    assert_eq!(shown, wanted);
}

#[test]
fn its_commands_work() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains("cargo run --release --quiet -- check fixtures/factory"));
    let run = overlock(&root(), &["check", "fixtures/factory"]);
    assert_eq!(run.status, 0);
    assert!(run.out.contains("agents ×2") && run.out.contains("each call takes the flock"), "{}", run.out);
    assert!(readme.contains("\n./test.sh\n") && root().join("test.sh").is_file());
}
