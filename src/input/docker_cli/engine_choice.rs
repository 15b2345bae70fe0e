//! Which engine a command asks, told by an address or a context's name: that of this host, or another one.
//! Uses `cli_family` and `model`.

use super::AmbientChoice;
use super::cli_family::CliFamily;
use crate::model::{EngineHost, Value};

/// The sockets of the usual engines of a host.
const USUAL_SOCKETS: [&str; 6] = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/podman/podman.sock",
    "/var/run/podman/podman.sock",
    "/run/containerd/containerd.sock",
    "/var/run/containerd/containerd.sock",
];
/// Beginnings of the names of contexts that programs make for engines in a machine of their own on this host, which
/// shows directories of it.
const OWN_MACHINES: [&str; 8] =
    ["desktop-linux", "colima", "orbstack", "rancher-desktop", "rootless", "lima", "podman-machine", "minikube"];

/// Whose the engine is that a command asks; `None` for the usual one.
pub fn engine_host(engine: Option<&Value>) -> EngineHost {
    let Some(engine) = engine else { return EngineHost::Here };
    let shown = engine.shown.word(&engine.text).into_owned();
    if engine.is_symbolic() {
        return EngineHost::Unclear(shown);
    }
    let text = engine.text.trim();
    let Some((scheme, rest)) = text.split_once("://") else {
        return match text {
            "" | "default" => EngineHost::Here,
            path if USUAL_SOCKETS.contains(&path) => EngineHost::Here,
            path if path.starts_with('/') => EngineHost::Unclear(shown),
            name if OWN_MACHINES.iter().any(|own| name.starts_with(own)) || is_own_name(host_of(name)) => {
                EngineHost::Unclear(shown)
            }
            _ => EngineHost::Elsewhere(shown),
        };
    };
    match scheme {
        "unix" if USUAL_SOCKETS.contains(&rest) => EngineHost::Here,
        // Another socket may lead anywhere, and so may a port of this host.
        "unix" | "npipe" | "fd" => EngineHost::Unclear(shown),
        _ if is_own_name(host_of(rest)) => EngineHost::Unclear(shown),
        _ if engine.shown.is_plain() => EngineHost::Elsewhere(host_of(rest).to_owned()),
        _ => EngineHost::Elsewhere(shown),
    }
}

impl AmbientChoice {
    /// The engine that the environment names to the programs of a family.
    pub(super) fn engine_of(&self, family: CliFamily) -> Option<Value> {
        match family {
            CliFamily::Podman => self.podman_engine.clone(),
            CliFamily::Docker | CliFamily::Nerdctl => self.engine.clone(),
        }
    }
}

/// Tells the engine that is asked from others, by what keeps its containers: no two of them have one name. Without a daemon
/// each user has an engine of their own. Empty for the usual engine of docker.
pub(super) fn name_scope(family: CliFamily, engine: Option<&Value>, user: Option<&str>) -> String {
    let address = match engine_host(engine) {
        EngineHost::Here => String::new(),
        EngineHost::Elsewhere(_) | EngineHost::Unclear(_) => engine.map(|one| one.text.clone()).unwrap_or_default(),
    };
    let (program, user) = match family {
        CliFamily::Docker => return address,
        CliFamily::Podman => ("podman", user),
        CliFamily::Nerdctl => ("nerdctl", user),
    };
    let user = if user == Some("0") { "root" } else { user.unwrap_or_default() };
    format!("{program} {user} {address}")
}

/// The host of an address without its user, port and path.
fn host_of(address: &str) -> &str {
    let authority = address.split('/').next().unwrap_or(address);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => host.split(':').next().unwrap_or(host),
    }
}

/// Whether a name is this host's own.
fn is_own_name(host: &str) -> bool {
    matches!(host, "localhost" | "::1" | "host.docker.internal" | "gateway.docker.internal") || host.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart_by_their_host() {
        let of = |text: &str| engine_host(Some(&Value::known(text, None)));
        let elsewhere = |host: &str| EngineHost::Elsewhere(host.to_owned());
        for here in ["", "default", "unix:///var/run/docker.sock", "unix:///run/docker.sock"] {
            assert_eq!(of(here), EngineHost::Here, "{here}");
        }
        assert_eq!(engine_host(None), EngineHost::Here);
        assert_eq!(of("ssh://me@builder.example:22/x"), elsewhere("builder.example"));
        assert_eq!(of("tcp://[fd00::1]:2375"), elsewhere("fd00::1"));
        assert_eq!(of("prod"), elsewhere("prod"));
        for unclear in ["unix:///run/user/1000/docker.sock", "tcp://localhost:2375", "desktop-linux", "127.0.0.1:2375"]
        {
            assert_eq!(of(unclear), EngineHost::Unclear(unclear.to_owned()), "{unclear}");
        }
    }
}
