//! Patterns of files with a reason each, as `exclude` and `not_judged` of the configuration have them. Uses `text`.

use std::path::Path;

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::text::Span;

/// A pattern of files, and why it is there.
#[derive(Debug, Clone)]
pub struct FilePattern {
    /// The pattern as it is written.
    pub pattern: String,
    /// Why.
    pub reason: String,
    /// Where the entry is written.
    pub span: Span,
}

/// The pattern that matches a path and nothing else.
pub fn literal_pattern(path: &str) -> String {
    globset::escape(path)
}

/// Patterns of files below the configuration's directory.
#[derive(Debug, Clone, Default)]
pub struct FilePatterns {
    entries: Vec<FilePattern>,
    set: GlobSet,
}

impl FilePatterns {
    /// Patterns that are tried together; `None` where they are too much for that.
    pub(super) fn new(entries: Vec<FilePattern>, globs: Vec<Glob>) -> Option<Self> {
        let mut builder = GlobSetBuilder::new();
        for glob in globs {
            builder.add(glob);
        }
        Some(Self { entries, set: builder.build().ok()? })
    }

    /// The entries, in the order of the file.
    pub fn entries(&self) -> &[FilePattern] {
        &self.entries
    }

    /// Which entries a path below the configuration's directory matches, by their numbers.
    pub fn matching(&self, below: &Path) -> Vec<usize> {
        self.set.matches(below)
    }

    /// Which entries match a directory, one above it, or whatever is in it.
    pub fn matching_all_below(&self, directory: &Path) -> Vec<usize> {
        // No pattern has this name but one that takes any.
        let inside = directory.join("\u{1}");
        inside.ancestors().flat_map(|path| self.set.matches(path)).collect()
    }
}
