//! Whose engine a command in a container asks: the one that its environment names, where the command itself names none.
//! Uses `docker_cli`.

use super::ProjectReader;
use crate::input::docker_cli::engine_host;
use crate::model::{Container, EngineHost, EnvValue, MountSource, Symbol, Value};

impl ProjectReader<'_> {
    /// Whose the engine is that a command asks which names `engine`, in the script of a container or of the host.
    pub(super) fn asked_engine(&self, engine: Option<&Value>, is_podman: bool, by: Option<&Container>) -> EngineHost {
        let own = by.filter(|_| engine.is_none()).and_then(|by| engine_of_environment(by, is_podman));
        let host = engine_host(engine.or(own.as_ref()));
        let EngineHost::Elsewhere(name) = &host else { return host };
        let Some(by) = by else { return host };
        match self.services.iter().find(|service| is_reached_as(service, name, by)) {
            // What hands on the host's own engine.
            Some(service) if has_engine_socket(service) => EngineHost::Here,
            // A name of the container's network, of what is not described here.
            None if !name.contains(['.', ':']) => EngineHost::Unclear(name.clone()),
            Some(_) | None => host,
        }
    }
}

/// The engine that a container's environment names.
fn engine_of_environment(container: &Container, is_podman: bool) -> Option<Value> {
    let names = if is_podman { ["CONTAINER_HOST", "CONTAINER_CONNECTION"] } else { ["DOCKER_HOST", "DOCKER_CONTEXT"] };
    names.into_iter().find_map(|name| match &container.env.get(name)?.value {
        EnvValue::Set(value) => Some((**value).clone()).filter(|value| !value.text.is_empty()),
        EnvValue::Inherited => {
            let symbol = Symbol { name: name.to_owned(), required: false };
            Some(Value { text: format!("${{{name}}}"), symbols: vec![symbol], ..Value::default() })
        }
    })
}

/// Whether a service answers to a name on the network of another one.
fn is_reached_as(service: &Container, name: &str, by: &Container) -> bool {
    let is_given = service.given_name.as_ref().is_some_and(|given| given.text == name);
    is_given || service.name == name && service.project == by.project
}

/// Whether a container has the socket of an engine of the host.
fn has_engine_socket(container: &Container) -> bool {
    container.mounts.iter().any(|mount| match &mount.source {
        MountSource::Host(source) | MountSource::Unresolved(source) => {
            let name = source.text.rsplit('/').next().unwrap_or_default();
            name.contains(".sock") || ["/", "/run", "/var/run", "/var"].contains(&source.text.as_str())
        }
        _ => false,
    })
}
