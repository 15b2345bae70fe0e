//! A shell's word as a text or a path of the container, by what the call and the container are known to set.
//! `home` is the home directory, where it is known. May use `model`.

use crate::model::{Container, EnvValue, Inherits, Invocation, Value, VariableState, Word, join};

/// Variables that are made of others: how far that is followed.
const DEPTH: usize = 4;

/// The path that a word means to a call; `None` where a part is not known.
pub(super) fn expand_word(word: &Word, call: &Invocation, container: &Container, home: Option<&str>) -> Option<String> {
    let values = CallValues { call, container, home };
    values.path(word.expand(&|name| values.state(name, DEPTH))?)
}

/// The path that a variable of a call holds; `None` where a part is not known.
pub(super) fn expand_variable(
    name: &str,
    call: &Invocation,
    container: &Container,
    home: Option<&str>,
) -> Option<String> {
    CallValues { call, container, home }.path(variable_text(name, call, container, home)?)
}

/// The text that a variable of a call holds; `None` where a part is not known, or it is not set.
pub(super) fn variable_text(
    name: &str,
    call: &Invocation,
    container: &Container,
    home: Option<&str>,
) -> Option<String> {
    match (CallValues { call, container, home }).state(name, DEPTH) {
        VariableState::Set(value) => Some(value.text),
        VariableState::Unset | VariableState::Unseen | VariableState::Unknown => None,
    }
}

/// What the variables of a call hold.
struct CallValues<'a> {
    call: &'a Invocation,
    container: &'a Container,
    home: Option<&'a str>,
}

impl CallValues<'_> {
    fn path(&self, text: String) -> Option<String> {
        if text.starts_with('/') {
            return Some(join("/", &text));
        }
        let base = self.container.working_dir.as_ref().filter(|directory| !directory.is_symbolic())?;
        (!text.is_empty()).then(|| join(&base.text, &text))
    }

    fn state(&self, name: &str, depth: usize) -> VariableState {
        let Some(value) = self.call.env.get(name) else { return self.state_in_container(name) };
        let set = |text: String| VariableState::Set(Value::known(text, None));
        if let Some(text) = value.known() {
            return set(text.to_owned());
        }
        let Some(depth) = depth.checked_sub(1) else { return VariableState::Unknown };
        // `X="${X:-default}"` is made of what was there before.
        let own = |other: &str| if other == name { self.state_in_container(other) } else { self.state(other, depth) };
        value.expand(&own).map_or(VariableState::Unknown, set)
    }

    fn state_in_container(&self, name: &str) -> VariableState {
        let set = |text: &str| VariableState::Set(Value::known(text, None));
        match self.container.env.get(name).map(|variable| &variable.value) {
            Some(_) if self.call.inherits == Inherits::ByPolicy => VariableState::Unknown,
            Some(_) if self.call.inherits == Inherits::Nothing => VariableState::Unseen,
            Some(EnvValue::Set(value)) if !value.is_symbolic() => set(&value.text),
            Some(_) => VariableState::Unknown,
            None if name == "HOME" => self.home.map_or(VariableState::Unseen, set),
            None => VariableState::Unseen,
        }
    }
}
