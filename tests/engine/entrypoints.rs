//! What scripts say of the guard beside what the kernel shows while they run: a real shell, the real flock(1).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::audit::{participant, report};
use super::{Engine, docker, engine, must, output, sweep};
use crate::harness::{command, run};

const LIB: &str = "\
guarded() {
  (
    exec 9>\"$HOME/.claude/session.lock\"
    flock -w 900 9 || exit 75
    \"$@\"
  )
}
";

/// A way to call the program: the service's name, its script, its environment, and the guard as it should be.
const WAYS: [(&str, &str, &str, &str); 15] = [
    ("holds", "#!/bin/sh\n. /opt/lib/guard.sh\nguarded claude -p work\n", "", "held"),
    ("skips", "#!/bin/sh\n. /opt/lib/guard.sh\nclaude -p work\n", "", "absent"),
    (
        "asks",
        "#!/bin/sh\nexec 9>\"$HOME/.claude/session.lock\"\n[ -n \"$GUARD\" ] && flock 9\nclaude -p work\n",
        "yes",
        "held",
    ),
    (
        "forgets",
        "#!/bin/sh\nexec 9>\"$HOME/.claude/session.lock\"\n[ -n \"$GUARD\" ] && flock 9\nclaude -p work\n",
        "",
        "absent",
    ),
    (
        "releases",
        "#!/bin/sh\nexec 9>\"$HOME/.claude/session.lock\"\nflock 9\nflock -u 9\nclaude -p work\n",
        "",
        "absent",
    ),
    ("wraps", "#!/bin/sh\nexec flock \"$HOME/.claude/session.lock\" claude -p work\n", "", "held"),
    ("string", "#!/bin/sh\nexec flock \"$HOME/.claude/session.lock\" -c 'claude -p work'\n", "", "held"),
    ("subshell", "#!/bin/sh\n( flock 9; claude -p work ) 9>\"$HOME/.claude/session.lock\"\n", "", "held"),
    ("ends-before", "#!/bin/sh\n( flock 9 ) 9>\"$HOME/.claude/session.lock\"\nclaude -p work\n", "", "absent"),
    // The shell that waits holds it, and a program in the place of the shell does not.
    ("waits", "#!/bin/sh\nexec 9>\"$HOME/.claude/session.lock\"\nflock 9\nclaude -p work 9>&-\n", "", "held"),
    ("passes", "#!/bin/sh\nexec 9>\"$HOME/.claude/session.lock\"\nflock 9\nexec claude -p work 9>&-\n", "", "absent"),
    (
        "replaces",
        "#!/bin/sh\nexec 9>\"$HOME/.claude/session.lock\"\nflock 9\nexec 9>/dev/null\nclaude -p work\n",
        "",
        "absent",
    ),
    (
        "opens-anew",
        "#!/bin/sh\nexec 9>\"$HOME/.claude/session.lock\"\nflock 9\nexec 9>\"$HOME/.claude/session.lock\"\nclaude -p work\n",
        "",
        "absent",
    ),
    // Both descriptors are one open file.
    (
        "unlocks-below",
        "#!/bin/sh\nexec 9>\"$HOME/.claude/session.lock\"\nflock 9\n( flock -u 9 )\nclaude -p work\n",
        "",
        "absent",
    ),
    (
        "renames",
        "#!/bin/sh\nexec 8>\"$HOME/.claude/session.lock\"\nflock 8\nexec 9>&8 8>&-\nclaude -p work\n",
        "",
        "held",
    ),
];

/// Copies a program of this machine with the libraries that it wants.
pub(crate) fn bring(program: &str, as_path: &str, root: &Path) {
    let put = |from: &str, to: &str| {
        let to = root.join(to.trim_start_matches('/'));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    };
    put(program, as_path);
    let listed = must("ldd", &[program]);
    for library in listed.split_whitespace().filter(|word| word.starts_with('/')) {
        put(library, library);
    }
}

/// The project: one image, one service a way.
fn project(engine: &Engine) -> std::path::PathBuf {
    let project = engine.directory("entrypoints");
    let root = project.join("rootfs");
    bring("/bin/dash", "/bin/sh", &root);
    bring("/usr/bin/flock", "/usr/bin/flock", &root);
    fs::create_dir_all(root.join("usr/local/bin")).unwrap();
    fs::create_dir_all(root.join("home/agent")).unwrap();
    fs::copy(engine.folder.join("image/usr/local/bin/claude"), root.join("usr/local/bin/claude")).unwrap();
    fs::create_dir(project.join("lib")).unwrap();
    fs::write(project.join("lib/guard.sh"), LIB).unwrap();
    let dockerfile =
        "FROM scratch\nCOPY rootfs/ /\nCOPY lib/ /opt/lib/\nCOPY bin/ /usr/local/bin/\nENV HOME=/home/agent\n";
    fs::write(project.join("Dockerfile"), dockerfile).unwrap();
    fs::create_dir(project.join("bin")).unwrap();
    let mut compose = "name: entrypoints\nservices:\n".to_owned();
    for (name, script, guard, _) in WAYS {
        let path = project.join("bin").join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        compose.push_str(&format!(
            "  {name}:\n    build: .\n    entrypoint: [\"/usr/local/bin/{name}\"]\n    environment: {{GUARD: \"{guard}\"}}\n    \
             labels: {{overlock.version: 2.1.98}}\n    volumes: [\"./{name}-state:/home/agent/.claude\"]\n"
        ));
        fs::create_dir(project.join(format!("{name}-state"))).unwrap();
    }
    fs::write(project.join("compose.yaml"), compose).unwrap();
    project
}

/// Removes a container when it goes away.
pub(crate) struct Running(pub(crate) String);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = docker(&["rm", "-f", &self.0]);
    }
}

#[test]
fn what_scripts_say_of_the_guard_is_what_the_kernel_shows() {
    let Some(engine) = engine("what_scripts_say_of_the_guard_is_what_the_kernel_shows") else { return };
    let project = project(engine);
    let image = format!("{}:{}-entrypoints", sweep::LABEL, engine.run);
    let label = format!("{}={}", sweep::LABEL, engine.run);
    let mut build = Command::new("docker");
    build.env("DOCKER_BUILDKIT", "0").args(["build", "-q", "--label", &label, "-t", &image]).arg(&project);
    output(&mut build).unwrap();
    let running: Vec<Running> = WAYS
        .iter()
        .map(|(name, _, guard, _)| {
            let container = engine.name(name);
            let bind = format!("{}/{name}-state:/home/agent/.claude", project.display());
            let entrypoint = format!("/usr/local/bin/{name}");
            must(
                "docker",
                &[
                    "run",
                    "-d",
                    "--network",
                    "none",
                    "--label",
                    &label,
                    "--label",
                    "overlock.version=2.1.98",
                    "--name",
                    &container,
                    "-e",
                    &format!("GUARD={guard}"),
                    "-v",
                    &bind,
                    "--entrypoint",
                    &entrypoint,
                    &image,
                ],
            );
            Running(container)
        })
        .collect();
    let names: Vec<&str> = running.iter().map(|one| one.0.as_str()).collect();

    let planned = run(command(&project, &["check", ".", "--format", "json"])).json();
    // The program is started by the script, at some time soon.
    let deadline = Instant::now() + Duration::from_secs(60);
    let live = loop {
        let live = report(&names);
        let shown = |name: &&str| evidence(participant(&live, name)).any(|kind| kind == "kernel");
        if names.iter().all(shown) {
            break live;
        }
        assert!(Instant::now() < deadline, "the program does not run in all of {names:?}: {live:#}");
        std::thread::sleep(Duration::from_millis(100));
    };
    for ((name, _, _, guard), container) in WAYS.iter().zip(&names) {
        let planned = participant(&planned, name);
        let live = participant(&live, container);
        assert_eq!(planned["guard"]["state"], *guard, "{name}: {planned:#}");
        // Nobody else takes a guard of this login, so that none is gone past.
        assert_eq!(live["guard"]["state"], *guard, "{name}: {live:#}");
        if *guard == "held" {
            assert_eq!(planned["guard"]["path"], live["guard"]["path"], "{name}");
        }
    }
}

fn evidence(participant: &Value) -> impl Iterator<Item = &str> {
    participant["guard"]["evidence"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap())
}
