//! The kernel, asked about containers that began to run: on a thread of its own, so that a filesystem that does not answer
//! keeps no line from being told. May use everything but `main`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use super::WatchMessage;
use crate::input::capture::Capture;
use crate::input::kernel;
use crate::model::{Container, EngineFacts, Live};
use crate::rules::Profile;

/// The containers that are to be looked at: each once, however often it begins to run before that.
#[derive(Debug, Clone, Default)]
pub(super) struct WantedLooks(Arc<(Mutex<Looks>, Condvar)>);

#[derive(Debug, Default)]
struct Looks {
    /// Who is to be looked at, by id.
    containers: BTreeMap<String, Container>,
    /// The ids of all that are there: their processes are not the host's own.
    present: BTreeSet<String>,
}

impl WantedLooks {
    /// Wants a look at a container.
    pub(super) fn add(&self, container: Container) {
        let (looks, more) = &*self.0;
        let mut looks = looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.containers.insert(container.engine().id.clone(), container);
        more.notify_one();
    }

    /// Notes that a container is there.
    pub(super) fn came(&self, id: &str) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).present.insert(id.to_owned());
    }

    /// Notes that a container is gone: nobody wants to look at it any more.
    pub(super) fn left(&self, id: &str) {
        let mut looks = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.present.remove(id);
        looks.containers.remove(id);
    }

    /// Waits until there is somebody to look at; takes them all, and gives them with the ids of the others.
    fn take(&self) -> (Vec<Container>, Vec<String>) {
        let (looks, more) = &*self.0;
        let looks = looks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut looks =
            more.wait_while(looks, |looks| looks.containers.is_empty()).unwrap_or_else(PoisonError::into_inner);
        let containers = std::mem::take(&mut looks.containers);
        let others = looks.present.iter().filter(|id| !containers.contains_key(*id)).cloned().collect();
        (containers.into_values().collect(), others)
    }
}

/// What was seen of some containers.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) containers: Vec<Container>,
    /// Those whose process was no longer there, by id.
    pub(super) gone: BTreeSet<String>,
}

/// Looks at what is wanted until nobody wants to know; what is wanted meanwhile is looked at together.
///
/// # Errors
/// The machine refuses the thread.
pub(super) fn begin(
    look: kernel::Look,
    profiles: Vec<Profile>,
    wanted: WantedLooks,
    to: SyncSender<WatchMessage>,
) -> std::io::Result<()> {
    let work = move || {
        loop {
            let (containers, others) = wanted.take();
            if to.send(WatchMessage::Looked(look_at(&look, &profiles, containers, others))).is_err() {
                break;
            }
        }
    };
    thread::Builder::new().name("kernel".to_owned()).spawn(work).map(drop)
}

fn look_at(look: &kernel::Look, profiles: &[Profile], containers: Vec<Container>, others: Vec<String>) -> Looked {
    let asked: BTreeSet<String> = containers.iter().map(|one| one.engine().id.clone()).collect();
    // Of the others nothing is looked at: without a process there is nothing to see.
    let others = others.into_iter().map(|id| {
        let engine = EngineFacts { id, ..EngineFacts::default() };
        Container { live: Some(Box::new(Live { engine, ..Live::default() })), ..Container::default() }
    });
    let mut capture = Capture { containers: containers.into_iter().chain(others).collect(), ..Capture::default() };
    let gone = kernel::begin(look, profiles).finish(look, &mut capture, &mut kernel::LoginIds::default());
    let gone = gone.into_iter().filter(|id| asked.contains(id)).collect();
    capture.containers.retain(|one| asked.contains(&one.engine().id));
    Looked { containers: capture.containers, gone }
}
