//! Copies of a login that one container makes for another: a command of the one writes to a place that the other has its
//! state directory on. May use `model`, `rules` and earlier parts of `judge`.

use std::collections::HashMap;
use std::sync::Arc;

use super::candidate::Candidate;
use super::candidate::shell_effects::{CopiedLogin, FileCopy, MadeCopy, copies_made_by, find_host_copies};
use super::place::{Filesystem, MountLookup, MountedPath, Place};
use crate::model::{Container, CopiedFrom, HostCopy, join, split_below};
use crate::rules::{Profile, Ruleset};
use crate::text::Span;

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
    let senders = Senders::new(containers, rules);
    for candidate in candidates.iter_mut() {
        let sent = find_host_copies(candidate.container, &candidate.state, profile);
        let sent = sent
            .filter(|copy| matches!(copy.from, CopiedFrom::Container { .. }))
            .filter_map(|copy| Some((CopiedLogin { from: copy.shown.clone(), span: copy.span }, senders.place(copy)?)));
        candidate.copied.extend(sent.collect::<Vec<_>>());
    }
    for (by, container) in containers.iter().enumerate() {
        let made = copies_made_by(container, None);
        let of_host =
            container.host_copies.iter().filter_map(|copy| Some((senders.place(copy)?, made_by_script(copy))));
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

/// The containers that something is copied out of.
struct Senders<'a> {
    containers: &'a [Container],
    rules: &'a Ruleset,
    /// Their numbers, by their names and where they are described.
    numbers: HashMap<(&'a str, Span), usize>,
}

impl<'a> Senders<'a> {
    fn new(containers: &'a [Container], rules: &'a Ruleset) -> Self {
        let numbers = containers.iter().enumerate().map(|(at, one)| ((one.name.as_str(), one.span), at));
        Self { containers, rules, numbers: numbers.collect() }
    }

    /// Where something is that is copied; `None` where whose it is was not found.
    fn place(&self, copy: &HostCopy) -> Option<Place> {
        match &copy.from {
            CopiedFrom::Host(path) => Some(MountedPath::on_host(path).place),
            CopiedFrom::Named(_) => None,
            CopiedFrom::Container { name, span, path } => {
                let at = *self.numbers.get(&(name.as_str(), *span))?;
                let container = self.containers.get(at)?;
                Some(MountLookup::new(at, container, &self.rules.filesystems).land(path).place)
            }
        }
    }
}

/// A copy that a script of the host makes, as if the container made it.
fn made_by_script(copy: &HostCopy) -> MadeCopy {
    MadeCopy {
        from: copy.shown.clone(),
        to: copy.to.clone(),
        whole: copy.whole,
        excluded: copy.excluded.clone(),
        skips_hidden: copy.skips_hidden,
        span: copy.span,
    }
}
