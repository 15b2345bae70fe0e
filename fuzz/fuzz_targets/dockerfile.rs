//! Dockerfiles: whatever is read has its places in the file, and every path has an answer.
#![no_main]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use overlock::input::dockerfile::{BuildContext, BuildRequest, BuildStep, ContextEntry, PathContent, build_image};
use overlock::input::shell;
use overlock::text::{Reader, Sources};

/// A context in which every name without an ending is a directory of two.
#[derive(Debug)]
struct Everything;

impl BuildContext for Everything {
    fn kind(&self, path: &str) -> Option<ContextEntry> {
        let name = path.rsplit('/').next()?;
        Some(if name.contains('.') { ContextEntry::File } else { ContextEntry::Directory }).filter(|_| !name.starts_with('z'))
    }

    fn list(&self, _: &str) -> Option<Vec<String>> {
        Some(vec!["a".to_owned(), "run.sh".to_owned()])
    }

    fn locate(&self, path: &str) -> PathBuf {
        PathBuf::from(path)
    }
}

fuzz_target!(|text: &str| {
    let sources = Sources::reading(Reader::of_host());
    let file = sources.add("Dockerfile", text);
    let context: Option<Rc<dyn BuildContext>> = Some(Rc::new(Everything));
    let request = BuildRequest { target: None, args: &BTreeMap::new(), context, bases: &|_| None };
    let image = build_image(file, &sources, &request);
    for unseen in &image.unseen {
        assert_eq!(unseen.span.file, file);
    }
    let commands = image.steps.iter().filter_map(|step| match step.as_ref() {
        BuildStep::Run(ran) => Some(&ran.command),
        BuildStep::Copy(_) | BuildStep::Unread(_) => None,
    });
    let commands = commands.chain(&image.entrypoint).chain(&image.command).chain(&image.healthcheck);
    for command in commands.take(20) {
        for invocation in shell::read_commands(Some(command), None, &sources).invocations {
            assert!(sources.get(file).offset(invocation.span.end).is_some(), "{:?}", invocation.span);
        }
    }
    for path in ["/", "/run.sh", "/usr/local/bin/run.sh", "/app/bin/../a/run.sh"] {
        if let PathContent::Link(target) = image.find_file(path, &sources) {
            assert!(target.starts_with('/'), "{target}");
        }
    }
});
