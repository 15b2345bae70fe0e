//! Makefiles: whatever one says, its reading ends, what is found has its place in the file, and what is not read is said.
#![no_main]

use std::collections::BTreeMap;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use overlock::input::compose::Context;
use overlock::input::makefile::fuzz::read;
use overlock::text::{Reader, Sources};

fuzz_target!(|text: &str| {
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]);
    let context = Context { environment, cwd: PathBuf::from("/nowhere/project"), shows_values: false };
    let sources = Sources::reading(Reader::default());
    let piece = read(text, &sources, &context);
    assert_eq!(piece.layout.judged.len() + piece.layout.not_judged.len(), 1);
    for start in &piece.starts {
        let source = sources.get(start.span.file);
        assert_eq!(source.name(), "Makefile");
        assert!(source.offset(start.span.start).is_some() && source.offset(start.span.end).is_some(), "{:?}", start.span);
    }
    for span in piece.layout.diagnostics.iter().filter_map(|one| one.span) {
        assert!(sources.get(span.file).offset(span.start).is_some(), "{span:?}");
    }
});
