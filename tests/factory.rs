//! The factory of `fixtures/factory`: sound as it is, and flagged at the one line that a change makes wrong.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{folders, name, overlock, root};
use crate::world::prints_what_is_expected;

fn factory() -> PathBuf {
    root().join("fixtures/factory")
}

/// A change to one file, and the errors that it makes, by hand: container, rule, file and line. The container's own lock,
/// which lands on its private layer, is not repeated.
struct Change {
    name: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    errors: &'static [(&'static str, &'static str, &'static str, u64)],
}

const CHANGES: &[Change] = &[
    Change {
        name: "nudge-is-bare",
        file: "docker/agents-entrypoint.sh",
        from: "guarded_claude -p \"Say where",
        to: "claude -p \"Say where",
        errors: &[("agents", "unguarded-share", "docker/agents-entrypoint.sh", 15)],
    },
    Change {
        name: "tasks-are-bare",
        file: "docker/agents-entrypoint.sh",
        from: "    work \"$2\"\n",
        to: "    claude -p \"$(cat \"/work/$2\")\"\n",
        errors: &[
            ("dispatch.sh:23", "unguarded-share", "docker/agents-entrypoint.sh", 30),
            ("dispatch.sh:27", "unguarded-share", "docker/agents-entrypoint.sh", 30),
            ("review-* (dispatch.sh)", "unguarded-share", "docker/agents-entrypoint.sh", 30),
        ],
    },
    Change {
        name: "guard-is-private",
        file: "lib/claude.sh",
        from: "exec 9>\"$HOME/.claude/session.lock\"",
        to: "exec 9>\"/tmp/session.lock\"",
        errors: &[
            ("agents", "guard-mismatch", "lib/claude.sh", 14),
            ("dispatch.sh:23", "guard-mismatch", "lib/claude.sh", 14),
            ("dispatch.sh:27", "guard-mismatch", "lib/claude.sh", 14),
            ("review-* (dispatch.sh)", "guard-mismatch", "lib/claude.sh", 14),
        ],
    },
    Change {
        name: "release-runs-the-chat",
        file: "scripts/dispatch.sh",
        from: "factory/agents once \"release/$1\"",
        to: "factory-chat -p \"release/$1\"",
        errors: &[("dispatch.sh:27", "unguarded-share", "docker/chat.Dockerfile", 5)],
    },
    Change {
        name: "chat-shares",
        file: "compose.yaml",
        from: "/srv/factory/chat-claude:/home",
        to: "/srv/factory/claude:/home",
        errors: &[("chat", "interactive-shares-identity", "compose.yaml", 25)],
    },
];

#[test]
fn the_factory_is_sound_and_says_why() {
    let report = overlock(&factory(), &["check", ".", "--format", "json"]).json();
    assert_eq!((&report["summary"]["errors"], &report["summary"]["warnings"]), (&0.into(), &0.into()));
    assert_eq!(report["diagnostics"], serde_json::json!([]));
    let participants = report["participants"].as_array().unwrap();
    let names: Vec<&str> = participants.iter().map(|one| one["container"].as_str().unwrap()).collect();
    assert_eq!(names, ["agents", "chat", "dispatch.sh:23", "dispatch.sh:27", "review-* (dispatch.sh)"]);
    for one in participants.iter().filter(|one| one["container"] != "chat") {
        let guard = &one["guard"];
        assert_eq!((guard["state"].as_str(), one["verdict"].as_str()), (Some("held"), Some("ok")), "{one}");
        let evidence = guard["evidence"].as_array().unwrap();
        let shown: Vec<(String, u64)> = evidence.iter().map(|line| place(&line["location"])).collect();
        let wanted = [13, 14, 15].map(|line| ("lib/claude.sh".to_owned(), line));
        assert_eq!(shown, wanted, "{guard}");
        for (line, begins) in evidence.iter().zip(["$HOME", "flock", "claude"]) {
            assert!(at(&line["location"]).starts_with(begins), "{line}");
        }
    }
}

#[test]
fn what_the_dispatcher_starts_has_the_mounts_of_its_lines() {
    let report = overlock(&factory(), &["check", ".", "--format", "json"]).json();
    for name in ["review-* (dispatch.sh)", "dispatch.sh:23", "dispatch.sh:27"] {
        let participants = report["participants"].as_array().unwrap();
        let one = participants.iter().find(|one| one["container"] == name).unwrap();
        assert_eq!((one["origin"].as_str(), one["version"].as_str()), (Some("script"), Some("2.1.98")));
        assert_eq!(
            (&one["place"]["path"], &one["state_dir"]),
            (&"/srv/factory/claude".into(), &"/home/agent/.claude".into())
        );
        let note = report["breaches"].as_array().unwrap().iter().find(|note| note["container"] == name).unwrap();
        // Each is started only where a job asks for it.
        assert_eq!((note["severity"].as_str(), note["confidence"].as_str()), (Some("note"), Some("medium")));
        assert_eq!(at(&note["locations"][0]), "\"$CLAUDE_HOME:/home/agent/.claude\"");
    }
    // Several triages run at once, one release at a time: two agents, two triages and one of each other kind.
    assert_eq!(report["participants"][0]["peer_count"], 5);
}

#[test]
fn a_change_is_flagged_where_it_is_and_only_there() {
    for change in CHANGES {
        let copy = tempfile::tempdir().unwrap();
        copy_all(&factory(), copy.path());
        let file = copy.path().join(change.file);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches(change.from).count(), 1, "{}", change.name);
        fs::write(&file, text.replace(change.from, change.to)).unwrap();
        let run = overlock(copy.path(), &["check", ".", "--format", "json"]);
        let report = run.json();
        let findings = report["breaches"].as_array().unwrap().iter();
        let mut errors: Vec<(&str, &str, String, u64)> = findings
            .filter(|one| one["severity"] != "note" && one["rule"] != "lock-on-private-layer")
            .map(|one| {
                let (file, line) = place(&one["locations"][0]);
                (one["container"].as_str().unwrap(), one["rule"].as_str().unwrap(), file, line)
            })
            .collect();
        errors.sort();
        let wanted: Vec<_> =
            change.errors.iter().map(|(one, rule, file, line)| (*one, *rule, (*file).to_owned(), *line)).collect();
        assert_eq!((run.status, errors), (1, wanted), "{}", change.name);
        let expected = factory().join("changed").join(change.name);
        fs::create_dir_all(&expected).unwrap();
        prints_what_is_expected(copy.path(), &["."], &expected);
    }
    let known: Vec<&str> = CHANGES.iter().map(|change| change.name).collect();
    let kept = folders(&factory().join("changed"));
    assert!(kept.iter().all(|folder| known.contains(&name(folder).as_str())), "{kept:?}");
}

#[test]
fn the_factory_prints_what_is_expected() {
    prints_what_is_expected(&factory(), &["."], &factory());
}

fn place(location: &serde_json::Value) -> (String, u64) {
    (location["file"].as_str().unwrap().to_owned(), location["line"].as_u64().unwrap())
}

/// The text at a location of one line.
fn at(location: &serde_json::Value) -> String {
    let text = fs::read_to_string(factory().join(location["file"].as_str().unwrap())).unwrap();
    let number = |key: &str| usize::try_from(location[key].as_u64().unwrap()).unwrap();
    let line = text.lines().nth(number("line") - 1).unwrap();
    let (from, to) = (number("column"), number("end_column"));
    line.chars().skip(from - 1).take((to - from).max(6)).collect()
}

/// The files of the factory itself, into another folder.
fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() && name(&path) != "changed" {
            fs::create_dir(&target).unwrap();
            copy_all(&path, &target);
        } else if path.is_file() && !name(&path).starts_with("expected.") {
            fs::copy(&path, &target).unwrap();
        }
    }
}
