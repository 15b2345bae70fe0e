//! Files that are none, that are elsewhere, or that never end: none of them is waited for, opened or repeated.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{bounded, bounded_shell, opened, traced};
use crate::accept::SHARED;
use crate::harness::project;

/// A secret whose lines look like keys; each has a part that no output may have.
const SECRET: &str = "hunter2.token: hunter2 value\n\"hunter2 key\": [1]\nhunter2=hunter2 other\n";

/// A compose project in which one thing names a file.
const BUILDS: &str =
    "services:\n  a:\n    build: {context: ., dockerfile: D}\n    volumes: [\"/srv/c:/root/.claude\"]\n";
const MOUNTS: &str = "services:\n  a:\n    image: x\n    entrypoint: [sh, /run.sh]\n    volumes: [\"./SLOT:/run.sh\", \"/srv/c:/root/.claude\"]\n";
const CONFIGS: &str = "services:\n  a:\n    image: x\n    entrypoint: [sh, /run.sh]\n    volumes: [\"/srv/c:/root/.claude\"]\n    \
                       configs: [{source: c, target: /run.sh}]\nconfigs: {c: {file: ./SLOT}}\n";
const SECRETS: &str = "services:\n  a:\n    image: x\n    entrypoint: [sh, /run/secrets/c]\n    \
                       volumes: [\"/srv/c:/root/.claude\"]\n    secrets: [c]\nsecrets: {c: {file: ./SLOT}}\n";
const COPIES: &str = "FROM scratch\nCOPY SLOT /run.sh\nENTRYPOINT [\"sh\", \"/run.sh\"]\n";

/// A place that a repository lets its reader read a file from.
struct Slot {
    name: &'static str,
    /// The repository without that file. `SLOT` in a text stands for its path.
    files: &'static [(&'static str, &'static str)],
    /// The path of the file that is replaced.
    at: &'static str,
    /// What it holds where it is harmless.
    good: &'static str,
    /// Whether a text names it, so that it can be named otherwise.
    named: bool,
    /// Whether a reader is told where it cannot be read.
    told: bool,
    arguments: &'static [&'static str],
}

const fn slot(
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    at: &'static str,
    good: &'static str,
) -> Slot {
    Slot { name, files, at, good, named: false, told: true, arguments: &["check", ".", "-v"] }
}

const fn named(
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    at: &'static str,
    good: &'static str,
) -> Slot {
    Slot { named: true, ..slot(name, files, at, good) }
}

const SERVICE: &str = "services: {x: {image: x}}\n";
const SLOTS: &[Slot] = &[
    slot("compose.yaml", &[], "compose.yaml", SHARED),
    slot("override", &[("compose.yaml", SHARED)], "compose.override.yaml", SERVICE),
    slot("found below", &[("README", "")], "deep/er/compose.yaml", SHARED),
    slot(".env", &[("compose.yaml", SHARED)], ".env", "A=1\n"),
    slot("overlock.yaml", &[("compose.yaml", SHARED)], "overlock.yaml", "host: {participates: no}\n"),
    slot("gitignore", &[("compose.yaml", SHARED)], ".gitignore", "x\n"),
    slot("gitignore below", &[("compose.yaml", SHARED), ("sub/x", "")], "sub/.gitignore", "x\n"),
    named("include", &[("compose.yaml", "include: [SLOT]\n")], "other.yaml", SERVICE),
    named(
        "env_file of include",
        &[("compose.yaml", "include: [{path: x.yaml, env_file: SLOT}]\n"), ("x.yaml", SERVICE)],
        "other.env",
        "A=1\n",
    ),
    named(
        "extends",
        &[("compose.yaml", "services: {a: {extends: {file: SLOT, service: x}}}\n")],
        "other.yaml",
        SERVICE,
    ),
    named("env_file", &[("compose.yaml", "services: {a: {image: x, env_file: [SLOT]}}\n")], "other.env", "A=1\n"),
    named("label_file", &[("compose.yaml", "services: {a: {image: x, label_file: [SLOT]}}\n")], "labels", "a=1\n"),
    named("COMPOSE_FILE", &[(".env", "COMPOSE_FILE=SLOT\n")], "other.yaml", SHARED),
    slot("Dockerfile", &[("compose.yaml", BUILDS)], "D", "FROM scratch\n"),
    slot("dockerignore", &[("compose.yaml", BUILDS), ("D", "FROM scratch\n")], ".dockerignore", "x\n"),
    slot("its own dockerignore", &[("compose.yaml", BUILDS), ("D", "FROM scratch\n")], "D.dockerignore", "x\n"),
    Slot { told: false, ..named("copied", &[("compose.yaml", BUILDS), ("D", COPIES)], "run.sh", "claude -p\n") },
    Slot { told: false, ..named("mounted", &[("compose.yaml", MOUNTS)], "run.sh", "claude -p\n") },
    Slot { told: false, ..named("config", &[("compose.yaml", CONFIGS)], "run.sh", "claude -p\n") },
    Slot { told: false, ..named("secret", &[("compose.yaml", SECRETS)], "run.sh", "claude -p\n") },
    slot("rules", &[("compose.yaml", SHARED), ("overlock.yaml", "rules: r\n")], "r/profiles/other.yaml", "id: other\n"),
    slot("matrix", &[("compose.yaml", SHARED), ("overlock.yaml", "rules: r\n")], "r/matrix.yaml", "tables: []\n"),
    slot(
        "page",
        &[("compose.yaml", SHARED), ("overlock.yaml", "rules: r\n")],
        "r/explain/unguarded-share.md",
        "# page\n",
    ),
    Slot {
        arguments: &["check", ".", "--baseline", "known.json"],
        ..slot("baseline", &[("compose.yaml", SHARED)], "known.json", "{}")
    },
    Slot { arguments: &["check", "compose.yaml"], ..slot("typed", &[("x", "")], "compose.yaml", SHARED) },
    Slot { arguments: &["check", "run.sh"], ..slot("typed script", &[("x", "")], "run.sh", "docker run x\n") },
    Slot {
        arguments: &["check", "--env-file", "own.env"],
        ..slot("typed env file", &[("compose.yaml", SHARED)], "own.env", "A=1\n")
    },
];

/// A repository, and a secret beside it.
struct Scene {
    folder: TempDir,
}

impl Scene {
    /// The files of a slot, in which the file is named by `named`, and none at its path.
    fn of(slot: &Slot, named: &str) -> Self {
        let folder = project(&[("elsewhere/secret", SECRET), ("repo/.git/HEAD", "")]);
        let scene = Self { folder };
        for (path, text) in slot.files {
            scene.write(path, &text.replace("./SLOT", named).replace("SLOT", named));
        }
        fs::create_dir_all(scene.at(slot.at).parent().unwrap()).unwrap();
        scene
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    fn repo(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.repo().join(path)
    }

    fn outside(&self) -> PathBuf {
        self.folder.path().join("elsewhere")
    }

    /// Runs it and checks that nothing outside was opened, nor repeated in any format.
    fn keeps_out(&self, test: &str, case: &str, arguments: &[&str], format: &str) {
        let arguments = [arguments, &["--format", format]].concat();
        let Some((run, trace)) = traced(test, &self.repo(), &arguments) else { return };
        let opened = opened(&trace, &self.outside());
        assert!(opened.is_empty(), "{case}: {opened:?}");
        assert!(!format!("{}{}", run.out, run.err).contains("hunter2"), "{case}: {} {}", run.out, run.err);
    }
}

#[test]
fn nothing_outside_is_opened_or_repeated() {
    for (slot, number) in SLOTS.iter().zip(0..) {
        let format = ["text", "json", "sarif", "github", "gitlab", "junit", "markdown"][number % 7];
        let test = "nothing_outside_is_opened_or_repeated";
        let scene = Scene::of(slot, slot.at);
        let up = "../".repeat(slot.at.matches('/').count() + 1);
        symlink(format!("{up}elsewhere/secret"), scene.at(slot.at)).unwrap();
        scene.keeps_out(test, slot.name, slot.arguments, format);
        fs::remove_file(scene.at(slot.at)).unwrap();
        symlink(scene.outside().join("secret"), scene.at(slot.at)).unwrap();
        scene.keeps_out(test, &format!("{}, absolute", slot.name), slot.arguments, format);
    }
}

#[test]
fn nothing_outside_is_opened_whatever_it_is_called() {
    for slot in SLOTS.iter().filter(|slot| slot.named) {
        let test = "nothing_outside_is_opened_whatever_it_is_called";
        for name in
            ["../elsewhere/secret", "away/secret", "sub/../../elsewhere/secret", "away/../elsewhere/secret", "WHOLE"]
        {
            let scene = Scene::of(slot, name);
            if name == "WHOLE" {
                let whole = scene.outside().join("secret").display().to_string();
                for (path, text) in slot.files {
                    scene.write(path, &text.replace("./SLOT", &whole).replace("SLOT", &whole));
                }
            }
            fs::create_dir(scene.at("sub")).unwrap();
            symlink("../elsewhere", scene.at("away")).unwrap();
            scene.keeps_out(test, &format!("{} as {name}", slot.name), slot.arguments, "text");
        }
    }
}

#[test]
fn link_inside_the_repository_is_read() {
    for slot in SLOTS.iter().filter(|slot| !slot.name.starts_with("typed")) {
        let scene = Scene::of(slot, slot.at);
        scene.write("kept/inner", slot.good);
        let up = "../".repeat(slot.at.matches('/').count());
        let links = [PathBuf::from(format!("{up}kept/inner")), scene.at("kept/inner")];
        for link in links {
            symlink(&link, scene.at(slot.at)).unwrap();
            let Some((_, trace)) = traced("link_inside_the_repository_is_read", &scene.repo(), slot.arguments) else {
                return;
            };
            let read = opened(&trace, &scene.at("kept/inner"));
            assert!(read.iter().any(|line| !line.contains("O_PATH")), "{} by {}", slot.name, link.display());
            fs::remove_file(scene.at(slot.at)).unwrap();
        }
    }
}

/// Makes a pipe.
fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn pipes_and_devices_end_at_once_and_are_told() {
    for slot in SLOTS {
        for target in ["pipe", "/dev/zero", "/dev/ptmx", "/proc/kmsg", "/proc/self/environ"] {
            let scene = Scene::of(slot, slot.at);
            if target == "pipe" {
                pipe(&scene.at(slot.at));
            } else {
                symlink(target, scene.at(slot.at)).unwrap();
            }
            let run = bounded(&scene.repo(), slot.arguments);
            let said = format!("{}{}", run.out, run.err);
            let words =
                ["not read", "cannot", "is no file", "not whole JSON", "no baseline", "nothing out", "no compose file"];
            let told = !slot.told || words.iter().any(|word| said.contains(word)) || slot.name.starts_with("typed");
            assert!(told, "{} as {target}: {said}", slot.name);
        }
    }
}

#[test]
fn env_file_that_is_a_device_is_told_in_every_command() {
    let text = "services: {a: {image: x, env_file: [/dev/ptmx]}}\n";
    let files = project(&[(".git/HEAD", ""), ("compose.yaml", text)]);
    let check = bounded(files.path(), &["check", ".", "-v"]);
    assert!(check.err.contains("is outside this repository"), "{}", check.err);
    let config = bounded(files.path(), &["config"]);
    assert_eq!(config.status, 2);
    assert!(config.err.contains("it is a device, and only regular files are read"), "{}", config.err);
    pipe(&files.path().join("pipe"));
    fs::write(files.path().join("compose.yaml"), text.replace("/dev/ptmx", "pipe")).unwrap();
    for arguments in [&["check", ".", "-v"][..], &["config"]] {
        let run = bounded(files.path(), arguments);
        assert!(format!("{}{}", run.out, run.err).contains("it is a pipe"), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn config_reads_what_compose_reads_and_no_secret_of_the_kernel() {
    let text = "name: p\nservices: {a: {image: x, env_file: [../elsewhere/own.env]}}\n";
    let files = project(&[("repo/.git/HEAD", ""), ("repo/compose.yaml", text), ("elsewhere/own.env", "A=kept\n")]);
    let repo = files.path().join("repo");
    let config = bounded(&repo, &["config"]);
    assert_eq!(config.json()["services"]["a"]["environment"]["A"], "kept");
    let check = bounded(&repo, &["check", ".", "-v"]);
    assert!(check.err.contains("is outside this repository"), "{}", check.err);
    assert!(!format!("{}{}", check.out, check.err).contains("kept"), "{}", check.err);
    fs::write(repo.join("compose.yaml"), text.replace("../elsewhere/own.env", "/proc/self/environ")).unwrap();
    let config = bounded(&repo, &["config"]);
    assert_eq!(config.status, 2);
    assert!(config.err.contains("on a filesystem of the kernel"), "{}", config.err);
}

#[test]
fn build_context_makes_nothing_a_part_of_the_repository() {
    let with = |context: &str| {
        format!(
            "services:\n  a:\n    build:\n      context: {context}\n      dockerfile_inline: |\n        FROM scratch\n        \
             COPY secret /run.sh\n        ENTRYPOINT [\"sh\", \"/run.sh\"]\n    volumes: [\"/srv/c:/root/.claude\"]\n  \
             b:\n    image: y\n    entrypoint: [sh, /run.sh]\n    volumes: [\"{context}/secret:/run.sh\"]\n"
        )
    };
    let scene = Scene::of(&SLOTS[1], "");
    for context in ["../elsewhere".to_owned(), scene.outside().display().to_string()] {
        scene.write("compose.yaml", &with(&context));
        scene.keeps_out("build_context_makes_nothing_a_part_of_the_repository", &context, &["check", "."], "text");
    }
    scene.write("compose.yaml", &with("/"));
    let run = bounded(&scene.repo(), &["check", "."]);
    assert!(!run.out.contains("hunter2"), "{}", run.out);
    scene.write("inside/secret", "claude -p\n");
    scene.write("compose.yaml", &with("./inside"));
    let Some((_, trace)) = traced("build_context_makes_nothing", &scene.repo(), &["check", "."]) else { return };
    assert!(!opened(&trace, &scene.at("inside/secret")).is_empty(), "a context inside is read");
}

#[test]
fn keys_are_quoted_where_they_are_words() {
    let files =
        project(&[("compose.yaml", "volums: {}\n\"hunter2 key\": 1\nservices: {a: {image: x, \"p@ss\": 1}}\n")]);
    let run = bounded(files.path(), &["check", ".", "--format", "json"]);
    let report = run.json();
    let told: Vec<&str> =
        report["diagnostics"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap()).collect();
    assert!(told.iter().any(|told| told.starts_with("`volums` is no key that Compose knows")), "{told:?}");
    assert!(told.iter().any(|told| told.starts_with("a key that is not a word is no key")), "{told:?}");
    assert!(!told.iter().any(|told| told.contains("hunter2") || told.contains("p@ss")), "{told:?}");
}

#[test]
fn rules_and_configuration_repeat_words_alone() {
    for (path, text, wanted, unwanted) in [
        ("r/profiles/x.yaml", "commnds: [a]\n", "commnds", "hunter2"),
        ("r/profiles/x.yaml", "\"hunter2 x\": [a]\n", "not a word", "hunter2"),
        ("r/matrix.yaml", "hunter2 secret: a\n", "not a word", "hunter2"),
        ("r/matrix.yaml", "rules: hunter2 x\n", "something else than was expected", "hunter2"),
        ("r/filesystems.yaml", "a: [hunter2\n", "error:", "hunter2"),
        ("overlock.yaml", "ruls: r\n", "`ruls` is no key of the configuration; did you mean `rules`?", "hunter2"),
        ("overlock.yaml", "\"hunter2 x\": r\n", "(not a word) is no key of the configuration", "hunter2"),
    ] {
        let files = project(&[("compose.yaml", SHARED), (path, text)]);
        let rules: &[&str] = if path.starts_with("r/") { &["--rules", "r"] } else { &[] };
        let run = bounded(files.path(), &[&["check", ".", "--format", "json"], rules].concat());
        let said = format!("{}{}", run.out, run.err);
        assert!(said.contains(wanted) && !said.contains(unwanted), "{path} {text}: {said}");
    }
}

#[test]
fn typed_path_may_be_a_pipe_or_elsewhere() {
    let files = project(&[("here/x", ""), ("there/compose.yaml", SHARED), ("endless/x", "")]);
    let here = files.path().join("here");
    let found = |run: &crate::harness::Run| run.json()["breaches"].as_array().unwrap().len();
    let elsewhere = bounded(&here, &["check", "-f", "../there/compose.yaml", "--format", "json"]);
    assert!(found(&elsewhere) > 0);
    for line in [
        "exec \"$0\" check -f <(cat ../there/compose.yaml) --format json",
        "exec \"$0\" check <(sleep 0.2; cat ../there/compose.yaml) --format json",
        "exec \"$0\" check -f - --format json <../there/compose.yaml",
        "cat ../there/compose.yaml | \"$0\" check -f /dev/stdin --format json",
    ] {
        let run = bounded_shell(&here, line, &[]);
        assert_eq!(found(&run), found(&elsewhere), "{line}: {}", run.err);
    }
    for line in ["exec \"$0\" check -f /dev/zero", "exec \"$0\" check -f <(cat /dev/zero)"] {
        let run = bounded_shell(&here, line, &[]);
        assert!(run.status == 2 && run.err.contains("larger than"), "{line}: {} {}", run.out, run.err);
    }
    let run = bounded_shell(&here, "exec \"$0\" audit --from - </dev/zero", &[]);
    assert!(run.status == 2 && run.err.contains("larger than"), "{}", run.err);
}

#[test]
fn file_costs_six_calls_at_most() {
    let files = project(&[(".git/HEAD", ""), ("compose.yaml", SHARED), (".env", "A=1\n")]);
    let Some((_, trace)) = traced("file_costs_six_calls_at_most", files.path(), &["check", "."]) else { return };
    for name in ["compose.yaml", ".env"] {
        let path = files.path().canonicalize().unwrap().join(name);
        let opens = opened(&trace, &path).len();
        let shown = format!("<{}>", path.display());
        let calls = trace.iter().filter(|line| line.contains(&shown)).count();
        assert!(opens > 0 && calls <= 6 * opens, "{name}: {calls} calls for {opens} times");
    }
}

/// A repository whose ignore files have so many patterns each, in so many directories; it has a project in one that they
/// leave out.
fn ignoring(patterns: usize, pattern: &str, directories: usize) -> TempDir {
    let folder = project(&[("repo/.git/HEAD", ""), ("repo/compose.yaml", SHARED), ("repo/.gitignore", "left-out/\n")]);
    let text: String = (0..patterns).map(|number| format!("{pattern}{number}*c\n")).collect();
    for number in 0..directories {
        let directory = folder.path().join(format!("repo/d{number}"));
        fs::create_dir_all(directory.join("left-out")).unwrap();
        fs::write(directory.join(".gitignore"), &text).unwrap();
        fs::write(directory.join("left-out/compose.yaml"), SHARED).unwrap();
    }
    folder
}

#[test]
fn ignore_files_with_patterns_without_number_are_told() {
    let told = |folder: &TempDir| {
        let run = bounded(&folder.path().join("repo"), &["check", ".", "--format", "json"]);
        let found = run.json()["participants"].as_array().unwrap().len();
        (run.out.matches("this ignore file leaves nothing out").count(), found)
    };
    let (unread, found) = told(&ignoring(1500, "**/*a*b", 40));
    assert!((20..40).contains(&unread), "{unread}");
    // What leaves out what was found before them goes on to do so.
    assert_eq!(told(&ignoring(15, "**/*a*b", 40)), (0, found));
}

#[test]
fn patterns_that_are_tried_without_end_are_told_and_leave_nothing_out() {
    let of = |files: usize| {
        let folder = ignoring(4000, "b*", 1);
        for number in 0..files {
            fs::write(folder.path().join(format!("repo/d0/{number}")), "").unwrap();
        }
        bounded(&folder.path().join("repo"), &["check", ".", "--format", "json"])
    };
    assert!(of(800).out.contains("the patterns with several `*` are too many"));
    assert!(!of(3).out.contains("ignore file"));
}

#[test]
fn files_of_variables_that_many_services_name_are_bounded_and_told() {
    let of = |services: usize| {
        let text: String = (0..services)
            .map(|number| {
                format!(
                    "  s{number}: {{image: x, entrypoint: [claude], env_file: [v.env], label_file: [v.env], \
                     volumes: [\"/srv/c:/root/.claude\"]}}\n"
                )
            })
            .collect();
        let variables: String = (0..20_000).map(|number| format!("A{number}=xxxxxxxxxxxxxxxx\n")).collect();
        let folder = project(&[("v.env", &variables), ("compose.yaml", &format!("services:\n{text}"))]);
        let run = bounded(folder.path(), &["check", ".", "--format", "json"]);
        assert!(matches!(run.status, 1 | 3), "{}", run.err);
        (run.status, run.out.contains("those of the project are too large together"))
    };
    assert!(of(200).1);
    assert!(!of(2).1);
}
