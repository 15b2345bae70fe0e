//! Where the boxes of a picture go: a column for each kind of node, and below each other what has nothing to do with each
//! other. The one home of rust-sugiyama, which is given one part of the picture at a time: it looks at the whole for each.

use std::collections::BTreeMap;

use rust_sugiyama::configure::{Config, RankingType};
use rust_sugiyama::from_vertices_and_edges;

use super::words::width;
use super::{Graph, Kind, Node, Set, Tone};

/// How high a line is.
pub(super) const LINE: f64 = 17.0;
/// What is left free inside a box, above and below.
pub(super) const PAD: f64 = 10.0;
/// How wide a box is.
pub(super) const BOX: f64 = 246.0;
/// What is left free around the picture.
const MARGIN: f64 = 12.0;
/// What is left free between two boxes, and between what has nothing to do with each other.
const GAP: f64 = 16.0;
const PARTS: f64 = 36.0;
/// Where the headings of the columns stand.
const HEADINGS: f64 = 34.0;
/// How wide a character of an edge's words is, and the room that an edge has to bend in.
const CHARACTER: f64 = 5.9;
const BEND: f64 = 60.0;

/// A node's box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) height: f64,
}

impl Area {
    pub(super) fn middle(self) -> f64 {
        self.y + self.height / 2.0
    }
}

/// The picture, laid out.
#[derive(Debug)]
pub(super) struct Laid {
    /// By the nodes' places in the graph.
    pub(super) areas: BTreeMap<usize, Area>,
    /// Where each column begins.
    pub(super) columns: BTreeMap<Kind, f64>,
    /// How long the straight part of an edge is, beside the box in the middle: its words stand on it.
    pub(super) straight: (f64, f64),
    pub(super) width: f64,
    pub(super) height: f64,
}

pub(super) fn lay(graph: &Graph) -> Laid {
    let straight = |kind: Kind| {
        let edges = graph.edges.iter().filter(|edge| graph.nodes.get(edge.from).is_some_and(|node| node.kind == kind));
        edges.map(|edge| length(&edge.words)).fold(0.0, f64::max)
    };
    let straight = (straight(Kind::Place), straight(Kind::Crowd));
    let crowds = MARGIN + BOX + BEND + straight.0;
    let locks = crowds + BOX + BEND + straight.1;
    let columns = BTreeMap::from([(Kind::Place, MARGIN), (Kind::Crowd, crowds), (Kind::Lock, locks)]);
    let mut areas = BTreeMap::new();
    let mut top = MARGIN + HEADINGS;
    for part in parts(graph) {
        let laid = lay_part(graph, &part, top);
        let bottom = laid.values().map(|(y, height)| y + height).fold(top, f64::max);
        top = bottom + PARTS;
        areas.extend(laid.into_iter().filter_map(|(at, (y, height))| {
            let x = *columns.get(&graph.nodes.get(at)?.kind)?;
            Some((at, Area { x, y, height }))
        }));
    }
    Laid {
        areas,
        columns,
        straight,
        width: locks + BOX + MARGIN,
        height: (top - PARTS + MARGIN).max(MARGIN + HEADINGS),
    }
}

/// To half a pixel: lines stay sharp, and those that are straight stay straight.
fn half(y: f64) -> f64 {
    (y * 2.0).round() / 2.0
}

fn length(words: &str) -> f64 {
    CHARACTER * count(width(words)) + 14.0
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

fn height(node: &Node) -> f64 {
    let names = node.lines.iter().filter(|line| line.set == Set::Name).count();
    LINE * count(node.lines.len()) + 2.0 * PAD + if names > 0 { 2.0 } else { 0.0 }
}

/// The nodes that edges lead to from each other, the worst part first, then in the order of the graph.
fn parts(graph: &Graph) -> Vec<Vec<usize>> {
    let mut beside: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for edge in &graph.edges {
        beside.entry(edge.from).or_default().push(edge.to);
        beside.entry(edge.to).or_default().push(edge.from);
    }
    let mut left: BTreeMap<usize, &Node> = graph.nodes.iter().enumerate().collect();
    let mut parts = Vec::new();
    while let Some((first, _)) = left.pop_first() {
        let mut part = vec![first];
        let mut at = 0;
        while let Some(node) = part.get(at).copied() {
            let next = beside.get(&node).into_iter().flatten();
            part.extend(next.filter(|next| left.remove(*next).is_some()));
            at += 1;
        }
        part.sort_unstable();
        parts.push(part);
    }
    let worst = |part: &Vec<usize>| {
        let crowds = part.iter().filter_map(|at| graph.nodes.get(*at)).filter(|node| node.kind == Kind::Crowd);
        crowds.map(|node| node.tone).max().unwrap_or(Tone::Plain)
    };
    parts.sort_by_cached_key(|part| std::cmp::Reverse(worst(part)));
    parts
}

/// Where the boxes of one part begin and how high they are, from a line on.
fn lay_part(graph: &Graph, part: &[usize], top: f64) -> BTreeMap<usize, (f64, f64)> {
    let here: BTreeMap<usize, u32> = part.iter().copied().zip(0..).collect();
    let height = |at: usize| graph.nodes.get(at).map_or(0.0, height);
    let vertices: Vec<(u32, (f64, f64))> = here.iter().map(|(at, vertex)| (*vertex, (height(*at), 1.0))).collect();
    let edge = |edge: &super::Edge| Some((*here.get(&edge.from)?, *here.get(&edge.to)?));
    let edges: Vec<(u32, u32)> = graph.edges.iter().filter_map(edge).collect();
    let config = Config { vertex_spacing: GAP, ranking_type: RankingType::Down, transpose: false, ..Config::default() };
    // Its ranks go downward and ours to the right: what it calls x is down for us.
    let laid = from_vertices_and_edges(&vertices, &edges, &config);
    let middles = laid.into_iter().flat_map(|(positions, ..)| positions).map(|(vertex, (down, _))| (vertex, down));
    let middles: BTreeMap<usize, f64> = middles.collect();
    // It may as well hand out the mirror image: names are read from the top.
    let is_crowd = |at: &usize| graph.nodes.get(*at).is_some_and(|node| node.kind == Kind::Crowd);
    let mut crowds =
        part.iter().enumerate().filter(|(_, at)| is_crowd(at)).filter_map(|(vertex, _)| middles.get(&vertex));
    let turn = if crowds.next() > crowds.next_back() { -1.0 } else { 1.0 };
    let middle = |vertex: usize| middles.get(&vertex).map_or(0.0, |middle| middle * turn);
    let mut columns: BTreeMap<Kind, Vec<(usize, f64)>> = BTreeMap::new();
    for (vertex, at) in part.iter().enumerate() {
        let Some(node) = graph.nodes.get(*at) else { continue };
        columns.entry(node.kind).or_default().push((*at, middle(vertex) - height(*at) / 2.0));
    }
    let mut places = BTreeMap::new();
    for column in columns.values_mut() {
        column.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        // Whatever the library says, no box is on another.
        let mut free = f64::MIN;
        for (at, wanted) in column {
            let y = wanted.max(free);
            free = y + height(*at) + GAP;
            places.insert(*at, y);
        }
    }
    let first = places.values().copied().fold(f64::INFINITY, f64::min);
    places.into_iter().map(|(at, y)| (at, (half(y - first + top), height(at)))).collect()
}
