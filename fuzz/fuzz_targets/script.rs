//! Shell scripts that run and source each other: whatever they say, what is found of them has its place in one of
//! them, and what was not seen is said. The parts of an input are the files.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use overlock::model::{Command, Sight, Value};
use overlock::input::shell::file_system::{FileSystem, Lookup};
use overlock::input::shell::{ExecContext, run_commands};
use overlock::text::{FileId, Reader, Sources, Span};

const NAMES: [&str; 4] = ["/run.sh", "/lib/a.sh", "/usr/local/bin/b", "/app/c.sh"];

struct Files(BTreeMap<&'static str, FileId>);

impl FileSystem for Files {
    fn open(&self, path: &str) -> Lookup {
        self.0.get(path).map_or(Lookup::Absent, |file| Lookup::Text(*file))
    }
}

fuzz_target!(|text: &str| {
    let sources = Sources::reading(Reader::of_host());
    let parts = text.split('\u{1e}').zip(NAMES);
    let disk = Files(parts.map(|(text, name)| (name, sources.add(name, text))).collect());
    let span = Span::file_start(disk.0["/run.sh"]);
    let word = |word: &str| Value::known(word, Some(span));
    let command = Command { words: vec![word("/run.sh"), word("a"), word("b c")], span };
    let names = ["claude".to_owned()];
    let setting = ExecContext {
        sources: &sources,
        file_system: &disk,
        directory: Some("/app"),
        hides: false,
        decides: false,
        home: &|_| None,
        user: None,
        environment: &|name| (name == "HOME").then(|| "/home/agent".to_owned()),
        is_set: &|name| name == "HOME",
        programs: &|| &names,
        ..ExecContext::unknown(&sources)
    };
    let (script, started) = run_commands(Some(&command), None, &setting);
    assert_eq!(script.sight == Sight::Whole, script.unseen.is_none());
    for call in &script.invocations {
        assert!(!call.argv.is_empty());
        assert!(NAMES.contains(&sources.get(call.span.file).name()));
        assert!(sources.get(call.span.file).offset(call.span.start).is_some(), "{:?}", call.span);
    }
    for start in &started {
        assert!(NAMES.contains(&sources.get(start.span.file).name()));
    }
});
