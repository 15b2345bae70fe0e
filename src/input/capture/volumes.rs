//! What the volumes of an engine are made from, and where the host shows that. Uses `super` and `local_volume`.

use std::sync::Arc;

use super::tree::visible;
use super::{Capture, VolumeOptions};
use crate::input::local_volume::{DriverOptions, kernel_device, server_address, with_address};
use crate::model::{
    Container, Diagnostic, HostTree, KernelMount, Layout, Level, Mount, MountSource, Value, clean, join, split_below,
};
use crate::rules::Filesystems;

/// Puts the volumes of a plan where the engine of a host has them.
pub fn settle_volumes(planned: &mut Layout, running: &Capture, filesystems: &Filesystems) {
    let seen = visible(running.own.as_ref().map_or(&[][..], |own| &own.mounts));
    let tree = Arc::new(HostTree::of(seen.clone()));
    let volumes = EngineVolumes::new(running, seen, tree, filesystems);
    // What runs on another host has volumes of its own.
    for container in planned.containers.iter_mut().filter(|container| !container.is_running()) {
        volumes.settle(container, &mut planned.diagnostics);
    }
}

impl VolumeOptions {
    /// What is mounted instead of a directory of the engine's own; `None` where it has one.
    fn source(&self) -> Option<MountSource> {
        let known = |text: &String| Some(Value::known(text.clone(), None));
        let options = DriverOptions {
            driver: None,
            kind: known(&self.fstype),
            mount_options: known(&self.options),
            device: known(&self.device),
        };
        options.source(|device| Value { text: clean(&device.text), ..device })
    }
}

/// The volumes of the engine on a host.
pub(in crate::input) struct EngineVolumes<'a> {
    capture: &'a Capture,
    /// The host's own mounts, as far as a path of the host can be on them.
    mounts: Vec<&'a KernelMount>,
    tree: Arc<HostTree>,
    filesystems: &'a Filesystems,
}

impl<'a> EngineVolumes<'a> {
    pub(in crate::input) fn new(
        capture: &'a Capture,
        mounts: Vec<&'a KernelMount>,
        tree: Arc<HostTree>,
        filesystems: &'a Filesystems,
    ) -> Self {
        Self { capture, mounts, tree, filesystems }
    }

    /// What the engine makes a volume from, by its name.
    pub(in crate::input) fn made_from(&self, name: &str) -> MountSource {
        let made = self.capture.volumes.get(name).and_then(VolumeOptions::source);
        made.unwrap_or_else(|| MountSource::Volume(Value::known(name, None)))
    }

    /// What a volume of the engine is, by its name.
    pub(super) fn volume(&self, name: &str) -> MountSource {
        self.on_host(self.made_from(name), Some(name))
    }

    /// A device as the host's own mounts show it, so that it is one place with what else shows it; as it is, where they
    /// do not. `name` is the engine's name of the volume that is made from it.
    pub(in crate::input) fn on_host(&self, source: MountSource, name: Option<&str>) -> MountSource {
        if !matches!(source, MountSource::Device { .. }) {
            return source;
        }
        let of_volume = name.and_then(|name| self.mount_of(name)).and_then(|mount| self.shown_by(mount));
        let shown = of_volume.or_else(|| self.shown_elsewhere(&source));
        shown.unwrap_or_else(|| with_address(source, |fstype, server| self.address_of(fstype, server)))
    }

    /// The address of a server that a plan names, where a mount here shows it.
    fn address_of(&self, fstype: &str, server: &str) -> Option<String> {
        let containers = self.capture.containers.iter().filter_map(Container::kernel);
        let mut mounts = self.mounts.iter().copied().chain(containers.flat_map(|kernel| &kernel.mounts));
        mounts.find_map(|mount| server_address(mount, fstype, server)).map(str::to_owned)
    }

    /// The host's mount of a volume: the driver mounts each there once, for all that use it.
    fn mount_of(&self, name: &str) -> Option<&'a KernelMount> {
        let directory = self.capture.volume_directory.as_deref()?;
        let point = join(directory, &format!("./{name}/_data"));
        split_below(&point, directory)?;
        self.mounts.iter().find(|mount| mount.mount_point == point).copied()
    }

    fn shown_by(&self, mount: &KernelMount) -> Option<MountSource> {
        let (root, deleted) = mount.root();
        match () {
            () if deleted => None,
            () if !self.filesystems.is_network(&mount.fstype) => self.path_of(mount, root),
            () => (root == "/").then(|| kernel_device(mount).0),
        }
    }

    /// A disk that the host mounts anywhere. An export is named by its server, and so the same wherever it is mounted.
    fn shown_elsewhere(&self, source: &MountSource) -> Option<MountSource> {
        let MountSource::Device { fstype, device, options } = source else { return None };
        let of_disk = |mount: &&&KernelMount| mount.fstype == *fstype && mount.source == device.text;
        let mut mounts = self.mounts.iter().filter(of_disk);
        match options.split_once('=') {
            None => mounts.find_map(|mount| self.path_of(mount, "/")),
            Some(("subvol", path)) if !path.contains(',') => mounts.find_map(|mount| self.path_of(mount, path)),
            Some(("subvolid", _)) => {
                let mut same = mounts.filter(|mount| mount.super_options.contains(options));
                same.find_map(|mount| self.path_of(mount, mount.root().0))
            }
            Some(_) => None,
        }
    }

    fn path_of(&self, mount: &KernelMount, root: &str) -> Option<MountSource> {
        let path = self.tree.name(&mount.device, root)?;
        Some(MountSource::Host(Value::known(path, None)))
    }

    /// Whether the engine has a volume of this name, as far as was looked.
    fn has(&self, name: &str) -> bool {
        let mounts = self.capture.containers.iter().flat_map(|one| &one.engine().mounts);
        self.capture.volumes.contains_key(name)
            || mounts.into_iter().any(|mount| mount.kind == "volume" && mount.name == name)
            || self.mount_of(name).is_some()
    }

    /// Puts the volumes of a planned container where the engine has them: it goes on with one that is there, whatever
    /// the plan would make it from.
    fn settle(&self, container: &mut Container, told: &mut Vec<Diagnostic>) {
        for mount in &mut container.mounts {
            let name = mount.volume.take().or_else(|| match &mount.source {
                MountSource::Volume(name) if !name.is_symbolic() => Some(name.text.clone()),
                _ => None,
            });
            if let Some(name) = name.as_deref().filter(|name| self.has(name)) {
                self.take_existing(mount, name, told);
            }
            let source = std::mem::replace(&mut mount.source, MountSource::Injected);
            mount.source = self.on_host(source, name.as_deref());
        }
    }

    /// Goes on with a volume that is there, and says so where the plan would make it from something else.
    pub(in crate::input) fn take_existing(&self, mount: &mut Mount, name: &str, told: &mut Vec<Diagnostic>) {
        let known = self.made_from(name);
        if is_same(&known, &mount.source) {
            return;
        }
        if !matches!(mount.source, MountSource::Volume(_) | MountSource::Unresolved(_)) {
            let message = format!(
                "the volume {name} is there already, as {}, and the plan would make it from {}: it stays as it is; \
                 remove it first if that is not meant",
                shown_as(&known),
                shown_as(&mount.source)
            );
            told.push(Diagnostic::at(Level::Warning, mount.span, message));
        }
        mount.must_exist = matches!(known, MountSource::Host(_));
        mount.source = known;
    }
}

/// Whether two sources are one, however they are written and shown.
fn is_same(one: &MountSource, other: &MountSource) -> bool {
    match (one, other) {
        (MountSource::Host(one), MountSource::Host(other)) | (MountSource::Volume(one), MountSource::Volume(other)) => {
            one.text == other.text
        }
        (
            MountSource::Device { fstype, device, options },
            MountSource::Device { fstype: other_type, device: other_device, options: other_options },
        ) => fstype == other_type && device.text == other_device.text && options == other_options,
        _ => false,
    }
}

/// What a volume is made from, in words.
fn shown_as(source: &MountSource) -> String {
    match source {
        MountSource::Host(path) => path.shown.path(&path.text).into_owned(),
        MountSource::Device { fstype, device, options } => {
            let options = if options.is_empty() { String::new() } else { format!(" ({options})") };
            format!("{fstype} {}{options}", device.shown.word(&device.text))
        }
        _ => "one of the engine's own".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Live;
    use crate::rules::Ruleset;
    use crate::text::{Sources, Span};

    #[test]
    fn only_what_is_planned_takes_the_volumes_of_a_host() {
        let rules = Ruleset::load(&Sources::default(), None).unwrap();
        let made = VolumeOptions { fstype: "none".into(), device: "/srv/x/".into(), options: "bind".into() };
        let capture = Capture { volumes: [("shared".to_owned(), made)].into(), ..Capture::default() };
        let with_volume = |live: Option<Live>| {
            let source = MountSource::Volume(Value::known("shared", None));
            let mount = Mount::new(Value::known("/state", None), source, Span::default());
            Container { mounts: vec![mount], live: live.map(Box::new), ..Container::default() }
        };
        let live = |is_planned: bool| Some(Live { is_planned, ..Live::default() });
        let containers = [None, live(true), live(false)].map(with_volume).into();
        let mut planned = Layout { containers, ..Layout::default() };
        settle_volumes(&mut planned, &capture, &rules.filesystems);
        let bind = MountSource::Host(Value::known("/srv/x", None));
        let volume = MountSource::Volume(Value::known("shared", None));
        let sources: Vec<_> = planned.containers.iter().map(|one| &one.mounts[0].source).collect();
        assert_eq!(sources, [&bind, &bind, &volume]);
        assert!(planned.diagnostics.is_empty());
    }
}
