//! An inspection as a container: what may be kept of it, and what is missing. Pure, but for the script's reader.
//! Uses `events`, `lenient`, the capture's types and `source::shell`.

use std::collections::{BTreeMap, BTreeSet};

use bollard::models::{
    ContainerConfig, ContainerInspectResponse, ContainerState, ContainerSummary, HostConfig, MountPoint,
};

use super::error::EngineError;
use super::events::ContainerEvent;
use super::lenient::Picked;
use crate::input::shell;
use crate::model::{
    Command, Container, EngineFacts, EngineMount, EnvValue, EnvVar, Flag, Inspection, Label, Live, Script, Value,
    WORKPLACE_LABEL, clean,
};
use crate::text::{Sources, Span};

/// What of an inspection is wanted, should it have another form than bollard's.
pub(super) const WANTED: [&str; 27] = [
    "/Id",
    "/Name",
    "/Path",
    "/Args",
    "/State/Running",
    "/State/Paused",
    "/State/Restarting",
    "/State/Pid",
    "/State/StartedAt",
    "/Config/Image",
    "/Config/User",
    "/Config/WorkingDir",
    "/Config/Tty",
    "/Config/OpenStdin",
    "/Config/Env",
    "/Config/Labels",
    "/Config/Entrypoint",
    "/Config/Cmd",
    "/Config/Shell",
    "/Config/Healthcheck/Test",
    "/HostConfig/ReadonlyRootfs",
    "/HostConfig/PidMode",
    "/HostConfig/AutoRemove",
    "/HostConfig/Tmpfs",
    "/HostConfig/Mounts",
    "/Mounts",
    "/Image",
];

/// How containers are read: which variables may be shown, and where texts are kept.
pub(super) struct InspectReader<'a> {
    pub(super) public: BTreeSet<&'a str>,
    pub(super) sources: &'a Sources,
}

impl InspectReader<'_> {
    /// The container that was inspected; `None` where it no longer runs.
    pub(super) fn running(&self, picked: Picked<ContainerInspectResponse>) -> Option<Container> {
        let ended = picked.value.state.as_ref().is_some_and(has_ended);
        (!ended).then(|| self.container(picked))
    }

    /// The container that was inspected, whether it runs or not.
    pub(super) fn container(&self, picked: Picked<ContainerInspectResponse>) -> Container {
        let Picked { value: answer, odd } = picked;
        let state = answer.state.unwrap_or_default();
        let config = answer.config.unwrap_or_default();
        let host = answer.host_config.unwrap_or_default();
        let id = answer.id.unwrap_or_default();
        let mut gaps: Vec<String> =
            odd.iter().map(|what| format!("the engine tells `{}` in a form that is not known", dotted(what))).collect();
        // Who has no mounts is told to have none.
        let inspection = if answer.mounts.is_some() { Inspection::Whole } else { Inspection::Unplaced };
        let mounts = mounts(answer.mounts.unwrap_or_default(), &host, &mut gaps);
        let env = config.env.as_deref().unwrap_or_default().iter().filter_map(|entry| entry.split_once('='));
        let words = words(answer.path, answer.args, &config);
        let check = health_check(&config);
        let script = self.script(&words, &check);
        let engine = EngineFacts {
            auto_remove: host.auto_remove.unwrap_or_default(),
            one_off: is_one_off(&config.labels),
            image_id: answer.image.clone().unwrap_or_default(),
            pid: state.pid.and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default().max(0),
            started_at: state.started_at.unwrap_or_default(),
            host_pid: host.pid_mode.as_deref() == Some("host"),
            words,
            check,
            mounts,
            inspection,
            engine: String::new(),
            id,
        };
        Container {
            name: name(answer.name.as_deref(), &engine.id),
            image: Some(Value::known(config.image.clone().or(answer.image).unwrap_or_default(), None)),
            user: config.user.clone().and_then(Value::unless_empty),
            working_dir: config.working_dir.clone().and_then(Value::unless_empty),
            tty: Flag::where_on(config.tty.unwrap_or_default()),
            stdin_open: Flag::where_on(config.open_stdin.unwrap_or_default()),
            read_only: host.readonly_rootfs.unwrap_or_default(),
            env: env.map(|(name, value)| (name.to_owned(), self.variable(name, value))).collect(),
            script,
            ..described(&config.labels, engine, gaps)
        }
    }

    /// A container that the engine lists, and why no inspection tells more of it. `known` is how much the list tells,
    /// where it tells mounts.
    pub(super) fn listed(summary: ContainerSummary, why: String, known: Inspection) -> Container {
        let id = summary.id.unwrap_or_default();
        let mut gaps = vec![why];
        let mounts = mounts(summary.mounts.unwrap_or_default(), &HostConfig::default(), &mut gaps);
        let engine = EngineFacts {
            one_off: is_one_off(&summary.labels),
            // Podman lists none of them.
            inspection: if mounts.is_empty() { Inspection::Nothing } else { known },
            mounts,
            id,
            ..EngineFacts::default()
        };
        let names = summary.names.as_ref().and_then(|names| names.first());
        Container {
            name: name(names.map(String::as_str), &engine.id),
            image: Some(Value::known(summary.image.unwrap_or_default(), None)),
            script: Script { unseen: Some("it could not be inspected".to_owned()), ..Script::default() },
            ..described(&summary.labels, engine, gaps)
        }
    }

    /// One whose inspection told no mounts, with those of the list.
    pub(super) fn with_listed_mounts(mut container: Container, summary: &ContainerSummary) -> Container {
        let engine = container.engine_mut();
        let listed = summary.mounts.clone().unwrap_or_default();
        if engine.inspection == Inspection::Unplaced && !listed.is_empty() {
            let mut gaps = Vec::new();
            engine.mounts = mounts(listed, &HostConfig::default(), &mut gaps);
            engine.inspection = Inspection::Whole;
            for gap in gaps {
                container.add_gap(gap);
            }
        }
        container
    }

    /// A container of which nothing is known but what an event tells, and why.
    pub(super) fn witnessed(event: &ContainerEvent, why: String, inspection: Inspection) -> Container {
        // Labels are among the rest of what it tells.
        let labels = Some(event.attributes.clone());
        let engine = EngineFacts { id: event.id.clone(), inspection, ..EngineFacts::default() };
        Container {
            name: name(event.attribute("name"), &event.id),
            image: Some(Value::known(event.attribute("image").unwrap_or_default(), None)),
            script: Script { unseen: Some(why.clone()), ..Script::default() },
            ..described(&labels, engine, vec![why])
        }
    }

    /// The gap of a container that could not be inspected.
    pub(super) fn uninspected(why: &EngineError) -> String {
        format!("it could not be inspected: {why}")
    }

    fn variable(&self, name: &str, value: &str) -> EnvVar {
        let is_secret = !value.is_empty() && !self.public.contains(name);
        EnvVar { is_secret, ..EnvVar::new(EnvValue::set(Value::known(value, None)), Span::default()) }
    }

    /// What the engine runs in it: its words, which are entrypoint and command joined, and the health check.
    fn script(&self, words: &[String], check: &[String]) -> Script {
        let mut script = shell::read_commands(Some(&command(words)), None, self.sources);
        if !check.is_empty() {
            // What a check leads to that was not read is no reason to doubt what the container itself runs.
            script.invocations.extend(shell::read_commands(Some(&command(check)), None, self.sources).invocations);
        }
        script
    }
}

/// A container by its labels and by what the engine alone knows; `gaps` is what it did not tell.
fn described(labels: &Labels, engine: EngineFacts, gaps: Vec<String>) -> Container {
    let mut container = Container {
        project: label(labels, "project").or_else(|| stack(labels)),
        service: service(labels),
        labels: declared(labels),
        live: Some(Box::new(Live { engine, ..Live::default() })),
        ..Container::default()
    };
    for gap in gaps {
        container.add_gap(gap);
    }
    container
}

fn is_one_off(labels: &Labels) -> bool {
    label(labels, "oneoff").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// What the engine started. Where it does not say so, what it was told to start.
fn words(path: Option<String>, args: Option<Vec<String>>, config: &ContainerConfig) -> Vec<String> {
    let started: Vec<String> =
        path.into_iter().filter(|path| !path.is_empty()).chain(args.unwrap_or_default()).collect();
    if !started.is_empty() {
        return started;
    }
    [&config.entrypoint, &config.cmd].into_iter().flatten().flatten().cloned().collect()
}

fn command(words: &[String]) -> Command {
    // Nothing of it is written in a file.
    Command { words: words.iter().map(|word| Value::known(word.as_str(), None)).collect(), span: Span::default() }
}

fn health_check(config: &ContainerConfig) -> Vec<String> {
    let test = config.healthcheck.as_ref().and_then(|check| check.test.as_deref()).unwrap_or_default();
    check_words(test, config.shell.as_deref())
}

/// The words of a health check (`CMD` and words, `CMD-SHELL` and a text for the image's shell).
pub(super) fn check_words(test: &[String], shell: Option<&[String]>) -> Vec<String> {
    match test.split_first() {
        Some((kind, words)) if kind == "CMD" => words.to_vec(),
        Some((kind, [line, ..])) if kind == "CMD-SHELL" => {
            let usual = || vec!["/bin/sh".to_owned(), "-c".to_owned()];
            let mut words = shell.filter(|shell| !shell.is_empty()).map_or_else(usual, <[String]>::to_vec);
            words.push(line.clone());
            words
        }
        _ => Vec::new(),
    }
}

/// Whether it has ended since it was listed. Podman does not count a paused one as running.
fn has_ended(state: &ContainerState) -> bool {
    state.running == Some(false) && state.paused != Some(true) && state.restarting != Some(true)
}

fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

/// A name without the engine's slash; the id's beginning, as `docker ps` shows it, where it has none.
fn name(name: Option<&str>, id: &str) -> String {
    let name = name.unwrap_or_default().trim_start_matches('/');
    if name.is_empty() { id.get(..12).unwrap_or(id).to_owned() } else { name.to_owned() }
}

type Labels = Option<std::collections::HashMap<String, String>>;

/// A label of Docker Compose, or of Podman's.
fn label(labels: &Labels, name: &str) -> Option<String> {
    let labels = labels.as_ref()?;
    let of = |origin: &str| labels.get(&format!("{origin}.{name}"));
    of("com.docker.compose").or_else(|| of("io.podman.compose")).filter(|value| !value.is_empty()).cloned()
}

/// The service of Compose, or of Swarm, whose stacks put their names before those of their services.
fn service(labels: &Labels) -> Option<String> {
    let of_swarm = || {
        let name = labels.as_ref()?.get("com.docker.swarm.service.name").filter(|name| !name.is_empty())?;
        let own = stack(labels).and_then(|stack| name.strip_prefix(&stack)?.strip_prefix('_'));
        Some(own.filter(|own| !own.is_empty()).unwrap_or(name).to_owned())
    };
    label(labels, "service").or_else(of_swarm)
}

/// The stack of Swarm that a container is of: what a project is to Compose.
fn stack(labels: &Labels) -> Option<String> {
    labels.as_ref()?.get("com.docker.stack.namespace").filter(|name| !name.is_empty()).cloned()
}

/// Labels that declare facts to this tool, and the one that says for which folder people work in a container.
fn declared(labels: &Labels) -> BTreeMap<String, Label> {
    let ours = labels.iter().flatten().filter(|(name, _)| name.starts_with("overlock.") || *name == WORKPLACE_LABEL);
    ours.map(|(name, value)| (name.clone(), Label::unplaced(value.as_str()))).collect()
}

/// The mounts, sorted by target; those of `--tmpfs` are among the host's configuration alone.
fn mounts(points: Vec<MountPoint>, host: &HostConfig, gaps: &mut Vec<String>) -> Vec<EngineMount> {
    let mut found: Vec<EngineMount> = points.into_iter().filter_map(|point| mount(point, gaps)).collect();
    for (target, options) in host.tmpfs.iter().flatten() {
        let target = clean(target);
        if found.iter().all(|mount| mount.target != target) {
            let writable = options.split(',').all(|option| option != "ro");
            found.push(EngineMount { kind: "tmpfs".to_owned(), target, writable, ..EngineMount::default() });
        }
    }
    for wanted in host.mounts.iter().flatten() {
        let subpath = wanted.volume_options.as_ref().and_then(|options| options.subpath.as_deref()).unwrap_or_default();
        if !subpath.is_empty() {
            let target = wanted.target.as_deref().unwrap_or_default();
            gaps.push(format!(
                "of the volume at {target} only {subpath} is mounted, which the engine's mounts do not show"
            ));
        }
    }
    found.sort_by(|one, other| one.target.cmp(&other.target));
    found
}

fn mount(point: MountPoint, gaps: &mut Vec<String>) -> Option<EngineMount> {
    let name = point.name.unwrap_or_default();
    let Some(target) = point.destination.filter(|target| !target.is_empty()) else {
        gaps.push("the engine tells a mount without where it is".to_owned());
        return None;
    };
    let unnamed = if name.is_empty() { "bind" } else { "volume" };
    Some(EngineMount {
        kind: point.typ.filter(|kind| !kind.is_empty()).unwrap_or_else(|| unnamed.to_owned()),
        name,
        source: point.source.unwrap_or_default(),
        target: clean(&target),
        writable: point.rw.unwrap_or(true),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::lenient::pick;
    use super::*;
    use crate::model::{Invocation, KeptValue, Sight};

    fn read(answer: &serde_json::Value) -> Option<Container> {
        let sources = Sources::default();
        let reader = InspectReader { public: BTreeSet::from(["HOME"]), sources: &sources };
        reader.running(pick(answer, &WANTED).unwrap())
    }

    #[test]
    fn an_odd_answer_is_read_as_far_as_it_goes() {
        let answer = json!({
            "Id": "0123456789abcdef", "Args": "claude",
            "State": {"Status": "paused", "Running": false, "Paused": true, "Pid": -1},
            "Config": {
                "Env": ["HOME=/h", "TOKEN=x=y", "EMPTY=", "BARE"],
                "Entrypoint": ["sh", "-c", "exec claude -p $X"],
                "Labels": {"io.podman.compose.project": "p", "overlock.guard": "/g", "other": "x"},
                "Healthcheck": {"Test": ["CMD-SHELL", "claude --version"]},
            },
            "HostConfig": {"Tmpfs": {"/run/": "ro,size=1m"}, "PidMode": "host"},
            "Mounts": [{"Source": "/s", "Destination": "/d/"}, {"Type": "volume"}],
        });
        let found = read(&answer).unwrap();
        let engine = found.engine();
        assert_eq!((found.name.as_str(), engine.pid, engine.host_pid), ("0123456789ab", 0, true));
        assert_eq!(found.project.as_deref(), Some("p"));
        assert_eq!(found.labels.keys().collect::<Vec<_>>(), ["overlock.guard"]);
        let held = |name: &str| found.env.get(name).map(EnvVar::kept);
        assert_eq!(held("HOME"), Some(KeptValue::Public("/h".into())));
        assert_eq!(held("TOKEN"), Some(KeptValue::Secret("x=y".into())));
        assert_eq!((held("EMPTY"), held("BARE")), (Some(KeptValue::Empty), None));
        let programs: Vec<_> = found.script.invocations.iter().map(Invocation::command_line).collect();
        assert_eq!(programs, ["claude -p $X", "claude --version"]);
        assert_eq!(found.script.sight, Sight::Whole);
        let mounts: Vec<_> = engine.mounts.iter().map(|m| (m.kind.as_str(), m.target.as_str(), m.writable)).collect();
        assert_eq!(mounts, [("bind", "/d", true), ("tmpfs", "/run", false)]);
        assert_eq!(found.unseen.len(), 2, "{:?}", found.unseen);
        assert!(found.unseen[0].what.contains("`Args`") && found.unseen[1].what.contains("without where"));
    }

    #[test]
    fn tasks_of_swarm_are_of_their_service() {
        let of = |labels: serde_json::Value| {
            let found = read(&json!({"Id": "x", "Config": {"Labels": labels}})).unwrap();
            (found.project, found.service)
        };
        let both = |project: Option<&str>, service: &str| (project.map(str::to_owned), Some(service.to_owned()));
        let name = "com.docker.swarm.service.name";
        assert_eq!(of(json!({name: "ai_agents", "com.docker.stack.namespace": "ai"})), both(Some("ai"), "agents"));
        assert_eq!(of(json!({name: "aid_agents", "com.docker.stack.namespace": "ai"})), both(Some("ai"), "aid_agents"));
        assert_eq!(of(json!({name: "agents"})), both(None, "agents"));
    }

    #[test]
    fn one_that_ended_is_no_longer_there() {
        assert!(read(&json!({"State": {"Running": false, "Status": "exited"}})).is_none());
        assert!(read(&json!({"State": {"Running": true, "Restarting": true}})).is_some());
        assert!(read(&json!({})).is_some());
    }
}
