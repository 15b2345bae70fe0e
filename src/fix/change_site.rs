//! What changes are made in, and where one was. May use `finding`, `model`, `rules`, `text`
//! and `fix::change`.

use super::change::Change;
use crate::finding::{Judged, Participant};
use crate::model::Layout;
use crate::rules::{Config, Ruleset, Severity};
use crate::text::{Sources, Span};

/// What the judge answered, before anything was hidden or left out. Empty where nothing is wrong.
#[derive(Debug, Default)]
pub struct JudgedBefore {
    /// Who uses which login.
    pub(super) participants: Vec<Participant>,
    /// The rules that are broken.
    pub(super) broken: Vec<BrokenRule>,
}

impl JudgedBefore {
    /// What is needed of it to find remedies.
    pub fn of(judged: &Judged) -> Self {
        let broken = BrokenRule::of_judged(judged);
        let participants = if broken.is_empty() { Vec::new() } else { judged.participants.clone() };
        Self { participants, broken }
    }

    /// The same of an answer that nobody else needs.
    pub(super) fn of_own(judged: Judged) -> Self {
        Self { broken: BrokenRule::of_judged(&judged), participants: judged.participants }
    }
}

/// A rule that a container breaks, a warning at least.
#[derive(Debug)]
pub(super) struct BrokenRule {
    /// The container, by its index in the layout.
    pub(super) container: usize,
    pub(super) rule: String,
    pub(super) severity: Severity,
    /// The containers that do wrong, where that is not this one.
    pub(super) at_fault: Option<Vec<usize>>,
}

impl BrokenRule {
    /// All that the judge found.
    pub(super) fn of_judged(judged: &Judged) -> Vec<Self> {
        let breaches = judged.breaches.iter().filter(|breach| breach.severity >= Severity::Warning);
        let broken = breaches.filter_map(|breach| {
            let index = |at: usize| judged.participants.get(at).map(|one| one.index);
            let container = breach.participant.and_then(index)?;
            let at_fault = breach.at_fault.as_ref().map(|peers| peers.iter().filter_map(|at| index(*at)).collect());
            Some(Self { container, rule: breach.rule.clone(), severity: breach.severity, at_fault })
        });
        broken.collect()
    }
}

/// What a report was made of.
pub struct JudgedLayout<'a> {
    /// What the judge answered. `None` where a layout is so large that as little of it is kept as can be, and nobody needs
    /// it afterwards: the judge is asked again, and containers that nothing is tried for are let go.
    pub before: Option<JudgedBefore>,
    /// The layout, as the judge left it. While changes are tried, the containers concerned are out of it: a copy of those
    /// of a thousand hosts would be what takes most memory.
    pub layout: &'a mut Layout,
    /// The rules.
    pub rules: &'a Ruleset,
    /// The configuration.
    pub config: &'a Config,
    /// The files.
    pub sources: &'a Sources,
}

/// Where one change was made for a login.
pub(super) struct ChangeSites {
    pub(super) change: Change,
    /// The containers that it was made in, by their index in the layout of the trial.
    pub(super) made: Vec<Site>,
}

/// A place of a container where a change is made.
pub(super) struct Site {
    pub(super) container: usize,
    pub(super) participant: usize,
    pub(super) span: Span,
    /// The path of the flock that is taken there, or the user.
    pub(super) value: String,
}
