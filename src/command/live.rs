//! What runs here now: the engine is asked, then the kernel, then the engine again about what came, or went, in between.
//! May use everything but `main`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::World;
use super::engines::{self, AskedEngine, SeenHosts, uninspected};
use super::progress::Progress;
use super::session::Session;
use super::wanted::{Target, Wanted, all_named, find};
use crate::cli::LookArguments;
use crate::input::capture::Capture;
use crate::input::{engine, kernel};
use crate::model::{Container, EngineFacts, join};
use crate::rules::Ruleset;
use crate::text::Sources;

/// How often a container that was replaced while it was looked at is looked at again.
const TRIES: usize = 3;

/// The engines of one host that can be asked again, until all of the look must have ended.
pub(super) struct Engine<'a> {
    pub(super) all: Vec<AskedEngine>,
    pub(super) rules: &'a Ruleset,
    pub(super) sources: &'a Sources,
    pub(super) deadline: Instant,
}

/// One capture of what runs here, in the time that is given for all of it, and one for each other host whose engine was
/// asked. What was not seen in that time is a gap of the container or of the host; what was seen is kept.
pub(super) fn live(sight: &LookArguments, wanted: &Wanted, session: &Session<'_>) -> anyhow::Result<Vec<Capture>> {
    let &Session { world, rules, sources, .. } = session;
    let deadline = wanted.deadline.unwrap_or_else(|| deadline(sight));
    let SeenHosts { here, asked, others } =
        engines::ask(sight, world, |is_local| share(deadline, is_local), rules, sources)?;
    let Some(mut capture) = here else { return Ok(others) };
    let engine = Engine { all: asked, rules, sources, deadline };
    let late = missing(&capture, &wanted.containers);
    engine.add(&mut capture, &late, true);
    capture.home = home(world);
    let mut look = kernel::Look {
        proc: sight.proc.clone(),
        compare_identities: wanted.compare_identities,
        finds_others: true,
        ..kernel::Look::default()
    };
    match &wanted.paths {
        Some((Target::Host, paths)) => look.on_host = below("/", paths),
        Some((Target::Container(name), paths)) => {
            let one = [capture];
            // One that no engine lists is found by the kernel, and known by its name then.
            let running = find(&one, name).ok().map(|(_, running)| running);
            let directory = running.and_then(|running| Some(running.working_dir.as_ref()?.text.as_str()));
            let id = running.map_or(name, |running| &running.engine().id);
            look.extra.insert(id.clone(), below(directory.unwrap_or_default(), paths));
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
    Ok(std::iter::once(capture).chain(others).collect())
}

/// When a question must be answered: where others follow it, some of the time is theirs.
fn share(deadline: Instant, others_follow: bool) -> Instant {
    let left = deadline.saturating_duration_since(Instant::now());
    deadline.checked_sub(left / 3).filter(|_| others_follow).unwrap_or(deadline)
}

/// When a look that begins now must have ended.
pub(super) fn deadline(sight: &LookArguments) -> Instant {
    Instant::now() + Duration::from_secs(sight.timeout)
}

/// Paths as they are told of: a relative one begins in the working directory.
fn below(directory: &str, paths: &[String]) -> Vec<String> {
    let base = if directory.is_empty() { "/" } else { directory };
    paths.iter().map(|path| join(base, path)).collect()
}

/// The home of who runs this, where that is one of the host.
pub(super) fn home(world: &World) -> Option<String> {
    world.environment.get("HOME").filter(|home| home.starts_with('/')).cloned()
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
    /// What the engines say of some containers now, by id or name; of each why not, where they say nothing. Each is asked
    /// about those that no earlier one knows.
    fn inspect_again(&self, ids: &[String]) -> Vec<(String, engine::InspectResult)> {
        let mut known: BTreeMap<String, engine::InspectResult> = BTreeMap::new();
        for asked in &self.all {
            let left: Vec<String> =
                ids.iter().filter(|id| !matches!(known.get(*id), Some(Ok(Some(_))))).cloned().collect();
            if left.is_empty() {
                break;
            }
            let options = engine::Options { deadline: Some(share(self.deadline, true)), ..asked.options.clone() };
            let results = engine::inspect_again(&options, &self.rules.profiles, self.sources, &left);
            let results =
                results.unwrap_or_else(|error| left.iter().map(|id| (id.clone(), Err(error.to_string()))).collect());
            for (id, mut result) in results {
                if let Ok(Some(container)) = &mut result {
                    container.engine_mut().engine.clone_from(&asked.name);
                }
                // That one engine knows nothing of it does not make up for another one's silence.
                if !matches!((&result, known.get(&id)), (Ok(None), Some(Err(_)))) {
                    known.insert(id, result);
                }
            }
        }
        ids.iter().map(|id| (id.clone(), known.remove(id).unwrap_or(Ok(None)))).collect()
    }

    /// Asks for containers by id or name, and adds those that run and are not in the capture. `is_asked_for` says that a
    /// person named them: of others the kernel knows.
    fn add(&self, capture: &mut Capture, names: &[String], is_asked_for: bool) {
        if names.is_empty() || self.all.is_empty() {
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
                Err(why) if is_asked_for => {
                    capture.gaps.push(format!("the engine does not list {name}, and did not tell of it: {why}"));
                }
                Err(_) => {}
            }
        }
    }

    /// Asks the kernel about all containers of the capture, those that were started after the engine listed it, and anew
    /// about those that were started again.
    pub(super) fn look(&self, mut look: kernel::Look, capture: &mut Capture) {
        let (profiles, mut numbers) = (&self.rules.profiles, kernel::LoginIds::default());
        look.timeout = self.deadline.saturating_duration_since(Instant::now());
        let begun = kernel::begin(&look, profiles);
        self.add(capture, &begun.unlisted(&capture.containers), false);
        let mut gone = begun.finish(&look, capture, &mut numbers);
        // Who else is there is known now.
        look.finds_others = false;
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

/// The containers as the engine tells them now; and those that no longer run or that it would not tell of, which keep what
/// it told before.
fn renewed(before: Vec<Container>, now: Vec<(String, engine::InspectResult)>) -> (Vec<Container>, Vec<Container>) {
    let mut before: BTreeMap<String, Container> =
        before.into_iter().map(|one| (one.engine().id.clone(), one)).collect();
    let (mut asked, mut unasked) = (Vec::new(), Vec::new());
    for (id, now) in now {
        let (why, mut one) = match (now, before.remove(&id)) {
            (Ok(Some(now)), _) => {
                asked.push(now);
                continue;
            }
            (_, None) => continue,
            (Ok(None), Some(one)) => ("it ended while it was looked at".to_owned(), one),
            (Err(why), Some(one)) => (why, one),
        };
        if one.unseen.iter().all(|gap| gap.what != why) {
            one.add_gap(why);
        }
        unasked.push(one);
    }
    (asked, unasked)
}
