//! Source text: files, positions in them, and YAML with the position of every node.
//! Uses nothing else of this crate.

mod comment;
mod date;
mod near;
pub mod scalar;
mod source;
pub mod yaml;

pub use comment::yaml_comments;
pub use date::{parse_rfc3339, rfc3339_text, utc_text};
pub use near::nearest;
pub use source::{FileId, Pos, SourceFile, Sources, Span, Syntax, Teller};
