//! What expressions of a job are worth: variables by their defaults, locals, texts with values put in. What is not known
//! stays a symbol. Uses `stanza`, `hcl_value`, `functions` and `model`.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::functions::call_function;
use super::hcl_value::{Evaluated, PlacedValue};
use super::stanza::{Expression, ExpressionKind, TemplatePart};
use crate::model::{PartialText, TextSegment};
use crate::text::{ShownText, Sources, Span};

/// Parts that are looked at, and characters that are made, of one file.
const MAX_SPENT: usize = 2_000_000;
/// The most characters of one text: a variable may be put into another one any number of times.
const MAX_TEXT: usize = 64 * 1024;
/// Expressions within expressions, through variables and locals.
const MAX_DEPTH: usize = 100;
/// What a variable of the environment is called that gives a job's variable its value.
const VARIABLE_PREFIX: &str = "NOMAD_VAR_";
/// What Nomad alone knows, by the beginnings of its names.
const OF_CLIENT: [&str; 8] = ["NOMAD_", "attr.", "node.", "meta.", "env.", "device.", "driver.", "secret."];

/// What a file defines, and what is known where one of its expressions stands.
pub(super) struct Scope<'a> {
    /// The defaults of its variables; `None` of one that has none.
    pub(super) variables: BTreeMap<String, Option<&'a Expression>>,
    pub(super) locals: BTreeMap<String, &'a Expression>,
    /// The environment of the host.
    pub(super) environment: &'a BTreeMap<String, String>,
    pub(super) shows_values: bool,
    pub(super) sources: &'a Sources,
    /// What Nomad puts in where a task runs, as far as it is known.
    runtime: RefCell<BTreeMap<String, PartialText>>,
    memo: RefCell<BTreeMap<String, Rc<Evaluated>>>,
    pending: RefCell<BTreeSet<String>>,
    spent: Cell<usize>,
    depth: Cell<usize>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(environment: &'a BTreeMap<String, String>, shows_values: bool, sources: &'a Sources) -> Self {
        Self {
            variables: BTreeMap::new(),
            locals: BTreeMap::new(),
            environment,
            shows_values,
            sources,
            runtime: RefCell::default(),
            memo: RefCell::default(),
            pending: RefCell::default(),
            spent: Cell::new(0),
            depth: Cell::new(0),
        }
    }

    /// Sets what Nomad puts in from here on.
    pub(super) fn set_runtime(&self, values: BTreeMap<String, PartialText>) {
        self.runtime.replace(values);
        self.forget();
    }

    /// What is known of a name that Nomad puts in.
    pub(super) fn add_runtime(&self, name: &str, value: PartialText) {
        self.runtime.borrow_mut().insert(name.to_owned(), value);
    }

    /// Works variables and locals out anew, since what Nomad puts in is another now.
    pub(super) fn forget(&self) {
        self.memo.borrow_mut().clear();
    }

    /// Whether the file is so large or intricate that not all of it was worked out.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.get() > MAX_SPENT
    }

    fn spend(&self, cost: usize) -> bool {
        self.spent.set(self.spent.get().saturating_add(cost));
        !self.is_spent()
    }

    /// What an expression is worth.
    pub(super) fn evaluate(&self, expression: &Expression) -> Rc<Evaluated> {
        if !self.spend(1) || self.depth.get() > MAX_DEPTH {
            return Rc::new(self.unknown_at(expression.span));
        }
        self.depth.set(self.depth.get() + 1);
        let value = self.evaluate_kind(expression);
        self.depth.set(self.depth.get() - 1);
        let is_fine = value.len() <= MAX_TEXT && self.spend(value.len());
        if is_fine { value } else { Rc::new(self.unknown_at(expression.span)) }
    }

    /// The same, with its place.
    pub(super) fn placed(&self, expression: &Expression) -> PlacedValue {
        PlacedValue { value: self.evaluate(expression), span: expression.span }
    }

    fn evaluate_kind(&self, expression: &Expression) -> Rc<Evaluated> {
        Rc::new(match &expression.kind {
            ExpressionKind::Null => Evaluated::Null,
            ExpressionKind::Bool(on) => Evaluated::Bool(*on),
            ExpressionKind::Number(number) => Evaluated::Number(number.clone()),
            ExpressionKind::Template(parts) => return self.template(parts, expression.span),
            ExpressionKind::List(items) => Evaluated::List(items.iter().map(|item| self.placed(item)).collect()),
            ExpressionKind::Map(items) => {
                let mut entries = Vec::with_capacity(items.len());
                for item in items {
                    let Some(key) = self.evaluate(&item.key).known() else {
                        return Rc::new(self.unknown_at(item.key.span));
                    };
                    entries.push((key, item.key.span, self.placed(&item.value)));
                }
                Evaluated::Map(entries)
            }
            ExpressionKind::Root(_) | ExpressionKind::Member(..) => return self.reference(expression),
            ExpressionKind::Index(inner, index) => return self.index(inner, index, expression.span),
            ExpressionKind::Conditional(parts) => {
                let [condition, one, other] = &**parts;
                return match self.evaluate(condition).is_true() {
                    Some(true) => self.evaluate(one),
                    Some(false) => self.evaluate(other),
                    None => Rc::new(self.unknown_at(expression.span)),
                };
            }
            ExpressionKind::Not(inner) => match self.evaluate(inner).is_true() {
                Some(on) => Evaluated::Bool(!on),
                None => self.unknown_at(expression.span),
            },
            ExpressionKind::Binary(operator, sides) => {
                let [one, other] = &**sides;
                let worth = binary(operator, &self.evaluate(one), &self.evaluate(other));
                worth.unwrap_or_else(|| self.unknown_at(expression.span))
            }
            ExpressionKind::Call(name, arguments) => {
                let arguments: Vec<PlacedValue> = arguments.iter().map(|argument| self.placed(argument)).collect();
                call_function(name, &arguments).unwrap_or_else(|| self.unknown_at(expression.span))
            }
            ExpressionKind::Other => self.unknown_at(expression.span),
        })
    }

    /// What stands for an expression of which nothing is known: the same wherever that is used.
    fn unknown_at(&self, span: Span) -> Evaluated {
        let file = self.sources.get(span.file);
        let name = file.name().replace(['$', '{', '}'], "_");
        Evaluated::Unknown(format!("value at {name}:{}", span.start.line))
    }

    fn template(&self, parts: &[TemplatePart], span: Span) -> Rc<Evaluated> {
        // A text that is one value is that, whatever it is.
        if let [TemplatePart::Value(inner)] = parts {
            let value = self.evaluate(inner);
            if !matches!(*value, Evaluated::Null) {
                return value;
            }
        }
        let mut text = PartialText::default();
        if self.put_parts(parts, &mut text).is_none() {
            return Rc::new(self.unknown_at(span));
        }
        Rc::new(Evaluated::Text(text))
    }

    /// Puts the parts of a text together; `None` where one of them is no text.
    fn put_parts(&self, parts: &[TemplatePart], text: &mut PartialText) -> Option<()> {
        for part in parts {
            match part {
                TemplatePart::Text(plain) => text.0.extend(plain.chars().map(TextSegment::plain)),
                TemplatePart::Value(inner) => text.0.extend(self.evaluate(inner).text()?.0),
                TemplatePart::Choice(choice) => {
                    let (condition, one, other) = &**choice;
                    match self.evaluate(condition).is_true() {
                        Some(on) => self.put_parts(if on { one } else { other }, text)?,
                        None => text.0.extend(self.unknown_at(condition.span).text()?.0),
                    }
                }
                TemplatePart::Other(span) => text.0.extend(self.unknown_at(*span).text()?.0),
            }
            if text.0.len() > MAX_TEXT {
                return None;
            }
        }
        Some(())
    }

    /// What a name stands for.
    fn reference(&self, expression: &Expression) -> Rc<Evaluated> {
        let Some(path) = expression.path() else {
            let ExpressionKind::Member(inner, name) = &expression.kind else {
                return Rc::new(self.unknown_at(expression.span));
            };
            return self.member(&self.evaluate(inner), name, expression.span);
        };
        self.named(&path, expression.span)
    }

    /// What a dotted name stands for: a variable or local and what is in it, or what Nomad puts in.
    pub(super) fn named(&self, path: &str, span: Span) -> Rc<Evaluated> {
        let mut names = path.split('.');
        let (root, name) = (names.next().unwrap_or_default(), names.next());
        let mut value = match (root, name) {
            ("var", Some(name)) => self.defined(&format!("var.{name}"), || self.variable(name)),
            ("local", Some(name)) => self.defined(&format!("local.{name}"), || match self.locals.get(name) {
                Some(local) => self.evaluate(local),
                None => Rc::new(Evaluated::Unknown(format!("local.{name}"))),
            }),
            _ => return Rc::new(self.put_in_by_nomad(path)),
        };
        for name in names {
            value = self.member(&value, name, span);
        }
        value
    }

    /// What a variable or a local is worth, worked out once; one that needs itself is worth nothing.
    fn defined(&self, name: &str, worth: impl FnOnce() -> Rc<Evaluated>) -> Rc<Evaluated> {
        if let Some(known) = self.memo.borrow().get(name) {
            return Rc::clone(known);
        }
        if !self.pending.borrow_mut().insert(name.to_owned()) {
            return Rc::new(Evaluated::Unknown(name.to_owned()));
        }
        let value = worth();
        self.pending.borrow_mut().remove(name);
        self.memo.borrow_mut().insert(name.to_owned(), Rc::clone(&value));
        value
    }

    /// A variable: what the environment gives it, or else its default.
    fn variable(&self, name: &str) -> Rc<Evaluated> {
        let handed = format!("{VARIABLE_PREFIX}{name}");
        if let Some(text) = self.environment.get(&handed) {
            let form = format!("${{{handed}}}");
            let shown = if self.shows_values {
                ShownText::default()
            } else {
                ShownText::new(text.as_str(), form.clone(), form)
            };
            let letters = text.chars().take(MAX_TEXT).map(|letter| TextSegment::Char(letter, shown.clone()));
            return Rc::new(Evaluated::Text(PartialText(letters.collect())));
        }
        match self.variables.get(name) {
            Some(Some(default)) => self.evaluate(default),
            Some(None) | None => Rc::new(Evaluated::Unknown(format!("var.{name}"))),
        }
    }

    /// What Nomad puts in where the task runs: what is no name of its own stays as it is written.
    fn put_in_by_nomad(&self, path: &str) -> Evaluated {
        if let Some(value) = self.runtime.borrow().get(path) {
            return Evaluated::Text(value.clone());
        }
        if OF_CLIENT.iter().any(|beginning| path.starts_with(beginning)) {
            return Evaluated::Unknown(path.to_owned());
        }
        Evaluated::Text(PartialText::plain(&format!("${{{path}}}")))
    }

    fn member(&self, value: &Evaluated, name: &str, span: Span) -> Rc<Evaluated> {
        match value {
            Evaluated::Map(entries) if self.spend(entries.len()) => {
                match entries.iter().find(|(key, ..)| key == name) {
                    Some((_, _, found)) => Rc::clone(&found.value),
                    None => Rc::new(self.unknown_at(span)),
                }
            }
            Evaluated::Unknown(whole) => Rc::new(Evaluated::Unknown(format!("{whole}.{name}"))),
            _ => Rc::new(self.unknown_at(span)),
        }
    }

    fn index(&self, inner: &Expression, index: &Expression, span: Span) -> Rc<Evaluated> {
        let Some(index) = self.evaluate(index).known() else { return Rc::new(self.unknown_at(span)) };
        let is_of_nomad = |root: &str| !matches!(root.split('.').next(), Some("var" | "local"));
        if let Some(root) = inner.path().filter(|root| is_of_nomad(root)) {
            return Rc::new(self.put_in_by_nomad(&format!("{root}.{index}")));
        }
        let value = self.evaluate(inner);
        match &*value {
            Evaluated::List(items) => match index.parse().ok().and_then(|at: usize| items.get(at)) {
                Some(found) => Rc::clone(&found.value),
                None => Rc::new(self.unknown_at(span)),
            },
            other => self.member(other, &index, span),
        }
    }
}

/// What an operator makes of two values, where both are known.
fn binary(operator: &str, one: &Evaluated, other: &Evaluated) -> Option<Evaluated> {
    let on = match operator {
        "&&" | "||" => {
            let decided = operator == "||";
            let sides = [one.is_true(), other.is_true()];
            if sides.contains(&Some(decided)) { decided } else { sides[0].zip(sides[1]).map(|_| !decided)? }
        }
        "==" | "!=" => (one.known()? == other.known()?) == (operator == "=="),
        _ => {
            let number = |value: &Evaluated| value.known()?.parse::<f64>().ok();
            let (one, other) = (number(one)?, number(other)?);
            let made = match operator {
                "<" => return Some(Evaluated::Bool(one < other)),
                ">" => return Some(Evaluated::Bool(one > other)),
                "<=" => return Some(Evaluated::Bool(one <= other)),
                ">=" => return Some(Evaluated::Bool(one >= other)),
                "+" => one + other,
                "-" => one - other,
                "*" => one * other,
                _ => return None,
            };
            return Some(Evaluated::Number(made.to_string()));
        }
    };
    Some(Evaluated::Bool(on))
}
