//! Where a text is after `cd`, as a path and as what `$PWD` holds there. Uses `interpreter`, `shell_state` and `model`.

use super::interpreter::Interpreter;
use super::shell_state::{ShellState, WorkingDirectory};
use super::value_identity::short_place;
use crate::model::{PartialText, Value, VariableState, Word, clean, join};
use crate::text::{Span, TracedText};

impl Interpreter<'_> {
    /// The working directory, where it is known.
    pub(super) fn current_directory(&self, state: &ShellState) -> Option<String> {
        match state.cwd.as_ref() {
            WorkingDirectory::Initial => self.context.directory.map(str::to_owned),
            WorkingDirectory::At(directory) => {
                let path = self.resolve_text(directory)?;
                if path.starts_with('/') { Some(clean(&path)) } else { Some(join(self.context.directory?, &path)) }
            }
            WorkingDirectory::Named(_) | WorkingDirectory::Unclear => None,
        }
    }

    /// The same as the directory of a command that is written at a place; one with a symbol where it is not known.
    pub(super) fn directory_value(&self, command: Span, state: &ShellState) -> Option<Value> {
        if let Some(path) = self.current_directory(state) {
            return Some(Value::known(path, None));
        }
        let text = match state.cwd.as_ref() {
            WorkingDirectory::Named(_) | WorkingDirectory::Unclear => self.unclear_directory(command),
            _ => changed_directory(state)?,
        };
        Some(self.partial_value(&text))
    }

    /// The words that name the working directory, where it is not known.
    pub(super) fn directory_words(&self, state: &ShellState) -> Option<Value> {
        let WorkingDirectory::Named(directory) = state.cwd.as_ref() else { return None };
        // What a loop goes through is no variable of the environment.
        let in_loop = |name: &str| state.choices.contains_key(name);
        let known = |name: &str| if in_loop(name) { VariableState::Unseen } else { self.environment_state(name) };
        Some(PartialText::expand(&Word::of_traced(directory), &known).to_value(None))
    }

    /// Some directory that a text may be in at a place: not the one that it began in, whatever it is.
    pub(super) fn unclear_directory(&self, place: Span) -> TracedText {
        let place = short_place(place.file, place.start.line, self.context.sources);
        TracedText::live(&format!("${{PWD at {place}}}"))
    }
}

/// What `$PWD` holds where the text went to one directory; `None` where it is still where it began, or may be in several.
pub(super) fn changed_directory(state: &ShellState) -> Option<TracedText> {
    let WorkingDirectory::At(directory) = state.cwd.as_ref() else { return None };
    if directory.0.first().is_some_and(|one| one.ch == '/' || one.live) {
        return Some(directory.clone());
    }
    let mut text = TracedText::live("$PWD");
    text.push(&TracedText::plain("/"));
    text.push(directory);
    Some(text)
}
