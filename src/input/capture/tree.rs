//! Which mounts a walk from the root can reach: by mount id, as the kernel walks, and not by path alone.
//! Uses `model` alone.

use std::collections::HashMap;

use crate::model::{KernelMount, is_whole, split_below};

/// The mounts that a path walk can reach, each mount point once, in the table's order. A path is on the one with the
/// longest mount point that holds it.
///
/// The walk begins at the process's root. What is mounted on that very directory is in the table too, but no path
/// leads onto it (measured: `mount -t tmpfs x /` changes nothing for the process).
pub fn visible(mounts: &[KernelMount]) -> Vec<&KernelMount> {
    let mut tree = MountTree::of(mounts);
    // The root may be a directory of a mount that is not in the table (chroot(2)): its mounts are orphans there. Else
    // an orphan is one whose parent's line could not be read, and is taken for a child of the root.
    let mut first = std::mem::take(&mut tree.orphans);
    first.extend(tree.root.map(|root| tree.take_children(root)).unwrap_or_default());
    first.retain(|child| tree.point(*child) != "/");
    let mut seen: Vec<usize> = tree.root.into_iter().collect();
    let mut open = tree.reachable("/", first);
    while let Some(at) = open.pop() {
        let (top, children) = tree.top(at);
        seen.push(top);
        open.extend(tree.reachable(tree.point(top), children));
    }
    // A child has one parent, so none was met twice.
    seen.sort_unstable();
    seen.into_iter().filter_map(|at| mounts.get(at)).collect()
}

/// The mount that is the root, which [`visible`] has too: the first one there that is on no other of the table.
pub fn root(mounts: &[KernelMount]) -> Option<&KernelMount> {
    let is_first = |root: &&KernelMount| {
        root.mount_point == "/" && (root.parent == root.id || mounts.iter().all(|mount| mount.id != root.parent))
    };
    mounts.iter().find(is_first)
}

/// Whether a filesystem is one that engines join from the layers of an image: as a container's root it is that container's
/// alone.
pub fn is_layered(fstype: &str) -> bool {
    matches!(fstype, "overlay" | "fuse.fuse-overlayfs" | "fuse-overlayfs" | "aufs")
}

struct MountTree<'a> {
    mounts: &'a [KernelMount],
    /// The mount that is the process's root.
    root: Option<usize>,
    /// The mounts on each, by the place of both in the table.
    children: HashMap<usize, Vec<usize>>,
    /// Those on a mount that is not in the table.
    orphans: Vec<usize>,
}

impl<'a> MountTree<'a> {
    fn of(mounts: &'a [KernelMount]) -> Self {
        let mut by_id: HashMap<i32, usize> = HashMap::with_capacity(mounts.len());
        for (at, mount) in mounts.iter().enumerate() {
            if is_whole(&mount.mount_point) {
                by_id.entry(mount.id).or_insert(at);
            }
        }
        let mut tree = Self { mounts, root: None, children: HashMap::new(), orphans: Vec::new() };
        for (at, mount) in mounts.iter().enumerate() {
            match by_id.get(&mount.parent) {
                // No walk leads to what is no path; only a capture that was changed holds one.
                _ if !is_whole(&mount.mount_point) => {}
                // The root of a whole mount namespace is its own parent.
                Some(parent) if mount.parent != mount.id => tree.children.entry(*parent).or_default().push(at),
                _ if mount.mount_point == "/" && tree.root.is_none() => tree.root = Some(at),
                _ => tree.orphans.push(at),
            }
        }
        tree
    }

    fn point(&self, at: usize) -> &'a str {
        self.mounts.get(at).map_or("/", |mount| &mount.mount_point)
    }

    fn take_children(&mut self, at: usize) -> Vec<usize> {
        self.children.remove(&at).unwrap_or_default()
    }

    /// What lies on top of a mount: one with the same mount point covers it whole, with all that is mounted below.
    fn top(&mut self, mut at: usize) -> (usize, Vec<usize>) {
        loop {
            let children = self.take_children(at);
            match children.iter().rfind(|child| self.point(**child) == self.point(at)) {
                Some(cover) => at = *cover,
                None => return (at, children),
            }
        }
    }

    /// Of the mounts on one mount, those that a walk comes to: it crosses into a sibling whose mount point lies above
    /// another's before it gets there. Of two at one place the later one.
    fn reachable(&self, base: &str, mut children: Vec<usize>) -> Vec<usize> {
        children.retain(|child| split_below(self.point(*child), base).is_some());
        children.sort_by(|a, b| by_component(self.point(*a), self.point(*b)).then(b.cmp(a)));
        let mut kept: Vec<usize> = Vec::with_capacity(children.len());
        for child in children {
            let hidden = kept.last().is_some_and(|above| split_below(self.point(child), self.point(*above)).is_some());
            if !hidden {
                kept.push(child);
            }
        }
        kept
    }
}

/// An order in which all that lies below a path follows right after it.
fn by_component(a: &str, b: &str) -> std::cmp::Ordering {
    /// Long beginnings are the same where an engine mounts; so many bytes are compared at once.
    const STEP: usize = 16;
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let steps = a.chunks_exact(STEP).zip(b.chunks_exact(STEP));
    let same = STEP * steps.take_while(|(a, b)| a == b).count();
    let key = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
    a.iter().skip(same).map(key).cmp(b.iter().skip(same).map(key))
}

#[cfg(test)]
mod tests;
