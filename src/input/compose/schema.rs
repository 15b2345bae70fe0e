//! The Compose specification's JSON Schema: what a merged file may say. May use `text`.
//! `schema/README.md` names where the schema comes from.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::LazyLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError, Validator};
use serde_json::{Map, Number, Value};

use super::tree::{is_symbolic, rebuilt};
use super::{NOT_JUDGED, Refusal, quick};
use crate::model::Level;
use crate::text::scalar::Kind;
use crate::text::yaml::{Data, Entry, Node};
use crate::text::{quotable, quoted_path};

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("schema/compose-spec.json")).unwrap_or_default());

static VALIDATOR: LazyLock<Option<Validator>> = LazyLock::new(|| jsonschema::draft7::options().build(&SCHEMA).ok());

/// Whether the specification has a key of a service.
pub(super) fn is_service_key(key: &str) -> bool {
    SCHEMA.pointer("/definitions/service/properties").is_some_and(|properties| properties.get(key).is_some())
}

/// How often what is wrong is taken out and the rest looked at again.
const MAX_ROUNDS: usize = 16;

/// Keys of a service that say nothing of what it mounts and runs, as whom, nor of how often.
#[rustfmt::skip]
const BESIDE_THE_POINT: [&str; 44] = [
    "annotations", "attach", "blkio_config", "cgroup", "cgroup_parent", "cpu_count", "cpu_percent", "cpu_period",
    "cpu_quota", "cpu_shares", "cpus", "cpuset", "credential_spec", "depends_on", "device_cgroup_rules", "devices",
    "dns", "dns_opt", "dns_search", "domainname", "expose", "external_links", "extra_hosts", "gpus", "hostname", "init",
    "ipc", "links", "logging", "mac_address", "mem_limit", "mem_reservation", "memswap_limit", "network_mode",
    "networks", "pids_limit", "platform", "ports", "pull_policy", "restart", "security_opt", "shm_size", "sysctls",
    "ulimits",
];

/// How much a mistake at a place takes away from a review: what no verdict rests on is told and changes none.
fn weight_at(at: &[String]) -> Level {
    let parts: Vec<&str> = at.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["networks" | "version", ..] => Level::Warning,
        ["services", _, key, ..] if BESIDE_THE_POINT.contains(key) => Level::Warning,
        _ => Level::Error,
    }
}

/// The tree without what the schema does not allow, which is told.
pub(super) fn check(root: &Rc<Node>, told: &mut Vec<Refusal>) -> Rc<Node> {
    if quick::is_surely_valid(&SCHEMA, root) {
        return Rc::clone(root);
    }
    let Some(validator) = &*VALIDATOR else {
        told.push(Refusal::new(root.span, "the Compose schema is not usable; please report it"));
        return Rc::clone(root);
    };
    let mut tree = Rc::clone(root);
    let mut taken: HashSet<Pointer> = HashSet::new();
    for _ in 0..MAX_ROUNDS {
        let instance = value(&tree);
        if validator.is_valid(&instance) {
            break;
        }
        let mut cuts = Vec::new();
        for error in validator.iter_errors(&instance) {
            let mut causes = Vec::new();
            most_specific(&error, &mut causes);
            // Several items of one list may be wrong at once.
            let mut places: BTreeMap<Pointer, Vec<&ValidationError<'_>>> = BTreeMap::new();
            for cause in causes {
                places.entry(pointer(cause)).or_default().push(cause);
            }
            for (at, causes) in places {
                // What is missing may be what was taken out before.
                let missing =
                    matches!(causes.first().map(|cause| cause.kind()), Some(ValidationErrorKind::Required { .. }));
                if missing && taken.contains(&at) {
                    cuts.push(at);
                } else {
                    tell(&tree, &at, &causes, told, &mut cuts);
                }
            }
        }
        if cuts.is_empty() {
            break;
        }
        taken.extend(cuts.iter().filter_map(|cut| cut.split_last()).map(|(_, parent)| parent.to_vec()));
        tree = without(&tree, &cuts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    tree
}

/// The tree as JSON. A date is an object, since the schema allows it nowhere.
fn value(node: &Node) -> Value {
    match &node.data {
        Data::Map(entries) => {
            entries.iter().map(|entry| (entry.key.clone(), value(&entry.value))).collect::<Map<_, _>>().into()
        }
        Data::Seq(items) => items.iter().map(|item| value(item)).collect(),
        Data::Scalar(scalar) => match scalar.kind() {
            Kind::Null => Value::Null,
            Kind::Bool(on) => on.into(),
            Kind::Int(whole) => Number::from_i128(whole).map_or(Value::Null, Value::Number),
            // An infinite number is one all the same.
            Kind::Float(float) => Number::from_f64(float).map_or(Value::from(0.5), Value::Number),
            Kind::Time => Value::Object(Map::from_iter([("\0".to_owned(), Value::Null)])),
            Kind::Text => scalar.text.clone().into(),
        },
    }
}

/// The keys and places in lists that lead to what is wrong.
type Pointer = Vec<String>;

fn pointer(error: &ValidationError<'_>) -> Pointer {
    let unescaped = |part: &str| part.replace("~1", "/").replace("~0", "~");
    error.instance_path().as_str().split('/').skip(1).map(unescaped).collect()
}

/// Of the ways in which a choice fails, those that come furthest, as Compose tells them.
fn most_specific<'e>(error: &'e ValidationError<'_>, found: &mut Vec<&'e ValidationError<'e>>) {
    match error.kind() {
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            for cause in context.iter().flatten() {
                most_specific(cause, found);
            }
        }
        _ => found.push(error),
    }
    let depth = |error: &ValidationError<'_>| {
        let unknown = matches!(error.kind(), ValidationErrorKind::AdditionalProperties { .. });
        pointer(error).len() * 2 + usize::from(unknown)
    };
    let deepest = found.iter().map(|error| depth(error)).max().unwrap_or(0);
    found.retain(|error| depth(error) == deepest);
}

/// Tells one failure and notes what is to be taken out.
fn tell(
    tree: &Rc<Node>,
    at: &[String],
    causes: &[&ValidationError<'_>],
    told: &mut Vec<Refusal>,
    cuts: &mut Vec<Pointer>,
) {
    let Some(first) = causes.first() else { return };
    let Some((node, key_span)) = find(tree, at) else { return };
    // What depends on a variable may be right where Compose runs.
    if is_symbolic(node) {
        return;
    }
    let path = if at.is_empty() { "the file".to_owned() } else { quoted_path(at.iter().map(String::as_str), ".") };
    match first.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for key in unexpected {
                let span = node.entry(key).map_or(node.span, |entry| entry.key_span);
                let key_name = quotable(key).map_or("a key that is not a word".into(), |word| format!("`{word}`"));
                let message = format!("{key_name} is no key that Compose knows in {path}");
                let weight = weight_at(at).min(Level::Gap);
                told.push(Refusal::new(span, message).at_most(weight).then("what it means is not judged"));
                cuts.push([at, std::slice::from_ref(key)].concat());
            }
            return;
        }
        ValidationErrorKind::UniqueItems => {
            let message = format!("{path} names one element twice, which Compose refuses");
            told.push(Refusal::new(node.span, message).at_most(weight_at(at)));
            return;
        }
        ValidationErrorKind::Required { property } => {
            let property = property.as_str().unwrap_or("");
            let message = format!("{path} needs `{property}`");
            told.push(Refusal::new(node.span, message).at_most(weight_at(at)).then(NOT_JUDGED));
        }
        ValidationErrorKind::Type { .. } => {
            let expected = expected(causes);
            let message = format!("{path}: expected {expected}, found {}", what(node));
            // Where nothing is written, the key is the place.
            let span = if node.is_null() { key_span } else { node.span };
            told.push(Refusal::new(span, message).at_most(weight_at(at)).then(NOT_JUDGED));
        }
        kind => {
            let message = format!("{path} {}", wrong(kind));
            told.push(Refusal::new(node.span, message).at_most(weight_at(at)).then(NOT_JUDGED));
        }
    }
    cuts.push(at.to_vec());
}

fn wrong(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::Enum { options } => format!("is none of {options}"),
        ValidationErrorKind::Pattern { pattern } => format!("does not match {pattern}"),
        ValidationErrorKind::Minimum { limit } => format!("is less than {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("is more than {limit}"),
        _ => "is not what the Compose specification allows".to_owned(),
    }
}

fn what(node: &Node) -> &'static str {
    match node.as_scalar().map(crate::text::yaml::Scalar::kind) {
        Some(Kind::Bool(_)) => "true or false",
        Some(Kind::Int(_) | Kind::Float(_)) => "a number",
        Some(Kind::Time) => "a date, which needs quotes to be text",
        Some(Kind::Text) => "text",
        Some(Kind::Null) | None => node.kind(),
    }
}

/// All that would be right, in words.
fn expected(causes: &[&ValidationError<'_>]) -> String {
    let mut types: BTreeMap<u8, &str> = BTreeMap::new();
    let mut add = |kind: JsonType| {
        let (rank, word) = match kind {
            JsonType::String => (0, "text"),
            JsonType::Integer => (1, "a whole number"),
            JsonType::Number => (2, "a number"),
            JsonType::Boolean => (3, "true or false"),
            JsonType::Array => (4, "a list"),
            JsonType::Object => (5, "a mapping"),
            JsonType::Null => (6, "nothing"),
        };
        types.insert(rank, word);
    };
    for cause in causes {
        match cause.kind() {
            ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => add(*kind),
            ValidationErrorKind::Type { kind: TypeKind::Multiple(kinds) } => kinds.iter().for_each(&mut add),
            _ => {}
        }
    }
    let types: Vec<&str> = types.into_values().collect();
    match types.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => types.concat(),
    }
}

/// The node that a pointer leads to, and where its key, or else itself, is written.
fn find<'n>(root: &'n Rc<Node>, pointer: &[String]) -> Option<(&'n Rc<Node>, crate::text::Span)> {
    pointer.iter().try_fold((root, root.span), |(node, _), part| match &node.data {
        Data::Map(_) => node.entry(part).map(|entry| (&entry.value, entry.key_span)),
        Data::Seq(items) => items.get(part.parse::<usize>().ok()?).map(|item| (item, item.span)),
        Data::Scalar(_) => None,
    })
}

/// The tree without the nodes that pointers lead to.
fn without(tree: &Rc<Node>, pointers: &[&[String]]) -> Rc<Node> {
    if pointers.iter().any(|pointer| pointer.is_empty()) {
        return rebuilt(tree, Data::Map(Vec::new()));
    }
    let mut below: HashMap<&str, Vec<&[String]>> = HashMap::new();
    for pointer in pointers {
        if let Some((first, rest)) = pointer.split_first() {
            below.entry(first).or_default().push(rest);
        }
    }
    let kept = |key: &str, value: &Rc<Node>| match below.get(key) {
        None => Some(Rc::clone(value)),
        Some(rest) if rest.iter().any(|rest| rest.is_empty()) => None,
        Some(rest) => Some(without(value, rest)),
    };
    match &tree.data {
        Data::Map(entries) => {
            let keep = |entry: &Entry| Some(Entry { value: kept(&entry.key, &entry.value)?, ..entry.clone() });
            rebuilt(tree, Data::Map(entries.iter().filter_map(keep).collect()))
        }
        Data::Seq(items) => {
            let keep = |(at, item): (usize, &Rc<Node>)| kept(&at.to_string(), item);
            rebuilt(tree, Data::Seq(items.iter().enumerate().filter_map(keep).collect()))
        }
        Data::Scalar(_) => Rc::clone(tree),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::yaml::{Limits, parse};
    use crate::text::{FileId, Sources};

    #[test]
    fn what_a_quick_look_allows_the_schema_allows() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/compose");
        let (mut quick_ones, mut slow_ones) = (0, 0);
        for folder in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            let Ok(text) = std::fs::read_to_string(folder.join("compose.yaml")) else { continue };
            let Ok(stream) = parse(FileId::default(), &text, Limits::default()) else { continue };
            for document in &stream.documents {
                let is_valid = VALIDATOR.as_ref().unwrap().is_valid(&value(document));
                let is_quick = quick::is_surely_valid(&SCHEMA, document);
                assert!(is_valid || !is_quick, "{}", folder.display());
                quick_ones += usize::from(is_quick);
                slow_ones += usize::from(is_valid && !is_quick);
            }
        }
        assert!(quick_ones > 300 && slow_ones < 20, "{quick_ones} were quick and {slow_ones} were not");
    }

    #[test]
    fn what_is_wrong_is_told_where_it_is() {
        let text = "services:\n  a: {image: x, ports: {}, nope: 1, command: [a, 1, true]}\n  b: 7\n";
        let sources = Sources::default();
        let id = sources.add("x", text);
        let tree = parse(id, text, Limits::default()).unwrap().documents.remove(0);
        let mut told = Vec::new();
        let rest = check(&tree, &mut told);
        let mut columns: Vec<(u32, u32)> =
            told.iter().map(|refusal| (refusal.span.start.line, refusal.span.start.column)).collect();
        columns.sort_unstable();
        assert_eq!(columns, [(2, 24), (2, 28), (2, 50), (2, 53), (3, 6)], "{told:?}");
        assert!(quick::is_surely_valid(&SCHEMA, &rest));
    }
}
