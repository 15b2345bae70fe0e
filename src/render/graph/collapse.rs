//! Participants that are alike in all that the picture shows, told as one. May use `finding`.

use std::collections::{BTreeMap, BTreeSet};

use super::fit_text::{elide, natural_order};
use crate::finding::{Basis, Hit, LockName, Participant, PlaceName, Report, UNDETERMINED, Verdict};
use crate::render::phrases::full_name;
use crate::render::safe::safe;
use crate::rules::Severity;

/// From how many on they are told as one, and up to how many in all none are: a few are easier to read one by one.
const MANY: usize = 4;
const FEW: usize = 8;
/// How wide a name is drawn.
const WIDTH: usize = 27;

/// One participant, or several that are alike; never empty.
pub(super) struct ParticipantGroup<'a> {
    pub(super) first: &'a Participant,
    /// PlaceKey the first stands in the report.
    pub(super) at: usize,
    /// The names of all, in the order of their numbers.
    pub(super) names: Vec<String>,
    /// The rules that they break, worst first; notes are none, and what is not
    /// known is the verdict's to say.
    pub(super) rules: Vec<&'a str>,
}

/// What two have to agree in: all but their names.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Likeness<'a> {
    program: &'a str,
    state: (&'a str, PlaceKey<'a>, &'a str, &'a str),
    who: (&'a str, &'a str, Option<&'a str>, Verdict, Basis),
    locks: (&'a str, Vec<(&'a str, PlaceKey<'a>)>),
    guard: (&'a str, Option<PlaceKey<'a>>),
    rules: Vec<&'a str>,
    alone: bool,
}

/// A place as a key.
pub(super) type PlaceKey<'a> = (&'a str, Option<&'a str>, &'a str);

pub(super) fn place_key(name: &PlaceName) -> PlaceKey<'_> {
    (name.kind, name.filesystem.as_deref(), &name.path)
}

/// The participants in the order of the report, each among those that are like it.
pub(super) fn collapse_alike(report: &Report) -> Vec<ParticipantGroup<'_>> {
    let found = rules_by_container(&report.hits);
    let mut alike: BTreeMap<Likeness<'_>, Vec<usize>> = BTreeMap::new();
    for (at, one) in report.participants.iter().enumerate() {
        let rules = found.get(&(one.project.as_deref(), one.container.as_str())).cloned().unwrap_or_default();
        alike.entry(likeness_of(one, rules)).or_default().push(at);
    }
    let mut crowds: Vec<ParticipantGroup<'_>> = Vec::new();
    for (likeness, members) in alike {
        let apart = members.len() < MANY || report.participants.len() <= FEW;
        let size = if apart { 1 } else { members.len() };
        crowds.extend(members.chunks(size).filter_map(|members| group_of(report, members, &likeness.rules)));
    }
    crowds.sort_by_key(|crowd| crowd.at);
    crowds
}

/// The rules that each container breaks.
fn rules_by_container(findings: &[Hit]) -> BTreeMap<(Option<&str>, &str), Vec<&str>> {
    let mut found: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    let counted =
        findings.iter().filter(|one| one.counts() && one.severity() > Severity::Note && one.rule() != UNDETERMINED);
    for finding in counted {
        let rules = found.entry((finding.project.as_deref(), finding.container.as_str())).or_default();
        if !rules.contains(&finding.rule()) {
            rules.push(finding.rule());
        }
    }
    found
}

fn likeness_of<'a>(one: &'a Participant, rules: Vec<&'a str>) -> Likeness<'a> {
    let lock = |lock: &'a LockName| (lock.path.as_str(), place_key(&lock.place));
    Likeness {
        program: &one.program,
        state: (&one.state_dir, place_key(&one.place), one.scope, one.access),
        who: (one.role, one.auth, one.version.as_deref(), one.verdict, one.basis),
        locks: (one.internal_lock, one.locks.iter().map(lock).collect()),
        guard: (one.guard, one.guard_place.as_ref().map(place_key)),
        rules,
        alone: one.peer_count == 0,
    }
}

fn group_of<'a>(report: &'a Report, members: &[usize], rules: &[&'a str]) -> Option<ParticipantGroup<'a>> {
    let at = *members.first()?;
    let participants = members.iter().filter_map(|at| report.participants.get(*at));
    let mut names: Vec<String> =
        participants.map(|one| safe(&full_name(one.project.as_deref(), &one.container)).into_owned()).collect();
    names.sort_by(|a, b| natural_order(a, b));
    Some(ParticipantGroup { first: report.participants.get(at)?, at, names, rules: rules.to_vec() })
}

impl ParticipantGroup<'_> {
    /// What the box is called, on one line for one and on up to three for many.
    pub(super) fn title_lines(&self) -> Vec<String> {
        match self.names.as_slice() {
            [first, .., last] => {
                vec![elide(first, WIDTH), format!("… {}", elide(last, WIDTH - 2)), format!("{} alike", self.len())]
            }
            all => all.iter().map(|name| elide(name, WIDTH)).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether it takes part in the refresh.
    pub(super) fn takes_part(&self) -> bool {
        self.first.verdict != Verdict::NotAParticipant
    }

    /// How many of each there are, where that is all that is known of its peers.
    pub(super) fn replicas(&self) -> usize {
        if self.first.peers.is_empty() { self.first.peer_count + 1 } else { 1 }
    }
}

/// Up to so many names, then how many more.
pub(super) fn list_names(names: &BTreeSet<&str>) -> String {
    const NAMED: usize = 12;
    let mut sorted: Vec<&str> = names.iter().copied().collect();
    sorted.sort_by(|a, b| natural_order(a, b));
    let more = sorted.len().saturating_sub(NAMED);
    sorted.truncate(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", sorted.join(", "))
}
