//! The pages for who works on this: the files that they name are there.

use std::fs;

use crate::harness::root;

#[test]
fn every_file_that_the_pages_for_developers_name_is_there() {
    let mut named = 0;
    for page in ["CONTRIBUTING.md", "SECURITY.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for word in text.split('`').skip(1).step_by(2) {
            let folders = ["src/", "tests/", "rules/", "fixtures/", "docs/", "fuzz/", "benches/", "contrib/", "ci/"];
            let is_path = folders.iter().any(|folder| word.starts_with(folder)) && !word.contains(['<', '*', ' ', '…']);
            if is_path {
                named += 1;
                assert!(root().join(word).exists(), "{page} names {word}, which is not there");
            }
        }
    }
    assert!(named > 40, "only {named} files are named");
}
