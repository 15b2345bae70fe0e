//! The picture as SVG: nothing is fetched, colours follow the reader's, and every node says in its title what it stands
//! for. The other home of quick-xml, for its escaping.

use std::io;

use quick_xml::escape::escape;

use super::node_layout::{BOX, GraphLayout, LINE, NodeArea, PAD, lay_out};
use super::{Graph, GraphEdge, GraphNode, LineStyle, NodeKind};
use crate::render::safe::xml;

/// What the picture looks like; in a page it is part of the page's own style.
pub(in crate::render) const STYLE: &str = include_str!("picture.css");

/// Writes a picture that stands alone.
pub(super) fn write(graph: &Graph, out: &mut dyn io::Write) -> io::Result<()> {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    draw_graph(graph, false, &mut text);
    out.write_all(text.as_bytes())
}

/// The picture as part of a page, where a box leads to the row of its container.
pub(in crate::render) fn svg_part(graph: &Graph) -> String {
    let mut text = String::new();
    draw_graph(graph, true, &mut text);
    text
}

fn svg_text(text: &str) -> String {
    escape(xml(text)).into_owned()
}

fn draw_graph(graph: &Graph, in_page: bool, out: &mut String) {
    let laid = lay_out(graph);
    let (width, height) = (laid.width, laid.height);
    out.push_str(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 \
         {width:.0} {height:.0}\" role=\"group\" aria-labelledby=\"picture-title picture-summary\">\n\
         <title id=\"picture-title\">{}</title>\n<desc id=\"picture-summary\">{}</desc>\n",
        svg_text(&graph.title),
        svg_text(&graph.summary)
    ));
    if !in_page {
        out.push_str(&format!("<style>\n{STYLE}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"));
    }
    // What is drawn first is beneath: edges, then the boxes. Each box says in words what its edges say.
    out.push_str("<g class=\"edges\" aria-hidden=\"true\">\n");
    let mut edges: Vec<&GraphEdge> = graph.edges.iter().collect();
    // Those of one box in the order of what they lead to, so that they do not cross.
    let height_of = |edge: &GraphEdge| laid.areas.get(&edge.to).map_or(0.0, |area| area.middle());
    edges.sort_by(|a, b| a.from.cmp(&b.from).then(height_of(a).total_cmp(&height_of(b))));
    let mut ports = EdgePorts::new(graph);
    for edge in edges {
        draw_edge(edge, graph, &laid, &mut ports, out);
    }
    out.push_str("</g>\n");
    for kind in NodeKind::ALL {
        let nodes = || graph.nodes.iter().enumerate().filter(|(_, node)| node.kind == kind);
        let Some(x) = laid.columns.get(&kind).filter(|_| nodes().next().is_some()) else { continue };
        let heading = kind.heading();
        out.push_str(&format!("<g role=\"group\" aria-label=\"{heading}\">\n"));
        out.push_str(&format!("<text class=\"heading\" x=\"{x:.0}\" y=\"28\" aria-hidden=\"true\">{heading}</text>\n"));
        for (at, node) in nodes() {
            if let Some(area) = laid.areas.get(&at) {
                draw_node(&graph.name(at), node, *area, in_page, out);
            }
        }
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
}

fn draw_node(name: &str, node: &GraphNode, area: NodeArea, in_page: bool, out: &mut String) {
    let link = node.participant.filter(|_| in_page).map(|at| format!("<a href=\"#p{}\">", at + 1));
    let (x, y, height, tone) = (area.x, area.y, area.height, node.tone.name());
    let kind = if node.kind == NodeKind::Participants { "crowd" } else { "thing" };
    out.push_str(link.as_deref().unwrap_or(""));
    out.push_str(&format!(
        "<g id=\"{name}\" class=\"node {kind} {tone}\" role=\"img\" aria-labelledby=\"{name}-title\"><title \
         id=\"{name}-title\">{}</title>",
        svg_text(&node.title)
    ));
    out.push_str(&format!(
        "<rect class=\"box\" x=\"{x:.0}\" y=\"{y:.1}\" width=\"{BOX:.0}\" height=\"{height:.0}\" rx=\"6\"/>"
    ));
    if node.kind == NodeKind::Participants {
        let (left, side) = (x + 6.0, height - 12.0);
        out.push_str(&format!("<path class=\"rim\" d=\"M{left:.0} {y:.1}a6 6 0 0 0-6 6v{side:.0}a6 6 0 0 0 6 6z\"/>"));
    }
    let mut base = y + PAD;
    for line in &node.lines {
        base += LINE;
        let class = match line.set {
            LineStyle::Label => "label",
            LineStyle::Name => "name",
            LineStyle::Strong => "strong",
            LineStyle::Code => "code",
            LineStyle::Text => "text",
        };
        let (left, low) = (x + 14.0, base - 4.0);
        let words = svg_text(&line.text);
        out.push_str(&format!("<text class=\"{class}\" x=\"{left:.0}\" y=\"{low:.1}\">{words}</text>"));
    }
    out.push_str("</g>");
    out.push_str(if link.is_some() { "</a>\n" } else { "\n" });
}

/// Where the edges leave a box of the middle column to the right: each at a height of its own, so that no words meet.
struct EdgePorts(std::collections::BTreeMap<usize, (usize, usize)>);

impl EdgePorts {
    fn new(graph: &Graph) -> Self {
        let mut ports = std::collections::BTreeMap::new();
        for edge in &graph.edges {
            ports.entry(edge.from).or_insert((0, 0)).1 += 1;
        }
        Self(ports)
    }

    /// The next one of a box, as a part of its height.
    fn next_port(&mut self, node: usize) -> f64 {
        let Some((used, all)) = self.0.get_mut(&node) else { return 0.5 };
        *used += 1;
        let number = |number: usize| u32::try_from(number).map_or(0.5, f64::from);
        number(*used) / (number(*all) + 1.0)
    }
}

fn draw_edge(edge: &GraphEdge, graph: &Graph, laid: &GraphLayout, ports: &mut EdgePorts, out: &mut String) {
    let (Some(from), Some(to)) = (laid.areas.get(&edge.from), laid.areas.get(&edge.to)) else { return };
    let to_lock = graph.nodes.get(edge.to).is_some_and(|node| node.kind == NodeKind::Lock);
    let (path, x, y, anchor) = if to_lock {
        let y = from.y + from.height * ports.next_port(edge.from);
        let (start, bend, end) = (from.x + BOX, from.x + BOX + laid.straight.1, to.x);
        let half = f64::midpoint(bend, end);
        let low = to.middle();
        (
            format!("M{start:.0} {y:.1}H{bend:.0}C{half:.0} {y:.1} {half:.0} {low:.1} {end:.0} {low:.1}"),
            start + 8.0,
            y,
            "start",
        )
    } else {
        let y = to.middle();
        let (start, bend, end) = (from.x + BOX, to.x - laid.straight.0, to.x);
        let half = f64::midpoint(start, bend);
        let high = from.middle();
        (
            format!("M{start:.0} {high:.1}C{half:.0} {high:.1} {half:.0} {y:.1} {bend:.0} {y:.1}H{end:.0}"),
            end - 8.0,
            y,
            "end",
        )
    };
    let tone = if to_lock { graph.nodes.get(edge.to).map_or("plain", |node| node.tone.name()) } else { "plain" };
    let class = if edge.firm { "firm" } else { "loose" };
    out.push_str(&format!("<g class=\"edge {class} {tone}\"><path d=\"{path}\"/>"));
    let above = y - 4.0;
    out.push_str(&format!(
        "<text text-anchor=\"{anchor}\" x=\"{x:.0}\" y=\"{above:.1}\">{}</text></g>\n",
        svg_text(&edge.words)
    ));
}
