//! Participants that are alike in all that the picture shows, told as one. May use `finding` and `report`.

use std::collections::{BTreeMap, BTreeSet};

use super::fit_text::elide;
use crate::finding::{Basis, Hit, LockName, Participant, PlaceName, Report, UNDETERMINED, Verdict};
use crate::render::phrases::{full_name, times};
use crate::render::safe::safe;
use crate::report::natural_key;
use crate::rules::Severity;

/// From how many on they are told as one, and up to how many in all none are: a few are easier to read one by one.
const MANY: usize = 4;
const FEW: usize = 8;
/// How many reasons of those that are alike are told.
const REASONS: usize = 4;
/// How many names the title of a box and a row of the table list.
const NAMED: usize = 100;
/// How wide a name is drawn.
const WIDTH: usize = 27;

/// One participant, or several that are alike; never empty.
pub(in crate::render) struct ParticipantGroup<'a> {
    pub(in crate::render) first: &'a Participant,
    /// Where the first is among the participants of the report.
    pub(in crate::render) at: usize,
    /// The names of all, in the order of their numbers.
    pub(in crate::render) names: Vec<ShownName>,
    /// Whether all that is wrong with them is suppressed.
    pub(in crate::render) accepted: bool,
    /// Where all are among the participants.
    members: Vec<usize>,
    /// The rules that they break, worst first; notes are none, and what is unknown the verdict says.
    pub(super) rules: Vec<&'a str>,
}

/// What is wrong with a participant.
#[derive(Default, Clone)]
struct Faults<'a> {
    /// The rules that it breaks and that count.
    rules: Vec<&'a str>,
    /// Whether something counts, and whether something is suppressed, that is no note.
    counts: bool,
    suppressed: bool,
}

/// A participant by its login, project and name.
type ParticipantKey<'a> = (usize, Option<&'a str>, &'a str);

/// What two have to agree in: all but their names.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Likeness<'a> {
    program: &'a str,
    state: (&'a str, PlaceKey<'a>, &'a str, &'a str),
    who: (&'a str, &'a str, Option<&'a str>, Verdict, Basis),
    locks: (&'a str, Vec<(&'a str, PlaceKey<'a>)>),
    guard: (&'a str, Option<PlaceKey<'a>>),
    rules: Vec<&'a str>,
    accepted: bool,
    instances: u64,
    alone: bool,
}

/// A place as a key.
pub(super) type PlaceKey<'a> = (&'a str, Option<&'a str>, &'a str);

pub(super) fn place_key(name: &PlaceName) -> PlaceKey<'_> {
    (name.kind, name.filesystem.as_deref(), &name.path)
}

/// The participants in the order of the report, each among those that are like it.
pub(in crate::render) fn collapse_alike(report: &Report) -> Vec<ParticipantGroup<'_>> {
    let found = faults_by_participant(&report.hits);
    let mut alike: BTreeMap<Likeness<'_>, Vec<usize>> = BTreeMap::new();
    for (at, one) in report.participants.iter().enumerate() {
        let faults = found.get(&(one.login, one.project.as_deref(), one.container.as_str()));
        alike.entry(likeness_of(one, faults.cloned().unwrap_or_default())).or_default().push(at);
    }
    let mut crowds: Vec<ParticipantGroup<'_>> = Vec::new();
    for (likeness, members) in alike {
        let apart = members.len() < MANY || report.participants.len() <= FEW;
        let size = if apart { 1 } else { members.len() };
        crowds.extend(members.chunks(size).filter_map(|members| group_of(report, members, &likeness)));
    }
    crowds.sort_by_key(|crowd| crowd.at);
    crowds
}

/// What is wrong with each participant; a hit may be about several containers of a service.
fn faults_by_participant(hits: &[Hit]) -> BTreeMap<ParticipantKey<'_>, Faults<'_>> {
    let mut found: BTreeMap<ParticipantKey<'_>, Faults<'_>> = BTreeMap::new();
    for hit in hits.iter().filter(|hit| hit.severity() > Severity::Note) {
        let several = hit.containers.iter().filter(|name| **name != hit.container);
        for container in several.chain([&hit.container]) {
            let faults = found.entry((hit.login, hit.project.as_deref(), container.as_str())).or_default();
            faults.counts |= hit.counts();
            faults.suppressed |= !hit.counts();
            let told = hit.counting().filter(|breach| breach.severity > Severity::Note && breach.rule != UNDETERMINED);
            for breach in told.filter(|_| hit.counts()) {
                if !faults.rules.contains(&breach.rule.as_str()) {
                    faults.rules.push(&breach.rule);
                }
            }
        }
    }
    found
}

fn likeness_of<'a>(one: &'a Participant, faults: Faults<'a>) -> Likeness<'a> {
    let lock = |lock: &'a LockName| (lock.path.as_str(), place_key(&lock.place));
    Likeness {
        program: &one.program,
        state: (&one.state_dir, place_key(&one.place), one.scope, one.access),
        who: (one.role, one.auth, one.version.as_deref(), one.verdict, one.basis),
        locks: (one.internal_lock, one.locks.iter().map(lock).collect()),
        guard: (one.guard, one.guard_place.as_ref().map(place_key)),
        accepted: faults.suppressed && !faults.counts,
        rules: faults.rules,
        instances: one.instances,
        alone: one.peer_count == 0,
    }
}

fn group_of<'a>(report: &'a Report, members: &[usize], likeness: &Likeness<'a>) -> Option<ParticipantGroup<'a>> {
    let at = *members.first()?;
    let participants = members.iter().filter_map(|at| report.participants.get(*at));
    let mut names: Vec<ShownName> = participants.map(ShownName::of).collect();
    names.sort_by_cached_key(|name| natural_key(&name.full));
    let (rules, accepted) = (likeness.rules.clone(), likeness.accepted);
    let (first, members) = (report.participants.get(at)?, members.to_vec());
    Some(ParticipantGroup { first, at, names, accepted, members, rules })
}

/// What a participant is called, and how many containers it is.
pub(in crate::render) struct ShownName {
    /// As people call it.
    pub(in crate::render) short: String,
    /// The same with the name of the container, where that is another.
    pub(in crate::render) full: String,
}

impl ShownName {
    fn of(one: &Participant) -> Self {
        let times = times(one.instances, one.or_more);
        let label = full_name(one.project.as_deref(), &one.label);
        let own = match one.container.strip_prefix(&one.label) {
            // Another way to a start.
            Some(rest) => rest.to_owned(),
            None if one.label.starts_with(&one.container) => String::new(),
            None => format!(" ({})", one.container),
        };
        // The script of a start is in its full name; a box has no room for it.
        let is_start = one.origin == "script";
        let own_label = one.label.split_once(" (").filter(|_| is_start).map_or(one.label.as_str(), |(name, _)| name);
        let short = safe(&format!("{}{times}", full_name(one.project.as_deref(), own_label))).into_owned();
        let full = safe(&format!("{label}{times}{own}")).into_owned();
        Self { short, full }
    }
}

impl<'a> ParticipantGroup<'a> {
    /// What the box is called, on one line for one and on up to three for many.
    pub(super) fn title_lines(&self) -> Vec<String> {
        match self.names.as_slice() {
            [first, .., last] => {
                vec![
                    elide(&first.short, WIDTH),
                    format!("… {}", elide(&last.short, WIDTH - 2)),
                    format!("{} alike", self.len()),
                ]
            }
            all => all.iter().map(|name| elide(&name.short, WIDTH)).collect(),
        }
    }

    pub(in crate::render) fn len(&self) -> usize {
        self.names.len()
    }

    /// Why they are safe or take no part, each reason once.
    pub(in crate::render) fn reasons(&self, report: &'a Report) -> Vec<&'a str> {
        let mut known = BTreeSet::new();
        let members = self.members.iter().filter_map(|at| report.participants.get(*at));
        let reasons = members.map(|one| one.reason.as_str()).filter(|reason| !reason.is_empty());
        reasons.filter(|reason| known.insert(*reason)).take(REASONS).collect()
    }

    /// Whether it takes part in the refresh.
    pub(super) fn takes_part(&self) -> bool {
        self.first.verdict != Verdict::NotAParticipant
    }

    /// All their names in a list, as far as it is not too long.
    pub(in crate::render) fn list_all(&self) -> String {
        let listed = self.names.get(..NAMED).unwrap_or(&self.names);
        let more = self.len() - listed.len();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let listed: Vec<&str> = listed.iter().map(|name| name.full.as_str()).collect();
        format!("{}{more}", listed.join(", "))
    }

    /// How many containers they are: of replicas all that is known may be how many peers each has.
    pub(super) fn containers(&self) -> usize {
        let one = self.first;
        let replicas = if one.peers.is_empty() { one.peer_count + 1 } else { 1 };
        let instances = usize::try_from(one.instances).unwrap_or(usize::MAX);
        self.len().saturating_mul(instances.max(replicas))
    }
}

/// Up to so many names, then how many more.
pub(super) fn list_names(names: &BTreeSet<&str>) -> String {
    const NAMED: usize = 12;
    let mut sorted: Vec<&str> = names.iter().copied().collect();
    sorted.sort_by_cached_key(|name| natural_key(name));
    let more = sorted.len().saturating_sub(NAMED);
    sorted.truncate(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", sorted.join(", "))
}
