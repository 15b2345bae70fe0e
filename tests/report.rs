//! `overlock report`: what is new, what stays, what is gone; and what becomes of its memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::engine::wanted::{self, Wanted};
use crate::harness::{Run, command, overlock, root};
use crate::readers::{counted_findings, counted_hits};
use crate::world::misfits;

const PROMTOOL: &[Wanted] = &[("promtool", "prometheus")];

/// A host whose capture changes, and a place to remember reports of it.
struct Host {
    folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// What the host is captured as from now on: one of the fixtures.
    fn is(&self, fixture: &str) -> &Self {
        let capture = root().join("fixtures").join(fixture).join("capture.json");
        fs::copy(capture, self.folder.path().join("host.json")).unwrap();
        self
    }

    /// Nothing but these containers run on it.
    fn runs(&self, containers: &[Value]) -> &Self {
        let capture = json!({
            "overlock_capture": 1, "host": "h", "taken_at": 1, "home": null, "volume_directory": null, "own": null,
            "volumes": {}, "containers": containers, "gaps": [],
        });
        fs::write(self.folder.path().join("host.json"), capture.to_string()).unwrap();
        self
    }

    fn report(&self, more: &[&str]) -> Run {
        let call = ["report", "--from", "host.json", "--state", "state"];
        overlock(self.folder.path(), &[&call, more].concat())
    }

    fn json(&self) -> Value {
        let report = self.report(&["--format", "json"]).json();
        assert_eq!(misfits(&report), Vec::<String>::new());
        report
    }

    /// The file that reports are remembered in.
    fn state(&self) -> PathBuf {
        let files = fs::read_dir(self.folder.path().join("state")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }
}

/// A container without a lock on the one login.
fn unguarded(name: &str) -> Value {
    let labels = json!({ "overlock.role": "batch", "overlock.version": "2.1.98", "overlock.guard": "none" });
    let mount = json!({
        "kind": "bind", "name": "", "source": "/srv/claude", "target": "/home/agent/.claude", "writable": true,
    });
    json!({
        "id": format!("{name}-id"), "name": name, "project": null, "service": null, "image": "agent:1", "pid": 0,
        "started_at": "", "user": "", "working_dir": "", "tty": false, "stdin_open": false, "read_only": false,
        "host_pid": false, "env": { "HOME": { "public": "/home/agent" } }, "labels": labels,
        "script": { "invocations": [], "sight": "whole", "unseen": null, "without_environment": false },
        "mounts": [mount], "kernel": null, "gaps": [],
    })
}

/// The same, removed when it ends.
fn transient(name: &str) -> Value {
    let mut one = unguarded(name);
    one["auto_remove"] = true.into();
    one
}

/// The first line of a mail.
fn headline(run: &Run) -> String {
    run.out.lines().next().unwrap_or_default().to_owned()
}

fn states(report: &Value) -> Vec<&str> {
    report["breaches"].as_array().unwrap().iter().map(|finding| finding["change"]["state"].as_str().unwrap()).collect()
}

fn ends(report: &Value) -> Vec<(&str, &str)> {
    let all = report["comparison"]["gone"].as_array().unwrap().iter();
    all.map(|gone| (gone["rule"].as_str().unwrap(), gone["end"].as_str().unwrap())).collect()
}

#[test]
fn what_is_new_stays_and_is_resolved_is_told_and_nothing_when_nothing_changed() {
    let host = Host::new();
    let first = host.is("unguarded-call/bad-one-without").report(&[]);
    assert_eq!(first.status, 1, "{} {}", first.out, first.err);
    assert!(first.out.starts_with("1 new, no earlier report to compare with\n\nerror["), "{}", first.out);
    assert!(first.out.contains("  standing: new\n"), "{}", first.out);

    let quiet = host.report(&["--quiet"]);
    assert_eq!((quiet.status, quiet.out.as_str(), quiet.err.as_str()), (0, "", ""));
    let second = host.report(&[]);
    assert_eq!(second.status, 1, "the findings are there still");
    let headline = second.out.lines().next().unwrap();
    assert!(headline.starts_with("0 new, 1 open since ") && headline.ends_with(" UTC, 0 resolved"), "{headline}");
    assert!(second.out.contains("\nopen: error[unguarded-call] /srv/claude: runner, open since "), "{}", second.out);
    assert!(!second.out.contains("fix: "), "what is open was told whole when it was new: {}", second.out);

    let third = host.is("unguarded-call/ok-held-by-ancestor").report(&["--quiet"]);
    assert_eq!(third.status, 0, "{} {}", third.out, third.err);
    assert!(third.out.starts_with("0 new, 0 open since "), "{}", third.out);
    assert!(third.out.contains(" UTC, 1 resolved\n"), "{}", third.out);
    assert!(third.out.contains("\nresolved: error[unguarded-call] runner, open since "), "{}", third.out);
    let again = host.is("unguarded-call/bad-one-without").json();
    assert!(states(&again).contains(&"new"), "{again:#}");
}

#[test]
fn what_its_container_took_with_it_is_not_called_fixed() {
    let host = Host::new();
    host.is("unguarded-call/bad-one-without").report(&[]);
    let mut capture: Value = serde_json::from_slice(&fs::read(host.folder.path().join("host.json")).unwrap()).unwrap();
    let guilty = host.json()["breaches"][0]["container"].as_str().unwrap().to_owned();
    let containers = capture["containers"].as_array_mut().unwrap();
    let at = containers.iter().position(|one| one["name"] == guilty.as_str()).unwrap();
    // First it cannot be looked at, then it is gone.
    containers[at]["kernel"] = Value::Null;
    containers[at]["gaps"] = Value::from(vec!["it was not looked at"]);
    fs::write(host.folder.path().join("host.json"), capture.to_string()).unwrap();
    let unseen = host.json();
    // What was seen of a call is still the same matter, and nothing of it is called resolved.
    assert!(ends(&unseen).iter().all(|(_, end)| *end == "unseen"), "{unseen:#}");
    assert!(states(&unseen).contains(&"kept"), "{unseen:#}");
    capture["containers"].as_array_mut().unwrap().remove(at);
    fs::write(host.folder.path().join("host.json"), capture.to_string()).unwrap();
    let left = host.json();
    assert!(ends(&left).iter().any(|(rule, end)| rule.starts_with("unguarded-") && *end == "left"), "{left:#}");
    let gone = left["comparison"]["verdicts"].as_array().unwrap().iter();
    assert!(gone.clone().any(|one| one["container"] == guilty.as_str() && one["after"].is_null()));
}

#[test]
fn a_transient_container_that_comes_again_is_no_news() {
    for (first, second) in [("vault-runner-17", "vault-runner-18"), ("romantic_curie", "sad_hopper")] {
        let host = Host::new();
        let began = host.runs(&[unguarded("agents"), transient(first)]).report(&[]);
        assert_eq!((began.status, headline(&began).split(',').next()), (1, Some("2 new")), "{}", began.out);
        let silent = |containers: &[Value], what: &str| {
            let run = host.runs(containers).report(&["--quiet"]);
            assert_eq!((run.status, run.out.as_str(), run.err.as_str()), (0, "", ""), "{first}: {what}");
        };
        silent(&[unguarded("agents"), transient(second)], "under another name");
        silent(&[unguarded("agents")], "between two starts");
        silent(&[unguarded("agents")], "still");
        silent(&[unguarded("agents"), transient(first)], "again");
        silent(&[unguarded("agents"), transient(first), transient(second)], "two of one start");
        let merged = host.json();
        let hits: Vec<_> = merged["breaches"].as_array().unwrap().iter().map(|one| one["instances"].clone()).collect();
        assert!(hits.contains(&2.into()), "{merged:#}");
        // What stays is told by its own name.
        let other = host.runs(&[unguarded("agents"), unguarded("runner-1")]).report(&["--quiet"]);
        assert!(headline(&other).starts_with("1 new, 1 open since "), "{}", other.out);
        let another = host.runs(&[unguarded("agents"), unguarded("runner-2")]).report(&["--quiet"]);
        assert!(headline(&another).starts_with("1 new, 1 open since "), "{}", another.out);
        assert!(another.out.contains("\nresolved, its container runs no more: error[unguarded-share] runner-1"));
    }
}

#[test]
fn a_new_container_on_an_open_login_comes_first_and_whole_and_the_others_in_a_line() {
    let host = Host::new();
    let mut all: Vec<Value> = (1..31).map(|at| unguarded(&format!("agent-{at}"))).collect();
    host.runs(&all).report(&[]);
    all.push(unguarded("zz-late"));
    let mail = host.runs(&all).report(&["--quiet"]);
    assert!(headline(&mail).starts_with("1 new, 30 open since "), "{}", mail.out);
    assert!(mail.out.lines().count() <= 40, "{}", mail.out);
    let block: Vec<&str> = mail.out.lines().skip(2).collect();
    assert!(block[0].starts_with("error[unguarded-share]: 31 containers "), "{}", mail.out);
    assert!(block.iter().any(|line| line.contains("| zz-late ") && line.contains("  new: ")), "{}", mail.out);
    assert!(mail.out.contains("there before: agent-1, agent-2, "), "natural order: {}", mail.out);
    assert!(mail.out.contains("\n  fix: "), "{}", mail.out);
    assert!(!mail.out.contains("\nopen: "), "the login was told: {}", mail.out);
}

/// Every format that tells of hits, with what a report says in it of a container that is there.
const FORMATS: [&str; 9] = ["text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown", "html"];

#[test]
fn a_participant_that_is_added_renamed_or_removed_is_told_in_every_format() {
    let pair = [unguarded("agents"), unguarded("runner")];
    let named = |names: &[&str]| -> Vec<Value> { names.iter().map(|name| unguarded(name)).collect() };
    for format in FORMATS {
        let after = |names: &[&str]| {
            let host = Host::new();
            host.runs(&pair).report(&[]);
            host.runs(&named(names)).report(&["--quiet", "--format", format])
        };
        let added = after(&["agents", "runner", "third"]);
        assert_eq!(added.status, 1, "{format}: {}", added.err);
        assert!(added.out.contains("third"), "{format}: {}", added.out);
        let renamed = after(&["agents", "walker"]);
        assert_eq!((renamed.status, renamed.out.contains("walker")), (1, true), "{format}: {}", renamed.out);
        let removed = after(&["agents"]);
        assert_eq!(removed.status, 0, "{format}: {}", removed.out);
        // A line a finding has nothing to say of one that is gone.
        assert_eq!(removed.out.is_empty(), format == "concise", "{format}: that it is resolved is news");
        let same = after(&["agents", "runner"]);
        assert_eq!((same.status, same.out.as_str()), (0, ""), "{format}");
    }
    let changes = |names: &[&str]| {
        let host = Host::new();
        host.runs(&pair).report(&[]);
        let report = host.runs(&named(names)).report(&["--format", "json"]).json();
        let hits = report["breaches"].as_array().unwrap().iter();
        let mut told: Vec<String> = hits
            .map(|one| format!("{} {}", one["container"].as_str().unwrap(), one["change"]["state"].as_str().unwrap()))
            .chain(
                report["comparison"]["gone"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| format!("{} {}", one["container"].as_str().unwrap(), one["end"].as_str().unwrap())),
            )
            .collect();
        told.sort();
        told.dedup();
        told
    };
    assert_eq!(changes(&["agents", "runner", "third"]), ["agents kept", "runner kept", "third new"]);
    assert_eq!(changes(&["agents", "walker"]), ["agents kept", "runner left", "walker new"]);
    assert_eq!(changes(&["agents"]), ["agents fixed", "runner left"]);
}

#[test]
fn a_memory_that_is_torn_or_of_another_release_is_said_and_begun_anew() {
    let host = Host::new();
    host.is("unguarded-call/bad-one-without").report(&[]);
    let whole = fs::read_to_string(host.state()).unwrap();
    for (text, said) in [
        (whole[..whole.len() / 2].to_owned(), "is not whole JSON"),
        (String::new(), "is not whole JSON (line 1)"),
        (whole.replace("\"schema_version\": 2", "\"schema_version\": 1"), "in a form that this one does not know"),
        (whole.replace("\"schema_version\": 2", "\"schema_version\": 7"), "in a form that this one does not know"),
        ("{\"other\": 1}".to_owned(), "is not what `overlock report` keeps"),
    ] {
        fs::write(host.state(), &text).unwrap();
        let run = host.report(&["--quiet", "--format", "json"]);
        assert_eq!(run.status, 1, "{said}: {} {}", run.out, run.err);
        assert!(run.err.contains(said) && run.err.contains("the comparison starts anew"), "{said}: {}", run.err);
        assert_eq!(run.json()["comparison"]["before"], "nothing");
        let next = host.report(&["--quiet"]);
        assert_eq!((next.status, next.out.as_str(), next.err.as_str()), (0, "", ""), "{said}");
    }
    // What another release wrote is not lost.
    let aside = host.state().with_extension("json.old");
    assert_eq!(fs::read_to_string(aside).unwrap(), "{\"other\": 1}");
}

#[test]
fn a_memory_that_cannot_be_kept_is_said_after_the_report() {
    let host = Host::new();
    host.is("unguarded-call/bad-one-without");
    fs::write(host.folder.path().join("file"), "").unwrap();
    for directory in ["file", "file/below", "/proc/overlock"] {
        let call = ["report", "--from", "host.json", "--state", directory, "--quiet"];
        let run = overlock(host.folder.path(), &call);
        assert_eq!(run.status, 2, "{directory}: {}", run.err);
        assert!(run.out.contains("error[unguarded-call]"), "{directory}: {}", run.out);
        assert!(run.err.contains("cannot be remembered in ") && run.err.contains("--state"), "{}", run.err);
    }
    let mut nowhere = command(host.folder.path(), &["report", "--from", "host.json"]);
    nowhere.env_remove("HOME");
    let run = crate::harness::run(nowhere);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(run.err.contains("set XDG_STATE_HOME or HOME, or name one with --state"), "{}", run.err);
}

#[test]
fn a_configuration_that_cannot_be_used_is_told_each_time() {
    let host = Host::new();
    host.is("unguarded-call/ok-held-by-ancestor");
    fs::write(host.folder.path().join("overlock.yaml"), "no_such_key: 1\n").unwrap();
    for _ in 0..2 {
        let run = host.report(&["--quiet", "--config", "overlock.yaml"]);
        assert_eq!(run.status, 2, "{}", run.out);
        assert!(run.err.contains("overlock.yaml:1:1: error: the configuration is not used"), "{}", run.err);
    }
}

#[test]
fn a_look_that_fails_is_told_in_every_output_and_forgets_nothing() {
    let host = Host::new();
    let outputs = ["--output", "text", "--output", "prometheus=overlock.prom", "--output", "html=page.html"];
    host.is("unguarded-call/bad-one-without").report(&outputs);
    let before = fs::read(host.state()).unwrap();
    fs::write(host.folder.path().join("host.json"), "torn").unwrap();
    for _ in 0..2 {
        let run = host.report(&[&outputs[..], &["--quiet"]].concat());
        assert_eq!(run.status, 2, "{}", run.out);
        assert!(run.err.contains("what runs here was not looked at: "), "{}", run.err);
    }
    let read = |name: &str| fs::read_to_string(host.folder.path().join(name)).unwrap();
    assert!(read("overlock.prom").contains("overlock_exit_status 2\n"));
    assert!(read("overlock.prom").contains("overlock_gaps 1\n"));
    assert!(read("page.html").contains("what runs here was not looked at"));
    assert_eq!(fs::read(host.state()).unwrap(), before);
}

#[test]
fn memory_is_where_such_things_are_kept_and_one_for_each_engine() {
    let host = Host::new();
    host.is("unguarded-call/bad-one-without");
    let of = |name: &str| {
        let mut call = command(host.folder.path(), &["report", "--from", name, "--format", "json"]);
        call.env("XDG_STATE_HOME", host.folder.path().join("xdg"));
        crate::harness::run(call).json()["comparison"]["before"].as_str().unwrap().to_owned()
    };
    fs::copy(host.folder.path().join("host.json"), host.folder.path().join("other.json")).unwrap();
    assert_eq!([of("host.json"), of("other.json"), of("host.json")], ["nothing", "nothing", "last-run"]);
    let kept = fs::read_dir(host.folder.path().join("xdg/overlock")).unwrap().count();
    assert_eq!(kept, 4, "two files and the locks beside them");
}

#[test]
fn reports_at_once_come_one_after_the_other() {
    let host = Host::new();
    host.is("unguarded-call/bad-one-without");
    let call = ["report", "--from", "host.json", "--state", "state", "--format", "json"];
    let start = |_| command(host.folder.path(), &call).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<_> = (0..12).map(start).collect();
    let told: Vec<Value> = children
        .into_iter()
        .map(|child| serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap())
        .collect();
    let first = told.iter().filter(|report| report["comparison"]["before"] == "nothing").count();
    assert_eq!(first, 1, "each but the first is compared with the one before");
    assert_eq!(ends(&host.json()), Vec::new());
    assert_eq!(states(&host.json()), ["kept"; 3]);
}

#[test]
fn metrics_are_what_prometheus_reads_and_count_what_the_report_tells() {
    if let Some(why) = wanted::missing(PROMTOOL) {
        return crate::engine::skip("metrics_are_what_prometheus_reads_and_count_what_the_report_tells", &why)
            .unwrap_or_default();
    }
    let host = Host::new();
    let file = host.folder.path().join("overlock.prom");
    let run = host.is("unguarded-call/bad-one-without").report(&["--output", "prometheus=overlock.prom"]);
    assert_eq!((run.status, run.out.as_str()), (1, ""));
    assert_eq!(promtool(&file), "");
    let text = fs::read_to_string(&file).unwrap();
    let line = |series: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no {series} in {text}"))
    };
    let report = host.json();
    let findings = counted_findings(&report);
    let hits = || findings.iter().flat_map(|finding| counted_hits(finding).into_iter().map(move |hit| (finding, hit)));
    assert_eq!(line("overlock_containers"), "2");
    assert_eq!(line("overlock_exit_status"), "1");
    assert!(line("overlock_last_run_timestamp_seconds").parse::<u64>().unwrap() > 1_700_000_000);
    assert_ne!(line("overlock_run_duration_seconds"), "0");
    for (rule, severity) in [
        ("unguarded-call", "error"),
        ("stale-bind", "error"),
        ("host-shares", "warning"),
        ("lock-on-private-layer", "note"),
    ] {
        let labels = format!("{{rule=\"{rule}\",severity=\"{severity}\"}}");
        let found = findings.iter().filter(|one| one["rule"] == rule && one["severity"] == severity).count();
        assert_eq!(line(&format!("overlock_findings{labels}")), found.to_string(), "{labels}");
        let hit = hits().filter(|(finding, hit)| hit["rules"][0] == rule && finding["severity"] == severity).count();
        assert_eq!(line(&format!("overlock_hits{labels}")), hit.to_string(), "{labels}");
    }
    for verdict in ["ok", "error"] {
        let logins = report["logins"].as_array().unwrap().iter().filter(|login| login["verdict"] == verdict).count();
        assert_eq!(line(&format!("overlock_logins{{verdict=\"{verdict}\"}}")), logins.to_string());
    }
    assert_eq!(line("overlock_changes{change=\"new\"}"), hits().count().to_string());
    // Nothing changed: nothing is printed, and the file is written all the same.
    fs::remove_file(&file).unwrap();
    let quiet = host.report(&["--quiet", "--output", "prometheus=overlock.prom", "--output", "text"]);
    assert_eq!((quiet.status, quiet.out.as_str()), (0, ""));
    assert!(fs::read_to_string(&file).unwrap().contains("overlock_changes{change=\"kept\"} 2\n"));
    assert!(!host.folder.path().join(".overlock.prom").exists());
}

/// What promtool has to say of a file.
fn promtool(file: &Path) -> String {
    let input = fs::File::open(file).unwrap();
    let mut call = std::process::Command::new("promtool");
    let output = call.args(["check", "metrics"]).stdin(input).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
