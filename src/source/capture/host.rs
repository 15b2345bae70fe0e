//! Where a directory of a filesystem stands in the host's own tree, so that one place has one name whatever mounts lead
//! to it. Uses `tree` and `model`.

use std::collections::HashMap;

use super::Capture;
use super::tree::visible;
use crate::model::{KernelMount, MountSource, Value, join, parent_and_name, split_below};
use crate::ruleset::Filesystems;

/// The host's mounts, by what they show and by where they are.
pub(super) struct Host<'a> {
    /// Mounts that a path on the host can reach, by superblock and root.
    by_root: HashMap<(&'a str, &'a str), Vec<&'a KernelMount>>,
    by_point: HashMap<&'a str, &'a KernelMount>,
    /// In how many containers each superblock is mounted.
    uses: HashMap<&'a str, usize>,
    filesystems: &'a Filesystems,
}

impl<'a> Host<'a> {
    pub(super) fn of(capture: &'a Capture, filesystems: &'a Filesystems) -> Self {
        let own = capture.own.as_ref().map_or(&[][..], |own| &own.mounts);
        let mut host = Self { by_root: HashMap::new(), by_point: HashMap::new(), uses: HashMap::new(), filesystems };
        let mut seen = visible(own);
        // The oldest mount gives a directory its name.
        seen.sort_by_key(|mount| mount.id);
        for mount in seen {
            let (root, deleted) = mount.root();
            host.by_point.insert(&mount.mount_point, mount);
            if !deleted {
                host.by_root.entry((&mount.device, root)).or_default().push(mount);
            }
        }
        for kernel in capture.containers.iter().filter_map(|running| running.kernel.as_ref()) {
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
        if self.filesystems.is_network(&mount.fstype) {
            let device = Value::known(mount.source.clone(), None);
            let below = root.trim_start_matches('/').to_owned();
            let source = MountSource::Device { fstype: mount.fstype.clone(), device, options: String::new() };
            return (source, Some(below).filter(|below| !below.is_empty()));
        }
        match self.path(&mount.device, root) {
            Some(path) => (MountSource::Host(Value::known(path, None)), None),
            None if self.uses.get(mount.device.as_str()).copied().unwrap_or(0) > 1 => {
                let filesystem = format!("{} {}", mount.fstype, mount.device);
                (MountSource::Unlisted { filesystem, path: root.to_owned() }, None)
            }
            None if mount.fstype == "tmpfs" || mount.fstype == "ramfs" => (MountSource::Tmpfs, None),
            None => (MountSource::Injected, None),
        }
    }

    /// The path on the host of a directory of a filesystem: through the mount that shows most of it, and only where no
    /// other mount stands before it.
    fn path(&self, device: &str, inner: &str) -> Option<String> {
        let mut roots = vec![inner];
        while let Some((parent, _)) = roots.last().and_then(|path| parent_and_name(path)) {
            roots.push(parent);
        }
        roots.into_iter().rev().find_map(|root| {
            let rest = split_below(inner, root)?;
            let mounts = self.by_root.get(&(device, root))?;
            let below = |mount: &&KernelMount| join(&mount.mount_point, &format!("./{rest}"));
            mounts.iter().map(below).find(|path| self.leads_to(path, device, inner))
        })
    }

    fn leads_to(&self, path: &str, device: &str, inner: &str) -> bool {
        let mut point = path;
        loop {
            if let Some(mount) = self.by_point.get(point) {
                let rest = split_below(path, point).unwrap_or("");
                return mount.device == device && join(mount.root().0, &format!("./{rest}")) == inner;
            }
            let Some((parent, _)) = parent_and_name(point) else { return false };
            point = parent;
        }
    }
}
