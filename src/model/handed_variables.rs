//! The variables that a command is handed by what calls it, as far as that was read. Pure.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use super::{Symbol, Value};

/// Variables of a command's environment, by name. One whose value is not known has a symbol in it.
#[derive(Debug, Clone, Default)]
pub struct HandedVariables(BTreeMap<String, Value>);

impl HandedVariables {
    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those whose values are known.
    pub fn known(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().filter(|(_, value)| !value.is_symbolic())
    }

    /// The values that are not known.
    pub fn unknown(&self) -> impl Iterator<Item = &Value> {
        self.0.values().filter(|value| value.is_symbolic())
    }

    /// Those that are chosen by their names.
    #[must_use]
    pub fn chosen(&self, is_chosen: impl Fn(&str) -> bool) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(name, _)| is_chosen(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    }

    /// These, and others that go over them.
    #[must_use]
    pub fn with(mut self, others: &Self) -> Self {
        self.0.extend(others.0.iter().map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// Whether a command that is handed `others` has all of these, with these values.
    pub fn are_among(&self, others: &Self) -> bool {
        self.0.iter().all(|(name, value)| others.get(name).is_some_and(|other| known_text(other) == known_text(value)))
    }

    /// A value that is not known, of a variable that is set before a place in a script (`up.sh:3`) and made of some symbols.
    pub fn unknown_value(name: &str, place: &str, made_of: Vec<Symbol>) -> Value {
        let symbol = Symbol { name: format!("{name} at {place}"), required: false };
        let text = format!("${{{}}}", symbol.name);
        let symbols = std::iter::once(symbol).chain(made_of).collect();
        Value { text, symbols, ..Value::default() }
    }

    fn texts(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), known_text(value)))
    }
}

fn known_text(value: &Value) -> Option<&str> {
    (!value.is_symbolic()).then_some(value.text.as_str())
}

impl FromIterator<(String, Value)> for HandedVariables {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

// How a value is shown tells no two sets apart, nor what one that is not known is called.
impl PartialEq for HandedVariables {
    fn eq(&self, other: &Self) -> bool {
        self.texts().eq(other.texts())
    }
}

impl Eq for HandedVariables {}

impl PartialOrd for HandedVariables {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HandedVariables {
    fn cmp(&self, other: &Self) -> Ordering {
        self.texts().cmp(other.texts())
    }
}

impl Hash for HandedVariables {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.texts().for_each(|text| text.hash(state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Content;

    #[test]
    fn value_that_is_not_known_has_its_symbol_in_its_text() {
        let made_of = vec![Symbol { name: "OTHER".to_owned(), required: false }];
        let value = HandedVariables::unknown_value("TOKEN", "up.sh:3", made_of);
        assert_eq!(value.text, "${TOKEN at up.sh:3}");
        assert_eq!(value.content(), Content::Unknown);
    }
}
