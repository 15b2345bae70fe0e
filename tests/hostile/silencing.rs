//! A change, or a file of somebody else, that would silence what is found: it is refused or named. Each attack has a
//! twin: the neighbour that may.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use overlock::cli::Cli;
use overlock::command::{self, World};
use serde_json::{Value, json};

use crate::accept::SHARED;
use crate::engine::skip;
use crate::harness::{Run, commit, folders, git, overlock, project, repository, root};

/// A profile of a program that nobody runs.
const OTHER: &str = "\
id: other
name: Other
commands: [other, wrap, run.py]
state_directory: {variable: OTHER_DIR, default: .other}
credentials: login.json
locks: [{id: inside, kind: mkdir, path: '{state_dir}/x', versions: [{until: 1.0.0}], stale_seconds: 1}]
settled_since: 1.0.0
read_only_safe_since: 1.0.0
guard: {file: other.lock, longest_call_seconds: 1}
";

fn check(directory: &Path, path: &str, more: &[&str]) -> Run {
    overlock(directory, &[&["check", path, "--format", "json"], more].concat())
}

/// What was told of the input: `severity file message`.
fn told(run: &Run) -> Vec<String> {
    let report = run.json();
    let all = report["diagnostics"].as_array().unwrap().iter();
    all.map(|one| {
        format!("{} {} {}", one["severity"].as_str().unwrap(), one["file"].as_str().unwrap_or(""), one["message"])
    })
    .collect()
}

fn tells(run: &Run, severity: &str, file: &str, words: &str) -> bool {
    told(run).iter().any(|one| one.starts_with(&format!("{severity} {file} ")) && one.contains(words))
}

/// The verdict and basis of each participant.
fn verdicts(run: &Run) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let report = run.json();
    report["participants"].as_array().unwrap().iter().map(|one| (text(&one["verdict"]), text(&one["basis"]))).collect()
}

fn both(verdict: &str, basis: &str) -> Vec<(String, String)> {
    vec![(verdict.to_owned(), basis.to_owned()); 2]
}

/// What the run went by: file and kind, with the number of entries.
fn used(run: &Run) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let report = run.json();
    let all = report["configuration"].as_array().unwrap().iter();
    all.map(|one| (text(&one["file"]), text(&one["kind"]), one["entries"].as_u64().unwrap())).collect()
}

fn entry(file: &str, kind: &str, entries: u64) -> (String, String, u64) {
    (file.to_owned(), kind.to_owned(), entries)
}

/// The rules as they come with the program, with no error in them.
fn softened() -> String {
    let text = fs::read_to_string(root().join("rules/matrix.yaml")).unwrap();
    text.replace("severity: error", "severity: note").replace("severity: warning", "severity: note")
}

#[test]
fn rules_that_the_repository_names_replace_nothing() {
    let matrix = softened();
    let filesystems = fs::read_to_string(root().join("rules/filesystems.yaml")).unwrap();
    let own = fs::read_to_string(root().join("rules/profiles/claude-code.yaml")).unwrap();
    let nothing = own.replace("default: .claude", "default: .nothing").replace("CLAUDE_CONFIG_DIR", "NOTHING");
    let attacks = [
        ("matrix.yaml", matrix.as_str()),
        ("filesystems.yaml", filesystems.as_str()),
        ("explain/unguarded-share.md", "# fine\n"),
        ("notes.md", "x"),
        ("profiles/claude-code.yaml", nothing.as_str()),
        ("profiles/aaa.yaml", nothing.as_str()),
    ];
    for (name, text) in attacks {
        let path = format!("r/{name}");
        let files = project(&[("compose.yaml", SHARED), ("overlock.yaml", "rules: r"), (&path, text)]);
        let run = check(files.path(), ".", &[]);
        assert_eq!((run.status, verdicts(&run)), (1, both("error", "seen")), "{name}");
        assert!(tells(&run, "gap", &path, "--rules"), "{name}: {:?}", told(&run));
        // It is no clean answer either.
        let sound = SHARED.replace("image: x", "image: claude-code:2.1.330");
        fs::write(files.path().join("compose.yaml"), sound).unwrap();
        assert_eq!(check(files.path(), ".", &[]).status, 3, "{name}");
        assert_eq!(check(files.path(), ".", &["--no-config"]).status, 0, "{name}");
    }
    // A file that is not used is not read as rules: what is in it is not told.
    let files = project(&[("compose.yaml", SHARED), ("overlock.yaml", "rules: r"), ("r/matrix.yaml", "SECRET: [")]);
    let run = check(files.path(), ".", &[]);
    assert!(run.status == 1 && !run.out.contains("SECRET") && !run.err.contains("SECRET"), "{}", run.out);
}

#[test]
fn rules_that_a_person_names_may_replace_all() {
    let files = project(&[("compose.yaml", SHARED), ("r/matrix.yaml", &softened())]);
    let run = check(files.path(), ".", &["--rules", "r"]);
    assert_eq!((run.status, told(&run)), (0, vec![]));
    assert_eq!(used(&run), [entry("r", "rules", 1)]);
    assert_eq!(check(files.path(), ".", &[]).status, 1);
    // What the configuration names may add a program.
    let other = SHARED.replace(".claude", ".other").replace("[claude, -p]", "[other]");
    let files = project(&[("compose.yaml", &other), ("overlock.yaml", "rules: r"), ("r/profiles/other.yaml", OTHER)]);
    let run = check(files.path(), ".", &[]);
    assert_eq!((verdicts(&run), told(&run)), (both("ok", "seen"), vec![]));
    assert_eq!(run.json()["participants"][0]["program"], "other");
    assert_eq!(used(&run), [entry("overlock.yaml", "configuration", 1), entry("r", "rules", 1)]);
}

#[test]
fn added_program_hides_no_call_of_another() {
    let script = "#!/usr/bin/env python3\nimport os\nos.system('claude -p x')\n";
    let dockerfile = "FROM debian\nCOPY run.py /usr/bin/run.py\n";
    for call in ["[wrap, claude, -p]", "[run.py]", "[flock, /home/agent/.claude/session.lock, run.py]"] {
        let text = SHARED.replace("image: x", "build: .").replace("[claude, -p]", call);
        let files = project(&[
            ("compose.yaml", &text),
            ("Dockerfile", dockerfile),
            ("run.py", script),
            ("overlock.yaml", "rules: r"),
            ("r/profiles/aaa.yaml", OTHER),
        ]);
        let (with, without) = (check(files.path(), ".", &[]), check(files.path(), ".", &["--no-config"]));
        let of_claude = |run: &Run| -> Vec<Value> {
            let all = run.json()["participants"].as_array().unwrap().clone();
            all.into_iter().filter(|one| one["program"] == "claude-code").collect()
        };
        assert_eq!(of_claude(&with), of_claude(&without), "{call}");
        assert_eq!(with.json()["breaches"], without.json()["breaches"], "{call}");
        assert_eq!((of_claude(&with).len(), with.status), (2, without.status), "{call}");
    }
}

#[test]
fn configuration_is_looked_for_no_further_than_the_repository() {
    let files = project(&[
        ("overlock.yaml", "fail_on: never"),
        ("repository/app/compose.yaml", SHARED),
        ("repository/.git/HEAD", "ref: refs/heads/main\n"),
    ]);
    let run = check(files.path(), "repository/app", &[]);
    assert_eq!((run.status, used(&run)), (1, vec![]));
    assert!(
        tells(&run, "warning", "overlock.yaml", "it is above repository; name it with --config"),
        "{:?}",
        told(&run)
    );
    let named = check(files.path(), "repository/app", &["--config", "overlock.yaml"]);
    assert_eq!((named.status, told(&named)), (0, vec![]));
    // At the repository's top it is used, and named.
    fs::rename(files.path().join("overlock.yaml"), files.path().join("repository/overlock.yaml")).unwrap();
    let run = check(files.path(), "repository/app", &[]);
    assert_eq!((run.status, told(&run)), (0, vec![]));
    let file = "repository/overlock.yaml";
    assert_eq!(used(&run), [entry(file, "configuration", 1), entry(file, "fail-on", 1)]);
    // Without a repository, only beside the files.
    fs::remove_dir_all(files.path().join("repository/.git")).unwrap();
    let run = check(files.path(), "repository/app", &[]);
    assert_eq!((run.status, used(&run)), (1, vec![]));
    assert!(tells(&run, "warning", file, "it is above repository/app"), "{:?}", told(&run));
    let beside = files.path().join("repository/app/overlock.yaml");
    fs::rename(files.path().join(file), beside).unwrap();
    assert_eq!(check(files.path(), "repository/app", &[]).status, 0);
    assert_eq!(check(files.path(), "repository/app/compose.yaml", &[]).status, 0);
}

#[test]
fn misnamed_configuration_is_told() {
    for name in ["overlock.yml", ".overlock.yaml", ".overlock.yml"] {
        let files = project(&[("app/compose.yaml", SHARED), (name, "fail_on: never"), (".git/HEAD", "")]);
        let run = check(files.path(), "app", &[]);
        assert_eq!((run.status, used(&run)), (1, vec![]), "{name}");
        assert!(tells(&run, "warning", name, "rename it to overlock.yaml"), "{name}: {:?}", told(&run));
        assert_eq!(told(&check(files.path(), "app", &["--no-config"])), [] as [&str; 0]);
    }
}

#[test]
fn two_configurations_in_one_directory_are_an_error_that_names_both() {
    for name in ["overlock.yml", ".overlock.yaml", ".overlock.yml"] {
        let files = project(&[("compose.yaml", SHARED), ("overlock.yaml", "fail_on: never"), (name, "host: {}")]);
        let run = check(files.path(), ".", &[]);
        assert_eq!(run.status, 2, "{name}");
        let wanted = format!("there are two configurations, overlock.yaml and {name}: ");
        assert!(tells(&run, "error", name, &wanted), "{name}: {:?}", told(&run));
        // In another directory it is one that is not read.
        let files = project(&[
            ("app/compose.yaml", SHARED),
            ("app/overlock.yaml", "fail_on: never"),
            (name, "host: {}"),
            (".git/HEAD", ""),
        ]);
        let run = check(files.path(), "app", &[]);
        assert_eq!(run.status, 0, "{name}");
        assert!(tells(&run, "warning", name, "rename it"), "{name}: {:?}", told(&run));
    }
}

#[test]
fn configuration_that_is_no_file_is_told_and_waits_for_nobody() {
    let files = project(&[("compose.yaml", SHARED)]);
    let fifo = files.path().join("overlock.yaml");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let run = check(files.path(), ".", &[]);
    assert_eq!(run.status, 2);
    assert!(tells(&run, "error", "overlock.yaml", "cannot read the configuration"), "{:?}", told(&run));
}

#[test]
fn configuration_of_a_third_person_is_ignored() {
    let files =
        project(&[("compose.yaml", SHARED), ("overlock.yaml", "fail_on: never"), ("own.yaml", "fail_on: never")]);
    let path = files.path().join("overlock.yaml");
    if chown(&path, Some(12_345), None).is_err() {
        skip::<()>("configuration_of_a_third_person_is_ignored", "giving a file to somebody else takes root");
        return;
    }
    let ignored = || {
        let run = check(files.path(), ".", &[]);
        assert_eq!((run.status, used(&run)), (1, vec![]));
        assert!(tells(&run, "warning", "overlock.yaml", "it belongs neither to you"), "{:?}", told(&run));
    };
    ignored();
    // A link of theirs to a file of ours is theirs.
    fs::remove_file(&path).unwrap();
    symlink("own.yaml", &path).unwrap();
    lchown(&path, Some(12_345), None).unwrap();
    ignored();
    // Who owns the tree decides in it.
    chown(files.path(), Some(12_345), None).unwrap();
    assert_eq!(check(files.path(), ".", &[]).status, 0);
}

/// A capture with something to find.
fn capture() -> String {
    let of_rule = folders(&root().join("fixtures/unguarded-call"));
    let bad = of_rule.into_iter().find(|folder| folder.ends_with("bad-one-without")).unwrap();
    fs::read_to_string(bad.join("capture.json")).unwrap()
}

#[test]
fn working_directory_says_nothing_of_what_runs() {
    let files = project(&[("host.json", &capture()), ("overlock.yaml", "fail_on: never"), (".overlock.yml", "")]);
    let commands = [
        &["audit", "--from", "host.json", "--format", "json"][..],
        &["report", "--from", "host.json", "--format", "json", "--state", "state"],
    ];
    for command in commands {
        let run = overlock(files.path(), command);
        assert_eq!((run.status, told(&run), used(&run).len()), (1, vec![], 0), "{command:?}");
        let run = overlock(files.path(), &[command, &["--config", "overlock.yaml"]].concat());
        assert_eq!(run.status, 0, "{command:?}");
        assert_eq!(used(&run)[0], entry("overlock.yaml", "configuration", 1), "{command:?}");
    }
    fs::write(files.path().join("overlock.yaml"), "no_such_key: 1").unwrap();
    for command in [&["graph", "--from", "host.json"][..], &["where", "--from", "host.json", "agents", "/"]] {
        let run = overlock(files.path(), command);
        assert!(!run.err.contains("no_such_key"), "{command:?}: {}", run.err);
    }
}

#[test]
fn configuration_of_the_host_is_used_where_nobody_else_can_write_it() {
    let files = project(&[("host.json", &capture()), ("etc/overlock.yaml", "fail_on: never")]);
    let etc = files.path().join("etc");
    let audit = |host_configuration: PathBuf| {
        let arguments = ["overlock", "audit", "--from", "host.json", "--format", "json"];
        let cli = <Cli as clap::Parser>::try_parse_from(arguments).unwrap();
        let directory = files.path().to_owned();
        let world = World { directory, host_configuration, ..World::of_process(None, false) };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = command::run(&cli, &world, &mut out, &mut err).unwrap().code().into();
        Run { out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap(), status }
    };
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let file = etc.join("overlock.yaml");
    set(&file, 0o644);
    set(&etc, 0o755);
    let run = audit(file.clone());
    assert_eq!((run.status, &used(&run)[0]), (0, &entry("etc/overlock.yaml", "configuration", 1)));
    for (file_mode, etc_mode) in [(0o666, 0o755), (0o664, 0o755), (0o644, 0o777)] {
        set(&file, file_mode);
        set(&etc, etc_mode);
        let run = audit(file.clone());
        assert_eq!((run.status, used(&run)), (1, vec![]), "{file_mode:o} {etc_mode:o}");
        assert!(tells(&run, "warning", "etc/overlock.yaml", "others can write"), "{:?}", told(&run));
    }
    let run = audit(files.path().join("nowhere/overlock.yaml"));
    assert_eq!((run.status, told(&run)), (1, vec![]));
}

/// Both services with a line more.
fn with_line(line: &str) -> String {
    SHARED.replace("    image: x\n", &format!("    image: x\n    {line}\n"))
}

#[test]
fn declared_ok_is_no_plain_ok() {
    let sound = [
        (with_line("labels: {overlock.version: 2.1.330}"), ""),
        (SHARED.to_owned(), "versions: {agents: 2.1.330, runner: 2.1.330}"),
        (with_line("labels: [overlock.guard=yes]").replace("[claude, -p]", "[work]"), ""),
        (SHARED.to_owned(), "severity: {unguarded-share: note, lock-on-private-layer: note}"),
    ];
    for (text, config) in &sound {
        let files = project(&[("compose.yaml", text), ("overlock.yaml", config)]);
        let run = check(files.path(), ".", &[]);
        assert_eq!((run.status, verdicts(&run)), (0, both("ok", "declared")), "{config} {text}");
        let text = overlock(files.path(), &["check", "."]);
        assert!(text.out.starts_with("ok (declared): /srv/claude: agents, runner"), "{}", text.out);
    }
    // Of two that share, one declares: the other is as safe as that is true.
    let pinned = SHARED.replacen("image: x", "image: claude-code:2.1.330", 1);
    let one = pinned.replace("image: x\n", "image: x\n    labels: {overlock.version: 2.1.330}\n");
    let run = check(project(&[("compose.yaml", &one)]).path(), ".", &[]);
    assert_eq!((run.status, verdicts(&run)), (0, both("ok", "declared")));
    // What is seen needs no declaration, and one beside it changes nothing.
    let seen = with_line("labels: {overlock.version: 2.1.330}").replace("image: x", "image: claude-code:2.1.330");
    let run = check(project(&[("compose.yaml", &seen)]).path(), ".", &[]);
    assert_eq!((run.status, verdicts(&run)), (0, both("ok", "seen")));
    assert_eq!(used(&run), [entry("compose.yaml", "declarations", 2)]);
    // Who is declared not to take part is so by declaration, and so is the other's peace.
    let unseen = SHARED.replace("[claude, -p]", "[work]");
    let none = unseen.replacen("image: x\n", "image: x\n    labels: {overlock.role: none}\n", 1);
    let run = check(project(&[("compose.yaml", &none)]).path(), ".", &[]);
    let declared = |verdict: &str| (verdict.to_owned(), "declared".to_owned());
    assert_eq!(verdicts(&run), [declared("not-a-participant"), declared("ok")]);
    // What is wrong all the same is seen to be wrong.
    let wrong = with_line("labels: {overlock.role: batch}");
    assert_eq!(verdicts(&check(project(&[("compose.yaml", &wrong)]).path(), ".", &[])), both("error", "seen"));
}

#[test]
fn every_format_names_what_silences_and_what_is_only_declared() {
    let text = with_line("labels: {overlock.version: 2.1.330}");
    let files = project(&[
        ("compose.yaml", &text),
        ("overlock.yaml", "ignore: [{rule: file-mount, reason: x}]\nseverity: {host-shares: off}"),
        ("known.json", r#"{"schema_version": 2, "tool": {"name": "overlock", "version": "0.1.0"}, "hits": []}"#),
    ]);
    let of = |format: &str| overlock(files.path(), &["check", ".", "--format", format, "--baseline", "known.json"]).out;
    let line = "overlock.yaml (1 ignore, 1 severity), compose.yaml (2 declarations), known.json (baseline of 0 hits)";
    assert!(of("text").contains(&format!("\nusing: {line}\n")), "{}", of("text"));
    for format in ["github", "gitlab", "junit"] {
        let out = of(format).replace("%2C", ",");
        assert!(out.contains(&format!("using {line}")), "{format}: {out}");
    }
    assert!(of("html").contains(&format!("Configuration used</h2><p>{line}</p>")), "{}", of("html"));
    assert!(of("markdown").contains("Using: overlock.yaml"), "{}", of("markdown"));
    let sarif: Value = serde_json::from_str(&of("sarif")).unwrap();
    let properties = &sarif["runs"][0]["properties"];
    assert_eq!(properties["declared"], json!(["p/agents: ok (declared)", "p/runner: ok (declared)"]));
    assert_eq!(properties["configuration"].as_array().unwrap().len(), 5, "{properties}");
    let metrics = of("prometheus");
    assert!(metrics.contains("overlock_participants{basis=\"declared\",verdict=\"ok\"} 2\n"), "{metrics}");
    assert!(metrics.contains("overlock_participants{basis=\"seen\",verdict=\"ok\"} 0\n"), "{metrics}");
    assert!(metrics.contains("overlock_configuration{kind=\"declarations\"} 2\n"), "{metrics}");
    for format in ["junit", "markdown", "html"] {
        assert!(of(format).contains("ok (declared)"), "{format}: {}", of(format));
    }
    for format in ["svg", "mermaid", "dot"] {
        let Run { out, err, .. } = overlock(files.path(), &["graph", ".", "--format", format]);
        assert!(err.contains("using: overlock.yaml (1 ignore, 1 severity)"), "{format}: {err}");
        assert!(out.contains("(declared)") || out.contains("#40;declared"), "{format}: {out}");
    }
    // Where nobody wrote anything, nothing is named.
    let plain = overlock(project(&[("compose.yaml", SHARED)]).path(), &["check", "."]);
    assert!(!plain.out.contains("using:") && !plain.out.contains("declared)"), "{}", plain.out);
}

/// What a change adds, by what is told of it, and whether `--fail-on-accept` fails the run for it.
fn added(directory: &Path, more: &[&str]) -> (Vec<String>, bool) {
    let since = [&["--since", "main"], more].concat();
    let run = check(directory, ".", &since);
    let mark = "added by the change itself: ";
    let told = told(&run).into_iter().filter_map(|one| {
        let (before, what) = one.split_once(mark)?;
        assert!(before.starts_with("warning "), "{one}");
        Some(format!("{} {}", before.split(' ').nth(1).unwrap(), what.trim_end_matches('"')))
    });
    let told: Vec<String> = told.collect();
    let strict = check(directory, ".", &[&since[..], &["--fail-on-accept"]].concat());
    let wanted = if told.is_empty() { run.status } else { 1 };
    assert_eq!(strict.status, wanted, "{told:?} {}", strict.err);
    (told, strict.status == 1)
}

const IGNORE: &str = "# overlock: ignore[unguarded-share, lock-on-private-layer] a test";

#[test]
fn change_that_accepts_for_itself_is_told_and_can_fail() {
    let none: Vec<String> = Vec::new();
    let ignored = SHARED.replace("  agents:", &format!("  agents: {IGNORE}"));
    let labelled = with_line("labels: {overlock.version: 2.1.330}");
    let config = "ignore: [{rule: file-mount, reason: x}]\nversions: {agents: 2.1.330}\n";
    let cases: [(&str, &str, &[&str]); 7] = [
        (
            "compose.yaml",
            &ignored,
            &["compose.yaml an ignore of `unguarded-share`", "compose.yaml an ignore of `lock-on-private-layer`"],
        ),
        ("compose.yaml", &labelled, &["compose.yaml `overlock.version` of a container"; 2]),
        ("overlock.yaml", config, &["overlock.yaml an ignore of `file-mount`", "overlock.yaml an entry of `versions`"]),
        ("overlock.yaml", "severity: {unguarded-share: note}", &["overlock.yaml a severity of `unguarded-share`"]),
        ("overlock.yaml", "fail_on: never", &["overlock.yaml `fail_on`"]),
        ("overlock.yaml", "host: {participates: no}", &["overlock.yaml `participates`"]),
        ("overlock.yaml", "rules: r", &["overlock.yaml `rules`"]),
    ];
    for (name, text, wanted) in cases {
        let files = repository(&[("compose.yaml", SHARED), ("r/profiles/other.yaml", OTHER)]);
        let path = files.path();
        assert_eq!(added(path, &[]), (none.clone(), false));
        fs::write(path.join(name), text).unwrap();
        let (mut told, fails) = added(path, &[]);
        let mut wanted = wanted.to_vec();
        told.sort();
        wanted.sort_unstable();
        assert_eq!((told, fails), (wanted.iter().map(ToString::to_string).collect(), true), "{text}");
        // What was there before is not of the change, wherever it stands now.
        commit(path);
        fs::write(path.join(name), format!("# a word\n\n{text}")).unwrap();
        assert_eq!(added(path, &[]), (none.clone(), false), "{text}");
        // In a file of another name it is.
        if name == "compose.yaml" {
            git(path, &["mv", name, "docker-compose.yaml"]);
            assert_eq!(added(path, &[]).0.len(), wanted.len(), "{text}");
        }
    }
}

#[test]
fn ignore_or_label_that_covers_another_service_is_added() {
    let ignored = SHARED.replace("  agents:", &format!("  agents: {IGNORE}"));
    let moved = SHARED.replace("  runner:", &format!("  runner: {IGNORE}"));
    let files = repository(&[("compose.yaml", &ignored)]);
    fs::write(files.path().join("compose.yaml"), moved).unwrap();
    assert_eq!(added(files.path(), &[]).0.len(), 2);
    // A label that an anchor brings to one more.
    let anchored =
        SHARED.replacen("    image: x\n", "    image: x\n    labels: &known\n      overlock.version: 2.1.330\n", 1);
    let files = repository(&[("compose.yaml", &anchored)]);
    let path = files.path().join("compose.yaml");
    let (agents, runner) = anchored.split_once("  runner:\n").unwrap();
    fs::write(&path, format!("{agents}  runner:\n    labels: *known\n{runner}")).unwrap();
    assert_eq!(added(files.path(), &[]).0, ["compose.yaml `overlock.version` of a container"]);
    commit(files.path());
    fs::write(&path, format!("{agents}  runner:\n    labels: *known\n    init: true\n{runner}")).unwrap();
    assert_eq!(added(files.path(), &[]).0, [] as [&str; 0], "another key brings nothing");
    // A variable that has another value now.
    let variable = with_line("labels: {overlock.version: \"${V}\"}");
    let files = repository(&[("compose.yaml", &variable), (".env", "V=2.1.98\n")]);
    assert_eq!(added(files.path(), &[]).0, [] as [&str; 0]);
    fs::write(files.path().join(".env"), "V=2.1.330\n").unwrap();
    assert_eq!(added(files.path(), &[]).0.len(), 2);
}

#[test]
fn added_findings_of_a_baseline_and_changed_rules_are_told() {
    let files =
        repository(&[("compose.yaml", "services: {}\n"), ("r/matrix.yaml", &softened().replace("note", "error"))]);
    let path = files.path();
    fs::write(path.join("compose.yaml"), SHARED).unwrap();
    assert_eq!(check(path, ".", &["--write-baseline=known.json"]).status, 0);
    let (told, fails) = added(path, &["--baseline", "known.json"]);
    assert!(told.len() == 1 && told[0].starts_with("known.json ") && told[0].ends_with("findings in the baseline"));
    assert!(fails);
    commit(path);
    assert_eq!(added(path, &["--baseline", "known.json"]).0, [] as [&str; 0]);
    fs::write(path.join("r/matrix.yaml"), softened()).unwrap();
    assert_eq!(added(path, &["--rules", "r"]).0, ["r/matrix.yaml other rules"]);
    fs::remove_file(path.join("r/matrix.yaml")).unwrap();
    assert_eq!(added(path, &["--rules", "r"]).0, ["r/matrix.yaml other rules"]);
}

#[test]
fn fail_on_accept_without_a_revision_is_wrong_usage() {
    let files = project(&[("compose.yaml", SHARED)]);
    let run = overlock(files.path(), &["check", ".", "--fail-on-accept"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(run.err.contains("--since"), "{}", run.err);
}
