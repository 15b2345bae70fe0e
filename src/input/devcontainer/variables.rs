//! The variables of a devcontainer.json, `${localEnv:NAME:default}` and its kin, put into its strings (the specification's
//! "Variables in devcontainer.json"). Uses `model` and `text`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::model::{PartialText, Symbol, VARIABLE_OF_PROJECT, Value, VariableState, Word, text_of_project};
use crate::text::{ShownText, TracedChar, TracedText};

/// Begins the names under which values are kept that a word names: no variable of a person is called that.
const KEPT: &str = "OVERLOCK_DEVCONTAINER_";
/// Variables of Windows, which are not there where `HOME` is.
const OF_WINDOWS: [&str; 3] = ["USERPROFILE", "HOMEDRIVE", "HOMEPATH"];

/// What the variables of one file stand for.
pub(super) struct Variables<'a> {
    /// The environment of the host.
    pub(super) environment: &'a BTreeMap<String, String>,
    /// Whether values of the environment are shown.
    pub(super) shows_values: bool,
    /// The directory that is opened, absolute.
    pub(super) local_folder: String,
    /// Where that is in the container, once it is known.
    pub(super) container_folder: RefCell<Option<Value>>,
    /// The environment of the container, once it is known.
    pub(super) container_env: RefCell<BTreeMap<String, Value>>,
    /// The file, which tells it from all others.
    pub(super) file: String,
    /// What tells its container from those of other files, in short; empty where it needs nothing.
    pub(super) short_name: String,
    /// The values that words name.
    pub(super) kept: RefCell<Vec<Value>>,
}

impl Variables<'_> {
    /// A text whose variables are left to [`Variables::state_of`], as a word of a command leaves its own.
    pub(super) fn put_into(&self, text: &TracedText) -> TracedText {
        let raw = text.raw();
        if !raw.contains("${") {
            return text.clone();
        }
        let letters = &text.0;
        let mut done = TracedText::default();
        let last = letters.iter().rposition(|one| one.ch == '}').unwrap_or(0);
        let mut at = 0;
        while let Some(letter) = letters.get(at) {
            let opens = letter.ch == '$' && at < last && letters.get(at + 1).is_some_and(|next| next.ch == '{');
            let rest = letters.get(at..).unwrap_or_default();
            let Some(length) = opens.then(|| rest.iter().position(|one| one.ch == '}')).flatten() else {
                done.0.push(*letter);
                at += 1;
                continue;
            };
            let name: String = rest.get(2..length).unwrap_or_default().iter().map(|one| one.ch).collect();
            let value = self.value_of(&name, &raw);
            let mut kept = self.kept.borrow_mut();
            let word = format!("${{{KEPT}{}}}", kept.len());
            kept.push(value);
            done.0.extend(word.chars().map(|ch| TracedChar { ch, at: None, live: true }));
            at += length + 1;
        }
        done
    }

    /// A text with its variables put in.
    pub(super) fn expand(&self, text: &TracedText) -> PartialText {
        PartialText::expand(&Word::of_traced(&self.put_into(text)), &|name| self.state_of(name))
    }

    /// What is known of a variable that a word names: one of these, or one of the host's environment.
    pub(super) fn state_of(&self, name: &str) -> VariableState {
        if let Some(number) = name.strip_prefix(KEPT).and_then(|number| number.parse::<usize>().ok()) {
            return self.kept.borrow().get(number).cloned().map_or(VariableState::Unknown, VariableState::Set);
        }
        self.local_value(name).map_or(VariableState::Unseen, VariableState::Set)
    }

    /// What `${NAME}` stands for in a string.
    fn value_of(&self, name: &str, whole: &str) -> Value {
        let mut parts = name.splitn(3, ':');
        let kind = parts.next().unwrap_or_default();
        let (variable, default) = (parts.next(), parts.next());
        match (kind, variable) {
            ("localEnv" | "env", Some(variable)) => self
                .local_value(variable)
                .or_else(|| default.map(|default| Value::known(default, None)))
                .or_else(|| is_of_windows(variable, whole).then(|| Value::known("", None)))
                .unwrap_or_else(|| symbol(variable)),
            ("containerEnv", Some(variable)) => self
                .container_env
                .borrow()
                .get(variable)
                .cloned()
                .or_else(|| default.map(|default| Value::known(default, None)))
                .unwrap_or_else(|| symbol(variable)),
            ("localWorkspaceFolder", None) => Value::known(self.local_folder.as_str(), None),
            ("localWorkspaceFolderBasename", None) => Value::known(last_part(&self.local_folder), None),
            ("containerWorkspaceFolder", None) => {
                self.container_folder.borrow().clone().unwrap_or_else(|| symbol("containerWorkspaceFolder"))
            }
            ("containerWorkspaceFolderBasename", None) => match &*self.container_folder.borrow() {
                Some(folder) if !folder.is_symbolic() => Value::known(last_part(&folder.text), None),
                _ => symbol("containerWorkspaceFolderBasename"),
            },
            // It is another one for each file, and for each folder that is opened with it.
            (VARIABLE_OF_PROJECT, None) => {
                let text = text_of_project(&self.file);
                let of = if self.short_name.is_empty() { String::new() } else { format!(" of {}", self.short_name) };
                let form = format!("${{{VARIABLE_OF_PROJECT}{of}}}");
                Value { shown: ShownText::new(&*text, form.clone(), form), ..Value::known(text, None) }
            }
            _ => symbol(name),
        }
    }

    /// A variable of the host, with what is shown of it.
    fn local_value(&self, name: &str) -> Option<Value> {
        let text = self.environment.get(name)?;
        let form = format!("${{{name}}}");
        let shown =
            if self.shows_values { ShownText::default() } else { ShownText::new(text.as_str(), form.clone(), form) };
        Some(Value { shown, ..Value::known(text.as_str(), None) })
    }
}

/// Whether a text names the folder that is opened, so that it is another one in each project.
pub(super) fn is_of_project(text: &str) -> bool {
    ["${localWorkspaceFolder", "${containerWorkspaceFolder", "${devcontainerId"].iter().any(|name| text.contains(name))
}

/// Whether a variable is one that only Windows has, beside the one that other systems have in its place.
fn is_of_windows(variable: &str, whole: &str) -> bool {
    OF_WINDOWS.contains(&variable) && (whole.contains("${localEnv:HOME}") || whole.contains("${env:HOME}"))
}

/// A variable of which nothing is known.
fn symbol(name: &str) -> Value {
    let name = name.replace(['$', '{', '}'], "_");
    Value { text: format!("${{{name}}}"), symbols: vec![Symbol { name, required: false }], ..Value::default() }
}

fn last_part(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str, environment: &[(&str, &str)]) -> Value {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let variables = Variables {
            environment: &environment,
            shows_values: false,
            local_folder: "/work/shop".to_owned(),
            container_folder: RefCell::new(Some(Value::known("/workspaces/shop", None))),
            container_env: RefCell::new(BTreeMap::from([("A".to_owned(), Value::known("a", None))])),
            file: ".devcontainer/devcontainer.json".to_owned(),
            short_name: String::new(),
            kept: RefCell::default(),
        };
        variables.expand(&TracedText::plain(text)).to_value(None)
    }

    #[test]
    fn each_variable_stands_for_its_value() {
        let home = [("HOME", "/home/user")];
        for (text, wanted) in [
            ("${localEnv:HOME}/.claude", "/home/user/.claude"),
            ("${localEnv:HOME}${localEnv:USERPROFILE}/.claude", "/home/user/.claude"),
            ("${env:HOME}", "/home/user"),
            ("${localEnv:X:/srv/a:b}/c", "/srv/a:b/c"),
            ("${localEnv:X:}", ""),
            ("${localWorkspaceFolder}/.claude", "/work/shop/.claude"),
            ("state-${localWorkspaceFolderBasename}", "state-shop"),
            ("${containerWorkspaceFolder}/${containerWorkspaceFolderBasename}", "/workspaces/shop/shop"),
            ("${containerEnv:A}:b", "a:b"),
            ("$HOME/$(x)/~", "$HOME/$(x)/~"),
            ("${", "${"),
        ] {
            let value = expanded(text, &home);
            assert_eq!((value.text.as_str(), value.is_symbolic()), (wanted, false), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_stays_a_symbol() {
        for (text, wanted) in [
            ("${localEnv:HOME}${localEnv:USERPROFILE}/.claude", "${HOME}/.claude"),
            ("${localEnv:USERPROFILE}/.claude", "${USERPROFILE}/.claude"),
            ("${containerEnv:PATH}", "${PATH}"),
            ("${templateOption:imageVariant}", "${templateOption:imageVariant}"),
        ] {
            let value = expanded(text, &[]);
            assert_eq!((value.text.as_str(), value.is_symbolic()), (wanted, true), "{text}");
        }
    }

    #[test]
    fn value_of_the_environment_is_shown_by_its_name() {
        let value = expanded("${localEnv:HOME}/.claude", &[("HOME", "/home/user")]);
        assert_eq!(value.shown.path(&value.text), "~/.claude");
        let own = expanded("claude-${devcontainerId}", &[]);
        assert!(!own.is_symbolic());
        assert_eq!(own.shown.word(&own.text), "claude-${devcontainerId}");
    }
}
