//! A file whose services others are put over by `extends`. Uses `resets` and `tree`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use super::resets::Resets;
use super::tree::section;
use crate::text::yaml::{Entry, Node};

/// A file that services are taken from, as one tree with its paths resolved.
#[derive(Debug)]
pub(super) struct ExtendedFile {
    pub(super) root: Rc<Node>,
    pub(super) resets: Resets,
    /// As it is looked up, absolute.
    pub(super) path: PathBuf,
    /// Where each service stands among the others.
    index: HashMap<String, usize>,
}

impl ExtendedFile {
    pub(super) fn new(root: Rc<Node>, resets: Resets, path: PathBuf) -> Self {
        let index = section(&root, "services").iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect();
        Self { root, resets, path, index }
    }

    pub(super) fn service(&self, name: &str) -> Option<&Entry> {
        section(&self.root, "services").get(*self.index.get(name)?)
    }
}
