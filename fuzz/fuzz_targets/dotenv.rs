//! `.env` files, expanded and raw: variables come out or one bad line, which is in the file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for raw in [true, false] {
        match overlock::input::compose::fuzz::env_file(text, raw) {
            Ok(variables) => {
                assert!(variables.keys().all(|name| !name.contains(['=', '\n'])), "{variables:?}");
            }
            Err(line) => assert!(line >= 1 && line <= text.matches('\n').count() + 1, "line {line}"),
        }
    }
});
