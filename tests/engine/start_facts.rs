//! Where command lines that make containers run, and what a container is: by what was read, and by what the engine has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Stdio};

use overlock::input::docker_cli::{DockerCommand, DockerRun};
use overlock::input::shell::read_docker_line;
use overlock::model::VariableState;
use overlock::model::{self, EnvValue, MountSource, Value};
use overlock::text::Sources;
use serde_json::Value as Json;

use super::{Engine, docker, sweep};

/// The values of the placeholders, and what goes away at the end.
pub(super) struct World {
    pub(super) directory: String,
    places: Vec<(&'static str, String)>,
    giver: String,
}

impl World {
    pub(super) fn new(engine: &Engine) -> Self {
        let directory = engine.directory("start");
        let at = |name: &str| directory.join(name);
        for name in ["a", "b", "home/.claude", "home/a", "a,\"b", "mine/b"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        fs::write(at("env"), "# none\nA=file\nB=file\n").unwrap();
        fs::write(at("env2"), "B=other\n").unwrap();
        fs::write(at("labels"), "a=file\nb=file\n").unwrap();
        let label = format!("{}={}", sweep::LABEL, engine.run);
        let volumes = ["one", "two"].map(|stem| engine.name(stem));
        for volume in &volumes {
            docker(&["volume", "create", "--label", &label, volume]).unwrap();
        }
        let giver = engine.name("giver");
        let taken = format!("{}:/given", volumes[0]);
        docker(&["create", "--label", &label, "--name", &giver, "-v", &taken, "-v", "/anonymous", &engine.image])
            .unwrap();
        let directory = directory.display().to_string();
        let [one, two] = volumes;
        let places = vec![
            ("@I", engine.image.clone()),
            ("@D", directory.clone()),
            ("@V", one),
            ("@W", two),
            ("@L", label),
            ("@G", giver.clone()),
        ];
        Self { directory, places, giver }
    }

    /// The label of all that this run makes.
    pub(super) fn label(&self) -> &str {
        self.place("@L")
    }

    fn place(&self, name: &str) -> &str {
        self.places.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).unwrap()
    }

    /// A line with its placeholders filled.
    pub(super) fn line(&self, engine: &Engine, template: &str) -> String {
        let mut line = template.replace("@B", &engine.name("made"));
        for (name, value) in &self.places {
            line = line.replace(name, value);
        }
        line
    }

    fn environment(&self) -> BTreeMap<&'static str, String> {
        let home = format!("{}/home", self.directory);
        let mine = format!("{}/mine", self.directory);
        [("HOME", home), ("SET", "set".to_owned()), ("EMPTY", String::new()), ("MINE", mine)].into()
    }

    fn lookup(&self, name: &str) -> VariableState {
        self.environment()
            .remove(name)
            .map_or(VariableState::Unset, |value| VariableState::Set(Value::known(value, None)))
    }

    /// What overlock reads in a line.
    pub(super) fn read(&self, line: &str) -> Option<DockerCommand> {
        read_docker_line(line, Some(&self.directory), &|name| self.lookup(name), &Sources::default())
    }

    /// Runs a line by a shell; what it prints, or what it says is wrong.
    pub(super) fn shell(&self, line: &str) -> Result<String, String> {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(&self.directory).env_clear().envs(self.environment());
        for name in ["PATH", "DOCKER_HOST"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

/// A container, removed with its volumes when this goes away.
pub(super) struct Created(pub(super) String);

impl Drop for Created {
    fn drop(&mut self) {
        let _ = docker(&["rm", "--force", "--volumes", &self.0]);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = docker(&["rm", "--force", "--volumes", &self.giver]);
    }
}

/// A container by name of what it has.
pub(super) type Facts = BTreeMap<&'static str, String>;

pub(super) fn shown<T: std::fmt::Debug>(value: T) -> String {
    format!("{value:?}")
}

fn inspected(id: &str) -> Json {
    let text = docker(&["inspect", id]).unwrap();
    let all: Json = serde_json::from_str(&text).unwrap();
    all[0].clone()
}

fn strings(json: &Json) -> Option<Vec<String>> {
    json.as_array().map(|items| items.iter().map(|item| item.as_str().unwrap().to_owned()).collect())
}

/// No words are as good as none.
fn some(words: Option<Vec<String>>) -> Option<Vec<String>> {
    words.filter(|words| !words.is_empty())
}

/// `NAME=value`, the last of a name; without a value where that stays open.
fn variables(json: &Json) -> BTreeMap<String, Option<String>> {
    let pair = |text: String| match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (text, None),
    };
    strings(json).unwrap_or_default().into_iter().map(pair).collect()
}

/// What the engine has.
pub(super) fn engine_facts(id: &str) -> Facts {
    let json = inspected(id);
    let (config, host) = (&json["Config"], &json["HostConfig"]);
    let mut labels: BTreeMap<String, String> = config["Labels"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    labels.remove(sweep::LABEL);
    labels.retain(|name, _| !name.starts_with("com.docker.compose."));
    let mut mounts: BTreeSet<String> = json["Mounts"].as_array().unwrap().iter().map(engine_mount).collect();
    for (target, options) in host["Tmpfs"].as_object().into_iter().flatten() {
        let writes = !options.as_str().unwrap().split(',').any(|option| option == "ro");
        mounts.insert(format!("tmpfs at {target} {writes}"));
    }
    BTreeMap::from([
        ("entrypoint", shown(some(strings(&config["Entrypoint"])))),
        ("command", shown(some(strings(&config["Cmd"])))),
        ("env", shown(variables(&config["Env"]))),
        ("user", shown(config["User"].as_str().unwrap())),
        ("directory", shown(config["WorkingDir"].as_str().unwrap())),
        ("tty", shown(config["Tty"].as_bool().unwrap())),
        ("stdin", shown(config["OpenStdin"].as_bool().unwrap())),
        ("labels", shown(labels)),
        ("read-only", shown(host["ReadonlyRootfs"].as_bool().unwrap())),
        ("from", shown(strings(&host["VolumesFrom"]).unwrap_or_default())),
        ("health", shown(strings(&config["Healthcheck"]["Test"]))),
        ("image", shown(config["Image"].as_str().unwrap())),
        ("mounts", shown(mounts)),
    ])
}

fn engine_mount(mount: &Json) -> String {
    let of = |key: &str| mount[key].as_str().unwrap_or_default().to_owned();
    let (kind, target, writes) = (of("Type"), of("Destination"), mount["RW"].as_bool().unwrap());
    let name = of("Name");
    let source = match kind.as_str() {
        "bind" => format!("host {}", of("Source")),
        "volume" if name.len() == 64 => "anonymous".to_owned(),
        "volume" => {
            let options = docker(&["volume", "inspect", "--format", "{{json .Options}}", &name]).unwrap();
            let options: Json = serde_json::from_str(&options).unwrap();
            let binds = options["o"].as_str().is_some_and(|o| o.split(',').any(|option| option == "bind"));
            if binds { format!("host {}", options["device"].as_str().unwrap()) } else { format!("volume {name}") }
        }
        other => other.to_owned(),
    };
    format!("{source} at {target} {writes}")
}

/// What was read, over what the image has.
pub(super) fn read_facts(run: &DockerRun, world: &World) -> Facts {
    let container = &run.container;
    let words = |command: &model::Command| command.words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
    let own = Some(vec!["/usr/local/bin/probe".to_owned()]);
    let text = |value: &Option<Value>| value.as_ref().map_or_else(String::new, |value| value.text.clone());
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    let mut env: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (name, value) in run.env_files.iter().flat_map(pairs) {
        env.insert(name, Some(value));
    }
    labels.extend(run.label_files.iter().flat_map(pairs));
    labels.extend(container.labels.iter().map(|(name, label)| (name.clone(), label.value.text.clone())));
    for (name, variable) in &container.env {
        let value = match &variable.value {
            EnvValue::Set(value) => Some(value.text.clone()),
            EnvValue::Inherited => None,
        };
        env.insert(name.clone(), value);
    }
    labels.remove(sweep::LABEL);
    let mut mounts: BTreeSet<String> = container.mounts.iter().map(read_mount).collect();
    for from in &run.volumes_from {
        let writes = !from.text.ends_with(":ro");
        let given = format!("volume {} at /given {writes}", world.place("@V"));
        if !container.mounts.iter().any(|mount| mount.target.text == "/given") {
            mounts.insert(given);
        }
        mounts.insert(format!("anonymous at /anonymous {writes}"));
    }
    let health = container.hooks.first().map(|hook| vec!["CMD-SHELL".to_owned(), hook.words[2].text.clone()]);
    BTreeMap::from([
        ("entrypoint", shown(container.entrypoint.as_ref().map_or(own, |entrypoint| some(Some(words(entrypoint)))))),
        ("command", shown(container.command.as_ref().and_then(|command| some(Some(words(command)))))),
        ("env", shown(env)),
        ("user", shown(text(&container.user))),
        ("directory", shown(text(&container.working_dir))),
        ("tty", shown(container.tty.is_some_and(|flag| flag.on))),
        ("stdin", shown(container.stdin_open.is_some_and(|flag| flag.on))),
        ("labels", shown(labels)),
        ("read-only", shown(container.read_only)),
        ("from", shown(run.volumes_from.iter().map(|from| from.text.clone()).collect::<Vec<_>>())),
        ("health", shown(health)),
        ("image", shown(text(&container.image))),
        ("mounts", shown(mounts)),
    ])
}

fn pairs(file: &Value) -> Vec<(String, String)> {
    let text = fs::read_to_string(&file.text).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub(super) fn read_mount(mount: &model::Mount) -> String {
    let source = match &mount.source {
        MountSource::Host(path) => format!("host {}", path.text),
        MountSource::Volume(name) => format!("volume {}", name.text),
        other => format!("{other:?}").to_lowercase(),
    };
    format!("{source} at {} {}", mount.target.text, !mount.read_only)
}

/// The names of what differs, with both.
pub(super) fn differences(read: &Facts, engine: &Facts) -> Vec<String> {
    let all = read.iter().filter(|(name, value)| engine.get(*name) != Some(value));
    all.map(|(name, value)| format!("{name}: read {value}, the engine has {}", engine[name])).collect()
}
