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

impl PrintedWords {
    /// Adds what is printed after it.
    pub(super) fn append(&mut self, next: &Self) {
        self.words.append(next.words.clone());
        self.is_unknown |= next.is_unknown;
    }

    /// What is printed from here on, apart.
    pub(super) fn begin_anew(&mut self) -> Self {
        let fresh = Self { aside: self.aside, ..Self::default() };
        std::mem::replace(self, fresh)
    }
}

/// Whether a redirection takes what is printed elsewhere.
pub(super) fn redirects_output(redirect: &Redirect) -> bool {
    redirect.target == RedirectTarget::Number(1)
}
