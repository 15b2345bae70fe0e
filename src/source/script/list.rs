//! Lists (`a && b || c`) and pipelines.
//! Uses `walk`, `state` and `syntax`.

use std::rc::Rc;

use super::outcome::Outcome;
use super::state::{State, join};
use super::syntax::{self, Link, Part, Stmt};
use super::walk::Walker;

/// Commands that are there to be done, so that `&&` after them decides nothing.
const STEPS: [&str; 22] = [
    ":", "true", "cd", "chmod", "chown", "cp", "echo", "exec", "flock", "install", "ln", "mkdir", "printf", "rm",
    "set", "shift", "sleep", "source", ".", "touch", "ulimit", "umask",
];

impl Walker<'_> {
    pub(super) fn list(&mut self, first: &Stmt, rest: &[(Link, Stmt)], state: State) -> Outcome {
        let before = state.conditional;
        let mut previous = first;
        let mut pending = false;
        let mut outcome = self.condition(|walker| walker.statement(first, state));
        for (number, (link, stmt)) in rest.iter().enumerate() {
            let (ok, failed) = outcome.split();
            let (entering, skipping) = match link {
                Link::And => (ok, failed),
                Link::Or => (failed.map(State::stale), ok),
            };
            pending |= skipping.is_some() && (*link == Link::Or || decides(previous));
            let entering = entering.map(|state| State { conditional: state.conditional || pending, ..state });
            let entered = entering.is_some();
            let ran = match entering {
                None => Outcome::default(),
                Some(state) if number + 1 < rest.len() => self.condition(|walker| walker.statement(stmt, state)),
                Some(state) => self.statement(stmt, state),
            };
            // Where one side ended, what comes next runs only on the other's condition.
            let remains = entered && skipping.is_some() && !ran.is_alive() && asks(previous);
            outcome = match link {
                Link::And => Outcome { soft: join(ran.soft, skipping), ..ran },
                Link::Or => Outcome { ok: join(ran.ok, skipping), ..ran },
            };
            outcome = outcome.map(|state| State { conditional: before || remains, ..state });
            previous = stmt;
        }
        outcome
    }

    /// The parts run at once, each in a process of its own.
    pub(super) fn pipeline(&mut self, parts: &[Stmt], state: &State) -> Outcome {
        let mut after = state.clone();
        let mut outcome = Outcome::ok(state.clone());
        for (number, part) in parts.iter().enumerate() {
            let child = state.child(true);
            let ends = self.isolated(state, child, |walker, child| walker.statement(part, child));
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
fn decides(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Simple(simple) => match simple.words.first() {
            Some(word) => !literal(word).is_some_and(|name| STEPS.contains(&name.as_str())),
            None => false,
        },
        Stmt::Declare { .. } | Stmt::Unset(_) | Stmt::Function { .. } => false,
        Stmt::Redirected { body, .. } => decides(body),
        Stmt::List { first, rest } => decides(first) || rest.iter().any(|(_, stmt)| decides(stmt)),
        _ => true,
    }
}

/// Whether a statement is there to ask something.
fn asks(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Test(_) => true,
        Stmt::Simple(simple) => {
            simple.words.first().and_then(literal).is_some_and(|name| matches!(name.as_str(), "test" | "[" | "grep"))
        }
        Stmt::Not(inner) => asks(inner),
        Stmt::List { first, rest } => asks(first) || rest.iter().any(|(_, stmt)| asks(stmt)),
        _ => false,
    }
}

pub(super) fn literal(word: &syntax::Word) -> Option<String> {
    let mut text = String::new();
    for part in &word.parts {
        match part {
            Part::Text { text: more, .. } => text.push_str(&more.raw()),
            _ => return None,
        }
    }
    Some(text)
}
