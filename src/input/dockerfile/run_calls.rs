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

/// A call with the home put in that its RUN works in.
pub fn call_in_home(call: &Invocation, home: &str) -> Invocation {
    let binding = |name: &str| if name == "HOME" { Binding::Text(home) } else { Binding::Unknown };
    let put_in = |word: &Word| match word.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            Word::parse(&format!("{home}{}", replace(rest, &binding)))
        }
        _ if word.contains("HOME") => Word::parse(&replace(word, &binding)),
        _ => word.clone(),
    };
    Invocation {
        argv: call.argv.iter().map(put_in).collect(),
        output: call.output.as_ref().map(put_in),
        ..call.clone()
    }
}

/// A word of a call with the variables that are known replaced; others stay as they are written.
fn interpolate(word: &str, env: &BTreeMap<String, EnvVar>) -> String {
    replace(word, &|name| match env.get(name).map(|variable| &variable.value) {
        Some(EnvValue::Set(value)) if !value.is_symbolic() => Binding::Text(&value.text),
        _ => Binding::Unknown,
    })
}

fn replace<'a>(word: &str, lookup: &'a dyn Fn(&str) -> Binding<'a>) -> String {
    let dialect = Dialect { escape: Escape::ShellKept, commands: false, ..Dialect::SHELL_WORD };
    let expander = Expander { lookup, unset: UnsetVariable::Empty, keeps_unknown: true, limit: MAX_WORD };
    let result = Template::parse(word, dialect).and_then(|template| template.expand(expander));
    result.map_or_else(|_| word.to_owned(), |result| result.text)
}
