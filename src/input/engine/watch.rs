//! What comes and goes from now on, over restarts of the engine. Events are read by a task of their own, so that they
//! never wait; a container is asked about at once, since one that is removed at its end can be asked about only until
//! then. Uses the other parts of `engine`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::models::Volume;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Receiver;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout_at};

use super::client::EngineClient;
use super::context::{self, Endpoint};
use super::error::EngineError;
use super::event_connection::{ConnectionStep, DatedList, EventConnection, First, InspectAnswer};
use super::events::{ContainerEvent, StreamEnd};
use super::inspect::InspectReader;
use super::inventory::{Inventory, InventoryChange};
use super::look::{Seen, by_name, reader, runtime, seen};
use super::options::Options;
use super::queue::{Missed, Queued};
use super::{connect, volume};
use crate::input::capture::VolumeOptions;
use crate::model::{Container, Inspection};
use crate::rules::Profile;
use crate::text::Sources;

/// The pauses before an engine that went away is tried again grow from this one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// To this one.
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// How often the list is asked for all the same: an engine drops events of a reader that it finds slow, and a connection
/// may break without a sign.
const CHECK: Duration = Duration::from_secs(60);
/// How long to wait before who was busy is told again.
const BUSY: Duration = Duration::from_millis(5);
/// How long gaps are gathered before the next one is told.
const GAP_PAUSE: Duration = Duration::from_secs(1);
/// How much waits to be told before no more is asked for.
const MOST_UNTOLD: usize = 256;
/// The gap of a container that nobody could ask about.
const GONE: &str = "it was gone before it could be inspected";
/// Of one whose first process ended too soon.
const ENDED: &str = "it ended before the kernel could be asked";

/// What an engine tells, in order: each container comes once, and goes once.
#[derive(Debug)]
pub enum Event {
    /// What there is at the beginning.
    First(Box<Seen>),
    /// A container that was not there.
    Came(Come, i64, Box<InspectedContainer>),
    /// One that is there runs now, as it is since then; or why it could not be asked about.
    Began(String, i64, Result<Box<InspectedContainer>, String>),
    /// One has another name.
    Renamed(String, String),
    /// One ended or was removed.
    Ended(String, i64),
    /// The engine does not answer, and why; it is asked again until it does.
    Lost(EngineError),
    /// It answers again.
    Back,
    /// An event could not be read; the list tells what it was.
    Odd,
    /// More happened than could be followed.
    Missed(Missed),
}

/// How a container came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Come {
    /// It was made.
    Made,
    /// It was started: it had been made before anybody watched, or had ended in between.
    Started,
}

/// A container as the engine tells it.
#[derive(Debug, Default)]
pub struct InspectedContainer {
    /// The container; where it could not be inspected what the event tells, with why in its gaps.
    pub container: Container,
    /// Whether it could be inspected.
    pub whole: bool,
    /// Its volumes that the driver mounts from elsewhere, by name.
    pub volumes: BTreeMap<String, VolumeOptions>,
}

/// What became of an event that was told.
#[derive(Debug)]
pub enum Delivery {
    /// It was taken.
    Taken,
    /// Who is told is busy: it is to be told again a little later.
    Busy(Event),
    /// Nobody listens any more.
    Unheard,
}

/// Follows an engine until `tell` says that nobody listens. It must not wait: events are read on the same thread. All
/// times are in nanoseconds since 1970.
///
/// # Errors
/// The engine cannot be reached at the beginning. Later that is an event.
pub fn watch(
    options: &Options,
    profiles: &[Profile],
    tell: &mut dyn FnMut(Event) -> Delivery,
) -> Result<(), EngineError> {
    let endpoint = context::endpoint(options)?;
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let mut watch = EngineWatch {
            client: Arc::new(EngineClient::lasting(&endpoint, options)?),
            permits: Arc::new(Semaphore::new(connect::width(&endpoint.address))),
            endpoint,
            profiles,
            inventory: Inventory::new(now()),
            tell,
            begun: false,
            untold: VecDeque::new(),
            listed: VecDeque::new(),
            missed: None,
            gap_told: None,
            lost: false,
        };
        watch.run().await
    });
    runtime.shutdown_background();
    result
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

struct EngineWatch<'a> {
    endpoint: Endpoint,
    client: Arc<EngineClient>,
    permits: Arc<Semaphore>,
    profiles: &'a [Profile],
    inventory: Inventory,
    tell: &'a mut dyn FnMut(Event) -> Delivery,
    /// Whether the first list was read: it is told before all else.
    begun: bool,
    /// What is to be told, in order.
    untold: VecDeque<Event>,
    /// What a list told and was not looked at yet; it comes before the events that wait.
    listed: VecDeque<(InventoryChange, ContainerEvent)>,
    /// What is missing and was not told yet, and when such a gap was told last.
    missed: Option<Missed>,
    gap_told: Option<Instant>,
    /// Whether it was told that the engine is away, and not yet that it is back.
    lost: bool,
}

/// Why a connection is over.
enum Over {
    /// Nobody listens.
    Unheard,
    /// The engine went away.
    Lost(EngineError),
}

impl EngineWatch<'_> {
    async fn run(&mut self) -> Result<(), EngineError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let begun = Instant::now();
            let error = match self.follow_session().await {
                Over::Unheard => return Ok(()),
                Over::Lost(error) if !self.begun => return Err(error),
                Over::Lost(error) => error,
            };
            if begun.elapsed() > LAST_PAUSE {
                pause = FIRST_PAUSE;
            }
            // It is told once that it is away, however often it is tried.
            if !std::mem::replace(&mut self.lost, true) {
                self.untold.push_back(Event::Lost(error));
            }
            let end = Instant::now() + pause;
            while Instant::now() < end {
                if self.flush().is_err() {
                    return Ok(());
                }
                sleep(if self.untold.is_empty() { pause } else { BUSY }).await;
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Subscribes and then asks for the list, so that nothing is lost between the two.
    async fn follow_session(&mut self) -> Over {
        let events = match self.client.subscribe(&self.endpoint, self.inventory.since()).await {
            Ok(events) => events,
            Err(error) => return Over::Lost(error),
        };
        let (mut connection, mut steps) = EventConnection::new(events, &self.client, &self.permits);
        self.list(&mut connection);
        let over = self.take_steps(&mut connection, &mut steps).await;
        if matches!(over, Over::Lost(_)) {
            self.abandon(connection);
        }
        over
    }

    async fn take_steps(&mut self, connection: &mut EventConnection, steps: &mut Receiver<ConnectionStep>) -> Over {
        let mut check = Instant::now() + CHECK;
        loop {
            connection.tidy();
            if check <= Instant::now() || (connection.list_again && !connection.listing) {
                connection.list_again = false;
                self.list(connection);
                check = Instant::now() + CHECK;
            }
            let is_full = self.take_changes(connection);
            if self.flush().is_err() {
                return Over::Unheard;
            }
            if is_full && self.untold.is_empty() {
                yield_now().await;
                continue;
            }
            let wait = match () {
                () if self.begun && !self.untold.is_empty() => Instant::now() + BUSY,
                () if self.missed.is_some() => Instant::now() + GAP_PAUSE,
                () => check,
            };
            // The connection has a sender of its own, so that the channel does not close.
            if let Ok(Some(step)) = timeout_at(wait, steps.recv()).await
                && let Err(error) = self.take_step(connection, step)
            {
                return Over::Lost(error);
            }
        }
    }

    /// Takes what a list and the events told, as long as there is room for what comes of it: the rest waits in the queue,
    /// which is bounded. Gives whether more is to be taken once what is untold was told.
    fn take_changes(&mut self, connection: &mut EventConnection) -> bool {
        while connection.has_room() {
            if self.untold.len() >= MOST_UNTOLD {
                return true;
            }
            if let Some((change, event)) = self.listed.pop_front() {
                self.change(connection, change, event);
                continue;
            }
            match connection.next_event() {
                Some(Queued::Event(event)) => {
                    if let Some(change) = self.inventory.event(&event) {
                        self.change(connection, change, event);
                    }
                }
                Some(Queued::Odd) => {
                    self.list_anew(connection);
                    self.untold.push_back(Event::Odd);
                }
                Some(Queued::Missed(missed)) => {
                    if !missed.folded {
                        self.list_anew(connection);
                    }
                    self.miss(missed);
                }
                None => break,
            }
        }
        false
    }

    /// Notes that something is missing; it is told with what else is missing soon after.
    fn miss(&mut self, missed: Missed) {
        self.missed = Some(self.missed.map_or(missed, |earlier| earlier.and(missed)));
    }

    /// Asks for a list, where none is on its way.
    fn list(&mut self, connection: &mut EventConnection) {
        if !connection.listing {
            self.inventory.expect_list();
            connection.list(!self.begun);
        }
    }

    /// Asks for a list that is not older than now.
    fn list_anew(&mut self, connection: &mut EventConnection) {
        connection.list_again |= connection.listing;
        self.list(connection);
    }

    fn take_step(&mut self, connection: &mut EventConnection, step: ConnectionStep) -> Result<(), EngineError> {
        match step {
            ConnectionStep::Queued => {}
            ConnectionStep::Ended(why) => return Err(self.client.stream_error(why)),
            ConnectionStep::First(first) => {
                connection.listing = false;
                self.first((*first)?);
            }
            ConnectionStep::Listed(list) => {
                connection.listing = false;
                let DatedList { containers, made_after } = list?;
                let changes = self.inventory.listed(&containers, made_after);
                if std::mem::take(&mut self.lost) {
                    self.untold.push_back(Event::Back);
                }
                let at = now();
                self.listed.extend(changes.into_iter().map(|(id, change)| (change, ContainerEvent::unseen(id, at))));
            }
            ConnectionStep::Asked(id, answer, volumes) => {
                let mut waiting = connection.asked.remove(&id).unwrap_or_default();
                if let Some((change, event)) = waiting.pop_front() {
                    let is_gone = waiting.iter().any(|(change, _)| *change == InventoryChange::Ended);
                    self.asked(change, &event, unless_gone(*answer, is_gone), &volumes);
                }
                for (change, event) in waiting {
                    self.change(connection, change, event);
                }
            }
        }
        Ok(())
    }

    /// Tells what happened, once it is known; what happened to one container is told in its order.
    fn change(&mut self, connection: &mut EventConnection, change: InventoryChange, event: ContainerEvent) {
        if connection.asked.contains_key(&event.id) {
            if let Some(missed) = connection.wait(change, event) {
                self.miss(missed);
            }
        } else if matches!(change, InventoryChange::Made | InventoryChange::Started | InventoryChange::Began) {
            connection.ask(change, event);
        } else {
            self.pass(change, event);
        }
    }

    /// Tells what nothing need be asked for.
    fn pass(&mut self, change: InventoryChange, event: ContainerEvent) {
        match (change, event.attribute("name")) {
            (InventoryChange::Renamed, Some(name)) => {
                let name = name.trim_start_matches('/').to_owned();
                self.untold.push_back(Event::Renamed(event.id, name));
            }
            (InventoryChange::Renamed, None) => {}
            _ => self.untold.push_back(Event::Ended(event.id, event.at)),
        }
    }

    /// Tells of a container that was asked about.
    fn asked(&mut self, change: InventoryChange, event: &ContainerEvent, answer: InspectAnswer, volumes: &[Volume]) {
        let sources = Sources::default();
        let reader = reader(self.profiles, &sources);
        let options = volumes.iter().filter_map(|one| Some((one.name.clone(), volume::options(one)?)));
        let whole =
            |container| InspectedContainer { container: placeless(container), whole: true, volumes: options.collect() };
        let inspection = if matches!(answer, Ok(None)) { Inspection::Gone } else { Inspection::Nothing };
        let answer = match answer {
            // Of one that ended in the meantime the kernel shows nothing.
            Ok(Some(raw)) if change == InventoryChange::Began => {
                reader.running(raw).map(whole).ok_or_else(|| ENDED.to_owned())
            }
            Ok(Some(raw)) => Ok(whole(reader.container(raw))),
            Ok(None) => Err(GONE.to_owned()),
            Err(error) => {
                self.inventory.unasked(&event.id);
                Err(InspectReader::uninspected(&error))
            }
        };
        let come = match change {
            InventoryChange::Made => Come::Made,
            InventoryChange::Started => Come::Started,
            _ => return self.untold.push_back(Event::Began(event.id.clone(), event.at, answer.map(Box::new))),
        };
        let witnessed = |why| InspectedContainer {
            container: InspectReader::witnessed(event, why, inspection),
            ..InspectedContainer::default()
        };
        self.untold.push_back(Event::Came(come, event.at, Box::new(answer.unwrap_or_else(witnessed))));
    }

    fn first(&mut self, first: First) {
        let sources = Sources::default();
        let reader = reader(self.profiles, &sources);
        let mut present = Vec::new();
        for inspection in first.containers {
            let id = inspection.summary.id.clone().unwrap_or_default();
            let failed = inspection.answer.is_err();
            let inspection = reader.read(inspection);
            // One that events tell of comes by them; one that ended since it was listed is not there.
            if matches!(inspection.answer, Ok(None)) || !self.inventory.first(&id) {
                continue;
            }
            present.push(inspection);
            if failed {
                self.inventory.unasked(&id);
            }
        }
        self.inventory.list_is_done();
        let containers = by_name(present.into_iter()).into_iter().map(placeless).collect();
        let seen = Box::new(seen(&self.endpoint.address, containers, first.info, first.volumes));
        self.untold.push_front(Event::First(seen));
        self.begun = true;
    }

    /// Tells what is to be told until who is told is busy.
    fn flush(&mut self) -> Result<(), Over> {
        if self.gap_told.is_none_or(|told| told.elapsed() >= GAP_PAUSE)
            && let Some(missed) = self.missed.take()
        {
            self.untold.push_back(Event::Missed(missed));
            self.gap_told = Some(Instant::now());
        }
        while self.begun
            && let Some(event) = self.untold.pop_front()
        {
            match (self.tell)(event) {
                Delivery::Taken => {}
                Delivery::Busy(event) => {
                    self.untold.push_front(event);
                    break;
                }
                Delivery::Unheard => return Err(Over::Unheard),
            }
        }
        Ok(())
    }

    /// What was being asked when the engine went away is told as far as it is known, and asked for again later.
    fn abandon(&mut self, connection: EventConnection) {
        let mut left: Vec<_> = std::mem::take(&mut self.listed).into();
        while let Some(queued) = connection.next_event() {
            match queued {
                Queued::Event(event) => left.extend(self.inventory.event(&event).map(|change| (change, event))),
                Queued::Odd => self.untold.push_back(Event::Odd),
                Queued::Missed(missed) => self.miss(missed),
            }
        }
        left.splice(0..0, connection.asked.into_values().flatten());
        let ended = |(at, (change, event)): (usize, &(InventoryChange, ContainerEvent))| {
            (*change == InventoryChange::Ended).then(|| (event.id.clone(), at))
        };
        let last_ends: BTreeMap<String, usize> = left.iter().enumerate().filter_map(ended).collect();
        for (at, (change, event)) in left.into_iter().enumerate() {
            match change {
                InventoryChange::Made | InventoryChange::Started | InventoryChange::Began => {
                    let away = Err(self.client.stream_error(StreamEnd::Left));
                    let is_gone = last_ends.get(&event.id).is_some_and(|end| at < *end);
                    self.asked(change, &event, unless_gone(away, is_gone), &[]);
                }
                InventoryChange::Ended | InventoryChange::Renamed => self.pass(change, event),
            }
        }
    }
}

/// The answer about a container; why there is none does not matter where its end is known.
fn unless_gone(answer: InspectAnswer, is_gone: bool) -> InspectAnswer {
    match answer {
        Err(_) if is_gone => Ok(None),
        answer => answer,
    }
}

/// A container without places in texts that are not kept.
fn placeless(mut container: Container) -> Container {
    container.script.unseen_span = None;
    for lock in container.script.invocations.iter_mut().flat_map(|call| &mut call.locks) {
        lock.opened = None;
    }
    container
}
