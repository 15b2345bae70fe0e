//! Each rule by its own folders: `bad-*` must raise it, `ok-*` must not, whatever a snapshot says.

use std::collections::BTreeSet;

use crate::harness::{folders, judged, name, overlock, root, rule_folders, rules};

#[test]
fn a_rule_fires_where_it_must_and_nowhere_near() {
    for rule in rule_folders() {
        for case in folders(&rule) {
            let report = judged(&case, &["--format", "json"]).json();
            let fired = rules(&report).contains(&name(&rule));
            let must = name(&case).starts_with("bad-");
            assert!(must || name(&case).starts_with("ok-"), "{} is neither bad- nor ok-", case.display());
            assert_eq!(fired, must, "{}: {:?}", case.display(), rules(&report));
        }
    }
}

#[test]
fn every_rule_has_a_folder_that_fires_it_and_one_that_nearly_does() {
    let listed = overlock(&root(), &["explain"]).out;
    let known: BTreeSet<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(known.len() >= 19, "{known:?}");
    for rule in known {
        let cases: Vec<String> = folders(&root().join("fixtures").join(rule)).iter().map(|path| name(path)).collect();
        for kind in ["bad-", "ok-"] {
            assert!(cases.iter().any(|case| case.starts_with(kind)), "{rule} has no {kind} folder");
        }
    }
}
