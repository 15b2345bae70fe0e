//! What is known of the external `flock` of a call or of a whole container. May use `model`, `rules`, `finding` and the
//! earlier parts of `judge`.

use super::calls::Contradiction;
use crate::finding::Evidence;
use crate::judge::place::MountedPath;
use crate::model::Invocation;
use crate::rules::{Guard, GuardFault};
use crate::text::Span;

/// The guard that a container takes, and what is wrong with it taken alone.
#[derive(Debug, Clone)]
pub(crate) struct GuardFact<'a> {
    pub(crate) state: Guard,
    pub(crate) fault: GuardFault,
    /// What is wrong, as a clause.
    pub(crate) problem: String,
    /// Its path in the container.
    pub(crate) path: Option<String>,
    pub(crate) landing: Option<MountedPath<'a>>,
    /// What it is taken on, as a clause, where it is conditional.
    pub(crate) condition: Option<String>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) contradiction: Option<Contradiction>,
    pub(crate) unreadable: Option<Evidence>,
    pub(crate) span: Option<Span>,
    /// A call that does not go through it.
    pub(crate) bare_call: Option<Span>,
    /// Where a text that was not read as shell names the program.
    pub(crate) unread: Option<Span>,
    /// Whether another call of the container takes one, where this is about one that takes none.
    pub(crate) is_elsewhere: bool,
    /// Whether its path is in the state directory.
    pub(super) is_inside: bool,
}

impl<'a> GuardFact<'a> {
    /// That of a call without one.
    pub(super) fn without_flock(state: Guard, call: &Invocation, text: String) -> Self {
        Self { bare_call: Some(call.span), ..Self::of(state, Evidence::seen(text, Some(call.span))) }
    }

    pub(super) fn of(state: Guard, evidence: Evidence) -> Self {
        let span = evidence.span;
        Self {
            state,
            fault: GuardFault::None,
            problem: String::new(),
            path: None,
            landing: None,
            condition: None,
            evidence: vec![evidence],
            contradiction: None,
            unreadable: None,
            span,
            bare_call: None,
            unread: None,
            is_elsewhere: false,
            is_inside: false,
        }
    }
}
