//! Traps of scripts, in twins: `fixtures/scripts/<trap>-bad` must be flagged, `<trap>-ok`, which differs in as little as
//! possible, must not. Comments that end in `<- RULE` say by hand where: in their own line, or in the one above where
//! they stand alone. What is printed whole is kept as in `fixtures/world`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::harness::{folders, name, overlock, project, root};
use crate::world::prints_what_is_expected;

/// A file, a line in it, and a rule.
type Mark = (String, u64, String);

/// Traps whose paths are not the folder itself.
const PATHS: &[(&str, &[&str])] = &[("script-given", &["stack", "tools/ask.sh"])];

fn paths(folder: &Path) -> &'static [&'static str] {
    let name = name(folder);
    PATHS.iter().find(|(trap, _)| name.starts_with(trap)).map_or(&["."], |(_, paths)| paths)
}

fn cases() -> Vec<std::path::PathBuf> {
    folders(&root().join("fixtures/scripts"))
}

#[test]
fn what_is_marked_is_flagged_and_nothing_else() {
    for folder in cases() {
        let options = ["--format", "json", "--fail-on", "warning"];
        let run = overlock(&folder, &[&["check"], paths(&folder), &options[..]].concat());
        let bad = name(&folder).ends_with("-bad");
        let mut found = Vec::new();
        for finding in run.json()["breaches"].as_array().unwrap() {
            let rule = finding["rule"].as_str().unwrap();
            // Where the program's own lock lands is told at the mount, beside what is wrong with the guard.
            if finding["severity"] == "note" || (bad && rule == "lock-on-private-layer") {
                continue;
            }
            let location = &finding["locations"][0];
            assert_eq!(location["role"], "primary");
            let file = location["file"].as_str().unwrap().to_owned();
            found.push((file, location["line"].as_u64().unwrap(), rule.to_owned()));
        }
        let mut wanted = marks(&folder);
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{}", folder.display());
        assert_eq!(wanted.is_empty(), !bad, "{}", folder.display());
        assert_eq!(run.status, i32::from(bad), "{}: {}", folder.display(), run.out);
    }
}

#[test]
fn every_trap_has_a_twin_that_is_nearly_the_same() {
    let names: BTreeSet<String> = cases().iter().map(|folder| name(folder)).collect();
    assert!(names.len() >= 2 * 60, "{}", names.len());
    for folder in cases() {
        let name = name(&folder);
        let Some(trap) = name.strip_suffix("-bad") else {
            let trap = name.strip_suffix("-ok").unwrap_or_else(|| panic!("{name} is neither -bad nor -ok"));
            assert!(names.contains(&format!("{trap}-bad")), "{name} has no twin");
            continue;
        };
        let twin = folder.with_file_name(format!("{trap}-ok"));
        let (bad, ok) = (texts(&folder), texts(&twin));
        assert_eq!(bad.keys().collect::<Vec<_>>(), ok.keys().collect::<Vec<_>>(), "{trap}");
        let changed: usize = bad.iter().map(|(file, text)| lines_only_in(text, &ok[file])).sum();
        assert!((1..=4).contains(&changed), "{trap}: {changed} lines differ");
    }
}

#[test]
fn every_trap_prints_what_is_expected() {
    for folder in cases() {
        prints_what_is_expected(&folder, paths(&folder), &folder);
    }
}

#[test]
fn a_script_is_judged_only_where_it_is_given_or_found() {
    let folder = root().join("fixtures/scripts/script-given-bad");
    let alone = overlock(&folder, &["check", "stack", "--format", "json"]);
    assert_eq!((alone.status, alone.json()["participants"].as_array().unwrap().len()), (0, 1));
    let both = overlock(&folder, &["check", "stack", "tools/ask.sh", "--format", "json"]).json();
    let script = both["participants"].as_array().unwrap().iter().find(|one| one["origin"] == "script").unwrap();
    assert_eq!(script["container"], "ask.sh:3");
}

#[test]
fn many_scripts_are_read_in_order() {
    let run = "#!/bin/sh\ndocker run --rm -e HOME=/root -v /srv/c:/root/.claude --entrypoint claude x -p y\n";
    let files: Vec<String> = (100..260).map(|number| format!("jobs/job-{number}.sh")).collect();
    let directory = project(&files.iter().map(|file| (file.as_str(), run)).collect::<Vec<_>>());
    let report = overlock(directory.path(), &["check", ".", "--format", "json"]).json();
    let names: Vec<&str> =
        report["participants"].as_array().unwrap().iter().map(|one| one["container"].as_str().unwrap()).collect();
    let wanted: Vec<String> = (100..260).map(|number| format!("job-{number}.sh:2")).collect();
    assert_eq!(names, wanted);
}

#[test]
fn a_script_that_cannot_be_read_is_told_of() {
    let broken = "#!/bin/sh\nif docker info; then\n  docker run --rm -v /srv/c:/root/.claude x\n";
    let directory = project(&[("tools/start", broken), ("compose.yaml", "services: {web: {image: nginx}}\n")]);
    for (path, level, status) in [(".", "warning", 3), ("tools/start", "gap", 3)] {
        let run = overlock(directory.path(), &["check", path, "--format", "json"]);
        let told = &run.json()["diagnostics"][0];
        assert!(told["message"].as_str().unwrap().contains("could not be read as shell"), "{told}");
        assert_eq!((told["severity"].as_str().unwrap(), run.status), (level, status), "{told}");
        assert_eq!(told["file"], "tools/start");
    }
}

#[test]
fn what_another_language_does_is_unknown_and_named() {
    for (case, place) in [("python-bad", "agent.py:11"), ("node-bad", "src/main.mjs:4")] {
        let folder = root().join("fixtures/scripts").join(case);
        let report = overlock(&folder, &["check", ".", "--format", "json"]).json();
        let guard = &report["participants"][0]["guard"];
        assert_eq!(guard["state"], "unknown", "{case}");
        assert!(guard["evidence"][0]["text"].as_str().unwrap().starts_with(place), "{guard}");
    }
}

/// The files of a case, without what is expected of it.
fn texts(folder: &Path) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !name(&path).starts_with("expected.") {
                let file = path.strip_prefix(folder).unwrap().display().to_string();
                texts.insert(file, fs::read_to_string(path).unwrap());
            }
        }
    }
    texts
}

fn marks(folder: &Path) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (file, text) in texts(folder) {
        for (number, line) in (1..).zip(text.lines()) {
            let Some((before, rule)) = line.rsplit_once("<- ") else { continue };
            let alone = before.trim_matches([' ', '#', '/']).is_empty();
            marks.push((file.clone(), number - u64::from(alone), rule.to_owned()));
        }
    }
    marks
}

/// How many lines of a text are not in another, marks aside.
fn lines_only_in(text: &str, other: &str) -> usize {
    let unmarked = |line: &str| line.split("<- ").next().unwrap().trim_end_matches([' ', '#', '/']).to_owned();
    let mut others: Vec<String> = other.lines().map(unmarked).collect();
    let mut only = 0;
    for line in text.lines().map(unmarked).filter(|line| !line.is_empty()) {
        match others.iter().position(|other| *other == line) {
            Some(at) => _ = others.remove(at),
            None => only += 1,
        }
    }
    // Lines that were moved or taken away count too.
    only.max(others.iter().filter(|line| !line.is_empty()).count()).max(usize::from(text != other && only == 0))
}
