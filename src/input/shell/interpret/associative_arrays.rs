//! Arrays with names for subscripts (`declare -A`): each element is kept as a variable of its own. Uses `interpreter` and
//! `shell_state`.

use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::variable_value::VariableValue;
use crate::input::shell::parse::syntax::{AssignedValue, Assignment, UnexpandedWord};
use crate::text::TracedText;

impl Interpreter<'_> {
    /// Notes that a variable is such an array.
    pub(super) fn declare_associative(&mut self, name: &str, state: &mut ShellState) {
        self.assign_value(&mark_of(name), VariableValue::Text(TracedText::default()), false, state);
    }

    /// Sets what an assignment sets of such an array; whether it is one.
    pub(super) fn assign_associative(&mut self, assign: &Assignment, state: &mut ShellState) -> bool {
        let name = state.target_of(&assign.name);
        if state.vars.value(&mark_of(&name)).is_none() {
            return false;
        }
        match (&assign.value, assign.element.as_deref()) {
            (AssignedValue::Word(word), Some(subscript)) => {
                let value = self.expand_assigned(word, state);
                let value = if assign.append { VariableValue::Unclear } else { value };
                self.assign_element(&name, subscript, value, state);
            }
            (AssignedValue::List(words), None) => words.iter().for_each(|word| self.assign_listed(&name, word, state)),
            _ => self.assign_element(&name, "$", VariableValue::Unclear, state),
        }
        true
    }

    /// `[subscript]=value` of a list.
    fn assign_listed(&mut self, name: &str, word: &UnexpandedWord, state: &mut ShellState) {
        let Some(subscript) = &word.subscript else {
            return self.assign_element(name, "$", VariableValue::Unclear, state);
        };
        let value = self.expand_assigned(word, state);
        self.assign_element(name, subscript, value, state);
    }

    fn assign_element(&mut self, name: &str, subscript: &str, value: VariableValue, state: &mut ShellState) {
        match known_subscript(subscript, state) {
            Some(subscript) => self.assign_value(&element_of(name, &subscript), value, false, state),
            // It may be any of them from here on.
            None => self.assign_value(&mark_of(name), VariableValue::Unclear, false, state),
        }
    }
}

/// What `${NAME[subscript]}` is of such an array, where that is known.
pub(super) fn associative_element(raw: &TracedText, state: &ShellState) -> Option<TracedText> {
    let text = raw.raw();
    let (name, subscript) = text.strip_prefix("${")?.strip_suffix("]}")?.split_once('[')?;
    let name = state.target_of(name);
    let VariableValue::Text(_) = state.vars.value(&mark_of(&name))? else { return None };
    match state.vars.value(&element_of(&name, &known_subscript(subscript, state)?))? {
        VariableValue::Text(value) => Some(value.clone()),
        _ => None,
    }
}

/// A subscript without quotes, and with the value of the variable that it is.
fn known_subscript(written: &str, state: &ShellState) -> Option<String> {
    let plain = written.trim_matches(['"', '\'']);
    let Some(name) = plain.strip_prefix('$') else { return (!plain.contains(['$', '`'])).then(|| plain.to_owned()) };
    let name = name.strip_prefix('{').map_or(Some(name), |name| name.strip_suffix('}'))?;
    match state.vars.value(name)? {
        VariableValue::Text(value) if value.is_fixed() => Some(value.raw()),
        _ => None,
    }
}

/// The variable that says that another one is such an array: no name of a script's has brackets.
fn mark_of(name: &str) -> String {
    format!("{name}[]")
}

fn element_of(name: &str, subscript: &str) -> String {
    format!("{name}[{subscript}]")
}
