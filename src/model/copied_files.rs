//! What a command copies, as its words say. May use `parameter`, `path_in_container` and `word`.

use super::path_in_container::{NamedContainer, PathInContainer};
use super::{Word, files_of_contents};

/// What the name of an entry of a keychain has before it in the word for what it holds.
pub(super) const KEYCHAIN: &str = "${keychain ";

/// A file or directory that a command copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WordsOfCopy {
    /// What is copied; what is in a container, by [`PathInContainer`].
    pub(crate) from: Word,
    /// The file or directory that it becomes, or comes into.
    pub(crate) to: Word,
    /// Whether all that is in `from` comes along.
    pub(crate) whole: bool,
    /// Whether what is in `from` comes to `to`, and not `from` itself under its name.
    pub(crate) contents: bool,
    /// Whose path `to` is, where it is another container's (`docker cp`).
    pub(crate) recipient: Option<NamedContainer>,
    /// Names that are left out.
    pub(crate) excluded: Vec<String>,
    /// Whether names that begin with a dot are left out of what is directly in `from`, unless a shell is told otherwise:
    /// they do not fit a star.
    pub(crate) skips_hidden: bool,
}

impl WordsOfCopy {
    /// A copy of one file, or of a directory without more said.
    pub(super) fn plain(from: &Word, to: &Word) -> Self {
        Self {
            from: from.clone(),
            to: to.clone(),
            whole: false,
            contents: false,
            recipient: None,
            excluded: Vec::new(),
            skips_hidden: false,
        }
    }

    /// What is copied, as it is shown.
    pub(crate) fn shown_origin(&self) -> String {
        let entry = keychain_entry(&self.from).map(|entry| format!("{entry} of the keychain"));
        let inside = || PathInContainer::of_word(&self.from).map(|inside| inside.shown());
        let file = || files_of_contents(&self.from).next().map(str::to_owned);
        entry.or_else(inside).or_else(file).unwrap_or_else(|| self.from.to_string())
    }
}

/// The entry of a keychain whose text a word stands for.
pub(crate) fn keychain_entry(word: &str) -> Option<&str> {
    word.strip_prefix(KEYCHAIN)?.strip_suffix('}')
}
