//! Every process of the host looked at once: those of known programs, each told to its container.
//! Uses `source::capture`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::cgroup_name::ids_in;
use super::container::{Host, still};
use super::pool::{self, Job};
use super::process::{FoundProcess, look_at, without_wrappers};
use super::sight::MountNamespace;
use super::unlisted::Namespaces;
use crate::model::{Container, EngineFacts};

/// How many processes one piece of work looks at: as many are lost where one of them hangs.
const CHUNK: usize = 32;
/// How many processes of one container, or of the host itself, are kept: each takes memory, and a fork costs little.
const MOST_OF_ONE: usize = 1_000;

/// What one look at all processes shows.
#[derive(Default)]
pub(super) struct Scan {
    /// The processes of known programs, in the order of their numbers.
    pub(super) found: Vec<FoundProcess>,
    /// All processes, by their mount namespaces.
    pub(super) namespaces: Namespaces,
}

/// Looks at every process of the host.
pub(super) fn all_processes(host: &Arc<Host>, deadline: Instant, gaps: &mut Vec<String>) -> Scan {
    let numbers = match host.proc.numbers() {
        Ok(numbers) => numbers,
        Err(errno) => {
            gaps.push(format!("running calls were not looked for: /proc cannot be listed: {errno}"));
            return Scan::default();
        }
    };
    let chunks: Vec<Vec<i32>> = numbers.chunks(CHUNK).map(<[i32]>::to_vec).collect();
    let counts: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let job = |chunk: &Vec<i32>| -> Job<Scan> {
        let (host, chunk, counts) = (Arc::clone(host), chunk.clone(), Arc::clone(&counts));
        Box::new(move || {
            let mut scan = Scan::default();
            for pid in chunk.into_iter().filter_map(|number| host.proc.pid(number).ok()) {
                if let Some(namespace) = MountNamespace::of(&pid) {
                    scan.namespaces.entry(namespace).or_default().push(pid.number);
                }
                scan.found.extend(look_at(&pid, &host.profiles).filter(|found| is_kept(found, &counts)));
            }
            scan
        })
    };
    let mut scan = Scan::default();
    for (chunk, answer) in chunks.iter().zip(pool::run(chunks.iter().map(job).collect(), deadline)) {
        match answer {
            Some(some) => {
                scan.found.extend(some.found);
                for (namespace, numbers) in some.namespaces {
                    scan.namespaces.entry(namespace).or_default().extend(numbers);
                }
            }
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
    scan.found = without_wrappers(scan.found, &host.proc);
    scan
}

/// Whether a process is among the first of its container.
fn is_kept(found: &FoundProcess, counts: &Mutex<HashMap<String, usize>>) -> bool {
    let id = ids_in(&found.cgroup).last().unwrap_or_default();
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.entry(id.to_owned()).or_default();
    *count += 1;
    *count <= MOST_OF_ONE
}

/// Finds the first process of each container of which the engine did not tell it: the one with the lowest number whose
/// cgroup is the container's. `of_all` says that this goes for those too that were inspected.
pub(super) fn find_first_processes(host: &Host, containers: &mut [Container], of_all: bool) {
    let mut wanted: HashMap<String, &mut EngineFacts> = containers
        .iter_mut()
        .map(Container::engine_mut)
        .filter(|engine| engine.pid == 0 && (of_all || !engine.inspection.tells_program()))
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
pub(super) fn assign(
    host: &Host,
    found: Vec<FoundProcess>,
    containers: &[Container],
) -> BTreeMap<Option<usize>, Vec<FoundProcess>> {
    let ids: HashMap<&str, usize> =
        containers.iter().enumerate().map(|(at, one)| (one.engine().id.as_str(), at)).collect();
    let mut namespaces = None;
    let mut told: BTreeMap<Option<usize>, Vec<FoundProcess>> = BTreeMap::new();
    for process in found {
        let by_cgroup = ids_in(&process.cgroup).filter_map(|id| ids.get(id).copied()).last();
        let to = by_cgroup.or_else(|| {
            let known = namespaces.get_or_insert_with(|| KnownNamespaces::of(host, containers));
            known.holder(host, &process)
        });
        told.entry(to).or_default().push(process);
    }
    told
}

/// The container that each namespace is of; `None` where several share one.
struct KnownNamespaces {
    pids: HashMap<Vec<u8>, Option<usize>>,
    mounts: HashMap<MountNamespace, Option<usize>>,
}

impl KnownNamespaces {
    fn of(host: &Host, containers: &[Container]) -> Self {
        let mut known = Self { pids: HashMap::new(), mounts: HashMap::new() };
        for (at, engine) in containers.iter().map(Container::engine).enumerate().filter(|(_, engine)| engine.pid > 0) {
            let Ok(pid) = host.proc.pid(engine.pid) else { continue };
            if let Some(pids) = pid.link("ns/pid").ok().filter(|_| !engine.host_pid) {
                known.pids.entry(pids).and_modify(|shared| *shared = None).or_insert(Some(at));
            }
            if let Some(mounts) = MountNamespace::of(&pid) {
                known.mounts.entry(mounts).and_modify(|shared| *shared = None).or_insert(Some(at));
            }
        }
        known
    }

    /// The container of a process whose cgroups name none. A namespace that the host or two containers share tells nothing.
    fn holder(&self, host: &Host, process: &FoundProcess) -> Option<usize> {
        let mounts = process.sight.namespace.as_ref().filter(|mounts| !host.is_own(mounts));
        let pids = process.pids.as_ref().filter(|pids| Some(*pids) != host.pids.as_ref());
        let by_mounts = mounts.and_then(|mounts| self.mounts.get(mounts).copied().flatten());
        by_mounts.or_else(|| pids.and_then(|pids| self.pids.get(pids).copied().flatten()))
    }
}

/// A gap for processes that run in containers of which the engine told nothing. One that has ended since it was found
/// leaves none: its container may have ended with it, and then the engine is right.
pub(super) fn foreign(host: &Host, outside: &[FoundProcess]) -> Option<String> {
    let apart = |found: &&FoundProcess| {
        let pids = found.pids.as_ref();
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
