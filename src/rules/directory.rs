//! A directory of rule files. Uses `rules` and `text`.

use std::collections::BTreeMap;
use std::path::Path;

use super::RulesetError;
use super::file::RuleFile;
use crate::text::{EntryKind, ReadError, Reader};

/// The largest rule file, in bytes; how many there are at most, and how deep in directories.
const MAX_BYTES: u64 = 1 << 20;
const MAX_FILES: usize = 1000;
const MAX_DEPTH: usize = 8;

/// Rule files by their path below the rules' directory, such as `profiles/claude-code.yaml`.
pub(super) type RuleFiles = BTreeMap<String, RuleFile>;

/// Reads every rule file of a directory.
pub(super) fn read(reader: &Reader, root: &Path) -> Result<RuleFiles, RulesetError> {
    let mut files = RuleFiles::new();
    RulesReading { reader, root, left: MAX_FILES }.directory(root, 0, &mut files)?;
    Ok(files)
}

struct RulesReading<'a> {
    reader: &'a Reader,
    root: &'a Path,
    /// How many entries may come.
    left: usize,
}

impl RulesReading<'_> {
    fn directory(&mut self, directory: &Path, depth: usize, files: &mut RuleFiles) -> Result<(), RulesetError> {
        let unreadable = |path: &Path, cause| RulesetError::Unreadable { path: path.to_owned(), cause };
        let too_many = || unreadable(directory, ReadError::TooMany { limit: MAX_FILES });
        if depth > MAX_DEPTH {
            return Err(too_many());
        }
        for entry in self.reader.list(directory, MAX_FILES).map_err(|error| unreadable(directory, error))? {
            self.left = self.left.checked_sub(1).ok_or_else(too_many)?;
            let path = directory.join(&entry.name);
            let is_rule_file = path.extension().is_some_and(|extension| extension == "yaml" || extension == "md");
            // A link is followed as far as it stays inside.
            let is_directory = match entry.kind {
                EntryKind::Link if !is_rule_file => self.reader.is_directory(&path),
                kind => kind == EntryKind::Directory,
            };
            if is_directory {
                self.directory(&path, depth + 1, files)?;
            } else if is_rule_file {
                let text = self.reader.read_text(&path, MAX_BYTES).map_err(|error| unreadable(&path, error))?;
                let below = path.strip_prefix(self.root).unwrap_or(&path).display().to_string();
                files.insert(below, RuleFile { name: path.display().to_string(), text });
            }
        }
        Ok(())
    }
}
