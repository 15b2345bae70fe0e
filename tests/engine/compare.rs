//! What overlock predicts, beside the truth.
//!
//! Two locks are predicted to exclude each other when their places are equal and others can reach them. Where both
//! containers can make the lock, that must be what was measured. Where one of them cannot (the directory is read-only,
//! not theirs, or gone) nothing excludes, and a report says so elsewhere (`read-only-share`, `lock-uncreatable`): no
//! prediction of exclusion is contradicted by that. What can still be wrong is the place. So there, equal places must be
//! what the kernel numbers as one file or directory, and different places what it numbers as two.

use std::fmt;

use serde_json::Value;

use super::audit::places;
use super::truth::{Fact, Lock, Outcome};

/// What a report says of a lock between two containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Prediction {
    /// One place, which both reach.
    Same,
    /// Two places, or each a private one.
    Different,
    /// The report does not say.
    Missing(String),
}

/// Where a report and the truth are not one.
#[derive(Debug, Clone)]
pub(crate) struct Disagreement {
    pub(crate) fact: Fact,
    /// Who predicted: `kernel` or `file`.
    pub(crate) by: &'static str,
    pub(crate) prediction: Prediction,
    /// The two places.
    pub(crate) places: [Value; 2],
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = &self.places;
        write!(f, "{}; by the {}: {:?}\n    {one}\n    {other}", self.fact, self.by, self.prediction)
    }
}

/// What a report says of a container's lock. A container may have more participants than one, for other directories.
fn place(report: &Value, name: &str, state: &str, lock: Lock) -> Result<Value, String> {
    let all = report["participants"].as_array().ok_or("no participants in the report")?;
    let of = |one: &&Value| one["container"] == name;
    let exact = all.iter().filter(of).find(|one| one["state_dir"] == state);
    let participant = exact.ok_or_else(|| match all.iter().find(of) {
        Some(other) => format!("{name} keeps its state in {}, not {state}", other["state_dir"]),
        None => format!("{name} is no participant"),
    })?;
    let [inside, sibling, guard] = places(participant);
    let place = match lock {
        Lock::Sibling => sibling,
        Lock::Inside => inside,
        Lock::Guard => guard,
    };
    if place.is_null() { Err(format!("{name} has no place for {lock:?}")) } else { Ok(place.clone()) }
}

fn predict(places: &[Result<Value, String>; 2]) -> Prediction {
    match places {
        [Ok(one), Ok(other)] => {
            let private = one["kind"] == "private" || one["kind"] == "tmpfs";
            if one == other && !private { Prediction::Same } else { Prediction::Different }
        }
        [Err(why), _] | [_, Err(why)] => Prediction::Missing(why.clone()),
    }
}

fn agrees(fact: &Fact, prediction: &Prediction) -> bool {
    let wanted = match fact.outcome {
        Outcome::Excludes => Prediction::Same,
        Outcome::CannotBeMade(_) if fact.same => Prediction::Same,
        Outcome::Passes | Outcome::CannotBeMade(_) => Prediction::Different,
    };
    *prediction == wanted
}

/// The prediction about one lock between two containers, where it is not the truth.
pub(crate) fn disagreement(
    by: &'static str,
    report: &Value,
    fact: &Fact,
    names: [&str; 2],
    states: [&str; 2],
) -> Option<Disagreement> {
    let found = [place(report, names[0], states[0], fact.lock), place(report, names[1], states[1], fact.lock)];
    let prediction = predict(&found);
    let places = found.map(|place| place.unwrap_or_else(Value::String));
    (!agrees(fact, &prediction)).then(|| Disagreement { fact: fact.clone(), by, prediction, places })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(one: &Value, other: &Value) -> Value {
        let participant = |name: &str, place: &Value| {
            json!({ "container": name, "state_dir": "/s", "guard": { "state": "held", "path": "/g", "place": place },
                "internal_lock": { "locks": [
                    { "path": "/s/.oauth_refresh.lock", "place": place }, { "path": "/s.lock", "place": place } ] } })
        };
        json!({ "participants": [participant("a", one), participant("b", other)] })
    }

    fn host(path: &str) -> Value {
        json!({ "kind": "host", "filesystem": null, "path": path })
    }

    fn found(report: &Value, outcome: &Outcome, same: bool) -> Vec<Prediction> {
        let fact = |lock| Fact { one: 0, other: 1, lock, outcome: outcome.clone(), same };
        let ask = |lock| disagreement("kernel", report, &fact(lock), ["a", "b"], ["/s", "/s"]);
        Lock::ALL.into_iter().filter_map(ask).map(|found| found.prediction).collect()
    }

    #[test]
    fn equal_places_must_exclude_and_others_must_not() {
        let (same, different) = (report(&host("/x"), &host("/x")), report(&host("/x"), &host("/y")));
        assert_eq!(found(&same, &Outcome::Excludes, true), []);
        assert_eq!(found(&different, &Outcome::Passes, false), []);
        assert_eq!(found(&same, &Outcome::Passes, false), vec![Prediction::Same; 3]);
        assert_eq!(found(&different, &Outcome::Excludes, true), vec![Prediction::Different; 3]);
    }

    #[test]
    fn equal_names_of_private_places_are_two_places() {
        for kind in ["private", "tmpfs"] {
            let place = json!({ "kind": kind, "filesystem": null, "path": "/x" });
            assert_eq!(found(&report(&place, &place), &Outcome::Passes, false), []);
            assert_eq!(found(&report(&place, &place), &Outcome::Excludes, true), vec![Prediction::Different; 3]);
        }
    }

    #[test]
    fn a_lock_that_cannot_be_made_is_compared_by_its_place() {
        let same = report(&host("/x"), &host("/x"));
        let cannot = Outcome::CannotBeMade("read-only".to_owned());
        assert_eq!(found(&same, &cannot, true), []);
        assert_eq!(found(&same, &cannot, false), vec![Prediction::Same; 3]);
    }

    #[test]
    fn what_a_report_does_not_say_is_a_disagreement() {
        let other = report(&host("/x"), &Value::Null);
        let missing = found(&other, &Outcome::Excludes, true);
        assert!(missing.iter().all(|one| matches!(one, Prediction::Missing(_))) && missing.len() == 3, "{missing:?}");
        let fact = Fact { one: 0, other: 1, lock: Lock::Guard, outcome: Outcome::Passes, same: false };
        for (names, states) in [(["a", "c"], ["/s", "/s"]), (["a", "b"], ["/s", "/t"])] {
            let found = disagreement("file", &other, &fact, names, states).unwrap();
            assert!(matches!(found.prediction, Prediction::Missing(_)), "{found}");
        }
    }
}
