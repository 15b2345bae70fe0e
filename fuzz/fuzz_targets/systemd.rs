//! Units of systemd.
#![no_main]

mod entries;

libfuzzer_sys::fuzz_target!(|text: &str| entries::check("agents.service", text));
