//! `--output`: where each format goes, and what becomes of a file that cannot be written.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::harness::{overlock, project, root};

const SERVICE: &str = "    image: x\n    volumes: [\"/srv/c:/home/agent/.claude\"]\n    entrypoint: [claude, -p]\n";

fn broken() -> tempfile::TempDir {
    project(&[("compose.yaml", &format!("services:\n  a:\n{SERVICE}  b:\n{SERVICE}"))])
}

/// The names in a directory, hidden ones too.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn each_format_goes_where_it_is_wanted() {
    let directory = broken();
    let of = |format: &str| overlock(directory.path(), &["check", "--format", format]).out;
    let (sarif, github, text) = (of("sarif"), of("github"), of("text"));
    let outputs = ["check", "--output", "sarif=a=b.sarif", "--output", "github", "--output", "text=report.txt"];
    let run = overlock(directory.path(), &outputs);
    assert_eq!((run.status, run.out, run.err.as_str()), (1, github, ""));
    let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!((read("a=b.sarif"), read("report.txt")), (sarif, text));
    assert_eq!(names(directory.path()), ["a=b.sarif", "compose.yaml", "report.txt"]);
    let coloured = overlock(directory.path(), &["check", "--color", "always", "--output", "text=report.txt"]);
    assert_eq!((coloured.status, coloured.out.as_str()), (1, ""));
    assert!(!read("report.txt").contains('\u{1b}'), "a file is no terminal");
}

#[test]
fn running_containers_are_written_as_planned_ones_are() {
    let folder = root().join("fixtures/unguarded-call/bad-one-without");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("report.xml");
    let output = format!("junit={}", file.display());
    let run = overlock(&folder, &["audit", "--from", "capture.json", "--output", &output, "--output", "markdown"]);
    assert_eq!(run.status, 1);
    assert!(run.out.starts_with("## Overlock: "));
    assert_eq!(
        fs::read_to_string(file).unwrap(),
        overlock(&folder, &["audit", "--from", "capture.json", "--format", "junit"]).out
    );
}

#[test]
fn a_file_that_cannot_be_written_is_two_after_the_rest() {
    let directory = broken();
    let outputs = [
        "check",
        "--output",
        "json=missing/report.json",
        "--output",
        "github",
        "--output",
        "sarif=report.sarif",
        "--output",
        "junit=.",
    ];
    let run = overlock(directory.path(), &outputs);
    assert_eq!(run.status, 2);
    assert!(run.out.contains("::error file=compose.yaml"));
    assert!(directory.path().join("report.sarif").is_file());
    let told: Vec<&str> = run.err.lines().collect();
    assert_eq!(told.len(), 2, "{}", run.err);
    assert!(
        told[0].starts_with("overlock: cannot write ") && told[0].contains("missing/report.json: No such file"),
        "{}",
        told[0]
    );
    assert!(told[0].ends_with("the directory must exist, and you must be allowed to write there"));
    assert_eq!(names(directory.path()), ["compose.yaml", "report.sarif"]);
}

#[test]
fn a_file_is_replaced_and_what_a_link_leads_to_stays() {
    let directory = broken();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("real")).unwrap();
    fs::write(path("real/report"), "before").unwrap();
    fs::set_permissions(path("real/report"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real/report", path("link")).unwrap();
    let before = fs::File::open(path("real/report")).unwrap();
    let outputs = ["check", "--output", "sarif=link", "--output", "json=real/report", "--output", "gitlab=/dev/null"];
    let run = overlock(directory.path(), &outputs);
    assert_eq!((run.status, run.err.as_str()), (1, "overlock: exit status 1: 1 error\n"));
    assert!(fs::symlink_metadata(path("link")).unwrap().is_file());
    assert!(fs::read_to_string(path("link")).unwrap().contains("sarif-schema"));
    assert!(fs::read_to_string(path("real/report")).unwrap().contains("schema_version"));
    assert_eq!(fs::metadata(path("real/report")).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(std::io::read_to_string(before).unwrap(), "before", "who reads the old file reads it whole");
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    assert_eq!(names(&path("real")), ["report"]);
}

#[test]
fn what_cannot_be_meant_is_wrong_usage() {
    let directory = broken();
    for (wrong, hint) in [
        (&["--output", "json", "--output", "sarif"][..], "only one --output can be printed"),
        (&["--output", "json=x", "--output", "sarif=./x"], "the same file"),
        (&["--output", "json=x", "--format", "json"], "cannot be used with"),
        (&["--output", "json="], "no file after"),
        (
            &["--output", "xml=x"],
            "the formats are text, concise, json, sarif, github, gitlab, junit, markdown, prometheus, html",
        ),
    ] {
        let run = overlock(directory.path(), &[&["check"], wrong].concat());
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{wrong:?}");
        assert!(run.err.contains(hint), "{wrong:?}: {}", run.err);
    }
    assert_eq!(names(directory.path()), ["compose.yaml"]);
}

#[test]
fn what_is_wrong_with_the_input_is_told_where_nothing_else_tells_it() {
    let directory = project(&[("compose.yaml", "services: {a: {image: x, volume: y}}")]);
    let err = |arguments: &[&str]| overlock(directory.path(), &[&["check"], arguments].concat()).err;
    for told in [&[][..], &["--output", "text"], &["--output", "json=x"], &["--output", "json", "--output", "text=y"]] {
        assert!(err(told).contains("`volume` is no key"), "{told:?}");
    }
    for silent in ["json", "sarif", "github", "gitlab", "junit", "markdown", "html"] {
        assert_eq!(err(&["--output", silent]), "", "{silent}");
    }
}

#[test]
fn what_is_in_the_baseline_is_unchanged_and_the_rest_is_new() {
    let directory = broken();
    let run = |arguments: &[&str]| overlock(directory.path(), &[&["check", "--output", "sarif"], arguments].concat());
    let states = |text: &str| -> Vec<String> {
        let log: serde_json::Value = serde_json::from_str(text).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let state = |one: &serde_json::Value| {
            let suppressed = one["suppressions"][0]["kind"] == "external";
            assert_eq!(suppressed, one["baselineState"] == "unchanged", "{one}");
            one["baselineState"].as_str().unwrap_or("").to_owned()
        };
        results.iter().map(state).collect()
    };
    assert!(states(&run(&[]).out).iter().all(String::is_empty));
    let wrote = run(&["--write-baseline=baseline.json"]);
    assert_eq!(wrote.status, 0, "{}", wrote.err);
    let more = format!("services:\n  a:\n{SERVICE}  b:\n{SERVICE}  c:\n{SERVICE}");
    fs::write(directory.path().join("compose.yaml"), more).unwrap();
    let after = run(&["--baseline", "baseline.json"]);
    let states = states(&after.out);
    assert_eq!(after.status, 1);
    for state in ["new", "unchanged"] {
        assert!(states.iter().any(|one| one == state), "{states:?}");
    }
    assert!(states.iter().all(|one| !one.is_empty()));
}
