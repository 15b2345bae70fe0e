//! Where something is written, and what a fact rests on. May use `text`.

use crate::text::Span;

/// A place in a file, with what it has to do with the finding. The text of the span may be shown: whoever makes a
/// location makes sure that no value of the environment is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Where.
    pub span: Span,
    /// What is there, a few words.
    pub label: String,
}

/// What a fact rests on, and how strong that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// How strong.
    pub kind: EvidenceKind,
    /// What was seen, without a value of the environment.
    pub text: String,
    /// Where, if it is in a file.
    pub span: Option<Span>,
}

/// Strength of evidence, weakest first (`DESIGN.md`, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// A label or the configuration says so.
    Declared,
    /// A compose file shows it.
    Static,
    /// The engine tells it of a running container.
    Engine,
    /// The kernel shows it.
    Kernel,
}

impl EvidenceKind {
    /// Its name in every output format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Static => "static",
            Self::Engine => "engine",
            Self::Kernel => "kernel",
        }
    }
}

impl Evidence {
    /// What a compose file or the words in it show.
    pub fn seen(text: impl Into<String>, span: Option<Span>) -> Self {
        Self { kind: EvidenceKind::Static, text: text.into(), span }
    }

    /// What a label or the configuration says.
    pub fn declared(text: impl Into<String>, span: Option<Span>) -> Self {
        Self { kind: EvidenceKind::Declared, text: text.into(), span }
    }
}
