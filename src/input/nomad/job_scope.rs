//! What a task is read with: the attributes of its stanzas, worked out, and what it has from its group. Uses `stanza`,
//! `evaluate`, `hcl_value` and `model`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::evaluate::Scope;
use super::hcl_value::{Evaluated, PlacedValue};
use super::stanza::Stanza;
use crate::input::ProgramNames;
use crate::model::{Spread, Unseen, Value};
use crate::text::{SourceFile, Span};

/// Looks attributes of one file up.
pub(super) struct JobScope<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) source: Arc<SourceFile>,
    pub(super) programs: &'a ProgramNames,
}

impl JobScope<'_> {
    /// What an attribute is worth; `None` where it is not there, or null.
    pub(super) fn value(&self, stanza: &Stanza, name: &str) -> Option<PlacedValue> {
        let value = stanza.attribute(name).map(|attribute| self.scope.placed(&attribute.value))?;
        (!matches!(*value.value, Evaluated::Null)).then_some(value)
    }

    pub(super) fn known(&self, stanza: &Stanza, name: &str) -> Option<String> {
        self.value(stanza, name)?.value.known()
    }

    pub(super) fn is_on(&self, stanza: &Stanza, name: &str) -> Option<bool> {
        self.value(stanza, name)?.value.is_true()
    }

    /// Whether a text of the file names a known program.
    pub(super) fn names_program(&self, span: Span) -> bool {
        self.programs.are_named_in(self.source.slice(span))
    }
}

/// What a task has from its job and its group.
pub(super) struct GroupFacts<'a> {
    /// What its containers are told to belong to.
    pub(super) project: String,
    /// The job's name.
    pub(super) job: String,
    /// Whether each dispatch of the job has a name of its own.
    pub(super) is_dispatched: bool,
    pub(super) group: &'a Stanza,
    pub(super) volumes: BTreeMap<String, &'a Stanza>,
    pub(super) replicas: u64,
    pub(super) replicas_span: Option<Span>,
    pub(super) spread: Spread,
    pub(super) may_overlap: bool,
    pub(super) restarts: bool,
    /// Whether several of its tasks are containers.
    pub(super) has_siblings: bool,
    pub(super) unseen: Vec<Unseen>,
}

impl GroupFacts<'_> {
    /// Whether there is never more than one allocation of it.
    pub(super) fn is_single(&self) -> bool {
        self.replicas <= 1 && !self.may_overlap && !self.spread.is_global && self.unseen.is_empty()
    }
}

/// A value of the model, where a placed one is a scalar that is not empty.
pub(super) fn filled_value(value: Option<PlacedValue>) -> Option<Value> {
    value?.to_value().filter(|value| !value.text.is_empty())
}
