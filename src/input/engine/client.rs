//! The requests that an engine is asked: reading ones, all before one deadline or each before its own, and what their
//! failures mean. Uses `address`, `connect`, `error`, `events`, `inspect`, `lenient`.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{
    ContainerInspectResponse, ContainerSummary, ImageHistoryResponseItem, ImageInspect, Node, SystemInfo, Volume,
};
use bollard::query_parameters::{ListContainersOptions, ListNodesOptions, ListVolumesOptions};
use futures_util::StreamExt as _;
use hyper::body::Bytes;
use serde_json::Value;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, timeout_at};

use super::address::Address;
use super::connect::{Budget, client, endless, usual_sockets};
use super::context::Endpoint;
use super::error::{EngineError, hint, said};
use super::events::{self, EventStream, StreamEnd};
use super::inspect;
use super::lenient::{Picked, pick};
use super::options::Options;

/// What asks one engine.
pub(super) struct EngineClient {
    docker: Docker,
    pub(super) address: Address,
    options: Options,
    bound: Bound,
    /// How long answers are waited for from now on, for people.
    wait: Duration,
    budget: Arc<Budget>,
}

/// How long answers are waited for.
enum Bound {
    /// All of them until then.
    Whole(Instant),
    /// Each for so long.
    Each(Duration),
}

/// An answer in the form that bollard knows, or JSON in another one.
enum Decoded<T> {
    Typed(T),
    Other(Value),
}

/// The length of a whole id; what is shorter may be a name, or the beginning of one.
const WHOLE_ID: usize = 64;
/// What of a list's entry is wanted.
const LISTED: [&str; 7] = ["/Id", "/Names", "/Image", "/Labels", "/Mounts", "/State", "/Created"];
/// What of an image is wanted.
const OF_IMAGE: [&str; 11] = [
    "/Id",
    "/Config/User",
    "/Config/WorkingDir",
    "/Config/Env",
    "/Config/Entrypoint",
    "/Config/Cmd",
    "/Config/Shell",
    "/Config/Healthcheck/Test",
    "/Config/Labels",
    "/Config/Volumes",
    "/RootFS",
];
/// What of the engine's description of itself is wanted.
const TOLD: [&str; 8] = [
    "/Swarm/NodeID",
    "/Swarm/ControlAvailable",
    "/SystemTime",
    "/Name",
    "/DockerRootDir",
    "/Driver",
    "/OperatingSystem",
    "/SecurityOptions",
];

impl EngineClient {
    /// One whose answers must all come before the options' deadline, or where they have none, in their time from now on.
    /// Nothing is connected yet. To be called where the runtime is.
    pub(super) fn new(endpoint: &Endpoint, options: &Options) -> Result<Self, EngineError> {
        Self::within(Budget::new(), endpoint, options)
    }

    /// One that may bring as many bytes as an image has.
    pub(super) fn exporting(endpoint: &Endpoint, options: &Options) -> Result<Self, EngineError> {
        Self::within(Budget::of_image(), endpoint, options)
    }

    fn within(budget: Arc<Budget>, endpoint: &Endpoint, options: &Options) -> Result<Self, EngineError> {
        // Far enough for any wait, and near enough for the clock's arithmetic.
        let timeout = options.timeout.min(Duration::from_secs(24 * 3600));
        let now = Instant::now();
        let deadline = options.deadline.map_or_else(|| now + timeout, Instant::from_std);
        Ok(Self {
            docker: client(endpoint, &options.environment, timeout, &budget)?,
            address: endpoint.address.clone(),
            options: options.clone(),
            bound: Bound::Whole(deadline),
            wait: deadline.saturating_duration_since(now),
            budget,
        })
    }

    /// One without an end: time and bytes are bounded for each answer.
    pub(super) fn lasting(endpoint: &Endpoint, options: &Options) -> Result<Self, EngineError> {
        Ok(Self { bound: Bound::Each(options.timeout), wait: options.timeout, ..Self::new(endpoint, options)? })
    }

    /// What happens to containers, from a time on, in nanoseconds since 1970.
    pub(super) async fn subscribe(&self, endpoint: &Endpoint, since: i64) -> Result<EventStream, EngineError> {
        let (request, budget) = ("GET /events", Budget::new());
        let path = events::path(since);
        let asked = endless(endpoint, &self.options.environment, &path, &budget);
        let response = match timeout_at(Instant::now() + self.options.timeout, asked).await {
            Ok(response) => response.map_err(|error| self.failure(request, error))?,
            Err(_) => return Err(self.timed_out(request)),
        };
        match response.status().as_u16() {
            200 => Ok(EventStream::new(response.into_body(), budget)),
            status => {
                let (address, request) = (self.address.to_string(), request.to_owned());
                Err(EngineError::Refused { address, request, status, message: String::new() })
            }
        }
    }

    /// The error of a stream of events that ended.
    pub(super) fn stream_error(&self, why: StreamEnd) -> EngineError {
        match why {
            StreamEnd::Left => EngineError::Left { address: self.address.to_string() },
            StreamEnd::Endless => self.nonsense("GET /events", "an event without end"),
        }
    }

    /// The containers that run, paused ones too; with `all` also those that do not.
    pub(super) async fn list_containers(&self, all: bool) -> Result<Vec<ContainerSummary>, EngineError> {
        let request = "GET /containers/json";
        let options = all.then(|| ListContainersOptions { all, ..ListContainersOptions::default() });
        let list = match self.request(request, self.docker.list_containers(options)).await? {
            Decoded::Typed(list) => list,
            Decoded::Other(Value::Array(entries)) => {
                let picked = entries.iter().map(|entry| pick(entry, &LISTED).map(|picked| picked.value));
                let list: Option<Vec<_>> = picked.collect();
                list.ok_or_else(|| self.nonsense(request, "a list of something else than containers"))?
            }
            Decoded::Other(_) => return Err(self.nonsense(request, "JSON that is no list of containers")),
        };
        // Without an id there is nothing to ask after; and what is no id must not become part of a path.
        let is_id = |id: &str| !id.is_empty() && id.chars().all(|character| character.is_ascii_alphanumeric());
        if list.iter().all(|entry| entry.id.as_deref().is_some_and(is_id)) {
            Ok(list)
        } else {
            Err(self.nonsense(request, "a container that has no id"))
        }
    }

    /// What the engine tells of itself.
    pub(super) async fn info(&self) -> Result<SystemInfo, EngineError> {
        let request = "GET /info";
        match self.request(request, self.docker.info()).await? {
            Decoded::Typed(info) => Ok(info),
            Decoded::Other(other) => {
                let picked: Option<Picked<SystemInfo>> = pick(&other, &TOLD);
                Ok(picked.ok_or_else(|| self.nonsense(request, "JSON that is no object"))?.value)
            }
        }
    }

    /// The names of the swarm's nodes but this one, which a manager alone tells.
    pub(super) async fn other_nodes(&self, own: &str) -> Result<Vec<String>, EngineError> {
        let request = "GET /nodes";
        let of_node = |id: Option<&str>, name: Option<&str>| {
            let id = id.filter(|id| *id != own)?;
            Some(name.filter(|name| !name.is_empty()).unwrap_or(id).to_owned())
        };
        match self.request(request, self.docker.list_nodes(None::<ListNodesOptions>)).await? {
            Decoded::Typed(nodes) => {
                let name = |node: &Node| node.description.as_ref()?.hostname.clone();
                Ok(nodes.iter().filter_map(|node| of_node(node.id.as_deref(), name(node).as_deref())).collect())
            }
            Decoded::Other(Value::Array(nodes)) => {
                let name = |node: &Value| Some(node.pointer("/Description/Hostname")?.as_str()?.to_owned());
                let id = |node: &Value| Some(node.get("ID")?.as_str()?.to_owned());
                Ok(nodes.iter().filter_map(|node| of_node(id(node).as_deref(), name(node).as_deref())).collect())
            }
            Decoded::Other(_) => Err(self.nonsense(request, "JSON that is no list of nodes")),
        }
    }

    /// The volumes that the engine keeps.
    pub(super) async fn list_volumes(&self) -> Result<Vec<Volume>, EngineError> {
        let request = "GET /volumes";
        match self.request(request, self.docker.list_volumes(None::<ListVolumesOptions>)).await? {
            Decoded::Typed(answer) => Ok(answer.volumes.unwrap_or_default()),
            Decoded::Other(other) => match other.get("Volumes") {
                Some(Value::Array(volumes)) => Ok(volumes.iter().map(volume).collect()),
                None | Some(Value::Null) if other.is_object() => Ok(Vec::new()),
                _ => Err(self.nonsense(request, "JSON that is no list of volumes")),
            },
        }
    }

    /// One volume; `None` where there is none of that name, or where it is told in no known form.
    pub(super) async fn inspect_volume(&self, name: &str) -> Option<Volume> {
        match self.request("GET /volumes/NAME", self.docker.inspect_volume(name)).await.ok()? {
            Decoded::Typed(volume) => Some(volume),
            Decoded::Other(other) => other.is_object().then(|| volume(&other)),
        }
    }

    /// A container; `None` where there is none of that id or name.
    pub(super) async fn inspect_container(
        &self,
        id: &str,
    ) -> Result<Option<Picked<ContainerInspectResponse>>, EngineError> {
        let request = format!("GET /containers/{}/json", id.get(..12).unwrap_or(id));
        let picked = match self.request(&request, self.docker.inspect_container(id, None)).await {
            Ok(Decoded::Typed(value)) => Picked { value, odd: Vec::new() },
            Ok(Decoded::Other(other)) => match pick(&other, &inspect::WANTED) {
                Some(picked) => picked,
                None => return Err(self.nonsense(&request, "JSON that is no object")),
            },
            Err(EngineError::Refused { status: 404, .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let told: Option<&str> = picked.value.id.as_deref();
        match told.filter(|told| !told.is_empty()) {
            Some(told) if told == id || id.len() < WHOLE_ID => Ok(Some(picked)),
            Some(_) => Err(self.nonsense(&request, "another container")),
            None => Err(self.nonsense(&request, "a container that has no id")),
        }
    }

    /// An image as the engine has it; `None` where it has none of that name.
    pub(super) async fn inspect_image(&self, name: &str) -> Result<Option<ImageInspect>, EngineError> {
        let request = format!("GET /images/{name}/json");
        match self.request(&request, self.docker.inspect_image(name)).await {
            Ok(Decoded::Typed(image)) => Ok(Some(image)),
            Ok(Decoded::Other(other)) => {
                let picked: Option<Picked<ImageInspect>> = pick(&other, &OF_IMAGE);
                Ok(Some(picked.ok_or_else(|| self.nonsense(&request, "JSON that is no object"))?.value))
            }
            Err(EngineError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What made an image, the newest layer first.
    pub(super) async fn image_history(&self, name: &str) -> Result<Vec<ImageHistoryResponseItem>, EngineError> {
        let request = format!("GET /images/{name}/history");
        match self.request(&request, self.docker.image_history(name)).await? {
            Decoded::Typed(layers) => Ok(layers),
            Decoded::Other(_) => Err(self.nonsense(&request, "JSON that is no list of layers")),
        }
    }

    /// Sends on the archive of an image, by its id, as long as somebody reads it.
    pub(super) async fn export_image(&self, id: &str, to: Sender<Bytes>) -> Result<(), EngineError> {
        let request = format!("GET /images/{}/get", id.get(..19).unwrap_or(id));
        let is_id = id.chars().all(|one| one.is_ascii_alphanumeric() || one == ':');
        if id.is_empty() || !is_id {
            return Err(self.nonsense(&request, "an image that has no id"));
        }
        let Bound::Whole(deadline) = self.bound else { return Err(self.timed_out(&request)) };
        let sending = async {
            let mut archive = std::pin::pin!(self.docker.export_image(id));
            while let Some(piece) = archive.next().await {
                let piece = piece.map_err(|error| self.failure(&request, error))?;
                if to.send(piece).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        timeout_at(deadline, sending).await.unwrap_or_else(|_| Err(self.timed_out(&request)))
    }

    async fn request<T>(
        &self,
        request: &str,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<Decoded<T>, EngineError> {
        let deadline = match self.bound {
            Bound::Whole(deadline) => deadline,
            Bound::Each(timeout) => {
                self.budget.renew();
                Instant::now() + timeout
            }
        };
        match timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => Ok(Decoded::Typed(answer)),
            Ok(Err(Error::JsonDataError { contents, .. })) => match serde_json::from_str(&contents) {
                Ok(other) => Ok(Decoded::Other(other)),
                Err(_) => Err(self.nonsense(request, "what is not JSON")),
            },
            Ok(Err(error)) => Err(self.failure(request, error)),
            Err(_) => Err(self.timed_out(request)),
        }
    }

    /// What a failure of bollard's means. Its own texts are not shown where they could repeat what was received.
    fn failure(&self, request: &str, error: Error) -> EngineError {
        if self.budget.is_spent() {
            return self.nonsense(request, "more than an engine has to say");
        }
        match error {
            Error::IOError { err } => self.unreachable(&err),
            Error::RequestTimeoutError => self.timed_out(request),
            Error::DockerResponseServerError { status_code, message } => EngineError::Refused {
                address: self.address.to_string(),
                request: request.to_owned(),
                status: status_code,
                message: said(&message),
            },
            Error::JsonSerdeError { .. } => self.nonsense(request, "JSON that ends in the middle"),
            Error::HyperResponseError { err } if err.is_parse() => self.nonsense(request, "what is not HTTP"),
            Error::HyperResponseError { err } => self.broken(request, &err),
            _ => EngineError::Address { address: self.address.to_string(), why: "no request can be made of it" },
        }
    }

    /// A connection that was made and then broke.
    fn broken(&self, request: &str, error: &(dyn std::error::Error + 'static)) -> EngineError {
        let chain = std::iter::successors(Some(error), |error| error.source());
        let cause = chain.filter_map(|error| error.downcast_ref::<io::Error>()).last();
        match (cause, &self.address) {
            (Some(cause), _) if cause.kind() != io::ErrorKind::UnexpectedEof => self.unreachable(cause),
            (_, Address::Ssh { .. }) => self.unreachable(&io::Error::other("ssh ended before the engine answered")),
            _ => self.nonsense(request, "an answer that ends in the middle"),
        }
    }

    fn nonsense(&self, request: &str, what: &str) -> EngineError {
        let address = self.address.to_string();
        EngineError::Nonsense { address, request: request.to_owned(), what: what.to_owned() }
    }

    fn timed_out(&self, request: &str) -> EngineError {
        let seconds = (self.wait.as_secs_f64() * 10.0).round() / 10.0;
        EngineError::TimedOut { address: self.address.to_string(), request: request.to_owned(), seconds }
    }

    fn unreachable(&self, error: &io::Error) -> EngineError {
        let hint = match &self.address {
            Address::Unix(socket) => hint(socket, error, &usual_sockets(&self.options.environment)),
            Address::Ssh { .. } => format!("look whether `docker --host {} version` works", self.address),
            Address::Tcp { .. } if error.kind() == io::ErrorKind::InvalidData => {
                "look whether the engine speaks TLS on that port, and whether its certificate is of that authority and \
                 that host"
                    .to_owned()
            }
            Address::Tcp { .. } => "look whether the address is right, and whether the engine listens there".to_owned(),
        };
        EngineError::Connect { address: self.address.to_string(), why: error.to_string(), hint }
    }
}

/// A volume of an answer in another form than bollard's.
fn volume(value: &Value) -> Volume {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let options = value.get("Options").and_then(Value::as_object).into_iter().flatten();
    let options = options.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
    Volume { name: text("Name"), driver: text("Driver"), options, ..Volume::default() }
}
