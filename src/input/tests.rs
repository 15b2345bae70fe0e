//! Which files are judged and which are not, for whole directories.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::compose::{Context, Options};
use super::git::tests::test_repository::{git, write_files};
use super::{Exclusion, LoadContext, ProgramNames, discover, load};
use crate::model::{Diagnostic, Layout, Level};
use crate::rules::Ruleset;
use crate::text::{Reader, Sources};

/// A compose file with one service on a login.
const COMPOSE: &str = "services:\n  one:\n    image: i\n    volumes: [/srv/login:/root/.claude]\n";
/// A script that starts one container.
const SCRIPT: &str = "#!/bin/sh\ndocker run -d --name x i sleep 1\n";
/// What no shell reads, with the start of a container.
const NO_SHELL: &str = "#!/bin/sh\ndocker run -v ~/.claude:/root/.claude i claude -p x\nif ((( then ))) fi done\n";

/// What is loaded of paths in a directory with some files.
fn loaded(files: &[(&str, &str)], paths: &[&str]) -> Layout {
    let folder = written(files);
    loaded_below(&folder.path().canonicalize().unwrap(), paths)
}

fn loaded_below(top: &Path, paths: &[&str]) -> Layout {
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let reader = paths.iter().fold(Reader::default(), |reader, path| reader.with_path(&top.join(path)));
    let sources = Sources::reading(reader);
    let rules = Ruleset::load(&sources, None).unwrap();
    let programs = ProgramNames::of_profiles(&rules.profiles);
    let environment = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
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
    load(found, &context)
}

fn judged(layout: &Layout) -> Vec<(&str, &str)> {
    layout.judged.iter().map(|one| (one.file.as_str(), one.kind)).collect()
}

/// The files that were not judged, their kinds, and whether each counts.
fn not_judged(layout: &Layout) -> Vec<(&str, &str, bool)> {
    layout.not_judged.iter().map(|one| (one.file.as_str(), one.kind, one.counts)).collect()
}

fn told(layout: &Layout) -> Vec<&str> {
    layout.diagnostics.iter().map(|Diagnostic { message, .. }| message.as_str()).collect()
}

#[test]
fn every_file_that_is_read_is_listed_with_its_kind() {
    let files = [
        ("compose.yaml", "include: [more/part.yaml]\nservices:\n  a:\n    extends: { file: base.yaml, service: b }\n"),
        ("more/part.yaml", COMPOSE),
        ("base.yaml", "services:\n  b:\n    image: i\n"),
        ("compose.override.yaml", "services:\n  a:\n    user: root\n"),
        ("run.sh", SCRIPT),
        ("without-engine.sh", "#!/bin/sh\necho hello\n"),
    ];
    let layout = loaded(&files, &["."]);
    let expected = [
        ("base.yaml", "compose"),
        ("compose.override.yaml", "compose"),
        ("compose.yaml", "compose"),
        ("more/part.yaml", "compose"),
        ("run.sh", "script"),
    ];
    assert_eq!(judged(&layout), expected);
    assert!(layout.not_judged.is_empty(), "{:?}", layout.not_judged);
}

#[test]
fn input_that_is_named_in_two_ways_is_read_once() {
    let files = [("compose.yaml", COMPOSE), ("run.sh", SCRIPT)];
    let layout = loaded(&files, &[".", "./run.sh", "compose.yaml", "run.sh"]);
    assert_eq!(judged(&layout), [("compose.yaml", "compose"), ("run.sh", "script")]);
    let mut names: Vec<&str> = layout.containers.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["one", "x (run.sh)"]);
}

#[test]
fn script_that_is_no_shell_is_not_judged_and_says_why() {
    let files = [("compose.yaml", COMPOSE), ("bad.sh", NO_SHELL), ("good.sh", SCRIPT)];
    let layout = loaded(&files, &["."]);
    assert_eq!(judged(&layout), [("compose.yaml", "compose"), ("good.sh", "script")]);
    assert_eq!(not_judged(&layout), [("bad.sh", "script", true)]);
    assert!(layout.not_judged[0].reason.contains("could not be read as shell"), "{:?}", layout.not_judged);
    // The same without a word of a known program.
    let other = NO_SHELL.replace(".claude", ".other").replace("claude", "other");
    let layout = loaded(&[("compose.yaml", COMPOSE), ("bad.sh", &other)], &["."]);
    assert_eq!(not_judged(&layout), [("bad.sh", "script", false)]);
}

#[test]
fn script_that_is_misread_after_something_else_unseen_is_not_judged() {
    let text = NO_SHELL.replace("#!/bin/sh\n", "#!/bin/sh\n. ./not-there.sh\n");
    let layout = loaded(&[("compose.yaml", COMPOSE), ("bad.sh", &text)], &["."]);
    assert_eq!(not_judged(&layout), [("bad.sh", "script", true)]);
    // What it sources is not here, and all of its own text was read.
    let text = SCRIPT.replace("#!/bin/sh\n", "#!/bin/sh\n. ./not-there.sh\n");
    let layout = loaded(&[("compose.yaml", COMPOSE), ("good.sh", &text)], &["."]);
    assert_eq!(judged(&layout), [("compose.yaml", "compose"), ("good.sh", "script")]);
}

#[test]
fn script_counts_by_the_text_that_it_sources_and_that_is_no_shell() {
    let script = "#!/bin/sh\n. ./part.inc\ndocker ps\n";
    let files = [("compose.yaml", COMPOSE), ("run.sh", script), ("part.inc", NO_SHELL)];
    // The part names a known program and its state by itself.
    assert_eq!(not_judged(&loaded(&files, &["."])), [("part.inc", "script", true), ("run.sh", "script", true)]);
    let other = NO_SHELL.replace(".claude", ".other").replace("claude", "other");
    let files = [("compose.yaml", COMPOSE), ("run.sh", script), ("part.inc", &other)];
    assert_eq!(not_judged(&loaded(&files, &["."])), [("run.sh", "script", false)]);
}

#[test]
fn script_that_cannot_be_opened_is_not_judged() {
    let large = format!("{SCRIPT}{}", "# filler\n".repeat(40_000));
    let layout = loaded(&[("compose.yaml", COMPOSE), ("large.sh", &large)], &["."]);
    assert_eq!(not_judged(&layout), [("large.sh", "script", false)]);
    let layout = loaded(&[("large.sh", &format!("claude -p x\n{large}"))], &["large.sh"]);
    assert_eq!(not_judged(&layout), [("large.sh", "script", true)]);
    assert!(told(&layout).iter().any(|told| told.starts_with("this script was not read")), "{:?}", told(&layout));
}

#[test]
fn compose_file_that_is_no_yaml_is_not_judged_beside_one_that_is() {
    let files = [("compose.yaml", COMPOSE), ("compose.override.yaml", "services: [\n"), ("x/compose.yaml", ": ]")];
    let layout = loaded(&files, &["."]);
    assert_eq!(judged(&layout), [("compose.yaml", "compose")]);
    assert_eq!(
        not_judged(&layout),
        [("compose.override.yaml", "compose", false), ("x/compose.yaml", "compose", false)],
        "what is below is searched too"
    );
    let layout = loaded(&[("x/compose.yaml", "services: { a: [/srv/.claude\n"), ("y/compose.yaml", COMPOSE)], &["."]);
    assert_eq!(judged(&layout), [("y/compose.yaml", "compose")]);
    assert_eq!(not_judged(&layout), [("x/compose.yaml", "compose", true)]);
}

#[test]
fn project_that_a_script_brings_up_is_judged_or_named() {
    let script = "#!/bin/sh\ndocker compose -f other/stack.yaml up -d\ndocker compose -f compose.yaml run one\n";
    let files = [("compose.yaml", COMPOSE), ("other/stack.yaml", COMPOSE), ("up.sh", script)];
    let layout = loaded(&files, &["compose.yaml", "up.sh"]);
    assert!(judged(&layout).contains(&("other/stack.yaml", "compose")), "{:?}", layout.judged);
    // Given too, or found below, it is read.
    for paths in [&["compose.yaml", "up.sh", "other/stack.yaml"][..], &["."]] {
        let layout = loaded(&files, paths);
        assert!(layout.not_judged.is_empty(), "{:?}", layout.not_judged);
    }
    // A command in a container of it names it too.
    let exec = "#!/bin/sh\ndocker compose -f other/stack.yaml exec one claude -p x\n";
    let layout = loaded(
        &[("compose.yaml", COMPOSE), ("other/stack.yaml", COMPOSE), ("in.sh", exec)],
        &["compose.yaml", "in.sh"],
    );
    assert!(judged(&layout).contains(&("other/stack.yaml", "compose")), "{:?}", layout.judged);
    // One that is not there may be made by the script; one of another program is of no matter.
    let missing = script.replace("other/stack.yaml", "made.yaml");
    let layout = loaded(&[("compose.yaml", COMPOSE), ("up.sh", &missing)], &["."]);
    assert_eq!(not_judged(&layout), [("made.yaml", "compose", false)]);
    let missing = format!("{missing}# for claude\n");
    let layout = loaded(&[("compose.yaml", COMPOSE), ("up.sh", &missing)], &["."]);
    assert_eq!(not_judged(&layout), [("made.yaml", "compose", true)]);
}

#[test]
fn script_that_another_one_runs_starts_its_container_once_however_many_there_are() {
    for count in [3, 250] {
        let script = |number| match number {
            0 => ("s000.sh".to_owned(), format!("#!/bin/sh\n./s{:03}.sh\n: docker\n", count - 1)),
            _ => (format!("s{number:03}.sh"), SCRIPT.replace("--name x", "")),
        };
        let mut files: Vec<(String, String)> = (0..count).map(script).collect();
        files.push(("compose.yaml".to_owned(), COMPOSE.to_owned()));
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let layout = loaded(&files, &["."]);
        assert_eq!((layout.judged.len(), layout.containers.len()), (count + 1, count), "{:?}", layout.not_judged);
    }
}

/// Files of kinds that are not read: the kind, its path, a text that starts a container of a known program, and one that
/// starts none.
const UNREAD: [(&str, &str, &str, &str); 4] = [
    (
        "kubernetes",
        "deploy/agents.yml",
        "# ours\napiVersion: apps/v1\nkind: Deployment\nspec:\n  containers:\n    - command: [claude, -p, x]\n",
        "apiVersion: v1\nkind: ConfigMap\ndata: {}\n",
    ),
    ("quadlet", "agents.container", "[Container]\nVolume=%h/.claude:/root/.claude\n", "nothing"),
    ("pipeline", "ci/agents.yaml", "steps:\n  - image: node\n    commands: [claude -p x]\n", "stages: []\n"),
    ("pipeline", ".travis.yml", "script: docker run -v ~/.claude:/c i\n", "script: make\n"),
];

#[test]
fn file_of_a_kind_that_is_not_read_is_named() {
    for (kind, path, starting, other) in UNREAD {
        let layout = loaded(&[("compose.yaml", COMPOSE), (path, starting)], &["."]);
        assert_eq!(not_judged(&layout), [(path, kind, true)]);
        assert_eq!(told(&layout), Vec::<&str>::new(), "{path} is told of by its list alone");
        let layout = loaded(&[("compose.yaml", COMPOSE), (path, other)], &["."]);
        assert_eq!(not_judged(&layout), [], "{path} starts nothing");
        // Of another program.
        let text = starting.replace("claude", "other").replace("CLAUDE_CONFIG_DIR", "OTHER");
        let layout = loaded(&[("compose.yaml", COMPOSE), (path, &text)], &["."]);
        assert_eq!(not_judged(&layout), [(path, kind, false)]);
    }
    let layout = loaded(&[("compose.yaml", COMPOSE), (".devcontainer/devcontainer.json", "{}")], &["."]);
    assert_eq!(not_judged(&layout), [(".devcontainer/devcontainer.json", "devcontainer", false)]);
}

#[test]
fn named_file_of_a_kind_that_is_not_read_is_told_once() {
    for (kind, path, starting, _) in UNREAD {
        let layout = loaded(&[(path, starting)], &[path]);
        assert_eq!(not_judged(&layout), [(path, kind, true)]);
        assert_eq!(layout.diagnostics.len(), 1, "{:?}", told(&layout));
        assert_eq!(layout.diagnostics[0].level, Level::Gap);
        let message = &layout.diagnostics[0].message;
        assert!(message.starts_with("this is a ") && message.ends_with(": not read yet"), "{message}");
    }
    let framework = "services:\n  _defaults: { autowire: true }\n  Mailer: {}\n";
    let layout = loaded(&[("config/services.yaml", framework)], &["config/services.yaml"]);
    assert_eq!(told(&layout), ["this is a framework's list of services: not read yet"]);
}

#[test]
fn compose_file_of_any_name_is_no_file_of_another_kind() {
    let text = format!("{COMPOSE}    labels: {{ apiVersion: v1, kind: x, steps: '1' }}\n    command: |\n      jobs:\n");
    for path in ["stack.yml", "compose.prod.yaml", "compose.yaml"] {
        let layout = loaded(&[(path, &text)], &[path]);
        assert_eq!(judged(&layout), [(path, "compose")], "{:?}", told(&layout));
        assert_eq!(not_judged(&layout), []);
    }
    // A default name is Compose's whatever is in it.
    let layout = loaded(&[("compose.yaml", &format!("steps: []\n{COMPOSE}"))], &["."]);
    assert_eq!((judged(&layout).len(), not_judged(&layout).len()), (1, 0));
    assert!(told(&layout).iter().any(|told| told.contains("steps")), "{:?}", told(&layout));
}

#[test]
fn makefile_is_judged_where_it_names_an_engine_or_includes_what_does() {
    let starting = "a:\n\tdocker run -v ~/.claude:/root/.claude i claude\n";
    let layout =
        loaded(&[("Makefile", starting), ("sub/docker.mk", starting), ("old/Makefile", "a:\n\ttrue\n")], &["."]);
    assert_eq!(judged(&layout), [("Makefile", "makefile"), ("sub/docker.mk", "makefile")]);
    assert_eq!((layout.containers.len(), not_judged(&layout).len()), (2, 0));
    let layout = loaded(&[("Makefile", "include docker.mk\n"), ("docker.mk", starting)], &["."]);
    assert_eq!(judged(&layout), [("Makefile", "makefile"), ("docker.mk", "makefile")]);
    assert_eq!(layout.containers.len(), 1, "what is included is read once");
    let layout = loaded(&[("Makefile", "include x.mk\n"), ("x.mk", "a:\n\ttrue\n")], &["."]);
    assert_eq!(judged(&layout), []);
}

/// A job with one task that mounts a login.
const JOB: &str = "job \"night\" {\n  group \"night\" {\n    task \"night\" {\n      driver = \"docker\"\n      config {\n        \
                   image = \"i\"\n        volumes = [\"/srv/login:/root/.claude\"]\n      }\n    }\n  }\n}\n";
/// The same for Nomad's API.
const JSON_JOB: &str = r#"{"Job": {"ID": "night", "TaskGroups": [{"Name": "night", "Tasks": [{"Name": "night", "Driver": "docker",
    "Config": {"image": "i", "volumes": ["/srv/login:/root/.claude"]}}]}]}}"#;

#[test]
fn job_of_nomad_is_judged_whatever_its_name() {
    let names =
        [("jobs/a.nomad", JOB), ("a.nomad.hcl", JOB), ("ops/a.hcl", JOB), ("ops/a.job", JOB), ("a.json", JSON_JOB)];
    for (path, text) in names.into_iter().chain([("a.nomad.json", JSON_JOB)]) {
        let layout = loaded(&[("compose.yaml", COMPOSE), (path, text)], &["."]);
        assert_eq!(judged(&layout).len(), 2, "{path}: {:?}", layout.not_judged);
        assert!(judged(&layout).contains(&(path, "nomad")));
        let container = layout.containers.iter().find(|one| one.is_of_job).unwrap();
        assert_eq!((container.name.as_str(), container.project.as_deref()), ("night", Some("night")));
        assert!(container.mounts.iter().any(|mount| mount.target.text == "/root/.claude"));
    }
}

#[test]
fn file_that_only_looks_like_a_job_is_of_no_interest() {
    let others = [
        ("vault.hcl", "storage \"file\" {\n  path = \"/root/.claude\"\n}\n"),
        ("client.hcl", "client {\n  host_volume \"claude\" {\n    path = \"/srv/.claude\"\n  }\n}\n"),
        ("a.json", r#"{"jobs": {"claude": "docker run"}}"#),
        ("b.json", r#"{"job": "docker run -v ~/.claude:/c i claude"}"#),
        ("exec.nomad", "job \"a\" {\n  group \"a\" {\n    task \"a\" {\n      driver = \"exec\"\n    }\n  }\n}\n"),
    ];
    for other in others {
        let layout = loaded(&[("compose.yaml", COMPOSE), other], &["."]);
        assert_eq!((judged(&layout).len(), not_judged(&layout)), (1, Vec::new()), "{}", other.0);
        assert_eq!(told(&layout), Vec::<&str>::new());
    }
}

#[test]
fn malformed_job_is_told_once_with_its_place() {
    for (path, text) in
        [("a.nomad", JOB.replace("]\n", "\n")), ("a.nomad.json", JSON_JOB.replace(":/root", "\" : /root"))]
    {
        let layout = loaded(&[("compose.yaml", COMPOSE), (path, &text)], &["."]);
        assert_eq!(not_judged(&layout), [(path, "nomad", true)]);
        assert_eq!(layout.diagnostics.len(), 1, "{:?}", told(&layout));
        assert!(
            layout.diagnostics[0].span.is_some() && told(&layout)[0].starts_with("not valid "),
            "{:?}",
            told(&layout)
        );
        let other = text.replace(".claude", ".other");
        let layout = loaded(&[("compose.yaml", COMPOSE), (path, &other)], &["."]);
        assert_eq!(not_judged(&layout), [(path, "nomad", false)]);
    }
}

/// Files of kinds whose text holds commands: the kind, its path, and a text that starts one container.
const ENTRIES: [(&str, &str, &str); 10] = [
    ("package.json", "package.json", "{\"scripts\": {\"a\": \"docker run -v ~/.claude:/root/.claude i claude\"}}\n"),
    ("justfile", "justfile", "a:\n  docker run -v ~/.claude:/root/.claude i claude\n"),
    ("justfile", "more/x.just", "a:\n  docker run -v ~/.claude:/root/.claude i claude\n"),
    ("crontab", "etc/crontab", "0 3 * * * root docker run -v /s/.claude:/root/.claude i claude\n"),
    ("taskfile", "Taskfile.yml", "tasks:\n  a: docker run -v ~/.claude:/root/.claude i claude\n"),
    (
        "workflow",
        ".forgejo/workflows/night.yaml",
        "jobs: {a: {runs-on: x, steps: [{run: 'docker run -v ~/.claude:/root/.claude i claude'}]}}\n",
    ),
    ("gitlab", ".gitlab-ci.yml", "a:\n  script: docker run -v ~/.claude:/root/.claude i claude\n"),
    ("woodpecker", ".woodpecker/a.yml", "steps: {docker: {image: i, commands: [claude -p x]}}\n"),
    ("systemd", "agents.service", "[Service]\nExecStart=docker run -v /s/.claude:/root/.claude i claude\n"),
    ("procfile", "Procfile", "a: docker run -v ~/.claude:/root/.claude i claude\n"),
];

#[test]
fn file_of_commands_is_judged_where_it_names_an_engine() {
    for (kind, path, starting) in ENTRIES {
        let layout = loaded(&[(path, starting)], &["."]);
        assert_eq!((judged(&layout), not_judged(&layout), told(&layout)), (vec![(path, kind)], vec![], vec![]));
        assert_eq!(layout.containers.len(), 1, "{path}");
        let layout = loaded(&[(path, &starting.replace("docker", "rocket"))], &["."]);
        assert_eq!((judged(&layout), not_judged(&layout)), (vec![], vec![]), "{path}");
        // A person names it all the same.
        let layout = loaded(&[(path, &starting.replace("docker", "rocket"))], &[path]);
        assert_eq!(judged(&layout), [(path, kind)]);
    }
}

/// Makes a repository of a directory that tracks some of its files.
fn track(top: &Path, files: &[&str]) {
    git(top, &["init", "-q"]);
    git(top, &[&["add", "-f"], files].concat());
}

fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), files);
    folder
}

#[test]
fn ignored_files_are_named_and_those_of_packages_are_not() {
    let makefile = "a:\n\tdocker run -v ~/.claude:/c i\n";
    let files = [
        ("compose.yaml", COMPOSE),
        (".gitignore", "out/\nnode_modules\ncompose.yaml\n"),
        ("out/Makefile", makefile),
        ("out/deep/stack.yml", COMPOSE),
        ("out/run.sh", SCRIPT),
        ("out/notes.yml", "a: b\n"),
        ("out/launch.py", "print('docker run')\n"),
        ("node_modules/x/Makefile", makefile),
        ("node_modules/x/compose.yaml", COMPOSE),
    ];
    let folder = written(&files);
    let top = folder.path().canonicalize().unwrap();
    let expected =
        [("out/Makefile", "makefile", true), ("out/deep/stack.yml", "compose", true), ("out/run.sh", "script", false)];
    // Without a repository nobody can say what is tracked.
    let layout = loaded_below(&top, &["."]);
    assert_eq!(not_judged(&layout), expected);
    assert_eq!(judged(&layout), [("compose.yaml", "compose")], "a default file of a PATH is read");
    track(&top, &[".gitignore"]);
    let layout = loaded_below(&top, &["."]);
    assert_eq!(not_judged(&layout), expected);
    assert!(layout.not_judged.iter().all(|one| one.reason == "git ignores it, and does not track it"));
    track(&top, &["out/deep/stack.yml", "node_modules/x/compose.yaml"]);
    let layout = loaded_below(&top, &["."]);
    let read = ["compose.yaml", "node_modules/x/compose.yaml", "out/deep/stack.yml"];
    assert_eq!(judged(&layout).iter().map(|one| one.0).collect::<Vec<_>>(), read);
    // A person asks for what is left out otherwise.
    let layout = loaded_below(&top, &["out"]);
    let read = [("out/Makefile", "makefile"), ("out/deep/stack.yml", "compose"), ("out/run.sh", "script")];
    assert_eq!(judged(&layout), read);
}

#[test]
fn ignored_file_that_another_one_names_is_read() {
    let files = [
        ("compose.yaml", "include: [out/part.yaml]\nservices: { a: { image: i } }\n"),
        (".gitignore", "out/\n"),
        ("out/part.yaml", COMPOSE),
        ("out/other.yaml", COMPOSE),
        ("up.sh", "#!/bin/sh\ndocker compose -f out/other.yaml up -d\n"),
    ];
    let folder = written(&files);
    let top = folder.path().canonicalize().unwrap();
    track(&top, &["compose.yaml", ".gitignore", "up.sh"]);
    let layout = loaded_below(&top, &["."]);
    assert_eq!(not_judged(&layout), []);
    assert!(judged(&layout).contains(&("out/part.yaml", "compose")), "{:?}", judged(&layout));
    assert!(judged(&layout).contains(&("out/other.yaml", "compose")), "{:?}", judged(&layout));
}

#[test]
fn link_inside_is_read_once_and_link_out_never() {
    let outside = written(&[("stack.yml", COMPOSE), ("run.sh", SCRIPT)]);
    let folder = written(&[("real/stack.yml", COMPOSE), ("real/tool", SCRIPT)]);
    let top = folder.path().canonicalize().unwrap();
    for (target, link) in [
        ("real/stack.yml", "again.yml"),
        ("real/tool", "tool"),
        (outside.path().join("stack.yml").to_str().unwrap(), "out.yml"),
        (outside.path().join("run.sh").to_str().unwrap(), "out.sh"),
        (outside.path().to_str().unwrap(), "elsewhere"),
    ] {
        symlink(target, top.join(link)).unwrap();
    }
    let layout = loaded_below(&top, &["."]);
    assert_eq!(judged(&layout), [("again.yml", "compose"), ("real/tool", "script")]);
    assert_eq!(not_judged(&layout), []);
}

#[test]
fn directory_with_scripts_or_with_nothing_is_no_error() {
    let layout = loaded(&[("run.sh", SCRIPT)], &["."]);
    assert_eq!((judged(&layout), told(&layout)), (vec![("run.sh", "script")], vec![]));
    let layout = loaded(&[("notes.txt", "")], &["."]);
    assert_eq!((judged(&layout).len(), told(&layout).len()), (0, 0));
}

#[test]
fn mistake_in_a_file_that_only_its_content_tells_raises_nothing() {
    let wrong = format!("{COMPOSE}  two:\n    image: i\n    volumes: 7\n    no-such-key: 1\n");
    let layout = loaded(&[("stack.yml", &wrong)], &["."]);
    assert!(!layout.diagnostics.is_empty());
    assert!(layout.diagnostics.iter().all(|one| one.level == Level::Warning), "{:?}", layout.diagnostics);
    assert_eq!(layout.containers.len(), 2);
    let layout = loaded(&[("compose.yaml", &wrong)], &["."]);
    assert!(layout.diagnostics.iter().any(|one| one.level == Level::Error), "{:?}", layout.diagnostics);
    // What cannot be read at all is not judged.
    let layout = loaded(&[("stack.yml", &format!("{COMPOSE}  ]\n"))], &["."]);
    assert_eq!(not_judged(&layout), [("stack.yml", "compose", true)]);
    assert!(layout.diagnostics.iter().all(|one| one.level == Level::Warning), "{:?}", layout.diagnostics);
}

#[test]
fn program_that_starts_a_container_on_a_login_is_named_and_others_are_not() {
    let cases = [
        (
            "python",
            "tools/launch.py",
            "subprocess.run(['docker', 'run', '-v', f'{home}/.claude:/root/.claude', 'i'])\n",
        ),
        ("python", "tools/launch", "#!/usr/bin/env python3\nclient = docker.from_env()\nlogin = '/root/.claude'\n"),
        ("javascript", "src/run.ts", "spawn('docker', ['run', '-v', login + ':/root/.claude'])\n"),
        ("go", "main.go", "exec.Command(\"docker\", \"run\", \"-e\", \"CLAUDE_CONFIG_DIR=/x\")\n"),
        ("rust", "src/main.rs", "use bollard::Docker; // mounts .claude\n"),
        ("powershell", "run.ps1", "docker run -v $HOME/.claude:/root/.claude i\n"),
        ("terraform", "main.tf", "resource \"docker_container\" \"a\" { # /root/.claude\n}\n"),
        ("ansible", "site.yml", "- hosts: all\n  tasks:\n    - docker_container: { volumes: ['/s:/root/.claude'] }\n"),
    ];
    for (kind, path, text) in cases {
        let layout = loaded(&[(path, text)], &["."]);
        assert_eq!((not_judged(&layout), told(&layout)), (vec![(path, kind, true)], vec![]));
        // Of another program, and without a container.
        let other = text.replace(".claude", ".other").replace("CLAUDE_CONFIG_DIR", "OTHER");
        assert_eq!(not_judged(&loaded(&[(path, &other)], &["."])), [], "{path}");
        let nothing = text.replace("docker", "dokker").replace("bollard", "bolard");
        assert_eq!(not_judged(&loaded(&[(path, &nothing)], &["."])), [], "{path}");
        let layout = loaded(&[(path, "x")], &[path]);
        let is_told = path == "tools/launch" || path == "site.yml" || told(&layout)[0].ends_with(": not read yet");
        assert!(is_told, "{path}: {:?}", told(&layout));
    }
}
