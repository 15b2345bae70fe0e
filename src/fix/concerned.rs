//! Which containers a trial of changes is about, and what is known of them. May use `model`, `finding`, `text` and earlier
//! parts of `fix`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::change::Change;
use super::change_site::JudgedLayout;
use super::outcome::Ignored;
use super::same_files::SameFiles;
use super::wanted::{WantedChanges, hit_participants};
use crate::finding::{Hit, Participant, Report, SuppressedBy};
use crate::model::{Layout, split_below};
use crate::text::Span;

/// What the containers of a login do already, for the others to follow.
#[derive(Debug, Default)]
pub(super) struct LoginCustoms {
    /// The file in the state directory that an flock is taken on.
    pub(super) flock: Option<String>,
    /// The user that most run as.
    pub(super) user: Option<String>,
}

/// What the containers of a login do already.
pub(super) fn login_customs(
    login: usize,
    report: &Report,
    plain: &HashMap<usize, Participant>,
    layout: &Layout,
) -> LoginCustoms {
    let participants = report.logins.get(login).into_iter().flat_map(|login| &login.participants);
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let mut flock = None;
    for (at, one) in participants.filter_map(|at| Some((at, plain.get(at)?))) {
        // What must not be shown is nothing to write somewhere else.
        let is_shown = report.participants.get(*at).is_some_and(|shown| shown.guard_path == one.guard_path);
        let held = one.guard_path.as_deref().filter(|_| one.guard == "held" && is_shown);
        let file = held.and_then(|path| split_below(path, &one.state_dir)).filter(|file| !file.is_empty());
        flock = flock.or_else(|| file.map(str::to_owned));
        let user = layout.containers.get(one.index).and_then(|container| container.user.as_ref());
        if let Some(user) = user.filter(|user| !user.is_symbolic() && user.concealed().is_none()) {
            *count.entry(&user.text).or_default() += 1;
        }
    }
    let user = count.into_iter().max_by_key(|(user, count)| (*count, Reverse(*user))).map(|(user, _)| user.to_owned());
    LoginCustoms { flock, user }
}

/// The containers of the logins that something is tried for, and of those that share a place with them where it is tried.
pub(super) fn concerned_containers(
    report: &Report,
    given: &JudgedLayout<'_>,
    files: &SameFiles,
    wanted: &WantedChanges,
    logins: &HashMap<usize, BTreeSet<usize>>,
) -> BTreeSet<usize> {
    let of_login = |login: usize| {
        let participants = report.logins.get(login).into_iter().flat_map(|login| &login.participants);
        participants.filter_map(|at| report.participants.get(*at)).map(|one| one.index)
    };
    let all = given.layout.containers.len();
    let copies = |of: &BTreeMap<Change, BTreeSet<usize>>| of.contains_key(&Change::DropCopy);
    if wanted.values().any(copies) {
        // Whose login a copy is of is another login's matter.
        return (0..all).collect();
    }
    let mut concerned: BTreeSet<usize> = wanted.keys().flat_map(|login| of_login(*login)).collect();
    if !wanted.values().flat_map(BTreeMap::keys).any(|change| change.is_shared()) {
        return concerned;
    }
    let spans = |at: &usize| {
        let container = given.layout.containers.get(*at);
        let commands = container.into_iter().flat_map(|one| one.installs.iter().chain(&one.script.invocations));
        commands.map(|call| files.place(call.span)).filter(|span| span.start != span.end)
    };
    let places: HashSet<Span> = concerned.iter().flat_map(spans).collect();
    let others = logins.keys().filter(|at| !concerned.contains(at) && spans(at).any(|span| places.contains(&span)));
    let sharing: BTreeSet<usize> = others.filter_map(|at| logins.get(at)).flatten().copied().collect();
    concerned.extend(sharing.into_iter().flat_map(of_login));
    // What was judged already need not be judged again to be compared with.
    if concerned.len() * 2 > all { (0..all).collect() } else { concerned }
}

/// What a person has accepted of each container.
pub(super) fn ignored_rules(report: &Report, places: &HashMap<usize, usize>) -> Ignored {
    let breaches = report.hits.iter().flat_map(|hit| &hit.breaches).filter(|breach| breach.suppressed.is_some());
    let ignored = breaches.filter_map(|breach| {
        let participant = breach.participant.and_then(|at| report.participants.get(at))?;
        Some((*places.get(&participant.index)?, breach.rule.clone()))
    });
    ignored.collect()
}

/// The containers with hits that were there before: what is new beside them is told of itself.
pub(super) fn silent_containers(report: &Report, places: &HashMap<usize, usize>) -> HashSet<usize> {
    let is_old = |hit: &&Hit| {
        let by = hit.suppressed.as_ref().map(|suppressed| suppressed.by);
        let is_kept = hit.change.is_some() && !hit.is_news();
        is_kept || matches!(by, Some(SuppressedBy::Baseline | SuppressedBy::Unchanged))
    };
    let old = report.hits.iter().filter(is_old).flat_map(|hit| hit_participants(hit, hit.login, report));
    old.filter_map(|at| places.get(&report.participants.get(at)?.index).copied()).collect()
}

/// The participants of the trial by the numbers of the report's: both have a container's in the same order, unless the
/// report leaves some of them out.
pub(super) fn match_participants(
    report: &Report,
    judged: Vec<Participant>,
    places: &HashMap<usize, usize>,
) -> HashMap<usize, Participant> {
    let mut of_container: HashMap<usize, Vec<Participant>> = HashMap::new();
    for one in judged {
        of_container.entry(one.index).or_default().push(one);
    }
    let mut told: HashMap<usize, usize> = HashMap::new();
    for place in report.participants.iter().filter_map(|one| places.get(&one.index)) {
        *told.entry(*place).or_default() += 1;
    }
    let mut matched = HashMap::new();
    for (at, one) in report.participants.iter().enumerate() {
        let Some(place) = places.get(&one.index) else { continue };
        let Some(all) = of_container.get_mut(place) else { continue };
        let is_whole = told.get(place).copied().unwrap_or_default() >= all.len();
        let same = |plain: &Participant| (&plain.program, &plain.state_dir) == (&one.program, &one.state_dir);
        let known = if is_whole { (!all.is_empty()).then_some(0) } else { all.iter().position(same) };
        if let Some(number) = known {
            matched.insert(at, all.remove(number));
            if is_whole {
                told.entry(*place).and_modify(|left| *left -= 1);
            }
        }
    }
    matched
}
