//! Pipelines of every form that is read.
#![no_main]

mod entries;

libfuzzer_sys::fuzz_target!(|text: &str| {
    for name in [".github/workflows/agents.yml", ".gitlab-ci.yml", ".woodpecker.yml"] {
        entries::check(name, text);
    }
});
