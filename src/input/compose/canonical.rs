//! Each attribute in its long form, whichever way it is written (Compose spec, the short and long syntaxes). Pure. May
//! use `text`.

use std::rc::Rc;

use super::Refusal;
use super::schema::weight_at;
use super::tree::{
    ITEM, Path, as_text, entry, is_symbolic, items, list, mapping, shown, text, typed, values, with, with_default,
    written,
};
use super::{merge, port, volume};
use crate::text::Span;
use crate::text::scalar::Kind;
use crate::text::yaml::{Data, Node};

/// The tree in long form. What Compose refuses is told and left as it is.
pub(super) fn canonical(root: &Rc<Node>, told: &mut Vec<Refusal>) -> Rc<Node> {
    let tree = Canonical { told }.node(root, &mut Vec::new());
    values(&tree, |section| match section.key.as_str() {
        // An empty name server is none.
        "services" => values(&section.value, |service| match service.value.get("dns") {
            Some(dns) => with(&service.value, "dns", without_empty(dns)),
            None => Rc::clone(&service.value),
        }),
        _ => Rc::clone(&section.value),
    })
}

fn without_empty(node: &Rc<Node>) -> Rc<Node> {
    match node.as_seq() {
        Some(items) => {
            let kept = items.iter().filter(|item| written(item).is_some_and(|text| !text.is_empty()));
            list(node.span, kept.cloned().collect())
        }
        None => Rc::clone(node),
    }
}

struct Canonical<'t> {
    told: &'t mut Vec<Refusal>,
}

impl Canonical<'_> {
    fn node<'n>(&mut self, node: &'n Rc<Node>, path: &mut Path<'n>) -> Rc<Node> {
        if is_symbolic(node) && !matches!(path.as_slice(), ["services", _, "volumes", ITEM]) {
            // What its form is depends on a variable; forms of plain text are made all the same below.
            return Self::symbolic(node, path);
        }
        match self.special(node, path) {
            Some(done) => done,
            None => self.below(node, path),
        }
    }

    fn below<'n>(&mut self, node: &'n Rc<Node>, path: &mut Path<'n>) -> Rc<Node> {
        match &node.data {
            Data::Map(_) => values(node, |entry| {
                path.push(&entry.key);
                let value = self.node(&entry.value, path);
                path.pop();
                value
            }),
            Data::Seq(_) => {
                path.push(ITEM);
                let changed = items(node, |item| self.node(item, path));
                path.pop();
                changed
            }
            Data::Scalar(_) => Rc::clone(node),
        }
    }

    fn symbolic(node: &Rc<Node>, path: &[&str]) -> Rc<Node> {
        match path {
            ["services", _, "build"] => context(node),
            ["services", _, "env_file"] => list(node.span, vec![env_file(node)]),
            ["services", _, "secrets" | "configs", ITEM] => source(node),
            ["services", _, "dns" | "label_file"] => list(node.span, vec![Rc::clone(node)]),
            _ => Rc::clone(node),
        }
    }

    fn refuse(&mut self, node: &Rc<Node>, path: &[&str], message: &str) -> Rc<Node> {
        let refusal = Refusal::new(node.span, format!("{}: {message}", shown(path)));
        self.told.push(refusal.at_most(weight_at(path)));
        Rc::clone(node)
    }

    fn special<'n>(&mut self, node: &'n Rc<Node>, path: &mut Path<'n>) -> Option<Rc<Node>> {
        let done = match *path.as_slice() {
            ["services", _, ..] => return self.service(node, path),
            ["volumes" | "networks" | "secrets" | "configs", _] => self.external(node, path),
            ["include", ITEM] if node.as_scalar().is_some() => {
                mapping(node.span, vec![entry("path", node.span, Rc::clone(node))])
            }
            _ => return None,
        };
        Some(done)
    }

    fn service<'n>(&mut self, node: &'n Rc<Node>, path: &mut Path<'n>) -> Option<Rc<Node>> {
        let is_map = node.as_map().is_some();
        let done = match *path.get(2..).unwrap_or_default() {
            ["build"] if is_map => return None,
            ["build"] => match as_text(node) {
                Some(_) => context(node),
                None => self.refuse(node, path, "a path, or a mapping"),
            },
            ["build", "secrets", ITEM] | ["secrets" | "configs", ITEM] => match as_text(node) {
                Some(_) => source(node),
                None if is_map => Rc::clone(node),
                None => self.refuse(node, path, "a name, or a mapping with a source"),
            },
            ["build", "provenance" | "sbom"] => match written(node) {
                Some(value) => text(node.span, value),
                None => Rc::clone(node),
            },
            ["build", "additional_contexts"] => self.pairs(node, path),
            ["build", "ssh"] => self.ssh(node, path),
            ["depends_on"] => self.depends_on(node, path),
            ["env_file"] => match &node.data {
                Data::Seq(_) => items(node, env_file),
                _ if as_text(node).is_some() => list(node.span, vec![env_file(node)]),
                _ => self.refuse(node, path, "a path, or a list of them"),
            },
            ["dns" | "label_file"] | ["develop", "watch", ITEM, "ignore" | "include"] => match as_text(node) {
                Some(_) => list(node.span, vec![Rc::clone(node)]),
                None => Rc::clone(node),
            },
            ["extends"] => match as_text(node) {
                Some(_) => mapping(node.span, vec![entry("service", node.span, Rc::clone(node))]),
                None => return None,
            },
            ["gpus"] => match as_text(node) {
                Some(_) => list(node.span, vec![mapping(node.span, vec![all(node.span)])]),
                None => return None,
            },
            ["networks" | "models"] => names(node),
            ["volumes", ITEM] => self.volume(node, path),
            ["devices", ITEM] => self.device(node, path),
            ["ports"] => self.ports(node, path),
            ["ulimits", _] | ["build", "ulimits", _] => {
                let whole = node.as_scalar().is_some_and(|scalar| matches!(scalar.kind(), Kind::Int(_)));
                if is_map || whole {
                    Rc::clone(node)
                } else {
                    self.refuse(node, path, "a whole number, or soft and hard")
                }
            }
            _ => return None,
        };
        Some(done)
    }

    fn volume(&mut self, node: &Rc<Node>, path: &[&str]) -> Rc<Node> {
        match &node.data {
            Data::Map(_) => Rc::clone(node),
            Data::Scalar(scalar) if scalar.kind() == Kind::Text => match volume::canonical(node, scalar) {
                Ok(canonical) => canonical,
                Err(message) => self.refuse(node, path, message),
            },
            _ => self.refuse(node, path, "a volume is text or a mapping"),
        }
    }

    fn device(&mut self, node: &Rc<Node>, path: &[&str]) -> Rc<Node> {
        let Some(written) = as_text(node) else { return Rc::clone(node) };
        let parts: Vec<&str> = written.split(':').collect();
        let (source, target, permissions) = match *parts.as_slice() {
            [source] => (source, "", "rwm"),
            [source, target] => (source, target, "rwm"),
            [source, target, permissions] => (source, target, permissions),
            _ => return self.refuse(node, path, "more than three parts; they are source, target and permissions"),
        };
        let target = if target.is_empty() { source } else { target };
        let of = |key: &str, value: &str| entry(key, node.span, text(node.span, value));
        mapping(node.span, vec![of("source", source), of("target", target), of("permissions", permissions)])
    }

    fn ports(&mut self, node: &Rc<Node>, path: &[&str]) -> Rc<Node> {
        let Some(items) = node.as_seq() else { return self.refuse(node, path, "a list of ports") };
        let mut ports = Vec::with_capacity(items.len());
        for item in items {
            let short = item.as_scalar().filter(|scalar| matches!(scalar.kind(), Kind::Int(_) | Kind::Text));
            match short.and_then(|_| written(item)) {
                _ if is_symbolic(item) || item.as_map().is_some() => ports.push(Rc::clone(item)),
                Some(short) => match port::canonical(item, &short) {
                    Ok(more) => ports.extend(more),
                    Err(message) => {
                        self.refuse(item, path, &message);
                    }
                },
                None => {
                    self.refuse(item, path, "a port is a number, text or a mapping");
                }
            }
        }
        list(node.span, ports)
    }

    fn depends_on(&mut self, node: &Rc<Node>, path: &[&str]) -> Rc<Node> {
        match &node.data {
            Data::Map(_) => values(node, |entry| {
                if entry.value.as_map().is_none() {
                    return self.refuse(&entry.value, path, "what is waited for is a mapping with a condition");
                }
                let conditional = with_default(&entry.value, "condition", |span| text(span, "service_started"));
                with_default(&conditional, "required", |span| typed(span, "true"))
            }),
            Data::Seq(items) => {
                let named = |item: &Rc<Node>| Some(entry(as_text(item)?, item.span, merge::started(item.span)));
                let known = items.iter().filter(|item| !is_symbolic(item));
                mapping(node.span, known.filter_map(named).collect())
            }
            Data::Scalar(_) => self.refuse(node, path, "a list of services, or a mapping"),
        }
    }

    fn pairs(&mut self, node: &Rc<Node>, path: &[&str]) -> Rc<Node> {
        let Some(items) = node.as_seq() else { return Rc::clone(node) };
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            match as_text(item).and_then(|item| item.split_once('=')) {
                Some((name, value)) => entries.push(entry(name, item.span, text(item.span, value))),
                None if is_symbolic(item) => {}
                None => {
                    self.refuse(item, path, "NAME=value");
                }
            }
        }
        mapping(node.span, entries)
    }

    fn ssh(&mut self, node: &Rc<Node>, path: &[&str]) -> Rc<Node> {
        let Some(items) = node.as_seq() else { return Rc::clone(node) };
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            let key = as_text(item).unwrap_or("");
            match key.split_once('=') {
                Some((id, path)) => entries.push(entry(id, item.span, text(item.span, path))),
                None if key == "default" => entries.push(entry(key, item.span, typed(item.span, ""))),
                None => {
                    self.refuse(item, path, "an ssh key is `default` or ID=path");
                }
            }
        }
        mapping(node.span, entries)
    }

    /// `external: {name: x}`, the old form of `external: true` with `name: x`.
    fn external<'n>(&mut self, node: &'n Rc<Node>, path: &mut Path<'n>) -> Rc<Node> {
        let below = self.below(node, path);
        let Some(external) = below.get("external").filter(|external| external.as_map().is_some()) else { return below };
        let old = external.get("name").cloned();
        let resource = with(&below, "external", typed(external.span, "true"));
        match (old, resource.get("name")) {
            (Some(old), Some(name)) if !super::tree::same(&old, name) => {
                self.refuse(&old, path, "`name` and `external.name` differ; use `name` alone");
                resource
            }
            (Some(old), None) => with(&resource, "name", old),
            _ => resource,
        }
    }
}

fn all(span: Span) -> crate::text::yaml::Entry {
    entry("count", span, text(span, "all"))
}

fn context(node: &Rc<Node>) -> Rc<Node> {
    mapping(node.span, vec![entry("context", node.span, Rc::clone(node))])
}

fn source(node: &Rc<Node>) -> Rc<Node> {
    mapping(node.span, vec![entry("source", node.span, Rc::clone(node))])
}

fn env_file(item: &Rc<Node>) -> Rc<Node> {
    let long = match &item.data {
        Data::Scalar(_) if !item.is_null() => mapping(item.span, vec![entry("path", item.span, Rc::clone(item))]),
        _ => Rc::clone(item),
    };
    with_default(&long, "required", |span| typed(span, "true"))
}

/// A list of names as a mapping of them to nothing.
fn names(node: &Rc<Node>) -> Rc<Node> {
    let Some(items) = node.as_seq() else { return Rc::clone(node) };
    let named = |item: &Rc<Node>| Some(entry(as_text(item)?, item.span, typed(item.span, "")));
    mapping(node.span, items.iter().filter(|item| !is_symbolic(item)).filter_map(named).collect())
}

/// Defaults of attributes that are there (compose-go, `transform.SetDefaultValues`).
pub(super) fn with_defaults(root: &Rc<Node>) -> Rc<Node> {
    let service = |service: &Rc<Node>| {
        values(service, |attribute| {
            let value = &attribute.value;
            match attribute.key.as_str() {
                "build" if value.as_map().is_some() => with_default(value, "context", |span| text(span, ".")),
                "secrets" => items(value, |item| {
                    let source = item.get("source").and_then(|source| written(source)).unwrap_or_default();
                    with_default(item, "target", |span| text(span, format!("/run/secrets/{source}")))
                }),
                "ports" => items(value, |item| {
                    let item = with_default(item, "protocol", |span| text(span, "tcp"));
                    with_default(&item, "mode", |span| text(span, "ingress"))
                }),
                "gpus" => items(value, counted),
                "deploy" => devices(value),
                _ => Rc::clone(value),
            }
        })
    };
    values(root, |section| match section.key.as_str() {
        "services" => values(&section.value, |entry| service(&entry.value)),
        _ => Rc::clone(&section.value),
    })
}

/// The devices that `deploy` reserves, counted.
fn devices(deploy: &Rc<Node>) -> Rc<Node> {
    let below = |node: &Rc<Node>, key: &str, change: &dyn Fn(&Rc<Node>) -> Rc<Node>| match node.get(key) {
        Some(value) => with(node, key, change(value)),
        None => Rc::clone(node),
    };
    below(deploy, "resources", &|resources| {
        below(resources, "reservations", &|reservations| {
            below(reservations, "devices", &|devices| items(devices, counted))
        })
    })
}

fn counted(request: &Rc<Node>) -> Rc<Node> {
    if request.get("device_ids").is_some() || request.as_map().is_none() {
        return Rc::clone(request);
    }
    with_default(request, "count", |span| text(span, "all"))
}
