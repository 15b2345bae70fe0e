//! Scripts that are given by their paths, or found in a directory: those that name an engine's program. May use `text`,
//! `model`, `shell` and `project`'s repository.

mod copied_projects;
mod entry_files;
mod file_commands;
pub(super) mod host_calls;
pub(super) mod host_copies;
pub(super) mod host_links;
mod other_starters;
mod stream_edits;
pub(super) mod written_texts;

use std::path::Path;

#[cfg(fuzzing)]
pub(super) use entry_files::add_entries;
pub(super) use entry_files::{EntryFile, HoldsEntries, load_entries, weigh_entries};
use entry_files::{load_texts, weigh_commands};
pub(super) use file_commands::add_started_on_host;
use file_commands::{ReadCommands, add_commands};

use other_starters::names_other_starter;

use super::project::Repository;
use super::shell::file_system::{FileSystem, Lookup};
use super::shell::{self, ContainerStart, ExecContext, ShellEntry};
use super::start_words::{describes_services, is_development_start, names_engine};
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};
use crate::model::{Command, Script, USUAL_PATH};
use crate::text::{FileId, Span};

/// Endings of files that are shell scripts.
const ENDINGS: [&str; 4] = ["sh", "bash", "ksh", "zsh"];
/// Endings of files that shells are told to read, or that a person opens, which are shell scripts by what is in them.
const ENDINGS_OF_SOURCED: [&str; 9] =
    ["aliases", "bash_aliases", "bash_profile", "bashrc", "command", "functions", "profile", "source", "zshrc"];
/// Files that are shell scripts by their names.
const NAMES: [&str; 7] = [".bashrc", ".bash_aliases", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".envrc"];

/// How many entries of a directory are looked at for those that fit a pattern.
const MOST_LISTED: usize = 1_000;

/// Shell scripts of the host.
#[derive(Debug)]
pub(super) struct ScriptKind;

impl ScriptKind {
    /// The kind's name.
    pub(super) const NAME: &str = "script";
}

impl InputKind for ScriptKind {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        match file.ending() {
            Some(ending) if ENDINGS.contains(&ending) => true,
            Some("yaml" | "yml" | "json") => false,
            _ => NAMES.contains(&file.name()) || has_shell_shebang(file.first_line()),
        }
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        let is_shell = match file.ending() {
            Some(ending) if ENDINGS.contains(&ending) => true,
            Some(ending) if !ENDINGS_OF_SOURCED.contains(&ending) => false,
            // What is only sourced has no first line that tells.
            _ => self.looks_like(file) || has_shell_function(file.beginning()) || has_alias(file.beginning()),
        };
        let text = file.beginning();
        let may_start = |text: &str| {
            names_engine(text)
                || describes_services(text)
                || text.lines().any(is_development_start)
                || names_other_starter(text) && file.names_state()
        };
        is_shell && may_start(text)
    }

    fn may_call(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file)
    }

    fn is_run_by_commands(&self) -> bool {
        true
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        weigh_commands(text, context)
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        load_texts(self, input, context, repository, |file, path, piece| {
            self.add_script(file, path, input.is_typed(), repository, piece);
        })
    }
}

impl ScriptKind {
    /// Adds what an opened script starts.
    fn add_script(&self, file: FileId, path: &Path, is_typed: bool, repository: &Repository<'_>, piece: &mut Piece) {
        let (script, starts) = run_script(file, path, repository);
        let read =
            ReadCommands { script, starts, file, directory: path.parent(), is_typed, describes_containers: false };
        add_commands(self, read, repository, piece);
    }
}

fn run_script(file: FileId, path: &Path, repository: &Repository<'_>) -> (Script, Vec<ContainerStart>) {
    let span = Span::file_start(file);
    let path = path.display().to_string();
    in_host_context(&repository.cwd, repository, |context| shell::run_program(&path, span, context))
}

/// What a command that another kind of file names runs and starts on the host, in a directory of it.
pub(super) fn run_on_host(
    command: &Command,
    directory: &Path,
    repository: &Repository<'_>,
) -> (Script, Vec<ContainerStart>) {
    in_host_context(directory, repository, |context| shell::run_commands(Some(command), None, context))
}

/// What the entries of another kind's file run and start on the host, in a directory of it.
fn run_entries_on_host(
    entries: &[ShellEntry],
    file: FileId,
    directory: &Path,
    repository: &Repository<'_>,
) -> (Script, Vec<ContainerStart>) {
    let span = Span::file_start(file);
    in_host_context(directory, repository, |context| shell::run_entries(entries, span, context))
}

/// What a script of the repository runs, where it is not known who calls it with what; `None` where it is no text.
pub(super) fn run_file_on_host(path: &Path, repository: &Repository<'_>) -> Option<Script> {
    match repository.open(path) {
        Lookup::Text(file) => Some(run_script(file, path, repository).0),
        _ => None,
    }
}

fn in_host_context<T>(directory: &Path, repository: &Repository<'_>, run: impl FnOnce(&ExecContext<'_>) -> T) -> T {
    let directory = directory.display().to_string();
    run(&ExecContext {
        sources: repository.sources,
        file_system: &HostFiles(repository),
        directory: Some(&directory),
        environment: &|name| repository.environment.get(name).cloned(),
        search_path: repository.environment.get("PATH").map_or(USUAL_PATH, String::as_str),
        is_set: &|name| repository.environment.contains_key(name),
        decides: false,
        home: &|_| None,
        user: None,
        hides: !repository.shows_values,
        programs: &|| &repository.programs.commands,
        login_file: &|word| repository.programs.login_file(word),
        recipes: repository.recipes,
    })
}

fn has_shell_shebang(line: &str) -> bool {
    line.starts_with("#!") && line.contains("sh")
}

/// Whether a line of a text begins a shell function.
fn has_shell_function(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | ':' | '.'))
    };
    text.lines().any(|line| {
        let name = line.split_once('{').and_then(|(name, _)| name.trim_end().strip_suffix("()"));
        name.is_some_and(|name| is_name(name.trim_start_matches("function ").trim_end()))
    })
}

/// Whether a line of a text gives a command another name, as the files do that a shell reads when it starts.
fn has_alias(text: &str) -> bool {
    text.lines().any(|line| {
        let given = line.trim_start().strip_prefix("alias ").and_then(|rest| rest.split_once('='));
        given.is_some_and(|(name, _)| !name.is_empty() && !name.contains(char::is_whitespace))
    })
}

/// The files of the machine that a script given by its path is run on.
pub(super) struct HostFiles<'a>(pub(super) &'a Repository<'a>);

impl FileSystem for HostFiles<'_> {
    fn open(&self, path: &str) -> Lookup {
        match self.0.open(Path::new(path)) {
            // Programs of the machine are no part of the repository.
            Lookup::Unseen(_) if ["/usr/", "/bin/", "/sbin/"].iter().any(|base| path.starts_with(base)) => {
                Lookup::Binary
            }
            opened => opened,
        }
    }

    fn files_in(&self, directory: &str, fits: &dyn Fn(&str) -> bool) -> Vec<String> {
        let listed = self.0.sources.reader().within_roots().list(Path::new(directory), MOST_LISTED).unwrap_or_default();
        let names = listed.iter().filter_map(|one| one.name.to_str()).filter(|name| fits(name));
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        names
    }
}
