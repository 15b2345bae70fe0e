//! Paths in containers that commands of the host name: `docker cp NAME:PATH`, and what a command in one prints.
//! May use `word`.

use super::Word;

/// What a word begins with that stands for a file or directory in a container.
const INSIDE: [&str; 2] = ["${in container ", "${in service "];

/// A container as a command names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedContainer {
    /// By its name.
    Container(String),
    /// As a service of Compose.
    Service(String),
}

/// A file or directory in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathInContainer {
    /// Whose it is.
    pub container: NamedContainer,
    /// The path there.
    pub path: String,
}

impl PathInContainer {
    /// The word that stands for it among those of a copy.
    pub(crate) fn to_word(&self) -> Word {
        let [container, service] = INSIDE;
        Word::parse(&match &self.container {
            NamedContainer::Container(name) => format!("{container}{name}:{}}}", self.path),
            NamedContainer::Service(name) => format!("{service}{name}:{}}}", self.path),
        })
    }

    /// What such a word stands for.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        let [container, service] = INSIDE;
        let parts = |start: &str| word.strip_prefix(start)?.strip_suffix('}')?.split_once(':');
        let of_container = || parts(container).map(|(name, path)| (NamedContainer::Container(name.to_owned()), path));
        let of_service = || parts(service).map(|(name, path)| (NamedContainer::Service(name.to_owned()), path));
        let (container, path) = of_container().or_else(of_service)?;
        Some(Self { container, path: path.to_owned() })
    }

    /// Something below it; the same where nothing is below.
    pub(crate) fn below(self, rest: &str) -> Self {
        let rest = rest.trim_matches('/');
        let path = if rest.is_empty() { self.path } else { format!("{}/{rest}", self.path.trim_end_matches('/')) };
        Self { path, ..self }
    }

    /// The same in words.
    pub(crate) fn shown(&self) -> String {
        let (NamedContainer::Container(name) | NamedContainer::Service(name)) = &self.container;
        format!("{} of {name}", self.path)
    }
}
