//! `overlock preflight` beside a real engine: what a plan changes of what runs, and what this host knows of it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;

use serde_json::Value;

use super::audit::{overlock, participant, rules};
use super::{Engine, Probe, Start, USER, engine, must};
use crate::harness::{Run, run};
use crate::world::misfits;

/// The label of a role and a version that takes both locks.
const LABELS: &str = "labels: {overlock.role: batch, overlock.version: 2.1.330}";

fn preflight(project: &Path, more: &[&str]) -> Run {
    let call = ["preflight", project.to_str().unwrap(), "--format", "json"];
    run(overlock(&[&call, more].concat()))
}

/// A compose file in a folder of its own.
fn plan(engine: &Engine, name: &str, services: &str) -> std::path::PathBuf {
    let folder = engine.directory("plan");
    fs::write(folder.join("compose.yaml"), format!("name: {name}\nservices:\n{services}")).unwrap();
    folder
}

fn service(engine: &Engine, name: &str, source: &Path, more: &str) -> String {
    let (image, source) = (&engine.image, source.display());
    format!(
        "  {name}:\n    image: {image}\n    user: '{USER}:{USER}'\n    environment: {{HOME: /home/agent}}\n    {more}\n    volumes: ['{source}:/home/agent/.claude']\n"
    )
}

/// A container that Compose would have started for a service.
fn running(engine: &Engine, (project, service): (&str, &str), source: &Path) -> Probe {
    let start = Start::participant(&engine.name(service))
        .label("com.docker.compose.project", project)
        .label("com.docker.compose.service", service)
        .option("--user", &format!("{USER}:{USER}"))
        .env("HOME", "/home/agent")
        .bind(source, "/home/agent/.claude");
    engine.start(&start)
}

fn shared(engine: &Engine) -> std::path::PathBuf {
    let folder = engine.directory("state");
    chown(&folder, Some(USER), Some(USER)).unwrap();
    folder
}

/// The running containers that a report says are endangered.
fn endangered(report: &Value) -> Vec<&str> {
    let all = report["comparison"]["endangered"].as_array().unwrap();
    all.iter().map(|one| one["container"].as_str().unwrap()).collect()
}

/// The errors about what is planned: other tests have containers of their own at the same time.
fn errors(report: &Value, project: &str) -> usize {
    let all = report["breaches"].as_array().unwrap().iter();
    all.filter(|finding| finding["project"] == project && finding["severity"] == "error").count()
}

/// The verdicts of one container, before and after.
fn turn<'a>(report: &'a Value, (project, name): (&str, &str)) -> (Option<&'a str>, Option<&'a str>) {
    assert_eq!(misfits(report), Vec::<String>::new());
    let all = report["comparison"]["verdicts"].as_array().unwrap();
    let own = |one: &&Value| one["container"] == name && one["project"] == project;
    let one = all.iter().find(own).unwrap_or_else(|| panic!("no {name} in {report:#}"));
    (one["before"].as_str(), one["after"].as_str())
}

#[test]
fn a_chat_on_the_same_directory_endangers_what_runs_until_it_has_its_own() {
    let Some(engine) = engine("a_chat_on_the_same_directory_endangers_what_runs_until_it_has_its_own") else { return };
    let (state, name) = (shared(engine), engine.name("factory"));
    let [agents, runner] = ["agents", "runner"].map(|service| running(engine, (&name, service), &state));
    let batch = ["agents", "runner"].map(|name| service(engine, name, &state, LABELS)).concat();
    let chat =
        |source: &Path| service(engine, "chat", source, "tty: true\n    stdin_open: true\n    entrypoint: [claude]");
    let project = plan(engine, &name, &format!("{batch}{}", chat(&state)));

    let found = preflight(&project, &[]);
    assert_eq!(found.status, 1, "{} {}", found.out, found.err);
    let report = found.json();
    let mut named = [agents.name.as_str(), runner.name.as_str()];
    named.sort_unstable();
    assert_eq!(endangered(&report), named, "{report:#}");
    assert!(rules(&report, "chat").contains(&"interactive-shares-identity"));
    assert_eq!(turn(&report, (&name, "agents")), (Some("ok"), Some("error")));
    assert_eq!(turn(&report, (&name, "chat")), (None, Some("error")));
    let all = report["breaches"].as_array().unwrap().iter();
    let of_plan = all.filter(|finding| finding["project"] == name.as_str());
    assert!(of_plan.clone().count() > 0 && of_plan.clone().all(|finding| finding["change"]["state"] == "new"));
    // What is planned took the place of what runs: nobody is there twice.
    let there = |name: &str| report["participants"].as_array().unwrap().iter().any(|one| one["container"] == name);
    assert!(there("agents") && !there(&agents.name));
    let text = run(overlock(&["preflight", project.to_str().unwrap()])).out;
    let endangers = text.lines().find(|line| line.starts_with("endangers: ")).unwrap_or_else(|| panic!("{text}"));
    assert!(
        endangers.contains(&format!("{name}/{}", agents.name)) && endangers.contains(", which run now, by "),
        "{text}"
    );
    assert!(text.contains("new: ") && text.contains(" by this plan"), "{text}");

    // By hand.
    fs::write(project.join("compose.yaml"), format!("name: {name}\nservices:\n{batch}{}", chat(&shared(engine))))
        .unwrap();
    let fixed = preflight(&project, &[]);
    assert_eq!(errors(&fixed.json(), &name), 0, "{} {}", fixed.out, fixed.err);
    assert_eq!(endangered(&fixed.json()), Vec::<&str>::new());
    assert_eq!(turn(&fixed.json(), (&name, "agents")), (Some("ok"), Some("ok")));
}

#[test]
fn a_deploy_fails_by_what_it_adds_and_not_by_what_was_there_before() {
    let Some(engine) = engine("a_deploy_fails_by_what_it_adds_and_not_by_what_was_there_before") else { return };
    let (state, name) = (shared(engine), engine.name("open"));
    let oldest = "labels: {overlock.role: batch, overlock.version: 2.1.98}";
    let batch = ["agents", "runner"].map(|name| service(engine, name, &state, oldest)).concat();
    let first = preflight(&plan(engine, &name, &batch), &[]);
    assert_eq!(first.status, 1, "nothing of it runs, so that all is new: {}", first.out);

    let started = |own: &str| {
        let start = Start::participant(&engine.name(own))
            .label("com.docker.compose.project", &name)
            .label("com.docker.compose.service", own)
            .label("overlock.role", "batch")
            .label("overlock.version", "2.1.98")
            .option("--user", &format!("{USER}:{USER}"))
            .env("HOME", "/home/agent")
            .bind(&state, "/home/agent/.claude");
        engine.start(&start)
    };
    let (_agents, _runner) = (started("agents"), started("runner"));
    let project = plan(engine, &name, &batch);
    let same = preflight(&project, &[]);
    assert_ne!(same.status, 1, "{} {}", same.out, same.err);
    let report = same.json();
    assert!(errors(&report, &name) > 0, "they are told all the same");
    let kept = report["breaches"].as_array().unwrap().iter().filter(|one| one["project"] == name.as_str());
    assert!(kept.clone().all(|one| one["change"]["state"] == "kept"), "{report:#}");
    let text = run(overlock(&["preflight", project.to_str().unwrap()])).out;
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("0 errors, 0 warnings by this plan, ") && last.contains("there before"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("stays: ") && line.contains("agents, runner")), "{text}");
    assert!(!text.contains("fix: "), "{text}");
    assert_eq!(preflight(&project, &["--fail-on-any"]).status, 1);

    let third = batch + &service(engine, "third", &state, oldest);
    let worse = preflight(&plan(engine, &name, &third), &[]);
    assert_eq!(worse.status, 1, "{}", worse.out);
    let report = worse.json();
    let state_of = |container: &str| {
        let all = report["breaches"].as_array().unwrap().iter();
        let own = all.filter(|one| one["project"] == name.as_str() && one["container"] == container);
        own.map(|one| one["change"]["state"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert!(!state_of("third").is_empty() && state_of("third").iter().all(|state| *state == "new"), "{report:#}");
    assert!(state_of("agents").iter().all(|state| *state == "kept"), "{report:#}");
}

#[test]
fn what_check_mends_is_clean_before_the_deploy() {
    let Some(engine) = engine("what_check_mends_is_clean_before_the_deploy") else { return };
    let (state, name) = (shared(engine), engine.name("factory"));
    let agents = running(engine, (&name, "agents"), &state);
    let services = service(engine, "agents", &state, LABELS)
        + &service(engine, "chat", &state, "tty: true\n    stdin_open: true\n    entrypoint: [claude]");
    let project = plan(engine, &name, &services);
    assert_eq!(endangered(&preflight(&project, &[]).json()), [agents.name.as_str()]);
    let fixed = run(overlock(&["check", "--fix", project.to_str().unwrap()]));
    assert_eq!(fixed.status, 0, "{} {}", fixed.out, fixed.err);
    let report = preflight(&project, &[]);
    assert_eq!(endangered(&report.json()), Vec::<&str>::new(), "{}", report.out);
    // What is left is told of the directory that --fix named and nobody has made yet.
    let told = report.json()["diagnostics"][0]["message"].as_str().unwrap().to_owned();
    assert!(told.contains("does not exist on this host: the engine will make it"), "{told}");
}

#[test]
fn a_link_on_the_host_makes_two_names_one_place_and_check_cannot_know() {
    let Some(engine) = engine("a_link_on_the_host_makes_two_names_one_place_and_check_cannot_know") else { return };
    let (state, name) = (shared(engine), engine.name("links"));
    let link = engine.directory("home").join(".claude");
    symlink(&state, &link).unwrap();
    let version = "labels: {overlock.role: batch, overlock.version: 2.1.98}";
    let services = service(engine, "one", &state, version) + &service(engine, "two", &link, version);
    let project = plan(engine, &name, &services);
    let check = run(overlock(&["check", project.to_str().unwrap(), "--format", "json"]));
    assert_eq!((check.status, check.json()["breaches"].as_array().unwrap().len()), (0, 0), "{}", check.out);
    let found = preflight(&project, &[]);
    assert_eq!(found.status, 1, "{} {}", found.out, found.err);
    let report = found.json();
    assert_eq!(rules(&report, "two"), ["lock-on-private-layer", "unguarded-share"]);
    assert_eq!(participant(&report, "two")["place"]["path"], state.to_str().unwrap());
    let finding = report["breaches"].as_array().unwrap().iter().find(|one| one["container"] == "two").unwrap();
    let through = format!("on this host {} leads through a link to {}", link.display(), state.display());
    assert!(finding["evidence"].as_array().unwrap().iter().any(|one| one["text"] == through.as_str()), "{finding:#}");
    // Beside one that runs on the directory itself it is one more.
    let alone = plan(engine, &name, &service(engine, "two", &link, version));
    let other = running(engine, (&engine.name("other"), "one"), &state);
    assert_eq!(endangered(&preflight(&alone, &[]).json()), [other.name.as_str()]);
}

#[test]
fn a_link_in_a_mounted_home_is_the_containers_to_follow() {
    let Some(engine) = engine("a_link_in_a_mounted_home_is_the_containers_to_follow") else { return };
    let (state, name) = (shared(engine), engine.name("inside"));
    let home = engine.directory("home");
    // Of the container, not of this host, where there is no such directory.
    symlink("/shared", home.join(".claude")).unwrap();
    let image = &engine.image;
    let one = |name: &str, mounts: &str| {
        format!(
            "  {name}:\n    image: {image}\n    user: root\n    environment: {{HOME: /home/agent}}\n    {LABELS}\n    volumes: [{mounts}]\n"
        )
    };
    let (home, state) = (home.display(), state.display());
    let services = one("through", &format!("'{home}:/home/agent', '{state}:/shared'"))
        + &one("plain", &format!("'{state}:/home/agent/.claude'"));
    let report = preflight(&plan(engine, &name, &services), &[]).json();
    assert_eq!(participant(&report, "through")["place"]["path"], state.to_string());
    assert_eq!(participant(&report, "through")["peers"][0], "plain");
}

#[test]
fn what_the_host_mounts_below_a_source_comes_with_it_and_what_it_forbids_stays_forbidden() {
    let test = "what_the_host_mounts_below_a_source_comes_with_it_and_what_it_forbids_stays_forbidden";
    let Some(engine) = engine(test) else { return };
    let (state, name) = (shared(engine), engine.name("below"));
    let (home, closed) = (engine.directory("home"), engine.directory("closed"));
    let inner = home.join(".claude");
    fs::create_dir(&inner).unwrap();
    let [state_path, inner, closed] = [&state, &inner, &closed].map(|path| path.to_str().unwrap());
    must("mount", &["--bind", state_path, inner]);
    must("mount", &["-t", "tmpfs", "-o", "ro", "tmpfs", closed]);
    let image = &engine.image;
    let one = |name: &str, mount: &str| {
        format!(
            "  {name}:\n    image: {image}\n    user: root\n    environment: {{HOME: /home/agent}}\n    {LABELS}\n    volumes: ['{mount}']\n"
        )
    };
    let services = [
        one("through", &format!("{}:/home/agent", home.display())),
        one("plain", &format!("{state_path}:/home/agent/.claude")),
        one("closed", &format!("{closed}:/home/agent/.claude")),
    ];
    let found = preflight(&plan(engine, &name, &services.concat()), &[]);
    for path in [inner, closed] {
        must("umount", &[path]);
    }
    let report = found.json();
    assert_eq!(participant(&report, "through")["place"]["path"], state_path);
    assert_eq!(participant(&report, "through")["peers"][0], "plain");
    assert_eq!(participant(&report, "closed")["access"], "ro", "a bind of what is mounted read-only is read-only");
    assert_eq!(rules(&report, "closed"), ["read-only-share"]);
}

#[test]
fn what_is_missing_or_belongs_to_somebody_else_is_told_before_it_is_mounted() {
    let Some(engine) = engine("what_is_missing_or_belongs_to_somebody_else_is_told_before_it_is_mounted") else {
        return;
    };
    let folder = engine.directory("sources");
    let [closed, open, missing, nowhere] = ["closed", "open", "missing", "nowhere"].map(|name| folder.join(name));
    for (path, owner) in [(&closed, 0), (&open, USER)] {
        fs::create_dir(path).unwrap();
        chown(path, Some(owner), Some(owner)).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    symlink(folder.join("gone"), &nowhere).unwrap();
    let oldest = "labels: {overlock.role: batch, overlock.version: 2.1.98}";
    let one = |name: &str, source: &Path| service(engine, name, source, oldest);
    let strict = format!(
        "  strict:\n    image: {}\n    volumes: [{{type: bind, source: {}, target: /home/agent/.claude, bind: {{create_host_path: false}}}}]\n",
        engine.image,
        folder.join("other").display()
    );
    let services = [one("closed", &closed), one("open", &open), one("missing", &missing)].concat();
    let refused = [one("nowhere", &nowhere), strict].concat();

    let name = engine.name("sources");
    let found = preflight(&plan(engine, &name, &services), &[]);
    assert_eq!(found.status, 1, "{} {}", found.out, found.err);
    let report = found.json();
    assert_eq!(rules(&report, "closed"), ["read-only-share"]);
    assert_eq!(rules(&report, "missing"), ["read-only-share"]);
    assert_eq!(rules(&report, "open"), Vec::<&str>::new());
    let told: Vec<&str> =
        report["diagnostics"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap()).collect();
    assert!(
        matches!(told[..], [one] if one.contains("/missing does not exist on this host: the engine will make it")),
        "{told:?}"
    );
    // That the engine does so.
    let made = Start::new(&engine.name("made")).option("--volume", &format!("{}:/x", missing.display()));
    drop(engine.start(&made));
    let known = fs::metadata(&missing).unwrap();
    assert_eq!((std::os::unix::fs::MetadataExt::uid(&known), known.permissions().mode() & 0o777), (0, 0o755));

    let found = preflight(&plan(engine, &name, &refused), &[]);
    assert_eq!(found.status, 2, "{} {}", found.out, found.err);
    let report = found.json();
    let errors = report["diagnostics"].as_array().unwrap().iter().filter(|one| one["severity"] == "error");
    assert_eq!(errors.count(), 2, "{report:#}");
    // And that the engine refuses both.
    for (source, kind) in [(&nowhere, "--volume"), (&folder.join("other"), "--mount")] {
        let source = source.display();
        let value = if kind == "--mount" { format!("type=bind,src={source},dst=/x") } else { format!("{source}:/x") };
        let mut probe = engine.launch(&Start::new(&engine.name("refused")).option(kind, &value));
        assert!(probe.ready().is_err(), "{kind} {value} was started");
    }
}

#[test]
fn what_the_engine_knows_of_images_and_volumes_counts() {
    let Some(engine) = engine("what_the_engine_knows_of_images_and_volumes_counts") else { return };
    let (state, name) = (shared(engine), engine.name("images"));
    let volume = engine.name("volume");
    let label = format!("overlock-test={}", engine.run);
    let device = format!("device={}", state.display());
    must("docker", &["volume", "create", "--label", &label, "-o", "type=none", "-o", "o=bind", "-o", &device, &volume]);
    // An image that says where the state is and who runs it.
    let context = engine.directory("context");
    fs::write(
        context.join("Dockerfile"),
        format!("FROM {}\nCOPY package.json /usr/local/lib/node_modules/@anthropic-ai/claude-code/\nENV PATH=/opt/none CLAUDE_CONFIG_DIR=/state HIDDEN=much-hidden\nCOPY passwd /etc/passwd\nUSER agent\nLABEL overlock.role=batch\nENTRYPOINT [\"/usr/local/bin/claude\", \"-p\"]\n", engine.image),
    )
    .unwrap();
    fs::write(context.join("package.json"), r#"{"name": "@anthropic-ai/claude-code", "version": "2.1.330"}"#).unwrap();
    let accounts = format!("agent:x:{USER}:{USER}::/home/agent:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n");
    fs::write(context.join("passwd"), accounts).unwrap();
    let image = format!("{}-told", engine.image);
    let built = super::docker(&["build", "--quiet", "--network", "none", "--tag", &image, context.to_str().unwrap()]);
    built.unwrap();
    let services = format!(
        "  told:\n    image: {image}\n    volumes: ['{}:/state']\n  disguised:\n    image: {image}\n    volumes: ['vol:/state']\nvolumes: {{vol: {{external: true, name: {volume}}}}}\n",
        state.display()
    );
    let project = plan(engine, &name, &services);
    let found = preflight(&project, &[]);
    let report = found.json();
    let one = participant(&report, "disguised");
    assert_eq!((one["state_dir"].as_str(), one["place"]["path"].as_str()), (Some("/state"), state.to_str()));
    assert_eq!((one["role"].as_str(), one["access"].as_str()), (Some("batch"), Some("rw")));
    assert_eq!(one["peers"][0], "told");
    assert!(!format!("{}{}", found.out, found.err).contains("much-hidden"));
    assert_eq!(report["diagnostics"].as_array().unwrap().len(), 0, "{report:#}");
    // That there is a volume already counts more than what the plan would make it from.
    let other = engine.directory("other");
    let wanted =
        format!("name: {volume}, driver: local, driver_opts: {{type: none, o: bind, device: '{}'}}", other.display());
    let made = services.replace(&format!("external: true, name: {volume}"), &wanted);
    let report = preflight(&plan(engine, &name, &made), &[]).json();
    assert_eq!(participant(&report, "disguised")["place"]["path"], state.to_str().unwrap());
    let told = report["diagnostics"][0]["message"].to_string();
    assert!(told.contains(&format!("the volume {volume} is there already")), "{told}");
    let missing = services.replace(&format!("name: {volume}"), &format!("name: {volume}-missing"));
    let told = preflight(&plan(engine, &name, &missing), &[]).json()["diagnostics"][0]["message"].to_string();
    assert!(told.contains(&format!("the external volume {volume}-missing is none of the engine's")), "{told}");
    // Which version is in the image stands in its layers, and its users do.
    let version = one["version"].as_str();
    assert_eq!((version, errors(&report, &name)), (Some("2.1.330"), 0), "{}", found.out);
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    let closed = services.replace("volumes: ['vol:/state']", "user: nobody\n    volumes: ['vol:/state']");
    let report = preflight(&plan(engine, &name, &closed), &[]).json();
    assert_eq!(
        (&participant(&report, "disguised")["access"], &participant(&report, "told")["access"]),
        (&"ro".into(), &"rw".into())
    );
    let _ = must("docker", &["volume", "rm", &volume]);
}

#[test]
fn an_engine_that_is_down_is_said_and_the_plan_is_judged_as_check_does() {
    let Some(engine) = engine("an_engine_that_is_down_is_said_and_the_plan_is_judged_as_check_does") else { return };
    let (state, name) = (shared(engine), engine.name("down"));
    let project = plan(engine, &name, &service(engine, "alone", &state, LABELS));
    let socket = format!("unix://{}", engine.folder.join("no.sock").display());
    let found = preflight(&project, &["-H", &socket]);
    assert_eq!(found.status, 3, "{} {}", found.out, found.err);
    let report = found.json();
    let message = report["diagnostics"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("what runs here was not looked at, and the plan is judged as `check` does"),
        "{message}"
    );
    assert_eq!(participant(&report, "alone")["verdict"], "ok");
    assert_eq!(report["comparison"], Value::Null);
    let wrong = preflight(&project, &["-H", "nonsense://x"]);
    assert_eq!(wrong.status, 2, "{} {}", wrong.out, wrong.err);
}

#[test]
fn a_script_in_an_image_is_read_and_what_did_not_change_stays_sound() {
    let Some(engine) = engine("a_script_in_an_image_is_read_and_what_did_not_change_stays_sound") else { return };
    let (state, name) = (shared(engine), engine.name("loop"));
    let context = engine.directory("context");
    let script = "#!/bin/sh\nwhile :; do flock /home/agent/.claude/session.lock claude -p work; done\n";
    fs::write(context.join("agent-loop"), script).unwrap();
    fs::set_permissions(context.join("agent-loop"), fs::Permissions::from_mode(0o755)).unwrap();
    let file = format!(
        "FROM {}\nCOPY agent-loop /usr/local/bin/\nUSER {USER}:{USER}\nENV HOME=/home/agent\nENTRYPOINT []\nCMD [\"agent-loop\"]\n",
        engine.image
    );
    fs::write(context.join("Dockerfile"), file).unwrap();
    let image = format!("{}-loop", engine.image);
    must("docker", &["build", "--quiet", "--network", "none", "--tag", &image, context.to_str().unwrap()]);
    let one = |name: &str| {
        format!("  {name}:\n    image: {image}\n    volumes: ['{}:/home/agent/.claude']\n", state.display())
    };
    let project = plan(engine, &name, &[one("agents"), one("runner")].concat());
    let report = preflight(&project, &[]).json();
    for service in ["agents", "runner"] {
        let one = participant(&report, service);
        assert_eq!((&one["guard"]["state"], &one["verdict"]), (&"held".into(), &"ok".into()), "{one:#}");
    }
    assert_eq!(errors(&report, &name), 0, "{report:#}");
    // The line that shows it is named, as far as it has a name.
    let evidence = participant(&report, "agents")["guard"]["evidence"].to_string();
    assert!(evidence.contains(&format!("image {image} at /usr/local/bin/agent-loop")), "{evidence}");
}

#[test]
fn what_compose_run_started_stays_and_so_does_what_the_plan_dropped() {
    let Some(engine) = engine("what_compose_run_started_stays_and_so_does_what_the_plan_dropped") else { return };
    let (state, name) = (shared(engine), engine.name("stays"));
    let start = |service: &str, one_off: &str| {
        let start = Start::new(&engine.name(service))
            .label("overlock.role", "interactive")
            .label("com.docker.compose.project", &name)
            .label("com.docker.compose.service", service)
            .label("com.docker.compose.oneoff", one_off)
            .env("HOME", "/home/agent")
            .bind(&state, "/home/agent/.claude");
        engine.start(&start)
    };
    let (chat, old) = (start("chat", "True"), start("old", "False"));
    // In the plan the chat has its own directory; what a person runs by hand has not.
    let services = service(engine, "chat", &shared(engine), "labels: {overlock.role: interactive}");
    let report = preflight(&plan(engine, &name, &services), &[]).json();
    assert!(rules(&report, &chat.name).contains(&"interactive-shares-identity"), "{report:#}");
    assert!(rules(&report, &old.name).contains(&"interactive-shares-identity"), "{report:#}");
    let told = report["diagnostics"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap());
    let orphans: Vec<&str> = told.filter(|message| message.contains("--remove-orphans")).collect();
    assert!(matches!(orphans[..], [one] if one.starts_with(&old.name)), "{orphans:?}");
    let gone = report["comparison"]["gone"].as_array().unwrap();
    assert!(gone.iter().all(|gone| gone["container"] != chat.name.as_str()), "{gone:?}");
}

#[test]
fn without_a_plan_nothing_is_compared() {
    let Some(engine) = engine("without_a_plan_nothing_is_compared") else { return };
    for (path, status) in [("/no/such/path", 2), (engine.directory("empty").to_str().unwrap(), 0)] {
        let run = run(overlock(&["preflight", path]));
        assert_eq!(run.status, status, "{path}: {}", run.out);
        assert!(!run.out.contains("The plan"), "{path}: {}", run.out);
    }
}

#[test]
fn one_project_in_two_paths_takes_the_place_of_its_containers() {
    let Some(engine) = engine("one_project_in_two_paths_takes_the_place_of_its_containers") else { return };
    let (state, name) = (shared(engine), engine.name("two"));
    let agents = running(engine, (&name, "agents"), &state);
    let [one, two] = ["agents", "runner"].map(|own| plan(engine, &name, &service(engine, own, &state, LABELS)));
    let call = ["preflight", one.to_str().unwrap(), two.to_str().unwrap(), "--format", "json"];
    let report = run(overlock(&call)).json();
    let there = report["participants"].as_array().unwrap().iter().any(|one| one["container"] == agents.name.as_str());
    assert!(!there, "{report:#}");
    let verdicts = report["comparison"]["verdicts"].as_array().unwrap().iter();
    let of_agents: Vec<_> = verdicts
        .filter(|one| one["project"].as_str().is_some_and(|own| own.starts_with(&name)) && one["container"] == "agents")
        .collect();
    assert!(matches!(of_agents[..], [one] if one["before"] == "ok" && one["after"] == "ok"), "{of_agents:?}");
}

#[test]
fn a_user_by_a_name_that_nothing_explains_is_not_called_sound() {
    let Some(engine) = engine("a_user_by_a_name_that_nothing_explains_is_not_called_sound") else { return };
    let (closed, name) = (engine.directory("closed"), engine.name("named"));
    let image = "overlock-test-no-such-image";
    let services = format!(
        "  one:\n    image: {image}\n    user: somebody\n    environment: {{HOME: /home/agent}}\n    {LABELS}\n    volumes: ['{}:/home/agent/.claude']\n",
        closed.display()
    );
    let report = preflight(&plan(engine, &name, &services), &[]).json();
    assert_eq!(participant(&report, "one")["verdict"], "undetermined");
    let finding = report["breaches"].as_array().unwrap().iter().find(|one| one["container"] == "one").unwrap();
    let message = finding["message"].as_str().unwrap();
    assert!(
        message.contains("whether somebody may write /home/agent/.claude") && message.contains("with mode 0755"),
        "{message}"
    );
}

#[test]
fn the_accounts_of_a_service_that_is_built_are_those_of_its_earlier_image() {
    let Some(engine) = engine("the_accounts_of_a_service_that_is_built_are_those_of_its_earlier_image") else { return };
    let (state, name) = (shared(engine), engine.name("built"));
    let file = format!("FROM {}\nUSER agent\nENV HOME=/home/agent\n", engine.image);
    let services = format!(
        "  one:\n    build: {{context: ., dockerfile_inline: \"{}\"}}\n    {LABELS}\n    volumes: ['{}:/home/agent/.claude']\n",
        file.replace('\n', "\\n").replace("FROM ", "FROM not-here/").trim_end(),
        state.display()
    );
    let project = plan(engine, &name, &services);
    let before = preflight(&project, &[]).json();
    assert_eq!(participant(&before, "one")["verdict"], "undetermined", "{before:#}");
    // As Compose would have built it.
    let context = engine.directory("context");
    fs::write(context.join("Dockerfile"), &file).unwrap();
    let image = format!("{name}-one");
    let label = format!("{}={}", super::sweep::LABEL, engine.run);
    must(
        "docker",
        &["build", "--quiet", "--network", "none", "--label", &label, "--tag", &image, context.to_str().unwrap()],
    );
    let after = preflight(&project, &[]).json();
    let _ = must("docker", &["rmi", &image]);
    assert_eq!(participant(&after, "one")["verdict"], "ok", "{after:#}");
}

#[test]
fn a_name_that_somebody_else_has_is_not_taken_away() {
    let Some(engine) = engine("a_name_that_somebody_else_has_is_not_taken_away") else { return };
    let (state, name) = (shared(engine), engine.name("names"));
    let other = running(engine, (&engine.name("others"), "agents"), &state);
    let more = format!("{LABELS}\n    container_name: {}", other.name);
    let found = preflight(&plan(engine, &name, &service(engine, "agents", &state, &more)), &[]);
    assert_eq!(found.status, 2, "{} {}", found.out, found.err);
    let report = found.json();
    assert_eq!(participant(&report, &other.name)["peers"][0], format!("{name}/agents"));
    let told = report["diagnostics"][0]["message"].as_str().unwrap();
    assert!(told.contains("is none of this service: the engine will refuse"), "{told}");
}
