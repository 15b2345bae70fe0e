//! Defaults of parameters that name what the script itself has set: `${NAME:-$BASE/config}`.
//! Uses `shell_state` and `variable_value`.

use super::limits;
use super::shell_state::ShellState;
use super::variable_value::VariableValue;

/// A default with what the script itself has set put in: `${NAME:-$BASE/config}`, where the environment says nothing of
/// `BASE`. `None` where it names nothing of the kind.
pub(super) fn default_of_script(rest: &str, state: &ShellState) -> Option<String> {
    let mut whole = String::with_capacity(rest.len());
    let mut left = rest;
    let mut is_changed = false;
    while let Some((before, after)) = left.split_once('$') {
        whole.push_str(before);
        // What stands in quotes of its own, or is no plain name, stays.
        let is_plain = !before.ends_with('\\') && !rest.contains(['\'', '`']);
        let inside = after.strip_prefix('{').filter(|_| is_plain);
        let text = inside.or(is_plain.then_some(after)).unwrap_or_default();
        let end = text.find(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).unwrap_or(text.len());
        let (name, behind) = text.split_at_checked(end).unwrap_or_default();
        let behind = if inside.is_some() { behind.strip_prefix('}') } else { Some(behind) };
        let is_name = name.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '_');
        let set = behind.filter(|_| is_name).and_then(|behind| Some((value_of_script(name, state)?, behind)));
        match set {
            Some((value, behind)) if whole.len() + value.len() <= limits::WORD_CHARS => {
                whole.push_str(&value);
                (left, is_changed) = (behind, true);
            }
            _ => {
                whole.push('$');
                left = after;
            }
        }
    }
    whole.push_str(left);
    is_changed.then_some(whole)
}

/// What the script has set a variable to, where that may stand in a default as it is.
fn value_of_script(name: &str, state: &ShellState) -> Option<String> {
    match state.vars.value(&state.target_of(name)) {
        Some(VariableValue::Text(text)) => {
            let value = text.raw();
            let is_safe = if text.is_fixed() {
                !value.contains(['$', '`', '"', '\'', '\\', '{', '}'])
            } else {
                // One whole parameter.
                value.starts_with("${") && value.ends_with('}') && !value.contains(['`', '"', '\'', '\\', '('])
            };
            is_safe.then_some(value)
        }
        _ => None,
    }
}
