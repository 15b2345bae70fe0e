//! What is called of a script by others than itself: what is known of that as it runs. Uses nothing else.

use std::collections::HashSet;

/// What is called of a script by others than itself.
#[derive(Debug, Default)]
pub(super) struct WaysIn {
    /// The script's own name.
    pub(super) name: String,
    /// The bodies of functions that were called, by their addresses.
    pub(super) called: HashSet<usize>,
    /// Whether what runs now is called by others alone.
    pub(super) is_inside: bool,
}
