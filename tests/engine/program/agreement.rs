//! What overlock says of a layout, held against what the program did.

use serde_json::Value;

use super::layout::{Cause, Layout};
use super::play::{Look, Played};

/// The rules of the families that say that one token may be posted twice.
const RACES: [&str; 9] = [
    "unguarded-call",
    "unguarded-share",
    "version-skew",
    "interactive-shares-identity",
    "lock-on-private-layer",
    "host-shares",
    "cloned-identity",
    "guard-mismatch",
    "guard-one-sided",
];

/// One that says so of a login that is refreshed by two, and says more of one that is refreshed by one.
const FILE_MOUNT: &str = "file-mount";

/// What is wrong, a clause each.
pub(super) fn disagreements(layout: &Layout, played: &Played) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, what: String| {
        if !holds {
            wrong.push(format!("{}: {what}", played.name));
        }
    };
    let races = played.count > 1;
    // One that cannot save what it was given asks again.
    expect(
        played.count.min(2) == layout.count,
        format!("the token was posted {} times, {} before", played.count, layout.count),
    );
    for (verb, look) in played.looks() {
        let says = says_race(look) || races && is_error(look, FILE_MOUNT);
        let only_compared = layout.is_clone;
        let is_file = verb != "audit";
        match (races, says) {
            (true, false) if only_compared => {}
            // What no file shows is not known, and never fine.
            (true, false) if is_file && layout.hidden_from_files.is_some() => {
                expect(is_undetermined(look), format!("{verb} says it is sound"));
            }
            (true, false) => expect(false, format!("{verb} does not say that they race")),
            (false, true) if verb == "check" && layout.hidden_from_files.is_some() => {}
            (false, true) => expect(false, format!("{verb} says that they race: {}", rules(look))),
            _ => {}
        }
        if let Some(cause) = layout.cause.filter(|_| played.count == 0) {
            expect(names(cause, look, verb), format!("{verb} does not name {cause:?}"));
        }
    }
    if layout.is_clone && races {
        expect(says_race(&played.compared), "audit --compare-identities does not say that they race".to_owned());
    }
    wrong
}

/// Whether a report has an error of the families.
fn says_race(look: &Look) -> bool {
    RACES.iter().any(|rule| is_error(look, rule))
}

fn is_error(look: &Look, rule: &str) -> bool {
    look.breaches().iter().any(|breach| breach["severity"] == "error" && breach["rule"] == rule)
}

fn rules(look: &Look) -> String {
    let rules: Vec<&str> = look.breaches().iter().filter_map(|breach| breach["rule"].as_str()).collect();
    rules.join(", ")
}

fn is_undetermined(look: &Look) -> bool {
    look.participants().iter().any(|one| one["verdict"] == "undetermined")
}

/// Whether a report says why nothing is refreshed.
fn names(cause: Cause, look: &Look, verb: &str) -> bool {
    let breaks = |rule: &str| look.breaches().iter().any(|breach| breach["rule"] == rule);
    let participants = look.participants();
    match cause {
        Cause::Environment => participants.iter().all(|one| one["auth"] == "not-refreshed"),
        Cause::Rule(rule) => breaks(rule),
        Cause::RuleOfRunning(rule) => verb == "check" || breaks(rule),
        // Before it runs nobody knows what is in its own directory.
        Cause::NoLogin => {
            let is_told = |one: &&Value| one["reason"].as_str().is_some_and(|reason| reason.contains("no login"));
            verb != "audit" || participants.iter().all(is_told)
        }
        Cause::NoCall => participants.iter().all(|one| one["guard"]["state"] == "unknown"),
    }
}
