//! What a substituted command has printed so far. Uses `split_words` and `parse`.

use super::split_words::SplitWords;
use crate::input::shell::parse::syntax::{Redirect, RedirectTarget};

/// What is printed so far.
#[derive(Debug, Default)]
pub(super) struct PrintedWords {
    pub(super) words: SplitWords,
    /// Whether it goes somewhere else for now.
    pub(super) aside: usize,
    /// Whether some of it is not known.
    pub(super) is_unknown: bool,
}

/// Whether a redirection takes what is printed elsewhere.
pub(super) fn redirects_output(redirect: &Redirect) -> bool {
    redirect.target == RedirectTarget::Number(1)
}
