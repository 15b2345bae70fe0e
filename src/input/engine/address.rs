//! An engine's address, from text. Pure; uses `error`.

use std::fmt;
use std::path::PathBuf;

use super::error::EngineError;

/// Where an engine is when nothing says so.
const SOCKET: &str = "/var/run/docker.sock";

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A socket of this host.
    Unix(PathBuf),
    /// A port.
    Tcp {
        /// A name or a number; an IPv6 one without brackets.
        host: String,
        port: u16,
        /// Whether the address itself asks for TLS.
        tls: bool,
    },
    /// A host whose own Docker CLI is the way to its engine.
    Ssh { user: Option<String>, host: String, port: Option<u16>, socket: Option<String> },
}

impl fmt::Display for Address {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(to, "unix://{}", path.display()),
            Self::Tcp { host, port, tls } => {
                let scheme = if *tls { "https" } else { "tcp" };
                write!(to, "{scheme}://{}", authority(host, Some(*port)))
            }
            Self::Ssh { user, host, port, socket } => {
                let user = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
                write!(to, "ssh://{user}{}{}", authority(host, *port), socket.as_deref().unwrap_or_default())
            }
        }
    }
}

/// A host and a port as a URL has them.
pub(super) fn authority(host: &str, port: Option<u16>) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
}

/// The address that a text names; an empty text names the usual socket.
pub(super) fn parse(text: &str) -> Result<Address, EngineError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Address::Unix(PathBuf::from(SOCKET)));
    }
    let wrong = |why| EngineError::Address { address: without_password(text), why };
    // Docker takes a text without a scheme as a host.
    let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
    match scheme {
        "unix" if rest.is_empty() => Ok(Address::Unix(PathBuf::from(SOCKET))),
        "unix" => Ok(Address::Unix(PathBuf::from(rest))),
        "tcp" if rest.starts_with('/') => Err(wrong("a path is written unix://PATH")),
        "tcp" | "http" | "https" => tcp(rest, scheme == "https").map_err(wrong),
        "ssh" => ssh(rest).map_err(wrong),
        "npipe" | "fd" => Err(wrong("such addresses are not for this system")),
        _ => Err(wrong("it begins with none of the known schemes")),
    }
}

fn without_password(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((before, after)) => match before.split_once("://") {
            Some((scheme, user)) => format!("{scheme}://{}@{after}", user.split(':').next().unwrap_or_default()),
            None => format!("{}@{after}", before.split(':').next().unwrap_or_default()),
        },
        None => text.to_owned(),
    }
}

fn tcp(rest: &str, tls: bool) -> Result<Address, &'static str> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#']) {
        return Err("nothing may follow the port");
    }
    if rest.contains('@') {
        return Err("an engine's port knows no users");
    }
    let (host, port) = host_and_port(rest)?;
    let host = if host.is_empty() { "localhost".to_owned() } else { host };
    // Docker's own default also under TLS.
    Ok(Address::Tcp { host, port: port.unwrap_or(if tls { 2376 } else { 2375 }), tls })
}

fn ssh(rest: &str) -> Result<Address, &'static str> {
    let (authority, socket) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let socket = Some(socket).filter(|path| !path.is_empty() && *path != "/").map(str::to_owned);
    // It becomes a word of a shell on the other side.
    if socket.iter().any(|path| !path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-@:".contains(c))) {
        return Err("the socket's path may have letters, digits and /._-@: only");
    }
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => return Err("a password cannot be given in an address"),
        Some((user, host)) => (Some(user.to_owned()), host),
        None => (None, authority),
    };
    let (host, port) = host_and_port(host)?;
    if host.is_empty() || user.as_ref().is_some_and(String::is_empty) {
        return Err("there is no host in it");
    }
    Ok(Address::Ssh { user, host, port, socket })
}

fn host_and_port(text: &str) -> Result<(String, Option<u16>), &'static str> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or("a bracket is not closed")?;
            (host, rest.strip_prefix(':').or(Some("")).filter(|_| rest.is_empty() || rest.starts_with(':')))
        }
        None => text.rsplit_once(':').map_or((text, Some("")), |(host, port)| (host, Some(port))),
    };
    let port = port.ok_or("something follows the bracket that is no port")?;
    if text.starts_with('[') != host.contains(':') {
        return Err("an IPv6 address is written in brackets");
    }
    match port {
        "" => Ok((host.to_owned(), None)),
        port => Ok((host.to_owned(), Some(port.parse().map_err(|_| "its port is no number up to 65535")?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_docker_reads_them() {
        for (text, meant) in [
            ("", "unix:///var/run/docker.sock"),
            ("unix://", "unix:///var/run/docker.sock"),
            ("unix:///run/user/1000/podman/podman.sock", "unix:///run/user/1000/podman/podman.sock"),
            ("tcp://h", "tcp://h:2375"),
            ("tcp://:4243", "tcp://localhost:4243"),
            ("h:99", "tcp://h:99"),
            ("http://h:1/", "tcp://h:1"),
            ("https://h", "https://h:2376"),
            ("tcp://[::1]:5", "tcp://[::1]:5"),
            ("tcp://[::1]", "tcp://[::1]:2375"),
            ("ssh://me@h:22", "ssh://me@h:22"),
            ("ssh://h/run/docker.sock", "ssh://h/run/docker.sock"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), meant, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_told_without_its_password() {
        for text in [
            "ftp://h",
            "/var/run/docker.sock",
            "tcp://h:x",
            "tcp://h:99999",
            "tcp://h/base",
            "tcp://[::1",
            "tcp://[::1]5",
            "tcp://::1",
            "tcp://me:hunter2@h",
            "ssh://me:hunter2@h",
            "me:hunter2@h",
            "ssh://",
            "ssh://h/a b",
            "ssh://h/$(x)",
            "npipe:////./pipe/docker_engine",
            "tcp://[",
        ] {
            let told = parse(text).unwrap_err().to_string();
            assert!(told.contains("as an engine's address") && !told.contains("hunter2"), "{text}: {told}");
        }
    }
}
