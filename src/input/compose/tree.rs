//! Changing trees: a node is never changed in place, since anchors share it. Pure. May use `text`.

use std::rc::Rc;

use serde_json::{Map, Number, Value};

use crate::text::scalar::Kind;
use crate::text::yaml::{Data, Entry, Node, Scalar};
use crate::text::{Span, quoted_path};

/// The keys that lead to a node, `[]` for an item of a list.
pub(super) type Path<'a> = Vec<&'a str>;

/// What stands in a [`Path`] for an item of a list.
pub(super) const ITEM: &str = "[]";

/// A path as a person reads it.
pub(super) fn shown(path: &[&str]) -> String {
    quoted_path(path.iter().copied(), ".")
}

/// The same place and tag with other content.
pub(super) fn rebuilt(node: &Node, data: Data) -> Rc<Node> {
    let mut new = Node::new(node.span, data);
    new.tag.clone_from(&node.tag);
    Rc::new(new)
}

/// A mapping made by a program.
pub(super) fn mapping(span: Span, entries: Vec<Entry>) -> Rc<Node> {
    Rc::new(Node::new(span, Data::Map(entries)))
}

/// A list made by a program.
pub(super) fn list(span: Span, items: Vec<Rc<Node>>) -> Rc<Node> {
    Rc::new(Node::new(span, Data::Seq(items)))
}

/// A scalar that YAML's schema types: a number, a boolean or null.
pub(super) fn typed(span: Span, text: impl Into<String>) -> Rc<Node> {
    Rc::new(Node::new(span, Data::Scalar(Scalar { text: text.into(), plain: true, ..Scalar::default() })))
}

/// Text.
pub(super) fn text(span: Span, text: impl Into<String>) -> Rc<Node> {
    Rc::new(Node::text(span, text))
}

/// An entry made by a program.
pub(super) fn entry(key: impl Into<String>, span: Span, value: Rc<Node>) -> Entry {
    Entry { key: key.into(), key_span: span, value }
}

/// A mapping without one of its keys; any other node as it is.
pub(super) fn without(node: &Rc<Node>, key: &str) -> Rc<Node> {
    match &node.data {
        Data::Map(entries) if node.entry(key).is_some() => {
            rebuilt(node, Data::Map(entries.iter().filter(|entry| entry.key != key).cloned().collect()))
        }
        _ => Rc::clone(node),
    }
}

/// A mapping with a key set, in the place of an entry of that key; any other node as it is.
pub(super) fn with(node: &Rc<Node>, key: &str, value: Rc<Node>) -> Rc<Node> {
    let Data::Map(entries) = &node.data else { return Rc::clone(node) };
    let mut entries = entries.clone();
    match entries.iter_mut().find(|entry| entry.key == key) {
        Some(entry) => entry.value = value,
        None => entries.push(entry(key, value.span, value)),
    }
    rebuilt(node, Data::Map(entries))
}

/// A mapping with a key set where it has none.
pub(super) fn with_default(node: &Rc<Node>, key: &str, value: impl FnOnce(Span) -> Rc<Node>) -> Rc<Node> {
    if node.get(key).is_some() { Rc::clone(node) } else { with(node, key, value(node.span)) }
}

/// A mapping with each value changed; any other node as it is. What does not change is shared.
pub(super) fn values<'a>(node: &'a Rc<Node>, mut change: impl FnMut(&'a Entry) -> Rc<Node>) -> Rc<Node> {
    let Data::Map(entries) = &node.data else { return Rc::clone(node) };
    let mut same = true;
    let changed: Vec<Entry> = entries
        .iter()
        .map(|entry| {
            let value = change(entry);
            same &= Rc::ptr_eq(&value, &entry.value);
            Entry { value, ..entry.clone() }
        })
        .collect();
    if same { Rc::clone(node) } else { rebuilt(node, Data::Map(changed)) }
}

/// A list with each item changed; any other node as it is. What does not change is shared.
pub(super) fn items<'a>(node: &'a Rc<Node>, change: impl FnMut(&'a Rc<Node>) -> Rc<Node>) -> Rc<Node> {
    let Data::Seq(items) = &node.data else { return Rc::clone(node) };
    let changed: Vec<Rc<Node>> = items.iter().map(change).collect();
    let same = changed.iter().zip(items).all(|(new, old)| Rc::ptr_eq(new, old));
    if same { Rc::clone(node) } else { rebuilt(node, Data::Seq(changed)) }
}

/// The entries of the mapping at a key, such as a section of a project.
pub(super) fn section<'n>(node: &'n Node, key: &str) -> &'n [Entry] {
    node.get(key).and_then(|section| section.as_map()).unwrap_or_default()
}

/// The items of the list at a key.
pub(super) fn items_of<'n>(node: &'n Node, key: &str) -> &'n [Rc<Node>] {
    node.get(key).and_then(|items| items.as_seq()).unwrap_or_default()
}

/// The text of a scalar that is text.
pub(super) fn as_text(node: &Node) -> Option<&str> {
    node.as_scalar().filter(|scalar| scalar.kind() == Kind::Text).map(|scalar| scalar.text.as_str())
}

/// The tree as JSON. A date is an object, since the schema allows it nowhere.
pub(super) fn json(node: &Node) -> Value {
    match &node.data {
        Data::Map(entries) => {
            entries.iter().map(|entry| (entry.key.clone(), json(&entry.value))).collect::<Map<_, _>>().into()
        }
        Data::Seq(items) => items.iter().map(|item| json(item)).collect(),
        Data::Scalar(scalar) => match scalar.kind() {
            Kind::Null => Value::Null,
            Kind::Bool(on) => on.into(),
            Kind::Int(whole) => Number::from_i128(whole).map_or(Value::Null, Value::Number),
            // A float that is whole is the same number; an infinite one is a number all the same.
            #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough")]
            Kind::Float(float) if float.fract() == 0.0 && float.abs() < 1e15 => Value::from(float as i64),
            Kind::Float(float) => Number::from_f64(float).map_or(Value::from(0.5), Value::Number),
            Kind::Time => Value::Object(Map::from_iter([("\0".to_owned(), Value::Null)])),
            Kind::Text => scalar.text.clone().into(),
        },
    }
}

/// A scalar's value as Go writes it; `None` for null and for what is no scalar.
pub(super) fn written(node: &Node) -> Option<String> {
    let scalar = node.as_scalar()?;
    match scalar.kind() {
        Kind::Null => None,
        Kind::Text | Kind::Time => Some(scalar.text.clone()),
        kind => Some(kind.to_string()),
    }
}

/// Whether a scalar depends on a variable that is not set.
pub(super) fn is_symbolic(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| !scalar.symbols.is_empty())
}

/// Whether two trees say the same, wherever they are written.
pub(super) fn same(one: &Node, other: &Node) -> bool {
    match (&one.data, &other.data) {
        (Data::Scalar(a), Data::Scalar(b)) => match (a.kind(), b.kind()) {
            (Kind::Text, Kind::Text) | (Kind::Time, Kind::Time) => a.text == b.text,
            (a, b) => a == b,
        },
        (Data::Seq(a), Data::Seq(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|entry| other.get(&entry.key).is_some_and(|value| same(&entry.value, value)))
        }
        _ => false,
    }
}
