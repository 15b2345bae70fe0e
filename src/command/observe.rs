//! What runs here, or what captures say ran elsewhere: the engine is asked, then the kernel. May use everything but
//! `main`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::{World, read_stdin};
use crate::cli::Sight;
use crate::model::Layout;
use crate::ruleset::Ruleset;
use crate::source::capture::{self, Capture, Running};
use crate::source::{engine, proc};
use crate::text::Sources;

/// How often a container that was replaced while it was looked at is looked at again.
const TRIES: usize = 3;

/// What a command wants beyond what every one does.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Whether logins are compared.
    pub(super) compare_identities: bool,
    /// Paths to follow in the container of this name or id, or on the host.
    pub(super) paths: Option<(Target, Vec<String>)>,
}

/// What paths are looked up in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A container, by name or id.
    Container(String),
    /// The host itself.
    Host,
}

/// One capture for each file that is named, or one of what runs here.
pub(super) fn captures(
    sight: &Sight,
    wanted: &Wanted,
    (world, rules, sources): (&World, &Ruleset, &Sources),
) -> anyhow::Result<Vec<Capture>> {
    if sight.from.is_empty() {
        return Ok(vec![live(sight, wanted, (world, rules, sources))?]);
    }
    if sight.host.as_ref().is_some_and(|host| !host.starts_with('/')) {
        bail!("--from judges what was captured and --host asks an engine: give one of them");
    }
    let captures = sight.from.iter().map(|path| from_file(path, world)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut hosts = BTreeSet::new();
    for (path, capture) in sight.from.iter().zip(&captures) {
        if !hosts.insert(&capture.host) {
            let host = &capture.host;
            bail!("{} is a second capture of the host {host}; give one for each host", path.display());
        }
    }
    Ok(captures)
}

/// A capture that was written to a file.
pub(super) fn from_file(path: &Path, world: &World) -> anyhow::Result<Capture> {
    let text = if path == Path::new("-") {
        read_stdin().and_then(|text| String::from_utf8(text).map_err(std::io::Error::other))
    } else {
        std::fs::read_to_string(world.directory.join(path))
    };
    let text = text.with_context(|| format!("cannot read the capture {}", path.display()))?;
    capture::read(&text).with_context(|| format!("{} cannot be judged", path.display()))
}

/// All captures as one layout. Where they are of several hosts, each container carries the name of its own.
pub(super) fn joined(captures: &[Capture], rules: &Ruleset, sources: &Sources) -> Layout {
    let mut layout = Layout::default();
    for capture in captures {
        layout.join(capture::layout(capture, rules, captures.len() > 1, sources));
    }
    layout
}

/// Finds containers by name or by the beginning of an id, as docker does.
pub(super) fn find<'a>(captures: &'a [Capture], asked: &str) -> anyhow::Result<(&'a Capture, &'a Running)> {
    let all = || captures.iter().flat_map(|capture| capture.containers.iter().map(move |running| (capture, running)));
    let named = |(capture, running): &(&Capture, &Running)| {
        running.name == asked || capture.name_of(&running.name, true) == asked
    };
    let found: Vec<_> = all().filter(named).collect();
    let found = match found.as_slice() {
        [] => all().filter(|(_, running)| asked.len() >= 3 && running.id.starts_with(asked)).collect(),
        _ => found,
    };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => bail!("no running container is named {asked}; `docker ps` lists them"),
        _ => bail!("{asked} names several containers; give more of the id, or HOST:NAME"),
    }
}

fn live(
    sight: &Sight,
    wanted: &Wanted,
    (world, rules, sources): (&World, &Ruleset, &Sources),
) -> anyhow::Result<Capture> {
    let deadline = Instant::now() + Duration::from_secs(sight.timeout);
    let options = engine::Options {
        host: sight.host.clone().filter(|host| !host.starts_with('/')),
        context: sight.context.clone(),
        tls: engine::Tls {
            on: sight.tls,
            verify: sight.tlsverify.then_some(true),
            cacert: sight.tlscacert.clone(),
            cert: sight.tlscert.clone(),
            key: sight.tlskey.clone(),
        },
        timeout: Duration::from_secs(sight.timeout),
        environment: world.environment.clone(),
    };
    let seen = engine::look(&options, &rules.profiles, sources)?;
    let mut capture = seen.capture;
    if !seen.local {
        let why = if seen.desktop {
            "Docker Desktop keeps its containers in a virtual machine, whose kernel cannot be asked from here: links, \
             running calls and what became of a mount were not looked at"
        } else {
            "the engine is not on this host, so that no kernel could be asked: run overlock on its host, or give it what \
             `overlock capture` printed there"
        };
        capture.gaps.push(why.to_owned());
        capture.containers.iter_mut().for_each(|running| running.gaps.push(why.to_owned()));
        return Ok(capture);
    }
    capture.home = world.environment.get("HOME").filter(|home| home.starts_with('/')).cloned();
    let mut look = proc::Look {
        proc: sight.proc.clone(),
        timeout: deadline.saturating_duration_since(Instant::now()),
        compare_identities: wanted.compare_identities,
        extra: BTreeMap::new(),
        on_host: Vec::new(),
    };
    match &wanted.paths {
        Some((Target::Host, paths)) => look.on_host.clone_from(paths),
        Some((Target::Container(name), paths)) => {
            let one = [capture];
            let id = find(&one, name)?.1.id.clone();
            look.extra.insert(id, paths.clone());
            [capture] = one;
        }
        None => {}
    }
    let mut gone = proc::look(&look, &mut capture, &rules.profiles);
    for _ in 0..TRIES {
        if gone.is_empty() {
            break;
        }
        // What is gone may have been started anew, with another first process.
        let now = engine::again(&options, &rules.profiles, sources, &gone)?;
        let ids: BTreeSet<String> = gone.into_iter().collect();
        let (before, others) =
            std::mem::take(&mut capture.containers).into_iter().partition(|one| ids.contains(&one.id));
        capture.containers = others;
        let mut rest = Capture { containers: renewed(before, now), ..Capture::default() };
        gone = proc::look(&look, &mut rest, &rules.profiles);
        capture.containers.append(&mut rest.containers);
    }
    for running in capture.containers.iter_mut().filter(|running| gone.contains(&running.id)) {
        running.gaps.push("it was started anew each time it was looked at".to_owned());
    }
    capture.containers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(capture)
}

/// The containers as the engine tells them now, without those that no longer run. One that it would not tell of keeps
/// what it told before.
fn renewed(before: Vec<Running>, now: Vec<(String, Option<Running>)>) -> Vec<Running> {
    let mut before: BTreeMap<String, Running> = before.into_iter().map(|one| (one.id.clone(), one)).collect();
    let one = |(id, now): (String, Option<Running>)| match (now?, before.remove(&id)) {
        (now, Some(before)) if now.name.is_empty() => Some(Running { gaps: now.gaps, ..before }),
        (now, _) => Some(now),
    };
    now.into_iter().filter_map(one).collect()
}
