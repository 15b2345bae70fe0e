//! Whether something happened on every way through a script.
//! May use `model`.

use std::rc::Rc;

use crate::model::Condition;

/// Whether something happened on every way here.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Certainty {
    #[default]
    Sure,
    /// Where a variable says so.
    When(Rc<Condition>),
    /// On some ways only.
    Perhaps,
}

impl Certainty {
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Sure, other) | (other, Self::Sure) => other,
            (one, other) if one == other => one,
            _ => Self::Perhaps,
        }
    }
}
