//! The image of this repository's Dockerfile: the static program, FROM scratch, on a project that is mounted.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{docker, engine, must, output};
use crate::harness::{overlock, root};

/// The program as ci/release.sh links it, without the optimisation that takes minutes.
fn static_program() -> PathBuf {
    let into = root().join("target/static");
    let told = must("rustc", &["-vV"]);
    let target = told.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut build = Command::new(cargo);
    build.current_dir(root()).args(["build", "--quiet", "--locked", "--bin", "overlock", "--target", target]);
    build.arg("--target-dir").arg(&into).env("RUSTFLAGS", "-C target-feature=+crt-static");
    // Nobody steps through it, and what is not written is not waited for.
    build.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
    output(&mut build).unwrap_or_else(|error| panic!("the static program does not build: {error}"));
    into.join(target).join("debug/overlock")
}

/// Builds the image, which is removed with everything else of the run.
fn image(context: &Path, name: &str, run: &str) -> Result<String, String> {
    std::fs::copy(root().join("Dockerfile"), context.join("Dockerfile")).unwrap();
    let label = format!("{}={run}", super::sweep::LABEL);
    let context = context.to_str().unwrap();
    let arguments = ["build", "--quiet", "--label", &label, "--build-arg", "BINARY=overlock", "--tag", name, context];
    docker(&arguments)
}

/// Without fingerprints: they hold a file's name in its repository, and in the container there is none around it.
fn unnamed(report: &str) -> Vec<&str> {
    report.lines().filter(|line| !line.trim_start().starts_with("\"fingerprint\": ")).collect()
}

#[test]
fn the_image_judges_a_mounted_project() {
    let Some(engine) = engine("the_image_judges_a_mounted_project") else { return };
    let (context, name) = (engine.directory("context"), format!("{}:{}-scratch", super::sweep::LABEL, engine.run));
    std::fs::copy(static_program(), context.join("overlock")).unwrap();
    image(&context, &name, &engine.run).unwrap_or_else(|error| panic!("{error}"));
    let layers = must("docker", &["image", "inspect", "--format", "{{len .RootFS.Layers}}", &name]);
    assert!(layers.parse::<usize>().is_ok_and(|layers| layers <= 2), "{layers} layers: more than the program is in it");

    let label = format!("{}={}", super::sweep::LABEL, engine.run);
    for (fixture, status) in [("unguarded-share/bad-no-flock", 1), ("unguarded-share/ok-both-through-flock", 0)] {
        let folder = root().join("fixtures").join(fixture);
        let volume = format!("{}:/work:ro", folder.display());
        let call = ["run", "--rm", "--network", "none", "--label", &label, "-e", "HOME=/home/user", "-v", &volume];
        let told = Command::new("docker").args(call).args([&name, "check", ".", "--format", "json"]).output().unwrap();
        let (out, err) = (String::from_utf8(told.stdout).unwrap(), String::from_utf8(told.stderr).unwrap());
        assert_eq!(told.status.code(), Some(status), "{fixture}: {out}{err}");
        // The project is named after its folder, which is another one there.
        let own = overlock(&folder, &["check", ".", "--format", "json", "--project-name", "work"]);
        assert_eq!(unnamed(&out), unnamed(&own.out), "{fixture}");
    }

    // Without a resolver's file, glibc looks a name up itself: it is told that there is none, and nothing crashes.
    let call =
        ["run", "--rm", "--network", "none", "--label", &label, &name, "audit", "-H", "tcp://no-such-host.invalid:1"];
    let told = Command::new("docker").args(call).output().unwrap();
    let err = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(2), "{err}");
    assert!(err.contains("no-such-host.invalid"), "{err}");
}
