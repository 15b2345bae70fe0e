//! The kernel, asked about containers that began to run: on a thread of its own, so that a filesystem that does not answer
//! keeps no line from being told. May use everything but `main`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender};
use std::thread;

use super::Message;
use crate::ruleset::Profile;
use crate::source::capture::{Capture, Running};
use crate::source::proc;

/// A container to look at.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) container: Running,
    /// The ids of all that are there: their processes are not the host's own.
    pub(super) present: Vec<String>,
}

/// What was seen of some containers.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) containers: Vec<Running>,
    /// Those whose process was no longer there, by id.
    pub(super) gone: BTreeSet<String>,
}

/// Looks at what is wanted until nobody wants more; what is wanted meanwhile is looked at together.
///
/// # Errors
/// The machine refuses the thread.
pub(super) fn begin(
    look: proc::Look,
    profiles: Vec<Profile>,
    wanted: Receiver<Wanted>,
    to: Sender<Message>,
) -> std::io::Result<()> {
    let work = move || {
        while let Ok(first) = wanted.recv() {
            let all: Vec<Wanted> = std::iter::once(first).chain(wanted.try_iter()).collect();
            if to.send(Message::Looked(at(&look, &profiles, all))).is_err() {
                break;
            }
        }
    };
    thread::Builder::new().name("kernel".to_owned()).spawn(work).map(drop)
}

fn at(look: &proc::Look, profiles: &[Profile], wanted: Vec<Wanted>) -> Looked {
    let mut present = BTreeSet::new();
    let mut containers: BTreeMap<String, Running> = BTreeMap::new();
    for one in wanted {
        present.extend(one.present);
        containers.insert(one.container.id.clone(), one.container);
    }
    let asked: BTreeSet<String> = containers.keys().cloned().collect();
    // Of the others nothing is looked at: without a process there is nothing to see.
    let others = present.into_iter().filter(|id| !asked.contains(id));
    let others = others.map(|id| Running { id, ..Running::default() });
    let containers = containers.into_values().chain(others).collect();
    let mut capture = Capture { containers, ..Capture::default() };
    let gone = proc::begin(look, profiles).finish(look, &mut capture, &mut proc::Numbers::default());
    let gone = gone.into_iter().filter(|id| asked.contains(id)).collect();
    capture.containers.retain(|one| asked.contains(&one.id));
    Looked { containers: capture.containers, gone }
}
