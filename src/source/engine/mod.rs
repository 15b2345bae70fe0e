//! The Docker engine, or Podman in its place: which containers run, and what it tells of them. Only reading requests.
//! The one place that is asynchronous: a runtime is made for one conversation, or for one watch, and ends with it.
//! May use `text`, `model`, `ruleset`, and of the other sources the types of `capture` and `image`, and `script`.
//!
//! ```text
//! address   text -> where an engine listens
//! context   options, environment, the Docker CLI's files -> which engine
//! connect   a socket, a port, ssh, counted in bytes; `tls` on top
//! ask       requests before a deadline, and what their failures mean; `lenient` for answers of another form
//! inspect   an answer -> a running container; `volume` -> what its driver was told; `images` -> what an image is
//! watch     what comes and goes from now on: `session` asks, `events` are read as they come, `roll` keeps who is there
//! error     why there is no answer, and what to try
//! ```

mod address;
mod ask;
mod connect;
mod context;
mod error;
mod events;
mod images;
mod inspect;
mod lenient;
mod roll;
mod session;
mod tls;
mod volume;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::models::{ContainerInspectResponse, ContainerSummary, SystemInfo, Volume};
use futures_util::future::{ready, try_join3};
use futures_util::{FutureExt as _, StreamExt as _, stream};

pub use self::error::EngineError;
pub use self::images::Images;
pub use self::watch::{Come, Inspected as Container, News, watch};

use self::address::Address;
use self::ask::Conversation;
use self::inspect::Reader;
use self::lenient::Picked;
use super::capture::{Capture, Running, Users, VERSION};
use crate::ruleset::Profile;
use crate::text::Sources;

/// Where the engine is, and how long to wait for it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Its address (`--host`).
    pub host: Option<String>,
    /// A context of the Docker CLI (`--context`).
    pub context: Option<String>,
    /// How to secure a TCP connection; a context of the CLI has its own.
    pub tls: Tls,
    /// How long the whole conversation may take; at most a day.
    pub timeout: Duration,
    /// The environment: `DOCKER_*`, `HOME`, and all of it for the program `ssh`.
    pub environment: BTreeMap<String, String>,
}

/// The TLS options of the Docker CLI.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// `--tls`.
    pub on: bool,
    /// `--tlsverify`; either value turns TLS on.
    pub verify: Option<bool>,
    /// `--tlscacert`.
    pub cacert: Option<PathBuf>,
    /// `--tlscert`.
    pub cert: Option<PathBuf>,
    /// `--tlskey`.
    pub key: Option<PathBuf>,
}

/// What the engine told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its running containers, sorted by name; the kernel was not asked.
    pub capture: Capture,
    /// Where it was asked.
    pub address: String,
    /// Whether it listens on a socket of this host and says nothing of a virtual machine: its pids may be this host's.
    pub local: bool,
    /// Whether it is Docker Desktop, whose containers run in a virtual machine with its own kernel and paths.
    pub desktop: bool,
}

/// Asks the engine which containers run, and about each.
///
/// A container that is gone before it is asked about is left out; one that cannot be asked about is there, with why in
/// its gaps. What the engine does not tell of itself or of its volumes is a gap of the capture.
pub fn look(options: &Options, profiles: &[Profile], sources: &Sources) -> Result<Seen, EngineError> {
    let reader = reader(profiles, sources);
    converse(options, async |conversation| {
        let containers = containers(conversation, &reader);
        let (containers, info, volumes) = try_join3(
            containers,
            conversation.info().then(|info| ready(Ok(info))),
            conversation.volumes().then(|volumes| ready(Ok(volumes))),
        )
        .await?;
        Ok(seen(&conversation.address, containers, info, volumes))
    })
}

/// Where the engine is that these options, the environment and the CLI's files name.
///
/// # Errors
/// None can be named by them.
pub fn address(options: &Options) -> Result<String, EngineError> {
    Ok(context::endpoint(options)?.address.to_string())
}

/// What the engine says of a container that it is asked about by id or name: what it is now, `None` where none of that
/// name runs, or why it could not be asked.
pub type Now = Result<Option<Running>, String>;

/// Asks again about some containers, by id or name. The order is that of the ids.
pub fn again(
    options: &Options,
    profiles: &[Profile],
    sources: &Sources,
    ids: &[String],
) -> Result<Vec<(String, Now)>, EngineError> {
    let reader = reader(profiles, sources);
    let asked = ids.iter().map(|id| ContainerSummary { id: Some(id.clone()), ..Default::default() });
    converse(options, async |conversation| {
        let found = inspected(conversation, &reader, asked.collect()).await?;
        let now = |(_, answer): Inspected| answer.map_err(|error| Reader::uninspected(&error));
        Ok(ids.iter().cloned().zip(found.into_iter().map(now)).collect())
    })
}

fn reader<'a>(profiles: &'a [Profile], sources: &'a Sources) -> Reader<'a> {
    let public = profiles.iter().flat_map(|profile| &profile.public_variables).map(String::as_str);
    Reader { public: public.collect(), sources }
}

/// Runs one conversation on a runtime of its own, on this thread.
fn converse<T>(
    options: &Options,
    talk: impl AsyncFnOnce(&Conversation) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    let endpoint = context::endpoint(options)?;
    let runtime = runtime()?;
    let result = runtime.block_on(async { talk(&Conversation::new(&endpoint, options)?).await });
    // A look-up of a name that hangs must not be waited for.
    runtime.shutdown_background();
    result
}

fn runtime() -> Result<tokio::runtime::Runtime, EngineError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(EngineError::Runtime)
}

async fn containers(conversation: &Conversation, reader: &Reader<'_>) -> Result<Vec<Running>, EngineError> {
    let listed = conversation.containers(false).await?;
    Ok(known(inspected(conversation, reader, listed).await?))
}

/// The containers that an engine told of, sorted by name.
fn known(found: Vec<Inspected>) -> Vec<Running> {
    let known = |(summary, answer): Inspected| answer.unwrap_or_else(|error| Some(Reader::listed(summary, &error)));
    let mut found: Vec<Running> = found.into_iter().filter_map(known).collect();
    found.sort_by(|one, other| one.name.cmp(&other.name).then_with(|| one.id.cmp(&other.id)));
    found
}

/// What is known of a container without an inspection, and what that tells.
type Inspected = (ContainerSummary, Result<Option<Running>, EngineError>);
/// The same, not read yet.
type Unread = (ContainerSummary, Result<Option<Picked<ContainerInspectResponse>>, EngineError>);

/// Each of the listed containers, in their order, as an inspection tells it.
async fn inspected(
    conversation: &Conversation,
    reader: &Reader<'_>,
    listed: Vec<ContainerSummary>,
) -> Result<Vec<Inspected>, EngineError> {
    let found = inspections(conversation, listed).await?;
    Ok(found.into_iter().map(|one| reader.read(one)).collect())
}

/// An inspection of each of the listed containers, in their order.
async fn inspections(conversation: &Conversation, listed: Vec<ContainerSummary>) -> Result<Vec<Unread>, EngineError> {
    let width = connect::width(&conversation.address);
    let mut answers = stream::iter(listed.into_iter().enumerate())
        .map(async |(at, summary)| {
            let answer = conversation.inspection(summary.id.as_deref().unwrap_or_default()).await;
            (at, summary, answer)
        })
        .buffer_unordered(width);
    let mut found = Vec::new();
    let (mut answered, mut silent) = (0, None);
    while let Some((at, summary, answer)) = answers.next().await {
        match &answer {
            Err(EngineError::TimedOut { .. } | EngineError::Connect { .. }) => silent = silent.or(Some(found.len())),
            _ => answered += 1,
        }
        found.push((at, (summary, answer)));
    }
    // One container that hangs is a gap; an engine that does not answer about any has said nothing.
    if let (0, Some(silent)) = (answered, silent)
        && let (_, (_, Err(error))) = found.swap_remove(silent)
    {
        return Err(error);
    }
    found.sort_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, inspection)| inspection).collect())
}

impl Reader<'_> {
    fn read(&self, (summary, answer): Unread) -> Inspected {
        (summary, answer.map(|picked| self.running(picked?)))
    }
}

fn seen(
    address: &Address,
    containers: Vec<Running>,
    info: Result<SystemInfo, EngineError>,
    volumes: Result<Vec<Volume>, EngineError>,
) -> Seen {
    let mut gaps = Vec::new();
    let info = info.unwrap_or_else(|error| {
        gaps.push(format!("the engine did not say what host it is on and where its volumes are: {error}"));
        SystemInfo::default()
    });
    let volumes = volumes.unwrap_or_else(|error| {
        gaps.push(format!("the engine did not say which of its volumes are mounted from elsewhere: {error}"));
        Vec::new()
    });
    let security: BTreeSet<&str> = info.security_options.iter().flatten().flat_map(|text| text.split(',')).collect();
    let desktop = info.operating_system.as_deref().is_some_and(|system| system.starts_with("Docker Desktop"));
    let root = info.docker_root_dir.filter(|root| !root.is_empty());
    let taken = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
    let options = volumes.iter().filter_map(|volume| Some((volume.name.clone(), volume::options(volume)?)));
    Seen {
        local: matches!(address, Address::Unix(_)) && !desktop,
        address: address.to_string(),
        desktop,
        capture: Capture {
            overlock_capture: VERSION,
            host: info.name.unwrap_or_default(),
            taken_at: i64::try_from(taken).unwrap_or(i64::MAX),
            volume_directory: root.map(|root| format!("{}/volumes", root.trim_end_matches('/'))),
            volumes: options.collect(),
            containers,
            gaps,
            driver: info.driver.unwrap_or_default(),
            users: match () {
                () if security.contains("name=rootless") => Users::Rootless,
                () if security.contains("name=userns") => Users::Remapped,
                () => Users::Same,
            },
            ..Capture::default()
        },
    }
}
