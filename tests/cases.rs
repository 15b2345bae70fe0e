//! Small layouts, each with what is right about it in `expect.json` and a twin that must come out the other way. A key
//! stands for every container whose name contains it; a key with a slash names the project too.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::{breaches, folders, name, root, run};

#[test]
fn every_case_comes_out_as_expected() {
    let cases = folders(&root().join("fixtures/cases"));
    assert!(cases.len() >= 60, "only {} cases were found", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .map(|case| (name(case), faults_of_case(case)))
        .filter(|(_, faults)| !faults.is_empty())
        .map(|(case, faults)| format!("{case}: {}", faults.join("; ")))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn a_case_that_expects_the_other_verdict_fails() {
    let case = root().join("fixtures/cases/alias-of-something-else");
    let mut expected: Value = serde_json::from_str(&fs::read_to_string(case.join("expect.json")).unwrap()).unwrap();
    expected["exit"] = vec![3].into();
    expected["named"] = vec!["a name that nothing has"].into();
    assert_eq!(faults_against(&case, &expected).len(), 2);
}

/// What is not as expected of a case, a clause each.
fn faults_of_case(case: &Path) -> Vec<String> {
    let text = fs::read_to_string(case.join("expect.json")).unwrap();
    let expected = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    faults_against(case, &expected)
}

fn faults_against(case: &Path, expected: &Value) -> Vec<String> {
    let top = tempfile::tempdir().unwrap();
    let top_path = top.path().canonicalize().unwrap();
    // One name for all: it is the project's name too.
    let folder = top_path.join("case");
    let copied = Command::new("cp").arg("-a").arg(case).arg(&folder).status().unwrap();
    assert!(copied.success(), "{} was not copied", case.display());
    fs::remove_file(folder.join("expect.json")).unwrap();
    let setup = folder.join("setup.sh");
    if setup.exists() {
        let mut shell = Command::new("sh");
        shell.arg(&setup).current_dir(&folder).env("HOME", &top_path).stdout(std::process::Stdio::null());
        assert!(shell.status().unwrap().success(), "{} failed", setup.display());
        fs::remove_file(&setup).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_overlock"));
    command.args(texts(&expected["args"])).args(["--format", "json"]).current_dir(&folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    for (variable, value) in expected["env"].as_object().into_iter().flatten() {
        command.env(variable, value.as_str().unwrap());
    }
    let done = run(command);
    let below = format!("{}/", folder.display());
    let report = done.out.replace(&below, "").replace(below.trim_end_matches('/'), ".");
    faults_of_report(expected, done.status, &Told::new(&report))
}

fn faults_of_report(expected: &Value, status: i32, told: &Told) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expect = |holds: bool, fault: String| faults.extend((!holds).then_some(fault));
    expect(list(&expected["exit"]).contains(&status.into()), format!("exit {status}"));
    let errors = told.errors();
    for key in texts(&expected["error"]) {
        expect(errors.iter().any(|one| is_named(one, key)), format!("no error at {key}"));
    }
    for key in texts(&expected["no_error"]) {
        expect(!errors.iter().any(|one| is_named(one, key)), format!("error at {key}"));
    }
    for key in texts(&expected["participant"]) {
        expect(!told.named(key).is_empty(), format!("{key} is no participant"));
    }
    for (relation, wanted) in [("together", true), ("apart", false)] {
        for pair in list(&expected[relation]) {
            let [one, other] = texts(&pair)[..] else { panic!("a pair has two names: {pair}") };
            let joined = told.named(one).iter().any(|a| told.named(other).iter().any(|b| a != b && are_joined(a, b)));
            expect(joined == wanted, format!("{one} and {other} are not {relation}"));
        }
    }
    for (what, pointer) in [("guard", "/guard/state"), ("verdict", "/verdict"), ("place", "/place/path")] {
        for (key, allowed) in expected[what].as_object().into_iter().flatten() {
            let allowed = if allowed.is_array() { list(allowed) } else { vec![allowed.clone()] };
            let got: Vec<&Value> = told.named(key).into_iter().filter_map(|one| one.pointer(pointer)).collect();
            let right = !got.is_empty() && got.iter().all(|value| allowed.contains(value));
            expect(right, format!("{what} of {key} is {got:?}"));
        }
    }
    let said = told.texts();
    for text in texts(&expected["named"]) {
        expect(said.iter().any(|one| one.contains(text)), format!("nothing names {text}"));
    }
    for text in texts(&expected["not_named"]) {
        expect(!said.iter().any(|one| one.contains(text)), format!("it says {text}"));
    }
    let known =
        ["args", "env", "exit", "why", "kind", "error", "no_error", "participant", "together", "apart", "guard"];
    let known: BTreeSet<&str> = known.into_iter().chain(["verdict", "place", "named", "not_named"]).collect();
    for key in expected.as_object().unwrap().keys() {
        expect(known.contains(key.as_str()), format!("{key} is nothing that a case can expect"));
    }
    faults
}

/// What a report tells.
struct Told {
    report: Value,
    participants: Vec<Value>,
    breaches: Vec<Value>,
}

impl Told {
    fn new(text: &str) -> Self {
        let report: Value = serde_json::from_str(text).unwrap_or_default();
        let takes_part = |one: &Value| one["verdict"] != "not-a-participant";
        let participants = list(&report["participants"]).into_iter().filter(takes_part).collect();
        let breaches = breaches(&report).into_iter().filter(|one| one["suppressed"].is_null()).collect();
        Self { report, participants, breaches }
    }

    fn named(&self, key: &str) -> Vec<&Value> {
        self.participants.iter().filter(|one| is_named(one, key)).collect()
    }

    fn errors(&self) -> Vec<&Value> {
        let of_breach = |one: &&Value| one["severity"] == "error" && one["rule"] != "undetermined";
        let participants = self.participants.iter().filter(|one| one["verdict"] == "error");
        participants.chain(self.breaches.iter().filter(of_breach)).collect()
    }

    /// All that is said, with the files that it is said about.
    fn texts(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut said = Vec::new();
        for one in ["judged", "not_judged", "diagnostics"].iter().flat_map(|key| list(&self.report[key])) {
            said.extend(["file", "reason", "message"].map(|key| text(&one[key])));
        }
        for finding in list(&self.report["logins"]).iter().flat_map(|login| list(&login["findings"])) {
            said.push(text(&finding["message"]));
            let told = ["remedies", "reasons"].iter().flat_map(|key| list(&finding[key]));
            said.extend(told.map(|one| text(&one["text"])));
        }
        for one in &self.breaches {
            said.push(text(&one["detail"]));
            said.extend(list(&one["locations"]).iter().map(|at| text(&at["file"])));
        }
        for one in &self.participants {
            said.push(text(&one["container"]));
            for evidence in list(&one["guard"]["evidence"]) {
                said.extend([text(&evidence["text"]), text(&evidence["location"]["file"])]);
            }
        }
        said
    }
}

fn is_named(one: &Value, key: &str) -> bool {
    let container = one["container"].as_str().unwrap_or_default();
    let with_project = || format!("{}/{container}", one["project"].as_str().unwrap_or_default());
    container.contains(key) || (key.contains('/') && !one["project"].is_null() && with_project().contains(key))
}

/// Whether two participants are at one place, or one of them is told as a peer of the other.
fn are_joined(one: &Value, other: &Value) -> bool {
    let place = |of: &Value| {
        let of = &of["place"];
        (of["kind"].clone(), of["filesystem"].clone(), of["path"].clone())
    };
    let is_shared = !["private", "tmpfs", "unresolved"].iter().any(|kind| place(one).0 == *kind);
    let at_one_place = place(one) == place(other) && is_shared && !place(one).0.is_null();
    at_one_place || has_peer(one, other) || has_peer(other, one)
}

/// Whether `other` is among the peers of `one`, which are told without their project where that is the same.
fn has_peer(one: &Value, other: &Value) -> bool {
    let container = other["container"].as_str().unwrap_or_default();
    let bare = other["project"].is_null() || other["project"] == one["project"];
    let full = format!("{}/{container}", other["project"].as_str().unwrap_or("None"));
    texts(&one["peers"]).iter().any(|peer| *peer == full || (bare && *peer == container))
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}
