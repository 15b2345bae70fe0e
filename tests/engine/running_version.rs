//! Which version a process runs: by the file that it was started from, whatever else is installed beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::audit::{participant, report};
use super::{Engine, Probe, Start, docker, engine};

const HOME: &str = "/home/agent";
const STATE: &str = "/home/agent/.claude";
/// A package as npm installs it.
const PACKAGE: &str = "node_modules/@anthropic-ai/claude-code";

/// A container, and the directory of the host in which its programs are.
struct Installation {
    probe: Probe,
    programs: PathBuf,
    /// A program that only stays.
    program: PathBuf,
}

impl Installation {
    /// A container with files below one directory, each a program where it has no text.
    fn new(engine: &Engine, stem: &str, target: &str, files: &[(&str, Option<&str>)]) -> Self {
        let programs = engine.directory(stem);
        let program = engine.folder.join("image/usr/local/bin/claude");
        for (file, text) in files {
            let path = programs.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match text {
                Some(text) => fs::write(path, text).unwrap(),
                None => _ = fs::copy(&program, path).unwrap(),
            }
        }
        let state = engine.directory(&format!("{stem}-state"));
        // The image's own program is not on this path.
        let start = Start::new(&engine.name(stem)).label("overlock.role", "batch").env("PATH", "/nowhere");
        let start = start.env("HOME", HOME).bind(&state, STATE).bind(&programs, target);
        Self { probe: engine.start(&start), programs, program }
    }

    fn start(&self, path: &str) {
        docker(&["exec", "--detach", &self.probe.name, path, "-p", "hello"]).unwrap();
    }

    /// The participant, when as many processes are seen.
    fn seen(&self, processes: usize) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let listed = docker(&["top", &self.probe.name, "-eo", "pid,args"]).unwrap();
            if listed.lines().filter(|line| line.contains("-p hello")).count() >= processes {
                break;
            }
            assert!(Instant::now() < deadline, "{listed}");
            std::thread::sleep(Duration::from_millis(50));
        }
        participant(&report(&[&self.probe.name]), &self.probe.name).clone()
    }

    /// Puts another file in the place of one, as installers do.
    fn replace(&self, file: &str, text: Option<&str>) {
        let (new, path) = (self.programs.join("new"), self.programs.join(file));
        match text {
            Some(text) => fs::write(&new, text).unwrap(),
            None => _ = fs::copy(&self.program, &new).unwrap(),
        }
        fs::rename(new, path).unwrap();
    }
}

fn manifest(version: &str) -> String {
    format!("{{\"name\": \"@anthropic-ai/claude-code\", \"version\": \"{version}\"}}")
}

#[test]
fn each_way_to_install_tells_the_version_that_runs() {
    let Some(engine) = engine("each_way_to_install_tells_the_version_that_runs") else { return };
    let sdk = "/usr/local/lib/python3.11/site-packages";
    let copy = "claude_agent_sdk/_bundled/claude";
    let own = "\"\"\"Bundled version.\"\"\"\n\n__cli_version__ = \"2.1.128\"\n";
    let npx = format!("abc/{PACKAGE}/bin/claude.exe");
    let (package, npx_manifest) = (manifest("2.1.139"), format!("abc/{PACKAGE}/package.json"));
    let versions = "/home/agent/.local/share/claude/versions";
    #[allow(clippy::type_complexity, reason = "a table, read row by row")]
    let cases: [(&str, &str, &[(&str, Option<&str>)], &str, Option<&str>); 5] = [
        ("sdk", sdk, &[(copy, None), ("claude_agent_sdk/_cli_version.py", Some(own))], copy, Some("2.1.128")),
        (
            "both",
            sdk,
            &[
                (copy, None),
                ("claude_agent_sdk/_bundled/claude.version", Some("2.1.332 (Claude Code)\n")),
                ("claude_agent_sdk/_cli_version.py", Some(own)),
            ],
            copy,
            Some("2.1.332"),
        ),
        ("untold", sdk, &[(copy, None)], copy, None),
        ("npx", "/home/agent/.npm/_npx", &[(&npx, None), (&npx_manifest, Some(&package))], &npx, Some("2.1.139")),
        ("native", versions, &[("2.1.98", None), ("2.1.332", None)], "2.1.98", Some("2.1.98")),
    ];
    for (stem, target, files, path, version) in cases {
        let installation = Installation::new(engine, stem, target, files);
        installation.start(&format!("{target}/{path}"));
        let seen = installation.seen(1);
        assert_eq!(seen["version"].as_str(), version, "{stem}: {seen:#}");
    }
}

#[test]
fn file_that_was_replaced_tells_no_version() {
    let Some(engine) = engine("file_that_was_replaced_tells_no_version") else { return };
    let (program, package) = (format!("{PACKAGE}/bin/claude.exe"), format!("{PACKAGE}/package.json"));
    let old = manifest("2.1.128");
    let installation = Installation::new(engine, "replaced", "/opt/lib", &[(&program, None), (&package, Some(&old))]);
    let path = Path::new("/opt/lib").join(&program);
    installation.start(path.to_str().unwrap());
    assert_eq!(installation.seen(1)["version"], "2.1.128");
    // The process goes on with the old one.
    installation.replace(&package, Some(&manifest("2.1.332")));
    installation.replace(&program, None);
    let seen = installation.seen(1);
    assert_eq!(seen["version"], Value::Null, "{seen:#}");
}

#[test]
fn oldest_process_of_a_container_counts() {
    let Some(engine) = engine("oldest_process_of_a_container_counts") else { return };
    let versions = "/home/agent/.local/share/claude/versions";
    let installation = Installation::new(engine, "several", versions, &[("2.1.128", None), ("2.1.332", None)]);
    installation.start(&format!("{versions}/2.1.332"));
    assert_eq!(installation.seen(1)["version"], "2.1.332");
    installation.start(&format!("{versions}/2.1.128"));
    assert_eq!(installation.seen(2)["version"], "2.1.128 to 2.1.332");
}
