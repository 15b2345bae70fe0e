//! Arguments that only the caller of a script knows. Uses `text`.

use std::rc::Rc;

use crate::text::TracedText;

/// Arguments that a caller gives who is not described anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownArguments {
    /// What is called, as a person would name it: a script, a function of one.
    callee: Rc<str>,
    /// How many of them were shifted away; `None` where that differs from one way here to another.
    pub(super) shifted: Option<usize>,
}

impl UnknownArguments {
    /// All that `callee` is called with. What is no part of a plain name is left out of it.
    pub(super) fn of(callee: &str) -> Self {
        let plain = callee.chars().filter(|ch| ch.is_alphanumeric() || matches!(ch, '.' | '_' | '-' | '/' | ' '));
        Self { callee: plain.collect::<String>().into(), shifted: Some(0) }
    }

    /// Some of which nothing is known.
    pub(super) fn of_any_order() -> Self {
        Self { callee: "".into(), shifted: None }
    }

    /// The symbol of one of them, which is the same wherever this call has it; `rest` is an operator with its word.
    pub(super) fn symbol(&self, number: usize, rest: &str) -> Option<TracedText> {
        let number = self.shifted?.checked_add(number)?;
        Some(TracedText::live(&format!("${{{number} of {}{rest}}}", self.callee)))
    }

    pub(super) fn shifted_by(&self, count: usize) -> Self {
        Self { callee: Rc::clone(&self.callee), shifted: self.shifted.map(|shifted| shifted.saturating_add(count)) }
    }
}
