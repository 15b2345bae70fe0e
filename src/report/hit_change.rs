//! Whether a hit is new, worse or as it was before: decided here alone, for a plan, the last run, a revision and a
//! baseline. May use `finding` and `rules`.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Change, EXCLUSION, GUARD_ONE_SIDED, Hit, UNDETERMINED};
use crate::rules::{FailOn, Severity};

/// Rules that are one matter: a container without the external flock, and a call that is seen to run in it without. Which
/// of them is found depends on what happens to run.
const ONE_MATTER: [&str; 2] = ["unguarded-share", "unguarded-call"];

/// What was known of a hit before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KnownHit {
    /// How bad it was.
    pub(super) severity: Option<Severity>,
    /// The rules that it broke, each with how bad that was.
    pub(super) rules: BTreeMap<String, Severity>,
    /// What was said of it, where that is kept: what is not known is told by its sentence alone.
    pub(super) messages: Option<BTreeSet<String>>,
    /// Since when it has been found, in seconds after 1970, where that is known.
    pub(super) since: Option<i64>,
}

impl KnownHit {
    /// What a record says: rules, and how bad the worst of them was.
    pub(super) fn of_record(rules: &[String], severity: Option<Severity>) -> Self {
        let grade = severity.unwrap_or(Severity::Note);
        let rules = rules.iter().map(|rule| (rule.clone(), grade)).collect();
        Self { severity, rules, ..Self::default() }
    }

    /// What a report found, whether or not it was accepted there, with what was said of it.
    pub(super) fn of_hit(hit: &Hit) -> Self {
        let mut known = Self { messages: Some(BTreeSet::new()), ..Self::default() };
        for breach in &hit.breaches {
            known.add_rule(&breach.rule, breach.severity);
            known.messages.iter_mut().for_each(|messages| {
                messages.insert(breach.message.clone());
            });
        }
        known
    }

    /// Whether it broke a rule that badly, or another one about the same matter.
    fn breaks(&self, rule: &str, severity: Severity) -> bool {
        let broke = |rule: &str| self.rules.get(rule).is_some_and(|grade| *grade >= severity);
        // Who takes a flock that others do not take is no worse off than without.
        let is_halfway = rule == GUARD_ONE_SIDED && self.severity >= Some(severity);
        is_halfway || broke(rule) || ONE_MATTER.contains(&rule) && ONE_MATTER.iter().any(|other| broke(other))
    }

    /// Takes in what another container of the same service broke.
    pub(super) fn add(&mut self, hit: &Hit) {
        for breach in hit.counting() {
            self.add_rule(&breach.rule, breach.severity);
        }
    }

    fn add_rule(&mut self, rule: &str, severity: Severity) {
        self.severity = self.severity.max(Some(severity));
        let grade = self.rules.entry(rule.to_owned()).or_insert(severity);
        *grade = severity.max(*grade);
    }
}

/// How a hit stands to what was known of it before: it is worse where it is more severe, or breaks a further rule that
/// fails a run at `fail_on`.
pub(super) fn change_of(hit: &Hit, before: Option<&KnownHit>, fail_on: FailOn) -> Change {
    // What another lock covered nobody was told of.
    let was_covered = |known: &&KnownHit| hit.family == EXCLUSION && known.severity == Some(Severity::Note);
    let Some(known) = before.filter(|known| !was_covered(known) || is_covered(hit)) else { return Change::New };
    // Where nothing fails a run, what is as bad as the hit itself is told.
    let threshold = match fail_on {
        FailOn::Severity(_) => fail_on,
        FailOn::Never => FailOn::Severity(hit.severity()),
    };
    let mut grave = hit.counting().filter(|breach| is_failing(breach.severity, threshold));
    let is_further = grave.any(|breach| !known.breaks(&breach.rule, breach.severity));
    let is_unsaid = known.messages.as_ref().filter(|_| hit.family == UNDETERMINED).is_some_and(|messages| {
        let mut said = hit.counting().map(|breach| breach.message.as_str());
        said.any(|message| !messages.contains(message))
    });
    if known.severity < Some(hit.severity()) || is_further || is_unsaid {
        Change::Worse(known.since)
    } else {
        Change::Kept(known.since)
    }
}

/// What is known of a hit. One whose own flock others do not take is known too where it was as long as it took none.
pub(super) fn find_known<'k, K>(hit: &Hit, find: impl Fn(&str) -> Option<&'k K>) -> Option<&'k K> {
    find(&hit.fingerprint).or_else(|| find(hit.bare_fingerprint.as_deref()?))
}

/// Whether a severity is one that fails a run.
pub(super) fn is_failing(severity: Severity, fail_on: FailOn) -> bool {
    match fail_on {
        FailOn::Severity(threshold) => severity >= threshold,
        FailOn::Never => false,
    }
}

/// Whether another lock covers what a hit is about: a note that a person is told when they ask.
pub fn is_covered(hit: &Hit) -> bool {
    hit.family == EXCLUSION && hit.severity() == Severity::Note
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Breach;

    fn hit(rules: &[(&str, Severity)]) -> Hit {
        let breach = |(rule, severity): &(&str, Severity)| Breach { severity: *severity, ..Breach::of(rule, "a") };
        Hit::of(rules.iter().map(breach).collect())
    }

    fn change(before: &[(&str, Severity)], now: &[(&str, Severity)], fail_on: FailOn) -> Change {
        let mut known = KnownHit::default();
        known.add(&hit(before));
        change_of(&hit(now), Some(&known), fail_on)
    }

    #[test]
    fn a_hit_is_worse_with_a_higher_severity_or_a_further_rule_that_fails() {
        use Severity::{Error, Note, Warning};
        let (errors, warnings) = (FailOn::Severity(Error), FailOn::Severity(Warning));
        let (kept, worse) = (Change::Kept(None), Change::Worse(None));
        assert_eq!(change_of(&hit(&[("r", Error)]), None, errors), Change::New);
        assert_eq!(change(&[("r", Error)], &[("r", Error)], errors), kept);
        assert_eq!(change(&[("r", Warning)], &[("r", Error)], errors), worse);
        assert_eq!(change(&[("r", Note)], &[("r", Warning)], errors), worse, "told, though it fails nothing");
        assert_eq!(change(&[("r", Error)], &[("r", Warning)], errors), kept);
        assert_eq!(change(&[("r", Error)], &[("r", Error), ("s", Error)], errors), worse);
        assert_eq!(change(&[("r", Error), ("s", Error)], &[("r", Error)], errors), kept);
        assert_eq!(change(&[("r", Error)], &[("r", Error), ("s", Warning)], errors), kept);
        assert_eq!(change(&[("r", Error)], &[("r", Error), ("s", Warning)], warnings), worse);
        assert_eq!(
            change(&[("r", Error)], &[("r", Error), ("s", Error)], FailOn::Never),
            worse,
            "told, whatever fails a run"
        );
        let (call, share) = (("unguarded-call", Error), ("unguarded-share", Error));
        assert_eq!((change(&[call], &[share], errors), change(&[share], &[call], errors)), (kept, kept), "one matter");
        assert_eq!(change(&[("r", Error)], &[("r", Error), call], errors), worse);
    }
}
