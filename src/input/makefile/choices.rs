//! The conditions of functions that hang on what is not known: each way is followed, and the shell is asked which was taken.
//! Uses `outer_text`.

use crate::input::outer_text::{OuterPart, OuterText};
use crate::text::TracedChar;

/// Conditions of one line that are followed: each doubles its ways.
const CONDITIONS: usize = 3;

/// How conditions are decided on one way.
#[derive(Debug, Clone, Default)]
pub(super) struct Choices {
    /// The conditions, by the text that asks the shell for them.
    decided: Vec<(String, bool)>,
    /// The first condition that is not decided, in double quotes of a shell.
    open: Option<OuterText>,
}

impl Choices {
    /// Whether a condition holds on this way; `None` where that is open.
    pub(super) fn decide(&mut self, condition: &OuterText, dollar: TracedChar) -> Option<bool> {
        let asked = asked_text(condition, dollar);
        let key = asked.to_shell().raw();
        if let Some((_, holds)) = self.decided.iter().find(|(decided, _)| *decided == key) {
            return Some(*holds);
        }
        if self.decided.len() < CONDITIONS {
            self.open.get_or_insert(asked);
        }
        None
    }

    /// Whether a condition is open that can be decided.
    pub(super) fn has_open(&self) -> bool {
        self.open.is_some()
    }

    /// The first open condition, and the ways on which it holds and does not.
    pub(super) fn ways(self) -> Option<(OuterText, Self, Self)> {
        let Self { decided, open } = self;
        let open = open?;
        let key = open.to_shell().raw();
        let way = |holds: bool| {
            let mut decided = decided.clone();
            decided.push((key.clone(), holds));
            Self { decided, open: None }
        };
        Some((open, way(true), way(false)))
    }
}

/// What asks the shell whether a text is empty, to stand in double quotes.
fn asked_text(condition: &OuterText, dollar: TracedChar) -> OuterText {
    let is_plain = condition.0.iter().all(|part| matches!(part, OuterPart::Variable { .. } | OuterPart::Char(_)));
    if is_plain && !condition.has_shell_characters() {
        return condition.clone();
    }
    let place = dollar.at.map_or(0, |(_, at)| at);
    OuterText::unknown(&format!("make_condition_{place}"), dollar.at)
}
