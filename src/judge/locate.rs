//! Where paths of one container live, and from where else they are reached: what `where` tells.
//! May use `model`, `ruleset`, `finding` and `judge::place`.

use std::collections::HashMap;

use super::place::{Mounts, Place};
use crate::finding::{Located, Reach};
use crate::model::{Container, Layout, Mount, join, parent_and_name, split_below};
use crate::ruleset::Ruleset;

/// Looks paths of a container up. The container is named by its index in the layout; the paths are absolute.
///
/// Takes as long as there are mounts in all containers and paths, not their product.
pub fn locate(layout: &Layout, rules: &Ruleset, index: usize, paths: &[String]) -> Vec<Located> {
    let nobody = Container::default();
    let container = layout.containers.get(index).unwrap_or(&nobody);
    let mounts = Mounts::new(index, container, &rules.filesystems);
    let ways = Ways::of(layout, rules);
    paths.iter().map(|path| one(container, &mounts, path, &ways)).collect()
}

fn one(container: &Container, mounts: &Mounts<'_>, path: &str, ways: &Ways<'_>) -> Located {
    let landing = mounts.land(path);
    let real = mounts.real(path);
    let live = container.live.as_ref();
    let mount = match landing.mount {
        Some(mount) => mount.kernel.as_deref(),
        None => live.and_then(|live| live.root.as_deref()),
    };
    let own = Reach { container: container.name.clone(), path: real.clone() };
    let mut reached_by = if landing.place.is_private() { Vec::new() } else { ways.to(&landing.place) };
    reached_by.retain(|reach| *reach != own);
    reached_by.sort();
    Located {
        path: path.to_owned(),
        followed: live.is_none_or(|live| live.paths.iter().any(|followed| followed == path)),
        place: landing.place.name(),
        private: landing.place.is_private(),
        mount: mount.cloned(),
        real,
        reached_by,
    }
}

/// Every mount of every container by the place that it shows.
struct Ways<'a> {
    containers: Vec<(&'a Container, Mounts<'a>)>,
    by_root: HashMap<Place, Vec<(usize, &'a Mount)>>,
}

impl<'a> Ways<'a> {
    fn of(layout: &'a Layout, rules: &'a Ruleset) -> Self {
        let mounts = |(at, container)| (container, Mounts::new(at, container, &rules.filesystems));
        let containers: Vec<_> = layout.containers.iter().enumerate().map(mounts).collect();
        let mut by_root: HashMap<Place, Vec<(usize, &Mount)>> = HashMap::new();
        for (at, (container, mounts)) in containers.iter().enumerate() {
            for mount in &container.mounts {
                by_root.entry(mounts.root_of(mount)).or_default().push((at, mount));
            }
        }
        Self { containers, by_root }
    }

    /// The paths that lead to a place.
    fn to(&self, place: &Place) -> Vec<Reach> {
        let mut reaches = Vec::new();
        let mut root = place.path.as_str();
        loop {
            for (at, mount) in self.by_root.get(&place.with_path(root.to_owned())).into_iter().flatten() {
                let rest = split_below(&place.path, root).unwrap_or("");
                let path = join(&mount.target.text, &format!("./{rest}"));
                let Some((container, mounts)) = self.containers.get(*at) else { continue };
                // A mount further down may stand before it.
                if mounts.land_without_links(&path).place == *place {
                    reaches.push(Reach { container: container.name.clone(), path });
                }
            }
            let Some((parent, _)) = parent_and_name(root) else { return reaches };
            root = parent;
        }
    }
}
