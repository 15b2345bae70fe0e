//! Words with blanks between them, as make's lists are. Uses `outer_text`.

use crate::input::outer_text::OuterText;

/// Words as one text.
pub(super) fn joined(words: &[OuterText]) -> OuterText {
    let mut all = OuterText::default();
    for (number, word) in words.iter().enumerate() {
        if number > 0 {
            all.push(&OuterText::plain(" "));
        }
        all.push(word);
    }
    all
}

/// Words of which each that fits a pattern is another: `%` stands for any part, without it the end of the word is meant.
pub(super) fn substitute_ends(words: &OuterText, from: &OuterText, to: &OuterText) -> Option<OuterText> {
    let (from, to) = (from.known()?, to.known()?);
    let (from, to) = if from.contains('%') { (from, to) } else { (format!("%{from}"), format!("%{to}")) };
    let (before, after) = from.split_once('%')?;
    let change = |word: OuterText| {
        let word = word.known()?;
        let stem = word.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        Some(OuterText::plain(&stem.map_or_else(|| word.clone(), |stem| to.replacen('%', stem, 1))))
    };
    Some(joined(&words.words().into_iter().map(change).collect::<Option<Vec<_>>>()?))
}
