//! The picture in the page: boxes and lines where there is room, the same as a list on a phone. May use `finding`.

use std::cmp::Reverse;

use maud::{Markup, PreEscaped, html};

use crate::finding::Report;
use crate::render::graph::{self, Graph, GraphEdge, GraphNode, LineStyle, NodeKind};
use crate::render::phrases::count_of;

/// How many boxes of containers are drawn: those of the worst logins.
const DRAWN: usize = 40;

/// `has_row` says which participants a link can lead to.
pub(super) fn section(report: &Report, has_row: impl Fn(usize) -> bool) -> Markup {
    if report.participants.is_empty() {
        return html! {};
    }
    let (mut graph, left) = Graph::of(report).worst_parts(DRAWN);
    for node in &mut graph.nodes {
        node.participant = node.participant.filter(|at| has_row(*at));
    }
    html! {
        section aria-labelledby="picture" {
            h2 #picture { "Who shares what" }
            p .lead { "A lock excludes only the containers that it joins. An external flock is one that is taken around each call." }
            div .scroll .wide role="region" aria-labelledby="picture" tabindex="0" { (PreEscaped(graph::svg_part(&graph))) }
            div .narrow { (stacked_picture(&graph)) }
            @if left > 0 { p .quiet { "Not drawn: " (count_of(left, "more container")) ". " a href="#participants" { "The table" } " has the others." } }
        }
    }
}

/// State directories, those of the worst logins first, below each who uses it, below those their locks.
fn stacked_picture(graph: &Graph) -> Markup {
    let edges = graph.edges_by_node();
    let edges_of = |at: usize| edges.get(&at).map(Vec::as_slice).unwrap_or_default();
    let mut places: Vec<(usize, &GraphNode)> = graph.nodes.iter().enumerate().collect();
    places.retain(|(_, node)| node.kind == NodeKind::Place);
    let worst = |at: usize| edges_of(at).iter().filter_map(|edge| graph.nodes.get(edge.to)).map(|node| node.tone).max();
    places.sort_by_cached_key(|(at, _)| Reverse(worst(*at)));
    html! {
        ul .stack {
            @for (at, place) in places {
                li {
                    (node_box(place))
                    ul { @for edge in edges_of(at) { @if let Some(node) = graph.nodes.get(edge.to) {
                        li {
                            (node_box(node))
                            ul { @for edge in edges_of(edge.to) { (lock_item(edge, graph)) } }
                        }
                    } } }
                }
            }
        }
    }
}

fn lock_item(edge: &GraphEdge, graph: &Graph) -> Markup {
    html! {
        @if let Some(lock) = graph.nodes.get(edge.to) {
            li { span .quiet { (edge.words) " " } (node_box(lock)) }
        }
    }
}

/// The lines of a box; every text of the graph is safe to print.
fn node_box(node: &GraphNode) -> Markup {
    html! {
        div class={ "stacked " (node.tone.name()) } {
            @for line in &node.lines {
                @match line.set {
                    LineStyle::Name | LineStyle::Strong => { strong { (line.text) } }
                    LineStyle::Code => { code { (line.text) } }
                    LineStyle::Label | LineStyle::Text => { span .quiet { (line.text) } }
                }
                " "
            }
        }
    }
}
