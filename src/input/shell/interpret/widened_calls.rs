//! Code that is called from ever new starts, as a function is that adds to an argument and calls the next one twice: from
//! some number on it is gone through once for all of them, with what differs between them not known.
//! Uses `interpreter`, `saved_call` and `shell_state`.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::arguments::Arguments;
use super::exit_states::ExitStates;
use super::list_item::ListItem;
use super::saved_call::SavedCall;
use super::shell_state::{BranchFact, ShellState, WorkingDirectory};
use super::unknown_arguments::UnknownArguments;
use super::variable_value::{ShellVariable, VariableValue};

/// How many starts of one code are told from each other by the conditions on the way to them, and for each place that
/// calls it how many more.
const CONDITIONAL_STARTS: usize = 16;
const CONDITIONAL_STARTS_OF_A_PLACE: usize = 4;
/// The same for starts that differ in what the code asks for.
const STARTS: usize = 64;
const STARTS_OF_A_PLACE: usize = 8;
/// How many times more of them are gone through at all.
const TIMES_AT_ALL: usize = 3;

/// How much of the starts of one code is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToldApart {
    All,
    /// All but the conditions on the way to them.
    AllButConditions,
    /// What they have in common.
    Common,
    /// The same, and what differs all the same is not gone through.
    Nothing,
}

impl ToldApart {
    /// How much of a new start is told from these, where `places` call the code.
    pub(super) fn after(all: &[SavedCall], places: usize) -> Self {
        let starts = STARTS + STARTS_OF_A_PLACE * places;
        if all.len() < CONDITIONAL_STARTS + CONDITIONAL_STARTS_OF_A_PLACE * places {
            Self::All
        } else if all.len() < starts {
            Self::AllButConditions
        } else if all.len() < TIMES_AT_ALL * starts {
            Self::Common
        } else {
            Self::Nothing
        }
    }
}

/// A start that stands for many.
pub(super) struct WideStart {
    pub(super) state: ShellState,
    /// The variables that are not known in it and are in the start that it stands for.
    names: BTreeSet<String>,
}

impl WideStart {
    /// What all starts so far and this one have in common, but for what is told apart. `callee` names what is called.
    pub(super) fn new(all: &[SavedCall], state: &ShellState, apart: ToldApart, callee: &str) -> Self {
        let mut wide = Self { state: state.clone(), names: BTreeSet::new() };
        for saved in all {
            wide.widen_conditions(saved);
            if apart != ToldApart::AllButConditions {
                wide.widen_to(saved, callee);
            }
        }
        for name in &wide.names {
            let exported = state.vars.peek(name).is_some_and(|variable| variable.exported)
                || all.iter().any(|saved| saved.start.exports(name));
            wide.state.vars.set(name, ShellVariable::new(VariableValue::Unclear, exported));
        }
        wide
    }

    fn widen_to(&mut self, saved: &SavedCall, callee: &str) {
        let other = saved.start.state();
        self.names.extend(saved.start.differing(&self.state, &self.names));
        let state = &mut self.state;
        if state.args != other.args {
            let zeroth = state.args.as_ref().and_then(|args| args.zeroth().cloned()).unwrap_or_default();
            let rest = ListItem::of_unknown(&UnknownArguments::of(callee));
            state.args = Some(Arguments::from_items([zeroth, rest]));
        }
        if state.cwd != other.cwd {
            state.cwd = Rc::new(WorkingDirectory::Unclear);
        }
        if state.user != other.user {
            state.user = None;
        }
        if state.choices != other.choices {
            state.choices = Rc::default();
        }
    }

    fn widen_conditions(&mut self, saved: &SavedCall) {
        let (state, other) = (&mut self.state, saved.start.state());
        let asked = |fact: &BranchFact| other.facts.iter().any(|there| there.asks == fact.asks);
        if !state.facts.iter().all(asked) {
            Rc::make_mut(&mut state.facts).retain(asked);
        }
    }

    /// The ways out as those of the start that it stands for: what the code does not set is as it was.
    pub(super) fn narrow(&self, exits: ExitStates, sets: &BTreeSet<String>, before: &ShellState) -> ExitStates {
        exits.map_states(|mut state| {
            for name in self.names.difference(sets) {
                state.vars.restore(name, before.vars.peek(name).cloned());
            }
            if Rc::ptr_eq(&state.cwd, &self.state.cwd) {
                state.cwd = Rc::clone(&before.cwd);
            }
            state.user.clone_from(&before.user);
            let own = state.facts.get(self.state.facts.len()..).unwrap_or_default();
            state.facts = Rc::new(before.facts.iter().chain(own).cloned().collect());
            state
        })
    }
}
