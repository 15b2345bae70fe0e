//! `--volumes-from`: the mounts of a service, or of a container that another command starts under a name.
//! Uses `reference`, `docker_cli` and `model`.

use std::collections::{HashMap, HashSet};

use super::reference::has_container_name;
use super::{PendingStart, ProjectReader};
use crate::input::docker_cli::{DockerCommand, DockerRun};
use crate::model::{Container, FixedName, Mount, MountSource, Unseen, Value};

/// The containers that commands start and others take their mounts from.
#[derive(Debug, Default)]
pub(super) struct StartedLenders {
    /// The mounts of each that commands start under a name, by that.
    mounts: HashMap<FixedName, Vec<Mount>>,
    /// Whose mounts are taken.
    taken: HashSet<FixedName>,
    /// Whether a command starts a container that is there already.
    starts_again: bool,
}

impl ProjectReader<'_> {
    /// Notes which containers lend their mounts to others.
    pub(super) fn note_lenders(&self, pending: &[PendingStart]) {
        let runs = || {
            pending.iter().filter_map(|start| match &start.started.command {
                DockerCommand::Run(run) => Some(&**run),
                _ => None,
            })
        };
        let mut lenders = self.lenders.borrow_mut();
        for run in runs() {
            let names = run.volumes_from.iter().filter(|from| !from.is_symbolic());
            lenders.taken.extend(names.map(|from| named(name_and_mode(from).0, &run.name_scope)));
        }
        lenders.starts_again |= pending.iter().any(|start| matches!(start.started.command, DockerCommand::Existing(_)));
        for run in runs().filter(|run| run.volumes_from.is_empty()) {
            if let Some(name) = own_name(run).filter(|name| lenders.taken.contains(name)) {
                let mut mounts = run.container.mounts.clone();
                lend_anonymous(&mut mounts, &name);
                lenders.mounts.entry(name).or_insert(mounts);
            }
        }
    }

    /// Gives a container the mounts that `--volumes-from` names.
    pub(super) fn add_volumes_from(&self, from: &Value, name_scope: &str, container: &mut Container) {
        let (name, mode) = name_and_mode(from);
        let service = self.services.iter().find(|one| has_container_name(one, name, self.projects));
        let lenders = self.lenders.borrow();
        let started = || lenders.mounts.get(&named(name, name_scope));
        let found = service.map(|service| &service.mounts).or_else(started);
        let Some(mounts) = found.filter(|_| !from.is_symbolic()) else {
            let what = "the mounts that `--volumes-from` takes are of a container that is not described".to_owned();
            let unseen = Unseen { what, span: from.span.unwrap_or(container.span) };
            container.unseen_mounts.get_or_insert_with(|| unseen.clone());
            container.unseen.push(unseen);
            return;
        };
        for mount in mounts.iter().filter(|mount| mount.source != MountSource::Tmpfs) {
            if container.mounts.iter().all(|own| own.target.text != mount.target.text) {
                container.mounts.push(Mount { read_only: mount.read_only || mode == "ro", ..mount.clone() });
            }
        }
    }

    /// An anonymous volume that a container lends is no longer its own.
    pub(super) fn lend_own_volumes(&self, run: &DockerRun, container: &mut Container) {
        if let Some(name) = own_name(run).filter(|name| self.lenders.borrow().taken.contains(name)) {
            lend_anonymous(&mut container.mounts, &name);
        }
    }

    /// Whether a container is only there to lend its mounts: it is created and never started, and runs nothing known.
    pub(super) fn is_lender_alone(&self, container: &Container, command: &DockerCommand) -> bool {
        let DockerCommand::Run(run) = command else { return false };
        let lenders = self.lenders.borrow();
        let is_taken = || own_name(run).is_some_and(|name| lenders.taken.contains(&name));
        let programs = &self.repository.programs.commands;
        let is_known = |program: &str| programs.iter().any(|own| program.rsplit('/').next() == Some(own.as_str()));
        let calls = || container.script.invocations.iter().any(|call| call.argv.iter().any(|word| is_known(word)));
        run.only_created && !lenders.starts_again && is_taken() && !calls()
    }
}

/// A name and what follows it: `ro`, `rw` or nothing.
fn name_and_mode(from: &Value) -> (&str, &str) {
    from.text.split_once(':').unwrap_or((&from.text, ""))
}

fn named(name: &str, engine: &str) -> FixedName {
    FixedName { name: name.to_owned(), engine: engine.to_owned() }
}

/// The name that a command surely gives a container.
fn own_name(run: &DockerRun) -> Option<FixedName> {
    let name = run.name.as_ref().filter(|name| !name.is_symbolic() && !run.perhaps.name)?;
    Some(named(&name.text, &run.name_scope))
}

fn lend_anonymous(mounts: &mut [Mount], lender: &FixedName) {
    for mount in mounts.iter_mut().filter(|mount| mount.source == MountSource::Anonymous) {
        let volume = format!("{}:{}", lender.name, mount.target.text);
        mount.source = MountSource::Volume(Value::known(volume, Some(mount.span)));
    }
}
