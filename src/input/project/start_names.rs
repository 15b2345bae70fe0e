//! What containers are called that scripts start: one name, wherever a person is told of them. Uses `model` and `text`.

use std::collections::BTreeSet;

use crate::model::{Container, EngineHost};
use crate::text::{Sources, Span};

/// The name of what is started at a place: the name that the script gives it, with the script, or else the script and the
/// line.
pub(super) fn name_of_start(container: &Container, span: Span, sources: &Sources) -> String {
    let file = own_file_name(span, sources);
    let name = match container.name_of_start() {
        Some(given) => format!("{given} ({file})"),
        None => format!("{file}:{}", span.start.line),
    };
    match &container.engine_host {
        EngineHost::Elsewhere(host) => format!("{name} on {host}"),
        EngineHost::Here | EngineHost::Unclear(_) => name,
    }
}

/// The name of a start that is made under several names: what they have in common, with `*` for the rest; `None` where it
/// stays.
pub(super) fn name_of_both(
    one: &Container,
    other: &Container,
    others: &[Container],
    sources: &Sources,
) -> Option<String> {
    let file = own_file_name(one.span, sources);
    let first = one.name.strip_suffix(&format!(" ({file})"))?.to_owned();
    let second = other.name_of_start().unwrap_or_default();
    let before: String = first.chars().zip(second.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    let rest = |name: &str| name.get(before.len()..).unwrap_or("").to_owned();
    let (first, second) = (rest(&first), rest(&second));
    let ends = first.chars().rev().zip(second.chars().rev()).take_while(|(a, b)| a == b);
    let after: String = ends.map(|(a, _)| a).collect::<Vec<_>>().into_iter().rev().collect();
    let common = format!("{before}*{after}").replace("**", "*");
    let name = if common.contains(|ch: char| ch.is_alphanumeric()) {
        format!("{common} ({file})")
    } else {
        format!("{file}:{}", one.span.start.line)
    };
    let is_free = !others.iter().any(|known| known.start.is_some() && known.name == name);
    is_free.then_some(name)
}

fn own_file_name(span: Span, sources: &Sources) -> String {
    let file = sources.get(span.file);
    file.name().rsplit('/').next().unwrap_or(file.name()).to_owned()
}

/// Gives a container a name that no other has that a script starts: with the line, and with a number. One that is only
/// another way through a script to a start that is known is told by that one's name.
pub(super) fn set_unique_name(container: &mut Container, others: &[Container], sources: &Sources) {
    let starts = || others.iter().filter(|other| other.start.is_some());
    let taken: BTreeSet<&str> = starts().map(|other| other.name.as_str()).collect();
    if !taken.contains(container.name.as_str()) {
        return;
    }
    let span = container.span;
    let is_way = |other: &&Container| {
        let is_same = other.span == span && other.given_name == container.given_name;
        is_same && other.project == container.project && container.timing.excludes(&other.timing)
    };
    let way_of = starts().find(is_way).map(|other| other.told_name().to_owned());
    let base = way_of.as_ref().unwrap_or(&container.name);
    let (file, line) = (own_file_name(span, sources), span.start.line);
    let with_line = base.replacen(&format!("({file})"), &format!("({file}:{line})"), 1);
    let with_line = Some(with_line).filter(|name| way_of.is_none() && !taken.contains(name.as_str()));
    let mut numbered = (2..).map(|number| format!("{base} #{number}"));
    let name = with_line.or_else(|| numbered.find(|name| !taken.contains(name.as_str())));
    container.name = name.unwrap_or_else(|| container.name.clone());
    container.way_of = way_of;
}
