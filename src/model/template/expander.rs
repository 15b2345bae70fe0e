//! Replaces the variables of a template. Uses the types of `super`; may use `model::value` and `text`.

use super::{Operation, Placeholder, Segment, Template, TemplateError};
use crate::model::{Content, Value};
use crate::text::Span;
use crate::text::yaml::Symbol;

/// What a variable stands for.
#[derive(Debug, Clone, Copy)]
pub enum Binding<'a> {
    /// A text.
    Text(&'a str),
    /// A value that may have symbols in it.
    Value(&'a Value),
    /// It has no value.
    Unset,
    /// It may have a value or not.
    Unknown,
}

/// How a template is expanded.
#[derive(Clone, Copy)]
pub struct Expander<'a> {
    /// What a variable stands for.
    pub lookup: &'a dyn Fn(&str) -> Binding<'a>,
    /// What an unset variable without a default becomes.
    pub unset: UnsetVariable,
    /// Whether what is unknown stays as it is written, not as a symbol.
    pub keeps_unknown: bool,
    /// How long the text may become, in bytes.
    pub limit: usize,
}

/// What an unset variable without a default becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsetVariable {
    /// Nothing; one that the template insists on is an error.
    Empty,
    /// Nothing; one that the template insists on is a symbol.
    EmptyUnlessRequired,
    /// A symbol.
    Symbol,
}

/// A template with its variables replaced.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The text, with `${NAME}` for each symbol.
    pub text: String,
    /// The variables that have no value, in order of appearance.
    pub symbols: Vec<Symbol>,
    /// The names of unset variables without a default.
    pub unset: Vec<String>,
}

impl Template<'_> {
    /// Replaces its variables.
    ///
    /// # Errors
    /// It becomes too long, or a required variable is missing.
    pub fn expand(&self, expander: Expander<'_>) -> Result<Expanded, TemplateError> {
        let mut result = Expanded::default();
        result.add_template(self, &expander)?;
        Ok(result)
    }
}

impl Expanded {
    /// The same as the model has it.
    pub fn into_value(self, span: Option<Span>) -> Value {
        Value { text: self.text, symbols: self.symbols, span, ..Value::default() }
    }

    fn add_template(&mut self, template: &Template<'_>, expander: &Expander<'_>) -> Result<(), TemplateError> {
        for segment in &template.segments {
            match segment {
                Segment::Text(text) => self.text.push_str(text),
                Segment::Opaque(written) => self.text.push_str(written),
                Segment::Variable(placeholder) => self.add_variable(placeholder, expander)?,
            }
            if self.text.len() > expander.limit {
                return Err(TemplateError::TooLong);
            }
        }
        Ok(())
    }

    fn add_variable(&mut self, placeholder: &Placeholder<'_>, expander: &Expander<'_>) -> Result<(), TemplateError> {
        let name = placeholder.name;
        let binding = (expander.lookup)(name);
        let Some(operation) = &placeholder.operation else {
            match binding {
                Binding::Unset => self.add_unset(name, false, expander),
                Binding::Unknown => self.add_unknown(placeholder, expander)?,
                set => self.add_value(set),
            }
            return Ok(());
        };
        // A word that is not needed may be too long all the same, or insist on a variable.
        let mut word = Self::default();
        word.add_template(&operation.word, expander)?;
        let is_set = binding.is_set(operation.strict);
        match (operation.operator, is_set) {
            ('-', Some(false)) | ('+', Some(true)) => self.add_word(word),
            ('-' | '?', Some(true)) => self.add_value(binding),
            ('?', Some(false)) if expander.unset == UnsetVariable::Empty => {
                return Err(TemplateError::Required { name: name.to_owned(), reason: operation.written.to_owned() });
            }
            ('?', Some(false)) if expander.unset == UnsetVariable::Symbol => {
                self.add_unset(name, operation.strict, expander);
            }
            ('?', _) if !expander.keeps_unknown => self.add_symbol(name, operation.strict),
            ('+' | '#' | '%' | '/', Some(false)) => {}
            // What is cut off or replaced by a pattern is not worked out.
            _ => self.add_unknown(placeholder, expander)?,
        }
        Ok(())
    }

    fn add_value(&mut self, binding: Binding<'_>) {
        match binding {
            Binding::Text(text) => self.text.push_str(text),
            Binding::Value(value) => {
                self.text.push_str(&value.text);
                self.symbols.extend_from_slice(&value.symbols);
            }
            Binding::Unset | Binding::Unknown => {}
        }
    }

    fn add_unset(&mut self, name: &str, required: bool, expander: &Expander<'_>) {
        self.unset.push(name.to_owned());
        if expander.unset == UnsetVariable::Symbol {
            self.add_symbol(name, required);
        }
    }

    fn add_symbol(&mut self, name: &str, required: bool) {
        self.text.push_str(&format!("${{{name}}}"));
        self.symbols.push(Symbol { name: name.to_owned(), required });
    }

    fn add_unknown(&mut self, placeholder: &Placeholder<'_>, expander: &Expander<'_>) -> Result<(), TemplateError> {
        match &placeholder.operation {
            _ if !expander.keeps_unknown => self.add_symbol(placeholder.name, false),
            None => self.text.push_str(placeholder.written),
            Some(Operation { strict, operator, word, .. }) => {
                let colon = if *strict { ":" } else { "" };
                self.text.push_str(&format!("${{{}{colon}{operator}", placeholder.name));
                self.add_template(word, expander)?;
                self.text.push('}');
            }
        }
        Ok(())
    }

    fn add_word(&mut self, word: Self) {
        self.text.push_str(&word.text);
        self.symbols.extend(word.symbols);
        self.unset.extend(word.unset);
    }
}

impl Binding<'_> {
    /// Whether the variable counts as set; `None` where that is not known.
    fn is_set(self, strict: bool) -> Option<bool> {
        match self {
            Self::Unset => Some(false),
            Self::Unknown => None,
            Self::Text(text) => Some(!strict || !text.is_empty()),
            Self::Value(_) if !strict => Some(true),
            Self::Value(value) => match value.content() {
                Content::Empty => Some(false),
                Content::Filled => Some(true),
                Content::Unknown => None,
            },
        }
    }
}
