//! A resolved project as Docker Compose's `config --format json` prints it. May use `text` and `model`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Number, Value};

use super::env::Reading;
use super::field::pairs;
use super::schema::weight_at;
use super::shape::{self, Field, Shape};
use super::tree::{as_text, is_symbolic, items_of, section, written};
use super::units::{bytes, go_duration, nanoseconds};
use super::{Context, Project, Refusal, words};
use crate::model::{Diagnostic, EnvValue, EnvVar, Level};
use crate::text::scalar::Kind;
use crate::text::yaml::{Data, Node};
use crate::text::{FileId, Sources, Span};

/// What Compose refuses when it types a service's values, whether or not the service is started.
pub(super) fn refusals(root: &Node) -> Vec<Refusal> {
    let mut printer = Printer::default();
    for entry in section(root, "services") {
        printer.record(&entry.value, shape::SERVICE);
        if let Some(environment) = entry.value.get("environment") {
            printer.names(environment, Shape::Variables);
        }
    }
    printer.told
}

/// The project in full: what is active of it, with what that uses.
///
/// # Errors
/// What Compose refuses only now: files of variables that are not there or cannot be read.
pub fn document(project: &Project, context: &Context, sources: &Sources) -> Result<Value, Vec<Diagnostic>> {
    let mut printer = Printer::default();
    let mut reading = Reading::new(project, context, sources);
    let mut services = Map::new();
    let mut used = Used::default();
    for entry in section(&project.root, "services").iter().filter(|entry| project.active.contains(&entry.key)) {
        used.of(&entry.value);
        let mut service = printer.record(&entry.value, shape::SERVICE);
        if let (Some(scale), Some(Value::Object(deploy))) = (service.get("scale").cloned(), service.get_mut("deploy")) {
            deploy.insert("replicas".to_owned(), scale);
        }
        let environment = reading.environment(&entry.value);
        let labels = printer.labels(&entry.value, &mut reading);
        for (key, value) in [("environment", variables(environment)), ("labels", labels)] {
            if !value.is_empty() {
                service.insert(key.to_owned(), value.into());
            }
        }
        services.insert(entry.key.clone(), service.into());
    }
    let mut document = Map::new();
    document.insert("name".to_owned(), project.name.clone().into());
    document.insert("services".to_owned(), services.into());
    for (key, used, shape) in [
        ("networks", &used.networks, shape::NETWORK),
        ("volumes", &used.volumes, shape::VOLUME),
        ("secrets", &used.secrets, shape::FILE_OBJECT),
        ("configs", &used.configs, shape::FILE_OBJECT),
    ] {
        let resources = section(&project.root, key).iter().filter(|entry| used.contains(&entry.key));
        let print = |entry: &crate::text::yaml::Entry| {
            let mut resource = printer.value(Some(&entry.value), shape).unwrap_or_default();
            let secret = key == "secrets" || entry.value.get("environment").is_some();
            if let Some(resource) = resource.as_object_mut().filter(|_| secret) {
                resource.remove("content");
            }
            (entry.key.clone(), resource)
        };
        let resources: Map<String, Value> = resources.map(print).collect();
        if !resources.is_empty() {
            document.insert(key.to_owned(), resources.into());
        }
    }
    let extensions = project.root.as_map().unwrap_or_default().iter().filter(|entry| entry.key.starts_with("x-"));
    document.extend(extensions.map(|entry| (entry.key.clone(), raw(&entry.value))));
    let told: Vec<Diagnostic> =
        reading.told.into_iter().filter(|diagnostic| diagnostic.level == Level::Error).collect();
    if told.is_empty() { Ok(escaped(document.into())) } else { Err(told) }
}

/// The text in such a form that Compose could read it in again.
fn escaped(value: Value) -> Value {
    match value {
        Value::String(text) => text.replace('$', "$$").into(),
        Value::Array(items) => items.into_iter().map(escaped).collect(),
        Value::Object(entries) => {
            let entry = |(key, value): (String, Value)| (key.replace('$', "$$"), escaped(value));
            entries.into_iter().map(entry).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn variables(environment: BTreeMap<String, EnvVar>) -> Map<String, Value> {
    let value = |variable: EnvVar| match variable.value {
        EnvValue::Set(value) => value.text.into(),
        EnvValue::Inherited => Value::Null,
    };
    environment.into_iter().map(|(name, variable)| (name, value(variable))).collect()
}

/// The names of the resources that services use.
#[derive(Default)]
struct Used {
    networks: BTreeSet<String>,
    volumes: BTreeSet<String>,
    secrets: BTreeSet<String>,
    configs: BTreeSet<String>,
}

impl Used {
    fn of(&mut self, service: &Node) {
        let source = |item: &Rc<Node>| item.get("source").and_then(|source| written(source));
        self.networks.extend(section(service, "networks").iter().map(|entry| entry.key.clone()));
        let named = items_of(service, "volumes")
            .iter()
            .filter(|mount| mount.get("type").and_then(|kind| as_text(kind)) == Some("volume"));
        self.volumes.extend(named.filter_map(source));
        self.configs.extend(items_of(service, "configs").iter().filter_map(source));
        self.secrets.extend(items_of(service, "secrets").iter().filter_map(source));
        if let Some(build) = service.get("build") {
            self.secrets.extend(items_of(build, "secrets").iter().filter_map(source));
        }
    }
}

/// A tree as it is written.
fn raw(node: &Node) -> Value {
    match &node.data {
        Data::Map(entries) => {
            entries.iter().map(|entry| (entry.key.clone(), raw(&entry.value))).collect::<Map<_, _>>().into()
        }
        // Compose loses what tells an empty list from nothing.
        Data::Seq(items) if items.is_empty() => Value::Null,
        Data::Seq(items) => items.iter().map(|item| raw(item)).collect(),
        Data::Scalar(scalar) => match scalar.kind() {
            Kind::Null => Value::Null,
            Kind::Bool(on) => on.into(),
            Kind::Int(whole) => Number::from_i128(whole).map_or(Value::Null, Value::Number),
            Kind::Float(float) => number(float),
            Kind::Time if scalar.text.len() <= 10 => format!("{}T00:00:00Z", scalar.text).into(),
            Kind::Time | Kind::Text => scalar.text.clone().into(),
        },
    }
}

/// A number as Go writes it: a whole one without a fraction.
fn number(float: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "a whole number of less than 1e15")]
    if float.fract() == 0.0 && float.abs() < 1e15 { (float as i64).into() } else { float.into() }
}

#[derive(Default)]
struct Printer {
    told: Vec<Refusal>,
    /// The keys of a service that lead to what is printed.
    at: Vec<&'static str>,
}

impl Printer {
    fn refuse(&mut self, span: Span, message: &str) {
        let at = [&["services", ""], self.at.as_slice()].concat();
        self.told.push(Refusal::new(span, message).at_most(weight_at(&at)));
    }

    fn record(&mut self, node: &Node, fields: &'static [Field]) -> Map<String, Value> {
        let mut record = Map::new();
        for (key, shape) in fields {
            let (key, shown) = key.split_once(':').unwrap_or((key, key));
            self.at.push(key);
            let value = self.value(node.get(key), *shape);
            self.at.pop();
            record.extend(value.map(|value| (shown.to_owned(), value)));
        }
        record
    }

    /// A value as its shape has it; `None` where it is left out.
    fn value(&mut self, node: Option<&Rc<Node>>, shape: Shape) -> Option<Value> {
        match (shape, node) {
            (Shape::Words, None) => return Some(Value::Null),
            (Shape::KeptRecord(fields), None) => {
                let nothing = Node::text(Span::file_start(FileId::default()), "");
                return Some(self.record(&nothing, fields).into());
            }
            (Shape::KeptText, None) => return Some("".into()),
            _ => {}
        }
        let node = node?;
        match shape {
            Shape::List(item) => {
                let items = node.as_seq().unwrap_or_default();
                let items: Vec<Value> = items.iter().filter_map(|node| self.value(Some(node), *item)).collect();
                (!items.is_empty()).then(|| items.into())
            }
            Shape::Dict(value) => {
                let entries = node.as_map().unwrap_or_default();
                let print = |entry: &crate::text::yaml::Entry| {
                    let value = if entry.value.is_null() { None } else { self.value(Some(&entry.value), *value) };
                    (entry.key.clone(), value.unwrap_or_default())
                };
                let entries: Map<String, Value> = entries.iter().map(print).collect();
                (!entries.is_empty()).then(|| entries.into())
            }
            Shape::Record(_) if node.is_null() => None,
            Shape::Record(fields) | Shape::KeptRecord(fields) => Some(self.record(node, fields).into()),
            Shape::Words | Shape::Test | Shape::Texts => self.texts(node, shape),
            Shape::Map | Shape::Variables | Shape::Lists | Shape::Hosts | Shape::SshKeys => self.names(node, shape),
            Shape::Ulimit => Some(self.ulimit(node)),
            _ => self.scalar(node, shape),
        }
    }

    fn scalar(&mut self, node: &Node, shape: Shape) -> Option<Value> {
        if is_symbolic(node) {
            return None;
        }
        let text = written(node)?;
        let number = |text: &str| text.parse::<i64>().ok();
        match shape {
            Shape::Text => (!text.is_empty()).then(|| text.into()),
            Shape::KeptText => Some(text.into()),
            Shape::Bool | Shape::KeptBool => match is_on(&text) {
                Some(on) => (on || matches!(shape, Shape::KeptBool)).then(|| on.into()),
                None => self.wrong(node, "true or false"),
            },
            Shape::Int | Shape::KeptInt => match number(&text) {
                Some(whole) => (whole != 0 || matches!(shape, Shape::KeptInt)).then(|| whole.into()),
                None => self.wrong(node, "a whole number"),
            },
            Shape::Count => match number(&text).or_else(|| text.eq_ignore_ascii_case("all").then_some(-1)) {
                Some(count) => (count != 0).then(|| count.into()),
                None => self.wrong(node, "a number of devices, or `all`"),
            },
            Shape::Float => match text.parse::<f32>().ok().and_then(|float| float.to_string().parse::<f64>().ok()) {
                Some(float) => (float != 0.0).then(|| self::number(float)),
                None => self.wrong(node, "a number"),
            },
            Shape::Bytes => match bytes(&text) {
                Some(bytes) => (bytes != 0).then(|| bytes.to_string().into()),
                None => self.wrong(node, "a size such as 64m"),
            },
            Shape::Duration | Shape::KeptDuration => match nanoseconds(&text) {
                Some(duration) => {
                    (duration != 0 || matches!(shape, Shape::KeptDuration)).then(|| go_duration(duration).into())
                }
                None => self.wrong(node, "a duration such as 1m30s"),
            },
            Shape::FileMode => {
                let is_text = as_text(node).is_some();
                let mode = if is_text { i64::from_str_radix(&text, 8).ok() } else { number(&text) };
                match mode {
                    Some(mode) => Some(format!("0{mode:o}").into()),
                    None => self.wrong(node, "a file's mode in octal"),
                }
            }
            _ => None,
        }
    }

    fn wrong(&mut self, node: &Node, expected: &str) -> Option<Value> {
        self.refuse(node.span, &format!("expected {expected}"));
        None
    }

    fn texts(&mut self, node: &Node, shape: Shape) -> Option<Value> {
        let list: Vec<Value> = match (node.as_seq(), written(node)) {
            (Some(items), _) => items.iter().map(|item| written(item).unwrap_or_default().into()).collect(),
            (None, None) if matches!(shape, Shape::Words) => return Some(Value::Null),
            (None, None) => return None,
            (None, Some(text)) => match shape {
                Shape::Test => vec!["CMD-SHELL".into(), text.into()],
                Shape::Words => match words::split(&text) {
                    Ok(words) => words.into_iter().map(Value::from).collect(),
                    Err(message) => {
                        self.refuse(node.span, message);
                        return None;
                    }
                },
                _ => vec![text.into()],
            },
        };
        (!list.is_empty() || matches!(shape, Shape::Words)).then(|| list.into())
    }

    fn names(&mut self, node: &Node, shape: Shape) -> Option<Value> {
        if matches!(shape, Shape::Hosts) {
            return self.hosts(node);
        }
        if matches!(shape, Shape::SshKeys) {
            let keys: Vec<Value> = section_of(node).map(|(name, _)| name.to_owned().into()).collect();
            return (!keys.is_empty()).then(|| keys.into());
        }
        let mut names = Map::new();
        if matches!(shape, Shape::Lists) {
            for (name, value) in section_of(node) {
                let items = value.as_seq().map_or_else(|| vec![Rc::clone(value)], <[_]>::to_vec);
                let items: Vec<Value> = items.iter().map(|item| written(item).unwrap_or_default().into()).collect();
                names.insert(name.to_owned(), items.into());
            }
        } else {
            let mut told = Vec::new();
            for pair in pairs(node, &mut told) {
                if node.as_seq().is_some()
                    && matches!(shape, Shape::Variables)
                    && pair.name.ends_with(char::is_whitespace)
                {
                    self.refuse(pair.span, "a blank stands between a variable's name and its `=`");
                }
                let value = match (pair.value, shape) {
                    (Some(value), _) => value.text.into(),
                    (None, Shape::Variables) => Value::Null,
                    (None, _) => "".into(),
                };
                names.insert(pair.name, value);
            }
        }
        (!names.is_empty()).then(|| names.into())
    }

    fn labels(&mut self, service: &Node, reading: &mut Reading<'_>) -> Map<String, Value> {
        let files = reading.label_files(service).into_iter();
        let mut labels: Map<String, Value> = files.map(|(name, (text, _))| (name, text.into())).collect();
        let own = service.get("labels").and_then(|labels| self.names(labels, Shape::Map));
        if let Some(Value::Object(own)) = own {
            labels.extend(own);
        }
        labels
    }

    fn hosts(&mut self, node: &Node) -> Option<Value> {
        let mut hosts: Vec<String> = Vec::new();
        let mut add = |host: &str, address: &str| {
            let address = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address);
            hosts.push(format!("{host}={address}"));
        };
        for (host, value) in section_of(node) {
            match value.as_seq() {
                Some(addresses) => addresses.iter().for_each(|one| add(host, &written(one).unwrap_or_default())),
                None => add(host, &written(value).unwrap_or_default()),
            }
        }
        for item in node.as_seq().unwrap_or_default() {
            if is_symbolic(item) {
                continue;
            }
            let text = written(item).unwrap_or_default();
            match text.split_once('=').or_else(|| text.split_once(':')) {
                Some((host, addresses)) if !host.is_empty() && !host.contains([':', '=']) => {
                    addresses.split(',').for_each(|address| add(host, address));
                }
                _ => self.refuse(item.span, "a host is HOST=ADDRESS"),
            }
        }
        hosts.sort();
        (!hosts.is_empty()).then(|| hosts.into())
    }

    fn ulimit(&mut self, node: &Node) -> Value {
        if node.as_map().is_none() {
            return self.scalar(node, Shape::Int).unwrap_or_else(|| Value::Object(Map::new()));
        }
        self.record(node, &[("soft", Shape::Int), ("hard", Shape::Int)]).into()
    }
}

fn section_of(node: &Node) -> impl Iterator<Item = (&str, &Rc<Node>)> {
    node.as_map().unwrap_or_default().iter().map(|entry| (entry.key.as_str(), &entry.value))
}

fn is_on(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "y" | "yes" | "on" => Some(true),
        "false" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}
