//! What is called of a script by others than itself: what is known of that as it runs. Uses `start_record`.

use std::collections::{BTreeSet, HashSet};

use super::start_record::WayIn;
use crate::text::Span;

/// What is called of a script by others than itself.
#[derive(Debug, Default)]
pub(super) struct WaysIn {
    /// The script's own name.
    pub(super) name: String,
    /// The bodies of functions that were called, by their addresses.
    pub(super) called: HashSet<usize>,
    /// Where the functions are named, and the texts of aliases begin, that the script itself calls.
    pub(super) called_by_script: BTreeSet<Span>,
    /// How many there are that others alone call.
    pub(super) runs: usize,
    /// Whether the script calls a function that its caller names.
    pub(super) caller_picks: bool,
    /// What runs now, where others alone call it.
    pub(super) inside: Option<WayIn>,
}
