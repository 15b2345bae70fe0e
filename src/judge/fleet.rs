//! Several hosts, each judged by itself as it is read: who of it has to be judged with containers of the others, and what
//! becomes of both answers. May use `model`, `rules`, `finding` and earlier parts of `judge`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::candidate::Candidate;
use super::place::{Filesystem, Place};
use super::unseen_peers::is_unseen;
use crate::finding::{Breach, Judged, Participant};
use crate::model::{Container, Diagnostic, Level, Mount, MountSource};
use crate::rules::{Filesystems, LockKind, Matrix, Ruleset, Severity};

/// Whether containers of other hosts can reach a candidate's login, or it is not known that they cannot.
pub(super) fn is_within_reach(candidate: &Candidate<'_>, filesystems: &Filesystems) -> bool {
    // A network's place is no host's, and neither is one that is not known.
    let is_of_no_host = |place: &Place| {
        matches!(place.filesystem, Filesystem::Unresolved) || (place.host.is_none() && !place.is_private())
    };
    [&candidate.login.place, &candidate.place].into_iter().any(is_of_no_host)
        || candidate.login.mount.is_some_and(|mount| is_shown_beyond(mount, filesystems))
        || is_unseen(candidate.container)
}

/// Whether a container has to be judged with those of other hosts: it mounts something that they may mount too, or what it
/// mounts is not known.
pub fn reaches_other_hosts(container: &Container, rules: &Ruleset) -> bool {
    is_unseen(container) || container.mounts.iter().any(|mount| is_shown_beyond(mount, &rules.filesystems))
}

/// Whether a mount is of a filesystem that is not known to be its host's alone.
fn is_shown_beyond(mount: &Mount, filesystems: &Filesystems) -> bool {
    let is_beyond = |fstype: &str| !filesystems.is_local(fstype);
    let by_source = || match &mount.source {
        MountSource::Device { fstype, .. } => is_beyond(fstype),
        MountSource::Unresolved(_) => true,
        _ => false,
    };
    mount.kernel.as_ref().map_or_else(by_source, |kernel| is_beyond(&kernel.fstype))
}

/// A difference of two clocks that a program's own pauses do not outlast, in seconds.
const SMALL_DIFFERENCE: i64 = 1;

/// Where a lock that is a directory on a network's filesystem goes by clocks that differ: whether it is left behind each
/// host tells by its own, and when it was made by that of who made it. Only what is dated after the look at it shows a
/// difference, and how large it is at least.
pub(super) fn differing_clocks(candidates: &[Candidate<'_>]) -> Vec<Diagnostic> {
    let mut logins: BTreeMap<&Place, Vec<&Candidate<'_>>> = BTreeMap::new();
    let on_network = candidates.iter().filter(|one| one.is_on_network && one.takes_part());
    for candidate in on_network.filter(|one| one.locks.iter().any(|lock| lock.lock.kind == LockKind::Mkdir)) {
        logins.entry(&candidate.login.place).or_default().push(candidate);
    }
    let mut told = Vec::new();
    for (place, users) in logins {
        let hosts: BTreeSet<&str> = users.iter().filter_map(|one| one.container.other_host()).collect();
        if hosts.len() < 2 {
            continue;
        }
        let mut behind: BTreeMap<&str, (i64, &str)> = BTreeMap::new();
        for (host, candidate) in users.iter().filter_map(|one| Some((one.container.other_host()?, one))) {
            for (path, entry) in &candidate.container.shown().entries {
                let mount = candidate.container.mount_holding(path).map(|(mount, _)| &mount.target.text);
                let is_there = mount.is_some() && mount == candidate.login.mount.map(|mount| &mount.target.text);
                let known = behind.get(host).map_or(SMALL_DIFFERENCE, |(seconds, _)| *seconds);
                if is_there && -entry.age > known {
                    behind.insert(host, (-entry.age, path.as_str()));
                }
            }
        }
        for (host, (seconds, path)) in behind {
            let locks = users.iter().flat_map(|one| &one.locks).map(|own| own.lock.stale_after(None));
            let is_grave = locks.min().is_some_and(|least| i64::try_from(least).unwrap_or(i64::MAX) <= seconds);
            let message = format!(
                "the clock of {host} is at least {seconds} s behind that of another user of {}, by the date of {path}: \
                 hosts tell by their clocks whether a lock there is left behind; set them by one source (NTP)",
                place.name().text
            );
            let level = if is_grave { Level::Gap } else { Level::Warning };
            told.push(Diagnostic::about(level, None, message));
        }
    }
    told
}

/// What was found of one host about logins that other hosts can reach: it is told once these are judged together.
#[derive(Debug, Default)]
pub struct Withheld(Judged);

impl Withheld {
    /// The containers that it is about, by their indices in the layout of their host.
    pub fn containers(&self) -> BTreeSet<usize> {
        self.0.participants.iter().map(|one| one.index).collect()
    }
}

/// Leaves in the judgement of one host what no other one can change.
pub fn withhold(judged: &mut Judged) -> Withheld {
    Withheld(judged.take_out(|one| one.within_reach))
}

/// Joins what was found of the containers that other hosts can reach, judged together, with what was withheld of each host
/// judged alone: the worse of both answers counts, since what is wrong on one host alone is wrong beside others too.
pub fn join_withheld(mut judged: Judged, alone: Vec<Withheld>, matrix: &Matrix) -> Judged {
    let mut together = judged.take_out(|one| one.within_reach);
    // Who starts containers was told of its host.
    drop(together.take_out_starters());
    let known: HashMap<UseKey, usize> =
        together.participants.iter().enumerate().map(|(at, one)| (UseKey::of(one), at)).collect();
    // Of a family of rules one alone may be named by each answer, by whom it was held against.
    let mut broken: HashMap<(usize, &str), Severity> = HashMap::new();
    for (at, breach) in together.breaches.iter().filter_map(|one| Some((one.participant?, one))) {
        let known = broken.entry((at, matrix.family(&breach.rule))).or_insert(breach.severity);
        *known = breach.severity.max(*known);
    }
    let mut further = Vec::new();
    let mut rest = Judged::default();
    for Withheld(mut host) in alone {
        rest.append(host.take_out_starters());
        let numbers: Vec<Option<usize>> =
            host.participants.iter().map(|one| known.get(&UseKey::of(one)).copied()).collect();
        for breach in &host.breaches {
            let at = breach.participant.and_then(|at| numbers.get(at).copied().flatten());
            let is_new = |at: &usize| {
                broken.get(&(*at, matrix.family(&breach.rule))).is_none_or(|known| *known < breach.severity)
            };
            let Some(at) = at.filter(is_new) else { continue };
            if let Some(login) = together.participants.get(at).map(|one| one.login) {
                let mut breach = Breach { login, ..breach.clone() };
                breach.renumber(|at| numbers.get(at).copied().flatten());
                further.push(breach);
            }
        }
        for (one, at) in host.participants.iter().zip(numbers) {
            let known = at.and_then(|at| together.participants.get_mut(at));
            if let Some(known) = known.filter(|known| known.verdict < one.verdict) {
                (known.verdict, known.reason) = (one.verdict, one.reason.clone());
            }
        }
        // Those that nothing on the other hosts concerns.
        rest.append(host.take_out(|one| !known.contains_key(&UseKey::of(one))));
    }
    together.breaches.append(&mut further);
    together.absorb(rest);
    Judged { diagnostics: judged.diagnostics, call_files: judged.call_files, ..together }
}

/// What tells one use of a login from another, whichever containers it is judged with.
#[derive(Debug, PartialEq, Eq, Hash)]
struct UseKey(String, Option<String>, String, String);

impl UseKey {
    fn of(one: &Participant) -> Self {
        Self(one.program.clone(), one.project.clone(), one.container.clone(), one.state_dir.clone())
    }
}
