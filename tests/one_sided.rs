//! A flock excludes only those who take it: what is said of a container that takes one beside others that do not, where
//! these were accepted, are no news, or are not told of.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::accept::SHARED;
use crate::harness::{Run, commit, git, overlock, project, repository, root};
use crate::readers::array;

const RULE: &str = "guard-one-sided";
const FLOCK: &str = "[flock, -w, \"600\", /home/agent/.claude/session.lock, claude, -p]";

/// `agents` and `runner` without a flock, and a further service with this entrypoint.
fn with_further(entrypoint: &str) -> String {
    format!(
        "{SHARED}  further:\n    image: x\n    environment: {{HOME: /home/agent}}\n    volumes:\n      - /srv/claude:/home/agent/.claude\n    entrypoint: {entrypoint}\n"
    )
}

fn write(path: &Path, text: &str) {
    fs::write(path.join("compose.yaml"), text).unwrap();
}

fn baselined(path: &Path, more: &[&str]) -> Run {
    overlock(path, &[&["check", ".", "--baseline", "known.json"], more].concat())
}

/// The rules and containers of the hits that count.
fn counting(run: &Run) -> Vec<(String, String)> {
    let report = run.json();
    let all = array(&report["breaches"]).iter().filter(|one| one["suppressed"].is_null()).cloned().collect::<Vec<_>>();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told = all.iter().filter(|one| one["severity"] != "note");
    told.map(|one| (text(&one["rule"]), text(&one["container"]))).collect()
}

/// A project whose `agents` and `runner` are in `known.json`.
fn known() -> tempfile::TempDir {
    let files = project(&[("compose.yaml", SHARED)]);
    let written = overlock(files.path(), &["check", ".", "--write-baseline=known.json"]);
    assert_eq!(written.status, 0, "{}", written.err);
    files
}

#[test]
fn flock_of_one_alone_beside_accepted_peers_is_an_error_of_it() {
    let files = known();
    write(files.path(), &with_further(FLOCK));
    let run = baselined(files.path(), &[]);
    let first = "error[guard-one-sided]: further takes the external flock, but the login in /srv/claude is refreshed without it by agents and runner";
    assert!(run.status == 1 && run.out.starts_with(first), "{}", run.out);
    assert!(!run.out.contains("covers it") && !run.out.contains("\nok:"), "{}", run.out);
    let verbose = baselined(files.path(), &["-v"]).out;
    assert!(!verbose.contains("covers it"), "{verbose}");
    assert!(verbose.contains("its external flock is not taken by agents and runner"), "{verbose}");
    let json = baselined(files.path(), &["--format", "json"]);
    assert_eq!(counting(&json), [(RULE.to_owned(), "further".to_owned())]);
    let report = json.json();
    let further = array(&report["participants"]).iter().find(|one| one["container"] == "further").unwrap();
    assert_eq!((&further["verdict"], &further["guard"]["state"]), (&"error".into(), &"held".into()));
    // The twin: where all take it nothing is left.
    write(files.path(), &with_further(FLOCK).replace("[claude, -p]", FLOCK));
    let run = baselined(files.path(), &[]);
    assert!(run.status == 0 && !run.out.contains(RULE), "{}", run.out);
    assert!(run.out.contains("each call takes the flock\n"), "{}", run.out);
}

#[test]
fn remedy_of_a_new_one_names_the_accepted_who_need_it_too_and_ends_it() {
    let files = known();
    write(files.path(), &with_further("[claude, -p]"));
    let out = baselined(files.path(), &[]).out;
    assert!(
        out.contains("take one flock around each call (of the accepted agents and runner too) at compose.yaml:7"),
        "{out}"
    );
    let report = baselined(files.path(), &["--format", "json"]).json();
    let finding = array(&report["logins"][0]["findings"]).first().unwrap().clone();
    let flock = array(&finding["remedies"]).iter().find(|one| one["id"] == "route-through-guard").unwrap().clone();
    assert_eq!(*array(&flock["ends"]), ["further"]);
    let mut lines: Vec<u64> =
        array(&flock["edits"]).iter().map(|edit| edit["location"]["line"].as_u64().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, [7, 12, 18]);
    // With the flock it is told what is left, with where that is.
    write(files.path(), &with_further(FLOCK));
    let out = baselined(files.path(), &[]).out;
    assert!(out.contains("take the same flock around each call of agents and runner at compose.yaml:7"), "{out}");
    // Done by --fix, it is all there is to do.
    let fixed = baselined(files.path(), &["--fix"]);
    assert_eq!(fixed.status, 0, "{} {}", fixed.out, fixed.err);
    assert_eq!(fs::read_to_string(files.path().join("compose.yaml")).unwrap().matches("session.lock").count(), 3);
}

#[test]
fn who_was_guarded_before_is_no_news_and_who_goes_halfway_is_no_worse() {
    let files = project(&[("compose.yaml", &with_further(FLOCK))]);
    let path = files.path();
    let before = overlock(path, &["check", ".", "--format", "json"]);
    assert!(counting(&before).iter().all(|(rule, of)| rule != RULE && of != "further"), "{}", before.out);
    overlock(path, &["check", ".", "--write-baseline=known.json"]);
    assert_eq!(baselined(path, &[]).status, 0, "what is written is what counted, said or not");
    // One of the accepted takes the flock: the other still does not, and nothing is worse than it was.
    write(path, &with_further(FLOCK).replacen("[claude, -p]", FLOCK, 1));
    let run = baselined(path, &["--format", "json"]);
    assert_eq!((run.status, counting(&run)), (0, vec![]), "{}", run.out);
    // Who lets go of it is worse than it was.
    write(path, &with_further("[claude, -p]"));
    let run = baselined(path, &["--format", "json"]);
    assert!(run.status == 1 && counting(&run).iter().all(|(_, of)| of == "further"), "{}", run.out);
}

#[test]
fn reason_that_a_person_gave_for_a_peer_is_heard_and_nothing_is_said_to_be_covered() {
    let ignored =
        "ignore: [{rule: unguarded-share, reason: runs alone}, {rule: lock-on-private-layer, reason: same}]\n";
    let files = project(&[("compose.yaml", &with_further(FLOCK)), ("overlock.yaml", ignored)]);
    let run = overlock(files.path(), &["check", ".", "-v"]);
    assert!(run.status == 0 && !run.out.contains(RULE) && !run.out.contains("covers it"), "{}", run.out);
    let report = overlock(files.path(), &["check", ".", "--format", "json"]).json();
    let further = array(&report["participants"]).iter().find(|one| one["container"] == "further").unwrap();
    assert_eq!(further["reason"], "each call takes the flock, but those of others do not");
    // The twin: of those who all take it that is said.
    write(files.path(), &with_further(FLOCK).replace("[claude, -p]", FLOCK));
    let run = overlock(files.path(), &["check", "."]);
    assert!(
        run.out.starts_with("ok: /srv/claude: agents, further, runner: each call takes the flock\n"),
        "{}",
        run.out
    );
    let run = overlock(files.path(), &["check", ".", "-v", "--no-config"]);
    assert!(run.out.contains("the flock covers it"), "{}", run.out);
}

#[test]
fn new_one_beside_peers_that_did_not_change_fails_and_an_old_one_does_not() {
    let files = repository(&[("compose.yaml", SHARED)]);
    let path = files.path();
    let since = || overlock(path, &["check", ".", "--since", "main", "--format", "json"]);
    git(path, &["checkout", "--quiet", "-b", "topic"]);
    write(path, &with_further(FLOCK));
    let run = since();
    assert_eq!((run.status, counting(&run)), (1, vec![(RULE.to_owned(), "further".to_owned())]), "{}", run.out);
    // What main has too is no news.
    commit(path);
    git(path, &["branch", "--force", "main"]);
    write(path, &format!("# moved\n{}", with_further(FLOCK)));
    assert_eq!((since().status, counting(&since())), (0, vec![]));
    // Where a peer lets go of the flock, that peer is told of it, and nobody else.
    write(path, &with_further(FLOCK).replace("[claude, -p]", FLOCK));
    commit(path);
    git(path, &["branch", "--force", "main"]);
    write(path, &with_further(FLOCK).replacen("[claude, -p]", FLOCK, 1));
    let run = since();
    assert!(run.status == 1 && counting(&run).iter().all(|(_, of)| of == "runner"), "{}", run.out);
}

#[test]
fn one_that_is_asked_for_alone_is_told_of_its_peers() {
    let folder = root().join("fixtures/unguarded-call/bad-one-without");
    let audit = |more: &[&str]| overlock(&folder, &[&["audit", "--from", "capture.json"], more].concat());
    let run = audit(&["agents"]);
    assert!(run.status == 1 && run.out.contains("is refreshed without it by runner: a flock excludes"), "{}", run.out);
    assert!(!audit(&[]).out.contains(RULE), "of all the peer itself is told");
}

#[test]
fn key_of_one_whose_flock_others_do_not_take_is_not_told_as_covered() {
    let key = "    environment: {HOME: /home/agent, ANTHROPIC_API_KEY: x}\n";
    let with_key = with_further(FLOCK).replace("    environment: {HOME: /home/agent}\n", key);
    let found = |text: &str| {
        let report = overlock(project(&[("compose.yaml", text)]).path(), &["check", ".", "--format", "json"]).json();
        let all = array(&report["breaches"]).iter().filter(|one| one["rule"] == "key-beside-login");
        all.map(|one| (one["severity"].clone(), one["detail"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(found(&with_key), [("warning".into(), "ANTHROPIC_API_KEY is set".into())]);
    let all = found(&with_key.replace("[claude, -p]", FLOCK));
    assert_eq!(all, [("note".into(), "ANTHROPIC_API_KEY is set, and the flock covers it".into())]);
}

/// What ran when the capture was taken: `agents` goes through the flock, a call in `runner` does not. With one more like
/// `agents` of each of these names.
fn capture(more: &[&str]) -> String {
    let path = root().join("fixtures/unguarded-call/bad-one-without/capture.json");
    let mut capture: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let containers = capture["containers"].as_array_mut().unwrap();
    let guarded = containers.iter().find(|one| one["name"] == "agents").unwrap().clone();
    containers.extend(more.iter().enumerate().map(|(number, name)| {
        let mut one = guarded.clone();
        one["name"] = (*name).into();
        one["id"] = format!("{:064x}", number + 1).into();
        one
    }));
    capture.to_string()
}

#[test]
fn plan_that_adds_one_beside_a_peer_that_stays_is_told() {
    let plan = |login: &str| {
        let service = format!(
            "name: q\nservices:\n  further:\n    image: a\n    environment: {{HOME: /home/agent}}\n    volumes: [\"{login}:/home/agent/.claude\"]\n    entrypoint: {FLOCK}\n"
        );
        let files = project(&[("compose.yaml", &service), ("host.json", &capture(&[]))]);
        overlock(files.path(), &["preflight", "--from", "host.json", "compose.yaml"])
    };
    let run = plan("/srv/claude");
    assert!(run.status == 1 && run.out.contains("error[guard-one-sided]: further takes"), "{}", run.out);
    assert!(run.out.contains("endangers: runner") && run.out.contains("1 error by this plan"), "{}", run.out);
    // What ends it was found before the plan was held against what runs, and is told with its place.
    assert!(run.out.contains(" at compose.yaml:"), "{}", run.out);
    // On a login of its own it meets nobody.
    let run = plan("/srv/further");
    assert!(!run.out.contains(RULE) && run.out.contains("0 errors"), "{}", run.out);
}

#[test]
fn one_that_comes_to_an_open_login_with_a_flock_is_news_once() {
    let files = project(&[]);
    let path = files.path();
    let report = |more: &[&str]| {
        fs::write(path.join("host.json"), capture(more)).unwrap();
        overlock(path, &["report", "--state", "state", "--from", "host.json"])
    };
    let first = report(&[]).out;
    assert!(first.contains("1 new") && !first.contains(RULE), "{first}");
    let second = report(&["agents-2"]).out;
    assert!(second.contains("1 new") && second.contains("error[guard-one-sided]: agents-2 takes"), "{second}");
    let third = report(&["agents-2"]).out;
    assert!(third.contains("0 new") && !third.contains("error[guard-one-sided]"), "{third}");
    let gone = report(&[]).out;
    assert!(gone.contains("0 new") && !gone.contains(RULE), "{gone}");
}
