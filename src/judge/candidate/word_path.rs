//! A shell's word as a path of the container, by what the call and the container are known to set.
//! `home` is the home directory, where it is known. May use `model`.

use crate::model::{Container, EnvValue, Inherits, Invocation, Value, VariableState, Word, join};

/// The path that a word means to a call; `None` where a part is not known.
pub(super) fn expand_word(word: &Word, call: &Invocation, container: &Container, home: Option<&str>) -> Option<String> {
    let path = word.expand(&|name| variable_state(name, call, container, home)).filter(|path| !path.is_empty())?;
    if path.starts_with('/') {
        return Some(join("/", &path));
    }
    let base = container.working_dir.as_ref().filter(|directory| !directory.is_symbolic())?;
    Some(join(&base.text, &path))
}

fn variable_state(name: &str, call: &Invocation, container: &Container, home: Option<&str>) -> VariableState {
    let set = |text: &str| VariableState::Set(Value::known(text, None));
    if let Some(value) = call.env.get(name) {
        return value.known().map_or(VariableState::Unknown, set);
    }
    let own = container.env.get(name).map(|variable| &variable.value);
    match own {
        Some(_) if call.inherits == Inherits::ByPolicy => VariableState::Unknown,
        Some(_) if call.inherits == Inherits::Nothing => VariableState::Unseen,
        Some(EnvValue::Set(value)) if !value.is_symbolic() => set(&value.text),
        Some(_) => VariableState::Unknown,
        None if name == "HOME" => home.map_or(VariableState::Unseen, set),
        None => VariableState::Unseen,
    }
}
