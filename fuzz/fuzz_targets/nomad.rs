//! Jobs of Nomad in HCL and JSON: whatever they say, what is read of them has its place in the file, and what is not read
//! is said.
#![no_main]

use std::collections::BTreeMap;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use overlock::input::compose::Context;
use overlock::input::fuzz::read_nomad;
use overlock::input::hcl_comments;
use overlock::text::{FileId, Reader, Sources};

fuzz_target!(|text: &str| {
    let environment = BTreeMap::from([("NOMAD_VAR_image".to_owned(), "agents:1".to_owned())]);
    let context =
        Context { environment, cwd: PathBuf::from("/nowhere/project"), shows_values: false, ..Context::default() };
    for name in ["agents.nomad.hcl", "agents.json"] {
        let sources = Sources::reading(Reader::default());
        let layout = read_nomad(name, text, &sources, &context).layout;
        assert_eq!(layout.judged.len() + layout.not_judged.len(), 1);
        let is_in_file = |file: FileId, span| sources.get(file).offset(span).is_some();
        for container in &layout.containers {
            assert!(is_in_file(container.span.file, container.span.end), "{:?}", container.span);
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
    }
    for comment in hcl_comments(text) {
        assert!(text[comment].starts_with(['#', '/']));
    }
});
