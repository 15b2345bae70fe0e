//! Reading nodes as what the Compose spec says they are: booleans, words, names with values.
//! May use `text` and `model`.

use super::tree::written;
use super::words;
use crate::model::{Diagnostic, Flag, Level, Value};
use crate::text::Span;
use crate::text::scalar::Kind;
use crate::text::yaml::{Entry, Node, Scalar};

/// A name with an optional value, from a mapping or from a list of `NAME=value`.
pub(super) struct Pair {
    pub(super) name: String,
    /// Where the name is written, without the value.
    pub(super) name_span: Span,
    /// Where name and value are written.
    pub(super) span: Span,
    pub(super) value: Option<Scalar>,
    pub(super) value_span: Span,
}

/// A scalar with where it is.
pub(super) fn value(node: &Node) -> Option<Value> {
    let scalar = node.as_scalar().filter(|_| !node.is_null())?;
    Some(of_scalar(scalar, node.span))
}

/// A scalar that is written at a span.
pub(super) fn of_scalar(scalar: &Scalar, span: Span) -> Value {
    let Scalar { text, symbols, shown, .. } = scalar;
    Value { text: text.clone(), symbols: symbols.clone(), span: Some(span), shown: shown.clone() }
}

/// A boolean; text counts too, since interpolation makes text.
pub(super) fn flag(node: &Node, told: &mut Vec<Diagnostic>) -> Option<Flag> {
    let text = node.as_scalar().map(|scalar| scalar.text.to_ascii_lowercase()).unwrap_or_default();
    let on = match text.as_str() {
        "true" | "yes" | "y" | "on" | "1" => true,
        "false" | "no" | "n" | "off" | "0" => false,
        _ => {
            if !node.is_null() {
                told.push(wrong(node, "true or false"));
            }
            return None;
        }
    };
    Some(Flag { on, span: node.span })
}

/// Words: a list, or a string that is split as a shell would.
pub(super) fn words(node: &Node, told: &mut Vec<Diagnostic>) -> Option<Vec<Value>> {
    if let Some(items) = node.as_seq() {
        return Some(items.iter().filter_map(|item| value(item)).collect());
    }
    let whole = value(node)?;
    match command_words(&whole) {
        Ok(words) => Some(words),
        Err(message) => {
            told.push(Diagnostic::at(Level::Error, node.span, message));
            None
        }
    }
}

/// A command written as one text, in the words that Compose splits it into.
///
/// # Errors
/// Why Compose refuses it.
pub(in crate::input) fn command_words(whole: &Value) -> Result<Vec<Value>, &'static str> {
    let word = |text: String| {
        let in_word = |name: &str| text.contains(&format!("${{{name}}}"));
        let symbols = whole.symbols.iter().filter(|symbol| in_word(&symbol.name)).cloned().collect();
        Value { text, symbols, span: whole.span, ..Value::default() }
    };
    Ok(words::split(&whole.text)?.into_iter().map(word).collect())
}

/// Names with values, from either form; the later of two with one name wins.
pub(super) fn pairs(node: &Node, told: &mut Vec<Diagnostic>) -> Vec<Pair> {
    let mut pairs = Vec::new();
    if let Some(entries) = node.as_map() {
        let is_extension = |entry: &&Entry| entry.key.starts_with("x-");
        pairs.extend(extensions(entries.iter().filter(is_extension)));
        for entry in entries.iter().filter(|entry| !is_extension(entry)) {
            let scalar = entry.value.as_scalar();
            if scalar.is_none() {
                told.push(wrong(&entry.value, "a value"));
                continue;
            }
            pairs.push(Pair {
                name: entry.key.clone(),
                name_span: entry.key_span,
                span: Span { end: entry.value.span.end, ..entry.key_span },
                value: scalar.filter(|_| !entry.value.is_null()).map(typed),
                value_span: entry.value.span,
            });
        }
    } else if let Some(items) = node.as_seq() {
        pairs.extend(items.iter().filter_map(|item| listed(item, told)));
    } else if !node.is_null() {
        told.push(wrong(node, "a mapping or a list"));
    }
    pairs
}

/// What Compose makes of `x-` keys among names: one odd name that holds them all.
fn extensions<'e>(entries: impl Iterator<Item = &'e Entry>) -> Option<Pair> {
    let mut held: Vec<&Entry> = entries.collect();
    held.sort_by(|a, b| a.key.cmp(&b.key));
    let first = held.first()?;
    let of = |entry: &&Entry| format!("{}:{}", entry.key, written(&entry.value).unwrap_or_else(|| "<nil>".to_owned()));
    let text = format!("map[{}]", held.iter().map(of).collect::<Vec<_>>().join(" "));
    Some(Pair {
        name: "#extensions".to_owned(),
        name_span: first.key_span,
        span: first.key_span,
        value: Some(Scalar { text, ..Scalar::default() }),
        value_span: first.value.span,
    })
}

fn listed(item: &Node, told: &mut Vec<Diagnostic>) -> Option<Pair> {
    let Some(scalar) = item.as_scalar() else {
        told.push(wrong(item, "NAME=value"));
        return None;
    };
    let (name, value) = match scalar.text.split_once('=') {
        Some((name, text)) => (name, Some(text.to_owned())),
        None => (scalar.text.as_str(), None),
    };
    let quote = u32::from(scalar.quoted);
    let mut start = item.span.start;
    start.column += quote;
    let length = u32::try_from(name.chars().count()).unwrap_or(0);
    let name_end = crate::text::Pos { column: start.column + length, ..start };
    Some(Pair {
        name: name.to_owned(),
        name_span: Span { start, end: name_end, ..item.span },
        span: item.span,
        value: value.map(|text| {
            let shown = scalar.shown.part(&text, |form| Some(form.split_once('=')?.1));
            Scalar { text, plain: false, shown, ..scalar.clone() }
        }),
        value_span: item.span,
    })
}

/// A scalar as Compose writes it: unquoted numbers and booleans as the values that they are.
fn typed(scalar: &Scalar) -> Scalar {
    match scalar.kind() {
        Kind::Text | Kind::Time => scalar.clone(),
        kind => Scalar { text: kind.to_string(), ..scalar.clone() },
    }
}

/// A list of scalars, or a single one.
pub(super) fn values(node: &Node) -> Vec<Value> {
    match node.as_seq() {
        Some(items) => items.iter().filter_map(|item| value(item)).collect(),
        None => value(node).into_iter().collect(),
    }
}

/// A part of the wrong shape: Compose refuses the file, we leave the part out and say so.
pub(super) fn wrong(node: &Node, expected: &str) -> Diagnostic {
    Diagnostic::at(Level::Gap, node.span, format!("expected {expected}, found {}; it is not judged", node.kind()))
}
