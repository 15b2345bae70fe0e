//! Values of HCL, as far as they are known. May use `model`.

use std::rc::Rc;

use crate::model::{PartialText, Value};
use crate::text::Span;

/// What an expression is worth.
#[derive(Debug, Clone)]
pub(super) enum Evaluated {
    Null,
    Bool(bool),
    Number(String),
    Text(PartialText),
    List(Vec<PlacedValue>),
    Map(Vec<(String, Span, PlacedValue)>),
    /// Not known, by the name that stands for it.
    Unknown(String),
}

/// A value with where it is written.
#[derive(Debug, Clone)]
pub(super) struct PlacedValue {
    pub(super) value: Rc<Evaluated>,
    pub(super) span: Span,
}

impl Evaluated {
    /// As a text with what is not known in it; `None` of what is no scalar.
    pub(super) fn text(&self) -> Option<PartialText> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(PartialText::plain(number)),
            Self::Bool(on) => Some(PartialText::plain(if *on { "true" } else { "false" })),
            Self::Unknown(name) => Some(PartialText::variable(name)),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The text, where all of it is known.
    pub(super) fn known(&self) -> Option<String> {
        self.text()?.known()
    }

    /// Whether it is true or false.
    pub(super) fn is_true(&self) -> Option<bool> {
        match self.known()?.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// How long it would be as a text.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.0.len(),
            Self::List(items) => items.iter().map(|item| 1 + item.value.len()).sum(),
            Self::Map(items) => items.iter().map(|(key, _, item)| key.len() + item.value.len()).sum(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Unknown(_) => 1,
        }
    }
}

impl PlacedValue {
    /// As a value of the model.
    pub(super) fn to_value(&self) -> Option<Value> {
        Some(self.value.text()?.to_value(Some(self.span)))
    }
}
