//! Connections to an engine, each counted in bytes: a Unix socket, a port, TLS on a port, a program `ssh`. bollard's
//! requests go over them. Uses `address`, `context`, `tls`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_rustls::rustls::ClientConfig;

use super::address::Address;
use super::context::Endpoint;
use super::error::EngineError;
use super::tls;
use crate::text::{EntryKind, Reader};

/// Bytes that one conversation may bring: some ten thousand containers. An engine that sends without end is not read
/// until memory ends.
const MOST: u64 = 256 * 1024 * 1024;

/// Bytes that the archive of an image may bring.
const MOST_OF_IMAGE: u64 = 32 * 1024 * 1024 * 1024;

/// What is left of [`MOST`], or of what else it began with.
#[derive(Debug)]
pub(super) struct Budget(AtomicU64);

impl Budget {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(MOST)))
    }

    /// For the archive of an image.
    pub(super) fn of_image() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(MOST_OF_IMAGE)))
    }

    /// Whether an engine sent more than it may.
    pub(super) fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// Begins anew: what a conversation without an end brings is bounded piece by piece.
    pub(super) fn renew(&self) {
        self.0.store(MOST, Ordering::Relaxed);
    }

    fn spend(&self, bytes: usize) -> bool {
        let left = self.0.load(Ordering::Relaxed).saturating_sub(bytes as u64);
        self.0.store(left, Ordering::Relaxed);
        left > 0
    }
}

/// bollard's client over connections of our own.
pub(super) fn client(
    endpoint: &Endpoint,
    environment: &BTreeMap<String, String>,
    timeout: Duration,
    budget: &Arc<Budget>,
) -> Result<Docker, EngineError> {
    let line = Arc::new(Line::new(endpoint, environment, budget)?);
    let host = host(&endpoint.address);
    let transport = move |request: BollardRequest| {
        let line = Arc::clone(&line);
        async move { line.send(request).await }
    };
    // Time is bounded for the whole conversation by its caller; bollard's own bound must only not come before.
    let seconds = timeout.as_secs().saturating_add(60);
    Docker::connect_with_custom_transport(transport, Some(format!("http://{host}")), seconds, API_DEFAULT_VERSION)
        .map_err(|_| unusable(&endpoint.address, "it is not understood"))
}

/// Asks for what has no end, over a connection of its own; the answer's head has come then.
pub(super) async fn endless(
    endpoint: &Endpoint,
    environment: &BTreeMap<String, String>,
    path: &str,
    budget: &Arc<Budget>,
) -> Result<Response<Incoming>, Error> {
    let line = Line::new(endpoint, environment, budget).map_err(|error| io::Error::other(error.to_string()))?;
    line.send(Request::get(path).body(String::new())?).await
}

/// What a request names as its host.
fn host(address: &Address) -> String {
    match address {
        Address::Tcp { host, port, .. } => super::address::authority(host, Some(*port)),
        // Go's HTTP server refuses a request without a host.
        Address::Unix(_) | Address::Ssh { .. } => "localhost".to_owned(),
    }
}

fn unusable(address: &Address, why: &'static str) -> EngineError {
    EngineError::Address { address: address.to_string(), why }
}

/// How many requests may be under way at once.
pub(super) fn width(address: &Address) -> usize {
    match address {
        // Each is a login of its own, and sshd drops some of more than ten at once (sshd_config(5), MaxStartups).
        Address::Ssh { .. } => 4,
        Address::Unix(_) | Address::Tcp { .. } => 16,
    }
}

/// The way to one engine. `B` is bollard's type of a request's body, which has no name outside.
struct Line<B> {
    address: Address,
    host: HeaderValue,
    tls: Option<Arc<ClientConfig>>,
    environment: BTreeMap<String, String>,
    budget: Arc<Budget>,
    keeps: bool,
    idle: Mutex<Vec<SendRequest<B>>>,
}

impl<B> Line<B>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn new(
        endpoint: &Endpoint,
        environment: &BTreeMap<String, String>,
        budget: &Arc<Budget>,
    ) -> Result<Self, EngineError> {
        let tls = endpoint.tls.as_ref().map(tls::configuration).transpose()?.map(Arc::new);
        let host = HeaderValue::from_str(&host(&endpoint.address));
        Ok(Self {
            address: endpoint.address.clone(),
            host: host.map_err(|_| unusable(&endpoint.address, "its host is no host's name"))?,
            // What is dear to open is kept: a login, a handshake. A socket is not, and a fresh one cannot have been closed.
            keeps: tls.is_some() || matches!(endpoint.address, Address::Ssh { .. }),
            tls,
            environment: environment.clone(),
            budget: Arc::clone(budget),
            idle: Mutex::default(),
        })
    }

    async fn send(&self, mut request: Request<B>) -> Result<Response<Incoming>, Error> {
        // The path alone, as HTTP wants it of anybody but a proxy's client.
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse::<Uri>()?;
        request.headers_mut().insert(HOST, self.host.clone());
        let mut sender = match self.idle() {
            Some(sender) => sender,
            None => self.open().await?,
        };
        let response = sender.send_request(request).await?;
        if self.keeps {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        }
        Ok(response)
    }

    /// A connection whose last answer has been read.
    fn idle(&self) -> Option<SendRequest<B>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|sender| !sender.is_closed());
        let at = idle.iter().position(SendRequest::is_ready)?;
        Some(idle.swap_remove(at))
    }

    async fn open(&self) -> Result<SendRequest<B>, Error> {
        let stream = TokioIo::new(CountedConnection { inner: self.dial().await?, budget: Arc::clone(&self.budget) });
        let (sender, connection) = http1::handshake(stream).await?;
        // It ends with the sender or with the runtime; what goes wrong with it the request tells.
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn dial(&self) -> io::Result<Box<dyn ByteStream>> {
        match (&self.address, &self.tls) {
            (Address::Unix(path), _) => Ok(Box::new(UnixStream::connect(path).await?)),
            (Address::Tcp { host, port, .. }, None) => Ok(Box::new(TcpStream::connect((host.as_str(), *port)).await?)),
            (Address::Tcp { host, port, .. }, Some(configuration)) => {
                let plain = TcpStream::connect((host.as_str(), *port)).await?;
                Ok(Box::new(tls::connect(plain, host, configuration).await?))
            }
            (Address::Ssh { user, host, port, socket }, _) => {
                Ok(Box::new(Ssh::start(user.as_deref(), host, *port, socket.as_deref(), &self.environment)?))
            }
        }
    }
}

trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

/// A connection that ends when the conversation has brought too much.
struct CountedConnection {
    inner: Box<dyn ByteStream>,
    budget: Arc<Budget>,
}

impl AsyncRead for CountedConnection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, to);
        if self.budget.spend(to.filled().len().saturating_sub(before)) {
            read
        } else {
            Poll::Ready(Err(io::Error::other("more bytes than an engine needs")))
        }
    }
}

impl AsyncWrite for CountedConnection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// The way of the Docker CLI to an engine over ssh (docker/cli, cli/connhelper): its own program on the other side
/// carries the bytes. Host keys and logins are ssh's.
struct Ssh {
    stdin: ChildStdin,
    stdout: ChildStdout,
    /// Ended when this is dropped.
    _child: Child,
}

impl Ssh {
    fn start(
        user: Option<&str>,
        host: &str,
        port: Option<u16>,
        socket: Option<&str>,
        environment: &BTreeMap<String, String>,
    ) -> io::Result<Self> {
        let mut command = Command::new("ssh");
        command.env_clear().envs(environment).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        if let Some(user) = user {
            command.args(["-l", user]);
        }
        if let Some(port) = port {
            command.args(["-p", &port.to_string()]);
        }
        command.args(["-o", "ConnectTimeout=30", "-T", "--", host, "docker"]);
        if let Some(socket) = socket {
            command.args(["--host", &format!("unix://{socket}")]);
        }
        let mut child = command
            .args(["system", "dial-stdio"])
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("the program ssh cannot be started: {error}")))?;
        let missing = || io::Error::other("the program ssh has no input or output");
        let (stdin, stdout) = (child.stdin.take().ok_or_else(missing)?, child.stdout.take().ok_or_else(missing)?);
        Ok(Self { stdin, stdout, _child: child })
    }
}

impl AsyncRead for Ssh {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, to)
    }
}

impl AsyncWrite for Ssh {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stdin).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_shutdown(cx)
    }
}

/// The sockets of Podman that are on this host: of root, and of each user who runs one (podman-system-service(1)).
pub fn podman_sockets() -> Vec<PathBuf> {
    /// How many users of a host are looked for.
    const MOST_USERS: usize = 10_000;
    let users = Path::new("/run/user");
    let listed = Reader::of_host().list(users, MOST_USERS).unwrap_or_default();
    let mut sockets: Vec<PathBuf> =
        listed.into_iter().map(|user| users.join(user.name).join("podman/podman.sock")).collect();
    sockets.sort();
    sockets.insert(0, PathBuf::from("/run/podman/podman.sock"));
    sockets.retain(|path| Reader::of_host().kind(path) == Ok(EntryKind::Other));
    sockets
}

/// The other places where an engine's socket usually is.
pub(super) fn usual_sockets(environment: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let below = |variable: &str, path: &str| environment.get(variable).map(|base| PathBuf::from(base).join(path));
    let personal = [
        below("XDG_RUNTIME_DIR", "docker.sock"),
        below("HOME", ".docker/run/docker.sock"),
        below("HOME", ".docker/desktop/docker.sock"),
        below("XDG_RUNTIME_DIR", "podman/podman.sock"),
    ];
    let common = ["/var/run/docker.sock", "/run/podman/podman.sock"].map(PathBuf::from);
    personal.into_iter().flatten().chain(common).collect()
}
