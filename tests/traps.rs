//! Layouts that look sound and are not, that look wrong and are not, or that cannot be told: found by trying to fool
//! the tool, kept so that it stays unfooled.

use crate::harness::{overlock, project, rules};

/// A service of the group: what it runs and what else it has.
fn service(name: &str, lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!("  {name}:\n    image: x\n{lines}")
}

/// Judges services beside one that is guarded; gives the exit status, the rules that fired, and what was printed.
fn judge(services: &str) -> (i32, Vec<String>, String) {
    let guarded = "volumes: [\"cl:/root/.claude\"]\nentrypoint: [flock, /root/.claude/session.lock, claude, -p]";
    let text = format!("services:\n{}{services}volumes: {{cl: {{}}, own: {{}}}}\n", service("guarded", guarded));
    let directory = project(&[("compose.yaml", &text)]);
    let run = overlock(directory.path(), &["check", "--format", "json"]);
    let fired = rules(&run.json()).into_iter().filter(|rule| rule != "lock-on-private-layer").collect();
    (run.status, fired, run.out)
}

/// A service with the shared volume at its state directory.
fn sharing(lines: &str) -> String {
    service("other", &format!("volumes: [\"cl:/root/.claude\"]\n{lines}"))
}

#[test]
fn nothing_of_these_is_clean() {
    let cases: &[(&str, String, &str)] = &[
        ("kept alive by tail", sharing("command: tail -f /dev/null"), "unguarded-share"),
        (
            "kept alive after a start",
            sharing("entrypoint: [sh, -c, \"mkdir -p /x && tail -f /dev/null\"]"),
            "unguarded-share",
        ),
        ("kept alive by cat", sharing("entrypoint: [cat]\ntty: true"), "unguarded-share"),
        (
            "text piped into a shell",
            sharing("entrypoint: [bash, -c, \"cat <<E | bash\\nclaude -p a\\nE\\n\"]"),
            "unguarded-share",
        ),
        (
            "a health check",
            sharing(
                "entrypoint: [flock, /root/.claude/session.lock, claude, -p]\nhealthcheck: {test: [CMD-SHELL, \"claude -p ping\"]}",
            ),
            "unguarded-share",
        ),
        (
            "a health check as a string",
            sharing(
                "entrypoint: [flock, /root/.claude/session.lock, claude, -p]\nhealthcheck: {test: \"claude -p ping\"}",
            ),
            "unguarded-share",
        ),
        (
            "a hook",
            sharing(
                "entrypoint: [flock, /root/.claude/session.lock, claude, -p]\npost_start: [{command: [claude, -p, x]}]",
            ),
            "unguarded-share",
        ),
        (
            "the token taken away",
            sharing(
                "environment: {CLAUDE_CODE_OAUTH_TOKEN: abc}\nentrypoint: [env, -u, CLAUDE_CODE_OAUTH_TOKEN, claude, -p]",
            ),
            "unguarded-share",
        ),
        (
            "the environment taken away",
            sharing("environment: {CLAUDE_CODE_OAUTH_TOKEN: abc}\nentrypoint: [env, -i, HOME=/root, claude, -p]"),
            "unguarded-share",
        ),
        (
            "a copy of the login",
            service(
                "other",
                "volumes: [\"cl:/ro:ro\", \"own:/root/.claude\"]\nentrypoint: [sh, -c, \"cp -r /ro/. $$HOME/.claude; claude -p\"]",
            ),
            "cloned-identity",
        ),
        (
            "a link to the mount",
            service(
                "other",
                "volumes: [\"cl:/shared\"]\nenvironment: {HOME: /root}\nentrypoint: [sh, -c, \"ln -s /shared $$HOME/.claude && claude -p\"]",
            ),
            "unguarded-share",
        ),
        (
            "a directory in an unset variable",
            service(
                "other",
                "volumes: [\"cl:/data\"]\nenvironment: {CLAUDE_CONFIG_DIR: \"${CFG}\"}\nentrypoint: [claude, -p]",
            ),
            "undetermined",
        ),
        (
            "a directory passed through",
            service("other", "volumes: [\"cl:/data\"]\nenvironment: [CLAUDE_CONFIG_DIR]\nentrypoint: [claude, -p]"),
            "undetermined",
        ),
        (
            "the guard removed",
            sharing(
                "entrypoint: [sh, -c, \"rm -f /root/.claude/session.lock; flock /root/.claude/session.lock claude -p\"]",
            ),
            "guard-mismatch",
        ),
        (
            "an env_file that is not here",
            sharing("env_file: secrets.env\nentrypoint: [flock, /root/.claude/session.lock, claude, -p]"),
            "undetermined",
        ),
        (
            "mounts of a container that is not described",
            service("other", "volumes_from: [\"container:x\"]\nentrypoint: [claude, -p]\nenvironment: {HOME: /root}"),
            "undetermined",
        ),
        (
            "a lock on what is replaced",
            sharing("entrypoint: [flock, /root/.claude/.credentials.json, claude, -p]"),
            "guard-mismatch",
        ),
        (
            "one of two calls in a directory of its own",
            sharing(
                "environment: {HOME: /root}\nentrypoint: [sh, -c, \"CLAUDE_CONFIG_DIR=/own claude -p a; claude -p b\"]",
            ),
            "unguarded-share",
        ),
        (
            "a directory said in the text",
            service(
                "other",
                "volumes: [\"cl:/data\"]\nenvironment: {HOME: /root}\nentrypoint: [sh, -c, \"export CLAUDE_CONFIG_DIR=$$HOME/../data; claude -p\"]",
            ),
            "unguarded-share",
        ),
        (
            "a directory that the text makes up",
            service(
                "other",
                "volumes: [\"cl:/data\"]\nenvironment: {HOME: /root}\nentrypoint: [sh, -c, \"export CLAUDE_CONFIG_DIR=$$(cat /where); claude -p\"]",
            ),
            "undetermined",
        ),
        (
            "a shared flock",
            sharing("entrypoint: [flock, -s, /root/.claude/session.lock, claude, -p]"),
            "unguarded-share",
        ),
        (
            "a lock given up",
            sharing("entrypoint: [sh, -c, \"exec 9>/root/.claude/session.lock; flock 9; flock -u 9; claude -p\"]"),
            "unguarded-share",
        ),
        (
            "the host's home in a quoted path",
            sharing("entrypoint: [sh, -c, \"flock $HOME/.claude/session.lock claude -p\"]"),
            "guard-mismatch",
        ),
        (
            "an image's tag that is no version",
            sharing("image: claude-code:latest\nentrypoint: [claude, -p]").replacen("    image: x\n", "", 1),
            "unguarded-share",
        ),
        (
            "one of two calls",
            sharing("entrypoint: [sh, -c, \"flock /root/.claude/session.lock claude -p a; claude -p b\"]"),
            "unguarded-share",
        ),
        (
            "a condition not met",
            sharing(
                "environment: {SKIP: \"1\"}\nentrypoint: [sh, -c, \"exec 9>/root/.claude/session.lock; [ -z \\\"$$SKIP\\\" ] && flock 9; claude -p\"]",
            ),
            "unguarded-share",
        ),
    ];
    for (name, services, rule) in cases {
        let (status, fired, out) = judge(services);
        assert!(status != 0, "{name}: {out}");
        assert!(fired.iter().any(|fired| fired == rule), "{name}: {fired:?}");
    }
}

#[test]
fn all_of_these_are_sound() {
    let guarded = |text: &str| sharing(&format!("environment: {{HOME: /root}}\nentrypoint: [bash, -c, '{text}']"));
    let cases: &[(&str, String)] = &[
        ("a chain", guarded("exec 9>/root/.claude/session.lock && flock 9 && claude -p a")),
        ("in the directory", guarded("cd /root/.claude && flock session.lock claude -p a")),
        ("a function", guarded("run() { flock $$HOME/.claude/session.lock \"$$@\"; }; run claude -p hi")),
        ("a tilde", guarded("flock ~/.claude/session.lock timeout 60 claude -p hi")),
        ("a subshell", guarded("( flock 9 || exit 1; claude -p ) 9>/root/.claude/session.lock")),
        ("words only", sharing("entrypoint: [sh, -c, \"echo claude\"]\nlabels: {overlock.role: none}")),
        ("a reader", sharing("entrypoint: [cat, /root/.claude/settings.json]")),
        ("a backup", sharing("command: tar czf /b.tgz /root/.claude")),
        ("only help", sharing("entrypoint: [claude, --help]")),
        (
            "a condition met",
            sharing(
                "environment: {USE: \"1\"}\nentrypoint: [sh, -c, \"exec 9>/root/.claude/session.lock; [ -n \\\"$$USE\\\" ] && flock 9; claude -p\"]",
            ),
        ),
        ("a login of its own", service("other", "volumes: [\"own:/root/.claude\"]\nentrypoint: [claude, -p]")),
        (
            "paths that look alike",
            service(
                "other",
                "volumes: [\"cl:/root/.config/claude:ro\"]\nenvironment: {CLAUDE_CONFIG_PATH: /root/.config/claude}\nentrypoint: [node]",
            ),
        ),
    ];
    for (name, services) in cases {
        let (status, fired, out) = judge(services);
        assert_eq!((status, fired), (0, Vec::new()), "{name}: {out}");
    }
}

#[test]
fn a_range_that_begins_late_enough_is_settled() {
    let text = "services:\n  a:\n    image: x\n    volumes: [\"cl:/root/.claude\"]\n    entrypoint: [npx, \"@anthropic-ai/claude-code@^2.1.200\", -p]\n  b:\n    image: claude-code:2.1.200\n    volumes: [\"cl:/root/.claude\"]\n    entrypoint: [claude, -p]\nvolumes: {cl: {}}\n";
    let directory = project(&[("compose.yaml", text)]);
    assert_eq!(overlock(directory.path(), &["check"]).status, 0);
}

#[test]
fn projects_of_one_name_are_told_apart() {
    let text = "services:\n  a:\n    image: x\n    volumes: [\"/srv/c:/root/.claude\"]\n    entrypoint: [claude, -p]\n";
    let directory = project(&[("one/app/compose.yaml", text), ("two/app/compose.yaml", text)]);
    let run = overlock(directory.path(), &["check", "one", "two", "--format", "json"]);
    let report = run.json();
    let name = |at: usize| report["participants"][at]["project"].as_str().unwrap().to_owned();
    assert!(name(0).contains("one/app") && name(1).contains("two/app"), "{} {}", name(0), name(1));
    assert_eq!(report["participants"][0]["peers"][0], format!("{}/a", name(1)));
}

#[test]
fn what_is_extended_and_included_is_judged_where_it_is_written() {
    let base = "services:\n  base:\n    image: x\n    volumes:\n      - ./state:/root/.claude\n    environment: {HOME: /root}\n";
    let directory = project(&[
        ("lib/base.yaml", base),
        (
            "compose.yaml",
            "include: [other/compose.yaml]\nservices:\n  a:\n    extends: {file: lib/base.yaml, service: base}\n    entrypoint: [claude, -p]\n  b:\n    extends: a\n    entrypoint: [flock, /root/.claude/session.lock, claude, -p]\n",
        ),
        (
            "other/compose.yaml",
            "services:\n  c:\n    image: x\n    volumes: [\"../lib/${DIR}:/root/.claude\"]\n    entrypoint: [claude, -p]\n",
        ),
        ("other/.env", "DIR=state\n"),
    ]);
    let run = overlock(directory.path(), &["check", "--format", "json"]);
    let report = run.json();
    let state = directory.path().join("lib/state").display().to_string();
    let participants = report["participants"].as_array().unwrap();
    let places: Vec<_> = participants
        .iter()
        .map(|one| (one["container"].as_str().unwrap(), one["place"]["path"].as_str().unwrap()))
        .collect();
    assert_eq!(places, [("a", state.as_str()), ("b", &state), ("c", &state)]);
    let finding = report["breaches"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["rule"] == "unguarded-share" && one["container"] == "a")
        .unwrap();
    let at = |number: usize| {
        let location = &finding["locations"][number];
        (location["file"].as_str().unwrap(), location["line"].as_u64().unwrap())
    };
    assert_eq!((at(0), at(1)), (("compose.yaml", 5), ("lib/base.yaml", 5)));
}

#[test]
fn what_a_script_runs_in_a_container_is_one_of_its_calls() {
    let compose = "
name: ex
services:
  agents:
    image: x
    container_name: agents
    environment: {HOME: /home/agent}
    entrypoint: [sleep, infinity]
    volumes: [/srv/claude:/home/agent/.claude]
  runner:
    image: x
    environment: {HOME: /home/agent}
    entrypoint: [flock, -w, '900', /home/agent/.claude/session.lock, claude, -p, hi]
    volumes: [/srv/claude:/home/agent/.claude]
";
    let bare = "#!/bin/bash\nset -e\ndocker exec -u agent agents claude -p \"$1\"\n";
    let guarded =
        "#!/bin/bash\ndocker compose exec -T -e A=b agents flock /home/agent/.claude/session.lock claude -p x\n";
    let asks = "#!/bin/bash\ndocker exec -e LOCK=yes agents sh -c '[ -z \"$LOCK\" ] || exec 9>/home/agent/.claude/session.lock; \
                [ -n \"$LOCK\" ] && flock 9; claude -p x'\n";
    for (script, guard, status) in [(bare, "absent", 1), (guarded, "held", 0), (asks, "held", 0)] {
        let directory = project(&[("compose.yaml", compose), ("nudge.sh", script)]);
        let run = overlock(directory.path(), &["check", "compose.yaml", "nudge.sh", "--format", "json"]);
        let report = run.json();
        let agents = &report["participants"][0];
        assert_eq!((agents["guard"]["state"].as_str().unwrap(), run.status), (guard, status), "{}", run.out);
        if status == 1 {
            let findings = report["breaches"].as_array().unwrap();
            let finding = findings.iter().find(|one| one["rule"] == "unguarded-share").unwrap();
            let location = &finding["locations"][0];
            assert_eq!((location["file"].as_str().unwrap(), location["line"].as_u64().unwrap()), ("nudge.sh", 3));
        }
    }
    // Without the script nothing shows a call.
    let directory = project(&[("compose.yaml", compose)]);
    let run = overlock(directory.path(), &["check", "--format", "json"]);
    assert_ne!(run.json()["participants"][0]["guard"]["state"], "held");
}
