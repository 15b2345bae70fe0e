//! Putting one file's tree over another's (Compose spec, "Merge and override"). Pure. May use `text`.

use std::rc::Rc;

use super::field::pairs;
use super::volume::target_of;
use crate::text::yaml::{Data, Entry, Node, Scalar};

/// The tree of `over` put over `under`. `path` is the keys that lead here.
pub(super) fn merge(under: &Rc<Node>, over: &Rc<Node>, path: &mut Vec<String>) -> Rc<Node> {
    match over.tag.as_deref() {
        Some("!override") => return Rc::clone(over),
        Some("!reset") => return Rc::new(null(over)),
        _ => {}
    }
    let attribute = path.get(2).map(String::as_str).filter(|_| path.first().is_some_and(|first| first == "services"));
    let depth = path.len();
    match (attribute, &under.data, &over.data) {
        (Some("command" | "entrypoint"), _, _) if depth == 3 => Rc::clone(over),
        (Some("environment" | "labels"), _, _) if depth == 3 => Rc::new(by_name(under, over)),
        (Some("build"), _, _) if depth == 4 && path.last().is_some_and(|key| key == "args") => {
            Rc::new(by_name(under, over))
        }
        (Some("volumes"), Data::Seq(below), Data::Seq(above)) if depth == 3 => {
            Rc::new(Node::new(over.span, Data::Seq(by_target(below, above))))
        }
        // One alone may be written without a list.
        (Some("tmpfs" | "env_file"), _, _) if depth == 3 => {
            let both = [listed(under), listed(over)].concat();
            Rc::new(Node::new(over.span, Data::Seq(both)))
        }
        (_, Data::Map(below), Data::Map(above)) => Rc::new(Node::new(over.span, Data::Map(maps(below, above, path)))),
        (_, Data::Seq(below), Data::Seq(above)) => {
            let mut items = below.clone();
            items.extend(above.iter().cloned());
            Rc::new(Node::new(over.span, Data::Seq(items)))
        }
        _ => Rc::clone(over),
    }
}

fn listed(node: &Rc<Node>) -> Vec<Rc<Node>> {
    match &node.data {
        Data::Seq(items) => items.clone(),
        _ if node.is_null() => Vec::new(),
        _ => vec![Rc::clone(node)],
    }
}

fn null(at: &Node) -> Node {
    Node::new(at.span, Data::Scalar(Scalar { text: String::new(), plain: true, symbols: Vec::new() }))
}

fn maps(below: &[Entry], above: &[Entry], path: &mut Vec<String>) -> Vec<Entry> {
    let mut entries = below.to_vec();
    let mut at: std::collections::HashMap<String, usize> =
        entries.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect();
    for entry in above {
        path.push(entry.key.clone());
        match at.get(&entry.key).and_then(|at| entries.get_mut(*at)) {
            Some(under) => {
                let value = if under.value.is_null() {
                    Rc::clone(&entry.value)
                } else {
                    merge(&under.value, &entry.value, path)
                };
                *under = Entry { value, ..entry.clone() };
            }
            None => {
                at.insert(entry.key.clone(), entries.len());
                entries.push(entry.clone());
            }
        }
        path.pop();
    }
    entries
}

/// Variables or labels of both, each name once, in whichever form either is written.
fn by_name(under: &Node, over: &Node) -> Node {
    let mut told = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    for pair in pairs(under, &mut told).into_iter().chain(pairs(over, &mut told)) {
        let scalar = pair.value.unwrap_or(Scalar { text: String::new(), plain: true, symbols: Vec::new() });
        let entry = Entry {
            key: pair.name,
            key_span: pair.name_span,
            value: Rc::new(Node::new(pair.value_span, Data::Scalar(scalar))),
        };
        match entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => *known = entry,
            None => entries.push(entry),
        }
    }
    Node::new(over.span, Data::Map(entries))
}

/// Mounts of both, each target once.
fn by_target(below: &[Rc<Node>], above: &[Rc<Node>]) -> Vec<Rc<Node>> {
    let replaced: std::collections::HashSet<String> = above.iter().filter_map(|item| target_of(item)).collect();
    let kept = below.iter().filter(|item| target_of(item).is_none_or(|target| !replaced.contains(&target)));
    kept.chain(above).cloned().collect()
}
