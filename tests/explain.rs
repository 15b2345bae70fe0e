//! The pages are true: their examples are the fixtures', and the fixtures do what the page says.

use std::collections::BTreeSet;
use std::fs;

use crate::harness::{judged, overlock, root, rule_folders, rules};

#[test]
fn the_examples_of_every_page_are_its_fixtures() {
    let pages = fs::read_dir(root().join("rules/explain")).unwrap();
    let bless = std::env::var_os("OVERLOCK_BLESS").is_some();
    // The pages are in the binary, too: what is written anew is seen by the next run only.
    let mut anew = BTreeSet::new();
    let mut seen = 0;
    for page in pages.map(|entry| entry.unwrap().path()) {
        let rule = page.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = overlock(&root(), &["explain", &rule]).out;
        assert_eq!(text, fs::read_to_string(&page).unwrap());
        for heading in ["## What it means", "## Why", "## Wrong", "## Right", "## How to fix it"] {
            assert!(text.contains(heading), "{rule} has no {heading}");
        }
        let mut examples = Vec::new();
        for part in text.split("\n\nfixtures/").skip(1) {
            let (path, rest) = part.split_once("\n\n```").unwrap();
            let (shown, _) = rest.split_once("```\n").unwrap();
            let (kind, shown) = shown.split_once('\n').unwrap();
            let (folder, file) = path.rsplit_once('/').unwrap();
            let folder = root().join("fixtures").join(folder);
            // A file that people write is shown as it is; a capture by what is said of it.
            let wanted = match kind {
                "yaml" | "sh" => fs::read_to_string(folder.join(file)).unwrap(),
                "text" => judged(&folder, &[]).out,
                _ => panic!("{rule} shows {kind}"),
            };
            if kind == "text" && bless && shown != wanted {
                fs::write(&page, fs::read_to_string(&page).unwrap().replace(shown, &wanted)).unwrap();
                anew.insert(page.clone());
                continue;
            }
            assert_eq!(shown, wanted, "{path}");
            examples.push(rules(&judged(&folder, &["--format", "json"]).json()).contains(&rule));
        }
        if anew.contains(&page) {
            seen += 1;
            continue;
        }
        assert_eq!(examples, [true, false], "{rule}: first the wrong example, then the right one");
        seen += 1;
    }
    assert!(anew.is_empty(), "build and run once more: these are written anew: {anew:?}");
    assert_eq!(seen, rule_folders().len());
}

#[test]
fn a_rule_that_does_not_exist_is_said_with_what_is_near() {
    let run = overlock(&root(), &["explain", "home-mount"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("no rule `home-mount`") && run.err.contains("home-mounted"), "{}", run.err);
    assert_eq!(run.out, "");
}
