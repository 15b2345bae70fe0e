//! Containers that have somebody's state directory within reach, but not where the program is known to look.
//! May use `model`, `ruleset`, `finding` and earlier parts of `judge`.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::files::Copied;
use super::place::{Mounts, Place};
use super::program::Runs;
use super::state::Known;
use super::subject::Subject;
use crate::finding::Evidence;
use crate::model::{Mount, MountSource, parent_and_name};
use crate::ruleset::{Refresh, Ruleset};

/// What participants share: their directories and logins, and every directory above those.
struct Shared {
    exactly: HashSet<Place>,
    above: HashSet<Place>,
}

/// Marks the containers that mount a state directory elsewhere: as no participants where they only read it or run
/// something else, as undetermined where the program may look there after all.
pub(crate) fn mark(subjects: &mut [Subject<'_>], rules: &Ruleset) {
    let shared = shared(subjects);
    let stores = stores(subjects);
    for subject in subjects.iter_mut().filter(|subject| !subject.container.is_host()) {
        let other = |place: &Place| shared.exactly.contains(place) || is_named_like_state(place, subject);
        let several = |place: &Place| stores.get(place).is_some_and(|logins| *logins > 1);
        let clone = subject.copied.iter().find(|(_, place)| !place.is_private() && (other(place) || several(place)));
        subject.clone = clone.map(|(copied, _)| copied.clone());
        let mounts = Mounts::new(subject.index, subject.container, &rules.filesystems);
        let login = subject.login.mount.map(std::ptr::from_ref);
        let elsewhere = subject.container.mounts.iter().filter(|mount| login != Some(std::ptr::from_ref(*mount)));
        let mut within: Option<(&Mount, bool)> = None;
        for mount in elsewhere {
            let root = mounts.root_of(mount);
            let exactly = shared.exactly.contains(&root) || looks_like_state(mount, &root, subject);
            if exactly || shared.above.contains(&root) {
                within = Some((mount, exactly));
                if exactly {
                    break;
                }
            }
        }
        if let Some((mount, exactly)) = within {
            judge_reach(subject, mount, exactly);
        }
    }
    mark_equal_logins(subjects);
}

/// How many logins are copies of what is at one place.
fn stores(subjects: &[Subject<'_>]) -> HashMap<Place, u64> {
    let mut logins: HashMap<&Place, (HashSet<&Place>, u64)> = HashMap::new();
    for subject in subjects.iter().filter(|subject| subject.takes_part()) {
        let own = subject.login.place.is_private();
        for (_, place) in &subject.copied {
            let (places, more) = logins.entry(place).or_default();
            // Each replica has one of its own.
            if places.insert(&subject.login.place) && own {
                *more += subject.container.replicas.saturating_sub(1);
            }
        }
    }
    logins.into_iter().map(|(place, (places, more))| (place.clone(), places.len() as u64 + more)).collect()
}

/// Marks those whose login was found to be the same as one elsewhere (`--compare-identities`).
fn mark_equal_logins(subjects: &mut [Subject<'_>]) {
    // Numbers mean nothing beyond the host that they were given on.
    let number = |subject: &Subject<'_>| {
        let live = subject.container.live.as_ref()?;
        Some((live.host.clone(), *live.logins.get(&subject.state.path)?))
    };
    let mut holders: BTreeMap<_, Vec<(Place, String)>> = BTreeMap::new();
    for subject in subjects.iter().filter(|subject| subject.takes_part()) {
        if let Some(number) = number(subject) {
            holders.entry(number).or_default().push((subject.login.place.clone(), subject.container.name.clone()));
        }
    }
    for subject in subjects {
        let same = number(subject).and_then(|number| holders.get(&number));
        let other = same.and_then(|same| same.iter().find(|(place, _)| *place != subject.login.place));
        if let Some((_, name)) = other {
            let from = format!("the login of {name}");
            subject.clone = subject.clone.take().or_else(|| Some(Copied { from, span: subject.span() }));
        }
    }
}

fn shared(subjects: &[Subject<'_>]) -> Shared {
    let mut shared = Shared { exactly: HashSet::new(), above: HashSet::new() };
    for subject in subjects.iter().filter(|subject| subject.takes_part() && !subject.login.place.is_private()) {
        shared.exactly.insert(subject.login.place.clone());
        shared.exactly.extend(Some(&subject.place).filter(|place| !place.is_private()).cloned());
        let mut at = subject.place.clone();
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
fn looks_like_state(mount: &Mount, root: &Place, subject: &Subject<'_>) -> bool {
    let shareable = matches!(mount.source, MountSource::Host(_) | MountSource::Volume(_) | MountSource::Unresolved(_));
    shareable && is_named_like_state(root, subject)
}

fn is_named_like_state(place: &Place, subject: &Subject<'_>) -> bool {
    let name = parent_and_name(&place.path).map(|(_, name)| name);
    let own = [&subject.profile.state_directory.default, &subject.profile.credentials];
    own.into_iter().any(|own| name == Some(own))
}

fn judge_reach<'a>(subject: &mut Subject<'a>, mount: &'a Mount, exactly: bool) {
    let settled = subject.state.known == Known::Said || subject.login.mount.is_some();
    let target = &mount.target.text;
    match subject.runs {
        // What is known to keep its state elsewhere may mount what it likes.
        _ if subject.listed && settled => {}
        Runs::No(_) => subject.listed |= exactly,
        _ if mount.read_only && exactly && !subject.listed => {
            let text = format!("it mounts the directory read-only at {target}, where the program does not look");
            subject.runs = Runs::No(Evidence::seen(text, Some(mount.span)));
            subject.refresh = Refresh::No;
            subject.listed = true;
        }
        _ if mount.read_only => {}
        Runs::Yes(_) => (subject.listed, subject.reach) = (true, Some(mount)),
        Runs::Unknown if exactly || subject.listed => (subject.listed, subject.reach) = (true, Some(mount)),
        Runs::Unknown => {}
    }
}
