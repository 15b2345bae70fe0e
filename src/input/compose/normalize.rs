//! What Compose adds to a project: names of resources, the default network, dependencies that follow from what a
//! service uses (compose-go, `loader.Normalize`). Pure. May use `text` and `model`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::mount::cleaned_form;
use super::tree::{
    as_text, entry, is_symbolic, items, list, mapping, text, typed, values, with, with_default, written,
};
use crate::model::{Value, clean};
use crate::text::yaml::{Data, Entry, Node, Scalar};
use crate::text::{ShownText, Span};

/// The tree with everything named that Compose names.
pub(super) fn normalize(root: &Rc<Node>, name: &Value, variables: &BTreeMap<String, String>) -> Rc<Node> {
    let root = networks(root);
    values(&root, |section| match section.key.as_str() {
        "services" => values(&section.value, |entry| service(&entry.value, variables)),
        "networks" | "volumes" | "configs" | "secrets" => values(&section.value, |entry| named(entry, name)),
        _ => Rc::clone(&section.value),
    })
}

/// Services without networks are in the default one, which is then there.
fn networks(root: &Rc<Node>) -> Rc<Node> {
    let Some(services) = root.get("services") else { return Rc::clone(root) };
    let mut uses_default = false;
    let services = values(services, |entry| {
        let service = &entry.value;
        if service.as_map().is_none() || service.get("provider").is_some() || service.get("network_mode").is_some() {
            return Rc::clone(service);
        }
        match service.get("networks").and_then(|networks| networks.as_map()) {
            Some(networks) if !networks.is_empty() => {
                uses_default |= networks.iter().any(|network| network.key == "default");
                Rc::clone(service)
            }
            _ => {
                uses_default = true;
                let default = self::entry("default", service.span, typed(service.span, ""));
                with(service, "networks", mapping(service.span, vec![default]))
            }
        }
    });
    let root = with(root, "services", services);
    if !uses_default {
        return root;
    }
    let networks = with_default(&root, "networks", |span| mapping(span, Vec::new()));
    let Some(all) = networks.get("networks") else { return root };
    with(&networks, "networks", with_default(all, "default", |span| typed(span, "")))
}

fn service(service: &Rc<Node>, variables: &BTreeMap<String, String>) -> Rc<Node> {
    if service.as_map().is_none() {
        return Rc::clone(service);
    }
    let service = values(service, |attribute| {
        let value = &attribute.value;
        match attribute.key.as_str() {
            "build" if value.as_map().is_some() => build(value, variables),
            "environment" => inherited(value, variables, true),
            "volumes" => items(value, |mount| match mount.get("target").and_then(|target| target.as_scalar()) {
                Some(target) if !target.text.is_empty() && target.symbols.is_empty() => {
                    let span = mount.get("target").map_or(mount.span, |target| target.span);
                    let (text, old) = (clean(&target.text), &target.shown);
                    let shown = old.becomes(&text, cleaned_form);
                    with(
                        mount,
                        "target",
                        Rc::new(Node::new(span, Data::Scalar(Scalar { text, shown, ..Scalar::default() }))),
                    )
                }
                _ => Rc::clone(mount),
            }),
            "pull_policy" if as_text(value) == Some("if_not_present") => text(value.span, "missing"),
            _ => Rc::clone(value),
        }
    });
    dependencies(&service)
}

fn build(build: &Rc<Node>, variables: &BTreeMap<String, String>) -> Rc<Node> {
    let build = with_default(build, "context", |span| text(span, "."));
    let build = match build.get("dockerfile_inline") {
        Some(_) => build,
        None => with_default(&build, "dockerfile", |span| text(span, "Dockerfile")),
    };
    match build.get("args") {
        Some(args) => with(&build, "args", inherited(args, variables, false)),
        None => build,
    }
}

/// Names without a value take it from where Compose runs; those that it has not either stay or go.
pub(super) fn inherited(node: &Rc<Node>, variables: &BTreeMap<String, String>, keep: bool) -> Rc<Node> {
    if let Some(entries) = node.as_map() {
        let of = |entry: &Entry| {
            if !entry.value.is_null() {
                return Some(entry.clone());
            }
            match variables.get(&entry.key) {
                Some(value) => Some(Entry { value: text(entry.value.span, value.as_str()), ..entry.clone() }),
                None => keep.then(|| entry.clone()),
            }
        };
        return mapping(node.span, entries.iter().filter_map(of).collect());
    }
    let Some(all) = node.as_seq() else { return Rc::clone(node) };
    let of = |item: &Rc<Node>| match as_text(item) {
        Some(name) if !name.contains('=') => match variables.get(name) {
            Some(value) => Some(assigned(item, name, value)),
            None => keep.then(|| Rc::clone(item)),
        },
        _ => Some(Rc::clone(item)),
    };
    list(node.span, all.iter().filter_map(of).collect())
}

/// `NAME=value` where a name is written alone.
pub(super) fn assigned(item: &Rc<Node>, name: &str, value: &str) -> Rc<Node> {
    let mut new = Node::text(item.span, format!("{name}={value}"));
    if let (Data::Scalar(new), Some(old)) = (&mut new.data, item.as_scalar()) {
        new.quoted = old.quoted;
    }
    Rc::new(new)
}

/// What a service uses of another one is waited for.
fn dependencies(service: &Rc<Node>) -> Rc<Node> {
    let mut uses: Vec<(String, Span, bool)> = Vec::new();
    for link in service.get("links").and_then(|links| links.as_seq()).unwrap_or_default() {
        let Some(link_text) = as_text(link).filter(|_| !is_symbolic(link)) else { continue };
        let name =
            link_text.split_once(':').filter(|(_, alias)| !alias.contains(':')).map_or(link_text, |(name, _)| name);
        uses.push((name.to_owned(), link.span, true));
    }
    for namespace in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        let Some(node) = service.get(namespace) else { continue };
        let known = as_text(node).filter(|_| !is_symbolic(node));
        if let Some(name) = known.and_then(|text| text.strip_prefix("service:")) {
            uses.push((name.to_owned(), node.span, true));
        }
    }
    for from in service.get("volumes_from").and_then(|from| from.as_seq()).unwrap_or_default() {
        let known = as_text(from).filter(|_| !is_symbolic(from));
        let Some(source) = known.filter(|text| !text.starts_with("container:")) else { continue };
        uses.push((source.split(':').next().unwrap_or("").to_owned(), from.span, false));
    }
    if uses.is_empty() {
        return Rc::clone(service);
    }
    let written = service.get("depends_on").cloned().unwrap_or_else(|| mapping(service.span, Vec::new()));
    let waited = uses.into_iter().fold(written, |all, (name, span, restart)| {
        with_default(&all, &name, |_| {
            let on = |key: &str, on: bool| entry(key, span, typed(span, on.to_string()));
            let condition = entry("condition", span, text(span, "service_started"));
            mapping(span, vec![condition, on("restart", restart), on("required", true)])
        })
    });
    with(service, "depends_on", waited)
}

/// A resource without a name has that of its key, below the project's unless it is external.
fn named(entry: &Entry, project: &Value) -> Rc<Node> {
    let resource = match entry.value.as_map() {
        Some(_) => Rc::clone(&entry.value),
        None => mapping(entry.key_span, Vec::new()),
    };
    if resource.get("name").is_some_and(|name| !name.is_null()) {
        return resource;
    }
    let external = resource.get("external").and_then(|external| written(external));
    let external = matches!(external.as_deref(), Some("true" | "1" | "t" | "T" | "TRUE" | "True"));
    let name = if external { entry.key.clone() } else { format!("{}_{}", project.text, entry.key) };
    let symbols = if external { Vec::new() } else { project.symbols.clone() };
    let below = |form: &str| format!("{form}_{}", entry.key);
    let shown = if external { ShownText::default() } else { project.shown.becomes(&name, below) };
    let name = Scalar { text: name, symbols, shown, ..Scalar::default() };
    with(&resource, "name", Rc::new(Node::new(entry.key_span, Data::Scalar(name))))
}
