//! What is found at a path of an image. May use `model` and `text`.

use std::path::PathBuf;

use crate::model::Value;
use crate::text::Span;

/// What is at a path of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathContent {
    /// A file of the build context, where a person finds it.
    File(PathBuf),
    /// A here-document.
    Text(Value),
    /// A symbolic link, and the absolute path it leads to.
    Link(String),
    /// What the base has there, if it has: nothing in the Dockerfile puts it there.
    Base,
    /// Nothing.
    Absent,
    /// It cannot be determined.
    Unknown {
        /// Why, as a clause.
        why: String,
        /// Where that is written.
        span: Span,
    },
}
