//! What is left of a project when everything is gone that a difference does not need.

use super::project::{Contents, Project};
use super::yaml::Node;

/// Beyond so many questions it is small enough.
const QUESTIONS: usize = 400;

/// Takes out piece by piece what can be missed, the large pieces first, until a whole round takes nothing.
pub(crate) fn shrink(project: Project, differs: impl Fn(&Project) -> bool) -> Project {
    let mut small = project;
    let (mut at, mut asked, mut taken) = (0, 0, false);
    while asked < QUESTIONS {
        asked += 1;
        match without(&small, at) {
            Some(smaller) if differs(&smaller) => (small, taken) = (smaller, true),
            Some(_) => at += 1,
            None if taken => (at, taken) = (0, false),
            None => break,
        }
    }
    small
}

/// The project without its nth piece; nothing if it has not so many.
fn without(project: &Project, mut nth: usize) -> Option<Project> {
    let mut project = project.clone();
    let optional: Vec<String> = project.files.keys().filter(|path| **path != project.main).cloned().collect();
    if let Some(path) = pick(&optional, &mut nth) {
        project.files.remove(path);
        return Some(project);
    }
    // An option and its value go together.
    let options: Vec<usize> = (0..project.arguments.len() / 2).collect();
    if let Some(option) = pick(&options, &mut nth) {
        project.arguments.drain(option * 2..option * 2 + 2);
        return Some(project);
    }
    let names: Vec<String> = project.environment.keys().cloned().collect();
    if let Some(name) = pick(&names, &mut nth) {
        project.environment.remove(name);
        return Some(project);
    }
    project.files.values_mut().any(|contents| take_from(contents, &mut nth)).then_some(project)
}

fn pick<'a, T>(from: &'a [T], nth: &mut usize) -> Option<&'a T> {
    let found = from.get(*nth);
    *nth = nth.saturating_sub(from.len());
    found
}

/// Takes the nth piece out of a file, if it is in there.
fn take_from(contents: &mut Contents, nth: &mut usize) -> bool {
    match contents {
        Contents::Lines(lines) => take(lines, nth, |_, _| false),
        Contents::Yaml(documents) if documents.len() > 1 => take(documents, nth, take_within),
        Contents::Yaml(documents) => documents.iter_mut().any(|document| take_within(document, nth)),
    }
}

fn take_within(node: &mut Node, nth: &mut usize) -> bool {
    match node {
        Node::Map(entries) => take(entries, nth, |(_, value), nth| take_within(value, nth)),
        Node::List(items) => take(items, nth, take_within),
        Node::With(_, node) => take_within(node, nth),
        Node::Text(_) | Node::Raw(_) => false,
    }
}

/// Takes the nth of all items and of what is within them.
fn take<T>(items: &mut Vec<T>, nth: &mut usize, within: impl Fn(&mut T, &mut usize) -> bool) -> bool {
    for at in 0..items.len() {
        if *nth == 0 {
            items.remove(at);
            return true;
        }
        *nth -= 1;
        if within(&mut items[at], nth) {
            return true;
        }
    }
    false
}
