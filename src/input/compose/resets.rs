//! `!reset` and `!override` (Compose spec, "Merge: reset value, replace value"): what they take away from the files
//! below. Pure. May use `text`.

use std::rc::Rc;

use super::tree::{rebuilt, values};
use crate::text::yaml::{Data, Entry, Node};

/// The paths of one document that are reset or overridden.
#[derive(Debug, Default, Clone)]
pub(super) struct Resets(Vec<Vec<String>>);

impl Resets {
    /// Takes what is reset out of a document and notes where it, and what is overridden, stands.
    pub(super) fn of(document: &Rc<Node>) -> (Rc<Node>, Self) {
        let mut resets = Self::default();
        let kept = resets.node(document, &mut Vec::new());
        (kept.unwrap_or_else(|| rebuilt(document, Data::Map(Vec::new()))), resets)
    }

    fn node(&mut self, node: &Rc<Node>, path: &mut Vec<String>) -> Option<Rc<Node>> {
        match node.tag.as_deref() {
            Some("!reset") => {
                self.0.push(path.clone());
                return None;
            }
            Some("!override") => {
                self.0.push(path.clone());
                return Some(Rc::clone(node));
            }
            _ => {}
        }
        let before = self.0.len();
        let data = match &node.data {
            Data::Scalar(_) => return Some(Rc::clone(node)),
            Data::Seq(items) => {
                let mut kept = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    path.push(at.to_string());
                    kept.extend(self.node(item, path));
                    path.pop();
                }
                Data::Seq(kept)
            }
            Data::Map(entries) => {
                let mut kept = Vec::with_capacity(entries.len());
                for entry in entries {
                    path.push(entry.key.clone());
                    kept.extend(self.node(&entry.value, path).map(|value| Entry { value, ..entry.clone() }));
                    path.pop();
                }
                Data::Map(kept)
            }
        };
        Some(if self.0.len() == before { Rc::clone(node) } else { rebuilt(node, data) })
    }

    /// The tree of the files below without what is reset or overridden. A key `*` stands for any, as in Compose; items
    /// of lists are not reset.
    pub(super) fn apply(&self, tree: &Rc<Node>) -> Rc<Node> {
        let paths: Vec<&[String]> = self.0.iter().map(Vec::as_slice).collect();
        if paths.is_empty() { Rc::clone(tree) } else { apply(tree, &paths) }
    }

    /// As [`Resets::apply`] for what one service is made from.
    pub(super) fn apply_to_service(&self, name: &str, service: &Rc<Node>) -> Rc<Node> {
        let of = |path: &'_ Vec<String>| match path.as_slice() {
            [first, second, rest @ ..] if first == "services" && second == name && !rest.is_empty() => {
                Some(rest.to_vec())
            }
            _ => None,
        };
        Self(self.0.iter().filter_map(of).collect()).apply(service)
    }
}

fn apply(tree: &Rc<Node>, paths: &[&[String]]) -> Rc<Node> {
    let Data::Map(entries) = &tree.data else { return Rc::clone(tree) };
    let below = |key: &str| -> Vec<&[String]> {
        paths
            .iter()
            .filter_map(|path| path.split_first().filter(|(first, _)| *first == key || *first == "*"))
            .map(|(_, rest)| rest)
            .collect()
    };
    let stays = |entry: &&Entry| !below(&entry.key).iter().any(|rest| rest.is_empty());
    let kept: Vec<Entry> = entries.iter().filter(stays).cloned().collect();
    let kept = if kept.len() == entries.len() { Rc::clone(tree) } else { rebuilt(tree, Data::Map(kept)) };
    values(&kept, |entry| {
        let rest = below(&entry.key);
        if rest.is_empty() { Rc::clone(&entry.value) } else { apply(&entry.value, &rest) }
    })
}
