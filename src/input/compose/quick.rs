//! A quick look at a tree by the schema: it says yes only to what is surely allowed, which most files are. Making the
//! whole validator ready takes longer than all else together. Pure. May use `text`.

use serde_json::{Map, Value};

use super::tree::{as_text, same};
use crate::text::scalar::Kind;
use crate::text::yaml::{Data, Entry, Node};

/// Whether a tree is surely what the schema allows. Anything that this does not know is no yes.
pub(super) fn is_surely_valid(schema: &Value, tree: &Node) -> bool {
    let Some(definitions) = schema.get("definitions").and_then(Value::as_object) else { return false };
    Quick { definitions }.is_valid(schema, tree)
}

struct Quick<'a> {
    definitions: &'a Map<String, Value>,
}

impl Quick<'_> {
    fn is_valid(&self, schema: &Value, node: &Node) -> bool {
        let Some(rules) = schema.as_object() else { return false };
        rules.iter().all(|(keyword, rule)| match keyword.as_str() {
            "description" | "title" | "deprecated" | "default" | "$schema" | "$id" | "definitions" => true,
            "$ref" => {
                let name = rule.as_str().and_then(|path| path.strip_prefix("#/definitions/"));
                name.and_then(|name| self.definitions.get(name)).is_some_and(|schema| self.is_valid(schema, node))
            }
            "type" => match rule.as_array() {
                Some(kinds) => kinds.iter().any(|kind| is_a(kind, node)),
                None => is_a(rule, node),
            },
            "enum" => rule.as_array().is_some_and(|all| all.iter().any(|one| one.as_str() == as_text(node))),
            "oneOf" => {
                rule.as_array().is_some_and(|all| all.iter().filter(|one| self.is_valid(one, node)).count() == 1)
            }
            "required" => rule.as_array().is_some_and(|all| {
                node.as_map().is_none() || all.iter().all(|key| key.as_str().is_some_and(|key| node.get(key).is_some()))
            }),
            "items" => node.as_seq().unwrap_or_default().iter().all(|item| self.is_valid(rule, item)),
            "uniqueItems" => rule.as_bool() == Some(false) || are_different(node),
            "minimum" => is_on_the_side(node, rule, |value, bound| value >= bound),
            "maximum" => is_on_the_side(node, rule, |value, bound| value <= bound),
            "pattern" => {
                as_text(node).is_none_or(|text| rule.as_str().and_then(|one| matches(one, text)) == Some(true))
            }
            // The three are one rule.
            "properties" | "patternProperties" => self.are_entries_valid(rules, node),
            "additionalProperties" => rule.as_bool() == Some(false) && self.are_entries_valid(rules, node),
            _ => false,
        })
    }

    fn are_entries_valid(&self, rules: &Map<String, Value>, node: &Node) -> bool {
        let closed = rules.get("additionalProperties").is_some();
        let patterns = rules.get("patternProperties").and_then(Value::as_object);
        node.as_map().unwrap_or_default().iter().all(|entry: &Entry| {
            let mut known = false;
            if let Some(schema) = rules.get("properties").and_then(|properties| properties.get(&entry.key)) {
                known = true;
                if !self.is_valid(schema, &entry.value) {
                    return false;
                }
            }
            for (pattern, schema) in patterns.into_iter().flatten() {
                match matches(pattern, &entry.key) {
                    Some(true) if self.is_valid(schema, &entry.value) => known = true,
                    Some(false) => {}
                    _ => return false,
                }
            }
            known || !closed
        })
    }
}

fn is_a(kind: &Value, node: &Node) -> bool {
    let kind = kind.as_str().unwrap_or("");
    match &node.data {
        Data::Map(_) => kind == "object",
        Data::Seq(_) => kind == "array",
        Data::Scalar(scalar) => match scalar.kind() {
            Kind::Null => kind == "null",
            Kind::Bool(_) => kind == "boolean",
            Kind::Int(_) => matches!(kind, "integer" | "number"),
            Kind::Float(_) => kind == "number",
            Kind::Text => kind == "string",
            Kind::Time => false,
        },
    }
}

/// How many items that are no texts are compared with each other.
const MAX_COMPARED: usize = 32;

/// Whether the items of a list are surely different.
fn are_different(node: &Node) -> bool {
    let items = node.as_seq().unwrap_or_default();
    let mut known = std::collections::HashSet::with_capacity(items.len());
    if items.iter().all(|item| as_text(item).is_some_and(|text| known.insert(text))) {
        return true;
    }
    let is_different = |at: usize, item: &Node| items.iter().skip(at + 1).all(|other| !same(item, other));
    items.len() <= MAX_COMPARED && items.iter().enumerate().all(|(at, item)| is_different(at, item))
}

fn is_on_the_side(node: &Node, bound: &Value, holds: fn(i128, i128) -> bool) -> bool {
    match node.as_scalar().map(crate::text::yaml::Scalar::kind) {
        Some(Kind::Int(value)) => bound.as_i64().is_some_and(|bound| holds(value, i128::from(bound))),
        Some(Kind::Float(_)) => false,
        _ => true,
    }
}

/// Whether a text matches one of the patterns that the schema has; `None` for any other pattern.
fn matches(pattern: &str, text: &str) -> Option<bool> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    Some(match pattern {
        "^x-" => text.starts_with("x-"),
        "^[a-zA-Z0-9._-]+$" => !text.is_empty() && text.bytes().all(is_name),
        "^[a-z]+$" => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase()),
        ".+" | "^.+$" if !text.contains(['\n', '\r']) => !text.is_empty(),
        "[a-zA-Z0-9][a-zA-Z0-9_.-]+" => text.as_bytes().windows(2).any(|pair| {
            pair.first().is_some_and(u8::is_ascii_alphanumeric) && pair.get(1).copied().is_some_and(is_name)
        }),
        _ => return None,
    })
}
