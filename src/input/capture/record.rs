//! How a running container is written in the file of a capture, and read back. Uses `model`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{
    Container, EngineFacts, EngineMount, EnvVar, Flag, Inspection, KeptValue, KernelFacts, Label, Live, Script, Unseen,
    Value,
};
use crate::text::Span;

/// The fields of the file.
#[derive(Serialize, Deserialize)]
struct ContainerRecord {
    id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    engine: String,
    name: String,
    project: Option<String>,
    service: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    one_off: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    auto_remove: bool,
    image: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    image_id: String,
    pid: i32,
    started_at: String,
    user: String,
    working_dir: String,
    tty: bool,
    stdin_open: bool,
    read_only: bool,
    host_pid: bool,
    env: BTreeMap<String, KeptValue>,
    labels: BTreeMap<String, String>,
    script: Script,
    mounts: Vec<EngineMount>,
    #[serde(default, skip_serializing_if = "is_whole")]
    inspection: Inspection,
    kernel: Option<KernelFacts>,
    gaps: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mounts_unseen: bool,
}

// The signature is serde's.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field itself in")]
fn is_whole(inspection: &Inspection) -> bool {
    *inspection == Inspection::Whole
}

pub(super) fn serialize<S: Serializer>(containers: &[Container], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(containers.iter().map(ContainerRecord::from))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Container>, D::Error> {
    let records: Vec<ContainerRecord> = Vec::deserialize(from)?;
    Ok(records.into_iter().map(Container::from).collect())
}

impl From<&Container> for ContainerRecord {
    fn from(one: &Container) -> Self {
        let text = |value: &Option<Value>| value.as_ref().map_or_else(String::new, |value| value.text.clone());
        let engine = one.engine().clone();
        Self {
            id: engine.id,
            engine: engine.engine,
            name: one.name.clone(),
            project: one.project.clone(),
            service: one.service.clone(),
            one_off: engine.one_off,
            auto_remove: engine.auto_remove,
            image: text(&one.image),
            image_id: engine.image_id,
            pid: engine.pid,
            started_at: engine.started_at,
            user: text(&one.user),
            working_dir: text(&one.working_dir),
            tty: one.tty.is_some_and(|flag| flag.on),
            stdin_open: one.stdin_open.is_some_and(|flag| flag.on),
            read_only: one.read_only,
            host_pid: engine.host_pid,
            env: one.env.iter().map(|(name, variable)| (name.clone(), variable.kept())).collect(),
            labels: one.labels.iter().map(|(name, label)| (name.clone(), label.value.text.clone())).collect(),
            script: one.script.clone(),
            mounts: engine.mounts,
            inspection: engine.inspection,
            kernel: one.kernel().cloned(),
            gaps: one.unseen.iter().map(|unseen| unseen.what.clone()).collect(),
            mounts_unseen: one.unseen_mounts.is_some(),
        }
    }
}

fn unseen(what: String) -> Unseen {
    Unseen { what, span: Span::default() }
}

impl From<ContainerRecord> for Container {
    fn from(one: ContainerRecord) -> Self {
        let engine = EngineFacts {
            id: one.id,
            engine: one.engine,
            one_off: one.one_off,
            auto_remove: one.auto_remove,
            image_id: one.image_id,
            pid: one.pid,
            started_at: one.started_at,
            host_pid: one.host_pid,
            words: Vec::new(),
            check: Vec::new(),
            mounts: one.mounts,
            inspection: one.inspection,
        };
        Self {
            name: one.name,
            project: one.project,
            service: one.service,
            image: Some(Value::known(one.image, None)),
            user: Value::unless_empty(one.user),
            working_dir: Value::unless_empty(one.working_dir),
            tty: Flag::where_on(one.tty),
            stdin_open: Flag::where_on(one.stdin_open),
            read_only: one.read_only,
            env: one.env.into_iter().map(|(name, kept)| (name.clone(), EnvVar::of_kept(&name, kept))).collect(),
            labels: one.labels.into_iter().map(|(name, text)| (name, Label::unplaced(text))).collect(),
            script: one.script,
            unseen_mounts: one.gaps.first().filter(|_| one.mounts_unseen).cloned().map(unseen),
            unseen: one.gaps.into_iter().map(unseen).collect(),
            live: Some(Box::new(Live { engine, kernel: one.kernel, ..Live::default() })),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Capture, read};
    use super::*;

    /// A container with all that the file can say of one.
    fn whole() -> serde_json::Value {
        json!({
            "id": "1f1f", "engine": "podman", "name": "agents", "project": "p", "service": "s", "one_off": true, "auto_remove": true, "image": "agents:1",
            "image_id": "sha256:1", "pid": 7, "started_at": "2026-11-25T12:39:38Z", "user": "1000:100",
            "working_dir": "/work", "tty": true, "stdin_open": true, "read_only": true, "host_pid": true,
            "env": {"HOME": {"public": "/h"}, "KEY": {"secret": null}, "NONE": "empty"},
            "labels": {"overlock.role": "batch"},
            "script": {"invocations": [], "sight": "whole", "unseen": null, "without_environment": false},
            "mounts": [{"kind": "bind", "name": "", "source": "/s", "target": "/d", "writable": false}],
            "inspection": "mounts",
            "kernel": {
                "mounts": [], "inodes": {"5": 6}, "sources": {"/d": "gone"}, "followed": true, "paths": ["/d"],
                "links": [{"name": "/l", "target": "/d"}], "entries": {}, "processes": [], "installed": [],
                "identity": null, "home": "/h", "logins": {"/d": 1},
            },
            "gaps": ["it was not seen"], "mounts_unseen": true,
        })
    }

    fn read_back(container: &serde_json::Value) -> Capture {
        let empty = Capture { overlock_capture: super::super::VERSION, ..Capture::default() };
        let mut capture = serde_json::to_value(empty).unwrap();
        capture["containers"] = json!([container]);
        read(&capture.to_string()).unwrap()
    }

    #[test]
    fn all_that_a_file_says_of_a_container_is_read_and_written_again() {
        let capture = read_back(&whole());
        assert_eq!(serde_json::to_value(&capture).unwrap()["containers"][0], whole());
        let one = &capture.containers[0];
        assert_eq!((one.engine().pid, one.engine().mounts.len(), one.unseen.len()), (7, 1, 1));
        assert_eq!(
            (one.env["HOME"].known(), one.env["KEY"].known(), one.env["NONE"].known()),
            (Some("/h"), None, Some(""))
        );
        assert_eq!(one.kernel().unwrap().home.as_deref(), Some("/h"));
    }

    #[test]
    fn what_a_file_may_leave_out_is_left_out_again() {
        let mut container = whole();
        for name in ["one_off", "image_id", "inspection", "engine", "mounts_unseen"] {
            container.as_object_mut().unwrap().remove(name);
        }
        for (name, empty) in [("user", ""), ("working_dir", ""), ("image", "")] {
            container[name] = json!(empty);
        }
        container["kernel"] = json!(null);
        let capture = read_back(&container);
        assert_eq!(serde_json::to_value(&capture).unwrap()["containers"][0], container);
        assert_eq!((&capture.containers[0].user, capture.containers[0].kernel()), (&None, None));
    }

    #[test]
    fn value_that_the_engine_told_in_confidence_is_not_written() {
        let secret = EnvVar::of_kept("KEY", KeptValue::Secret("hunter2".to_owned()));
        let container = Container { env: [("KEY".to_owned(), secret)].into(), ..Container::default() };
        assert_eq!(container.env["KEY"].known(), Some("hunter2"));
        let written = serde_json::to_string(&Capture { containers: vec![container], ..Capture::default() }).unwrap();
        assert!(written.contains("KEY") && !written.contains("hunter2"), "{written}");
    }
}
