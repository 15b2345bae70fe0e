//! Interpolation: any template is expanded or refused, and one without a `$` stays as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let variables = [("A", "a"), ("E", ""), ("B", "${A}")];
    for strict in [true, false] {
        let expanded = overlock::input::compose::fuzz::expand(text, &variables, strict);
        if !text.contains('$') {
            assert_eq!(expanded.as_deref(), Some(text));
        }
        // Two dollars are how one is written, whatever follows.
        let escaped = text.replace('$', "$$");
        assert_eq!(overlock::input::compose::fuzz::expand(&escaped, &variables, strict).as_deref(), Some(text));
    }
});
