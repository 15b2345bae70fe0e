//! Simple commands as the shell sees them: redirections, builtins, functions, and what it starts.
//! Uses `interpreter`, `builtins`, `shell_state` and `parse`.

use super::builtins::is_builtin;
use super::container_starts::settle_engine;
use super::exit_states::{ExitStates, FrameKind, LastCommand};
use super::hidden_programs::is_interpreter;
use super::interpreter::Interpreter;
use super::list_item::ListItem;
use super::print_record::redirects_output;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::unwrapped::{is_repeater, is_shell};
use super::variable_value::VariableValue;
use super::wrappers::asks_where;
use crate::input::shell::parse::syntax::{
    AssignedValue, Redirect, RedirectAction, RedirectTarget, SimpleCommand, WordPart,
};
use crate::model::Inherits;

impl Interpreter<'_> {
    /// Runs a command that is assignments and redirections alone.
    fn run_without_words(&mut self, simple: &SimpleCommand, mut state: ShellState) -> ExitStates {
        self.not_made.clear();
        let runs = simple.assigns.iter().any(|assign| match &assign.value {
            AssignedValue::Word(word) => word.parts.iter().any(|part| matches!(part, WordPart::Computed { .. })),
            AssignedValue::List(_) => false,
        });
        for assign in &simple.assigns {
            self.run_assignment(assign, false, &mut state);
        }
        for redirect in &simple.redirects {
            self.run_here_document(&redirect.action, &mut state);
        }
        self.note_printed_file(simple);
        if runs { self.exits_of_substitution(state) } else { ExitStates::succeeded(state) }
    }

    pub(super) fn run_simple(&mut self, simple: &SimpleCommand, mut state: ShellState) -> ExitStates {
        let forked = std::mem::take(&mut self.forked);
        if let Some((name, text)) = self.aliased_command(simple) {
            self.replacing.push(name);
            let exits = self.run_text(&text, LastCommand::Forks, state);
            self.replacing.pop();
            return exits;
        }
        let words = self.expand_all(&simple.words, &mut state);
        let mut words = settle_engine(self.split_default_engine(words));
        if words.is_empty() {
            return self.run_without_words(simple, state);
        }
        let mut functions = true;
        self.write_here_document(simple, &words, &mut state);
        loop {
            let name = program_name(&words);
            match name.as_str() {
                "time" => _ = words.remove(0),
                "command" if asks_where(&words) => {
                    return self.with_redirects(&simple.redirects, state, |_, state| ExitStates::either_way(state));
                }
                "command" | "builtin" if words.get(1).is_some_and(|word| !word.raw().starts_with('-')) => {
                    words.remove(0);
                    functions = false;
                }
                "coproc" => {
                    words.remove(0);
                    let child = state.child_process(false);
                    self.timeline.begin_background(state.conditional);
                    self.in_child_process(&state, child, |interpreter, child| {
                        interpreter.start_command(simple, &words, child, false)
                    });
                    self.timeline.leave_beside();
                    return ExitStates::succeeded(state);
                }
                "exec" => return self.run_exec(simple, words, state),
                _ => break,
            }
            if words.is_empty() {
                return ExitStates::succeeded(state);
            }
        }
        let name = program_name(&words);
        match name.as_str() {
            "wait" => {
                let ended = self.timeline.wait_for(words.get(1..).unwrap_or_default(), state.conditional);
                self.end_left(&ended, &mut state);
            }
            "alias" => {
                self.note_aliases(&words);
                self.run_aliases(&words, &state);
            }
            "shopt" if words.iter().any(|word| word.raw() == "expand_aliases") => {
                self.forbid_keeping();
                self.expands_aliases = words.iter().any(|word| word.raw() == "-s") && !state.conditional;
            }
            "printf" if words.get(1).is_some_and(|word| word.raw() == "-v") => {
                self.print_into_variable(&words, &mut state);
                return ExitStates::succeeded(state);
            }
            _ => {}
        }
        if let Some(bodies) = state.functions.get(&name).filter(|_| functions).cloned() {
            let args = words.into_iter().map(ListItem::from).collect::<Vec<_>>();
            for assign in &simple.assigns {
                self.run_assignment(assign, false, &mut state);
            }
            let call = |interpreter: &mut Self, state| interpreter.call_function(&name, &bodies, args, state);
            if simple.redirects.iter().any(redirects_output) {
                return self.with_output_aside(|aside| aside.with_redirects(&simple.redirects, state, call));
            }
            return self.with_redirects(&simple.redirects, state, call);
        }
        let meant = if functions && name.is_empty() { self.functions_meant(&words, &state) } else { Vec::new() };
        if !meant.is_empty() {
            return self.call_one_of(&meant, simple, words, state);
        }
        if functions && name.is_empty() {
            self.note_picked_by_caller(&words, &state);
        }
        self.note_printed(simple, &words, &state);
        if matches!(name.as_str(), "echo" | "printf") {
            self.note_piped(simple, &words, &state);
            self.write_printed_text(simple, &words, &mut state);
        }
        if is_builtin(&name) {
            return self.with_redirects(&simple.redirects, state, |interpreter, state| {
                interpreter.run_builtin(&name, &words, state)
            });
        }
        self.start_command(simple, &words, state, forked)
    }

    /// `printf -v NAME format arguments`.
    fn print_into_variable(&mut self, words: &[ShellWord], state: &mut ShellState) {
        let Some(name) = words.get(2).filter(|name| name.is_fixed()).map(ShellWord::raw) else {
            self.note_unseen_at("a variable is set whose name is not known", Some(self.here));
            return;
        };
        let value = match words.get(3..).unwrap_or_default() {
            [format] if format.is_fixed() && !format.raw().contains(['%', '\\']) => {
                VariableValue::Text(format.text.clone())
            }
            [format, word] if format.is_fixed() && format.raw() == "%s" && !word.unclear => {
                VariableValue::Text(word.text.clone())
            }
            _ => VariableValue::Unclear,
        };
        self.assign_value(&name, value, false, state);
    }

    fn run_exec(&mut self, simple: &SimpleCommand, mut words: Vec<ShellWord>, mut state: ShellState) -> ExitStates {
        words.remove(0);
        let mut clears = false;
        while let Some(option) = words.first().map(ShellWord::raw).filter(|text| text.starts_with('-')) {
            words.remove(0);
            clears |= option.contains('c');
            if option.ends_with('a') && !words.is_empty() {
                words.remove(0);
            }
        }
        let words = settle_engine(words);
        if words.is_empty() {
            for redirect in &simple.redirects {
                self.apply_redirect(redirect, &mut state);
            }
            state.drop_closed();
            return ExitStates::succeeded(state);
        }
        if clears {
            Self::limit_environment(Inherits::Nothing, &[], &mut state);
        }
        let ended = self.start_command(simple, &words, state, true);
        self.leave_frames(FrameKind::Process, 1, ended);
        ExitStates::default()
    }

    /// Starts a program, in a process of its own or in place of this one.
    fn start_command(
        &mut self,
        simple: &SimpleCommand,
        words: &[ShellWord],
        mut state: ShellState,
        replaces: bool,
    ) -> ExitStates {
        let mut child = if replaces { state.clone() } else { state.child_process(true) };
        for assign in &simple.assigns {
            self.run_assignment(assign, true, &mut child);
        }
        for redirect in &simple.redirects {
            self.apply_redirect(redirect, &mut child);
        }
        if replaces {
            child.drop_closed();
            state.clone_from(&child);
        }
        let input = self.shell_input(simple, words, &child);
        let opens_input = |redirect: &Redirect| {
            matches!((&redirect.target, &redirect.action), (RedirectTarget::Number(0), RedirectAction::Open(_)))
        };
        let input_file = simple.redirects.iter().any(opens_input).then(|| self.opened_input(&child)).flatten();
        let outer = std::mem::replace(&mut self.input, input);
        let outer_file = std::mem::replace(&mut self.input_file, input_file);
        let exits = self.start_program(words, child);
        (self.input, self.input_file) = (outer, outer_file);
        exits.map_states(|child| ShellState {
            conditional: state.conditional || child.conditional,
            ..state.after_child(&child)
        })
    }
    /// The here-document that a shell or another interpreter among the words reads.
    fn shell_input(&mut self, simple: &SimpleCommand, words: &[ShellWord], state: &ShellState) -> Option<ShellWord> {
        let is_input = |redirect: &&Redirect| matches!(redirect.target, RedirectTarget::Number(0));
        let RedirectAction::Data(document) = &simple.redirects.iter().rfind(is_input)?.action else { return None };
        let is_read = |word: &ShellWord| {
            let raw = word.raw();
            let name = raw.rsplit('/').next().unwrap_or_default();
            is_shell(name) || is_interpreter(name) || matches!(name, "newgrp" | "sg" | "ssh") || is_repeater(name)
        };
        if !words.iter().any(is_read) {
            return None;
        }
        // What is substituted in it ran when it was made.
        let text = document.word()?;
        Some(self.without_recording(|interpreter| interpreter.expand_one(text, &mut state.clone())))
    }
}

fn program_name(words: &[ShellWord]) -> String {
    words.first().filter(|word| word.is_fixed()).map(ShellWord::raw).unwrap_or_default()
}
