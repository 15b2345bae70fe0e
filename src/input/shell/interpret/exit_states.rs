//! The states in which a statement ends, and the frames that `exit`, `return`, `break` and `continue` leave.
//! Uses `shell_state`.

use std::rc::Rc;

use super::shell_state::{ShellState, join_states};
use super::variable_value::ShellVariable;

/// The states in which a statement ends; `None` where it cannot end so.
#[derive(Debug, Clone, Default)]
pub(super) struct ExitStates {
    /// It succeeded.
    pub(super) ok: Option<ShellState>,
    /// It failed.
    pub(super) err: Option<ShellState>,
    /// It failed in a place where `set -e` does not mind.
    pub(super) soft: Option<ShellState>,
}

impl ExitStates {
    pub(super) fn succeeded(state: ShellState) -> Self {
        Self { ok: Some(state), ..Self::default() }
    }

    pub(super) fn either_way(state: ShellState) -> Self {
        Self { ok: Some(state.clone()), err: Some(state), soft: None }
    }

    pub(super) fn is_alive(&self) -> bool {
        self.ok.is_some() || self.err.is_some() || self.soft.is_some()
    }

    pub(super) fn merge(self, other: Self) -> Self {
        Self {
            ok: join_states(self.ok, other.ok),
            err: join_states(self.err, other.err),
            soft: join_states(self.soft, other.soft),
        }
    }

    pub(super) fn map_states(self, mut change: impl FnMut(ShellState) -> ShellState) -> Self {
        Self { ok: self.ok.map(&mut change), err: self.err.map(&mut change), soft: self.soft.map(&mut change) }
    }

    /// All ways out as one.
    pub(super) fn joined(&self) -> Option<ShellState> {
        join_states(self.ok.clone(), join_states(self.err.clone(), self.soft.clone()))
    }

    /// The same ways out without the conditions after the first `from` that were known before, but for those that tell one
    /// way out from another.
    pub(super) fn without_known_facts(self, from: usize) -> Self {
        let known = |state: &ShellState, at: usize| {
            let asks = state.facts.get(at).and_then(|fact| fact.asks.as_ref());
            asks.is_some() && state.facts.iter().take(at).any(|before| before.asks.as_ref() == asks)
        };
        let repeated = |state: &ShellState| (from..state.facts.len()).any(|at| known(state, at));
        let all: Vec<&ShellState> = self.ok.iter().chain(&self.err).chain(&self.soft).collect();
        let is_known = all.iter().any(|state| repeated(state));
        let facts = all.iter().flat_map(|state| state.facts.iter().skip(from));
        let sides: Vec<(usize, bool)> = facts.map(|fact| (fact.site, fact.side)).collect();
        if !is_known {
            return self;
        }
        self.map_states(|mut state| {
            let tells = |at: usize| {
                let fact = state.facts.get(at);
                fact.is_some_and(|fact| sides.contains(&(fact.site, !fact.side)))
            };
            let kept = |at: &usize| *at < from || tells(*at) || !known(&state, *at);
            let kept: Vec<usize> = (0..state.facts.len()).filter(kept).collect();
            let facts = kept.into_iter().filter_map(|at| state.facts.get(at).cloned()).collect();
            state.facts = Rc::new(facts);
            state
        })
    }

    /// The ways out that failed.
    pub(super) fn split_failed(self) -> (Option<ShellState>, Option<ShellState>) {
        (self.ok, join_states(self.err, self.soft))
    }
}

/// What `exit`, `return`, `break` and `continue` leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    Process,
    Function,
    /// A file that is sourced: `return` leaves it too.
    Sourced,
    Loop,
}

pub(super) struct ControlFrame {
    pub(super) kind: FrameKind,
    pub(super) ends: ExitStates,
    /// What `continue` leads to.
    pub(super) again: Option<ShellState>,
    /// Variables that are local to a function, with what they hide.
    pub(super) locals: Vec<(String, Option<ShellVariable>)>,
}

/// Whether a process's last command replaces it, so that nothing else of the process stays open.
/// Measured: bash 5.2 does so where the command has no redirection of its own, dash 0.5.12 in a subshell always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastCommand {
    Forks,
    ReplacesUnlessRedirected,
    Replaces,
}
