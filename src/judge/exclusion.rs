//! The physics: who shares a login, and who takes a lock in common with whom. By classes of equal participants, so
//! that cost grows with containers and not with pairs of them. May use `model`, `rules` and earlier parts of `judge`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::candidate::Candidate;
use super::never_at_once::find_never_at_once;
use super::place::Place;
use super::turns::Turns;
use crate::finding::MAX_PEERS;
use crate::rules::{InternalLock, Peers, Refresh, VersionRange};

/// Candidates that share one login, by their indices; a login on a private layer is shared with nobody.
pub(crate) fn login_groups(candidates: &[Candidate<'_>]) -> Vec<Vec<usize>> {
    let mut by_login: BTreeMap<(&str, &Place, Option<&str>), Vec<usize>> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let place = &candidate.login.place;
        // What is made anew is another one in each script, whatever it is called.
        let run = candidate.container.timing.moments.first().map(|moment| &*moment.run);
        let run = run.unwrap_or(&candidate.container.name);
        let key = (candidate.profile.id.as_str(), place, Some(run).filter(|_| place.is_new_each_time()));
        by_login.entry(key).or_default().push(at);
    }
    by_login.into_values().collect()
}

/// What the others in its group mean for a candidate.
#[derive(Debug, Clone, Default)]
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
    /// The classes that no lock keeps it apart from, by number.
    exposed: Vec<usize>,
    /// The classes of its rivals, by number.
    rivals: Vec<usize>,
    /// Everyone else in the group, at most [`MAX_PEERS`].
    pub(crate) others: Vec<usize>,
    /// How many others there are, replicas counted.
    pub(crate) other_count: usize,
    /// Whether there are others of another name that never run while it does.
    pub(crate) takes_turns: bool,
    /// Those that no lock of its own keeps it apart from, at most [`MAX_PEERS`].
    pub(crate) unsafe_peers: Vec<usize>,
    /// Whether a second one like it, at the same time, would be kept apart or refresh nothing.
    pub(crate) is_kept_from_itself: bool,
}

/// Who runs the program on the host itself, as the kernel shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum OnHost {
    /// Nobody that was seen.
    #[default]
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
    /// The hosts that they run on; `None` is the one that all is judged for. No part of the class: of a thousand hosts
    /// each would be compared with each.
    hosts: BTreeSet<Option<&'a str>>,
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
            let loose = a.places.iter().filter(|place| place.is_unresolved() && !place.is_new_each_time());
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
        own.insert(candidate.counts_as, candidate.rivals());
        containers.insert(candidate.counts_as, candidate.rivals());
        taking_part.push(at);
    }
    let host_of = |at: &usize| candidates.get(*at).map(|candidate| candidate.container.other_host());
    let classes = by_class.into_iter().map(|(class, (candidates, containers))| {
        let hosts = candidates.iter().filter_map(host_of).collect();
        ClassMembers { class, count: containers.values().sum(), candidates, hosts }
    });
    let classes: Vec<ClassMembers<'_>> = classes.collect();
    let class_of: HashMap<usize, usize> = classes
        .iter()
        .enumerate()
        .flat_map(|(number, members)| members.candidates.iter().map(move |at| (*at, number)))
        .collect();
    // A container that has the login at several paths may be in several classes.
    let mut classes_of: HashMap<usize, BTreeSet<usize>> = HashMap::new();
    let index_of = |at: usize| candidates.get(at).map(|candidate| candidate.counts_as);
    for (number, members) in classes.iter().enumerate() {
        for index in members.candidates.iter().filter_map(|at| index_of(*at)) {
            classes_of.entry(index).or_default().insert(number);
        }
    }
    let total: u64 = containers.values().sum();
    let turns = Turns::of_members(candidates, &taking_part);
    let never = find_never_at_once(candidates, group);
    let mut relations: HashMap<(usize, bool, Vec<u64>), Relation> = HashMap::new();
    let mut related = Vec::with_capacity(taking_part.len());
    for (&at, &own) in taking_part.iter().filter_map(|at| class_of.get_key_value(at)) {
        let (Some(candidate), Some(members)) = (candidates.get(at), classes.get(own)) else { continue };
        let mut apart = turns.never_beside(at, candidate, candidates);
        apart.extend(never.get(&at).into_iter().flatten());
        let name = candidate.container.told_name();
        let takes_turns =
            apart.iter().filter_map(|other| candidates.get(*other)).any(|other| other.container.told_name() != name);
        let gone: BTreeSet<usize> = apart.iter().filter_map(|other| index_of(*other)).collect();
        let gone = gone.into_iter().filter(|index| *index != candidate.counts_as);
        let gone = gone.map(|index| (index, containers.get(&index).copied().unwrap_or(0)));
        // Of itself one leaves: its replicas are beside it.
        let leaving: Vec<(usize, u64)> = gone.chain([(candidate.counts_as, candidate.rivals().min(1))]).collect();
        let mut left: Vec<u64> = classes.iter().map(|members| members.count).collect();
        for (index, count) in &leaving {
            for number in classes_of.get(index).into_iter().flatten() {
                if let Some(left) = left.get_mut(*number) {
                    *left = left.saturating_sub(*count);
                }
            }
        }
        let missing: u64 = leaving.iter().map(|(_, count)| count).sum();
        let other_count = usize::try_from(total.saturating_sub(missing)).unwrap_or(usize::MAX);
        let is_beside = |other: &usize| {
            let one = candidates.get(*other).filter(|one| one.counts_as != candidate.counts_as && one.rivals() > 0);
            one.is_some() && !apart.contains(other)
        };
        let is_alone = !members.candidates.iter().any(&is_beside);
        let relation = relations
            .entry((own, is_alone, left))
            .or_insert_with_key(|(own, is_alone, left)| relate_class(*own, *is_alone, &classes, left, host))
            .clone();
        let hosts_differ = relation.hosts_differ
            || relation.rivals.iter().filter_map(|number| classes.get(*number)).any(|rival| {
                let own_host = candidate.container.other_host();
                rival.hosts.len() > 1 || rival.hosts.first().is_some_and(|host| *host != own_host)
            });
        let exposed = relation.exposed.iter().filter_map(|number| classes.get(*number));
        let unsafe_peers = exposed.flat_map(|members| members.candidates.iter().copied()).filter(is_beside);
        let unsafe_peers = unsafe_peers.take(MAX_PEERS).collect();
        let others = taking_part.iter().copied().filter(is_beside).take(MAX_PEERS).collect();
        related.push((at, Relation { hosts_differ, others, other_count, takes_turns, unsafe_peers, ..relation }));
    }
    related.sort_by_key(|(at, _)| *at);
    related
}

/// How a member of a class relates to all classes of its group. `left` is how many of each class run beside it: a member
/// is no rival of itself, and another member or replica of its class is. `is_alone` says that no other member of its class
/// does.
fn relate_class(own: usize, is_alone: bool, classes: &[ClassMembers<'_>], left: &[u64], host: bool) -> Relation {
    let Some(members) = classes.get(own) else { return Relation::default() };
    let own_class = &members.class;
    let numbered = classes.iter().enumerate().zip(left);
    let rivals = numbered.filter(|((_, other), left)| other.class.is_rival() && **left > 0);
    let rivals: Vec<(usize, &ClassMembers<'_>)> = rivals.map(|(rival, _)| rival).collect();
    let uncovered: Vec<_> = rivals.iter().copied().filter(|(_, other)| !own_class.shares_lock(&other.class)).collect();
    let exposed: Vec<_> =
        uncovered.iter().copied().filter(|(_, other)| !own_class.shares_guard(&other.class)).collect();
    let perhaps = !exposed.is_empty() && exposed.iter().all(|(_, other)| other.class.refresh == Refresh::Unknown);
    let only_replicas = is_alone && rivals.iter().all(|(number, _)| *number == own);
    let peers = match () {
        () if rivals.is_empty() && host => Peers::Host,
        () if rivals.is_empty() => Peers::None,
        () if perhaps => Peers::Perhaps,
        () if only_replicas => Peers::Replicas,
        () => Peers::Containers,
    };
    Relation {
        peers,
        internal_lock: compare_internal_locks(own_class, &uncovered, left.iter().all(|left| *left == 0)),
        guard_differs: own_class.guard.is_some()
            && uncovered.iter().any(|(_, other)| own_class.takes_other_guard(&other.class)),
        // Those that run on another host show only who it is.
        hosts_differ: rivals.iter().any(|(_, other)| other.class.is_spread)
            || (own_class.is_spread && !rivals.is_empty()),
        on_host: match rivals
            .iter()
            .map(|(_, other)| &other.class)
            .filter(|class| class.is_host)
            .map(|class| own_class.is_kept_from(class))
            .min()
        {
            None => OnHost::Nobody,
            Some(false) => OnHost::Exposed,
            Some(true) => OnHost::Covered,
        },
        users_differ: rivals.iter().any(|(_, other)| own_class.runs_as_other_user(&other.class)),
        only_other_profiles: !exposed.is_empty()
            && !exposed.iter().any(|(_, other)| own_class.runs_beside(&other.class)),
        exposed: exposed.iter().map(|(number, _)| *number).collect(),
        rivals: rivals.iter().map(|(number, _)| *number).collect(),
        others: Vec::new(),
        other_count: 0,
        takes_turns: false,
        unsafe_peers: Vec::new(),
        is_kept_from_itself: !own_class.is_rival() || own_class.is_kept_from(own_class),
    }
}

/// What the locks that a member takes by itself are worth; `is_alone` says that nobody else uses the login.
fn compare_internal_locks(
    own: &ExclusionClass<'_>,
    uncovered: &[(usize, &ClassMembers<'_>)],
    is_alone: bool,
) -> InternalLock {
    match () {
        // That a version which is not known may be one that cannot make its lock is a doubt, and nobody else suffers.
        () if own.cannot_lock && own.version.is_none() && is_alone => InternalLock::Coherent,
        () if own.cannot_lock => InternalLock::Uncreatable,
        () if uncovered.is_empty() => InternalLock::Coherent,
        () if uncovered.iter().any(|(_, other)| own.may_share_lock(&other.class)) => InternalLock::Unknown,
        () if uncovered.iter().all(|(_, other)| own.differs_by_version(&other.class)) => InternalLock::Skewed,
        () if own.places.is_empty() => InternalLock::Private,
        () => InternalLock::Disjoint,
    }
}
