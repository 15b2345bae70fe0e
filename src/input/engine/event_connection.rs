//! One connection to an engine, from a subscription to its events on: a task that reads them and never waits, and one for
//! each question, of which there are not many at once. Uses `client`, `events`, `inventory`, `look` and
//! `queue`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bollard::models::{ContainerSummary, SystemInfo, Volume};
use futures_util::FutureExt as _;
use futures_util::future::try_join3;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinSet, yield_now};

use super::client::EngineClient;
use super::error::EngineError;
use super::events::{ContainerEvent, EventStream, SECOND, StreamEnd, parse};
use super::inventory::InventoryChange;
use super::look::{Answered, Raw, inspect_all, unless_silent};
use super::queue::{EventQueue, Missed, Queued};
use crate::text::parse_rfc3339;

/// How many containers are asked about at once; what happens to others waits in the queue.
const MOST_ASKED: usize = 256;
/// How many changes of one container wait for the answer about it; more are folded.
const MOST_WAITING: usize = 16;
/// How many lines are read before others get their turn.
const LINES_AT_ONCE: usize = 256;

/// One connection to the engine, from the subscription on.
pub(super) struct EventConnection {
    steps: Sender<ConnectionStep>,
    tasks: JoinSet<()>,
    queue: Arc<Mutex<EventQueue>>,
    /// Containers that are being asked about: why, and what happened to each since.
    pub(super) asked: BTreeMap<String, VecDeque<(InventoryChange, ContainerEvent)>>,
    /// Whether a list is on its way.
    pub(super) listing: bool,
    /// Whether another one is wanted, since the one on its way may be older than what was missed.
    pub(super) list_again: bool,
    client: Arc<EngineClient>,
    permits: Arc<Semaphore>,
}

/// What a task brought.
pub(super) enum ConnectionStep {
    /// Events wait in the queue.
    Queued,
    Ended(StreamEnd),
    First(Box<Result<First, EngineError>>),
    Listed(Result<DatedList, EngineError>),
    Asked(String, Box<InspectAnswer>, Vec<Volume>),
}

/// All containers that there are.
pub(super) struct DatedList {
    pub(super) containers: Vec<ContainerSummary>,
    /// A time before the engine made the list, by its own clock, in nanoseconds since 1970; `None` where it tells none.
    pub(super) made_after: Option<i64>,
}

/// What is asked at the beginning.
pub(super) struct First {
    /// Who runs.
    pub(super) containers: Vec<Answered<Raw>>,
    /// What the engine tells of itself.
    pub(super) info: Result<SystemInfo, EngineError>,
    pub(super) volumes: Result<Vec<Volume>, EngineError>,
}

pub(super) type InspectAnswer = Result<Option<Raw>, EngineError>;

impl EventConnection {
    /// Begins to read events; what they and the answers bring comes by what is given back.
    pub(super) fn new(
        events: EventStream,
        client: &Arc<EngineClient>,
        permits: &Arc<Semaphore>,
    ) -> (Self, Receiver<ConnectionStep>) {
        let (steps, taken) = channel(MOST_ASKED);
        let mut connection = Self {
            steps,
            tasks: JoinSet::new(),
            queue: Arc::default(),
            asked: BTreeMap::new(),
            listing: false,
            list_again: false,
            client: Arc::clone(client),
            permits: Arc::clone(permits),
        };
        connection.tasks.spawn(read(events, Arc::clone(&connection.queue), connection.steps.clone()));
        (connection, taken)
    }

    /// Forgets the tasks that are done.
    pub(super) fn tidy(&mut self) {
        while self.tasks.try_join_next().is_some() {}
    }

    /// Whether another container may be asked about.
    pub(super) fn has_room(&self) -> bool {
        self.asked.len() < MOST_ASKED
    }

    /// The next of what happened.
    pub(super) fn next_event(&self) -> Option<Queued> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Asks who is there: the first time for all that is to be known of those that run.
    pub(super) fn list(&mut self, begins: bool) {
        self.listing = true;
        let (steps, client) = (self.steps.clone(), Arc::clone(&self.client));
        self.tasks.spawn(async move {
            let step = if begins {
                ConnectionStep::First(Box::new(first(&client).await))
            } else {
                ConnectionStep::Listed(dated_list(&client).await)
            };
            let _ = steps.send(step).await;
        });
    }

    /// Asks about one container, and about what its volumes are.
    pub(super) fn ask(&mut self, change: InventoryChange, event: ContainerEvent) {
        let id = event.id.clone();
        self.asked.insert(id.clone(), VecDeque::from([(change, event)]));
        let (steps, client) = (self.steps.clone(), Arc::clone(&self.client));
        let permits = Arc::clone(&self.permits);
        self.tasks.spawn(async move {
            let permit = permits.acquire().await;
            let answer = client.inspect_container(&id).await;
            let mut volumes = Vec::new();
            for name in named(&answer) {
                volumes.extend(client.inspect_volume(&name).await);
            }
            drop(permit);
            let _ = steps.send(ConnectionStep::Asked(id, Box::new(answer), volumes)).await;
        });
    }

    /// Keeps a change of a container that is being asked about until that is answered, and gives the time of what had to
    /// be taken out for it.
    pub(super) fn wait(&mut self, change: InventoryChange, event: ContainerEvent) -> Option<Missed> {
        let waiting = self.asked.entry(event.id.clone()).or_default();
        waiting.push_back((change, event));
        if waiting.len() > MOST_WAITING { fold_waiting(waiting) } else { None }
    }
}

async fn dated_list(client: &EngineClient) -> Result<DatedList, EngineError> {
    // The list tells no time. Without one it is a list all the same.
    let made_after = client.info().await.ok().and_then(|info| nanos(&info.system_time?));
    Ok(DatedList { containers: client.list_containers(true).await?, made_after })
}

/// Nanoseconds since 1970 of a time with a fraction of a second.
fn nanos(text: &str) -> Option<i64> {
    let digits = text.split_once('.').map_or("", |(_, fraction)| fraction);
    let digits: String = digits.chars().take_while(char::is_ascii_digit).take(9).collect();
    let fraction: i64 = format!("{digits:0<9}").parse().ok()?;
    parse_rfc3339(text)?.checked_mul(SECOND)?.checked_add(fraction)
}

/// Reads events into the queue until there are no more. It never waits for who takes them: an engine drops events of a
/// reader that it finds slow, and does not say so.
async fn read(mut events: EventStream, queue: Arc<Mutex<EventQueue>>, steps: Sender<ConnectionStep>) {
    for count in 1_usize.. {
        let line = match events.next_line().await {
            Ok(line) => line,
            Err(why) => {
                let _ = steps.send(ConnectionStep::Ended(why)).await;
                return;
            }
        };
        let parsed = line.as_deref().map(parse);
        {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            match parsed {
                Some(Ok(None)) => continue,
                Some(Ok(Some(event))) => queue.push(event),
                Some(Err(_)) | None => queue.push_odd(),
            }
        }
        // Where there is no room for the word, others wait there, and the queue is looked at after each of them.
        let _ = steps.try_send(ConnectionStep::Queued);
        if count % LINES_AT_ONCE == 0 {
            yield_now().await;
        }
    }
}

/// Of a container that is there and whose changes wait: keeps that it went, how it stands in the end, and its last name.
fn fold_waiting(waiting: &mut VecDeque<(InventoryChange, ContainerEvent)>) -> Option<Missed> {
    let rest = || waiting.iter().enumerate().skip(1);
    let went = rest().find(|(_, (change, _))| *change == InventoryChange::Ended);
    let last = rest().rfind(|(_, (change, _))| *change != InventoryChange::Renamed);
    let went = went.filter(|_| !last.is_some_and(|(_, (change, _))| *change == InventoryChange::Ended));
    let named = rest().rfind(|(_, (change, _))| *change == InventoryChange::Renamed);
    let kept: Vec<usize> = [went, last, named].into_iter().flatten().map(|(at, _)| at).chain([0]).collect();
    let taken = waiting.iter().enumerate().filter(|(at, _)| !kept.contains(at)).map(|(_, (_, event))| event);
    let missed = Missed::of(taken, true);
    let mut at = 0;
    waiting.retain(|_| {
        at += 1;
        kept.contains(&(at - 1))
    });
    missed
}

async fn first(client: &EngineClient) -> Result<First, EngineError> {
    let found = async { unless_silent(inspect_all(client, client.list_containers(false).await?).await) };
    let (info, volumes) = (client.info().map(Ok), client.list_volumes().map(Ok));
    let (containers, info, volumes) = try_join3(found, info, volumes).await?;
    Ok(First { containers, info, volumes })
}

/// The volumes of a container that have a name; one without was made with no options.
fn named(answer: &InspectAnswer) -> Vec<String> {
    let is_named = |name: &String| !(name.len() == 64 && name.chars().all(|one| one.is_ascii_hexdigit()));
    let mounts = answer.iter().flatten().flat_map(|picked| picked.value.mounts.iter().flatten());
    mounts.filter_map(|mount| mount.name.clone()).filter(|name| !name.is_empty()).filter(is_named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_changes_keep_that_it_went_and_how_it_stands() {
        use InventoryChange::{Began, Ended, Made, Renamed, Started};
        for (changes, kept) in [
            (vec![Made, Began, Ended, Started, Ended, Started], vec![Made, Ended, Started]),
            (vec![Made, Began, Ended, Started, Ended], vec![Made, Ended]),
            (vec![Started, Renamed, Began, Renamed, Began], vec![Started, Renamed, Began]),
            (vec![Made, Ended], vec![Made, Ended]),
        ] {
            let event = |at| ContainerEvent::unseen("a".to_owned(), at);
            let mut waiting: VecDeque<_> = changes.iter().zip(0..).map(|(change, at)| (*change, event(at))).collect();
            let missed = fold_waiting(&mut waiting);
            assert_eq!(waiting.iter().map(|(change, _)| *change).collect::<Vec<_>>(), kept, "{changes:?}");
            assert_eq!(missed.is_some(), changes.len() > kept.len());
        }
    }
}
