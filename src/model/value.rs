//! A string from a source, with the variables in it that nobody set. May use `text`.

use crate::text::yaml::Symbol;
use crate::text::{ShownText, Span};

/// A string as a source gives it. Where a variable without a value stood, the text keeps `${NAME}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Value {
    /// The text, with `${NAME}` for each symbol.
    pub text: String,
    /// The variables in `text` that have no value, in order of appearance.
    pub symbols: Vec<Symbol>,
    /// Where the value is written, if a file gives it.
    pub span: Option<Span>,
    /// What is shown of `text`, where values of variables are part of it.
    pub shown: ShownText,
}

impl Value {
    /// A value without variables.
    pub fn known(text: impl Into<String>, span: Option<Span>) -> Self {
        Self { text: text.into(), span, ..Self::default() }
    }

    /// A value that no file says; `None` where it is empty.
    pub fn unless_empty(text: String) -> Option<Self> {
        (!text.is_empty()).then(|| Self::known(text, None))
    }

    /// What is shown of it, where a value of the environment is part of it.
    pub fn concealed(&self) -> Option<String> {
        let shown = self.shown.container_path(&self.text);
        (shown != self.text).then(|| shown.into_owned())
    }

    /// Whether the text depends on a variable that is not set.
    pub fn is_symbolic(&self) -> bool {
        !self.symbols.is_empty()
    }
}

/// Whether a value is empty, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// It is empty.
    Empty,
    /// It is not empty.
    Filled,
    /// That depends on a variable that is not set.
    Unknown,
}

impl Value {
    /// Whether the value is empty: text around a symbol, or a symbol that the source insists on, fills it.
    pub fn content(&self) -> Content {
        let mut rest = self.text.clone();
        for symbol in &self.symbols {
            rest = rest.replacen(&format!("${{{}}}", symbol.name), "", 1);
        }
        match () {
            () if !rest.is_empty() || self.symbols.iter().any(|symbol| symbol.required) => Content::Filled,
            () if self.symbols.is_empty() => Content::Empty,
            () => Content::Unknown,
        }
    }
}
