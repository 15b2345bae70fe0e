//! What a team accepts: comments, the configuration, baselines, and what did not change; with projects on disk.

use std::fs;
use std::path::Path;

use crate::harness::{Run, commit, folders, git, overlock, project, repository, root};

/// Two services that share a directory past the guard.
pub(crate) const SHARED: &str = "\
name: p
services:
  agents:
    image: x
    volumes:
      - /srv/claude:/home/agent/.claude
    entrypoint: [claude, -p]
  runner:
    image: x
    volumes:
      - /srv/claude:/home/agent/.claude
    entrypoint: [claude, -p]
";

/// The same with a service more on the same login.
pub(crate) fn with_third() -> String {
    let third = "  third:\n    image: x\n    environment: {HOME: /home/agent}\n    volumes:\n      - /srv/claude:/home/agent/.claude\n    entrypoint: [claude, -p]\n";
    format!("{SHARED}{third}")
}

/// The same where every call takes the flock.
pub(crate) fn guarded() -> String {
    SHARED.replace("[claude, -p]", "[flock, /home/agent/.claude/session.lock, claude, -p]")
}

/// Rule, container, and by what it is suppressed.
type Shown = (String, String, Option<String>);

fn findings(run: &Run) -> Vec<Shown> {
    let report = run.json();
    let findings = report["breaches"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
            let by = text(&finding["suppressed"]["by"]);
            (text(&finding["rule"]).unwrap(), text(&finding["container"]).unwrap(), by)
        })
        .collect()
}

fn by(run: &Run, rule: &str, container: &str) -> Option<String> {
    let found = findings(run);
    let one = found.iter().find(|(its, of, _)| its == rule && of == container);
    one.unwrap_or_else(|| panic!("no {rule} of {container}: {found:?} {}", run.err)).2.clone()
}

/// Those that count.
fn counted(run: &Run) -> Vec<(String, String)> {
    let counted = findings(run).into_iter().filter(|(.., by)| by.is_none());
    counted.map(|(rule, container, _)| (rule, container)).collect()
}

/// What was told of the input: `severity file:line message`.
fn told(run: &Run) -> Vec<String> {
    let report = run.json();
    let all = report["diagnostics"].as_array().unwrap().iter();
    all.map(|one| {
        let text = |key: &str| one[key].as_str().unwrap_or("").to_owned();
        format!("{} {}:{} {}", text("severity"), text("file"), one["line"], text("message"))
    })
    .collect()
}

fn check(directory: &Path, more: &[&str]) -> Run {
    overlock(directory, &[&["check", ".", "--format", "json"], more].concat())
}

fn with(compose: &str, config: &str) -> tempfile::TempDir {
    project(&[("compose.yaml", compose), ("overlock.yaml", config)])
}

/// The line with a text put at its end, the first that holds `mark` in the service's part.
fn at_line(service: &str, mark: &str, comment: &str) -> String {
    let mut inside = false;
    let mut done = false;
    let line = |line: &str| {
        inside = line.trim() == format!("{service}:") || (inside && line.starts_with("    "));
        let here = inside && !done && line.contains(mark);
        done |= here;
        if here { format!("{line} {comment}\n") } else { format!("{line}\n") }
    };
    SHARED.lines().map(line).collect()
}

const IGNORE: &str = "# overlock: ignore[unguarded-share] a test";

#[test]
fn a_comment_suppresses_what_begins_on_its_line() {
    let plain = check(project(&[("compose.yaml", SHARED)]).path(), &[]);
    assert_eq!((plain.status, by(&plain, "unguarded-share", "agents")), (1, None));
    // The mount is the primary location of one finding and a related one of the other.
    let end = project(&[("compose.yaml", &at_line("agents", "/srv/", IGNORE))]);
    let run = check(end.path(), &[]);
    assert_eq!(by(&run, "unguarded-share", "agents").as_deref(), Some("comment"));
    assert_eq!(by(&run, "unguarded-share", "runner").as_deref(), Some("comment"));
    assert_eq!(run.json()["breaches"].as_array().unwrap().len(), plain.json()["breaches"].as_array().unwrap().len());
    // On the call, which is a location of its own container's alone.
    let call = project(&[("compose.yaml", &at_line("agents", "entrypoint", IGNORE))]);
    let run = check(call.path(), &[]);
    assert_eq!(by(&run, "unguarded-share", "agents").as_deref(), Some("comment"));
    assert_eq!((run.status, by(&run, "unguarded-share", "runner")), (1, None));
    let text = overlock(call.path(), &["check", "."]);
    assert!(text.out.contains("accepted: agents: unguarded-share: a test (compose.yaml:7)"), "{}", text.out);
    // Another rule of the hit holds, so that it counts.
    assert!(text.out.contains("(compose.yaml:7); lock-on-private-layer still counts\n"), "{}", text.out);
    assert!(text.out.contains("agents  batch  compose.yaml:6   its lock is on its private layer"), "{}", text.out);
    assert!(!text.out.contains("suppressed"), "{}", text.out);
}

#[test]
fn a_comment_above_is_about_the_line_below_further_comments() {
    let above = SHARED.replacen("    entrypoint", &format!("    {IGNORE}\n    # more\n    entrypoint"), 1);
    let run = check(project(&[("compose.yaml", &above)]).path(), &[]);
    assert_eq!(by(&run, "unguarded-share", "agents").as_deref(), Some("comment"));
    assert_eq!((by(&run, "unguarded-share", "runner"), told(&run).len()), (None, 0));
    let apart = SHARED.replacen("    entrypoint", &format!("    {IGNORE}\n\n    entrypoint"), 1);
    let run = check(project(&[("compose.yaml", &apart)]).path(), &[]);
    assert_eq!(by(&run, "unguarded-share", "agents"), None);
    assert!(told(&run)[0].starts_with("warning compose.yaml:7 this ignores nothing"), "{:?}", told(&run));
}

#[test]
fn a_comment_at_a_service_is_about_the_whole_of_it() {
    let on = SHARED.replace("  runner:", &format!("  runner: {IGNORE}"));
    let above = SHARED.replace("  runner:", &format!("  {IGNORE}\n  runner:"));
    for text in [on, above] {
        let run = check(project(&[("compose.yaml", &text)]).path(), &[]);
        assert_eq!(by(&run, "unguarded-share", "runner").as_deref(), Some("comment"), "{text}");
        assert_eq!((run.status, by(&run, "unguarded-share", "agents"), told(&run).len()), (1, None, 0));
    }
    let all = "# overlock: ignore[unguarded-share, lock-on-private-layer] a test";
    let both = SHARED.replace("agents:", &format!("agents: {all}")).replace("runner:", &format!("runner: {all}"));
    assert_eq!(check(project(&[("compose.yaml", &both)]).path(), &[]).status, 0);
}

#[test]
fn a_comment_that_is_none_or_is_wrong_suppresses_nothing() {
    let label = |text: &str| at_line("agents", "image", &format!("\n    labels:\n      {text}\n"));
    let strings = [
        label(&format!("a: \"{IGNORE}\"")),
        label(&format!("a: |\n        x {IGNORE}\n        {IGNORE}")),
        at_line("agents", "image: x", "").replace("image: x \n", &format!("image: \"x{IGNORE}\"\n")),
    ];
    for text in strings {
        let run = check(project(&[("compose.yaml", &text)]).path(), &[]);
        assert_eq!((run.status, counted(&run).len(), told(&run)), (1, findings(&run).len(), vec![]), "{text}");
    }
    let wrong = [
        ("# overlock: ignore[unguarded-share]", "wants a reason"),
        (
            "# overlock: ignore[unguarded-shared] x",
            "there is no rule `unguarded-shared`; did you mean unguarded-share?",
        ),
        ("# overlock: ignore unguarded-share x", "in brackets"),
        ("# overlock: ingore[unguarded-share] x", "goes on with `ignore`"),
    ];
    for (comment, why) in wrong {
        let run = check(project(&[("compose.yaml", &at_line("agents", "entrypoint", comment))]).path(), &[]);
        assert_eq!((run.status, by(&run, "unguarded-share", "agents")), (2, None), "{comment}");
        assert!(told(&run)[0].starts_with("error compose.yaml:7 ") && told(&run)[0].contains(why), "{:?}", told(&run));
    }
}

#[test]
fn a_comment_that_nothing_needs_is_told_unless_a_part_was_looked_at() {
    let text = at_line("agents", "entrypoint", "# overlock: ignore[unguarded-share, home-mounted] x");
    let text = text.replace("  runner:", "  runner:\n    profiles: [day]");
    let directory = project(&[("compose.yaml", &(text + "  other: {image: y, profiles: [night]}\n"))]);
    let run = check(directory.path(), &[]);
    assert_eq!(
        told(&run),
        ["warning compose.yaml:7 this ignores nothing: no `home-mounted` is found at line 7; remove it"]
    );
    assert_eq!(by(&run, "unguarded-share", "agents").as_deref(), Some("comment"));
    let part = check(directory.path(), &["--profile", "night"]);
    assert_eq!((part.status, told(&part).len(), findings(&part).len()), (0, 0, 0));
}

#[test]
fn comments_in_dockerfiles_and_scripts_count_too() {
    let compose = "name: p\nservices:\n  agents:\n    build: .\n    volumes: [\"/srv/claude:/home/agent/.claude\"]\n  runner:\n    image: x\n    volumes: [\"/srv/claude:/home/agent/.claude\"]\n    entrypoint: [claude, -p]\n";
    let dockerfile = "FROM debian\nENV HOME=/home/agent\nCOPY run.sh /run.sh\n#X\nENTRYPOINT [\"/run.sh\"]\n";
    let script = "#!/bin/sh\nclaude -p #X\n";
    let of = |dockerfile: &str, script: &str| {
        check(project(&[("compose.yaml", compose), ("Dockerfile", dockerfile), ("run.sh", script)]).path(), &[])
    };
    let ignore = IGNORE.trim_start_matches('#');
    let run = of(dockerfile, script);
    assert_eq!((run.status, by(&run, "unguarded-share", "agents")), (1, None));
    let run = of(dockerfile, &script.replace('X', ignore));
    assert_eq!((by(&run, "unguarded-share", "agents").as_deref(), told(&run).len()), (Some("comment"), 0));
    let direct = "FROM debian\nENV HOME=/home/agent\n#X\nENTRYPOINT [\"claude\", \"-p\"]\n";
    let run = of(&direct.replace('X', ignore), script);
    assert_eq!((by(&run, "unguarded-share", "agents").as_deref(), told(&run).len()), (Some("comment"), 0));
    assert_eq!(by(&of(direct, script), "unguarded-share", "agents"), None);
    let heredoc = script.replace("claude", &format!("cat <<E\n{IGNORE}\nE\nclaude"));
    assert_eq!(by(&of(dockerfile, &heredoc), "unguarded-share", "agents"), None);
}

#[test]
fn a_comment_where_a_script_starts_a_container_is_about_that_one() {
    let script = |comment: &str| {
        let start = "docker run -d --rm \\\n  -v /srv/claude:/home/agent/.claude \\\n  x claude -p\n";
        project(&[("start.sh", &format!("#!/bin/sh\n{comment}{start}{start}"))])
    };
    let run = overlock(script("").path(), &["check", "start.sh", "--format", "json"]);
    assert_eq!(by(&run, "unguarded-share", "start.sh:2"), None);
    let run = overlock(script(&format!("{IGNORE}\n")).path(), &["check", "start.sh", "--format", "json"]);
    assert_eq!(by(&run, "unguarded-share", "start.sh:3").as_deref(), Some("comment"));
    assert_eq!((by(&run, "unguarded-share", "start.sh:6"), told(&run).len()), (None, 0));
}

#[test]
fn the_configuration_ignores_grades_and_sets_the_threshold() {
    let run = check(with(SHARED, "ignore:\n  - {rule: unguarded-share, service: runner, reason: known}\n").path(), &[]);
    assert_eq!(by(&run, "unguarded-share", "runner").as_deref(), Some("configuration"));
    assert_eq!((run.status, by(&run, "unguarded-share", "agents"), told(&run).len()), (1, None, 0));
    let all = "ignore: [{rule: unguarded-share, service: p/*, file: '**/*.yaml', reason: known}]";
    assert!(counted(&check(with(SHARED, all).path(), &[])).iter().all(|(rule, _)| rule != "unguarded-share"));
    let idle = with(SHARED, "ignore:\n  - rule: unguarded-share\n    file: other/*.yaml\n    reason: known\n");
    let run = check(idle.path(), &[]);
    assert_eq!(by(&run, "unguarded-share", "agents"), None);
    assert_eq!(
        told(&run),
        ["warning overlock.yaml:2 this ignores nothing: no such `unguarded-share` is found; remove it"]
    );
    let part = told(&check(idle.path(), &["--profile", "x"]));
    assert!(part.iter().all(|told| !told.contains("ignores nothing")), "{part:?}");
    let grades = |word: &str| check(with(SHARED, &format!("severity: {{unguarded-share: {word}}}")).path(), &[]);
    let severities = |run: &Run| -> Vec<String> {
        let report = run.json();
        let all = report["breaches"].as_array().unwrap().iter();
        all.filter(|one| one["rule"] == "unguarded-share").map(|one| one["severity"].as_str().unwrap().into()).collect()
    };
    // A hit is as bad as its worst rule.
    assert_eq!(severities(&grades("note")), ["error", "error"]);
    let both = check(with(SHARED, "severity: {unguarded-share: note, lock-on-private-layer: note}").path(), &[]);
    assert_eq!((both.status, &both.json()["participants"][0]["verdict"]), (0, &"ok".into()), "verdicts go by it too");
    assert_eq!(severities(&both), ["note", "note"]);
    let off = grades("off");
    assert_eq!(by(&off, "unguarded-share", "agents").as_deref(), Some("configuration"));
    let never = with(SHARED, "fail_on: never");
    assert_eq!(check(never.path(), &[]).status, 0);
    assert_eq!(check(never.path(), &["--fail-on", "error"]).status, 1, "the command line wins");
    let warnings = with(SHARED, "severity: {unguarded-share: warning, lock-on-private-layer: note}");
    assert_eq!((check(warnings.path(), &[]).status, check(warnings.path(), &["--fail-on", "warning"]).status), (0, 1));
}

#[test]
fn ignore_of_one_rule_leaves_those_of_the_same_cause_and_says_so() {
    let entry = |rule: &str| format!("  - {{rule: {rule}, reason: known}}\n");
    let one = with(SHARED, &format!("ignore:\n{}", entry("unguarded-share")));
    let run = overlock(one.path(), &["check", "."]);
    assert!(run.status == 1 && run.out.starts_with("error[lock-on-private-layer]: "), "{}", run.out);
    let told =
        "accepted: agents, runner: unguarded-share: known (overlock.yaml:2); lock-on-private-layer still counts\n";
    assert!(run.out.contains(told), "{}", run.out);
    let finding = check(one.path(), &[]).json()["logins"][0]["findings"][0].clone();
    assert_eq!(finding["rules"], serde_json::json!(["lock-on-private-layer"]));
    assert_eq!(finding["hits"][0]["accepted"][0]["rule"], "unguarded-share");
    // The twin: each rule of the cause is named.
    let rules = [entry("unguarded-share"), entry("lock-on-private-layer")].concat();
    let run = overlock(with(SHARED, &format!("ignore:\n{rules}")).path(), &["check", "."]);
    assert!(run.status == 0 && !run.out.contains("still count"), "{}", run.out);
}

#[test]
fn the_mistakes_of_a_configuration_are_told_at_their_places() {
    let cases = [
        (
            "ingore: []",
            "overlock.yaml:1 the configuration is not used: `ingore` is no key of the configuration; did you mean `ignore`?",
        ),
        (
            "ignore:\n  - rule: unguarded-share\n",
            "overlock.yaml:2 the configuration is not used: an entry of `ignore` needs a `reason`",
        ),
        (
            "ignore:\n  - reason: x\n    rule: unguarded-shar\n",
            "overlock.yaml:3 there is no rule `unguarded-shar`; did you mean unguarded-share?",
        ),
        ("severity:\n  home: off\n", "overlock.yaml:2 there is no rule `home`; did you mean home-mounted?"),
    ];
    for (config, wanted) in cases {
        let run = check(with(SHARED, config).path(), &[]);
        assert_eq!(run.status, 2, "{config}");
        assert!(told(&run).contains(&format!("error {wanted}")), "{config}: {:?}", told(&run));
        assert_eq!(counted(&run).len(), findings(&run).len(), "{config}");
    }
    let broken = with(SHARED, "ingore: []");
    let run = overlock(broken.path(), &["explain"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(run.err.contains("overlock.yaml:1:1: error: "), "{}", run.err);
    assert_eq!(check(broken.path(), &["--no-config"]).status, 1);
    assert_eq!(overlock(broken.path(), &["explain", "--no-config"]).status, 0);
}

#[test]
fn a_configuration_is_found_upward_of_the_first_path_or_named() {
    let files = project(&[
        ("a/compose.yaml", SHARED),
        ("a/overlock.yaml", "fail_on: never"),
        ("b/compose.yaml", SHARED),
        ("b/cwd/x", ""),
        ("other.yaml", "fail_on: never"),
    ]);
    let status = |directory: &str, arguments: &[&str]| overlock(&files.path().join(directory), arguments).status;
    assert_eq!(
        (status(".", &["check", "a"]), status(".", &["check", "b"]), status(".", &["check", "a", "b"])),
        (0, 1, 0)
    );
    // What lies between `..` and where it leads is not above the path.
    fs::write(files.path().join("b/cwd/overlock.yaml"), "fail_on: never").unwrap();
    assert_eq!(status("b/cwd", &["check", ".."]), 1);
    assert_eq!(status(".", &["check", "b", "--config", "other.yaml"]), 0);
    assert_eq!(status(".", &["check", "a", "--no-config"]), 1);
    assert_eq!(status(".", &["check", "a", "--config", "nowhere.yaml"]), 2);
    assert_eq!(status(".", &["check", "a", "--config", "other.yaml", "--no-config"]), 2);
}

#[test]
fn rules_of_the_configuration_are_beside_it_and_the_command_line_wins() {
    let files = project(&[
        (".git/HEAD", ""),
        ("deep/compose.yaml", SHARED),
        ("overlock.yaml", "rules: own"),
        ("own/explain/home-mounted.md", "# home-mounted: mine\n"),
        ("deep/other/explain/home-mounted.md", "# other\n"),
    ]);
    let explain =
        |more: &[&str]| overlock(&files.path().join("deep"), &[&["explain", "home-mounted"], more].concat()).out;
    assert!(explain(&[]).starts_with("# home-mounted\n"), "only a directory that is typed replaces a page");
    assert_eq!(explain(&["--rules", "other"]), "# other\n");
    fs::write(files.path().join("overlock.yaml"), "rules: nowhere").unwrap();
    let run = overlock(files.path(), &["check", "deep"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("cannot read the rules in") && run.err.contains("/nowhere"), "{}", run.err);
}

#[test]
fn the_configuration_declares_what_nothing_shows_and_is_weaker_than_the_rest() {
    let unseen = SHARED.replace("    entrypoint: [claude, -p]\n", "    command: [work]\n");
    let evidence = |run: &Run| run.json().to_string();
    let plain = check(project(&[("compose.yaml", &unseen)]).path(), &[]);
    assert_eq!(plain.status, 1);
    let run = check(with(&unseen, "guards: {agents: yes, p/runner: session.lock}").path(), &[]);
    assert_eq!((run.status, told(&run).len()), (0, 0), "{:?}", findings(&run));
    assert!(
        evidence(&run).contains(
            "the configuration, under `guards`, says it goes through flock on /home/agent/.claude/session.lock"
        )
    );
    assert!(evidence(&run).contains("\"kind\":\"declared\""));
    let roles = check(with(&unseen, "roles: {agents: none}").path(), &[]);
    assert_eq!(roles.json()["participants"][0]["verdict"], "not-a-participant");
    let versions = check(with(&unseen, "versions: {agents: 2.1.150}").path(), &[]);
    assert_eq!(versions.json()["participants"][0]["version"], "2.1.150");
    // A label is stronger.
    let labelled = unseen.replace("    command", "    labels: {overlock.version: 2.1.98}\n    command");
    let run = check(with(&labelled, "versions: {agents: 2.1.150}").path(), &[]);
    assert_eq!(run.json()["participants"][0]["version"], "2.1.98");
    // So is what is seen, and a contradiction is told at the line of the configuration.
    let run = check(with(SHARED, "# x\nguards:\n  agents: yes\n").path(), &[]);
    let report = run.json();
    let finding =
        report["breaches"].as_array().unwrap().iter().find(|one| one["rule"] == "declared-but-not-so").unwrap();
    assert!(
        finding["message"]
            .as_str()
            .unwrap()
            .starts_with("the configuration, under `guards` for agents, contradicts what is seen")
    );
    assert_eq!(
        (&finding["locations"][0]["file"], &finding["locations"][0]["line"]),
        (&"overlock.yaml".into(), &3.into())
    );
    let idle = check(with(SHARED, "roles: {agnets: batch, q/agents: batch, p/agents: batch}").path(), &[]);
    assert_eq!(told(&idle).len(), 2, "{:?}", told(&idle));
    assert!(
        told(&idle)[0]
            .starts_with("warning overlock.yaml:1 this declares nothing: no container here is called `agnets`")
    );
}

#[test]
fn name_of_no_container_is_told_with_the_one_that_was_meant() {
    let cases = [
        ("roles: {agnets: batch}", "is called `agnets`; did you mean `agents`?"),
        ("roles: {p/agnets: batch}", "is called `p/agnets`; did you mean `p/agents`?"),
        ("roles: {database: batch}", "is called `database`; fix the name or remove it"),
        (
            "ignore: [{rule: home-mounted, service: agnets, reason: x}]",
            "no such `home-mounted` is found; did you mean `agents`?",
        ),
        // It is there, and what is ignored is not: another name is no help.
        ("ignore: [{rule: home-mounted, service: agents, reason: x}]", "no such `home-mounted` is found; remove it"),
        ("ignore: [{rule: home-mounted, service: '*', reason: x}]", "no such `home-mounted` is found; remove it"),
    ];
    for (configuration, wanted) in cases {
        let said = check(with(SHARED, configuration).path(), &[]);
        assert!(told(&said).iter().any(|told| told.ends_with(wanted)), "{configuration}: {:?}", told(&said));
    }
}

fn read(directory: &Path, name: &str) -> String {
    fs::read_to_string(directory.join(name)).unwrap()
}

#[test]
fn only_what_is_new_fails_beside_a_baseline() {
    let files = project(&[("compose.yaml", SHARED)]);
    let path = files.path();
    let written = check(path, &["--write-baseline=known.json"]);
    assert_eq!((written.status, counted(&written).len()), (0, 0));
    assert_eq!(written.err, "overlock: wrote known.json: 2 hits, suppressed from now on with --baseline=known.json\n");
    let text = read(path, "known.json");
    let baseline: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(baseline["schema_version"], 2);
    assert_eq!(baseline["tool"]["name"], "overlock");
    assert_eq!(baseline["hits"].as_array().unwrap().len(), 2);
    assert_eq!(baseline["hits"][0]["file"], "compose.yaml");
    check(path, &["--write-baseline=known.json"]);
    assert_eq!(read(path, "known.json"), text, "nothing in it changes by itself");
    let left: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");

    let run = check(path, &["--baseline", "known.json"]);
    assert_eq!((run.status, counted(&run).len()), (0, 0));
    assert_eq!(by(&run, "unguarded-share", "agents").as_deref(), Some("baseline"));
    let sarif = overlock(path, &["check", ".", "--baseline", "known.json", "--format", "sarif"]).json();
    assert_eq!(sarif["runs"][0]["results"][0]["baselineState"], "unchanged");
    // Lines move and services change their order.
    let (head, services) = SHARED.split_once("  agents:").unwrap();
    let (agents, runner) = services.split_once("  runner:").unwrap();
    fs::write(path.join("compose.yaml"), format!("# one\n\n{head}  runner:{runner}\n  agents:{agents}")).unwrap();
    assert_eq!(counted(&check(path, &["--baseline", "known.json"])), []);
    // One is fixed and one is new.
    let fixed = runner.replace("/srv/claude", "/srv/own");
    let chat = agents.replace("x\n", "x\n    tty: true\n    stdin_open: true\n").replace(", -p", "");
    fs::write(path.join("compose.yaml"), format!("{head}  chat:{chat}  runner:{fixed}  agents:{agents}")).unwrap();
    let run = check(path, &["--baseline", "known.json"]);
    assert_eq!(run.status, 1);
    assert!(counted(&run).iter().all(|(_, container)| container == "chat"), "{:?}", counted(&run));
    let sarif = overlock(path, &["check", ".", "--baseline", "known.json", "--format", "sarif"]).json();
    let states: Vec<&serde_json::Value> =
        sarif["runs"][0]["results"].as_array().unwrap().iter().map(|result| &result["baselineState"]).collect();
    assert!(states.contains(&&"new".into()) && states.contains(&&"unchanged".into()), "{states:?}");
    assert!(run.err.starts_with("overlock: ") && run.err.contains(" of known.json no longer found: "), "{}", run.err);
    assert!(
        run.err.contains("unguarded-share of runner in compose.yaml") && run.err.lines().count() == 1,
        "{}",
        run.err
    );
    check(path, &["--baseline", "known.json", "--write-baseline"]);
    let run = check(path, &["--baseline", "known.json"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
}

#[test]
fn a_baseline_means_the_same_from_every_directory_and_in_every_copy() {
    let files = project(&[("deep/app/compose.yaml", &SHARED.replace("name: p\n", "")), ("elsewhere/x", "")]);
    let app = files.path().join("deep/app");
    assert_eq!(check(&app, &["--write-baseline"]).status, 0);
    let run = |directory: &Path, path: &str, baseline: &str| {
        let run = overlock(directory, &["check", path, "--baseline", baseline, "--format", "json"]);
        (run.status, counted(&run).len(), run.err.clone())
    };
    let clean = (0, 0, String::new());
    assert_eq!(run(&app, "compose.yaml", "overlock.baseline.json"), clean);
    assert_eq!(run(files.path(), "deep/app", "deep/app/overlock.baseline.json"), clean);
    assert_eq!(run(&files.path().join("elsewhere"), "../deep/./app", "../deep/app/overlock.baseline.json"), clean);
    let whole = |name: &str| app.join(name).display().to_string();
    assert_eq!(run(Path::new("/"), &whole("compose.yaml"), &whole("overlock.baseline.json")), clean);
    fs::rename(&app, files.path().join("copy")).unwrap();
    assert_eq!(run(files.path(), "copy", "copy/overlock.baseline.json"), clean);
}

#[test]
fn a_baseline_that_is_none_is_refused_and_a_bad_run_writes_none() {
    let files = project(&[("compose.yaml", SHARED)]);
    let path = files.path();
    let refused = |wanted: &str| {
        let run = check(path, &["--baseline", "known.json"]);
        assert_eq!((run.status, run.out.as_str()), (2, ""));
        assert!(run.err.contains("known.json") && run.err.contains(wanted), "{}", run.err);
    };
    refused("write one with --write-baseline=known.json");
    check(path, &["--write-baseline=known.json"]);
    let whole = read(path, "known.json");
    fs::write(path.join("known.json"), &whole[..whole.len() / 2]).unwrap();
    refused("is not whole JSON");
    fs::write(path.join("known.json"), check(path, &[]).out).unwrap();
    refused("is no baseline of overlock");
    fs::write(path.join("known.json"), whole.replace("\"schema_version\": 2", "\"schema_version\": 3")).unwrap();
    refused("newer overlock");
    fs::write(path.join("known.json"), whole.replace("\"schema_version\": 2", "\"schema_version\": 1")).unwrap();
    refused("older overlock");
    fs::write(path.join("known.json"), [0xff, 0xfe]).unwrap();
    refused("is not whole JSON");
    // It is written anew over any of these.
    assert_eq!(check(path, &["--baseline", "known.json", "--write-baseline"]).status, 0);
    assert_eq!(read(path, "known.json"), whole);
    fs::write(path.join("compose.yaml"), "services: [").unwrap();
    let run = check(path, &["--write-baseline=known.json"]);
    assert_eq!((run.status, read(path, "known.json")), (2, whole));
    assert!(run.err.contains("is not written"), "{}", run.err);
    fs::write(path.join("compose.yaml"), SHARED).unwrap();
    assert_eq!(check(path, &["--write-baseline=no/such/directory.json"]).status, 2);
    assert_eq!(check(path, &["--write-baseline=."]).status, 2);
    // What is tried on the way to a fix is nothing that was found.
    assert_eq!(check(path, &["--fix", "--write-baseline=fixed.json"]).status, 2);
    assert!(!path.join("fixed.json").exists());
}

#[test]
fn a_baseline_holds_notes_and_what_is_undetermined_but_not_what_is_accepted_otherwise() {
    let unset = SHARED.replace("/srv/claude:/home/agent/.claude", "${WHERE}/x:/home/agent/.claude");
    let files = with(&unset, "ignore: [{rule: unguarded-share, reason: known}]");
    fs::write(files.path().join("home.yaml"), "services:\n  a:\n    image: x\n    volumes: [\"~/.claude:/home/agent/.claude\"]\n    entrypoint: [claude, -p]\n").unwrap();
    let arguments = ["check", "compose.yaml", "home.yaml", "--format", "json", "--fail-on", "note"];
    let before = overlock(files.path(), &arguments);
    assert!(before.out.contains("\"undetermined\"") && before.out.contains("\"host-shares\""), "{}", before.out);
    assert_eq!(overlock(files.path(), &[&arguments[..], &["--write-baseline"]].concat()).status, 0);
    let text = read(files.path(), "overlock.baseline.json");
    assert!(text.contains("\"host-shares\"") && !text.contains("\"unguarded-share\""), "{text}");
    let run = overlock(files.path(), &[&arguments[..], &["--baseline", "overlock.baseline.json"]].concat());
    assert_eq!((run.status, run.err.as_str()), (0, ""));
}

#[test]
fn only_what_changed_since_a_revision_fails() {
    let files = repository(&[("app/compose.yaml", SHARED)]);
    let path = files.path();
    let since = |revision: &str| check(path, &["--since", revision]);
    let run = since("main");
    assert_eq!((run.status, counted(&run).len()), (0, 0));
    assert_eq!(by(&run, "unguarded-share", "agents").as_deref(), Some("unchanged"));
    let text = overlock(path, &["check", ".", "--since", "HEAD"]);
    assert!(text.out.contains("2 suppressed (2 unchanged)"), "{}", text.out);
    // Lines that move or change are no hit by themselves; a participant more is one.
    let more = with_third().replacen("    entrypoint: [claude, -p]", "    entrypoint: [claude, -p, x]", 1);
    fs::write(path.join("app/compose.yaml"), format!("# a comment\n{more}")).unwrap();
    let run = since("main");
    assert_eq!((run.status, by(&run, "unguarded-share", "third")), (1, None));
    assert_eq!(by(&run, "unguarded-share", "agents").as_deref(), Some("unchanged"));
    let new = |run: &Run| {
        let report = run.json();
        let hits = report["breaches"].as_array().unwrap().clone().into_iter();
        hits.filter(|one| one["change"]["state"] == "new").map(|one| one["container"].clone()).collect::<Vec<_>>()
    };
    assert!(new(&run).iter().all(|name| name == "third") && !new(&run).is_empty(), "{}", run.out);
    assert_eq!(overlock(&path.join("app"), &["check", "--since", "main"]).status, 1, "from below the top too");
    git(path, &["checkout", "--quiet", "--", "."]);
    // A file that git does not know is new.
    fs::write(path.join("new.yaml"), SHARED).unwrap();
    let new = overlock(path, &["check", "new.yaml", "--since", "main"]);
    assert_eq!(new.status, 1);
    fs::write(path.join(".gitignore"), "new.yaml\n").unwrap();
    assert_eq!(overlock(path, &["check", "new.yaml", "--since", "main"]).status, 1, "also where it is ignored");
}

#[test]
fn a_pull_request_is_compared_with_where_it_parted() {
    let files = repository(&[("compose.yaml", SHARED)]);
    let path = files.path();
    git(path, &["checkout", "--quiet", "-b", "topic"]);
    fs::write(path.join("README"), "x").unwrap();
    commit(path);
    // The other side fixed it since: that is no change of this one.
    git(path, &["checkout", "--quiet", "main"]);
    fs::write(path.join("compose.yaml"), guarded()).unwrap();
    commit(path);
    git(path, &["checkout", "--quiet", "topic"]);
    assert_eq!(check(path, &["--since", "main"]).status, 0);
    fs::write(path.join("compose.yaml"), with_third()).unwrap();
    commit(path);
    assert_eq!(check(path, &["--since", "main"]).status, 1, "what is committed counts");
    assert_eq!(check(path, &["--since", "HEAD"]).status, 0);
}

#[test]
fn what_a_baseline_recorded_as_a_note_is_no_excuse_for_an_error() {
    let files = project(&[("compose.yaml", &guarded())]);
    let path = files.path();
    assert_eq!(check(path, &["--write-baseline=known.json"]).status, 0);
    assert_eq!(check(path, &["--baseline=known.json"]).status, 0);
    fs::write(path.join("compose.yaml"), SHARED).unwrap();
    let run = check(path, &["--baseline=known.json"]);
    assert_eq!((run.status, by(&run, "unguarded-share", "agents")), (1, None), "{}", run.out);
}

#[test]
fn second_login_through_one_mount_is_new() {
    let of = |entrypoint: &str| {
        let service = |name: &str, version: &str| {
            format!(
                "  {name}:\n    image: claude-code:{version}\n    volumes: [\"/srv/data:/data\"]\n    entrypoint: [sh, -c, \"{entrypoint}\"]\n"
            )
        };
        format!("name: p\nservices:\n{}{}", service("one", "2.1.98"), service("two", "2.1.132"))
    };
    let first = "CLAUDE_CONFIG_DIR=/data/a claude -p x";
    let files = repository(&[("compose.yaml", &of(first))]);
    let path = files.path();
    assert_eq!(check(path, &["--write-baseline=known.json"]).status, 0);
    for call in [&["--since", "HEAD"][..], &["--baseline=known.json"]] {
        fs::write(path.join("compose.yaml"), of(first)).unwrap();
        assert_eq!(check(path, call).status, 0);
        fs::write(path.join("compose.yaml"), of(&format!("{first}; CLAUDE_CONFIG_DIR=/data/b claude -p x"))).unwrap();
        assert_eq!(check(path, call).status, 1, "{call:?}");
    }
}

#[test]
fn project_does_not_take_the_place_of_another_one_in_its_folder() {
    let named = |name: &str, text: &str| text.replace("name: p", &format!("name: {name}"));
    let files = repository(&[("b.yaml", &named("beta", SHARED)), ("c.yaml", &named("gamma", &guarded()))]);
    let path = files.path();
    let check = |more: &[&str]| {
        let paths: &[&str] =
            if path.join("a.yaml").exists() { &["a.yaml", "b.yaml", "c.yaml"] } else { &["b.yaml", "c.yaml"] };
        overlock(path, &[&["check"], paths, more].concat())
    };
    assert_eq!(check(&["--write-baseline=known.json"]).status, 0);
    fs::write(path.join("a.yaml"), named("alpha", SHARED)).unwrap();
    fs::write(path.join("b.yaml"), named("beta", &guarded())).unwrap();
    for call in [&["--since", "HEAD"][..], &["--baseline=known.json"]] {
        let run = check(call);
        assert_eq!(run.status, 1, "{call:?}: {}", run.out);
    }
}

#[test]
fn other_cause_of_what_is_not_known_is_new() {
    let of = |line: &str| guarded().replacen("image: x\n", &format!("image: x\n    {line}\n"), 1);
    let files = repository(&[("compose.yaml", &of("labels: {overlock.role: foo}"))]);
    assert_eq!(check(files.path(), &["--since", "HEAD"]).status, 0);
    fs::write(files.path().join("compose.yaml"), of("env_file: [./gone.env]")).unwrap();
    let run = check(files.path(), &["--since", "HEAD"]);
    assert_eq!(run.status, check(files.path(), &[]).status, "{}", run.out);
}

#[test]
fn change_elsewhere_that_endangers_untouched_lines_fails() {
    let text = SHARED.replace("image: x", "build: .");
    let pinned = "FROM node\nENV HOME=/home/agent\nRUN npm install -g @anthropic-ai/claude-code@2.1.330\n";
    let files = repository(&[("compose.yaml", &text), ("Dockerfile", pinned)]);
    assert_eq!(check(files.path(), &["--since", "HEAD"]).status, 0);
    fs::write(files.path().join("Dockerfile"), pinned.replace("@2.1.330", "")).unwrap();
    let run = check(files.path(), &["--since", "HEAD"]);
    assert_eq!((run.status, by(&run, "unguarded-share", "agents")), (1, None), "the version is no longer pinned");
    // Two that were apart by a variable are one by another value of it.
    let text = SHARED.replacen("/srv/claude:", "${AGENTS}:", 1);
    let files = repository(&[("compose.yaml", &text), (".env", "AGENTS=/srv/agents\n")]);
    assert_eq!(check(files.path(), &["--since", "HEAD"]).status, 0);
    fs::write(files.path().join(".env"), "AGENTS=/srv/claude\n").unwrap();
    assert_eq!(check(files.path(), &["--since", "HEAD"]).status, 1);
    // What makes it better, or as bad in other words, passes.
    fs::write(files.path().join(".env"), "AGENTS=/srv/others\n").unwrap();
    assert_eq!(check(files.path(), &["--since", "HEAD"]).status, 0);
}

#[test]
fn what_git_says_is_told_and_it_is_led_nowhere_else() {
    let files = repository(&[("compose.yaml", SHARED)]);
    let path = files.path();
    for (revision, wanted) in [
        ("nowhere", "no commit is named nowhere here"),
        ("--output=x", "does not begin with `-`"),
        ("^main", "or `^`"),
        ("", "not empty"),
    ] {
        let run = check(path, &[&format!("--since={revision}")]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{revision}");
        assert!(run.err.starts_with("overlock: --since: ") && run.err.contains(wanted), "{}", run.err);
    }
    assert!(!path.join("x").exists());
    let bare = project(&[("compose.yaml", SHARED)]);
    let run = check(bare.path(), &["--since", "HEAD"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("not a git repository"), "{}", run.err);
    git(path, &["checkout", "--quiet", "--orphan", "other"]);
    fs::write(path.join("README"), "x").unwrap();
    commit(path);
    let run = check(path, &["--since", "main"]);
    assert!(run.status == 2 && run.err.contains("no commit in common"), "{}", run.err);
    // What git is led by in a hook does not lead it here.
    let other = repository(&[("compose.yaml", "services: {}")]);
    let mut call = crate::harness::command(path, &["check", ".", "--since", "HEAD"]);
    call.env("GIT_DIR", other.path().join(".git")).env("GIT_WORK_TREE", other.path());
    assert_eq!(crate::harness::run(call).status, 0);
    let mut call = crate::harness::command(path, &["check", ".", "--since", "HEAD"]);
    call.env("PATH", "/nowhere");
    let run = crate::harness::run(call);
    assert!(run.status == 2 && run.err.contains("install it"), "{}", run.err);
}

#[test]
fn a_run_without_input_is_wrong_usage_whatever_fails_it() {
    let empty = project(&[("x", "")]);
    for arguments in [&["check", "nowhere"][..], &["check", "nowhere.yaml"]] {
        let run = overlock(empty.path(), &[arguments, &["--fail-on", "never"]].concat());
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.out);
        assert!(!run.err.is_empty(), "{arguments:?}");
    }
    for arguments in [&["check"][..], &["check", "."]] {
        let run = overlock(empty.path(), arguments);
        assert_eq!((run.status, run.err.as_str()), (0, ""), "a directory may hold nothing: {}", run.out);
    }
    let found = project(&[("compose.yaml", SHARED)]);
    assert_eq!(overlock(found.path(), &["check", "--fail-on", "never"]).status, 0);
}

/// Every configuration that is written down somewhere, with where.
fn configurations() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let fixtures = folders(&root().join("fixtures")).into_iter().flat_map(|folder| folders(&folder));
    for path in fixtures.map(|folder| folder.join("overlock.yaml")).filter(|path| path.is_file()) {
        found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
    }
    let page = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    for part in page.split("```yaml\n# overlock.yaml\n").skip(1) {
        found.push(("docs/configuration.md".to_owned(), part.split("```").next().unwrap().to_owned()));
    }
    found
}

#[test]
fn the_schema_takes_what_the_program_takes() {
    let schema = fs::read_to_string(root().join("docs/overlock.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let fits = |text: &str| schema.is_valid(&serde_yaml::from_str::<serde_json::Value>(text).unwrap());
    let taken = |text: &str| check(with(SHARED, text).path(), &[]).status != 2;
    let known = configurations();
    assert!(known.iter().any(|(at, _)| at == "docs/configuration.md") && known.len() > 1, "{known:?}");
    for (at, text) in known {
        assert!(fits(&text), "{at}: {text}");
    }
    let cases = [
        ("", true),
        ("host: {participates: yes, version: '>=2.1.132', guard: false}", true),
        (
            "roles: {a: batch, p/b: none}\nguards: {a: yes, b: no, c: /x/y}\nversions: {a: 2.1.98, b: v2.1.98, c: ^2.1.98}",
            true,
        ),
        ("severity: {home-mounted: off, file-mount: note}\nfail_on: never", true),
        ("ignore: [{rule: home-mounted, service: 'a*', file: '**/x', reason: y}]", true),
        ("ignore:\nroles:\n", true),
        ("unknown: 1", false),
        ("host: {unknown: 1}", false),
        ("host: {guard: perhaps}", false),
        ("host: {version: latest}", false),
        ("roles: {a: other}", false),
        ("guards: {a: [x]}", false),
        ("guards: {a: ''}", false),
        ("versions: {a: latest}", false),
        ("severity: {home-mounted: fatal}", false),
        ("fail_on: errors", false),
        ("ignore: {}", false),
        ("ignore: [{rule: home-mounted}]", false),
        ("ignore: [{rule: home-mounted, reason: ' '}]", false),
        ("ignore: [{rule: home-mounted, reason: x, unknown: y}]", false),
        ("rules: [x]", false),
    ];
    for (text, fine) in cases {
        assert_eq!((fits(text), taken(text)), (fine, fine), "{text}");
    }
}

#[test]
fn what_runs_can_be_accepted_too() {
    let capture = folders(&root().join("fixtures/unguarded-call")).into_iter().find(|folder| {
        folder.file_name().unwrap().to_str().unwrap().starts_with("bad-") && folder.join("capture.json").is_file()
    });
    let text = fs::read_to_string(capture.unwrap().join("capture.json")).unwrap();
    let files = project(&[("capture.json", &text)]);
    let audit = |more: &[&str]| {
        overlock(files.path(), &[&["audit", "--from", "capture.json", "--format", "json"], more].concat())
    };
    let before = audit(&[]);
    assert_eq!(before.status, 1);
    let (_, container, _) = findings(&before).into_iter().find(|(rule, ..)| rule == "unguarded-call").unwrap();
    assert_eq!(audit(&["--write-baseline"]).status, 0);
    let run = audit(&["--baseline", "overlock.baseline.json"]);
    assert_eq!((run.status, counted(&run).len(), run.err.as_str()), (0, 0, ""));
    let part = audit(&["--baseline", "overlock.baseline.json", "no-such"]);
    assert_eq!(part.status, 2);
    let part = audit(&["--baseline", "overlock.baseline.json", &container]);
    assert_eq!((part.status, part.err.as_str()), (0, ""), "a part tells of nothing that is gone");
    // An entry about a file is for what files describe.
    let config = format!(
        "roles: {{nobody: batch}}\nignore:\n  - {{rule: unguarded-call, service: {container}, reason: x}}\n  - {{rule: file-mount, file: x.yaml, reason: y}}\n  - {{rule: file-mount, service: z, reason: y}}\n"
    );
    fs::write(files.path().join("overlock.yaml"), config).unwrap();
    let run = audit(&["--config", "overlock.yaml"]);
    assert_eq!(by(&run, "unguarded-call", &container).as_deref(), Some("configuration"));
    assert_eq!(told(&run), ["warning overlock.yaml:5 this ignores nothing: no such `file-mount` is found; remove it"]);
}

/// Every format that tells of hits.
const FORMATS: [&str; 9] = ["text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown", "html"];

/// Judges the project with one more service, with one renamed, and with one removed, in every format: what is new counts,
/// whatever of the login is accepted.
fn join_rename_and_leave(folder: &Path, more: &[&str]) {
    let renamed = SHARED.replace("  runner:", "  walker:");
    let removed = SHARED.split_once("  runner:").unwrap().0.to_owned();
    for format in FORMATS {
        let judged = |compose: &str| {
            fs::write(folder.join("compose.yaml"), compose).unwrap();
            overlock(folder, &[&["check", ".", "--format", format], more].concat())
        };
        let same = judged(SHARED);
        assert_eq!(same.status, 0, "{format}: {} {}", same.out, same.err);
        let joined = judged(&with_third());
        assert_eq!((joined.status, joined.out.contains("third")), (1, true), "{format}: {}", joined.out);
        let walker = judged(&renamed);
        assert_eq!((walker.status, walker.out.contains("walker")), (1, true), "{format}: {}", walker.out);
        let alone = judged(&removed);
        assert_eq!(alone.status, 0, "{format}: {}", alone.out);
    }
}

#[test]
fn a_participant_that_joins_a_login_of_the_baseline_fails_in_every_format() {
    let folder = project(&[("compose.yaml", SHARED)]);
    assert_eq!(check(folder.path(), &["--write-baseline=known.json"]).status, 0);
    join_rename_and_leave(folder.path(), &["--baseline=known.json"]);
}

#[test]
fn a_participant_that_joins_an_ignored_login_fails_in_every_format() {
    let rules = ["unguarded-share", "lock-on-private-layer"];
    let entry = |rule: &str, service: &str| format!("  - {{rule: {rule}, service: {service}, reason: known}}\n");
    let entries: String =
        rules.iter().flat_map(|rule| ["agents", "runner"].map(|service| entry(rule, service))).collect();
    let folder = with(SHARED, &format!("ignore:\n{entries}"));
    join_rename_and_leave(folder.path(), &[]);
}
