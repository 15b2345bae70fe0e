//! Variables of an environment that a script takes away, or may take away, by what it says of their names.
//! May use `text`.

use serde::{Deserialize, Serialize};

use crate::text::Span;

/// Variables that whoever cleans an environment up leaves in it, as nothing would run without them.
const ALWAYS_KEPT: [&str; 9] = ["HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TERM", "TMPDIR", "USER"];

/// Variables that a script took out of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenVariables {
    /// Which.
    pub names: VariableNames,
    /// Whether they are gone for certain.
    pub is_certain: bool,
    /// Where they are taken away.
    #[serde(skip)]
    pub span: Option<Span>,
}

impl TakenVariables {
    /// What is taken away after one of two ways: on one of them only is perhaps.
    pub(crate) fn join(a: &[Self], b: &[Self]) -> Vec<Self> {
        let only = |one: &Self, others: &[Self]| {
            let is_certain = one.is_certain && others.contains(one);
            Self { is_certain, ..one.clone() }
        };
        let mut joined: Vec<Self> = a.iter().map(|one| only(one, b)).collect();
        for one in b.iter().map(|one| only(one, a)) {
            if !joined.contains(&one) {
                joined.push(one);
            }
        }
        joined
    }
}

/// What is known of the names of variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VariableNames {
    /// Nothing.
    Any,
    /// They begin with this.
    Prefix(String),
    /// They contain one of these, in whatever case.
    Containing(Vec<String>),
}

impl VariableNames {
    /// Those that a command prints which looks for them, such as `env | grep ^NAME`, as far as its text tells.
    pub(crate) fn printed_by(command: &str) -> Self {
        let is_inverted = command.split_whitespace().any(|word| {
            word.starts_with('-') && !word.starts_with("--") && word.contains('v') || word == "--invert-match"
        });
        let words = command.split(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_'));
        let is_part = |word: &&str| {
            word.len() > 2
                && word.chars().any(|ch| ch.is_ascii_uppercase())
                && !word.starts_with(|ch: char| ch.is_ascii_digit())
        };
        let parts: Vec<String> = words.filter(is_part).map(str::to_ascii_uppercase).collect();
        if is_inverted || parts.is_empty() { Self::Any } else { Self::Containing(parts) }
    }

    /// Whether a name may be one of them.
    pub fn may_mean(&self, name: &str) -> bool {
        match self {
            Self::Any => !ALWAYS_KEPT.contains(&name),
            Self::Prefix(prefix) => name.starts_with(prefix.as_str()),
            Self::Containing(parts) => {
                let name = name.to_ascii_uppercase();
                parts.iter().any(|part| name.contains(part.as_str()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_command_looks_for_are_told_by_its_text() {
        for (command, name, wanted) in [
            ("$(env | grep ^CLAUDE_ | cut -d= -f1)", "CLAUDE_CODE_OAUTH_TOKEN", true),
            ("$(env | grep ^CLAUDE_ | cut -d= -f1)", "ANTHROPIC_API_KEY", false),
            ("$(env | sed -n 's/^\\(NPM_[A-Z_]*\\)=.*/\\1/p')", "CLAUDE_CODE_OAUTH_TOKEN", false),
            ("$(env | grep -v ^KEEP_ | cut -d= -f1)", "CLAUDE_CODE_OAUTH_TOKEN", true),
            ("$(compgen -e)", "CLAUDE_CODE_OAUTH_TOKEN", true),
            ("$(compgen -e)", "HOME", false),
        ] {
            assert_eq!(VariableNames::printed_by(command).may_mean(name), wanted, "{command}: {name}");
        }
    }
}
