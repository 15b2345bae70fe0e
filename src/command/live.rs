//! What runs here now: the engine is asked, then the kernel, then the engine again about what came, or went, in between.
//! May use everything but `main`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::World;
use super::progress::Progress;
use super::session::Session;
use super::wanted::{Target, Wanted, all_named, find};
use crate::cli::Sight;
use crate::input::capture::Capture;
use crate::input::{engine, kernel};
use crate::model::{Container, EngineFacts, join};
use crate::rules::Ruleset;
use crate::text::Sources;

/// How often a container that was replaced while it was looked at is looked at again.
const TRIES: usize = 3;
/// Of containers that could not be inspected so many are named.
const MOST_NAMED: usize = 5;

/// An engine that can be asked again, until all of the look must have ended.
pub(super) struct Engine<'a> {
    pub(super) options: engine::Options,
    pub(super) rules: &'a Ruleset,
    pub(super) sources: &'a Sources,
    pub(super) deadline: Instant,
}

/// One capture of what runs here, in the time that is given for all of it. What was not seen in that time is a gap of the
/// container or of the host; what was seen is kept.
pub(super) fn live(sight: &Sight, wanted: &Wanted, session: &Session<'_>) -> anyhow::Result<Capture> {
    let &Session { world, rules, sources, .. } = session;
    let deadline = Instant::now() + Duration::from_secs(sight.timeout);
    let mut engine = Engine { options: options(sight, world), rules, sources, deadline };
    engine.options.deadline = Some(engine.share(engine::is_local(&engine.options)?));
    let seen = engine::look(&engine.options, &rules.profiles, sources)?;
    let mut capture = seen.capture;
    let late = missing(&capture, &wanted.containers);
    engine.add(&mut capture, &late);
    if let Some(why) = elsewhere(seen.local, seen.desktop) {
        capture.gaps.push(why.to_owned());
        capture.containers.iter_mut().for_each(|running| running.add_gap(why));
        capture.gaps.extend(uninspected(&capture.containers));
        return Ok(capture);
    }
    capture.home = home(world);
    let mut look = kernel::Look {
        proc: sight.proc.clone(),
        compare_identities: wanted.compare_identities,
        ..kernel::Look::default()
    };
    match &wanted.paths {
        Some((Target::Host, paths)) => look.on_host = below("/", paths),
        Some((Target::Container(name), paths)) => {
            let one = [capture];
            let running = find(&one, name)?.1;
            let directory = running.working_dir.as_ref().map_or("", |directory| directory.text.as_str());
            look.extra.insert(running.engine().id.clone(), below(directory, paths));
            [capture] = one;
        }
        None => {}
    }
    let progress = Arc::new(Progress::new(world.watched, "containers", capture.containers.len()));
    let watched = Arc::clone(&progress);
    look.watcher = kernel::Watcher(Arc::new(move || watched.step()));
    engine.look(look, &mut capture);
    // A look that hangs keeps its watcher.
    progress.finish();
    capture.gaps.extend(uninspected(&capture.containers));
    capture.containers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(capture)
}

/// A gap for containers that the engine lists and could not be inspected: what they run is not known.
pub(super) fn uninspected(containers: &[Container]) -> Option<String> {
    let names: Vec<&str> =
        containers.iter().filter(|one| !one.engine().inspection.tells_program()).map(|one| one.name.as_str()).collect();
    let (first, more) = names.split_at(names.len().min(MOST_NAMED));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    (!first.is_empty()).then(|| {
        format!(
            "what {}{more} would run is not known: the engine did not tell; `docker inspect` tells why",
            first.join(", ")
        )
    })
}

/// Paths as they are told of: a relative one begins in the working directory.
fn below(directory: &str, paths: &[String]) -> Vec<String> {
    let base = if directory.is_empty() { "/" } else { directory };
    paths.iter().map(|path| join(base, path)).collect()
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

/// The home of who runs this, where that is one of the host.
pub(super) fn home(world: &World) -> Option<String> {
    world.environment.get("HOME").filter(|home| home.starts_with('/')).cloned()
}

/// The engine that the arguments and the environment name.
pub(super) fn options(sight: &Sight, world: &World) -> engine::Options {
    engine::Options {
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
        deadline: None,
        environment: world.environment.clone(),
    }
}

/// The names that were asked for and not found, as an engine may be asked for them. One that began a moment ago may not
/// be on its list yet.
fn missing(capture: &Capture, asked: &[String]) -> Vec<String> {
    let host = format!("{}:", capture.host);
    let absent = asked.iter().filter(|name| all_named(std::slice::from_ref(capture), name).is_empty());
    // What is no name must not become part of a request's path.
    let is_name = |name: &&str| {
        name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.chars().all(|one| one.is_ascii_alphanumeric() || "_.-".contains(one))
    };
    let names = absent.map(|name| name.strip_prefix(&host).unwrap_or(name)).filter(is_name);
    names.map(str::to_owned).collect()
}

impl Engine<'_> {
    /// When a question must be answered: where others follow it, some of the time is theirs.
    fn share(&self, others_follow: bool) -> Instant {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.deadline.checked_sub(left / 3).filter(|_| others_follow).unwrap_or(self.deadline)
    }

    /// What the engine says of some containers now, by id or name; of each why not, where it says nothing.
    fn inspect_again(&self, ids: &[String]) -> Vec<(String, engine::InspectResult)> {
        let options = engine::Options { deadline: Some(self.share(true)), ..self.options.clone() };
        let results = engine::inspect_again(&options, &self.rules.profiles, self.sources, ids);
        results.unwrap_or_else(|error| ids.iter().map(|id| (id.clone(), Err(error.to_string()))).collect())
    }

    /// Asks for containers by id or name, and adds those that run and are not in the capture.
    fn add(&self, capture: &mut Capture, names: &[String]) {
        if names.is_empty() {
            return;
        }
        for (name, result) in self.inspect_again(names) {
            match result {
                Ok(running) => {
                    let is_new =
                        |one: &Container| capture.containers.iter().all(|known| known.engine().id != one.engine().id);
                    let running = running.filter(is_new);
                    capture.containers.extend(running);
                }
                Err(why) => {
                    capture.gaps.push(format!("the engine does not list {name}, and did not tell of it: {why}"));
                }
            }
        }
    }

    /// Asks the kernel about all containers of the capture, those that were started after the engine listed it, and anew
    /// about those that were started again.
    pub(super) fn look(&self, mut look: kernel::Look, capture: &mut Capture) {
        let (profiles, mut numbers) = (&self.rules.profiles, kernel::LoginIds::default());
        look.timeout = self.deadline.saturating_duration_since(Instant::now());
        let begun = kernel::begin(&look, profiles);
        self.add(capture, &begun.unlisted(&capture.containers));
        let mut gone = begun.finish(&look, capture, &mut numbers);
        for _ in 0..TRIES {
            look.timeout = self.deadline.saturating_duration_since(Instant::now());
            if gone.is_empty() || look.timeout.is_zero() {
                break;
            }
            // What is gone may have been started anew, with another first process.
            let now = self.inspect_again(&gone);
            let ids: BTreeSet<String> = gone.into_iter().collect();
            let (before, others) =
                std::mem::take(&mut capture.containers).into_iter().partition(|one| ids.contains(&one.engine().id));
            capture.containers = others;
            let (asked, unasked) = renewed(before, now);
            capture.containers.extend(unasked);
            let mut rest = Capture { containers: asked, ..Capture::default() };
            look.timeout = self.deadline.saturating_duration_since(Instant::now());
            gone = kernel::begin(&look, profiles).finish(&look, &mut rest, &mut numbers);
            capture.containers.append(&mut rest.containers);
        }
        let is_gone = |engine: &EngineFacts| engine.pid > 0 && gone.contains(&engine.id);
        for running in capture.containers.iter_mut().filter(|one| is_gone(one.engine())) {
            running.add_gap("it was started anew each time it was looked at");
        }
    }
}

/// The containers as the engine tells them now, without those that no longer run; and those that it would not tell of,
/// which keep what it told before.
fn renewed(before: Vec<Container>, now: Vec<(String, engine::InspectResult)>) -> (Vec<Container>, Vec<Container>) {
    let mut before: BTreeMap<String, Container> =
        before.into_iter().map(|one| (one.engine().id.clone(), one)).collect();
    let (mut asked, mut unasked) = (Vec::new(), Vec::new());
    for (id, now) in now {
        match (now, before.remove(&id)) {
            (Ok(now), _) => asked.extend(now),
            (Err(why), Some(mut one)) => {
                if one.unseen.iter().all(|gap| gap.what != why) {
                    one.add_gap(why);
                }
                unasked.push(one);
            }
            (Err(_), None) => {}
        }
    }
    (asked, unasked)
}
