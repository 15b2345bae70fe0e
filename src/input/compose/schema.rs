//! The Compose specification's JSON Schema: what a merged file may say. May use `text`.
//! `schema/README.md` names where the schema comes from.

use std::collections::HashMap;
use std::rc::Rc;

use super::rule::{Fault, Kind, Wrong};
use super::tree::{is_symbolic, rebuilt};
use super::{NOT_JUDGED, Refusal};
use crate::model::Level;
use crate::text::scalar;
use crate::text::yaml::{Data, Entry, Node};
use crate::text::{Span, quotable, quoted_path};

/// The schema, as the build script makes rules of it.
mod table {
    use super::super::rule::{Kind, Pattern, Rule};

    include!(concat!(env!("OUT_DIR"), "/compose_schema.rs"));
}

/// Whether the specification has a key of a service.
pub(super) fn is_service_key(key: &str) -> bool {
    table::SERVICE.has_key(key)
}

/// How often what is wrong is taken out and the rest looked at again.
const MAX_ROUNDS: usize = 16;

/// Keys of a service that say nothing of what it mounts and runs, as whom, nor of how often.
#[rustfmt::skip]
const BESIDE_THE_POINT: [&str; 55] = [
    "annotations", "attach", "blkio_config", "cgroup", "cgroup_parent", "cpu_count", "cpu_percent", "cpu_period",
    "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus", "cpuset", "credential_spec", "depends_on",
    "develop", "device_cgroup_rules", "devices", "dns", "dns_opt", "dns_search", "domainname", "expose", "external_links",
    "extra_hosts", "gpus", "healthcheck", "hostname", "init", "ipc", "links", "logging", "mac_address", "mem_limit",
    "mem_reservation", "mem_swappiness", "memswap_limit", "network_mode", "networks", "oom_kill_disable", "oom_score_adj",
    "pids_limit", "platform", "ports", "pull_policy", "restart", "security_opt", "shm_size", "stop_grace_period",
    "stop_signal", "storage_opt", "sysctls", "ulimits", "uts",
];
/// The same of its keys `deploy` and `build`.
const BESIDE_IN_DEPLOY: [&str; 5] = ["endpoint_mode", "labels", "resources", "restart_policy", "rollback_config"];
#[rustfmt::skip]
const BESIDE_IN_BUILD: [&str; 10] = [
    "cache_from", "cache_to", "isolation", "labels", "network", "no_cache", "provenance", "sbom", "shm_size", "ulimits",
];
/// Keys that a service has and hardly anything else.
const OF_A_SERVICE: [&str; 6] = ["image", "build", "command", "entrypoint", "volumes", "environment"];

/// How much a mistake at a place takes away from a review: what no verdict rests on is told and changes none.
pub(super) fn weight_at(at: &[&str]) -> Level {
    match at {
        ["networks" | "version", ..] => Level::Warning,
        ["services", _, key, ..] if BESIDE_THE_POINT.contains(key) => Level::Warning,
        ["services", _, "deploy", key, ..] if BESIDE_IN_DEPLOY.contains(key) => Level::Warning,
        ["services", _, "build", key, ..] if BESIDE_IN_BUILD.contains(key) => Level::Warning,
        _ => Level::Error,
    }
}

/// The same of a key that Compose does not know: one that is meant for a key that matters hides what that says, and a service
/// may stand where none may.
fn weight_of_unknown(above: &[&str], near: Option<&str>, node: &Node) -> Level {
    if OF_A_SERVICE.iter().any(|key| node.get(key).is_some()) {
        return Level::Gap;
    }
    match near {
        Some(near) => weight_at(&[above, &[near]].concat()).min(Level::Gap),
        None => Level::Warning,
    }
}

/// The keys and places in lists that lead to what is wrong.
type Pointer = Vec<String>;

/// The tree without what the schema does not allow, which is told.
/// A service that is called after a variable stays: what writes the file puts the variable's value in. Where that is a script
/// that was read, as `is_written` says, there is nothing to tell.
pub(super) fn check(root: &Rc<Node>, is_written: bool, told: &mut Vec<Refusal>) -> Rc<Node> {
    let mut cuts: Vec<Pointer> = Vec::new();
    for fault in table::ROOT.faults(root) {
        let Some((node, key_span)) = find(root, &fault.at) else { continue };
        // What depends on a variable may be right where Compose runs.
        if is_symbolic(node) && !matches!(fault.what, Wrong::Unknown(_)) {
            continue;
        }
        let is_filled_in = is_service_of_variable(&fault);
        if !(is_filled_in && is_written) {
            told.push(refusal(&fault, node, key_span));
        }
        if is_filled_in {
            continue;
        }
        if fault.what != Wrong::Twice {
            cuts.push(fault.at);
        }
    }
    let mut tree = Rc::clone(root);
    for _ in 0..MAX_ROUNDS {
        if cuts.is_empty() {
            break;
        }
        tree = without(&tree, &cuts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        // What was taken out may be missing now: that was told, in other words.
        let faults = table::ROOT.faults(&tree).into_iter();
        cuts = faults.filter(|fault| matches!(fault.what, Wrong::Missing(_))).map(|fault| fault.at).collect();
    }
    tree
}

/// Whether it is a service whose name has a variable in it.
fn is_service_of_variable(fault: &Fault) -> bool {
    matches!((fault.what, fault.at.as_slice()), (Wrong::Unknown(_), [section, name])
        if section == "services" && name.contains("${"))
}

fn words(at: &[String]) -> Vec<&str> {
    at.iter().map(String::as_str).collect()
}

/// What is told of a fault: its value, and where the key of that, or else itself, is written.
fn refusal(fault: &Fault, node: &Node, key_span: Span) -> Refusal {
    let path = |at: &[String]| match at {
        [] => "the file".to_owned(),
        at => quoted_path(at.iter().map(String::as_str), "."),
    };
    let (span, message) = match (fault.what, fault.at.split_last()) {
        _ if is_service_of_variable(fault) => {
            let message = "the name of a service has a variable in it, which Compose does not replace";
            return Refusal::new(key_span, message).then("it is judged as what fills in the file leaves it");
        }
        (Wrong::Unknown(near), Some((key, above))) => {
            let key_name = quotable(key).map_or("a key that is not a word".into(), |word| format!("`{word}`"));
            let message = format!("{key_name} is no key that Compose knows in {}", path(above));
            let meant = near.map(|near| format!("; `{near}` may be meant")).unwrap_or_default();
            let weight = weight_of_unknown(&words(above), near, node);
            return Refusal::new(key_span, message + &meant).at_most(weight).then("what it means is not judged");
        }
        (Wrong::Twice, _) => {
            let message = format!("{} names one element twice, which Compose refuses", path(&fault.at));
            return Refusal::new(node.span, message).at_most(weight_at(&words(&fault.at)));
        }
        // Where nothing is written, the key is the place.
        (Wrong::Kind(_), _) if node.is_null() => (key_span, wrong(fault.what, node)),
        (what, _) => (node.span, wrong(what, node)),
    };
    let message = format!("{}{message}", path(&fault.at));
    Refusal::new(span, message).at_most(weight_at(&words(&fault.at))).then(NOT_JUDGED)
}

/// What is wrong, as it follows the value's path.
fn wrong(what: Wrong, node: &Node) -> String {
    match what {
        Wrong::Kind(kinds) => format!(": expected {}, found {}", expected(kinds), found(node)),
        Wrong::Choice(choices) => format!(" is none of [\"{}\"]", choices.join("\",\"")),
        Wrong::Pattern(pattern) => format!(" does not match {}", pattern.text()),
        Wrong::Less(least) => format!(" is less than {least}"),
        Wrong::More(most) => format!(" is more than {most}"),
        Wrong::Missing(key) => format!(" needs `{key}`"),
        Wrong::Twice | Wrong::Unknown(_) => " is not what the Compose specification allows".to_owned(),
    }
}

fn found(node: &Node) -> &'static str {
    match node.as_scalar().map(crate::text::yaml::Scalar::kind) {
        Some(scalar::Kind::Bool(_)) => "true or false",
        Some(scalar::Kind::Int(_) | scalar::Kind::Float(_)) => "a number",
        Some(scalar::Kind::Time) => "a date, which needs quotes to be text",
        Some(scalar::Kind::Text) => "text",
        Some(scalar::Kind::Null) | None => node.kind(),
    }
}

/// All that would be right, in words.
fn expected(kinds: &[Kind]) -> String {
    let mut kinds = kinds.to_vec();
    kinds.sort_unstable();
    let word = |kind: &Kind| match kind {
        Kind::Text => "text",
        Kind::Whole => "a whole number",
        Kind::Number => "a number",
        Kind::Bool => "true or false",
        Kind::List => "a list",
        Kind::Mapping => "a mapping",
        Kind::Nothing => "nothing",
    };
    let words: Vec<&str> = kinds.iter().map(word).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// The node that a pointer leads to, and where its key, or else itself, is written.
fn find<'n>(root: &'n Rc<Node>, pointer: &[String]) -> Option<(&'n Rc<Node>, Span)> {
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
    use crate::input::compose::tree::json;
    use crate::text::yaml::{Limits, parse};
    use crate::text::{FileId, Sources};

    fn validator() -> jsonschema::Validator {
        let schema = serde_json::from_str(include_str!("schema/compose-spec.json")).unwrap();
        jsonschema::draft7::options().build(&schema).unwrap()
    }

    /// Where something is wrong by the rules, which allow a date nowhere.
    fn is_wrong(tree: &Node) -> bool {
        !table::ROOT.faults(tree).is_empty()
    }

    /// Every document of the recorded projects.
    fn documents() -> Vec<(String, Rc<Node>)> {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/compose");
        let mut documents = Vec::new();
        for folder in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            let Ok(text) = std::fs::read_to_string(folder.join("compose.yaml")) else { continue };
            let Ok(stream) = parse(FileId::default(), &text, Limits::default()) else { continue };
            documents.extend(stream.documents.into_iter().map(|one| (folder.display().to_string(), one)));
        }
        documents
    }

    /// What a value becomes that is put in the place of another.
    fn replacements() -> Vec<Rc<Node>> {
        let texts = "[text, x-a, 'a b', '', a_1, 7, -1, 2000, 1.0, 1.5, true, null, daily, every_5m, host, all, \"a\\nb\",\
                     [], [a, a], [1, 1.0], [1, 2], [{a: b}, {a: b}], {}, {a: b}, {x-a: 1}, {nope: 1}, {source: x}]";
        let stream = parse(FileId::default(), texts, Limits::default()).unwrap();
        stream.documents[0].as_seq().unwrap().to_vec()
    }

    /// The tree with one of its values, counted from the first, replaced; `None` where it has fewer.
    fn replaced(tree: &Rc<Node>, left: &mut usize, value: &Rc<Node>) -> Option<Rc<Node>> {
        if *left == 0 {
            return Some(Rc::clone(value));
        }
        *left -= 1;
        match &tree.data {
            Data::Map(entries) => entries.iter().enumerate().find_map(|(at, entry)| {
                let value = replaced(&entry.value, left, value)?;
                let mut entries = entries.clone();
                entries[at].value = value;
                Some(rebuilt(tree, Data::Map(entries)))
            }),
            Data::Seq(items) => items.iter().enumerate().find_map(|(at, item)| {
                let mut items = items.clone();
                items[at] = replaced(item, left, value)?;
                Some(rebuilt(tree, Data::Seq(items)))
            }),
            Data::Scalar(_) => None,
        }
    }

    /// How many values each is replaced by in turn.
    const EACH: usize = 3;

    #[test]
    fn the_rules_allow_what_the_schema_allows() {
        let (validator, values) = (validator(), replacements());
        let (mut right, mut wrong) = (0, 0);
        let mut compare = |tree: &Node, name: &str| {
            let is_valid = validator.is_valid(&json(tree));
            assert_eq!(is_valid, !is_wrong(tree), "{name}: {} {:?}", json(tree), table::ROOT.faults(tree));
            *(if is_valid { &mut right } else { &mut wrong }) += 1;
        };
        for (number, (name, document)) in documents().iter().enumerate() {
            compare(document, name);
            // Each value in turn becomes a few others; all in all, each place of the schema becomes everything.
            for at in 0..usize::MAX {
                let others = values.iter().cycle().skip(at * EACH + number).take(EACH);
                let changed: Vec<Rc<Node>> =
                    others.filter_map(|value| replaced(document, &mut { at }, value)).collect();
                for tree in &changed {
                    compare(tree, name);
                }
                if changed.is_empty() {
                    break;
                }
            }
        }
        assert!(right > 3000 && wrong > 10_000, "{right} are right and {wrong} are wrong");
    }

    #[test]
    fn what_is_wrong_is_told_where_it_is() {
        let text = "services:\n  a: {image: x, ports: {}, nope: 1, command: [a, 1, true]}\n  b: 7\n";
        let sources = Sources::default();
        let id = sources.add("x", text);
        let tree = parse(id, text, Limits::default()).unwrap().documents.remove(0);
        let mut told = Vec::new();
        let rest = check(&tree, false, &mut told);
        let mut columns: Vec<(u32, u32)> =
            told.iter().map(|refusal| (refusal.span.start.line, refusal.span.start.column)).collect();
        columns.sort_unstable();
        assert_eq!(columns, [(2, 24), (2, 28), (2, 50), (2, 53), (3, 6)], "{told:?}");
        assert!(!is_wrong(&rest));
    }

    #[test]
    fn each_way_to_be_wrong_has_its_words() {
        for (field, words) in [
            ("cgroup: odd", "services.a.cgroup is none of [\"host\",\"private\"]"),
            ("container_name: '-'", "services.a.container_name does not match [a-zA-Z0-9][a-zA-Z0-9_.-]+"),
            ("cpu_percent: 101", "services.a.cpu_percent is more than 100"),
            ("oom_score_adj: -2000", "services.a.oom_score_adj is less than -1000"),
            ("extends: {file: y}", "services.a.extends needs `service`"),
            ("dns: [a, a]", "services.a.dns names one element twice, which Compose refuses"),
            ("build: {nope: 1}", "`nope` is no key that Compose knows in services.a.build"),
            ("'a b': 1", "a key that is not a word is no key that Compose knows in services.a"),
            ("healthcheck: 1", "services.a.healthcheck: expected a mapping, found a number"),
            ("command: {}", "services.a.command: expected text, a list or nothing, found a mapping"),
            (
                "labels: 2001-01-01",
                "services.a.labels: expected a list or a mapping, found a date, which needs quotes to be text",
            ),
            ("working_dir:", "services.a.working_dir: expected text, found null"),
        ] {
            let text = format!("services:\n  a:\n    {field}\n");
            let tree = parse(FileId::default(), &text, Limits::default()).unwrap().documents.remove(0);
            let mut told = Vec::new();
            check(&tree, false, &mut told);
            let told: Vec<String> = told.into_iter().map(|refusal| refusal.message).collect();
            assert_eq!(told, [words]);
        }
    }

    #[test]
    fn what_lacks_what_was_taken_out_goes_too_and_is_told_once() {
        let text = "services:\n  a: {extends: {service: 5}, dns: [b, b], volumes: [{type: [], source: x}, y]}\n";
        let tree = parse(FileId::default(), text, Limits::default()).unwrap().documents.remove(0);
        let mut told = Vec::new();
        let rest = check(&tree, false, &mut told);
        assert_eq!(told.len(), 3, "{told:?}");
        let service = rest.get("services").and_then(|services| services.get("a")).unwrap();
        assert!(service.get("extends").is_none() && service.get("dns").is_some());
        assert_eq!(service.get("volumes").and_then(|volumes| volumes.as_seq()).map(<[_]>::len), Some(1));
    }
}
