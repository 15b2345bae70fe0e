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

/// How the hits of one container stand to the last report, and what became of those that are gone.
fn of<'a>(report: &'a Value, name: &str) -> Vec<&'a str> {
    let found = report["breaches"].as_array().unwrap().iter().map(|one| (one, &one["change"]["state"]));
    let gone = report["comparison"]["gone"].as_array().unwrap().iter().map(|one| (one, &one["end"]));
    let own = found.chain(gone).filter(|(one, _)| one["container"] == name);
    let mut own: Vec<_> = own.map(|(_, what)| what.as_str().unwrap()).collect();
    own.sort_unstable();
    own.dedup();
    own
}

#[test]
fn transient_containers_are_new_once_and_rest_between_two_starts() {
    let Some(engine) = engine("transient_containers_are_new_once_and_rest_between_two_starts") else { return };
    let (state, memory) = (engine.directory("state"), engine.directory("memory"));
    // Each is removed when it ends, and has a number in its name.
    let start = |stem: &str| {
        let start = Start::new(&engine.name(stem)).label("overlock.role", "batch");
        engine.start(&start.label("overlock.version", "2.1.98").bind(&state, "/root/.claude"))
    };
    let (one, two) = (start("first"), start("second"));
    let began = report(&memory);
    assert_eq!((of(&began, &one.name), of(&began, &two.name)), (vec!["new"], vec!["new"]), "{began:#}");

    let second = two.name.clone();
    drop(two);
    let three = start("third");
    let next = report(&memory);
    assert_eq!(of(&next, &one.name), ["kept"]);
    assert_eq!(of(&next, &second), Vec::<&str>::new(), "{next:#}");
    assert_eq!(of(&next, &three.name), ["new"]);
    let since = next["breaches"].as_array().unwrap().iter().find(|finding| finding["container"] == one.name.as_str());
    assert!(since.unwrap()["change"]["since"].as_i64().unwrap() <= next["comparison"]["at"].as_i64().unwrap());

    // Alone, nobody is in its way; but the others will be back.
    drop(one);
    let alone = report(&memory);
    assert_eq!(of(&alone, &three.name), Vec::<&str>::new());
    let (again, twin) = (start("second"), start("second"));
    let last = report(&memory);
    assert_eq!(of(&last, &three.name), ["kept"], "{last:#}");
    let hits = last["breaches"].as_array().unwrap().iter().filter(|one| one["change"]["state"] == "kept");
    let merged = hits.clone().find(|one| one["instances"] == 2).unwrap_or_else(|| panic!("{last:#}"));
    assert!(merged["container"].as_str().unwrap().ends_with("-second"), "{merged:#}");
    assert_ne!(again.name, twin.name);
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
