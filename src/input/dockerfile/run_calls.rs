//! What a RUN calls, with the variables that it runs with put in. Uses `image` and `model`.

use std::collections::BTreeMap;

use super::image::RunStep;
use crate::model::{Binding, Dialect, EnvValue, EnvVar, Escape, Expander, Invocation, Template, UnsetVariable, Word};
use crate::text::Sources;

/// How long a word may become, in bytes.
const MAX_WORD: usize = 64 * 1024;

impl RunStep {
    /// The commands of a build step, with the variables that it runs with put in.
    pub fn build_calls(&self, sources: &Sources) -> &[Invocation] {
        self.read.build_calls.get_or_init(|| {
            let mut found = self.invocations(sources).to_vec();
            for word in found.iter_mut().flat_map(|call| &mut call.argv) {
                *word = Word::parse(&interpolate(word, &self.env));
            }
            found.into()
        })
    }
}

/// A word of a call with the variables that are known replaced; others stay as they are written.
fn interpolate(word: &str, env: &BTreeMap<String, EnvVar>) -> String {
    let dialect = Dialect { escape: Escape::ShellKept, commands: false, ..Dialect::SHELL_WORD };
    let expander = Expander {
        lookup: &|name| match env.get(name).map(|variable| &variable.value) {
            Some(EnvValue::Set(value)) if !value.is_symbolic() => Binding::Text(&value.text),
            _ => Binding::Unknown,
        },
        unset: UnsetVariable::Empty,
        keeps_unknown: true,
        limit: MAX_WORD,
    };
    let result = Template::parse(word, dialect).and_then(|template| template.expand(expander));
    result.map_or_else(|_| word.to_owned(), |result| result.text)
}
