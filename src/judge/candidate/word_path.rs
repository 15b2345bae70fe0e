//! A shell's word as a path of the container, by what the call and the container are known to set.
//! May use `model` and `judge::state`.

use super::state_dir::StateDir;
use crate::model::{Container, EnvValue, Invocation, join};

/// What a parameter holds.
enum Held {
    Value(String),
    /// Set, to something that is not known.
    Unknown,
    /// Not mentioned anywhere that was seen.
    Unseen,
}

/// The path that a word stands for: a leading `~`, `$NAME`, `${NAME}` and `${NAME:-default}` put in, backslashes taken
/// away. `None` where a part is not known.
pub(super) fn expand_word(word: &str, call: &Invocation, container: &Container, state: &StateDir) -> Option<String> {
    let scope = Scope { call, container, state };
    let mut path = String::new();
    let mut rest = word;
    if let Some(below) = word.strip_prefix('~').filter(|below| below.is_empty() || below.starts_with('/')) {
        path = scope.value("HOME")?;
        rest = below;
    } else if word.starts_with('~') {
        // Another user's home.
        return None;
    }
    path.push_str(&scope.text(rest)?);
    if path.starts_with('/') {
        return Some(join("/", &path));
    }
    let base = container.working_dir.as_ref().filter(|directory| !directory.is_symbolic())?;
    Some(join(&base.text, &path))
}

/// What stands up to the brace that closes, and what follows that; not deeper than a person would write.
fn braced(text: &str) -> Option<(&str, &str)> {
    let mut open = 1;
    for (at, ch) in text.char_indices() {
        match ch {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        match open {
            0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            8.. => return None,
            _ => {}
        }
    }
    None
}

struct Scope<'a> {
    call: &'a Invocation,
    container: &'a Container,
    state: &'a StateDir,
}

impl Scope<'_> {
    /// The text with its parameters put in.
    fn text(&self, text: &str) -> Option<String> {
        let (mut told, mut rest) = (String::new(), text);
        while let Some(at) = rest.find(['$', '\\', '`']) {
            let (before, after) = rest.split_at(at);
            told.push_str(before);
            let mut characters = after.chars();
            match characters.next() {
                Some('\\') => {
                    told.extend(characters.next());
                    rest = characters.as_str();
                }
                Some('$') => rest = self.parameter(characters.as_str(), &mut told)?,
                _ => return None,
            }
        }
        told.push_str(rest);
        Some(told)
    }

    /// Puts in the parameter whose `$` stands before `after`, and gives what follows it.
    fn parameter<'t>(&self, after: &'t str, path: &mut String) -> Option<&'t str> {
        let Some((inner, rest)) = after.strip_prefix('{').and_then(braced) else {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            let (name, rest) = after.split_at(end);
            path.push_str(&self.value(name)?);
            return Some(rest);
        };
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        let (name, operator) = inner.split_at(end);
        let plain = |text: &str| self.text(text).filter(|text| !text.is_empty());
        let default = operator.strip_prefix(":-").or_else(|| operator.strip_prefix('-'));
        let value = match (self.held(name), default) {
            (Held::Value(value), _) if operator.is_empty() || !value.is_empty() => value,
            (Held::Value(_) | Held::Unseen, Some(default)) => plain(default)?,
            _ => return None,
        };
        // Operators that cut or replace are not followed.
        (operator.is_empty() || default.is_some()).then(|| path.push_str(&value))?;
        Some(rest)
    }

    fn value(&self, name: &str) -> Option<String> {
        match self.held(name) {
            Held::Value(value) => Some(value),
            Held::Unknown | Held::Unseen => None,
        }
    }

    fn held(&self, name: &str) -> Held {
        if let Some(value) = self.call.env.get(name) {
            let known = !value.contains(['$', '`', '\\']) && !value.starts_with('~');
            return if known { Held::Value(value.clone()) } else { Held::Unknown };
        }
        match self.container.env.get(name).map(|variable| &variable.value) {
            Some(EnvValue::Set(value)) if !value.is_symbolic() => Held::Value(value.text.clone()),
            Some(_) => Held::Unknown,
            None if name == "HOME" => self.state.home.clone().map_or(Held::Unseen, Held::Value),
            None => Held::Unseen,
        }
    }
}
