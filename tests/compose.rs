//! Compose files resolved as Docker Compose resolves them, in what decides a container's layout. The answers in
//! `fixtures/compose` are its own (2.40.3, `config --format json`); `fixtures/compose/record.sh` asks it for more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use overlock::model::{Command, Container, EnvValue, Level, MountSource};
use overlock::source::compose::{self, Context, Options, Profiles};
use overlock::text::Sources;
use serde_json::Value;

use crate::harness::{folders, name, root};

/// What Compose refuses and a review does not: a required variable that is not set here may be set where Compose runs.
/// Keys and types are not held against Compose's schema.
const NOT_REFUSED: &[&str] = &[
    "011-interp-required-missing",
    "047-unknown-key",
    "049-numbers-and-quotes",
    "171-user-number",
    "176-depends-on-profile",
];

/// A case: the project, the arguments and the environment it was resolved with.
struct Case {
    folder: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
}

impl Case {
    fn read(folder: &Path) -> Self {
        let case: Value = serde_json::from_str(&fs::read_to_string(folder.join("case.json")).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut environment: BTreeMap<String, String> =
            case["env"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect();
        environment.entry("HOME".to_owned()).or_insert_with(|| "/home/user".to_owned());
        let arguments = case["args"].as_array().unwrap().iter().map(text).collect();
        Self { folder: folder.to_owned(), arguments, environment }
    }

    /// Compose's options as ours, and the containers that they give. The project is in a folder named `project`.
    fn resolve(&self) -> (Vec<Container>, Vec<Level>, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let project = directory.path().join("project");
        copy(&self.folder, &project);
        let mut options = Options { profiles: Profiles::Active(Vec::new()), ..Options::default() };
        let mut arguments = self.arguments.iter();
        while let Some(argument) = arguments.next() {
            let value = arguments.next().unwrap().clone();
            match (argument.as_str(), &mut options.profiles) {
                ("-f" | "--file", _) => options.files.push(value.into()),
                ("--env-file", _) => options.env_files.push(value.into()),
                ("-p" | "--project-name", _) => options.project_name = Some(value),
                ("--project-directory", _) => options.project_directory = Some(value.into()),
                ("--profile", Profiles::Active(profiles)) => profiles.push(value),
                _ => panic!("{argument} is not known"),
            }
        }
        let context = Context { environment: self.environment.clone(), cwd: project };
        let sources = Sources::default();
        let level = |told: &overlock::model::Diagnostic| told.level;
        match compose::resolve(&sources, &context, &options) {
            Ok(project) => {
                let layout = compose::layout(&project, &context, &sources);
                (layout.containers, layout.diagnostics.iter().map(level).collect(), directory)
            }
            Err(told) => (Vec::new(), told.iter().map(level).collect(), directory),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let target = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            fs::copy(&entry, &target).unwrap();
        }
    }
}

/// What a container mounts, in words: `target kind source ro`.
fn mounts(container: &Container, skip: &BTreeSet<String>, project: &str) -> BTreeSet<String> {
    let mounts = container.mounts.iter().filter(|mount| !skip.contains(&mount.target.text));
    let words = mounts.map(|mount| {
        let source = match &mount.source {
            MountSource::Host(path) => format!("host {}", path.text.replace(project, "/project")),
            MountSource::Volume(name) => format!("volume {}", name.text),
            MountSource::Device { device, .. } => format!("device {}", device.text),
            MountSource::Anonymous => "anonymous".to_owned(),
            MountSource::Tmpfs => "tmpfs".to_owned(),
            MountSource::Unresolved(text) => format!("unresolved {}", text.text),
            MountSource::Injected => "injected".to_owned(),
        };
        format!("{} {source}{}", mount.target.text, if mount.read_only { " ro" } else { "" })
    });
    words.collect()
}

/// The same from Compose's answer.
fn expected_mounts(service: &Value, answer: &Value) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for volume in service["volumes"].as_array().into_iter().flatten() {
        let (kind, source) = (volume["type"].as_str().unwrap(), volume["source"].as_str());
        let defined = &answer["volumes"][source.unwrap_or("")];
        let options = &defined["driver_opts"];
        let binds = options["o"].as_str().is_some_and(|o| o.split(',').any(|option| option == "bind"));
        let source = match (kind, source) {
            ("bind", Some(source)) => format!("host {}", overlock::model::clean(source)),
            ("volume", Some(_)) if binds => format!("host {}", options["device"].as_str().unwrap()),
            ("volume", Some(_)) if options["device"].is_string() => {
                format!("device {}", options["device"].as_str().unwrap())
            }
            ("volume", Some(_)) => format!("volume {}", defined["name"].as_str().unwrap()),
            ("volume", None) => "anonymous".to_owned(),
            (kind, _) => kind.to_owned(),
        };
        let read_only = volume["read_only"].as_bool() == Some(true);
        let target = volume["target"].as_str().unwrap();
        let target = if target.starts_with('/') { overlock::model::clean(target) } else { target.to_owned() };
        words.insert(format!("{target} {source}{}", if read_only { " ro" } else { "" }));
    }
    for target in service["tmpfs"].as_array().into_iter().flatten() {
        words.insert(format!("{} tmpfs", target.as_str().unwrap().split(':').next().unwrap()));
    }
    words
}

/// Targets that are not the service's own `volumes`: secrets and configs.
fn injected(service: &Value) -> BTreeSet<String> {
    let of = |key: &str, directory: &str| {
        let items = service[key].as_array().into_iter().flatten();
        let target = items.map(|item| item["target"].as_str().or(item["source"].as_str()).unwrap());
        let target = target
            .map(|target| if target.starts_with('/') { target.to_owned() } else { format!("{directory}/{target}") });
        target.collect::<Vec<_>>()
    };
    of("secrets", "/run/secrets").into_iter().chain(of("configs", "")).collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        // Compose writes its own output so that it can be read in again.
        Value::String(text) => Some(text.replace("$$", "$")),
        other => Some(other.to_string()),
    }
}

fn pairs(value: &Value) -> BTreeMap<String, String> {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(name, value)| Some((name.replace("$$", "$"), text(value)?))).collect()
}

/// Where a variable is not set, Compose puts nothing and we keep its name.
fn without_symbols(value: &overlock::model::Value) -> String {
    let without =
        |text: String, symbol: &overlock::model::Symbol| text.replacen(&format!("${{{}}}", symbol.name), "", 1);
    value.symbols.iter().fold(value.text.clone(), without)
}

fn words(command: Option<&Command>) -> Option<Vec<String>> {
    command.map(|command| command.words.iter().map(|word| word.text.clone()).collect())
}

fn expected_words(value: &Value) -> Option<Vec<String>> {
    value.as_array().map(|words| words.iter().map(|word| text(word).unwrap()).collect())
}

/// Every field that differs, by service and field.
fn differences(case: &Case, answer: &Value) -> Vec<String> {
    let (containers, _, directory) = case.resolve();
    let project = directory.path().join("project").display().to_string();
    let mut wrong = Vec::new();
    let mut compare = |service: &str, field: &str, ours: String, theirs: String| {
        if ours != theirs {
            wrong.push(format!("{service}.{field}: {ours} where Compose has {theirs}"));
        }
    };
    let services = answer["services"].as_object().unwrap();
    let names: BTreeSet<&str> = containers.iter().map(|container| container.name.as_str()).collect();
    compare(
        "-",
        "services",
        format!("{names:?}"),
        format!("{:?}", services.keys().map(String::as_str).collect::<BTreeSet<_>>()),
    );
    for container in &containers {
        let Some(service) = services.get(&container.name) else { continue };
        let mut field = |field: &str, ours: String, theirs: String| compare(&container.name, field, ours, theirs);
        field("project", format!("{:?}", container.project), format!("{:?}", text(&answer["name"])));
        if service["volumes_from"].is_null() {
            let ours = mounts(container, &injected(service), &project);
            field("mounts", format!("{ours:?}"), format!("{:?}", expected_mounts(service, answer)));
        }
        let env: BTreeMap<String, String> = container
            .env
            .iter()
            .filter_map(|(name, variable)| match &variable.value {
                EnvValue::Set(value) => Some((name.clone(), without_symbols(value))),
                EnvValue::Inherited => None,
            })
            .collect();
        field("environment", format!("{env:?}"), format!("{:?}", pairs(&service["environment"])));
        let labels: BTreeMap<&String, &String> =
            container.labels.iter().map(|(name, label)| (name, &label.value.text)).collect();
        field("labels", format!("{labels:?}"), format!("{:?}", pairs(&service["labels"])));
        field(
            "command",
            format!("{:?}", words(container.command.as_ref())),
            format!("{:?}", expected_words(&service["command"])),
        );
        field(
            "entrypoint",
            format!("{:?}", words(container.entrypoint.as_ref())),
            format!("{:?}", expected_words(&service["entrypoint"])),
        );
        let of =
            |value: &Option<overlock::model::Value>| format!("{:?}", value.as_ref().map(|value| value.text.clone()));
        field("user", of(&container.user), format!("{:?}", text(&service["user"])));
        field("working_dir", of(&container.working_dir), format!("{:?}", text(&service["working_dir"])));
        field("image", of(&container.image), format!("{:?}", text(&service["image"])));
        let on = |value: &Value| value.as_bool() == Some(true);
        field("tty", container.tty.is_some_and(|flag| flag.on).to_string(), on(&service["tty"]).to_string());
        field(
            "stdin_open",
            container.stdin_open.is_some_and(|flag| flag.on).to_string(),
            on(&service["stdin_open"]).to_string(),
        );
        field("read_only", container.read_only.to_string(), on(&service["read_only"]).to_string());
        let replicas = service["deploy"]["replicas"].as_u64().or(service["scale"].as_u64()).unwrap_or(1);
        field("replicas", container.replicas.to_string(), replicas.to_string());
        field(
            "profiles",
            format!("{:?}", container.profiles),
            format!("{:?}", expected_words(&service["profiles"]).unwrap_or_default()),
        );
    }
    wrong
}

#[test]
fn projects_resolve_as_docker_compose_resolves_them() {
    let mut wrong = Vec::new();
    let cases = folders(&root().join("fixtures/compose"));
    assert!(cases.len() >= 26);
    for folder in cases {
        let case = Case::read(&folder);
        let found = match fs::read_to_string(folder.join("expected.json")) {
            Ok(answer) => differences(&case, &serde_json::from_str(&answer).unwrap()),
            Err(_) if NOT_REFUSED.contains(&name(&folder).as_str()) => Vec::new(),
            Err(_) => {
                let refused = case.resolve().1.iter().any(|level| *level >= Level::Gap);
                if refused { Vec::new() } else { vec!["Compose refuses it".to_owned()] }
            }
        };
        wrong.extend(found.into_iter().map(|line| format!("{}: {line}", name(&folder))));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
