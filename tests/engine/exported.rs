//! Images of an engine whose layers cannot be opened, as those of one that keeps them with containerd: their files are read
//! of what the engine exports, and say the same.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use super::audit::{overlock, participant};
use super::{Engine, USER, engine, must};
use crate::harness::{Run, request, run};

/// The engine of this machine, which tells of its storage driver something that nobody knows.
struct Veiled {
    socket: PathBuf,
    exports: Arc<AtomicUsize>,
    /// Whether it refuses to export.
    refuses: Arc<AtomicBool>,
}

impl Veiled {
    /// `None` where the engine does not listen on a socket.
    fn start(engine: &Engine) -> Option<Self> {
        let real = match std::env::var("DOCKER_HOST") {
            Ok(address) => PathBuf::from(address.strip_prefix("unix://")?),
            Err(_) => PathBuf::from("/var/run/docker.sock"),
        };
        let socket = engine.directory("veil").join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let (exports, refuses) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let veiled = Self { socket, exports: Arc::clone(&exports), refuses: Arc::clone(&refuses) };
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (real, exports, refuses) = (real.clone(), Arc::clone(&exports), Arc::clone(&refuses));
                thread::spawn(move || {
                    let _ = pass_on(client, &real, &exports, &refuses);
                });
            }
        });
        Some(veiled)
    }

    fn preflight(&self, project: &Path) -> Run {
        let host = format!("unix://{}", self.socket.display());
        run(overlock(&[
            "preflight",
            project.to_str().unwrap(),
            "--format",
            "json",
            "--timeout",
            "120",
            "--host",
            &host,
        ]))
    }
}

/// One request, and its answer.
fn pass_on(mut client: UnixStream, real: &Path, exports: &AtomicUsize, refuses: &AtomicBool) -> io::Result<()> {
    let Some(request) = request(&mut client) else { return Ok(()) };
    let head = String::from_utf8_lossy(&request).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    if path.starts_with("/images/") && path.ends_with("/get") {
        exports.fetch_add(1, Ordering::Relaxed);
        if refuses.load(Ordering::Relaxed) {
            let refusal = "{\"message\":\"no export today\"}";
            let length = refusal.len();
            return client.write_all(format!("HTTP/1.1 500 X\r\nContent-Length: {length}\r\n\r\n{refusal}").as_bytes());
        }
    }
    let mut engine = UnixStream::connect(real)?;
    // One answer, and then its end.
    let (line, rest) = head.split_once("\r\n").unwrap_or_default();
    engine.write_all(format!("{line}\r\nConnection: close\r\n{rest}").as_bytes())?;
    if path != "/info" {
        return io::copy(&mut engine, &mut client).map(drop);
    }
    let mut answer = Vec::new();
    engine.read_to_end(&mut answer)?;
    // As many bytes as before.
    let mut text = String::from_utf8_lossy(&answer).into_owned();
    for driver in ["overlay2", "fuse-overlayfs", "vfs"] {
        let unknown: String = driver.chars().rev().collect();
        text = text.replace(&format!("\"Driver\":\"{driver}\""), &format!("\"Driver\":\"{unknown}\""));
    }
    client.write_all(text.as_bytes())
}

/// A plan of three services whose image says what matters: the version by a package, the user by its accounts, the flock by
/// a script, which a link leads to.
fn project(engine: &Engine, name: &str) -> PathBuf {
    let (context, state) = (engine.directory("context"), engine.directory("state"));
    chown(&state, Some(USER), Some(USER)).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    let script = "#!/bin/sh\nwhile :; do flock /home/agent/.claude/session.lock claude -p work; done\n";
    fs::write(context.join("agent-loop"), script).unwrap();
    fs::set_permissions(context.join("agent-loop"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(context.join("package.json"), r#"{"name": "@anthropic-ai/claude-code", "version": "2.1.98"}"#).unwrap();
    let accounts = format!("agent:x:{USER}:{USER}::/home/agent:/bin/sh\nother:x:1234:1234::/home/agent:/bin/sh\n");
    fs::write(context.join("passwd"), accounts).unwrap();
    std::os::unix::fs::symlink("agent-loop", context.join("loop")).unwrap();
    let file = format!(
        "FROM {}\nCOPY package.json /usr/local/lib/node_modules/@anthropic-ai/claude-code/\nCOPY passwd /etc/passwd\n\
         COPY agent-loop loop /opt/\nENV HOME=/home/agent PATH=/opt\nUSER agent\nENTRYPOINT []\n",
        engine.image
    );
    fs::write(context.join("Dockerfile"), file).unwrap();
    let image = format!("{}-{}", engine.image, name);
    must("docker", &["build", "--quiet", "--network", "none", "--tag", &image, context.to_str().unwrap()]);
    let one = |name: &str, more: &str| {
        let state = state.display();
        format!("  {name}:\n    image: {image}\n    volumes: ['{state}:/home/agent/.claude']\n    {more}\n")
    };
    let services = [
        one("held", "command: [/opt/loop]"),
        one("bare", "command: [claude, -p, x]"),
        one("closed", "command: [/opt/agent-loop]\n    user: other"),
    ];
    let folder = engine.directory("plan");
    fs::write(folder.join("compose.yaml"), format!("name: {name}\nservices:\n{}", services.concat())).unwrap();
    folder
}

/// The participants of a project.
fn of_project(report: &Value, name: &str) -> Vec<Value> {
    let all = report["participants"].as_array().unwrap().iter();
    all.filter(|one| one["project"] == name).cloned().collect()
}

#[test]
fn layers_that_cannot_be_opened_are_read_of_the_export() {
    let test = "layers_that_cannot_be_opened_are_read_of_the_export";
    let Some(engine) = engine(test) else { return };
    let Some(veiled) = Veiled::start(engine) else { return super::say(&format!("skipped, {test}: no socket")) };
    let name = engine.name("exported");
    let project = project(engine, &name);
    let opened =
        run(overlock(&["preflight", project.to_str().unwrap(), "--format", "json", "--timeout", "120"])).json();
    assert_eq!(veiled.exports.load(Ordering::Relaxed), 0);
    let exported = veiled.preflight(&project).json();
    assert_eq!(veiled.exports.load(Ordering::Relaxed), 1, "once for one image");
    let own = of_project(&exported, &name);
    assert_eq!(own, of_project(&opened, &name), "{exported:#}");
    let of = |name: &str| participant(&exported, name);
    assert_eq!((&of("held")["guard"]["state"], &of("bare")["guard"]["state"]), (&"held".into(), &"absent".into()));
    assert_eq!(of("held")["version"], "2.1.98", "{:#}", of("held"));
    assert_eq!((&of("held")["access"], &of("closed")["access"]), (&"rw".into(), &"ro".into()), "{exported:#}");

    // Where it exports nothing, that is told, and nothing of this is known.
    veiled.refuses.store(true, Ordering::Relaxed);
    let refused = veiled.preflight(&project);
    let report = refused.json();
    let told = report["diagnostics"].to_string();
    assert!(told.contains("the files of the image") && told.contains("no export today"), "{told}");
    assert_ne!(refused.status, 0, "{}", refused.out);
    let held = participant(&report, "held");
    assert_ne!((&held["guard"]["state"], &held["version"]), (&"held".into(), &"2.1.98".into()), "{held:#}");
}
