//! What is wrong with each container, so that it can be compared with what is wrong after a change. May use `finding`,
//! `rules` and `fix::change_site`.

use std::collections::{BTreeMap, HashSet};

use super::change_site::BrokenRule;
use crate::finding::{Finding, Hit};
use crate::rules::{Matrix, Severity};

/// A rule that a container breaks, with the container's index in the layout.
pub(super) type Ignored = HashSet<(usize, String)>;

/// The rules that each container breaks, and the worst of each family of them; a warning at least.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BrokenRules {
    rules: HashSet<(usize, String)>,
    families: BTreeMap<(usize, String), Severity>,
    /// Those who take an flock that others, who are told of it, do not take.
    alone: HashSet<usize>,
}

impl BrokenRules {
    /// Of the rules that are broken, without what a person has accepted. `silent` are the containers that nothing is told
    /// of: who is as badly off because of them is told so.
    pub(super) fn of(broken: Vec<BrokenRule>, matrix: &Matrix, ignored: &Ignored, silent: &HashSet<usize>) -> Self {
        let mut outcome = Self::default();
        for BrokenRule { container, rule, severity, at_fault } in broken {
            if at_fault.is_some_and(|peers| peers.iter().any(|peer| !silent.contains(peer))) {
                outcome.alone.insert(container);
                continue;
            }
            let family = (container, matrix.family(&rule).to_owned());
            let rule = (container, rule);
            if ignored.contains(&rule) {
                continue;
            }
            outcome.rules.insert(rule);
            let known = outcome.families.entry(family).or_insert(severity);
            *known = severity.max(*known);
        }
        outcome
    }

    /// Whether a container still has what a hit of a finding is about: one of its rules is broken, or another of the family
    /// that is as bad. What is less severe is told by a finding of its own.
    pub(super) fn has(&self, container: usize, finding: &Finding, hit: &Hit) -> bool {
        let family = self.families.get(&(container, finding.family.clone()));
        let mut rules = hit.counting().filter(|breach| breach.severity >= finding.severity).map(|breach| &breach.rule);
        family.is_some_and(|known| *known >= finding.severity)
            || rules.any(|rule| self.rules.contains(&(container, rule.clone())))
    }

    /// Whether a container takes an flock that others do not take: it is as exposed to them as before.
    pub(super) fn is_alone(&self, container: usize) -> bool {
        self.alone.contains(&container)
    }

    /// The containers that something new is wrong with, or something worse, compared with what was before. A warning in
    /// the place of all errors of a container is no step back.
    pub(super) fn worse_than(&self, before: &Self) -> HashSet<usize> {
        let is_worse = |(key, severity): &(&(usize, String), &Severity)| {
            before.families.get(*key).is_none_or(|known| known < *severity)
        };
        let worse = self.families.iter().filter(is_worse).map(|((container, _), _)| *container);
        worse.filter(|container| self.worst_of(*container) >= before.worst_of(*container)).collect()
    }

    fn worst_of(&self, container: usize) -> Option<Severity> {
        let all = self.families.range((container, String::new())..).take_while(|((at, _), _)| *at == container);
        all.map(|(_, severity)| *severity).max()
    }
}
