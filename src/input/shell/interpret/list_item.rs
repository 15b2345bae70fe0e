//! Elements of arrays and arguments, and how the lists of two branches are joined.
//! Uses `shell_word` and `certainty`.

use super::alternatives::{Alternatives, JoinPoint, WaySides};
use super::certainty::{Certainty, OneSided};
use super::shell_word::ShellWord;
use super::unknown_arguments::UnknownArguments;
use crate::text::{TracedChar, TracedText};

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
    /// What its whole text is one of, where that is known.
    pub(super) either: Alternatives,
    /// The ways on which it is there, where that is not on all.
    pub(super) sides: WaySides,
}

impl From<ShellWord> for ListItem {
    fn from(word: ShellWord) -> Self {
        let ShellWord { text, source, certainty, unclear, rest, either, sides, .. } = word;
        Self { text, source, certainty, unclear, rest, either, sides }
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

    /// What its whole text may be, where that is known.
    fn texts(&self) -> Alternatives {
        if self.unclear { self.either.clone() } else { Alternatives::of_text(&self.text) }
    }

    /// The same item, as certain as both.
    fn with(&self, certainty: &Certainty, unclear: bool) -> Self {
        Self {
            text: self.text.clone(),
            source: self.source.clone(),
            certainty: self.certainty.and(certainty),
            unclear: self.unclear || unclear,
            rest: self.rest.clone(),
            either: self.either.clone(),
            sides: self.sides.clone(),
        }
    }

    /// The same item, on one of two ways alone.
    fn on_side(&self, certainty: &Certainty, point: &JoinPoint, is_first: bool) -> Self {
        Self { sides: self.sides.on_side(point, is_first), ..self.with(certainty, false) }
    }
}

/// The words that elements become without quotes.
pub(super) fn split_items(items: Vec<ListItem>) -> Vec<ListItem> {
    let is_blank = |one: &TracedChar| one.ch.is_ascii_whitespace() && !one.live;
    let split = |item: ListItem| {
        if !item.text.0.iter().any(is_blank) && !item.text.is_empty() {
            return vec![item];
        }
        let words = item.text.0.split(is_blank).filter(|word| !word.is_empty());
        words.map(|word| ListItem { text: TracedText(word.to_vec()), ..item.clone() }).collect()
    };
    items.into_iter().flat_map(split).collect()
}

/// Elements that both lists have at their beginning and end are kept; those between are there on one way each. An option
/// stays before its value, and a word that differs alone is one word in two ways.
pub(super) fn join_lists(a: &[ListItem], b: &[ListItem], one_sided: &OneSided) -> Vec<ListItem> {
    let OneSided { first: only_a, second: only_b, point } = one_sided;
    let mut front = a.iter().zip(b).take_while(|(x, y)| x.text.reads_as(&y.text)).count();
    let (mut middle_a, mut middle_b, mut back) = split_ends(a, b, front);
    // A program's name is not merged with another one: each way is looked at.
    let merge = |front: usize, a: &[ListItem], b: &[ListItem]| if front > 0 { merge_pairs(a, b, point) } else { None };
    let mut either = merge(front, middle_a, middle_b);
    if either.is_none()
        && starts_with_value(middle_a, middle_b)
        && is_option(front.checked_sub(1).and_then(|at| a.get(at)))
    {
        front -= 1;
        (middle_a, middle_b, back) = split_ends(a, b, front);
        either = merge(front, middle_a, middle_b);
    }
    let both = |(x, y): (&ListItem, &ListItem)| x.with(&y.certainty, y.unclear);
    let mut joined: Vec<ListItem> = a.iter().zip(b).take(front).map(both).collect();
    joined.extend(either.unwrap_or_else(|| {
        let of_a = middle_a.iter().map(|item| item.on_side(only_a, point, true));
        of_a.chain(middle_b.iter().map(|item| item.on_side(only_b, point, false))).collect()
    }));
    joined.extend(a.iter().rev().zip(b.iter().rev()).take(back).map(both).rev());
    joined
}

/// What lies between some elements at the front of both lists and those at their ends that are equal, and how many these
/// are.
fn split_ends<'l>(a: &'l [ListItem], b: &'l [ListItem], front: usize) -> (&'l [ListItem], &'l [ListItem], usize) {
    let (rest_a, rest_b) = (a.get(front..).unwrap_or_default(), b.get(front..).unwrap_or_default());
    let back = rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(|(x, y)| x.text.reads_as(&y.text)).count();
    let cut = |rest: &'l [ListItem]| rest.get(..rest.len() - back).unwrap_or_default();
    (cut(rest_a), cut(rest_b), back)
}

fn is_option(item: Option<&ListItem>) -> bool {
    item.and_then(|item| item.text.0.first()).is_some_and(|first| first.ch == '-' && !first.live)
}

/// Whether either of what two lists have of their own begins with a word that may be the value of an option before it.
fn starts_with_value(a: &[ListItem], b: &[ListItem]) -> bool {
    [a, b].iter().any(|list| !list.is_empty() && !is_option(list.first()))
}

/// The words of two lists of one length, where each of the one is what the other one has there in another way.
fn merge_pairs(a: &[ListItem], b: &[ListItem], point: &JoinPoint) -> Option<Vec<ListItem>> {
    (a.len() == b.len()).then(|| a.iter().zip(b).map(|(x, y)| merge_words(x, y, point)).collect()).flatten()
}

/// Two words as one of which a part is set in more than one way: `NAME=` stays, and so does what is after a colon.
fn merge_words(x: &ListItem, y: &ListItem, point: &JoinPoint) -> Option<ListItem> {
    if x.text.reads_as(&y.text) {
        return Some(x.with(&y.certainty, y.unclear));
    }
    let is_whole = |item: &ListItem| item.certainty == Certainty::Sure && item.rest.is_none();
    if !is_whole(x) || !is_whole(y) || is_option(Some(x)) || is_option(Some(y)) {
        return None;
    }
    let same = |(one, other): &(&TracedChar, &TracedChar)| one.ch == other.ch && one.live == other.live;
    let (x_chars, y_chars) = (&x.text.0, &y.text.0);
    let alike = x_chars.iter().zip(y_chars).take_while(same).map(|(one, _)| one);
    let name =
        alike.enumerate().filter(|(_, one)| one.ch == '=' && !one.live).map(|(at, _)| at + 1).next().unwrap_or(0);
    let left = x_chars.len().min(y_chars.len()) - name;
    let alike = x_chars.iter().rev().zip(y_chars.iter().rev()).take(left).take_while(same).map(|(one, _)| one);
    let end = alike.enumerate().filter(|(_, one)| one.ch == ':' && !one.live).map(|(at, _)| at + 1).last().unwrap_or(0);
    let has_parts = |item: &ListItem| item.text.0.iter().any(|one| one.ch == ':' && !one.live);
    if name == 0 && end == 0 && (has_parts(x) || has_parts(y)) {
        return None;
    }
    let mut text = x.text.part(0, name);
    let mut symbol = TracedText::live("${either}");
    if let Some(first) = symbol.0.first_mut() {
        first.at = x_chars.iter().skip(name).find_map(|one| one.at);
    }
    text.push(&symbol);
    text.push(&x.text.part(x_chars.len() - end, x_chars.len()));
    let either = x.texts().join(&y.texts(), point);
    Some(ListItem { text, unclear: true, either, ..x.clone() })
}
