//! Lists (`a && b || c`) and pipelines.
//! Uses `interpreter`, `shell_state` and `parse`.

use std::rc::Rc;

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::shell_state::{ShellState, join_states};
use crate::input::shell::parse::syntax::{ListOperator, Statement, UnexpandedWord, WordPart};

/// Commands that are run for what they do, so that `&&` after them decides nothing.
const STEPS: [&str; 22] = [
    ":", "true", "cd", "chmod", "chown", "cp", "echo", "exec", "flock", "install", "ln", "mkdir", "printf", "rm",
    "set", "shift", "sleep", "source", ".", "touch", "ulimit", "umask",
];

impl Interpreter<'_> {
    pub(super) fn run_list(
        &mut self,
        first: &Statement,
        rest: &[(ListOperator, Statement)],
        state: ShellState,
    ) -> ExitStates {
        let before = state.conditional;
        let mut previous = first;
        let mut pending = false;
        let mut exits = self.in_condition(|interpreter| interpreter.run_statement(first, state));
        for (number, (link, stmt)) in rest.iter().enumerate() {
            let (ok, failed) = exits.split_failed();
            let (entering, skipping) = match link {
                ListOperator::And => (ok, failed),
                ListOperator::Or => (failed.map(ShellState::pass_over_failed_locks), ok),
            };
            pending |= skipping.is_some() && (*link == ListOperator::Or || is_decision(previous));
            let entering = entering.map(|state| ShellState { conditional: state.conditional || pending, ..state });
            let entered = entering.is_some();
            let ran = match entering {
                None => ExitStates::default(),
                Some(state) if number + 1 < rest.len() => {
                    self.in_condition(|interpreter| interpreter.run_statement(stmt, state))
                }
                Some(state) => self.run_statement(stmt, state),
            };
            // Where one side ended, what comes next runs only on the other's condition.
            let remains = entered && skipping.is_some() && !ran.is_alive() && is_question(previous);
            exits = match link {
                ListOperator::And => ExitStates { soft: join_states(ran.soft, skipping), ..ran },
                ListOperator::Or => ExitStates { ok: join_states(ran.ok, skipping), ..ran },
            };
            exits = exits.map_states(|state| ShellState { conditional: before || remains, ..state });
            previous = stmt;
        }
        exits
    }

    /// The parts run at once, each in a process of its own.
    pub(super) fn run_pipeline(&mut self, parts: &[Statement], state: &ShellState) -> ExitStates {
        let mut after = state.clone();
        let mut exits = ExitStates::succeeded(state.clone());
        let mut beside = Vec::with_capacity(parts.len());
        for (number, part) in parts.iter().enumerate() {
            let child = state.child_process(true);
            beside.push(self.timeline.begin_beside(true));
            let runs = |interpreter: &mut Self| {
                interpreter.in_child_process(state, child, |interpreter, child| interpreter.run_statement(part, child))
            };
            // What another part reads is not printed.
            let ends = match parts.get(number + 1) {
                Some(next) => {
                    let outer = std::mem::replace(&mut self.is_read_short, !reads_all(next));
                    let ends = self.with_recipient(next, |interpreter| interpreter.with_output_aside(runs));
                    self.is_read_short = outer;
                    ends
                }
                None => runs(self),
            };
            self.timeline.leave_beside();
            if number + 1 < parts.len() {
                if state.pipefail {
                    exits.err = join_states(exits.err, ends.err.clone());
                }
                let (ok, failed) = ends.split_failed();
                if let Some(ended) = join_states(ok, failed) {
                    after.forget_ended(state, &ended);
                    if !Rc::ptr_eq(&ended.locks, &state.locks) {
                        after.locks = ended.locks;
                    }
                }
                continue;
            }
            let piped = exits.err.take();
            exits = ends.map_states(|mut ended| {
                if Rc::ptr_eq(&ended.locks, &state.locks) || ended.locks == state.locks {
                    ended.locks = Rc::clone(&after.locks);
                }
                ended.forget_ended(state, &after);
                ended
            });
            exits.err = join_states(exits.err, piped);
        }
        for process in beside {
            self.timeline.end_process(process);
        }
        exits
    }
}

/// Whether a part of a pipeline reads all that it is given.
fn reads_all(stmt: &Statement) -> bool {
    match stmt {
        Statement::Simple(simple) => {
            let name = simple.words.first().and_then(literal_text);
            name.is_some_and(|name| ["tee", "cat", "ts", "logger"].contains(&name.as_str()))
        }
        Statement::Redirected { body, .. } => reads_all(body),
        _ => false,
    }
}

/// Whether `&&` after a statement makes what follows conditional.
fn is_decision(stmt: &Statement) -> bool {
    match stmt {
        Statement::Simple(simple) => match simple.words.first() {
            Some(word) => !literal_text(word).is_some_and(|name| STEPS.contains(&name.as_str())),
            None => false,
        },
        Statement::Declare { .. } | Statement::Unset(_) | Statement::Function { .. } => false,
        Statement::Redirected { body, .. } => is_decision(body),
        Statement::List { first, rest } => is_decision(first) || rest.iter().any(|(_, stmt)| is_decision(stmt)),
        _ => true,
    }
}

/// Whether a statement only asks something.
fn is_question(stmt: &Statement) -> bool {
    match stmt {
        Statement::Test(_) => true,
        Statement::Simple(simple) => simple
            .words
            .first()
            .and_then(literal_text)
            .is_some_and(|name| matches!(name.as_str(), "test" | "[" | "grep")),
        Statement::Not(inner) => is_question(inner),
        Statement::List { first, rest } => is_question(first) || rest.iter().any(|(_, stmt)| is_question(stmt)),
        _ => false,
    }
}

pub(super) fn literal_text(word: &UnexpandedWord) -> Option<String> {
    let mut text = String::new();
    for part in &word.parts {
        match part {
            WordPart::Text { text: more, .. } => text.push_str(&more.raw()),
            _ => return None,
        }
    }
    Some(text)
}
