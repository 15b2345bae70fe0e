//! A shell's word as a path of the container, by what the call and the container are known to set.
//! May use `model` and `judge::state`.

use super::state_dir::StateDir;
use crate::model::{Container, EnvValue, Invocation, Value, VariableState, Word, join};

/// The path that a word means to a call; `None` where a part is not known.
pub(super) fn expand_word(word: &Word, call: &Invocation, container: &Container, state: &StateDir) -> Option<String> {
    let path = word.expand(&|name| variable_state(name, call, container, state)).filter(|path| !path.is_empty())?;
    if path.starts_with('/') {
        return Some(join("/", &path));
    }
    let base = container.working_dir.as_ref().filter(|directory| !directory.is_symbolic())?;
    Some(join(&base.text, &path))
}

fn variable_state(name: &str, call: &Invocation, container: &Container, state: &StateDir) -> VariableState {
    let set = |text: &str| VariableState::Set(Value::known(text, None));
    if let Some(value) = call.env.get(name) {
        return value.known().map_or(VariableState::Unknown, set);
    }
    match container.env.get(name).map(|variable| &variable.value) {
        Some(EnvValue::Set(value)) if !value.is_symbolic() => set(&value.text),
        Some(_) => VariableState::Unknown,
        None if name == "HOME" => state.home.as_deref().map_or(VariableState::Unseen, set),
        None => VariableState::Unseen,
    }
}
