//! `overlock report`: what is new, what stays, what is gone; and what becomes of its memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

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
    assert!(first.out.contains("\nNo earlier report: ") && first.out.contains("  standing: new\n"), "{}", first.out);

    let quiet = host.report(&["--quiet"]);
    assert_eq!((quiet.status, quiet.out.as_str(), quiet.err.as_str()), (0, "", ""));
    let second = host.report(&[]);
    assert_eq!(second.status, 1, "the findings are there still");
    assert!(second.out.contains(" UTC: 0 new, 3 still open, 0 resolved.\n"), "{}", second.out);
    assert!(second.out.contains("  standing: open since "), "{}", second.out);

    let third = host.is("unguarded-call/ok-held-by-ancestor").report(&["--quiet"]);
    assert_eq!(third.status, 0, "{} {}", third.out, third.err);
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
fn a_memory_that_is_torn_or_of_another_release_is_said_and_begun_anew() {
    let host = Host::new();
    host.is("unguarded-call/bad-one-without").report(&[]);
    let whole = fs::read_to_string(host.state()).unwrap();
    for (text, said) in [
        (whole[..whole.len() / 2].to_owned(), "is not whole JSON"),
        (String::new(), "is not whole JSON (line 1)"),
        (whole.replace("\"schema_version\": 1", "\"schema_version\": 0"), "in a form that this one does not know"),
        (whole.replace("\"schema_version\": 1", "\"schema_version\": 7"), "in a form that this one does not know"),
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
