//! Every process of the host looked at once: those of known programs, each told to its container.
//! Uses `source::capture`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::container::{Host, still};
use super::pool::{self, Job};
use super::process::{Found, look_at, without_wrappers};
use crate::model::{Container, EngineFacts};

/// How many processes one piece of work looks at: as many are lost where one of them hangs.
const CHUNK: usize = 32;
/// How many processes of one container, or of the host itself, are kept: each takes memory, and a fork costs little.
const MOST_OF_ONE: usize = 1_000;
/// The length of an engine's id, in hexadecimal digits.
const ID: usize = 64;

/// The processes of known programs, in the order of their numbers.
pub(super) fn programs(host: &Arc<Host>, deadline: Instant, gaps: &mut Vec<String>) -> Vec<Found> {
    let numbers = match host.proc.numbers() {
        Ok(numbers) => numbers,
        Err(errno) => {
            gaps.push(format!("running calls were not looked for: /proc cannot be listed: {errno}"));
            return Vec::new();
        }
    };
    let chunks: Vec<Vec<i32>> = numbers.chunks(CHUNK).map(<[i32]>::to_vec).collect();
    let counts: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let job = |chunk: &Vec<i32>| -> Job<Vec<Found>> {
        let (host, chunk, counts) = (Arc::clone(host), chunk.clone(), Arc::clone(&counts));
        Box::new(move || {
            let found = chunk.iter().filter_map(|number| look_at(&host.proc, *number, &host.profiles));
            found.filter(|found| is_kept(found, &counts)).collect()
        })
    };
    let mut found = Vec::new();
    for (chunk, answer) in chunks.iter().zip(pool::run(chunks.iter().map(job).collect(), deadline)) {
        match answer {
            Some(some) => found.extend(some),
            None => gaps.push(format!(
                "processes {} to {} were not looked at: one of them did not answer",
                chunk.first().unwrap_or(&0),
                chunk.last().unwrap_or(&0)
            )),
        }
    }
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let mut many: Vec<(&String, &usize)> = counts.iter().filter(|(_, count)| **count > MOST_OF_ONE).collect();
    many.sort();
    gaps.extend(many.into_iter().map(|(id, count)| {
        let whose =
            if id.is_empty() { "the host".to_owned() } else { format!("container {}", id.get(..12).unwrap_or(id)) };
        format!("of {count} processes of known programs in {whose} only {MOST_OF_ONE} were looked at")
    }));
    without_wrappers(found, &host.proc)
}

/// Whether a process is among the first of its container.
fn is_kept(found: &Found, counts: &Mutex<HashMap<String, usize>>) -> bool {
    let id = ids_in(&found.cgroup).last().unwrap_or_default();
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.entry(id.to_owned()).or_default();
    *count += 1;
    *count <= MOST_OF_ONE
}

/// Finds the first process of each container of which the engine did not tell it: the one with the lowest number whose
/// cgroup is the container's.
pub(super) fn find_first_processes(host: &Host, containers: &mut [Container]) {
    let mut wanted: HashMap<String, &mut EngineFacts> = containers
        .iter_mut()
        .map(Container::engine_mut)
        .filter(|engine| engine.pid == 0 && !engine.inspection.tells_program())
        .map(|engine| (engine.id.clone(), engine))
        .collect();
    if wanted.is_empty() {
        return;
    }
    for number in host.proc.numbers().unwrap_or_default() {
        let Ok(cgroup) = host.proc.pid(number).and_then(|pid| pid.cgroup()) else { continue };
        if let Some(engine) = ids_in(&cgroup).last().and_then(|id| wanted.remove(id)) {
            engine.pid = number;
        }
    }
}

/// Tells each process to its container, by the place of that in the list; `None` is the host.
pub(super) fn assign(host: &Host, found: Vec<Found>, containers: &[Container]) -> BTreeMap<Option<usize>, Vec<Found>> {
    let ids: HashMap<&str, usize> =
        containers.iter().enumerate().map(|(at, one)| (one.engine().id.as_str(), at)).collect();
    let mut namespaces = None;
    let mut told: BTreeMap<Option<usize>, Vec<Found>> = BTreeMap::new();
    for process in found {
        let by_cgroup = ids_in(&process.cgroup).filter_map(|id| ids.get(id).copied()).last();
        let to = by_cgroup.or_else(|| {
            // A namespace that the host or two containers share tells nothing.
            let pids = process.namespaces[0].as_ref().filter(|pids| Some(*pids) != host.pids.as_ref())?;
            let known = namespaces.get_or_insert_with(|| pid_namespaces(host, containers));
            known.get(pids).copied().flatten()
        });
        told.entry(to).or_default().push(process);
    }
    told
}

/// The container that each pid namespace is of; `None` where several share one.
fn pid_namespaces(host: &Host, containers: &[Container]) -> HashMap<Vec<u8>, Option<usize>> {
    let mut known = HashMap::new();
    let engines = containers.iter().map(Container::engine).enumerate();
    for (at, engine) in engines.filter(|(_, engine)| engine.pid > 0 && !engine.host_pid) {
        if let Ok(pids) = host.proc.pid(engine.pid).and_then(|pid| pid.link("ns/pid")) {
            known.entry(pids).and_modify(|shared| *shared = None).or_insert(Some(at));
        }
    }
    known
}

/// What looks like an engine's id in a process's cgroups.
fn ids_in(cgroup: &str) -> impl Iterator<Item = &str> {
    cgroup.split(|c: char| !c.is_ascii_hexdigit()).filter(|run| run.len() == ID)
}

/// The ids in the cgroups of processes that are in none of the containers, sorted.
pub(super) fn unlisted(host: &Host, found: &[Found], containers: &[Container]) -> Vec<String> {
    let outside = assign(host, found.to_vec(), containers).remove(&None).unwrap_or_default();
    let ids: BTreeSet<&str> = outside.iter().flat_map(|found| ids_in(&found.cgroup)).collect();
    ids.into_iter().map(str::to_owned).collect()
}

/// A gap for processes that run in containers of which the engine told nothing. One that has ended since it was found
/// leaves none: its container may have ended with it, and then the engine is right.
pub(super) fn foreign(host: &Host, outside: &[Found]) -> Option<String> {
    let apart = |found: &&Found| {
        let pids = found.namespaces[0].as_ref();
        let elsewhere = pids.is_some() && host.pids.is_some() && pids != host.pids.as_ref();
        (elsewhere || ids_in(&found.cgroup).next().is_some()) && still(&host.proc, found)
    };
    let apart: Vec<String> = outside.iter().filter(apart).map(|found| found.process.pid.to_string()).collect();
    (!apart.is_empty()).then(|| {
        format!(
            "{} {} in a container that the engine did not list: judged as of the host itself, and its mounts were not \
             looked at; ask the engine or runtime that started it",
            if apart.len() == 1 { "process" } else { "processes" },
            apart.join(", ") + if apart.len() == 1 { " runs" } else { " run" }
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_wherever_an_engine_writes_them() {
        let id = "5".repeat(64);
        for line in [
            format!("0::/docker/{id}"),
            format!("0::/system.slice/docker-{id}.scope"),
            format!("4:memory:/machine.slice/libpod-{id}.scope/container"),
            format!("0::/../{id}\n"),
        ] {
            assert_eq!(ids_in(&line).collect::<Vec<_>>(), [id.as_str()], "{line}");
        }
        assert_eq!(ids_in(&"5".repeat(65)).next(), None);
    }
}
