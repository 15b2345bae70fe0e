//! `overlock report` over containers that come and go, and a memory on a disk that is full or read-only.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::audit::overlock;
use super::{Start, engine, must};
use crate::harness::run;

fn report(state: &Path) -> Value {
    let call = ["report", "--format", "json", "--state", state.to_str().unwrap()];
    run(overlock(&call)).json()
}

/// What a report says of the findings of one container.
fn of<'a>(report: &'a Value, name: &str) -> Vec<(&'a str, &'a str)> {
    let found = report["breaches"].as_array().unwrap().iter().map(|one| (one, &one["change"]["state"]));
    let gone = report["comparison"]["gone"].as_array().unwrap().iter().map(|one| (one, &one["end"]));
    let own = found.chain(gone).filter(|(one, _)| one["container"] == name);
    let mut own: Vec<_> = own.map(|(one, what)| (one["rule"].as_str().unwrap(), what.as_str().unwrap())).collect();
    own.sort_unstable();
    own
}

#[test]
fn containers_that_come_and_go_are_new_open_and_resolved() {
    let Some(engine) = engine("containers_that_come_and_go_are_new_open_and_resolved") else { return };
    let (state, memory) = (engine.directory("state"), engine.directory("memory"));
    let start = |stem: &str| {
        let start = Start::new(&engine.name(stem)).label("overlock.role", "batch");
        start.label("overlock.version", "2.1.98").bind(&state, "/root/.claude")
    };
    let (first, second, third) = (start("first"), start("second"), start("third"));
    let [one, two] = [&first, &second].map(|start| engine.start(start));
    let both = |what| vec![("lock-on-private-layer", what), ("unguarded-share", what)];
    let began = report(&memory);
    assert_eq!((of(&began, &one.name), of(&began, &two.name)), (both("new"), both("new")), "{began:#}");

    drop(two);
    let three = engine.start(&third);
    let next = report(&memory);
    assert_eq!(of(&next, &one.name), both("kept"));
    assert_eq!(of(&next, &second.name), both("left"));
    assert_eq!(of(&next, &three.name), both("new"));
    let since = next["breaches"].as_array().unwrap().iter().find(|finding| finding["container"] == one.name.as_str());
    assert!(since.unwrap()["change"]["since"].as_i64().unwrap() <= next["comparison"]["at"].as_i64().unwrap());

    // Alone, nobody is in its way.
    drop(one);
    let last = report(&memory);
    assert_eq!(of(&last, &three.name), both("fixed"));
    assert_eq!(of(&last, &first.name), both("left"));
}

#[test]
fn a_disk_that_is_full_or_read_only_leaves_what_was_remembered() {
    let Some(engine) = engine("a_disk_that_is_full_or_read_only_leaves_what_was_remembered") else { return };
    let folder = engine.directory("small");
    let path = folder.to_str().unwrap();
    must("mount", &["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", path]);
    // Captures, so that nothing else of this machine decides what is told.
    let fixture = |name: &str| format!("{}/fixtures/{name}/capture.json", env!("CARGO_MANIFEST_DIR"));
    let capture = engine.directory("capture").join("host.json");
    fs::copy(fixture("unguarded-call/bad-one-without"), &capture).unwrap();
    let capture = capture.to_str().unwrap();
    let call = ["report", "--from", capture, "--state", path, "--quiet"];
    assert_eq!(run(overlock(&call)).status, 1);
    let files = || {
        let mut all: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap() != "ballast")
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        all.sort();
        all
    };
    let before = files();
    let full = fs::write(folder.join("ballast"), vec![0; 1 << 20]);
    let said = run(overlock(&call));
    fs::remove_file(folder.join("ballast")).unwrap();
    let after = files();
    must("mount", &["-o", "remount,ro", path]);
    let closed = run(overlock(&call));
    must("umount", &[path]);
    assert!(full.is_err(), "the disk is not full");
    assert!(before == after && before.len() == 2, "what was there is whole, and nothing is beside it");
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("cannot be remembered in ") && said.err.contains("No space left"), "{}", said.err);
    assert_eq!((closed.status, closed.out.as_str()), (2, ""));
    assert!(closed.err.contains("Read-only file system"), "{}", closed.err);
}
