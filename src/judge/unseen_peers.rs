//! Containers that were not seen whole and may use somebody's login: whoever may share with one of them is not known to be
//! safe. May use `model`, `rules` and earlier parts of `judge`.

use std::collections::BTreeMap;

use super::candidate::Candidate;
use super::candidate::calls::RunsProgram;
use super::place::{Filesystem, MountLookup, Place};
use crate::model::{Container, EngineHost, Inspection, Mount, split_below};
use crate::rules::{Refresh, Ruleset};

/// The containers that were not seen whole and may run the program.
pub(crate) struct UnseenPeers<'a> {
    peers: Vec<UnseenPeer<'a>>,
    rules: &'a Ruleset,
}

/// One of them.
pub(crate) struct UnseenPeer<'a> {
    index: usize,
    pub(crate) container: &'a Container,
    /// Logins that it is known to use: who shares one is judged beside it.
    logins: Vec<Place>,
    /// What it mounts that others can mount too; `None` where that is not known.
    mounts: Option<Vec<(Place, &'a Mount)>>,
}

/// Whether a container that runs was not inspected, or its files were not looked at; or one that a script starts may be
/// on another host.
pub(crate) fn is_unseen(container: &Container) -> bool {
    if matches!(container.engine_host, EngineHost::Unclear(_)) {
        return true;
    }
    let live = container
        .live
        .as_ref()
        .filter(|live| !live.is_host && !live.is_planned && live.engine.inspection != Inspection::Gone);
    let Some(live) = live else { return false };
    live.is_uninspected() || (!live.shown().followed && !container.unseen.is_empty())
}

impl<'a> UnseenPeers<'a> {
    pub(crate) fn of_candidates(candidates: &[Candidate<'a>], rules: &'a Ruleset) -> Self {
        let mut logins: BTreeMap<usize, Vec<Place>> = BTreeMap::new();
        let unseen =
            || candidates.iter().filter(|one| is_unseen(one.container) && !matches!(one.runs, RunsProgram::No(_)));
        for candidate in unseen() {
            let known = logins.entry(candidate.index).or_default();
            known.extend(matches!(candidate.runs, RunsProgram::Yes(_)).then(|| candidate.login.place.clone()));
        }
        let peers = unseen().filter_map(|candidate| {
            let (index, container) = (candidate.index, candidate.container);
            let logins = logins.remove(&index)?;
            let mounts = MountLookup::new(index, container, &rules.filesystems);
            let is_unclear = matches!(container.engine_host, EngineHost::Unclear(_));
            let mounts = if is_unclear { mounts.on_this_host() } else { mounts };
            let live = container.live.as_ref();
            let shown = container.mounts.iter().map(|mount| (mounts.root_of(mount), mount));
            let shown = || shown.filter(|(root, _)| !root.is_private()).collect();
            let mounts = live.is_none_or(|live| !live.mounts_unknown()).then(shown);
            Some(UnseenPeer { index, container, logins, mounts })
        });
        Self { peers: peers.collect(), rules }
    }

    /// The first of them that may use a candidate's login.
    pub(crate) fn reaching(&self, candidate: &Candidate<'_>) -> Option<&UnseenPeer<'a>> {
        if self.peers.is_empty() || candidate.refresh == Refresh::No || !candidate.takes_part() {
            return None;
        }
        let wanted: Vec<&Place> =
            [&candidate.login.place, &candidate.place].into_iter().filter(|place| !place.is_private()).collect();
        let others = self.peers.iter().filter(|peer| peer.index != candidate.index);
        others.filter(|peer| !peer.logins.contains(&candidate.login.place)).find(|peer| {
            wanted.iter().any(|wanted| match &peer.mounts {
                None => !is_elsewhere(peer.container, wanted),
                Some(mounts) => mounts.iter().any(|(root, mount)| self.may_show(root, mount, peer.container, wanted)),
            })
        })
    }

    /// Whether a mount may show a place: unless it is known to show another.
    fn may_show(&self, root: &Place, mount: &Mount, container: &Container, wanted: &Place) -> bool {
        // The engine tells a source as it was asked for; what filesystem that is on the kernel alone shows.
        let exact = mount.kernel.is_some();
        let below = || split_below(&wanted.path, &root.path).is_some();
        if root.host.is_some() && wanted.host.is_some() && root.host != wanted.host {
            return false;
        }
        match (&root.filesystem, &wanted.filesystem) {
            (Filesystem::Unresolved, _) | (_, Filesystem::Unresolved) => true,
            (Filesystem::Host, Filesystem::Volume(name)) => {
                let own = container.live.as_ref().and_then(|live| live.volume_directory.as_deref());
                let usual = self.rules.filesystems.volume_directories.iter().map(String::as_str);
                let mut directories = own.into_iter().chain(usual);
                directories.any(|directory| split_below(&format!("{directory}/{name}/_data"), &root.path).is_some())
            }
            (one, other) if one == other => below(),
            (Filesystem::Host | Filesystem::Volume(_), Filesystem::Device(_) | Filesystem::Export { .. })
            | (Filesystem::Device(_) | Filesystem::Export { .. }, Filesystem::Device(_) | Filesystem::Export { .. })
            | (Filesystem::Device(_) | Filesystem::Export { .. }, Filesystem::Volume(_)) => !exact,
            _ => false,
        }
    }
}

/// Whether a container runs on another host than the one that a place is on.
fn is_elsewhere(container: &Container, place: &Place) -> bool {
    let host = container.live.as_ref().and_then(|live| live.host.as_deref());
    place.host.is_some() && host.is_some() && place.host.as_deref() != host
}
