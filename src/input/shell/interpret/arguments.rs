//! The arguments of a script or a function: those that are known, and those that only the caller knows.
//! Uses `list_item` and `text`.

use std::rc::Rc;

use super::certainty::{Certainty, OneSided};
use super::list_item::{ListItem, join_lists};
use super::unknown_arguments::UnknownArguments;
use crate::text::{FileId, TracedText};

/// The value of `$1` and its kin.
pub(super) enum ArgumentValue {
    /// It is this one.
    Known(ListItem),
    /// The caller knows it: a symbol.
    Symbol(TracedText),
    /// Which one it is differs from one way here to another.
    Unclear,
}

/// The arguments at one point, `$0` first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Arguments {
    known: Rc<Vec<ListItem>>,
    /// Those that follow, where there is no telling which and how many.
    rest: Option<UnknownArguments>,
}

impl Arguments {
    /// Takes words as arguments. One that may be several ends what is known.
    pub(super) fn from_items(items: impl IntoIterator<Item = ListItem>) -> Self {
        let mut known = Vec::new();
        let mut rest: Option<UnknownArguments> = None;
        for item in items {
            match (&mut rest, item.rest.clone()) {
                (Some(rest), _) => rest.shifted = None,
                (None, Some(unknown)) => rest = Some(unknown),
                (None, None) => known.push(item),
            }
        }
        Self { known: Rc::new(known), rest }
    }

    /// `$0`.
    pub(super) fn zeroth(&self) -> Option<&ListItem> {
        self.known.first()
    }

    /// Where the first argument is written, where that is known.
    pub(super) fn first_place(&self) -> Option<(FileId, u32)> {
        self.known.get(1)?.source.0.iter().find_map(|traced| traced.at)
    }

    /// Whether the caller gives some that are not known.
    pub(super) fn is_open(&self) -> bool {
        self.rest.is_some()
    }

    /// `$NUMBER`; `rest` is an operator with its word that stands behind a symbol.
    pub(super) fn value(&self, number: usize, rest: &str) -> ArgumentValue {
        // One that may be missing moves all after it.
        let loose = |arg: &ListItem| arg.certainty != Certainty::Sure || arg.unclear;
        if self.known.iter().take(number.saturating_add(1)).any(loose) {
            return ArgumentValue::Unclear;
        }
        match (self.known.get(number), &self.rest) {
            (Some(item), _) => ArgumentValue::Known(item.clone()),
            (None, Some(unknown)) => {
                let beyond = number.saturating_sub(self.known.len()).saturating_add(1);
                unknown.symbol(beyond, rest).map_or(ArgumentValue::Unclear, ArgumentValue::Symbol)
            }
            (None, None) => ArgumentValue::Known(ListItem::default()),
        }
    }

    /// `$@` from an argument on: one item may stand for several.
    pub(super) fn items_from(&self, number: usize) -> Vec<ListItem> {
        let known = self.known.get(number..).unwrap_or_default().iter().cloned();
        let beyond = number.saturating_sub(self.known.len());
        known.chain(self.rest.as_ref().map(|rest| ListItem::of_unknown(&rest.shifted_by(beyond)))).collect()
    }

    /// `$#`, where it is known.
    pub(super) fn count(&self) -> Option<usize> {
        let sure = self.rest.is_none() && self.known.iter().all(|arg| arg.certainty == Certainty::Sure);
        sure.then(|| self.known.len().saturating_sub(1))
    }

    /// What `shift` leaves; `None` where that is not known.
    pub(super) fn shifted(&self, by: Option<usize>) -> Option<Self> {
        let sure = self.known.iter().all(|arg| arg.certainty == Certainty::Sure);
        let Some(by) = by.filter(|_| sure) else { return self.with_unknown_order() };
        let left = self.known.iter().skip(1).skip(by);
        let known: Vec<ListItem> = self.known.first().into_iter().chain(left).cloned().collect();
        let beyond = by.saturating_sub(self.known.len().saturating_sub(1));
        Some(Self { known: Rc::new(known), rest: self.rest.as_ref().map(|rest| rest.shifted_by(beyond)) })
    }

    /// The same arguments where which of them are left is not known.
    fn with_unknown_order(&self) -> Option<Self> {
        let mut rest = self.rest.clone()?;
        rest.shifted = None;
        Some(Self { known: Rc::new(self.known.first().cloned().into_iter().collect()), rest: Some(rest) })
    }

    /// Joins those of two ways to one point.
    pub(super) fn join(one: Option<Self>, other: Option<&Self>, one_sided: &OneSided) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) if one == *other => Some(one),
            (Some(one), Some(other)) if one.is_longer_or_shorter_than(other) => {
                Some(Self { known: Rc::new(join_lists(&one.known, &other.known, one_sided)), rest: None })
            }
            (Some(one), Some(other)) => one.with_unknown_order().filter(|_| other.is_open()),
            _ => None,
        }
    }

    /// Whether only the one has some behind those that both have (`set -- "$@" more`). What `shift` takes away is in front.
    fn is_longer_or_shorter_than(&self, other: &Self) -> bool {
        let alike = self.known.iter().zip(other.known.iter()).all(|(one, other)| one.text.reads_as(&other.text));
        !self.is_open() && !other.is_open() && self.known.len() != other.known.len() && alike
    }
}
