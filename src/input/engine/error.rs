//! Why an engine could not be asked, each with what to try. Uses nothing else of this crate.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::text::Reader;

/// The largest table of groups that is read, in bytes.
const MAX_GROUPS: u64 = 4 << 20;

/// Why an engine could not be found, reached or understood.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Two engines were named. The person's mistake.
    #[error("--host and --context both name an engine; give one of them")]
    HostAndContext,
    /// A context is named that the Docker CLI does not know. The person's mistake.
    #[error("there is no Docker context {name:?} below {}; {known}", directory.display())]
    NoSuchContext {
        /// The name.
        name: String,
        /// Where contexts were looked for.
        directory: PathBuf,
        /// Which there are, as a clause.
        known: String,
    },
    /// A file that says where the engine is cannot be used.
    #[error("cannot use {}, which says where the engine is: {why}; fix it, or name the engine with --host", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// An address that no engine can have. The person's mistake.
    #[error(
        "cannot use {address:?} as an engine's address: {why}; it is unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST"
    )]
    Address {
        /// The address, without a password.
        address: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A certificate or key cannot be used.
    #[error("cannot use {} for TLS with the engine: {why}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to try.
        why: String,
    },
    /// The engine cannot be reached.
    #[error("cannot connect to the engine at {address}: {why}; {hint}")]
    Connect {
        /// Its address.
        address: String,
        /// What the operating system says.
        why: String,
        /// What to try.
        hint: String,
    },
    /// The engine did not answer in time.
    #[error(
        "the engine at {address} did not answer {request} within {seconds} s; look whether `docker ps` answers, or give it \
         more time"
    )]
    TimedOut {
        /// Its address.
        address: String,
        /// The request, as `GET /path`.
        request: String,
        /// For how long the whole conversation was waited for.
        seconds: f64,
    },
    /// What answered is no engine, or one that is broken.
    #[error("the engine at {address} answered {request} with {what}; is that the address of a Docker engine's API?")]
    Nonsense {
        /// Its address.
        address: String,
        /// The request, as `GET /path`.
        request: String,
        /// What it answered with.
        what: String,
    },
    /// The engine, or a proxy before it, refused a request.
    #[error("the engine at {address} refused {request}: status {status}{message}")]
    Refused {
        /// Its address.
        address: String,
        /// The request, as `GET /path`.
        request: String,
        /// The HTTP status.
        status: u16,
        /// What it said, after a comma; empty where it said nothing.
        message: String,
    },
    /// The engine ended what has no end.
    #[error("the engine at {address} broke off the stream of its events; is it restarting?")]
    Left {
        /// Its address.
        address: String,
    },
    /// The machine is out of something.
    #[error("cannot prepare a conversation with the engine: {0}; are too many files open?")]
    Runtime(#[source] io::Error),
}

impl EngineError {
    /// Whether there is nothing at the address: no engine is installed there, or none runs.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Connect { why, .. } if *why == io::Error::from_raw_os_error(ABSENT).to_string())
    }
}

/// `ENOENT`.
const ABSENT: i32 = 2;

/// What to try when a Unix socket cannot be connected to.
pub(super) fn hint(socket: &Path, error: &io::Error, others: &[PathBuf]) -> String {
    let other = others.iter().find(|other| other.as_path() != socket && other.exists());
    let other = other.map(|other| format!(", or the one that is there: --host unix://{}", other.display()));
    let other = other.unwrap_or_default();
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!("start the engine, or say where it is with --host, --context or DOCKER_HOST{other}")
        }
        io::ErrorKind::ConnectionRefused => {
            format!("nothing listens on that socket: start the engine, or name another one with --host{other}")
        }
        io::ErrorKind::PermissionDenied => permission(socket),
        _ => format!("say where the engine is with --host, --context or DOCKER_HOST{other}"),
    }
}

fn permission(socket: &Path) -> String {
    let Ok(metadata) = fs::metadata(socket) else {
        return "a directory on its path is closed to this user: run as its owner or as root".to_owned();
    };
    permission_of(metadata.uid(), metadata.gid(), metadata.mode())
}

/// One remedy: a member of a group that the socket is open to may ask the engine, and would be told next to be root.
fn permission_of(owner: u32, group: u32, mode: u32) -> String {
    let is_open_to_group = mode & 0o060 == 0o060 && group != 0;
    match owner {
        0 if is_open_to_group => {
            let group = group_name(group);
            format!("run as root: a member of the group {group} may ask the engine, and not look into containers")
        }
        0 => "only root may use it: run as root".to_owned(),
        _ => "only its owner may use it: run as that user or as root".to_owned(),
    }
}

/// A group's name, or its number where it has none.
fn group_name(gid: u32) -> String {
    let number = gid.to_string();
    let table = Reader::of_host().read_text(Path::new("/etc/group"), MAX_GROUPS).unwrap_or_default();
    let named = table.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1) == Some(number.as_str())).then(|| name.to_owned())
    });
    named.unwrap_or(number)
}

/// The first line of what an engine said, short enough for a message, after a comma; empty where it said nothing.
pub(super) fn said(message: &str) -> String {
    let line = message.trim().lines().next().unwrap_or_default();
    let line: String = line.chars().filter(|character| !character.is_control()).take(200).collect();
    if line.is_empty() { line } else { format!(", {line}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_what_can_be_done() {
        let directory = tempfile::tempdir().unwrap();
        let (socket, other) = (directory.path().join("docker.sock"), directory.path().join("podman.sock"));
        fs::write(&other, "").unwrap();
        let told = |kind: io::ErrorKind| hint(&socket, &kind.into(), &[socket.clone(), other.clone()]);
        assert!(told(io::ErrorKind::NotFound).contains("podman.sock"), "{}", told(io::ErrorKind::NotFound));
        assert!(told(io::ErrorKind::ConnectionRefused).contains("nothing listens"));
        assert!(told(io::ErrorKind::PermissionDenied).contains("closed to this user"));
        let of_group = permission_of(0, 4_000_000_000, 0o140_660);
        assert!(of_group.starts_with("run as root: ") && !of_group.contains(", or"), "{of_group}");
        assert!(permission_of(0, 0, 0o140_660).ends_with("run as root"));
        assert!(permission_of(1000, 1000, 0o140_600).contains("run as that user"));
        assert_eq!(group_name(0), "root");
        assert_eq!(group_name(4_000_000_000), "4000000000");
    }

    #[test]
    fn what_an_engine_says_is_one_short_line() {
        assert_eq!(said("  <html>\u{1b}[31m\n<body>"), ", <html>[31m");
        assert_eq!(said("\n"), "");
        assert_eq!(said(&"x".repeat(5000)).len(), 202);
    }
}
