//! The shell's own commands that change what comes after them.
//! Uses `interpreter`, `shell_state` and `test_expr`.

use std::rc::Rc;

use super::arguments::Arguments;
use super::call_notes::CallNotes;
use super::certainty::Certainty;
use super::exec::is_sure;
use super::exit_states::{ExitStates, FrameKind, LastCommand};
use super::interpreter::Interpreter;
use super::list_item::ListItem;
use super::shell_state::{ShellState, WorkingDirectory, join_states};
use super::shell_word::ShellWord;
use super::taken_names::is_printed_by_tool;
use super::test_expr::{TestResult, test_words};
use super::unknown_arguments::UnknownArguments;
use super::variable_value::VariableValue;
use crate::model::Invocation;
use crate::text::TracedText;

impl Interpreter<'_> {
    pub(super) fn run_builtin(&mut self, name: &str, words: &[ShellWord], mut state: ShellState) -> ExitStates {
        let operand = words.get(1).map(ShellWord::raw);
        match name {
            ":" | "true" => ExitStates::succeeded(state),
            "false" => ExitStates { err: Some(state), ..ExitStates::default() },
            "[" | "test" => {
                let end = words.len() - usize::from(name == "[" && words.len() > 1);
                let asked = words.get(1..end).unwrap_or_default();
                let stands = matches!(asked, [operator, word] if self.finds_file(&operator.raw(), word, &state));
                let asked: Vec<ShellWord> = asked.iter().map(|word| self.settled(word, &state)).collect();
                self.states_after(if stands { TestResult::Known(true) } else { test_words(&asked) }, state)
            }
            "exit" | "return" => {
                let kind = if name == "exit" { FrameKind::Process } else { FrameKind::Function };
                if let Some(notes) = self.call_notes.last_mut() {
                    notes.returns |= name == "return";
                }
                let ends = match operand.as_deref() {
                    Some("0") => ExitStates::succeeded(state),
                    Some(code) if code.parse::<i32>().is_ok() => {
                        ExitStates { err: Some(state), ..ExitStates::default() }
                    }
                    _ => ExitStates::either_way(state),
                };
                self.leave_frames(kind, 1, ends);
                ExitStates::default()
            }
            "break" | "continue" => {
                let levels = operand.and_then(|levels| levels.parse().ok()).unwrap_or(1);
                if let Some(notes) = self.call_notes.last_mut() {
                    notes.leaves_loops = true;
                }
                if name == "break" {
                    self.leave_frames(FrameKind::Loop, levels, ExitStates::succeeded(state));
                } else if let Some(frame) = self.frames.iter_mut().rev().find(|frame| frame.kind == FrameKind::Loop) {
                    frame.again = join_states(frame.again.take(), Some(state));
                }
                ExitStates::default()
            }
            "cd" | "pushd" | "popd" => {
                state.cwd = Rc::new(changed_directory(words, name, &state.cwd));
                ExitStates::either_way(state)
            }
            "set" => ExitStates::succeeded(set_options(words, state)),
            "shift" => {
                let by = operand.map_or(Some(1), |by| by.parse().ok());
                state.args = state.args.and_then(|args| args.shifted(by));
                ExitStates::either_way(state)
            }
            "read" | "mapfile" | "readarray" | "getopts" => {
                let implied = if name == "getopts" { "OPTARG" } else { "REPLY" };
                self.assign_value(implied, VariableValue::Unclear, false, &mut state);
                for word in words.iter().skip(1).filter(|word| !word.raw().starts_with('-')) {
                    self.assign_value(&word.raw(), VariableValue::Unclear, false, &mut state);
                }
                ExitStates::either_way(state)
            }
            "trap" => self.run_trap(words, state),
            "eval" => self.run_eval(words, state),
            _ => self.run_source(words, state),
        }
    }

    fn run_eval(&mut self, words: &[ShellWord], mut state: ShellState) -> ExitStates {
        self.take_away_by_eval(words, &mut state);
        if words.get(1).is_some_and(|word| is_printed_by_tool(&word.source.raw())) && words.len() == 2 {
            return ExitStates::either_way(state);
        }
        let is_open = |word: &ShellWord| word.unclear || !word.is_fixed() && self.resolve_text(&word.text).is_some();
        if words.iter().skip(1).any(is_open)
            && let Some(exits) = self.run_evaluated_words(words, &state)
        {
            return exits;
        }
        let mut text = TracedText::default();
        for word in words.iter().skip(1) {
            if !word.is_fixed() {
                self.note_unseen("`eval` runs what is known only when it runs");
                self.take_variables_of(&word.text, &mut state);
            }
            text.push(&word.text_in_place());
            text.push(&TracedText::plain(" "));
        }
        self.run_text(&text, LastCommand::Forks, state)
    }

    /// What a trap does to variables may have happened at any time from here on, or not yet.
    fn with_effects_of_trap(&mut self, text: &TracedText, state: ShellState) -> ShellState {
        let inner = ShellState { errexit: false, ..state.clone() };
        let (exits, _) = self.without_recording(|interpreter| {
            interpreter
                .in_frame(FrameKind::Process, |interpreter| interpreter.run_text(text, LastCommand::Forks, inner))
        });
        match exits.joined() {
            Some(after) if after.vars != state.vars => join_states(Some(state.clone()), Some(after)).unwrap_or(state),
            _ => state,
        }
    }

    /// A trap's text runs at some time from here on: locks that are held here may be held then or not.
    fn run_trap(&mut self, words: &[ShellWord], state: ShellState) -> ExitStates {
        let Some(text) = words.get(1).filter(|word| words.len() > 2 && !word.raw().starts_with('-')) else {
            return ExitStates::succeeded(state);
        };
        self.call_notes.push(CallNotes::default());
        let mut inner = ShellState { conditional: true, errexit: false, ..state.child_process(true) };
        for held in Rc::make_mut(&mut inner.locks).values_mut() {
            held.certainty = Certainty::Perhaps;
        }
        let (found, started) = (self.found.len(), self.started.len());
        self.in_child_process(&state, inner, |interpreter, inner| {
            interpreter.run_text(&text.text, LastCommand::Forks, inner)
        });
        let state = if is_of_any_time(words) { self.with_effects_of_trap(&text.text, state) } else { state };
        let notes = self.call_notes.pop().unwrap_or_default();
        if let Some(around) = self.call_notes.last_mut() {
            around.absorb(&notes);
        }
        let calls = self.found.get(found..).unwrap_or_default();
        let is_open = |call: &Invocation| {
            let program = call.argv.first().is_some_and(|name| self.is_program(name));
            program && !call.locks.iter().any(is_sure)
        };
        if calls.iter().any(is_open) {
            self.note_unseen("a trap calls a program without an flock of its own, at a time that is not known");
        } else if self.started.len() > started {
            self.note_unseen("a trap starts a container, at a time that is not known");
        }
        ExitStates::succeeded(state)
    }
}

/// Whether a trap is for more than the end of the shell.
fn is_of_any_time(words: &[ShellWord]) -> bool {
    words.iter().skip(2).any(|signal| !matches!(signal.raw().as_str(), "EXIT" | "0"))
}

pub(super) fn is_builtin(name: &str) -> bool {
    matches!(
        name,
        ":" | "true"
            | "false"
            | "["
            | "test"
            | "exit"
            | "return"
            | "break"
            | "continue"
            | "cd"
            | "pushd"
            | "popd"
            | "set"
            | "shift"
            | "read"
            | "mapfile"
            | "readarray"
            | "getopts"
            | "trap"
            | "eval"
            | "source"
            | "."
    )
}

fn changed_directory(words: &[ShellWord], name: &str, from: &WorkingDirectory) -> WorkingDirectory {
    let target = words.iter().skip(1).find(|word| !matches!(word.raw().as_str(), "--" | "-P" | "-L"));
    let Some(target) = target.filter(|word| word.raw() != "-") else {
        return if name == "cd" && words.len() == 1 {
            WorkingDirectory::At(TracedText::live("$HOME"))
        } else {
            WorkingDirectory::Unclear
        };
    };
    let absolute = target.text.0.first().is_some_and(|first| first.ch == '/' || first.live);
    if target.unclear || matches!(from, WorkingDirectory::Named(_)) && !absolute {
        return named_directory(target, from);
    }
    match from {
        _ if absolute => WorkingDirectory::At(target.text.clone()),
        WorkingDirectory::Initial => directory_below(None, &target.text),
        WorkingDirectory::At(directory) => directory_below(Some(directory), &target.text),
        WorkingDirectory::Named(_) | WorkingDirectory::Unclear => WorkingDirectory::Unclear,
    }
}

/// A directory that is not known, by the words that name it. What begins with a value is taken to begin at the root.
fn named_directory(target: &ShellWord, from: &WorkingDirectory) -> WorkingDirectory {
    let begins_at_root = |path: &TracedText| path.0.first().is_some_and(|first| first.ch == '/' || first.live);
    let mut path = match from {
        _ if target.certainty != Certainty::Sure => return WorkingDirectory::Unclear,
        _ if begins_at_root(&target.text) => return WorkingDirectory::Named(target.text.clone()),
        WorkingDirectory::Unclear => return WorkingDirectory::Unclear,
        WorkingDirectory::Named(directory) => directory.clone(),
        WorkingDirectory::At(directory) if begins_at_root(directory) => directory.clone(),
        WorkingDirectory::Initial | WorkingDirectory::At(_) => TracedText::live("$PWD"),
    };
    if let WorkingDirectory::At(directory) = from
        && !begins_at_root(directory)
    {
        path.push(&TracedText::plain("/"));
        path.push(directory);
    }
    path.push(&TracedText::plain("/"));
    path.push(&target.text);
    WorkingDirectory::Named(path)
}

/// A directory below another one, or below the initial one; what a later `..` takes away is not kept, as in the shell.
fn directory_below(from: Option<&TracedText>, target: &TracedText) -> WorkingDirectory {
    let mut path = from.cloned();
    let mut start = 0;
    for part in target.0.split(|traced| traced.ch == '/' && !traced.live) {
        let component = target.part(start, start + part.len());
        start += part.len() + 1;
        let raw = component.raw();
        let above = path.as_ref().filter(|_| raw == "..").and_then(directory_above);
        match (raw.as_str(), above) {
            ("" | ".", _) => {}
            (_, Some(above)) => path = above,
            (_, None) => {
                let mut longer = path.take().map_or_else(TracedText::default, |mut path| {
                    path.push(&TracedText::plain("/"));
                    path
                });
                longer.push(&component);
                path = Some(longer);
            }
        }
    }
    path.map_or(WorkingDirectory::Initial, WorkingDirectory::At)
}

/// What is left of a directory without its last component, which is nothing where that is all; `None` where that
/// component is not known.
#[expect(clippy::option_option, reason = "unknown, the initial directory and one below it are three answers")]
fn directory_above(path: &TracedText) -> Option<Option<TracedText>> {
    let slash = path.0.iter().rposition(|traced| traced.ch == '/' && !traced.live);
    let last = path.part(slash.map_or(0, |slash| slash + 1), path.0.len());
    let plain = last.is_fixed() && !matches!(last.raw().as_str(), "" | "." | "..");
    plain.then(|| slash.map(|slash| path.part(0, slash.max(1))))
}

/// An argument that `set` is given. A value without quotes that is not known stands for any number of them.
fn set_argument(word: ShellWord) -> ListItem {
    let source = word.source.raw();
    let is_value = match source.strip_prefix('$') {
        Some(name) if name.starts_with(['(', '{']) => name.ends_with([')', '}']),
        Some(name) => name.chars().all(|ch| ch.is_alphanumeric() || ch == '_'),
        None => source.starts_with('`'),
    };
    let is_many = is_value && !word.text.is_fixed() && word.rest.is_none();
    let rest = is_many.then(UnknownArguments::of_any_order);
    let item = ListItem::from(word);
    ListItem { rest: rest.or(item.rest.clone()), ..item }
}

/// `set` with options and arguments.
fn set_options(words: &[ShellWord], mut state: ShellState) -> ShellState {
    let mut rest = words.iter().enumerate().skip(1);
    while let Some((at, word)) = rest.next() {
        let text = word.raw();
        if text == "--" || !text.starts_with(['-', '+']) {
            let from = at + usize::from(text == "--");
            let zeroth = state.args.as_ref().and_then(|args| args.zeroth().cloned()).unwrap_or_default();
            let args = words.iter().skip(from).cloned().map(set_argument);
            state.args = Some(Arguments::from_items(std::iter::once(zeroth).chain(args)));
            break;
        }
        let on = text.starts_with('-');
        for letter in text.chars().skip(1) {
            match letter {
                'e' => state.errexit = on,
                'a' => state.allexport = on,
                'o' => match rest.next().map(|(_, word)| word.raw()).as_deref() {
                    Some("errexit") => state.errexit = on,
                    Some("allexport") => state.allexport = on,
                    Some("pipefail") => state.pipefail = on,
                    _ => {}
                },
                _ => {}
            }
        }
    }
    state
}
