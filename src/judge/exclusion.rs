//! The physics: who shares a login, and who takes a lock in common with whom. By classes of equal participants, so
//! that cost grows with containers and not with pairs of them. May use `model`, `rules` and earlier parts of `judge`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::candidate::Candidate;
use super::never_at_once::{NeverAtOnce, find_never_at_once};
use super::place::Place;
use crate::finding::MAX_PEERS;
use crate::rules::{InternalLock, Peers, Refresh, VersionRange};

/// Candidates that share one login, by their indices; a login on a private layer is shared with nobody.
pub(crate) fn login_groups(candidates: &[Candidate<'_>]) -> Vec<Vec<usize>> {
    let mut by_login: BTreeMap<(&str, &Place), Vec<usize>> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        by_login.entry((&candidate.profile.id, &candidate.login.place)).or_default().push(at);
    }
    by_login.into_values().collect()
}

/// What the others in its group mean for a candidate.
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

/// What decides how a candidate relates to others; equal ones are one class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ExclusionClass<'a> {
    /// Places of its own locks that others can reach.
    places: BTreeSet<&'a Place>,
    /// The ids of the locks its version takes.
    locks: Vec<&'a str>,
    version: Option<&'a VersionRange>,
    refresh: Refresh,
    cannot_lock: bool,
    guard: Option<&'a Place>,
    user: Option<&'a str>,
    /// The host it runs on, where that is not the one that all is judged for.
    host: Option<&'a str>,
    /// Whether its own containers run on several hosts.
    is_spread: bool,
    /// Whether it stands for the host's own user.
    is_host: bool,
    /// Its project and profiles, where profiles decide whether it starts.
    profiles: Option<(Option<&'a str>, Vec<&'a str>)>,
}

/// A class and who is in it.
#[derive(Debug)]
struct ClassMembers<'a> {
    class: ExclusionClass<'a>,
    candidates: Vec<usize>,
    /// Containers, replicas counted; one that has the login at several paths once.
    count: u64,
    /// The container, where all of them are one that is started once.
    only: Option<usize>,
}

impl<'a> ExclusionClass<'a> {
    fn of(candidate: &'a Candidate<'_>) -> Self {
        let places = candidate.locks.iter().map(|lock| &lock.place).filter(|place| !place.is_private()).collect();
        let profiles = &candidate.container.profiles;
        let named = !profiles.is_empty();
        Self {
            places,
            locks: candidate.locks.iter().map(|lock| lock.lock.id.as_str()).collect(),
            version: candidate.version.range.as_ref(),
            refresh: candidate.refresh,
            cannot_lock: candidate.cannot_lock(),
            guard: candidate.guard_place(),
            user: comparable_user(candidate),
            host: candidate.container.other_host(),
            is_spread: candidate.container.spread.is_some(),
            is_host: candidate.container.is_host(),
            profiles: named
                .then(|| (candidate.container.project.as_deref(), profiles.iter().map(String::as_str).collect())),
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

    /// Whether a place that depends on an unset variable could make the two share a lock after all.
    fn may_share_lock(&self, other: &Self) -> bool {
        let could = |a: &Self, b: &Self| {
            let loose = a.places.iter().filter(|place| place.is_unresolved());
            loose.into_iter().any(|loose| b.places.iter().any(|place| place != loose && place.could_be(loose)))
        };
        (could(self, other) || could(other, self)) && self.locks.iter().any(|lock| other.locks.contains(lock))
    }

    /// Whether their versions are known and are of locks that not both take: of a range that no one lock belongs to
    /// two versions may run.
    fn differs_by_version(&self, other: &Self) -> bool {
        let differs = self.locks != other.locks || self.locks.is_empty();
        self.version.is_some() && other.version.is_some() && differs
    }

    fn takes_other_guard(&self, other: &Self) -> bool {
        other.guard.is_some() && other.guard != self.guard
    }

    fn runs_as_other_user(&self, other: &Self) -> bool {
        self.user.zip(other.user).is_some_and(|(own, theirs)| own != theirs)
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
fn comparable_user<'a>(candidate: &'a Candidate<'_>) -> Option<&'a str> {
    let user = candidate.container.user.as_ref().filter(|user| !user.is_symbolic())?;
    let name = user.text.split(':').next().unwrap_or("");
    match name {
        "root" => Some("0"),
        _ if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) => Some(name),
        _ => None,
    }
}

/// Relates every member of a group to the others. `host` says whether a person on the host may be one more.
pub(crate) fn relate_members(candidates: &[Candidate<'_>], group: &[usize], host: bool) -> Vec<(usize, Relation)> {
    let mut by_class: BTreeMap<ExclusionClass<'_>, (Vec<usize>, BTreeMap<usize, u64>)> = BTreeMap::new();
    let mut containers: BTreeMap<usize, u64> = BTreeMap::new();
    let mut taking_part = Vec::new();
    for &at in group {
        let Some(candidate) = candidates.get(at).filter(|candidate| candidate.takes_part()) else { continue };
        let (members, own) = by_class.entry(ExclusionClass::of(candidate)).or_default();
        members.push(at);
        own.insert(candidate.index, candidate.containers());
        containers.insert(candidate.index, candidate.containers());
        taking_part.push(at);
    }
    let classes = by_class.into_iter().map(|(class, (candidates, containers))| {
        let count: u64 = containers.values().sum();
        let only = containers.keys().next().copied().filter(|_| count == 1);
        ClassMembers { class, candidates, count, only }
    });
    let classes: Vec<ClassMembers<'_>> = classes.collect();
    let total: u64 = containers.values().sum();
    let never = find_never_at_once(candidates, group);
    let class_of = class_numbers(&classes, &never);
    let nobody = BTreeSet::new();
    let mut related = Vec::with_capacity(taking_part.len());
    for own in &classes {
        // Most members have the same rivals; those that some never run beside may have fewer.
        let mut relations: BTreeMap<BTreeMap<usize, Absent>, Relation> = BTreeMap::new();
        for &at in &own.candidates {
            let never = never.get(&at).unwrap_or(&nobody);
            let absent = absent_members(never, &class_of, &classes, candidates);
            let missing: u64 = never
                .iter()
                .filter(|other| class_of.contains_key(other))
                .map(|other| containers_of(candidates, *other))
                .sum();
            let relation =
                relations.entry(absent).or_insert_with_key(|absent| relate_class(own, &classes, absent, host));
            let of_member = Relation {
                others: others_than(at, never, &taking_part, candidates),
                unsafe_peers: others_than(at, never, &relation.unsafe_peers, candidates),
                other_count: usize::try_from(total.saturating_sub(1 + missing)).unwrap_or(usize::MAX),
                ..relation.clone()
            };
            related.push((at, of_member));
        }
    }
    related.sort_by_key(|(at, _)| *at);
    related
}

/// Of the members of one class those that never run while somebody does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Absent {
    candidates: usize,
    /// Containers, replicas counted.
    count: u64,
}

fn containers_of(candidates: &[Candidate<'_>], at: usize) -> u64 {
    candidates.get(at).map_or(0, Candidate::containers)
}

/// The class of each of those that are never beside somebody, by their indices.
fn class_numbers(classes: &[ClassMembers<'_>], never: &NeverAtOnce) -> HashMap<usize, usize> {
    let numbered = classes.iter().enumerate();
    let numbered = numbered.flat_map(|(number, class)| class.candidates.iter().map(move |at| (*at, number)));
    numbered.filter(|(at, _)| never.contains_key(at)).collect()
}

/// The classes that are wholly, or but for the member itself, of those that never run while one member does; of its own
/// class all that are missing.
fn absent_members(
    never: &BTreeSet<usize>,
    class_of: &HashMap<usize, usize>,
    classes: &[ClassMembers<'_>],
    candidates: &[Candidate<'_>],
) -> BTreeMap<usize, Absent> {
    let mut absent: BTreeMap<usize, Absent> = BTreeMap::new();
    for at in never {
        let Some(number) = class_of.get(at) else { continue };
        let known = absent.entry(*number).or_default();
        known.candidates += 1;
        known.count += containers_of(candidates, *at);
    }
    // Where others of the class are left, it is a rival as before.
    absent.retain(|number, absent| classes.get(*number).is_some_and(|class| class.count <= absent.count + 1));
    absent
}

/// The first of a list's members that are of another container, and may run while it does.
fn others_than(at: usize, never: &BTreeSet<usize>, members: &[usize], candidates: &[Candidate<'_>]) -> Vec<usize> {
    let container = |at: usize| candidates.get(at).map(|candidate| candidate.index);
    let own = container(at);
    let others = members.iter().copied().filter(|other| container(*other) != own && !never.contains(other));
    others.take(MAX_PEERS).collect()
}

/// How the members of one class relate to all classes of their group. A member is no rival of itself; another member
/// or replica of its class is. `absent` are the members of classes, by their numbers, that never run while it does.
fn relate_class(
    members: &ClassMembers<'_>,
    classes: &[ClassMembers<'_>],
    absent: &BTreeMap<usize, Absent>,
    host: bool,
) -> Relation {
    let own = &members.class;
    let rivals = classes.iter().enumerate().filter(|(number, other)| {
        let itself = u64::from(std::ptr::eq(*other, members));
        let away = absent.get(number).map_or(0, |absent| absent.count);
        // A container that has the login at several paths is no rival of itself.
        let is_itself = other.only.is_some() && other.only == members.only;
        other.class.is_rival() && !is_itself && other.count > itself + away
    });
    let rivals: Vec<_> = rivals.map(|(_, other)| other).collect();
    let own_number = classes.iter().position(|other| std::ptr::eq(other, members));
    let of_own = own_number.and_then(|number| absent.get(&number)).map_or(0, |absent| absent.candidates);
    let uncovered: Vec<_> = rivals.iter().copied().filter(|other| !own.shares_lock(&other.class)).collect();
    let exposed: Vec<_> = uncovered.iter().copied().filter(|other| !own.shares_guard(&other.class)).collect();
    let perhaps = !exposed.is_empty() && exposed.iter().all(|other| other.class.refresh == Refresh::Unknown);
    let only_replicas =
        members.candidates.len() == 1 + of_own && rivals.iter().all(|other| std::ptr::eq(*other, members));
    let peers = match () {
        () if rivals.is_empty() && host => Peers::Host,
        () if rivals.is_empty() => Peers::None,
        () if perhaps => Peers::Perhaps,
        () if only_replicas => Peers::Replicas,
        () => Peers::Containers,
    };
    let is_alone = classes.iter().all(|other| other.only.is_some() && other.only == members.only);
    let unsafe_peers = exposed.iter().flat_map(|other| other.candidates.iter().copied());
    Relation {
        peers,
        internal_lock: compare_internal_locks(own, &uncovered, is_alone),
        guard_differs: own.guard.is_some() && uncovered.iter().any(|other| own.takes_other_guard(&other.class)),
        hosts_differ: rivals.iter().any(|other| other.class.host != own.host || other.class.is_spread)
            || (own.is_spread && !rivals.is_empty()),
        on_host: match rivals
            .iter()
            .map(|other| &other.class)
            .filter(|class| class.is_host)
            .map(|class| own.is_kept_from(class))
            .min()
        {
            None => OnHost::Nobody,
            Some(false) => OnHost::Exposed,
            Some(true) => OnHost::Covered,
        },
        users_differ: rivals.iter().any(|other| own.runs_as_other_user(&other.class)),
        only_other_profiles: !exposed.is_empty() && !exposed.iter().any(|other| own.runs_beside(&other.class)),
        others: Vec::new(),
        other_count: 0,
        // More than are shown, since each member leaves itself and its variants out.
        unsafe_peers: unsafe_peers.take(2 * MAX_PEERS + 1).collect(),
    }
}

fn compare_internal_locks(own: &ExclusionClass<'_>, uncovered: &[&ClassMembers<'_>], is_alone: bool) -> InternalLock {
    match () {
        // That a version which is not known may be one that cannot make its lock is a doubt, and nobody else suffers.
        () if own.cannot_lock && own.version.is_none() && is_alone => InternalLock::Coherent,
        () if own.cannot_lock => InternalLock::Uncreatable,
        () if uncovered.is_empty() => InternalLock::Coherent,
        () if uncovered.iter().any(|other| own.may_share_lock(&other.class)) => InternalLock::Unknown,
        () if uncovered.iter().all(|other| own.differs_by_version(&other.class)) => InternalLock::Skewed,
        () if own.places.is_empty() => InternalLock::Private,
        () => InternalLock::Disjoint,
    }
}
