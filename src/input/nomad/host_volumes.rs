//! Volumes of the host that Nomad knows by name: what a client's configuration says of them, joined with the tasks that
//! mount them. Uses `stanza`, `evaluate` and `model`.

use std::collections::HashMap;

use super::evaluate::Scope;
use super::stanza::Stanza;
use crate::model::{Container, MountSource, Symbol, Value, clean};
use crate::text::Span;

/// What the filesystem of a volume is called of which only the name is known: it is its host's own.
pub(super) const HOST_VOLUME: &str = "nomad host volume";

/// A volume that a client's configuration describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::input) struct HostVolume {
    name: String,
    /// The directory of the host.
    path: Value,
    read_only: bool,
    span: Span,
}

/// The volumes that a file describes for the client of a host.
pub(super) fn read_host_volumes(top: &Stanza, scope: &Scope<'_>) -> Vec<HostVolume> {
    let volumes = top.all("client").flat_map(|client| client.all("host_volume"));
    let read = |volume: &Stanza| {
        let text = |name: &str| Some(scope.placed(&volume.attribute(name)?.value));
        let path = text("path")?.to_value().filter(|path| path.text.starts_with('/'))?;
        Some(HostVolume {
            name: volume.label().to_owned(),
            path: Value { text: clean(&path.text), ..path },
            read_only: text("read_only").is_some_and(|on| on.value.is_true() == Some(true)),
            span: volume.name_span(),
        })
    };
    volumes.filter_map(read).collect()
}

/// What stands for the directory of a volume of which only the name is known.
fn directory_of_volume(device: &Value) -> Value {
    let name = format!("{HOST_VOLUME} {}", device.text);
    let symbols = vec![Symbol { name: name.clone(), required: true }];
    Value { text: format!("${{{name}}}"), symbols, ..device.clone() }
}

/// Puts directories of the host in the place of the names by which tasks mount them. A name that stands for several
/// directories is of several clusters, and stays. One that no configuration has, where there is one, may be any directory.
pub(in crate::input) fn join_host_volumes(volumes: &[HostVolume], containers: &mut [Container]) {
    let mut known: HashMap<&str, Option<HostVolume>> = HashMap::new();
    for volume in volumes {
        let entry = known.entry(&volume.name).or_insert_with(|| Some(volume.clone()));
        match entry {
            // What one of them can write can be written somewhere.
            Some(other) if other.path.text == volume.path.text => other.read_only &= volume.read_only,
            _ => *entry = None,
        }
    }
    for mount in containers.iter_mut().filter(|one| one.is_of_job).flat_map(|one| &mut one.mounts) {
        let MountSource::Device { fstype, device, .. } = &mount.source else { continue };
        if fstype != HOST_VOLUME || device.is_symbolic() {
            continue;
        }
        let Some(described) = known.get(device.text.as_str()) else {
            if !known.is_empty() {
                mount.source = MountSource::Unresolved(directory_of_volume(device));
            }
            continue;
        };
        let Some(volume) = described else { continue };
        mount.read_only |= volume.read_only;
        mount.defined = Some(volume.span);
        mount.source = MountSource::Host(Value { span: device.span, ..volume.path.clone() });
    }
}
