//! One layout written as a devcontainer.json and as a compose file: both are judged alike, but that each project which
//! uses the former has a container.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{breaches, command, run};

/// What a person works in, and who else is there.
struct Layout {
    /// The mounts: what is mounted, where, whether it is read-only.
    mounts: Vec<(&'static str, &'static str, bool)>,
    env: Vec<(&'static str, &'static str)>,
    user: &'static str,
    labels: Vec<(&'static str, &'static str)>,
    /// What the batch container beside it mounts at its state directory.
    night: &'static str,
}

impl Layout {
    fn is_volume(source: &str) -> bool {
        !source.contains('/')
    }

    fn devcontainer(&self) -> String {
        let mounts = self.mounts.iter().map(|(source, target, read_only)| {
            let source = source.replace("./", "${localWorkspaceFolder}/").replace("$HOME", "${localEnv:HOME}");
            let kind = if Self::is_volume(&source) { "volume" } else { "bind" };
            let mode = if *read_only { ",readonly" } else { "" };
            json!(format!("source={source},target={target},type={kind}{mode}"))
        });
        let args = self.labels.iter().flat_map(|(name, value)| [json!("--label"), json!(format!("{name}={value}"))]);
        let env: serde_json::Map<String, Value> =
            self.env.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let whole = json!({
            "image": "tools:1", "remoteUser": self.user, "containerEnv": env,
            "mounts": mounts.collect::<Vec<_>>(), "runArgs": args.collect::<Vec<_>>(),
        });
        format!("// As people write it.\n{}\n", whole.to_string().replace("]}", "],}"))
    }

    fn compose(&self, with_work: bool) -> String {
        let mount = |(source, target, read_only): &(&str, &str, bool)| {
            let mode = if *read_only { ":ro" } else { "" };
            format!("{}:{target}{mode}", source.replace("$HOME", "${HOME}"))
        };
        let env: serde_json::Map<String, Value> =
            self.env.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let labels: serde_json::Map<String, Value> =
            self.labels.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let night = mount(&(self.night, "/home/node/.claude", false));
        let mut services = json!({ "night": {
            "image": "agents:1", "entrypoint": ["claude", "-p", "sweep"], "environment": { "HOME": "/home/node" },
            "volumes": [night],
        } });
        if with_work {
            services["work"] = json!({
                "image": "tools:1", "user": self.user, "environment": env, "labels": labels, "tty": true,
                "stdin_open": true, "volumes": self.mounts.iter().map(mount).collect::<Vec<_>>(),
            });
        }
        let sources = self.mounts.iter().map(|(source, ..)| *source).chain([self.night]);
        let volumes: serde_json::Map<String, Value> = sources
            .filter(|source| Self::is_volume(source))
            .map(|source| (source.to_owned(), json!({ "external": true })))
            .collect();
        json!({ "services": services, "volumes": volumes }).to_string()
    }
}

/// The exit status, what is known of the container that people work in, and the rules that it breaks.
fn judge(folder: &Path, name: &str) -> (i32, Value, Vec<(String, String)>) {
    let mut check = command(folder, &["check", ".", "--format", "json"]);
    check.env("HOME", "/home/user");
    let done = run(check);
    let report: Value = serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}", done.err));
    let participants = report["participants"].as_array().unwrap();
    let mine = participants.iter().find(|one| one["container"] == name).cloned().unwrap_or_default();
    let broken = breaches(&report).into_iter().filter(|one| one["container"] == name);
    let rule = |one: Value| (one["rule"].as_str().unwrap().to_owned(), one["severity"].as_str().unwrap().to_owned());
    let mut broken: Vec<_> = broken.map(rule).collect();
    broken.sort();
    broken.dedup();
    (done.status, mine, broken)
}

#[test]
fn one_layout_in_both_forms_is_judged_alike() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let (mut compared, mut errors) = (0, 0);
    for layout in layouts() {
        fs::create_dir_all(folder.join(".devcontainer")).unwrap();
        fs::write(folder.join(".devcontainer/devcontainer.json"), layout.devcontainer()).unwrap();
        fs::write(folder.join("compose.yaml"), layout.compose(false)).unwrap();
        let (status, mine, mut broken) = judge(&folder, "devcontainer");
        fs::remove_dir_all(folder.join(".devcontainer")).unwrap();
        fs::write(folder.join("compose.yaml"), layout.compose(true)).unwrap();
        let (wanted_status, wanted, wanted_broken) = judge(&folder, "work");
        let both = format!("{}{}", layout.devcontainer(), layout.compose(true));
        assert_eq!(status, wanted_status, "{both}");
        // That each project has one is no matter of the layout.
        broken.retain(|(rule, _)| rule != "may-overlap-itself");
        assert_eq!(broken, wanted_broken, "{both}");
        let overlaps = mine["overlap"] == "possible";
        if !overlaps {
            assert_eq!(mine["verdict"], wanted["verdict"], "{both}");
        }
        for key in ["state_dir", "place", "access", "scope", "auth", "version", "internal_lock", "role", "guard"] {
            // An own login is told so only where nobody else uses it.
            let is_same = mine[key] == wanted[key] || overlaps && matches!(key, "auth" | "internal_lock" | "guard");
            assert!(is_same || key == "guard" && mine[key]["state"] == wanted[key]["state"], "{key}: {both}");
        }
        compared += 1;
        errors += usize::from(mine["verdict"] == "error");
    }
    assert!(compared >= 40 && errors >= 12, "{compared} {errors}");
}

fn layouts() -> Vec<Layout> {
    let mut all = Vec::new();
    for source in ["/srv/claude", "claude", "./.claude", "$HOME/.claude"] {
        for night in [source, "/srv/night"] {
            let mounts = [
                vec![(source, "/home/node/.claude", false)],
                vec![(source, "/home/node/.claude", true)],
                vec![(source, "/elsewhere", true), ("cache", "/home/node/.npm", false)],
            ];
            let simple = mounts.into_iter().map(|mounts| Layout {
                mounts,
                env: vec![("HOME", "/home/node")],
                user: "node",
                labels: Vec::new(),
                night,
            });
            all.extend(simple);
            let mount = || vec![(source, "/state", false)];
            all.push(Layout {
                mounts: mount(),
                env: vec![("CLAUDE_CONFIG_DIR", "/state")],
                user: "root",
                labels: vec![("overlock.version", "2.1.98")],
                night,
            });
            all.push(Layout {
                mounts: mount(),
                env: vec![("CLAUDE_CONFIG_DIR", "/state/own"), ("CLAUDE_CODE_OAUTH_TOKEN", "t")],
                user: "node",
                labels: vec![("overlock.role", "interactive")],
                night,
            });
            all.push(Layout {
                mounts: mount(),
                env: vec![("CLAUDE_CONFIG_DIR", "/state"), ("ANTHROPIC_API_KEY", "k")],
                user: "1000",
                labels: vec![("overlock.version", ">=2.1.132"), ("overlock.role", "batch")],
                night,
            });
        }
    }
    all
}
