//! A variable of a container's environment, and how much of it may be kept. May use `text`.

use super::{KeptValue, Symbol, Value};
use crate::text::Span;

/// A variable of the container's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvVar {
    /// What it holds.
    pub value: EnvValue,
    /// Where the variable's *name* is written: never the value, so that the span can be shown.
    pub span: Span,
    /// Whether an engine told the value and no profile says that it may be shown: it stays in memory.
    pub is_secret: bool,
}

impl EnvVar {
    /// A variable that a source describes.
    pub fn new(value: EnvValue, span: Span) -> Self {
        Self { value, span, is_secret: false }
    }

    /// A variable by what was kept of it. A secret that was read back from a file is set, to something that was taken out.
    pub fn of_kept(name: &str, kept: KeptValue) -> Self {
        let (value, is_secret) = match kept {
            KeptValue::Empty => (Value::default(), false),
            KeptValue::Public(text) => (Value::known(text, None), false),
            KeptValue::Secret(text) if text.is_empty() => {
                let symbols = vec![Symbol { name: name.to_owned(), required: true }];
                (Value { text: format!("${{{name}}}"), symbols, ..Value::default() }, true)
            }
            KeptValue::Secret(text) => (Value::known(text, None), true),
        };
        Self { value: EnvValue::set(value), span: Span::default(), is_secret }
    }

    /// What may be kept of it.
    pub fn kept(&self) -> KeptValue {
        match &self.value {
            EnvValue::Set(value) if value.is_symbolic() => KeptValue::Secret(String::new()),
            EnvValue::Set(value) if self.is_secret => KeptValue::Secret(value.text.clone()),
            EnvValue::Set(value) if value.text.is_empty() => KeptValue::Empty,
            EnvValue::Set(value) => KeptValue::Public(value.text.clone()),
            EnvValue::Inherited => KeptValue::Secret(String::new()),
        }
    }

    /// The value, where it is known.
    pub fn known(&self) -> Option<&str> {
        match &self.value {
            EnvValue::Set(value) if !value.is_symbolic() => Some(&value.text),
            EnvValue::Set(_) | EnvValue::Inherited => None,
        }
    }
}

/// What an environment variable holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// A value, perhaps empty, perhaps with symbols. Apart, since a map has room for eleven where it holds one.
    Set(Box<Value>),
    /// Named without a value: taken from where Compose runs, and not set where this tool runs.
    Inherited,
}

impl EnvValue {
    /// One that is set.
    pub fn set(value: Value) -> Self {
        Self::Set(Box::new(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Label;

    #[test]
    fn what_a_map_holds_is_small() {
        // A node of a map has room for eleven, however few it holds: of a thousand captured hosts that would be a tenth of
        // what is kept.
        assert!(size_of::<EnvVar>() <= 32 && size_of::<Label>() <= 32);
    }
}
