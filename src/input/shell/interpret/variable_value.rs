//! What a variable of a shell holds, and what it holds where it may have come from either of two ways.
//! Uses `alternatives`, `certainty`, `list_item`, `split_words` and `model`.

use super::alternatives::{Alternatives, JoinPoint};
use super::certainty::{Certainty, OneSided};
use super::limits;
use super::list_item::{self, ListItem};
use super::split_words::SplitWords;
use super::value_identity::ValueIdentity;
use crate::model::Asks;
use crate::text::TracedText;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum VariableValue {
    Text(TracedText),
    /// A text on some ways, nothing on the others.
    Maybe(TracedText, Certainty),
    List(Vec<ListItem>),
    /// A text that is built up in parts, as the words that it becomes without quotes.
    Words(SplitWords),
    /// One of several texts, each on some ways.
    Either(Alternatives),
    /// Set in more ways than are kept, or by a program's output.
    Unclear,
    /// Unset.
    Unset,
    /// What the container's environment says.
    Inherited,
    /// Another variable, by its name (`local -n`).
    NameOf(String),
}

impl VariableValue {
    /// Whether the script leaves to its commands what it was started with, or takes it away.
    pub(super) fn is_as_before(&self) -> bool {
        matches!(self, Self::Inherited | Self::Unset)
    }

    /// The words that it becomes without quotes; `None` where they are not known, or are a list's.
    pub(super) fn split_words(&self) -> Option<SplitWords> {
        match self {
            Self::Text(text) => Some(SplitWords::of_text(text)),
            Self::Maybe(text, certainty) => Some(SplitWords::of_text(text).only_where(certainty)),
            Self::Words(words) => Some(words.clone()),
            Self::Unset => Some(SplitWords::default()),
            Self::List(_) | Self::Either(_) | Self::Unclear | Self::Inherited | Self::NameOf(_) => None,
        }
    }
}

impl VariableValue {
    /// The texts that it may be, where they are known; what the environment says is one of them.
    pub(super) fn texts(&self, name: &str) -> Alternatives {
        match self {
            Self::Text(text) => Alternatives::of_text(text),
            Self::Maybe(text, _) => Alternatives::of_text(text).or_nothing(),
            Self::Either(either) => either.clone(),
            Self::Unset => Alternatives::of_text(&TracedText::default()),
            Self::Inherited => Alternatives::of_text(&TracedText::live(&format!("${{{name}}}"))),
            Self::List(_) | Self::Words(_) | Self::Unclear | Self::NameOf(_) => Alternatives::default(),
        }
    }

    /// The same where the points at which ways met are other ones, each as it is renamed.
    pub(super) fn with_points(&self, rename: &mut dyn FnMut(&JoinPoint) -> JoinPoint) -> Self {
        let in_items = |items: &[ListItem], rename: &mut dyn FnMut(&JoinPoint) -> JoinPoint| -> Vec<ListItem> {
            let renamed = items.iter().map(|item| ListItem {
                either: item.either.with_points(&mut *rename),
                sides: item.sides.with_points(&mut *rename),
                ..item.clone()
            });
            renamed.collect()
        };
        let has_either =
            |items: &[ListItem]| items.iter().any(|item| item.either.are_known() || item.sides.are_known());
        match self {
            Self::Either(either) => Self::Either(either.with_points(rename)),
            Self::List(items) if has_either(items) => Self::List(in_items(items, rename)),
            Self::Words(words) if has_either(&words.items) => {
                let mut words = words.clone();
                words.items = in_items(&words.items, rename);
                Self::Words(words)
            }
            other => other.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShellVariable {
    pub(super) value: VariableValue,
    pub(super) exported: bool,
    /// Whether it was taken out of the environment, though the shell still has it (`export -n`).
    pub(super) withheld: bool,
    pub(super) identity: ValueIdentity,
}

impl ShellVariable {
    pub(super) fn new(value: VariableValue, exported: bool) -> Self {
        Self { value, exported, withheld: false, identity: ValueIdentity::default() }
    }

    /// One that what is started has too.
    pub(super) fn exported(value: VariableValue) -> Self {
        Self::new(value, true)
    }

    /// What a process that is started from here has of it; `None` where that is whatever this process was given.
    pub(super) fn for_child(&self) -> Option<Self> {
        match (self.withheld, self.exported) {
            (true, _) => Some(Self::exported(VariableValue::Unset)),
            (false, true) => Some(self.clone()),
            (false, false) => None,
        }
    }

    /// Whether it is the same but for what tells a value that is not known from others.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        self.exported == other.exported && self.withheld == other.withheld && self.value == other.value
    }
}

/// A variable at a point that two ways lead to; `None` for a way on which it is neither set nor unset.
pub(super) fn join_variable(
    name: &str,
    here: Option<&ShellVariable>,
    there: Option<&ShellVariable>,
    one_sided: &OneSided,
) -> ShellVariable {
    let is_withheld = |side: Option<&ShellVariable>| side.is_some_and(|variable| variable.withheld);
    if is_withheld(here) != is_withheld(there) {
        return ShellVariable::exported(VariableValue::Unclear);
    }
    let exported = here.is_some_and(|here| here.exported) || there.is_some_and(|there| there.exported);
    let value = match (here.map(|here| &here.value), there.map(|there| &there.value)) {
        (Some(here), Some(there)) => join_values(name, here, there, one_sided),
        (Some(here), None) => as_default(name, here, &one_sided.first)
            .unwrap_or_else(|| join_values(name, here, &inherited_beside(name, here), one_sided)),
        (None, Some(there)) => as_default(name, there, &one_sided.second)
            .unwrap_or_else(|| join_values(name, &inherited_beside(name, there), there, one_sided)),
        (None, None) => VariableValue::Inherited,
    };
    ShellVariable::new(value, exported)
}

/// `[ -n "$X" ] || X=default`: a text that a variable gets only where the environment leaves it empty is its default.
fn as_default(name: &str, value: &VariableValue, when: &Certainty) -> Option<VariableValue> {
    let (VariableValue::Text(text), Certainty::When(condition)) = (value, when) else { return None };
    let is_empty = condition.variable == name && condition.test.asks == Asks::Empty && condition.test.default.is_none();
    let plain = text.raw();
    let fits = is_empty && text.is_fixed() && !plain.contains(['$', '`', '"', '\'', '\\', '}']);
    fits.then(|| VariableValue::Text(TracedText::live(&format!("${{{name}:-{plain}}}"))))
}

/// What a variable that the text does not set holds beside what it is set to elsewhere: its own text, where more is added to that.
fn inherited_beside(name: &str, value: &VariableValue) -> VariableValue {
    let own = TracedText::live(&format!("${{{name}}}"));
    let first = match value {
        VariableValue::Text(text) => SplitWords::of_text(text).items.first().map(|item| item.text.raw()),
        VariableValue::Words(words) => words.items.first().map(|item| item.text.raw()),
        _ => None,
    };
    if first.is_some_and(|first| first == own.raw()) { VariableValue::Text(own) } else { VariableValue::Inherited }
}

/// What a variable holds where it may have come from either side. The environment holds no lists.
fn join_values(name: &str, a: &VariableValue, b: &VariableValue, one_sided: &OneSided) -> VariableValue {
    use VariableValue::{Either, Inherited, List, Maybe, Text, Unclear, Unset};
    let OneSided { first, second, point } = one_sided;
    let joined = match (a, b) {
        _ if a == b => return a.clone(),
        (List(a), List(b)) => list_item::join_lists(a, b, one_sided),
        (List(a), Unset | Inherited) => list_item::join_lists(a, &[], one_sided),
        (Unset | Inherited, List(b)) => list_item::join_lists(&[], b, one_sided),
        (Text(text), empty) if is_nothing(empty) => return Maybe(text.clone(), first.clone()),
        (empty, Text(text)) if is_nothing(empty) => return Maybe(text.clone(), second.clone()),
        (Maybe(text, before), empty) if is_nothing(empty) => return Maybe(text.clone(), before.and(first)),
        (empty, Maybe(text, before)) if is_nothing(empty) => return Maybe(text.clone(), before.and(second)),
        (a, b) => {
            return join_words(a, b, one_sided).unwrap_or_else(|| {
                let either = a.texts(name).join(&b.texts(name), point);
                if either.are_known() { Either(either) } else { Unclear }
            });
        }
    };
    if joined.len() > limits::WORDS { Unclear } else { List(joined) }
}

/// The words of two texts that share some, as the one does that more is added to on one way.
fn join_words(a: &VariableValue, b: &VariableValue, one_sided: &OneSided) -> Option<VariableValue> {
    let (a, b) = a.split_words().zip(b.split_words())?;
    let joined = a.join(&b, one_sided);
    let is_list = a.items.len().max(b.items.len()) > 1 && joined.items.len() <= limits::WORDS;
    is_list.then_some(VariableValue::Words(joined))
}

fn is_nothing(value: &VariableValue) -> bool {
    match value {
        VariableValue::Text(text) => text.is_empty(),
        value => *value == VariableValue::Unset,
    }
}
