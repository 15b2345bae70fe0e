//! Which `overlock.yaml` a run goes by, read. May use everything but `main`.

use std::path::{Path, PathBuf};

use super::World;
use crate::cli::Cli;
use crate::model::{Diagnostic, Level, join, parent_and_name};
use crate::ruleset::{CONFIG_FILE, Config};
use crate::text::Sources;

/// The largest configuration that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The configuration of a run.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    pub(super) config: Config,
    /// The directory that it is in, clean and absolute; `None` where there is none.
    pub(super) directory: Option<String>,
    /// What is wrong with it; it is not used then.
    pub(super) told: Vec<Diagnostic>,
}

impl Configuration {
    /// The directory of further rules: what the command line names, else what the file names.
    pub(super) fn rules(&self, cli: &Cli) -> Option<PathBuf> {
        let own = self.config.rules.as_ref().zip(self.directory.as_ref());
        cli.rules.clone().or_else(|| own.map(|(rules, directory)| PathBuf::from(join(directory, rules))))
    }
}

/// Reads the file that is named, or the one that is found upward from the first PATH.
pub(super) fn find(cli: &Cli, first: Option<&Path>, world: &World, sources: &Sources) -> Configuration {
    if cli.no_config {
        return Configuration::default();
    }
    let path = match &cli.config {
        Some(path) => absolute(path, world),
        None => {
            let start = PathBuf::from(absolute(first.unwrap_or(Path::new(".")), world));
            let reader = sources.reader();
            let is_inside = |directory: &&Path| reader.real_path(directory).is_ok();
            let directories = start.ancestors().filter(is_inside);
            let found = directories.map(|directory| directory.join(CONFIG_FILE)).find(|path| reader.has_input(path));
            let Some(path) = found else { return Configuration::default() };
            path.display().to_string()
        }
    };
    read(&path, world, sources)
}

fn read(path: &str, world: &World, sources: &Sources) -> Configuration {
    let shown = Path::new(path).strip_prefix(&world.directory).unwrap_or(Path::new(path)).display().to_string();
    let directory = parent_and_name(path).map(|(directory, _)| directory.to_owned());
    let text = match sources.reader().read_text(Path::new(path), MAX_BYTES) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("cannot read the configuration: {error}");
            let told = vec![Diagnostic::about(Level::Error, Some(shown), message)];
            return Configuration { told, ..Configuration::default() };
        }
    };
    let file = sources.add(shown, text.clone());
    match Config::parse(file, &text) {
        Ok(config) => Configuration { config, directory, told: Vec::new() },
        Err(problems) => {
            let told = problems.into_iter().map(|problem| {
                let message = format!("the configuration is not used: {}", problem.message);
                Diagnostic::at(Level::Error, problem.span, message)
            });
            Configuration { told: told.collect(), directory, ..Configuration::default() }
        }
    }
}

/// A path as it is meant where the tool runs, clean.
pub(super) fn absolute(path: &Path, world: &World) -> String {
    join(&world.directory.display().to_string(), &path.display().to_string())
}
