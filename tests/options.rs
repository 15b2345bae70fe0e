//! Options with Compose's meaning, the configuration, own rules, thresholds, and which files make a project.

use std::io::Write;
use std::process::Stdio;

use crate::harness::{command, overlock, project, rules, run};

fn service(volume: &str) -> String {
    format!("    image: x\n    volumes: [\"{volume}\"]\n    entrypoint: [claude, -p]\n")
}

fn places(run: &crate::harness::Run) -> Vec<String> {
    let report = run.json();
    let places = report["participants"].as_array().unwrap().iter();
    places.map(|one| one["place"]["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn files_are_merged_and_the_later_mount_of_a_target_wins() {
    let base = format!("services:\n  a:\n{}", service("/srv/one:/home/agent/.claude"));
    let over = "services:\n  a:\n    volumes: [\"/srv/two:/home/agent/.claude\"]\n";
    let directory = project(&[("compose.yaml", &base), ("compose.override.yaml", over), ("other.yaml", over)]);
    let of = |arguments: &[&str]| places(&overlock(directory.path(), &[arguments, &["--format", "json"]].concat()));
    // The other file is no project by itself: it is read over the default one too, as a variant.
    assert_eq!(of(&["check"]), ["/srv/two", "/srv/two"]);
    assert_eq!(of(&["check", "."]), ["/srv/two", "/srv/two"]);
    assert_eq!(of(&["check", "compose.yaml"]), ["/srv/one"]);
    assert_eq!(of(&["check", "-f", "compose.yaml"]), ["/srv/one"]);
    assert_eq!(of(&["check", "-f", "compose.yaml", "-f", "other.yaml"]), ["/srv/two"]);
}

#[test]
fn a_project_is_found_upward_and_from_standard_input() {
    let text = format!("services:\n  a:\n{}", service("./state:/home/agent/.claude"));
    let directory = project(&[(".git/HEAD", ""), ("app/compose.yaml", &text), ("app/deep/er/x", "")]);
    let root = directory.path().to_str().unwrap().to_owned();
    let deep = directory.path().join("app/deep/er");
    let below = overlock(&deep, &["check", "-p", "app", "--format", "json"]);
    assert_eq!(places(&below), [format!("{root}/app/state")], "an option of Compose's means its own project");
    assert_eq!(
        places(&overlock(&deep, &["check", "--format", "json"])),
        [] as [&str; 0],
        "else this directory is meant"
    );
    let mut call = command(directory.path(), &["check", "-f", "-", "--format", "json"]);
    let mut child = call.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["participants"][0]["place"]["path"], format!("{root}/state"));
    let elsewhere = overlock(
        directory.path(),
        &["check", "-f", "app/compose.yaml", "--project-directory", "/p", "--format", "json"],
    );
    assert_eq!(places(&elsewhere), ["/p/state"]);
}

#[test]
fn a_directory_without_a_project_is_searched_but_not_where_git_does_not_look() {
    let text = format!("services:\n  a:\n{}", service("/srv/x:/home/agent/.claude"));
    let directory = project(&[
        ("one/compose.yml", &text),
        ("two/deep/docker-compose.yaml", &text),
        ("ignored/compose.yaml", &text),
        (".gitignore", "ignored/\n"),
    ]);
    let run = overlock(directory.path(), &["check", ".", "--format", "json"]);
    assert_eq!(run.json()["summary"]["participants"], 2);
    let twice = overlock(directory.path(), &["check", "one", "one/compose.yml", "./one", "--format", "json"]);
    assert_eq!(twice.json()["summary"]["participants"], 1, "one project given three times is one");
}

#[test]
fn variables_come_from_the_environment_then_from_files() {
    let text = format!("services:\n  a:\n{}", service("${DIR:-/srv/default}:/home/agent/.claude"));
    let directory = project(&[("compose.yaml", &text), (".env", "DIR=/srv/dotenv\n"), ("x.env", "DIR=/srv/x\n")]);
    let of = |arguments: &[&str], outside: Option<&str>| {
        let mut call = command(directory.path(), &[&["check", "--format", "json"], arguments].concat());
        outside.map(|value| call.env("DIR", value));
        places(&run(call))
    };
    assert_eq!(of(&[], None), ["/srv/dotenv"]);
    assert_eq!(of(&["--env-file", "x.env"], None), ["/srv/x"]);
    // The value of the environment counts, and is not shown.
    assert_eq!(of(&["--env-file", "x.env"], Some("/srv/env")), ["${DIR}"]);
    assert_eq!(of(&[], Some("")), ["/srv/default"]);
}

#[test]
fn volumes_are_one_place_under_every_name() {
    let cases = [
        // Two services of one project, by the engine's name and by the project's.
        ("volumes: {vv: {}}", "vv", "vv", true),
        ("volumes: {vv: {}, ww: {name: p_vv}}", "vv", "ww", true),
        ("volumes: {vv: {}, ww: {external: true, name: p_vv}}", "vv", "ww", true),
        ("volumes: {vv: {}, ww: {external: true}}", "vv", "ww", false),
        ("volumes: {vv: {}}", "vv", "/var/lib/docker/volumes/p_vv/_data", true),
        ("volumes: {vv: {driver_opts: {type: none, o: \"bind,rw\", device: /srv/./x}}}", "vv", "/srv/y/../x", true),
        (
            "volumes: {vv: {driver_opts: {type: nfs, o: addr=h, device: \":/e\"}}, ww: {driver_opts: {type: nfs, o: addr=h, device: \":/e\"}}}",
            "vv",
            "ww",
            true,
        ),
        (
            "volumes: {vv: {driver_opts: {type: nfs, o: addr=h, device: \":/e\"}}, ww: {driver_opts: {type: nfs, o: addr=h, device: \":/f\"}}}",
            "vv",
            "ww",
            false,
        ),
        (
            "volumes: {vv: {driver_opts: {type: nfs, o: \"addr=h,rw\", device: \":/e\"}}, ww: {driver_opts: {type: nfs, o: \"ro,addr=h\", device: \":/e\"}}}",
            "vv",
            "ww",
            true,
        ),
        (
            "volumes: {vv: {driver_opts: {type: nfs, o: addr=h, device: \":/e\"}}, ww: {driver_opts: {type: nfs, o: addr=i, device: \":/e\"}}}",
            "vv",
            "ww",
            false,
        ),
        ("", "~/state", "/home/user/state", true),
        ("", "~/state", "$HOME/state/.", true),
        ("", "/srv/x", "/srv/xy", false),
    ];
    for (volumes, one, two, shared) in cases {
        let text = format!(
            "name: p\nservices:\n  a:\n{}  b:\n{}{volumes}\n",
            service(&format!("{one}:/home/agent/.claude")),
            service(&format!("{two}:/home/node/.claude"))
        );
        let directory = project(&[("compose.yaml", &text)]);
        let run = overlock(directory.path(), &["check", "--format", "json"]);
        assert_eq!(run.status, i32::from(shared), "{one} {two} {volumes}: {}", run.out);
    }
}

#[test]
fn mounts_nest_and_shadow() {
    // What a second service mounts, and whether it shares /srv/claude with a first one that mounts it plainly.
    let cases = [
        ("[\"/srv:/home/agent\", \"/srv/claude:/home/agent/.claude\"]", "", true),
        ("[\"/srv/claude:/home/agent/.claude\", \"/home/agent/.claude\"]", "", false),
        ("[\"/srv/claude:/home/agent/.claude\"]", "tmpfs: [/home/agent/.claude]", false),
        ("[\"/srv/claude:/home/agent/.claude\"]", "tmpfs: [/home/agent]", true),
        ("[\"/srv/claude:/home/agent/.claude\", \"/srv/other:/home/agent/.claude/projects\"]", "", true),
        ("[\"/srv/claude:/state\"]", "environment: {CLAUDE_CONFIG_DIR: /state}", true),
        ("[\"/srv:/state\"]", "environment: {CLAUDE_CONFIG_DIR: /state/claude}", true),
        ("[\"/srv:/state\"]", "environment: {HOME: /state}", false),
        ("[{type: volume, source: vv, target: /home/agent/.claude, volume: {subpath: claude}}]", "", true),
    ];
    for (mounts, more, shared) in cases {
        let text = format!(
            "name: p\nservices:\n  a:\n{}  b:\n    image: x\n    volumes: {mounts}\n    {more}\n    entrypoint: [claude, -p]\nvolumes: {{vv: {{driver_opts: {{o: bind, device: /srv}}}}}}\n",
            service("/srv/claude:/home/agent/.claude")
        );
        let directory = project(&[("compose.yaml", &text)]);
        let run = overlock(directory.path(), &["check", "--format", "json"]);
        let fired = rules(&run.json()).contains(&"unguarded-share".to_owned());
        assert_eq!(fired, shared, "{mounts} {more}: {}", run.out);
    }
}

#[test]
fn links_that_a_container_makes_are_followed() {
    // What the second service runs, and whether it shares /srv/claude with a first one that mounts it plainly.
    let cases = [
        ("ln -s /mnt/claude /home/agent/.claude; claude -p", true),
        ("ln -sfn /mnt/claude $$HOME/.claude && claude -p", true),
        ("cd /home/agent; ln -s ../../mnt/claude /home/agent/.claude; claude -p", true),
        ("ln -s /mnt/other /home/agent/.claude; claude -p", false),
        ("ln /mnt/claude /home/agent/.claude; claude -p", false),
        ("ln -s /home/agent/.claude /home/agent/.claude; claude -p", false),
    ];
    for (text, shared) in cases {
        let text = format!(
            "services:\n  a:\n{}  b:\n    image: x\n    environment: {{HOME: /home/agent}}\n    volumes: [\"/srv:/mnt\"]\n    entrypoint: [sh, -c, \"{text}\"]\n",
            service("/srv/claude:/home/agent/.claude")
        );
        let directory = project(&[("compose.yaml", &text)]);
        let run = overlock(directory.path(), &["check", "--format", "json"]);
        assert_eq!(rules(&run.json()).contains(&"unguarded-share".to_owned()), shared, "{text}: {}", run.out);
    }
    // The sibling of a link's target is beside the target: with the parent mounted it is shared.
    let both = "services:\n  a: &a\n    image: x\n    environment: {HOME: /home/agent}\n    volumes: [\"/srv:/mnt\"]\n    entrypoint: [sh, -c, \"ln -s /mnt/claude /home/agent/.claude; claude -p\"]\n  b: *a\n";
    let directory = project(&[("compose.yaml", both)]);
    let run = overlock(directory.path(), &["check", "--format", "json"]);
    assert_eq!((run.status, run.json()["summary"]["participants"].as_u64()), (0, Some(2)), "{}", run.out);
}

#[test]
fn thresholds_decide_the_status() {
    let text = format!("services:\n  a:\n{}", service("~/.claude:/home/agent/.claude"));
    let directory = project(&[("compose.yaml", &text)]);
    let status = |threshold: &str| overlock(directory.path(), &["check", "--fail-on", threshold]).status;
    assert_eq!((status("error"), status("warning"), status("note"), status("never")), (0, 1, 1, 0));
}

#[test]
fn the_configuration_says_who_uses_the_directory_on_the_host() {
    let text = format!("services:\n  a:\n{}", service("~/.claude:/home/agent/.claude"));
    let with = |config: &str| {
        let directory = project(&[("deep/compose.yaml", &text), ("overlock.yaml", config), (".git/HEAD", "")]);
        let run = overlock(directory.path(), &["check", "deep", "--format", "json"]);
        (run.status, rules(&run.json()))
    };
    assert_eq!(with(""), (0, vec!["host-shares".to_owned()]));
    assert_eq!(with("host: {participates: no}"), (0, vec![]));
    assert_eq!(with("host: {participates: yes}"), (1, vec!["host-shares".to_owned()]));
    let (status, _) = with("host: {participate: yes}");
    assert_eq!(status, 2, "a key that is not known is an error");
}

#[test]
fn own_rules_are_added_and_their_mistakes_told() {
    let text = "services:\n  a:\n    image: x\n    volumes: [\"/srv/s:/home/agent/.other\"]\n    entrypoint: [other, -p]\n  b:\n    image: x\n    volumes: [\"/srv/s:/home/agent/.other\"]\n    entrypoint: [other, -p]\n";
    let profile = "\
id: other
name: Other
commands: [other]
state_directory: {variable: OTHER_DIR, default: .other}
credentials: login.json
locks: [{id: beside, kind: mkdir, path: \"{state_dir}.lock\", versions: [{}], stale_seconds: 10}]
settled_since: 9.0.0
read_only_safe_since: 9.0.0
guard: {file: guard.lock, longest_call_seconds: 60}
";
    let directory = project(&[("compose.yaml", text), ("rules/profiles/other.yaml", profile)]);
    assert_eq!(overlock(directory.path(), &["check"]).status, 0);
    let run = overlock(directory.path(), &["check", "--rules", "rules", "--format", "json"]);
    let report = run.json();
    assert_eq!((run.status, report["participants"][0]["program"].as_str()), (1, Some("other")));
    std::fs::write(
        directory.path().join("rules/profiles/other.yaml"),
        profile.replace("settled_since: 9.0.0", "settled_since: soon"),
    )
    .unwrap();
    let run = overlock(directory.path(), &["check", "--rules", "rules"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(run.err.contains("rules/profiles/other.yaml:7:"), "{}", run.err);
    assert_eq!(overlock(directory.path(), &["check", "--rules", "nowhere"]).status, 2);
}

#[test]
fn two_projects_with_one_name_given_is_wrong_usage() {
    let text = format!("services:\n  a:\n{}", service("/srv/x:/home/agent/.claude"));
    let directory = project(&[("one/compose.yaml", &text), ("two/compose.yaml", &text)]);
    let run = overlock(directory.path(), &["check", "-p", "x", "one", "two"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("--project-name"), "{}", run.err);
}
