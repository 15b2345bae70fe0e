//! What runs now, as an engine tells it: all of it, or some containers again. Uses `client`, `context`, `inspect` and
//! `volume`.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use bollard::models::{ContainerInspectResponse, ContainerSummary, SystemInfo, Volume};
use futures_util::future::{ready, try_join3};
use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::address::Address;
use super::client::EngineClient;
use super::error::EngineError;
use super::inspect::InspectReader;
use super::lenient::Picked;
use super::options::Options;
use super::{connect, context, volume};
use crate::input::capture::{Capture, Users, VERSION};
use crate::model::{Container, Inspection};
use crate::rules::Profile;
use crate::text::Sources;

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

/// Why nothing is known of a container that ended between the list and its inspection.
const ENDED: &str = "it ended while it was looked at";
/// Why nothing is known of a container that is listed and cannot be asked about.
const CONTRADICTED: &str = "it could not be inspected: the engine lists it, and says that there is no such container";

/// Asks the engine which containers run, and about each.
///
/// Every container of the list is there. One that cannot be asked about, or is gone before that, is there as the list has
/// it, with why in its gaps. What the engine does not tell of itself or of its volumes is a gap of the capture.
///
/// # Errors
/// The engine does not tell which containers run.
pub fn look(options: &Options, profiles: &[Profile], sources: &Sources) -> Result<Seen, EngineError> {
    let reader = reader(profiles, sources);
    converse(options, async |client| {
        let inspections = async {
            let answered = inspect_all(client, client.list_containers(false).await?).await;
            let answered: Vec<_> = answered.into_iter().map(|one| reader.read(one)).collect();
            Ok(with_missing(client, answered).await)
        };
        let (containers, info, volumes) = try_join3(
            inspections,
            client.info().then(|info| ready(Ok(info))),
            client.list_volumes().then(|volumes| ready(Ok(volumes))),
        )
        .await?;
        let unseen_nodes = unseen_nodes(client, info.as_ref().ok()).await;
        let mut seen = seen(&client.address, by_name(containers.into_iter()), info, volumes);
        seen.capture.gaps.extend(unseen_nodes);
        Ok(seen)
    })
}

/// What a manager of a swarm does not show: what runs on the other nodes.
async fn unseen_nodes(client: &EngineClient, info: Option<&SystemInfo>) -> Option<String> {
    /// So many nodes are named.
    const MOST_NAMED: usize = 5;
    let swarm = info?.swarm.as_ref().filter(|swarm| swarm.control_available == Some(true))?;
    let others = match client.other_nodes(swarm.node_id.as_deref().unwrap_or_default()).await {
        Ok(others) => others,
        Err(error) => return Some(format!("which other nodes the swarm has is not known: {error}")),
    };
    let (first, more) = others.split_at(others.len().min(MOST_NAMED));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    (!first.is_empty()).then(|| {
        format!(
            "what runs on the swarm's other nodes, {}{more}, is not seen from here: run `overlock capture` on each, and give \
             the captures to `overlock audit --from`",
            first.join(", ")
        )
    })
}

/// Keeps the containers of the list of which the engine says that none runs as it is asked about them: one that a second
/// list has too is there, whatever the engine says.
async fn with_missing(client: &EngineClient, answered: Vec<Answered<Container>>) -> Vec<Answered<Container>> {
    if answered.iter().all(|one| !matches!(one.answer, Ok(None))) {
        return answered;
    }
    let listed = client.list_containers(false).await.ok();
    let ids: Option<BTreeSet<String>> = listed.map(|list| list.into_iter().filter_map(|one| one.id).collect());
    let keep = |one: Answered<Container>| {
        if !matches!(one.answer, Ok(None)) {
            return one;
        }
        let is_listed = ids.as_ref().is_none_or(|ids| one.summary.id.as_ref().is_some_and(|id| ids.contains(id)));
        let (why, known) = if is_listed { (CONTRADICTED, Inspection::Mounts) } else { (ENDED, Inspection::Ended) };
        let container = InspectReader::listed(one.summary.clone(), why.to_owned(), known);
        Answered { answer: Ok(Some(container)), ..one }
    };
    answered.into_iter().map(keep).collect()
}

/// Where the engine is that these options, the environment and the CLI's files name.
///
/// # Errors
/// None can be named by them.
pub fn address(options: &Options) -> Result<String, EngineError> {
    Ok(context::endpoint(options)?.address.to_string())
}

/// Whether that is a socket of this host.
///
/// # Errors
/// No engine can be named by the options.
pub fn is_local(options: &Options) -> Result<bool, EngineError> {
    Ok(matches!(context::endpoint(options)?.address, Address::Unix(_)))
}

/// What the engine says of a container that it is asked about by id or name: what it is now, `None` where none of that
/// name runs, or why it could not be asked.
pub type InspectResult = Result<Option<Container>, String>;

/// Asks again about some containers, by id or name. The order is that of the ids.
///
/// # Errors
/// The engine answers about none of them.
pub fn inspect_again(
    options: &Options,
    profiles: &[Profile],
    sources: &Sources,
    ids: &[String],
) -> Result<Vec<(String, InspectResult)>, EngineError> {
    let reader = reader(profiles, sources);
    let asked = ids.iter().map(|id| ContainerSummary { id: Some(id.clone()), ..Default::default() }).collect();
    converse(options, async |client| {
        let inspections = unless_silent(inspect_all(client, asked).await)?;
        let results = inspections.into_iter().map(|one| reader.read(one).answer);
        let results = results.map(|answer| answer.map_err(|error| InspectReader::uninspected(&error)));
        Ok(ids.iter().cloned().zip(results).collect())
    })
}

pub(super) fn reader<'a>(profiles: &'a [Profile], sources: &'a Sources) -> InspectReader<'a> {
    let public = profiles.iter().flat_map(|profile| &profile.public_variables).map(String::as_str);
    InspectReader { public: public.collect(), sources }
}

/// Runs one conversation on a runtime of its own, on this thread.
pub(super) fn converse<T>(
    options: &Options,
    talk: impl AsyncFnOnce(&EngineClient) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    let endpoint = context::endpoint(options)?;
    let runtime = runtime()?;
    let result = runtime.block_on(async { talk(&EngineClient::new(&endpoint, options)?).await });
    // A look-up of a name that hangs must not be waited for.
    runtime.shutdown_background();
    result
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, EngineError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(EngineError::Runtime)
}

/// The inspection of a listed container; the answer is `None` where it is gone.
pub(super) struct Answered<T> {
    pub(super) summary: ContainerSummary,
    pub(super) answer: Result<Option<T>, EngineError>,
}

/// An answer that was not read yet.
pub(super) type Raw = Picked<ContainerInspectResponse>;

impl InspectReader<'_> {
    pub(super) fn read(&self, inspection: Answered<Raw>) -> Answered<Container> {
        let Answered { summary, answer } = inspection;
        let with_mounts = |container: Container| Self::with_listed_mounts(container, &summary);
        Answered { answer: answer.map(|raw| self.running(raw?).map(with_mounts)), summary }
    }
}

/// The containers that run, sorted by name; one that could not be inspected as it was listed.
pub(super) fn by_name(inspections: impl Iterator<Item = Answered<Container>>) -> Vec<Container> {
    let containers = inspections.filter_map(|one| match one.answer {
        Ok(running) => running,
        Err(error) => Some(InspectReader::listed(one.summary, InspectReader::uninspected(&error), Inspection::Mounts)),
    });
    let mut containers: Vec<Container> = containers.collect();
    containers.sort_by(|one, other| one.name.cmp(&other.name).then_with(|| one.engine().id.cmp(&other.engine().id)));
    containers
}

/// An inspection of each of the listed containers, in their order.
pub(super) async fn inspect_all(client: &EngineClient, listed: Vec<ContainerSummary>) -> Vec<Answered<Raw>> {
    let mut answers = stream::iter(listed.into_iter().enumerate())
        .map(async |(at, summary)| {
            let answer = client.inspect_container(summary.id.as_deref().unwrap_or_default()).await;
            (at, Answered { summary, answer })
        })
        .buffer_unordered(connect::width(&client.address));
    let mut found = Vec::new();
    while let Some(inspection) = answers.next().await {
        found.push(inspection);
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, inspection)| inspection).collect()
}

/// The inspections, unless the engine answered none of them: it has said nothing then.
pub(super) fn unless_silent(mut inspections: Vec<Answered<Raw>>) -> Result<Vec<Answered<Raw>>, EngineError> {
    let is_silent =
        |one: &Answered<Raw>| matches!(&one.answer, Err(EngineError::TimedOut { .. } | EngineError::Connect { .. }));
    if inspections.iter().all(is_silent)
        && let Some(Answered { answer: Err(error), .. }) = inspections.pop()
    {
        return Err(error);
    }
    Ok(inspections)
}

pub(super) fn seen(
    address: &Address,
    mut containers: Vec<Container>,
    info: Result<SystemInfo, EngineError>,
    volumes: Result<Vec<Volume>, EngineError>,
) -> Seen {
    let mut gaps = Vec::new();
    let info = info.unwrap_or_else(|error| {
        gaps.push(format!("the engine did not say what host it is on and where its volumes are: {error}"));
        SystemInfo::default()
    });
    let volumes = volumes.unwrap_or_else(|error| {
        // What is known of a volume from the list alone is its name, and where that is only the driver's options tell.
        for engine in containers.iter_mut().map(Container::engine_mut) {
            let has_volume = engine.mounts.iter().any(|mount| mount.kind == "volume");
            if has_volume && engine.inspection == Inspection::Mounts {
                engine.inspection = Inspection::Nothing;
            }
        }
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
