//! Variables of the environment that are not empty here: the script ends where they are, or this way is taken only where they
//! are not. Uses `shell_state`.

use std::rc::Rc;

use super::limits;
use super::shell_state::ShellState;
use super::variable_value::VariableValue;
use crate::model::{Asks, Condition, Inherits, Parameter, Symbol, Test, Value, is_variable_name};

impl ShellState {
    /// Notes that the script insists on a variable of the environment: `${NAME:?}`.
    pub(super) fn demand(&mut self, parameter: &Parameter) {
        let name = &parameter.name;
        let is_demand = parameter.op == ":?" && is_variable_name(name) && self.inherits == Inherits::All;
        if is_demand && !self.demanded.contains(name) && self.demanded.len() < limits::DEMANDED {
            Rc::make_mut(&mut self.demanded).insert(name.clone());
        }
    }

    /// Whether a variable comes from the environment and is not empty.
    pub(super) fn is_filled_outside(&self, name: &str) -> bool {
        let is_outside = matches!(self.vars.value(name), None | Some(VariableValue::Inherited));
        let asks = |condition: &Condition| {
            condition.variable == name && condition.test.default.is_none() && condition.test.asks == Asks::NotEmpty
        };
        is_outside
            && (self.demanded.contains(name) || self.facts.iter().filter_map(|fact| fact.asks.as_deref()).any(asks))
    }

    /// The variables that come from the environment and are not empty.
    pub(super) fn filled_outside(&self) -> Vec<String> {
        let asked = self.facts.iter().filter_map(|fact| fact.asks.as_deref()).map(|condition| &condition.variable);
        let names = self.demanded.iter().chain(asked.take(limits::DEMANDED));
        let mut names: Vec<String> = names.filter(|name| self.is_filled_outside(name)).cloned().collect();
        names.sort();
        names.dedup();
        names
    }

    /// The conditions under which something runs here: those on the way, and those without which the script has ended.
    pub(super) fn conditions_of_a_call(&self) -> Vec<Condition> {
        let mut all = self.conditions();
        let demanded = self
            .demanded
            .iter()
            .map(|name| Condition { variable: name.clone(), test: Test { default: None, asks: Asks::NotEmpty } });
        let new: Vec<Condition> = demanded.filter(|condition| !all.contains(condition)).collect();
        all.extend(new);
        all
    }
}

/// The value of a variable of which no more is known than that it is not empty.
pub(super) fn filled_value(name: &str) -> Value {
    let symbol = Symbol { name: name.to_owned(), required: true };
    Value { text: format!("${{{name}}}"), symbols: vec![symbol], ..Value::default() }
}
