//! The picture for Graphviz. Labels are quoted strings, never HTML. Uses `graph` alone.

use std::io;

use super::{Graph, GraphNode, Tone};

pub(super) fn write(graph: &Graph, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "digraph overlock {{")?;
    writeln!(out, "  graph [rankdir=LR, ranksep=1.2, label={}, labelloc=t]", quote_text(&graph.title))?;
    writeln!(out, "  node [shape=box, style=filled, fontname=\"sans-serif\", fontsize=11, color=\"#8c959f\"]")?;
    writeln!(out, "  edge [dir=none, fontname=\"sans-serif\", fontsize=10, color=\"#6e7781\"]")?;
    for (at, node) in graph.nodes.iter().enumerate() {
        let (label, tooltip) = (quote_text(&node_label(node)), quote_text(&node.title));
        writeln!(out, "  {} [label={label}, tooltip={tooltip}, {}]", graph.name(at), node_look(node.tone))?;
    }
    for edge in &graph.edges {
        let (from, to, words) = (graph.name(edge.from), graph.name(edge.to), quote_text(&edge.words));
        let style = if edge.firm { "solid" } else { "dashed" };
        writeln!(out, "  {from} -> {to} [label={words}, style={style}]")?;
    }
    writeln!(out, "}}")
}

fn node_label(node: &GraphNode) -> String {
    node.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
}

fn node_look(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "fillcolor=\"#f6f8fa\"",
        Tone::Away | Tone::Alone => "fillcolor=\"#ffffff\", style=\"filled,dashed\"",
        Tone::Sound => "fillcolor=\"#effaf1\", color=\"#116329\"",
        Tone::Warning => "fillcolor=\"#fff7e0\", color=\"#7a4a00\"",
        Tone::Unknown => "fillcolor=\"#f6f1ff\", color=\"#5a32a3\"",
        Tone::Error => "fillcolor=\"#fff0f0\", color=\"#a40e26\", penwidth=2",
    }
}

/// A string of Graphviz, which also knows the entities of HTML.
fn quote_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '&' => out.push_str("&amp;"),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}
