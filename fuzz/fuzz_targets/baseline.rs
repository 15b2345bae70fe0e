//! Baselines: what is read is written and read again as it was, and a refusal is one short line without the file's text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overlock::finding::Report;
use overlock::report::Baseline;

fuzz_target!(|text: &str| {
    match Baseline::parse(text) {
        Ok(baseline) => {
            let written = baseline.text();
            let again = Baseline::parse(&written).unwrap();
            assert_eq!(again, baseline);
            assert_eq!(again.text(), written);
            let mut report = Report::default();
            baseline.suppress(&mut report);
            assert!(report.baselined && baseline.gone(&report).len() <= text.len());
        }
        Err(error) => {
            let told = error.to_string();
            assert!(told.len() < 250 && told.chars().all(|one| one == ' ' || one.is_ascii_graphic()), "{told:?}");
        }
    }
});
