//! Where the boxes of a picture go: a column for each kind of node, and below each other what has nothing to do with each
//! other. The one home of rust-sugiyama, which is given one part of the picture at a time: it looks at the whole for each.

use std::collections::BTreeMap;

use rust_sugiyama::configure::{Config, RankingType};
use rust_sugiyama::from_vertices_and_edges;

use super::fit_text::text_width;
use super::{Graph, GraphNode, LineStyle, NodeKind, Tone};

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
pub(super) struct NodeArea {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) height: f64,
}

impl NodeArea {
    pub(super) fn middle(self) -> f64 {
        self.y + self.height / 2.0
    }
}

/// The picture, laid out.
#[derive(Debug)]
pub(super) struct GraphLayout {
    /// By the nodes' places in the graph.
    pub(super) areas: BTreeMap<usize, NodeArea>,
    /// Where each column begins.
    pub(super) columns: BTreeMap<NodeKind, f64>,
    /// How long the straight part of an edge is, beside the box in the middle: its words stand on it.
    pub(super) straight: (f64, f64),
    pub(super) width: f64,
    pub(super) height: f64,
}

pub(super) fn lay_out(graph: &Graph) -> GraphLayout {
    let straight = |kind: NodeKind| {
        let edges = graph.edges.iter().filter(|edge| graph.nodes.get(edge.from).is_some_and(|node| node.kind == kind));
        edges.map(|edge| edge_length(&edge.words)).fold(0.0, f64::max)
    };
    let straight = (straight(NodeKind::Place), straight(NodeKind::Participants));
    let crowds = MARGIN + BOX + BEND + straight.0;
    let locks = crowds + BOX + BEND + straight.1;
    let columns =
        BTreeMap::from([(NodeKind::Place, MARGIN), (NodeKind::Participants, crowds), (NodeKind::Lock, locks)]);
    let mut areas = BTreeMap::new();
    let mut top = MARGIN + HEADINGS;
    for part in connected_parts(graph) {
        let laid = lay_part(graph, &part, top);
        let bottom = laid.values().map(|(y, height)| y + height).fold(top, f64::max);
        top = bottom + PARTS;
        areas.extend(laid.into_iter().filter_map(|(at, (y, height))| {
            let x = *columns.get(&graph.nodes.get(at)?.kind)?;
            Some((at, NodeArea { x, y, height }))
        }));
    }
    GraphLayout {
        areas,
        columns,
        straight,
        width: locks + BOX + MARGIN,
        height: (top - PARTS + MARGIN).max(MARGIN + HEADINGS),
    }
}

/// To half a pixel: lines stay sharp, and those that are straight stay straight.
fn half_rounded(y: f64) -> f64 {
    (y * 2.0).round() / 2.0
}

fn edge_length(words: &str) -> f64 {
    CHARACTER * as_float(text_width(words)) + 14.0
}

fn as_float(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

fn node_height(node: &GraphNode) -> f64 {
    let names = node.lines.iter().filter(|line| line.set == LineStyle::Name).count();
    LINE * as_float(node.lines.len()) + 2.0 * PAD + if names > 0 { 2.0 } else { 0.0 }
}

/// The nodes that edges lead to from each other, the worst part first, then in the order of the graph.
pub(super) fn connected_parts(graph: &Graph) -> Vec<Vec<usize>> {
    let mut beside: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for edge in &graph.edges {
        beside.entry(edge.from).or_default().push(edge.to);
        beside.entry(edge.to).or_default().push(edge.from);
    }
    let mut left: BTreeMap<usize, &GraphNode> = graph.nodes.iter().enumerate().collect();
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
        let crowds =
            part.iter().filter_map(|at| graph.nodes.get(*at)).filter(|node| node.kind == NodeKind::Participants);
        crowds.map(|node| node.tone).max().unwrap_or(Tone::Plain)
    };
    parts.sort_by_cached_key(|part| std::cmp::Reverse(worst(part)));
    parts
}

/// Where the boxes of one part begin and how high they are, from a line on.
fn lay_part(graph: &Graph, part: &[usize], top: f64) -> BTreeMap<usize, (f64, f64)> {
    let here: BTreeMap<usize, u32> = part.iter().copied().zip(0..).collect();
    let height_at = |at: usize| graph.nodes.get(at).map_or(0.0, node_height);
    let vertices: Vec<(u32, (f64, f64))> = here.iter().map(|(at, vertex)| (*vertex, (height_at(*at), 1.0))).collect();
    let edge = |edge: &super::GraphEdge| Some((*here.get(&edge.from)?, *here.get(&edge.to)?));
    let edges: Vec<(u32, u32)> = graph.edges.iter().filter_map(edge).collect();
    let config = Config { vertex_spacing: GAP, ranking_type: RankingType::Down, transpose: false, ..Config::default() };
    // Its ranks go downward and ours to the right: what it calls x is down for us.
    let laid = from_vertices_and_edges(&vertices, &edges, &config);
    let middles = laid.into_iter().flat_map(|(positions, ..)| positions).map(|(vertex, (down, _))| (vertex, down));
    let middles: BTreeMap<usize, f64> = middles.collect();
    // It may as well hand out the mirror image: names are read from the top.
    let is_crowd = |at: &usize| graph.nodes.get(*at).is_some_and(|node| node.kind == NodeKind::Participants);
    let mut crowds =
        part.iter().enumerate().filter(|(_, at)| is_crowd(at)).filter_map(|(vertex, _)| middles.get(&vertex));
    let turn = if crowds.next() > crowds.next_back() { -1.0 } else { 1.0 };
    let middle = |vertex: usize| middles.get(&vertex).map_or(0.0, |middle| middle * turn);
    let mut columns: BTreeMap<NodeKind, Vec<(usize, f64)>> = BTreeMap::new();
    for (vertex, at) in part.iter().enumerate() {
        let Some(node) = graph.nodes.get(*at) else { continue };
        columns.entry(node.kind).or_default().push((*at, middle(vertex) - height_at(*at) / 2.0));
    }
    let mut places = BTreeMap::new();
    for column in columns.values_mut() {
        column.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        // Whatever the library says, no box is on another.
        let mut free = f64::MIN;
        for (at, wanted) in column {
            let y = wanted.max(free);
            free = y + height_at(*at) + GAP;
            places.insert(*at, y);
        }
    }
    let first = places.values().copied().fold(f64::INFINITY, f64::min);
    places.into_iter().map(|(at, y)| (at, (half_rounded(y - first + top), height_at(at)))).collect()
}
