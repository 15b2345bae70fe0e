//! Functions that a shell is given as text: `bash -c "$(declare -f NAME); NAME"`. Uses `interpreter` and `shell_state`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use crate::input::shell::parse::syntax::FunctionBody;
use crate::model::{Word, WordSegment};
use crate::text::TracedText;

/// What prints functions as they are defined.
const PRINTERS: [&str; 2] = ["declare", "typeset"];

/// A text without the functions that are put into it, and these.
pub(super) struct TextWithFunctions {
    pub(super) text: TracedText,
    pub(super) functions: BTreeMap<String, Vec<Rc<FunctionBody>>>,
}

impl Interpreter<'_> {
    /// Notes that something is printed that is known only when it is.
    pub(super) fn note_unknown_output(&mut self) {
        if let Some(printed) = self.printed.last_mut().filter(|printed| printed.aside == 0) {
            printed.is_unknown = true;
        }
    }
}

/// Takes a text apart into what it runs and the functions of a state that `$(declare -f …)` puts into it.
pub(super) fn take_functions(text: TracedText, state: &ShellState) -> TextWithFunctions {
    let mut functions = BTreeMap::new();
    if text.is_fixed() {
        return TextWithFunctions { text, functions };
    }
    let word = Word::of_traced(&text);
    let mut left = TracedText::default();
    let mut at = 0;
    for segment in word.segments() {
        let (WordSegment::Text(written) | WordSegment::Expansion(written)) = segment;
        let end = at + written.chars().count();
        match segment {
            WordSegment::Expansion(raw) if is_printer(raw) => {
                let names = printed_names(raw);
                let is_meant = |name: &&String| names.is_empty() || names.contains(&name.as_str());
                let meant = state.functions.iter().filter(|(name, _)| is_meant(name));
                functions.extend(meant.map(|(name, bodies)| (name.clone(), bodies.clone())));
                // What defines functions succeeds.
                left.push(&TracedText::plain(":"));
            }
            _ => left.push(&text.part(at, end)),
        }
        at = end;
    }
    TextWithFunctions { text: left, functions }
}

fn is_printer(raw: &str) -> bool {
    let mut words = inner_words(raw);
    words.next().is_some_and(|name| PRINTERS.contains(&name)) && words.next() == Some("-f")
}

/// The functions that are named; none where all are meant.
fn printed_names(raw: &str) -> Vec<&str> {
    inner_words(raw).skip(2).map(|name| name.trim_matches(['"', '\''])).collect()
}

fn inner_words(raw: &str) -> impl Iterator<Item = &str> {
    let inner = raw.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
    let inner = inner.or_else(|| raw.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')));
    inner.unwrap_or_default().split_whitespace()
}
