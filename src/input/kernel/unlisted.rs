//! Containers that no engine listed: mount namespaces with files of their own. Each is named by its cgroup, and read from
//! its processes alone. Uses `model`, `rules` and `source::capture`.

use std::collections::{BTreeMap, BTreeSet};

use super::cgroup_name::{CgroupName, cgroup_name, is_id};
use super::container::Host;
use super::mountinfo;
use super::pid::{MOST_MOUNTS, MOST_WORDS, Pid};
use super::process::{variables, words};
use super::sight::MountNamespace;
use super::text::shown;
use crate::input::capture::tree;
use crate::model::{
    Container, EngineFacts, EnvValue, EnvVar, Flag, Inspection, KernelMount, Live, Sight, Value, join, split_below,
};
use crate::rules::Profile;
use crate::text::Span;

/// The processes of each mount namespace, in the order of their numbers.
pub(super) type Namespaces = BTreeMap<MountNamespace, Vec<i32>>;

/// A container that no engine listed.
pub(super) struct UnlistedContainer {
    pub(super) container: Container,
    /// When its first process started, in ticks since the machine did.
    pub(super) started: u64,
    /// Its mount table, should nothing more be seen of it.
    pub(super) mounts: Vec<KernelMount>,
}

/// The ids in the cgroups of namespaces that are of none of the containers, sorted: an engine may know them.
pub(super) fn unknown_ids(host: &Host, namespaces: &Namespaces, containers: &[Container]) -> Vec<String> {
    let known: BTreeSet<&str> = containers.iter().map(|one| one.engine().id.as_str()).collect();
    let found = found(host, namespaces, containers).into_iter().map(|found| found.cgroup.id);
    let unknown: BTreeSet<String> = found.filter(|id| is_id(id) && !known.contains(id.as_str())).collect();
    unknown.into_iter().collect()
}

/// The containers that none of these is.
pub(super) fn unlisted(host: &Host, namespaces: &Namespaces, containers: &[Container]) -> Vec<UnlistedContainer> {
    let mut taken: BTreeSet<String> = containers.iter().map(|one| one.name.clone()).collect();
    let mut ids: BTreeSet<String> = containers.iter().map(|one| one.engine().id.clone()).collect();
    let mut all = Vec::new();
    for found in found(host, namespaces, containers) {
        // A second namespace of one container is that container's own doing.
        if is_id(&found.cgroup.id) && !ids.insert(found.cgroup.id.clone()) {
            continue;
        }
        let Some((container, started)) = container_of(&found.pid, &host.profiles) else { continue };
        let number = found.pid.number;
        let name = found.cgroup.name.filter(|name| !taken.contains(name));
        let name = name.unwrap_or_else(|| format!("mount namespace of process {number}"));
        taken.insert(name.clone());
        let mut container = Container { name, ..container };
        container.engine_mut().id = found.cgroup.id;
        container.engine_mut().host_pid = found.pid.link("ns/pid").ok().is_some_and(|pids| Some(pids) == host.pids);
        all.push(UnlistedContainer { container, started, mounts: found.mounts });
    }
    all
}

/// A mount namespace with files of its own.
struct FoundNamespace {
    /// Its first process.
    pid: Pid,
    cgroup: CgroupName,
    mounts: Vec<KernelMount>,
}

/// The namespaces that are neither the host's nor of one of the containers, and whose root is another one than the host's.
fn found(host: &Host, namespaces: &Namespaces, containers: &[Container]) -> Vec<FoundNamespace> {
    let first = |one: &Container| host.proc.pid(Some(one.engine().pid).filter(|pid| *pid > 0)?).ok();
    let known: BTreeSet<MountNamespace> =
        containers.iter().filter_map(first).filter_map(|pid| MountNamespace::of(&pid)).collect();
    let ids: BTreeSet<&str> =
        containers.iter().filter(|one| one.engine().pid > 0).map(|one| one.engine().id.as_str()).collect();
    let mut all: Vec<FoundNamespace> = namespaces
        .iter()
        .filter(|(namespace, _)| !known.contains(namespace) && !host.is_own(namespace))
        .filter_map(|(_, numbers)| first_alive(host, numbers))
        .filter(|found| !ids.contains(found.cgroup.id.as_str()))
        .collect();
    all.sort_by_key(|found| found.pid.number);
    all
}

/// The first process of a namespace that runs a program; `None` where the namespace shows the host's own files.
fn first_alive(host: &Host, numbers: &[i32]) -> Option<FoundNamespace> {
    let alive = |number: &i32| {
        let pid = host.proc.pid(*number).ok()?;
        pid.facts().ok()?.alive.then_some(pid)
    };
    let pid = numbers.iter().find_map(alive)?;
    let mounts = mountinfo::parse(&pid.read("mountinfo", MOST_MOUNTS).ok()?).mounts;
    let is_host = tree::root(&mounts).is_some_and(|root| host.has_root(root));
    let cgroup = cgroup_name(&pid.cgroup().ok()?);
    (!is_host && !mounts.is_empty()).then_some(FoundNamespace { pid, cgroup, mounts })
}

/// A process as the first one of a container, and when it started; `None` where it runs nothing.
pub(super) fn container_of(pid: &Pid, profiles: &[Profile]) -> Option<(Container, u64)> {
    let facts = pid.facts().ok().filter(|facts| facts.alive)?;
    let words = words(&pid.read("cmdline", MOST_WORDS).ok()?);
    let is_public = |name: &str| profiles.iter().any(|profile| profile.public_variables.iter().any(|one| one == name));
    let env = variables(&pid.read("environ", MOST_WORDS).unwrap_or_default());
    let env = env.into_iter().map(|(name, value)| {
        let is_secret = !value.is_empty() && !is_public(&name);
        let variable = EnvVar { is_secret, ..EnvVar::new(EnvValue::set(Value::known(value, None)), Span::default()) };
        (name, variable)
    });
    let engine = EngineFacts { pid: pid.number, words, inspection: Inspection::Unlisted, ..EngineFacts::default() };
    let container = Container {
        user: pid.identity().map(|identity| Value::known(format!("{}:{}", identity.uid, identity.gid), None)),
        working_dir: working_directory(pid).map(|directory| Value::known(directory, None)),
        tty: Flag::where_on(facts.terminal != 0),
        env: env.collect(),
        script: crate::model::Script { sight: Sight::Partial, ..crate::model::Script::default() },
        live: Some(Box::new(Live { engine, ..Live::default() })),
        ..Container::default()
    };
    Some((container, facts.started))
}

/// The directory that a process is in, as it names it itself.
fn working_directory(pid: &Pid) -> Option<String> {
    let (root, directory) = (pid.link("root").ok()?, pid.link("cwd").ok()?);
    let (root, directory) = (shown(&root), shown(&directory));
    split_below(&directory, &root).map(|below| join("/", below))
}
