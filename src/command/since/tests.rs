//! The layout of a revision is that of a checkout of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::super::reading;
use super::{PlanRequest, World, layout_of_revision, open};
use crate::cli::{self, Cli};
use crate::command::check;
use crate::command::configuration::{self, Search};
use crate::input::ProgramNames;
use crate::input::git::tests::test_repository::{empty_checkout, git, new_repository, write_files};
use crate::model::Layout;
use crate::rules::{FailOn, Severity};
use crate::text::Sources;

/// Commits all that is there, ignored or not.
fn commit(directory: &Path) {
    git(directory, &["add", "--all", "--force"]);
    git(directory, &["commit", "--quiet", "--allow-empty", "--message", "x"]);
}

/// A call of `check` in a directory.
struct Call {
    cli: Cli,
    world: World,
    programs: ProgramNames,
}

impl Call {
    fn new(directory: &Path, arguments: &[&str]) -> Self {
        let words = ["overlock", "check"].iter().chain(arguments).map(Into::into).collect();
        let mut environment = BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]);
        environment.insert("PATH".to_owned(), std::env::var("PATH").unwrap());
        let world = World { environment, directory: directory.to_owned(), ..World::of_process(None, false) };
        let programs = ProgramNames { commands: vec!["claude".to_owned()], ..ProgramNames::default() };
        Self { cli: cli::parse(words, false).unwrap(), world, programs }
    }

    fn asked(&self) -> PlanRequest<'_> {
        match &self.cli.command {
            cli::Command::Check(check) => PlanRequest::of(check),
            _ => unreachable!("it is a call of check"),
        }
    }

    /// The layout of what is checked out.
    fn here(&self) -> String {
        let sources = Sources::reading(reading::reader(&self.cli, &self.world));
        told(&check::read(&self.asked(), &self.world, &self.programs, &sources).unwrap(), &sources)
    }

    fn read_revision(&self, revision: &str) -> anyhow::Result<(Layout, Sources)> {
        let reader = reading::reader(&self.cli, &self.world);
        let base = open(revision, self.asked().paths.first().map(PathBuf::as_path), &self.world)?;
        layout_of_revision(&self.asked(), &base, &reader, &self.programs, &self.world)
    }

    fn then(&self) -> String {
        let (layout, sources) = self.read_revision("then").unwrap();
        told(&layout, &sources)
    }
}

/// A layout in words: files by their names, since they are numbered as they are read.
fn told(layout: &Layout, sources: &Sources) -> String {
    let text = format!("{layout:#?}");
    let mut shown = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        shown.push_str(line);
        shown.push('\n');
        if line.trim_end().ends_with("FileId(") {
            let number = lines.next().unwrap().trim().trim_end_matches(',');
            let (_, file) = sources.all().into_iter().nth(number.parse().unwrap()).unwrap();
            shown.push_str(file.name());
            shown.push('\n');
        }
    }
    shown
}

fn assert_same(then: &str, here: &str, case: &str) {
    if then != here {
        let differ: Vec<_> = then.lines().zip(here.lines()).filter(|(then, here)| then != here).take(5).collect();
        panic!("{case}: {differ:#?}");
    }
}

/// Compares the layouts of calls before a change with those of the revision after it.
fn compare(top: &Path, calls: &[&[&str]], change: impl FnOnce()) {
    commit(top);
    git(top, &["tag", "--force", "then"]);
    let here: Vec<String> = calls.iter().map(|call| Call::new(top, call).here()).collect();
    change();
    let changed: Vec<String> = calls.iter().map(|call| Call::new(top, call).here()).collect();
    commit(top);
    for ((call, here), changed) in calls.iter().zip(&here).zip(&changed) {
        assert_same(&Call::new(top, call).then(), here, &format!("{call:?}"));
        assert_ne!(here, changed, "{call:?}: the change is one");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The folders below one that hold a file, by their paths from there.
fn folders_with_files(directory: &Path, below: &Path, found: &mut Vec<String>) {
    let entries: Vec<_> = fs::read_dir(directory.join(below)).unwrap().map(Result::unwrap).collect();
    if entries.iter().any(|entry| entry.file_type().unwrap().is_file()) {
        found.push(below.to_str().unwrap().to_owned());
        return;
    }
    for entry in entries.iter().filter(|entry| entry.file_type().unwrap().is_dir()) {
        folders_with_files(directory, &below.join(entry.file_name()), found);
    }
}

#[test]
fn every_fixture_is_read_as_from_a_checkout() {
    let (_folder, top) = new_repository();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut names = Vec::new();
    for kind in [
        "unguarded-share",
        "host-shares",
        "guard-mismatch",
        "version-skew",
        "factory",
        "world",
        "scripts",
        "undetermined",
    ] {
        copy(&fixtures.join(kind), &top.join(kind));
        folders_with_files(&top, Path::new(kind), &mut names);
    }
    commit(&top);
    git(&top, &["tag", "then"]);
    // All are read together; some by themselves, as far as they are whole there.
    names.sort();
    let names: Vec<String> = names.into_iter().step_by(5).collect();
    assert!(names.len() > 30, "{names:?}");
    let here: Vec<String> = names.iter().map(|name| Call::new(&top, &[name]).here()).collect();
    let all = Call::new(&top, &["."]).here();
    assert!(here.iter().filter(|here| here.contains("containers: [\n")).count() > 25);
    empty_checkout(&top);
    write_files(&top, &[("compose.yaml", "services: {a: {image: x}}")]);
    commit(&top);
    for name in &names {
        // What nobody has any more cannot be given; the folder is there for something else.
        fs::create_dir_all(top.join(name)).unwrap();
    }
    for (name, here) in names.iter().zip(&here) {
        assert_same(&Call::new(&top, &[name]).then(), here, name);
    }
    assert_same(&Call::new(&top, &["."]).then(), &all, "all");
}

const COMPOSE: &str = "services:
  agent:
    build: {context: ., dockerfile: docker/Dockerfile}
    env_file: [settings.env]
    command: [bash, /work/run.sh]
    volumes: [\"${CLAUDE_HOME:-/srv/claude}:/root/.claude\", \"./scripts:/work\"]
    extends: {file: base/common.yaml, service: common}
include: [other/compose.yaml]
";
const DOCKERFILE: &str = "FROM node:22\nRUN npm install -g @anthropic-ai/claude-code@2.1.200\nCOPY tools /opt\n";
const OTHER: &str = "services: {other: {image: x, volumes: [\"/srv/claude:/root/.claude\"]}}\n";

fn plain_project(top: &Path) {
    write_files(
        top,
        &[
            ("compose.yaml", COMPOSE),
            ("docker/Dockerfile", DOCKERFILE),
            (".env", "CLAUDE_HOME=/srv/then\n"),
            ("settings.env", "A=1\n"),
            ("base/common.yaml", "services: {common: {user: \"1000\", environment: {B: \"2\"}}}\n"),
            ("other/compose.yaml", OTHER),
            ("scripts/run.sh", "#!/bin/bash\nflock /root/.claude/session.lock claude -p x\n"),
            ("start.sh", "#!/bin/sh\ndocker run --rm -v /srv/then:/root/.claude image claude -p x\n"),
            ("tools/claude", "#!/bin/sh\nexec claude\n"),
        ],
    );
    fs::set_permissions(top.join("start.sh"), fs::Permissions::from_mode(0o755)).unwrap();
}

const CALLS: [&[&str]; 4] =
    [&["."], &["compose.yaml", "start.sh"], &["-f", "compose.yaml"], &["-f", "compose.yaml", "--env-file", ".env"]];

#[test]
fn each_file_that_a_layout_comes_from_is_that_of_the_revision() {
    for (file, text) in [
        ("docker/Dockerfile", "FROM node:22\nRUN npm install -g @anthropic-ai/claude-code\n"),
        (".env", "CLAUDE_HOME=/srv/now\n"),
        ("settings.env", "A=now\n"),
        ("base/common.yaml", "services: {common: {user: \"0\"}}\n"),
        ("other/compose.yaml", "services: {other: {image: now}}\n"),
        ("scripts/run.sh", "#!/bin/bash\nclaude -p x\n"),
        ("compose.yaml", "services: {now: {image: now}}\n"),
        ("compose.override.yaml", "services: {agent: {user: \"7\"}}\n"),
    ] {
        let (_folder, top) = new_repository();
        plain_project(&top);
        // An override is read where Compose would look for one.
        let calls = if file == "compose.override.yaml" { &CALLS[..1] } else { &CALLS[..] };
        compare(&top, calls, || write_files(&top, &[(file, text)]));
    }
}

#[test]
fn files_that_became_directories_and_links_that_moved_are_as_they_were() {
    let (_folder, top) = new_repository();
    plain_project(&top);
    fs::rename(top.join("docker/Dockerfile"), top.join("docker/real")).unwrap();
    symlink("real", top.join("docker/Dockerfile")).unwrap();
    fs::rename(top.join("scripts"), top.join("scripts then")).unwrap();
    symlink("scripts then", top.join("scripts")).unwrap();
    compare(&top, &CALLS, || {
        fs::remove_file(top.join("scripts")).unwrap();
        fs::remove_file(top.join("docker/Dockerfile")).unwrap();
        write_files(
            &top,
            &[("scripts", "a file now"), ("docker/Dockerfile/x", "a directory now"), ("start.sh", "#!/bin/sh\n")],
        );
    });
}

#[test]
fn ends_of_lines_are_those_that_were_committed() {
    let (_folder, top) = new_repository();
    plain_project(&top);
    let compose = fs::read_to_string(top.join("compose.yaml")).unwrap().replace('\n', "\r\n");
    write_files(&top, &[("compose.yaml", &compose)]);
    compare(&top, &CALLS, || {
        write_files(
            &top,
            &[
                ("compose.yaml", COMPOSE),
                (".gitattributes", "* text=auto eol=lf\n"),
                ("settings.env", "C=3\n"),
                ("start.sh", "#!/bin/sh\n"),
            ],
        );
    });
}

#[test]
fn ignored_settings_hold_for_both_and_what_is_new_was_not_there() {
    let (_folder, top) = new_repository();
    plain_project(&top);
    fs::remove_file(top.join(".env")).unwrap();
    write_files(&top, &[(".gitignore", ".env\n")]);
    commit(&top);
    git(&top, &["tag", "then"]);
    let call = Call::new(&top, &["."]);
    write_files(&top, &[(".env", "CLAUDE_HOME=/srv/own\n")]);
    let here = call.here();
    assert!(here.contains("/srv/own"));
    write_files(
        &top,
        &[
            ("compose.override.yaml", "services: {agent: {user: \"7\"}}\n"),
            ("new/start.sh", "#!/bin/sh\ndocker run x\n"),
        ],
    );
    assert_ne!(call.here(), here);
    assert_same(&call.then(), &here, "what nobody committed was not there");
}

#[test]
fn configuration_is_that_of_the_revision_too() {
    let (_folder, top) = new_repository();
    let call = Call::new(&top, &["."]);
    let file_then = || {
        let (_, sources) = call.read_revision("then").unwrap();
        let found = configuration::find(&call.cli, Search::Repository(None), &call.world, &sources);
        assert!(found.told.is_empty(), "{:?}", found.told);
        found.file.map(|_| found.config.fail_on)
    };
    write_files(&top, &[("compose.yaml", OTHER)]);
    commit(&top);
    git(&top, &["tag", "then"]);
    write_files(&top, &[("overlock.yaml", "fail_on: note\n")]);
    assert_eq!(file_then(), None, "it was not there");
    commit(&top);
    git(&top, &["tag", "--force", "then"]);
    write_files(&top, &[("overlock.yaml", "fail_on: warning\n")]);
    assert_eq!(file_then(), Some(Some(FailOn::Severity(Severity::Note))));
    fs::remove_file(top.join("overlock.yaml")).unwrap();
    assert_eq!(file_then(), Some(Some(FailOn::Severity(Severity::Note))), "it is not there any more");
}

#[test]
fn path_that_was_not_there_gives_an_empty_layout() {
    let (_folder, top) = new_repository();
    write_files(&top, &[("README", "")]);
    commit(&top);
    git(&top, &["tag", "then"]);
    plain_project(&top);
    commit(&top);
    for arguments in [&["."][..], &["compose.yaml"], &["start.sh"]] {
        let (layout, _) = Call::new(&top, arguments).read_revision("then").unwrap();
        assert!(layout.containers.is_empty(), "{arguments:?}");
    }
}

#[test]
fn other_repository_is_read_at_the_revision_of_that_name() {
    let (folder, top) = new_repository();
    write_files(&top, &[("compose.yaml", OTHER)]);
    commit(&top);
    git(&top, &["tag", "then"]);
    let [known, unknown] = ["known", "unknown"].map(|name| {
        let beside = folder.path().canonicalize().unwrap().join(name);
        write_files(&beside, &[("compose.yaml", &OTHER.replace("other", name))]);
        git(&beside, &["init", "--quiet"]);
        commit(&beside);
        beside
    });
    git(&known, &["tag", "then"]);
    for beside in [&known, &unknown] {
        write_files(beside, &[("compose.yaml", &OTHER.replace("other", "now"))]);
    }
    let (layout, _) = Call::new(&top, &[".", "../known", "../unknown"]).read_revision("then").unwrap();
    let mut names: Vec<&str> = layout.containers.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["known", "other"]);
    let told: Vec<String> = layout.diagnostics.iter().map(|one| one.message.clone()).collect();
    assert!(told.iter().any(|told| told.contains("counts as new: no commit is named then")), "{told:?}");
}

#[test]
fn failures_say_what_to_do() {
    let (folder, top) = new_repository();
    plain_project(&top);
    commit(&top);
    let error = |directory: &Path, revision: &str, path: Option<&str>| {
        let mut call = Call::new(directory, &["."]);
        call.world.environment.extend(path.map(|path| ("PATH".to_owned(), path.to_owned())));
        format!("{:#}", call.read_revision(revision).unwrap_err())
    };
    assert!(error(&top, "nowhere", None).contains("no commit is named nowhere here; fetch it"));
    assert!(error(&top, "--exec=x", None).contains("does not begin with `-`"));
    assert!(error(&top, "main", Some("/nonexistent")).contains("git is in no absolute directory of PATH"));
    assert!(error(folder.path(), "main", None).contains("not a git repository"));
    // A blob that is lost is no file that was not there.
    git(&top, &["tag", "then"]);
    let id = Command::new("git").arg("-C").arg(&top).args(["rev-parse", "then:docker/Dockerfile"]).output().unwrap();
    let id = String::from_utf8(id.stdout).unwrap();
    fs::remove_file(top.join(".git/objects").join(&id[..2]).join(id[2..].trim_end())).unwrap();
    assert!(error(&top, "then", None).contains("git cat-file failed"));
}

#[test]
fn large_repository_takes_little_time() {
    let (_folder, top) = new_repository();
    plain_project(&top);
    for number in 0..20_000 {
        let path = top.join(format!("src/d{}/e{}/file{number}.rs", number % 40, number % 13));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    commit(&top);
    git(&top, &["tag", "then"]);
    let call = Call::new(&top, &["."]);
    let here = call.here();
    write_files(&top, &[("docker/Dockerfile", "FROM x\n")]);
    let begun = Instant::now();
    let then = call.then();
    let took = begun.elapsed();
    assert_same(&then, &here, "large");
    assert!(took.as_secs() < 10, "unoptimised and beside other work: {took:?}");
}
