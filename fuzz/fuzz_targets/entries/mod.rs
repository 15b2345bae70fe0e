//! What holds for every file whose text holds commands: its reading ends, what is found has its place in the file, and what is
//! not read is said.

use std::collections::BTreeMap;
use std::path::PathBuf;

use overlock::input::compose::Context;
use overlock::input::fuzz::read_entries;
use overlock::text::{Reader, Sources};

/// Reads a text as the file of a name, and checks what is read.
pub fn check(name: &str, text: &str) {
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]);
    let context =
        Context { environment, cwd: PathBuf::from("/nowhere/project"), shows_values: false, ..Context::default() };
    let sources = Sources::reading(Reader::default());
    let piece = read_entries(name, text, &sources, &context);
    assert_eq!(piece.layout.judged.len() + piece.layout.not_judged.len(), 1);
    for start in &piece.starts {
        let source = sources.get(start.span.file);
        assert_eq!(source.name(), name);
        assert!(
            source.offset(start.span.start).is_some() && source.offset(start.span.end).is_some(),
            "{:?}",
            start.span
        );
    }
    for span in piece.layout.diagnostics.iter().filter_map(|one| one.span) {
        assert!(sources.get(span.file).offset(span.start).is_some(), "{span:?}");
    }
}
