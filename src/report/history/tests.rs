//! What a run finds, held against the last one.

use super::*;
use crate::finding::{Breach, PlaceName};
use crate::model::Diagnostic;

fn hit(container: &str, rule: &str) -> Hit {
    Hit { fingerprint: format!("{container} {rule}"), ..Hit::of(vec![Breach::of(rule, container)]) }
}

fn report(hits: &[(&str, &str)]) -> Report {
    let hits = hits.iter().map(|(container, rule)| hit(container, rule)).collect();
    Report { hits, ..Report::default() }
}

fn seen(present: &[&str], partly: &[&str]) -> Seen {
    let names = |names: &[&str]| names.iter().map(|name| ContainerId::new(None, name)).collect();
    Seen { present: names(present), partly: names(partly) }
}

fn ends(report: &Report) -> Vec<(String, End)> {
    let comparison = report.comparison.as_ref().unwrap();
    comparison.gone.iter().map(|gone| (gone.container.clone(), gone.end)).collect()
}

#[test]
fn what_comes_stays_and_goes_is_told_apart() {
    let all = seen(&["a", "b", "c"], &[]);
    let mut first = report(&[("a", "r"), ("b", "r")]);
    let kept = History::compare(None, &mut first, &all, 100);
    assert_eq!(first.hits[0].change, Some(Change::New));
    assert_eq!(first.comparison.as_ref().unwrap().before, Before::Nothing);
    assert!(kept.differs(None, &first));
    let mut second = report(&[("a", "r"), ("c", "r")]);
    let next = History::compare(Some(&kept), &mut second, &all, 200);
    assert_eq!(second.hits[0].change, Some(Change::Kept(Some(100))));
    assert_eq!(second.hits[1].change, Some(Change::New));
    assert_eq!(ends(&second), [("b".to_owned(), End::Fixed)]);
    assert!(next.differs(Some(&kept), &second));
    let mut third = report(&[("a", "r"), ("c", "r")]);
    let last = History::compare(Some(&next), &mut third, &all, 300);
    assert_eq!(third.hits[1].change, Some(Change::Kept(Some(200))));
    assert!(!last.differs(Some(&next), &third));
    assert_eq!(History::parse(&last.text()), Ok(last));
}

#[test]
fn what_was_not_looked_at_is_not_resolved() {
    let first = History::compare(None, &mut report(&[("a", "r"), ("b", "r"), ("c", "r")]), &Seen::default(), 1);
    let mut next = report(&[]);
    let kept = History::compare(Some(&first), &mut next, &seen(&["a", "b"], &["a"]), 2);
    let expected = [("a", End::Unseen), ("b", End::Fixed), ("c", End::Left)];
    assert_eq!(ends(&next), expected.map(|(name, end)| (name.to_owned(), end)));
    // It is no news when it is seen again.
    let mut again = report(&[("a", "r")]);
    History::compare(Some(&kept), &mut again, &seen(&["a"], &[]), 3);
    assert_eq!(again.hits[0].change, Some(Change::Kept(Some(1))));
    // Nor is what is about somebody who was not looked at.
    let mut beside = report(&[("a", "r")]);
    beside.hits[0].breaches[0].peers = vec!["b".to_owned()];
    let about = History::compare(None, &mut beside, &Seen::default(), 1);
    let mut less = report(&[]);
    History::compare(Some(&about), &mut less, &seen(&["a", "b"], &["b"]), 2);
    assert_eq!(ends(&less), [("a".to_owned(), End::Unseen)]);
    let mut blind = report(&[]);
    blind.diagnostics.push(Diagnostic::about(Level::Gap, None, "process 12 of 34 hides"));
    let gap = History::compare(Some(&first), &mut blind, &seen(&["a", "b"], &[]), 2);
    assert_eq!(ends(&blind)[1], ("b".to_owned(), End::Unseen));
    assert_eq!(gap.gaps, ["process # of # hides"]);
}

/// A report of a hit of one participant, with the names of its peers; those in `transient` are removed when they end.
fn shared(hits: &[(&str, &[&str])], transient: &[&str]) -> (Report, Seen) {
    let mut names: Vec<&str> = hits.iter().flat_map(|(name, peers)| peers.iter().chain([name])).copied().collect();
    names.sort_unstable();
    names.dedup();
    let place = PlaceName { kind: "host", filesystem: None, path: "/a".to_owned(), text: "/a".to_owned() };
    let participant = |name: &&str| {
        let recurs = transient.contains(name);
        let lasting = name.trim_end_matches(|last: char| last.is_ascii_digit());
        let service = if recurs { format!("{lasting}*") } else { (*name).to_owned() };
        Participant { service, recurs, place: place.clone(), origin: "engine", ..Participant::of(name) }
    };
    let participants: Vec<Participant> = names.iter().map(participant).collect();
    let hits = hits.iter().map(|(name, peers)| {
        let at = names.iter().position(|known| known == name);
        let service = &participants[at.unwrap()].service;
        let peers = peers.iter().map(|peer| (*peer).to_owned()).collect();
        let breach = Breach { participant: at, peers, ..Breach::of("unguarded-share", name) };
        let containers = vec![(*name).to_owned()];
        Hit { fingerprint: service.clone(), containers, ..Hit::of(vec![breach]) }
    });
    (Report { hits: hits.collect(), participants: participants.clone(), ..Report::default() }, seen(&names, &[]))
}

#[test]
fn what_is_removed_when_it_ends_rests_until_it_is_started_again() {
    const DAY: i64 = 24 * 3600;
    let run = |last: Option<&History>, (mut report, seen): (Report, Seen), now: i64| {
        let kept = History::compare(last, &mut report, &seen, now);
        let differs = kept.differs(last, &report);
        (kept, ends(&report), differs)
    };
    let both = |job: &str| shared(&[("agents", &[job]), (job, &["agents"])], &[job]);
    let alone = || {
        let (mut report, seen) = shared(&[("agents", &[])], &[]);
        report.hits.clear();
        (report, seen)
    };
    let (first, _, differs) = run(None, both("job-1"), 1);
    assert!(differs);
    let (rests, gone, differs) = run(Some(&first), alone(), 2);
    assert_eq!((gone, differs), (vec![], false), "neither of the two is resolved");
    let (again, gone, differs) = run(Some(&rests), both("job-2"), DAY);
    assert_eq!((gone, differs), (vec![], false));
    // The resident is fixed while the other one runs.
    let fixed = || {
        let (mut report, seen) = both("job-3");
        report.hits.remove(0);
        (report, seen)
    };
    let (_, gone, differs) = run(Some(&again), fixed(), 2 * DAY);
    assert_eq!((gone, differs), (vec![("agents".to_owned(), End::Fixed)], true));
    // It never comes again.
    let (late, gone, differs) = run(Some(&again), alone(), 40 * DAY);
    let expected = vec![("agents".to_owned(), End::Fixed), ("job-*".to_owned(), End::Left)];
    assert_eq!((gone, differs, late.hits.len()), (expected, true, 0));
    // One that stays is resolved with its container.
    let stays = shared(&[("agents", &["job-1"]), ("job-1", &["agents"])], &[]);
    let (first, _, _) = run(None, stays, 1);
    let (_, gone, differs) = run(Some(&first), alone(), 2);
    let expected = vec![("agents".to_owned(), End::Fixed), ("job-1".to_owned(), End::Left)];
    assert_eq!((gone, differs), (expected, true));
}

#[test]
fn what_another_lock_covers_is_no_news_and_what_it_covers_by_now_is_resolved() {
    let covered = || {
        let mut report = report(&[("a", "r")]);
        report.hits[0].family = EXCLUSION.to_owned();
        report.hits[0].breaches[0].severity = Severity::Note;
        report
    };
    let all = seen(&["a"], &[]);
    let mut first = covered();
    let note = History::compare(None, &mut first, &all, 1);
    assert!(!note.differs(None, &first));
    let mut open = report(&[("a", "r")]);
    open.hits[0].family = EXCLUSION.to_owned();
    let error = History::compare(Some(&note), &mut open, &all, 2);
    assert_eq!((open.hits[0].change, error.differs(Some(&note), &open)), (Some(Change::New), true));
    let mut again = covered();
    let last = History::compare(Some(&error), &mut again, &all, 3);
    assert_eq!((ends(&again), last.differs(Some(&error), &again)), (vec![("a".to_owned(), End::Fixed)], true));
    assert_eq!(again.hits[0].change, Some(Change::Kept(Some(2))));
}

#[test]
fn what_is_torn_foreign_or_of_another_version_says_so() {
    let whole = History::compare(None, &mut report(&[("a", "r")]), &Seen::default(), 1).text();
    for at in 0..whole.trim_end().len() {
        assert!(matches!(History::parse(&whole[..at]), Err(HistoryError::Torn(_))), "{at}");
    }
    assert!(matches!(History::parse("{}"), Err(HistoryError::Foreign(_))));
    assert!(matches!(History::parse("{\"schema_version\": 2}"), Err(HistoryError::Foreign(_))));
    let other = whole.replace("\"schema_version\": 2", "\"schema_version\": 3").replace("0.1.0", "9.1.0");
    assert_eq!(History::parse(&other), Err(HistoryError::OtherVersion("9.1.0".to_owned())));
    assert!(matches!(History::parse("{\"schema_version\": 0}"), Err(HistoryError::OtherVersion(_))));
}

#[test]
fn container_more_of_an_open_service_is_a_difference_and_a_new_task_of_a_slot_is_none() {
    let of = |names: &[&str]| {
        let mut report = report(&[("agents", "r")]);
        report.hits[0].containers = names.iter().map(|name| (*name).to_owned()).collect();
        History::compare(None, &mut report, &seen(names, &[]), 1)
    };
    let differs = |before: &[&str], now: &[&str]| of(now).differs(Some(&of(before)), &Report::default());
    assert!(differs(&["p-agents-1"], &["p-agents-1", "p-agents-2"]));
    assert!(differs(&["p-agents-1"], &["p-agents-2"]), "another one than was told");
    assert!(!differs(&["p-agents-1"], &["p-agents-1"]));
    let (one, other) = ("agents.1.abcdefghijklmnopqrstuvwxy", "agents.1.yxwvutsrqponmlkjihgfedcba");
    assert!(!differs(&[one], &[other]));
}
