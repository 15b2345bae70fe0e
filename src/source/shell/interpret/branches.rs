//! `if`, `case`, loops, and what their conditions ask.
//! Uses `walk`, `state` and `syntax`.

use std::rc::Rc;

use super::exit_states::{ExitStates, FrameKind};
use super::interpreter::Interpreter;
use super::lists::literal;
use super::shell_state::{ShellState, VariableValue, join};
use super::shell_word::ShellWord;
use super::test_expr::{TestResult, asks_something, equals};
use crate::model::Wait;
use crate::source::shell::parse::syntax::{Block, BlockItem, CaseArm, Statement, UnexpandedWord};

impl Interpreter<'_> {
    pub(super) fn branches(&mut self, arms: &[(Block, Block)], otherwise: &Block, state: ShellState) -> ExitStates {
        let before = state.conditional;
        let mut rest = Some(state);
        let mut all = ExitStates::default();
        let mut alive = 0;
        for (condition, body) in arms {
            let Some(state) = rest.take() else { break };
            let (taken, failed) = self.condition(|interpreter| interpreter.block(condition, state)).split();
            let decides = failed.is_some() && !locks(condition);
            rest = failed.map(|state| ShellState { conditional: state.conditional || decides, ..state.stale() });
            if let Some(taken) = taken {
                let taken = ShellState { conditional: taken.conditional || decides, ..taken };
                let outcome = self.block(body, taken);
                alive += usize::from(outcome.is_alive());
                all = all.merge(outcome);
            }
        }
        if let Some(state) = rest {
            let outcome = self.block(otherwise, state);
            alive += usize::from(outcome.is_alive());
            all = all.merge(outcome);
        }
        restore(all, alive > 1, before)
    }

    pub(super) fn case(&mut self, subject: &UnexpandedWord, arms: &[CaseArm], mut state: ShellState) -> ExitStates {
        let before = state.conditional;
        let subject = self.expand_one(subject, &mut state);
        let mut all = ExitStates::default();
        let mut alive = 0;
        let mut rest = Some(state);
        let mut falling: Option<ShellState> = None;
        for arm in arms {
            let (mut taken, left) = match rest.take() {
                Some(state) => self.arm(&subject, arm, state),
                None => (None, None),
            };
            rest = left;
            taken = join(taken, falling.take());
            let Some(taken) = taken else { continue };
            let outcome = self.block(&arm.body, taken);
            if arm.falls {
                falling = self.settle(outcome);
                continue;
            }
            alive += usize::from(outcome.is_alive());
            all = all.merge(outcome);
        }
        if let Some(state) = join(rest, falling) {
            alive += 1;
            all = all.merge(ExitStates::ok(state));
        }
        restore(all, alive > 1, before)
    }

    /// The ways into an arm and past it.
    fn arm(
        &mut self,
        subject: &ShellWord,
        arm: &CaseArm,
        mut state: ShellState,
    ) -> (Option<ShellState>, Option<ShellState>) {
        let mut patterns = Vec::new();
        for pattern in &arm.patterns {
            patterns.push(self.expand_one(pattern, &mut state));
        }
        if patterns.iter().any(|pattern| pattern.raw() == "*") {
            return (Some(state), None);
        }
        let answer = match patterns.as_slice() {
            [only] => equals(subject, only, true),
            [_, ..]
                if patterns
                    .iter()
                    .all(|pattern| matches!(equals(subject, pattern, true), TestResult::Known(false))) =>
            {
                TestResult::Known(false)
            }
            _ => asks_something(subject),
        };
        let (taken, left) = self.answered(answer, state).split();
        let on_condition = |state: ShellState| ShellState { conditional: true, ..state };
        (taken.map(on_condition), left.map(on_condition))
    }

    pub(super) fn repeat(&mut self, condition: &Block, body: &Block, until: bool, state: ShellState) -> ExitStates {
        let round = |interpreter: &mut Self, state: ShellState| {
            let (ok, failed) = interpreter.condition(|interpreter| interpreter.block(condition, state)).split();
            let (enter, leave) =
                if until { (failed.map(ShellState::stale), ok) } else { (ok, failed.map(ShellState::stale)) };
            let locks = locks(condition);
            let decides = leave.is_some() && !locks;
            let leave = if locks { leave.map(waited) } else { leave };
            (enter.map(|state| ShellState { conditional: state.conditional || decides, ..state }), leave)
        };
        self.rounds(body, state, round)
    }

    pub(super) fn for_each(
        &mut self,
        variable: Option<&str>,
        words: &[UnexpandedWord],
        body: &Block,
        mut state: ShellState,
    ) -> ExitStates {
        let words = self.expand_all(words, &mut state);
        let sure = words.iter().any(ShellWord::is_fixed);
        let value = match words.as_slice() {
            [only] if only.is_fixed() && !only.raw().contains(['*', '?', '[', '{']) => {
                VariableValue::Text(only.text.clone())
            }
            _ => VariableValue::Unclear,
        };
        let round = |interpreter: &mut Self, mut state: ShellState| {
            let leave = Some(state.clone());
            if let Some(name) = variable {
                interpreter.assign_value(name, value.clone(), false, &mut state);
            }
            state.conditional |= !sure;
            (Some(state), leave)
        };
        self.rounds(body, state, round)
    }

    /// Goes round a loop: once to see what a round leaves, then once from what any round may start with.
    fn rounds(
        &mut self,
        body: &Block,
        state: ShellState,
        mut start: impl FnMut(&mut Self, ShellState) -> (Option<ShellState>, Option<ShellState>),
    ) -> ExitStates {
        let before = state.conditional;
        let number = self.site();
        self.loops.push(number);
        let mut round = |interpreter: &mut Self, state: ShellState| {
            let mut out = None;
            let (outcome, frame) = interpreter.framed(FrameKind::Loop, |interpreter| {
                let (enter, leave) = start(interpreter, state);
                out = leave;
                enter.map(|state| interpreter.block(body, state)).unwrap_or_default()
            });
            let back = join(interpreter.settle(outcome), frame.again);
            let (ok, failed) = frame.ends.split();
            (back, join(out, join(ok, failed)))
        };
        let (back, _) = self.muted(|interpreter| round(interpreter, state.clone()));
        let entry = match back {
            Some(back) => join(Some(state), Some(back)),
            None => Some(state),
        };
        let leave = entry.and_then(|entry| round(self, entry).1);
        self.loops.pop();
        let soft = leave.clone();
        restore(ExitStates { ok: leave, err: None, soft }, true, before)
    }
}

/// After a branch of which more than one side goes on, nothing is conditional that was not before.
fn restore(outcome: ExitStates, all: bool, before: bool) -> ExitStates {
    outcome.map(|state| ShellState { conditional: if all { before } else { state.conditional }, ..state })
}

/// A loop that goes on until it has the lock waits for ever, however short each try is.
fn waited(mut state: ShellState) -> ShellState {
    if let Some(held) = Rc::make_mut(&mut state.locks).values_mut().max_by_key(|held| held.order) {
        held.wait = Wait::Forever;
    }
    state
}

/// Whether a condition is an `flock` alone: the lock says by itself what it waits for.
fn locks(condition: &[BlockItem]) -> bool {
    let [only] = condition else { return false };
    let mut stmt = &only.stmt;
    while let Statement::Not(inner) | Statement::Redirected { body: inner, .. } = stmt {
        stmt = inner;
    }
    matches!(stmt, Statement::Simple(simple) if simple.words.first().and_then(literal).as_deref() == Some("flock"))
}
