//! Functions and variables: calls, `local`, `export`, assignments.
//! Uses `interpreter`, `shell_state` and `parse`.

use std::rc::Rc;

use super::arguments::Arguments;
use super::certainty::Certainty;
use super::exit_states::{ControlFrame, ExitStates, FrameKind};
use super::interpreter::Interpreter;
use super::limits;
use super::list_item::ListItem;
use super::saved_call::CalledCode;
use super::shell_state::ShellState;
use super::variable_value::{ShellVariable, VariableValue};
use crate::input::shell::parse::syntax::{AssignedValue, Assignment, DeclareItem, FunctionBody};
use crate::text::TracedText;

impl Interpreter<'_> {
    /// Runs one of a function's possible bodies after the other, all from the same state.
    pub(super) fn call_function(
        &mut self,
        name: &str,
        bodies: &[Rc<FunctionBody>],
        args: Vec<ListItem>,
        state: ShellState,
    ) -> ExitStates {
        if let Some(notes) = self.call_notes.last_mut() {
            notes.functions.insert(name.to_owned());
        }
        if self.calls.iter().any(|call| call == name) {
            self.note_unseen(format!("the shell function `{name}` calls itself"));
            return ExitStates::either_way(state);
        }
        self.note_called(bodies);
        let before = state.args.clone();
        // `$0` stays the script's.
        let zeroth = before.as_ref().and_then(|args| args.zeroth().cloned());
        let zeroth = zeroth.unwrap_or_else(|| ListItem::sure(TracedText::live("$0")));
        let args = std::iter::once(zeroth).chain(args.into_iter().skip(1));
        let inner = ShellState { args: Some(Arguments::from_items(args)), ..state };
        let code = CalledCode::Function(bodies.to_vec());
        let exits = self.run_or_repeat(&code, inner, |interpreter, inner| interpreter.run_bodies(name, bodies, &inner));
        exits.map_states(|state| ShellState { args: before.clone(), ..state })
    }

    fn run_bodies(&mut self, name: &str, bodies: &[Rc<FunctionBody>], inner: &ShellState) -> ExitStates {
        self.calls.push(name.to_owned());
        let (exits, frame) = self.in_frame(FrameKind::Function, |interpreter| {
            let ends = bodies.iter().map(|body| interpreter.run_statement(&body.statement, inner.clone()));
            ends.fold(ExitStates::default(), ExitStates::merge)
        });
        self.calls.pop();
        exits.merge(frame.ends).map_states(|mut state| {
            for (name, hidden) in frame.locals.iter().rev() {
                state.vars.restore(name, hidden.clone());
            }
            state
        })
    }

    pub(super) fn run_declare(&mut self, keyword: &str, items: &[DeclareItem], mut state: ShellState) -> ExitStates {
        let mut export = keyword == "export";
        let mut local = matches!(keyword, "local" | "declare" | "typeset");
        let mut functions = false;
        let mut reference = false;
        let mut withholds = false;
        let mut associative = false;
        for item in items {
            let name = match item {
                DeclareItem::Assign(assign) => assign.name.clone(),
                DeclareItem::Word(word) => {
                    let word = self.expand_one(word, &mut state);
                    let text = word.raw();
                    if text.starts_with('+') {
                        withholds |= text.contains('x');
                        continue;
                    }
                    if text.starts_with('-') {
                        withholds |= keyword == "export" && text.contains('n');
                        export |= text.contains('x');
                        functions |= text.contains('f');
                        local &= !text.contains('g');
                        reference |= keyword != "export" && text.contains('n');
                        associative |= keyword != "export" && text.contains('A');
                        continue;
                    }
                    if !word.is_fixed() {
                        self.note_unseen_at("a variable is set whose name is not known", Some(self.here));
                        self.open_empty_variables(&mut state);
                        self.take_variables_of(&word.text, &mut state);
                        self.take_variables_of_input(&mut state);
                        continue;
                    }
                    // `export "NAME=value"`.
                    if let Some((name, _)) = text.split_once('=') {
                        let value = word.text.part(name.chars().count() + 1, word.text.0.len());
                        self.hide_global(name, local, &state);
                        self.assign_value(name, VariableValue::Text(value), export, &mut state);
                        continue;
                    }
                    text
                }
            };
            if functions {
                if export && !withholds {
                    Rc::make_mut(&mut state.handed).insert(name);
                }
                continue;
            }
            self.hide_global(&name, local, &state);
            if associative {
                self.declare_associative(&name, &mut state);
            }
            if withholds {
                if let DeclareItem::Assign(assign) = item {
                    self.run_assignment(assign, false, &mut state);
                }
                self.withhold(&name, &mut state);
                continue;
            }
            match item {
                DeclareItem::Assign(assign) if reference => self.run_reference(assign, &mut state),
                DeclareItem::Assign(assign) => self.run_assignment(assign, export, &mut state),
                DeclareItem::Word(_) => {
                    let value = state.vars.value(&name).cloned().unwrap_or(VariableValue::Inherited);
                    if export {
                        self.assign_value(&name, value, true, &mut state);
                    }
                }
            }
        }
        if functions && !export {
            self.note_unknown_output();
        }
        ExitStates::succeeded(state)
    }

    /// Takes a variable out of the environment that commands get; the shell keeps it.
    fn withhold(&mut self, name: &str, state: &mut ShellState) {
        if let Some(notes) = self.call_notes.last_mut() {
            notes.withholds.insert(name.to_owned());
        }
        let value = state.vars.value(name).cloned().unwrap_or(VariableValue::Inherited);
        if state.set_variable(name, value.clone(), false) {
            state.vars.set(name, ShellVariable { withheld: true, ..ShellVariable::new(value, false) });
        }
    }

    /// Notes what a function's local variable hides, also one of a file that the function sources.
    fn hide_global(&mut self, name: &str, local: bool, state: &ShellState) {
        let is_passed = |frame: &ControlFrame| matches!(frame.kind, FrameKind::Loop | FrameKind::Sourced);
        let Some(at) = self.frames.iter().rposition(|frame| !is_passed(frame)).filter(|_| local) else { return };
        let is_sourced = self.frames.iter().skip(at).any(|frame| frame.kind == FrameKind::Sourced);
        let Some(function) = self.frames.get_mut(at).filter(|frame| frame.kind == FrameKind::Function) else { return };
        if !function.locals.iter().any(|(other, _)| other == name) {
            function.locals.push((name.to_owned(), state.vars.get(name).cloned()));
        }
        if let Some(notes) = self.call_notes.last_mut() {
            notes.hides_in_function = true;
        }
        if is_sourced {
            // It is hidden in what calls the file, which is told nothing where that is not gone through.
            self.forbid_keeping();
        }
    }

    /// `local -n NAME=OTHER`: what is done to the one is done to the other.
    fn run_reference(&mut self, assign: &Assignment, state: &mut ShellState) {
        let AssignedValue::Word(word) = &assign.value else { return };
        let target = self.expand_one(word, state);
        if !target.is_fixed() || target.raw() == assign.name {
            self.note_unseen(format!("which variable `{}` stands for is not known", assign.name));
            return self.assign_value(&assign.name, VariableValue::Unclear, false, state);
        }
        self.assign_value(&assign.name, VariableValue::NameOf(target.raw()), false, state);
    }

    pub(super) fn run_assignment(&mut self, assign: &Assignment, export: bool, state: &mut ShellState) {
        if self.assign_associative(assign, state) {
            return;
        }
        let name = state.target_of(&assign.name);
        let old = state.vars.value(&name).cloned();
        let value = match &assign.value {
            AssignedValue::Word(word) if assign.element.is_some() => {
                let word = self.expand_one(word, state);
                let subscript = assign.element.as_deref().unwrap_or_default();
                set_element(&name, old, subscript, ListItem::from(word), assign.append)
            }
            AssignedValue::List(_) if assign.element.is_some() => VariableValue::Unclear,
            AssignedValue::List(words) => {
                let words = self.expand_all(words, state);
                let mut pieces = match (assign.append, old) {
                    (true, Some(VariableValue::List(pieces))) => pieces,
                    (true, Some(VariableValue::Text(text))) => vec![ListItem::sure(text)],
                    (true, Some(VariableValue::Maybe(text, certainty))) => {
                        vec![ListItem { text, certainty, ..ListItem::default() }]
                    }
                    (true, Some(VariableValue::Unclear | VariableValue::Either(_) | VariableValue::Words(_))) => {
                        // Any number of words.
                        let text = TracedText::live(&format!("${{{name}[@]}}"));
                        vec![ListItem { text, unclear: true, ..ListItem::default() }]
                    }
                    _ => Vec::new(),
                };
                pieces.extend(words.into_iter().map(ListItem::from));
                if pieces.len() > limits::WORDS { VariableValue::Unclear } else { VariableValue::List(pieces) }
            }
            AssignedValue::Word(word) => {
                self.timeline.note_process_number(&assign.name, &word.source.raw());
                let value = self.expand_assigned(word, state);
                if assign.append { append_value(&name, old, value) } else { value }
            }
        };
        self.assign_value(&name, value, export, state);
        if let AssignedValue::Word(word) = &assign.value {
            self.note_parts(&name, word, state);
        }
    }

    pub(super) fn assign_value(&mut self, name: &str, value: VariableValue, export: bool, state: &mut ShellState) {
        self.timeline.note_set(name);
        if let Some(notes) = self.call_notes.last_mut() {
            notes.sets.insert(name.to_owned());
        }
        // What came from the environment stays in it.
        let is_of_environment = || (self.context.is_set)(name) && state.vars.get(name).is_none();
        let export = export || is_of_environment();
        if !state.set_variable(name, value, export) {
            self.note_unread("the shell text has too many variables to be read", None);
        }
    }
}

/// What `NAME[subscript]=value` leaves.
fn set_element(
    name: &str,
    old: Option<VariableValue>,
    subscript: &str,
    value: ListItem,
    appends: bool,
) -> VariableValue {
    let Some(VariableValue::List(mut items)) = old else { return VariableValue::Unclear };
    if items.is_empty() || items.len() >= limits::WORDS {
        return VariableValue::Unclear;
    }
    let is_next = ["#NAME[@]", "#NAME[*]", "${#NAME[@]}", "${#NAME[*]}"]
        .iter()
        .any(|next| next.replace("NAME", name) == subscript.trim_matches('"'));
    let is_counted = items.iter().all(|item| item.certainty == Certainty::Sure && item.rest.is_none());
    let at = if is_next { Some(items.len()) } else { subscript.parse().ok().filter(|_| is_counted) };
    match at {
        Some(_) if appends => return VariableValue::Unclear,
        Some(at) if at < items.len() => items.iter_mut().skip(at).take(1).for_each(|item| *item = value.clone()),
        Some(_) => items.push(value),
        // It takes the place of any of them.
        None => {
            items.push(value);
            for item in &mut items {
                item.certainty = Certainty::Perhaps;
            }
        }
    }
    VariableValue::List(items)
}

/// What `NAME+=value` leaves.
fn append_value(name: &str, old: Option<VariableValue>, value: VariableValue) -> VariableValue {
    let old = match old {
        None | Some(VariableValue::Inherited) => VariableValue::Text(TracedText::live(&format!("${{{name}}}"))),
        Some(old) => old,
    };
    match (old, value) {
        (VariableValue::Text(mut text), VariableValue::Text(more)) if text.0.len() < limits::WORD_CHARS => {
            text.push(&more);
            VariableValue::Text(text)
        }
        (old, value) => {
            let Some((mut words, more)) = old.split_words().zip(value.split_words()) else {
                return VariableValue::Unclear;
            };
            words.append(more);
            let is_list = words.items.len() > 1 && words.items.len() <= limits::WORDS;
            if is_list { VariableValue::Words(words) } else { VariableValue::Unclear }
        }
    }
}
