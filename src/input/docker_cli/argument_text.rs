//! The words of a command line, expanded as far as the environment of the command is known.
//! Uses `model`.

use super::CommandContext;
use crate::model::{Parameter, PartialText, TextSegment, Value, VariableState, Word, join};
use crate::text::TracedText;

impl CommandContext<'_> {
    /// The files that `COMPOSE_FILE` names, where something that was read sets it.
    pub(super) fn files_of_environment(&self) -> Vec<Value> {
        self.named_files(self.ambient.project_files.as_ref(), ':')
    }

    /// The files that the environment names in the place of `.env`.
    pub(super) fn env_files_of_environment(&self) -> Vec<Value> {
        self.named_files(self.ambient.project_env_files.as_ref(), ',')
    }

    fn named_files(&self, named: Option<&Value>, between: char) -> Vec<Value> {
        let Some(named) = named.filter(|named| !named.text.is_empty()) else { return Vec::new() };
        if named.is_symbolic() {
            return vec![named.clone()];
        }
        let base = self.base.as_ref().filter(|base| !base.is_symbolic()).map(|base| base.text.as_str());
        let path = |file: &str| match base {
            Some(base) if !file.starts_with('/') => join(base, file),
            _ => file.to_owned(),
        };
        named.text.split(between).map(|file| Value::known(path(file), named.span)).collect()
    }
}

impl PartialText {
    /// A word as the command gets it, with what is known of the shell put in. What a script sets in more than one way is
    /// not what its environment says.
    pub(super) fn read(text: &TracedText, unclear: bool, context: &CommandContext<'_>) -> Self {
        let environment = |name: &str| match name {
            "PWD" => (context.environment)(name),
            _ if unclear => VariableState::Unknown,
            _ => (context.environment)(name),
        };
        let mut expanded = Self::expand(&Word::of_traced(text), &environment);
        if unclear {
            // Elsewhere the same name may hold something else: it is the same place as itself only.
            let at = text.first_position(context.sources).unwrap_or(context.here);
            let file = context.sources.get(at.file);
            let file = file.name().rsplit('/').next().unwrap_or_default();
            for segment in &mut expanded.0 {
                if let TextSegment::Unknown(part) = segment
                    && !part.is_one_value
                {
                    part.name = format!("{} at {file}:{}", part.name, at.start.line);
                }
            }
        }
        expanded
    }

    /// The path from the directory that the command runs in.
    pub(super) fn absolute(&self, context: &CommandContext<'_>) -> Self {
        if self.starts_with('/') || self.first_unknown().is_some() {
            return self.cleaned_path();
        }
        let directory = match &context.base {
            Some(base) => Self::of_value(base),
            None => Self::of_parameter(&Parameter::named("PWD"), context.environment),
        };
        directory.followed_by(&Self::plain("/")).followed_by(self).cleaned_path()
    }
}
