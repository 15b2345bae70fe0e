//! A layout as a compose file, as far as a file can tell it (`layout::Hidden` lists what it cannot).

use serde_json::{Map, Value, json};

use super::layout::{Mount, SUBPATH, Volume, What};
use super::raise::Raised;

/// The compose file of a layout; JSON is YAML. Services are named as the containers are.
pub(crate) fn compose_file(raised: &Raised<'_>, image: &str) -> String {
    let names = raised.names();
    let services: Map<String, Value> =
        (0..names.len()).map(|at| (names[at].clone(), service(raised, image, &names, at))).collect();
    let volumes: Map<String, Value> = raised
        .volumes
        .iter()
        .zip(&raised.layout.volumes)
        .enumerate()
        .map(|(at, (name, volume))| {
            let options: Map<String, Value> =
                raised.driver_options(*volume).into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
            let described = match volume {
                Volume::Named => json!({ "name": name }),
                Volume::Disguise(..) => json!({ "name": name, "driver": "local", "driver_opts": options }),
            };
            (key(at), described)
        })
        .collect();
    let file = json!({ "name": "truth", "services": services, "volumes": volumes });
    serde_json::to_string_pretty(&file).unwrap()
}

/// A volume's key in the file, which is not its name.
fn key(volume: usize) -> String {
    format!("volume{volume}")
}

fn service(raised: &Raised<'_>, image: &str, names: &[String], at: usize) -> Value {
    let member = &raised.layout.members[at];
    let late = !raised.layout.is_early(at);
    let mut environment = json!({ "HOME": member.home });
    if let Some(config) = &member.config {
        environment["CLAUDE_CONFIG_DIR"] = json!(config);
    }
    let labels = [
        "overlock.role=batch".to_owned(),
        "overlock.version=2.1.330".to_owned(),
        format!("overlock.guard={}", member.guard_label()),
    ];
    let mut service = json!({ "image": image, "network_mode": "none", "environment": environment, "labels": labels });
    let (tmpfs, volumes): (Vec<&Mount>, Vec<&Mount>) =
        member.mounts.iter().partition(|mount| mount.what == What::Tmpfs && !mount.long);
    let volumes: Vec<Value> = volumes.into_iter().map(|mount| volume(raised, mount, late)).collect();
    let tmpfs: Vec<String> = tmpfs
        .into_iter()
        .map(|mount| format!("{}{}", mount.target, if mount.read_only { ":ro" } else { "" }))
        .collect();
    for (key, value) in [("volumes", json!(volumes)), ("tmpfs", json!(tmpfs))] {
        if value.as_array().is_some_and(|value| !value.is_empty()) {
            service[key] = value;
        }
    }
    if let Some((other, read_only)) = member.from {
        service["volumes_from"] = json!([format!("{}{}", names[other], if read_only { ":ro" } else { "" })]);
    }
    if member.user {
        service["user"] = json!("1000:1000");
    }
    if member.read_only {
        service["read_only"] = json!(true);
    }
    service
}

fn volume(raised: &Raised<'_>, mount: &Mount, late: bool) -> Value {
    let target = &mount.target;
    let source = match mount.what {
        What::Volume(volume) | What::Subpath(volume) => Some(key(volume)),
        _ => raised.source(mount, late),
    };
    if !(mount.long || source.is_none() && mount.read_only) {
        let mode = if mount.read_only { ":ro" } else { "" };
        return json!(source.map_or_else(|| target.clone(), |source| format!("{source}:{target}{mode}")));
    }
    let kind = match mount.what {
        What::Host(..) | What::VolumeData(_) => "bind",
        What::Volume(_) | What::Subpath(_) | What::Anonymous => "volume",
        What::Tmpfs => "tmpfs",
    };
    let mut long = json!({ "type": kind, "target": target });
    if let Some(source) = source {
        long["source"] = json!(source);
    }
    if matches!(mount.what, What::Subpath(_)) {
        long["volume"] = json!({ "subpath": SUBPATH });
    }
    if mount.read_only {
        long["read_only"] = json!(true);
    }
    long
}
