//! `if`, `case`, loops, and what their conditions ask.
//! Uses `interpreter`, `shell_state`, `test_expr` and `parse`.

use std::rc::Rc;

use super::exit_states::{ExitStates, FrameKind};
use super::interpreter::Interpreter;
use super::limits;
use super::lists::literal_text;
use super::shell_state::{ShellState, join_states};
use super::shell_word::ShellWord;
use super::test_expr::{TestResult, ask_unclear, compare_words, fits_any, one_of_words};
use super::variable_value::VariableValue;
use crate::input::shell::parse::syntax::{Block, BlockItem, CaseArm, Statement, UnexpandedWord};
use crate::model::Wait;

impl Interpreter<'_> {
    pub(super) fn run_if(&mut self, arms: &[(Block, Block)], otherwise: &Block, state: ShellState) -> ExitStates {
        let before = state.conditional;
        let mut rest = Some(state);
        let mut all = ExitStates::default();
        let mut alive = 0;
        for (condition, body) in arms {
            let Some(state) = rest.take() else { break };
            let (taken, failed) =
                self.in_condition(|interpreter| interpreter.run_block(condition, state)).split_failed();
            let decides = failed.is_some() && !is_flock_alone(condition);
            rest = failed.map(|state| ShellState {
                conditional: state.conditional || decides,
                ..state.pass_over_failed_locks()
            });
            if let Some(taken) = taken {
                let taken = ShellState { conditional: taken.conditional || decides, ..taken };
                let exits = self.run_block(body, taken);
                alive += usize::from(exits.is_alive());
                all = all.merge(exits);
            }
        }
        if let Some(state) = rest {
            let exits = self.run_block(otherwise, state);
            alive += usize::from(exits.is_alive());
            all = all.merge(exits);
        }
        with_condition_of(all, alive > 1, before)
    }

    pub(super) fn run_case(&mut self, subject: &UnexpandedWord, arms: &[CaseArm], mut state: ShellState) -> ExitStates {
        let before = state.conditional;
        let subject = self.expand_one(subject, &mut state);
        let mut all = ExitStates::default();
        let mut alive = 0;
        let mut rest = Some(state);
        let mut falling: Option<ShellState> = None;
        for arm in arms {
            let (mut taken, left) = match rest.take() {
                Some(state) => self.enter_arm(&subject, arm, state),
                None => (None, None),
            };
            rest = left;
            taken = join_states(taken, falling.take());
            let Some(taken) = taken else { continue };
            let exits = self.run_block(&arm.body, taken);
            if arm.falls {
                falling = self.next_state(exits);
                continue;
            }
            alive += usize::from(exits.is_alive());
            all = all.merge(exits);
        }
        if let Some(state) = join_states(rest, falling) {
            alive += 1;
            all = all.merge(ExitStates::succeeded(state));
        }
        with_condition_of(all, alive > 1, before)
    }

    /// The ways into an arm and past it.
    fn enter_arm(
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
        let subject = &self.settled(subject, &state);
        let answer = match patterns.as_slice() {
            [only] => compare_words(subject, only, true),
            several => match fits_any(subject, several) {
                Some(answer) => TestResult::Known(answer),
                None => one_of_words(subject, several).unwrap_or_else(|| ask_unclear(subject)),
            },
        };
        let (taken, left) = self.states_after(answer, state).split_failed();
        (taken.map(ShellState::on_condition), left.map(ShellState::on_condition))
    }

    pub(super) fn run_while(
        &mut self,
        condition: &Block,
        body: &Rc<Block>,
        until: bool,
        state: ShellState,
    ) -> ExitStates {
        let round = |interpreter: &mut Self, state: ShellState| {
            let (ok, failed) =
                interpreter.in_condition(|interpreter| interpreter.run_block(condition, state)).split_failed();
            let (enter, leave) = if until {
                (failed.map(ShellState::pass_over_failed_locks), ok)
            } else {
                (ok, failed.map(ShellState::pass_over_failed_locks))
            };
            let locks = is_flock_alone(condition);
            let decides = leave.is_some() && !locks;
            let leave = if locks { leave.map(wait_forever) } else { leave };
            (enter.map(|state| ShellState { conditional: state.conditional || decides, ..state }), leave)
        };
        self.run_rounds(body, state, round)
    }

    pub(super) fn run_for(
        &mut self,
        variable: Option<&str>,
        words: &[UnexpandedWord],
        body: &Rc<Block>,
        mut state: ShellState,
    ) -> ExitStates {
        let text: Vec<String> = words.iter().map(|word| word.source.raw()).collect();
        let words = self.expand_all(words, &mut state);
        let words = self.files_that_fit(words, &state);
        if let Some(variable) = variable
            && words.len() <= limits::CHOICES
            && words.iter().all(is_one_text)
            && only_sets_variables(body)
        {
            return self.run_each(variable, &words, body, state);
        }
        self.loop_words.push((variable.unwrap_or_default().to_owned(), text.join(" ")));
        let exits = self.run_for_words(variable, &words, body, state);
        self.loop_words.pop();
        exits
    }

    /// Goes through a loop round by round, where each of its words is known and rounds do no more than set variables.
    fn run_each(&mut self, variable: &str, words: &[ShellWord], body: &Block, state: ShellState) -> ExitStates {
        let before = state.conditional;
        let running = Rc::clone(&state.running);
        let mut state = Some(state);
        let mut broken = None;
        for word in words {
            let Some(mut round) = state.take() else { break };
            self.assign_value(variable, VariableValue::Text(word.text.clone()), false, &mut round);
            let (exits, frame) = self.in_frame(FrameKind::Loop, |interpreter| interpreter.run_block(body, round));
            state = join_states(self.next_state(exits), frame.again);
            let (ok, failed) = frame.ends.split_failed();
            broken = join_states(broken, join_states(ok, failed));
        }
        let left = join_states(state, broken);
        self.keep_running_after(left.iter().collect(), &running);
        ExitStates { ok: left.map(|state| ShellState { conditional: before, ..state }), ..ExitStates::default() }
    }

    fn run_for_words(
        &mut self,
        variable: Option<&str>,
        words: &[ShellWord],
        body: &Rc<Block>,
        state: ShellState,
    ) -> ExitStates {
        let sure = words.iter().any(ShellWord::is_fixed);
        let value = match words {
            [only] if only.is_fixed() && !only.raw().contains(['*', '?', '[', '{']) => {
                VariableValue::Text(only.text.clone())
            }
            _ => VariableValue::Unclear,
        };
        let round = |interpreter: &mut Self, mut state: ShellState| {
            let leave = Some(state.clone());
            if let Some(name) = variable {
                interpreter.assign_value(name, value.clone(), false, &mut state);
                if value == VariableValue::Unclear
                    && words.len() <= limits::CHOICES
                    && words.iter().all(ShellWord::is_fixed)
                {
                    let texts = words.iter().map(|word| word.text.clone()).collect();
                    Rc::make_mut(&mut state.choices).insert(name.to_owned(), texts);
                }
            }
            state.conditional |= !sure;
            (Some(state), leave)
        };
        self.run_rounds(body, state, round)
    }

    /// Goes round a loop: once to see what a round leaves, then once from what any round may start with.
    fn run_rounds(
        &mut self,
        body: &Rc<Block>,
        state: ShellState,
        mut start: impl FnMut(&mut Self, ShellState) -> (Option<ShellState>, Option<ShellState>),
    ) -> ExitStates {
        let around = self.frames.iter().rev().take_while(|frame| frame.kind == FrameKind::Loop).count();
        if around >= limits::NESTED_LOOPS {
            self.note_too_deep("loops are nested too deep to be followed");
            return ExitStates::either_way(state);
        }
        let before = state.conditional;
        let running = Rc::clone(&state.running);
        let number = self.next_site();
        self.loops.push(number);
        self.timeline.begin_loop();
        let mut round = |interpreter: &mut Self, body: Option<&Rc<Block>>, is_tried: bool, state: ShellState| {
            let mut ended = None;
            let (exits, frame) = interpreter.in_frame(FrameKind::Loop, |interpreter| {
                let (enter, leave) = start(interpreter, state);
                ended = leave;
                let run = |(state, body)| {
                    if is_tried { interpreter.try_round(body, state) } else { interpreter.run_block(body, state) }
                };
                enter.zip(body).map(run).unwrap_or_default()
            });
            let back = join_states(interpreter.next_state(exits), frame.again);
            let (ok, failed) = frame.ends.split_failed();
            LoopRound { back, ended, broken: join_states(ok, failed) }
        };
        let first = self.in_trial_round(|interpreter| round(interpreter, Some(body), true, state.clone()));
        let entry = match first.back {
            Some(back) => join_states(Some(state), Some(back)),
            None => Some(state),
        };
        // Where the loop around this one is only gone round to see what it leaves, it is gone round again after that, and
        // this one with it: twice at every level would be a power of two.
        let (body, broken) = if self.is_muted() { (None, first.broken) } else { (Some(body), None) };
        let last = entry.map(|entry| round(self, body, false, entry));
        let left = last.as_ref().and_then(|last| last.back.clone()).filter(|back| !back.left.is_empty());
        if let (Some(left), Some(body)) = (&left, body) {
            // What a round leaves running runs while the next one may let go of its lock.
            self.in_trial_round(|interpreter| round(interpreter, Some(body), true, left.clone()));
        }
        let outs = last.iter().flat_map(|last| [&last.back, &last.ended, &last.broken]).flatten();
        self.keep_running_after(outs.collect(), &running);
        let leave = last.and_then(|last| join_states(last.ended, join_states(last.broken, broken)));
        let leave = leave.map(|leave| leave.with_left(left.as_ref()));
        self.timeline.end_loop();
        self.loops.pop();
        let soft = leave.clone();
        with_condition_of(ExitStates { ok: leave, err: None, soft }, true, before)
    }
}

/// The states in which a round of a loop ends.
struct LoopRound {
    /// It is followed by another one.
    back: Option<ShellState>,
    /// The loop's condition ends it.
    ended: Option<ShellState>,
    /// `break` does.
    broken: Option<ShellState>,
}

/// Whether a word is one text and stands for no files.
fn is_one_text(word: &ShellWord) -> bool {
    word.is_fixed() && !word.raw().contains(['*', '?', '[', '{'])
}

/// Commands of the shell that only ask, or change nothing but what the shell has.
const FOR_VARIABLES: [&str; 9] = [":", "true", "false", "[", "test", "source", ".", "continue", "break"];

/// Whether statements do nothing but ask and set variables, or source what does more.
fn only_sets_variables(block: &[BlockItem]) -> bool {
    block.iter().all(|item| !item.background && sets_variables(&item.stmt))
}

/// Whether the words of `eval` set a variable: `"$name+=(\"\$value\")"`.
fn is_assignment(words: Option<&[UnexpandedWord]>) -> bool {
    let [text] = words.unwrap_or_default() else { return false };
    let source = text.source.raw();
    let is_name = |name: &str| {
        let letters = name.trim_end_matches('+').chars();
        !name.is_empty() && letters.into_iter().all(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '$' | '{' | '}'))
    };
    let runs_more = source.contains([';', '|', '&', '`', '\n']) || source.contains("$(");
    !runs_more && source.trim_start_matches('"').split_once('=').is_some_and(|(name, _)| is_name(name))
}

fn sets_variables(stmt: &Statement) -> bool {
    match stmt {
        Statement::Unset(_) | Statement::Declare { .. } | Statement::Test(_) => true,
        Statement::Simple(simple) => {
            let name = simple.words.first().map(literal_text);
            name.is_none_or(|name| {
                name.is_some_and(|name| {
                    FOR_VARIABLES.contains(&name.as_str()) || name == "eval" && is_assignment(simple.words.get(1..))
                })
            })
        }
        Statement::Not(inner) => sets_variables(inner),
        Statement::Redirected { body, .. } => sets_variables(body),
        Statement::Group(block) => only_sets_variables(block),
        Statement::List { first, rest } => sets_variables(first) && rest.iter().all(|(_, stmt)| sets_variables(stmt)),
        Statement::If { arms, otherwise } => {
            only_sets_variables(otherwise)
                && arms.iter().all(|(condition, body)| only_sets_variables(condition) && only_sets_variables(body))
        }
        _ => false,
    }
}

/// After a branch of which more than one side goes on, nothing is conditional that was not before.
fn with_condition_of(exits: ExitStates, all: bool, before: bool) -> ExitStates {
    exits.map_states(|state| ShellState { conditional: if all { before } else { state.conditional }, ..state })
}

/// A loop that goes on until it has the lock waits for ever, however short each try is.
fn wait_forever(mut state: ShellState) -> ShellState {
    if let Some(held) = Rc::make_mut(&mut state.locks).values_mut().max_by_key(|held| held.order) {
        held.wait = Wait::Forever;
    }
    state
}

/// Whether a condition is an `flock` alone: the lock says by itself what it waits for.
fn is_flock_alone(condition: &[BlockItem]) -> bool {
    let [only] = condition else { return false };
    let mut stmt = &only.stmt;
    while let Statement::Not(inner) | Statement::Redirected { body: inner, .. } = stmt {
        stmt = inner;
    }
    matches!(stmt, Statement::Simple(simple) if simple.words.first().and_then(literal_text).as_deref() == Some("flock"))
}
