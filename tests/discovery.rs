//! Which files a check looks at, what it says of the others, and what a configuration may leave out.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{overlock, project, repository, root};

/// A project with one service on a login, which is sound alone.
const LONE: &str = "services:\n  lone:\n    image: agents:1\n    environment: {HOME: /root}\n    entrypoint: [claude, -p, go]\n    volumes: [\"/srv/l:/root/.claude\"]\n";
/// A quadlet of a container on a login.
const UNIT: &str = "[Container]\nImage=agents:1\nVolume=/srv/l:/root/.claude\n";

fn array(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

#[test]
fn own_repository_is_clean_and_says_what_it_leaves_out() {
    let run = overlock(&root(), &["check", "."]);
    assert_eq!(run.status, 0, "{} {}", run.out, run.err);
    assert!(run.out.contains("accepted: fixtures/**: ") && run.out.contains("unsound on purpose"), "{}", run.out);
    let report = overlock(&root(), &["check", ".", "--format", "json"]).json();
    assert_eq!(report["summary"]["errors"], 0, "{}", report["logins"]);
    let accepted = array(&report["accepted"]);
    assert!(!accepted.is_empty() && accepted.iter().all(|one| one["count"].as_u64() > Some(0)), "{accepted:?}");
    // What a person asks for is judged.
    let fixtures = overlock(&root(), &["check", "fixtures/home-mounted", "--format", "json"]).json();
    assert!(fixtures["summary"]["errors"].as_u64() > Some(0), "{}", fixtures["summary"]);
}

#[test]
fn check_without_a_path_is_a_check_of_this_directory_and_below() {
    let directory = project(&[("compose.yaml", LONE), ("more/stack.yml", LONE), ("tools/run.sh", "docker ps\n")]);
    let files = |arguments: &[&str]| -> Vec<Value> {
        let report = overlock(directory.path(), &[arguments, &["--format", "json"]].concat()).json();
        array(&report["judged"]).into_iter().map(|one| one["file"].clone()).collect()
    };
    assert_eq!(files(&["check"]), ["compose.yaml", "more/stack.yml"]);
    assert_eq!(files(&["check"]), files(&["check", "."]));
    // Compose's own options are about one project.
    assert_eq!(files(&["check", "-f", "more/stack.yml"]), ["more/stack.yml"]);
    assert_eq!(files(&["check", "-p", "mine"]), ["compose.yaml"]);
    let empty = project(&[("notes.txt", "")]);
    let run = overlock(empty.path(), &["check"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert!(run.out.starts_with("Nothing here describes, starts or runs a container.\n"), "{}", run.out);
}

#[test]
fn ten_files_that_were_not_judged_are_named_and_the_rest_is_counted() {
    let units: Vec<String> = (10..30).map(|number| format!("units/{number}.container")).collect();
    let mut files: Vec<(&str, &str)> = units.iter().map(|name| (name.as_str(), UNIT)).collect();
    files.push(("compose.yaml", LONE));
    let run = overlock(project(&files).path(), &["check", "."]);
    assert_eq!(run.status, 3);
    assert_eq!(run.out.lines().filter(|line| line.starts_with("not judged: units/")).count(), 10, "{}", run.out);
    assert!(run.out.contains("not judged: 10 more files (-v lists them)\n"), "{}", run.out);
}

#[test]
fn variants_of_a_service_are_one_container_and_services_of_two_folders_two() {
    let own = "services:\n  own:\n    image: agents:1\n    entrypoint: [claude, -p, go]\n";
    let shared = "    image: agents:1\n    entrypoint: [claude, -p, go]\n    volumes: [\"/srv/l:/root/.claude\"]\n";
    let first = format!("{own}  a:\n{shared}  b:\n{shared}");
    let variants = project(&[("x/compose.yaml", &first), ("x/compose.prod.yaml", own)]);
    let run = overlock(variants.path(), &["check", "."]);
    assert!(run.out.contains("\nok: 1 more login, 1 container\n"), "{}", run.out);
    let folders = project(&[("x/compose.yaml", &first), ("y/compose.yaml", own)]);
    let run = overlock(folders.path(), &["check", "."]);
    assert!(run.out.contains("\nok: 2 more logins, 2 containers\n"), "{}", run.out);
}

/// Every name of a file in a report.
fn file_names(report: &Value, names: &mut BTreeSet<String>) {
    match report {
        Value::Array(all) => all.iter().for_each(|one| file_names(one, names)),
        Value::Object(all) => {
            names.extend(all.get("file").and_then(Value::as_str).map(str::to_owned));
            all.values().for_each(|one| file_names(one, names));
        }
        _ => {}
    }
}

#[test]
fn file_outside_the_working_directory_has_one_name() {
    let start =
        "docker run -v /srv/l:/root/.claude -e HOME=/root agents:1 claude -p\n. \"$(dirname \"$0\")/more.sh\"\n";
    let folder = project(&[
        ("a/compose.yaml", &LONE.replace("image: agents:1", "build: .")),
        ("a/Dockerfile", "FROM debian\nRUN npm install -g @anthropic-ai/claude-code@2.1.98\n"),
        ("a/run.sh", start),
        ("a/more.sh", start.lines().next().unwrap()),
        ("here/x", ""),
    ]);
    let (here, whole) = (folder.path().join("here"), folder.path().canonicalize().unwrap().join("a"));
    let whole = |name: &str| whole.join(name).display().to_string();
    let told = |paths: &[&str]| {
        let report = overlock(&here, &[&["check", "--format", "json"], paths].concat()).json();
        let mut names = BTreeSet::new();
        file_names(&report, &mut names);
        names
    };
    let below = |start: &str| {
        ["Dockerfile", "compose.yaml", "more.sh", "run.sh"].map(|name| format!("{start}/{name}")).into_iter().collect()
    };
    assert_eq!(told(&["../a"]), below("../a"));
    assert_eq!(told(&["../a/run.sh", "../a/compose.yaml"]), below("../a"));
    assert_eq!(told(&["../a", &whole("run.sh"), &whole("")]), below("../a"));
    assert_eq!(told(&[whole("").trim_end_matches('/'), "../a/run.sh"]), below(whole("").trim_end_matches('/')));
}

/// A repository with two unsound projects and a unit, and a configuration.
fn configured(configuration: &str) -> tempfile::TempDir {
    let unsound = format!("{LONE}  other:\n    extends: {{service: lone}}\n");
    repository(&[
        ("compose.yaml", LONE),
        ("tests/a/compose.yaml", &unsound),
        ("tests/b/stack.yml", &unsound),
        ("units/a.container", UNIT),
        ("overlock.yaml", configuration),
    ])
}

const CONFIGURATION: &str = "exclude:\n  - file: tests/**\n    reason: broken on purpose\nnot_judged:\n  - file: 'units/*.container'\n    reason: another cluster\n";

#[test]
fn configuration_excludes_files_and_accepts_those_that_are_not_judged() {
    let directory = configured(CONFIGURATION);
    let run = overlock(directory.path(), &["check", ".", "--format", "json"]);
    let report = run.json();
    assert_eq!(run.status, 0, "{report}");
    assert_eq!(array(&report["judged"]).len(), 1, "{report}");
    assert_eq!(report["not_judged"], Value::Array(Vec::new()));
    let accepted = array(&report["accepted"]);
    let told: Vec<(&str, u64, u64)> = accepted
        .iter()
        .map(|one| (one["by"].as_str().unwrap(), one["count"].as_u64().unwrap(), one["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("exclude", 2, 2), ("not_judged", 1, 5)]);
    assert_eq!(accepted[1]["files"][0]["file"], "units/a.container");
    for (format, words) in [
        ("text", "accepted: tests/**: 2 files excluded: broken on purpose (overlock.yaml:2)\n"),
        (
            "text",
            "accepted: units/*.container: 1 file not judged (units/a.container): another cluster (overlock.yaml:5)\n",
        ),
        ("github", "broken on purpose"),
        ("gitlab", "accepted tests/**: 2 files excluded: broken on purpose"),
        ("sarif", "\"acceptedFiles\": ["),
        ("sarif", "\"tests/**: 2 files excluded: broken on purpose"),
        ("junit", "units/*.container: 1 file not judged (units/a.container): another cluster"),
        ("markdown", "### Accepted files"),
        ("html", "Accepted files"),
        ("prometheus", "overlock_accepted_files{by=\"exclude\"} 2"),
        ("prometheus", "overlock_configuration{kind=\"excludes\"} 1"),
    ] {
        let run = overlock(directory.path(), &["check", ".", "--format", format]);
        assert!(run.status == 0 && run.out.contains(words), "{format}: {}", run.out);
    }
    // Without it there are errors, and the job counts.
    let whole = overlock(directory.path(), &["check", ".", "--no-config", "--format", "json"]);
    assert_eq!((whole.status, array(&whole.json()["judged"]).len()), (1, 3));
}

#[test]
fn what_a_person_names_is_looked_at_though_it_is_excluded() {
    let directory = configured(CONFIGURATION);
    for path in ["tests/a", "tests", "tests/b/stack.yml"] {
        let run = overlock(directory.path(), &["check", path]);
        assert_eq!(run.status, 1, "{path}: {} {}", run.out, run.err);
    }
}

#[test]
fn entry_about_no_file_is_told_where_all_was_searched() {
    let directory = configured(&CONFIGURATION.replace("tests/**", "gone/**").replace("*.container", "*.kube"));
    let run = overlock(directory.path(), &["check", ".", "-v"]);
    assert!(run.err.contains("overlock.yaml:2:5: warning: this excludes nothing"), "{}", run.err);
    assert!(run.err.contains("overlock.yaml:5:5: warning: this accepts nothing"), "{}", run.err);
    let run = overlock(directory.path(), &["check", "units", "-v"]);
    assert!(!run.err.contains("this excludes nothing"), "the rest was not searched: {}", run.err);
}

#[test]
fn entry_without_a_reason_is_refused() {
    let directory = configured("exclude: [{file: tests/**}]\n");
    let run = overlock(directory.path(), &["check", "."]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("an entry of `exclude` needs a `reason`"), "{}", run.err);
}

#[test]
fn script_tells_every_reason_why_it_was_not_read_whole() {
    let bad = "if ((( then ))) fi done\n";
    let script = "#!/bin/sh\n. ./one.sh\n. ./two.sh\ndocker run -v /srv/l:/root/.claude i claude -p x\n";
    let directory = project(&[("run.sh", script), ("one.sh", bad), ("two.sh", bad)]);
    let report = overlock(directory.path(), &["check", "run.sh", "--format", "json"]).json();
    let reason = report["not_judged"][0]["reason"].as_str().unwrap_or_default().to_owned();
    assert!(reason.contains("one.sh") && reason.contains("two.sh"), "{reason}");
}
