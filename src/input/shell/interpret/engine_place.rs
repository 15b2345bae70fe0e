//! Where a start stands whose engine is in a variable, and which one that is. Uses `list_item`, `shell_word`, `docker_cli`
//! and `text`.

use super::certainty::Certainty;
use super::list_item::ListItem;
use super::shell_word::ShellWord;
use crate::input::docker_cli::is_engine_program;
use crate::input::shell::parse::syntax::UnexpandedWord;
use crate::text::Sources;

/// Gives an engine that a word of a command stands for the place of that word: what it starts is started there, and not
/// where the variable is set. Where the command's other words are handed over with it, as to a function that runs what it
/// is given, each start is where its words were put together.
pub(super) fn place_engine(own: &mut [ShellWord], word: &UnexpandedWord, sources: &Sources) {
    let is_engine = |word: &ShellWord| word.raw().rsplit('/').next().is_some_and(is_engine_program);
    if !own.last().is_some_and(|last| last.raw() == "compose" || is_engine(last)) {
        return;
    }
    let written = ShellWord { source: word.source.clone(), ..ShellWord::default() };
    for engine in own.iter_mut().filter(|word| word.span.is_none() && is_engine(word)) {
        let is_elsewhere = engine.source.byte_range() != written.source.byte_range();
        engine.span = written.source_span(sources).filter(|_| is_elsewhere);
    }
}

/// Whether words are names of engines, each of which is there on some ways only.
pub(super) fn are_engines(items: &[ListItem]) -> bool {
    let is_engine = |raw: &str| is_engine_program(raw.rsplit('/').next().unwrap_or(raw));
    let is_one =
        |item: &ListItem| item.certainty != Certainty::Sure && item.text.is_fixed() && is_engine(&item.text.raw());
    items.len() > 1 && items.iter().all(is_one)
}
