//! State directories, and who uses them. May use `finding`.

use std::collections::{BTreeMap, BTreeSet};

use super::collapse::{ParticipantGroup, PlaceKey, list_names, place_key};
use super::fit_text::wrap_path;
use super::{GraphNode, LineStyle, NodeKind, NodeLine, Tone};
use crate::finding::PlaceName;
use crate::render::safe::safe;

/// How wide a path is drawn.
pub(super) const WIDTH: usize = 31;
/// A place, and whose it is where only one container reaches it.
pub(super) type DirectoryKey<'a> = (PlaceKey<'a>, Option<usize>);

/// A state directory, and who uses it.
pub(super) struct StateDirectory<'a> {
    place: &'a PlaceName,
    alone: bool,
    /// How many containers take part.
    pub(super) users: usize,
    names: BTreeSet<&'a str>,
}

/// Whether only one container reaches a place.
pub(super) fn is_private(place: &PlaceName) -> bool {
    matches!(place.kind, "private" | "tmpfs")
}

pub(super) fn directory_key<'a>(crowd: &ParticipantGroup<'a>) -> DirectoryKey<'a> {
    let one = &crowd.first.place;
    (place_key(one), is_private(one).then_some(crowd.at))
}

pub(super) fn state_directories<'a>(
    crowds: &'a [ParticipantGroup<'a>],
) -> BTreeMap<DirectoryKey<'a>, StateDirectory<'a>> {
    let mut homes: BTreeMap<DirectoryKey<'a>, StateDirectory<'a>> = BTreeMap::new();
    for crowd in crowds {
        let place = &crowd.first.place;
        let fresh = || StateDirectory { place, alone: is_private(place), users: 0, names: BTreeSet::new() };
        let home = homes.entry(directory_key(crowd)).or_insert_with(fresh);
        if crowd.takes_part() {
            home.users += crowd.containers();
        }
        home.names.extend(crowd.names.iter().map(|name| name.short.as_str()));
    }
    homes
}

impl StateDirectory<'_> {
    pub(super) fn node(&self) -> GraphNode {
        let text = safe(&self.place.text).into_owned();
        let mut lines = vec![node_line(LineStyle::Label, "state directory")];
        lines.extend(wrap_path(&text, WIDTH).iter().map(|part| node_line(LineStyle::Code, part)));
        let users = match (self.users, self.alone) {
            (0, _) => "nobody refreshes it".to_owned(),
            (1, _) => "used by 1 container".to_owned(),
            (users, true) => format!("{users} containers, each of its own"),
            (users, false) => format!("shared by {users} containers"),
        };
        lines.push(node_line(LineStyle::Text, &users));
        let title = format!("State directory, {text}: {users}. Mounted by {}.", list_names(&self.names));
        let tone = if self.place.kind == "unresolved" { Tone::Unknown } else { Tone::Plain };
        GraphNode { kind: NodeKind::Place, tone, lines, title, participant: None, stands_for: 0 }
    }
}

pub(super) fn node_line(set: LineStyle, text: &str) -> NodeLine {
    NodeLine { set, text: text.to_owned() }
}
