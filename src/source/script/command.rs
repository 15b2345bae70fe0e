//! Simple commands as the shell sees them: redirections, builtins, functions, and what it starts.
//! Uses `walk`, `state` and `syntax`.

use super::builtin::is_builtin;
use super::doubt::Piece;
use super::glyph::Word;
use super::outcome::{Kind, Outcome};
use super::state::State;
use super::syntax::{Assigned, Part, Simple};
use super::walk::Walker;

impl Walker<'_> {
    pub(super) fn simple(&mut self, simple: &Simple, mut state: State) -> Outcome {
        let forked = std::mem::take(&mut self.forked);
        let mut words = self.expand_all(&simple.words, &mut state);
        if words.is_empty() {
            let runs = simple.assigns.iter().any(|assign| match &assign.value {
                Assigned::Word(word) => word.parts.iter().any(|part| matches!(part, Part::Computed { .. })),
                Assigned::List(_) => false,
            });
            for assign in &simple.assigns {
                self.assign(assign, false, &mut state);
            }
            for redirect in &simple.redirects {
                self.data(&redirect.action, &mut state);
            }
            return if runs { Outcome::either(state) } else { Outcome::ok(state) };
        }
        let mut functions = true;
        loop {
            let name = first(&words);
            match name.as_str() {
                "time" => _ = words.remove(0),
                "command" | "builtin" if words.get(1).is_some_and(|word| !word.raw().starts_with('-')) => {
                    words.remove(0);
                    functions = false;
                }
                "coproc" => {
                    words.remove(0);
                    let child = state.child(false);
                    self.isolated(&state, child, |walker, child| walker.start(simple, &words, child, false));
                    return Outcome::ok(state);
                }
                "exec" => return self.exec(simple, words, state),
                _ => break,
            }
            if words.is_empty() {
                return Outcome::ok(state);
            }
        }
        let name = first(&words);
        if let Some(bodies) = state.functions.get(&name).filter(|_| functions).cloned() {
            let args = words.into_iter().map(Piece::from).collect::<Vec<_>>();
            for assign in &simple.assigns {
                self.assign(assign, false, &mut state);
            }
            return self.redirected(&simple.redirects, state, |walker, state| walker.call(&name, &bodies, args, state));
        }
        if is_builtin(&name) {
            return self.redirected(&simple.redirects, state, |walker, state| walker.builtin(&name, &words, state));
        }
        self.start(simple, &words, state, forked)
    }

    fn exec(&mut self, simple: &Simple, mut words: Vec<Word>, mut state: State) -> Outcome {
        words.remove(0);
        while let Some(option) = words.first().map(Word::raw).filter(|text| text.starts_with('-')) {
            words.remove(0);
            if option.ends_with('a') && !words.is_empty() {
                words.remove(0);
            }
        }
        if words.is_empty() {
            for redirect in &simple.redirects {
                self.redirect(redirect, &mut state);
            }
            state.drop_closed();
            return Outcome::ok(state);
        }
        let ended = self.start(simple, &words, state, true);
        self.leave(Kind::Process, 1, ended);
        Outcome::default()
    }

    /// Starts a program, in a process of its own or in place of this one.
    fn start(&mut self, simple: &Simple, words: &[Word], mut state: State, replaces: bool) -> Outcome {
        let mut child = if replaces { state.clone() } else { state.child(true) };
        for assign in &simple.assigns {
            self.assign(assign, true, &mut child);
        }
        for redirect in &simple.redirects {
            self.redirect(redirect, &mut child);
        }
        if replaces {
            child.drop_closed();
            state.clone_from(&child);
        }
        let outcome = self.launch(words, child);
        outcome.map(|child| State { conditional: state.conditional || child.conditional, ..state.after(&child) })
    }
}

fn first(words: &[Word]) -> String {
    words.first().filter(|word| word.is_fixed()).map(Word::raw).unwrap_or_default()
}
