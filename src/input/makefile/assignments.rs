//! What sets a variable of a Makefile, and what the variable holds then. Uses `lines` and `variables`.

use super::lines::{find_outside, first_word, is_blank, trimmed};
use super::variables::{MakeExpander, MakeValue};
use crate::input::outer_text::OuterText;
use crate::text::{TracedChar, TracedText};

/// A variable that a target has for itself and for what it is made of.
#[derive(Debug)]
pub(super) struct TargetVariable {
    pub(super) name: String,
    pub(super) operator: String,
    pub(super) value: TracedText,
}

impl TargetVariable {
    /// What the variable holds for the target, by those of all targets; `None` where it stays as it is.
    pub(super) fn value(&self, expander: &mut MakeExpander<'_>) -> Option<MakeValue> {
        new_value(&self.name, &self.operator, &self.value, expander)
    }
}

/// What a variable holds once it is set so; `None` where it stays as it is.
pub(super) fn new_value(
    name: &str,
    operator: &str,
    value: &TracedText,
    expander: &mut MakeExpander<'_>,
) -> Option<MakeValue> {
    let old = expander.variables.get(name).cloned();
    match operator {
        "?=" if old.is_some() || (expander.place.is_set)(name) => None,
        // A file that was not read may have set it.
        "?=" if expander.variables.may_be_set_unread => {
            let default = MakeValue::Recursive(value.clone());
            Some(MakeValue::OneOf(vec![default.into(), expander.unread_value(name).into()]))
        }
        "=" | "?=" => Some(MakeValue::Recursive(value.clone())),
        ":=" | "::=" | ":::=" => {
            let text = expander.expand(&value.0);
            // Where it is used, each way is followed.
            let is_of_itself = names(&value.0, name);
            let stays_open = expander.is_undecided && !is_of_itself;
            Some(if stays_open { MakeValue::Recursive(value.clone()) } else { MakeValue::Simple(text) })
        }
        // A program's output.
        "!=" => {
            let command = expander.expand(&value.0);
            let at = value.0.first().and_then(|first| first.at);
            Some(MakeValue::Simple(OuterText::output(command, at)))
        }
        _ => match old.as_deref() {
            None if (expander.place.is_set)(name) => {
                let mut own = OuterText::unknown(name, value.0.first().and_then(|first| first.at));
                own.push(&OuterText::plain(" "));
                own.push(&expander.expand(&value.0));
                Some(MakeValue::Simple(own))
            }
            None => Some(MakeValue::Recursive(value.clone())),
            Some(old) => Some(appended(old, value, expander)),
        },
    }
}

/// Whether a text names a variable.
fn names(text: &[TracedChar], name: &str) -> bool {
    text.iter().map(|traced| traced.ch).collect::<String>().contains(name)
}

fn appended(old: &MakeValue, value: &TracedText, expander: &mut MakeExpander<'_>) -> MakeValue {
    match old {
        MakeValue::Recursive(old) => {
            let mut text = old.clone();
            if !text.is_empty() {
                text.push(&TracedText::plain(" "));
            }
            text.push(value);
            MakeValue::Recursive(text)
        }
        MakeValue::Simple(old) => {
            let mut text = old.clone();
            if !text.0.is_empty() {
                text.push(&OuterText::plain(" "));
            }
            text.push(&expander.expand(&value.0));
            MakeValue::Simple(text)
        }
        MakeValue::OneOf(values) => {
            let each = values.iter().map(|old| appended(old, value, expander).into());
            MakeValue::OneOf(each.collect())
        }
        MakeValue::Unknown => MakeValue::Unknown,
    }
}

/// A line that sets a variable.
pub(super) struct MakeAssignment<'t> {
    pub(super) name: &'t [TracedChar],
    pub(super) operator: String,
    pub(super) value: &'t [TracedChar],
    /// Whether it can be nothing else, whatever its first word is.
    pub(super) is_plain_name: bool,
}

/// What a text sets, if it sets a variable.
pub(super) fn assignment(text: &[TracedChar]) -> Option<MakeAssignment<'_>> {
    let at = find_outside(text, |_, ch| matches!(ch, '=' | ':'))?;
    let rest: String = text.get(at..)?.iter().take(4).map(|traced| traced.ch).collect();
    let operator = ["=", ":=", "::=", ":::="].into_iter().find(|operator| rest.starts_with(operator))?;
    let (mut name, mut operator, end) = (text.get(..at)?, operator.to_owned(), at + operator.len());
    if operator == "="
        && let Some((last, before)) = name.split_last()
        && matches!(last.ch, '?' | '+' | '!')
    {
        (name, operator) = (before, format!("{}=", last.ch));
    }
    let name = trimmed(name);
    let words = name.iter().filter(|traced| traced.ch.is_whitespace()).count();
    let value: &[TracedChar] = text.get(end..)?;
    let blank = value.iter().take_while(|traced| is_blank(traced.ch)).count();
    (!name.is_empty()).then(|| MakeAssignment {
        name,
        operator,
        value: value.get(blank..).unwrap_or_default(),
        is_plain_name: words == 0,
    })
}

/// What is set for a target, without the words before it.
pub(super) fn strip_modifiers(text: &[TracedChar]) -> &[TracedChar] {
    let mut text = trimmed(text);
    for _ in 0..3 {
        let (word, rest) = first_word(text);
        match word.as_str() {
            "export" | "override" | "private" if assignment(rest).is_some() => text = rest,
            _ => break,
        }
    }
    text
}
