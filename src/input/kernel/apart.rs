//! Processes that see something else than their container's first one: in another root, mount namespace or user namespace.
//! Each such sight is a participant of its own. Uses `model` and `source::capture`.

use std::collections::BTreeMap;

use super::cgroup_name::cgroup_name;
use super::container::Host;
use super::mountinfo;
use super::pid::{MOST_MOUNTS, Pid};
use super::process::FoundProcess;
use super::sight::{ProcessSight, RootDirectory};
use super::text::shown;
use super::unlisted::{Namespaces, container_of};
use crate::input::capture::tree::{is_layered, visible};
use crate::model::{Container, Inspection, KernelMount, Unseen, join, split_below, upward};
use crate::text::Span;

/// How many sights of one container are looked at: each takes as long as a container.
const MOST_SIGHTS: usize = 32;

/// Processes of one sight, as a container.
pub(super) struct ApartProcesses {
    pub(super) container: Container,
    pub(super) found: Vec<FoundProcess>,
    pub(super) started: u64,
    /// The mount that is their root, where their own table does not show it.
    pub(super) root: Option<KernelMount>,
}

/// What of the host is known as processes are told apart.
#[derive(Clone, Copy)]
pub(super) struct ApartSearch<'a> {
    pub(super) host: &'a Host,
    pub(super) namespaces: &'a Namespaces,
    pub(super) containers: &'a [Container],
    /// The host's own mounts.
    pub(super) own: &'a [KernelMount],
}

impl ApartSearch<'_> {
    /// Takes out of each container's processes, and of the host's, those that see something else. Where there are too
    /// many sights the rest stay.
    pub(super) fn split(self, inside: &mut BTreeMap<Option<usize>, Vec<FoundProcess>>) -> Vec<ApartProcesses> {
        let mut all = Vec::new();
        for (at, found) in inside.iter_mut() {
            let parent = at.and_then(|at| self.containers.get(at));
            let Some(own) = self.own_sight(parent) else { continue };
            let mut groups: BTreeMap<ProcessSight, Vec<FoundProcess>> = BTreeMap::new();
            for process in std::mem::take(found) {
                let has_room = groups.len() < MOST_SIGHTS || groups.contains_key(&process.sight);
                if own.agrees(&process.sight) || !has_room {
                    found.push(process);
                } else {
                    groups.entry(process.sight.clone()).or_default().push(process);
                }
            }
            for (sight, processes) in groups {
                match self.apart(parent, &own, &sight, processes) {
                    Ok(apart) => all.push(apart),
                    // They have ended; whoever finds them so tells it.
                    Err(processes) => found.extend(processes),
                }
            }
        }
        tell_names_apart(&mut all, self.containers);
        all
    }

    fn own_sight(self, parent: Option<&Container>) -> Option<ProcessSight> {
        match parent {
            None => Some(self.host.sight.clone()),
            Some(parent) => {
                let number = Some(parent.engine().pid).filter(|pid| *pid > 0)?;
                Some(ProcessSight::of(&self.host.proc.pid(number).ok()?))
            }
        }
    }

    fn apart(
        self,
        parent: Option<&Container>,
        own: &ProcessSight,
        sight: &ProcessSight,
        found: Vec<FoundProcess>,
    ) -> Result<ApartProcesses, Vec<FoundProcess>> {
        let process = found.iter().find_map(|found| {
            let pid = self.host.proc.pid(found.process.pid).ok()?;
            let (container, started) = container_of(&pid, &self.host.profiles)?;
            (started == found.facts.started).then_some((pid, container, started))
        });
        let Some((pid, mut container, started)) = process else { return Err(found) };
        container.name = name_of(parent, sight, &pid);
        // What runs beside them is their container's, and judged there.
        container.engine_mut().words.clear();
        container.script = crate::model::Script::default();
        if let Some(parent) = parent {
            container.project.clone_from(&parent.project);
            container.labels.clone_from(&parent.labels);
            container.image.clone_from(&parent.image);
            let engine = container.engine_mut();
            engine.id.clone_from(&parent.engine().id);
            engine.host_pid = parent.engine().host_pid;
        }
        let root = match self.root(parent, own, sight) {
            Ok(root) => root,
            Err(what) => {
                let unseen = Unseen { what, span: Span::default() };
                container.unseen.push(unseen.clone());
                container.unseen_mounts = Some(unseen);
                None
            }
        };
        Ok(ApartProcesses { container, found, started, root })
    }

    /// The mount that is the root of a sight, where its own table does not show it: the part of a mount that is below its
    /// root directory. `None` where it shows it, or where that is private to the container.
    fn root(
        self,
        parent: Option<&Container>,
        own: &ProcessSight,
        sight: &ProcessSight,
    ) -> Result<Option<KernelMount>, String> {
        let Some(RootDirectory { path, .. }) = &sight.root else { return Ok(None) };
        let path = shown(path);
        if path == "/" {
            return Ok(None);
        }
        let unknown =
            || format!("which directory {path} is, its root, could not be told: what it mounts there is not known");
        let read = |number: i32| {
            let pid = self.host.proc.pid(number).ok()?;
            Some(mountinfo::parse(&pid.read("mountinfo", MOST_MOUNTS).ok()?).mounts)
        };
        let is_same = own.namespace == sight.namespace;
        let table = match parent {
            _ if !is_same => self.whole_view(sight).and_then(read),
            None => Some(self.own.to_vec()),
            Some(parent) => read(parent.engine().pid),
        };
        let table = table.ok_or_else(unknown)?;
        let seen = visible(&table);
        let holding = upward(&path).find_map(|point| seen.iter().find(|mount| mount.mount_point == point));
        let holding = *holding.ok_or_else(unknown)?;
        let is_private = holding.mount_point == "/"
            && (is_layered(&holding.fstype)
                || is_same && parent.is_some_and(|parent| parent.engine().inspection != Inspection::Unlisted));
        // A mount on the very directory is in its table.
        if is_private || holding.mount_point == path || holding.root().1 {
            return Ok(None);
        }
        let rest = split_below(&path, &holding.mount_point).unwrap_or_default();
        let root = join(&holding.root, &format!("./{rest}"));
        Ok(Some(KernelMount { parent: holding.id, mount_point: "/".to_owned(), root, ..holding.clone() }))
    }

    /// A process that sees the whole of a sight's mount namespace.
    fn whole_view(self, sight: &ProcessSight) -> Option<i32> {
        let numbers = self.namespaces.get(sight.namespace.as_ref()?)?;
        let is_whole = |number: &&i32| {
            let root = self.host.proc.pid(**number).and_then(|pid| pid.link("root"));
            root.is_ok_and(|root| root == b"/")
        };
        numbers.iter().find(is_whole).copied()
    }
}

/// What processes of a sight are called: by their unit where they are the host's, else by their container and their root.
fn name_of(parent: Option<&Container>, sight: &ProcessSight, pid: &Pid) -> String {
    let named = || pid.cgroup().ok().map(|cgroup| cgroup_name(&cgroup)).filter(|named| named.is_unit)?.name;
    let owner = match parent {
        Some(parent) => parent.name.clone(),
        None => named().unwrap_or_else(|| "host".to_owned()),
    };
    match sight.root.as_ref().map(|root| shown(&root.path)).filter(|root| root != "/") {
        Some(root) => format!("{owner} in {root}"),
        None if parent.is_none() && owner != "host" => owner,
        None => format!("{owner} with mounts of its own"),
    }
}

/// Gives those that would have the name of another the number of a process.
fn tell_names_apart(all: &mut [ApartProcesses], containers: &[Container]) {
    let mut taken: std::collections::BTreeSet<String> = containers.iter().map(|one| one.name.clone()).collect();
    for apart in all {
        if !taken.insert(apart.container.name.clone()) {
            let name = format!("{}, process {}", apart.container.name, apart.container.engine().pid);
            taken.insert(name.clone());
            apart.container.name = name;
        }
    }
}
