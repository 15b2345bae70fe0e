//! A whole project from one file: what Compose would accept is printed, and a review never ends early.
#![no_main]

use std::collections::BTreeMap;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use overlock::input::compose::{self, Context, Mode, Options, Profiles};
use overlock::text::{Reader, Sources};

fuzz_target!(|text: &str| {
    // Files are not read: an include or an env_file may name any of this machine.
    if ["include", "extends", "env_file", "label_file"].iter().any(|key| text.contains(key)) {
        return;
    }
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]);
    let context =
        Context { environment, cwd: PathBuf::from("/nowhere/project"), shows_values: false, ..Context::default() };
    for mode in [Mode::Strict, Mode::Review] {
        let sources = Sources::reading(Reader::of_host());
        let options = Options {
            files: vec![PathBuf::from("-")],
            stdin: Some(text.as_bytes().to_vec()),
            profiles: Profiles::All,
            mode,
            ..Options::default()
        };
        if let Ok(project) = compose::resolve(&sources, &context, &options) {
            let layout = compose::layout(&project, &context, &sources);
            let printed = compose::document(&project, &context, &sources);
            assert!(mode == Mode::Review || printed.is_err() || layout.containers.len() == project.active.len());
        }
    }
});
