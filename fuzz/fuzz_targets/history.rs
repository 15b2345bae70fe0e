//! The state file of `report`: what is read is written and read again as it was, and a run that could look at nothing
//! forgets none of its findings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overlock::finding::{End, Report};
use overlock::model::{ContainerId, Diagnostic, Level};
use overlock::report::{History, Seen};

const NOW: i64 = 1_700_000_000;

fuzz_target!(|text: &str| {
    let last = match History::parse(text) {
        Ok(last) => last,
        Err(error) => {
            let told = error.to_string();
            assert!(told.len() < 250 && told.chars().all(|one| one == ' ' || one.is_ascii_graphic()), "{told:?}");
            return;
        }
    };
    let written = last.text();
    assert_eq!(History::parse(&written).as_ref(), Ok(&last));
    assert!(!last.differs(Some(&last), &Report::default()));

    // Nobody is there any more: everybody left.
    let mut empty = Report::default();
    let kept = History::compare(Some(&last), &mut empty, &Seen::default(), NOW);
    let gone = empty.comparison.unwrap().gone;
    assert!(gone.iter().all(|one| one.end == End::Left));
    let fresh = History::compare(None, &mut Report::default(), &Seen::default(), NOW);
    assert!(!kept.differs(Some(&fresh), &Report::default()));

    // Everybody is there, and nothing could be looked at.
    let present = gone.iter().map(|one| ContainerId::new(one.project.as_deref(), &one.container)).collect();
    let seen = Seen { present, ..Seen::default() };
    let blind = || Report { diagnostics: vec![Diagnostic::about(Level::Error, None, "x".to_owned())], ..Report::default() };
    let kept = History::compare(Some(&last), &mut blind(), &seen, NOW);
    let mut next = blind();
    let again = History::compare(Some(&kept), &mut next, &seen, NOW);
    let unseen = next.comparison.take().unwrap().gone;
    assert!(unseen.iter().all(|one| one.end == End::Unseen), "{unseen:?}");
    assert_eq!(unseen.len(), gone.len());
    assert!(!again.differs(Some(&kept), &next));
});
