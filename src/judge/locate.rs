//! Where one path of one container lives, and from where else it is reached: what `where` tells.
//! May use `model`, `ruleset`, `finding` and `judge::place`.

use super::place::{Mounts, Place};
use crate::finding::{Located, Reach};
use crate::model::{Container, Layout, join, split_below};
use crate::ruleset::Ruleset;

/// Looks a path of a container up. The container is named by its index in the layout.
pub fn locate(layout: &Layout, rules: &Ruleset, index: usize, path: &str) -> Located {
    let nobody = Container::default();
    let container = layout.containers.get(index).unwrap_or(&nobody);
    let mounts = Mounts::new(index, container, &rules.filesystems);
    let landing = mounts.land(path);
    let real = mounts.real(path);
    let live = container.live.as_ref();
    let on_root = || live.and_then(|live| live.root.as_deref());
    let mount = match landing.mount {
        Some(mount) => mount.kernel.as_deref(),
        None => on_root(),
    };
    let mut reached_by = Vec::new();
    let own = Reach { container: container.name.clone(), path: real.clone() };
    if !landing.place.is_private() {
        for (at, other) in layout.containers.iter().enumerate() {
            let names = reaches(at, other, &landing.place, rules);
            reached_by.extend(names.into_iter().map(|path| Reach { container: other.name.clone(), path }));
        }
    }
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

/// The paths by which a container's mounts lead to a place.
fn reaches(index: usize, container: &Container, place: &Place, rules: &Ruleset) -> Vec<String> {
    let mounts = Mounts::new(index, container, &rules.filesystems);
    let mut paths: Vec<String> = Vec::new();
    for mount in &container.mounts {
        let root = mounts.root_of(mount);
        if root.with_path(String::new()) != place.with_path(String::new()) {
            continue;
        }
        let Some(rest) = split_below(&place.path, &root.path) else { continue };
        let path = join(&mount.target.text, &format!("./{rest}"));
        // A mount further down may stand before it.
        if mounts.land(&path).place == *place {
            paths.push(path);
        }
    }
    paths.sort();
    paths.dedup();
    paths
}
