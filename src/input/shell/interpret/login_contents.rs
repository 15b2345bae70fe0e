//! Substituted commands that print a known program's login: its file stands for what they print, through variables and
//! whatever is handed it. Uses `interpreter`, `shell_state`, `parse` and `model`.

use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::word_expansion::is_substitution;
use crate::input::shell::parse::syntax::{
    Block, Redirect, RedirectAction, RedirectTarget, SimpleCommand, Statement, UnexpandedWord, WordPart,
};
use crate::model::{
    Invocation, PartialText, VariableState, Word, content_of_file, join, keychain_entry, whole_files_read,
};
use crate::text::TracedText;

/// Functions and groups that are looked through, one within the other.
const DEPTH: usize = 8;

impl Interpreter<'_> {
    /// What stands for `$(cat FILE)` and its kin, where the file is a login.
    pub(super) fn login_content(
        &mut self,
        raw: &TracedText,
        blocks: &[Block],
        state: &ShellState,
    ) -> Option<TracedText> {
        let [block] = blocks else { return None };
        if !is_substitution(raw) {
            return None;
        }
        let file = self.without_recording(|interpreter| {
            block.iter().find_map(|item| interpreter.login_printed_by(&item.stmt, state, DEPTH))
        })?;
        let mut content = TracedText::live(&content_of_file(&file));
        if let (Some(first), Some(written)) = (content.0.first_mut(), raw.0.first()) {
            first.at = written.at;
        }
        Some(content)
    }

    fn login_printed_by(&mut self, stmt: &Statement, state: &ShellState, depth: usize) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        match stmt {
            Statement::Simple(simple) => {
                self.login_read_by(simple, &[], state).or_else(|| self.login_printed_by_function(simple, state, depth))
            }
            Statement::Group(block) | Statement::Subshell(block) => {
                block.iter().find_map(|item| self.login_printed_by(&item.stmt, state, depth))
            }
            Statement::Redirected { body, redirects } => match body.as_ref() {
                Statement::Simple(simple) => self.login_read_by(simple, redirects, state),
                other => self.login_printed_by(other, state, depth),
            },
            // What the others print is the same text in another form, or they are none that are known.
            Statement::Pipeline(stages) => {
                let (first, others) = stages.split_first()?;
                let passes = |stage: &Statement| matches!(stage, Statement::Simple(simple) if passes_on(simple));
                if others.iter().all(passes) { self.login_printed_by(first, state, depth) } else { None }
            }
            Statement::List { first, rest } => {
                let all = std::iter::once(first.as_ref()).chain(rest.iter().map(|(_, other)| other));
                all.into_iter().find_map(|one| self.login_printed_by(one, state, depth))
            }
            _ => None,
        }
    }

    /// The login that a function of the script prints.
    fn login_printed_by_function(
        &mut self,
        simple: &SimpleCommand,
        state: &ShellState,
        depth: usize,
    ) -> Option<String> {
        let [name] = simple.words.as_slice() else { return None };
        let bodies = state.functions.get(&name.source.raw())?.clone();
        bodies.iter().find_map(|body| self.login_printed_by(&body.statement, state, depth))
    }

    fn login_read_by(&mut self, simple: &SimpleCommand, outer: &[Redirect], state: &ShellState) -> Option<String> {
        let is_input = |redirect: &&Redirect| redirect.target == RedirectTarget::Number(0);
        let input = simple.redirects.iter().chain(outer).rfind(is_input);
        let input = input.and_then(|redirect| match &redirect.action {
            RedirectAction::Open(word) => Some(word),
            RedirectAction::Copy(_) | RedirectAction::Close | RedirectAction::Data(_) => None,
        });
        // What is substituted in its words is not gone through once more for each of them.
        if simple.words.iter().chain(input).any(is_computed) {
            return None;
        }
        let mut inner = state.clone();
        let words = self.expand_all(&simple.words, &mut inner);
        let input = input.map(|word| self.expand_one(word, &mut inner));
        let argv = words.iter().map(|word| with_defaults(&word.text)).collect();
        let call = Invocation { argv, input: input.map(|word| with_defaults(&word.text)), ..Invocation::default() };
        let file = whole_files_read(&call).iter().find_map(|word| {
            let named = keychain_entry(word).unwrap_or(word);
            (self.context.login_file)(named)
        })?;
        let is_relative = !file.starts_with(['/', '~', '$']);
        let directory = self.current_directory(state).filter(|_| is_relative);
        Some(directory.map_or_else(|| file.clone(), |directory| join(&directory, &file)))
    }
}

/// A word with the script's own defaults for what its caller may set.
fn with_defaults(text: &TracedText) -> Word {
    let word = Word::of_traced(text);
    if !word.contains(":-") {
        return word;
    }
    Word::parse(&PartialText::expand(&word, &|_| VariableState::Unseen).to_value(None).text)
}

fn is_computed(word: &UnexpandedWord) -> bool {
    word.parts.iter().any(|part| matches!(part, WordPart::Computed { .. }))
}

/// Whether a command passes on all that it reads, in this form or another.
fn passes_on(simple: &SimpleCommand) -> bool {
    let word = |word: &UnexpandedWord| Word::of_traced(&word.source);
    let argv = simple.words.iter().map(word).collect();
    let call = Invocation { argv, input: Some(Word::literal("-")), ..Invocation::default() };
    !whole_files_read(&call).is_empty()
}
