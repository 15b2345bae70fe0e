//! Putting one file's tree over another's (Compose spec, "Merge"). Pure. May use `text`.

use std::collections::HashMap;
use std::rc::Rc;

use super::Refusal;
use super::schema::weight_at;
use super::tree::{Path, entry, list, mapping, rebuilt, shown, text, typed, without, written};
use crate::text::Span;
use crate::text::yaml::{Data, Entry, Node, Scalar};

/// How two values of one attribute become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MergeRule {
    /// The one above replaces the one below.
    Replace,
    /// Both as lists, one after the other.
    Sequence,
    /// As lists, without what both have.
    Hosts,
    /// As mappings: names alone have an empty value.
    Named,
    /// As mappings: names alone are started before.
    DependsOn,
    /// As mappings: text alone is the context.
    Build,
    /// As mappings where both name one driver.
    Logging,
    /// Pools of one subnet are one.
    Pools,
}

fn rule(path: &[&str]) -> Option<MergeRule> {
    match path {
        ["services", _, rest @ ..] => service_rule(rest),
        ["networks", _, "ipam", "config"] => Some(MergeRule::Pools),
        ["networks" | "volumes", _, "labels"] => Some(MergeRule::Sequence),
        _ => None,
    }
}

fn service_rule(path: &[&str]) -> Option<MergeRule> {
    match path {
        ["command" | "entrypoint"] | ["healthcheck", "test"] | ["ulimits", _] => Some(MergeRule::Replace),
        [
            "annotations" | "dns" | "dns_opt" | "dns_search" | "env_file" | "label_file" | "environment" | "labels"
            | "sysctls" | "tmpfs",
        ]
        | ["build", "args" | "additional_contexts" | "labels"]
        | ["deploy", "labels"] => Some(MergeRule::Sequence),
        ["extra_hosts"] | ["build", "extra_hosts"] => Some(MergeRule::Hosts),
        ["models" | "networks"] => Some(MergeRule::Named),
        ["depends_on"] => Some(MergeRule::DependsOn),
        ["build"] => Some(MergeRule::Build),
        ["logging"] => Some(MergeRule::Logging),
        _ => None,
    }
}

/// The tree of `over` put over `under`; what cannot be merged is told and `over` stands.
pub(super) fn merge(under: &Rc<Node>, over: &Rc<Node>, told: &mut Vec<Refusal>) -> Rc<Node> {
    Merging { told }.node(under, over, &mut Vec::new())
}

/// A service put over the one that it extends.
pub(super) fn service(base: &Rc<Node>, own: &Rc<Node>, told: &mut Vec<Refusal>) -> Rc<Node> {
    without(&Merging { told }.node(base, own, &mut vec!["services", "x"]), "extends")
}

struct Merging<'t> {
    told: &'t mut Vec<Refusal>,
}

impl Merging<'_> {
    fn node<'n>(&mut self, under: &'n Rc<Node>, over: &'n Rc<Node>, path: &mut Path<'n>) -> Rc<Node> {
        match rule(path) {
            Some(rule) => return self.special(rule, under, over, path),
            None if over.is_null() => return Rc::clone(under),
            None => {}
        }
        match (&under.data, &over.data) {
            (Data::Map(below), Data::Map(above)) => rebuilt(over, Data::Map(self.maps(below, above, path))),
            (Data::Seq(below), Data::Seq(above)) => rebuilt(over, Data::Seq([below.as_slice(), above].concat())),
            (Data::Scalar(_), _) => Rc::clone(over),
            _ => {
                let message = format!("cannot put {} over {}, which is {}", over.kind(), shown(path), under.kind());
                self.told.push(Refusal::new(over.span, message).at_most(weight_at(path)));
                Rc::clone(over)
            }
        }
    }

    fn special<'n>(
        &mut self,
        rule: MergeRule,
        under: &'n Rc<Node>,
        over: &'n Rc<Node>,
        path: &mut Path<'n>,
    ) -> Rc<Node> {
        match rule {
            MergeRule::Replace => Rc::clone(over),
            MergeRule::Sequence => list(over.span, [sequence(under), sequence(over)].concat()),
            MergeRule::Hosts => {
                let mut hosts = sequence(under);
                let known: Vec<String> = hosts.iter().filter_map(|host| written(host)).collect();
                hosts.extend(
                    sequence(over).into_iter().filter(|host| written(host).is_none_or(|host| !known.contains(&host))),
                );
                list(over.span, hosts)
            }
            MergeRule::Named => self.both(&named(under, null), &named(over, null), over.span, path),
            MergeRule::DependsOn => self.both(&named(under, started), &named(over, started), over.span, path),
            MergeRule::Build => self.both(&build(under), &build(over), over.span, path),
            MergeRule::Logging => match (under.as_map(), over.as_map()) {
                (Some(below), Some(above)) if one_driver(under, over) => {
                    rebuilt(over, Data::Map(self.maps(below, above, path)))
                }
                _ if over.is_null() => Rc::clone(under),
                _ => Rc::clone(over),
            },
            MergeRule::Pools => self.pools(under, over),
        }
    }

    /// Two mappings that were made from what is written; they live no longer than this.
    fn both(&mut self, below: &[Entry], above: &[Entry], span: Span, path: &[&str]) -> Rc<Node> {
        mapping(span, self.maps(below, above, &mut path.to_vec()))
    }

    fn maps<'n>(&mut self, below: &'n [Entry], above: &'n [Entry], path: &mut Path<'n>) -> Vec<Entry> {
        let mut entries = below.to_vec();
        let mut at: HashMap<&str, usize> =
            below.iter().enumerate().map(|(at, entry)| (entry.key.as_str(), at)).collect();
        for entry in above {
            match at.get(entry.key.as_str()).copied() {
                Some(place) => {
                    let Some(under) = below.get(place) else { continue };
                    path.push(&entry.key);
                    let value = self.node(&under.value, &entry.value, path);
                    path.pop();
                    if let Some(known) = entries.get_mut(place) {
                        *known = Entry { value, ..entry.clone() };
                    }
                }
                None => {
                    at.insert(&entry.key, entries.len());
                    entries.push(entry.clone());
                }
            }
        }
        entries
    }

    fn pools(&mut self, under: &Rc<Node>, over: &Rc<Node>) -> Rc<Node> {
        let (Some(below), Some(above)) = (under.as_seq(), over.as_seq()) else {
            self.told.push(Refusal::new(over.span, "`ipam.config` is a list of pools"));
            return Rc::clone(over);
        };
        let subnet = |pool: &Rc<Node>| pool.get("subnet").and_then(|subnet| written(subnet));
        let mut pools: Vec<Rc<Node>> = Vec::new();
        for original in below {
            for pool in above {
                if subnet(pool) != subnet(original) && !pools.iter().any(|known| subnet(known) == subnet(pool)) {
                    pools.push(Rc::clone(pool));
                    continue;
                }
                let both = (original.as_map().unwrap_or_default(), pool.as_map().unwrap_or_default());
                let merged = mapping(pool.span, self.maps(both.0, both.1, &mut Vec::new()));
                match pools.iter_mut().find(|known| subnet(known) == subnet(&merged)) {
                    Some(known) => *known = merged,
                    None => pools.push(merged),
                }
            }
        }
        list(over.span, pools)
    }
}

fn one_driver(under: &Node, over: &Node) -> bool {
    let driver = |node: &Node| node.get("driver").and_then(|driver| written(driver));
    match (driver(under), driver(over)) {
        (Some(below), Some(above)) => below == above,
        _ => true,
    }
}

fn null(span: Span) -> Rc<Node> {
    typed(span, "")
}

/// What is waited for where only a service's name is written.
pub(super) fn started(span: Span) -> Rc<Node> {
    let condition = entry("condition", span, text(span, "service_started"));
    mapping(span, vec![condition, entry("required", span, typed(span, "true"))])
}

/// A mapping, or a list of names with a value for each.
fn named(node: &Rc<Node>, value: fn(Span) -> Rc<Node>) -> Vec<Entry> {
    match &node.data {
        Data::Map(entries) => entries.clone(),
        Data::Seq(items) => items
            .iter()
            .filter_map(|item| Some(entry(item.as_scalar()?.text.clone(), item.span, value(item.span))))
            .collect(),
        Data::Scalar(_) => Vec::new(),
    }
}

fn build(node: &Rc<Node>) -> Vec<Entry> {
    match &node.data {
        Data::Map(entries) => entries.clone(),
        Data::Scalar(_) if !node.is_null() => vec![entry("context", node.span, Rc::clone(node))],
        _ => Vec::new(),
    }
}

/// A list; a mapping as a list of `NAME=value`, text as a list of it.
pub(super) fn sequence(node: &Rc<Node>) -> Vec<Rc<Node>> {
    match &node.data {
        Data::Seq(items) => items.clone(),
        Data::Scalar(_) if super::tree::as_text(node).is_some() => vec![Rc::clone(node)],
        Data::Scalar(_) => Vec::new(),
        Data::Map(entries) => {
            let mut items: Vec<Rc<Node>> = entries.iter().flat_map(listed).collect();
            items.sort_by(|a, b| a.as_scalar().map(|a| &a.text).cmp(&b.as_scalar().map(|b| &b.text)));
            items
        }
    }
}

/// An entry as items of a list, where it is written: its name first.
fn listed(entry: &Entry) -> Vec<Rc<Node>> {
    let span = Span { end: entry.value.span.end, ..entry.key_span };
    // A value that an anchor brings in stands elsewhere.
    let span =
        if entry.value.span.file == entry.key_span.file && span.end >= span.start { span } else { entry.key_span };
    let width = entry.key_span.end.column.saturating_sub(entry.key_span.start.column) as usize;
    let quoted = width > entry.key.chars().count();
    let item = |value: Option<&Node>| {
        let scalar = value.and_then(Node::as_scalar);
        let symbols = scalar.map(|scalar| scalar.symbols.clone()).unwrap_or_default();
        let text = match value {
            Some(value) => format!("{}={}", entry.key, written(value).unwrap_or_else(|| "<nil>".to_owned())),
            None => entry.key.clone(),
        };
        let named = |form: &str| format!("{}={form}", entry.key);
        let shown = scalar.map(|scalar| scalar.shown.becomes(&text, named)).unwrap_or_default();
        Rc::new(Node::new(span, Data::Scalar(Scalar { text, plain: false, quoted, symbols, shown })))
    };
    match &entry.value.data {
        Data::Seq(values) => values.iter().map(|value| item(Some(value))).collect(),
        _ if entry.value.is_null() => vec![item(None)],
        _ => vec![item(Some(&entry.value))],
    }
}
