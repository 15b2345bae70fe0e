//! A shell's word as a text or a path of the container, by what the call and the container are known to set.
//! `home` is the home directory, where it is known. May use `model`.

use crate::model::{
    Container, EnvValue, Invocation, PartialText, Reach, Sight, Value, VariableState, Word, is_root, join,
};

/// What stands for a home that is not known, in paths below it.
pub(super) const UNKNOWN_HOME: &str = "$HOME";

/// Variables that are made of others: how far that is followed.
const DEPTH: usize = 4;

/// The path that a word means to a call; `None` where a part is not known.
pub(super) fn expand_word(word: &Word, call: &Invocation, container: &Container, home: Option<&str>) -> Option<String> {
    let values = CallValues { call, container, home };
    values.path(&word.expand(&|name| values.state(name, DEPTH))?)
}

/// The text that a word means to a call; `None` where a part is not known.
pub(super) fn word_text(word: &Word, call: &Invocation, container: &Container, home: Option<&str>) -> Option<String> {
    let values = CallValues { call, container, home };
    word.expand(&|name| values.state(name, DEPTH))
}

/// The paths that a word means to a call in a loop, one for each value of the loop's variable; none where a part is not
/// known.
pub(super) fn expand_choices(word: &Word, call: &Invocation, container: &Container, home: Option<&str>) -> Vec<String> {
    let values = CallValues { call, container, home };
    let Some((name, choices)) = call.choices.iter().find(|(name, _)| word.contains(name.as_str())) else {
        return expand_word(word, call, container, home).into_iter().collect();
    };
    let path = |choice: &Word| {
        let chosen = Value::known(choice.known()?, None);
        let state = |other: &str| {
            if other == name { VariableState::Set(chosen.clone()) } else { values.state(other, DEPTH) }
        };
        values.path(&word.expand(&state)?)
    };
    choices.iter().filter_map(path).collect()
}

/// The absolute path that a word means to a call, with `${NAME}` for what is not known of it.
pub(super) fn expand_partly(
    word: &Word,
    call: &Invocation,
    container: &Container,
    home: Option<&str>,
) -> Option<String> {
    let values = CallValues { call, container, home };
    let partial = PartialText::expand(word, &|name| values.state(name, DEPTH)).cleaned_path();
    Some(partial.to_value(None).text).filter(|path| path.starts_with('/'))
}

/// The path that a variable of a call holds; `None` where a part is not known.
pub(super) fn expand_variable(
    name: &str,
    call: &Invocation,
    container: &Container,
    home: Option<&str>,
) -> Option<String> {
    CallValues { call, container, home }.path(&variable_text(name, call, container, home)?)
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

/// Whether what a container calls itself begins as root: by what it says, or by its image's base. An entrypoint that was not
/// read may change the user.
pub(super) fn starts_as_root(container: &Container) -> bool {
    let is_followed = container.has_root_base || container.script.sight != Sight::Arguments;
    is_followed && !container.is_running() && container.user.as_ref().map_or(container.has_root_base, is_root)
}

/// What the variables of a call hold.
struct CallValues<'a> {
    call: &'a Invocation,
    container: &'a Container,
    home: Option<&'a str>,
}

impl CallValues<'_> {
    fn path(&self, text: &str) -> Option<String> {
        if text.starts_with('/') {
            return Some(join("/", text));
        }
        if text.starts_with(UNKNOWN_HOME) {
            return Some(text.trim_end_matches('/').replace("//", "/"));
        }
        let own = || self.container.working_dir.as_ref().filter(|directory| !directory.is_symbolic());
        let base = match &self.call.directory {
            None => own()?.text.clone(),
            Some(directory) => {
                let directory = directory.expand(&|name| self.state(name, DEPTH))?;
                if directory.starts_with(['/', '$']) { directory } else { join(&own()?.text, &directory) }
            }
        };
        (!text.is_empty()).then(|| join(&base, text))
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
            Some(_) if self.call.reach_of(name) == Reach::Perhaps => VariableState::Unknown,
            Some(_) if self.call.reach_of(name) == Reach::No => VariableState::Unseen,
            Some(EnvValue::Set(value)) if !value.is_symbolic() => set(&value.text),
            Some(_) => VariableState::Unknown,
            // A call after a change of user has a HOME of its own.
            None if name == "HOME" && starts_as_root(self.container) => set("/root"),
            None if name == "HOME" => self.home.map_or(VariableState::Unseen, set),
            None => VariableState::Unseen,
        }
    }
}
