//! Replaces the variables of a template. Uses the types of `super`; may use `model::value` and `text`.

use super::{Operation, Placeholder, Segment, Template, TemplateError};
use crate::model::{Content, Value};
use crate::text::yaml::Symbol;
use crate::text::{ShownText, Span};

/// What a variable stands for.
#[derive(Debug, Clone, Copy)]
pub enum Binding<'a> {
    /// A text.
    Text(&'a str),
    /// A text in whose place its name is shown.
    Hidden {
        /// The text.
        text: &'a str,
        /// Whether it is hidden where it is part of a path, too.
        in_paths: bool,
    },
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
    /// What is shown of the text as a path and as anything else, once a hidden value is part of it.
    forms: Option<Box<ShownForms>>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct ShownForms {
    path: String,
    word: String,
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
        Value { shown: self.shown(), text: self.text, symbols: self.symbols, span }
    }

    /// What is shown of the text.
    pub fn shown(&self) -> ShownText {
        let forms = self.forms.as_deref();
        forms.map_or_else(ShownText::default, |forms| {
            ShownText::new(&*self.text, forms.path.clone(), forms.word.clone())
        })
    }

    fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
        if let Some(forms) = &mut self.forms {
            forms.path.push_str(text);
            forms.word.push_str(text);
        }
    }

    /// Appends a text that is shown in other forms.
    fn push_hidden(&mut self, text: &str, path: &str, word: &str) {
        let forms =
            self.forms.get_or_insert_with(|| Box::new(ShownForms { path: self.text.clone(), word: self.text.clone() }));
        forms.path.push_str(path);
        forms.word.push_str(word);
        self.text.push_str(text);
    }

    fn add_template(&mut self, template: &Template<'_>, expander: &Expander<'_>) -> Result<(), TemplateError> {
        for segment in &template.segments {
            match segment {
                Segment::Text(text) => self.push_text(text),
                Segment::Opaque(written) => self.push_text(written),
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
                set => self.add_value(name, set),
            }
            return Ok(());
        };
        // A word that is not needed may be too long all the same, or insist on a variable.
        let mut word = Self::default();
        word.add_template(&operation.word, expander)?;
        let is_set = binding.is_set(operation.strict);
        match (operation.operator, is_set) {
            ('-', Some(false)) | ('+', Some(true)) => self.add_word(word),
            ('-' | '?', Some(true)) => self.add_value(name, binding),
            ('?', Some(false)) if expander.unset == UnsetVariable::Empty => {
                return Err(TemplateError::Required { name: name.to_owned(), reason: operation.written.to_owned() });
            }
            ('?', Some(false)) if expander.unset == UnsetVariable::Symbol => {
                self.add_unset(name, operation.strict, expander);
            }
            ('?', _) if !expander.keeps_unknown => self.add_symbol(name, operation.strict),
            ('+' | '#' | '%' | '/', Some(false)) => {}
            // The value or the default: what is told of it is what is known of the value.
            ('-', None) if expander.unset == UnsetVariable::Symbol && matches!(binding, Binding::Value(_)) => {
                self.add_value(name, binding);
            }
            // What is cut off or replaced by a pattern is not worked out.
            _ => self.add_unknown(placeholder, expander)?,
        }
        Ok(())
    }

    fn add_value(&mut self, name: &str, binding: Binding<'_>) {
        match binding {
            Binding::Text(text) => self.push_text(text),
            Binding::Hidden { text, in_paths } => {
                let form = format!("${{{name}}}");
                self.push_hidden(text, if in_paths { &form } else { text }, &form);
            }
            Binding::Value(value) => {
                if value.shown.is_plain() {
                    self.push_text(&value.text);
                } else {
                    let (path, word) = (value.shown.container_path(&value.text), value.shown.word(&value.text));
                    self.push_hidden(&value.text, &path, &word);
                }
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
        self.push_text(&format!("${{{name}}}"));
        self.symbols.push(Symbol { name: name.to_owned(), required });
    }

    fn add_unknown(&mut self, placeholder: &Placeholder<'_>, expander: &Expander<'_>) -> Result<(), TemplateError> {
        match &placeholder.operation {
            _ if !expander.keeps_unknown => self.add_symbol(placeholder.name, false),
            None => self.push_text(placeholder.written),
            Some(Operation { strict, operator, word, .. }) => {
                let colon = if *strict { ":" } else { "" };
                self.push_text(&format!("${{{}{colon}{operator}", placeholder.name));
                self.add_template(word, expander)?;
                self.push_text("}");
            }
        }
        Ok(())
    }

    fn add_word(&mut self, word: Self) {
        match &word.forms {
            Some(forms) => self.push_hidden(&word.text, &forms.path, &forms.word),
            None => self.push_text(&word.text),
        }
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
            Self::Text(text) | Self::Hidden { text, .. } => Some(!strict || !text.is_empty()),
            Self::Value(_) if !strict => Some(true),
            Self::Value(value) => match value.content() {
                Content::Empty => Some(false),
                Content::Filled => Some(true),
                Content::Unknown => None,
            },
        }
    }
}
