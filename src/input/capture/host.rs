//! What a mount of a container shows, by the host's own tree and by who else mounts it. Uses `tree` and `model`.

use std::collections::HashMap;
use std::sync::Arc;

use super::Capture;
use super::tree::visible;
use super::volumes::EngineVolumes;
use crate::input::local_volume::kernel_device;
use crate::model::{Container, HostTree, KernelMount, MountSource, Value, export_of};
use crate::rules::Filesystems;

/// The host's tree, and who mounts what.
pub(super) struct Host<'a> {
    pub(super) tree: Arc<HostTree>,
    pub(super) volumes: EngineVolumes<'a>,
    /// In how many containers each superblock is mounted.
    uses: HashMap<&'a str, usize>,
    filesystems: &'a Filesystems,
    /// Whether other hosts are judged with it.
    is_one_of_several: bool,
}

impl<'a> Host<'a> {
    pub(super) fn of(capture: &'a Capture, filesystems: &'a Filesystems, is_one_of_several: bool) -> Self {
        let own = capture.own.as_ref().map_or(&[][..], |own| &own.mounts);
        let seen = visible(own);
        let tree = Arc::new(HostTree::of(seen.clone()));
        let volumes = EngineVolumes::new(capture, seen, Arc::clone(&tree), filesystems);
        let mut host = Self { tree, volumes, uses: HashMap::new(), filesystems, is_one_of_several };
        for kernel in capture.containers.iter().filter_map(Container::kernel) {
            let mut devices: Vec<&str> = kernel.mounts.iter().map(|mount| mount.device.as_str()).collect();
            devices.sort_unstable();
            devices.dedup();
            for device in devices {
                *host.uses.entry(device).or_default() += 1;
            }
        }
        host
    }

    /// What a mount of a container puts at its mount point, and the path below that which it shows.
    pub(super) fn source(&self, mount: &KernelMount, inode: Option<u64>) -> (MountSource, Option<String>) {
        let (root, deleted) = mount.root();
        if deleted {
            let which = inode.map_or_else(|| root.to_owned(), |inode| format!("inode {inode}"));
            let filesystem = format!("a deleted directory ({which} of {})", mount.device);
            return (MountSource::Unlisted { filesystem, path: "/".to_owned() }, None);
        }
        // What is not known to be local is one place for several hosts where its source names a server.
        let is_shared = || {
            self.is_one_of_several && !self.filesystems.is_local(&mount.fstype) && export_of(&mount.source).is_some()
        };
        if self.filesystems.is_network(&mount.fstype) || is_shared() {
            return kernel_device(mount);
        }
        match self.tree.name(&mount.device, root) {
            Some(path) => (MountSource::Host(Value::known(path, None)), None),
            None if self.uses.get(mount.device.as_str()).copied().unwrap_or(0) > 1 => {
                (MountSource::Unlisted { filesystem: mount.filesystem(), path: root.to_owned() }, None)
            }
            None if mount.fstype == "tmpfs" || mount.fstype == "ramfs" => (MountSource::Tmpfs, None),
            None => (MountSource::Injected, None),
        }
    }
}
