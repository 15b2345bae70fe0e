//! Elements of arrays and arguments, and how the lists of two branches are joined.
//! Uses `shell_word` and `certainty`.

use super::certainty::Certainty;
use super::shell_word::ShellWord;
use super::unknown_arguments::UnknownArguments;
use crate::text::TracedText;

/// An element of a list: of an array, or of a function's or a script's arguments.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct ListItem {
    pub(super) text: TracedText,
    /// The word as it is written where the list was made.
    pub(super) source: TracedText,
    /// Whether it is there at all.
    pub(super) certainty: Certainty,
    /// Whether a variable went into it that the text sets in more than one way.
    pub(super) unclear: bool,
    /// The arguments that it stands for, where those are the caller's (`"$@"`).
    pub(super) rest: Option<UnknownArguments>,
}

impl From<ShellWord> for ListItem {
    fn from(word: ShellWord) -> Self {
        Self { text: word.text, source: word.source, certainty: word.certainty, unclear: word.unclear, rest: word.rest }
    }
}

impl ListItem {
    pub(super) fn sure(text: TracedText) -> Self {
        Self { text, ..Self::default() }
    }

    /// One that stands for all arguments of an unknown caller, as `"$@"` does.
    pub(super) fn of_unknown(arguments: &UnknownArguments) -> Self {
        Self { text: TracedText::live("$@"), rest: Some(arguments.clone()), ..Self::default() }
    }

    /// The same item, as certain as both.
    fn with(&self, certainty: &Certainty, unclear: bool) -> Self {
        Self {
            text: self.text.clone(),
            source: self.source.clone(),
            certainty: self.certainty.and(certainty),
            unclear: self.unclear || unclear,
            rest: self.rest.clone(),
        }
    }
}

/// Elements that both lists have at their beginning and end are kept; those between are there on one way each.
pub(super) fn join_lists(a: &[ListItem], b: &[ListItem], only_a: &Certainty, only_b: &Certainty) -> Vec<ListItem> {
    let same = |(x, y): &(&ListItem, &ListItem)| x.text == y.text;
    let front = a.iter().zip(b).take_while(same).count();
    let (rest_a, rest_b) = (a.get(front..).unwrap_or_default(), b.get(front..).unwrap_or_default());
    let back = rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(same).count();
    let (middle_a, end_a) = rest_a.split_at(rest_a.len() - back);
    let (middle_b, end_b) = rest_b.split_at(rest_b.len() - back);
    let front = a.iter().zip(b).take(front).map(|(x, y)| x.with(&y.certainty, y.unclear));
    let middle_a = middle_a.iter().map(|item| item.with(only_a, false));
    let middle_b = middle_b.iter().map(|item| item.with(only_b, false));
    let end = end_a.iter().zip(end_b).map(|(x, y)| x.with(&y.certainty, y.unclear));
    front.chain(middle_a).chain(middle_b).chain(end).collect()
}
