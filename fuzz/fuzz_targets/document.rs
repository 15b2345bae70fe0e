//! Markdown documents.
#![no_main]

mod entries;

libfuzzer_sys::fuzz_target!(|text: &str| entries::check("README.md", text));
