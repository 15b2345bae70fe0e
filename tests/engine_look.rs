//! What the engine of this machine tells. Skipped where there is none, unless `OVERLOCK_REQUIRE_DOCKER` is set.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use overlock::input::engine::{Options, inspect_again, look};
use overlock::model::{
    Container, EngineFacts, EngineMount, Flag, Inspection, KeptValue, Label, Live, Sight, Value as Text,
};
use overlock::rules::Ruleset;
use overlock::text::Sources;

use crate::engine::skip;
use crate::engine::wanted::{BUSYBOX, find, missing};

/// Runs docker and gives what it prints.
fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What a test made, which goes with it.
struct Made {
    prefix: String,
}

impl Made {
    /// An image with busybox alone, or `None` where there is no engine.
    fn image(test: &str) -> Option<Self> {
        let answers = Command::new("docker").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !answers.is_ok_and(|status| status.success()) {
            return skip(test, "no Docker engine");
        }
        if let Some(why) = missing(BUSYBOX) {
            return skip(test, &why);
        }
        let busybox = find("busybox")?;
        let made = Self { prefix: format!("overlock-look-{}", std::process::id()) };
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("bin")).unwrap();
        for applet in ["bin/sh", "bin/sleep"] {
            fs::copy(&busybox, root.path().join(applet)).unwrap();
        }
        let tar = root.path().join("image.tar");
        let packed = Command::new("tar").arg("-C").arg(root.path()).arg("-cf").arg(&tar).arg("bin").status().unwrap();
        assert!(packed.success());
        docker(&["import", tar.to_str().unwrap(), &made.name("image")]);
        Some(made)
    }

    fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for (remove, what) in [(&["rm", "-fv"][..], "a"), (&["rm", "-fv"], "b"), (&["rmi"], "image")] {
            let _ = Command::new("docker").args(remove).arg(self.name(what)).output();
        }
        let volumes = [self.name("bind"), self.name("share")];
        let _ = Command::new("docker").args(["volume", "rm"]).args(volumes).output();
    }
}

fn mount(kind: &str, name: &str, source: &str, target: &str, writable: bool) -> EngineMount {
    let [kind, name, source, target] = [kind, name, source, target].map(str::to_owned);
    EngineMount { kind, name, source, target, writable }
}

#[test]
fn everything_that_is_told_of_a_container_is_read() {
    let Some(made) = Made::image("everything_that_is_told_of_a_container_is_read") else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let [a, b, image, bind, share] = ["a", "b", "image", "bind", "share"].map(|what| made.name(what));
    let device = format!("device={path}");
    docker(&["volume", "create", "-o", "type=none", "-o", "o=bind", "-o", &device, &bind]);
    let login = "o=username=me,password=hunter2";
    docker(&["volume", "create", "-o", "type=cifs", "-o", login, "-o", "device=//host/share", &share]);
    let project = format!("com.docker.compose.project={}", made.prefix);
    let state = format!("{path}:/state:ro");
    let volume = format!("{bind}:/vol");
    let first: [&[&str]; 7] = [
        &["run", "-d", "-t", "-i", "--network", "none", "--read-only", "--pid", "host", "--name", &a],
        &[
            "-l",
            &project,
            "-l",
            "com.docker.compose.service=agents",
            "-l",
            "overlock.role=batch",
            "-l",
            "other=hunter2",
        ],
        &["-e", "ANTHROPIC_API_KEY=hunter2", "-e", "CLAUDE_CONFIG_DIR=/state", "-e", "ANTHROPIC_AUTH_TOKEN="],
        &["-u", "1000:100", "-w", "/vol", "-v", &state, "-v", &volume, "--tmpfs", "/run:size=1m"],
        &["--health-cmd", "claude --version", "--health-interval", "1h", "--entrypoint", "/bin/sh", &image],
        &["-c", "claude -p x; exec sleep 1000"],
        &[],
    ];
    docker(&first.concat());
    docker(&["run", "-d", "--network", "none", "--name", &b, "--entrypoint", "/bin/sleep", &image, "1000"]);
    docker(&["pause", &b]);

    let sources = Sources::default();
    let rules = Ruleset::load(&sources, None).unwrap();
    let environment = std::env::vars().collect();
    let options = Options { timeout: Duration::from_secs(120), environment, ..Options::default() };
    let seen = look(&options, &rules.profiles, &sources).unwrap();
    let capture = &seen.capture;
    assert_eq!(capture.gaps, Vec::<String>::new());
    assert_eq!(capture.host, docker(&["info", "-f", "{{.Name}}"]));
    assert_eq!(capture.volume_directory, Some(docker(&["info", "-f", "{{.DockerRootDir}}"]) + "/volumes"));
    assert_eq!(seen.local, seen.address.starts_with("unix:"));
    assert!(capture.containers.is_sorted_by(|one, other| one.name < other.name));
    let volume =
        |name: &str| capture.volumes.get(name).map(|v| (v.fstype.clone(), v.device.clone(), v.options.clone()));
    assert_eq!(volume(&bind), Some(("none".into(), path.into(), "bind".into())));
    assert_eq!(volume(&share), Some(("cifs".into(), "//host/share".into(), "username=***,password=***".into())));

    let of = |name: &str| capture.containers.iter().find(|one| one.name == name).unwrap();
    let state = |name: &str, field: &str| docker(&["inspect", "-f", &format!("{{{{{field}}}}}"), name]);
    let one = of(&a);
    let engine = EngineFacts {
        words: one.engine().words.clone(),
        check: one.engine().check.clone(),
        id: state(&a, ".Id"),
        engine: String::new(),
        one_off: false,
        auto_remove: false,
        image_id: state(&a, ".Image"),
        pid: state(&a, ".State.Pid").parse().unwrap(),
        started_at: state(&a, "json .State.StartedAt").trim_matches('"').to_owned(),
        host_pid: true,
        mounts: vec![
            mount("tmpfs", "", "", "/run", true),
            mount("bind", "", path, "/state", false),
            mount(
                "volume",
                &bind,
                &format!("{}/{bind}/_data", capture.volume_directory.clone().unwrap()),
                "/vol",
                true,
            ),
        ],
        inspection: Inspection::Whole,
    };
    let expected = Container {
        name: a.clone(),
        project: Some(made.prefix.clone()),
        service: Some("agents".to_owned()),
        image: Some(Text::known(image.clone(), None)),
        user: Some(Text::known("1000:100", None)),
        working_dir: Some(Text::known("/vol", None)),
        tty: Flag::where_on(true),
        stdin_open: Flag::where_on(true),
        read_only: true,
        env: one.env.clone(),
        labels: [("overlock.role".to_owned(), Label::unplaced("batch"))].into(),
        script: one.script.clone(),
        live: Some(Box::new(Live { engine, ..Live::default() })),
        ..Container::default()
    };
    assert_eq!(*one, expected);
    assert_eq!(one.env["ANTHROPIC_API_KEY"].kept(), KeptValue::Secret("hunter2".to_owned()));
    assert_eq!(one.env["CLAUDE_CONFIG_DIR"].kept(), KeptValue::Public("/state".to_owned()));
    assert_eq!(one.env["ANTHROPIC_AUTH_TOKEN"].kept(), KeptValue::Empty);
    let calls: Vec<_> = one.script.invocations.iter().map(overlock::model::Invocation::command_line).collect();
    assert_eq!(
        (calls, one.script.sight),
        (vec!["claude -p x".into(), "sleep 1000".into(), "claude --version".into()], Sight::Whole)
    );
    let other = of(&b);
    assert_eq!((&other.project, other.tty, &other.user), (&None, None, &None));
    let engine = other.engine();
    assert!(engine.pid > 0 && !engine.host_pid && engine.mounts.is_empty() && other.labels.is_empty());
    let written = serde_json::to_string(capture).unwrap();
    assert!(written.contains(&a) && !written.contains("hunter2"));

    docker(&["rm", "-f", &b]);
    let asked =
        inspect_again(&options, &rules.profiles, &sources, &[engine.id.clone(), one.engine().id.clone()]).unwrap();
    assert_eq!(asked, [(engine.id.clone(), Ok(None)), (one.engine().id.clone(), Ok(Some(one.clone())))]);
}
