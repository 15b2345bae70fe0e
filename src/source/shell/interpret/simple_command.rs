//! Simple commands as the shell sees them: redirections, builtins, functions, and what it starts.
//! Uses `walk`, `state` and `syntax`.

use super::builtins::is_builtin;
use super::exit_states::{ExitStates, FrameKind};
use super::interpreter::Interpreter;
use super::list_item::ListItem;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use crate::source::shell::parse::syntax::{AssignedValue, SimpleCommand, WordPart};

impl Interpreter<'_> {
    pub(super) fn simple(&mut self, simple: &SimpleCommand, mut state: ShellState) -> ExitStates {
        let forked = std::mem::take(&mut self.forked);
        let mut words = self.expand_all(&simple.words, &mut state);
        if words.is_empty() {
            let runs = simple.assigns.iter().any(|assign| match &assign.value {
                AssignedValue::Word(word) => word.parts.iter().any(|part| matches!(part, WordPart::Computed { .. })),
                AssignedValue::List(_) => false,
            });
            for assign in &simple.assigns {
                self.assign(assign, false, &mut state);
            }
            for redirect in &simple.redirects {
                self.data(&redirect.action, &mut state);
            }
            return if runs { ExitStates::either(state) } else { ExitStates::ok(state) };
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
                    self.isolated(&state, child, |interpreter, child| interpreter.start(simple, &words, child, false));
                    return ExitStates::ok(state);
                }
                "exec" => return self.exec(simple, words, state),
                _ => break,
            }
            if words.is_empty() {
                return ExitStates::ok(state);
            }
        }
        let name = first(&words);
        if let Some(bodies) = state.functions.get(&name).filter(|_| functions).cloned() {
            let args = words.into_iter().map(ListItem::from).collect::<Vec<_>>();
            for assign in &simple.assigns {
                self.assign(assign, false, &mut state);
            }
            return self.redirected(&simple.redirects, state, |interpreter, state| {
                interpreter.call(&name, &bodies, args, state)
            });
        }
        if is_builtin(&name) {
            return self
                .redirected(&simple.redirects, state, |interpreter, state| interpreter.builtin(&name, &words, state));
        }
        self.start(simple, &words, state, forked)
    }

    fn exec(&mut self, simple: &SimpleCommand, mut words: Vec<ShellWord>, mut state: ShellState) -> ExitStates {
        words.remove(0);
        while let Some(option) = words.first().map(ShellWord::raw).filter(|text| text.starts_with('-')) {
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
            return ExitStates::ok(state);
        }
        let ended = self.start(simple, &words, state, true);
        self.leave(FrameKind::Process, 1, ended);
        ExitStates::default()
    }

    /// Starts a program, in a process of its own or in place of this one.
    fn start(
        &mut self,
        simple: &SimpleCommand,
        words: &[ShellWord],
        mut state: ShellState,
        replaces: bool,
    ) -> ExitStates {
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
        outcome.map(|child| ShellState { conditional: state.conditional || child.conditional, ..state.after(&child) })
    }
}

fn first(words: &[ShellWord]) -> String {
    words.first().filter(|word| word.is_fixed()).map(ShellWord::raw).unwrap_or_default()
}
