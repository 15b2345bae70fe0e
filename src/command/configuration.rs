//! Finds and reads the `overlock.yaml` that a run goes by: only one that somebody who may decide it has written. May use
//! everything but `main`.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::World;
use crate::cli::Cli;
use crate::input::{Exclusion, project};
use crate::model::{Diagnostic, Level, join, parent_and_name};
use crate::rules::{CONFIG_FILE, Config, RulesDirectory};
use crate::text::{ReadError, Sources};

/// The largest configuration that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Names that people give the file by mistake.
pub(super) const MISNAMED: [&str; 3] = ["overlock.yml", ".overlock.yaml", ".overlock.yml"];
/// Who else may write a file, by its mode.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Where a configuration is looked for that the command line does not name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Search<'a> {
    /// From a path up to the top of its repository: for what is planned there.
    Repository(Option<&'a Path>),
    /// The one of this host's administrator: for what runs here, whatever directory one happens to be in.
    Host,
}

/// The configuration of a run.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    pub(super) config: Config,
    /// The file as it is shown; `None` where none is used.
    pub(super) file: Option<String>,
    /// The directory that it is in, clean and absolute; `None` where there is none.
    pub(super) directory: Option<String>,
    /// What is wrong with it, so that it is not used; and which other files are not.
    pub(super) told: Vec<Diagnostic>,
}

/// A directory of further rules, and who named it.
#[derive(Debug)]
pub(super) struct Rules {
    path: PathBuf,
    shown: String,
    typed: bool,
}

impl Rules {
    pub(super) fn directory(&self) -> RulesDirectory<'_> {
        RulesDirectory { path: &self.path, shown: &self.shown, typed: self.typed }
    }
}

impl Configuration {
    /// The directory of further rules: what the command line names, else what the file names.
    pub(super) fn rules(&self, cli: &Cli, world: &World) -> Option<Rules> {
        if let Some(path) = &cli.rules {
            return Some(Rules { path: path.clone(), shown: path.display().to_string(), typed: true });
        }
        let path = PathBuf::from(join(self.directory.as_ref()?, self.config.rules.as_ref()?));
        let shown = shown(&path, world);
        Some(Rules { path, shown, typed: false })
    }

    /// What it leaves out of a search.
    pub(super) fn exclusion(&self) -> Exclusion<'_> {
        let patterns = self.directory.as_deref().map(|directory| (&self.config.exclude, directory));
        Exclusion { patterns, ..Exclusion::default() }
    }

    fn not_used(told: Vec<Diagnostic>) -> Self {
        Self { told, ..Self::default() }
    }
}

/// Reads the file that the command line names, or the one that is found.
pub(super) fn find(cli: &Cli, search: Search<'_>, world: &World, sources: &Sources) -> Configuration {
    if cli.no_config {
        return Configuration::default();
    }
    match (&cli.config, search) {
        (Some(path), _) => read(Path::new(&absolute(path, world)), world, sources),
        (None, Search::Repository(first)) => {
            let start = PathBuf::from(absolute(first.unwrap_or(Path::new(".")), world));
            // A path that is not there is told by whoever reads it, and is the one thing that is wrong.
            if fs::symlink_metadata(&start).is_err() {
                return Configuration::default();
            }
            of_repository(directory_of(&start), world, sources)
        }
        (None, Search::Host) => of_host(&world.host_configuration, world, sources),
    }
}

/// The nearest file at or above a directory, no further than the top of its repository, that is of the user's, of root's
/// or of the tree's owner. What lies around that and is not used is named.
fn of_repository(directory: &Path, world: &World, sources: &Sources) -> Configuration {
    let top = project::top(directory);
    let mut told = Vec::new();
    let mut found = None;
    for directory in directory.ancestors().take_while(|above| above.starts_with(top)) {
        let path = directory.join(CONFIG_FILE);
        let is_doubled = is_there(&path, sources);
        for misnamed in MISNAMED.map(|name| directory.join(name)).into_iter().filter(|path| is_there(path, sources)) {
            let one = if is_doubled {
                doubled(&misnamed, &path, world)
            } else {
                ignored(&misnamed, "rename it to overlock.yaml", world)
            };
            told.push(one);
        }
        if found.is_some() || !is_there(&path, sources) {
            continue;
        }
        let owner = fs::metadata(top).ok().map(|tree| tree.uid());
        if is_owned(&path, &[Some(world.user), Some(0), owner]) {
            found = Some(path);
        } else {
            told.push(ignored(
                &path,
                "it belongs neither to you, nor to root, nor to the owner of the directory",
                world,
            ));
        }
    }
    let Some(path) = found else {
        let above = top.ancestors().skip(1).map(|above| above.join(CONFIG_FILE));
        if let Some(path) = above.into_iter().find(|path| fs::symlink_metadata(path).is_ok()) {
            let where_to = format!("it is above {}; name it with --config to use it", shown(top, world));
            told.push(ignored(&path, &where_to, world));
        }
        return Configuration::not_used(told);
    };
    let mut configuration = read(&path, world, sources);
    configuration.told.append(&mut told);
    configuration
}

/// Whether something has a name, by the reader of this run, which may read an earlier revision.
fn is_there(path: &Path, sources: &Sources) -> bool {
    match sources.reader().own_kind(path) {
        // Why it is not read is told when it is tried.
        Err(ReadError::Outside { .. }) => fs::symlink_metadata(path).is_ok(),
        kind => kind.is_ok(),
    }
}

/// The host's own file, if nobody but root and the user can write it or put another in its place.
fn of_host(path: &Path, world: &World, sources: &Sources) -> Configuration {
    let absent = |error: &std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    if fs::symlink_metadata(path).is_err_and(|error| absent(&error)) {
        return Configuration::default();
    }
    for at in [path, path.parent().unwrap_or(path)] {
        let open = fs::metadata(at).is_ok_and(|found| found.mode() & WRITABLE_BY_OTHERS != 0);
        if open || !is_owned(at, &[Some(world.user), Some(0)]) {
            let why = format!("others can write {}; let it belong to root and be writable by root alone", at.display());
            return Configuration::not_used(vec![ignored(path, &why, world)]);
        }
    }
    read(path, world, sources)
}

/// Whether a file, and a link that leads to it, belong to one of these. What cannot be looked at is told when it is read.
fn is_owned(path: &Path, owners: &[Option<u32>]) -> bool {
    let is_theirs = |found: std::io::Result<Metadata>| found.map_or(true, |found| owners.contains(&Some(found.uid())));
    is_theirs(fs::symlink_metadata(path)) && is_theirs(fs::metadata(path))
}

fn ignored(path: &Path, why: &str, world: &World) -> Diagnostic {
    let message = format!("this configuration is not used: {why}");
    Diagnostic::about(Level::Warning, Some(shown(path, world)), message).pressing()
}

/// Whoever wrote the one or the other means something by it, and no rule says which of them holds.
fn doubled(misnamed: &Path, path: &Path, world: &World) -> Diagnostic {
    let message = format!(
        "there are two configurations, {} and {}: put all of it into {CONFIG_FILE} and remove the other",
        shown(path, world),
        shown(misnamed, world)
    );
    Diagnostic::about(Level::Error, Some(shown(misnamed, world)), message)
}

fn read(path: &Path, world: &World, sources: &Sources) -> Configuration {
    let shown = shown(path, world);
    let directory = parent_and_name(&path.display().to_string()).map(|(directory, _)| directory.to_owned());
    let text = match sources.reader().read_text(path, MAX_BYTES) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("cannot read the configuration: {error}");
            return Configuration::not_used(vec![Diagnostic::about(Level::Error, Some(shown), message)]);
        }
    };
    let file = sources.add(shown.clone(), text.clone());
    match Config::parse(file, &text) {
        Ok(config) => Configuration { config, file: Some(shown), directory, told: Vec::new() },
        Err(problems) => {
            let told = problems.into_iter().map(|problem| {
                let message = format!("the configuration is not used: {}", problem.message);
                Diagnostic::at(Level::Error, problem.span, message)
            });
            Configuration::not_used(told.collect())
        }
    }
}

/// The directory that a path is, or is in.
pub(super) fn directory_of(path: &Path) -> &Path {
    if path.is_dir() { path } else { path.parent().unwrap_or(path) }
}

/// A path as it is shown: below the directory that the tool runs in, where it is there.
fn shown(path: &Path, world: &World) -> String {
    let below = path.strip_prefix(&world.directory).unwrap_or(path);
    if below.as_os_str().is_empty() { ".".to_owned() } else { below.display().to_string() }
}

/// A path as it is meant where the tool runs, clean.
pub(super) fn absolute(path: &Path, world: &World) -> String {
    join(&world.directory.display().to_string(), &path.display().to_string())
}
