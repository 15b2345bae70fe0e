//! Compose files resolved as Docker Compose resolves them. The answers in `fixtures/compose` are its own (2.40.3,
//! `config --format json`); `fixtures/compose/record.sh` asks it for more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use overlock::cli::Cli;
use overlock::command::{self, World};
use overlock::input::compose::{self, Context, Mode, Options, Profiles};
use overlock::model::{Command, Container, EnvValue, Layout, Mount, MountSource};
use overlock::report::ExitStatus;
use overlock::text::{Reader, Sources, Span};
use serde_json::Value;

use crate::harness::{folders, name, root};

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

    /// A copy of the project in a folder named `project`, as the answers were recorded.
    fn copied(&self) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let project = directory.path().join("project");
        copy(&self.folder, &project);
        (directory, project)
    }

    /// What `overlock config` prints, and how it ends.
    fn config(&self) -> (Result<Value, String>, tempfile::TempDir) {
        let (directory, project) = self.copied();
        let arguments = ["overlock", "config"].map(str::to_owned).into_iter().chain(self.arguments.iter().cloned());
        let cli = <Cli as clap::Parser>::try_parse_from(arguments).unwrap();
        let world = World {
            environment: self.environment.clone(),
            directory: project.clone(),
            terminal: None,
            watched: false,
            ..World::of_process(None, false)
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = command::run(&cli, &world, &mut out, &mut err).unwrap();
        let text =
            |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&project.display().to_string(), "/project");
        let printed = match status {
            ExitStatus::Clean => Ok(serde_json::from_str(&text(out)).unwrap()),
            ExitStatus::Unusable => {
                assert!(out.is_empty(), "{}: a refusal prints nothing else", self.folder.display());
                Err(text(err))
            }
            other => panic!("{}: {other:?}", self.folder.display()),
        };
        (printed, directory)
    }

    /// Compose's options as ours, and the layout that they give in a review.
    fn review(&self, project: &Path, sources: &Sources) -> Layout {
        self.layout(project, sources, Mode::Review)
    }

    fn layout(&self, project: &Path, sources: &Sources, mode: Mode) -> Layout {
        let mut options = Options { profiles: Profiles::Active(Vec::new()), mode, ..Options::default() };
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
        let context = Context {
            environment: self.environment.clone(),
            cwd: project.to_owned(),
            shows_values: true,
            ..Context::default()
        };
        match compose::resolve(sources, &context, &options) {
            Ok(project) => compose::layout(&project, &context, sources),
            Err(diagnostics) => Layout { diagnostics, ..Layout::default() },
        }
    }
}

fn cases() -> Vec<Case> {
    let cases: Vec<Case> = folders(&root().join("fixtures/compose")).iter().map(|folder| Case::read(folder)).collect();
    assert!(cases.len() > 176, "only {} cases were found", cases.len());
    cases
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
            MountSource::Unlisted { filesystem, .. } => format!("unlisted {filesystem}"),
        };
        format!("{} {source}{}", mount.target.text, if mount.read_only { " ro" } else { "" })
    });
    words.collect()
}

/// The same from Compose's answer.
fn expected_mounts(service: &Value, answer: &Value) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let skip = injected(service);
    let is_shown = |volume: &&Value| !skip.contains(volume["target"].as_str().unwrap());
    for volume in service["volumes"].as_array().into_iter().flatten().filter(is_shown) {
        let (kind, source) = (volume["type"].as_str().unwrap(), volume["source"].as_str());
        let defined = &answer["volumes"][source.unwrap_or("")];
        let options = &defined["driver_opts"];
        let binds = options["o"].as_str().is_some_and(|o| o.split(',').any(|option| option == "bind"));
        let source = match (kind, source) {
            ("bind", Some(source)) => format!("host {}", overlock::model::clean(source)),
            ("volume", Some(_)) if binds => format!("host {}", options["device"].as_str().unwrap()),
            ("volume", Some(_)) if options["device"].is_string() => {
                // An export without its server is one of the server that `addr` names.
                let device = options["device"].as_str().unwrap();
                let servers = options["o"].as_str().unwrap_or("").split(',');
                let server = servers.into_iter().find_map(|option| option.strip_prefix("addr="));
                format!("device {}{device}", server.filter(|_| device.starts_with(':')).unwrap_or(""))
            }
            ("volume", Some(_)) => format!("volume {}", defined["name"].as_str().unwrap()),
            ("volume", None) => "anonymous".to_owned(),
            ("cluster" | "image" | "npipe", _) => "injected".to_owned(),
            (kind, _) => kind.to_owned(),
        };
        let read_only = volume["read_only"].as_bool() == Some(true);
        let target = volume["target"].as_str().unwrap();
        let target = if target.starts_with('/') { overlock::model::clean(target) } else { target.to_owned() };
        words.insert(format!("{target} {source}{}", if read_only { " ro" } else { "" }));
    }
    for target in service["tmpfs"].as_array().into_iter().flatten() {
        let target = overlock::model::clean(target.as_str().unwrap().split(':').next().unwrap());
        words.insert(format!("{target} tmpfs"));
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
    let (_directory, project) = case.copied();
    let mut containers = case.review(&project, &Sources::reading(Reader::of_host())).containers;
    // Compose puts nothing where a variable is not set; a review keeps its name, here only where it is no mount.
    let is_symbolic = |mount: &Mount| {
        let mut values = vec![&mount.target];
        if let MountSource::Host(value) | MountSource::Volume(value) | MountSource::Unresolved(value) = &mount.source {
            values.push(value);
        }
        values.into_iter().any(overlock::model::Value::is_symbolic)
    };
    if containers.iter().flat_map(|container| &container.mounts).any(is_symbolic) {
        containers = case.layout(&project, &Sources::reading(Reader::of_host()), Mode::Strict).containers;
    }
    let project = project.display().to_string();
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

/// Where two documents differ, by the keys that lead there.
fn compare(ours: &Value, theirs: &Value, at: &str, wrong: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for key in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
                let of = |object: &serde_json::Map<String, Value>| object.get(key).cloned();
                match (of(ours), of(theirs)) {
                    (Some(ours), Some(theirs)) => compare(&ours, &theirs, &format!("{at}.{key}"), wrong),
                    (ours, theirs) => wrong.push(format!("{at}.{key}: {ours:?} where Compose has {theirs:?}")),
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (number, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                compare(ours, theirs, &format!("{at}.{number}"), wrong);
            }
        }
        _ if ours == theirs => {}
        _ => wrong.push(format!("{at}: {ours} where Compose has {theirs}")),
    }
}

/// Whether a refusal says where: a file that could not be read or an option has no line.
fn says_where(told: &str) -> bool {
    let placed = |line: &str| {
        let mut parts = line.split(':').skip(1);
        let number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u32>().is_ok());
        number(parts.next()) && number(parts.next())
    };
    let elsewhere =
        ["cannot read this file", "the project name ", "the project has no name", "the variable COMPOSE_DISABLE"];
    let mut errors = told.lines().filter(|line| line.contains("error: "));
    errors.clone().count() > 0 && errors.all(|line| placed(line) || elsewhere.iter().any(|words| line.contains(words)))
}

#[test]
fn config_prints_what_docker_compose_prints() {
    let mut wrong = Vec::new();
    for case in cases() {
        let name = name(&case.folder);
        let answer = fs::read_to_string(case.folder.join("expected.json")).ok();
        let answer: Option<Value> = answer.map(|answer| serde_json::from_str(&answer).unwrap());
        match (case.config().0, answer) {
            (Ok(ours), Some(theirs)) => compare(&ours, &theirs, &name, &mut wrong),
            (Err(told), Some(_)) => wrong.push(format!("{name}: refused, and Compose does not refuse it: {told}")),
            (Ok(_), None) => wrong.push(format!("{name}: Compose refuses it")),
            (Err(told), None) if says_where(&told) => {}
            (Err(told), None) => wrong.push(format!("{name}: does not say where: {told}")),
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_review_sees_the_layout_that_docker_compose_sees() {
    let mut wrong = Vec::new();
    for case in cases() {
        let Ok(answer) = fs::read_to_string(case.folder.join("expected.json")) else { continue };
        let found = differences(&case, &serde_json::from_str(&answer).unwrap());
        wrong.extend(found.into_iter().map(|line| format!("{}: {line}", name(&case.folder))));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_docker_compose_refuses_a_review_tells() {
    let mut silent = Vec::new();
    for case in cases().iter().filter(|case| case.folder.join("expected.err").exists()) {
        let (_directory, project) = case.copied();
        let layout = case.review(&project, &Sources::reading(Reader::of_host()));
        // A variable that is required here may be set where Compose runs: it stays a symbol.
        let required = fs::read_to_string(case.folder.join("expected.err")).unwrap().contains("required variable");
        if layout.diagnostics.is_empty() && !required {
            silent.push(name(&case.folder));
        }
    }
    assert!(silent.is_empty(), "nothing is told of {silent:?}");
}

/// The text at a span, and the file that it is in.
fn text_at(sources: &Sources, span: Span) -> (String, String) {
    let file = sources.get(span.file);
    (file.slice(span).to_owned(), file.name().to_owned())
}

#[test]
fn what_is_mounted_and_set_is_where_it_is_written() {
    let (mut mounts, mut variables) = (0, 0);
    for case in cases() {
        let (_directory, project) = case.copied();
        let sources = Sources::reading(Reader::of_host());
        for container in case.review(&project, &sources).containers {
            for mount in &container.mounts {
                let (text, file) = text_at(&sources, mount.span);
                let last = mount.target.text.rsplit(['/', '\\']).next().unwrap_or("");
                // A target may be made of variables, or be the name of a secret.
                let fits = text.contains(last) || text.contains('$') || text.contains("\\x");
                assert!(fits, "{}: {} is at {text:?} of {file}", name(&case.folder), mount.target.text);
                mounts += 1;
            }
            for (name_of, variable) in &container.env {
                let (text, file) = text_at(&sources, variable.span);
                let text = text.trim_matches(['"', '\'']);
                // What comes from a file of variables is where that file is named.
                let from_file = text.contains("env") || text.contains("raw") || text.contains("path");
                let fits = text == name_of || name_of == "#extensions" || from_file || text.contains('$');
                assert!(fits, "{}: {name_of} is at {text:?} of {file}", name(&case.folder));
                variables += 1;
            }
        }
    }
    assert!(mounts > 200 && variables > 200, "only {mounts} mounts and {variables} variables were looked at");
}

#[test]
fn what_comes_through_extends_and_include_is_in_the_other_file() {
    let files: &[(&str, &str)] = &[
        (
            "compose.yaml",
            "include: [inc/compose.yaml]\nx-m: &m\n  - ./anchored:/anchored\nservices:\n  a:\n    extends: {file: lib/base.yaml, \
             service: base}\n    volumes: [./own:/own]\n  c:\n    image: x\n    volumes: *m\n",
        ),
        ("compose.override.yaml", "services:\n  a:\n    environment:\n      OVER: 1\n"),
        (
            "lib/base.yaml",
            "services:\n  base:\n    image: x\n    volumes:\n      - ./data:/based\n    environment:\n      - A=1\n      - \
             \"B=${HOME}\"\n",
        ),
        (
            "inc/compose.yaml",
            "services:\n  b:\n    image: x\n    volumes:\n      - type: bind\n        source: .\n        target: /inc\n",
        ),
    ];
    let directory = crate::harness::project(files);
    let case = Case {
        folder: directory.path().to_owned(),
        arguments: Vec::new(),
        environment: BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]),
    };
    let sources = Sources::reading(Reader::of_host());
    let layout = case.review(directory.path(), &sources);
    let mut found = BTreeSet::new();
    for container in &layout.containers {
        let at = |what: &str, span: Span| {
            let (text, file) = text_at(&sources, span);
            let text = text.lines().next().unwrap_or("").to_owned();
            format!("{}: {what} at {file}:{}:{}: {text}", container.name, span.start.line, span.start.column)
        };
        found.extend(container.mounts.iter().map(|mount| at(&mount.target.text, mount.span)));
        found.extend(container.env.iter().map(|(name, variable)| at(name, variable.span)));
    }
    let wanted = [
        "a: /based at lib/base.yaml:5:9: ./data:/based",
        "a: /own at compose.yaml:7:15: ./own:/own",
        "a: A at lib/base.yaml:7:9: A",
        "a: B at lib/base.yaml:8:10: B",
        "a: OVER at compose.override.yaml:4:7: OVER",
        "b: /inc at inc/compose.yaml:5:9: type: bind",
        "c: /anchored at compose.yaml:3:5: ./anchored:/anchored",
    ];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
}
