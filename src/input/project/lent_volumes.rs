//! `volumes_from: container:NAME`: the mounts of a container that another project describes. Uses `reference`.

use std::collections::HashMap;

use super::reference::DescribedProject;
use crate::model::{Container, Diagnostic, Layout, Level, Mount, MountSource, Unseen, Value};

/// Gives containers the mounts of those of other projects that they take from. Whoever is not described is told.
pub fn lend_volumes(layout: &mut Layout, projects: &[DescribedProject]) {
    let takers: Vec<usize> = (0..layout.containers.len())
        .filter(|at| layout.containers.get(*at).is_some_and(|container| !container.lenders.is_empty()))
        .collect();
    if takers.is_empty() {
        return;
    }
    let names = names_of(&layout.containers, projects);
    // Twice, so that a container that takes from one that takes itself gets all.
    for is_last in [false, true] {
        for &at in &takers {
            let lenders = layout.containers.get(at).map(|container| container.lenders.clone()).unwrap_or_default();
            for lender in lenders {
                let (name, mode) = lender.text.split_once(':').unwrap_or((&lender.text, ""));
                let lender_at = names.get(name).and_then(|at| layout.containers.get_mut(*at));
                let lent = lender_at.map(|lender_at| lent_mounts(lender_at, name));
                let Some(taker) = layout.containers.get_mut(at) else { continue };
                match lent {
                    Some(lent) => take_mounts(taker, lent, mode == "ro"),
                    None if is_last => layout.diagnostics.extend(note_unknown(taker, &lender)),
                    None => {}
                }
            }
        }
    }
}

/// The containers by their names: one that is given, or Compose's usual ones for the first of a service.
fn names_of(containers: &[Container], projects: &[DescribedProject]) -> HashMap<String, usize> {
    let known: HashMap<&str, &str> =
        projects.iter().map(|project| (project.key.as_str(), project.name.as_str())).collect();
    let mut names = HashMap::new();
    for (at, container) in containers.iter().enumerate() {
        if let Some(given) = &container.given_name {
            names.entry(given.text.clone()).or_insert(at);
        } else if let Some(key) = container.project.as_deref() {
            let project = known.get(key).copied().unwrap_or(key);
            for between in ["-", "_"] {
                names.entry(format!("{project}{between}{}{between}1", container.name)).or_insert(at);
            }
        }
    }
    names
}

/// What a container of a name lends: all but what is its own memory. An anonymous volume is no longer its own then.
fn lent_mounts(lender: &mut Container, name: &str) -> Vec<Mount> {
    for mount in lender.mounts.iter_mut().filter(|mount| mount.source == MountSource::Anonymous) {
        let volume = format!("{name}:{}", mount.target.text);
        mount.source = MountSource::Volume(Value::known(volume, Some(mount.span)));
    }
    lender.mounts.iter().filter(|mount| mount.source != MountSource::Tmpfs).cloned().collect()
}

fn take_mounts(taker: &mut Container, lent: Vec<Mount>, read_only: bool) {
    for mut mount in lent {
        mount.read_only |= read_only;
        if taker.mounts.iter().all(|own| own.target.text != mount.target.text) {
            taker.mounts.push(mount);
        }
    }
}

fn note_unknown(taker: &mut Container, lender: &Value) -> Option<Diagnostic> {
    let what = "the mounts that `volumes_from` takes are of a container that is not described";
    let span = lender.span?;
    taker.unseen.push(Unseen { what: what.to_owned(), span });
    Some(Diagnostic::at(Level::Gap, span, what))
}
