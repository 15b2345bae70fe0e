//! Jobs in JSON: what Nomad's API takes (`{"Job": {"TaskGroups": …}}`), and HCL in its syntax of JSON
//! (`{"job": {"NAME": {"group": …}}}`). Uses `stanza` and `text`.

use super::stanza::{Attribute, Expression, ExpressionKind, MapItem, Stanza, TemplatePart};
use crate::text::Span;
use crate::text::yaml::{Entry, Node};

/// How the API writes stanzas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One object.
    One,
    /// A list of objects.
    Each,
    /// A list of objects that say their names.
    Named,
    /// An object with one of them for each name.
    Keyed,
    /// An object whose keys are names of their own.
    Raw,
}

/// Keys of the API that are stanzas.
const STANZAS: [(&str, &str, Form); 17] = [
    ("TaskGroups", "group", Form::Named),
    ("Tasks", "task", Form::Named),
    ("Actions", "action", Form::Named),
    ("Volumes", "volume", Form::Keyed),
    ("VolumeMounts", "volume_mount", Form::Each),
    ("Templates", "template", Form::Each),
    ("Constraints", "constraint", Form::Each),
    ("Spreads", "spread", Form::Each),
    ("Services", "service", Form::Each),
    ("Checks", "check", Form::Each),
    ("Periodic", "periodic", Form::One),
    ("ParameterizedJob", "parameterized", Form::One),
    ("Lifecycle", "lifecycle", Form::One),
    ("Scaling", "scaling", Form::One),
    ("Update", "update", Form::One),
    ("Config", "config", Form::Raw),
    ("Env", "env", Form::Raw),
];
/// Attributes that have other names in HCL.
const RENAMED: [(&str, &str); 7] = [
    ("embedded_tmpl", "data"),
    ("envvars", "env"),
    ("dest_path", "destination"),
    ("source_path", "source"),
    ("ltarget", "attribute"),
    ("rtarget", "value"),
    ("operand", "operator"),
];
/// Keywords of HCL that are stanzas in its syntax of JSON; those with a label first.
const LABELLED: [&str; 6] = ["job", "group", "task", "volume", "variable", "action"];
const UNLABELLED: [&str; 17] = [
    "volume_mount",
    "template",
    "constraint",
    "spread",
    "service",
    "check",
    "periodic",
    "parameterized",
    "lifecycle",
    "scaling",
    "update",
    "config",
    "env",
    "locals",
    "variables",
    "mount",
    "dynamic",
];

/// The longest name in a text that is a reference.
const MAX_NAME: usize = 100;

/// The jobs of an object; `None` where it is none of a job.
pub(super) fn read_json(root: &Node) -> Option<Stanza> {
    let mut top = Stanza { kind_span: root.span, span: root.span, ..Stanza::default() };
    let job = root.entry("Job").or_else(|| root.entry("job"));
    if let Some(entry) = job.filter(|entry| entry.value.get("TaskGroups").is_some()) {
        top.stanzas.push(api_stanza("job", entry.key_span, &entry.value));
        return Some(top);
    }
    if root.get("TaskGroups").is_some() {
        top.stanzas.push(api_stanza("job", root.span, root));
        return Some(top);
    }
    root.entry("job")?.value.as_map().map(|_| ())?;
    add_body(root, &mut top);
    Some(top)
}

/// An object of the API as a stanza, named by itself.
fn api_stanza(kind: &str, kind_span: Span, node: &Node) -> Stanza {
    let mut stanza = Stanza { kind: kind.to_owned(), kind_span, span: node.span, ..Stanza::default() };
    let name = ["ID", "Name"].iter().find_map(|key| node.get(key)).filter(|name| name.as_scalar().is_some());
    let text = name.and_then(|name| Some((name.as_scalar()?.text.clone(), name.span)));
    stanza.labels.extend(text.filter(|_| matches!(kind, "job" | "group" | "task" | "action")));
    for entry in node.as_map().unwrap_or_default().iter().filter(|entry| !entry.value.is_null()) {
        let Some((_, kind, form)) = STANZAS.iter().find(|(key, ..)| *key == entry.key) else {
            stanza.attributes.push(attribute(entry, &hcl_name(&entry.key)));
            continue;
        };
        let key_span = key_span(entry);
        let items = entry.value.as_seq().unwrap_or_default();
        match form {
            Form::One => stanza.stanzas.push(api_stanza(kind, key_span, &entry.value)),
            Form::Each | Form::Named => {
                stanza.stanzas.extend(items.iter().map(|item| api_stanza(kind, item.span, item)));
            }
            Form::Keyed => stanza.stanzas.extend(entry.value.as_map().unwrap_or_default().iter().map(|entry| {
                let span = self::key_span(entry);
                Stanza { labels: vec![(entry.key.clone(), span)], ..api_stanza(kind, span, &entry.value) }
            })),
            Form::Raw => {
                let mut raw = Stanza {
                    kind: (*kind).to_owned(),
                    kind_span: key_span,
                    span: entry.value.span,
                    ..Stanza::default()
                };
                let entries = entry.value.as_map().unwrap_or_default().iter();
                raw.attributes.extend(entries.map(|entry| attribute(entry, &entry.key)));
                stanza.stanzas.push(raw);
            }
        }
    }
    stanza
}

/// What HCL calls a key of the API: `ReadOnly` is `read_only`.
fn hcl_name(key: &str) -> String {
    let mut name = String::new();
    let mut before = 'A';
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
        before = letter;
    }
    RENAMED.iter().find(|(api, _)| *api == name).map_or(name, |(_, hcl)| (*hcl).to_owned())
}

/// The stanzas and attributes of an object in the syntax of HCL.
fn add_body(node: &Node, stanza: &mut Stanza) {
    for entry in node.as_map().unwrap_or_default() {
        if LABELLED.contains(&entry.key.as_str()) {
            for labelled in objects(&entry.value) {
                for named in labelled.as_map().unwrap_or_default() {
                    let label = (named.key.clone(), key_span(named));
                    let made = objects(&named.value).map(|body| made_of(entry, vec![label.clone()], body));
                    stanza.stanzas.extend(made);
                }
            }
        } else if UNLABELLED.contains(&entry.key.as_str()) && objects(&entry.value).next().is_some() {
            stanza.stanzas.extend(objects(&entry.value).map(|body| made_of(entry, Vec::new(), body)));
        } else if !entry.value.is_null() {
            stanza.attributes.push(attribute(entry, &entry.key));
        }
    }
}

fn made_of(entry: &Entry, labels: Vec<(String, Span)>, body: &Node) -> Stanza {
    let mut made =
        Stanza { kind: entry.key.clone(), kind_span: key_span(entry), labels, span: body.span, ..Stanza::default() };
    // `dynamic` has a name in the place of a label.
    if made.kind == "dynamic" {
        let names = body.as_map().unwrap_or_default().iter().map(|entry| (entry.key.clone(), key_span(entry)));
        made.labels = names.collect();
        return made;
    }
    add_body(body, &mut made);
    made
}

/// An object, or those of a list.
fn objects(node: &Node) -> impl Iterator<Item = &Node> {
    let items = node.as_seq().unwrap_or_default().iter().map(|item| &**item);
    let one = node.as_map().map(|_| node);
    one.into_iter().chain(items.filter(|item| item.as_map().is_some()))
}

fn attribute(entry: &Entry, name: &str) -> Attribute {
    Attribute { name: name.to_owned(), name_span: key_span(entry), value: expression(&entry.value) }
}

/// Where a key is written, without its quotes.
fn key_span(entry: &Entry) -> Span {
    let mut span = entry.key_span;
    span.start.column += 1;
    span.end.column = span.end.column.saturating_sub(1);
    span
}

fn expression(node: &Node) -> Expression {
    let kind = match (node.as_scalar(), node.as_seq()) {
        (Some(_), _) if node.is_null() => ExpressionKind::Null,
        (Some(scalar), _) if scalar.quoted => ExpressionKind::Template(text_parts(&scalar.text, node.span)),
        (Some(scalar), _) if matches!(scalar.text.as_str(), "true" | "false") => {
            ExpressionKind::Bool(scalar.text == "true")
        }
        (Some(scalar), _) => ExpressionKind::Number(scalar.text.clone()),
        (_, Some(items)) => ExpressionKind::List(items.iter().map(|item| expression(item)).collect()),
        _ => {
            let entries = node.as_map().unwrap_or_default().iter();
            let item = |entry: &Entry| MapItem {
                key: Expression::text(entry.key.as_str(), key_span(entry)),
                value: expression(&entry.value),
            };
            ExpressionKind::Map(entries.map(item).collect())
        }
    };
    Expression { kind, span: node.span }
}

/// A text with its `${name.of.something}` as references; anything else in braces stays as it is written.
fn text_parts(text: &str, span: Span) -> Vec<TemplatePart> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let end = after.find(|ch: char| !(ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | '.')));
        let name = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        let more = after.get(name.len()..).and_then(|more| more.strip_prefix('}'));
        let is_reference = name.len() <= MAX_NAME && name.split('.').all(|part| !part.is_empty());
        let Some(more) = more.filter(|_| is_reference) else {
            parts.push(TemplatePart::Text(format!("{before}${{")));
            rest = after;
            continue;
        };
        parts.push(TemplatePart::Text(before.to_owned()));
        let mut names = name.split('.');
        let root = ExpressionKind::Root(names.next().unwrap_or_default().to_owned());
        let reference = names.fold(Expression { kind: root, span }, |inner, name| Expression {
            kind: ExpressionKind::Member(Box::new(inner), name.to_owned()),
            span,
        });
        parts.push(TemplatePart::Value(reference));
        rest = more;
    }
    parts.push(TemplatePart::Text(rest.to_owned()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{FileId, json};

    fn job(text: &str) -> Stanza {
        read_json(&json::parse(FileId::default(), text).unwrap()).unwrap().stanzas.remove(0)
    }

    #[test]
    fn both_forms_are_one_tree() {
        let api = r#"{"Job": {"ID": "a", "Type": "batch", "TaskGroups": [{"Name": "g", "Count": 2, "Volumes":
            {"v": {"Type": "host", "Source": "s", "ReadOnly": true}}, "Tasks": [{"Name": "t", "Driver": "docker",
            "Config": {"image": "i"}, "VolumeMounts": [{"Volume": "v", "Destination": "/x"}]}]}]}}"#;
        let hcl = r#"{"job": {"a": {"type": "batch", "group": {"g": {"count": 2, "volume": {"v": {"type": "host",
            "source": "s", "read_only": true}}, "task": {"t": {"driver": "docker", "config": {"image": "i"},
            "volume_mount": [{"volume": "v", "destination": "/x"}]}}}}}}}"#;
        for text in [api, hcl] {
            let job = job(text);
            assert_eq!((job.label(), job.attribute("type").is_some()), ("a", true), "{text}");
            let group = job.first("group").unwrap();
            assert!(group.attribute("count").is_some() && group.label() == "g");
            assert!(group.first("volume").unwrap().attribute("read_only").is_some());
            let task = group.first("task").unwrap();
            assert!(task.first("volume_mount").unwrap().attribute("destination").is_some());
            assert!(task.first("config").unwrap().attribute("image").is_some());
        }
        assert!(read_json(&json::parse(FileId::default(), r#"{"job": "x"}"#).unwrap()).is_none());
        assert!(read_json(&json::parse(FileId::default(), r#"{"jobs": {}}"#).unwrap()).is_none());
    }
}
