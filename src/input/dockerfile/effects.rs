//! What one step of a build does to a path of the image. May use `model` and `text`.

use std::path::PathBuf;
use std::rc::Rc;

use super::image::Image;
use crate::model::Value;
use crate::text::Span;

/// What a copy puts at a path.
pub(super) enum CopyEffect {
    Nothing,
    File(PathBuf),
    Text(Value),
    /// The first of these paths that another image has.
    Elsewhere(Rc<Image>, Vec<String>),
    /// Why that cannot be told, as a clause.
    Unknown(String),
}

/// What a RUN does to a path.
pub(super) enum RunEffect {
    Nothing,
    /// It is removed or moved away.
    Gone,
    /// It becomes a symbolic link to this absolute path.
    Link(String),
    /// It becomes what stood at another path before.
    Moved(String),
    /// A directory above it becomes a link, and this is where it is then.
    Through(String),
    /// It may be changed.
    Unknown {
        why: String,
        span: Span,
    },
}

impl RunEffect {
    pub(super) fn unknown(why: &str, span: Span) -> Self {
        Self::Unknown { why: why.to_owned(), span }
    }
}
