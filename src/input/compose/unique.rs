//! Each element of a list once: of two with one key the later stands in the place of the earlier (Compose spec,
//! "Merge: unique resources"). Pure. May use `text`.

use std::collections::HashMap;
use std::rc::Rc;

use super::Refusal;
use super::schema::weight_at;
use super::tree::{Path, as_text, list, shown, values, written};
use super::volume;
use crate::text::yaml::{Data, Node};

/// What makes two elements one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// What stands before a `=`.
    Name,
    /// The mount point.
    Target,
    /// The device in the container.
    Device,
    /// A port without an address.
    Expose,
    /// Address, ports and protocol.
    Port,
    /// A file's path.
    File,
    /// The mount point of a config or, below this directory, of a secret.
    Mounted(&'static str),
}

fn key(path: &[&str]) -> Option<Key> {
    match path {
        ["services", _, rest @ ..] => match rest {
            [
                "annotations" | "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "environment" | "labels"
                | "links" | "profiles" | "sysctls" | "tmpfs",
            ]
            | ["build", "args" | "additional_contexts" | "platform" | "tags" | "labels"]
            | ["deploy", "labels"]
            | ["networks", _, "aliases" | "link_local_ips"] => Some(Key::Name),
            ["volumes"] => Some(Key::Target),
            ["devices"] => Some(Key::Device),
            ["expose"] => Some(Key::Expose),
            ["ports"] => Some(Key::Port),
            ["env_file"] => Some(Key::File),
            ["configs"] => Some(Key::Mounted("")),
            ["secrets"] => Some(Key::Mounted("/run/secrets")),
            _ => None,
        },
        ["networks", _, "labels"] | ["networks", _, "ipam", "options"] => Some(Key::Name),
        _ => None,
    }
}

/// The tree with each element of its lists once.
pub(super) fn unique(root: &Rc<Node>, told: &mut Vec<Refusal>) -> Rc<Node> {
    node(root, &mut Vec::new(), told)
}

fn node<'n>(tree: &'n Rc<Node>, path: &mut Path<'n>, told: &mut Vec<Refusal>) -> Rc<Node> {
    match &tree.data {
        Data::Map(_) => values(tree, |entry| {
            path.push(&entry.key);
            let value = node(&entry.value, path, told);
            path.pop();
            value
        }),
        Data::Seq(items) => match key(path) {
            Some(key) => once(tree, items, key, path, told),
            None => Rc::clone(tree),
        },
        Data::Scalar(_) => Rc::clone(tree),
    }
}

fn once(tree: &Rc<Node>, items: &[Rc<Node>], key: Key, path: &[&str], told: &mut Vec<Refusal>) -> Rc<Node> {
    let mut kept: Vec<Rc<Node>> = Vec::with_capacity(items.len());
    let mut at: HashMap<String, usize> = HashMap::new();
    for item in items {
        match key.of(item) {
            Ok(key) => match at.get(&key).and_then(|at| kept.get_mut(*at)) {
                Some(earlier) => *earlier = Rc::clone(item),
                None => {
                    at.insert(key, kept.len());
                    kept.push(Rc::clone(item));
                }
            },
            Err(message) => {
                let refusal = Refusal::new(item.span, format!("{}: {message}", shown(path)));
                told.push(refusal.at_most(weight_at(path)));
            }
        }
    }
    if kept.len() == items.len() { Rc::clone(tree) } else { list(tree.span, kept) }
}

impl Key {
    /// The key of an element, or why it has none; such an element is left out.
    fn of(self, item: &Node) -> Result<String, String> {
        let odd = || format!("unexpected element: {}", item.kind());
        let text_of = |key: &str| item.get(key).and_then(|node| written(node));
        match (self, item.as_map().is_some()) {
            (Self::Name, false) => {
                let text = as_text(item).ok_or_else(odd)?;
                Ok(text.split('=').next().unwrap_or("").to_owned())
            }
            (Self::Expose, false) => written(item).ok_or_else(odd),
            (Self::Target | Self::Device, true) => {
                let missing = || "this element has no `target`, where it is mounted".to_owned();
                item.get("target").and_then(|target| as_text(target)).map(str::to_owned).ok_or_else(missing)
            }
            (Self::Target, false) => match as_text(item) {
                Some(text) => volume::parse(text).map(|spec| spec.target.to_owned()).map_err(str::to_owned),
                None => Ok(String::new()),
            },
            (Self::Device, false) => {
                let text = as_text(item).unwrap_or("");
                let mut parts = text.split(':');
                let first = parts.next().unwrap_or("");
                Ok(parts.next().unwrap_or(first).to_owned())
            }
            (Self::Port, true) => {
                let missing = || "a port has a `target`, the port in the container".to_owned();
                let target = text_of("target").ok_or_else(missing)?;
                let of = |key: &str, default: &str| text_of(key).unwrap_or_else(|| default.to_owned());
                let (host, published) = (of("host_ip", "0.0.0.0"), of("published", "-"));
                Ok(format!("{host}:{published}:{target}/{}", of("protocol", "tcp")))
            }
            (Self::Port, false) => Ok(written(item).unwrap_or_default()),
            (Self::File, true) => text_of("path").ok_or_else(|| "an env_file has a `path`".to_owned()),
            (Self::File, false) => Ok(as_text(item).unwrap_or("").to_owned()),
            (Self::Mounted(directory), true) => {
                let below = || format!("{directory}/{}", text_of("source").unwrap_or_default());
                Ok(text_of("target").unwrap_or_else(below))
            }
            (Self::Mounted(directory), false) => Ok(format!("{directory}/{}", as_text(item).ok_or_else(odd)?)),
            (Self::Name | Self::Expose, true) => Err(odd()),
        }
    }
}
