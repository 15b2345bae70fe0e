//! What is given for cron, systemd and Prometheus is what these take.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::engine::wanted::{self, Wanted};
use crate::engine::{output, skip};
use crate::harness::{command, overlock, root, run};

const SYSTEMD: &[Wanted] = &[("systemd-analyze", "systemd")];
const PROMTOOL: &[Wanted] = &[("promtool", "prometheus")];

/// How exposed a unit may be, in tenths: systemd calls what is below 2.0 OK.
const EXPOSED: &str = "20";

#[test]
fn the_units_are_sound_and_may_little() {
    if let Some(why) = wanted::missing(SYSTEMD) {
        return skip("the_units_are_sound_and_may_little", &why).unwrap_or_default();
    }
    let folder = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for entry in fs::read_dir(root().join("contrib/systemd")).unwrap() {
        let path = entry.unwrap().path();
        // The program is where this run has it.
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("/usr/local/bin/overlock ") || path.extension().unwrap() == "timer", "{path:?}");
        let text = text.replace("/usr/local/bin/overlock", env!("CARGO_BIN_EXE_overlock"));
        let copy = folder.path().join(path.file_name().unwrap());
        fs::write(&copy, text).unwrap();
        units.push(copy);
    }
    assert_eq!(units.len(), 3);
    let said = Command::new("systemd-analyze").arg("verify").args(&units).output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    // Of other units of this machine it may say what it likes.
    assert!(said.status.success() && !told.contains("overlock"), "{told}");
    for unit in units.iter().filter(|unit| unit.extension().unwrap() == "service") {
        let call = ["security", "--no-pager", "--offline=true", &format!("--threshold={EXPOSED}")];
        let judged = output(Command::new("systemd-analyze").args(call).arg(unit));
        judged.unwrap_or_else(|error| panic!("{unit:?} is more exposed than {EXPOSED}: {error}"));
    }
}

/// The words of the command lines of a text that call the program, after the program.
fn calls(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter_map(|line| {
        let at = ["overlock report ", "overlock watch "].iter().find_map(|call| line.find(call))?;
        line.get(at + "overlock ".len()..)
    });
    lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn every_command_line_that_is_given_is_one() {
    let mut seen = 0;
    for file in ["contrib/overlock.cron", "contrib/systemd/overlock-report.service", "docs/cron.md"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        for call in calls(&text).iter().filter(|call| call.iter().any(|word| word == "--state")) {
            // The same call, with places of our own and a host that is captured.
            let folder = tempfile::tempdir().unwrap();
            let own = |word: &String| match word.split_once("=/") {
                Some((format, path)) => format!("{format}={}", Path::new(path).file_name().unwrap().to_str().unwrap()),
                None if word.starts_with("/var") => "state".to_owned(),
                None => word.clone(),
            };
            let capture = root().join("fixtures/unguarded-call/bad-one-without/capture.json");
            let mut words: Vec<String> = call.iter().map(own).collect();
            words.extend(["--from".to_owned(), capture.display().to_string()]);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let first = overlock(folder.path(), &words);
            assert_eq!(first.status, 1, "{file}: {words:?}: {}", first.err);
            assert!(first.out.contains("unguarded-call"), "{file}");
            let again = overlock(folder.path(), &words);
            assert_eq!((again.status, again.out.as_str(), again.err.as_str()), (0, "", ""), "{file}");
            for made in ["overlock.prom", "index.html"] {
                assert!(folder.path().join(made).metadata().unwrap().len() > 0, "{file}: {made}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 3, "each of the files has one");
}

#[test]
fn the_alerts_are_rules_over_metrics_that_there_are() {
    let test = "the_alerts_are_rules_over_metrics_that_there_are";
    if let Some(why) = wanted::missing(PROMTOOL) {
        return skip(test, &why).unwrap_or_default();
    }
    let page = fs::read_to_string(root().join("docs/cron.md")).unwrap();
    let rules = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yaml");
    fs::write(&file, rules).unwrap();
    output(Command::new("promtool").args(["check", "rules"]).arg(&file)).unwrap();
    let fixture = root().join("fixtures/unguarded-call/bad-one-without");
    let call = ["report", "--from", "capture.json", "--format", "prometheus", "--state"];
    let mut call = command(&fixture, &[&call[..], &[folder.path().to_str().unwrap()]].concat());
    call.stdin(Stdio::null());
    let metrics = run(call).out;
    let names = |text: &str| -> std::collections::BTreeSet<String> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.filter(|word| word.starts_with("overlock_")).map(str::to_owned).collect()
    };
    let (told, written) = (names(&metrics), names(&page));
    assert_eq!(told, written, "the page tells of each metric, and of no other");
}
