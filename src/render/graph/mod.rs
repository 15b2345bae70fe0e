//! The picture of who shares what: state directories, who uses them, and the locks that join them or join nobody. Plain
//! data, made from a report alone. May use `finding` and `report`; `node_layout` is the one home of rust-sugiyama.
//!
//! ```text
//! collapse         participants that are alike become one group
//! directory_nodes  state directories, and who uses them;  lock_nodes: locks, and whom they join
//! build_graph      all of them as nodes and edges;  fit_text: names and paths that fit a box
//! worst_parts      the worst of a picture that is too large to read
//! node_layout      where they go;  svg, mermaid, dot: how they are written
//! ```

mod build_graph;
mod collapse;
mod directory_nodes;
mod dot;
mod fit_text;
mod lock_nodes;
mod mermaid;
mod node_layout;
mod svg;
#[cfg(test)]
mod tests;
mod worst_parts;

use std::collections::BTreeMap;
use std::io;

use crate::finding::Report;

pub(super) use collapse::{ParticipantGroup, collapse_alike};
pub(super) use svg::{STYLE, svg_part};

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// A picture that stands alone.
    Svg,
    /// Text that many pages of Markdown draw.
    Mermaid,
    /// Text for Graphviz.
    Dot,
}

/// Writes the picture of a report.
///
/// # Errors
/// What the stream says.
pub fn picture(report: &Report, picture: Picture, out: &mut dyn io::Write) -> io::Result<()> {
    let graph = Graph::of(report);
    match picture {
        Picture::Svg => svg::write(&graph, out),
        Picture::Mermaid => mermaid::write(&graph, out),
        Picture::Dot => dot::write(&graph, out),
    }
}

/// Nodes, and what joins them. Every text in it is safe to print, and short where it is drawn.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Graph {
    /// What it shows, in a few words.
    pub(super) title: String,
    /// The same in a sentence.
    pub(super) summary: String,
    /// In the order of the report; state directories before who uses them, those before their locks.
    pub(super) nodes: Vec<GraphNode>,
    /// By the node they start from.
    pub(super) edges: Vec<GraphEdge>,
}

/// What a node is, which is also the column it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NodeKind {
    /// A state directory.
    Place,
    /// Who uses it: one participant, or several that are alike.
    Participants,
    /// An internal lock or a guard.
    Lock,
}

impl NodeKind {
    pub(super) const ALL: [Self; 3] = [Self::Place, Self::Participants, Self::Lock];

    /// What the nodes of this kind are together.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Place => "State directories",
            Self::Participants => "Containers",
            Self::Lock => "Locks",
        }
    }
}

/// How a node is drawn, beside what it says in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    /// Nothing to say of it.
    Plain,
    /// Takes no part.
    Away,
    /// Sound: a participant, or a lock that joins all.
    Sound,
    /// A warning, or a lock that joins some.
    Warning,
    /// Not known.
    Unknown,
    /// An error.
    Error,
    /// A lock that nobody else can see.
    Alone,
}

impl Tone {
    /// Its name in style sheets.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Away => "away",
            Self::Sound => "sound",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Error => "error",
            Self::Alone => "alone",
        }
    }
}

/// A box with some lines of text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GraphNode {
    pub(super) kind: NodeKind,
    pub(super) tone: Tone,
    pub(super) lines: Vec<NodeLine>,
    /// All that the box stands for, in sentences.
    pub(super) title: String,
    /// The first participant that it stands for, by its place in the report.
    pub(super) participant: Option<usize>,
    /// How many containers it stands for.
    pub(super) stands_for: usize,
}

/// A line of a box, and how it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NodeLine {
    pub(super) set: LineStyle,
    pub(super) text: String,
}

/// How a line is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineStyle {
    /// What the node is.
    Label,
    /// A container's name.
    Name,
    /// The verdict, or whom a lock joins.
    Strong,
    /// A path or a rule.
    Code,
    /// What else there is to say.
    Text,
}

/// From a node of one column to one of the next, both by their place among the nodes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GraphEdge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) words: String,
    /// Whether it holds: a lock that is taken perhaps, or alone, holds nobody off.
    pub(super) firm: bool,
}

impl Graph {
    /// The edges that leave each node.
    pub(super) fn edges_by_node(&self) -> BTreeMap<usize, Vec<&GraphEdge>> {
        let mut edges: BTreeMap<usize, Vec<&GraphEdge>> = BTreeMap::new();
        for edge in &self.edges {
            edges.entry(edge.from).or_default().push(edge);
        }
        edges
    }

    /// The name of a node in the writers.
    pub(super) fn name(&self, at: usize) -> String {
        let letter = match self.nodes.get(at).map(|node| node.kind) {
            Some(NodeKind::Place) => 'd',
            Some(NodeKind::Lock) => 'l',
            Some(NodeKind::Participants) | None => 'c',
        };
        format!("{letter}{}", at + 1)
    }
}
