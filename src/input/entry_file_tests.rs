//! What the tests of all kinds of files with commands read texts with.

use std::collections::BTreeMap;
use std::path::Path;

use super::script::HoldsEntries;
use crate::input::compose::{Context, Options};
use crate::input::{LoadContext, ProgramNames};
use crate::text::{Reader, Sources};

/// What is read of a text.
pub(in crate::input) struct ReadText {
    /// Each text of each entry: the name in its run, and the text.
    pub(in crate::input) entries: Vec<String>,
    /// What is wrong with it, each with its place.
    pub(in crate::input) faults: Vec<String>,
    /// What of it is not read, and not known.
    pub(in crate::input) unread: Vec<String>,
}

/// Reads a text as the file of a name.
pub(in crate::input) fn read_text(kind: &dyn HoldsEntries, name: &str, text: &str) -> ReadText {
    let folder = tempfile::tempdir().unwrap();
    read_text_below(&folder.path().canonicalize().unwrap(), kind, name, text)
}

/// The same beside other files.
pub(in crate::input) fn read_text_below(top: &Path, kind: &dyn HoldsEntries, name: &str, text: &str) -> ReadText {
    let sources = Sources::reading(Reader::default().with_path(top));
    let surroundings =
        Context { environment: BTreeMap::new(), cwd: top.to_owned(), shows_values: false, ..Context::default() };
    let context = LoadContext {
        sources: &sources,
        surroundings: &surroundings,
        compose: &Options::default(),
        programs: &ProgramNames::default(),
        store: None,
        on_loaded: &|| {},
    };
    let repository = context.open_repository();
    let file = sources.add_written(name, text, kind.syntax());
    let path = top.join(name);
    let read = kind.read_entries(file, path.parent().unwrap(), &repository);
    let entry_texts = read.entries.iter().flat_map(|entry| {
        let run = entry.run.rsplit('#').next().unwrap_or_default();
        entry.texts.iter().map(move |text| format!("{run}: {}", text.text.raw().trim()))
    });
    let placed = |one: &crate::model::Unseen| format!("{}:{} {}", one.span.start.line, one.span.start.column, one.what);
    ReadText {
        entries: entry_texts.collect(),
        faults: read.faults.iter().map(placed).collect(),
        unread: read.unread.iter().chain(&read.unseen).map(placed).collect(),
    }
}
