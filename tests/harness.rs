//! Runs the program with nothing of this machine's in its environment.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a run printed and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) status: i32,
}

impl Run {
    /// The output as the JSON contract, with `breaches` besides: each rule of each hit, in the order of the report.
    pub(crate) fn json(&self) -> serde_json::Value {
        let mut report: serde_json::Value = serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {} {}", self.out, self.err));
        if report.get("logins").is_some() {
            report["breaches"] = breaches(&report).into();
        }
        report
    }
}

/// Each rule of each hit of a report, with what is said of its finding.
pub(crate) fn breaches(report: &serde_json::Value) -> Vec<serde_json::Value> {
    let array = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let mut breaches = Vec::new();
    for finding in array(&report["logins"]).iter().flat_map(|login| array(&login["findings"])) {
        let remedies: Vec<serde_json::Value> =
            array(&finding["remedies"]).iter().map(|one| one["text"].clone()).collect();
        for hit in array(&finding["hits"]) {
            let accepted = array(&hit["accepted"]);
            let known: Vec<serde_json::Value> = array(&hit["rules"]);
            let further = accepted.iter().map(|one| one["rule"].clone()).filter(|rule| !known.contains(rule));
            for rule in known.iter().cloned().chain(further) {
                let mut breach = hit.clone();
                if let Some(one) = accepted.iter().find(|one| one["rule"] == rule) {
                    breach["suppressed"] = one.clone();
                }
                breach["rule"] = rule;
                breach["severity"] = finding["severity"].clone();
                breach["remedies"] = remedies.clone().into();
                breach["evidence"] = finding["reasons"].clone();
                breaches.push(breach);
            }
        }
    }
    breaches
}

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A program call that sees `HOME=/home/user` and nothing else of the environment.
pub(crate) fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overlock"));
    command.current_dir(directory).args(arguments).env_clear().env("HOME", "/home/user");
    // The configuration of this repository is about its own layout: a fixture is a user's.
    let has_none = directory.starts_with(root().join("fixtures")) && !has_configuration(directory);
    if has_none && !arguments.contains(&"--no-config") {
        command.arg("--no-config");
    }
    command
}

/// Whether a fixture has a configuration of its own.
fn has_configuration(directory: &Path) -> bool {
    let fixtures = root().join("fixtures");
    directory.ancestors().take_while(|above| above.starts_with(&fixtures)).any(|at| at.join("overlock.yaml").exists())
}

/// Runs the program in a directory.
pub(crate) fn overlock(directory: &Path, arguments: &[&str]) -> Run {
    run(command(directory, arguments))
}

/// Judges a folder of `fixtures`: what runs, where it holds a capture, else the compose project in it; held against its
/// baseline, where it has one.
pub(crate) fn judged(folder: &Path, more: &[&str]) -> Run {
    const BASELINE: &str = "overlock.baseline.json";
    let call: &[&str] =
        if folder.join("capture.json").is_file() { &["audit", "--from", "capture.json"] } else { &["check", "."] };
    let baseline: &[&str] = if folder.join(BASELINE).is_file() { &["--baseline", BASELINE] } else { &[] };
    overlock(folder, &[call, baseline, more].concat())
}

/// The folders of `fixtures` that are named after rules.
pub(crate) fn rule_folders() -> Vec<PathBuf> {
    let others = [
        "cases",
        "world",
        "report",
        "compose",
        "dockerfile",
        "factory",
        "formats",
        "scripts",
        "mountinfo",
        "network",
        "process",
    ];
    folders(&root().join("fixtures")).into_iter().filter(|path| !others.contains(&name(path).as_str())).collect()
}

/// Runs a prepared call.
pub(crate) fn run(mut command: Command) -> Run {
    let output = command.output().unwrap();
    Run {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap_or_else(|| panic!("ended by a signal: {:?}", output.status)),
    }
}

/// The folders in a folder, sorted.
pub(crate) fn folders(directory: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// A path's last component.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// The rules that a report's findings break.
pub(crate) fn rules(report: &serde_json::Value) -> Vec<String> {
    report["breaches"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

/// A folder with files in it.
pub(crate) fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

/// Runs git with no settings but those of the repository.
pub(crate) fn git(directory: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.arg("-C").arg(directory).args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]);
    git.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let output = git.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Commits all that is there.
pub(crate) fn commit(directory: &Path) {
    git(directory, &["add", "--all"]);
    git(directory, &["commit", "--quiet", "--message", "x"]);
}

/// A git repository with these files committed on `main`.
pub(crate) fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = project(files);
    git(directory.path(), &["init", "--quiet", "--initial-branch", "main"]);
    commit(directory.path());
    directory
}

/// The head of a request that comes to a server of a test; `None` where the other side ends before.
pub(crate) fn request(stream: &mut impl Read) -> Option<Vec<u8>> {
    let (mut request, mut bytes) = (Vec::new(), [0; 4096]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut bytes).ok().filter(|read| *read > 0)?;
        request.extend(&bytes[..read]);
    }
    Some(request)
}
