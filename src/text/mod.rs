//! Source text: files, positions in them, and YAML with the position of every node.
//! Uses nothing else of this crate.

pub mod scalar;
mod source;
pub mod yaml;

pub use source::{FileId, Pos, SourceFile, Sources, Span, Teller};
