//! Whether something happened on every way through a script.
//! May use `model` and `alternatives`.

use std::rc::Rc;

use super::alternatives::JoinPoint;
use crate::model::Condition;

/// Whether something happened on every way to a point.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Certainty {
    #[default]
    Sure,
    /// Where a condition on a variable holds.
    When(Rc<Condition>),
    /// On some ways only.
    Perhaps,
}

impl Certainty {
    /// Of two things that both have to have happened.
    pub(super) fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Sure, other) | (other, Self::Sure) => other.clone(),
            (one, other) if one == other => one.clone(),
            _ => Self::Perhaps,
        }
    }
}

/// How certain what only one of two ways has is after they are joined, and where they are.
pub(super) struct OneSided {
    pub(super) first: Certainty,
    pub(super) second: Certainty,
    pub(super) point: JoinPoint,
}
