//! Variables in an instruction's words, as BuildKit's `shell/lex.go` replaces them: one that nobody here sets stays as a
//! symbol. May use `model` and `source_chars`.

use std::collections::{BTreeMap, BTreeSet};

use super::source_chars::{SourceChar, text_of};
use crate::model::{Binding, Dialect, EnvValue, EnvVar, Expander, Template, TemplateError, UnsetVariable, Value};

/// How long one value may become, in bytes: half of what a kernel takes as one variable.
const MAX_TEXT: usize = 64 * 1024;

/// Arguments that every build has, or that a builder sets by itself.
#[rustfmt::skip]
const GIVEN: &[&str] = &[
    "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy",
    "ALL_PROXY", "all_proxy", "BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT", "TARGETPLATFORM", "TARGETOS",
    "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE", "SOURCE_DATE_EPOCH",
];

/// The variables that hold at a place.
pub(super) struct BuildVariables<'a> {
    pub(super) env: &'a BTreeMap<String, EnvVar>,
    pub(super) args: &'a BTreeMap<String, EnvVar>,
    /// Names that builders do not agree on.
    pub(super) unclear: &'a BTreeSet<String>,
    /// Whether the base may set what is named nowhere.
    pub(super) open: bool,
}

impl BuildVariables<'_> {
    fn find(&self, name: &str) -> Binding<'_> {
        let unclear = self.unclear.contains(name);
        let variable = self.env.get(name).or_else(|| self.args.get(name)).filter(|_| !unclear);
        match variable.map(|variable| &variable.value) {
            Some(EnvValue::Set(value)) => Binding::Value(value),
            Some(EnvValue::Inherited) => Binding::Unknown,
            // No base sets what no variable can be called.
            None if !name.starts_with(|ch: char| ch.is_alphabetic() || ch == '_') => Binding::Unset,
            None if self.open || unclear || GIVEN.contains(&name) => Binding::Unknown,
            None => Binding::Unset,
        }
    }
}

/// Why a word is none, as a clause without anything of the word in it.
pub(super) type Reason = &'static str;

/// A text with the variables in it replaced. `quotes` says whether quotes mean anything in it: not in a here-document.
pub(super) fn expand_text(
    chars: &[SourceChar],
    escape: char,
    quotes: bool,
    variables: &BuildVariables,
) -> Result<Value, Reason> {
    let text = text_of(chars);
    let expander = Expander {
        lookup: &|name| variables.find(name),
        unset: UnsetVariable::EmptyUnlessRequired,
        keeps_unknown: false,
        limit: MAX_TEXT,
    };
    let template = Template::parse(&text, Dialect::dockerfile(escape, quotes)).map_err(reason_of)?;
    Ok(template.expand(expander).map_err(reason_of)?.into_value(None))
}

#[allow(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn reason_of(error: TemplateError) -> Reason {
    match error {
        TemplateError::Unclosed => "a `${` without its `}`",
        TemplateError::UnclosedQuote => "a quote that is not closed",
        TemplateError::NoName => "a `${` that begins no variable",
        TemplateError::BadOperator => "a `${` with an operator that no builder knows",
        TemplateError::TooDeep => "variables stand too deep in each other",
        TemplateError::TooLong => "it becomes longer than any kernel takes",
        TemplateError::Required { .. } => "a variable that it requires has no value",
    }
}
