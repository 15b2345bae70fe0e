//! Reading nodes as what the Compose spec says they are: booleans, numbers, words, names with values.
//! May use `text` and `model`.

use crate::model::{Diagnostic, Flag, Level, Value};
use crate::text::Span;
use crate::text::yaml::{Node, Scalar};

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
    Some(Value { text: scalar.text.clone(), symbols: scalar.symbols.clone(), span: Some(node.span) })
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
    let Some(words) = shlex::split(&whole.text) else {
        told.push(Diagnostic::at(Level::Error, node.span, "a quote is opened and not closed"));
        return None;
    };
    let word = |text: String| {
        let in_word = |name: &str| text.contains(&format!("${{{name}}}"));
        let symbols = whole.symbols.iter().filter(|symbol| in_word(&symbol.name)).cloned().collect();
        Value { text, symbols, span: whole.span }
    };
    Some(words.into_iter().map(word).collect())
}

/// Names with values, from either form; the later of two with one name wins.
pub(super) fn pairs(node: &Node, told: &mut Vec<Diagnostic>) -> Vec<Pair> {
    let mut pairs = Vec::new();
    if let Some(entries) = node.as_map() {
        for entry in entries {
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

fn listed(item: &Node, told: &mut Vec<Diagnostic>) -> Option<Pair> {
    let Some(scalar) = item.as_scalar() else {
        told.push(wrong(item, "NAME=value"));
        return None;
    };
    let (name, value) = match scalar.text.split_once('=') {
        Some((name, text)) => (name, Some(text.to_owned())),
        None => (scalar.text.as_str(), None),
    };
    let quote = u32::from(!scalar.plain);
    let mut start = item.span.start;
    start.column += quote;
    let length = u32::try_from(name.chars().count()).unwrap_or(0);
    let name_end = crate::text::Pos { column: start.column + length, ..start };
    Some(Pair {
        name: name.to_owned(),
        name_span: Span { start, end: name_end, ..item.span },
        span: item.span,
        value: value.map(|text| Scalar { text, plain: false, symbols: scalar.symbols.clone() }),
        value_span: item.span,
    })
}

/// A scalar as Compose writes it: unquoted numbers and booleans as the values that they are.
fn typed(scalar: &Scalar) -> Scalar {
    let text = if scalar.plain { number(&scalar.text) } else { None };
    Scalar { text: text.unwrap_or_else(|| scalar.text.clone()), ..scalar.clone() }
}

/// A boolean or a number of YAML's schema, written as Go writes it; `None` for other text.
fn number(text: &str) -> Option<String> {
    if ["true", "True", "TRUE", "false", "False", "FALSE"].contains(&text) {
        return Some(text.to_ascii_lowercase());
    }
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (if text.starts_with('-') { "-" } else { "" }, digits),
        None => ("", text),
    };
    match digits {
        ".inf" | ".Inf" | ".INF" => return Some(if sign.is_empty() { "+Inf".to_owned() } else { "-Inf".to_owned() }),
        ".nan" | ".NaN" | ".NAN" => return Some("NaN".to_owned()),
        _ => {}
    }
    let bare = digits.replace('_', "");
    let octal = bare.len() > 1 && bare.starts_with('0') && bare.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let radix = |radix, digits: &str| u64::from_str_radix(digits, radix).ok();
    let whole = match bare.get(..2) {
        Some("0x") => radix(16, bare.get(2..)?),
        Some("0o") => radix(8, bare.get(2..)?),
        Some("0b") => radix(2, bare.get(2..)?),
        _ if octal => radix(8, &bare),
        _ if !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit()) => bare.parse().ok(),
        _ => None,
    };
    if let Some(whole) = whole {
        return Some(if whole == 0 { "0".to_owned() } else { format!("{sign}{whole}") });
    }
    let first = bare.strip_prefix('.').unwrap_or(&bare).bytes().next()?;
    let only = bare.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    let value: f64 = bare.parse().ok().filter(|_| only && first.is_ascii_digit())?;
    Some(format!("{sign}{}", shortest(value)))
}

/// A float as Go's `%v` writes it: shortest digits, an exponent below 1e-4 and from 1e6 on.
fn shortest(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{value}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_docker_compose_writes_them() {
        let cases = [
            ("0755", "493"),
            ("0o17", "15"),
            ("0b11", "3"),
            (".5", "0.5"),
            ("1.", "1"),
            ("+1", "1"),
            ("-0", "0"),
            ("1e+3", "1000"),
            (".inf", "+Inf"),
            ("12345678901234567890", "12345678901234567890"),
            ("1.0", "1"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("1e21", "1e+21"),
            ("1.5e-7", "1.5e-07"),
            ("-12", "-12"),
            ("08", "8"),
            ("1_0.5", "10.5"),
            ("TRUE", "true"),
            ("100000000.0", "1e+08"),
            ("1234567.891", "1.234567891e+06"),
            ("0x_1F", "31"),
        ];
        for (text, wanted) in cases {
            assert_eq!(number(text).as_deref(), Some(wanted), "{text}");
        }
        for text in ["on", "", "1.2.3", "e5", "-", "0x", "2.1.98", "inf", "NaN", "1-2"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
