//! The image that a release publishes: the static program, FROM scratch, on a project that is mounted.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::audit::{LOOKS, participant, report, rules};
use super::{Engine, Start, docker, engine, must, output};
use crate::harness::{overlock, root};

/// The program as ci/release.sh links it, without the optimisation that takes minutes.
fn static_program() -> PathBuf {
    let mut build = Command::new(root().join("ci/release.sh"));
    build.arg("program").env("OVERLOCK_PROFILE", "dev");
    PathBuf::from(output(&mut build).unwrap_or_else(|error| panic!("the static program does not build: {error}")))
}

/// Builds the image, which is removed with everything else of the run.
fn image(context: &Path, name: &str, run: &str) -> Result<String, String> {
    std::fs::copy(root().join("ci/Dockerfile"), context.join("Dockerfile")).unwrap();
    let label = format!("{}={run}", super::sweep::LABEL);
    let context = context.to_str().unwrap();
    let arguments = ["build", "--quiet", "--label", &label, "--build-arg", "BINARY=overlock", "--tag", name, context];
    docker(&arguments)
}

/// Without fingerprints: they hold a file's name in its repository, and in the container there is none around it.
fn unnamed(report: &str) -> Vec<&str> {
    report.lines().filter(|line| !line.trim_start().starts_with("\"fingerprint\": ")).collect()
}

/// The image, built once.
fn built(engine: &Engine) -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let (context, name) = (engine.directory("context"), format!("{}:{}-scratch", super::sweep::LABEL, engine.run));
        std::fs::copy(static_program(), context.join("overlock")).unwrap();
        image(&context, &name, &engine.run).unwrap_or_else(|error| panic!("{error}"));
        name
    })
}

/// Runs a look from a container until it and one on the host agree about these containers. Others come and go meanwhile:
/// one that goes away while it is looked at may be anything, and what is said of others hangs on that. Two looks without
/// such a one agree.
fn sees_what_the_host_sees(names: &[&str], run: &mut Command, json: impl Fn(&str) -> String) {
    let mut differing = String::new();
    for _ in 0..LOOKS {
        let told = run.output().unwrap();
        let (out, err) = (String::from_utf8(told.stdout).unwrap(), String::from_utf8(told.stderr).unwrap());
        assert!([Some(0), Some(1), Some(3)].contains(&told.status.code()), "{out}{err}");
        let inside: serde_json::Value = serde_json::from_str(&json(&out)).unwrap();
        let outside = report(names);
        let told = |report: &serde_json::Value| -> Vec<String> {
            let of = |name: &&str| format!("{:#} {:?}", participant(report, name), rules(report, name));
            names.iter().map(of).collect()
        };
        let (inside, outside) = (told(&inside), told(&outside));
        if inside == outside {
            return;
        }
        differing = format!("inside: {inside:#?}\noutside: {outside:#?}");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    panic!("{differing}");
}

#[test]
fn audit_as_the_page_starts_it_sees_what_one_on_the_host_sees() {
    let Some(engine) = engine("audit_as_the_page_starts_it_sees_what_one_on_the_host_sees") else { return };
    let image = built(engine);
    let page = std::fs::read_to_string(root().join("docs/install.md")).unwrap();
    let (_, rest) = page.split_once("<!-- runs on the host: audit -->\n```console\n").unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    let label = format!("{}={}", super::sweep::LABEL, engine.run);
    // Root's own, so that a look takes the right to read what is not everybody's.
    let closed = engine.directory("closed");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let start = Start::participant(&engine.name("alone")).option("--user", "1000").env("HOME", "/home/agent");
    let probe = engine.start(&start.bind(&closed, "/home/agent/.claude"));
    let call = |without: &str| {
        let mut run = Command::new("docker");
        let text = block.replace("\\\n", " ").replace(without, "");
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(words[..2], ["docker", "run"]);
        run.args(["run", "--label", &label]);
        run.args(words[2..].iter().map(|word| if *word == "overlock" { image } else { word }));
        run.args(["--format", "json"]);
        run
    };
    sees_what_the_host_sees(&[&probe.name], &mut call("nothing of it"), str::to_owned);
    // Without the right to look into its process less is known, and that is said.
    let capability = "--cap-add SYS_PTRACE";
    assert!(block.contains(capability), "{block}");
    let told = call(capability).output().unwrap();
    let out = String::from_utf8(told.stdout).unwrap();
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(participant(&report, &probe.name)["verdict"], "undetermined", "{out}");
    assert!([Some(1), Some(3)].contains(&told.status.code()), "{:?}", told.status);
}

#[test]
fn a_report_from_a_container_sees_what_one_on_the_host_sees() {
    let Some(engine) = engine("a_report_from_a_container_sees_what_one_on_the_host_sees") else { return };
    let image = built(engine);
    let text = std::fs::read_to_string(root().join("contrib/compose.yaml")).unwrap();
    let mut file: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    file.apply_merge().unwrap();
    let service = &file["services"]["report"];
    let words = |key: &str| -> Vec<String> {
        let list = service[key].as_sequence().unwrap().iter();
        list.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let state = engine.directory("memory");
    let label = format!("{}={}", super::sweep::LABEL, engine.run);
    let mut run = Command::new("docker");
    run.args(["run", "--rm", "--read-only", "--network", service["network_mode"].as_str().unwrap(), "--label", &label]);
    for (option, key) in [
        ("--cap-drop", "cap_drop"),
        ("--cap-add", "cap_add"),
        ("--security-opt", "security_opt"),
        ("--volume", "volumes"),
    ] {
        for word in words(key) {
            run.args([option, &word.replace("state:/state", &format!("{}:/state", state.display()))]);
        }
    }
    let one = |stem: &str, source: &Path| {
        let start = Start::participant(&engine.name(stem)).option("--user", "1000").env("HOME", "/home/agent");
        engine.start(&start.bind(source, "/home/agent/.claude"))
    };
    // Root's own, so that a look takes the right to read what is not everybody's.
    let closed = engine.directory("closed");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let shared = engine.directory("shared");
    let probes = [one("one", &shared), one("two", &shared), one("three", &closed)];
    let command = service["command"].as_str().unwrap();
    run.arg(image).args(command.split_whitespace()).args(["--output", "json=/state/report.json"]);
    let names: Vec<&str> = probes.iter().map(|probe| probe.name.as_str()).collect();
    sees_what_the_host_sees(&names, &mut run, |_| std::fs::read_to_string(state.join("report.json")).unwrap());
    for made in ["index.html", "overlock.prom"] {
        assert!(state.join(made).metadata().unwrap().len() > 0, "{made}");
    }
}

#[test]
fn the_image_judges_a_mounted_project() {
    let Some(engine) = engine("the_image_judges_a_mounted_project") else { return };
    let name = built(engine);
    let layers = must("docker", &["image", "inspect", "--format", "{{len .RootFS.Layers}}", name]);
    assert!(layers.parse::<usize>().is_ok_and(|layers| layers <= 2), "{layers} layers: more than the program is in it");

    let label = format!("{}={}", super::sweep::LABEL, engine.run);
    for (fixture, status) in [("unguarded-share/bad-no-flock", 1), ("unguarded-share/ok-both-through-flock", 0)] {
        let folder = root().join("fixtures").join(fixture);
        let volume = format!("{}:/work:ro", folder.display());
        let call = ["run", "--rm", "--network", "none", "--label", &label, "-e", "HOME=/home/user", "-v", &volume];
        let told = Command::new("docker").args(call).args([name, "check", ".", "--format", "json"]).output().unwrap();
        let (out, err) = (String::from_utf8(told.stdout).unwrap(), String::from_utf8(told.stderr).unwrap());
        assert_eq!(told.status.code(), Some(status), "{fixture}: {out}{err}");
        // The project is named after its folder, which is another one there.
        let own = overlock(&folder, &["check", ".", "--format", "json", "--project-name", "work"]);
        assert_eq!(unnamed(&out), unnamed(&own.out), "{fixture}");
    }

    // Without a resolver's file, glibc looks a name up itself: it is told that there is none, and nothing crashes.
    let call =
        ["run", "--rm", "--network", "none", "--label", &label, name, "audit", "-H", "tcp://no-such-host.invalid:1"];
    let told = Command::new("docker").args(call).output().unwrap();
    let err = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(2), "{err}");
    assert!(err.contains("no-such-host.invalid"), "{err}");
}
