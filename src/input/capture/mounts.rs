//! A container's mounts as the kernel shows them, or else as the engine tells them. Uses `host`, `told` and `tree`.

use super::host::Host;
use super::told::{self, Fact, Lines};
use super::tree::{is_layered, visible};
use crate::model::{
    Container, EngineFacts, EngineMount, Inspection, KernelFacts, KernelMount, Mount, MountSource, SourceNow, Value,
    clean,
};
use crate::text::Span;

/// A mount whose span is not known yet, and the fact that will tell it.
pub(super) type MountOfFact = (Fact, Mount);

/// The mounts of a container by the kernel; of the host, where no container is given. A container's own root is no
/// mount to judge by: it is its private layer. The host's is where everything else stands, and where no engine made a root,
/// it may be a directory that others use too.
pub(super) fn by_kernel(
    kernel: &KernelFacts,
    running: Option<&Container>,
    host: &Host<'_>,
    lines: &mut Lines,
) -> Vec<MountOfFact> {
    let mut mounts = Vec::new();
    let is_made = running.is_some_and(|one| one.engine().inspection != Inspection::Unlisted);
    let is_private = |mount: &KernelMount| is_made || (running.is_some() && is_layered(&mount.fstype));
    let seen = visible(&kernel.mounts).into_iter();
    for mount in seen.filter(|mount| mount.mount_point != "/" || !is_private(mount)) {
        let point = &mount.mount_point;
        let (source, subpath) = host.source(mount, kernel.inodes.get(&mount.id).copied());
        let place = describe(&source, subpath.as_deref());
        lines.kernel(Fact::Mount(point.clone()), told::mount(mount, &place));
        let told = running.and_then(|one| one.engine().mounts.iter().find(|told| clean(&told.target) == *point));
        let mut made = plain(point.clone(), source, mount.is_read_only());
        made.1.subpath = subpath;
        made.1.stale = stale(mount, kernel.sources.get(point).copied(), told, &place);
        made.1.kernel = Some(Box::new(mount.clone()));
        mounts.push(made);
    }
    mounts
}

/// The mounts of a container by the engine, which knows what it was asked for and not what became of it.
pub(super) fn by_engine(engine: &EngineFacts, host: &Host<'_>, lines: &mut Lines) -> Vec<MountOfFact> {
    let mut made = Vec::new();
    for mount in &engine.mounts {
        let target = clean(&mount.target);
        let source = match mount.kind.as_str() {
            "tmpfs" => MountSource::Tmpfs,
            "volume" if engine.engine.is_empty() => host.volumes.volume(&mount.name),
            // What the volumes of another engine are made from was not kept.
            "bind" | "volume" => MountSource::Host(Value::known(clean(&mount.source), None)),
            _ => MountSource::Injected,
        };
        let access = if mount.writable { "rw" } else { "ro" };
        let place = describe(&source, None);
        let text = format!("mount {target} is {place} ({}, {access})", mount.kind);
        lines.engine(Fact::Mount(target.clone()), text);
        made.push(plain(target, source, !mount.writable));
    }
    made
}

fn plain(target: String, source: MountSource, read_only: bool) -> MountOfFact {
    let fact = Fact::Mount(target.clone());
    let target = Value::known(target, None);
    let span = Span::default();
    (fact, Mount { read_only, ..Mount::new(target, source, span) })
}

/// Why a mount is not what the engine's path suggests.
fn stale(mount: &KernelMount, now: Option<SourceNow>, told: Option<&EngineMount>, place: &str) -> Option<String> {
    let source = told.map_or("its source", |told| told.source.as_str());
    let (root, deleted) = mount.root();
    if deleted {
        let name = told.map_or(root, |told| told.source.as_str());
        return Some(format!("{name} was deleted on the host since it was mounted"));
    }
    match now? {
        SourceNow::Same => None,
        SourceNow::Gone => Some(format!("{source} is gone from the host, and what is mounted is now {place}")),
        SourceNow::Other => {
            Some(format!("{source} is another directory on the host now, and what is mounted is {place}"))
        }
    }
}

/// What a mount shows, as part of a sentence.
fn describe(source: &MountSource, subpath: Option<&str>) -> String {
    let name = match source {
        MountSource::Host(path) => path.text.clone(),
        MountSource::Volume(name) => format!("volume {}", name.text),
        MountSource::Device { fstype, device, .. } => format!("{fstype} {}", device.text),
        MountSource::Unlisted { filesystem, path } if path == "/" => filesystem.clone(),
        MountSource::Unlisted { filesystem, path } => format!("{filesystem} at {path}"),
        MountSource::Tmpfs => "a tmpfs of its own".to_owned(),
        MountSource::Anonymous | MountSource::Injected | MountSource::Unresolved(_) => "its own".to_owned(),
    };
    subpath.map_or(name.clone(), |below| format!("{name} at /{below}"))
}
