//! `if`, `case`, loops, and what their conditions ask.
//! Uses `walk`, `state` and `syntax`.

use std::rc::Rc;

use super::glyph::Word;
use super::list::literal;
use super::outcome::{Kind, Outcome};
use super::question::{Answer, equals, variable};
use super::state::{State, Value, join};
use super::syntax::{self, Arm, Block, Item, Stmt};
use super::walk::Walker;
use crate::model::{Asks, Test, Wait};

impl Walker<'_> {
    pub(super) fn branches(&mut self, arms: &[(Block, Block)], otherwise: &Block, state: State) -> Outcome {
        let before = state.conditional;
        let mut rest = Some(state);
        let mut all = Outcome::default();
        let mut alive = 0;
        for (condition, body) in arms {
            let Some(state) = rest.take() else { break };
            let (taken, failed) = self.condition(|walker| walker.block(condition, state)).split();
            let decides = failed.is_some() && !locks(condition);
            rest = failed.map(|state| State { conditional: state.conditional || decides, ..state.stale() });
            if let Some(taken) = taken {
                let taken = State { conditional: taken.conditional || decides, ..taken };
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

    pub(super) fn case(&mut self, subject: &syntax::Word, arms: &[Arm], mut state: State) -> Outcome {
        let before = state.conditional;
        let subject = self.expand_one(subject, &mut state);
        let mut all = Outcome::default();
        let mut alive = 0;
        let mut rest = Some(state);
        let mut falling: Option<State> = None;
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
            all = all.merge(Outcome::ok(state));
        }
        restore(all, alive > 1, before)
    }

    /// The ways into an arm and past it.
    fn arm(&mut self, subject: &Word, arm: &Arm, mut state: State) -> (Option<State>, Option<State>) {
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
                if patterns.iter().all(|pattern| matches!(equals(subject, pattern, true), Answer::Known(false))) =>
            {
                Answer::Known(false)
            }
            _ => match variable(subject) {
                Some((name, default)) => Answer::Asks(name, Test { default, asks: Asks::Unclear }),
                None => Answer::Unknown,
            },
        };
        let (taken, left) = self.answered(answer, state).split();
        let on_condition = |state: State| State { conditional: true, ..state };
        (taken.map(on_condition), left.map(on_condition))
    }

    pub(super) fn repeat(&mut self, condition: &Block, body: &Block, until: bool, state: State) -> Outcome {
        let round = |walker: &mut Self, state: State| {
            let (ok, failed) = walker.condition(|walker| walker.block(condition, state)).split();
            let (enter, leave) = if until { (failed.map(State::stale), ok) } else { (ok, failed.map(State::stale)) };
            let locks = locks(condition);
            let decides = leave.is_some() && !locks;
            let leave = if locks { leave.map(waited) } else { leave };
            (enter.map(|state| State { conditional: state.conditional || decides, ..state }), leave)
        };
        self.rounds(body, state, round)
    }

    pub(super) fn for_each(
        &mut self,
        variable: Option<&str>,
        words: &[syntax::Word],
        body: &Block,
        mut state: State,
    ) -> Outcome {
        let words = self.expand_all(words, &mut state);
        let sure = words.iter().any(Word::is_fixed);
        let value = match words.as_slice() {
            [only] if only.is_fixed() && !only.raw().contains(['*', '?', '[', '{']) => Value::Text(only.text.clone()),
            _ => Value::Unclear,
        };
        let round = |walker: &mut Self, mut state: State| {
            let leave = Some(state.clone());
            if let Some(name) = variable {
                walker.assign_value(name, value.clone(), false, &mut state);
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
        state: State,
        mut start: impl FnMut(&mut Self, State) -> (Option<State>, Option<State>),
    ) -> Outcome {
        let before = state.conditional;
        let number = self.site();
        self.loops.push(number);
        let mut round = |walker: &mut Self, state: State| {
            let mut out = None;
            let (outcome, frame) = walker.framed(Kind::Loop, |walker| {
                let (enter, leave) = start(walker, state);
                out = leave;
                enter.map(|state| walker.block(body, state)).unwrap_or_default()
            });
            let back = join(walker.settle(outcome), frame.again);
            let (ok, failed) = frame.ends.split();
            (back, join(out, join(ok, failed)))
        };
        let (back, _) = self.muted(|walker| round(walker, state.clone()));
        let entry = match back {
            Some(back) => join(Some(state), Some(back)),
            None => Some(state),
        };
        let leave = entry.and_then(|entry| round(self, entry).1);
        self.loops.pop();
        let soft = leave.clone();
        restore(Outcome { ok: leave, err: None, soft }, true, before)
    }
}

/// After a branch of which more than one side goes on, nothing is conditional that was not before.
fn restore(outcome: Outcome, all: bool, before: bool) -> Outcome {
    outcome.map(|state| State { conditional: if all { before } else { state.conditional }, ..state })
}

/// A loop that goes on until it has the lock waits for ever, however short each try is.
fn waited(mut state: State) -> State {
    if let Some(held) = Rc::make_mut(&mut state.locks).values_mut().max_by_key(|held| held.order) {
        held.wait = Wait::Forever;
    }
    state
}

/// Whether a condition is an `flock` alone: the lock says by itself what it waits for.
fn locks(condition: &[Item]) -> bool {
    let [only] = condition else { return false };
    let mut stmt = &only.stmt;
    while let Stmt::Not(inner) | Stmt::Redirected { body: inner, .. } = stmt {
        stmt = inner;
    }
    matches!(stmt, Stmt::Simple(simple) if simple.words.first().and_then(literal).as_deref() == Some("flock"))
}
