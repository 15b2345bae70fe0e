//! `overlock watch`: containers judged as they come. One thread hears the engine, one asks the kernel, and this one judges
//! and tells. May use everything but `main`.

mod draft;
mod look;
mod standing;
mod state;
mod waiting;

use std::io::Write;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::accept::Acceptance;
use super::configuration::Configuration;
use super::engines::{self, AskedEngine};
use super::live::{self, Engine};
use super::session::Session;
use crate::cli::{self, LookArguments, Watch};
use crate::input::engine::{self, Delivery, EngineError, Event, Seen};
use crate::input::kernel;
use crate::render::safe;
use crate::report::ExitStatus;
use crate::rules::Ruleset;
use look::{Looked, WantedLooks};
use state::{LineTeller, State};

/// How many messages wait to be judged; the engine's events wait on their own thread then.
const MOST_MESSAGES: usize = 256;

/// What the other threads say.
#[derive(Debug)]
enum WatchMessage {
    Event(Event),
    Looked(Looked),
    /// The engine could not be reached at all.
    Failed(EngineError),
}

/// Tells what comes and goes until nobody reads it. The end of the process ends the other threads.
///
/// # Errors
/// The engine cannot be reached at the beginning, or nobody reads what is told.
pub(super) fn run(
    arguments: &Watch,
    configuration: Configuration,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let sight = &arguments.sight;
    if !sight.from.is_empty() {
        bail!("watch follows an engine, and a capture does not change: `overlock audit --from FILE` judges it");
    }
    if sight.no_engine || sight.host.len() > 1 {
        bail!("watch follows one engine: give --host once, and not --no-engine");
    }
    let none = cli::Accept::default();
    let acceptance = Acceptance { whole: false, ..Acceptance::of_running(session.world, configuration, &none) };
    if let Some(file) = &acceptance.configuration.file {
        writeln!(err, "overlock: using {}", safe(file))?;
    }
    let (sender, messages) = mpsc::sync_channel(MOST_MESSAGES);
    let wanted = WantedLooks::default();
    look::begin(look(sight), session.rules.profiles.clone(), wanted.clone(), sender.clone())
        .context("cannot start a thread")?;
    follow(engines::options(sight, session.world), session.rules, sender).context("cannot start a thread")?;
    let teller = LineTeller { out, format: arguments.format, all: arguments.all };
    let mut state = State::new(acceptance, session, wanted, teller, err);
    let first = |seen: Box<Seen>| begin(*seen, sight, session);
    judge(&messages, &mut state, first)
}

/// Hears the engine.
fn follow(options: engine::Options, rules: &Ruleset, to: SyncSender<WatchMessage>) -> std::io::Result<()> {
    let profiles = rules.profiles.clone();
    let mut tell = {
        let to = to.clone();
        move |event| match to.try_send(WatchMessage::Event(event)) {
            Ok(()) => Delivery::Taken,
            Err(TrySendError::Full(WatchMessage::Event(event))) => Delivery::Busy(event),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Delivery::Unheard,
        }
    };
    let hear = move || {
        if let Err(error) = engine::watch(&options, &profiles, &mut tell) {
            let _ = to.send(WatchMessage::Failed(error));
        }
    };
    thread::Builder::new().name("engine".to_owned()).spawn(hear).map(drop)
}

/// Judges whatever has come since the last time, together.
fn judge(
    messages: &Receiver<WatchMessage>,
    state: &mut State<'_>,
    first: impl Fn(Box<Seen>) -> Seen,
) -> anyhow::Result<ExitStatus> {
    loop {
        let message = match state.settle_in_time()? {
            Some(patience) => messages.recv_timeout(patience),
            None => messages.recv().map_err(RecvTimeoutError::from),
        };
        if matches!(message, Err(RecvTimeoutError::Disconnected)) {
            bail!("the engine is no longer followed, which should not happen");
        }
        for message in message.into_iter().chain(messages.try_iter().take(MOST_MESSAGES)) {
            match message {
                WatchMessage::Event(Event::First(seen)) => state.begin(first(seen))?,
                WatchMessage::Event(event) => state.take_event(event)?,
                WatchMessage::Looked(looked) => state.looked(looked),
                WatchMessage::Failed(error) => return Err(error.into()),
            }
        }
    }
}

/// Looks at all that runs at the beginning, as an audit does.
fn begin(mut seen: Seen, sight: &LookArguments, session: &Session<'_>) -> Seen {
    if let Some(why) = engines::elsewhere(seen.local, seen.desktop) {
        seen.capture.gaps.push(why.to_owned());
        seen.capture.containers.iter_mut().for_each(|running| running.add_gap(why));
        return seen;
    }
    let &Session { world, rules, sources, .. } = session;
    seen.capture.home = live::home(world);
    let ids: Vec<String> = seen.capture.containers.iter().map(|one| one.engine().id.clone()).collect();
    let deadline = Instant::now() + Duration::from_secs(sight.timeout);
    let engine = Engine { all: vec![AskedEngine::first(engines::options(sight, world))], rules, sources, deadline };
    engine.look(look(sight), &mut seen.capture);
    // What was started in between comes by its event.
    seen.capture.containers.retain(|one| ids.contains(&one.engine().id));
    seen.capture.containers.sort_by(|one, other| one.name.cmp(&other.name));
    seen
}

fn look(sight: &LookArguments) -> kernel::Look {
    kernel::Look { proc: sight.proc.clone(), timeout: Duration::from_secs(sight.timeout), ..kernel::Look::default() }
}
