//! The conditions of a Makefile: which of their arms may be taken. Uses `lines`, `place` and `variables`.

use super::lines::{find_outside, trimmed};
use super::place::MakePlace;
use super::variables::{MakeExpander, MakeVariables, Spent};
use crate::text::{Span, TracedChar};

/// A condition that is being read.
pub(super) struct Condition {
    /// The variables before it, and at the end of each arm.
    pub(super) before: MakeVariables,
    pub(super) arms: Vec<MakeVariables>,
    /// Whether the condition of each arm holds, where it is known.
    pub(super) holds: Vec<Option<bool>>,
    pub(super) has_else: bool,
    pub(super) span: Span,
}

impl Condition {
    /// The variables behind it, by those at the end of its last arm.
    pub(super) fn joined(self, last: MakeVariables) -> MakeVariables {
        let Self { before, mut arms, mut holds, has_else, .. } = self;
        arms.push(last);
        if !has_else {
            arms.push(before);
            holds.push(Some(true));
        }
        let mut ways = Vec::new();
        for (arm, holds) in arms.into_iter().zip(holds) {
            if holds != Some(false) {
                ways.push(arm);
            }
            if holds == Some(true) {
                break;
            }
        }
        MakeVariables::join(&ways)
    }
}

/// Whether a condition holds; `None` where it asks for a variable, which a caller may set.
pub(super) fn condition_holds(
    word: &str,
    rest: &[TracedChar],
    place: &MakePlace<'_>,
    spent: &mut Spent,
) -> Option<bool> {
    let is_equal = matches!(word, "ifeq" | "ifneq").then_some(word == "ifeq")?;
    let (one, other) = compared(rest)?;
    let none = MakeVariables::default();
    let mut expander = MakeExpander::new(&none, place, spent);
    let (one, other) = (expander.expand(one).known()?, expander.expand(other).known()?);
    Some((one == other) == is_equal)
}

/// The two texts that a condition compares: `(a,b)`, `'a' "b"`.
fn compared(rest: &[TracedChar]) -> Option<(&[TracedChar], &[TracedChar])> {
    let rest = trimmed(rest);
    let first = rest.first()?.ch;
    if first == '(' {
        let inner = rest.get(1..rest.len() - 1).filter(|_| rest.last().is_some_and(|last| last.ch == ')'))?;
        let comma = find_outside(inner, |_, ch| ch == ',')?;
        return Some((trimmed(inner.get(..comma)?), trimmed(inner.get(comma + 1..)?)));
    }
    let quoted = |text: &'_ [TracedChar]| {
        let quote = text.first()?.ch;
        let end = text.iter().skip(1).position(|traced| traced.ch == quote)?;
        matches!(quote, '"' | '\'').then_some(end + 1)
    };
    let end = quoted(rest)?;
    let other = trimmed(rest.get(end + 1..)?);
    Some((rest.get(1..end)?, other.get(1..quoted(other)?)?))
}
