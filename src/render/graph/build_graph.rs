//! A report's participants as nodes and edges: linear in their number. May use `finding`.

use std::collections::BTreeMap;

use super::collapse::{ParticipantGroup, collapse_alike};
use super::directory_nodes::{DirectoryKey, StateDirectory, WIDTH, directory_key, node_line, state_directories};
use super::fit_text::elide;
use super::lock_nodes::collect_locks;
use super::{Graph, GraphEdge, GraphNode, LineStyle, NodeKind, NodeLine, Tone};
use crate::finding::{Report, Verdict};
use crate::render::phrases::count_of;
use crate::render::safe::safe;

/// How wide the words of an edge are drawn.
const EDGE: usize = 32;
/// How many rules are named in a box.
const RULES: usize = 3;

impl Graph {
    pub(in crate::render) fn of(report: &Report) -> Self {
        let crowds = collapse_alike(report);
        let homes = state_directories(&crowds);
        let locks = collect_locks(&crowds);
        let mut nodes: Vec<GraphNode> = homes.values().map(StateDirectory::node).collect();
        let first_lock = nodes.len() + crowds.len();
        let mut edges = Vec::new();
        let order: BTreeMap<DirectoryKey<'_>, usize> = homes.keys().copied().zip(0..).collect();
        for crowd in &crowds {
            let from = order.get(&directory_key(crowd)).copied().unwrap_or_default();
            let words = format!("mounts at {}", safe(&crowd.first.state_dir));
            edges.push(GraphEdge { from, to: nodes.len(), words: elide(&words, EDGE), firm: crowd.takes_part() });
            nodes.push(group_node(crowd));
        }
        for (at, lock) in locks.values().enumerate() {
            let from = |crowd: usize| first_lock - crowds.len() + crowd;
            edges.extend(lock.edges.iter().map(|(crowd, words, firm)| GraphEdge {
                from: from(*crowd),
                to: first_lock + at,
                words: words.clone(),
                firm: *firm,
            }));
            nodes.push(lock.node(&homes));
        }
        edges.sort_by_key(|edge| (edge.from, edge.to));
        let users: usize = homes.values().map(|home| home.users).sum();
        let directories = match homes.len() {
            1 => "1 state directory".to_owned(),
            count => format!("{count} state directories"),
        };
        let (users, locks) = (count_of(users, "container"), count_of(locks.len(), "lock"));
        let summary = format!("{users} in {directories}, and {locks} that they take.");
        Self { title: "Who shares a state directory, and which locks join them".to_owned(), summary, nodes, edges }
    }
}

fn group_node(crowd: &ParticipantGroup<'_>) -> GraphNode {
    let one = crowd.first;
    let (mark, tone) = match one.verdict {
        Verdict::NotAParticipant => ("–", Tone::Away),
        Verdict::Ok => ("✓", Tone::Sound),
        Verdict::Warning => ("!", Tone::Warning),
        Verdict::Undetermined => ("?", Tone::Unknown),
        Verdict::Error => ("✗", Tone::Error),
    };
    let accepted = if crowd.accepted { " (accepted)" } else { "" };
    let verdict = format!("{}{accepted}", one.qualified_verdict().replace('-', " "));
    let mut lines: Vec<NodeLine> = crowd.title_lines().iter().map(|name| node_line(LineStyle::Name, name)).collect();
    lines.push(node_line(LineStyle::Strong, &format!("{mark} {verdict}")));
    let version = one.version.as_ref().map_or("version unknown".to_owned(), |version| safe(version).into_owned());
    let what = if crowd.takes_part() {
        vec![format!("{}, flock {}", role_text(one.role), one.guard), version]
    } else {
        vec![one.auth.replace('-', " ")]
    };
    lines.extend(what.iter().map(|text| node_line(LineStyle::Text, &elide(text, WIDTH))));
    lines.extend(crowd.rules.iter().take(RULES).map(|rule| node_line(LineStyle::Code, &elide(&safe(rule), WIDTH))));
    let more = crowd.rules.len().saturating_sub(RULES);
    lines.extend((more > 0).then(|| node_line(LineStyle::Text, &format!("and {}", count_of(more, "more rule")))));
    let mut title = format!("{}: {verdict}; {}.", crowd.list_all(), what.join(", "));
    if !crowd.rules.is_empty() {
        title.push_str(&safe(&format!(" Found: {}.", crowd.rules.join(", "))));
    }
    if !one.reason.is_empty() {
        title.push_str(&safe(&format!(" Why: {}.", one.reason)));
    }
    GraphNode {
        kind: NodeKind::Participants,
        tone,
        lines,
        title,
        participant: Some(crowd.at),
        stands_for: crowd.containers(),
    }
}

fn role_text(role: &str) -> &str {
    if role == "unknown" { "role unknown" } else { role }
}
