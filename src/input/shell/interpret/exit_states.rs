//! The states in which a statement ends, and the frames that `exit`, `return`, `break` and `continue` leave.
//! Uses `shell_state`.

use super::shell_state::{ShellState, ShellVariable, join_states};

/// The states in which a statement ends; `None` where it cannot end so.
#[derive(Debug, Default)]
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
