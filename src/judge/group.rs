//! The physics: who shares a login, and who takes a lock in common with whom. By classes of equal participants, so
//! that cost grows with containers and not with pairs of them. May use `model`, `ruleset` and earlier parts of `judge`.

use std::collections::{BTreeMap, BTreeSet};

use super::place::Place;
use super::subject::Subject;
use crate::finding::MAX_PEERS;
use crate::ruleset::{InternalLock, Peers, Refresh, VersionRange};

/// Subjects that share one login, by their indices; a login on a private layer is shared with nobody.
pub(crate) fn groups(subjects: &[Subject<'_>]) -> Vec<Vec<usize>> {
    let mut by_login: BTreeMap<(&str, &Place), Vec<usize>> = BTreeMap::new();
    for (at, subject) in subjects.iter().enumerate() {
        by_login.entry((&subject.profile.id, &subject.login.place)).or_default().push(at);
    }
    by_login.into_values().collect()
}

/// What the others in its group mean for a subject.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) peers: Peers,
    pub(crate) internal_lock: InternalLock,
    /// A rival's guard is another file, and nothing else keeps the two apart.
    pub(crate) guard_differs: bool,
    /// A rival's user is another one.
    pub(crate) users_differ: bool,
    /// Whether the program runs on the host with the same login.
    pub(crate) on_host: OnHost,
    /// A rival is on another host.
    pub(crate) hosts_differ: bool,
    /// No rival that is not kept apart runs at the same time: only profiles that exclude each other start them.
    pub(crate) only_other_profiles: bool,
    /// Everyone else in the group, at most [`MAX_PEERS`].
    pub(crate) others: Vec<usize>,
    /// How many others there are, replicas counted.
    pub(crate) other_count: usize,
    /// Those that no lock of its own keeps it apart from, at most [`MAX_PEERS`].
    pub(crate) unsafe_peers: Vec<usize>,
}

/// Who runs the program on the host itself, as the kernel shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnHost {
    /// Nobody that was seen.
    Nobody,
    /// Somebody who takes a lock in common.
    Covered,
    /// Somebody who takes none in common.
    Exposed,
}

/// What decides how a subject relates to others; equal ones are one class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Class<'a> {
    /// Places of its own locks that others can reach.
    places: BTreeSet<&'a Place>,
    /// The ids of the locks its version takes.
    locks: Vec<&'a str>,
    version: Option<&'a VersionRange>,
    refresh: Refresh,
    cannot_lock: bool,
    guard: Option<&'a Place>,
    user: Option<&'a str>,
    /// The host it runs on, where several are judged together.
    host: Option<&'a str>,
    /// Whether it stands for the host's own user.
    is_host: bool,
    /// Its project and profiles, where profiles decide whether it starts.
    profiles: Option<(Option<&'a str>, Vec<&'a str>)>,
}

/// The members of a class.
#[derive(Debug, Default)]
struct Members {
    subjects: Vec<usize>,
    /// Containers, replicas counted.
    count: u64,
}

impl<'a> Class<'a> {
    fn of(subject: &'a Subject<'_>) -> Self {
        let places = subject.locks.iter().map(|lock| &lock.place).filter(|place| !place.is_private()).collect();
        let profiles = &subject.container.profiles;
        let named = !profiles.is_empty();
        Self {
            places,
            locks: subject.locks.iter().map(|lock| lock.lock.id.as_str()).collect(),
            version: subject.version.range.as_ref(),
            refresh: subject.refresh,
            cannot_lock: subject.cannot_lock(),
            guard: subject.guard_place(),
            user: user(subject),
            host: subject.container.live.as_ref().and_then(|live| live.host.as_deref()),
            is_host: subject.container.is_host(),
            profiles: named
                .then(|| (subject.container.project.as_deref(), profiles.iter().map(String::as_str).collect())),
        }
    }

    /// Whether it may refresh at all: a version that cannot make its only lock never does.
    fn is_rival(&self) -> bool {
        self.refresh != Refresh::No && !self.cannot_lock
    }

    fn shares_lock(&self, other: &Self) -> bool {
        self.places.intersection(&other.places).next().is_some()
    }

    fn is_kept_from(&self, other: &Self) -> bool {
        self.shares_lock(other) || self.shares_guard(other)
    }

    fn shares_guard(&self, other: &Self) -> bool {
        self.guard.is_some() && self.guard == other.guard
    }

    /// Whether a place that hangs on an unset variable could make the two share a lock after all.
    fn may_share_lock(&self, other: &Self) -> bool {
        let could = |a: &Self, b: &Self| {
            let loose = a.places.iter().filter(|place| place.is_unresolved());
            loose.into_iter().any(|loose| b.places.iter().any(|place| place != loose && place.could_be(loose)))
        };
        (could(self, other) || could(other, self)) && self.locks.iter().any(|lock| other.locks.contains(lock))
    }

    fn differs_by_version(&self, other: &Self) -> bool {
        self.version.is_some() && other.version.is_some() && self.locks != other.locks
    }

    fn runs_beside(&self, other: &Self) -> bool {
        match (&self.profiles, &other.profiles) {
            (Some((project, mine)), Some((other_project, theirs))) if project == other_project => {
                mine.iter().any(|profile| theirs.contains(profile))
            }
            _ => true,
        }
    }
}

/// A user that can be compared: a uid, or root.
fn user<'a>(subject: &'a Subject<'_>) -> Option<&'a str> {
    let user = subject.container.user.as_ref().filter(|user| !user.is_symbolic())?;
    let name = user.text.split(':').next().unwrap_or("");
    match name {
        "root" => Some("0"),
        _ if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) => Some(name),
        _ => None,
    }
}

/// Relates every member of a group to the others. `host` says whether a person on the host may be one more.
pub(crate) fn relate(subjects: &[Subject<'_>], group: &[usize], host: bool) -> Vec<(usize, Relation)> {
    let mut by_class: BTreeMap<Class<'_>, Members> = BTreeMap::new();
    let mut taking_part = Vec::new();
    for &at in group {
        let Some(subject) = subjects.get(at).filter(|subject| subject.takes_part()) else { continue };
        let members = by_class.entry(Class::of(subject)).or_default();
        members.subjects.push(at);
        members.count += subject.containers();
        taking_part.push(at);
    }
    let classes: Vec<(Class<'_>, Members)> = by_class.into_iter().collect();
    let total: u64 = classes.iter().map(|(_, members)| members.count).sum();
    let mut related = Vec::with_capacity(taking_part.len());
    for own in &classes {
        let relation = relation(own, &classes, host);
        for &at in &own.1.subjects {
            let but_self = |peers: &[usize]| {
                let others = peers.iter().copied().filter(|peer| *peer != at);
                others.take(MAX_PEERS).collect::<Vec<_>>()
            };
            let mut relation = relation.clone();
            relation.others = but_self(&taking_part);
            relation.unsafe_peers = but_self(&relation.unsafe_peers);
            relation.other_count = usize::try_from(total.saturating_sub(1)).unwrap_or(usize::MAX);
            related.push((at, relation));
        }
    }
    related.sort_by_key(|(at, _)| *at);
    related
}

/// How the members of one class relate to all classes of their group. A member is no rival of itself; another member
/// or replica of its class is.
fn relation((own, members): &(Class<'_>, Members), classes: &[(Class<'_>, Members)], host: bool) -> Relation {
    let is_self = |class: &Class<'_>| std::ptr::eq(class, own);
    let others = classes.iter().filter(|(class, other)| class.is_rival() && !(is_self(class) && other.count <= 1));
    let rivals: Vec<_> = others.collect();
    let uncovered: Vec<_> = rivals.iter().copied().filter(|(class, _)| !own.shares_lock(class)).collect();
    let exposed: Vec<_> = uncovered.iter().copied().filter(|(class, _)| !own.shares_guard(class)).collect();
    let perhaps = !exposed.is_empty() && exposed.iter().all(|(class, _)| class.refresh == Refresh::Unknown);
    let only_replicas = members.subjects.len() == 1 && rivals.iter().all(|(class, _)| is_self(class));
    let peers = match () {
        () if rivals.is_empty() && host => Peers::Host,
        () if rivals.is_empty() => Peers::None,
        () if perhaps => Peers::Perhaps,
        () if only_replicas => Peers::Replicas,
        () => Peers::Containers,
    };
    let other_guard = |class: &Class<'_>| class.guard.is_some() && class.guard != own.guard;
    let other_user = |class: &Class<'_>| own.user.zip(class.user).is_some_and(|(mine, theirs)| mine != theirs);
    let unsafe_peers = exposed.iter().flat_map(|(_, other)| other.subjects.iter().copied());
    Relation {
        peers,
        internal_lock: internal_lock(own, &uncovered),
        guard_differs: own.guard.is_some() && uncovered.iter().any(|(class, _)| other_guard(class)),
        hosts_differ: rivals.iter().any(|(class, _)| class.host != own.host),
        on_host: match rivals.iter().filter(|(class, _)| class.is_host).map(|(class, _)| own.is_kept_from(class)).min()
        {
            None => OnHost::Nobody,
            Some(false) => OnHost::Exposed,
            Some(true) => OnHost::Covered,
        },
        users_differ: rivals.iter().any(|(class, _)| other_user(class)),
        only_other_profiles: !exposed.is_empty() && !exposed.iter().any(|(class, _)| own.runs_beside(class)),
        others: Vec::new(),
        other_count: 0,
        // One more than is shown, since each member leaves itself out.
        unsafe_peers: unsafe_peers.take(MAX_PEERS + 1).collect(),
    }
}

fn internal_lock(own: &Class<'_>, uncovered: &[&(Class<'_>, Members)]) -> InternalLock {
    match () {
        () if own.cannot_lock => InternalLock::Uncreatable,
        () if uncovered.is_empty() => InternalLock::Coherent,
        () if uncovered.iter().any(|(class, _)| own.may_share_lock(class)) => InternalLock::Unknown,
        () if uncovered.iter().all(|(class, _)| own.differs_by_version(class)) => InternalLock::Skewed,
        () if own.places.is_empty() => InternalLock::Private,
        () => InternalLock::Disjoint,
    }
}
