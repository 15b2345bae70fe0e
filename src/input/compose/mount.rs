//! A service's volumes in long form, as mounts (Compose spec, "volumes: long syntax"). Pure. May use `text` and `model`.

use std::collections::BTreeMap;

use super::field::{flag, value};
use super::tree::{as_text, is_symbolic, written};
use crate::input::local_volume::DriverOptions;
use crate::model::{Diagnostic, Level, Mount, MountSource, Value, clean};
use crate::text::Span;
use crate::text::yaml::{Entry, Node};

/// The project's named volumes, by the names services use.
pub(super) type Volumes = BTreeMap<String, Named>;

/// A named volume of the project.
#[derive(Debug, Clone)]
pub(super) struct Named {
    source: MountSource,
    /// Where it is defined.
    span: Span,
    /// Whether it must be there already (`external: true`).
    external: bool,
    /// The engine's name of it.
    name: Value,
    /// The options that its driver mounts it with.
    mount_options: String,
}

/// The project's volumes as what the engine mounts for them.
pub(super) fn named_volumes(root: &Node) -> Volumes {
    let entries = root.get("volumes").and_then(|volumes| volumes.as_map()).unwrap_or_default();
    let external =
        |entry: &Entry| entry.value.get("external").and_then(|node| written(node)).is_some_and(|text| text == "true");
    let named = |entry: &Entry| Named {
        source: volume_source(entry),
        span: entry.key_span,
        external: external(entry),
        name: volume_name(entry),
        mount_options: mount_options(entry),
    };
    entries.iter().map(|entry| (entry.key.clone(), named(entry))).collect()
}

fn volume_source(entry: &Entry) -> MountSource {
    let get = |key: &str| entry.value.get(key);
    let option = |key: &str| get("driver_opts").and_then(|options| options.get(key)).and_then(|node| value(node));
    let options = DriverOptions {
        driver: get("driver").and_then(|node| value(node)),
        kind: option("type"),
        mount_options: option("o"),
        device: option("device"),
    };
    options.source(cleaned).unwrap_or_else(|| MountSource::Volume(volume_name(entry)))
}

fn mount_options(entry: &Entry) -> String {
    let options = entry.value.get("driver_opts").and_then(|options| options.get("o"));
    options.and_then(|node| value(node)).map(|value| value.text).unwrap_or_default()
}

/// What the engine calls a volume of the project.
fn volume_name(entry: &Entry) -> Value {
    let name = entry.value.get("name").and_then(|node| value(node));
    name.unwrap_or_else(|| Value::known(entry.key.clone(), Some(entry.key_span)))
}

/// A host path as the engine cleans it.
pub(super) fn cleaned(mut path: Value) -> Value {
    let begins_unknown =
        path.symbols.first().is_some_and(|first| path.text.starts_with(&format!("${{{}}}", first.name)));
    if !begins_unknown && !is_windows(&path.text) {
        path.text = clean(&path.text);
        path.shown = path.shown.becomes(&path.text, cleaned_form);
    }
    path
}

/// The shown form of a path, cleaned as far as that leaves it the form of the same path: how many components a variable
/// stands for is not in it.
pub(super) fn cleaned_form(form: &str) -> String {
    let unknown = form.find("${").and_then(|at| form.get(at..)).unwrap_or("");
    if unknown.split('/').any(|part| part == "..") { form.to_owned() } else { clean(form) }
}

/// Every mount of a service's `volumes`.
pub(super) fn mounts(service: &Node, volumes: &Volumes, told: &mut Vec<Diagnostic>) -> Vec<Mount> {
    let items = service.get("volumes").and_then(|items| items.as_seq()).unwrap_or_default();
    items.iter().filter_map(|item| mount(item, volumes, told)).collect()
}

fn mount(item: &Node, volumes: &Volumes, told: &mut Vec<Diagnostic>) -> Option<Mount> {
    let mut target = item.get("target").and_then(|node| value(node))?;
    if !is_windows(&target.text) {
        target.text = clean(&target.text);
        target.shown = target.shown.becomes(&target.text, cleaned_form);
    }
    let kind = item.get("type").and_then(|node| written(node)).unwrap_or_default();
    let named = item.get("source").and_then(|node| value(node)).filter(|source| !source.text.is_empty());
    let (source, defined) = match (kind.as_str(), named) {
        ("bind", Some(source)) => (MountSource::Host(cleaned(source)), None),
        ("bind", None) => return None,
        ("tmpfs", _) => (MountSource::Tmpfs, None),
        ("volume", Some(source)) => volume(source, volumes),
        ("volume", None) => {
            if is_windows(&target.text) {
                let message = "a single letter before a colon is a Windows drive to Compose, so this is a path of the \
                               container that no engine on Linux mounts; give the volume a longer name, or use the \
                               long syntax";
                told.push(Diagnostic::at(Level::Gap, item.span, message));
            }
            (MountSource::Anonymous, None)
        }
        // A type that depends on a variable may be any.
        (open, source) if open.contains("${") => {
            let span = item.get("type").map(|node| node.span);
            let unknown = source.filter(Value::is_symbolic);
            (MountSource::Unresolved(unknown.unwrap_or(Value { span, ..Value::known(open, None) })), None)
        }
        _ => (MountSource::Injected, None),
    };
    let known = item.get("read_only").filter(|node| !is_symbolic(node));
    let read_only = known.and_then(|node| flag(node, told)).is_some_and(|flag| flag.on);
    let subpath = item.get("volume").and_then(|options| options.get("subpath")).and_then(|node| as_text(node));
    let subpath = subpath.map(|path| clean(&format!("/{path}")).trim_start_matches('/').to_owned());
    let creates = item.get("bind").and_then(|bind| bind.get("create_host_path"));
    let refused = creates.and_then(|node| written(node)).is_some_and(|text| text == "false");
    let named = item.get("source").and_then(|node| written(node)).and_then(|name| volumes.get(&name));
    let external = named.is_some_and(|named| named.external);
    // The driver makes no directory for a volume that is a bind.
    let must_exist = refused || (kind == "volume" && (external || matches!(source, MountSource::Host(_))));
    let name = named.filter(|named| kind == "volume" && !named.name.is_symbolic()).map(|named| named.name.text.clone());
    let volume = name.filter(|_| !matches!(source, MountSource::Volume(_)));
    let of_volume = named.filter(|_| kind == "volume");
    let driver_options = of_volume.map_or_else(String::new, |named| named.mount_options.clone());
    Some(Mount {
        subpath,
        read_only,
        defined,
        must_exist,
        volume,
        driver_options,
        ..Mount::new(target, source, item.span)
    })
}

fn volume(name: Value, volumes: &Volumes) -> (MountSource, Option<Span>) {
    // What begins with a variable may be a path; a key with one in it may be any volume's, and those have names.
    if name.is_symbolic() && !volumes.contains_key(&name.text) {
        let whole = name.text.starts_with("${");
        let text = if whole { name.text.clone() } else { format!("${{{}}}", name.text) };
        return (MountSource::Unresolved(Value { text, ..name }), None);
    }
    match volumes.get(&name.text) {
        Some(named) => (named.source.clone(), Some(named.span)),
        None => (MountSource::Volume(name), None),
    }
}

fn is_windows(path: &str) -> bool {
    path.starts_with('\\') || path.get(1..3).is_some_and(|rest| rest == ":\\" || rest == ":/")
}
