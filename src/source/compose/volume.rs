//! A service's mounts, short and long syntax (Compose spec, "volumes"). Pure. May use `text` and `model`.

use std::collections::BTreeMap;

use super::field::{self, wrong};
use crate::model::{Diagnostic, Level, Mount, MountSource, Value, clean, join};
use crate::text::Span;
use crate::text::yaml::Node;

/// What a mount's source is resolved by.
pub(super) struct Scope<'a> {
    /// The project directory, absolute.
    pub(super) directory: &'a str,
    /// What `~` stands for.
    pub(super) home: Option<&'a str>,
    /// The project's named volumes.
    pub(super) volumes: &'a BTreeMap<String, Named>,
}

/// A named volume of the project.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) source: MountSource,
    /// Where it is defined.
    pub(super) span: Span,
}

/// The mount point of an entry in either syntax.
pub(super) fn target_of(item: &Node) -> Option<String> {
    let target = match item.as_map() {
        Some(_) => item.get("target")?.as_scalar()?.text.clone(),
        None => short(&item.as_scalar()?.text).target.to_owned(),
    };
    Some(clean(&target))
}

/// The parts of the short syntax.
struct Short<'a> {
    source: Option<&'a str>,
    target: &'a str,
    options: &'a str,
}

/// `SOURCE:TARGET:OPTIONS`. To Compose a single letter before a colon is a Windows drive, wherever it stands.
fn short(text: &str) -> Short<'_> {
    let mut parts: Vec<&str> = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(':') {
        let part = text.get(start..at).unwrap_or("");
        let mut letters = part.chars();
        let drive = letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none();
        if !drive {
            parts.push(part);
            start = at + 1;
        }
    }
    parts.push(text.get(start..).unwrap_or(""));
    match parts.as_slice() {
        [target] => Short { source: None, target, options: "" },
        [source, target, rest @ ..] => {
            Short { source: Some(source), target, options: rest.first().copied().unwrap_or("") }
        }
        [] => Short { source: None, target: "", options: "" },
    }
}

/// The source of the short syntax, if it has one.
pub(super) fn short_source(text: &str) -> Option<&str> {
    short(text).source
}

/// Every mount of a service's `volumes`.
pub(super) fn mounts(node: &Node, scope: &Scope<'_>, told: &mut Vec<Diagnostic>) -> Vec<Mount> {
    let Some(items) = node.as_seq() else {
        if !node.is_null() {
            told.push(wrong(node, "a list of volumes"));
        }
        return Vec::new();
    };
    items.iter().filter_map(|item| mount(item, scope, told)).collect()
}

fn mount(item: &Node, scope: &Scope<'_>, told: &mut Vec<Diagnostic>) -> Option<Mount> {
    if item.as_map().is_some() {
        return long(item, scope, told);
    }
    let whole = field::value(item).or_else(|| {
        told.push(wrong(item, "a volume"));
        None
    })?;
    let parts = short(&whole.text);
    if parts.source.is_none() && is_windows(parts.target) {
        let message = "a single letter before a colon is a Windows drive to Compose, so this is a path of the container \
                       that no engine on Linux mounts; give the volume a longer name, or use the long syntax";
        told.push(Diagnostic::at(Level::Gap, item.span, message));
    }
    let of = |text: &str| part(&whole, text);
    let mut target = of(parts.target);
    target.text = clean_target(&target.text);
    let read_only = parts.options.split(',').any(|option| option == "ro");
    let (source, defined) = match parts.source {
        None => (MountSource::Anonymous, None),
        Some(source) => scope.source(of(source), told, item.span),
    };
    Some(Mount { target, source, subpath: None, read_only, span: item.span, defined })
}

/// A part of a value with the symbols that are in it.
fn part(whole: &Value, text: &str) -> Value {
    let symbols = whole.symbols.iter().filter(|symbol| text.contains(&format!("${{{}}}", symbol.name)));
    Value { text: text.to_owned(), symbols: symbols.cloned().collect(), span: whole.span }
}

fn long(item: &Node, scope: &Scope<'_>, told: &mut Vec<Diagnostic>) -> Option<Mount> {
    let text = |key: &str| item.get(key).and_then(|node| field::value(node));
    let Some(mut target) = text("target") else {
        told.push(wrong(item, "a volume with a target"));
        return None;
    };
    target.text = clean(&target.text);
    let kind = text("type").map_or_else(String::new, |kind| kind.text);
    let named = text("source").or_else(|| text("src"));
    let (source, defined) = match (kind.as_str(), named) {
        ("tmpfs", _) => (MountSource::Tmpfs, None),
        ("bind", Some(source)) => (MountSource::Host(scope.path(source)), None),
        ("volume", Some(source)) => scope.volume(source, told, item.span),
        ("volume", None) => (MountSource::Anonymous, None),
        ("", Some(source)) => scope.source(source, told, item.span),
        ("image" | "npipe" | "cluster", _) => (MountSource::Injected, None),
        _ => {
            told.push(wrong(item, "a volume of type bind, volume or tmpfs with its source"));
            return None;
        }
    };
    let read_only = item.get("read_only").and_then(|node| field::flag(node, told)).is_some_and(|flag| flag.on);
    let subpath = item.get("volume").and_then(|options| options.get("subpath")).and_then(|node| field::value(node));
    let subpath = subpath.map(|path| clean(&format!("/{}", path.text)).trim_start_matches('/').to_owned());
    Some(Mount { target, source, subpath, read_only, span: item.span, defined })
}

impl Scope<'_> {
    /// A source that may be a path or a volume's name: what it begins with decides.
    fn source(&self, source: Value, told: &mut Vec<Diagnostic>, span: Span) -> (MountSource, Option<Span>) {
        let text = source.text.as_str();
        let drive = text.get(1..3).is_some_and(|rest| rest == ":\\" || rest == ":/");
        if text.starts_with(['/', '.', '~', '\\']) || drive {
            return (MountSource::Host(self.path(source)), None);
        }
        if text.starts_with("${") {
            return (MountSource::Unresolved(source), None);
        }
        self.volume(source, told, span)
    }

    fn volume(&self, name: Value, told: &mut Vec<Diagnostic>, span: Span) -> (MountSource, Option<Span>) {
        if let Some(named) = self.volumes.get(&name.text) {
            return (named.source.clone(), Some(named.span));
        }
        if !name.is_symbolic() {
            let message = format!("the volume `{}` is not defined under the top-level `volumes`", name.text);
            told.push(Diagnostic::at(Level::Error, span, message));
        }
        (MountSource::Volume(name), None)
    }

    /// A host path: `~` and relative ones made absolute, cleaned as the engine cleans it.
    pub(super) fn path(&self, mut source: Value) -> Value {
        source.text = match (source.text.strip_prefix('~'), self.home) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => clean(&format!("{home}{rest}")),
            _ if source.text.starts_with("${") => source.text,
            _ if is_windows(&source.text) => source.text,
            _ => join(self.directory, &source.text),
        };
        source
    }
}

/// A container path as the engine cleans it; what is none is left as it is.
fn clean_target(path: &str) -> String {
    if is_windows(path) { path.to_owned() } else { clean(path) }
}

fn is_windows(path: &str) -> bool {
    path.starts_with('\\') || path.get(1..3).is_some_and(|rest| rest == ":\\" || rest == ":/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_syntax_in_parts() {
        let parts = |text| {
            let short = short(text);
            (short.source.map(str::to_owned), short.target.to_owned(), short.options.to_owned())
        };
        let wanted = |source: Option<&str>, target: &str, options: &str| {
            (source.map(str::to_owned), target.to_owned(), options.to_owned())
        };
        assert_eq!(parts("/data"), wanted(None, "/data", ""));
        assert_eq!(parts("vol:/data"), wanted(Some("vol"), "/data", ""));
        assert_eq!(parts("~/.claude:/c:ro,z"), wanted(Some("~/.claude"), "/c", "ro,z"));
        assert_eq!(parts("C:\\x:/c"), wanted(Some("C:\\x"), "/c", ""));
        assert_eq!(parts("v:/c"), wanted(None, "v:/c", ""));
        assert_eq!(parts("vv:/c:ro"), wanted(Some("vv"), "/c", "ro"));
        assert_eq!(parts("${X}:/c"), wanted(Some("${X}"), "/c", ""));
    }
}
