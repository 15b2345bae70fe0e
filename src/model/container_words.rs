//! What commands of the host read out of containers, by their words: `docker cp NAME:PATH`, a command that `docker exec`
//! runs. Uses `call_words` and `path_in_container`.

use super::call_words::{operands, program_name};
use super::path_in_container::{NamedContainer, PathInContainer};
use super::{Invocation, Word};

/// Programs that copy between the host and containers.
const ENGINES: [&str; 5] = ["docker", "podman", "nerdctl", "finch", "docker-compose"];
/// Options of `exec` that have a value behind them.
const EXEC_VALUES: [&str; 9] =
    ["-e", "--env", "--env-file", "-u", "--user", "-w", "--workdir", "--index", "--detach-keys"];

/// A command that another one runs in a container.
pub(super) struct CommandInside {
    pub(super) container: NamedContainer,
    pub(super) call: Invocation,
}

/// Whether a call is one of an engine.
pub(super) fn is_engine(call: &Invocation) -> bool {
    ENGINES.contains(&program_name(call))
}

/// What a call names a container as: by its name, or as a service of Compose.
pub(super) fn named_container(call: &Invocation, subcommand: usize, name: &str) -> NamedContainer {
    let is_compose = |word: &Word| matches!(&**word, "compose" | "container-compose");
    if let Some(service) = service_of_id(name) {
        return NamedContainer::Service(service);
    }
    let is_service = program_name(call) == "docker-compose" || call.argv.iter().take(subcommand).any(is_compose);
    if is_service { NamedContainer::Service(name.to_owned()) } else { NamedContainer::Container(name.to_owned()) }
}

/// The service of Compose whose container's id a word is: `$(docker compose ps -q SERVICE)`.
pub(crate) fn service_of_id(word: &str) -> Option<String> {
    let dollar = word.strip_prefix("$(").and_then(|inner| inner.strip_suffix(')'));
    let inner = dollar.or_else(|| word.strip_prefix('`').and_then(|inner| inner.strip_suffix('`')))?;
    let words: Vec<&str> = inner.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    let at = words.iter().position(|word| *word == "ps")?;
    let (before, after) = (words.get(..at)?, words.get(at + 1..)?);
    let is_compose =
        |word: &&str| matches!(word.rsplit('/').next(), Some("compose" | "docker-compose" | "podman-compose"));
    let is_quiet = |word: &&str| matches!(*word, "-q" | "-aq" | "-qa" | "--quiet");
    let [service] = after.iter().filter(|word| !word.starts_with('-')).collect::<Vec<_>>()[..] else { return None };
    let is_plain = service.chars().all(|ch| ch.is_ascii_alphanumeric() || "._-".contains(ch));
    (before.iter().any(is_compose) && after.iter().any(is_quiet) && is_plain).then(|| (*service).to_owned())
}

/// The container and the path in it that a word of `docker cp` names. A symbol or a command that stands for the container's
/// id may have colons of its own.
pub(super) fn container_and_path(word: &str) -> Option<(&str, &str)> {
    let own = match word.get(..2) {
        Some("${") => word.find('}')? + 1,
        Some("$(") => word.find(')')? + 1,
        _ => 0,
    };
    let (_, path) = word.get(own..)?.split_once(':')?;
    Some((word.get(..word.len() - path.len() - 1)?, path))
}

/// `docker cp NAME:PATH TO`: the path in the container, and the other operand.
pub(super) fn copied_out(call: &Invocation) -> Option<(PathInContainer, &Word)> {
    if !is_engine(call) {
        return None;
    }
    let at = call.argv.iter().position(|word| **word == *"cp")?;
    let operands = operands(call);
    let [.., from, to] = operands.as_slice() else { return None };
    let (name, path) =
        container_and_path(from).filter(|(name, _)| !name.is_empty() && !name.starts_with(['/', '.', '~']))?;
    let container = named_container(call, at, name);
    (!to.contains(':')).then(|| (PathInContainer { container, path: path.to_owned() }, *to))
}

/// `docker exec NAME COMMAND`, as far as the command is one of plain words.
pub(super) fn command_inside(call: &Invocation) -> Option<CommandInside> {
    if !is_engine(call) {
        return None;
    }
    let at = call.argv.iter().position(|word| **word == *"exec")?;
    let mut words = call.argv.iter().skip(at + 1);
    let name = loop {
        let word = words.next()?;
        if EXEC_VALUES.contains(&&**word) {
            words.next();
        } else if !word.starts_with('-') {
            break word;
        }
    };
    let mut argv: Vec<Word> = words.cloned().collect();
    if let [shell, option, text] = argv.as_slice()
        && matches!(shell.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"))
        && matches!(&**option, "-c" | "-lc" | "-ec")
        && !text.contains([';', '|', '&', '<', '>', '(', '\n'])
    {
        argv = text.split_whitespace().map(|word| Word::parse(word.trim_matches(['"', '\'']))).collect();
    }
    let container = named_container(call, at, name);
    Some(CommandInside { container, call: Invocation { argv, ..call.clone() } })
}
