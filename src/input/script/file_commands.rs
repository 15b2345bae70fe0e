//! What is told of a file once its commands are read, whatever kind of file they are in: whether it was judged, and what of
//! it was not seen. May use `text`, `model`, `shell` and `project`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::copied_projects::follow_copied_projects;
use super::other_starters::other_starter;
use super::written_texts::find_written_texts;
use super::{host_calls, host_copies, host_links};
use crate::input::docker_cli::DockerCommand;
use crate::input::project::{Reference, Repository};
use crate::input::shell::ContainerStart;
use crate::input::shell::file_system::Lookup;
use crate::input::start_words::{
    describes_services, has_start_command, is_development_start, is_start_line, names_engine, unprinted_lines,
};
use crate::input::{InputKind, LoadContext, Piece};
use crate::model::{Diagnostic, Level, Script, Unseen, Value};
use crate::text::{FileId, Span};

/// How many reasons why a file was not read whole are told one by one.
const TOLD: usize = 3;
/// The most that is looked at of a file that was not opened, in bytes.
const LOOK: u64 = 256 * 1024;

/// What the commands of a file run and start.
pub(in crate::input) struct ReadCommands<'a> {
    pub(in crate::input) script: Script,
    pub(in crate::input) starts: Vec<ContainerStart>,
    pub(in crate::input) file: FileId,
    /// The directory that the file is in.
    pub(in crate::input) directory: Option<&'a Path>,
    /// Whether a person typed its path.
    pub(in crate::input) is_typed: bool,
    /// Whether the file says which containers there are without the name of an engine.
    pub(in crate::input) describes_containers: bool,
}

/// Adds what the commands of a file start, and whether it was judged.
pub(in crate::input) fn add_commands(
    kind: &dyn InputKind,
    read: ReadCommands<'_>,
    repository: &Repository<'_>,
    piece: &mut Piece,
) {
    let ReadCommands { script, starts, file, directory, is_typed, describes_containers } = read;
    let span = Span::file_start(file);
    let source = repository.sources.get(file);
    let is_seen = starts.iter().any(|start| start.command.is_start());
    let leads_elsewhere = starts.iter().any(|start| start.command.is_described_elsewhere());
    let starts_existing = starts.iter().any(|start| matches!(start.command, DockerCommand::Existing(_)));
    let names_state = repository.programs.have_state_named_in(source.text());
    let other_starter = script.invocations.iter().filter(|_| names_state).find_map(other_starter);
    let is_named = || repository.programs.are_named_in(source.text());
    let is_hidden = !is_seen && may_start_program(source.text(), repository);
    if let Some(program) = other_starter {
        let reason = format!("what it starts by `{program}` is not followed");
        piece.add_not_judged(source.name().to_owned(), kind, reason, true);
    } else if let Some(unseen) = script.unseen.as_deref().filter(|_| script.unread.is_empty() && is_hidden) {
        // What it starts is behind what was not followed.
        let more = script.more_unseen.iter().map(|unseen| unseen.what.as_str());
        let reasons = list_reasons(&std::iter::once(unseen).chain(more).collect::<Vec<_>>());
        piece.add_not_judged(source.name().to_owned(), kind, reasons, true);
    } else if script.unread.is_empty() && !is_seen && source.text().lines().any(is_development_start) {
        let reason = "it starts a development container, and what it runs there is not followed".to_owned();
        piece.add_not_judged(source.name().to_owned(), kind, reason, is_about_program(source.text(), repository));
    } else if let Some(unseen) = hidden_mounts(&starts, repository)
        .filter(|unseen| script.unread.is_empty() && (is_named() || is_printed(unseen)))
    {
        let place = format!("{}:{}", repository.sources.get(unseen.span.file).name(), unseen.span.start.line);
        let reason = format!("what the container mounts that it starts is not known, {place}: {}", unseen.what);
        piece.add_not_judged(source.name().to_owned(), kind, reason, is_named());
    } else if let Some(unseen) = unread_start(&starts).filter(|_| script.unread.is_empty()) {
        let place = format!("{}:{}", repository.sources.get(unseen.span.file).name(), unseen.span.start.line);
        piece.add_not_judged(source.name().to_owned(), kind, format!("{place}: {}", unseen.what), is_named());
    } else if script.unread.is_empty() && (is_seen && leads_elsewhere || (is_seen || starts_existing) && is_named()) {
        piece.add_judged_starts(source.name().to_owned(), kind);
    } else if script.unread.is_empty() {
        piece.add_judged(source.name().to_owned(), kind);
    } else {
        // They may be texts that the script runs.
        let texts = script.unread.iter().map(|unread| repository.sources.get(unread.span.file));
        let sources: Vec<_> = std::iter::once(Arc::clone(&source)).chain(texts).collect();
        let starts = |text: &str| unprinted_lines(text).any(is_start_line) || describes_services(text);
        // What is handed to another program or file may be no start where it stands: it is printed.
        let hands_start = script.unread.iter().any(|unread| {
            let source = repository.sources.get(unread.span.file);
            has_start_command(source.line(unread.span.start.line))
        });
        let is_start = describes_containers || hands_start || sources.iter().any(|source| starts(source.text()));
        let counts = is_start && sources.iter().any(|source| repository.programs.are_named_in(source.text()));
        let reasons = list_reasons(&script.unread.iter().map(|unread| unread.what.as_str()).collect::<Vec<_>>());
        piece.add_not_judged(source.name().to_owned(), kind, reasons, counts);
    }
    piece.layout.diagnostics.extend(tell_unseen(&script, span, is_typed, repository));
    piece.written.extend(find_written_texts(&script, repository));
    add_started_on_host(&script, starts, directory, repository, piece);
}

/// Adds what commands of the host start, name and copy, which are written in a file of a directory.
pub(in crate::input) fn add_started_on_host(
    script: &Script,
    mut starts: Vec<ContainerStart>,
    directory: Option<&Path>,
    repository: &Repository<'_>,
    piece: &mut Piece,
) {
    follow_copied_projects(&mut starts, &script.invocations, directory, repository);
    let references = starts.iter().filter_map(|start| Reference::of_command(&start.command, start.span));
    piece.references.extend(references.map(|reference| reference.beside(directory)));
    piece.starts.extend(starts);
    piece.called_by_name.extend(&script.called_by_name);
    piece.copies.extend(host_copies::find_copies(&script.invocations, repository));
    piece.host_calls.extend(host_calls::find_calls(&script.invocations, repository));
    piece.names.extend(host_links::find_names(&script.invocations, repository));
}

/// What hides the mounts of a container that may run anything: one of which a known program is seen is judged by that.
fn hidden_mounts<'s>(starts: &'s [ContainerStart], repository: &Repository<'_>) -> Option<&'s Unseen> {
    let is_program = |word: &Value| {
        let name = word.text.rsplit('/').next().unwrap_or_default();
        repository.programs.commands.iter().any(|program| program == name)
    };
    starts.iter().find_map(|start| {
        let DockerCommand::Run(run) = &start.command else { return None };
        let container = &run.container;
        let commands = [&container.entrypoint, &container.command].into_iter().flatten();
        let is_named = commands.flat_map(|command| &command.words).any(is_program);
        container.unseen_mounts.as_ref().filter(|_| !is_named)
    })
}

/// What a command starts that is not read.
fn unread_start(starts: &[ContainerStart]) -> Option<&Unseen> {
    starts.iter().find_map(|start| match &start.command {
        DockerCommand::NotRead(unseen) => Some(unseen),
        _ => None,
    })
}

/// Whether what is not known is what a command prints: it may name what the script itself does not.
fn is_printed(unseen: &Unseen) -> bool {
    unseen.what.starts_with("`$(")
}

/// Whether a script has the command in it that starts a container, and names a known program.
fn may_start_program(text: &str, repository: &Repository<'_>) -> bool {
    unprinted_lines(text).any(is_start_line) && repository.programs.are_named_in(text)
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

/// Tells of a file that could not be opened as a text.
pub(in crate::input) fn add_unopened(
    kind: &dyn InputKind,
    path: &Path,
    opened: &Lookup,
    is_typed: bool,
    context: &LoadContext<'_>,
    repository: &Repository<'_>,
    piece: &mut Piece,
) {
    let shown = repository.shown(path);
    if is_typed {
        let message = told_unopened(opened);
        piece.layout.diagnostics.push(Diagnostic::about(Level::Error, Some(shown.clone()), message));
    }
    let start = context.sources.reader().read_start(path, LOOK).ok();
    let text = start.as_deref().map(String::from_utf8_lossy);
    // What cannot be looked at may name anything.
    let counts = text.is_none_or(|text| context.names_program(&text));
    piece.add_not_judged(shown, kind, unopened_reason(opened), counts);
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
