//! What comes and goes from now on, over restarts of the engine. Events are read by a task of their own, so that they
//! never wait; a container is asked about at once, since one that is removed at its end can be asked about only until
//! then. Uses the other parts of `engine`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::models::Volume;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, timeout_at};

use super::ask::Conversation;
use super::context::{self, Endpoint};
use super::error::EngineError;
use super::events::{self, Ended, Event, NoEvent};
use super::inspect::Reader;
use super::roll::{Act, Roll};
use super::session::{Answer, First, Session, Step};
use super::{Options, Seen, connect, known, reader, runtime, seen, volume};
use crate::ruleset::Profile;
use crate::source::capture::{Running, VolumeOptions};
use crate::text::Sources;

/// The pauses before an engine that went away is tried again grow from this one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// To this one.
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// How often the list is asked for all the same: an engine drops events of a reader that it finds slow, and a connection
/// may break without a sign.
const CHECK: Duration = Duration::from_secs(60);
/// The gap of a container that nobody could ask about.
const GONE: &str = "it was gone before it could be inspected";
/// Of one whose first process ended too soon.
const ENDED: &str = "it ended before the kernel could be asked";

/// What an engine tells, in order: each container comes once, and goes once.
#[derive(Debug)]
pub enum News {
    /// What there is at the beginning.
    First(Box<Seen>),
    /// A container that was not there.
    Came(Come, i64, Box<Inspected>),
    /// One that is there runs now, as it is since then; or why it could not be asked about.
    Began(String, i64, Result<Box<Inspected>, String>),
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
pub struct Inspected {
    /// The container; where it could not be inspected what the event tells, with why in its gaps.
    pub container: Running,
    /// Whether it could be inspected.
    pub whole: bool,
    /// Its volumes that the driver mounts from elsewhere, by name.
    pub volumes: BTreeMap<String, VolumeOptions>,
}

/// Follows an engine until `tell` says that nobody listens. All times are in nanoseconds since 1970.
///
/// # Errors
/// The engine cannot be reached at the beginning. Later that is news.
pub fn watch(options: &Options, profiles: &[Profile], tell: &mut dyn FnMut(News) -> bool) -> Result<(), EngineError> {
    let endpoint = context::endpoint(options)?;
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let conversation = Arc::new(Conversation::lasting(&endpoint, options)?);
        let permits = Arc::new(Semaphore::new(connect::width(&endpoint.address)));
        let roll = Roll::new(now());
        let early = Some(Vec::new());
        let mut watch = Watch { endpoint, conversation, permits, profiles, roll, tell, early, lost: false };
        watch.go().await
    });
    runtime.shutdown_background();
    result
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

struct Watch<'a> {
    endpoint: Endpoint,
    conversation: Arc<Conversation>,
    permits: Arc<Semaphore>,
    profiles: &'a [Profile],
    roll: Roll,
    tell: &'a mut dyn FnMut(News) -> bool,
    /// What came before the first list was read, which is told first; `None` from then on.
    early: Option<Vec<News>>,
    /// Whether it was told that the engine is away, and not yet that it is back.
    lost: bool,
}

/// Why a session is over.
enum Over {
    /// Nobody listens.
    Unheard,
    /// The engine went away.
    Lost(EngineError),
}

impl Watch<'_> {
    async fn go(&mut self) -> Result<(), EngineError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let begun = Instant::now();
            let error = match self.session().await {
                Over::Unheard => return Ok(()),
                Over::Lost(error) if self.early.is_some() => return Err(error),
                Over::Lost(error) => error,
            };
            if begun.elapsed() > LAST_PAUSE {
                pause = FIRST_PAUSE;
            }
            // It is told once that it is away, however often it is tried.
            if !std::mem::replace(&mut self.lost, true) && !(self.tell)(News::Lost(error)) {
                return Ok(());
            }
            sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Subscribes and then asks for the list, so that nothing is lost between the two.
    async fn session(&mut self) -> Over {
        let events = match self.conversation.events(&self.endpoint, self.roll.since()).await {
            Ok(events) => events,
            Err(error) => return Over::Lost(error),
        };
        let (mut session, mut taken) = Session::new(events, &self.conversation, &self.permits);
        self.list(&mut session);
        let over = self.steps(&mut session, &mut taken).await;
        if matches!(over, Over::Lost(_)) && self.abandon(session).is_err() {
            return Over::Unheard;
        }
        over
    }

    async fn steps(&mut self, session: &mut Session, taken: &mut UnboundedReceiver<Step>) -> Over {
        let mut check = Instant::now() + CHECK;
        loop {
            session.tidy();
            if check <= Instant::now() {
                self.list(session);
                check = Instant::now() + CHECK;
            }
            // The session has a sender of its own, so that the channel does not close.
            if let Ok(Some(step)) = timeout_at(check, taken.recv()).await
                && let Err(over) = self.step(session, step)
            {
                return over;
            }
        }
    }

    /// Asks for a list, where none is on its way.
    fn list(&mut self, session: &mut Session) {
        if !session.listing {
            self.roll.ask();
            session.list(self.early.is_some());
        }
    }

    fn step(&mut self, session: &mut Session, step: Step) -> Result<(), Over> {
        match step {
            Step::Line(line) => match events::parse(&line) {
                Ok(None) => Ok(()),
                Ok(Some(event)) => match self.roll.event(&event) {
                    Some(act) => self.act(session, act, event),
                    None => Ok(()),
                },
                Err(NoEvent) => {
                    self.list(session);
                    self.tell(News::Odd)
                }
            },
            Step::Ended(why) => Err(Over::Lost(self.conversation.ended(why))),
            Step::First(first) => {
                session.listing = false;
                self.first(first.map_err(Over::Lost)?)
            }
            Step::Listed(list) => {
                session.listing = false;
                let acts = self.roll.listed(&list.map_err(Over::Lost)?);
                if std::mem::take(&mut self.lost) {
                    self.tell(News::Back)?;
                }
                acts.into_iter().try_for_each(|(id, act)| self.act(session, act, Event::unseen(id, now())))
            }
            Step::Asked(id, answer, volumes) => {
                let mut waiting = session.asked.remove(&id).unwrap_or_default();
                if let Some((act, event)) = waiting.pop_front() {
                    self.asked(act, &event, *answer, &volumes)?;
                }
                waiting.into_iter().try_for_each(|(act, event)| self.act(session, act, event))
            }
        }
    }

    /// Tells what happened, once it is known; what happened to one container is told in its order.
    fn act(&mut self, session: &mut Session, act: Act, event: Event) -> Result<(), Over> {
        if let Some(waiting) = session.asked.get_mut(&event.id) {
            waiting.push_back((act, event));
            return Ok(());
        }
        if matches!(act, Act::Made | Act::Started | Act::Began) {
            session.ask(act, event);
            return Ok(());
        }
        self.passes(act, event)
    }

    /// Tells what nothing need be asked for.
    fn passes(&mut self, act: Act, event: Event) -> Result<(), Over> {
        match (act, event.attribute("name")) {
            (Act::Renamed, Some(name)) => {
                let name = name.trim_start_matches('/').to_owned();
                self.tell(News::Renamed(event.id, name))
            }
            (Act::Renamed, None) => Ok(()),
            _ => self.tell(News::Ended(event.id, event.at)),
        }
    }

    /// Tells of a container that was asked about.
    fn asked(&mut self, act: Act, event: &Event, answer: Answer, volumes: &[Volume]) -> Result<(), Over> {
        let sources = Sources::default();
        let reader = reader(self.profiles, &sources);
        let options = volumes.iter().filter_map(|one| Some((one.name.clone(), volume::options(one)?)));
        let whole = |container| Inspected { container: placeless(container), whole: true, volumes: options.collect() };
        let answer = match answer {
            // Of one that ended in the meantime the kernel shows nothing.
            Ok(Some(picked)) if act == Act::Began => reader.running(picked).map(whole).ok_or_else(|| ENDED.to_owned()),
            Ok(Some(picked)) => Ok(whole(reader.container(picked))),
            Ok(None) => Err(GONE.to_owned()),
            Err(error) => {
                self.roll.unasked(&event.id);
                Err(Reader::uninspected(&error))
            }
        };
        let come = match act {
            Act::Made => Come::Made,
            Act::Started => Come::Started,
            _ => return self.tell(News::Began(event.id.clone(), event.at, answer.map(Box::new))),
        };
        let witnessed = |why| Inspected { container: Reader::witnessed(event, why), ..Inspected::default() };
        self.tell(News::Came(come, event.at, Box::new(answer.unwrap_or_else(witnessed))))
    }

    fn first(&mut self, (found, info, volumes): First) -> Result<(), Over> {
        let sources = Sources::default();
        let reader = reader(self.profiles, &sources);
        let mut there = Vec::new();
        for (summary, answer) in found {
            let id = summary.id.clone().unwrap_or_default();
            let failed = answer.is_err();
            let read = reader.read((summary, answer));
            // One that events tell of comes by them; one that ended since it was listed is not there.
            if matches!(read.1, Ok(None)) || !self.roll.first(&id) {
                continue;
            }
            there.push(read);
            if failed {
                self.roll.unasked(&id);
            }
        }
        let containers = known(there).into_iter().map(placeless).collect();
        let seen = Box::new(seen(&self.endpoint.address, containers, info, volumes));
        let early = self.early.take().unwrap_or_default();
        std::iter::once(News::First(seen)).chain(early).try_for_each(|news| self.tell(news))
    }

    fn tell(&mut self, news: News) -> Result<(), Over> {
        match &mut self.early {
            Some(early) => early.push(news),
            None if !(self.tell)(news) => return Err(Over::Unheard),
            None => {}
        }
        Ok(())
    }

    /// What was being asked when the engine went away is told as far as it is known, and asked for again later.
    fn abandon(&mut self, session: Session) -> Result<(), Over> {
        for (act, event) in session.asked.into_values().flatten() {
            match act {
                Act::Made | Act::Started | Act::Began => {
                    let away = Err(self.conversation.ended(Ended::Left));
                    self.asked(act, &event, away, &[])?;
                }
                Act::Ended | Act::Renamed => self.passes(act, event)?,
            }
        }
        Ok(())
    }
}

/// A container without places in texts that are not kept.
fn placeless(mut container: Running) -> Running {
    container.script.unseen_span = None;
    for lock in container.script.invocations.iter_mut().flat_map(|call| &mut call.locks) {
        lock.opened = None;
    }
    container
}
