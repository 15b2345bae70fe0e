//! The picture of reports made by hand: who is told as one, and that nothing foreign breaks out of any way to write it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that finds something else ends there")]

use layout::gv::DotParser;
use layout::gv::parser::ast::Stmt;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::node_layout::{BOX, lay_out};
use super::{Graph, LineStyle, NodeKind, Picture, picture};
use crate::finding::{Basis, LockName, Participant, PlaceName, Report, Verdict};
use crate::text::Span;

fn place(kind: &'static str, path: &str) -> PlaceName {
    let text = if kind == "private" { "its private layer" } else { path };
    PlaceName { kind, filesystem: None, path: path.to_owned(), text: text.to_owned() }
}

/// A participant that shares a directory and takes a lock on its private layer.
fn participant(name: &str, directory: &str) -> Participant {
    Participant {
        container: name.to_owned(),
        project: Some("p".to_owned()),
        label: name.to_owned(),
        service: name.to_owned(),
        recurs: false,
        instances: 1,
        login: 0,
        mount: None,
        origin: "compose",
        program: "claude-code".to_owned(),
        state_dir: "/home/agent/.claude".to_owned(),
        place: place("host", directory),
        peers: vec!["other".to_owned()],
        peer_count: 1,
        role: "batch",
        auth: "shared-login",
        scope: "state-dir",
        access: "rw",
        version: None,
        internal_lock: "private",
        locks: vec![LockName {
            path: "/home/agent/.claude.lock".to_owned(),
            place: place("private", "/home/agent/.claude.lock"),
        }],
        guard: "absent",
        guard_path: None,
        guard_place: None,
        guard_evidence: Vec::new(),
        verdict: Verdict::Ok,
        basis: Basis::Seen,
        reason: String::new(),
        span: Span::default(),
    }
}

fn guarded(name: &str, directory: &str) -> Participant {
    let guard = Some(place("host", &format!("{directory}/session.lock")));
    Participant { guard: "held", guard_place: guard, ..participant(name, directory) }
}

fn report(participants: Vec<Participant>) -> Report {
    Report { containers: participants.len(), participants, ..Report::default() }
}

fn written(report: &Report, how: Picture) -> String {
    let mut out = Vec::new();
    picture(report, how, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The lines of the nodes of a kind, those of one joined.
fn told(graph: &Graph, kind: NodeKind) -> Vec<String> {
    let lines =
        |node: &super::GraphNode| node.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("; ");
    graph.nodes.iter().filter(|node| node.kind == kind).map(lines).collect()
}

#[test]
fn many_that_are_alike_are_one_and_all_are_named() {
    let mut all: Vec<Participant> = (1..=40).map(|at| guarded(&format!("agents-{at}"), "/srv/a")).collect();
    all.extend((1..=3).map(|at| participant(&format!("few-{at}"), "/srv/a")));
    let graph = Graph::of(&report(all));
    let crowds = told(&graph, NodeKind::Participants);
    assert_eq!(crowds[0], "p/agents-1; … p/agents-40; 40 alike; ✓ ok; batch, guard held; version not known");
    assert_eq!(crowds.len(), 4);
    let crowd = graph.nodes.iter().find(|node| node.kind == NodeKind::Participants).unwrap();
    assert!((1..=40).all(|at| crowd.title.contains(&format!("p/agents-{at}"))), "{}", crowd.title);
    assert_eq!(told(&graph, NodeKind::Place), ["state directory; /srv/a; shared by 43 participants"]);
    let locks = told(&graph, NodeKind::Lock);
    assert!(locks.contains(&"guard; /srv/a/session.lock; joins 40 of 43".to_owned()), "{locks:?}");
    assert_eq!(locks.iter().filter(|lock| lock.ends_with("on its private layer; joins nobody")).count(), 4);
}

#[test]
fn a_few_are_drawn_one_by_one() {
    let graph = Graph::of(&report((1..=8).map(|at| guarded(&format!("a{at}"), "/srv/a")).collect()));
    assert_eq!(told(&graph, NodeKind::Participants).len(), 8);
    assert!(told(&graph, NodeKind::Lock).contains(&"guard; /srv/a/session.lock; joins all 8".to_owned()));
}

#[test]
fn a_lock_says_whom_it_joins() {
    let of = |participants: Vec<Participant>| told(&Graph::of(&report(participants)), NodeKind::Lock).join(" | ");
    let inside = |name: &str| {
        let path = "/srv/a/.oauth_refresh.lock";
        let lock = LockName { path: path.to_owned(), place: place("host", path) };
        Participant { internal_lock: "coherent", locks: vec![lock], ..participant(name, "/srv/a") }
    };
    assert_eq!(of(vec![inside("a"), inside("b")]), "internal lock; /srv/a/.oauth_refresh.lock; joins all 2");
    let one = of(vec![inside("a"), participant("b", "/srv/a")]);
    assert!(one.contains("/srv/a/.oauth_refresh.lock; joins nobody: one takes it"), "{one}");
    let replicas = Participant { peers: Vec::new(), peer_count: 2, ..inside("a") };
    assert!(of(vec![replicas]).ends_with("joins its 3 replicas"));
    let alone = Participant { peers: Vec::new(), peer_count: 0, ..participant("a", "/srv/a") };
    assert!(of(vec![alone]).ends_with("nobody else to join"));
    let perhaps = Participant { guard: "conditional", ..guarded("a", "/srv/a") };
    let graph = Graph::of(&report(vec![perhaps, guarded("b", "/srv/a")]));
    assert!(told(&graph, NodeKind::Lock).iter().any(|lock| lock.ends_with("joins nobody: one takes it")));
    assert!(graph.edges.iter().any(|edge| edge.words == "takes on a condition" && !edge.firm));
    let away = Participant { verdict: Verdict::NotAParticipant, auth: "not-refreshed", ..guarded("a", "/srv/a") };
    assert_eq!(of(vec![away]), "", "who takes no part takes no lock");
}

#[test]
fn an_empty_report_is_a_picture_too() {
    for how in [Picture::Svg, Picture::Mermaid, Picture::Dot] {
        assert!(!written(&Report::default(), how).is_empty());
    }
}

const HOSTILE: [&str; 8] = [
    "</svg><script>alert(1)</script>",
    "\"]; x [label=\"y",
    "a\nb\r\n\u{1b}[31m",
    "\u{202e}gnp.exe",
    "\\\" -> c1; \\",
    "\"]:::error\n  click c1 \"javascript:alert(1)\"",
    "<!-- ]]> &amp; #34; %% `x`",
    "\u{fffe}日本語",
];

/// A report with foreign text everywhere.
fn hostile() -> Report {
    let long = "x".repeat(4000);
    let names = HOSTILE.iter().copied().chain([long.as_str()]);
    let all = names.map(|text| Participant {
        project: Some(text.to_owned()),
        state_dir: format!("/{text}"),
        version: Some(text.to_owned()),
        reason: text.to_owned(),
        guard_path: Some(text.to_owned()),
        locks: vec![LockName { path: format!("/{text}.lock"), place: place("host", &format!("/{text}")) }],
        ..guarded(text, &format!("/srv/{text}"))
    });
    report(all.collect())
}

#[test]
fn nothing_foreign_breaks_out_of_the_svg() {
    let text = written(&hostile(), Picture::Svg);
    let mut reader = Reader::from_str(&text);
    let mut elements = std::collections::BTreeSet::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(one) | Event::Empty(one) => _ = elements.insert(one.name().as_ref().to_owned()),
            Event::Comment(_) | Event::CData(_) | Event::PI(_) | Event::DocType(_) => {
                panic!("there is something foreign")
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let ours = ["desc", "g", "path", "rect", "style", "svg", "text", "title"];
    assert_eq!(elements.iter().map(String::as_str).collect::<Vec<_>>(), ours);
    assert!(text.chars().all(|c| (!c.is_control() || c == '\n') && !['\u{202e}', '\u{fffe}'].contains(&c)));
}

#[test]
fn nothing_foreign_breaks_out_of_dot() {
    let report = hostile();
    let graph = Graph::of(&report);
    let text = written(&report, Picture::Dot);
    let parsed = DotParser::new(&text).process().unwrap();
    let count = |of: fn(&Stmt) -> bool| parsed.list.list.iter().filter(|one| of(one)).count();
    assert_eq!(count(|one| matches!(one, Stmt::Node(_))), graph.nodes.len());
    assert_eq!(count(|one| matches!(one, Stmt::Edge(_))), graph.edges.len());
    assert_eq!(text.lines().count(), graph.nodes.len() + graph.edges.len() + 5);
}

#[test]
fn nothing_foreign_breaks_out_of_mermaid() {
    let report = hostile();
    let graph = Graph::of(&report);
    let text = written(&report, Picture::Mermaid);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3 + graph.nodes.len() + graph.edges.len() + 7);
    let nodes = lines.iter().filter(|line| line.contains("]:::"));
    assert_eq!(nodes.clone().count(), graph.nodes.len());
    for line in nodes {
        let label = line.split_once("[\"").unwrap().1.rsplit_once("\"]:::").unwrap().0.replace("<br/>", "");
        assert!(!label.contains(['"', '<', '>', '[', ']', '`', '&', '%']), "{label}");
    }
}

#[test]
fn what_is_drawn_is_short_and_the_title_has_it_all() {
    let long = "y".repeat(300);
    let graph = Graph::of(&report(vec![participant(&long, &format!("/{long}"))]));
    for line in graph.nodes.iter().flat_map(|node| &node.lines) {
        assert!(super::fit_text::text_width(&line.text) <= 32, "{}", line.text);
    }
    assert!(graph.nodes.iter().filter(|node| node.kind != NodeKind::Lock).all(|node| node.title.contains(&long)));
    assert!(
        graph
            .nodes
            .iter()
            .flat_map(|node| &node.lines)
            .any(|line| line.set == LineStyle::Code && line.text.contains('…'))
    );
}

#[test]
fn it_grows_with_the_containers_and_not_with_their_pairs() {
    let all: Vec<Participant> = (0..2000)
        .map(|at| Participant { version: Some(format!("2.1.{at}")), ..guarded(&format!("a{at}"), "/srv/a") })
        .collect();
    let graph = Graph::of(&report(all));
    assert_eq!((graph.nodes.len(), graph.edges.len()), (1 + 2000 + 1 + 2000, 3 * 2000));
    let text =
        written(&report((0..200).map(|at| guarded(&format!("a{at}"), &format!("/srv/{at}"))).collect()), Picture::Svg);
    assert!(text.len() < 200 * 4000, "{}", text.len());
}

/// Participants in some of a few directories, with some of a few locks.
fn any_report() -> impl Strategy<Value = Report> {
    let one = (0..4_u8, 0..3_u8, prop::collection::vec(0..5_u8, 0..3), 0..4_u8, 0..3_u8).prop_map(
        |(home, guard, locks, version, verdict)| {
            let lock = |at: u8| match at {
                0 => LockName { path: "/x.lock".to_owned(), place: place("private", "/x.lock") },
                at => LockName { path: format!("/l{at}"), place: place("host", &format!("/l{at}")) },
            };
            Participant {
                place: place(if home == 3 { "private" } else { "host" }, &format!("/srv/{home}")),
                guard: ["absent", "held", "conditional"][usize::from(guard)],
                guard_place: (guard > 0).then(|| place("host", &format!("/srv/{home}/session.lock"))),
                locks: locks.into_iter().map(lock).collect(),
                version: (version > 0).then(|| format!("2.1.{version}")),
                verdict: [Verdict::Ok, Verdict::Error, Verdict::NotAParticipant][usize::from(verdict)],
                ..participant("", "")
            }
        },
    );
    prop::collection::vec(one, 0..40).prop_map(|mut all| {
        for (at, one) in all.iter_mut().enumerate() {
            one.container = format!("c{at}");
        }
        report(all)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_participant_is_drawn_once_and_no_box_is_on_another(report in any_report()) {
        let graph = Graph::of(&report);
        let laid = lay_out(&graph);
        prop_assert_eq!(laid.areas.len(), graph.nodes.len());
        let areas: Vec<_> = laid.areas.values().collect();
        for (at, a) in areas.iter().enumerate() {
            prop_assert!(a.x >= 0.0 && a.x + BOX <= laid.width && a.y >= 0.0 && a.y + a.height <= laid.height);
            for b in &areas[at + 1..] {
                prop_assert!((a.x - b.x).abs() >= BOX || a.y + a.height <= b.y || b.y + b.height <= a.y, "{:?} {:?}", a, b);
            }
        }
        for edge in &graph.edges {
            prop_assert!(graph.nodes[edge.from].kind < graph.nodes[edge.to].kind);
        }
        let titles: String = graph.nodes.iter().filter(|node| node.kind == NodeKind::Participants).map(|node| format!("{} ", node.title)).collect();
        let named = |one: &Participant| titles.matches(&format!("p/{}", one.container)).count() > 0;
        prop_assert!(report.participants.iter().all(named));
        for how in [Picture::Svg, Picture::Mermaid, Picture::Dot] {
            prop_assert_eq!(written(&report, how), written(&report, how));
        }
    }
}
