//! The host's own mounts as one tree of names: what a directory of a filesystem is called there. Uses `model` alone.

use std::collections::HashMap;

use super::{KernelMount, join, split_below, upward};

/// The host's mounts, by what they show and by where they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostTree {
    /// The mount points that show a root, by superblock and root; the oldest mount first.
    points: HashMap<String, HashMap<String, Vec<String>>>,
    /// What is mounted at each mount point.
    mounted: HashMap<String, (String, String)>,
}

impl HostTree {
    /// The tree of mounts that a path on the host can reach.
    pub fn of(mut mounts: Vec<&KernelMount>) -> Self {
        let mut tree = Self::default();
        mounts.sort_by_key(|mount| mount.id);
        for mount in mounts {
            let (root, deleted) = mount.root();
            if !deleted {
                let roots = tree.points.entry(mount.device.clone()).or_default();
                roots.entry(root.to_owned()).or_default().push(mount.mount_point.clone());
            }
            tree.mounted.insert(mount.mount_point.clone(), (mount.device.clone(), root.to_owned()));
        }
        tree
    }

    /// The host's path of a path in a filesystem, the same one whatever mount of a container leads there; `None` where
    /// no path of the host leads to it: it is not mounted there, or another mount stands before it.
    pub fn name(&self, device: &str, inner: &str) -> Option<String> {
        let points = self.points.get(device)?;
        let roots: Vec<&str> = upward(inner).collect();
        // The mount that shows most of it is the one whose name people know.
        roots.into_iter().rev().find_map(|root| {
            let rest = split_below(inner, root)?;
            let paths = points.get(root)?.iter().map(|point| join(point, &format!("./{rest}")));
            paths.into_iter().find(|path| self.leads_to(path, device, inner))
        })
    }

    /// The one name that all paths of the host have which lead where this one does. No link is on the path.
    pub fn canonical(&self, path: &str) -> String {
        let inner = self.nearest(path).map(|(device, inner)| self.name(device, &inner));
        inner.flatten().unwrap_or_else(|| path.to_owned())
    }

    /// The superblock that a path of the host is on, and the path in it.
    fn nearest(&self, path: &str) -> Option<(&str, String)> {
        let (point, (device, root)) = upward(path).find_map(|point| Some((point, self.mounted.get(point)?)))?;
        let rest = split_below(path, point).unwrap_or("");
        Some((device, join(root, &format!("./{rest}"))))
    }

    fn leads_to(&self, path: &str, device: &str, inner: &str) -> bool {
        self.nearest(path).is_some_and(|(mounted, there)| mounted == device && there == inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(id: i32, device: &str, root: &str, point: &str) -> KernelMount {
        KernelMount {
            id,
            parent: 1,
            device: device.to_owned(),
            root: root.to_owned(),
            mount_point: point.to_owned(),
            fstype: "ext4".to_owned(),
            source: "none".to_owned(),
            options: Vec::new(),
            super_options: Vec::new(),
        }
    }

    #[test]
    fn a_name_leads_back_to_what_it_names() {
        let mounts = [
            mount(1, "8:1", "/", "/"),
            mount(3, "8:2", "/", "/data"),
            mount(2, "8:2", "/", "/again"),
            mount(4, "8:2", "/kept", "/data/covered"),
        ];
        let tree = HostTree::of(mounts.iter().collect());
        assert_eq!(tree.name("8:1", "/srv/x").as_deref(), Some("/srv/x"));
        // What stands under a mount has no name there, and is no other file of the same name.
        assert_eq!(tree.name("8:1", "/data/x"), None);
        assert_eq!(tree.name("8:2", "/x").as_deref(), Some("/again/x"));
        assert_eq!(tree.name("8:2", "/covered/x").as_deref(), Some("/again/covered/x"));
        assert_eq!(tree.name("8:2", "/kept/x").as_deref(), Some("/again/kept/x"));
        assert_eq!(tree.name("8:9", "/x"), None);
        assert_eq!(tree.canonical("/data/x"), "/again/x");
        assert_eq!(tree.canonical("/data/covered/x"), "/again/kept/x");
        assert_eq!(tree.canonical("/srv/x"), "/srv/x");
    }
}
