//! The directories in which a shell looks for programs by their names.
//! Uses `interpreter`, `shell_state`, `variable_value` and `model`.

use std::collections::HashSet;

use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::variable_value::VariableValue;
use crate::model::{USUAL_PATH, split_search_path};
use crate::text::TracedText;

/// How many directories are looked in.
const MOST: usize = 64;

impl Interpreter<'_> {
    /// The directories of `PATH` as it is here, as far as they are known; those of all ways where it differs.
    pub(super) fn searched_directories(&self, state: &ShellState) -> Vec<String> {
        let first = || split_search_path(self.context.search_path, USUAL_PATH);
        let mut all: Vec<String> = Vec::new();
        match state.vars.value("PATH") {
            None | Some(VariableValue::Inherited) => all = first(),
            Some(value) => {
                let texts = value.texts("PATH");
                for part in texts.iter().flat_map(split_at_colons) {
                    match part.raw().as_str() {
                        "$PATH" | "${PATH}" => all.extend(first()),
                        _ => all.extend(self.resolve_text(&part)),
                    }
                }
                // Whatever else it is set to, the programs of the system are called by their names.
                if !texts.are_known() {
                    all.extend(first());
                }
            }
        }
        let mut known = HashSet::new();
        all.retain(|directory| directory.starts_with('/') && known.insert(directory.clone()));
        all.truncate(MOST);
        all
    }
}

/// The parts of a text between colons; those in the braces of a parameter stay.
fn split_at_colons(text: &TracedText) -> Vec<TracedText> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (at, traced) in text.0.iter().enumerate() {
        match traced.ch {
            '{' if traced.live => depth += 1,
            '}' if traced.live => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(text.part(start, at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.part(start, text.0.len()));
    parts
}
