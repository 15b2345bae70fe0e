//! Tables of cron.
#![no_main]

mod entries;

libfuzzer_sys::fuzz_target!(|text: &str| entries::check("crontab", text));
