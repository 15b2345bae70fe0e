//! Captures: whatever is read back can be redacted, which changes nothing the second time, and judged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overlock::judge::{judge, locate_paths};
use overlock::rules::{Config, Ruleset};
use overlock::input::capture::{layout, read, redact};
use overlock::text::Sources;

thread_local! {
    static RULES: Ruleset = Ruleset::load(&Sources::default(), None).unwrap();
}

fuzz_target!(|text: &str| {
    let Ok(capture) = read(text) else { return };
    RULES.with(|rules| {
        let capture = redact(capture, &rules.profiles);
        assert_eq!(redact(capture.clone(), &rules.profiles), capture);
        let sources = Sources::default();
        let paths = ["/home/agent/.claude/x".to_owned(), "/".to_owned()];
        let mut made = layout(&capture, rules, false, &sources);
        for at in 0..made.containers.len().min(4) {
            assert_eq!(locate_paths(&made, rules, at, &paths).len(), paths.len());
        }
        let mut judged = judge(&mut made, rules, &Config::default());
        judged.attribute(&sources);
    });
});
