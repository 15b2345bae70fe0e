//! Functions and variables: calls, `local`, `export`, assignments.
//! Uses `walk`, `expand`, `state` and `syntax`.

use std::rc::Rc;

use super::doubt::Piece;
use super::expand::{MANY, WIDE};
use super::glyph::Text;
use super::outcome::{Kind, Outcome};
use super::state::{State, Value};
use super::syntax::{self, Assign, Assigned, Declared, Stmt};
use super::walk::Walker;

impl Walker<'_> {
    /// Runs one of a function's possible bodies after the other, all from the same state.
    pub(super) fn call(&mut self, name: &str, bodies: &[Rc<Stmt>], args: Vec<Piece>, state: State) -> Outcome {
        if self.calls.iter().any(|call| call == name) {
            self.miss(format!("the shell function `{name}` calls itself"));
            return Outcome::either(state);
        }
        let before = state.args.clone();
        let inner = State { args: Some(Rc::new(args)), ..state };
        self.calls.push(name.to_owned());
        let (outcome, frame) = self.framed(Kind::Function, |walker| {
            let ends = bodies.iter().map(|body| walker.statement(body, inner.clone()));
            ends.fold(Outcome::default(), Outcome::merge)
        });
        self.calls.pop();
        outcome.merge(frame.ends).map(|mut state| {
            state.args.clone_from(&before);
            let vars = Rc::make_mut(&mut state.vars);
            for (name, hidden) in frame.locals.iter().rev() {
                match hidden {
                    Some(variable) => vars.insert(name.clone(), variable.clone()),
                    None => vars.remove(name),
                };
            }
            state
        })
    }

    pub(super) fn declare(&mut self, keyword: &str, items: &[Declared], mut state: State) -> Outcome {
        let mut export = keyword == "export";
        let mut local = matches!(keyword, "local" | "declare" | "typeset");
        let mut functions = false;
        for item in items {
            let name = match item {
                Declared::Assign(assign) => assign.name.clone(),
                Declared::Word(word) => {
                    let word = self.expand_one(word, &mut state);
                    let text = word.raw();
                    if text.starts_with('-') {
                        export |= text.contains('x');
                        functions |= text.contains('f');
                        local &= !text.contains('g');
                        continue;
                    }
                    if !word.is_fixed() {
                        self.miss("a variable is set whose name is not known");
                        continue;
                    }
                    // `export "NAME=value"`.
                    if let Some((name, _)) = text.split_once('=') {
                        let value = word.text.part(name.chars().count() + 1, word.text.0.len());
                        self.hide(name, local, &state);
                        self.assign_value(name, Value::Text(value), export, &mut state);
                        continue;
                    }
                    text
                }
            };
            if functions {
                if export {
                    Rc::make_mut(&mut state.handed).insert(name);
                }
                continue;
            }
            self.hide(&name, local, &state);
            match item {
                Declared::Assign(assign) => self.assign(assign, export, &mut state),
                Declared::Word(_) => {
                    let value = state.vars.get(&name).map_or(Value::Inherited, |var| var.value.clone());
                    if export {
                        self.assign_value(&name, value, true, &mut state);
                    }
                }
            }
        }
        Outcome::ok(state)
    }

    /// Notes what a function's local variable hides.
    fn hide(&mut self, name: &str, local: bool, state: &State) {
        let frame = self.frames.iter_mut().rev().find(|frame| frame.kind != Kind::Loop);
        if let Some(frame) = frame.filter(|frame| local && frame.kind == Kind::Function)
            && !frame.locals.iter().any(|(other, _)| other == name)
        {
            frame.locals.push((name.to_owned(), state.vars.get(name).cloned()));
        }
    }

    pub(super) fn assign(&mut self, assign: &Assign, export: bool, state: &mut State) {
        let old = state.vars.get(&assign.name).map(|var| var.value.clone());
        let value = match &assign.value {
            _ if assign.element => Value::Unclear,
            Assigned::List(words) => {
                let words = self.expand_all(words, state);
                let mut pieces = match (assign.append, old) {
                    (true, Some(Value::List(pieces))) => pieces,
                    (true, Some(Value::Text(text))) => vec![Piece::sure(text)],
                    (true, Some(Value::Maybe(text, doubt))) => vec![Piece { text, doubt, ..Piece::default() }],
                    (true, Some(Value::Unclear)) => vec![Piece { unclear: true, ..Piece::default() }],
                    _ => Vec::new(),
                };
                pieces.extend(words.into_iter().map(Piece::from));
                if pieces.len() > MANY { Value::Unclear } else { Value::List(pieces) }
            }
            Assigned::Word(word) => {
                let word = self.expand_one(word, state);
                match (assign.append, old) {
                    _ if word.unclear => Value::Unclear,
                    (false, _) => Value::Text(word.text),
                    (true, Some(Value::Text(mut text))) if text.0.len() < WIDE => {
                        text.push(&word.text);
                        Value::Text(text)
                    }
                    (true, None | Some(Value::Inherited)) => {
                        let mut text = Text::live(&format!("${{{}}}", assign.name));
                        text.push(&word.text);
                        Value::Text(text)
                    }
                    _ => Value::Unclear,
                }
            }
        };
        self.assign_value(&assign.name, value, export, state);
    }

    pub(super) fn assign_value(&mut self, name: &str, value: Value, export: bool, state: &mut State) {
        if !state.set(name, value, export) {
            self.miss("the shell text has too many variables to be read");
        }
    }

    pub(super) fn unset(&mut self, words: &[syntax::Word], mut state: State) -> Outcome {
        let words = self.expand_all(words, &mut state);
        let functions = words.first().is_some_and(|word| word.raw() == "-f");
        for word in words.iter().filter(|word| !word.raw().starts_with('-')) {
            if functions {
                Rc::make_mut(&mut state.functions).remove(&word.raw());
            } else {
                self.assign_value(&word.raw(), Value::Unset, true, &mut state);
            }
        }
        Outcome::ok(state)
    }
}
