//! Containers of official images that run a server of their own, as they are: whatever is mounted in them is read by that
//! server alone. Uses `official_images`, `program_names` and `model`.

use super::official_images::hub_name;
use crate::input::program_names::ProgramNames;
use crate::model::{Container, Word};

/// Official images whose entrypoints start a server and nothing that is given to them, sorted. Those of languages and
/// systems run anything, and are not among them.
const SERVERS: [&str; 32] = [
    "adminer",
    "arangodb",
    "caddy",
    "cassandra",
    "chronograf",
    "consul",
    "couchbase",
    "couchdb",
    "eclipse-mosquitto",
    "elasticsearch",
    "ghost",
    "haproxy",
    "httpd",
    "influxdb",
    "kibana",
    "mariadb",
    "memcached",
    "mongo",
    "mongo-express",
    "mysql",
    "nats",
    "neo4j",
    "nginx",
    "percona",
    "phpmyadmin",
    "postgres",
    "rabbitmq",
    "redis",
    "registry",
    "traefik",
    "valkey",
    "zookeeper",
];
/// Directories that have programs below them, and the names of those that hold them.
const ABOVE_PROGRAMS: [&str; 4] = ["/", "/opt", "/usr", "/usr/local"];
const OF_PROGRAMS: [&str; 4] = ["bin", "lib", "lib64", "sbin"];

/// Whether a container runs no more than the server of its image: it is not built here, and its command, if it has one,
/// has options for that server, or its name.
pub(super) fn runs_server_alone(container: &Container, programs: &ProgramNames) -> bool {
    let image = container.image.as_ref().filter(|image| !image.is_symbolic() && container.build.is_none());
    let Some(name) = image.map(|image| hub_name(&image.text)).filter(|name| SERVERS.binary_search(name).is_ok()) else {
        return false;
    };
    let words: Vec<&str> =
        container.command.iter().flat_map(|command| &command.words).map(|word| word.text.as_str()).collect();
    let is_for_server = words.first().is_none_or(|first| first.starts_with('-') || first.starts_with(name));
    let all_words = container.hooks.iter().flat_map(|hook| &hook.words).map(|word| word.text.as_str());
    let names_program = words.iter().copied().chain(all_words).any(|word| programs.is_program_named_in(word));
    container.entrypoint.is_none()
        && container.workplace.is_none()
        && is_for_server
        && !names_program
        && !calls_program(container, programs)
        && !container.mounts.iter().any(|mount| mount.target.is_symbolic() || may_bring_programs(&mount.target.text))
}

/// Whether what is mounted there may be run: programs of the image, or scripts that its entrypoint runs.
fn may_bring_programs(target: &str) -> bool {
    let is_script = target.contains("entrypoint") && target.rsplit('.').next() != Some("sql");
    is_script || ABOVE_PROGRAMS.contains(&target) || target.split('/').any(|part| OF_PROGRAMS.contains(&part))
}

/// Whether something that was seen to run in it is a known program.
fn calls_program(container: &Container, programs: &ProgramNames) -> bool {
    let mut words = container.script.invocations.iter().flat_map(|call| &call.argv);
    words.any(|word: &Word| programs.is_program_named_in(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::project::official_images::is_official;

    #[test]
    fn servers_are_sorted_and_official() {
        assert!(SERVERS.is_sorted());
        assert!(SERVERS.iter().all(|name| is_official(name)));
    }
}
