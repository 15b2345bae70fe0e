//! A report's participants as nodes and edges: linear in their number. May use `finding`.

use std::collections::{BTreeMap, BTreeSet};

use super::crowd::{Crowd, Where, crowds, listed, place};
use super::words::{elided, wrapped};
use super::{Edge, Graph, Kind, Line, Node, Set, Tone};
use crate::finding::{PlaceName, Report, Verdict};
use crate::render::safe::safe;
use crate::render::words::number;

/// How wide a path is drawn.
const WIDTH: usize = 31;
/// How wide the words of an edge are drawn.
const EDGE: usize = 32;
/// How many rules are named in a box.
const RULES: usize = 3;

/// A place, and whose it is where only one container reaches it.
type Key<'a> = (Where<'a>, Option<usize>);

/// A lock, while who takes it is gathered.
struct Lock<'a> {
    place: &'a PlaceName,
    /// Whether it is taken as a guard, and as an internal lock.
    guard: bool,
    internal: bool,
    alone: Option<usize>,
    /// Its paths in the container, for a lock that nobody else sees.
    paths: Vec<&'a str>,
    /// Who takes it without a doubt: how many, their names, the state directories they use.
    takers: usize,
    names: BTreeSet<&'a str>,
    homes: BTreeSet<Key<'a>>,
    /// The crowds that take it, or may.
    edges: Vec<(usize, String, bool)>,
}

/// A state directory, and who uses it.
struct Home<'a> {
    place: &'a PlaceName,
    alone: bool,
    users: usize,
    replicas: usize,
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
            number(homes.len(), "state directory").replace("directorys", "directories"),
            number(locks.len(), "lock"),
        );
        Self { title: "Who shares a state directory, and which locks join them".to_owned(), summary, nodes, edges }
    }
}

/// Whether only one container reaches a place.
fn is_alone(place: &PlaceName) -> bool {
    matches!(place.kind, "private" | "tmpfs")
}

fn home<'a>(crowd: &Crowd<'a>) -> Key<'a> {
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

fn locks<'a>(crowds: &'a [Crowd<'a>]) -> BTreeMap<Key<'a>, Lock<'a>> {
    let mut locks: BTreeMap<Key<'a>, Lock<'a>> = BTreeMap::new();
    for (at, crowd) in crowds.iter().enumerate().filter(|(_, crowd)| crowd.takes_part()) {
        let one = crowd.first;
        let guard = one.guard_place.iter().map(|place| (true, place, one.guard_path.as_deref().unwrap_or("")));
        let internal = one.locks.iter().map(|lock| (false, &lock.place, lock.path.as_str()));
        for (is_guard, place, path) in guard.chain(internal) {
            let alone = is_alone(place).then_some(crowd.at);
            // What nobody else sees of one crowd is told as one.
            let key = if alone.is_some() {
                (("", None, if is_guard { "guard" } else { "" }), alone)
            } else {
                (self::place(place), None)
            };
            let fresh = || Lock::new(place, alone);
            let lock = locks.entry(key).or_insert_with(fresh);
            lock.guard |= is_guard;
            lock.internal |= !is_guard;
            if !lock.paths.contains(&path) {
                lock.paths.push(path);
            }
            let (words, firm) = if is_guard { guard_words(one.guard) } else { internal_words(one.internal_lock) };
            let words = if alone.is_some() { format!("{words}, alone") } else { words.to_owned() };
            if lock.edges.last().is_none_or(|(crowd, ..)| *crowd != at) {
                if firm {
                    lock.takers += crowd.len();
                    lock.names.extend(crowd.names.iter().map(String::as_str));
                }
                lock.homes.insert(home(crowd));
                lock.edges.push((at, words, firm && alone.is_none()));
            }
        }
    }
    locks
}

/// How a guard is taken, and whether it holds.
fn guard_words(state: &str) -> (&'static str, bool) {
    match state {
        "held" => ("takes", true),
        "conditional" => ("takes on a condition", false),
        "broken" => ("takes, but it fails", false),
        "absent" | "bypassed" => ("a call goes past it", false),
        _ => ("may take", false),
    }
}

/// The same of an internal lock.
fn internal_words(state: &str) -> (&'static str, bool) {
    match state {
        "uncreatable" => ("cannot create", false),
        "unknown" => ("may take", false),
        _ => ("takes", true),
    }
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
    let verdict = one.verdict.name().replace('-', " ");
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

impl<'a> Lock<'a> {
    fn new(place: &'a PlaceName, alone: Option<usize>) -> Self {
        let (names, homes) = (BTreeSet::new(), BTreeSet::new());
        Self {
            place,
            guard: false,
            internal: false,
            alone,
            paths: Vec::new(),
            takers: 0,
            names,
            homes,
            edges: Vec::new(),
        }
    }

    fn node(&self, homes: &BTreeMap<Key<'a>, Home<'a>>) -> Node {
        let label = match (self.guard, self.internal) {
            (true, true) => "guard and internal lock",
            (true, false) => "guard",
            _ if self.paths.len() > 1 && self.alone.is_some() => "internal locks",
            _ => "internal lock",
        };
        let mut lines = vec![line(Set::Label, label)];
        let texts: Vec<String> = match self.alone {
            Some(_) => self.paths.iter().map(|path| safe(path).into_owned()).collect(),
            None => vec![safe(&self.place.text).into_owned()],
        };
        let shown = texts.iter().flat_map(|text| wrapped(text, WIDTH));
        lines.extend(shown.map(|part| line(Set::Code, &part)));
        let (words, tone) = self.joins(homes);
        if self.alone.is_some() {
            lines.push(line(Set::Text, &format!("on {}", safe(&self.place.text))));
        }
        lines.push(line(Set::Strong, &words));
        let who = if self.names.is_empty() { String::new() } else { format!(" Taken by {}.", listed(&self.names)) };
        let label = format!("{}{}", label.get(..1).unwrap_or("").to_uppercase(), label.get(1..).unwrap_or(""));
        let title = format!("{label}, {}, on {}: {words}.{who}", texts.join(" and "), safe(&self.place.text));
        Node { kind: Kind::Lock, tone, lines, title, participant: None }
    }

    /// Whom it joins, in words.
    fn joins(&self, homes: &BTreeMap<Key<'a>, Home<'a>>) -> (String, Tone) {
        let used: Vec<&Home<'_>> = self.homes.iter().filter_map(|home| homes.get(home)).collect();
        let users: usize = used.iter().map(|home| home.users).sum();
        let replicas = used.iter().map(|home| home.replicas).max().unwrap_or(1);
        match (self.takers, users) {
            _ if self.alone.is_some() && users <= 1 && replicas <= 1 => ("nobody else to join".to_owned(), Tone::Plain),
            _ if self.alone.is_some() => ("joins nobody".to_owned(), Tone::Alone),
            _ if self.place.kind == "unresolved" => ("joins whom is not known".to_owned(), Tone::Unknown),
            (1, 1) if replicas > 1 => (format!("joins its {replicas} replicas"), Tone::Sound),
            (0, _) => ("joins nobody for certain".to_owned(), Tone::Warning),
            (1, 1) => ("nobody else to join".to_owned(), Tone::Plain),
            (1, _) => ("joins nobody: one takes it".to_owned(), Tone::Warning),
            (takers, users) if takers == users => (format!("joins all {users}"), Tone::Sound),
            (takers, users) => (format!("joins {takers} of {users}"), Tone::Warning),
        }
    }
}

fn line(set: Set, text: &str) -> Line {
    Line { set, text: text.to_owned() }
}
