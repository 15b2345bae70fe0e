//! Lists (`a && b || c`) and pipelines.
//! Uses `walk`, `state` and `syntax`.

use std::rc::Rc;

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::shell_state::{ShellState, join};
use crate::source::shell::parse::syntax::{ListOperator, Statement, UnexpandedWord, WordPart};

/// Commands that are there to be done, so that `&&` after them decides nothing.
const STEPS: [&str; 22] = [
    ":", "true", "cd", "chmod", "chown", "cp", "echo", "exec", "flock", "install", "ln", "mkdir", "printf", "rm",
    "set", "shift", "sleep", "source", ".", "touch", "ulimit", "umask",
];

impl Interpreter<'_> {
    pub(super) fn list(
        &mut self,
        first: &Statement,
        rest: &[(ListOperator, Statement)],
        state: ShellState,
    ) -> ExitStates {
        let before = state.conditional;
        let mut previous = first;
        let mut pending = false;
        let mut outcome = self.condition(|interpreter| interpreter.statement(first, state));
        for (number, (link, stmt)) in rest.iter().enumerate() {
            let (ok, failed) = outcome.split();
            let (entering, skipping) = match link {
                ListOperator::And => (ok, failed),
                ListOperator::Or => (failed.map(ShellState::stale), ok),
            };
            pending |= skipping.is_some() && (*link == ListOperator::Or || decides(previous));
            let entering = entering.map(|state| ShellState { conditional: state.conditional || pending, ..state });
            let entered = entering.is_some();
            let ran = match entering {
                None => ExitStates::default(),
                Some(state) if number + 1 < rest.len() => {
                    self.condition(|interpreter| interpreter.statement(stmt, state))
                }
                Some(state) => self.statement(stmt, state),
            };
            // Where one side ended, what comes next runs only on the other's condition.
            let remains = entered && skipping.is_some() && !ran.is_alive() && asks(previous);
            outcome = match link {
                ListOperator::And => ExitStates { soft: join(ran.soft, skipping), ..ran },
                ListOperator::Or => ExitStates { ok: join(ran.ok, skipping), ..ran },
            };
            outcome = outcome.map(|state| ShellState { conditional: before || remains, ..state });
            previous = stmt;
        }
        outcome
    }

    /// The parts run at once, each in a process of its own.
    pub(super) fn pipeline(&mut self, parts: &[Statement], state: &ShellState) -> ExitStates {
        let mut after = state.clone();
        let mut outcome = ExitStates::ok(state.clone());
        for (number, part) in parts.iter().enumerate() {
            let child = state.child(true);
            let ends = self.isolated(state, child, |interpreter, child| interpreter.statement(part, child));
            if number + 1 < parts.len() {
                if state.pipefail {
                    outcome.err = join(outcome.err, ends.err.clone());
                }
                let (ok, failed) = ends.split();
                if let Some(ended) = join(ok, failed)
                    && !Rc::ptr_eq(&ended.locks, &state.locks)
                {
                    after.locks = ended.locks;
                }
                continue;
            }
            let piped = outcome.err.take();
            outcome = ends.map(|mut ended| {
                if Rc::ptr_eq(&ended.locks, &state.locks) || ended.locks == state.locks {
                    ended.locks = Rc::clone(&after.locks);
                }
                ended
            });
            outcome.err = join(outcome.err, piped);
        }
        outcome
    }
}

/// Whether `&&` after a statement makes what follows conditional.
fn decides(stmt: &Statement) -> bool {
    match stmt {
        Statement::Simple(simple) => match simple.words.first() {
            Some(word) => !literal(word).is_some_and(|name| STEPS.contains(&name.as_str())),
            None => false,
        },
        Statement::Declare { .. } | Statement::Unset(_) | Statement::Function { .. } => false,
        Statement::Redirected { body, .. } => decides(body),
        Statement::List { first, rest } => decides(first) || rest.iter().any(|(_, stmt)| decides(stmt)),
        _ => true,
    }
}

/// Whether a statement is there to ask something.
fn asks(stmt: &Statement) -> bool {
    match stmt {
        Statement::Test(_) => true,
        Statement::Simple(simple) => {
            simple.words.first().and_then(literal).is_some_and(|name| matches!(name.as_str(), "test" | "[" | "grep"))
        }
        Statement::Not(inner) => asks(inner),
        Statement::List { first, rest } => asks(first) || rest.iter().any(|(_, stmt)| asks(stmt)),
        _ => false,
    }
}

pub(super) fn literal(word: &UnexpandedWord) -> Option<String> {
    let mut text = String::new();
    for part in &word.parts {
        match part {
            WordPart::Text { text: more, .. } => text.push_str(&more.raw()),
            _ => return None,
        }
    }
    Some(text)
}
