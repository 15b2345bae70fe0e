//! A report's participants as nodes and edges: linear in their number. May use `finding`.

use std::collections::{BTreeMap, BTreeSet};

use super::crowd::{Crowd, Where, crowds, listed, place};
use super::lock::locks;
use super::words::{elided, wrapped};
use super::{Edge, Graph, Kind, Line, Node, Set, Tone};
use crate::finding::{PlaceName, Report, Verdict};
use crate::render::safe::safe;
use crate::render::words::number;

/// How wide a path is drawn.
pub(super) const WIDTH: usize = 31;
/// How wide the words of an edge are drawn.
const EDGE: usize = 32;
/// How many rules are named in a box.
const RULES: usize = 3;

/// A place, and whose it is where only one container reaches it.
pub(super) type Key<'a> = (Where<'a>, Option<usize>);

/// A state directory, and who uses it.
pub(super) struct Home<'a> {
    place: &'a PlaceName,
    alone: bool,
    /// How many take part, and how many there are of one where it is alone.
    pub(super) users: usize,
    pub(super) replicas: usize,
    names: BTreeSet<&'a str>,
}

impl Graph {
    pub(in crate::render) fn of(report: &Report) -> Self {
        let crowds = crowds(report);
        let homes = homes(&crowds);
        let locks = locks(&crowds);
        let mut nodes: Vec<Node> = homes.values().map(Home::node).collect();
        let first_lock = nodes.len() + crowds.len();
        let mut edges = Vec::new();
        let order: BTreeMap<Key<'_>, usize> = homes.keys().copied().zip(0..).collect();
        for crowd in &crowds {
            let from = order.get(&home(crowd)).copied().unwrap_or_default();
            let words = format!("mounts at {}", safe(&crowd.first.state_dir));
            edges.push(Edge { from, to: nodes.len(), words: elided(&words, EDGE), firm: crowd.takes_part() });
            nodes.push(crowd_node(crowd));
        }
        for (at, lock) in locks.values().enumerate() {
            let from = |crowd: usize| first_lock - crowds.len() + crowd;
            edges.extend(lock.edges.iter().map(|(crowd, words, firm)| Edge {
                from: from(*crowd),
                to: first_lock + at,
                words: words.clone(),
                firm: *firm,
            }));
            nodes.push(lock.node(&homes));
        }
        edges.sort_by_key(|edge| (edge.from, edge.to));
        let people = report.participants.iter().filter(|one| one.verdict != Verdict::NotAParticipant).count();
        let summary = format!(
            "{} in {}, and {} that they take.",
            number(people, "participant"),
            if homes.len() == 1 {
                "1 state directory".to_owned()
            } else {
                format!("{} state directories", homes.len())
            },
            number(locks.len(), "lock"),
        );
        Self { title: "Who shares a state directory, and which locks join them".to_owned(), summary, nodes, edges }
    }
}

/// Whether only one container reaches a place.
pub(super) fn is_alone(place: &PlaceName) -> bool {
    matches!(place.kind, "private" | "tmpfs")
}

pub(super) fn home<'a>(crowd: &Crowd<'a>) -> Key<'a> {
    let one = &crowd.first.place;
    (place(one), is_alone(one).then_some(crowd.at))
}

fn homes<'a>(crowds: &'a [Crowd<'a>]) -> BTreeMap<Key<'a>, Home<'a>> {
    let mut homes: BTreeMap<Key<'a>, Home<'a>> = BTreeMap::new();
    for crowd in crowds {
        let place = &crowd.first.place;
        let fresh = || Home { place, alone: is_alone(place), users: 0, replicas: 1, names: BTreeSet::new() };
        let home = homes.entry(home(crowd)).or_insert_with(fresh);
        if crowd.takes_part() {
            home.users += crowd.len();
            home.replicas = home.replicas.max(crowd.replicas());
        }
        home.names.extend(crowd.names.iter().map(String::as_str));
    }
    homes
}

impl Home<'_> {
    fn node(&self) -> Node {
        let text = safe(&self.place.text).into_owned();
        let mut lines = vec![line(Set::Label, "state directory")];
        lines.extend(wrapped(&text, WIDTH).iter().map(|part| line(Set::Code, part)));
        let users = match (self.users, self.alone) {
            (0, _) => "nobody refreshes it".to_owned(),
            (1, _) if self.replicas > 1 => format!("used by {} replicas", self.replicas),
            (1, _) => "used by 1 participant".to_owned(),
            (users, true) => format!("{users}, each of its own"),
            (users, false) => format!("shared by {users} participants"),
        };
        lines.push(line(Set::Text, &users));
        let title = format!("State directory, {text}: {users}. Mounted by {}.", listed(&self.names));
        let tone = if self.place.kind == "unresolved" { Tone::Unknown } else { Tone::Plain };
        Node { kind: Kind::Place, tone, lines, title, participant: None }
    }
}

fn crowd_node(crowd: &Crowd<'_>) -> Node {
    let one = crowd.first;
    let (mark, tone) = match one.verdict {
        Verdict::NotAParticipant => ("–", Tone::Away),
        Verdict::Ok => ("✓", Tone::Sound),
        Verdict::Warning => ("!", Tone::Warning),
        Verdict::Undetermined => ("?", Tone::Unknown),
        Verdict::Error => ("✗", Tone::Error),
    };
    let verdict = one.qualified_verdict().replace('-', " ");
    let mut lines: Vec<Line> = crowd.name().iter().map(|name| line(Set::Name, name)).collect();
    lines.push(line(Set::Strong, &format!("{mark} {verdict}")));
    let version = one.version.as_ref().map_or("version not known".to_owned(), |version| safe(version).into_owned());
    let what = if crowd.takes_part() {
        vec![format!("{}, guard {}", role(one.role), one.guard), version]
    } else {
        vec![one.auth.replace('-', " ")]
    };
    lines.extend(what.iter().map(|text| line(Set::Text, &elided(text, WIDTH))));
    lines.extend(crowd.rules.iter().take(RULES).map(|rule| line(Set::Code, &elided(&safe(rule), WIDTH))));
    let more = crowd.rules.len().saturating_sub(RULES);
    lines.extend((more > 0).then(|| line(Set::Text, &format!("and {}", number(more, "more rule")))));
    let mut title = format!("{}: {verdict}; {}.", crowd.names.join(", "), what.join(", "));
    if !crowd.rules.is_empty() {
        title.push_str(&safe(&format!(" Found: {}.", crowd.rules.join(", "))));
    }
    if !one.reason.is_empty() {
        title.push_str(&safe(&format!(" Why: {}.", one.reason)));
    }
    Node { kind: Kind::Crowd, tone, lines, title, participant: Some(crowd.at) }
}

fn role(role: &str) -> &str {
    if role == "unknown" { "role not known" } else { role }
}

pub(super) fn line(set: Set, text: &str) -> Line {
    Line { set, text: text.to_owned() }
}
