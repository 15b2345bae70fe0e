//! What a first user meets: no run that fails without a word of why, one message for one mistake, and what does nothing is
//! said to do nothing.

use std::fs;
use std::path::Path;

use crate::accept::SHARED;
use crate::harness::{Run, commit, overlock, project, repository};

const FORMATS: [&str; 10] =
    ["text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown", "prometheus", "html"];

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
    - name: a
      image: claude
      command: [claude, -p, hi]
      volumeMounts: [{name: l, mountPath: /home/agent/.claude}]
  volumes: [{name: l, hostPath: {path: /srv/claude}}]
";

/// Every way to print a run of these arguments.
fn every_way(directory: &Path, arguments: &[&str]) -> Vec<(String, Run)> {
    let mut runs = Vec::new();
    for format in FORMATS {
        for quiet in [vec![], vec!["-q"]] {
            let all = [arguments, &["--format", format], quiet.as_slice()].concat();
            runs.push((format!("{all:?}"), overlock(directory, &all)));
        }
    }
    let to_file = [arguments, &["--output", "json=out.json"]].concat();
    runs.push((format!("{to_file:?}"), overlock(directory, &to_file)));
    runs
}

#[test]
fn unusable_configuration_is_told_in_each_format() {
    let directory = project(&[("compose.yaml", SHARED), ("overlock.yaml", "hosts: {}\n")]);
    for (way, run) in every_way(directory.path(), &["check"]) {
        assert_eq!(run.status, 2, "{way}");
        let is_told = |text: &str| text.contains("no key of the configuration");
        let is_in_file = || fs::read_to_string(directory.path().join("out.json")).is_ok_and(|text| is_told(&text));
        assert!(is_told(&run.out) || is_told(&run.err) || is_in_file(), "{way}: {}{}", run.out, run.err);
    }
}

#[test]
fn file_that_is_not_judged_is_told_in_each_format() {
    let directory = project(&[("pod.yaml", POD)]);
    for (way, run) in every_way(directory.path(), &["check"]) {
        assert_eq!(run.status, 3, "{way}");
        assert!(format!("{}{}", run.out, run.err).contains("pod.yaml"), "{way}: {}{}", run.out, run.err);
    }
    // What is printed in full says it once.
    assert_eq!(overlock(directory.path(), &["check"]).err, "");
}

#[test]
fn refusal_is_told_once_in_each_format_for_people() {
    let extending = SHARED.replace("  runner:\n", "  runner:\n    extends: {file: nowhere.yaml, service: x}\n");
    let cases = [
        ([("compose.yaml", SHARED), ("other/compose.yaml", "services: [\n")], "other/compose.yaml", "not valid YAML"),
        ([("compose.yaml", extending.as_str()), ("x", "")], "nowhere.yaml", "cannot read this file"),
    ];
    for (files, refused, reason) in cases {
        let directory = project(&files);
        for format in FORMATS.iter().filter(|format| !["json", "sarif"].contains(format)) {
            let run = overlock(directory.path(), &["check", ".", "--format", format]);
            assert_eq!(run.status, 2, "{format}");
            let all = format!("{}{}", run.out, run.err);
            // An error of JUnit has its message as an attribute and as its text.
            let times = if *format == "junit" { 2 } else { 1 };
            assert_eq!(all.matches(reason).count(), times, "{format}: {all}");
            assert!(all.contains(refused), "{format}: {all}");
        }
        let text = overlock(directory.path(), &["check", "."]).out;
        assert!(text.contains(&format!("\nnot judged: {refused} (see standard error)\n")), "{text}");
        let report = overlock(directory.path(), &["check", ".", "--format", "json"]).json();
        let unread = &report["not_judged"][0];
        assert!(unread["file"] == refused && unread["reason"].as_str().unwrap().contains(reason), "{report}");
    }
}

#[test]
fn what_a_change_accepts_for_itself_is_why_it_fails() {
    let directory = repository(&[("compose.yaml", SHARED)]);
    let ignored = SHARED.replace("  runner:", "  runner:  # overlock: ignore[unguarded-share] at night");
    let both = ignored.replace("  agents:", "  agents:  # overlock: ignore[unguarded-share] at night");
    fs::write(directory.path().join("compose.yaml"), both).unwrap();
    commit(directory.path());
    let arguments = ["check", "--since", "HEAD~1", "--fail-on-accept"];
    for (way, run) in every_way(directory.path(), &arguments) {
        assert_eq!(run.status, 1, "{way}: {}{}", run.out, run.err);
        assert!(run.err.contains("exit status 1: the change accepts 2 entries for itself"), "{way}: {}", run.err);
    }
    let text = overlock(directory.path(), &arguments);
    assert!(text.err.contains("compose.yaml:3:") && text.err.contains("compose.yaml:8:"), "{}", text.err);
    let passes = overlock(directory.path(), &["check", "--since", "HEAD~1"]);
    assert!(passes.status == 0 && !passes.err.contains("exit status"), "{}", passes.err);
}

#[test]
fn mistyped_path_is_one_mistake() {
    let directory = repository(&[("compose.yaml", SHARED), ("overlock.yaml", "fail_on: never\n")]);
    for arguments in [&["check", "nosuch.yaml"][..], &["check", "no/such/"], &["check", "-f", "nosuch.yaml"]] {
        let run = overlock(directory.path(), arguments);
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.err.contains("No such file") && run.err.lines().count() == 1, "{arguments:?}: {}", run.err);
    }
    let stdin = overlock(directory.path(), &["check", "-"]);
    assert!(stdin.status == 2 && stdin.err.contains("`-f -`") && stdin.err.lines().count() == 1, "{}", stdin.err);
    assert_eq!(overlock(directory.path(), &["check", "compose.yaml"]).status, 0);
}

#[test]
fn file_that_is_no_input_is_not_called_judged() {
    let files = [
        ("compose.yaml", SHARED),
        ("docker/Dockerfile", "FROM node:20\n"),
        ("agents.Dockerfile", "FROM node:20\n"),
        ("shadow", "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n"),
        ("half.yaml", "volumes:\n  claude:\n"),
    ];
    let directory = project(&files);
    for name in ["docker/Dockerfile", "agents.Dockerfile", "shadow"] {
        let run = overlock(directory.path(), &["check", name]);
        assert_eq!(run.status, 2, "{name}: {}", run.err);
        assert!(!run.out.contains("\njudged:") && run.err.lines().count() == 1, "{name}: {}{}", run.out, run.err);
    }
    assert!(overlock(directory.path(), &["check", "docker/Dockerfile"]).err.contains("give its directory"));
    assert!(overlock(directory.path(), &["check", "half.yaml"]).out.contains("judged: half.yaml"));
    assert_eq!(overlock(directory.path(), &["check", "compose.yaml"]).status, 1);
}

#[test]
fn what_declares_nothing_is_told_without_verbose() {
    let labelled = SHARED.replace("  runner:\n", "  runner:\n    labels: {overlock.rol: batch}\n    build: dockr\n");
    let configuration = "roles: {workr: batch}\nexclude: [{file: nothing/**, reason: x}]\n";
    let directory = project(&[("compose.yaml", labelled.as_str()), ("overlock.yaml", configuration)]);
    let told = [
        "did you mean `overlock.role`?",
        "no container here is called `workr`",
        "this excludes nothing",
        "the Dockerfile `dockr/Dockerfile` cannot be read",
    ];
    let run = overlock(directory.path(), &["check"]);
    for one in told {
        assert!(run.err.contains(one), "{one}: {}", run.err);
    }
    assert!(!run.out.contains("about the input (-v)"), "{}", run.out);
    assert!(overlock(directory.path(), &["check", "-q"]).err.is_empty());
    // What nobody who takes part is built of is counted alone, and a label that is known is none.
    let other = "services:\n  web:\n    build: webb\n    labels: {overlock.role: none}\n";
    let directory = project(&[("compose.yaml", other), ("overlock.yml", "fail_on: never\n")]);
    let run = overlock(directory.path(), &["check"]);
    assert!(run.err.contains("rename it to overlock.yaml") && run.err.lines().count() == 1, "{}", run.err);
}
