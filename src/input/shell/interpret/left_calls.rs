//! Calls that a shell started in the background and has not waited for: plain data. Uses nothing else.

use std::ops::Range;
use std::rc::Rc;

/// Calls that run in the background.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftCalls {
    /// Their process, as the timeline numbers it.
    pub(super) process: usize,
    /// Which of the calls that were found they are.
    pub(super) calls: Range<usize>,
    /// The locked files that the shell and those above have open.
    pub(super) files: Rc<Vec<usize>>,
}
