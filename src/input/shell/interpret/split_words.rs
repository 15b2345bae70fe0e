//! A text that becomes several words where it is not quoted: of a variable that is built up piece by piece, or of what a
//! command prints. Uses `list_item` and `certainty`.

use super::alternatives::Alternatives;
use super::certainty::{Certainty, OneSided};
use super::list_item::{self, ListItem};
use crate::text::TracedText;

/// The words of a text, each with how certain it is that it is there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SplitWords {
    pub(super) items: Vec<ListItem>,
    /// Whether what stands directly before it is of its first word.
    starts_open: bool,
    /// Whether what follows directly is of its last word.
    ends_open: bool,
}

impl Default for SplitWords {
    fn default() -> Self {
        Self { items: Vec::new(), starts_open: true, ends_open: true }
    }
}

impl SplitWords {
    /// Splits a text at the blanks that are written out.
    pub(super) fn of_text(text: &TracedText) -> Self {
        let is_blank = |at: usize| text.0.get(at).is_some_and(|one| one.ch.is_ascii_whitespace() && !one.live);
        let mut words = Self {
            items: Vec::new(),
            starts_open: !is_blank(0),
            ends_open: !text.0.len().checked_sub(1).is_some_and(is_blank),
        };
        let mut from = 0;
        for at in 0..=text.0.len() {
            if at == text.0.len() || is_blank(at) {
                if at > from {
                    words.items.push(written_item(text.part(from, at)));
                }
                from = at + 1;
            }
        }
        words
    }

    /// A text of which not all is known.
    pub(super) fn of_unclear(text: &TracedText) -> Self {
        let mut words = Self::of_text(text);
        words.items.iter_mut().for_each(|item| item.unclear = true);
        words
    }

    /// The same words, as certain as this too.
    pub(super) fn only_where(mut self, certainty: &Certainty) -> Self {
        for item in &mut self.items {
            item.certainty = item.certainty.and(certainty);
        }
        self
    }

    /// Adds what follows directly.
    pub(super) fn append(&mut self, next: Self) {
        if next.items.is_empty() {
            self.ends_open &= next.ends_open;
            if self.items.is_empty() {
                self.starts_open &= next.starts_open;
            }
            return;
        }
        if self.items.is_empty() {
            let starts_open = self.starts_open && next.starts_open;
            *self = Self { starts_open, ..next };
            return;
        }
        let mut items = next.items.into_iter();
        if self.ends_open
            && next.starts_open
            && let (Some(last), Some(first)) = (self.items.last_mut(), items.next())
        {
            last.unclear |= first.unclear || last.certainty != Certainty::Sure || first.certainty != Certainty::Sure;
            last.text.push(&first.text);
            last.either = Alternatives::default();
            last.source.push(&first.source);
        }
        self.items.extend(items);
        self.ends_open = next.ends_open;
    }

    /// Ends the last word.
    pub(super) fn end_word(&mut self) {
        self.ends_open = false;
        // Where there is none yet, that of what stands before.
        self.starts_open &= !self.items.is_empty();
    }

    /// Lets what follows directly be of the last word.
    pub(super) fn open_end(&mut self) {
        self.ends_open = true;
    }

    /// The words on either of two ways.
    pub(super) fn join(&self, other: &Self, one_sided: &OneSided) -> Self {
        Self {
            items: list_item::join_lists(&self.items, &other.items, one_sided),
            starts_open: self.starts_open || other.starts_open,
            ends_open: self.ends_open || other.ends_open,
        }
    }

    /// The text, where it is one word at most and known.
    pub(super) fn as_text(&self) -> Option<TracedText> {
        match self.items.as_slice() {
            [] => Some(TracedText::default()),
            [only] => (!only.unclear && only.certainty == Certainty::Sure).then(|| only.text.clone()),
            _ => None,
        }
    }
}

/// A word that is written where the text is.
fn written_item(text: TracedText) -> ListItem {
    let source = if text.0.iter().any(|traced| traced.at.is_some()) { text.clone() } else { TracedText::default() };
    ListItem { text, source, ..ListItem::default() }
}
