//! Source text: files, positions in them, and YAML with the position of every node.
//! Uses nothing else of this crate.

mod comment;
mod near;
pub mod scalar;
mod source;
mod traced;
pub mod yaml;

pub use comment::yaml_comments;
pub use near::nearest;
pub(crate) use source::narrow;
pub use source::{FileId, Pos, SourceFile, Sources, Span, Syntax, Teller};
pub(crate) use traced::{TracedChar, TracedText, char_width};
