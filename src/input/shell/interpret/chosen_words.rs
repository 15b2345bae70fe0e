//! The words of a command, where a variable of them is one of several texts, or a list is set on several ways: all that they
//! may be.
//! Uses `interpreter`, `alternatives` and `model`.

use super::alternatives::{Choice, KnownAlternatives, Presence, SharedPoints, used_in};
use super::certainty::Certainty;
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use crate::model::{Parameter, Word, WordSegment};
use crate::text::TracedText;

/// What stands for a word of a list that has two texts.
const EITHER_WORD: &str = "${either}";

impl Interpreter<'_> {
    /// The words of a command in each way in which they may be chosen; none where nothing is to be chosen, or too much.
    pub(super) fn chosen_words(&self, words: &[ShellWord], state: &ShellState) -> Vec<Vec<ShellWord>> {
        let mut used = KnownAlternatives::new();
        for (at, word) in words.iter().enumerate().filter(|(_, word)| word.unclear) {
            if word.either.are_known() {
                used.insert(word_key(at), word.either.clone());
            } else {
                used.extend(used_in(&word.text, &self.alternatives));
            }
        }
        if self.copies_to_alternatives {
            used.clear();
        }
        let points = SharedPoints::of_all(words.iter().map(|word| &word.sides));
        used.extend(points.choices());
        if used.is_empty() {
            return Vec::new();
        }
        let mut ways: Vec<Vec<ShellWord>> = Vec::new();
        for choice in &Choice::all_of(&used) {
            let chosen = words.iter().enumerate().filter_map(|(at, word)| {
                let presence = points.presence(&word.sides, choice);
                let text = choice.text_of(&word_key(at)).cloned().unwrap_or_else(|| choice.put_into(&word.text));
                let unclear = word.unclear && (text == word.text || has_other_unclear(&text, state));
                let is_settled = presence == Presence::Sure && word.sides.are_known();
                let certainty = if is_settled { Certainty::Sure } else { word.certainty.clone() };
                (presence != Presence::No).then(|| ShellWord { text, unclear, certainty, ..word.clone() })
            });
            let chosen: Vec<ShellWord> = chosen.collect();
            let is_same = |(one, other): (&ShellWord, &ShellWord)| one.text == other.text;
            let is_known = |way: &Vec<ShellWord>| way.len() == chosen.len() && way.iter().zip(&chosen).all(is_same);
            if !ways.iter().any(is_known) {
                ways.push(chosen);
            }
        }
        ways
    }
}

/// Whether something is left in a text, after all that was chosen, that the script sets in more than one way.
pub(super) fn has_other_unclear(text: &TracedText, state: &ShellState) -> bool {
    let is_unclear = |segment: &WordSegment| match segment {
        WordSegment::Expansion(raw) if raw == EITHER_WORD => true,
        WordSegment::Expansion(raw) => Parameter::parse(raw).is_some_and(|parameter| {
            let is_set = |name: &str| state.vars.value(name).is_some_and(|value| !value.is_as_before());
            !parameter.says_which_value() && (state.choices.contains_key(&parameter.name) || is_set(&parameter.name))
        }),
        WordSegment::Text(_) => false,
    };
    Word::of_traced(text).segments().iter().any(is_unclear)
}

/// What a word that is chosen as a whole is known by.
fn word_key(at: usize) -> String {
    format!("word {at}")
}
