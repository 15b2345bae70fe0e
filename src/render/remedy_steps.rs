//! A remedy's steps in words: what to do, where, whom it helps, and what to write there. May use `text`, `finding` and
//! `report`.

use super::Given;
use super::phrases::list_hits;
use super::source_place::file_line;
use crate::finding::{Hit, PlacedText, Remedy};
use crate::report::natural_key;
use crate::text::Sources;

/// A word that makes way for another text is named up to this length, in bytes.
const LONGEST_WORD: usize = 64;

/// One step of a remedy in words, with the lines that it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToldStep {
    /// What to do, where, and after the first step whom the whole helps where that is not everybody.
    pub(super) sentence: String,
    /// What to write there, each line of each text once.
    pub(super) written: Vec<String>,
}

/// The steps of a remedy, the first one first.
pub(super) fn remedy_steps(remedy: &Remedy, hits: &[&Hit], given: &Given<'_>) -> Vec<ToldStep> {
    let first = told_step(&remedy.text, &remedy.edits, &ended_words(remedy, hits, given), given.sources);
    let others = remedy.also.iter().map(|step| {
        let ToldStep { sentence, written } = told_step(&step.text, &step.edits, "", given.sources);
        ToldStep { sentence: format!("and {sentence}"), written }
    });
    std::iter::once(first).chain(others).collect()
}

fn told_step(text: &str, edits: &[PlacedText], ends: &str, sources: &Sources) -> ToldStep {
    let at = edit_places(edits.iter(), sources);
    let written = written_lines(edits, sources);
    let colon = if written.is_empty() { "" } else { ":" };
    ToldStep { sentence: format!("{}{at}{ends}{colon}", text.trim_end_matches('.')), written }
}

/// What is to be written, each text once; where a single word makes way for it, with that word, and where there are
/// several texts, with their places.
fn written_lines(edits: &[PlacedText], sources: &Sources) -> Vec<String> {
    let mut texts: Vec<(String, Option<String>, Vec<&PlacedText>)> = Vec::new();
    for edit in edits.iter().filter(|edit| !edit.text.is_empty()) {
        let replaced = replaced_word(edit, sources);
        match texts.iter_mut().find(|(text, word, _)| *text == edit.text && *word == replaced) {
            Some((.., all)) => all.push(edit),
            None => texts.push((edit.text.clone(), replaced, vec![edit])),
        }
    }
    let has_several = texts.len() > 1;
    let lines = texts.into_iter().flat_map(|(text, replaced, edits)| {
        let at = if has_several { edit_places(edits.into_iter(), sources) } else { String::new() };
        let note = match replaced {
            Some(word) => format!("   (in place of {word}{at})"),
            None if at.is_empty() => String::new(),
            None => format!("   ({})", at.trim_start()),
        };
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if let Some(first) = lines.first_mut() {
            first.push_str(&note);
        }
        lines
    });
    lines.collect()
}

/// The word that a text is written in the place of, where it is one that is shown anywhere.
fn replaced_word(edit: &PlacedText, sources: &Sources) -> Option<String> {
    let file = sources.get(edit.span.file);
    let word = file.slice(edit.span).trim_matches(['"', '\'']);
    let is_plain = !word.is_empty() && word.len() <= LONGEST_WORD;
    let is_word = word.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c));
    (is_plain && is_word && edit.text.lines().count() == 1).then(|| word.to_owned())
}

/// How many places of a remedy are told.
const PLACES: usize = 6;

/// Where edits are made, each place once: ` at compose.yaml:4, run.sh:2`; empty where no place is known.
pub(super) fn edit_places<'a>(edits: impl Iterator<Item = &'a PlacedText>, sources: &Sources) -> String {
    let mut places: Vec<String> = Vec::new();
    for place in edits.filter_map(|edit| file_line(edit.span, sources)) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.sort_by_cached_key(|place| natural_key(place));
    let more = places.len().saturating_sub(PLACES);
    places.truncate(PLACES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if places.is_empty() { String::new() } else { format!(" at {}{more}", places.join(", ")) }
}

/// Whom a remedy helps, where that is not everybody.
pub(super) fn ended_words(remedy: &Remedy, hits: &[&Hit], given: &Given<'_>) -> String {
    let ended: Vec<&Hit> = remedy.ends.iter().filter_map(|at| given.report.hits.get(*at)).collect();
    let containers: u64 = hits.iter().map(|hit| hit.instances).sum();
    match ended.len() {
        0 => String::new(),
        _ if hits.len() <= 1 => String::new(),
        count if count >= hits.len() && hits.iter().any(|hit| hit.or_more) => "; ends it for all".to_owned(),
        count if count >= hits.len() && containers == 2 => "; ends it for both".to_owned(),
        count if count >= hits.len() => format!("; ends it for all {containers}"),
        _ => format!("; ends it for {}", list_hits(&ended)),
    }
}
