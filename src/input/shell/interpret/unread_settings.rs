//! What a file that was not read may have set in the shell that sources it.
//! Uses `interpreter`, `shell_state`, `value_identity` and `taken_names`.

use super::interpreter::Interpreter;
use super::shell_state::{ShellState, join_states};
use super::shell_word::ShellWord;
use super::taken_names::is_of_a_tool;
use super::value_identity::{WrittenAt, name_set_elsewhere};
use super::variable_value::{ShellVariable, VariableValue};
use crate::text::{Span, TracedText};

/// Ends of the paths of files that set up a person's shell, and leave the variables of a script alone.
const OF_A_PERSON: [&str; 8] =
    ["/.bash_aliases", "/.bash_login", "/.bash_profile", "/.bashrc", "/.profile", "/.zprofile", "/.zshenv", "/.zshrc"];

impl Interpreter<'_> {
    /// Goes on from either of two ways: a file leaves the texts that the script gave its variables, or sets others.
    pub(super) fn may_set_others(&mut self, path: &str, span: Option<Span>, state: &mut ShellState) {
        if OF_A_PERSON.iter().any(|known| path.ends_with(known)) {
            return;
        }
        // It concerns all variables, and a call is not told by those.
        self.forbid_keeping();
        let place = WrittenAt::of_span(span.unwrap_or(self.here), self.context.sources);
        let mut changed = state.clone();
        for name in Self::replaceable_names(state) {
            let Some(variable) = state.vars.get(&name).cloned() else { continue };
            let other = name_set_elsewhere(&name, place, self.context.sources);
            changed.vars.set(&name, ShellVariable { value: VariableValue::Text(other), ..variable });
        }
        if let Some(either) = join_states(Some(state.clone()), Some(changed)) {
            *state = either;
        }
    }

    /// What `eval` and `export` set that is printed by a command: what a file says that it reads, or else anything.
    pub(super) fn take_printed_variables(&mut self, word: &ShellWord, state: &mut ShellState) {
        let text = word.raw();
        let is_read = self.take_variables_of(&word.text, state);
        let is_printed = text.starts_with("$(") || text.starts_with('`');
        if is_printed && !is_read && !is_of_a_tool(&text) && self.ways_in.is_some() {
            self.may_set_others("", word.source_span(self.context.sources), state);
        }
    }

    /// The variables that the script gives a text which it says itself: what it finds out, as its own directory, is no default.
    fn replaceable_names(state: &ShellState) -> Vec<String> {
        let is_written = |text: &TracedText| text.is_empty() || text.0.iter().any(|traced| traced.at.is_some());
        let is_default = |name: &&String| match state.vars.peek(name).map(|variable| &variable.value) {
            Some(VariableValue::Text(text) | VariableValue::Maybe(text, _)) => is_written(text),
            Some(VariableValue::Either(either)) => either.iter().any(is_written),
            _ => false,
        };
        let names = state.vars.names().filter(|name| !state.choices.contains_key(*name));
        names.filter(is_default).cloned().collect()
    }
}
