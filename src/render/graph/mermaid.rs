//! The picture as a Mermaid flowchart. Every character that could mean something to it is written as its number. Uses
//! `graph` alone.

use std::io;

use super::{Graph, GraphNode, Tone};

pub(super) fn write(graph: &Graph, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    writeln!(out, "  accTitle: {}", quote_text(&graph.title))?;
    writeln!(out, "  accDescr: {}", quote_text(&graph.summary))?;
    for (at, node) in graph.nodes.iter().enumerate() {
        writeln!(out, "  {}[\"{}\"]:::{}", graph.name(at), node_label(node), node.tone.name())?;
    }
    for edge in &graph.edges {
        let (from, to, words) = (graph.name(edge.from), graph.name(edge.to), quote_text(&edge.words));
        let line = if edge.firm { "---" } else { "-.-" };
        writeln!(out, "  {from} {line}|\"{words}\"| {to}")?;
    }
    TONES.iter().try_for_each(|(tone, style)| writeln!(out, "  classDef {} {style}", tone.name()))
}

/// Colours that can be read on light and on dark pages, since a box brings its own ground.
const TONES: [(Tone, &str); 7] = [
    (Tone::Plain, "fill:#f6f8fa,stroke:#8c959f,color:#1b1f24"),
    (Tone::Away, "fill:#ffffff,stroke:#8c959f,color:#57606a,stroke-dasharray:5 4"),
    (Tone::Sound, "fill:#effaf1,stroke:#116329,color:#1b1f24"),
    (Tone::Warning, "fill:#fff7e0,stroke:#7a4a00,color:#1b1f24"),
    (Tone::Unknown, "fill:#f6f1ff,stroke:#5a32a3,color:#1b1f24"),
    (Tone::Error, "fill:#fff0f0,stroke:#a40e26,color:#1b1f24,stroke-width:2px"),
    (Tone::Alone, "fill:#ffffff,stroke:#57606a,color:#1b1f24,stroke-dasharray:5 4"),
];

fn node_label(node: &GraphNode) -> String {
    node.lines.iter().map(|line| quote_text(&line.text)).collect::<Vec<_>>().join("<br/>")
}

fn quote_text(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " /.,-_…✓✗–".contains(c);
    text.chars().map(|c| if plain(c) { c.to_string() } else { format!("#{};", u32::from(c)) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_means_anything() {
        assert_eq!(quote_text("a/b.lock …"), "a/b.lock …");
        assert_eq!(quote_text("\"]; x --> y"), "#34;#93;#59; x --#62; y");
        assert_eq!(quote_text("`#35;&<br>"), "#96;#35;35#59;#38;#60;br#62;");
    }
}
