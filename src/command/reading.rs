//! What a command may read: what is below the paths that it was given, and what they name. `config` and `preflight` read
//! as Compose does on its host. May use everything but `main`.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::World;
use crate::cli::{Cli, Command, Compose};
use crate::text::Reader;

/// The largest capture that is read, in bytes. Standard input holds nothing larger.
pub(super) const MAX_CAPTURE: u64 = 256 << 20;

/// The reader of a command's inputs.
pub(super) fn reader(cli: &Cli, world: &World) -> Reader {
    let confined = Reader::default();
    let reader = match &cli.command {
        Command::Check(check) => plan(confined, &check.paths, &check.compose, world),
        Command::Graph(graph) if graph.is_planned() => plan(confined, &graph.paths, &graph.compose, world),
        Command::Preflight(preflight) => plan(Reader::of_host(), &preflight.paths, &preflight.compose, world),
        Command::Config(config) => plan(Reader::of_host(), config.path.as_slice(), &config.compose, world),
        // Rules are looked for where the tool runs, the configuration of what runs in one place.
        _ => confined.with_directory(&world.directory).with_path(&world.host_configuration),
    };
    let reader = cli.config.iter().fold(reader, |reader, path| reader.with_path(&world.directory.join(path)));
    cli.rules.iter().fold(reader, |reader, path| reader.with_directory(&world.directory.join(path)))
}

/// Adds what a plan is given by: on the command line, or where that names nothing in the environment, as to Compose.
fn plan(reader: Reader, paths: &[PathBuf], compose: &Compose, world: &World) -> Reader {
    let named = |variable: &str, separator: &str| -> Vec<PathBuf> {
        let files = world.environment.get(variable).map_or("", String::as_str);
        files.split(separator).filter(|file| !file.is_empty()).map(PathBuf::from).collect()
    };
    let separator = world.environment.get("COMPOSE_PATH_SEPARATOR").filter(|separator| !separator.is_empty());
    let files = if compose.file.is_empty() {
        named("COMPOSE_FILE", separator.map_or(":", String::as_str))
    } else {
        compose.file.clone()
    };
    let env_files =
        if compose.env_file.is_empty() { named("COMPOSE_ENV_FILES", ",") } else { compose.env_file.clone() };
    let stdin = |file: &PathBuf| file == Path::new("-");
    let runs_here = paths.is_empty() && (files.is_empty() || files.iter().any(stdin));
    let absolute = |path: &PathBuf| world.directory.join(path);
    let directories = compose.project_directory.iter().map(absolute).chain(runs_here.then(|| world.directory.clone()));
    let reader = directories.fold(reader, |reader, path| reader.with_directory(&path));
    let inputs = paths.iter().chain(&files).filter(|path| !stdin(path)).map(absolute);
    let reader = inputs.fold(reader, |reader, path| reader.with_path(&path));
    env_files.iter().map(absolute).fold(reader, |reader, path| reader.with_typed(&path))
}

/// What standard input held: it is read once, and may be asked for by two readings of one plan.
static STANDARD_INPUT: OnceLock<Vec<u8>> = OnceLock::new();

/// Reads standard input, for `-f -` and `--from -`.
pub(super) fn read_stdin() -> io::Result<Vec<u8>> {
    if let Some(text) = STANDARD_INPUT.get() {
        return Ok(text.clone());
    }
    let mut text = Vec::new();
    io::stdin().take(MAX_CAPTURE + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_CAPTURE {
        return Err(io::Error::other(format!("it is larger than {} MiB", MAX_CAPTURE >> 20)));
    }
    Ok(STANDARD_INPUT.get_or_init(|| text).clone())
}
