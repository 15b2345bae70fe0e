//! Overlock as a plugin of docker's command line, called by the real one. No engine is needed.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::engine::{skip, wanted};
use crate::harness::{Run, overlock, root, run};

/// A folder of docker's settings with the plugin in it; nothing where docker is not there or knows no plugins.
fn settings(test: &str) -> Option<tempfile::TempDir> {
    if let Some(missing) = wanted::missing(&[("docker", "docker-cli")]) {
        return skip(test, &missing);
    }
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("cli-plugins");
    std::fs::create_dir(&plugins).unwrap();
    symlink(env!("CARGO_BIN_EXE_overlock"), plugins.join("docker-overlock")).unwrap();
    Some(folder)
}

fn docker(settings: &Path, directory: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new("docker");
    command.current_dir(directory).args(arguments).env_clear().env("HOME", "/home/user");
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("DOCKER_CONFIG", settings);
    run(command)
}

#[test]
fn docker_lists_it_and_passes_words_and_status_on() {
    let Some(settings) = settings("docker_lists_it_and_passes_words_and_status_on") else { return };
    let listed = docker(settings.path(), &root(), &["--help"]).out;
    let line =
        listed.lines().find(|line| line.trim_start().starts_with("overlock")).unwrap_or_else(|| panic!("{listed}"));
    assert!(line.contains("Audit the locks of shared state directories"), "{line}");

    let folder = root().join("fixtures/world/chat-shares-without-flock");
    let arguments = ["check", ".", "--no-config", "--format", "json"];
    let (own, ours) =
        (overlock(&folder, &arguments), docker(settings.path(), &folder, &[&["overlock"], &arguments[..]].concat()));
    assert_eq!((ours.status, ours.out), (own.status, own.out));

    let help = docker(settings.path(), &root(), &["overlock", "check", "--help"]);
    assert!(help.status == 0 && help.out.contains("Usage: docker overlock check"), "{}", help.out);
    assert_eq!(docker(settings.path(), &root(), &["overlock", "chekc"]).status, 2);
}

#[test]
fn the_engine_that_docker_was_told_of_is_asked() {
    let Some(settings) = settings("the_engine_that_docker_was_told_of_is_asked") else { return };
    let asked = docker(settings.path(), &root(), &["-H", "unix:///nowhere/told.sock", "overlock", "audit"]);
    assert_eq!(asked.status, 2);
    assert!(asked.err.contains("/nowhere/told.sock"), "{}", asked.err);
    let asked = docker(settings.path(), &root(), &["--context", "no-such-context", "overlock", "audit"]);
    assert!(asked.status != 0 && asked.err.contains("no-such-context"), "{}", asked.err);
}

#[test]
fn what_it_says_of_itself_is_what_docker_wants() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("docker-overlock");
    symlink(env!("CARGO_BIN_EXE_overlock"), &program).unwrap();
    let mut command = Command::new(&program);
    command.arg("docker-cli-plugin-metadata").env_clear();
    let said = run(command);
    let json = said.json();
    assert_eq!((said.status, json["SchemaVersion"].as_str()), (0, Some("0.1.0")));
    assert_eq!(json["Version"].as_str(), Some(env!("CARGO_PKG_VERSION")));
    for key in ["Vendor", "ShortDescription", "URL"] {
        assert!(json[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
    }
    // By its own name it is no plugin.
    assert_eq!(overlock(&root(), &["docker-cli-plugin-metadata"]).status, 2);
}
