//! Files whose text holds commands for the shell in a form of its own: recipes, tasks, lines of a clock. Each kind says what
//! its entries are; how such a file is opened, run and told of is the same for all. Uses `file_commands` and `shell`.

use std::path::Path;

use super::file_commands::{ReadCommands, add_commands, add_unopened};
use super::run_entries_on_host;
use crate::input::project::Repository;
use crate::input::shell::ShellEntry;
use crate::input::shell::file_system::Lookup;
use crate::input::start_words::names_engine;
use crate::input::{FoundBy, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};
use crate::model::{Diagnostic, Level, Unseen};
use crate::text::{FileId, Syntax};

/// A kind of such files.
pub(in crate::input) trait HoldsEntries: InputKind {
    /// How its comments are written.
    fn syntax(&self) -> Syntax {
        Syntax::Shell
    }

    /// Whether a text of it may start a container.
    fn is_of_interest(&self, text: &str) -> bool {
        names_engine(text)
    }

    /// What a file of it says, that is in a directory.
    fn read_entries(&self, file: FileId, directory: &Path, repository: &Repository<'_>) -> EntryFile;
}

/// What such a file says.
#[derive(Debug, Default)]
pub(in crate::input) struct EntryFile {
    pub(in crate::input) entries: Vec<ShellEntry>,
    /// The files that it includes, in order.
    pub(in crate::input) included: Vec<FileId>,
    /// What is nothing that such a file can say, and what else keeps it from being read whole.
    pub(in crate::input) faults: Vec<Unseen>,
    /// What else of it is not read, although nothing is wrong with it.
    pub(in crate::input) unread: Vec<Unseen>,
    /// What it runs that is not known.
    pub(in crate::input) unseen: Vec<Unseen>,
}

/// Opens each file of an input; `add` is given those that are texts.
pub(in crate::input) fn load_texts(
    kind: &dyn InputKind,
    input: &FoundInput,
    context: &LoadContext<'_>,
    repository: &Repository<'_>,
    add: impl Fn(FileId, &Path, &mut Piece),
) -> Piece {
    let mut piece = Piece::default();
    for file in &input.files {
        let path = repository.cwd.join(file);
        match repository.open(&path) {
            Lookup::Text(file) => add(file, &path, &mut piece),
            opened => add_unopened(kind, &path, &opened, input.is_typed(), context, repository, &mut piece),
        }
        piece.files.push(path);
    }
    piece
}

/// Loads an input of such a kind.
pub(in crate::input) fn load_entries(
    kind: &dyn HoldsEntries,
    input: &FoundInput,
    context: &LoadContext<'_>,
    repository: &Repository<'_>,
) -> Piece {
    load_texts(kind, input, context, repository, |file, path, piece| {
        add_entries(kind, file, path, input.found_by, repository, piece);
    })
}

/// Adds what a file of such a kind starts.
pub(in crate::input) fn add_entries(
    kind: &dyn HoldsEntries,
    file: FileId,
    path: &Path,
    found_by: FoundBy,
    repository: &Repository<'_>,
    piece: &mut Piece,
) {
    let is_typed = found_by == FoundBy::Path;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let sources = repository.sources;
    let file = match kind.syntax() {
        Syntax::Shell => file,
        syntax => {
            let source = sources.get(file);
            sources.add_written(source.name(), source.text(), syntax)
        }
    };
    let read = kind.read_entries(file, directory, repository);
    let names = |file: &FileId| kind.is_of_interest(sources.get(*file).text());
    if !is_typed && found_by != FoundBy::Call && !names(&file) && !read.included.iter().any(names) {
        return;
    }
    let (mut script, starts) = run_entries_on_host(&read.entries, file, directory, repository);
    let level = if is_typed { Level::Error } else { Level::Warning };
    let faults = read.faults.iter().map(|fault| Diagnostic::at(level, fault.span, fault.what.clone()));
    piece.layout.diagnostics.extend(faults.take(1));
    script.unread.extend(read.faults.into_iter().take(1));
    script.unread.extend(read.unread);
    let mut unseen = read.unseen.into_iter();
    if script.unseen.is_none()
        && let Some(first) = unseen.next()
    {
        (script.unseen, script.unseen_span) = (Some(first.what), Some(first.span));
    }
    script.more_unseen.extend(unseen);
    for included in &read.included {
        piece.add_judged(sources.get(*included).name().to_owned(), kind);
    }
    let describes_containers = !names_engine(sources.get(file).text());
    let read = ReadCommands { script, starts, file, directory: Some(directory), is_typed, describes_containers };
    add_commands(kind, read, repository, piece);
}

/// What a text with commands is to the answer where it is not judged.
pub(in crate::input) fn weigh_commands(text: &str, context: &LoadContext<'_>) -> UnreadWeight {
    match (names_engine(text), context.names_program(text)) {
        (true, true) => UnreadWeight::Counts,
        (true, false) | (false, true) => UnreadWeight::Named,
        (false, false) => UnreadWeight::Nothing,
    }
}

/// The same where a program is named for much else than for containers.
pub(in crate::input) fn weigh_entries(text: &str, context: &LoadContext<'_>) -> UnreadWeight {
    if names_engine(text) || context.names_state(text) { weigh_commands(text, context) } else { UnreadWeight::Nothing }
}
