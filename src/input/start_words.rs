//! Words by which a text of any language shows that it starts containers. Uses nothing else.

/// Programs that start containers.
const ENGINES: [&str; 3] = ["docker", "podman", "nerdctl"];
/// Their subcommands that do, or that lead to one that does.
const SUBCOMMANDS: [&str; 4] = ["run", "create", "exec", "compose"];
/// Libraries that speak to an engine, and modules of configuration tools that start containers.
const LIBRARIES: [&str; 20] = [
    "docker.from_env",
    "DockerClient",
    "aiodocker",
    "python_on_whales",
    "PodmanClient",
    "docker.APIClient",
    "docker.image(",
    "dockerode",
    "docker-cli-js",
    "testcontainers",
    "bollard",
    "shiplift",
    "docker/docker/client",
    "moby/moby/client",
    "docker/go-sdk",
    "containers/podman",
    "docker_container",
    "podman_container",
    "docker_compose_v2",
    "docker.sock",
];
/// How many options may stand between a program and its subcommand.
const OPTIONS: usize = 4;
/// What a script that starts containers has in it.
const ENGINE_WORDS: [&str; 5] = ["docker", "podman", "nerdctl", "CONTAINER_RUNTIME", "CONTAINER_ENGINE"];

/// Whether a text has the name of an engine's program in it.
pub(super) fn names_engine(text: &str) -> bool {
    ENGINE_WORDS.iter().any(|engine| text.contains(engine))
}

/// Whether a text of any language starts a container: by a library, or by an engine's program with a subcommand right
/// after it, or with both as texts of their own, which something between joins.
pub(super) fn starts_container(text: &str) -> bool {
    let has = |word: &&str| text.contains(*word);
    if LIBRARIES.iter().any(has) {
        return true;
    }
    let named: Vec<&str> = ENGINES.into_iter().filter(has).collect();
    let is_quoted = |word: &&str| ['"', '\'', '`'].iter().any(|quote| text.contains(&format!("{quote}{word}{quote}")));
    has_start_command(text) || (named.iter().any(is_quoted) && SUBCOMMANDS.iter().any(is_quoted))
}

/// Whether an engine's program stands in a text with a subcommand right after it.
pub(super) fn has_start_command(text: &str) -> bool {
    ENGINES.iter().any(|engine| {
        text.match_indices(engine)
            .any(|(at, _)| has_subcommand_after(text.get(at + engine.len()..).unwrap_or_default()))
    })
}

/// Whether what follows an engine's name is one of its subcommands, after options at most.
fn has_subcommand_after(rest: &str) -> bool {
    if rest.starts_with("-compose") {
        return true;
    }
    let is_between = |ch: char| ch.is_whitespace() || matches!(ch, '"' | '\'' | '`' | ',' | '[' | ']' | '(' | ')');
    if !rest.starts_with(is_between) {
        return false;
    }
    // Only so much is looked at that a name in prose costs nothing.
    let near = rest.char_indices().nth(200).and_then(|(at, _)| rest.get(..at)).unwrap_or(rest);
    let mut words = near.split(is_between).filter(|word| !word.is_empty());
    let mut is_value_possible = false;
    for _ in 0..=2 * OPTIONS {
        match words.next() {
            Some(word) if SUBCOMMANDS.contains(&word) => return true,
            Some(word) if word.starts_with('-') => is_value_possible = true,
            Some(_) if is_value_possible => is_value_possible = false,
            _ => return false,
        }
    }
    false
}
