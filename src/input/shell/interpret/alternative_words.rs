//! `${NAME:+words}`: words that are there where a variable is set.
//! Uses `interpreter`, `shell_state`, `word_expansion` and `parse`.

use std::rc::Rc;

use super::arguments::ArgumentValue;
use super::certainty::Certainty;
use super::interpreter::Interpreter;
use super::list_item::ListItem;
use super::shell_state::ShellState;
use super::variable_value::VariableValue;
use super::word_expansion::ParameterValue;
use crate::input::shell::parse::parse_text;
use crate::input::shell::parse::syntax::Statement;
use crate::model::{Asks, Condition, Parameter, Test};
use crate::text::TracedText;

impl Interpreter<'_> {
    /// What `${NAME+words}` and `${NAME:+words}` become where they may be several words; `None` for any other parameter,
    /// and for a part of a word that is there on some ways only.
    pub(super) fn alternative_value(
        &mut self,
        param: &Parameter,
        quoted: bool,
        alone: bool,
        state: &mut ShellState,
    ) -> Option<ParameterValue> {
        if !matches!(param.op.as_str(), "+" | ":+") || (quoted && !param.all) {
            return None;
        }
        let Some(certainty) = set_certainty(param, state)? else { return Some(ParameterValue::Many(Vec::new())) };
        if certainty != Certainty::Sure && !alone {
            return None;
        }
        // The words of a command: its name is left out again.
        let text = TracedText::plain(&format!("words {}", param.rest));
        let parsed = parse_text(&text);
        let [only] = parsed.block.as_slice() else { return Some(ParameterValue::Unclear) };
        let Statement::Simple(simple) = &only.stmt else { return Some(ParameterValue::Unclear) };
        if parsed.problem.is_some() || !simple.redirects.is_empty() {
            return Some(ParameterValue::Unclear);
        }
        // What is substituted in them ran before.
        let words = self.without_recording(|interpreter| interpreter.expand_all(&simple.words, state));
        let items = words.into_iter().skip(1).map(|word| {
            let certainty = word.certainty.and(&certainty);
            // It is written where the parameter is, unless it comes from a list.
            let source = if word.source.byte_range().is_some() { word.source.clone() } else { TracedText::default() };
            ListItem { source, certainty, ..ListItem::from(word) }
        });
        Some(ParameterValue::Many(items.collect()))
    }
}

/// How certain it is that a parameter is set, or with `:` not empty; `Some(None)` where it surely is not, and `None` where
/// nothing is known of it.
#[expect(clippy::option_option, reason = "unknown, never and to some degree are three answers")]
fn set_certainty(param: &Parameter, state: &ShellState) -> Option<Option<Certainty>> {
    let empty_counts = param.op == "+";
    if param.name.starts_with(|ch: char| !(ch.is_ascii_alphabetic() || ch == '_')) {
        let number: usize = match param.name.as_str() {
            "@" | "*" => 1,
            name => name.parse().ok()?,
        };
        let args = state.args.as_ref()?;
        let is_given = args.count().is_some_and(|count| number <= count);
        return Some(match (args.value(number, ""), args.count()) {
            (ArgumentValue::Known(arg), _) if !arg.text.is_empty() => Some(Certainty::Sure),
            (ArgumentValue::Known(_), Some(_)) => (is_given && empty_counts).then_some(Certainty::Sure),
            _ => Some(Certainty::Perhaps),
        });
    }
    let name = state.target_of(&param.name);
    let asked = || {
        let test = Test { default: None, asks: Asks::NotEmpty };
        Certainty::When(Rc::new(Condition { variable: name.clone(), test }))
    };
    Some(match state.vars.value(&name) {
        None | Some(VariableValue::Inherited) if state.demanded.contains(&name) && !param.all => Some(Certainty::Sure),
        None | Some(VariableValue::Inherited) if empty_counts || param.all => Some(Certainty::Perhaps),
        None | Some(VariableValue::Inherited) => Some(asked()),
        Some(VariableValue::Unset) => None,
        Some(VariableValue::Text(text)) if text.is_empty() => empty_counts.then_some(Certainty::Sure),
        Some(VariableValue::Text(text)) if text.is_live() && !empty_counts => Some(Certainty::Perhaps),
        Some(VariableValue::Text(_)) => Some(Certainty::Sure),
        Some(VariableValue::List(items)) if items.is_empty() => None,
        Some(VariableValue::List(items)) if items.iter().any(|item| item.certainty == Certainty::Sure) => {
            Some(Certainty::Sure)
        }
        Some(VariableValue::Words(words)) if words.items.iter().any(|item| item.certainty == Certainty::Sure) => {
            Some(Certainty::Sure)
        }
        Some(VariableValue::Maybe(_, certainty)) => Some(certainty.clone()),
        Some(
            VariableValue::List(_)
            | VariableValue::Words(_)
            | VariableValue::Unclear
            | VariableValue::Either(_)
            | VariableValue::NameOf(_),
        ) => Some(Certainty::Perhaps),
    })
}
