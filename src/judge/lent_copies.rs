//! Copies of a login that one container makes for another: a command of the one writes to a place that the other has its
//! state directory on. May use `model`, `rules` and earlier parts of `judge`.

use std::collections::HashMap;
use std::sync::Arc;

use super::candidate::Candidate;
use super::candidate::shell_effects::{CopiedLogin, FileCopy, MadeCopy, copies_made_by};
use super::place::{Filesystem, MountLookup, MountedPath, Place};
use crate::model::{Container, HostCopy, join, split_below};
use crate::rules::{Profile, Ruleset};

/// Copies of all containers that are held against logins.
const MAX_COPIES: usize = 1_000;

/// A copy whose ends other containers can reach.
struct LentCopy {
    /// The container that makes it, by its number.
    by: usize,
    made: MadeCopy,
    from: Place,
    to: Place,
}

/// The filesystem of a place: copies are looked for by it.
type FilesystemKey = (Option<Arc<str>>, Filesystem);

/// Tells each candidate what other containers copy into its state directory.
pub(super) fn add_lent_copies(
    containers: &[Container],
    candidates: &mut [Candidate<'_>],
    profile: &Profile,
    rules: &Ruleset,
) {
    let mut copies: HashMap<FilesystemKey, Vec<LentCopy>> = HashMap::new();
    let mut left = MAX_COPIES;
    for (by, container) in containers.iter().enumerate() {
        let made = copies_made_by(container, None);
        let of_host = container.host_copies.iter().map(made_of_host);
        if made.is_empty() && container.host_copies.is_empty() {
            continue;
        }
        let mounts = MountLookup::new(by, container, &rules.filesystems);
        let made = made.into_iter().map(|made| (mounts.land(&made.from).place, made));
        for (from, made) in made.chain(of_host).take(left) {
            let to = mounts.land(&made.to).place;
            if !from.is_private() && !to.is_private() && from != to {
                left -= 1;
                let key = (to.host.clone(), to.filesystem.clone());
                copies.entry(key).or_default().push(LentCopy { by, made, from, to });
            }
        }
    }
    if copies.is_empty() {
        return;
    }
    for candidate in candidates {
        let directory = candidate.login_directory();
        let key = (directory.host.clone(), directory.filesystem.clone());
        for copy in copies.get(&key).into_iter().flatten().filter(|copy| copy.by != candidate.index) {
            let Some(rest) = split_below(&copy.to.path, &directory.path) else { continue };
            let to = join(&candidate.state.path, &format!("./{rest}"));
            let LentCopy { made, from, .. } = copy;
            let file_copy = FileCopy { from: &made.from, to: &to, whole: made.whole, excluded: &made.excluded };
            if file_copy.brings_login(&candidate.state, profile) {
                candidate.copied.push((CopiedLogin { from: made.from.clone(), span: made.span }, from.clone()));
            }
        }
    }
}

/// A copy out of a path of the host, with the place of that.
fn made_of_host(copy: &HostCopy) -> (Place, MadeCopy) {
    let made = MadeCopy {
        from: copy.shown.clone(),
        to: copy.to.clone(),
        whole: copy.whole,
        excluded: copy.excluded.clone(),
        skips_hidden: copy.skips_hidden,
        span: copy.span,
    };
    (MountedPath::on_host(&copy.from).place, made)
}
