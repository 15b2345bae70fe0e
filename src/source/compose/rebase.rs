//! Relative paths of a file in another directory, made absolute before its parts are put into a project (Compose spec,
//! "extends: relative resources", "include"). Pure. May use `text` and `model`.

use std::rc::Rc;

use super::volume::short_source;
use crate::model::join;
use crate::text::yaml::{Data, Entry, Node, Scalar};

/// A service whose mounts and env files are named from a directory.
pub(super) fn service(node: &Rc<Node>, directory: &str) -> Rc<Node> {
    let parts = |entry: &Entry| match entry.key.as_str() {
        "volumes" => each(&entry.value, &|item| volume(item, directory)),
        "env_file" if entry.value.as_seq().is_some() => each(&entry.value, &|item| env_file(item, directory)),
        "env_file" => env_file(&entry.value, directory),
        _ => Rc::clone(&entry.value),
    };
    entries(node, &parts)
}

/// A whole file's tree.
pub(super) fn project(node: &Rc<Node>, directory: &str) -> Rc<Node> {
    let files = |node: &Rc<Node>| entries(node, &|entry| key(&entry.value, "file", directory));
    entries(node, &|entry| match entry.key.as_str() {
        "services" => entries(&entry.value, &|entry| service(&entry.value, directory)),
        "secrets" | "configs" => files(&entry.value),
        _ => Rc::clone(&entry.value),
    })
}

fn entries(node: &Rc<Node>, change: &dyn Fn(&Entry) -> Rc<Node>) -> Rc<Node> {
    let Data::Map(entries) = &node.data else { return Rc::clone(node) };
    let changed = entries.iter().map(|entry| Entry { value: change(entry), ..entry.clone() });
    rebuilt(node, Data::Map(changed.collect()))
}

fn each(node: &Rc<Node>, change: &dyn Fn(&Rc<Node>) -> Rc<Node>) -> Rc<Node> {
    let Data::Seq(items) = &node.data else { return Rc::clone(node) };
    rebuilt(node, Data::Seq(items.iter().map(change).collect()))
}

fn rebuilt(node: &Node, data: Data) -> Rc<Node> {
    let mut new = Node::new(node.span, data);
    new.tag.clone_from(&node.tag);
    Rc::new(new)
}

fn volume(item: &Rc<Node>, directory: &str) -> Rc<Node> {
    match &item.data {
        Data::Map(_) => key(item, "source", directory),
        Data::Scalar(scalar) => match short_source(&scalar.text).filter(|source| source.starts_with('.')) {
            Some(source) => {
                let rest = scalar.text.get(source.len()..).unwrap_or("");
                let text = format!("{}{rest}", join(directory, source));
                rebuilt(item, Data::Scalar(Scalar { text, ..scalar.clone() }))
            }
            None => Rc::clone(item),
        },
        Data::Seq(_) => Rc::clone(item),
    }
}

fn env_file(item: &Rc<Node>, directory: &str) -> Rc<Node> {
    match &item.data {
        Data::Scalar(_) => path(item, directory),
        _ => key(item, "path", directory),
    }
}

/// One key's path. The source of a long-syntax volume may also be a volume's name, which begins with no dot.
fn key(node: &Rc<Node>, name: &str, directory: &str) -> Rc<Node> {
    let is_volume_name =
        |value: &Node| name == "source" && value.as_scalar().is_some_and(|it| !it.text.starts_with('.'));
    entries(node, &|entry| {
        if entry.key == name && !is_volume_name(&entry.value) {
            path(&entry.value, directory)
        } else {
            Rc::clone(&entry.value)
        }
    })
}

fn path(node: &Rc<Node>, directory: &str) -> Rc<Node> {
    let Data::Scalar(scalar) = &node.data else { return Rc::clone(node) };
    if scalar.text.starts_with(['/', '~', '$']) || node.is_null() {
        return Rc::clone(node);
    }
    rebuilt(node, Data::Scalar(Scalar { text: join(directory, &scalar.text), ..scalar.clone() }))
}
