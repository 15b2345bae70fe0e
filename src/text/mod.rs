//! Source text: files, positions in them, and YAML with the position of every node; and the writer of our own files.
//! Uses nothing else of this crate.

mod comment;
#[cfg(target_os = "linux")]
mod confined;
mod date;
pub mod json;
mod near;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;
#[cfg(not(target_os = "linux"))]
use portable as confined;
mod quote;
mod read_error;
mod reader;
mod revision_tree;
pub mod scalar;
mod shown_text;
mod source;
mod traced;
pub mod writer;
pub mod yaml;

pub use comment::yaml_comments;
#[cfg(target_os = "linux")]
pub(crate) use confined::refuse_kernel_file;
pub use date::{parse_rfc3339, rfc3339_text, utc_text};
pub(crate) use json::positions_of;
pub use near::nearest;
pub use quote::{quotable, quoted, quoted_path};
pub use read_error::{EntryKind, ReadError};
pub use reader::{Listed, Reader, repository_top};
pub use revision_tree::{Blob, BlobStart, BlobStore, RevisionEntry, RevisionTree};
pub use shown_text::ShownText;
pub use source::{FileId, Pos, SourceFile, Sources, Span, Syntax, Teller};
pub(crate) use traced::{TracedChar, TracedText, char_width};
