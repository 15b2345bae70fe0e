//! What takes variables out of the environment: `unset` by names that are known, by a prefix, or by what a command prints,
//! and what was not read and may do so. Uses `interpreter`, `shell_state`, `parse` and `model`.

use std::rc::Rc;

use super::certainty::Certainty;
use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::variable_value::{ShellVariable, VariableValue};
use crate::input::shell::parse::syntax::UnexpandedWord;
use crate::model::{Reach, TakenVariables, VariableNames};
use crate::text::Span;

/// How many of these are kept of one script.
const MAX_TAKEN: usize = 32;

/// Ends of the paths of files that set one thing up, which is known, and leave other variables alone.
const TOOL_FILES: [&str; 7] =
    ["/bin/activate", "/nvm.sh", "/.cargo/env", "/asdf.sh", "/bash_completion", "/sdkman-init.sh", "/conda.sh"];

/// Programs that print assignments for `eval` which are known not to concern other variables.
const TOOLS_FOR_EVAL: [&str; 14] = [
    "ssh-agent",
    "gpg-agent",
    "keychain",
    "brew",
    "fnm",
    "pyenv",
    "rbenv",
    "nodenv",
    "mise",
    "conda",
    "dircolors",
    "resize",
    "dbus-launch",
    "starship",
];

/// Whether a file that is sourced is one that a tool brings, which sets that tool up and starts no program that matters.
pub(super) fn is_tool_file(path: &str) -> bool {
    TOOL_FILES.iter().any(|known| path.ends_with(known))
}

/// Whether a word of `eval` is what one command of such a tool prints: `"$(ssh-agent -s)"`.
pub(super) fn is_printed_by_tool(source: &str) -> bool {
    let inner = source.trim_matches('"');
    let command = inner.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
    let command = command.or_else(|| inner.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')));
    let is_one = |command: &&str| !command.replace("2>/dev/null", "").contains([';', '|', '&', '(', '`', '>', '\n']);
    let name = command.filter(is_one).and_then(|command| command.split_whitespace().next());
    name.is_some_and(|name| TOOLS_FOR_EVAL.contains(&name.rsplit('/').next().unwrap_or_default()))
}

impl Interpreter<'_> {
    pub(super) fn run_unset(&mut self, words: &[UnexpandedWord], mut state: ShellState) -> ExitStates {
        let mut functions = false;
        for written in words {
            if let Some(prefix) = prefix_of_names(written) {
                let span = written.source.first_position(self.context.sources);
                self.take_away(VariableNames::Prefix(prefix), true, span, &mut state);
                continue;
            }
            for word in self.expand_word(written, &mut state) {
                let name = word.raw();
                if name.starts_with('-') {
                    functions |= name.contains('f');
                } else if functions {
                    Rc::make_mut(&mut state.functions).remove(&name);
                } else {
                    self.unset_variable(&word, &mut state);
                }
            }
        }
        ExitStates::succeeded(state)
    }

    /// `unset` with one word.
    fn unset_variable(&mut self, word: &ShellWord, state: &mut ShellState) {
        let known = if word.unclear { None } else { self.resolve_text(&word.text) };
        match known {
            Some(name) if word.certainty == Certainty::Sure => {
                self.assign_value(&name, VariableValue::Unset, true, state);
            }
            Some(name) => self.assign_value(&name, VariableValue::Unclear, true, state),
            None => match Self::choices_of(word, state) {
                Some(names) => {
                    for name in names {
                        self.assign_value(&name, VariableValue::Unclear, true, state);
                    }
                }
                None => {
                    let names = VariableNames::printed_by(&self.source_of_names(word));
                    let span = word.source_span(self.context.sources);
                    self.take_away(names, false, span, state);
                }
            },
        }
    }

    /// The values in turn of the loop's variable that a word is.
    fn choices_of(word: &ShellWord, state: &ShellState) -> Option<Vec<String>> {
        let raw = word.raw();
        state.vars.note_choices();
        let texts = state.choices.get(variable_in(&raw)?)?;
        Some(texts.iter().map(crate::text::TracedText::raw).collect())
    }

    /// The text that names come from: what is substituted in the word itself, or what the loop goes through.
    fn source_of_names(&mut self, word: &ShellWord) -> String {
        let raw = word.raw();
        let Some(name) = variable_in(&raw) else { return raw };
        // A call does not begin from what is around it.
        self.forbid_keeping();
        let of_loop = self.loop_words.iter().rev().find(|(variable, _)| variable == name);
        of_loop.map_or_else(String::new, |(_, text)| text.clone())
    }

    /// Takes variables away by what is known of their names.
    pub(super) fn take_away(
        &mut self,
        names: VariableNames,
        is_certain: bool,
        span: Option<Span>,
        state: &mut ShellState,
    ) {
        self.forbid_keeping();
        let concerned: Vec<String> = state.vars.names().filter(|name| names.may_mean(name)).cloned().collect();
        for name in concerned {
            let Some(variable) = state.vars.get(&name).cloned() else { continue };
            if let Some(notes) = self.call_notes.last_mut() {
                notes.withholds.insert(name.clone());
            }
            let is_gone = variable.value == VariableValue::Unset;
            if is_certain {
                state.vars.set(&name, ShellVariable::exported(VariableValue::Unset));
            } else if variable.exported && !is_gone {
                state.vars.set(&name, ShellVariable { value: VariableValue::Unclear, ..variable });
            }
        }
        let taken = TakenVariables { names, is_certain, span };
        if !state.taken.contains(&taken) {
            let all = Rc::make_mut(&mut state.taken);
            if all.len() < MAX_TAKEN {
                all.push(taken);
            } else {
                *all = vec![TakenVariables { names: VariableNames::Any, is_certain: false, span }];
            }
        }
    }

    /// What was not read and runs in this shell may take variables away. A script that others call has none that matter
    /// here: it starts containers, which get their own.
    pub(super) fn take_away_unread(&mut self, path: &str, span: Option<Span>, state: &mut ShellState) {
        if self.ways_in.is_none() && !is_tool_file(path) {
            self.take_away(VariableNames::Any, false, span, state);
        }
    }

    /// Opens what a script begins with nothing: what is not read here may fill it in. What has a value is taken to keep it.
    pub(super) fn open_empty_variables(&mut self, state: &mut ShellState) {
        self.forbid_keeping();
        let is_empty = |value: &VariableValue| match value {
            VariableValue::Text(text) => text.is_empty(),
            VariableValue::List(items) => items.is_empty(),
            VariableValue::Words(words) => words.items.is_empty(),
            _ => false,
        };
        let names = state.vars.names();
        let empty = names.filter(|name| state.vars.peek(name).is_some_and(|variable| is_empty(&variable.value)));
        for name in empty.cloned().collect::<Vec<_>>() {
            self.assign_value(&name, VariableValue::Unclear, false, state);
        }
    }

    /// The same of a text for `eval` that is known only when it runs.
    pub(super) fn take_away_by_eval(&mut self, words: &[ShellWord], state: &mut ShellState) {
        let Some(open) = words.iter().skip(1).find(|word| !word.is_fixed()) else { return };
        let text = open.raw();
        let is_tool = text
            .split(|ch: char| ch.is_whitespace() || matches!(ch, '(' | '/' | '`' | '"'))
            .any(|word| TOOLS_FOR_EVAL.contains(&word));
        if !is_tool {
            self.open_empty_variables(state);
        }
        if !is_tool && open.certainty == Certainty::Sure {
            self.take_away_unread("", open.source_span(self.context.sources), state);
        }
    }

    /// Whether a variable of the container's environment is still there.
    pub(super) fn reach_in(name: &str, state: &ShellState) -> Reach {
        let taken = state.taken.iter().filter(|taken| taken.names.may_mean(name));
        match taken.map(|taken| taken.is_certain).max() {
            None => Reach::Yes,
            Some(true) => Reach::No,
            Some(false) => Reach::Perhaps,
        }
    }
}

/// The variable that a word is, with whatever tells its value from others; `None` where it is something else.
fn variable_in(word: &str) -> Option<&str> {
    let name = word.strip_prefix('$')?;
    let name = name.strip_prefix('{').unwrap_or(name);
    let end = name.find(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).unwrap_or(name.len());
    name.get(..end).filter(|name| !name.is_empty())
}

/// The prefix in `${!PREFIX@}` and `${!PREFIX*}`: the names of all variables that begin so.
fn prefix_of_names(word: &UnexpandedWord) -> Option<String> {
    let written = word.source.raw();
    let inner = written.trim_matches('"').strip_prefix("${!")?.strip_suffix('}')?;
    let prefix = inner.strip_suffix(['@', '*'])?;
    let is_name = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && !prefix.is_empty()).then(|| prefix.to_owned())
}
