//! Words with blanks between them, as make's lists are, and the functions that make of texts other texts and ask for nothing
//! else. Uses `outer_text`.

use crate::input::outer_text::{OuterPart, OuterText};

/// Parts of a text that one function makes.
const PARTS: usize = 256 * 1024;

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
    substituted(words, &from, &OuterText::plain(&to))
}

/// The same for a pattern in which `%` is written where it is meant.
fn substituted(words: &OuterText, from: &str, to: &OuterText) -> Option<OuterText> {
    if words.len().saturating_mul(to.len()) > PARTS {
        return None;
    }
    let change = |word: OuterText| {
        if from == "%" {
            return Some(filled(to, &word));
        }
        let known = word.known()?;
        Some(stem_of(&known, from).map_or(word, |stem| filled(to, &OuterText::plain(stem))))
    };
    Some(joined(&words.words().into_iter().map(change).collect::<Option<Vec<_>>>()?))
}

/// What `%` stands for where a word fits a pattern.
pub(super) fn stem_of<'w>(word: &'w str, pattern: &str) -> Option<&'w str> {
    match pattern.split_once('%') {
        Some((before, after)) => word.strip_prefix(before)?.strip_suffix(after),
        None => (word == pattern).then_some(""),
    }
}

/// A pattern with something in place of its first `%`.
pub(super) fn filled(pattern: &OuterText, stem: &OuterText) -> OuterText {
    match pattern.split_once(|ch| ch == '%') {
        Some((before, after)) => {
            let mut all = before;
            all.push(stem);
            all.push(&after);
            all
        }
        None => pattern.clone(),
    }
}

/// What a function of texts gives, where it is one and what it needs to know of them is known.
pub(super) fn text_function(name: &str, arguments: &[OuterText]) -> Option<OuterText> {
    let first = arguments.first()?;
    let second = arguments.get(1);
    match name {
        "strip" => Some(joined(&first.words())),
        "subst" => replaced(&arguments.get(2)?.known()?, &first.known()?, &second?.known()?),
        "patsubst" => {
            let from = first.trimmed().known()?;
            let (to, words) = (second?, arguments.get(2)?);
            if from.contains('%') {
                substituted(words, &from, to)
            } else if words.len().saturating_mul(to.len()) > PARTS {
                None
            } else {
                let change = |word: OuterText| Some(if word.known()? == from { to.clone() } else { word });
                Some(joined(&words.words().into_iter().map(change).collect::<Option<Vec<_>>>()?))
            }
        }
        "addprefix" | "addsuffix" if second?.words().len().saturating_mul(first.len()) > PARTS => None,
        "addprefix" => Some(joined(&second?.words().iter().map(|word| sum(first, word)).collect::<Vec<_>>())),
        "addsuffix" => Some(joined(&second?.words().iter().map(|word| sum(word, first)).collect::<Vec<_>>())),
        "findstring" => {
            let is_there = second?.known()?.contains(&first.known()?);
            Some(if is_there { first.clone() } else { OuterText::default() })
        }
        "filter" | "filter-out" => filtered(&first.words(), &second?.words(), name == "filter"),
        "join" => Some(paired(&first.words(), &second?.words())),
        "dir" | "notdir" | "basename" | "suffix" => {
            let words = first.words().into_iter().map(|word| Some(part_of_path(name, &word.known()?)));
            let words: Vec<OuterText> = words.collect::<Option<_>>()?;
            Some(joined(&words.into_iter().filter(|word| name != "suffix" || !word.0.is_empty()).collect::<Vec<_>>()))
        }
        "sort" => {
            let mut words = first.words().iter().map(OuterText::known).collect::<Option<Vec<_>>>()?;
            words.sort();
            words.dedup();
            Some(OuterText::plain(&words.join(" ")))
        }
        _ => chosen_words(name, arguments),
    }
}

/// The functions that choose words by their numbers. A word that is not known may be several.
fn chosen_words(name: &str, arguments: &[OuterText]) -> Option<OuterText> {
    let list = arguments.last()?.words();
    let number = |at: usize| arguments.get(at)?.trimmed().known()?.parse::<usize>().ok();
    let up_to = |count: usize| {
        let before = list.get(..count.min(list.len()))?;
        before.iter().all(|word| word.known().is_some()).then_some(before)
    };
    match name {
        "firstword" => Some(list.first().cloned().unwrap_or_default()),
        "lastword" => Some(list.last().cloned().unwrap_or_default()),
        "words" => Some(OuterText::plain(&up_to(usize::MAX)?.len().to_string())),
        "word" => Some(up_to(number(0)?)?.get(number(0)?.checked_sub(1)?).cloned().unwrap_or_default()),
        "wordlist" => {
            let (from, to) = (number(0)?.checked_sub(1)?, number(1)?);
            Some(joined(up_to(to)?.get(from..).unwrap_or_default()))
        }
        _ => None,
    }
}

fn sum(one: &OuterText, other: &OuterText) -> OuterText {
    let mut all = one.clone();
    all.push(other);
    all
}

/// The words that fit one of some patterns, or those that fit none.
fn filtered(patterns: &[OuterText], words: &[OuterText], keeps: bool) -> Option<OuterText> {
    let patterns = patterns.iter().map(OuterText::known).collect::<Option<Vec<_>>>()?;
    let mut kept = Vec::new();
    for word in words {
        let known = word.known()?;
        if patterns.iter().any(|pattern| stem_of(&known, pattern).is_some()) == keeps {
            kept.push(word.clone());
        }
    }
    Some(joined(&kept))
}

/// The words of two lists, each with the one of the same number.
fn paired(one: &[OuterText], other: &[OuterText]) -> OuterText {
    let empty = OuterText::default();
    let count = one.len().max(other.len());
    let pairs = (0..count).map(|at| sum(one.get(at).unwrap_or(&empty), other.get(at).unwrap_or(&empty)));
    joined(&pairs.collect::<Vec<_>>())
}

fn part_of_path(name: &str, path: &str) -> OuterText {
    let last = path.rfind('/').map_or(0, |at| at + 1);
    let (directory, file) = path.split_at(last);
    let dot = file.rfind('.').map_or(path.len(), |at| last + at);
    OuterText::plain(match name {
        "dir" if directory.is_empty() => "./",
        "dir" => directory,
        "notdir" => file,
        "basename" => path.get(..dot).unwrap_or_default(),
        _ => path.get(dot..).unwrap_or_default(),
    })
}

fn replaced(text: &str, from: &str, to: &str) -> Option<OuterText> {
    if from.is_empty() {
        return Some(OuterText::plain(text));
    }
    let count = text.matches(from).count();
    (count.saturating_mul(to.len()) <= PARTS).then(|| OuterText::plain(&text.replace(from, to)))
}

/// Whether a word is one variable or what a command prints, and so may be several words.
pub(super) fn may_be_several(word: &OuterText) -> bool {
    matches!(word.0.as_slice(), [OuterPart::Variable { .. } | OuterPart::Output { .. }])
}
