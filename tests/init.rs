//! The first configuration, the CI step and the baseline that `init` proposes: shown, written once, and right.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use serde_yaml::Value;

use crate::harness::{Run, overlock, project, root, run};

/// Two batch services that share a login, one of them with an entrypoint that nothing tells of.
const COMPOSE: &str = "\
name: factory
services:
  agents:
    image: registry.example.org/agents
    volumes: [\"/home/me/.claude:/home/agent/.claude\"]
    entrypoint: [claude, -p, work]
  runner:
    image: registry.example.org/runner
    volumes: [\"/home/me/.claude:/home/agent/.claude\"]
    entrypoint: [claude, -p, work]
";
const POD: &str = "\
apiVersion: v1
kind: Pod
spec:
  containers:
    - {name: a, image: x, command: [claude, -p], volumeMounts: [{name: x, mountPath: /root/.claude}]}
";

/// A repository that shares a login, has a manifest that is not judged, and examples; with more files.
fn repository(more: &[(&str, &str)]) -> tempfile::TempDir {
    let files = [
        (".git/HEAD", "ref: refs/heads/main\n"),
        ("compose.yaml", COMPOSE),
        ("deploy/pod[1].yaml", POD),
        ("examples/one/compose.yaml", COMPOSE),
        ("examples/pod.yaml", POD),
    ];
    project(&[&files, more].concat())
}

fn text(directory: &Path, name: &str) -> String {
    fs::read_to_string(directory.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Writes what is proposed for a repository with further files.
fn written(more: &[(&str, &str)], arguments: &[&str]) -> (tempfile::TempDir, Run) {
    let directory = repository(more);
    let run = overlock(directory.path(), &[&["init", "--write"], arguments].concat());
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    (directory, run)
}

#[test]
fn shows_and_writes_nothing_unless_asked() {
    let directory = repository(&[(".github/x", "")]);
    let run = overlock(directory.path(), &["init", "--baseline", "known.json"]);
    assert_eq!(run.status, 0, "{}", run.err);
    for name in ["overlock.yaml", "known.json", ".github/workflows/overlock.yml"] {
        assert!(run.out.contains(&format!("==> {name} <==")), "{name}: {}", run.out);
        assert!(!directory.path().join(name).exists(), "{name} is written");
    }
    assert!(run.err.contains("nothing is written; `overlock init --write` writes overlock.yaml, known.json, .github/"));
    assert!(run.err.contains("`overlock check .` exits with 1 now: "), "{}", run.err);
}

#[test]
fn what_is_written_is_accepted_and_so_is_every_proposal() {
    let (directory, _) = written(&[], &[]);
    let before = overlock(directory.path(), &["check", ".", "--no-config", "--format", "json"]);
    let after = overlock(directory.path(), &["check", ".", "--format", "json"]);
    assert_eq!((before.status, after.status), (1, 1), "{}", after.err);
    assert_eq!(before.json()["logins"], after.json()["logins"], "comments decide nothing");
    let proposed = text(directory.path(), "overlock.yaml");
    for section in ["exclude", "not_judged", "host", "versions"] {
        assert!(proposed.contains(&format!("\n#:{section}:\n")), "{section}: {proposed}");
    }
    fs::write(directory.path().join("overlock.yaml"), proposed.replace("\n#:", "\n")).unwrap();
    let taken = overlock(directory.path(), &["check", ".", "--format", "json"]);
    let report = taken.json();
    assert_eq!(taken.status, 0, "{}", taken.out);
    assert_eq!(report["diagnostics"], serde_json::json!([]), "an entry is about nothing, or is none");
    assert_eq!(report["not_judged"], serde_json::json!([]));
    assert!(report["participants"].as_array().unwrap().iter().any(|one| one["basis"] == "declared"), "{report}");
}

#[test]
fn files_to_commit_are_named_at_the_end() {
    let told = [
        (".github/x", "look through them, and commit: git add overlock.yaml known.json .github/workflows/overlock.yml"),
        (
            ".gitlab-ci.yml",
            "look through them, add the step, and commit: git add overlock.yaml known.json .gitlab-ci.yml",
        ),
    ];
    for (mark, wanted) in told {
        let (directory, run) = written(&[(mark, "x: 1\n")], &["--baseline", "known.json"]);
        assert_eq!(run.err.lines().last(), Some(format!("overlock: {wanted}").as_str()), "{mark}");
        // What is there already is not written, and there is nothing to commit.
        let again = overlock(directory.path(), &["init", "--write"]);
        assert!(again.status == 2 && !again.err.contains("git add"), "{}", again.err);
    }
}

#[test]
fn sound_repository_gets_no_proposals() {
    let directory = project(&[(".git/HEAD", ""), ("compose.yaml", "services:\n  web:\n    image: nginx:1.29\n")]);
    let run = overlock(directory.path(), &["init", "--write"]);
    assert_eq!(run.status, 0, "{}", run.err);
    let proposed = text(directory.path(), "overlock.yaml");
    assert!(proposed.contains("fail_on: error") && !proposed.contains("\n#:"), "{proposed}");
    assert!(run.err.contains("no pipeline of a known forge is here"), "{}", run.err);
    assert_eq!(overlock(directory.path(), &["check", "."]).status, 0);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3, "the configuration alone is written");
}

#[test]
fn existing_file_is_refused_by_name_and_nothing_is_written() {
    for (name, is_link) in [("overlock.yaml", false), (".github/workflows/overlock.yml", false), ("known.json", true)] {
        let directory = repository(&[(".github/workflows/other.yml", "on: push\n")]);
        if is_link {
            symlink("nowhere", directory.path().join(name)).unwrap();
        } else {
            fs::write(directory.path().join(name), "# mine\n").unwrap();
        }
        let run = overlock(directory.path(), &["init", "--write", "--baseline", "known.json"]);
        assert_eq!(run.status, 2, "{name}: {}", run.err);
        assert!(run.err.contains(&format!("{name} is there already, and nothing is overwritten")), "{}", run.err);
        for other in ["overlock.yaml", ".github/workflows/overlock.yml", "known.json", "nowhere"] {
            let kept = fs::read_to_string(directory.path().join(other)).unwrap_or_default();
            assert_eq!(kept, if other == name && !is_link { "# mine\n" } else { "" }, "{other}");
        }
    }
}

#[test]
fn misnamed_configuration_is_not_doubled() {
    let directory = repository(&[(".overlock.yaml", "fail_on: never\n")]);
    let run = overlock(directory.path(), &["init", "--write"]);
    assert_eq!(run.status, 2, "{}", run.err);
    assert!(run.err.contains(".overlock.yaml is a configuration that is not read: rename it"), "{}", run.err);
    assert!(!directory.path().join("overlock.yaml").exists());
}

/// What each forge is known by, the file that is written, and what a person is told to add to.
const FORGES: &[(&str, Option<&str>, Option<&str>)] = &[
    (".github/dependabot.yml", Some(".github/workflows/overlock.yml"), None),
    (".forgejo/workflows/test.yml", Some(".forgejo/workflows/overlock.yml"), None),
    (".gitea/workflows/test.yaml", Some(".gitea/workflows/overlock.yml"), None),
    (".woodpecker/test.yaml", Some(".woodpecker/overlock.yaml"), None),
    (".woodpecker.yml", None, Some(".woodpecker.yml")),
    (".gitlab-ci.yml", None, Some(".gitlab-ci.yml")),
    // It would turn the pipelines in `.github` off.
    (".forgejo/issue_template.md", None, None),
];

#[test]
fn step_of_each_forge_is_valid_and_calls_the_check() {
    for &(mark, file, added) in FORGES {
        let (directory, run) = written(&[(mark, "x: 1\n")], &["--baseline", "known.json"]);
        let step = match (file, added) {
            (Some(file), _) => text(directory.path(), file),
            (None, Some(name)) => {
                let head = format!("==> to be added to {name} by hand <==\n");
                assert_eq!(text(directory.path(), name), "x: 1\n", "it is a person's");
                run.out.split(&head).nth(1).unwrap_or_else(|| panic!("{name}: {}", run.out)).to_owned()
            }
            (None, None) => {
                assert!(run.err.contains("no pipeline of a known forge"), "{mark}: {}", run.err);
                continue;
            }
        };
        let step: Value = serde_yaml::from_str(&step).unwrap_or_else(|error| panic!("{mark}: {error}: {step}"));
        let commands = commands_of(&step);
        if commands.is_empty() {
            holds_action(&step, mark);
        } else {
            // The baseline that was written is the one that it is given.
            let ended = shell(directory.path(), &commands[0]);
            assert_eq!(ended.status, 3, "{mark}: what is known does not fail: {}{}", ended.out, ended.err);
        }
    }
}

/// The commands of a step of Woodpecker or GitLab; none where an action is used.
fn commands_of(step: &Value) -> Vec<String> {
    let of_list = |list: &Value| list.as_sequence().map(|list| list.iter().map(of_text).collect::<Vec<_>>());
    let steps = if step["steps"].is_sequence() { &step["steps"] } else { step };
    let found = of_list(&steps[0]["commands"]).or_else(|| of_list(&step["overlock"]["script"]));
    found.unwrap_or_default()
}

fn of_text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A workflow uses the action of this repository with inputs that it has.
fn holds_action(workflow: &Value, mark: &str) {
    let action: Value = serde_yaml::from_str(&text(&root(), "action.yml")).unwrap();
    let used = &workflow["jobs"]["overlock"]["steps"][1];
    let name = format!("overlock/overlock@v{}", env!("CARGO_PKG_VERSION"));
    assert!(used["uses"].as_str().unwrap().ends_with(&name), "{mark}: {used:?}");
    for (input, _) in used["with"].as_mapping().unwrap() {
        assert!(action["inputs"].get(input).is_some(), "{mark}: the action has no input {input:?}");
    }
    assert_eq!(used["with"]["args"].as_str(), Some("--baseline\nknown.json\n"), "{mark}");
}

/// A command of a step, with the program on the PATH.
fn shell(directory: &Path, line: &str) -> Run {
    let programs = Path::new(env!("CARGO_BIN_EXE_overlock")).parent().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(directory).env_clear().env("HOME", "/home/user");
    shell.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    run(shell)
}

#[test]
fn pipeline_that_calls_it_already_gets_no_step() {
    for (mark, file) in [(".woodpecker/lint.yaml", ".woodpecker/overlock.yaml"), (".gitlab-ci.yml", "")] {
        let (directory, run) = written(&[(mark, "x:\n  script: [overlock check .]\n")], &[]);
        assert!(run.err.contains(&format!("{mark} calls overlock already")), "{}", run.err);
        assert!(!run.out.contains("to be added") && (file.is_empty() || !directory.path().join(file).exists()));
    }
}

#[test]
fn directory_that_is_a_link_is_written_into_by_nobody() {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join("workflows")).unwrap();
    let directory = repository(&[]);
    symlink(elsewhere.path(), directory.path().join(".github")).unwrap();
    let run = overlock(directory.path(), &["init", "--write"]);
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(run.err.contains("no pipeline of a known forge"), "{}", run.err);
    // The directory is its own, the one below it a link.
    let directory = repository(&[(".github/x", "")]);
    symlink(elsewhere.path(), directory.path().join(".github/workflows")).unwrap();
    let run = overlock(directory.path(), &["init", "--write"]);
    assert_eq!(run.status, 2, "{}", run.err);
    assert!(run.err.contains("a part of its path is a link"), "{}", run.err);
    assert_eq!(fs::read_dir(elsewhere.path().join("workflows")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
}

#[test]
fn all_belongs_to_the_top_of_the_repository() {
    let directory = repository(&[(".woodpecker/x.yaml", "steps: []\n"), ("deep/er/x", "")]);
    let run = overlock(&directory.path().join("deep/er"), &["init", "--write"]);
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(text(directory.path(), "overlock.yaml").contains("deploy/pod"));
    assert!(directory.path().join(".woodpecker/overlock.yaml").is_file());
    let named = overlock(&root(), &["init", directory.path().join("deep").to_str().unwrap()]);
    assert!(named.out.contains("==> overlock.yaml (is there already"), "{}", named.out);
    assert_eq!(overlock(directory.path(), &["init", "nowhere"]).status, 2);
}

#[test]
fn baseline_is_a_name_at_the_top_and_none_of_unusable_input() {
    let directory = repository(&[]);
    for name in ["sub/known.json", "/tmp/known.json", "a b.json", "overlock.yaml", "..", ""] {
        let run = overlock(directory.path(), &["init", "--write", &format!("--baseline={name}")]);
        assert_eq!(run.status, 2, "{name}: {}", run.err);
        assert!(!directory.path().join("overlock.yaml").exists());
    }
    fs::write(directory.path().join("compose.yaml"), "services: [").unwrap();
    let run = overlock(directory.path(), &["init", "--write", "--baseline", "known.json"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("no baseline of input that is not usable"), "{}", run.err);
    assert!(!directory.path().join("overlock.yaml").exists() && !directory.path().join("known.json").exists());
}

#[test]
fn name_of_a_file_writes_no_line_of_the_configuration() {
    let hostile = ["deploy/a\nfail_on: never\n#.yaml", "deploy/\u{2028}fail_on: never.yaml", "deploy/\" # x.yaml"];
    let files: Vec<(&str, &str)> = hostile.iter().map(|name| (*name, POD)).collect();
    let (directory, _) = written(&files, &[]);
    let proposed = text(directory.path(), "overlock.yaml");
    let active = proposed.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    assert_eq!(active.collect::<Vec<_>>(), ["fail_on: error"]);
    assert!(!proposed.contains('\u{2028}') && proposed.contains("- file: \"deploy/\\\" # x.yaml\""), "{proposed}");
    // Those that can be written are patterns of their files.
    fs::write(directory.path().join("overlock.yaml"), proposed.replace("\n#:", "\n")).unwrap();
    let taken = overlock(directory.path(), &["check", ".", "--format", "json"]).json();
    assert_eq!(taken["not_judged"].as_array().unwrap().len(), 2, "{taken}");
}

#[test]
fn many_files_are_proposed_by_their_directories() {
    let names: Vec<String> = (0..30).map(|at| format!("deploy/many/{at}.yaml")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), POD)).collect();
    let (directory, _) = written(&files, &[]);
    let proposed = text(directory.path(), "overlock.yaml");
    assert!(proposed.contains("- file: \"deploy/many/*\"   # exit status 3: 30 of the files in it"), "{proposed}");
    let mode = fs::metadata(directory.path().join("overlock.yaml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0);
}

#[test]
fn proposed_names_hold_in_a_checkout_of_another_name() {
    let one = "services:\n  worker:\n    image: x\n    command: [claude, -p]\n    volumes: [/srv/claude:/home/agent/.claude]\n";
    let both = one.replace("worker", "second").replace("services:\n", "") + one.trim_start_matches("services:\n");
    let both = format!("services:\n{both}");
    let (directory, _) = written(&[("stack/compose.yaml", both.as_str())], &[]);
    let proposed = text(directory.path(), "overlock.yaml");
    assert!(proposed.contains("\"worker\": \"") && !proposed.contains("stack/worker"), "{proposed}");
    // Where two projects have a service of one name, only the project tells which is meant.
    let (directory, _) = written(&[("a/compose.yaml", both.as_str()), ("b/compose.yaml", one)], &[]);
    let proposed = text(directory.path(), "overlock.yaml");
    assert!(
        proposed.contains("a/worker") && proposed.contains("b/worker") && proposed.contains("\"second\""),
        "{proposed}"
    );
}

#[test]
fn what_is_proposed_is_no_finding_of_its_own() {
    let container = r#"{"image": "x", "mounts": ["source=/srv/claude,target=/root/.claude,type=bind"], "containerEnv": {"CLAUDE_CONFIG_DIR": "/root/.claude"}}"#;
    let batch =
        "services:\n  worker:\n    image: x\n    command: [claude, -p]\n    volumes: [/srv/claude:/root/.claude]\n";
    let (directory, _) = written(&[(".devcontainer/devcontainer.json", container), ("compose.yaml", batch)], &[]);
    let proposed = text(directory.path(), "overlock.yaml");
    assert!(!proposed.contains("guards:") || !proposed.contains("\"devcontainer\": yes"), "{proposed}");
    fs::write(directory.path().join("overlock.yaml"), proposed.replace("\n#:", "\n")).unwrap();
    let taken = overlock(directory.path(), &["check", "."]);
    assert!(!taken.out.contains("interactive-behind-guard"), "{}", taken.out);
}
