//! Locks, who takes them, and whom they join. May use `finding`.

use std::collections::{BTreeMap, BTreeSet};

use super::collapse::{ParticipantGroup, list_names, place_key};
use super::directory_nodes::{DirectoryKey, StateDirectory, WIDTH, directory_key, is_private, node_line};
use super::fit_text::wrap_path;
use super::{GraphNode, LineStyle, NodeKind, Tone};
use crate::finding::PlaceName;
use crate::render::safe::safe;

/// A lock, while who takes it is gathered.
pub(super) struct SharedLock<'a> {
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
    homes: BTreeSet<DirectoryKey<'a>>,
    /// The crowds that take it, or may.
    pub(super) edges: Vec<(usize, String, bool)>,
}

/// All locks of those that take part, in the order of their places.
pub(super) fn collect_locks<'a>(crowds: &'a [ParticipantGroup<'a>]) -> BTreeMap<DirectoryKey<'a>, SharedLock<'a>> {
    let mut locks: BTreeMap<DirectoryKey<'a>, SharedLock<'a>> = BTreeMap::new();
    for (at, crowd) in crowds.iter().enumerate().filter(|(_, crowd)| crowd.takes_part()) {
        let one = crowd.first;
        let guard = one.guard_place.iter().map(|place| (true, place, one.guard_path.as_deref().unwrap_or("")));
        let internal = one.locks.iter().map(|lock| (false, &lock.place, lock.path.as_str()));
        for (is_guard, place, path) in guard.chain(internal) {
            let alone = is_private(place).then_some(crowd.at);
            // What nobody else sees of one crowd is told as one.
            let key = if alone.is_some() {
                (("", None, if is_guard { "guard" } else { "" }), alone)
            } else {
                (place_key(place), None)
            };
            let fresh = || SharedLock::new(place, alone);
            let lock = locks.entry(key).or_insert_with(fresh);
            lock.guard |= is_guard;
            lock.internal |= !is_guard;
            if alone.is_some() && !lock.paths.contains(&path) {
                lock.paths.push(path);
            }
            let (words, firm) = if is_guard { guard_words(one.guard) } else { internal_words(one.internal_lock) };
            let words = if alone.is_some() { format!("{words}, alone") } else { words.to_owned() };
            if lock.edges.last().is_none_or(|(crowd, ..)| *crowd != at) {
                if firm {
                    lock.takers += crowd.containers();
                    lock.names.extend(crowd.names.iter().map(|name| name.short.as_str()));
                }
                lock.homes.insert(directory_key(crowd));
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
        "absent" | "bypassed" => ("a call bypasses it", false),
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

impl<'a> SharedLock<'a> {
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

    pub(super) fn node(&self, homes: &BTreeMap<DirectoryKey<'a>, StateDirectory<'a>>) -> GraphNode {
        let label = match (self.guard, self.internal) {
            (true, true) => "external flock and internal lock",
            (true, false) => "external flock",
            _ if self.paths.len() > 1 && self.alone.is_some() => "internal locks",
            _ => "internal lock",
        };
        let mut lines = vec![node_line(LineStyle::Label, label)];
        let texts: Vec<String> = match self.alone {
            Some(_) => self.paths.iter().map(|path| safe(path).into_owned()).collect(),
            None => vec![safe(&self.place.text).into_owned()],
        };
        let shown = texts.iter().flat_map(|text| wrap_path(text, WIDTH));
        lines.extend(shown.map(|part| node_line(LineStyle::Code, &part)));
        let (words, tone) = self.joins_whom(homes);
        if self.alone.is_some() {
            lines.push(node_line(LineStyle::Text, &format!("on {}", safe(&self.place.text))));
        }
        lines.push(node_line(LineStyle::Strong, &words));
        let who = if self.names.is_empty() { String::new() } else { format!(" Taken by {}.", list_names(&self.names)) };
        let label = format!("{}{}", label.get(..1).unwrap_or("").to_uppercase(), label.get(1..).unwrap_or(""));
        let on = self.alone.map(|_| format!(", on {}", safe(&self.place.text))).unwrap_or_default();
        let title = format!("{label}, {}{on}: {words}.{who}", texts.join(" and "));
        GraphNode { kind: NodeKind::Lock, tone, lines, title, participant: None, stands_for: 0 }
    }

    /// Whom it joins, in words.
    fn joins_whom(&self, homes: &BTreeMap<DirectoryKey<'a>, StateDirectory<'a>>) -> (String, Tone) {
        let used: Vec<&StateDirectory<'_>> = self.homes.iter().filter_map(|home| homes.get(home)).collect();
        let users: usize = used.iter().map(|home| home.users).sum();
        match (self.takers, users) {
            _ if self.alone.is_some() && users <= 1 => ("nobody else to join".to_owned(), Tone::Plain),
            _ if self.alone.is_some() => ("joins nobody".to_owned(), Tone::Alone),
            _ if self.place.kind == "unresolved" => ("unknown whom it joins".to_owned(), Tone::Unknown),
            (0, _) => ("joins nobody for certain".to_owned(), Tone::Warning),
            (1, 1) => ("nobody else to join".to_owned(), Tone::Plain),
            (1, _) => ("joins nobody: one takes it".to_owned(), Tone::Warning),
            (takers, users) if takers == users => (format!("joins all {users}"), Tone::Sound),
            (takers, users) => (format!("joins {takers} of {users}"), Tone::Warning),
        }
    }
}
