//! `check --fix` and `check --diff`: what is changed, what is left alone, and that nothing else happens.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Run, folders, name, overlock, project, root, rule_folders, rules};

const GUARD: &str = "flock, -w, \"600\", /home/agent/.claude/session.lock, claude, -p, task";

/// A batch service that goes through the guard, and another service.
fn beside_agents(mount: &str, other: &str) -> String {
    format!("services:\n  agents:\n    image: a\n    volumes:\n      - {mount}\n    entrypoint: [{GUARD}]\n{other}")
}

/// An interactive service with these lines as its mounts.
fn chat(volumes: &str) -> String {
    format!("  chat:\n    image: a\n    tty: true\n    stdin_open: true\n{volumes}    entrypoint: [claude]\n")
}

/// A copy of a folder, with its name, in a folder that is removed.
fn copied(folder: &Path) -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-r").arg(folder).arg(temp.path()).status().unwrap();
    assert!(copied.success());
    let into = temp.path().join(name(folder));
    (temp, into)
}

/// Every file below a folder, with its text.
fn texts(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(texts(&path)) } else { found.push((path.clone(), fs::read(&path).unwrap())) }
    }
    found.sort();
    found
}

/// The findings that count, by rule and container.
fn broken(run: &Run) -> Vec<(String, String)> {
    let report = run.json();
    let findings = report["breaches"].as_array().unwrap().iter().filter(|finding| finding["severity"] != "note");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    findings.map(|finding| (text(&finding["rule"]), text(&finding["container"]))).collect()
}

fn comments(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    text.lines().filter_map(|line| Some(line.split_once('#')?.1.to_owned())).collect()
}

#[test]
fn every_fixture_is_changed_for_the_better_or_not_at_all() {
    let mut shown = String::new();
    let world = folders(&root().join("fixtures/world"));
    let fixtures = rule_folders().iter().flat_map(|folder| folders(folder)).chain(world).collect::<Vec<_>>();
    for fixture in fixtures.iter().filter(|folder| folder.join("compose.yaml").is_file()) {
        let (_temp, folder) = copied(fixture);
        let label = fixture.strip_prefix(root().join("fixtures")).unwrap().display().to_string();
        let (before, first) = (texts(&folder), overlock(&folder, &["check", ".", "--format", "json"]));
        let diff = overlock(&folder, &["check", ".", "--diff"]);
        assert_eq!((diff.status, texts(&folder)), (first.status, before.clone()), "{label}: --diff writes");
        let fixed = overlock(&folder, &["check", ".", "--fix", "--format", "json"]);
        let after = texts(&folder);
        assert_eq!(after != before, !diff.out.is_empty(), "{label}: --diff and --fix differ");
        let told: String =
            diff.err.lines().filter(|line| !line.starts_with("0 fixes")).map(|line| format!("{line}\n")).collect();
        if told.contains("fix") {
            shown.push_str(&format!("== {label}\n{told}{}\n", diff.out));
        }
        if diff.out.is_empty() {
            assert_eq!((fixed.out, fixed.status), (first.out, first.status), "{label}");
            continue;
        }
        // What is told after a fix is what a check tells, and a second fix does nothing.
        let again = overlock(&folder, &["check", ".", "--format", "json"]);
        assert_eq!((fixed.out.as_str(), fixed.status), (again.out.as_str(), again.status), "{label}");
        assert_eq!(overlock(&folder, &["check", ".", "--fix", "--format", "json"]).out, again.out, "{label}");
        assert_eq!(texts(&folder), after, "{label}: a second fix changes something");
        for ((path, old), (_, new)) in before.iter().zip(&after).filter(|(old, new)| old != new) {
            assert_eq!(comments(old), comments(new), "{}", path.display());
        }
        let (was, is) = (broken(&first), broken(&again));
        assert!(is.iter().all(|finding| was.contains(finding)), "{label}: {is:?} after {was:?}");
        assert!(is.len() < was.len(), "{label}: {is:?} after {was:?}");
    }
    insta::assert_snapshot!(shown);
}

/// A compose file, and the lines that its change takes out and puts in.
struct Case {
    compose: String,
    changed: &'static [&'static str],
}

fn case(mount: &str, other: &str, rest: &str, changed: &'static [&'static str]) -> Case {
    Case { compose: format!("{}{rest}", beside_agents(mount, other)), changed }
}

#[test]
fn each_change_in_each_way_to_write_it() {
    let bind = "/srv/claude:/home/agent/.claude";
    let volume = "login:/home/agent/.claude";
    let runner = |volumes: &str| format!("  runner:\n    image: a\n    entrypoint: [{GUARD}]\n{volumes}");
    let cases = [
        // A login of its own.
        case(
            bind,
            &chat("    volumes: [ '/srv/claude:/home/agent/.claude' ] # here\n"),
            "",
            &[
                "-    volumes: [ '/srv/claude:/home/agent/.claude' ] # here",
                "+    volumes: [ '/srv/claude-chat:/home/agent/.claude' ] # here",
            ],
        ),
        case(
            "${D:-/srv/claude}:/home/agent/.claude",
            &chat("    volumes: [\"${D:-/srv/claude}:/home/agent/.claude\"]\n"),
            "",
            &[
                "-    volumes: [\"${D:-/srv/claude}:/home/agent/.claude\"]",
                "+    volumes: [\"${D:-/srv/claude}-chat:/home/agent/.claude\"]",
            ],
        ),
        case(
            bind,
            &chat("    volumes:\n      - {type: bind, source: /srv/claude/, target: /home/agent/.claude}\n"),
            "",
            &[
                "-      - {type: bind, source: /srv/claude/, target: /home/agent/.claude}",
                "+      - {type: bind, source: /srv/claude-chat, target: /home/agent/.claude}",
            ],
        ),
        case(
            volume,
            &chat("    volumes: [login:/home/agent/.claude]\n"),
            "volumes:\n  # kept\n  login: # by hand\n    external: true\n    name: prod\n\n  # last\n  z:\n",
            &[
                "-    volumes: [login:/home/agent/.claude]",
                "+    volumes: [login-chat:/home/agent/.claude]",
                "+  login-chat: {}",
            ],
        ),
        case(
            volume,
            &chat("    volumes: [login:/home/agent/.claude]\n"),
            "volumes:\n  login:",
            &[
                "-    volumes: [login:/home/agent/.claude]",
                "+    volumes: [login-chat:/home/agent/.claude]",
                "-  login:",
                "+  login:",
                "+  login-chat: {}",
            ],
        ),
        case(
            volume,
            &chat("    volumes: [login:/home/agent/.claude]\n"),
            "volumes: {z: , login: {driver: \"local\"}}\n",
            &[
                "-    volumes: [login:/home/agent/.claude]",
                "+    volumes: [login-chat:/home/agent/.claude]",
                "-volumes: {z: , login: {driver: \"local\"}}",
                "+volumes: {z: , login-chat: {driver: \"local\"}, login: {driver: \"local\"}}",
            ],
        ),
        case(
            volume,
            &chat("    volumes: [login:/home/agent/.claude]\n"),
            "volumes:\n    login:\n        driver_opts:\n            o: size=1g,uid=1000 # big\n        # the end\n",
            &[
                "-    volumes: [login:/home/agent/.claude]",
                "+    volumes: [login-chat:/home/agent/.claude]",
                "+    login-chat:",
                "+      driver_opts: {o: 'size=1g,uid=1000'}",
            ],
        ),
        // Read-write.
        case(
            bind,
            &runner("    volumes: [\"/srv/claude:/home/agent/.claude:ro,z\"] # x\n"),
            "",
            &[
                "-    volumes: [\"/srv/claude:/home/agent/.claude:ro,z\"] # x",
                "+    volumes: [\"/srv/claude:/home/agent/.claude:z\"] # x",
            ],
        ),
        case(
            "${DIR:-/srv/claude}:/home/agent/.claude",
            &runner("    volumes:\n      - ${DIR:-/srv/claude}:/home/agent/.claude:ro\n"),
            "",
            &[
                "-      - ${DIR:-/srv/claude}:/home/agent/.claude:ro",
                "+      - ${DIR:-/srv/claude}:/home/agent/.claude",
            ],
        ),
        case(
            bind,
            &runner(
                "    volumes:\n      - type: bind\n        source: /srv/claude\n        read_only: true\n        target: /home/agent/.claude\n",
            ),
            "",
            &["-        read_only: true"],
        ),
        case(
            bind,
            &runner(
                "    volumes:\n      - type: bind\n        source: /srv/claude\n        target: /home/agent/.claude\n        read_only: true # for safety\n",
            ),
            "",
            &["-        read_only: true # for safety", "+        read_only: false # for safety"],
        ),
        case(
            bind,
            &runner(
                "    volumes:\n      - read_only: yes\n        type: bind\n        source: /srv/claude\n        target: /home/agent/.claude\n",
            ),
            "",
            &["-      - read_only: yes", "+      - read_only: false"],
        ),
        // Both together, where the one would bring the other about.
        case(
            bind,
            "  runner:\n    image: a\n    entrypoint: [claude, -p, x]\n    volumes: [/srv/claude/.credentials.json:/home/agent/.claude/.credentials.json]\n",
            "",
            &[
                "-    entrypoint: [claude, -p, x]",
                "-    volumes: [/srv/claude/.credentials.json:/home/agent/.claude/.credentials.json]",
                "+    entrypoint: [flock, -w, \"600\", /home/agent/.claude/session.lock, claude, -p, x]",
                "+    volumes: [/srv/claude:/home/agent/.claude]",
            ],
        ),
        // An flock around a call.
        case(
            bind,
            "  runner:\n    image: a\n    entrypoint:\n      - claude # here\n      - -p\n    volumes: [\"/srv/claude:/home/agent/.claude\"]\n",
            "",
            &["+      - flock", "+      - -w", "+      - \"600\"", "+      - /home/agent/.claude/session.lock"],
        ),
        // Once for all who use it.
        case(
            bind,
            "  runner: &r\n    image: a\n    entrypoint: [flock, -w, \"600\", /home/agent/.claude/session.lock, claude, -p, x]\n    volumes: [\"/srv/claude:/home/agent/.claude:ro\"]\n  third: {<<: *r}\n",
            "",
            &[
                "-    volumes: [\"/srv/claude:/home/agent/.claude:ro\"]",
                "+    volumes: [\"/srv/claude:/home/agent/.claude\"]",
            ],
        ),
        // The directory instead of a file in it.
        case(
            bind,
            &runner(
                "    volumes:\n      - /srv/claude/.credentials.json:/home/agent/.claude/.credentials.json # the login\n",
            ),
            "",
            &[
                "-      - /srv/claude/.credentials.json:/home/agent/.claude/.credentials.json # the login",
                "+      - /srv/claude:/home/agent/.claude # the login",
            ],
        ),
    ];
    for case in cases {
        for text in [case.compose.clone(), case.compose.replace('\n', "\r\n")] {
            let folder = project(&[("compose.yaml", &text)]);
            let file = folder.path().join("compose.yaml");
            let diff = overlock(folder.path(), &["check", "--diff"]);
            let is_line =
                |line: &&str| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---");
            let lines: Vec<&str> = diff.out.lines().filter(is_line).collect();
            assert_eq!(lines, case.changed, "{text}\n{}", diff.err);
            assert!(diff.err.contains("1 fix; nothing is written"), "{}", diff.err);

            // The diff is one that other programs take, and comes to what --fix writes.
            let (_temp, other) = copied(folder.path());
            fs::write(other.join("fix.diff"), &diff.out).unwrap();
            let mut git = Command::new("git");
            let applied = git.args(["apply", "--whitespace=nowarn", "fix.diff"]).current_dir(&other).output().unwrap();
            assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
            let fixed = overlock(folder.path(), &["check", "--fix"]);
            assert!(fixed.err.contains("written: compose.yaml"), "{}", fixed.err);
            let written = fs::read_to_string(&file).unwrap();
            assert_eq!(written, fs::read_to_string(other.join("compose.yaml")).unwrap());
            assert_eq!(written.contains("\r\n"), text.contains("\r\n"));
            assert_eq!(written.matches('\n').count() == written.matches("\r\n").count(), text.contains("\r\n"));

            let left = broken(&overlock(folder.path(), &["check", "--format", "json"]));
            assert!(left.is_empty(), "{left:?} after {written}");
        }
    }
}

#[test]
fn what_is_not_changed_and_why() {
    let bind = "/srv/claude:/home/agent/.claude";
    let volume = "login:/home/agent/.claude";
    let mount = format!("    volumes: [\"{bind}\"]\n");
    let of_volume = chat("    volumes: [login:/home/agent/.claude]\n");
    let runner = |volumes: &str, call: &str| format!("  runner:\n    image: a\n    entrypoint: [{call}]\n{volumes}");
    let file = "    volumes: [/srv/creds/.credentials.json:/home/agent/.claude/.credentials.json]\n";
    let cases: &[(&str, String, &str)] = &[
        (
            "an alias",
            beside_agents("&m /srv/claude:/home/agent/.claude", &chat("    volumes: [*m]\n")),
            "comes from elsewhere",
        ),
        (
            "an anchor that others use",
            format!(
                "{}  third:\n    image: a\n    volumes: [*m]\n",
                beside_agents(bind, &chat("    volumes: [&m \"/srv/claude:/home/agent/.claude\"]\n"))
            ),
            "by an anchor",
        ),
        (
            "a part that others use",
            format!(
                "{}  third:\n    image: a\n    volumes: [{{type: bind, source: *s, target: /x}}]\n",
                beside_agents(
                    bind,
                    &chat("    volumes: [{type: bind, source: &s /srv/claude, target: /home/agent/.claude}]\n")
                )
            ),
            "by an anchor",
        ),
        (
            "a service that is extended",
            format!("{}  second:\n    extends: {{service: chat}}\n    scale: 0\n", beside_agents(bind, &chat(&mount))),
            "extends `chat`",
        ),
        (
            "a variable that ends in a slash",
            beside_agents(
                "${D:-/srv/claude/}:/home/agent/.claude",
                &chat("    volumes: [\"${D:-/srv/claude/}:/home/agent/.claude\"]\n"),
            ),
            "cannot be named after it",
        ),
        (
            "escapes",
            beside_agents(bind, &chat("    volumes: [\"/srv/claud\\x65:/home/agent/.claude\"]\n")),
            "with escapes",
        ),
        ("two replicas", beside_agents(bind, &chat(&format!("    scale: 2\n{mount}"))), "would not end it"),
        (
            "a directory that somebody has",
            format!(
                "{}  second:\n    image: a\n    volumes: [/srv/claude-chat:/home/agent/.claude]\n    entrypoint: [{GUARD}]\n",
                beside_agents(bind, &chat(&mount))
            ),
            "would not end it",
        ),
        (
            "a volume of a device",
            format!(
                "{}volumes:\n  login: {{driver_opts: {{type: nfs, o: addr=h, device: \":/x\"}}}}\n",
                beside_agents(volume, &of_volume)
            ),
            "say where its data is",
        ),
        (
            "a volume of a driver that is told where",
            format!(
                "{}volumes:\n  login: {{driver: far, driver_opts: {{share: x}}}}\n",
                beside_agents(volume, &of_volume)
            ),
            "say where its data is",
        ),
        (
            "a volume of that name",
            format!("{}volumes: {{login: {{}}, login-chat: {{}}}}\n", beside_agents(volume, &of_volume)),
            "there is a volume `login-chat` already",
        ),
        (
            "a file where a directory is meant",
            beside_agents(
                bind,
                &chat("    volumes: [/srv/claude/.credentials.json:/home/agent/.claude/.credentials.json]\n"),
            ),
            "more or less than the state directory",
        ),
        (
            "a file whose directory may hold anything",
            beside_agents("/srv/creds/.credentials.json:/home/agent/.claude/.credentials.json", &runner(file, GUARD)),
            "nothing shows that /srv/creds holds",
        ),
        (
            "a file beside the state directory",
            beside_agents(
                bind,
                &runner(
                    "    volumes: [\"/srv/claude:/home/agent/.claude\", /srv/claude.json:/home/agent/.claude.json]\n",
                    GUARD,
                ),
            ),
            "/home/agent holds more than the program's state",
        ),
        (
            "what would be as bad",
            beside_agents(
                bind,
                &runner(
                    "    volumes: [/srv/claude/.credentials.json:/home/agent/.claude/.credentials.json]\n",
                    "sh, -c, \"'claude' -p x\"",
                ),
            ),
            "fix that first",
        ),
        (
            "what is read-only elsewhere",
            format!(
                "{}  second:\n    image: a\n    entrypoint: [{GUARD}]\n    volumes_from: [agents:ro]\n",
                beside_agents(bind, "")
            ),
            "comes from elsewhere",
        ),
    ];
    for (case, text, why) in cases {
        let folder = project(&[("compose.yaml", text)]);
        let before = overlock(folder.path(), &["check", "--format", "json"]);
        let run = overlock(folder.path(), &["check", "--fix", "--format", "json"]);
        assert!(
            run.err.contains("not fixed: compose.yaml:") && run.err.contains(why),
            "{case}: {}{}",
            run.err,
            run.out
        );
        assert!(run.err.lines().all(|line| !line.starts_with("written")), "{case}: {}", run.err);
        assert_eq!(
            (fs::read_to_string(folder.path().join("compose.yaml")).unwrap().as_str(), run.out),
            (text.as_str(), before.out),
            "{case}"
        );
    }
}

#[test]
fn a_merged_list_is_not_the_services_own() {
    let base = "x-base: &base\n  volumes: [\"/srv/claude:/home/agent/.claude\"]\n";
    let text = format!("{base}{}", beside_agents("/srv/claude:/home/agent/.claude", &chat("    <<: *base\n")));
    let folder = project(&[("compose.yaml", &text)]);
    let run = overlock(folder.path(), &["check", "--fix"]);
    assert!(run.err.contains("comes from elsewhere"), "{}", run.err);
    assert_eq!(fs::read_to_string(folder.path().join("compose.yaml")).unwrap(), text);
}

#[test]
fn two_projects_that_share_a_file_keep_it() {
    let text =
        beside_agents("/srv/claude:/home/agent/.claude", &chat("    volumes: [\"/srv/claude:/home/agent/.claude\"]\n"));
    let folder = project(&[
        (".git/HEAD", ""),
        ("a/compose.yaml", "include: [../base.yaml]\n"),
        ("b/compose.yaml", "include: [../base.yaml]\n"),
        ("base.yaml", &text),
    ]);
    let run = overlock(folder.path(), &["check", "a", "b", "--fix"]);
    assert!(run.err.contains("other services use the same mount"), "{}", run.err);
    assert_eq!(fs::read_to_string(folder.path().join("base.yaml")).unwrap(), text);
}

#[test]
fn the_page_of_a_rule_says_whether_it_can_be_fixed() {
    let pages = fs::read_dir(root().join("rules/explain")).unwrap().map(|entry| entry.unwrap().path());
    let mut fixable = 0;
    for page in pages {
        let rule = page.file_stem().unwrap().to_str().unwrap();
        let says = fs::read_to_string(&page).unwrap().contains("`overlock check --fix`");
        assert_eq!(says, overlock::fix::is_fixable(rule), "{rule}");
        fixable += usize::from(says);
    }
    assert_eq!(fixable, 3);
}

fn shared() -> String {
    beside_agents("/srv/claude:/home/agent/.claude", &chat("    volumes: [\"/srv/claude:/home/agent/.claude\"]\n"))
}

#[test]
fn mode_links_and_neighbours_stay() {
    let folder = project(&[("real/stack.yaml", &shared())]);
    let (real, link) = (folder.path().join("real/stack.yaml"), folder.path().join("compose.yaml"));
    symlink("real/stack.yaml", &link).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let owner = fs::metadata(&real).unwrap();
    let run = overlock(folder.path(), &["check", "--fix"]);
    assert!(run.err.contains("written: compose.yaml"), "{}", run.err);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let now = fs::metadata(&real).unwrap();
    assert_eq!((now.permissions().mode() & 0o7777, now.uid(), now.gid()), (0o640, owner.uid(), owner.gid()));
    assert!(fs::read_to_string(&real).unwrap().contains("/srv/claude-chat:"));
    assert_eq!(fs::read_dir(folder.path().join("real")).unwrap().count(), 1);
}

#[test]
fn nothing_outside_the_repository_is_written() {
    let folder = project(&[("stack/compose.yaml", &shared()), ("here/x", "")]);
    let run = overlock(&folder.path().join("here"), &["check", "../stack", "--fix"]);
    assert!(run.err.contains("the file is outside"), "{}", run.err);
    assert_eq!(fs::read_to_string(folder.path().join("stack/compose.yaml")).unwrap(), shared());
    // In one repository it is.
    fs::create_dir(folder.path().join(".git")).unwrap();
    let run = overlock(&folder.path().join("here"), &["check", "../stack", "--fix"]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
}

#[test]
fn nothing_is_written_while_something_cannot_be_read() {
    let folder = project(&[("compose.yaml", &shared()), ("b/compose.yaml", "services: [\n")]);
    let run = overlock(folder.path(), &["check", "compose.yaml", "b", "--fix"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("not fixed: something could not be read"), "{}", run.err);
    assert_eq!(fs::read_to_string(folder.path().join("compose.yaml")).unwrap(), shared());
}

#[test]
fn it_is_not_for_a_part_of_what_would_run() {
    let folder = project(&[("compose.yaml", &shared())]);
    for more in [["--profile", "x"], ["--from", "y"]] {
        let run = overlock(folder.path(), &[&["check", "--fix"], &more[..]].concat());
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{more:?}");
    }
}

#[test]
fn what_a_person_has_to_do_is_said() {
    let folder = project(&[("compose.yaml", &shared())]);
    let run = overlock(folder.path(), &["check", "--fix", "--format", "json"]);
    let wanted = "fixed: compose.yaml:11: interactive-shares-identity of chat: chat mounts /srv/claude-chat, a directory of \
                  its own; log in there once\nwritten: compose.yaml\n";
    assert_eq!((run.status, run.err.as_str()), (0, wanted));
    assert!(rules(&run.json()).is_empty());
}
