//! Where paths of one container live, and from where else they are reached: what `where` tells.
//! May use `model`, `rules`, `finding` and `judge::place`.

use std::collections::{HashMap, HashSet};

use super::place::{MountLookup, MountedPath, Place};
use crate::finding::{Located, Reach};
use crate::model::{Container, Layout, Mount, join, split_below, upward};
use crate::rules::Ruleset;

/// Looks paths of a container up. The container is named by its index in the layout; the paths are absolute.
///
/// Takes as long as there are mounts in all containers and paths, not their product.
pub fn locate_paths(layout: &Layout, rules: &Ruleset, index: usize, paths: &[String]) -> Vec<Located> {
    let ways = Ways::of(layout, rules);
    let Some((container, mounts)) = ways.containers.get(index) else { return Vec::new() };
    let followed = container.live.as_ref().map(|live| live.shown().paths.iter().map(String::as_str).collect());
    paths.iter().map(|path| locate_path(container, mounts, path, followed.as_ref(), &ways)).collect()
}

fn locate_path(
    container: &Container,
    mounts: &MountLookup<'_>,
    path: &str,
    followed: Option<&HashSet<&str>>,
    ways: &Ways<'_>,
) -> Located {
    let real = mounts.real(path);
    let landing = mounts.land_without_links(&real);
    let live = container.live.as_ref();
    let mount = match landing.mount {
        Some(mount) => mount.kernel.as_deref(),
        None => live.and_then(|live| live.root.as_deref()),
    };
    let own = Reach { container: container.name.clone(), path: real.clone() };
    let mut reached_by = if landing.place.is_private() { Vec::new() } else { ways.to(&landing) };
    reached_by.retain(|reach| *reach != own);
    reached_by.sort();
    reached_by.dedup();
    Located {
        path: path.to_owned(),
        followed: followed.is_none_or(|followed| followed.contains(path)),
        place: landing.place.name(),
        private: landing.place.is_private(),
        mount: mount.cloned(),
        real,
        reached_by,
    }
}

/// A host, a superblock and a path in it.
type Inner<'a> = (Option<&'a str>, String, String);

/// Every mount of every container by the place that it shows, but for those that only their own container can reach.
struct Ways<'a> {
    containers: Vec<(&'a Container, MountLookup<'a>)>,
    by_root: HashMap<Place, Vec<(usize, &'a Mount)>>,
    /// The same by superblock and root, as the kernel knows them.
    by_inner: HashMap<Inner<'a>, Vec<(usize, &'a Mount)>>,
}

impl<'a> Ways<'a> {
    fn of(layout: &'a Layout, rules: &'a Ruleset) -> Self {
        let mounts = |(at, container)| (container, MountLookup::new(at, container, &rules.filesystems));
        let containers: Vec<_> = layout.containers.iter().enumerate().map(mounts).collect();
        let mut ways = Self { containers: Vec::new(), by_root: HashMap::new(), by_inner: HashMap::new() };
        for (at, (container, mounts)) in containers.iter().enumerate() {
            let host = container.live.as_ref().and_then(|live| live.host.as_deref());
            for mount in &container.mounts {
                let root = mounts.root_of(mount);
                if root.is_private() {
                    continue;
                }
                ways.by_root.entry(root).or_default().push((at, mount));
                if let Some((device, root)) = mounts.inner(mount, "") {
                    ways.by_inner.entry((host, device, root)).or_default().push((at, mount));
                }
            }
        }
        Self { containers, ..ways }
    }

    /// The paths that lead to a place.
    fn to(&self, landing: &MountedPath<'_>) -> Vec<Reach> {
        let place = &landing.place;
        let mut reaches = Vec::new();
        for root in upward(&place.path) {
            let mounts = self.by_root.get(&place.with_path(root.to_owned())).into_iter().flatten();
            reaches.extend(mounts.filter_map(|(at, mount)| self.reach_through(*at, mount, &place.path, root, place)));
        }
        if let Some((device, inner)) = &landing.inner {
            for root in upward(inner) {
                let key = (place.host.as_deref(), device.clone(), root.to_owned());
                let mounts = self.by_inner.get(&key).into_iter().flatten();
                reaches.extend(mounts.filter_map(|(at, mount)| self.reach_through(*at, mount, inner, root, place)));
            }
        }
        reaches
    }

    /// The path through a mount that shows `root`, where nothing mounted further down stands before it.
    fn reach_through(&self, at: usize, mount: &Mount, path: &str, root: &str, place: &Place) -> Option<Reach> {
        let path = join(&mount.target.text, &format!("./{}", split_below(path, root)?));
        let (container, mounts) = self.containers.get(at)?;
        let leads = mounts.land_without_links(&path).place == *place;
        leads.then(|| Reach { container: container.name.clone(), path })
    }
}
