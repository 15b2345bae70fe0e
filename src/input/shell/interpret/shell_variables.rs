//! The variables of a shell, with a note of those that are asked for or set: what a call does hangs on them alone.
//! Uses `variable_value`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::variable_value::{ShellVariable, VariableValue};

/// The variables that something asks for or sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TouchedNames {
    pub(super) names: BTreeSet<String>,
    /// Whether all that are exported were asked for.
    pub(super) exported: bool,
    /// Whether the values were asked for that the variables of loops have in turn.
    pub(super) choices: bool,
    /// The variables that were told from others by what they held at the start, though that is not known.
    pub(super) identities: BTreeSet<String>,
}

/// What a call touches, and the variables that it began with.
#[derive(Debug, Default)]
struct OpenNotes {
    touched: TouchedNames,
    start: Rc<BTreeMap<String, ShellVariable>>,
}

impl OpenNotes {
    fn note_identity(&mut self, name: &str, variable: &ShellVariable) {
        if self.start.get(name).is_some_and(|first| first.identity == variable.identity) {
            self.touched.identities.insert(name.to_owned());
        }
    }
}

/// Notes for each of the calls around this point what is touched, innermost last. All states of a run share it.
#[derive(Debug, Clone, Default)]
pub(super) struct TouchNotes(Rc<RefCell<Vec<OpenNotes>>>);

impl TouchNotes {
    /// Begins to note, for what begins with these variables.
    pub(super) fn begin(&self, vars: &ShellVariables) {
        self.0.borrow_mut().push(OpenNotes { touched: TouchedNames::default(), start: Rc::clone(&vars.all) });
    }

    /// What was touched since it began; the call around this one touches the same.
    pub(super) fn end(&self) -> TouchedNames {
        let OpenNotes { touched, start } = self.0.borrow_mut().pop().unwrap_or_default();
        self.add_to_outer(&touched, &start);
        touched
    }

    /// Notes what a call touches that is not run again.
    pub(super) fn add(&self, touched: &TouchedNames, vars: &ShellVariables) {
        self.add_to_outer(touched, &vars.all);
    }

    fn add_to_outer(&self, touched: &TouchedNames, start: &BTreeMap<String, ShellVariable>) {
        if let Some(around) = self.0.borrow_mut().last_mut() {
            around.touched.exported |= touched.exported;
            around.touched.choices |= touched.choices;
            around.touched.names.extend(touched.names.iter().cloned());
            for name in &touched.identities {
                if let Some(variable) = start.get(name) {
                    around.note_identity(name, variable);
                }
            }
        }
    }

    fn touch(&self, name: &str) {
        if let Some(inner) = self.0.borrow_mut().last_mut()
            && !inner.touched.names.contains(name)
        {
            inner.touched.names.insert(name.to_owned());
        }
    }

    fn touch_exported(&self) {
        if let Some(inner) = self.0.borrow_mut().last_mut() {
            inner.touched.exported = true;
        }
    }
}

/// The variables at one point.
#[derive(Debug, Clone, Default)]
pub(super) struct ShellVariables {
    all: Rc<BTreeMap<String, ShellVariable>>,
    notes: TouchNotes,
}

impl PartialEq for ShellVariables {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.all, &other.all) || self.all == other.all
    }
}

impl ShellVariables {
    pub(super) fn new(notes: &TouchNotes) -> Self {
        Self { all: Rc::default(), notes: notes.clone() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&ShellVariable> {
        self.notes.touch(name);
        self.all.get(name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&VariableValue> {
        self.get(name).map(|variable| &variable.value)
    }

    /// The same where nothing that runs asks.
    pub(super) fn peek(&self, name: &str) -> Option<&ShellVariable> {
        self.all.get(name)
    }

    /// Those that say something about what a program started here has.
    pub(super) fn peek_exported(&self) -> impl Iterator<Item = (&String, &ShellVariable)> {
        self.all.iter().filter(|(_, variable)| variable.exported || variable.withheld)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// What a program started here has.
    pub(super) fn given(&self) -> impl Iterator<Item = (&String, ShellVariable)> {
        self.notes.touch_exported();
        self.peek_exported().filter_map(|(name, variable)| Some((name, variable.for_child()?)))
    }

    /// The names of all, where something is done to those that fit: the call that does it is not kept.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.all.keys()
    }

    /// Notes that a variable is told from others by what it holds, though that is not known.
    pub(super) fn note_identity(&self, name: &str) {
        if let (Some(inner), Some(variable)) = (self.notes.0.borrow_mut().last_mut(), self.all.get(name)) {
            inner.note_identity(name, variable);
        }
    }

    /// Notes that the values of loops' variables are asked for.
    pub(super) fn note_choices(&self) {
        if let Some(inner) = self.notes.0.borrow_mut().last_mut() {
            inner.touched.choices = true;
        }
    }

    pub(super) fn set(&mut self, name: &str, variable: ShellVariable) {
        self.notes.touch(name);
        Rc::make_mut(&mut self.all).insert(name.to_owned(), variable);
    }

    /// Gives a name what it was before, which may be nothing.
    pub(super) fn restore(&mut self, name: &str, variable: Option<ShellVariable>) {
        match variable {
            Some(variable) => self.set(name, variable),
            None if self.get(name).is_some() => _ = Rc::make_mut(&mut self.all).remove(name),
            None => {}
        }
    }

    /// Leaves those that a program started here has. What it then asks for is noted as it asks.
    pub(super) fn keep_given(&mut self) {
        if self.all.values().any(|variable| !variable.exported) {
            let given = self.peek_exported().filter_map(|(name, variable)| Some((name.clone(), variable.for_child()?)));
            self.all = Rc::new(given.collect());
        }
    }

    pub(super) fn keep_named(&mut self, names: &[String]) {
        Rc::make_mut(&mut self.all).retain(|name, _| names.contains(name));
    }

    /// Takes the values of all others away.
    pub(super) fn hide_all_but(&mut self, names: &[String]) {
        for (_, variable) in Rc::make_mut(&mut self.all).iter_mut().filter(|(name, _)| !names.contains(name)) {
            *variable = ShellVariable::new(VariableValue::Unclear, variable.exported);
        }
    }

    pub(super) fn clear(&mut self) {
        self.all = Rc::default();
    }

    /// Joins two ways to one point by what each name holds on either; `None` where it holds nothing there. A name that
    /// differs was set on a way, and is noted.
    pub(super) fn join(
        &mut self,
        other: &Self,
        join: impl Fn(&str, Option<&ShellVariable>, Option<&ShellVariable>) -> ShellVariable,
    ) {
        if self == other {
            return;
        }
        let names: BTreeSet<&String> = self.all.keys().chain(other.all.keys()).collect();
        let differs = |name: &&String| self.all.get(*name) != other.all.get(*name);
        let joined: Vec<(String, ShellVariable)> = names
            .into_iter()
            .filter(differs)
            .map(|name| (name.clone(), join(name, self.all.get(name), other.all.get(name))))
            .collect();
        Rc::make_mut(&mut self.all).extend(joined);
    }
}
