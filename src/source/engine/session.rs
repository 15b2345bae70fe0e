//! One connection to an engine, from a subscription to its events on: a task that reads them and never waits, and one for
//! each question. Uses `ask`, `events` and `roll`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bollard::models::{ContainerInspectResponse, ContainerSummary, SystemInfo, Volume};
use futures_util::FutureExt as _;
use futures_util::future::try_join3;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::ask::Conversation;
use super::error::EngineError;
use super::events::{Ended, Event, Events};
use super::lenient::Picked;
use super::roll::Act;
use super::{Unread, inspections};

/// One connection to the engine, from the subscription on.
pub(super) struct Session {
    steps: UnboundedSender<Step>,
    tasks: JoinSet<()>,
    /// Containers that are being asked about: why, and what happened to each since.
    pub(super) asked: BTreeMap<String, VecDeque<(Act, Event)>>,
    pub(super) listing: bool,
    conversation: Arc<Conversation>,
    permits: Arc<Semaphore>,
}

/// What a task brought.
pub(super) enum Step {
    Line(Vec<u8>),
    Ended(Ended),
    First(Box<Result<First, EngineError>>),
    Listed(Result<Vec<ContainerSummary>, EngineError>),
    Asked(String, Box<Answer>, Vec<Volume>),
}

/// What is asked at the beginning: who runs, what the engine tells of itself, its volumes.
pub(super) type First = (Vec<Unread>, Result<SystemInfo, EngineError>, Result<Vec<Volume>, EngineError>);
pub(super) type Answer = Result<Option<Picked<ContainerInspectResponse>>, EngineError>;

impl Session {
    /// Begins to read events; what they and the answers bring comes by what is given back.
    pub(super) fn new(
        events: Events,
        conversation: &Arc<Conversation>,
        permits: &Arc<Semaphore>,
    ) -> (Self, UnboundedReceiver<Step>) {
        let (steps, taken) = unbounded_channel();
        let mut session = Self {
            steps,
            tasks: JoinSet::new(),
            asked: BTreeMap::new(),
            listing: false,
            conversation: Arc::clone(conversation),
            permits: Arc::clone(permits),
        };
        session.read(events);
        (session, taken)
    }

    /// Forgets the tasks that are done.
    pub(super) fn tidy(&mut self) {
        while self.tasks.try_join_next().is_some() {}
    }

    fn read(&mut self, mut events: Events) {
        let steps = self.steps.clone();
        self.tasks.spawn(async move {
            loop {
                let (step, last) = match events.next().await {
                    Ok(line) => (Step::Line(line), false),
                    Err(why) => (Step::Ended(why), true),
                };
                if steps.send(step).is_err() || last {
                    break;
                }
            }
        });
    }

    /// Asks who is there: the first time for all that is to be known of those that run.
    pub(super) fn list(&mut self, begins: bool) {
        self.listing = true;
        let (steps, conversation) = (self.steps.clone(), Arc::clone(&self.conversation));
        self.tasks.spawn(async move {
            let step = if begins {
                Step::First(Box::new(first(&conversation).await))
            } else {
                Step::Listed(conversation.containers(true).await)
            };
            let _ = steps.send(step);
        });
    }

    /// Asks about one container, and about what its volumes are.
    pub(super) fn ask(&mut self, act: Act, event: Event) {
        let id = event.id.clone();
        self.asked.insert(id.clone(), VecDeque::from([(act, event)]));
        let (steps, conversation) = (self.steps.clone(), Arc::clone(&self.conversation));
        let permits = Arc::clone(&self.permits);
        self.tasks.spawn(async move {
            let permit = permits.acquire().await;
            let answer = conversation.inspection(&id).await;
            let mut volumes = Vec::new();
            for name in named(&answer) {
                volumes.extend(conversation.volume(&name).await);
            }
            drop(permit);
            let _ = steps.send(Step::Asked(id, Box::new(answer), volumes));
        });
    }
}

async fn first(conversation: &Conversation) -> Result<First, EngineError> {
    let found = async { inspections(conversation, conversation.containers(false).await?).await };
    let (info, volumes) = (conversation.info().map(Ok), conversation.volumes().map(Ok));
    try_join3(found, info, volumes).await
}

/// The volumes of a container that have a name; one without was made with no options.
fn named(answer: &Answer) -> Vec<String> {
    let is_named = |name: &String| !(name.len() == 64 && name.chars().all(|one| one.is_ascii_hexdigit()));
    let mounts = answer.iter().flatten().flat_map(|picked| picked.value.mounts.iter().flatten());
    mounts.filter_map(|mount| mount.name.clone()).filter(|name| !name.is_empty()).filter(is_named).collect()
}
