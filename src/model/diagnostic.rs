//! What was wrong with the input, as a value: the rest is still judged. May use `text`.

use crate::text::Span;

/// How much a diagnostic takes away from the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Said for information: the answer is whole.
    Warning,
    /// A part could not be looked at: no clean answer (exit status 3).
    Gap,
    /// The input could not be read or would be refused by the program it is for (exit status 2).
    Error,
}

/// A message about the input, with where and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it takes away.
    pub level: Level,
    /// What was being done, what went wrong, what to try. Never a value of the environment.
    pub message: String,
    /// Where, if it is in a file that was read.
    pub span: Option<Span>,
    /// The file, where it could not be read, so that there is no span.
    pub file: Option<String>,
    /// Whether it is told without `-v` although the answer is whole: a verdict may rest on it, or what somebody wrote for
    /// this tool does nothing.
    pub is_pressing: bool,
    /// Whether it is about what a person accepted and what is not there (any more): nothing is worse for it.
    pub is_unneeded: bool,
}

impl Diagnostic {
    /// A diagnostic about a place in a file.
    pub fn at(level: Level, span: Span, message: impl Into<String>) -> Self {
        Self { level, message: message.into(), span: Some(span), file: None, is_pressing: false, is_unneeded: false }
    }

    /// A diagnostic about a file that was not read, or about no file at all.
    pub fn about(level: Level, file: Option<String>, message: impl Into<String>) -> Self {
        Self { level, message: message.into(), span: None, file, is_pressing: false, is_unneeded: false }
    }

    /// The same, told without `-v` too.
    #[must_use]
    pub fn pressing(self) -> Self {
        Self { is_pressing: true, ..self }
    }

    /// The same, of what a person accepted and what is not there.
    #[must_use]
    pub fn unneeded(self) -> Self {
        Self { is_unneeded: true, ..self }
    }
}
