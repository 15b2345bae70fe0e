//! The files that the configuration leaves out of a search. Uses `rules` and `walk`.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::walk::Tree;
use crate::model::{ExcludedFiles, clean};
use crate::rules::FilePatterns;
use crate::text::EntryKind;

/// What is not looked at where a directory is searched.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exclusion<'a> {
    /// Whether the kinds of files are looked at that are not where nobody asks for them.
    pub with_requested: bool,
    /// The patterns, and the directory that they are below, clean and absolute; `None` where nothing is excluded.
    pub patterns: Option<(&'a FilePatterns, &'a str)>,
}

/// What is left out of one tree.
#[derive(Debug, Default)]
pub(super) struct ExcludedPaths {
    /// Whether the kinds of files are looked at that are not where nobody asks for them.
    pub(super) with_requested: bool,
    /// Directories of which everything is.
    pub(super) directories: HashSet<PathBuf>,
    /// Single files.
    pub(super) files: HashSet<PathBuf>,
}

impl Exclusion<'_> {
    /// What is left out of a tree, counted too. A pattern that leaves out all of it does not hold: a person asked for this
    /// directory.
    pub(super) fn find_paths(&self, tree: &Tree, count: &mut ExcludedFiles) -> ExcludedPaths {
        let mut excluded = ExcludedPaths { with_requested: self.with_requested, ..ExcludedPaths::default() };
        let (Some((patterns, base)), Some(top)) = (self.patterns, tree.directories.first()) else { return excluded };
        count.counts.resize(patterns.entries().len(), 0);
        count.whole |= Path::new(base).starts_with(clean(&top.path.display().to_string()));
        if patterns.entries().is_empty() {
            return excluded;
        }
        let lifted = below(&top.path, base).map_or_else(Vec::new, |top| patterns.matching_all_below(&top));
        count.lifted.extend(&lifted);
        let first = |path: &Path| patterns.matching(path).into_iter().find(|at| !lifted.contains(at));
        let mut by: HashMap<&Path, usize> = HashMap::new();
        for directory in &tree.directories {
            let Some(here) = below(&directory.path, base) else { continue };
            let around = directory.path.parent().and_then(|parent| by.get(parent)).copied();
            let whole = around.or_else(|| first(&here));
            if let Some(at) = whole {
                by.insert(&directory.path, at);
                excluded.directories.insert(directory.path.clone());
            }
            for entry in directory.entries.iter().filter(|entry| entry.kind != EntryKind::Directory) {
                let Some(at) = whole.or_else(|| first(&here.join(&entry.name))) else { continue };
                if let Some(count) = count.counts.get_mut(at) {
                    *count += 1;
                }
                if whole.is_none() {
                    excluded.files.insert(directory.path.join(&entry.name));
                }
            }
        }
        excluded
    }
}

/// A path below the directory that patterns are below; `None` where it is elsewhere.
fn below(path: &Path, base: &str) -> Option<PathBuf> {
    let path = PathBuf::from(clean(&path.display().to_string()));
    path.strip_prefix(base).ok().map(Path::to_owned)
}
