//! What holds on some ways through a text only, and words that are there on those ways.
//! Uses `glyph` and `model`.

use super::glyph::{Text, Word};
use crate::model::Test;

/// Whether something happened on every way here.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Doubt {
    #[default]
    Sure,
    /// Where a variable says so.
    When(String, Test),
    /// On some ways only.
    Perhaps,
}

impl Doubt {
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Sure, other) | (other, Self::Sure) => other,
            (one, other) if one == other => one,
            _ => Self::Perhaps,
        }
    }
}

/// An element of a list: of an array, or of a function's or a script's arguments.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Piece {
    pub(super) text: Text,
    /// The word as it is written where the list was made.
    pub(super) source: Text,
    /// Whether it is there at all.
    pub(super) doubt: Doubt,
    /// Whether a variable went into it that the text sets in more than one way.
    pub(super) unclear: bool,
}

impl From<Word> for Piece {
    fn from(word: Word) -> Self {
        Self { text: word.text, source: word.source, doubt: word.doubt, unclear: word.unclear }
    }
}

impl Piece {
    pub(super) fn sure(text: Text) -> Self {
        Self { text, ..Self::default() }
    }
}

/// Elements that both lists have at their beginning and end are kept; those between are there on one way each.
pub(super) fn join(a: &[Piece], b: &[Piece], only_a: &Doubt, only_b: &Doubt) -> Vec<Piece> {
    let same = |(x, y): &(&Piece, &Piece)| x.text == y.text;
    let both = |(x, y): (&Piece, &Piece)| Piece {
        text: x.text.clone(),
        source: x.source.clone(),
        doubt: x.doubt.clone().or(y.doubt.clone()),
        unclear: x.unclear || y.unclear,
    };
    let front = a.iter().zip(b).take_while(same).count();
    let (rest_a, rest_b) = (a.get(front..).unwrap_or_default(), b.get(front..).unwrap_or_default());
    let back = rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(same).count();
    let (middle_a, end_a) = rest_a.split_at(rest_a.len() - back);
    let (middle_b, end_b) = rest_b.split_at(rest_b.len() - back);
    let alone = |piece: &Piece, doubt: &Doubt| Piece { doubt: piece.doubt.clone().or(doubt.clone()), ..piece.clone() };
    let mut joined: Vec<Piece> = a.iter().zip(b).take(front).map(both).collect();
    joined.extend(middle_a.iter().map(|piece| alone(piece, only_a)));
    joined.extend(middle_b.iter().map(|piece| alone(piece, only_b)));
    joined.extend(end_a.iter().zip(end_b).map(both));
    joined
}
