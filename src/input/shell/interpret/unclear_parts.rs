//! The variables that a value which is not known is made of: where one of them is another one each time, so is the value.
//! Uses `interpreter`, `value_identity` and `model`.

use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::value_identity::{UnclearParts, ValueIdentity};
use super::variable_value::VariableValue;
use crate::input::shell::parse::syntax::UnexpandedWord;
use crate::model::{Parameter, Symbol, Word, WordSegment};

/// How many are kept of one value.
const MAX_PARTS: usize = 8;

impl Interpreter<'_> {
    /// Notes what a variable is made of that was just given a value which is not known.
    pub(super) fn note_parts(&mut self, name: &str, written: &UnexpandedWord, state: &ShellState) {
        let identity = |name: &str| state.vars.peek(name).map(|variable| variable.identity.clone());
        let is_unclear = state.vars.peek(name).is_some_and(|variable| variable.value == VariableValue::Unclear);
        let Some(value) = identity(name).filter(|_| is_unclear) else { return };
        let mut parts = Vec::new();
        for part in names_in(&Word::parse(&written.source.raw())) {
            let Some(own) = identity(&part) else { continue };
            let further = self.unclear_parts.get(&part).filter(|known| known.value == own);
            parts.extend(further.into_iter().flat_map(|known| known.parts.iter().cloned()));
            parts.push((part, own));
        }
        parts.truncate(MAX_PARTS);
        self.unclear_parts.insert(name.to_owned(), UnclearParts { value, parts });
    }

    /// The variables that the value of another one is made of and that still hold the same.
    pub(super) fn parts_of(&self, name: &str, state: &ShellState) -> Vec<Symbol> {
        let is_now = |name: &str, value: &ValueIdentity| {
            state.vars.peek(name).is_some_and(|variable| variable.identity == *value)
        };
        let known = self.unclear_parts.get(name).filter(|known| is_now(name, &known.value));
        let parts = known.into_iter().flat_map(|known| &known.parts).filter(|(part, value)| is_now(part, value));
        parts.map(|(part, _)| Symbol { name: part.clone(), required: false }).collect()
    }
}

/// The variables whose whole values are put into a word.
fn names_in(word: &Word) -> Vec<String> {
    let parameters = word.segments().iter().filter_map(|segment| match segment {
        WordSegment::Expansion(written) => Parameter::parse(written),
        WordSegment::Text(_) => None,
    });
    parameters.filter(|one| one.op.is_empty() && !one.all).map(|one| one.name).take(MAX_PARTS).collect()
}
