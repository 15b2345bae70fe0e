//! What a command wants of what runs, and the containers that a person names. May use everything but `main`.

use std::time::Instant;

use anyhow::bail;

use crate::input::capture::Capture;
use crate::model::Container;

/// What a command wants beyond what every one does.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Whether logins are compared.
    pub(super) compare_identities: bool,
    /// Containers that are asked for, by name or id.
    pub(super) containers: Vec<String>,
    /// Paths to follow in the container of this name or id, or on the host.
    pub(super) paths: Option<(Target, Vec<String>)>,
    /// When all must be looked at, where that is not to be the time limit from now on.
    pub(super) deadline: Option<Instant>,
}

/// What paths are looked up in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A container, by name or id.
    Container(String),
    /// The host itself.
    Host,
}

/// Finds containers by name or by the beginning of an id, as docker does.
pub(super) fn find<'a>(captures: &'a [Capture], asked: &str) -> anyhow::Result<(&'a Capture, &'a Container)> {
    match all_named(captures, asked).as_slice() {
        [one] => Ok(*one),
        [] => bail!("no running container is named {asked}; `docker ps` lists them"),
        _ => bail!("{asked} names several containers; give more of the id, or HOST:NAME"),
    }
}

/// Every container of that name, or else whose id begins so.
pub(super) fn all_named<'a>(captures: &'a [Capture], asked: &str) -> Vec<(&'a Capture, &'a Container)> {
    let all = || captures.iter().flat_map(|capture| capture.containers.iter().map(move |running| (capture, running)));
    let named = |(capture, running): &(&Capture, &Container)| {
        running.name == asked || capture.name_of(&running.name, true) == asked
    };
    let found: Vec<_> = all().filter(named).collect();
    match found.as_slice() {
        [] => all().filter(|(_, running)| asked.len() >= 3 && running.engine().id.starts_with(asked)).collect(),
        _ => found,
    }
}
