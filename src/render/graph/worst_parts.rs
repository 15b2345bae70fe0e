//! The worst of a picture that is too large to read: whole parts as long as there is room, of the last one the worst boxes.
//! Uses `graph` alone.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::node_layout::connected_parts;
use super::{Graph, GraphEdge, NodeKind};

impl Graph {
    /// At most so many boxes of participants with all that they use, and how many containers are left out. What the boxes
    /// say counts those that are left out.
    pub(in crate::render) fn worst_parts(self, most: usize) -> (Self, usize) {
        let is_group = |at: &usize| self.nodes.get(*at).is_some_and(|node| node.kind == NodeKind::Participants);
        let mut kept: BTreeSet<usize> = BTreeSet::new();
        let mut room = most;
        for part in connected_parts(&self) {
            let mut groups: Vec<usize> = part.into_iter().filter(is_group).collect();
            groups.sort_by_key(|at| (Reverse(self.nodes.get(*at).map(|node| node.tone)), *at));
            groups.truncate(room);
            room -= groups.len();
            kept.extend(groups);
        }
        let all: usize = self.nodes.iter().map(|node| node.stands_for).sum();
        let left = all - kept.iter().filter_map(|at| self.nodes.get(*at)).map(|node| node.stands_for).sum::<usize>();
        if left == 0 {
            return (self, 0);
        }
        (self.reduced_to(kept), left)
    }

    /// Some groups, and what edges lead to or from them.
    fn reduced_to(self, mut kept: BTreeSet<usize>) -> Self {
        let edges: Vec<GraphEdge> =
            self.edges.into_iter().filter(|edge| kept.contains(&edge.from) || kept.contains(&edge.to)).collect();
        kept.extend(edges.iter().flat_map(|edge| [edge.from, edge.to]));
        let order: BTreeMap<usize, usize> = kept.iter().copied().zip(0..).collect();
        let nodes = self.nodes.into_iter().enumerate().filter(|(at, _)| kept.contains(at)).map(|(_, node)| node);
        let edges = edges
            .into_iter()
            .filter_map(|edge| Some(GraphEdge { from: *order.get(&edge.from)?, to: *order.get(&edge.to)?, ..edge }));
        Self { title: self.title, summary: self.summary, nodes: nodes.collect(), edges: edges.collect() }
    }
}
