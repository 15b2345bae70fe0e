//! What a script file starts with, by which a file that runs itself again is known. Uses `shell_state` and `shell_word`.

use std::rc::Rc;

use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::variable_value::VariableValue;
use crate::model::Inherits;

/// What a script file starts with: where all of this is as it was before, it does what it did before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FileStart {
    pub(super) path: String,
    args: Vec<String>,
    environment: Vec<(String, VariableValue)>,
    inherits: Inherits,
    user: Option<Rc<str>>,
    /// How many locks are held.
    locks: usize,
}

impl FileStart {
    pub(super) fn of(path: &str, args: &[ShellWord], state: &ShellState) -> Self {
        let given = state.vars.given().map(|(name, variable)| (name.clone(), variable.value));
        Self {
            path: path.to_owned(),
            args: args.iter().map(ShellWord::raw).collect(),
            environment: given.collect(),
            inherits: state.inherits,
            user: state.user.clone(),
            locks: state.locks.len(),
        }
    }
}
