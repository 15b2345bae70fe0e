//! Scripts that are given by their paths, or found in a directory: those that name an engine's program. May use `text`,
//! `model`, `shell` and `project`'s repository.

pub(super) mod host_copies;
pub(super) mod host_links;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::docker_cli::DockerCommand;
use super::project::{Reference, Repository};
use super::shell::file_system::{FileSystem, Lookup};
use super::shell::{self, ContainerStart, ExecContext};
use super::start_words::{describes_services, is_development_start, is_start_line, names_engine};
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};
use crate::model::{Command, Diagnostic, Level, Script, Unseen};
use crate::text::{FileId, Span};

/// Endings of files that are shell scripts.
const ENDINGS: [&str; 4] = ["sh", "bash", "ksh", "zsh"];
/// Endings of files that shells are told to read, or that a person opens, which are shell scripts by what is in them.
const ENDINGS_OF_SOURCED: [&str; 9] =
    ["aliases", "bash_aliases", "bash_profile", "bashrc", "command", "functions", "profile", "source", "zshrc"];
/// Files that are shell scripts by their names.
const NAMES: [&str; 7] = [".bashrc", ".bash_aliases", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".envrc"];
/// How many reasons why a script was not read whole are told one by one.
const TOLD: usize = 3;
/// The most that is looked at of a script that was not opened, in bytes.
const LOOK: u64 = 256 * 1024;

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
        is_shell && (names_engine(text) || describes_services(text) || text.lines().any(is_development_start))
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        match (names_engine(text), context.names_program(text)) {
            (true, true) => UnreadWeight::Counts,
            (true, false) | (false, true) => UnreadWeight::Named,
            (false, false) => UnreadWeight::Nothing,
        }
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        let mut piece = Piece::default();
        for file in &input.files {
            let path = repository.cwd.join(file);
            let shown = repository.shown(&path);
            match repository.open(&path) {
                Lookup::Text(file) => self.add_script(file, &path, input.is_typed(), repository, &mut piece),
                opened => {
                    let reason = unopened_reason(&opened);
                    if input.is_typed() {
                        let diagnostic = Diagnostic::about(Level::Error, Some(shown.clone()), told_unopened(&opened));
                        piece.layout.diagnostics.push(diagnostic);
                    }
                    let start = context.sources.reader().read_start(&path, LOOK).ok();
                    let text = start.as_deref().map(String::from_utf8_lossy);
                    // What cannot be looked at may name anything.
                    let counts = text.is_none_or(|text| context.names_program(&text));
                    piece.add_not_judged(shown, self, reason, counts);
                }
            }
            piece.files.push(path);
        }
        piece
    }
}

impl ScriptKind {
    /// Adds what an opened script starts.
    fn add_script(&self, file: FileId, path: &Path, is_typed: bool, repository: &Repository<'_>, piece: &mut Piece) {
        let (script, starts) = run_script(file, path, repository);
        let span = Span::file_start(file);
        let source = repository.sources.get(file);
        let is_seen = starts.iter().any(|start| start.command.is_start());
        let leads_elsewhere = starts.iter().any(|start| start.command.is_described_elsewhere());
        let starts_existing = starts.iter().any(|start| matches!(start.command, DockerCommand::Existing));
        let is_hidden = !is_seen && may_start_program(source.text(), repository);
        if let Some(unseen) = script.unseen.as_deref().filter(|_| script.unread.is_empty() && is_hidden) {
            // What it starts is behind what was not followed.
            let more = script.more_unseen.iter().map(|unseen| unseen.what.as_str());
            let reasons = list_reasons(&std::iter::once(unseen).chain(more).collect::<Vec<_>>());
            piece.add_not_judged(source.name().to_owned(), self, reasons, true);
        } else if script.unread.is_empty() && !is_seen && source.text().lines().any(is_development_start) {
            let reason = "it starts a development container, and what it runs there is not followed".to_owned();
            piece.add_not_judged(source.name().to_owned(), self, reason, is_about_program(source.text(), repository));
        } else if script.unread.is_empty()
            && (is_seen && leads_elsewhere
                || (is_seen || starts_existing) && is_about_program(source.text(), repository))
        {
            piece.add_judged_starts(source.name().to_owned(), self);
        } else if script.unread.is_empty() {
            piece.add_judged(source.name().to_owned(), self);
        } else {
            // They may be texts that the script runs.
            let texts = script.unread.iter().map(|unread| repository.sources.get(unread.span.file));
            let sources: Vec<_> = std::iter::once(Arc::clone(&source)).chain(texts).collect();
            let starts = |text: &str| text.lines().any(is_start_line) || describes_services(text);
            let counts = sources.iter().any(|source| starts(source.text()))
                && sources.iter().any(|source| repository.programs.are_named_in(source.text()));
            let reasons = list_reasons(&script.unread.iter().map(|unread| unread.what.as_str()).collect::<Vec<_>>());
            piece.add_not_judged(source.name().to_owned(), self, reasons, counts);
        }
        piece.layout.diagnostics.extend(tell_unseen(&script, span, is_typed, repository));
        add_started_on_host(&script, starts, path.parent(), repository, piece);
    }
}

/// Adds what commands of the host start, name and copy, which are written in a file of a directory.
pub(super) fn add_started_on_host(
    script: &Script,
    starts: Vec<ContainerStart>,
    directory: Option<&Path>,
    repository: &Repository<'_>,
    piece: &mut Piece,
) {
    let references = starts.iter().filter_map(|start| Reference::of_command(&start.command, start.span));
    piece.references.extend(references.map(|reference| reference.beside(directory)));
    piece.starts.extend(starts);
    piece.copies.extend(host_copies::find_copies(&script.invocations, repository));
    piece.names.extend(host_links::find_names(&script.invocations, repository));
}

/// Whether a script has the command in it that starts a container, and names a known program.
fn may_start_program(text: &str, repository: &Repository<'_>) -> bool {
    text.lines().any(is_start_line) && repository.programs.are_named_in(text)
}

/// Whether a text has the name of a known program's command in it, as a part of a word at least.
fn is_about_program(text: &str, repository: &Repository<'_>) -> bool {
    repository.programs.commands.iter().any(|command| text.contains(command.as_str()))
}

/// Reasons in one clause: the first ones in full, each once and with the number of its places, the others counted.
fn list_reasons(all: &[&str]) -> String {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for reason in all {
        let at = *known.entry(reason).or_insert(reasons.len());
        match reasons.get_mut(at) {
            Some((_, places)) => *places += 1,
            None => reasons.push((reason, 1)),
        }
    }
    let more: usize = reasons.iter().skip(TOLD).map(|(_, places)| places).sum();
    let told = reasons.iter().take(TOLD).map(|(reason, places)| match places {
        1 => (*reason).to_owned(),
        _ => format!("{reason} ({places} places)"),
    });
    let told = told.collect::<Vec<_>>().join("; ");
    match more {
        0 => told,
        1 => format!("{told}; and 1 more place"),
        _ => format!("{told}; and {more} more places"),
    }
}

/// What of a script was not followed: the first place, and those that name an engine, one by one; the others counted. Of
/// scripts that are only found what they source is often not here; what cannot be read at all is told.
fn tell_unseen(script: &Script, start: Span, is_typed: bool, repository: &Repository<'_>) -> Vec<Diagnostic> {
    let level = if is_typed { Some(Level::Gap) } else { script.misread.then_some(Level::Warning) };
    let (Some(first), Some(level)) = (&script.unseen, level) else { return Vec::new() };
    let first = Unseen { what: first.clone(), span: script.unseen_span.unwrap_or(start) };
    let is_near = |one: &&Unseen| {
        let source = repository.sources.get(one.span.file);
        let line = usize::try_from(one.span.start.line).unwrap_or(usize::MAX).saturating_sub(1);
        source.text().lines().nth(line).is_some_and(names_engine)
    };
    let (near, far): (Vec<&Unseen>, Vec<&Unseen>) = script.more_unseen.iter().partition(is_near);
    let told = std::iter::once(&first).chain(near.iter().copied().take(TOLD)).map(|one| {
        let message = format!("containers that it starts may be missing: {}", one.what);
        Diagnostic::at(level, one.span, message)
    });
    let more = far.len() + near.len().saturating_sub(TOLD);
    let places = if more == 1 { "1 more place".to_owned() } else { format!("{more} more places") };
    let counted = (more > 0 && is_typed).then(|| {
        let message = format!("{places} in what it runs could not be followed");
        Diagnostic::at(Level::Warning, first.span, message)
    });
    told.collect::<Vec<_>>().into_iter().chain(counted).collect()
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
        is_set: &|name| repository.environment.contains_key(name),
        decides: false,
        home: &|_| None,
        user: None,
        hides: !repository.shows_values,
        programs: &|| &repository.programs.commands,
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

/// Why a file was not opened as a script, as a clause.
fn unopened_reason(opened: &Lookup) -> String {
    match opened {
        Lookup::Unseen(why) => why.clone(),
        Lookup::Absent => "it is not there".to_owned(),
        _ => "it is no text".to_owned(),
    }
}

/// What is told of a script that a person named.
fn told_unopened(opened: &Lookup) -> String {
    match opened {
        Lookup::Unseen(why) => format!("this script was not read: {why}"),
        _ => "this is no script that can be read".to_owned(),
    }
}

/// The files of the machine that a script given by its path is run on.
struct HostFiles<'a>(&'a Repository<'a>);

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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_reasons_are_told_once_with_their_number() {
        for (reasons, told) in [
            (&["a"][..], "a"),
            (&["a", "b", "a"], "a (2 places); b"),
            (&["a", "b", "c", "d"], "a; b; c; and 1 more place"),
            (&["a", "b", "c", "d", "d", "e", "a"], "a (2 places); b; c; and 3 more places"),
        ] {
            assert_eq!(list_reasons(reasons), told);
        }
    }
}
