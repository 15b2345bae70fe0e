//! What scripts of the host copy to where containers look. Uses `path_in_container`. May use `text`.

use super::PathInContainer;
use crate::text::Span;

/// Where something is that a script copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopiedFrom {
    /// At a path of the host.
    Host(String),
    /// In a container, by what the script calls that: which one is meant is not looked for yet.
    Named(PathInContainer),
    /// In a container that is described.
    Container {
        /// Its name, and where it is described.
        name: String,
        /// The same.
        span: Span,
        /// The path there.
        path: String,
    },
}

impl CopiedFrom {
    /// The path, on the host or in the container.
    pub fn path(&self) -> &str {
        match self {
            Self::Host(path) | Self::Container { path, .. } => path,
            Self::Named(inside) => &inside.path,
        }
    }
}

/// A file or directory of the host that a script copies to where a container looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCopy {
    /// Where it is.
    pub from: CopiedFrom,
    /// The same as the script writes it.
    pub shown: String,
    /// The path in the container.
    pub to: String,
    /// Whether all that is in `from` comes along.
    pub whole: bool,
    /// Names that are left out.
    pub excluded: Vec<String>,
    /// Whether names that begin with a dot are left out of what is directly in `from`.
    pub skips_hidden: bool,
    /// The command.
    pub span: Span,
}
