//! What is read of a devcontainer.json, and where it is written.

use std::collections::BTreeMap;
use std::path::Path;

use crate::input::compose::{Context, Options};
use crate::input::{Exclusion, LoadContext, ProgramNames, discover, load};
use crate::model::{Container, EnvValue, Layout, MountSource};
use crate::rules::Ruleset;
use crate::text::{Reader, Sources, Span};

/// A layout, and the text of its first file at a span.
struct Read {
    layout: Layout,
    sources: Sources,
}

impl Read {
    /// What is read of one file at its usual place, and of others beside it.
    fn of(text: &str, others: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap().join("shop");
        for (name, text) in others.iter().copied().chain([(".devcontainer/devcontainer.json", text)]) {
            let path = top.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self::below(&top)
    }

    fn below(top: &Path) -> Self {
        let paths = [Path::new(".").to_owned()];
        let sources = Sources::reading(Reader::default().with_path(top));
        let rules = Ruleset::load(&sources, None).unwrap();
        let programs = ProgramNames::of_profiles(&rules.profiles);
        let environment = BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]);
        let surroundings = Context { environment, cwd: top.to_owned(), shows_values: false, ..Context::default() };
        let found = discover(&paths, &[], &surroundings, sources.reader(), &Exclusion::default(), &programs);
        let context = LoadContext {
            sources: &sources,
            surroundings: &surroundings,
            compose: &Options::default(),
            programs: &programs,
            store: None,
            on_loaded: &|| {},
        };
        let layout = load(found, &context);
        Self { layout, sources }
    }

    fn container(&self, name: &str) -> &Container {
        self.layout.containers.iter().find(|one| one.name == name).unwrap()
    }

    fn text_at(&self, span: Span) -> String {
        self.sources.get(span.file).slice(span).to_owned()
    }

    fn told(&self) -> Vec<&str> {
        self.layout.diagnostics.iter().map(|one| one.message.as_str()).collect()
    }

    /// Where each mount of a container is, from what, and what stands where it is written.
    fn mounts(&self, name: &str) -> Vec<(String, String, String)> {
        let mounts = self.container(name).mounts.iter().map(|mount| {
            let source = match &mount.source {
                MountSource::Host(source) | MountSource::Volume(source) | MountSource::Unresolved(source) => {
                    source.text.clone()
                }
                other => format!("{other:?}"),
            };
            (mount.target.text.clone(), source, self.text_at(mount.span))
        });
        mounts.collect()
    }
}

#[test]
fn everything_that_is_read_is_where_it_is_written() {
    let text = r#"// é
{ "image": "node:22", "remoteUser": "node", "containerUser": "root",
  "mounts": [
    "type=volume,source=é-cache,target=/cache",
    "type=volume,source=state,target=/state", // fixed
    { "type": "bind", "source": "/srv/a\u002fb", "target": "/b" },
  ],
  "runArgs": ["-v", "${localEnv:HOME}/.claude:/home/node/.claude", "--env=IN_ARGS=1", "--cap-drop", "ALL"],
  "containerEnv": { "A": "a", "B": "${localEnv:NOT_SET:b}" },
  "remoteEnv": { "C": "${containerEnv:A}c", "A": null },
}
"#;
    // A volume's name has no such letter.
    let read = Read::of(&text.replace("é-cache", "cache"), &[]);
    assert_eq!(read.told(), Vec::<&str>::new());
    let container = read.container("devcontainer");
    let mounts = read.mounts("devcontainer");
    let at = |target: &str| mounts.iter().find(|(own, ..)| own == target).unwrap();
    let state = ("/state".to_owned(), "state".to_owned(), "type=volume,source=state,target=/state".to_owned());
    assert_eq!(*at("/state"), state);
    let object = r#"{ "type": "bind", "source": "/srv/a\u002fb", "target": "/b" }"#;
    assert_eq!((at("/b").1.as_str(), at("/b").2.as_str()), ("/srv/a/b", object));
    let claude = at("/home/node/.claude");
    assert_eq!(
        (claude.1.as_str(), claude.2.as_str()),
        ("/home/user/.claude", "${localEnv:HOME}/.claude:/home/node/.claude")
    );
    assert!(at("/workspaces/shop").1.ends_with("/shop"), "{mounts:?}");
    assert_eq!(mounts.len(), 5);
    let user = container.user.as_ref().unwrap();
    assert_eq!((user.text.as_str(), read.text_at(user.span.unwrap()).as_str()), ("node", "node"));
    let env = |name: &str| {
        let variable = container.env.get(name)?;
        let EnvValue::Set(value) = &variable.value else { return None };
        Some((value.text.clone(), read.text_at(variable.span)))
    };
    assert_eq!(env("A"), None);
    assert_eq!(env("B"), Some(("b".to_owned(), "B".to_owned())));
    assert_eq!(env("C"), Some(("ac".to_owned(), "C".to_owned())));
    assert_eq!(env("IN_ARGS").unwrap().0, "1");
    assert!(container.rights.no_override && container.timing.may_overlap);
    assert_eq!(read.text_at(container.span), "\"image\"");
}

#[test]
fn refused_mount_is_told_and_nothing_is_judged_of_the_file() {
    let read = Read::of(r#"{ "image": "i", "mounts": ["source=/srv/.claude,target=/c,type=volume"] }"#, &[]);
    assert_eq!(read.layout.containers.len(), 0);
    assert_eq!(read.told(), ["this starts nothing: a mount of type volume has a path for its source"]);
    assert_eq!(read.layout.not_judged.len(), 1);
    assert!(read.layout.not_judged[0].counts);
}

#[test]
fn mount_for_podman_is_read_with_its_options() {
    let read = Read::of(
        r#"{ "image": "i", "runArgs": ["--userns=keep-id"], "mounts": ["type=bind,source=/srv/a,target=/a,relabel=shared"] }"#,
        &[],
    );
    assert_eq!(read.told(), Vec::<&str>::new());
    assert!(read.container("devcontainer").unseen_mounts.is_none());
    assert!(read.mounts("devcontainer").iter().any(|(target, ..)| target == "/a"));
}

#[test]
fn parts_that_are_of_another_shape_are_named() {
    for (text, told) in [
        (r#"{ "image": "i", "mounts": "a" }"#, "`mounts` is no list"),
        (r#"{ "image": "i", "mounts": [1.5, [2]] }"#, "a mount is neither a text nor an object"),
        (r#"{ "image": "i", "containerEnv": [] }"#, "`containerEnv` is no object"),
        (r#"{ "image": "i", "containerEnv": { "a": {} } }"#, "a value of `containerEnv` is no text"),
        (r#"{ "image": "i", "runArgs": [["a"]] }"#, "`runArgs` holds something that is no text"),
        (
            r#"{ "image": "i", "postCreateCommand": [["a"]] }"#,
            "`postCreateCommand` is neither a text nor a list of words",
        ),
        (r#"{ "dockerComposeFile": "compose.yaml" }"#, "it names compose files and no service of them"),
        ("{}", "it names neither an image nor a Dockerfile nor compose files"),
        ("[]", "a devcontainer.json is an object"),
    ] {
        let read = Read::of(text, &[]);
        assert!(read.told().contains(&told), "{text}: {:?}", read.told());
        assert_eq!(read.layout.not_judged.len(), 1, "{text}");
        assert!(read.layout.judged.is_empty(), "{text}");
    }
}

#[test]
fn missing_service_is_told_with_its_place() {
    let compose = "services: { app: { image: i } }\n";
    let text = r#"{ "dockerComposeFile": "../compose.yaml", "service": "web", "mounts": ["source=claude,target=/root/.claude"] }"#;
    let read = Read::of(text, &[("compose.yaml", compose)]);
    assert_eq!(read.told(), ["this adds to the service `web`, which is not described here"]);
    assert_eq!(read.text_at(read.layout.diagnostics[0].span.unwrap()), "web");
    // A file that is not there is named.
    let read = Read::of(&text.replace("../compose", "../other"), &[("compose.yaml", compose)]);
    assert!(read.layout.not_judged.iter().any(|one| one.file.ends_with("other.yaml")), "{:?}", read.layout.not_judged);
}

#[test]
fn service_gets_what_is_added_and_runs_of_it_do_not() {
    let compose = "services: { app: { image: i, user: root, volumes: ['data:/state'] } }\nvolumes: { data: }\n";
    let text = r#"{ "dockerComposeFile": ["../compose.yaml"], "service": "app", "remoteUser": "node",
        "mounts": ["source=own,target=/root/.claude", "source=/srv/s,target=/state,type=bind"] }"#;
    let script = "#!/bin/sh\ndocker compose run --rm app true\n";
    let read = Read::of(text, &[("compose.yaml", compose), ("run.sh", script)]);
    let app = read.container("app");
    assert_eq!(app.user.as_ref().unwrap().text, "node");
    let mounts: Vec<(String, String)> = read.mounts("app").into_iter().map(|(at, from, _)| (at, from)).collect();
    let wanted =
        [("/root/.claude", "shop_own"), ("/state", "/srv/s")].map(|(at, from)| (at.to_owned(), from.to_owned()));
    assert_eq!(mounts, wanted);
    assert!(app.workplace.is_some());
    let run = read.container("run.sh:2");
    assert!(run.workplace.is_none() && run.mounts.len() == 1, "{:?}", run.mounts);
}

#[test]
fn files_are_found_where_tools_look_for_them() {
    let text = r#"{ "image": "i", "mounts": ["source=claude,target=/root/.claude"] }"#;
    let others = [
        (".devcontainer/python/devcontainer.json", text),
        (".devcontainer/a/b/devcontainer.json", text),
        ("api/.devcontainer.json", text),
        ("api/devcontainer.json", text),
        ("web/.devcontainer/devcontainer.json", text),
    ];
    let read = Read::of(text, &others);
    let mut names: Vec<&str> = read.layout.containers.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["devcontainer", "devcontainer api", "devcontainer python", "devcontainer web"]);
    let unread: Vec<(&str, &str)> = read.layout.not_judged.iter().map(|one| (one.file.as_str(), one.kind)).collect();
    let template = "devcontainer-template";
    assert_eq!(unread, [(".devcontainer/a/b/devcontainer.json", template), ("api/devcontainer.json", template)]);
}

#[test]
fn whatever_is_in_it_the_reader_ends() {
    let begun = std::time::Instant::now();
    let many = |item: &str| format!("[{}]", vec![item; 20_000].join(","));
    for text in [
        format!(r#"{{ "image": "i", "mounts": {} }}"#, many("\"a\"")),
        format!(r#"{{ "image": "i", "runArgs": {} }}"#, many("\"-v\"")),
        format!(r#"{{ "image": "{}" }}"#, "${".repeat(100_000)),
        format!(r#"{{ "image": "{}" }}"#, "${localEnv:A}".repeat(15_000)),
        "{\"a\":".repeat(40_000),
    ] {
        let _ = Read::of(&text, &[]);
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", begun.elapsed());
}
