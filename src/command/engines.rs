//! The engines that are asked, at once, and how what they tell is one host's. May use everything but `main`.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::bail;

use super::World;
use crate::cli::LookArguments;
use crate::input::capture::{self, Capture};
use crate::input::engine::{self, EngineError, Seen};
use crate::input::kernel;
use crate::model::{Container, Inspection};
use crate::rules::Ruleset;
use crate::text::{Reader, Sources};

/// Of containers that could not be inspected so many are named.
const MOST_NAMED: usize = 5;

/// An engine that is asked.
pub(super) struct AskedEngine {
    pub(super) options: engine::Options,
    /// What it is called, where it is not the first of its host.
    pub(super) name: String,
    /// Whether nobody named it: its socket was found.
    is_found: bool,
}

impl AskedEngine {
    /// One that is named.
    pub(super) fn first(options: engine::Options) -> Self {
        Self { options, name: String::new(), is_found: false }
    }

    fn found(socket: &Path, like: &engine::Options) -> Self {
        let user = socket.strip_prefix("/run/user").ok().and_then(|rest| rest.iter().next());
        let name = user.map_or_else(|| "podman".to_owned(), |user| format!("podman of {}", user.to_string_lossy()));
        let host = Some(format!("unix://{}", socket.display()));
        Self { options: engine::Options { host, ..like.clone() }, name, is_found: true }
    }
}

/// What the engines told.
pub(super) struct SeenHosts {
    /// This host, by the engines whose processes may be its own; `None` where none of them is here.
    pub(super) here: Option<Capture>,
    /// Those engines, in the order of their names in the capture.
    pub(super) asked: Vec<AskedEngine>,
    /// Other hosts, whose kernels cannot be asked.
    pub(super) others: Vec<Capture>,
}

/// The engine that the arguments and the environment name, or the first of them.
pub(super) fn options(sight: &LookArguments, world: &World) -> engine::Options {
    engine::Options {
        host: sight.host.iter().find(|host| !host.starts_with('/')).cloned(),
        context: sight.context.clone(),
        tls: engine::Tls {
            on: sight.tls,
            verify: sight.tlsverify.then_some(true),
            cacert: sight.tlscacert.clone(),
            cert: sight.tlscert.clone(),
            key: sight.tlskey.clone(),
        },
        timeout: Duration::from_secs(sight.timeout),
        deadline: None,
        environment: world.environment.clone(),
    }
}

/// Every engine that they name; none where no engine is to be asked.
pub(super) fn named_engines(sight: &LookArguments, world: &World) -> Vec<engine::Options> {
    if sight.no_engine {
        return Vec::new();
    }
    let usual = options(sight, world);
    let hosts = sight.host.iter().filter(|host| !host.starts_with('/'));
    let named: Vec<_> = hosts.map(|host| engine::Options { host: Some(host.clone()), ..usual.clone() }).collect();
    if named.is_empty() { vec![usual] } else { named }
}

/// Those and the ones that are found where nobody says which.
fn all_engines(sight: &LookArguments, world: &World) -> anyhow::Result<Vec<AskedEngine>> {
    let named = named_engines(sight, world);
    let variable = |name: &str| world.environment.get(name).is_some_and(|value| !value.is_empty());
    let is_said = sight.context.is_some()
        || sight.host.iter().any(|host| !host.starts_with('/'))
        || ["DOCKER_HOST", "DOCKER_CONTEXT"].into_iter().any(variable);
    let usual = named.first().filter(|_| !is_said).cloned();
    let mut all: Vec<AskedEngine> = named.into_iter().map(AskedEngine::first).collect();
    for one in &all {
        engine::address(&one.options)?;
    }
    if let Some(usual) = usual
        && engine::is_local(&usual)?
    {
        let address = engine::address(&usual)?;
        // One socket may have two names.
        let real = |path: &Path| Reader::of_host().real_path(path).ok();
        let own = real(Path::new(address.trim_start_matches("unix://")));
        let sockets = engine::podman_sockets().into_iter().filter(|socket| real(socket) != own);
        all.extend(sockets.map(|socket| AskedEngine::found(&socket, &usual)));
    }
    Ok(all)
}

/// Asks all engines at once, until `until`.
///
/// # Errors
/// None answers that is named.
pub(super) fn ask(
    sight: &LookArguments,
    world: &World,
    until: impl Fn(bool) -> Instant,
    rules: &Ruleset,
    sources: &Sources,
) -> anyhow::Result<SeenHosts> {
    if sight.no_engine {
        return Ok(SeenHosts { here: Some(without_engine()), asked: Vec::new(), others: Vec::new() });
    }
    let mut all = all_engines(sight, world)?;
    for one in &mut all {
        one.options.deadline = Some(until(engine::is_local(&one.options)?));
    }
    let answers: Vec<Result<Seen, EngineError>> = thread::scope(|scope| {
        let ask = |one: &'_ AskedEngine| engine::look(&one.options, &rules.profiles, sources);
        let threads: Vec<_> = all.iter().skip(1).map(|one| scope.spawn(move || ask(one))).collect();
        let first = all.first().map(ask);
        let rest = threads.into_iter().filter_map(|thread| thread.join().ok());
        first.into_iter().chain(rest).collect()
    });
    if answers.len() < all.len() {
        bail!("asking an engine failed in a way that should not happen");
    }
    join(all, answers)
}

/// Puts together what engines of one host told.
fn join(all: Vec<AskedEngine>, answers: Vec<Result<Seen, EngineError>>) -> anyhow::Result<SeenHosts> {
    let mut hosts = SeenHosts { here: None, asked: Vec::new(), others: Vec::new() };
    let (mut gaps, mut first_error) = (Vec::new(), None);
    let several = all.iter().filter(|one| !one.is_found).count() > 1;
    for (mut asked, answer) in all.into_iter().zip(answers) {
        let seen = match answer {
            Ok(seen) => seen,
            // What runs there is found by its processes.
            Err(EngineError::Connect { .. }) if asked.is_found => continue,
            Err(error) if !several && !asked.is_found && error.is_absent() => {
                first_error = Some(error);
                continue;
            }
            Err(error) => {
                gaps.push(error.to_string());
                first_error = first_error.or(Some(error));
                continue;
            }
        };
        let mut capture = seen.capture;
        if let Some(why) = elsewhere(seen.local, seen.desktop) {
            capture.gaps.push(why.to_owned());
            capture.containers.iter_mut().for_each(|running| running.add_gap(why));
            capture.gaps.extend(uninspected(&capture.containers));
            hosts.others.push(capture);
        } else if let Some(here) = &mut hosts.here {
            if asked.name.is_empty() {
                asked.name = seen.address;
            }
            capture::join_engine(here, capture, &asked.name);
            hosts.asked.push(asked);
        } else {
            hosts.here = Some(capture);
            asked.name = String::new();
            hosts.asked.push(asked);
        }
    }
    without_doubles(&mut hosts);
    match hosts.here.as_mut().or(hosts.others.first_mut()) {
        Some(capture) => capture.gaps.extend(gaps),
        None => return Err(first_error.map_or_else(|| anyhow::anyhow!("no engine was asked"), anyhow::Error::from)),
    }
    Ok(hosts)
}

/// Leaves out what another address told already.
fn without_doubles(hosts: &mut SeenHosts) {
    let known = hosts.here.iter().flat_map(|here| &here.containers);
    let mut known: BTreeSet<String> = known.map(|one| one.engine().id.clone()).collect();
    let mut names: BTreeSet<String> = hosts.here.iter().map(|here| here.host.clone()).collect();
    hosts.others.retain_mut(|other| {
        other.containers.retain(|one| known.insert(one.engine().id.clone()));
        !other.containers.is_empty() || names.insert(other.host.clone())
    });
}

/// This host, of which no engine tells.
fn without_engine() -> Capture {
    let taken = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
    Capture {
        overlock_capture: capture::VERSION,
        host: kernel::host_name(),
        taken_at: i64::try_from(taken).unwrap_or(i64::MAX),
        ..Capture::default()
    }
}

/// A gap for containers that the engine lists and could not be inspected: what they run is not known. One that ended in
/// the meantime and whose mounts are known concerns those alone that it may have shared with.
pub(super) fn uninspected(containers: &[Container]) -> Option<String> {
    let is_unknown =
        |one: &&Container| !one.engine().inspection.tells_program() && one.engine().inspection != Inspection::Ended;
    let names: Vec<&str> = containers.iter().filter(is_unknown).map(|one| one.name.as_str()).collect();
    let (first, more) = names.split_at(names.len().min(MOST_NAMED));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    (!first.is_empty()).then(|| {
        format!(
            "what {}{more} would run is not known: the engine did not tell; `docker inspect` tells why",
            first.join(", ")
        )
    })
}

/// Why no kernel can be asked about an engine's containers, where that is so.
pub(super) fn elsewhere(local: bool, desktop: bool) -> Option<&'static str> {
    match (local, desktop) {
        (true, _) => None,
        (false, true) => Some(
            "Docker Desktop keeps its containers in a virtual machine, whose kernel cannot be asked from here: links, \
             running calls and what became of a mount were not looked at",
        ),
        (false, false) => Some(
            "the engine is not on this host, so that no kernel could be asked: run overlock on its host, or give it what \
             `overlock capture` printed there",
        ),
    }
}
