//! `eval` of a text that a script builds up piece by piece: where each piece is plain words, it is the command that the text
//! becomes without quotes. Uses `interpreter`, `chosen_words` and `parse`.

use super::exit_states::{ExitStates, LastCommand};
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use crate::input::shell::parse::parse_text;
use crate::input::shell::parse::syntax::Statement;
use crate::text::TracedText;

/// What a text may hold and is no part of a word to the shell that reads it.
const OPERATORS: [char; 10] = [';', '|', '&', '<', '>', '(', ')', '`', '\\', '\n'];

impl Interpreter<'_> {
    /// Runs what `eval` is given, where it is one of several texts that are known, or a command that is built up of words;
    /// `None` where it is neither.
    pub(super) fn run_evaluated_words(&mut self, words: &[ShellWord], state: &ShellState) -> Option<ExitStates> {
        let given = words.get(1..).unwrap_or_default();
        let chosen = self.chosen_words(given, state);
        let is_known = |word: &ShellWord| !word.unclear && word.text.is_fixed();
        if !chosen.is_empty() && chosen.iter().flatten().all(is_known) {
            let before = state.conditional;
            let mut exits = ExitStates::default();
            for words in chosen {
                let text = joined_text(&words);
                exits = exits.merge(self.run_text(&text, LastCommand::Forks, state.clone().on_condition()));
            }
            return Some(exits.map_states(|after| ShellState { conditional: before, ..after }));
        }
        let mut state = state.clone();
        let mut command = Vec::new();
        for word in given {
            command.extend(self.words_without_quotes(word, &mut state)?);
        }
        let is_command = command.first().is_some_and(|first| !first.unclear && first.text.is_fixed());
        is_command.then(|| {
            let child = state.child_process(true);
            let exits = self.start_program(&command, child);
            exits.map_states(|child| ShellState {
                conditional: state.conditional || child.conditional,
                ..state.after_child(&child)
            })
        })
    }

    /// The words that a word of `eval` becomes as the shell reads it again; `None` where that is more than words.
    fn words_without_quotes(&mut self, word: &ShellWord, state: &mut ShellState) -> Option<Vec<ShellWord>> {
        if word.rest.is_some() {
            return Some(vec![word.clone()]);
        }
        let source = &word.source;
        let is_quoted = source.0.len() > 1 && source.raw().starts_with('"') && source.raw().ends_with('"');
        let inner = if is_quoted { source.part(1, source.0.len() - 1) } else { source.clone() };
        if inner.0.iter().any(|traced| traced.ch == '"') {
            return None;
        }
        // The words of a command: its name is left out again.
        let mut text = TracedText::plain("words ");
        text.push(&inner);
        let parsed = parse_text(&text);
        let [only] = parsed.block.as_slice() else { return None };
        let Statement::Simple(simple) = &only.stmt else { return None };
        if parsed.problem.is_some() || !simple.redirects.is_empty() || only.background {
            return None;
        }
        // What is substituted in them ran before.
        let words = self.without_recording(|interpreter| interpreter.expand_all(&simple.words, state));
        words.into_iter().skip(1).map(without_inner_quotes).collect()
    }
}

/// A word of a text as the shell that reads it again has it: without the quotes that are part of the text.
fn without_inner_quotes(mut word: ShellWord) -> Option<ShellWord> {
    let written: Vec<char> = word.text.0.iter().filter(|traced| !traced.live).map(|traced| traced.ch).collect();
    let is_balanced = |quote: char| written.iter().filter(|ch| **ch == quote).count().is_multiple_of(2);
    if written.iter().any(|ch| OPERATORS.contains(ch)) || !is_balanced('"') || !is_balanced('\'') {
        return None;
    }
    // A variable that the text names is read again too: only one that is nowhere quoted is the same then.
    if written.contains(&'$') {
        return None;
    }
    word.text.0.retain(|traced| traced.live || !matches!(traced.ch, '"' | '\''));
    Some(word)
}

fn joined_text(words: &[ShellWord]) -> TracedText {
    let mut text = TracedText::default();
    for word in words {
        text.push(&word.text_in_place());
        text.push(&TracedText::plain(" "));
    }
    text
}
