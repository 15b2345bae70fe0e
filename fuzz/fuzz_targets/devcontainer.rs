//! devcontainer.json: whatever it says, what is read of it has its place in the file, and what is not read is said.
#![no_main]

use std::collections::BTreeMap;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use overlock::input::compose::Context;
use overlock::input::fuzz::read_devcontainer;
use overlock::text::json::{json_comments, parse};
use overlock::text::{FileId, Reader, Sources};

fuzz_target!(|text: &str| {
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]);
    let context =
        Context { environment, cwd: PathBuf::from("/nowhere/project"), shows_values: false, ..Context::default() };
    let sources = Sources::reading(Reader::default());
    let layout = read_devcontainer(text, &sources, &context);
    assert_eq!(layout.judged.len() + layout.not_judged.len(), 1);
    assert_eq!(layout.not_judged.is_empty(), layout.diagnostics.is_empty(), "{:?}", layout.diagnostics);
    let is_in_file = |file: FileId, span| sources.get(file).offset(span).is_some();
    for container in &layout.containers {
        for mount in &container.mounts {
            assert!(is_in_file(mount.span.file, mount.span.end), "{:?}", mount.span);
        }
        for variable in container.env.values() {
            assert!(is_in_file(variable.span.file, variable.span.end), "{:?}", variable.span);
        }
    }
    for diagnostic in &layout.diagnostics {
        let span = diagnostic.span.expect("a file that is there has a place for what is wrong in it");
        assert!(is_in_file(span.file, span.end), "{span:?}");
    }
    for comment in json_comments(text) {
        assert!(text.get(comment.clone()).is_some_and(|comment| comment.starts_with('/')), "{comment:?}");
    }
    assert_eq!(
        parse(FileId::default(), text).is_ok_and(|root| root.as_map().is_some()) || layout.judged.is_empty(),
        true
    );
});
