//! Source text: files, positions in them, and YAML with the position of every node; and the writer of our own files.
//! Uses nothing else of this crate.

mod comment;
mod near;
pub mod scalar;
mod shown_text;
mod source;
pub mod writer;
pub mod yaml;

pub use comment::yaml_comments;
pub use near::nearest;
pub use shown_text::ShownText;
pub(crate) use source::narrow;
pub use source::{FileId, Pos, SourceFile, Sources, Span, Syntax, Teller};
