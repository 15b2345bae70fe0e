//! The scripts of a package.json.
#![no_main]

mod entries;

libfuzzer_sys::fuzz_target!(|text: &str| entries::check("package.json", text));
