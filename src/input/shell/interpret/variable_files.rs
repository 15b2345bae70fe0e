//! Files of `NAME=value` lines that a script sets its variables by without sourcing them as they are: `export $(xargs < .env)`,
//! `eval "$(grep = .env)"`, `while read -r line; do export "$line"; done < .env`; and those of which one is sourced.
//! Uses `interpreter`, `shell_state`, `script_files` and `parse`.

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::limits;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::variable_value::VariableValue;
use crate::input::shell::file_system::Lookup;
use crate::input::shell::parse::parse_text;
use crate::input::shell::parse::syntax::{Redirect, RedirectAction, Statement, UnexpandedWord};
use crate::model::{is_variable_name, join, parent_and_name};
use crate::text::{TracedChar, TracedText};

impl Interpreter<'_> {
    /// Sets the variables of the files that a text names, which is the path of one or a command whose output is not known:
    /// `$(grep -v '^#' .env)`.
    pub(super) fn take_variables_of(&mut self, text: &TracedText, state: &mut ShellState) {
        let raw = text.raw();
        let opening = ["$(", "<(", "`"].into_iter().find(|opening| raw.starts_with(opening));
        let Some(opening) = opening else { return self.take_variables_of_file(text, state) };
        let inner = text.part(opening.len(), text.0.len().saturating_sub(1));
        let parsed = parse_text(&inner);
        let mut words = Vec::new();
        parsed.block.iter().for_each(|item| collect_words_of(&item.stmt, &mut words));
        for word in words.into_iter().take(limits::CHOICES) {
            let word = self.without_recording(|interpreter| interpreter.expand_one(word, state));
            if !word.unclear {
                self.take_variables_of_file(&word.text, state);
            }
        }
    }

    /// The same for what is read on the input.
    pub(super) fn take_variables_of_input(&mut self, state: &mut ShellState) {
        let file = state.fds.get(&0).and_then(|descriptor| descriptor.file).and_then(|file| self.files.get(file));
        if let Some(path) = file.map(|file| file.path.clone()) {
            self.take_variables_of(&path, state);
        }
    }

    fn take_variables_of_file(&mut self, path: &TracedText, state: &mut ShellState) {
        let Some(path) = self.absolute_path(path, state) else { return };
        let Lookup::Text(file) = self.context.file_system.open(&path) else { return };
        for (name, value) in assigned_variables(&TracedText::of_file(file, self.context.sources)) {
            self.assign_value(&name, VariableValue::Text(value), true, state);
        }
    }

    /// The files that a word may mean of which a part of the last component is not known.
    pub(super) fn files_meant(&self, word: &ShellWord, state: &ShellState) -> Vec<String> {
        let Some(first) = word.text.0.iter().position(|traced| traced.live) else { return Vec::new() };
        let after = word.text.0.iter().rev().position(|traced| traced.live).unwrap_or_default();
        let before = word.text.part(0, first);
        let after = word.text.part(word.text.0.len() - after, word.text.0.len()).raw();
        let Some(path) = self.absolute_path(&before, state).filter(|_| before.raw().contains('/')) else {
            return Vec::new();
        };
        let (directory, before) = match parent_and_name(&path) {
            Some((directory, name)) if !before.raw().ends_with('/') => (directory, name),
            _ => (path.as_str(), ""),
        };
        if after.contains('/') {
            return Vec::new();
        }
        let fits = |name: &str| name.strip_prefix(before).is_some_and(|rest| rest.ends_with(&after));
        let names = self.context.file_system.files_in(directory, &fits);
        names.iter().take(limits::CHOICES).map(|name| join(directory, name)).collect()
    }

    /// Sources each of several files, one of which is meant, or none of them.
    pub(super) fn source_one_of(&mut self, paths: &[String], words: &[ShellWord], state: &ShellState) -> ExitStates {
        let before = state.conditional;
        let mut exits = ExitStates::either_way(state.clone());
        for path in paths {
            let mut words = words.to_vec();
            if let Some(word) = words.get_mut(1) {
                *word = word.with_text(path);
            }
            exits = exits.merge(self.run_source(&words, state.clone().on_condition()));
        }
        exits.map_states(|state| ShellState { conditional: before, ..state })
    }
}

/// The words of the commands in a statement but for their names, and the files that it opens.
fn collect_words_of<'s>(statement: &'s Statement, words: &mut Vec<&'s UnexpandedWord>) {
    let opened = |redirects: &'s [Redirect]| {
        redirects.iter().filter_map(|redirect| match &redirect.action {
            RedirectAction::Open(word) => Some(word),
            _ => None,
        })
    };
    match statement {
        Statement::Simple(simple) => {
            words.extend(simple.words.iter().skip(1));
            words.extend(opened(&simple.redirects));
        }
        Statement::Pipeline(parts) => parts.iter().for_each(|part| collect_words_of(part, words)),
        Statement::List { first, rest } => {
            collect_words_of(first, words);
            for (_, part) in rest {
                collect_words_of(part, words);
            }
        }
        Statement::Group(block) | Statement::Subshell(block) => {
            for item in block {
                collect_words_of(&item.stmt, words);
            }
        }
        Statement::Redirected { body, redirects } => {
            collect_words_of(body, words);
            words.extend(opened(redirects));
        }
        _ => {}
    }
}

/// The variables that the lines of a text set, in order.
pub(in crate::input) fn assigned_variables(text: &TracedText) -> impl Iterator<Item = (String, TracedText)> {
    text.0.split(|traced| traced.ch == '\n').filter_map(assigned_in_line)
}

/// The variable that a line sets, and its value without quotes around it; `None` for any other line.
fn assigned_in_line(line: &[TracedChar]) -> Option<(String, TracedText)> {
    let equals = line.iter().position(|traced| traced.ch == '=')?;
    let (name, value) = line.split_at(equals);
    let name: String = name.iter().map(|traced| traced.ch).collect();
    let name = name.trim().strip_prefix("export ").map_or(name.trim(), str::trim);
    let value = value.get(1..).unwrap_or_default();
    let end = value.iter().rposition(|traced| !traced.ch.is_whitespace()).map_or(0, |last| last + 1);
    let value = value.get(..end).unwrap_or_default();
    let value = match value {
        [first, inner @ .., last] if first.ch == last.ch && matches!(first.ch, '"' | '\'') => inner,
        other => other,
    };
    is_variable_name(name).then(|| (name.to_owned(), TracedText(value.to_vec())))
}
