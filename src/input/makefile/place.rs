//! Where a Makefile is read. Uses `text` and the files of `shell`.

use crate::input::shell::file_system::FileSystem;
use crate::text::Sources;

/// Where a Makefile is read.
pub(super) struct MakePlace<'a> {
    pub(super) sources: &'a Sources,
    /// The directory that make runs in.
    pub(super) directory: &'a str,
    pub(super) is_set: &'a dyn Fn(&str) -> bool,
    pub(super) file_system: &'a dyn FileSystem,
}
