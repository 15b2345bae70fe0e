//! One layout of two containers on one host, written for each of the kinds that describe or start containers: all are judged
//! alike.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{breaches, command, run};

/// One container.
#[derive(Clone)]
struct Described {
    /// The mount: what is mounted, where, whether it is read-only.
    mount: (&'static str, &'static str, bool),
    env: Vec<(&'static str, &'static str)>,
    user: &'static str,
    labels: Vec<(&'static str, &'static str)>,
    words: Vec<&'static str>,
}

impl Described {
    fn is_volume(&self) -> bool {
        !self.mount.0.contains('/')
    }

    fn mount_text(&self) -> String {
        let (source, target, read_only) = self.mount;
        format!("{source}:{target}{}", if read_only { ":ro" } else { "" })
    }

    fn pairs(pairs: &[(&str, &str)]) -> Value {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into()
    }

    fn service(&self) -> Value {
        json!({
            "image": "agents:1", "entrypoint": [self.words[0]], "command": &self.words[1..], "user": self.user,
            "environment": Self::pairs(&self.env), "labels": Self::pairs(&self.labels), "volumes": [self.mount_text()],
        })
    }

    fn command_line(&self, name: &str) -> String {
        let mut words = vec!["docker run --detach --name".to_owned(), name.to_owned()];
        words.push(format!("--user {} --volume {}", self.user, self.mount_text()));
        words.extend(self.env.iter().map(|(name, value)| format!("--env {name}={value}")));
        words.extend(self.labels.iter().map(|(name, value)| format!("--label '{name}={value}'")));
        words.push(format!("--entrypoint {} agents:1 {}", self.words[0], self.words[1..].join(" ")));
        words.join(" ")
    }

    /// A group of a job, with its words in `entrypoint` and `args`, or in `command` and `args`.
    fn group(&self, name: &str) -> String {
        let (source, target, read_only) = self.mount;
        let mount = if self.is_volume() {
            format!(
                "mount {{\n  type = \"volume\"\n  source = {source:?}\n  target = {target:?}\n  readonly = {read_only}\n}}\n"
            )
        } else {
            format!("volumes = [{:?}]\n", self.mount_text())
        };
        let list = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| format!("{name:?} = {value:?}\n")).collect::<String>()
        };
        let env: String = self.env.iter().map(|(name, value)| format!("{name} = {value:?}\n")).collect();
        format!(
            "group {name:?} {{\ntask {name:?} {{\ndriver = \"docker\"\nuser = {:?}\nconfig {{\nimage = \"agents:1\"\n\
             entrypoint = [{:?}]\nargs = {:?}\nlabels = {{\n{}}}\n{mount}}}\nenv {{\n{env}}}\n}}\n}}\n",
            self.user,
            self.words[0],
            &self.words[1..],
            list(&self.labels),
        )
    }

    /// The same for the API.
    fn api_group(&self, name: &str) -> Value {
        let (source, target, read_only) = self.mount;
        let mut config = json!({
            "image": "agents:1", "entrypoint": [self.words[0]], "args": &self.words[1..], "labels": [Self::pairs(&self.labels)],
        });
        if self.is_volume() {
            config["mounts"] = json!([{ "type": "volume", "source": source, "target": target, "readonly": read_only }]);
        } else {
            config["volumes"] = json!([self.mount_text()]);
        }
        json!({ "Name": name, "Tasks": [
            { "Name": name, "Driver": "docker", "User": self.user, "Config": config, "Env": Self::pairs(&self.env) },
        ] })
    }

    fn devcontainer(&self) -> String {
        let (source, target, read_only) = self.mount;
        let kind = if self.is_volume() { "volume" } else { "bind" };
        let mode = if read_only { ",readonly" } else { "" };
        let labels = self.labels.iter().flat_map(|(name, value)| [json!("--label"), json!(format!("{name}={value}"))]);
        json!({
            "image": "agents:1", "containerUser": self.user, "containerEnv": Self::pairs(&self.env),
            "mounts": [format!("source={source},target={target},type={kind}{mode}")], "runArgs": labels.collect::<Vec<_>>(),
        })
        .to_string()
    }
}

/// The two containers in each form: the files, and the form's name.
fn forms(one: &Described, two: &Described) -> Vec<(&'static str, &'static str, String)> {
    let both = [("one", one), ("two", two)];
    let volumes = both.iter().filter(|(_, container)| container.is_volume());
    let volumes = volumes.map(|(_, container)| (container.mount.0.to_owned(), json!({ "external": true })));
    let compose = json!({
        "services": { "one": one.service(), "two": two.service() },
        "volumes": volumes.collect::<serde_json::Map<_, _>>(),
    });
    let lines: Vec<String> = both.iter().map(|(name, container)| container.command_line(name)).collect();
    let targets = both.iter().zip(&lines).map(|((name, _), line)| format!("{name}:\n\t{line}\n"));
    let groups: String = both.iter().map(|(name, container)| container.group(name)).collect();
    let api: Vec<Value> = both.iter().map(|(name, container)| container.api_group(name)).collect();
    vec![
        ("compose", "compose.yaml", compose.to_string()),
        ("docker run", "up.sh", format!("#!/bin/sh\n{}\n", lines.join("\n"))),
        ("Makefile", "Makefile", targets.collect()),
        ("Nomad", "agents.nomad.hcl", format!("job \"agents\" {{\ntype = \"batch\"\n{groups}}}\n")),
        (
            "Nomad's API",
            "agents.json",
            json!({ "Job": { "ID": "agents", "Type": "batch", "TaskGroups": api } }).to_string(),
        ),
    ]
}

/// What is known of each container, and the rules that it breaks.
fn judge(folder: &Path) -> (i32, BTreeMap<String, Value>) {
    let done = run(command(folder, &["check", ".", "--format", "json"]));
    let report: Value = serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}", done.err));
    let name = |one: &Value| {
        let name = one["container"].as_str().unwrap();
        ["one", "two"].into_iter().find(|wanted| name.starts_with(wanted)).unwrap_or("other").to_owned()
    };
    let broken = breaches(&report);
    let told = |one: &Value| {
        let mine = broken.iter().filter(|broken| name(broken) == name(one));
        let mut rules: Vec<String> = mine.map(|broken| format!("{} {}", broken["rule"], broken["severity"])).collect();
        rules.sort();
        rules.dedup();
        let keys = ["state_dir", "place", "access", "scope", "auth", "version", "role", "verdict", "peer_count"];
        let mut known: serde_json::Map<String, Value> =
            keys.iter().map(|key| ((*key).to_owned(), one[*key].clone())).collect();
        known.insert("guard".to_owned(), one["guard"]["state"].clone());
        known.insert("internal_lock".to_owned(), one["internal_lock"]["state"].clone());
        known.insert("rules".to_owned(), rules.into());
        Value::Object(known)
    };
    let participants = report["participants"].as_array().unwrap();
    (done.status, participants.iter().map(|one| (name(one), told(one))).collect())
}

#[test]
fn one_layout_in_every_form_is_judged_alike() {
    let (mut compared, mut errors, mut guarded) = (0, 0, 0);
    for (one, two) in layouts() {
        let mut wanted = None;
        for (form, file, text) in forms(&one, &two) {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path().canonicalize().unwrap();
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(file), &text).unwrap();
            let got = judge(&folder);
            let wanted = wanted.get_or_insert_with(|| got.clone());
            assert_eq!(got.1.keys().collect::<Vec<_>>(), wanted.1.keys().collect::<Vec<_>>(), "{form}: {text}");
            assert_eq!(&got, wanted, "{form}: {text}");
            compared += 1;
        }
        let wanted = wanted.unwrap().1;
        errors += usize::from(wanted.values().any(|one| one["verdict"] == "error"));
        guarded += usize::from(wanted.values().any(|one| one["guard"] == "held"));
        // People work in such a container, whatever it runs.
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        fs::create_dir_all(folder.join(".devcontainer")).unwrap();
        fs::write(folder.join(".devcontainer/devcontainer.json"), one.devcontainer()).unwrap();
        let (_, mine) = judge(&folder);
        for key in ["state_dir", "place", "access", "scope", "version"] {
            assert_eq!(mine["other"][key], wanted["one"][key], "{key}: {}", one.devcontainer());
        }
    }
    assert!(compared >= 100 && errors >= 8 && guarded >= 4, "{compared} {errors} {guarded}");
}

fn layouts() -> Vec<(Described, Described)> {
    let call = ["claude", "-p", "go"];
    let flock = ["flock", "-w", "3600", "/root/.claude/session.lock", "claude", "-p", "go"];
    let plain = |source, read_only, words: &[&'static str]| Described {
        mount: (source, "/root/.claude", read_only),
        env: vec![("HOME", "/root")],
        user: "root",
        labels: Vec::new(),
        words: words.to_vec(),
    };
    let mut all = Vec::new();
    for source in ["/srv/claude", "claude-login"] {
        for other in [source, "/srv/other"] {
            for read_only in [false, true] {
                for words in [&call[..], &flock] {
                    all.push((plain(source, read_only, words), plain(other, false, &flock)));
                }
            }
        }
        let moved = |labels, token: Option<(&'static str, &'static str)>| Described {
            mount: (source, "/state", false),
            env: [("CLAUDE_CONFIG_DIR", "/state"), ("HOME", "/home/node")].into_iter().chain(token).collect(),
            user: "node",
            labels,
            ..plain(source, false, &call)
        };
        let new = || vec![("overlock.version", ">=2.1.132")];
        all.push((moved(new(), None), moved(new(), None)));
        all.push((moved(vec![("overlock.version", "2.1.98")], None), moved(new(), None)));
        all.push((moved(Vec::new(), Some(("CLAUDE_CODE_OAUTH_TOKEN", "t"))), moved(Vec::new(), None)));
        all.push((moved(Vec::new(), Some(("ANTHROPIC_API_KEY", "k"))), moved(Vec::new(), None)));
    }
    all
}
