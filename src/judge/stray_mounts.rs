//! Containers that have somebody's state directory within reach, but not where the program is known to look.
//! May use `model`, `rules`, `finding` and earlier parts of `judge`.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::candidate::calls::RunsProgram;
use super::candidate::state_dir::StateDirBasis;
use super::candidate::{Candidate, LoginCopy};
use super::place::{MountLookup, Place};
use super::unseen_peers::is_unseen;
use crate::finding::Evidence;
use crate::model::{Mount, MountSource, parent_and_name};
use crate::rules::{Refresh, Ruleset};

/// What participants share: their directories and logins, and every directory above those.
struct Shared {
    exactly: HashSet<Place>,
    /// The directories and logins that only one container can reach.
    private: HashSet<Place>,
    above: HashSet<Place>,
}

/// Marks the containers that mount a state directory elsewhere: as no participants where they only read it or run
/// something else, as undetermined where the program may look there after all.
pub(crate) fn mark_stray_mounts(candidates: &mut [Candidate<'_>], rules: &Ruleset) {
    let shared = shared_places(candidates);
    let stores = count_copies(candidates);
    for candidate in candidates.iter_mut().filter(|candidate| !candidate.container.is_host()) {
        let other = |place: &Place| shared.exactly.contains(place) || is_named_like_state(place, candidate);
        let several = |place: &Place| stores.get(place).is_some_and(|logins| *logins > 1);
        // What is on another container's own layer is a login where that one uses it.
        let own = [&candidate.login.place, &candidate.place];
        let may_be_another =
            |place: &Place| !place.is_private() || shared.private.contains(place) && !own.contains(&place);
        let clone =
            candidate.copied.iter().find(|(_, place)| may_be_another(place) && (other(place) || several(place)));
        candidate.clone = clone.map(|(copied, place)| LoginCopy {
            from: copied.from.clone(),
            place: place.clone(),
            span: copied.span,
        });
        let mounts = MountLookup::new(candidate.index, candidate.container, &rules.filesystems);
        let login = candidate.login.mount.map(std::ptr::from_ref);
        let elsewhere = candidate.container.mounts.iter().filter(|mount| login != Some(std::ptr::from_ref(*mount)));
        let mut within: Option<(&Mount, bool)> = None;
        for mount in elsewhere {
            let root = mounts.root_of(mount);
            let exactly = shared.exactly.contains(&root) || looks_like_state(mount, &root, candidate);
            if exactly || shared.above.contains(&root) {
                within = Some((mount, exactly));
                if exactly {
                    break;
                }
            }
        }
        if let Some((mount, exactly)) = within {
            judge_reach(candidate, mount, exactly);
        }
    }
    mark_equal_logins(candidates);
}

/// How many logins are copies of what is at one place.
fn count_copies(candidates: &[Candidate<'_>]) -> HashMap<Place, u64> {
    let mut logins: HashMap<&Place, (HashSet<&Place>, u64)> = HashMap::new();
    for candidate in candidates.iter().filter(|candidate| candidate.takes_part()) {
        let own = candidate.login.place.is_private();
        for (_, place) in &candidate.copied {
            let (places, more) = logins.entry(place).or_default();
            // Each replica has one of its own.
            if places.insert(&candidate.login.place) && own {
                *more += candidate.container.replicas.saturating_sub(1);
            }
        }
    }
    logins.into_iter().map(|(place, (places, more))| (place.clone(), places.len() as u64 + more)).collect()
}

/// Marks those whose login was found to be the same as one elsewhere (`--compare-identities`).
fn mark_equal_logins(candidates: &mut [Candidate<'_>]) {
    // Numbers mean nothing beyond the host that they were given on.
    let number = |candidate: &Candidate<'_>| {
        let live = candidate.container.live.as_ref()?;
        Some((live.host.clone(), *live.shown().logins.get(&candidate.state.path)?))
    };
    let mut holders: BTreeMap<_, Vec<(Place, String)>> = BTreeMap::new();
    for candidate in candidates.iter().filter(|candidate| candidate.takes_part()) {
        if let Some(number) = number(candidate) {
            holders
                .entry(number)
                .or_default()
                .push((candidate.login.place.clone(), candidate.container.told_name().to_owned()));
        }
    }
    for candidate in candidates {
        let same = number(candidate).and_then(|number| holders.get(&number));
        let other = same.and_then(|same| same.iter().find(|(place, _)| *place != candidate.login.place));
        if let Some((place, name)) = other {
            let (from, place) = (format!("the login of {name}"), place.clone());
            candidate.clone =
                candidate.clone.take().or_else(|| Some(LoginCopy { from, place, span: candidate.span() }));
        }
    }
}

fn shared_places(candidates: &[Candidate<'_>]) -> Shared {
    let mut shared = Shared { exactly: HashSet::new(), private: HashSet::new(), above: HashSet::new() };
    for candidate in candidates.iter().filter(|candidate| candidate.takes_part()) {
        let own = [&candidate.login.place, &candidate.place].into_iter().filter(|place| place.is_private());
        shared.private.extend(own.cloned());
    }
    for candidate in candidates.iter().filter(|candidate| candidate.takes_part() && !candidate.login.place.is_private())
    {
        shared.exactly.insert(candidate.login.place.clone());
        shared.exactly.extend(Some(&candidate.place).filter(|place| !place.is_private()).cloned());
        let mut at = candidate.place.clone();
        while let Some(parent) = parent_and_name(&at.path).map(|(parent, _)| at.with_path(parent.to_owned())) {
            // What is above is above everything below it too, so a known one ends the walk.
            if !shared.above.insert(parent.clone()) {
                break;
            }
            at = parent;
        }
    }
    shared
}

/// Whether a mount's source is named like a state directory or a login.
fn looks_like_state(mount: &Mount, root: &Place, candidate: &Candidate<'_>) -> bool {
    let shareable = matches!(mount.source, MountSource::Host(_) | MountSource::Volume(_) | MountSource::Unresolved(_));
    shareable && is_named_like_state(root, candidate)
}

fn is_named_like_state(place: &Place, candidate: &Candidate<'_>) -> bool {
    let Some((above, name)) = parent_and_name(&place.path) else { return false };
    // One in another of its name is something that a program keeps in its directory.
    let is_within = parent_and_name(above).is_some_and(|(_, above)| above == name);
    let own = [&candidate.profile.state_directory.default, &candidate.profile.credentials];
    !is_within && own.into_iter().any(|own| name == own)
}

fn judge_reach<'a>(candidate: &mut Candidate<'a>, mount: &'a Mount, exactly: bool) {
    let settled = candidate.state.known == StateDirBasis::Said || candidate.login.mount.is_some();
    let target = &mount.target.text;
    match candidate.runs {
        // What is known to keep its state elsewhere may mount what it likes.
        _ if candidate.listed && settled => {}
        RunsProgram::No(_) => candidate.listed |= exactly,
        _ if mount.read_only && exactly && !candidate.listed => {
            let text = format!("it mounts the directory read-only at {target}, where the program does not look");
            candidate.runs = RunsProgram::No(Evidence::seen(text, Some(mount.span)));
            candidate.refresh = Refresh::No;
            candidate.listed = true;
        }
        _ if mount.read_only => {}
        RunsProgram::Yes(_) => (candidate.listed, candidate.reach) = (true, Some(mount)),
        RunsProgram::Unknown if exactly || candidate.listed || is_unseen(candidate.container) => {
            (candidate.listed, candidate.reach) = (true, Some(mount));
        }
        RunsProgram::Unknown => {}
    }
}
