//! What a Makefile says: its rules, with the lines of their recipes, and its variables. Uses `assignments` and `variables`.

use std::collections::{BTreeMap, BTreeSet};

use super::assignments::TargetVariable;
use super::variables::MakeVariables;
use crate::input::outer_text::OuterText;
use crate::model::Unseen;
use crate::text::{FileId, TracedText};

/// A rule with the lines of its recipe.
#[derive(Debug, Default)]
pub(super) struct MakeRule {
    pub(super) targets: Vec<OuterText>,
    /// The pattern that the targets fit, where the rule has one.
    pub(super) pattern: Option<OuterText>,
    pub(super) prerequisites: Vec<OuterText>,
    pub(super) recipe: Vec<RecipeLine>,
    /// Where it is written.
    pub(super) at: Option<(FileId, u32)>,
}

/// A line of a recipe as it is written, without what begins it.
#[derive(Debug)]
pub(super) struct RecipeLine {
    pub(super) text: TracedText,
    /// Whether it is there under a condition only.
    pub(super) is_conditional: bool,
}

/// What a Makefile says.
#[derive(Debug, Default)]
pub(super) struct Makefile {
    pub(super) rules: Vec<MakeRule>,
    pub(super) variables: MakeVariables,
    /// The variables that the command sets which runs make: no line of the file changes them.
    pub(super) given: BTreeSet<String>,
    pub(super) target_variables: BTreeMap<String, Vec<TargetVariable>>,
    /// The variables that recipes have in their environment; and whether that is all of them.
    pub(super) exported: BTreeSet<String>,
    pub(super) exports_all: bool,
    /// Whether all lines of a recipe are one text, and whether none of them need succeed.
    pub(super) is_one_shell: bool,
    pub(super) ignores_failures: bool,
    /// The files that it includes, in order.
    pub(super) included: Vec<FileId>,
    /// What is no line of a Makefile, and what else keeps it from being read whole.
    pub(super) faults: Vec<Unseen>,
    /// What else of it is not read, although nothing is wrong with it.
    pub(super) unread: Vec<Unseen>,
    /// What it includes that is not known.
    pub(super) unseen: Vec<Unseen>,
}
